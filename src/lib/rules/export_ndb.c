/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "base/text.h"
#include "rules/export.h"

/*
 * A body signature (ClamAV manual, "Extended signature format") as a YARA rule
 * (YARA documentation, "Hexadecimal strings"). Both write bytes, nibbles that
 * may be anything, and alternatives alike; gaps are in braces there and in
 * brackets here:
 *
 *     Win.Sample:1:*:4d5a{10-20}50450000
 *     rule N1_Win_Sample { ... $a = { 4d5a [10-20] 50450000 } ... }
 *
 * What YARA cannot say or what it would say of other bytes (text and HTML are
 * normalized for ClamAV, entry points and sections are found by its own rules)
 * is not translated.
 */

#define IDENTIFIER_MAX 100

/* ---- the body ---- */

struct body {
    struct ov_reader in;
    struct ov_buf *out;
    unsigned depth;    /* inside of alternatives */
    bool is_after_gap; /* nothing has come since the last gap */
    bool has_bytes;
};

static bool is_nibble(int c)
{
    return c == '?' || (c >= 0 && ov_hex_digit((uint8_t)c) >= 0);
}

/* "{n}", "{n-m}", "{-m}", "{n-}", without the brace that began it. */
static bool put_gap(struct body *b)
{
    struct ov_span rest = ov_reader_rest(&b->in);
    size_t end = ov_span_find_byte(rest, '}', 0);
    struct ov_span text;
    struct ov_span low;
    uint64_t n;

    if (end == SIZE_MAX || b->depth > 0 || b->is_after_gap || !b->has_bytes)
        return false;
    text = ov_read_span(&b->in, end);
    ov_reader_skip(&b->in, 1);
    b->is_after_gap = true;
    ov_put_str(b->out, " [");
    if (ov_span_cut(&text, '-', &low)) {
        if ((low.len > 0 && !ov_parse_uint(low, UINT32_MAX, &n)) ||
            (text.len > 0 && !ov_parse_uint(text, UINT32_MAX, &n)))
            return false;
        ov_put_span(b->out, low.len > 0 ? low : OV_SPAN_LIT("0"));
        ov_put_u8(b->out, '-');
        ov_put_span(b->out, text);
    } else {
        if (!ov_parse_uint(low, UINT32_MAX, &n) || n == 0)
            return false;
        ov_put_span(b->out, low);
    }
    ov_put_str(b->out, "] ");
    return true;
}

static bool put_star(struct body *b)
{
    if (b->depth > 0 || b->is_after_gap || !b->has_bytes)
        return false;
    b->is_after_gap = true;
    ov_put_str(b->out, " [-] ");
    return true;
}

static bool put_byte(struct body *b, uint8_t first)
{
    struct ov_span rest = ov_reader_rest(&b->in);

    if (!is_nibble(first) || !is_nibble(ov_span_byte(rest, 0)))
        return false;
    ov_put_u8(b->out, first);
    ov_put_u8(b->out, ov_read_u8(&b->in));
    b->is_after_gap = false;
    b->has_bytes = true;
    return true;
}

static bool put_mark(struct body *b, uint8_t c)
{
    b->depth += c == '(';
    if (b->depth == 0 || b->depth > 1)
        return false; /* a bar outside, or alternatives inside */
    b->depth -= c == ')';
    ov_put_format(b->out, " %c ", c);
    return true;
}

static bool put_body(struct ov_span hex, struct ov_buf *out)
{
    struct body b = {.in = ov_reader_over(hex), .out = out};

    while (ov_reader_more(&b.in)) {
        uint8_t c = ov_read_u8(&b.in);
        bool is_fine = c == '{'                           ? put_gap(&b)
                       : c == '*'                         ? put_star(&b)
                       : c == '(' || c == '|' || c == ')' ? put_mark(&b, c)
                                                          : put_byte(&b, c);

        if (!is_fine)
            return false;
    }
    return b.has_bytes && !b.is_after_gap && b.depth == 0;
}

/* ---- the rest of the line ---- */

static bool put_target(struct ov_span target, struct ov_buf *out)
{
    if (ov_span_equal(target, OV_SPAN_LIT("0")))
        return true;
    if (ov_span_equal(target, OV_SPAN_LIT("1")))
        ov_put_str(out, "uint16(0) == 0x5a4d and ");
    else if (ov_span_equal(target, OV_SPAN_LIT("6")))
        ov_put_str(out, "uint32(0) == 0x464c457f and ");
    else
        return false;
    return true;
}

static bool put_place(struct ov_span offset, struct ov_buf *out)
{
    struct ov_span eof = OV_SPAN_LIT("EOF-");
    struct ov_span at;
    uint64_t n;
    uint64_t shift = 0;

    if (ov_span_equal(offset, OV_SPAN_LIT("*"))) {
        ov_put_str(out, "$a");
        return true;
    }
    if (ov_span_starts(offset, eof) &&
        ov_parse_uint(ov_span_clip(offset, eof.len, offset.len), UINT32_MAX,
                      &n)) {
        ov_put_format(out, "$a at filesize - %llu", (unsigned long long)n);
        return true;
    }
    if (ov_span_cut(&offset, ',', &at) &&
        !ov_parse_uint(offset, UINT32_MAX, &shift))
        return false;
    if (!ov_parse_uint(at, UINT32_MAX, &n))
        return false;
    ov_put_format(out, "$a in (%llu..%llu)", (unsigned long long)n,
                  (unsigned long long)(n + shift));
    return true;
}

static void put_identifier(struct ov_span name, uint64_t number,
                           struct ov_buf *out)
{
    ov_put_format(out, "N%llu_", (unsigned long long)number);
    for (size_t i = 0; i < name.len && i < IDENTIFIER_MAX; i++) {
        uint8_t c = (uint8_t)ov_span_byte(name, i);

        ov_put_u8(out, ov_is_alnum(c) ? c : '_');
    }
}

struct parts {
    struct ov_span name;
    struct ov_span target;
    struct ov_span offset;
    struct ov_span hex;
};

static bool split(struct ov_span line, struct parts *ret)
{
    struct ov_span rest = line;

    if (line.len > 0 && ov_span_byte(line, line.len - 1) == '\r')
        rest.len--;
    return ov_span_cut(&rest, ':', &ret->name) &&
           ov_span_cut(&rest, ':', &ret->target) &&
           ov_span_cut(&rest, ':', &ret->offset) &&
           (ov_span_cut(&rest, ':', &ret->hex), ret->hex.len > 0);
}

bool ov_export_ndb(struct ov_span line, uint64_t number, struct ov_buf *b,
                   const char **ret_why)
{
    OV_AUTO_DONE(buf) body = ov_buf_with_max(SIZE_MAX);
    OV_AUTO_DONE(buf) condition = ov_buf_with_max(SIZE_MAX);
    struct parts p;

    if (!split(line, &p))
        *ret_why = "not a body signature";
    else if (!put_target(p.target, &condition))
        *ret_why = "its target has no counterpart";
    else if (!put_place(p.offset, &condition))
        *ret_why = "its offset has no counterpart";
    else if (!put_body(p.hex, &body))
        *ret_why = "its pattern has no counterpart";
    else if (ov_buf_status(&body) != OV_OK ||
             ov_buf_status(&condition) != OV_OK)
        *ret_why = "out of memory";
    else {
        ov_put_str(b, "rule ");
        put_identifier(p.name, number, b);
        ov_put_str(b, " {\n    meta:\n        name = \"");
        ov_put_json(b, p.name);
        ov_put_str(b, "\"\n    strings:\n        $a = { ");
        ov_put_span(b, ov_buf_span(&body));
        ov_put_str(b, " }\n    condition:\n        ");
        ov_put_span(b, ov_buf_span(&condition));
        ov_put_str(b, "\n}\n");
        return true;
    }
    return false;
}
