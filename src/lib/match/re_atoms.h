/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/atoms.h"
#include "match/re_run.h"

/* How a regular expression is found: some of its nodes, of which every match
 * passes one, and atoms with which a match goes on from such a node. Without
 * good atoms it is tried at each place of a byte that is in a class. */

#define OV_RE_CUT_MAX 256

struct ov_re_cut {
    uint32_t n_nodes; /* at least 1 */
    uint16_t nodes[OV_RE_CUT_MAX];
    uint32_t n_atoms; /* 0: the class is used */
    struct ov_atom atoms[OV_ATOMS_MAX];
    uint32_t bits; /* of all atoms together */
    struct ov_class bytes;
};

/* The cheapest cut of an expression. nodes: as ov_re_write gave them; re: what
 * it wrote. OV_NO_MEMORY. */
OV_MUST_USE enum ov_status
ov_re_cut_choose(const struct ov_re_tree *t, const uint16_t *nodes,
                 const struct ov_re *re, bool is_wide, struct ov_re_cut *ret);
