/* SPDX-License-Identifier: Apache-2.0 */
#include "match/prefilter.h"

#include "match/prefilter_way.h"

/* The filter, its portable look-up, and the choice among the ways.
 *
 * A block is folded once for all kinds of atoms, with zeros around what is at
 * the ends of the view; so the look-ups need no special case at an end, and
 * the next stage has its bytes folded. Zeros may make an offset pass whose
 * window is not all in the view; the next stage looks at lengths anyway.
 *
 * The check has about one bit in six set, so of what the filter lets through
 * by chance few places are left for which a bucket must be fetched.
 *
 * LONG atoms put four windows into the filter, at their offsets 0 to 3: one of
 * them lies at a multiple of 4 wherever the atom is. */

uint32_t ov_filter_log(enum ov_atom_kind kind, uint64_t n)
{
    uint32_t log = OV_FILTER_LOG_MIN;

    if (kind == OV_ATOM_SHORT)
        return OV_FILTER_SHORT_LOG;
    /* Plenty while it fits the first-level cache, then about one word an atom
     * until it is as large as a second-level cache. */
    while (log < OV_FILTER_LOG_MAX - 1 &&
           (uint64_t)1 << log < (log < 13 ? 8 * n : 5 * n / 4))
        log++;
    return log;
}

/* Compilers turn this into one load and one store. */
static void set_bits(uint8_t *bits, size_t word, uint32_t mask)
{
    uint8_t *at = bits + 4 * word;
    uint32_t v = ov_load32le(at) | mask;

    for (size_t i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> 8 * i);
}

uint32_t ov_check_log(uint64_t n)
{
    uint32_t log = OV_CHECK_LOG_MIN;

    while (log < OV_CHECK_LOG_MAX && (uint64_t)64 << log < 8 * n)
        log++;
    return log;
}

void ov_check_add(uint8_t *words, uint32_t log, uint64_t key)
{
    uint64_t mixed = ov_atom_mix(key, OV_ATOM_LONG);
    uint64_t mask = ov_check_mask(mixed);
    uint8_t *word = words + 8 * (mixed >> (64 - log));

    for (size_t i = 0; i < 8; i++)
        word[i] |= (uint8_t)(mask >> 8 * i);
}

struct ov_filter ov_filter_over(struct ov_span bytes, enum ov_atom_kind kind,
                                uint32_t log, uint32_t salt)
{
    size_t screen = kind == OV_ATOM_LONG ? 0 : OV_SCREEN_SIZE;

    return (struct ov_filter){
        .bits = ov_span_clip(bytes, screen, bytes.len),
        .screen = screen > 0 ? bytes.ptr : NULL,
        .log = log,
        .salt = salt,
    };
}

void ov_filter_add(uint8_t *bytes, const struct ov_filter *f,
                   enum ov_atom_kind kind, uint64_t key, uint32_t group)
{
    uint8_t *bits = bytes + (kind == OV_ATOM_LONG ? 0 : OV_SCREEN_SIZE);

    for (uint32_t i = 0; kind != OV_ATOM_LONG && i < ov_atom_len(kind); i++)
        bytes[OV_SCREEN_ROW * i + (key >> 8 * i & 0x7f)] |=
            (uint8_t)(1u << group);
    if (kind == OV_ATOM_SHORT) {
        bits[(key & 0xffff) >> 3] |= (uint8_t)(1u << (key & 7));
        return;
    }
    for (uint32_t i = 0; i < (kind == OV_ATOM_LONG ? 4 : 1); i++) {
        uint32_t h = ov_filter_hash((uint32_t)(key >> 8 * i) ^ f->salt);

        set_bits(bits, h >> (32 - f->log), ov_filter_bits(h));
    }
}

static uint64_t chance_of(const struct ov_filter *f, const uint8_t window[4])
{
    uint32_t bits;

    if (!ov_window_passes(f, window))
        return 0;
    bits = ov_atom_bits(window, 4);
    return bits < 32 ? (uint64_t)1 << (32 - bits) : 0;
}

uint64_t ov_filter_chance(const struct ov_filter *f)
{
    static const uint8_t common[] = {0, 0xff, ' ', 0xcc, 0x90};
    uint64_t chance = 0;

    /* One byte again and again, but for one of the four. */
    for (size_t i = 0; i < sizeof(common); i++)
        for (uint32_t other = 0; other < 4 * 256; other++) {
            uint8_t window[4] = {common[i], common[i], common[i], common[i]};
            uint8_t byte = (uint8_t)(other >> 2);

            if (byte == common[i] && (other & 3) > 0)
                continue;
            window[other & 3] = byte;
            chance += chance_of(f, window);
        }
    return chance;
}

/* Compilers turn this into vector code. */
static void plain_fold(const uint8_t *from, uint8_t *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(from[i] | ((uint8_t)(from[i] - 'A') < 26) << 5);
}

static size_t plain_every(const struct ov_filter *f, const uint8_t *bytes,
                          size_t n, uint16_t *ret)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        ret[found] = (uint16_t)i;
        found +=
            ov_screen_passes(f, bytes + i, 4) && ov_window_passes(f, bytes + i);
    }
    return found;
}

static size_t plain_fourth(const struct ov_filter *f, const uint8_t *bytes,
                           size_t n, const uint8_t *ahead, uint16_t *ret)
{
    size_t found = 0;

    (void)ahead;
    for (size_t i = 0; i < n; i += 4) {
        ret[found] = (uint16_t)i;
        found += ov_window_passes(f, bytes + i);
    }
    return found;
}

static size_t plain_pairs(const struct ov_filter *f, const uint8_t *bytes,
                          size_t n, uint16_t *ret)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        ret[found] = (uint16_t)i;
        found +=
            ov_screen_passes(f, bytes + i, 2) && ov_pair_passes(f, bytes + i);
    }
    return found;
}

static size_t plain_starts(const struct ov_check *c, const uint8_t *bytes,
                           const uint16_t *offsets, size_t n, uint16_t *ret)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 4; k++) {
            const uint8_t *at = bytes + offsets[i] + k - OV_START_BIAS;
            uint64_t key = ov_load64le(at) & OV_LONG_MASK;

            ret[found] = (uint16_t)(offsets[i] + k);
            found += ov_check_passes(c, ov_atom_mix(key, OV_ATOM_LONG));
        }
    return found;
}

const struct ov_prefilter_kernels ov_prefilter_plain = {
    .fold = plain_fold,
    .every = plain_every,
    .fourth = plain_fourth,
    .pairs = plain_pairs,
    .starts = plain_starts,
};

bool ov_prefilter_can(enum ov_prefilter_way way)
{
#if defined(__x86_64__)
    if (way == OV_PREFILTER_AVX2)
        return __builtin_cpu_supports("avx2");
    if (way == OV_PREFILTER_AVX512)
        return __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vbmi");
#endif
    return way == OV_PREFILTER_PLAIN;
}

enum ov_prefilter_way ov_prefilter_best(void)
{
    if (ov_prefilter_can(OV_PREFILTER_AVX512))
        return OV_PREFILTER_AVX512;
    if (ov_prefilter_can(OV_PREFILTER_AVX2))
        return OV_PREFILTER_AVX2;
    return OV_PREFILTER_PLAIN;
}

static const struct ov_prefilter_kernels *kernels_of(enum ov_prefilter_way way)
{
#if defined(__x86_64__)
    if (way == OV_PREFILTER_AVX512)
        return &ov_prefilter_avx512;
    if (way == OV_PREFILTER_AVX2)
        return &ov_prefilter_avx2;
#endif
    (void)way;
    return &ov_prefilter_plain;
}

void ov_block_load(struct ov_block *b, enum ov_prefilter_way way,
                   struct ov_span view, uint64_t at)
{
    uint64_t before = at < OV_BLOCK_BEFORE ? at : OV_BLOCK_BEFORE;
    struct ov_span bytes =
        ov_span_clip(view, at - before, before + OV_BLOCK + OV_BLOCK_AFTER);
    uint8_t *to = b->bytes + OV_BLOCK_BEFORE - before;
    size_t rest;

    b->at = at;
    b->ahead = bytes.ptr + bytes.len;
    b->len = ov_span_clip(view, at, OV_BLOCK).len;
    memset(b->bytes, 0, OV_BLOCK_BEFORE);
    kernels_of(way)->fold(bytes.ptr, to, bytes.len);
    rest = (size_t)(b->bytes + sizeof(b->bytes) - (to + bytes.len));
    memset(to + bytes.len, 0, rest < OV_BLOCK_AFTER ? rest : OV_BLOCK_AFTER);
}

size_t ov_prefilter(enum ov_prefilter_way way, enum ov_atom_kind kind,
                    const struct ov_filter *filter, const struct ov_block *b,
                    uint16_t *ret)
{
    const struct ov_prefilter_kernels *k = kernels_of(way);
    const uint8_t *bytes = ov_block_bytes(b);
    size_t n = kind == OV_ATOM_LONG
                   ? k->fourth(filter, bytes, b->len, b->ahead, ret)
               : kind == OV_ATOM_SHORT ? k->pairs(filter, bytes, b->len, ret)
                                       : k->every(filter, bytes, b->len, ret);

    while (n > 0 && ret[n - 1] >= b->len)
        n--;
    return n;
}

size_t ov_prefilter_starts(enum ov_prefilter_way way, const struct ov_check *c,
                           const struct ov_block *b, const uint16_t *offsets,
                           size_t n, uint16_t *ret)
{
    return kernels_of(way)->starts(c, ov_block_bytes(b), offsets, n, ret);
}
