/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/pattern.h"

/* A pattern's cells as plain_match.h goes through them: wide text written out,
 * gaps in a row joined. */

#define PLAIN_CELLS_MAX 512

struct plain_form {
    struct ov_cell cells[PLAIN_CELLS_MAX];
    uint32_t n;
    bool is_nocase;
    bool is_wide;
    bool is_fullword;
    struct ov_span view;
};

static inline void plain_bound(struct ov_cell *gap)
{
    if (gap->gap_max == OV_GAP_INF)
        gap->gap_max = gap->gap_min;
}

static inline bool plain_is_any(const struct ov_cell *c)
{
    return c->kind == OV_CELL_BYTE && c->mask == 0 && c->value == 0 &&
           !c->is_negated;
}

/* Gaps in a row are one. */
static inline void plain_add_gap(struct plain_form *f, uint32_t min,
                                 uint32_t max)
{
    struct ov_cell *last = f->n > 0 ? &f->cells[f->n - 1] : NULL;

    if (last == NULL || last->kind != OV_CELL_GAP) {
        f->cells[f->n++] = (struct ov_cell){
            .kind = OV_CELL_GAP, .gap_min = min, .gap_max = max};
        return;
    }
    last->gap_min += min;
    if (max == OV_GAP_INF || last->gap_max == OV_GAP_INF)
        last->gap_max = OV_GAP_INF;
    else
        last->gap_max += max;
}

/* Copies p's cells in its ASCII or wide form. */
static inline void plain_form_of(const struct ov_pattern *p, bool is_wide,
                                 struct ov_span view, struct plain_form *ret)
{
    *ret = (struct plain_form){.is_nocase = p->flags & OV_PATTERN_NOCASE,
                               .is_fullword = p->flags & OV_PATTERN_FULLWORD,
                               .is_wide = is_wide,
                               .view = view};
    for (uint32_t i = 0; i < p->n_cells; i++) {
        struct ov_cell c = p->cells[i];

        if (plain_is_any(&c))
            plain_add_gap(ret, 1, 1);
        else if (c.kind == OV_CELL_GAP)
            plain_add_gap(ret, c.gap_min, c.gap_max);
        else
            ret->cells[ret->n++] = c;
        if (is_wide && c.kind == OV_CELL_BYTE)
            ret->cells[ret->n++] =
                (struct ov_cell){.kind = OV_CELL_BYTE, .mask = 0xff};
    }
    /* At an end of the pattern such a gap says no more than its least. */
    if (ret->n > 0 && ret->cells[0].kind == OV_CELL_GAP &&
        !(p->flags & OV_PATTERN_EACH_START && ret->n > 1))
        plain_bound(&ret->cells[0]);
    if (ret->n > 0 && ret->cells[ret->n - 1].kind == OV_CELL_GAP)
        plain_bound(&ret->cells[ret->n - 1]);
}
