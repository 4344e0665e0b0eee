/* SPDX-License-Identifier: Apache-2.0 */
#include "host/query.h"

#include "base/text.h"

/* RFC 3986. "+" is no blank here, and what need not be encoded may be. */

static bool is_plain(uint8_t c)
{
    return ov_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool query_cut(struct ov_span *rest, struct ov_span *ret_name,
               struct ov_span *ret_value)
{
    struct ov_span one;
    size_t equals;

    (void)ov_span_cut(rest, '&', &one);
    equals = ov_span_find_byte(one, '=', 0);
    if (equals == SIZE_MAX)
        return false;
    *ret_name = ov_span_clip(one, 0, equals);
    *ret_value = ov_span_clip(one, equals + 1, one.len);
    return true;
}

bool query_is_text(struct ov_span value, size_t size)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] < ' ' || value.ptr[i] == 0x7f)
            return false;
    return value.len > 0 && value.len < size && ov_is_utf8(value);
}

/* The byte that begins at *at, which moves behind it; or -1. */
static int decode(struct ov_span s, size_t *at)
{
    uint8_t byte = s.ptr[*at];

    if (is_plain(byte)) {
        *at += 1;
        return byte;
    }
    if (byte != '%' ||
        !ov_hex_decode(ov_span_clip(s, *at + 1, 2), &byte, sizeof(byte)))
        return -1;
    *at += 3;
    return byte;
}

bool query_read(struct ov_span value, char *ret, size_t size)
{
    size_t at = 0;
    size_t len = 0;

    while (at < value.len && len + 1 < size) {
        int byte = decode(value, &at);

        if (byte < 0)
            return false;
        ret[len++] = (char)byte;
    }
    ret[len] = '\0';
    return at == value.len && query_is_text(ov_span_of(ret, len), size);
}

void query_put(struct ov_buf *b, bool is_first, const char *name,
               struct ov_span value)
{
    ov_put_format(b, "%c%s", is_first ? '?' : '&', name);
    for (size_t i = 0; i < value.len; i++) {
        if (is_plain(value.ptr[i]))
            ov_put_u8(b, value.ptr[i]);
        else
            ov_put_format(b, "%%%02x", (unsigned)value.ptr[i]);
    }
}
