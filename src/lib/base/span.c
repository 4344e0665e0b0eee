/* SPDX-License-Identifier: Apache-2.0 */
#include "base/span.h"

/* Everything that looks into borrowed bytes without a cursor. A comparison of
 * length comes before each access; a failed read leaves *ret alone. */

bool ov_span_u16le(struct ov_span s, uint64_t off, uint16_t *ret)
{
    struct ov_span b;

    if (!ov_span_sub(s, off, 2, &b))
        return false;
    *ret = ov_load16le(b.ptr);
    return true;
}

bool ov_span_u32le(struct ov_span s, uint64_t off, uint32_t *ret)
{
    struct ov_span b;

    if (!ov_span_sub(s, off, 4, &b))
        return false;
    *ret = ov_load32le(b.ptr);
    return true;
}

bool ov_span_u64le(struct ov_span s, uint64_t off, uint64_t *ret)
{
    struct ov_span b;

    if (!ov_span_sub(s, off, 8, &b))
        return false;
    *ret = ov_load64le(b.ptr);
    return true;
}

bool ov_span_u16be(struct ov_span s, uint64_t off, uint16_t *ret)
{
    if (!ov_span_u16le(s, off, ret))
        return false;
    *ret = __builtin_bswap16(*ret);
    return true;
}

bool ov_span_u32be(struct ov_span s, uint64_t off, uint32_t *ret)
{
    if (!ov_span_u32le(s, off, ret))
        return false;
    *ret = __builtin_bswap32(*ret);
    return true;
}

bool ov_span_equal(struct ov_span a, struct ov_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

int ov_span_compare(struct ov_span a, struct ov_span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, len) : 0;

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool ov_span_equal_nocase(struct ov_span a, struct ov_span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (ov_lower(a.ptr[i]) != ov_lower(b.ptr[i]))
            return false;
    return true;
}

bool ov_span_starts(struct ov_span s, struct ov_span with)
{
    return ov_span_has_at(s, 0, with);
}

bool ov_span_ends(struct ov_span s, struct ov_span with)
{
    return with.len <= s.len && ov_span_has_at(s, s.len - with.len, with);
}

bool ov_span_has_at(struct ov_span s, uint64_t off, struct ov_span lit)
{
    struct ov_span part;

    return ov_span_sub(s, off, lit.len, &part) && ov_span_equal(part, lit);
}

size_t ov_span_find(struct ov_span s, struct ov_span needle, size_t from)
{
    const uint8_t *hit;

    if (from > s.len)
        return SIZE_MAX;
    if (needle.len == 0)
        return from;
    if (from == s.len)
        return SIZE_MAX;
    hit = memmem(s.ptr + from, s.len - from, needle.ptr, needle.len);
    return hit == NULL ? SIZE_MAX : (size_t)(hit - s.ptr);
}

size_t ov_span_find_byte(struct ov_span s, uint8_t byte, size_t from)
{
    const uint8_t *hit;

    if (from >= s.len)
        return SIZE_MAX;
    hit = memchr(s.ptr + from, byte, s.len - from);
    return hit == NULL ? SIZE_MAX : (size_t)(hit - s.ptr);
}

bool ov_span_cut(struct ov_span *s, uint8_t at, struct ov_span *ret_head)
{
    size_t pos = ov_span_find_byte(*s, at, 0);

    if (pos == SIZE_MAX) {
        *ret_head = *s;
        *s = (struct ov_span){NULL, 0};
        return false;
    }
    *ret_head = ov_span_clip(*s, 0, pos);
    *s = (struct ov_span){s->ptr + pos + 1, s->len - pos - 1};
    return true;
}
