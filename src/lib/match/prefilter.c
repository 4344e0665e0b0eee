/* SPDX-License-Identifier: Apache-2.0 */
#include "match/prefilter.h"

/* The portable form of the prefilter, and the choice of the others. */

uint32_t ov_filter_log(enum ov_atom_kind kind, uint64_t n)
{
    uint32_t log = OV_FILTER_LOG_MIN;

    if (kind == OV_ATOM_SHORT)
        return OV_FILTER_SHORT_LOG;
    /* Plenty while it fits the first-level cache, then twice as many words as
     * atoms until the second-level cache is full. */
    while (log < OV_FILTER_LOG_MAX - 1 &&
           (uint64_t)1 << log < (log < 13 ? 8 * n : 5 * n / 4))
        log++;
    return log;
}

static void set_bits(uint8_t *bits, size_t word, uint32_t mask)
{
    for (size_t i = 0; i < 4; i++)
        bits[4 * word + i] |= (uint8_t)(mask >> 8 * i);
}

void ov_filter_add(uint8_t *bits, uint32_t log, enum ov_atom_kind kind,
                   uint64_t key)
{
    if (kind == OV_ATOM_SHORT) {
        bits[(key & 0xffff) >> 3] |= (uint8_t)(1u << (key & 7));
        return;
    }
    for (uint32_t i = 0; i < (kind == OV_ATOM_LONG ? 4 : 1); i++) {
        uint32_t h = ov_filter_hash((uint32_t)(key >> 8 * i));

        set_bits(bits, h >> (32 - log), ov_filter_bits(h));
    }
}

static size_t plain_windows(const struct ov_filter *f, struct ov_span block,
                            size_t stride, uint16_t *ret)
{
    size_t n = 0;

    for (size_t i = 0; i < OV_PREFILTER_BLOCK && i + 4 <= block.len;
         i += stride) {
        uint32_t w = (uint32_t)ov_fold64(ov_load32le(block.ptr + i));
        uint32_t h = ov_filter_hash(w);
        uint32_t mask = ov_filter_bits(h);
        uint32_t word = ov_load32le(f->bits.ptr + 4 * (h >> (32 - f->log)));

        ret[n] = (uint16_t)i;
        n += (word & mask) == mask;
    }
    return n;
}

static size_t plain_pairs(const struct ov_filter *f, struct ov_span block,
                          uint16_t *ret)
{
    size_t n = 0;
    uint8_t next = block.len > 0 ? ov_lower(block.ptr[0]) : 0;

    for (size_t i = 0; i < OV_PREFILTER_BLOCK && i + 2 <= block.len; i++) {
        uint8_t first = next;

        next = ov_lower(block.ptr[i + 1]);
        ret[n] = (uint16_t)i;
        n += f->bits.ptr[(first | next << 8) >> 3] >> (first & 7) & 1;
    }
    return n;
}

enum ov_prefilter_way ov_prefilter_best(void)
{
    return OV_PREFILTER_PLAIN;
}

size_t ov_prefilter(enum ov_prefilter_way way, enum ov_atom_kind kind,
                    const struct ov_filter *filter, struct ov_span view,
                    uint64_t from, uint16_t *ret)
{
    struct ov_span block = ov_span_clip(view, from, OV_PREFILTER_BLOCK + 8);

    (void)way;
    if (kind == OV_ATOM_SHORT)
        return plain_pairs(filter, block, ret);
    return plain_windows(filter, block, kind == OV_ATOM_LONG ? 4 : 1, ret);
}
