/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <string.h>

#include "match/pattern.h"
#include "test.h"

/* Patterns in a short notation, for tests: two hexadecimal digits (or '?') are
 * a byte, '~' before one negates it, "(..|..)" and "!(..|..)" are alternatives,
 * "{2-4}" "{3}" "{5-}" and "*" are gaps, "<B" ">L" are boundaries of the side
 * left or right. */
#define CELLS_MAX 256

struct cells {
    struct ov_cell at[CELLS_MAX];
    uint32_t n;
};

static inline uint8_t cells_nibble(char c, uint8_t *mask)
{
    *mask = (uint8_t)(*mask << 4 | (c == '?' ? 0 : 15));
    return c == '?' ? 0 : (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static inline const char *cells_number(const char *t, uint32_t *ret)
{
    for (*ret = 0; *t >= '0' && *t <= '9'; t++)
        *ret = *ret * 10 + (uint32_t)(*t - '0');
    return t;
}

static inline const char *cells_gap(const char *t, struct ov_cell *c)
{
    c->kind = OV_CELL_GAP;
    t = cells_number(t + 1, &c->gap_min);
    c->gap_max = c->gap_min;
    if (*t == '-' && t[1] == '}') {
        c->gap_max = OV_GAP_INF;
        t++;
    } else if (*t == '-') {
        t = cells_number(t + 1, &c->gap_max);
    }
    return t + 1;
}

static inline const char *cells_one(const char *t, struct ov_cell *c)
{
    static const char signs[] = "(|)";

    *c = (struct ov_cell){.is_negated = *t == '~' || *t == '!'};
    t += c->is_negated;
    if (*t == '*') {
        c->kind = OV_CELL_GAP;
        c->gap_max = OV_GAP_INF;
        return t + 1;
    }
    if (*t == '{')
        return cells_gap(t, c);
    if (strchr(signs, *t) != NULL) {
        c->kind = (uint8_t)(OV_CELL_ALT_OPEN + (strchr(signs, *t) - signs));
        return t + 1;
    }
    if (*t == '<' || *t == '>') {
        c->kind = OV_CELL_BOUNDARY;
        c->mask = *t == '<' ? OV_SIDE_LEFT : OV_SIDE_RIGHT;
        c->value = t[1] == 'B'   ? OV_BOUNDARY_BREAK
                   : t[1] == 'L' ? OV_BOUNDARY_LINE
                                 : OV_BOUNDARY_WORD;
        return t + 2;
    }
    c->kind = OV_CELL_BYTE;
    c->value = (uint8_t)(cells_nibble(t[0], &c->mask) << 4);
    c->value |= cells_nibble(t[1], &c->mask);
    return t + 2;
}

/* Parses text into cells, which the result points to. */
static inline struct ov_pattern cells_pattern(struct cells *cells,
                                              const char *text, uint32_t flags)
{
    cells->n = 0;
    while (*text != 0) {
        assert_in_range(cells->n, 0, CELLS_MAX - 1);
        text = cells_one(text, &cells->at[cells->n++]);
    }
    return (struct ov_pattern){
        .cells = cells->at, .n_cells = cells->n, .flags = flags};
}
