/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/atom.h"

/* First stage: which offsets of a view may be where a window of some atom is.
 * LONG and MID: a blocked Bloom filter; a window chooses one 32-bit word of
 * 2^log and three bits in it. SHORT: a bitmap of 65536 bits. MID and SHORT also
 * have a screen, since they are looked for at every offset: atoms are dealt
 * into 8 groups, and a table for each of their bytes says which groups have an
 * atom with that byte (less its top bit) there; an offset passes only if its
 * bytes agree on a group. Bytes are folded. Lets more through than there is,
 * never less. */

#define OV_SCREEN_ROW 128u
#define OV_SCREEN_SIZE (4 * OV_SCREEN_ROW)
#define OV_SCREEN_GROUPS 8u

struct ov_filter {
    struct ov_span bits;   /* the filter's words, or the bitmap */
    const uint8_t *screen; /* 4 rows (SHORT: 2); NULL for LONG */
    uint32_t log;
    uint32_t salt; /* mixed into each window (LONG, MID) */
};

#define OV_FILTER_LOG_MIN 10
#define OV_FILTER_LOG_MAX 19
#define OV_FILTER_SHORT_LOG 11

/* In the image: the screen, if there is one, then the words. */
static inline uint64_t ov_filter_size(enum ov_atom_kind kind, uint32_t log)
{
    return ((uint64_t)4 << log) + (kind == OV_ATOM_LONG ? 0 : OV_SCREEN_SIZE);
}

/* The parts of a filter of that many bytes. */
struct ov_filter ov_filter_over(struct ov_span bytes, enum ov_atom_kind kind,
                                uint32_t log, uint32_t salt);

/* How many of 2^32 bytes of clean files pass that only chance lets pass, as far
 * as windows go that are very common there (zeros, mostly). A builder tries
 * some salts and keeps the best, for one such window can outweigh all others.
 */
uint64_t ov_filter_chance(const struct ov_filter *f);

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

/* Puts an atom into f, whose bytes are zeros at first. group: below
 * OV_SCREEN_GROUPS; atoms with like bytes should have the same. */
void ov_filter_add(uint8_t *bytes, const struct ov_filter *f,
                   enum ov_atom_kind kind, uint64_t key, uint32_t group);

/* Second step, for LONG atoms: a word of memory instead of a bucket.
 * An atom's mixed key (ov_atom_mix) chooses a 64-bit word of 2^log by its upper
 * bits and two bits in it. */
struct ov_check {
    struct ov_span words; /* 8 bytes << log */
    uint32_t log;
};

#define OV_CHECK_LOG_MIN 6
#define OV_CHECK_LOG_MAX 17
#define OV_CHECK_BIT_1 35
#define OV_CHECK_BIT_2 41

/* The log that n atoms should have. */
uint32_t ov_check_log(uint64_t n);

static inline uint64_t ov_check_mask(uint64_t mixed)
{
    return (uint64_t)1 << (mixed >> OV_CHECK_BIT_1 & 63) |
           (uint64_t)1 << (mixed >> OV_CHECK_BIT_2 & 63);
}

static inline bool ov_check_passes(const struct ov_check *c, uint64_t mixed)
{
    uint64_t mask = ov_check_mask(mixed);

    return (ov_load64le(c->words.ptr + 8 * (mixed >> (64 - c->log))) & mask) ==
           mask;
}

/* Puts an atom into the words of a check. */
void ov_check_add(uint8_t *words, uint32_t log, uint64_t key);

/* A block of a view, folded, and some bytes around it. Zeros stand for what is
 * outside of the view. */
#define OV_BLOCK 16384u
#define OV_BLOCK_BEFORE 64u
#define OV_BLOCK_AFTER 128u

struct ov_block {
    uint64_t at; /* of the block, in the view; a multiple of OV_BLOCK */
    size_t len;  /* how much of it is in the view */
    const uint8_t *ahead; /* where the view goes on; not always readable */
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

/* Of the offsets of LONG windows that passed, n of them, finds where an atom
 * that passes the check may begin: those starts, rising, each plus
 * OV_START_BIAS, into ret (room as above); returns how many. */
#define OV_START_BIAS 3
size_t ov_prefilter_starts(enum ov_prefilter_way way, const struct ov_check *c,
                           const struct ov_block *b, const uint16_t *offsets,
                           size_t n, uint16_t *ret);
