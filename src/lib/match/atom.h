/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/form.h"

/* Atoms: the few fixed bytes of a pattern by which it is found. Folded: ASCII
 * capitals stand for their small letters everywhere here. */

enum ov_atom_kind {
    OV_ATOM_LONG,  /* 7 bytes: one of 4 windows of 4 is at an offset that is a
                      multiple of 4, so only those are looked at */
    OV_ATOM_MID,   /* 4 bytes, looked for at every offset */
    OV_ATOM_SHORT, /* 2 bytes, likewise */
    OV_N_ATOM_KINDS
};

#define OV_ATOM_MAX 7

static inline uint32_t ov_atom_len(enum ov_atom_kind kind)
{
    return kind == OV_ATOM_LONG ? 7 : kind == OV_ATOM_MID ? 4 : 2;
}

struct ov_atom {
    enum ov_atom_kind kind;
    uint32_t part;
    uint32_t cell; /* where it begins */
    uint32_t bits; /* how rare: minus the binary logarithm of how often it lets
                      a byte of clean files through */
    uint64_t key;  /* its folded bytes, the first lowest */
};

/* How rare a pattern's atom should be (bits). */
#define OV_ATOM_RARE 11

/* The best atom of f; false if it has no two fixed bytes in a row. crowd, if
 * not NULL, says how many atoms with this key there are already. */
bool ov_atom_choose(const struct ov_form *f,
                    uint32_t (*crowd)(const void *data, uint64_t key),
                    const void *crowd_data, struct ov_atom *ret);

/* How rare n folded bytes are (bits, as above). */
uint32_t ov_atom_bits(const uint8_t *bytes, uint32_t n);

/* The same for an atom: LONG ones are as rare as their commonest window. */
uint32_t ov_atom_window_bits(const uint8_t *bytes, enum ov_atom_kind kind);

/* What an atom is worth: its rarity, less what looking for its kind costs, and
 * going back from it to the start, if the way is not always as long. */
int32_t ov_atom_score(const struct ov_atom *a, bool is_backward);

/* Spreads an atom's key over 64 bits in two steps. After the first the upper
 * bits are good, for the check; after the second the upper 32 choose the bucket
 * and the lower 16 are the fingerprint. */
#define OV_ATOM_MIX 0x9e3779b97f4a7c15u

static inline uint64_t ov_atom_mix(uint64_t key, enum ov_atom_kind kind)
{
    return (key + ((uint64_t)kind << 61)) * OV_ATOM_MIX;
}

static inline uint64_t ov_atom_finish(uint64_t mixed)
{
    return (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93u;
}

static inline uint64_t ov_atom_hash(uint64_t key, enum ov_atom_kind kind)
{
    return ov_atom_finish(ov_atom_mix(key, kind));
}

/* Bytes of v with A-Z made a-z. */
static inline uint64_t ov_fold64(uint64_t v)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t low = v & 0x7f * ones;
    uint64_t is_upper =
        ((low + (0x80 - 'A') * ones) ^ (low + (0x7f - 'Z') * ones)) & ~v &
        0x80 * ones;

    return v | is_upper >> 2;
}
