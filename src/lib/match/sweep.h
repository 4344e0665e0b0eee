/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/store.h"
#include "match/compiled.h"
#include "match/prefilter.h"

/* The part of a pass that is the same for any stretch of a view: which atoms
 * are where. What follows from an atom (the pattern's program, places, the
 * budget) is matcher.c's, in the order in which a sweep from the view's start
 * to its end tells them. */

/* One tier's compiled form, as far as it is needed; only read. */
struct ov_sweep_tier {
    struct ov_store *store;
    uint64_t buckets; /* where they are in the store: inside, checked */
    uint64_t n_buckets;
    uint64_t programs; /* likewise */
    uint64_t programs_len;
    const struct ov_filter *filters; /* OV_N_ATOM_KINDS */
    const struct ov_check *check;
    uint16_t number; /* told with what is found */
    bool tells_blocks;
};

enum ov_found_kind {
    OV_FOUND_ATOM,
    OV_FOUND_BLOCK,  /* a block is through that begins there (tells_blocks) */
    OV_FOUND_STEP,   /* a full bucket was passed: that is paid for */
    OV_FOUND_DAMAGE, /* the compiled form cannot be read */
};

struct ov_found {
    uint64_t at;  /* in the view */
    uint32_t ref; /* of an atom: compiled.h */
    uint16_t tier;
    uint16_t kind;
};

/* Working memory. */
struct ov_sweeper {
    uint16_t offsets[OV_PREFILTER_ROOM];
    uint16_t starts[OV_PREFILTER_ROOM];
    struct ov_block block;
    uint64_t n_bytes; /* swept, of all tiers together */
    uint64_t n_survivors;
};

struct ov_sweep {
    const struct ov_sweep_tier *tiers;
    size_t n_tiers;
    struct ov_span view;
    enum ov_prefilter_way way;
    /* Takes what is found; another status than OV_OK ends the sweep. */
    enum ov_status (*found)(void *data, const struct ov_found *f);
    void *data;
};

/* Sweeps the blocks that begin in [from, to); from is a multiple of OV_BLOCK.
 * Returns what found did. */
OV_MUST_USE enum ov_status ov_sweep(const struct ov_sweep *s,
                                    struct ov_sweeper *w, uint64_t from,
                                    uint64_t to);
