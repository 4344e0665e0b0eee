/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_pattern.h"

#include "base/text.h"

/* YARA strings become the cells of match/pattern.h (YARA documentation,
 * "Hexadecimal strings", "Text strings"). A hexadecimal string is a flat list
 * already: bytes with wildcards, jumps, and alternatives in parentheses, so
 * each piece of its text is one cell and nothing needs to be put in order:
 *
 *   { 4D ?A [2-4] ( 01 | 02 ~03 ) }
 *   BYTE 4d/ff  BYTE 0a/0f  GAP 2-4  OPEN  BYTE 01  NEXT  BYTE 02  NOT 03 CLOSE
 *
 * What is checked here is what the language asks for: no jump at either end or
 * at the edge of an alternative, no open jump in an alternative. Limits:
 * alternatives nest 16 deep, a pattern has at most 16384 cells. */

#define DEPTH_MAX 16
#define CELLS_MAX 16384
#define ALTERNATIVE_JUMP_MAX 200

struct hex {
    struct ov_span text;
    struct ov_yara_place place; /* at: in text */
    size_t base;                /* of text in the source */
    struct ov_yara_fault *fault;
    struct ov_cell *cells; /* room for one per byte of text */
    size_t n_cells;
    unsigned depth;
};

static int escape_of(int c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case '"':
    case '\\':
        return c;
    default:
        return -1;
    }
}

enum ov_status ov_yara_unescape(const struct ov_yara_token *token,
                                struct ov_arena *arena,
                                struct ov_yara_fault *fault,
                                struct ov_span *ret)
{
    struct ov_span in = token->value;
    uint8_t *out = ov_arena_alloc(arena, in.len + 1);
    size_t n = 0;

    if (out == NULL)
        return ov_yara_fault_set(fault, OV_NO_MEMORY, token, "out of memory");
    for (size_t i = 0; i < in.len; i++) {
        uint8_t byte = in.ptr[i];

        if (byte == '\\') {
            int c = ov_span_byte(in, ++i);

            if (c == 'x' && in.len - i > 2 &&
                ov_hex_decode(ov_span_clip(in, i + 1, 2), &byte, 1)) {
                i += 2;
            } else if (escape_of(c) >= 0) {
                byte = (uint8_t)escape_of(c);
            } else {
                return ov_yara_fault_set(
                    fault, OV_MALFORMED, token,
                    "unknown escape; there are \\\\ \\\" \\n \\r \\t \\xNN");
            }
        }
        out[n++] = byte;
    }
    *ret = ov_span_of(out, n);
    return OV_OK;
}

enum ov_status ov_yara_text_cells(struct ov_span bytes, struct ov_arena *arena,
                                  struct ov_pattern *ret)
{
    struct ov_cell *cells = ov_arena_array(arena, bytes.len, sizeof(*cells));

    if (cells == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < bytes.len; i++)
        cells[i] = (struct ov_cell){
            .kind = OV_CELL_BYTE, .value = bytes.ptr[i], .mask = 0xff};
    *ret = (struct ov_pattern){.cells = cells, .n_cells = (uint32_t)bytes.len};
    return OV_OK;
}

static int peek(const struct hex *h, size_t ahead)
{
    return ov_span_byte(h->text, h->place.at + ahead);
}

static void advance(struct hex *h, size_t n)
{
    for (; n > 0; n--) {
        if (peek(h, 0) == '\n') {
            h->place.line++;
            h->place.column = 0;
        }
        h->place.at++;
        h->place.column++;
    }
}

static enum ov_status fail(struct hex *h, const char *why)
{
    struct ov_yara_token t = {.place = h->place,
                              .text = ov_span_clip(h->text, h->place.at, 8)};

    t.place.at += h->base;
    return ov_yara_fault_set(h->fault, OV_MALFORMED, &t, "%s", why);
}

static void skip_spaces(struct hex *h)
{
    for (;;) {
        int c = peek(h, 0);

        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            advance(h, 1);
        } else if (c == '/' && peek(h, 1) == '/') {
            while (peek(h, 0) >= 0 && peek(h, 0) != '\n')
                advance(h, 1);
        } else if (c == '/' && peek(h, 1) == '*') {
            advance(h, 2);
            while (peek(h, 0) >= 0 && (peek(h, 0) != '*' || peek(h, 1) != '/'))
                advance(h, 1);
            advance(h, 2);
        } else {
            return;
        }
    }
}

/* There is a cell for each byte of the text, so there is always room. */
static struct ov_cell *add(struct hex *h, enum ov_cell_kind kind)
{
    struct ov_cell *cell = &h->cells[h->n_cells++];

    *cell = (struct ov_cell){.kind = (uint8_t)kind};
    return cell;
}

static bool last_is(const struct hex *h, enum ov_cell_kind kind)
{
    return h->n_cells > 0 && h->cells[h->n_cells - 1].kind == kind;
}

static bool is_at_edge(const struct hex *h)
{
    return h->n_cells == 0 || last_is(h, OV_CELL_ALT_OPEN) ||
           last_is(h, OV_CELL_ALT_NEXT);
}

/* "4D" "?A" "4?" "??", each with "~" before it, but "~??". */
static enum ov_status read_byte(struct hex *h)
{
    bool is_negated = peek(h, 0) == '~';
    struct ov_cell cell = {.kind = OV_CELL_BYTE, .is_negated = is_negated};

    if (is_negated)
        advance(h, 1);
    for (size_t i = 0; i < 2; i++) {
        int c = peek(h, i);
        int digit = c < 0 ? -1 : ov_hex_digit((uint8_t)c);

        if (digit < 0 && c != '?')
            return fail(h, "expected two hexadecimal digits or ?");
        cell.value = (uint8_t)(cell.value << 4 | (digit < 0 ? 0 : digit));
        cell.mask = (uint8_t)(cell.mask << 4 | (digit < 0 ? 0 : 0xf));
    }
    if (is_negated && cell.mask == 0)
        return fail(h, "~?? never matches; give a digit");
    *add(h, OV_CELL_BYTE) = cell;
    advance(h, 2);
    return OV_OK;
}

static bool read_number(struct hex *h, uint32_t *ret)
{
    uint64_t value;
    size_t n = 0;

    skip_spaces(h);
    while (peek(h, n) >= 0 && ov_is_digit((uint8_t)peek(h, n)))
        n++;
    if (!ov_parse_uint(ov_span_clip(h->text, h->place.at, n), INT32_MAX,
                       &value))
        return false;
    advance(h, n);
    skip_spaces(h);
    *ret = (uint32_t)value;
    return true;
}

/* "[4]" "[2-4]" "[2-]" "[-]" */
static enum ov_status read_jump(struct hex *h)
{
    struct ov_cell cell = {.kind = OV_CELL_GAP, .gap_max = OV_GAP_INF};
    bool has_max = false;
    bool has_min;

    if (is_at_edge(h))
        return fail(h, "a jump cannot begin a string or alternative");
    advance(h, 1);
    has_min = read_number(h, &cell.gap_min);
    if (peek(h, 0) == '-') {
        advance(h, 1);
        (void)read_number(h, &cell.gap_max);
        has_max = true;
    } else if (has_min) {
        cell.gap_max = cell.gap_min;
    }
    if (peek(h, 0) != ']')
        return fail(h, "a jump is [n], [n-m], [n-] or [-]");
    if (cell.gap_min > cell.gap_max)
        return fail(h, "the jump's first number is larger than its second");
    if (cell.gap_max == 0 && has_min && !has_max)
        return fail(h, "a jump of no bytes is written [0-0]");
    if (h->depth > 0 && cell.gap_max == OV_GAP_INF)
        return fail(h, "a jump in an alternative needs an upper bound");
    if (h->depth > 0 && cell.gap_max > ALTERNATIVE_JUMP_MAX)
        return fail(h, "a jump in an alternative is 200 bytes at most");
    advance(h, 1);
    *add(h, OV_CELL_GAP) = cell;
    return OV_OK;
}

static enum ov_status read_bracket(struct hex *h, int c)
{
    if (c == '(') {
        if (++h->depth > DEPTH_MAX)
            return fail(h, "alternatives nest more than 16 deep");
        add(h, OV_CELL_ALT_OPEN);
    } else if (h->depth == 0) {
        return fail(h, "no ( is open here");
    } else if (is_at_edge(h)) {
        return fail(h, "an alternative is empty");
    } else if (last_is(h, OV_CELL_GAP)) {
        return fail(h, "a jump cannot end a string or alternative");
    } else if (c == '|') {
        add(h, OV_CELL_ALT_NEXT);
    } else {
        h->depth--;
        add(h, OV_CELL_ALT_CLOSE);
    }
    advance(h, 1);
    return OV_OK;
}

static enum ov_status read_all(struct hex *h)
{
    for (;;) {
        int c;

        skip_spaces(h);
        c = peek(h, 0);
        if (c < 0)
            break;
        if (c == '(' || c == '|' || c == ')')
            OV_TRY(read_bracket(h, c));
        else if (c == '[')
            OV_TRY(read_jump(h));
        else
            OV_TRY(read_byte(h));
        if (h->n_cells > CELLS_MAX)
            return fail(h, "the string is longer than 16384 bytes");
    }
    if (h->depth > 0)
        return fail(h, "an alternative is not closed; add )");
    if (h->n_cells == 0)
        return fail(h, "the string is empty");
    if (last_is(h, OV_CELL_GAP))
        return fail(h, "a jump cannot end a string or alternative");
    return OV_OK;
}

enum ov_status ov_yara_hex_cells(struct ov_span inside,
                                 struct ov_yara_place place,
                                 struct ov_arena *arena,
                                 struct ov_yara_fault *fault,
                                 struct ov_pattern *ret)
{
    OV_AUTO_PTR struct ov_cell *cells =
        ov_alloc_array(inside.len + 1, sizeof(*cells));
    struct hex h = {.text = inside,
                    .place = {0, place.line, place.column},
                    .base = place.at,
                    .fault = fault,
                    .cells = cells};
    struct ov_cell *kept;

    if (cells == NULL)
        return OV_NO_MEMORY;
    OV_TRY(read_all(&h));
    kept = ov_arena_array(arena, h.n_cells, sizeof(*kept));
    if (kept == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < h.n_cells; i++)
        kept[i] = cells[i];
    *ret = (struct ov_pattern){.cells = kept, .n_cells = (uint32_t)h.n_cells};
    return OV_OK;
}
