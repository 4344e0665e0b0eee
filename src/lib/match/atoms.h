/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/atom.h"

/* How a pattern is found: by atoms one of which every match contains. Mostly
 * that is one; a byte of which only some bits are known is spelled out, and
 * alternatives give one each. A pattern without atoms is tried at each place of
 * a byte that is in a class: the slow way. */

#define OV_ATOMS_MAX 256

/* All are in one part. */
struct ov_atoms {
    uint32_t n;
    uint32_t part;
    uint32_t bits;  /* of all together */
    bool is_spread; /* they do not all begin at one distance from its start */
    struct ov_atom at[OV_ATOMS_MAX];
};

/* The best atoms of f; false if it has none. crowd as for ov_atom_choose. */
bool ov_atoms_choose(const struct ov_form *f,
                     uint32_t (*crowd)(const void *data, uint64_t key),
                     const void *crowd_data, struct ov_atoms *ret);

/* The byte at `cell` of a part is always one of a set. */
struct ov_class {
    uint32_t part;
    uint32_t cell;
    uint64_t bytes[4]; /* bit b % 64 of b / 64 */
};

static inline bool ov_class_has(const struct ov_class *c, uint8_t b)
{
    return c->bytes[b / 64] >> b % 64 & 1;
}

/* The class of f that lets the fewest places through; all bytes, if it knows
 * nothing. */
void ov_class_choose(const struct ov_form *f, struct ov_class *ret);

/* Appends the code that is run backward from an atom to the start of its part;
 * with several positions one of them is right. */
void ov_atoms_write_back(const struct ov_form *f, uint32_t part,
                         const uint32_t *cells, size_t n, struct ov_buf *code);

/* Lengths of what is before `cell`, which may be inside of brackets. */
struct ov_extent_range ov_atoms_before(const struct ov_form *f, uint32_t part,
                                       uint32_t cell);
