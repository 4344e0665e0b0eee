/* SPDX-License-Identifier: Apache-2.0 */
#include "match/prefilter_way.h"

/* The prefilter for x86-64 with AVX2: 8 look-ups at a time by gather. Passing
 * is rare enough for a loop over the bits of the result. */

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,bmi")))

TARGET static void fold(const uint8_t *from, uint8_t *to, size_t n)
{
    const __m256i up = _mm256_set1_epi8((char)(0x80 - 'A'));
    const __m256i below = _mm256_set1_epi8((char)(0x80 + 26));
    const __m256i small = _mm256_set1_epi8(0x20);
    size_t i = 0;

    /* Signed comparison: A-Z are moved to the smallest numbers. */
    for (; i + 32 <= n; i += 32) {
        __m256i v = _mm256_loadu_si256((const void *)(from + i));
        __m256i is_upper = _mm256_cmpgt_epi8(below, _mm256_add_epi8(v, up));

        v = _mm256_or_si256(v, _mm256_and_si256(is_upper, small));
        _mm256_storeu_si256((void *)(to + i), v);
    }
    for (; i < n; i++)
        to[i] = ov_lower(from[i]);
}

TARGET static inline size_t keep(__m256i equal, size_t base, unsigned stride,
                                 uint16_t *ret)
{
    unsigned pass = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(equal));
    size_t found = 0;

    for (; pass != 0; pass &= pass - 1)
        ret[found++] =
            (uint16_t)(base + stride * (unsigned)__builtin_ctz(pass));
    return found;
}

/* 1 << the lower five bits of each lane of v. */
TARGET static inline __m256i bit_of(__m256i v)
{
    return _mm256_sllv_epi32(_mm256_set1_epi32(1),
                             _mm256_and_si256(v, _mm256_set1_epi32(31)));
}

TARGET static inline __m256i gather(const struct ov_filter *f, __m256i at)
{
    return _mm256_i32gather_epi32((const int *)(const void *)f->bits.ptr, at,
                                  4);
}

/* ov_filter_hash of each lane. */
TARGET static inline __m256i mix(__m256i v)
{
    __m256i h = _mm256_mullo_epi32(v, _mm256_set1_epi32((int)OV_FILTER_MIX_1));

    h = _mm256_xor_si256(h, _mm256_srli_epi32(h, OV_FILTER_MIX_SHIFT));
    return _mm256_mullo_epi32(h, _mm256_set1_epi32((int)OV_FILTER_MIX_2));
}

TARGET static inline __m256i look_up(const struct ov_filter *f, __m256i v,
                                     __m128i shift)
{
    __m256i h = mix(_mm256_xor_si256(v, _mm256_set1_epi32((int)f->salt)));
    __m256i w = gather(f, _mm256_srl_epi32(h, shift));
    __m256i mask = _mm256_or_si256(
        bit_of(h), _mm256_or_si256(bit_of(_mm256_srli_epi32(h, 4)),
                                   bit_of(_mm256_srli_epi32(h, 8))));

    return _mm256_cmpeq_epi32(_mm256_and_si256(w, mask), mask);
}

TARGET static size_t fourth(const struct ov_filter *f, const uint8_t *bytes,
                            size_t n, const uint8_t *ahead, uint16_t *ret)
{
    __m128i shift = _mm_cvtsi32_si128((int)(32 - f->log));
    size_t found = 0;

    for (size_t i = 0; i < n; i += 32) {
        if (i % 64 == 0)
            _mm_prefetch((const char *)(ahead + i), _MM_HINT_T0);
        __m256i v = _mm256_loadu_si256((const void *)(bytes + i));

        found += keep(look_up(f, v, shift), i, 4, ret + found);
    }
    return found;
}

/* The window (4 bytes) that begins at each of 8 offsets. */
TARGET static inline __m256i spread(const uint8_t *at)
{
    const __m256i order =
        _mm256_setr_epi8(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6, 4, 5,
                         6, 7, 5, 6, 7, 8, 6, 7, 8, 9, 7, 8, 9, 10);

    return _mm256_shuffle_epi8(
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)at)), order);
}

/* Of the results, keeps those that pass the screen. */
static size_t screen(const struct ov_filter *f, const uint8_t *bytes,
                     size_t found, uint16_t *ret)
{
    size_t n = 0;

    for (size_t i = 0; i < found; i++) {
        ret[n] = ret[i];
        n += ov_screen_passes(f, bytes + ret[i], 4);
    }
    return n;
}

TARGET static size_t every(const struct ov_filter *f, const uint8_t *bytes,
                           size_t n, uint16_t *ret)
{
    __m128i shift = _mm_cvtsi32_si128((int)(32 - f->log));
    size_t found = 0;

    for (size_t i = 0; i < n; i += 8)
        found += keep(look_up(f, spread(bytes + i), shift), i, 1, ret + found);
    return screen(f, bytes, found, ret);
}

/* The bitmap lets no pair through that is no atom, so the screen has nothing to
 * add; it is only a short cut elsewhere. */
TARGET static size_t pairs(const struct ov_filter *f, const uint8_t *bytes,
                           size_t n, uint16_t *ret)
{
    const __m256i word = _mm256_set1_epi32(0xffff);
    size_t found = 0;

    for (size_t i = 0; i < n; i += 8) {
        __m256i v = _mm256_and_si256(spread(bytes + i), word);
        __m256i mask = bit_of(v);
        __m256i w = gather(f, _mm256_srli_epi32(v, 5));

        found += keep(_mm256_cmpeq_epi32(_mm256_and_si256(w, mask), mask), i, 1,
                      ret + found);
    }
    return found;
}

static size_t starts(const struct ov_check *c, const uint8_t *bytes,
                     const uint16_t *offsets, size_t n, uint16_t *ret)
{
    return ov_prefilter_plain.starts(c, bytes, offsets, n, ret);
}

const struct ov_prefilter_kernels ov_prefilter_avx2 = {
    .fold = fold,
    .every = every,
    .fourth = fourth,
    .pairs = pairs,
    .starts = starts,
};
#endif
