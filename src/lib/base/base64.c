/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

/* Base 64 (RFC 4648 section 4), as it is used in keys, notes and proofs.
 * Section 3.5 lets a decoder refuse padding bits that are not zero; this one
 * does. */

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (ov_is_digit(c))
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

bool ov_base64_len(struct ov_span text, size_t *ret)
{
    size_t padding = 0;

    if (text.len % 4 != 0)
        return false;
    while (padding < 2 && padding < text.len &&
           text.ptr[text.len - 1 - padding] == '=')
        padding++;
    *ret = text.len / 4 * 3 - padding;
    return true;
}

/* The 24 bits of the four digits at p, of which the last `padding` are none. */
static bool decode_group(const uint8_t *p, size_t padding, uint32_t *ret)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - padding ? digit_value(p[i]) : 0;

        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
    }
    if ((bits & ((1U << (8 * padding)) - 1)) != 0)
        return false;
    *ret = bits;
    return true;
}

static bool decode(struct ov_span text, uint8_t *ret, size_t len)
{
    for (size_t at = 0, out = 0; at < text.len; at += 4) {
        size_t n = len - out < 3 ? len - out : 3;
        uint32_t bits;

        if (!decode_group(text.ptr + at, 3 - n, &bits))
            return false;
        for (size_t i = 0; ret != NULL && i < n; i++)
            ret[out + i] = (uint8_t)(bits >> (16 - 8 * i));
        out += n;
    }
    return true;
}

bool ov_base64_decode(struct ov_span text, uint8_t *ret, size_t len)
{
    size_t need;

    if (!ov_base64_len(text, &need) || need != len || !decode(text, NULL, len))
        return false;
    return decode(text, ret, len);
}

void ov_put_base64(struct ov_buf *b, struct ov_span s)
{
    for (size_t at = 0; at < s.len; at += 3) {
        size_t n = s.len - at < 3 ? s.len - at : 3;
        uint32_t bits = 0;

        for (size_t i = 0; i < 3; i++)
            bits = bits << 8 | (i < n ? s.ptr[at + i] : 0U);
        for (size_t i = 0; i < 4; i++)
            ov_put_u8(b, i <= n ? (uint8_t)digits[bits >> (18 - 6 * i) & 63]
                                : (uint8_t)'=');
    }
}
