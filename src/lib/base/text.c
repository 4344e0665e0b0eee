/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/assert.h"

/* Numbers, hexadecimal and text without a locale and without a NUL at the end.
 *
 * What came from outside reaches a terminal, a log or JSON only through
 * ov_put_escaped and ov_put_json. Both walk valid UTF-8 (RFC 3629); a byte that
 * is not part of it is shown as an escape, or as U+FFFD in JSON, so that
 * nothing can end a string early, move a cursor or turn text around. */

bool ov_parse_uint(struct ov_span s, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!ov_is_digit(s.ptr[i]) ||
            __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, s.ptr[i] - '0', &value))
            return false;
    }
    if (value > max)
        return false;
    *ret = value;
    return true;
}

bool ov_parse_int(struct ov_span s, int64_t *ret)
{
    uint64_t value;
    bool is_negative = s.len > 0 && s.ptr[0] == '-';

    if (is_negative || (s.len > 0 && s.ptr[0] == '+'))
        s = ov_span_clip(s, 1, s.len);
    if (!ov_parse_uint(s, (uint64_t)INT64_MAX + is_negative, &value))
        return false;
    /* Unsigned first: the least number has no positive counterpart. */
    *ret = (int64_t)(is_negative ? -value : value);
    return true;
}

int ov_hex_digit(uint8_t c)
{
    if (ov_is_digit(c))
        return c - '0';
    c = ov_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool ov_hex_decode(struct ov_span s, uint8_t *ret, size_t len)
{
    if (s.len % 2 != 0 || s.len / 2 != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = ov_hex_digit(s.ptr[2 * i]);
        int low = ov_hex_digit(s.ptr[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        ret[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static void put_hex_byte(struct ov_buf *b, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";

    ov_put_u8(b, (uint8_t)digits[byte >> 4]);
    ov_put_u8(b, (uint8_t)digits[byte & 15]);
}

void ov_put_hex(struct ov_buf *b, struct ov_span s)
{
    for (size_t i = 0; i < s.len; i++)
        put_hex_byte(b, s.ptr[i]);
}

/* RFC 3629 section 4: no overlong forms, no surrogates, at most U+10FFFF. */
size_t ov_utf8_len(struct ov_span s)
{
    int first = ov_span_byte(s, 0);
    int low = 0x80;
    int high = 0xbf;
    size_t len;

    if (first < 0)
        return 0;
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first == 0xe0)
        low = 0xa0;
    else if (first == 0xed)
        high = 0x9f;
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < len; i++) {
        int c = ov_span_byte(s, i);

        if (c < low || c > high)
            return 0;
        low = 0x80;
        high = 0xbf;
    }
    return len;
}

static uint32_t code_point(const uint8_t *p, size_t len)
{
    uint32_t c = len == 1 ? p[0] : p[0] & (0x7fu >> len);

    for (size_t i = 1; i < len; i++)
        c = c << 6 | (p[i] & 0x3f);
    return c;
}

/* C0 and C1 controls, and those that reorder what a reader sees (Unicode
 * UAX #9: LRM, RLM, ALM, embeddings, overrides, isolates). */
static bool is_unsafe(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c ||
           (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

void ov_put_escaped(struct ov_buf *b, struct ov_span s)
{
    while (s.len > 0) {
        size_t len = ov_utf8_len(s);
        bool keep =
            len > 0 && s.ptr[0] != '\\' && !is_unsafe(code_point(s.ptr, len));

        if (len == 0)
            len = 1;
        if (keep) {
            ov_put_span(b, ov_span_clip(s, 0, len));
        } else {
            for (size_t i = 0; i < len; i++) {
                ov_put_str(b, "\\x");
                put_hex_byte(b, s.ptr[i]);
            }
        }
        s = ov_span_clip(s, len, s.len);
    }
}

void ov_escape_words(char *to, size_t size, struct ov_span s)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(size - 1);

    OV_ASSERT(size > 0);
    ov_put_escaped(&text, s); /* stops when it is full */
    if (text.len > 0)
        memcpy(to, text.ptr, text.len);
    to[text.len] = '\0';
}

static void put_json_char(struct ov_buf *b, struct ov_span c)
{
    if (c.ptr[0] == '"' || c.ptr[0] == '\\') {
        ov_put_u8(b, '\\');
        ov_put_u8(b, c.ptr[0]);
    } else if (c.ptr[0] < 0x20 || c.ptr[0] == 0x7f) {
        ov_put_str(b, "\\u00");
        put_hex_byte(b, c.ptr[0]);
    } else {
        ov_put_span(b, c);
    }
}

void ov_put_json(struct ov_buf *b, struct ov_span s)
{
    while (s.len > 0) {
        size_t len = ov_utf8_len(s);

        if (len == 0) {
            ov_put_str(b, "\xef\xbf\xbd");
            len = 1;
        } else {
            put_json_char(b, ov_span_clip(s, 0, len));
        }
        s = ov_span_clip(s, len, s.len);
    }
}

bool ov_is_utf8(struct ov_span s)
{
    while (s.len > 0) {
        size_t len = ov_utf8_len(s);

        if (len == 0)
            return false;
        s = ov_span_clip(s, len, s.len);
    }
    return true;
}
