/* SPDX-License-Identifier: Apache-2.0 */
#include "match/prefilter_way.h"

/* The prefilter for x86-64 with AVX-512 (F, BW, DQ, VBMI): 16 look-ups at a
 * time by gather; those that pass are packed to the front and stored without a
 * branch. A screen's row fits two registers, so 64 offsets are screened at a
 * time. Variable rotates take their count modulo 32 on their own. */

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET                                                                 \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vbmi,popcnt,"       \
                          "bmi2")))

TARGET static void fold(const uint8_t *from, uint8_t *to, size_t n)
{
    const __m512i first = _mm512_set1_epi8('A');
    const __m512i letters = _mm512_set1_epi8(26);
    const __m512i small = _mm512_set1_epi8(0x20);

    for (size_t i = 0; i < n; i += 64) {
        __mmask64 in =
            n - i >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (n - i)) - 1;
        __m512i v = _mm512_maskz_loadu_epi8(in, from + i);
        __mmask64 is_upper =
            _mm512_cmplt_epu8_mask(_mm512_sub_epi8(v, first), letters);

        v = _mm512_mask_add_epi8(v, is_upper, v, small);
        _mm512_mask_storeu_epi8(to + i, in, v);
    }
}

/* Stores base + step * lane for the lanes in `pass`. */
TARGET static inline size_t keep(__mmask16 pass, __m512i lanes, size_t base,
                                 uint16_t *ret)
{
    __m512i at = _mm512_add_epi32(lanes, _mm512_set1_epi32((int)base));

    at = _mm512_maskz_compress_epi32(pass, at);
    _mm256_storeu_si256((__m256i *)(void *)ret, _mm512_cvtepi32_epi16(at));
    return (size_t)_mm_popcnt_u32(pass);
}

/* ov_filter_hash of each lane. */
TARGET static inline __m512i mix(__m512i v)
{
    __m512i h = _mm512_mullo_epi32(v, _mm512_set1_epi32((int)OV_FILTER_MIX_1));

    h = _mm512_xor_si512(h, _mm512_srli_epi32(h, OV_FILTER_MIX_SHIFT));
    return _mm512_mullo_epi32(h, _mm512_set1_epi32((int)OV_FILTER_MIX_2));
}

/* Which of 16 windows pass. */
TARGET static inline __mmask16 look_up(const struct ov_filter *f, __m512i v,
                                       __m128i shift)
{
    const __m512i one = _mm512_set1_epi32(1);
    __m512i h = mix(_mm512_xor_si512(v, _mm512_set1_epi32((int)f->salt)));
    __m512i w =
        _mm512_i32gather_epi32(_mm512_srl_epi32(h, shift), f->bits.ptr, 4);
    __m512i mask = _mm512_ternarylogic_epi32(
        _mm512_rolv_epi32(one, h),
        _mm512_rolv_epi32(one, _mm512_srli_epi32(h, 4)),
        _mm512_rolv_epi32(one, _mm512_srli_epi32(h, 8)), 0xfe);

    return _mm512_cmpeq_epi32_mask(_mm512_and_si512(w, mask), mask);
}

TARGET static size_t fourth(const struct ov_filter *f, const uint8_t *bytes,
                            size_t n, const uint8_t *ahead, uint16_t *ret)
{
    const __m512i lanes = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 32, 36,
                                            40, 44, 48, 52, 56, 60);
    __m128i shift = _mm_cvtsi32_si128((int)(32 - f->log));
    size_t found = 0;

    for (size_t i = 0; i < n; i += 128) {
        __mmask16 a = look_up(f, _mm512_loadu_si512(bytes + i), shift);
        __mmask16 b = look_up(f, _mm512_loadu_si512(bytes + i + 64), shift);

        _mm_prefetch((const char *)(ahead + i), _MM_HINT_T0);
        _mm_prefetch((const char *)(ahead + i + 64), _MM_HINT_T0);
        found += keep(a, lanes, i, ret + found);
        found += keep(b, lanes, i + 64, ret + found);
    }
    return found;
}

/* The window (4 bytes) that begins at each of 16 offsets. */
TARGET static inline __m512i spread(const uint8_t *at)
{
    const __m512i order = _mm512_set_epi32(
        0x1211100f, 0x11100f0e, 0x100f0e0d, 0x0f0e0d0c, 0x0e0d0c0b, 0x0d0c0b0a,
        0x0c0b0a09, 0x0b0a0908, 0x0a090807, 0x09080706, 0x08070605, 0x07060504,
        0x06050403, 0x05040302, 0x04030201, 0x03020100);

    return _mm512_permutexvar_epi8(
        order, _mm512_castsi256_si512(_mm256_loadu_si256((const void *)at)));
}

/* One row of a screen, and the groups of 64 bytes by it. */
struct row {
    __m512i low;
    __m512i high;
};

TARGET static inline struct row load_row(const struct ov_filter *f, size_t i)
{
    const uint8_t *at = f->screen + OV_SCREEN_ROW * i;

    return (struct row){_mm512_loadu_si512(at), _mm512_loadu_si512(at + 64)};
}

TARGET static inline __m512i groups(const struct row *row, const uint8_t *at)
{
    return _mm512_permutex2var_epi8(row->low, _mm512_loadu_si512(at),
                                    row->high);
}

/* Where so few of 64 offsets are left that looking up one by one is cheaper. */
#define FEW 10

TARGET static size_t every(const struct ov_filter *f, const uint8_t *bytes,
                           size_t n, uint16_t *ret)
{
    const struct row rows[4] = {load_row(f, 0), load_row(f, 1), load_row(f, 2),
                                load_row(f, 3)};
    __m128i shift = _mm_cvtsi32_si128((int)(32 - f->log));
    size_t found = 0;

    for (size_t i = 0; i < n; i += 64) {
        const uint8_t *at = bytes + i;
        __m512i first =
            _mm512_and_si512(groups(&rows[0], at), groups(&rows[1], at + 1));
        __m512i last = _mm512_and_si512(groups(&rows[2], at + 2),
                                        groups(&rows[3], at + 3));
        uint64_t pass = _mm512_test_epi8_mask(first, last);

        if (__builtin_popcountll(pass) > FEW)
            for (unsigned k = 0; k < 64; k += 16) {
                uint64_t some = look_up(f, spread(at + k), shift);

                pass &= some << k | ~((uint64_t)0xffff << k);
            }
        for (; pass != 0; pass &= pass - 1) {
            size_t k = i + (size_t)__builtin_ctzll(pass);

            ret[found] = (uint16_t)k;
            found += ov_window_passes(f, bytes + k);
        }
    }
    return found;
}

TARGET static size_t pairs(const struct ov_filter *f, const uint8_t *bytes,
                           size_t n, uint16_t *ret)
{
    const struct row rows[2] = {load_row(f, 0), load_row(f, 1)};
    size_t found = 0;

    for (size_t i = 0; i < n; i += 64) {
        uint64_t pass = _mm512_test_epi8_mask(groups(&rows[0], bytes + i),
                                              groups(&rows[1], bytes + i + 1));

        for (; pass != 0; pass &= pass - 1) {
            size_t k = i + (size_t)__builtin_ctzll(pass);

            ret[found] = (uint16_t)k;
            found += ov_pair_passes(f, bytes + k);
        }
    }
    return found;
}

/* The keys of the 4 atoms that may begin at or before each of two offsets. */
TARGET static inline __m512i keys(const uint8_t *bytes, const uint16_t *offsets)
{
    const __m512i order = _mm512_set_epi64(
        0x0019181716151413, 0x0018171615141312, 0x0017161514131211,
        0x0016151413121110, 0x0009080706050403, 0x0008070605040302,
        0x0007060504030201, 0x0006050403020100);
    const uint8_t *a = bytes + offsets[0] - OV_START_BIAS;
    const uint8_t *b = bytes + offsets[1] - OV_START_BIAS;
    __m512i both = _mm512_castsi128_si512(_mm_loadu_si128((const void *)a));

    both = _mm512_inserti32x4(both, _mm_loadu_si128((const void *)b), 1);
    return _mm512_maskz_permutexvar_epi8(0x7f7f7f7f7f7f7f7f, order, both);
}

/* Which of 8 keys pass the check. */
TARGET static inline unsigned check(const struct ov_check *c, __m512i key,
                                    __m128i shift)
{
    const __m512i low = _mm512_set1_epi64(63);
    __m512i mixed =
        _mm512_mullo_epi64(key, _mm512_set1_epi64((long long)OV_ATOM_MIX));
    __m512i word =
        _mm512_i64gather_epi64(_mm512_srl_epi64(mixed, shift), c->words.ptr, 8);
    __m512i first =
        _mm512_and_si512(_mm512_srli_epi64(mixed, OV_CHECK_BIT_1), low);
    __m512i second =
        _mm512_and_si512(_mm512_srli_epi64(mixed, OV_CHECK_BIT_2), low);
    __m512i both = _mm512_and_si512(_mm512_srlv_epi64(word, first),
                                    _mm512_srlv_epi64(word, second));

    return _mm512_test_epi64_mask(both, _mm512_set1_epi64(1));
}

TARGET static size_t starts(const struct ov_check *c, const uint8_t *bytes,
                            const uint16_t *offsets, size_t n, uint16_t *ret)
{
    __m128i shift = _mm_cvtsi32_si128((int)(64 - c->log));
    size_t found = 0;

    for (size_t i = 0; i + 2 <= n; i += 2) {
        unsigned pass = check(c, keys(bytes, offsets + i), shift);

        for (; pass != 0; pass &= pass - 1) {
            unsigned lane = (unsigned)__builtin_ctz(pass);

            ret[found++] = (uint16_t)(offsets[i + lane / 4] + lane % 4);
        }
    }
    if (n % 2 != 0)
        found += ov_prefilter_plain.starts(c, bytes, offsets + n - 1, 1,
                                           ret + found);
    return found;
}

const struct ov_prefilter_kernels ov_prefilter_avx512 = {
    .fold = fold,
    .every = every,
    .fourth = fourth,
    .pairs = pairs,
    .starts = starts,
};
#endif
