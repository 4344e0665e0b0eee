/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/status.h"
#include "match/pattern.h"
#include "match/program.h"

/* One form of a pattern (ASCII or wide), put in order for compiling: letters of
 * nocase patterns in lower case, neighboring gaps merged, cut into parts at the
 * gaps without an upper bound. */

/* How much longer the longest match of a part may be than its shortest. */
#define OV_FORM_SPREAD_MAX 65535u
#define OV_FORM_DEPTH_MAX 16

/* How long matches of some cells are. */
struct ov_extent_range {
    uint64_t min;
    uint64_t max;
};

struct ov_form_part {
    uint32_t from; /* cells [from, to) */
    uint32_t to;
    uint64_t gap_min; /* bytes between the part before and this one, or more */
};

/* Reused from pattern to pattern; all-zero at first, ov_form_done at last. */
struct ov_form {
    struct ov_cell *cells;
    size_t cap;
    uint32_t n;
    bool is_nocase;
    bool is_open; /* wherever it begins, the parts may follow much later */
    bool is_xor;  /* fixed bytes, each xor-ed with a key of these: */
    uint8_t xor_min;
    uint8_t xor_max;
    uint32_t n_parts;
    struct ov_form_part parts[OV_PARTS_MAX];
};

void ov_form_done(struct ov_form *f);

/* OV_UNSUPPORTED if p's brackets are not in order or it exceeds a maximum. */
OV_MUST_USE enum ov_status
ov_form_make(struct ov_form *f, const struct ov_pattern *p, bool is_wide);

/* Cell at i opens a bracket: where it closes. f is made, so there is one. */
uint32_t ov_form_close(const struct ov_form *f, uint32_t i);

/* Lengths that cells [from, to) of a made form can have. */
struct ov_extent_range ov_form_range(const struct ov_form *f, uint32_t from,
                                     uint32_t to);

/* Appends the code of cells [from, to) (program.h); backward: to be run towards
 * lower addresses from behind them. */
void ov_form_write(const struct ov_form *f, uint32_t from, uint32_t to,
                   bool is_backward, struct ov_buf *code);

/* Appends the first byte of an operation with a count. */
void ov_form_put_op(struct ov_buf *code, enum ov_op op, uint64_t n);
