/* SPDX-License-Identifier: Apache-2.0 */
#include "match/form.h"

#include "match/boundary.h"

/* From the cells of a front end to cells that can be compiled, and to code.
 *
 * A form keeps the order of the cells; what changes: wide text gets its zero
 * bytes, gaps in a row become one, "??" becomes a gap of one, and a gap without
 * upper bound at an end of the pattern becomes its least length, for it says
 * nothing more. The other gaps without upper bound cut the form into parts.
 */

#define LEN_MAX (UINT32_MAX / 2)

void ov_form_done(struct ov_form *f)
{
    ov_free(f->cells);
    f->cells = NULL;
    f->cap = 0;
}

static bool reserve(struct ov_form *f, size_t n)
{
    struct ov_cell *cells;

    if (n <= f->cap)
        return true;
    cells = ov_realloc_array(f->cells, n, sizeof(*cells));
    if (cells == NULL)
        return false;
    f->cells = cells;
    f->cap = n;
    return true;
}

static uint64_t add_len(uint64_t a, uint64_t b)
{
    return a + b > LEN_MAX ? OV_GAP_INF : a + b;
}

static void push_gap(struct ov_form *f, uint64_t min, uint64_t max)
{
    struct ov_cell *last = f->n > 0 ? &f->cells[f->n - 1] : NULL;

    if (last == NULL || last->kind != OV_CELL_GAP) {
        last = &f->cells[f->n++];
        *last = (struct ov_cell){.kind = OV_CELL_GAP};
    }
    last->gap_min = (uint32_t)add_len(last->gap_min, min);
    last->gap_max = (uint32_t)add_len(last->gap_max, max);
}

static void push_byte(struct ov_form *f, const struct ov_cell *cell,
                      bool is_wide)
{
    if (cell->mask == 0 && cell->value == 0 && !cell->is_negated) {
        push_gap(f, 1, 1);
    } else {
        struct ov_cell *c = &f->cells[f->n++];

        *c = *cell;
        if (f->is_nocase && c->mask == 0xff)
            c->value = ov_lower(c->value);
    }
    if (is_wide)
        f->cells[f->n++] = (struct ov_cell){.kind = OV_CELL_BYTE, .mask = 0xff};
}

/* Copies the cells, with what this form changes. */
static void copy_cells(struct ov_form *f, const struct ov_pattern *p,
                       bool is_wide)
{
    f->n = 0;
    for (uint32_t i = 0; i < p->n_cells; i++) {
        const struct ov_cell *c = &p->cells[i];

        if (c->kind == OV_CELL_BYTE)
            push_byte(f, c, is_wide);
        else if (c->kind == OV_CELL_GAP)
            push_gap(f, c->gap_min, c->gap_max);
        else
            f->cells[f->n++] = *c;
    }
}

/* Brackets pair up, are not too deep, and hold only bounded gaps. */
static bool brackets_ok(const struct ov_form *f)
{
    uint32_t depth = 0;

    for (uint32_t i = 0; i < f->n; i++) {
        const struct ov_cell *c = &f->cells[i];

        if (c->kind > OV_CELL_BOUNDARY)
            return false;
        if (c->kind == OV_CELL_ALT_OPEN && ++depth > OV_FORM_DEPTH_MAX)
            return false;
        if (c->kind == OV_CELL_ALT_NEXT && depth == 0)
            return false;
        if (c->kind == OV_CELL_ALT_CLOSE && depth-- == 0)
            return false;
        if (c->kind == OV_CELL_BOUNDARY &&
            (c->value > OV_BOUNDARY_WORD || c->mask > OV_SIDE_RIGHT))
            return false;
        if (c->kind == OV_CELL_GAP &&
            (c->gap_min == OV_GAP_INF || c->gap_max < c->gap_min ||
             (depth > 0 && c->gap_max == OV_GAP_INF)))
            return false;
    }
    return depth == 0;
}

uint32_t ov_form_close(const struct ov_form *f, uint32_t i)
{
    uint32_t depth = 0;

    for (; i < f->n; i++) {
        if (f->cells[i].kind == OV_CELL_ALT_OPEN)
            depth++;
        else if (f->cells[i].kind == OV_CELL_ALT_CLOSE && --depth == 0)
            break;
    }
    return i;
}

/* What is known of one open bracket, or of the outermost level. */
struct level {
    struct ov_extent_range before; /* up to the bracket */
    struct ov_extent_range all;    /* over the alternatives so far */
    struct ov_extent_range now;    /* of the alternative that is being read */
    bool has_all;
};

static void end_alternative(struct level *l)
{
    if (!l->has_all || l->now.min < l->all.min)
        l->all.min = l->now.min;
    if (!l->has_all || l->now.max > l->all.max)
        l->all.max = l->now.max;
    l->has_all = true;
    l->now = (struct ov_extent_range){0};
}

static struct ov_extent_range sum(struct ov_extent_range a, uint64_t min,
                                  uint64_t max)
{
    return (struct ov_extent_range){add_len(a.min, min), add_len(a.max, max)};
}

struct ov_extent_range ov_form_range(const struct ov_form *f, uint32_t from,
                                     uint32_t to)
{
    struct level levels[OV_FORM_DEPTH_MAX + 1] = {0};
    struct level *l = levels;

    for (uint32_t i = from; i < to; i++) {
        const struct ov_cell *c = &f->cells[i];

        switch ((enum ov_cell_kind)c->kind) {
        case OV_CELL_BYTE:
            l->now = sum(l->now, 1, 1);
            break;
        case OV_CELL_GAP:
            l->now = sum(l->now, c->gap_min, c->gap_max);
            break;
        case OV_CELL_ALT_OPEN:
            *++l = (struct level){0};
            break;
        case OV_CELL_ALT_NEXT:
            end_alternative(l);
            break;
        case OV_CELL_ALT_CLOSE:
            end_alternative(l);
            l--;
            l->now = sum(l->now, l[1].all.min, l[1].all.max);
            break;
        case OV_CELL_BOUNDARY:
            break;
        }
    }
    return l->now;
}

/* "none of these" needs one length. */
static bool negated_ok(const struct ov_form *f)
{
    for (uint32_t i = 0; i < f->n; i++) {
        struct ov_extent_range r;

        if (f->cells[i].kind != OV_CELL_ALT_OPEN || !f->cells[i].is_negated)
            continue;
        r = ov_form_range(f, i, ov_form_close(f, i) + 1);
        if (r.min != r.max)
            return false;
    }
    return true;
}

/* "?? [-] 41" has a match for each start (YARA), so its first part is "??"; to
 * others it is no more than "?? 41". */
static void bound_ends(struct ov_form *f, bool is_each_start)
{
    f->is_open = false;
    if (f->n == 0)
        return;
    f->is_open = is_each_start && f->n > 1 && f->cells[0].kind == OV_CELL_GAP &&
                 f->cells[0].gap_max == OV_GAP_INF;
    if (f->cells[0].kind == OV_CELL_GAP && f->cells[0].gap_max == OV_GAP_INF)
        f->cells[0].gap_max = f->cells[0].gap_min;
    if (f->cells[f->n - 1].kind == OV_CELL_GAP &&
        f->cells[f->n - 1].gap_max == OV_GAP_INF)
        f->cells[f->n - 1].gap_max = f->cells[f->n - 1].gap_min;
}

static bool cut(struct ov_form *f)
{
    struct ov_form_part part = {0};

    f->n_parts = 0;
    if (f->is_open) {
        f->parts[f->n_parts++] = (struct ov_form_part){.to = 1};
        part.from = 1;
    }
    for (uint32_t i = part.from; i <= f->n; i++) {
        struct ov_extent_range r;

        if (i < f->n && (f->cells[i].kind != OV_CELL_GAP ||
                         f->cells[i].gap_max != OV_GAP_INF))
            continue;
        part.to = i;
        r = ov_form_range(f, part.from, part.to);
        if (f->n_parts == OV_PARTS_MAX || r.max >= LEN_MAX ||
            r.max - r.min > OV_FORM_SPREAD_MAX)
            return false;
        f->parts[f->n_parts++] = part;
        if (i < f->n)
            part = (struct ov_form_part){i + 1, 0, f->cells[i].gap_min};
    }
    return true;
}

static bool xor_ok(const struct ov_form *f)
{
    if (!f->is_xor)
        return true;
    for (uint32_t i = 0; i < f->n; i++)
        if (f->cells[i].kind != OV_CELL_BYTE || f->cells[i].mask != 0xff ||
            f->cells[i].is_negated)
            return false;
    return f->n > 0 && !f->is_nocase && f->xor_min <= f->xor_max;
}

enum ov_status ov_form_make(struct ov_form *f, const struct ov_pattern *p,
                            bool is_wide)
{
    if (!reserve(f, 2 * (size_t)p->n_cells + 1))
        return OV_NO_MEMORY;
    f->is_nocase = p->flags & OV_PATTERN_NOCASE;
    f->is_xor = p->flags & OV_PATTERN_XOR;
    f->xor_min = p->xor_min;
    f->xor_max = p->xor_max;
    copy_cells(f, p, is_wide);
    bound_ends(f, p->flags & OV_PATTERN_EACH_START);
    if (!brackets_ok(f) || !negated_ok(f) || !cut(f))
        return OV_UNSUPPORTED;
    return xor_ok(f) ? OV_OK : OV_UNSUPPORTED;
}

void ov_form_put_op(struct ov_buf *code, enum ov_op op, uint64_t n)
{
    uint8_t kind = (uint8_t)(op << 5);

    if (n <= OV_OP_COUNT) {
        ov_put_u8(code, (uint8_t)(kind | (n - 1)));
    } else {
        ov_put_u8(code, (uint8_t)(kind | OV_OP_COUNT));
        ov_put_varint(code, n - OV_OP_COUNT - 1);
    }
}

static void put_gap(struct ov_buf *code, const struct ov_cell *c)
{
    if (c->gap_min == c->gap_max) {
        if (c->gap_min > 0)
            ov_form_put_op(code, OV_OP_ANY, c->gap_min);
        return;
    }
    ov_form_put_op(code, OV_OP_GAP, 1);
    ov_put_varint(code, c->gap_min);
    ov_put_varint(code, c->gap_max - c->gap_min);
}

/* Which operation a byte cell becomes. */
static enum ov_op byte_op(const struct ov_cell *c)
{
    if (c->is_negated)
        return OV_OP_SPECIAL;
    return c->mask == 0xff ? OV_OP_BYTES : OV_OP_MASKED;
}

/* Cells [from, to) are of one operation. */
static void put_bytes(struct ov_buf *code, const struct ov_cell *cells,
                      uint32_t n)
{
    enum ov_op op = byte_op(cells);

    if (op == OV_OP_SPECIAL) {
        ov_form_put_op(code, op, OV_SPECIAL_NOT + 1);
        n = 1;
    } else {
        ov_form_put_op(code, op, n);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (op != OV_OP_BYTES)
            ov_put_u8(code, cells[i].mask);
        ov_put_u8(code, cells[i].value);
    }
}

static void put_boundary(struct ov_buf *code, const struct ov_cell *c)
{
    ov_form_put_op(code, OV_OP_SPECIAL,
                   OV_SPECIAL_BOUNDARY +
                       ov_boundary_code((enum ov_boundary)c->value,
                                        (enum ov_side)c->mask, c->is_negated) +
                       1);
}

/* The bracket cell at i as it must be read in this direction. */
static void put_bracket(const struct ov_form *f, uint32_t i, bool is_backward,
                        struct ov_buf *code)
{
    enum ov_cell_kind kind = (enum ov_cell_kind)f->cells[i].kind;
    bool is_negated = f->cells[i].is_negated;

    if (kind == OV_CELL_ALT_NEXT) {
        ov_form_put_op(code, OV_OP_NEXT, 1);
        return;
    }
    if (is_backward && kind == OV_CELL_ALT_CLOSE) {
        uint32_t depth = 0;

        do {
            if (f->cells[i].kind == OV_CELL_ALT_CLOSE)
                depth++;
            else if (f->cells[i].kind == OV_CELL_ALT_OPEN)
                depth--;
        } while (depth > 0 && i-- > 0);
        is_negated = f->cells[i].is_negated;
    }
    if ((kind == OV_CELL_ALT_OPEN) != is_backward)
        ov_form_put_op(code, OV_OP_OPEN, is_negated ? 2 : 1);
    else
        ov_form_put_op(code, OV_OP_CLOSE, 1);
}

/* How many cells from i on (in this direction) are bytes of one operation. */
static uint32_t run_of(const struct ov_form *f, uint32_t i, uint32_t end,
                       bool is_backward)
{
    enum ov_op op = byte_op(&f->cells[i]);
    uint32_t n = 1;

    while (op != OV_OP_SPECIAL && i != end) {
        i += is_backward ? -1u : 1u;
        if (f->cells[i].kind != OV_CELL_BYTE || byte_op(&f->cells[i]) != op)
            break;
        n++;
    }
    return n;
}

void ov_form_write(const struct ov_form *f, uint32_t from, uint32_t to,
                   bool is_backward, struct ov_buf *code)
{
    for (uint32_t done = 0; done < to - from;) {
        uint32_t i = is_backward ? to - 1 - done : from + done;
        uint32_t n = 1;

        switch ((enum ov_cell_kind)f->cells[i].kind) {
        case OV_CELL_BYTE:
            n = run_of(f, i, is_backward ? from : to - 1, is_backward);
            put_bytes(code, &f->cells[is_backward ? i - (n - 1) : i], n);
            break;
        case OV_CELL_GAP:
            put_gap(code, &f->cells[i]);
            break;
        case OV_CELL_BOUNDARY:
            put_boundary(code, &f->cells[i]);
            break;
        case OV_CELL_ALT_OPEN:
        case OV_CELL_ALT_NEXT:
        case OV_CELL_ALT_CLOSE:
            put_bracket(f, i, is_backward, code);
            break;
        }
        done += n;
    }
}
