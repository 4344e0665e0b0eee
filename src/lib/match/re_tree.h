/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/re.h"

/* A regular expression that was read: items in the order in which they are
 * written, each operator behind what it applies to. What stands side by side
 * follows one another. "ab|c*" is  a b c STAR ALT;  its STAR is from 2, its ALT
 * from 0 with its right side from 2. Counted repeats are written out:
 * "x{2,4}" is  x x x x OPT OPT  with the last two nested. */

enum ov_re_op {
    OV_RE_SET,    /* one byte of a set */
    OV_RE_ASSERT, /* a condition on the place: enum ov_re_assert */
    OV_RE_EMPTY,
    OV_RE_ALT,
    OV_RE_STAR,
    OV_RE_PLUS,
    OV_RE_OPT,
};

enum ov_re_assert {
    OV_RE_AT_START,    /* ^ \A: of the text, not of a line */
    OV_RE_AT_END,      /* $ \z */
    OV_RE_AT_WORD,     /* \b */
    OV_RE_NOT_AT_WORD, /* \B */
    OV_RE_N_ASSERTS
};

struct ov_re_item {
    uint8_t op;
    bool is_lazy;
    uint16_t set;  /* SET: which one; ASSERT: which condition */
    uint32_t from; /* where the operand begins; of ALT the left one */
    uint32_t mid;  /* of ALT: the right one */
};

struct ov_re_set {
    uint64_t bits[4];
};

static inline bool ov_re_set_has(const struct ov_re_set *s, uint8_t c)
{
    return s->bits[c >> 6] >> (c & 63) & 1;
}

/* Items that count as states of the automaton, and sets that differ. */
#define OV_RE_ITEMS_MAX 60000
#define OV_RE_SETS_MAX 4096
#define OV_RE_DEPTH_MAX 200

/* All-zero at first, ov_re_tree_done at last. */
struct ov_re_tree {
    struct ov_re_item *items;
    size_t n_items;
    size_t cap_items;
    struct ov_re_set *sets;
    size_t n_sets;
    size_t cap_sets;
    bool has_greedy;
    bool has_lazy;
};

void ov_re_tree_done(struct ov_re_tree *t);

/* As ov_re_compile. */
OV_MUST_USE enum ov_status ov_re_parse(struct ov_span source, uint32_t flags,
                                       struct ov_re_tree *ret,
                                       struct ov_re_fault *fault);
