/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/clamav_group.h"

#include "base/text.h"

/* The parenthesized pieces of a body signature: alternatives and boundaries.
 *
 *   (aa|bbcc|d?)   one of them; they nest, and a later one may be empty
 *   !(aabb|ccdd)   none of them: plain bytes, all of one length
 *   (B) (L) (W)    a boundary
 *
 * A boundary is zero-width only at the start of a part (where "!" is not
 * possible) and at its end. Anywhere else ClamAV consumes a byte that is one
 * (for (L), LF or CR LF), so it becomes an alternative. The sets were found by
 * scanning all 256 bytes.
 *
 * Source: ClamAV manual, "Body-based signatures", "Wildcards"; clamscan 1.4.6.
 */

#define MAX_NESTING 16

/* Bytes with masks that a consuming boundary accepts. */
static const uint8_t break_bytes[][2] = {
    {0x0a, 0xff}, {0x0d, 0xff}, {0x20, 0xff}, {0x22, 0xff},
    {0x27, 0xff}, {0x2d, 0xff}, {0x2e, 0xfe}, {0x3c, 0xfe},
    {0x3e, 0xff}, {0x40, 0xff}, {0x5f, 0xff},
};

/* Letters and digits. */
static const uint8_t word_bytes[][2] = {
    {0x30, 0xf8}, {0x38, 0xfe}, {0x41, 0xdf}, {0x42, 0xde}, {0x44, 0xdc},
    {0x48, 0xd8}, {0x50, 0xd8}, {0x58, 0xde}, {0x5a, 0xdf},
};

void ov_clam_cells_done(struct ov_clam_cells *c)
{
    ov_free(c->list.items);
    *c = (struct ov_clam_cells){0};
}

enum ov_status ov_clam_put(struct ov_clam_cells *out, struct ov_cell cell)
{
    struct ov_cell *slot = ov_part_add(&out->list);

    if (slot == NULL)
        return OV_NO_MEMORY;
    *slot = cell;
    return OV_OK;
}

static enum ov_status put_kind(struct ov_clam_cells *out,
                               enum ov_cell_kind kind, bool is_negated)
{
    return ov_clam_put(
        out, (struct ov_cell){.kind = (uint8_t)kind, .is_negated = is_negated});
}

static enum ov_status put_byte(struct ov_clam_cells *out, uint8_t value,
                               uint8_t mask)
{
    return ov_clam_put(
        out,
        (struct ov_cell){.kind = OV_CELL_BYTE, .value = value, .mask = mask});
}

bool ov_clam_byte(struct ov_span two, struct ov_cell *ret)
{
    int high = ov_span_byte(two, 0);
    int low = ov_span_byte(two, 1);
    uint8_t mask = 0xff;

    if (high < 0 || low < 0 || two.len != 2)
        return false;
    if (high == '?')
        mask &= 0x0f;
    if (low == '?')
        mask &= 0xf0;
    high = high == '?' ? 0 : ov_hex_digit((uint8_t)high);
    low = low == '?' ? 0 : ov_hex_digit((uint8_t)low);
    if (high < 0 || low < 0)
        return false;
    *ret = (struct ov_cell){.kind = OV_CELL_BYTE,
                            .value = (uint8_t)(high << 4 | low),
                            .mask = mask};
    return true;
}

/* Where the parenthesis that s begins inside of is closed, or SIZE_MAX. */
static size_t find_close(struct ov_span s)
{
    size_t depth = 1;

    for (size_t i = 0; i < s.len; i++) {
        int c = ov_span_byte(s, i);

        depth += c == '(';
        depth -= c == ')';
        if (depth == 0)
            return i;
    }
    return SIZE_MAX;
}

static bool boundary_of(struct ov_span inside, enum ov_boundary *ret)
{
    if (ov_span_equal(inside, OV_SPAN_LIT("B")))
        *ret = OV_BOUNDARY_BREAK;
    else if (ov_span_equal(inside, OV_SPAN_LIT("L")))
        *ret = OV_BOUNDARY_LINE;
    else if (ov_span_equal(inside, OV_SPAN_LIT("W")))
        *ret = OV_BOUNDARY_WORD;
    else
        return false;
    return true;
}

/* One byte that is (or is not) in a set. */
static enum ov_status put_set(struct ov_clam_cells *out,
                              const uint8_t (*bytes)[2], size_t n,
                              bool is_negated)
{
    OV_TRY(put_kind(out, OV_CELL_ALT_OPEN, is_negated));
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            OV_TRY(put_kind(out, OV_CELL_ALT_NEXT, false));
        OV_TRY(put_byte(out, bytes[i][0], bytes[i][1]));
    }
    return put_kind(out, OV_CELL_ALT_CLOSE, false);
}

/* A boundary that consumes what it stands for. */
static enum ov_status put_inner_boundary(struct ov_clam_cells *out,
                                         enum ov_boundary b, bool is_negated)
{
    if (b == OV_BOUNDARY_BREAK)
        return put_set(out, break_bytes,
                       sizeof(break_bytes) / sizeof(break_bytes[0]),
                       is_negated);
    if (b == OV_BOUNDARY_WORD)
        return put_set(out, word_bytes,
                       sizeof(word_bytes) / sizeof(word_bytes[0]), !is_negated);
    if (is_negated)
        return ov_clam_put(out, (struct ov_cell){.kind = OV_CELL_BYTE,
                                                 .value = '\n',
                                                 .mask = 0xff,
                                                 .is_negated = true});
    OV_TRY(put_kind(out, OV_CELL_ALT_OPEN, false));
    OV_TRY(put_byte(out, '\n', 0xff));
    OV_TRY(put_kind(out, OV_CELL_ALT_NEXT, false));
    OV_TRY(put_byte(out, '\r', 0xff));
    OV_TRY(put_byte(out, '\n', 0xff));
    return put_kind(out, OV_CELL_ALT_CLOSE, false);
}

/* Negation wants plain bytes in alternatives of one length. */
static bool can_be_negated(struct ov_span inside)
{
    struct ov_span one;
    size_t len = ov_span_find_byte(inside, '|', 0);
    bool more = true;

    if (len == SIZE_MAX)
        len = inside.len;
    while (more) {
        more = ov_span_cut(&inside, '|', &one);
        if (one.len != len || ov_span_find_byte(one, '?', 0) != SIZE_MAX ||
            ov_span_find_byte(one, '(', 0) != SIZE_MAX)
            return false;
    }
    return true;
}

static enum ov_status put_alternatives(struct ov_clam_cells *out,
                                       struct ov_span inside,
                                       struct ov_clam_fault *fault)
{
    size_t depth = 0;
    size_t at = 0;

    while (at < inside.len) {
        int c = ov_span_byte(inside, at);
        struct ov_cell cell = {.kind = OV_CELL_ALT_NEXT};
        size_t len = 1;

        if (c == '(') {
            cell.kind = OV_CELL_ALT_OPEN;
            depth++;
        } else if (c == ')') {
            cell.kind = OV_CELL_ALT_CLOSE;
            depth--;
        } else if (c != '|') {
            len = 2;
            if (!ov_clam_byte(ov_span_clip(inside, at, 2), &cell))
                return ov_clam_fault(fault, "wrong alternative", inside);
        }
        if (depth >= MAX_NESTING)
            return ov_clam_fault(fault, "alternatives nest too deep", inside);
        OV_TRY(ov_clam_put(out, cell));
        at += len;
    }
    return OV_OK;
}

static enum ov_status put_group(struct ov_clam_cells *out,
                                struct ov_span inside, bool is_negated,
                                struct ov_clam_fault *fault)
{
    if (inside.len == 0 || ov_span_byte(inside, 0) == '|')
        return ov_clam_fault(fault, "the first alternative is empty", inside);
    if (is_negated && !can_be_negated(inside))
        return ov_clam_fault(
            fault, "!(...) needs plain bytes in alternatives of one length",
            inside);
    OV_TRY(put_kind(out, OV_CELL_ALT_OPEN, is_negated));
    OV_TRY(put_alternatives(out, inside, fault));
    return put_kind(out, OV_CELL_ALT_CLOSE, false);
}

/* The group that begins at `at` in core, behind its parenthesis; *ret_at is
 * behind the closing one. */
static enum ov_status put_paren(struct ov_clam_cells *out, struct ov_span core,
                                size_t at, bool is_negated, size_t *ret_at,
                                struct ov_clam_fault *fault)
{
    struct ov_span rest = ov_span_clip(core, at, core.len);
    size_t close = find_close(rest);
    struct ov_span inside = ov_span_clip(rest, 0, close);
    enum ov_boundary b;
    bool is_last;

    if (close == SIZE_MAX)
        return ov_clam_fault(fault, "missing )", core);
    *ret_at = at + close + 1;
    is_last = *ret_at == core.len;
    if (!boundary_of(inside, &b))
        return put_group(out, inside, is_negated, fault);
    if (!is_last && at != 1)
        return put_inner_boundary(out, b, is_negated);
    return ov_clam_put(
        out, (struct ov_cell){.kind = OV_CELL_BOUNDARY,
                              .value = (uint8_t)b,
                              .mask = is_last ? OV_SIDE_RIGHT : OV_SIDE_LEFT,
                              .is_negated = is_negated});
}

enum ov_status ov_clam_put_core(struct ov_clam_cells *out, struct ov_span core,
                                struct ov_clam_fault *fault)
{
    size_t run = 0;
    size_t best = 0;
    size_t at = 0;

    while (at < core.len) {
        bool is_negated = ov_span_byte(core, at) == '!';
        struct ov_cell cell;

        if (ov_span_byte(core, at + is_negated) == '(') {
            OV_TRY(put_paren(out, core, at + is_negated + 1, is_negated, &at,
                             fault));
            run = 0;
            continue;
        }
        if (!ov_clam_byte(ov_span_clip(core, at, 2), &cell))
            return ov_clam_fault(fault,
                                 "not hexadecimal, or an odd number of "
                                 "digits",
                                 core);
        OV_TRY(ov_clam_put(out, cell));
        run = cell.mask == 0xff ? run + 1 : 0;
        best = run > best ? run : best;
        at += 2;
    }
    if (best < 2)
        return ov_clam_fault(
            fault, "each part needs two bytes in a row without wildcards",
            core);
    return OV_OK;
}

#define LONG_RUN 8

static bool is_any_byte(const struct ov_cell *c)
{
    return c->kind == OV_CELL_BYTE && c->mask == 0;
}

enum ov_status ov_clam_cells_keep(const struct ov_clam_cells *cells,
                                  struct ov_arena *arena,
                                  struct ov_pattern *ret)
{
    const struct ov_cell *in = cells->list.items;
    size_t n = cells->list.n;
    struct ov_cell *out = ov_arena_array(arena, n, sizeof(*out));
    uint32_t n_out = 0;

    if (out == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n;) {
        size_t run = 0;

        while (i + run < n && is_any_byte(&in[i + run]))
            run++;
        if (run < LONG_RUN) {
            out[n_out++] = in[i++];
            continue;
        }
        out[n_out++] = (struct ov_cell){.kind = OV_CELL_GAP,
                                        .gap_min = (uint32_t)run,
                                        .gap_max = (uint32_t)run};
        i += run;
    }
    ret->cells = out;
    ret->n_cells = n_out;
    return OV_OK;
}
