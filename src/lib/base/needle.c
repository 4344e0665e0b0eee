/* SPDX-License-Identifier: Apache-2.0
 *
 * The first two bytes of every needle are compared with 16 places at a time, in
 * vectors that both compilers make good code of. Only a block in which a
 * pair was found is looked at byte by byte.
 */
#include "base/needle.h"

#include "base/assert.h"

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

size_t ov_needles_find(struct ov_span s, size_t from,
                       const struct ov_needle *needles, size_t n)
{
    struct pairs pairs = {.n = n};
    size_t at = from;

    OV_ASSERT(n <= OV_MAX_NEEDLES);
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
