/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/atom.h"

/* First stage: which offsets of a view may be where a window of some atom is.
 * A blocked Bloom filter per kind of atom: a window chooses one 32-bit word and
 * three bits in it (LONG, MID: 2^log words), or a bitmap of 65536 bits (SHORT).
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

/* Two multiplications, for the lower bits must be good too. */
#define OV_FILTER_MIX_1 0x9e3779b1u
#define OV_FILTER_MIX_2 0x85ebca6bu
#define OV_FILTER_MIX_SHIFT 15

static inline uint32_t ov_filter_hash(uint32_t window)
{
    uint32_t h = window * OV_FILTER_MIX_1;

    return (h ^ h >> OV_FILTER_MIX_SHIFT) * OV_FILTER_MIX_2;
}

/* Three bits of the word that the hash's upper bits choose. */
static inline uint32_t ov_filter_bits(uint32_t hash)
{
    return (uint32_t)1 << (hash & 31) | (uint32_t)1 << (hash >> 4 & 31) |
           (uint32_t)1 << (hash >> 8 & 31);
}

/* The log that n atoms should have. */
uint32_t ov_filter_log(enum ov_atom_kind kind, uint64_t n);

/* Puts an atom's windows into the bits of a filter, ov_filter_size of them. */
void ov_filter_add(uint8_t *bits, uint32_t log, enum ov_atom_kind kind,
                   uint64_t key);

/* A block of a view, folded, and some bytes around it. Zeros stand for what is
 * outside of the view. */
#define OV_BLOCK 16384u
#define OV_BLOCK_BEFORE 64u
#define OV_BLOCK_AFTER 128u

struct ov_block {
    uint64_t at; /* of the block, in the view; a multiple of OV_BLOCK */
    size_t len;  /* how much of it is in the view */
    _Alignas(64) uint8_t bytes[OV_BLOCK_BEFORE + OV_BLOCK + OV_BLOCK_AFTER];
};

/* The byte at `at` of the block's start, and what follows. */
static inline const uint8_t *ov_block_bytes(const struct ov_block *b)
{
    return b->bytes + OV_BLOCK_BEFORE;
}

/* Which way it is done; all give the same. */
enum ov_prefilter_way {
    OV_PREFILTER_PLAIN,
    OV_PREFILTER_AVX2,
    OV_PREFILTER_AVX512,
    OV_N_PREFILTER_WAYS
};

/* Whether this machine can. */
bool ov_prefilter_can(enum ov_prefilter_way way);

/* The best that this machine has. */
enum ov_prefilter_way ov_prefilter_best(void);

/* Fills b with the view's block at `at`. */
void ov_block_load(struct ov_block *b, enum ov_prefilter_way way,
                   struct ov_span view, uint64_t at);

/* Writes the offsets in the block that pass, rising, and returns how many. ret
 * has room for OV_PREFILTER_ROOM. */
#define OV_PREFILTER_ROOM (OV_BLOCK + 64)
size_t ov_prefilter(enum ov_prefilter_way way, enum ov_atom_kind kind,
                    const struct ov_filter *filter, const struct ov_block *b,
                    uint16_t *ret);
