/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/clamav_hex.h"

#include "base/text.h"
#include "rules/clamav_group.h"

/* Hexadecimal body signatures to cells.
 *
 * ClamAV cuts a signature into parts at '*' and at "{...}", and each part is a
 * pattern of its own that must have two fixed bytes in a row. An exact gap of 1
 * to 127 bytes is not a cut as long as it comes before the first other gap: it
 * stands for that many "??", also inside of an alternative. A part may have one
 * "[n-m]" next to its first or its last byte.
 *
 *   aabb{2}cc*ddee[1-3]ff
 *   part aabb????cc, gap 0-inf, part ddee with ff 1 to 3 bytes behind it
 *
 * A gap without numbers, or with zeros only, has no bounds: "{0}" is "*".
 *
 * Source: ClamAV manual, "Body-based signatures"; clamscan 1.4.6 for the
 * corners. */

#define MIN_PLAIN 3
#define MAX_INLINE_GAP 127
#define MAX_BRACKET 32
#define MAX_EXPANDED ((size_t)4 << 20)

/* A number that sscanf's %u would take, at the start of *s. */
static bool take_number(struct ov_span *s, uint64_t *ret)
{
    size_t n = 0;

    while (ov_span_byte(*s, 0) == ' ')
        *s = ov_span_clip(*s, 1, s->len);
    if (ov_span_byte(*s, 0) == '+')
        *s = ov_span_clip(*s, 1, s->len);
    while (n < s->len && ov_is_digit((uint8_t)ov_span_byte(*s, n)))
        n++;
    if (n == 0)
        return false;
    *ret = (uint64_t)ov_clam_number(ov_span_clip(*s, 0, n));
    *s = ov_span_clip(*s, n, s->len);
    return true;
}

/* Whether "{...}" at the start of s is an exact gap of 1 to 127, and how long
 * its text is. */
static bool inline_gap(struct ov_span s, uint64_t *ret_gap, size_t *ret_len)
{
    struct ov_span rest = ov_span_clip(s, 1, s.len);
    uint64_t gap;

    if (!take_number(&rest, &gap) || gap == 0 || gap > MAX_INLINE_GAP ||
        ov_span_byte(rest, 0) != '}')
        return false;
    *ret_gap = gap;
    *ret_len = s.len - rest.len + 1;
    return true;
}

/* Writes exact gaps out as "??" until the first other gap. */
static enum ov_status expand(struct ov_span hex, struct ov_buf *ret)
{
    uint64_t gap;
    size_t len;

    for (;;) {
        size_t at = ov_span_find_byte(hex, '{', 0);

        if (at == SIZE_MAX ||
            !inline_gap(ov_span_clip(hex, at, hex.len), &gap, &len))
            break;
        ov_put_span(ret, ov_span_clip(hex, 0, at));
        for (uint64_t i = 0; i < gap; i++)
            ov_put_str(ret, "??");
        hex = ov_span_clip(hex, at + len, hex.len);
    }
    ov_put_span(ret, hex);
    return ov_buf_status(ret);
}

static bool gap_number(struct ov_span s, uint64_t *ret)
{
    if (!ov_clam_is_number(s))
        return false;
    *ret = (uint64_t)ov_clam_number(s);
    if (*ret > OV_GAP_INF - 1)
        *ret = OV_GAP_INF - 1;
    return true;
}

/* The inside of "{...}": n, n-, -n, n-m; several dashes count as one. */
static enum ov_status read_gap(struct ov_span s, struct ov_cell *ret,
                               struct ov_clam_fault *fault)
{
    struct ov_span rest = s;
    struct ov_span low;
    bool is_range = ov_span_cut(&rest, '-', &low);
    uint64_t min = 0;
    uint64_t max = 0;

    while (rest.len > 0 && ov_span_byte(rest, 0) == '-')
        rest = ov_span_clip(rest, 1, rest.len);
    while (rest.len > 0 && ov_span_byte(rest, rest.len - 1) == '-')
        rest.len--;
    if (!gap_number(low, &min) || !gap_number(rest, &max))
        return ov_clam_fault(fault, "wrong gap; write {n}, {n-} or {n-m}", s);
    if (!is_range)
        max = min;
    if (max != 0 && min > max) {
        *fault = (struct ov_clam_fault){
            "a gap whose least is more than its most never matches", s};
        return OV_UNSUPPORTED;
    }
    *ret = (struct ov_cell){.kind = OV_CELL_GAP,
                            .gap_min = (uint32_t)min,
                            .gap_max = max ? (uint32_t)max : OV_GAP_INF};
    return OV_OK;
}

/* Cuts the next part off *s; *ret_gap is what follows it (GAP), if anything. */
static enum ov_status next_part(struct ov_span *s, struct ov_span *ret_part,
                                struct ov_cell *ret_gap, bool *ret_more,
                                struct ov_clam_fault *fault)
{
    size_t star = ov_span_find_byte(*s, '*', 0);
    size_t brace = ov_span_find_byte(*s, '{', 0);
    size_t at = star < brace ? star : brace;
    struct ov_span rest;
    struct ov_span inside;

    *ret_more = at != SIZE_MAX;
    *ret_part = ov_span_clip(*s, 0, at);
    if (!*ret_more)
        return OV_OK;
    rest = ov_span_clip(*s, at + 1, s->len);
    *ret_gap = (struct ov_cell){.kind = OV_CELL_GAP, .gap_max = OV_GAP_INF};
    if (brace < star) {
        if (ov_span_find_byte(rest, '}', 0) == SIZE_MAX)
            return ov_clam_fault(fault, "missing }", *s);
        (void)ov_span_cut(&rest, '}', &inside);
        OV_TRY(read_gap(inside, ret_gap, fault));
    }
    *s = rest;
    return OV_OK;
}

/* "[n-m]" around one byte at a part's end. */
struct bracket {
    bool is_there;
    struct ov_span byte;
    struct ov_cell gap;
};

/* The inside of "[...]": n or n-m, and what follows is ignored. */
static bool read_range(struct ov_span s, struct ov_cell *ret)
{
    uint64_t min;
    uint64_t max;

    if (!take_number(&s, &min))
        return false;
    max = min;
    while (ov_span_byte(s, 0) == ' ')
        s = ov_span_clip(s, 1, s.len);
    if (ov_span_byte(s, 0) == '-') {
        s = ov_span_clip(s, 1, s.len);
        (void)take_number(&s, &max);
    }
    if (min > max || max > MAX_BRACKET)
        return false;
    *ret = (struct ov_cell){.kind = OV_CELL_GAP,
                            .gap_min = (uint32_t)min,
                            .gap_max = (uint32_t)max};
    return true;
}

/* Takes one bracket off the part: ret[0] at its start, ret[1] at its end. */
static enum ov_status take_bracket(struct ov_span *part, struct bracket ret[2],
                                   struct ov_clam_fault *fault)
{
    size_t open = ov_span_find_byte(*part, '[', 0);
    size_t close = ov_span_find_byte(*part, ']', open);
    struct ov_span head = ov_span_clip(*part, 0, open);
    struct ov_span tail;
    struct bracket b = {.is_there = true};

    if (close == SIZE_MAX ||
        !read_range(ov_span_clip(*part, open + 1, close - open - 1), &b.gap))
        return ov_clam_fault(
            fault, "wrong [n-m]; n must not exceed m, and m 32", *part);
    tail = ov_span_clip(*part, close + 1, part->len);
    if (head.len == 2 && !ret[0].is_there) {
        b.byte = head;
        ret[0] = b;
        *part = tail;
    } else if (tail.len == 2) {
        b.byte = tail;
        ret[1] = b;
        *part = head;
    } else {
        return ov_clam_fault(
            fault, "[n-m] must stand next to a part's first or last byte",
            *part);
    }
    return OV_OK;
}

static enum ov_status put_bracket_byte(struct ov_clam_cells *out,
                                       struct ov_span byte,
                                       struct ov_clam_fault *fault)
{
    struct ov_cell cell;

    if (!ov_clam_byte(byte, &cell))
        return ov_clam_fault(fault, "not hexadecimal", byte);
    return ov_clam_put(out, cell);
}

static enum ov_status put_part(struct ov_span part, struct ov_clam_cells *out,
                               struct ov_clam_fault *fault)
{
    struct bracket brackets[2] = {0};

    if (part.len / 2 < 2)
        return ov_clam_fault(
            fault, "each part between * and {} needs at least two bytes", part);
    for (int i = 0; i < 2 && ov_span_find_byte(part, '[', 0) != SIZE_MAX &&
                    !brackets[1].is_there;
         i++)
        OV_TRY(take_bracket(&part, brackets, fault));
    if (brackets[0].is_there) {
        OV_TRY(put_bracket_byte(out, brackets[0].byte, fault));
        OV_TRY(ov_clam_put(out, brackets[0].gap));
    }
    OV_TRY(ov_clam_put_core(out, part, fault));
    if (brackets[1].is_there) {
        OV_TRY(ov_clam_put(out, brackets[1].gap));
        OV_TRY(put_bracket_byte(out, brackets[1].byte, fault));
    }
    return OV_OK;
}

/* ClamAV looks for '*' inside of parentheses before anything else. */
static bool has_star_inside(struct ov_span hex)
{
    int depth = 0;

    for (size_t i = 0; i < hex.len; i++) {
        int c = ov_span_byte(hex, i);

        depth += (c == '(') - (c == ')');
        if (c == '*' && depth != 0)
            return true;
    }
    return false;
}

static enum ov_status put_parts(struct ov_span hex, struct ov_clam_cells *out,
                                struct ov_clam_fault *fault)
{
    bool more = true;

    while (more) {
        struct ov_span part;
        struct ov_cell gap;

        OV_TRY(next_part(&hex, &part, &gap, &more, fault));
        OV_TRY(put_part(part, out, fault));
        if (more)
            OV_TRY(ov_clam_put(out, gap));
    }
    return OV_OK;
}

static bool has_wildcard(struct ov_span hex)
{
    for (size_t i = 0; i < hex.len; i++) {
        int c = ov_span_byte(hex, i);

        if (c == '?' || c == '(' || c == '[' || c == '{' || c == '*')
            return true;
    }
    return false;
}

enum ov_status ov_clam_hex(struct ov_span hex, bool is_plain,
                           struct ov_arena *arena, struct ov_pattern *ret,
                           struct ov_clam_fault *fault)
{
    OV_AUTO_DONE(buf) expanded = ov_buf_with_max(MAX_EXPANDED);
    OV_AUTO_DONE(clam_cells) cells = {0};

    if (is_plain && !has_wildcard(hex) && hex.len / 2 < MIN_PLAIN)
        return ov_clam_fault(
            fault, "a pattern without wildcards needs three bytes", hex);
    if (has_star_inside(hex))
        return ov_clam_fault(fault, "* inside of parentheses", hex);
    if (ov_span_find_byte(hex, '{', 0) != SIZE_MAX) {
        OV_TRY(expand(hex, &expanded));
        /* What a fault points to must outlive this function. */
        if (!ov_arena_copy(arena, ov_buf_span(&expanded), &hex))
            return OV_NO_MEMORY;
    }
    OV_TRY(put_parts(hex, &cells, fault));
    return ov_clam_cells_keep(&cells, arena, ret);
}
