/* SPDX-License-Identifier: Apache-2.0
 *
 * The first two bytes of every needle are compared with 16 places at a time, in
 * vectors that both compilers make good code of. Only a block in which a
 * pair was found is looked at byte by byte.
 *
 * With AVX2 it is 32 places, and the work does not grow with the number of
 * needles: each has a bit (two may share one), a table of 16 for each half of
 * each of the two bytes says which bits a value may still be, and a shuffle
 * looks 32 values up at once.
 */
#include "base/needle.h"

#include "base/assert.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BLOCK 16

typedef uint8_t ov_bytes16 __attribute__((vector_size(BLOCK)));

struct pairs {
    ov_bytes16 first[OV_MAX_NEEDLES];
    ov_bytes16 second[OV_MAX_NEEDLES];
    size_t n;
};

static bool has_pair(const uint8_t *p, const struct pairs *pairs)
{
    ov_bytes16 here, next, hits = {0};
    uint64_t words[BLOCK / 8];

    memcpy(&here, p, BLOCK);
    memcpy(&next, p + 1, BLOCK);
    for (size_t i = 0; i < pairs->n; i++)
        hits |= (ov_bytes16)((here == pairs->first[i]) &
                             (next == pairs->second[i]));
    memcpy(words, &hits, BLOCK);
    return (words[0] | words[1]) != 0;
}

static bool is_at(struct ov_span s, size_t at, const struct ov_needle *needle)
{
    int third = ov_span_byte(s, at + 2);

    return ov_span_byte(s, at) == needle->bytes[0] &&
           ov_span_byte(s, at + 1) == needle->bytes[1] &&
           (needle->mask == 0 ||
            (third >= 0 &&
             (third & needle->mask) == (needle->bytes[2] & needle->mask)));
}

static size_t find_plainly(struct ov_span s, size_t from, size_t to,
                           const struct ov_needle *needles, size_t n)
{
    for (; from < to; from++)
        for (size_t i = 0; i < n; i++)
            if (is_at(s, from, &needles[i]))
                return from;
    return SIZE_MAX;
}

size_t ov_needles_find_portably(struct ov_span s, size_t from,
                                const struct ov_needle *needles, size_t n)
{
    struct pairs pairs = {.n = n};
    size_t at = from;

    for (size_t i = 0; i < n; i++) {
        pairs.first[i] = needles[i].bytes[0] - (ov_bytes16){0};
        pairs.second[i] = needles[i].bytes[1] - (ov_bytes16){0};
    }
    for (; at < s.len && s.len - at > BLOCK; at += BLOCK) {
        size_t found;

        if (!has_pair(s.ptr + at, &pairs))
            continue;
        found = find_plainly(s, at, at + BLOCK, needles, n);
        if (found != SIZE_MAX)
            return found;
    }
    return find_plainly(s, at, s.len, needles, n);
}

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2")))

struct halves {
    uint8_t low[16];
    uint8_t high[16];
};

static void add_byte(struct halves *h, uint8_t byte, uint8_t bit)
{
    h->low[byte & 15] |= bit;
    h->high[byte >> 4] |= bit;
}

TARGET static inline __m256i twice(const uint8_t *table)
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)table));
}

/* The bits that the bytes at p may be, after low and high halves. */
TARGET static inline __m256i bits_at(const uint8_t *p, __m256i low,
                                     __m256i high)
{
    const __m256i half = _mm256_set1_epi8(15);
    __m256i v = _mm256_loadu_si256((const void *)p);

    return _mm256_and_si256(
        _mm256_shuffle_epi8(low, _mm256_and_si256(v, half)),
        _mm256_shuffle_epi8(high,
                            _mm256_and_si256(_mm256_srli_epi16(v, 4), half)));
}

/* The first place from *at on where two bytes of some needle may be; false:
 * there is none before *at, and less than a block is left. */
TARGET static bool skip(struct ov_span s, size_t *at,
                        const struct halves *first, const struct halves *second)
{
    const __m256i low1 = twice(first->low), high1 = twice(first->high);
    const __m256i low2 = twice(second->low), high2 = twice(second->high);

    for (; *at < s.len && s.len - *at > 32; *at += 32) {
        const uint8_t *p = s.ptr + *at;
        __m256i hits = _mm256_and_si256(bits_at(p, low1, high1),
                                        bits_at(p + 1, low2, high2));
        unsigned none = (unsigned)_mm256_movemask_epi8(
            _mm256_cmpeq_epi8(hits, _mm256_setzero_si256()));

        if (none != UINT32_MAX) {
            *at += (unsigned)__builtin_ctz(~none);
            return true;
        }
    }
    return false;
}

static size_t find_wide(struct ov_span s, size_t at,
                        const struct ov_needle *needles, size_t n)
{
    struct halves first = {{0}, {0}}, second = {{0}, {0}};

    for (size_t i = 0; i < n; i++) {
        add_byte(&first, needles[i].bytes[0], (uint8_t)(1u << i % 8));
        add_byte(&second, needles[i].bytes[1], (uint8_t)(1u << i % 8));
    }
    for (; skip(s, &at, &first, &second); at++)
        for (size_t i = 0; i < n; i++)
            if (is_at(s, at, &needles[i]))
                return at;
    return find_plainly(s, at, s.len, needles, n);
}
#endif

size_t ov_needles_find(struct ov_span s, size_t from,
                       const struct ov_needle *needles, size_t n)
{
    OV_ASSERT(n <= OV_MAX_NEEDLES);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        return find_wide(s, from, needles, n);
#endif
    return ov_needles_find_portably(s, from, needles, n);
}
