/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/text.h"
#include "rules/clamav.h"
#include "test.h"

/* Patterns and parsed databases as short texts, so that tests can compare them
 * exactly. Cells: bytes as hex with '.' for a nibble that is not asked for,
 * gaps as [n-m], alternatives in parentheses, boundaries as <B (left), B>
 * (right). */

static inline void show_nibbles(struct ov_buf *b, const struct ov_cell *c)
{
    static const char digits[] = "0123456789abcdef";

    if (c->is_negated)
        ov_put_u8(b, '~');
    if (c->mask != 0 && c->mask != 0xff && c->mask != 0x0f && c->mask != 0xf0) {
        ov_put_format(b, "%02x/%02x", c->value, c->mask);
        return;
    }
    ov_put_u8(b, c->mask & 0xf0 ? (uint8_t)digits[c->value >> 4] : '.');
    ov_put_u8(b, c->mask & 0x0f ? (uint8_t)digits[c->value & 15] : '.');
}

static inline void show_cell(struct ov_buf *b, const struct ov_cell *c)
{
    static const char boundaries[] = "BLW";

    switch ((enum ov_cell_kind)c->kind) {
    case OV_CELL_BYTE:
        show_nibbles(b, c);
        break;
    case OV_CELL_GAP:
        ov_put_format(b, "[%u-", c->gap_min);
        if (c->gap_max == OV_GAP_INF)
            ov_put_str(b, "inf]");
        else
            ov_put_format(b, "%u]", c->gap_max);
        break;
    case OV_CELL_ALT_OPEN:
        ov_put_str(b, c->is_negated ? "!(" : "(");
        break;
    case OV_CELL_ALT_NEXT:
        ov_put_str(b, "|");
        break;
    case OV_CELL_ALT_CLOSE:
        ov_put_str(b, ")");
        break;
    case OV_CELL_BOUNDARY:
        ov_put_format(b, c->mask == OV_SIDE_LEFT ? "%s<%c" : "%s%c>",
                      c->is_negated ? "!" : "", boundaries[c->value]);
        break;
    }
}

static inline void show_place(struct ov_buf *b, const struct ov_place *p)
{
    static const char *const names[] = {"any",    "start",        "end",
                                        "entry",  "section",      "last",
                                        "inside", "version-info", "macro"};

    ov_put_format(b, "%s", names[p->kind]);
    if (p->kind == OV_PLACE_SECTION || p->kind == OV_PLACE_IN_SECTION)
        ov_put_format(b, " #%u", p->section);
    if (p->kind != OV_PLACE_ANY && p->kind != OV_PLACE_IN_SECTION &&
        p->kind != OV_PLACE_VERSION_INFO)
        ov_put_format(b, " %ld", (long)p->at);
    if (p->shift > 0)
        ov_put_format(b, " shift %u", p->shift);
}

static inline void show_pattern(struct ov_buf *b, const struct ov_pattern *p)
{
    static const char *const flags[] = {"i", "w", "a", "f"};

    for (uint32_t i = 0; i < p->n_cells; i++)
        show_cell(b, &p->cells[i]);
    for (int i = 0; i < 4; i++)
        if (p->flags >> i & 1)
            ov_put_format(b, " %s", flags[i]);
    ov_put_str(b, " @ ");
    show_place(b, &p->place);
}

/* Parses one text. Returns owned: ov_part_free. */
static inline struct ov_part *parse_as(enum ov_clamav_format f,
                                       const char *text,
                                       enum ov_status expected,
                                       struct ov_diag *diag)
{
    struct ov_part *part = ov_part_new(0);
    struct ov_clamav_options options = {.first_line = 1};

    assert_non_null(part);
    assert_int_equal(
        ov_clamav_parse(f, ov_span_str(text), &options, part, diag), expected);
    return part;
}

static inline void expect_text(struct ov_buf *b, const char *expected)
{
    ov_put_u8(b, 0);
    assert_int_equal(ov_buf_status(b), OV_OK);
    assert_string_equal((const char *)b->ptr, expected);
    ov_buf_done(b);
}
