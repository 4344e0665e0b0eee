/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/atom.h"

/* First stage: which offsets of a view may be where a window of some atom is.
 * A blocked Bloom filter per kind of atom: a window chooses one 32-bit word and
 * two bits in it (LONG, MID: 2^log words), or a bitmap of 65536 bits (SHORT).
 * Bytes are folded. Lets more through than there is, never less. */

struct ov_filter {
    struct ov_span bits; /* exactly ov_filter_size bytes */
    uint32_t log;
};

#define OV_FILTER_LOG_MIN 10
#define OV_FILTER_LOG_MAX 19
#define OV_FILTER_SHORT_LOG 11

static inline uint64_t ov_filter_size(uint32_t log)
{
    return (uint64_t)4 << log;
}

static inline uint32_t ov_filter_hash(uint32_t window)
{
    return (window ^ window >> 15) * 0x9e3779b1u;
}

static inline uint32_t ov_filter_bits(uint32_t hash)
{
    return (uint32_t)1 << (hash >> 3 & 31) | (uint32_t)1 << (hash >> 8 & 31);
}

/* The log that n atoms should have. */
uint32_t ov_filter_log(enum ov_atom_kind kind, uint64_t n);

/* Puts an atom's windows into words, which ov_filter_size says. */
void ov_filter_add(uint8_t *bits, uint32_t log, enum ov_atom_kind kind,
                   uint64_t key);

/* How many offsets one call of ov_prefilter looks at. */
#define OV_PREFILTER_BLOCK 16384u

/* Room for its result. */
#define OV_PREFILTER_ROOM (OV_PREFILTER_BLOCK + 64)

/* Which way it is done; all give the same. */
enum ov_prefilter_way {
    OV_PREFILTER_PLAIN,
    OV_PREFILTER_AVX2,
    OV_PREFILTER_AVX512,
};

/* The best that this machine has. */
enum ov_prefilter_way ov_prefilter_best(void);

/* Writes the offsets in [from, from + OV_PREFILTER_BLOCK) that pass, rising,
 * less from, and returns how many. from is a multiple of 4. */
size_t ov_prefilter(enum ov_prefilter_way way, enum ov_atom_kind kind,
                    const struct ov_filter *filter, struct ov_span view,
                    uint64_t from, uint16_t *ret);
