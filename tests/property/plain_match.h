/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdlib.h>

#include "match/matcher.h"
#include "plain_form.h"
#include "plain_place.h"

/* The plain twin of src/lib/match: tries a pattern at every place by going
 * through its cells one by one. Slow, and as close to the words of pattern.h
 * and matcher.h as code can be. Recursive, so for small patterns only. */

#define PLAIN_LEN_MAX 4096

/* Bit k: something that began at a certain place may end k behind it. */
struct plain_ends {
    bool at[PLAIN_LEN_MAX];
};

static inline uint32_t plain_close(const struct plain_form *f, uint32_t i)
{
    uint32_t depth = 0;

    do {
        if (f->cells[i].kind == OV_CELL_ALT_OPEN)
            depth++;
        if (f->cells[i].kind == OV_CELL_ALT_CLOSE)
            depth--;
        i++;
    } while (depth > 0);
    return i - 1;
}

/* Where the alternative that begins at i ends. */
static inline uint32_t plain_next(const struct plain_form *f, uint32_t i)
{
    while (f->cells[i].kind != OV_CELL_ALT_NEXT &&
           f->cells[i].kind != OV_CELL_ALT_CLOSE)
        i = f->cells[i].kind == OV_CELL_ALT_OPEN ? plain_close(f, i) + 1
                                                 : i + 1;
    return i;
}

/* Length of an alternative that has only one. */
static inline uint64_t plain_len(const struct plain_form *f, uint32_t i,
                                 uint32_t to)
{
    uint64_t len = 0;

    while (i < to) {
        const struct ov_cell *c = &f->cells[i];

        if (c->kind == OV_CELL_ALT_OPEN) {
            len += plain_len(f, i + 1, plain_next(f, i + 1));
            i = plain_close(f, i);
        }
        len += c->kind == OV_CELL_BYTE;
        len += c->kind == OV_CELL_GAP ? c->gap_min : 0;
        i++;
    }
    return len;
}

static inline bool plain_byte(const struct plain_form *f,
                              const struct ov_cell *c, uint8_t b)
{
    uint8_t value = c->value;

    if (f->is_nocase && c->mask == 0xff) {
        b = ov_lower(b);
        value = ov_lower(value);
    }
    return ((b & c->mask) == value) != c->is_negated;
}

static inline bool plain_boundary(const struct plain_form *f,
                                  const struct ov_cell *c, uint64_t pos)
{
    const uint8_t *b = f->view.ptr + pos;
    bool is_left = c->mask == OV_SIDE_LEFT;
    const char *set = is_left ? " -./<@_" : "\n\r \"'-/=>_";

    if (pos == (is_left ? 0 : f->view.len))
        return !c->is_negated;
    b -= is_left;
    if (c->value == OV_BOUNDARY_WORD)
        return ov_is_alnum(*b) == c->is_negated;
    if (c->value == OV_BOUNDARY_BREAK)
        return (*b != 0 && strchr(set, *b) != NULL) != c->is_negated;
    if (!is_left && pos + 1 < f->view.len && b[0] == '\r' && b[1] == '\n')
        return !c->is_negated;
    return (*b == '\n') != c->is_negated;
}

static inline void plain_collect(const struct plain_form *f, uint32_t i,
                                 uint32_t to, uint64_t start, uint64_t pos,
                                 struct plain_ends *ret);

static inline void plain_bracket(const struct plain_form *f, uint32_t i,
                                 uint32_t to, uint64_t start, uint64_t pos,
                                 struct plain_ends *ret)
{
    struct plain_ends *mid = calloc(1, sizeof(*mid));
    uint32_t close = plain_close(f, i);
    bool any = false;
    uint64_t len = plain_len(f, i + 1, plain_next(f, i + 1));

    for (uint32_t from = i + 1; from <= close; from = plain_next(f, from) + 1)
        plain_collect(f, from, plain_next(f, from), pos, pos, mid);
    for (uint64_t k = 0; k < PLAIN_LEN_MAX; k++)
        any |= mid->at[k];
    if (f->cells[i].is_negated) {
        if (!any && pos + len <= f->view.len)
            plain_collect(f, close + 1, to, start, pos + len, ret);
    } else {
        for (uint64_t k = 0; any && k < PLAIN_LEN_MAX; k++)
            if (mid->at[k])
                plain_collect(f, close + 1, to, start, pos + k, ret);
    }
    free(mid);
}

/* Adds to ret where cells [i, to) may end if they begin at pos. */
static inline void plain_collect(const struct plain_form *f, uint32_t i,
                                 uint32_t to, uint64_t start, uint64_t pos,
                                 struct plain_ends *ret)
{
    for (; i < to; i++) {
        const struct ov_cell *c = &f->cells[i];

        if (c->kind == OV_CELL_BYTE) {
            if (pos >= f->view.len || !plain_byte(f, c, f->view.ptr[pos]))
                return;
            pos++;
        } else if (c->kind == OV_CELL_BOUNDARY) {
            if (!plain_boundary(f, c, pos))
                return;
        } else if (c->kind == OV_CELL_GAP) {
            for (uint64_t k = c->gap_min; k <= c->gap_max; k++)
                if (pos + k <= f->view.len)
                    plain_collect(f, i + 1, to, start, pos + k, ret);
            return;
        } else {
            plain_bracket(f, i, to, start, pos, ret);
            return;
        }
    }
    ret->at[pos - start] = true;
}

static inline bool plain_word_ok(const struct plain_form *f, uint64_t pos,
                                 bool is_start)
{
    uint64_t n = f->is_wide ? 2 : 1;
    const uint8_t *c = f->view.ptr + pos;

    if (is_start ? pos < n : f->view.len - pos < n)
        return true;
    c -= is_start ? n : 0;
    return !ov_is_alnum(c[0]) || (f->is_wide && c[1] != 0);
}

/* The nearest end of cells [i, to) from start, or UINT64_MAX. */
static inline uint64_t plain_end(const struct plain_form *f, uint32_t i,
                                 uint32_t to, uint64_t start)
{
    struct plain_ends *ends = calloc(1, sizeof(*ends));
    uint64_t ret = UINT64_MAX;

    if (!f->is_fullword || i > 0 || plain_word_ok(f, start, true))
        plain_collect(f, i, to, start, start, ends);
    for (uint64_t k = 0; k < PLAIN_LEN_MAX && ret == UINT64_MAX; k++)
        if (ends->at[k] && (!f->is_fullword || to < f->n ||
                            plain_word_ok(f, start + k, false)))
            ret = start + k;
    free(ends);
    return ret;
}

/* Where the nearest match of the parts from cell `from` on ends, none of which
 * begins before `reach`; UINT64_MAX: nowhere. */
static inline uint64_t plain_chain(const struct plain_form *f, uint32_t from,
                                   uint64_t reach)
{
    while (from <= f->n) {
        uint64_t best = UINT64_MAX;
        uint32_t to = from;

        while (to < f->n && (f->cells[to].kind != OV_CELL_GAP ||
                             f->cells[to].gap_max != OV_GAP_INF))
            to++;
        for (uint64_t s = reach; s <= f->view.len; s++) {
            uint64_t end = plain_end(f, from, to, s);

            best = end < best ? end : best;
        }
        if (best == UINT64_MAX || to == f->n)
            return best;
        reach = best + f->cells[to].gap_min;
        from = to + 1;
    }
    return reach;
}

/* The same for OV_PATTERN_EACH_START: one match for each start. */
static inline void plain_match_starts(const struct plain_form *f,
                                      const struct ov_place *place,
                                      const struct ov_layout *layout,
                                      void (*found)(void *, uint64_t, uint64_t),
                                      void *data)
{
    uint32_t to = 0;

    while (to < f->n && (f->cells[to].kind != OV_CELL_GAP ||
                         f->cells[to].gap_max != OV_GAP_INF))
        to++;
    for (uint64_t s = 0; s <= f->view.len; s++) {
        uint64_t end = plain_end(f, 0, to, s);

        if (end == UINT64_MAX || !plain_placed(place, f->view.len, layout, s))
            continue;
        if (to < f->n)
            end = plain_chain(f, to + 1, end + f->cells[to].gap_min);
        if (end != UINT64_MAX)
            found(data, s, end);
    }
}

/* Calls found for each match of the form, doubles and all. */
static inline void plain_match_form(const struct plain_form *f,
                                    const struct ov_place *place,
                                    const struct ov_layout *layout,
                                    void (*found)(void *, uint64_t, uint64_t),
                                    void *data)
{
    uint64_t reach = 0;
    uint64_t first = UINT64_MAX;
    uint32_t from = 0;

    for (uint32_t to = 0; to <= f->n; to++) {
        uint64_t best = UINT64_MAX;
        uint64_t best_at = 0;

        if (to < f->n && (f->cells[to].kind != OV_CELL_GAP ||
                          f->cells[to].gap_max != OV_GAP_INF))
            continue;
        for (uint64_t s = reach; s <= f->view.len; s++) {
            uint64_t end = plain_end(f, from, to, s);

            if (end == UINT64_MAX ||
                (from == 0 && !plain_placed(place, f->view.len, layout, s)))
                continue;
            if (to == f->n)
                found(data, first == UINT64_MAX ? s : first, end);
            if (end < best) {
                best = end;
                best_at = s;
            }
        }
        if (best == UINT64_MAX || to == f->n)
            return;
        if (first == UINT64_MAX)
            first = best_at;
        reach = best + f->cells[to].gap_min;
        from = to + 1;
    }
}
