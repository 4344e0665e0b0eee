/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"

/* A growing array of bytes with a maximum. It grows by half, so that n puts
 * cost O(n); it fails once and stays failed, so that a writer asks for the
 * status once, at the end, as with base/reader.h. */

void ov_buf_done(struct ov_buf *b)
{
    ov_free(b->ptr);
    *b = ov_buf_with_max(b->max);
}

void ov_buf_clear(struct ov_buf *b)
{
    b->len = 0;
    b->status = OV_OK;
}

static void grow(struct ov_buf *b, size_t need)
{
    size_t cap = b->cap < 32 ? 64 : b->cap + b->cap / 2;
    uint8_t *ptr;

    if (cap < need)
        cap = need;
    if (cap > b->max)
        cap = b->max;
    ptr = ov_realloc_array(b->ptr, cap, 1);
    if (ptr == NULL) {
        b->status = OV_NO_MEMORY;
        return;
    }
    b->ptr = ptr;
    b->cap = cap;
}

uint8_t *ov_buf_room(struct ov_buf *b, size_t len)
{
    OV_ASSERT(b->len <= b->cap || b->cap == 0);
    if (b->status != OV_OK)
        return NULL;
    if (len > b->max - b->len) {
        b->status = OV_LIMIT_SIZE;
        return NULL;
    }
    if (len > b->cap - b->len || b->ptr == NULL)
        grow(b, b->len + len);
    return b->status == OV_OK ? b->ptr + b->len : NULL;
}

void ov_buf_added(struct ov_buf *b, size_t len)
{
    OV_ASSERT(len <= b->cap - b->len);
    b->len += len;
}

void ov_put_span(struct ov_buf *b, struct ov_span s)
{
    uint8_t *room;

    if (s.len == 0)
        return;
    room = ov_buf_room(b, s.len);
    if (room == NULL)
        return;
    memcpy(room, s.ptr, s.len);
    b->len += s.len;
}

static void put_le(struct ov_buf *b, uint64_t v, size_t len)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(v >> (8 * i));
    ov_put_span(b, ov_span_of(bytes, len));
}

void ov_put_u8(struct ov_buf *b, uint8_t v)
{
    put_le(b, v, 1);
}

void ov_put_u16(struct ov_buf *b, uint16_t v)
{
    put_le(b, v, 2);
}

void ov_put_u32(struct ov_buf *b, uint32_t v)
{
    put_le(b, v, 4);
}

void ov_put_u64(struct ov_buf *b, uint64_t v)
{
    put_le(b, v, 8);
}

void ov_put_varint(struct ov_buf *b, uint64_t v)
{
    while (v >= 0x80) {
        ov_put_u8(b, (uint8_t)(v | 0x80));
        v >>= 7;
    }
    ov_put_u8(b, (uint8_t)v);
}

void ov_put_str(struct ov_buf *b, const char *text)
{
    ov_put_span(b, ov_span_str(text));
}

void ov_put_block(struct ov_buf *b, struct ov_span s)
{
    ov_put_varint(b, s.len);
    ov_put_span(b, s);
}

void ov_put_align(struct ov_buf *b, size_t align)
{
    OV_ASSERT(align != 0 && (align & (align - 1)) == 0);
    while (b->status == OV_OK && (b->len & (align - 1)) != 0)
        ov_put_u8(b, 0);
}

void ov_buf_insert(struct ov_buf *b, size_t at, struct ov_span s)
{
    uint8_t *room = ov_buf_room(b, s.len);

    if (room == NULL || s.len == 0)
        return;
    OV_ASSERT(at <= b->len);
    memmove(b->ptr + at + s.len, b->ptr + at, b->len - at);
    memcpy(b->ptr + at, s.ptr, s.len);
    ov_buf_added(b, s.len);
}

void ov_put_format(struct ov_buf *b, const char *format, ...)
{
    char small[512];
    OV_AUTO_PTR char *large = NULL;
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    OV_ASSERT(len >= 0);
    if ((size_t)len < sizeof(small)) {
        ov_put_span(b, ov_span_of(small, (size_t)len));
        return;
    }
    large = ov_alloc((size_t)len + 1);
    if (large == NULL) {
        if (b->status == OV_OK)
            b->status = OV_NO_MEMORY;
        return;
    }
    va_start(args, format);
    (void)vsnprintf(large, (size_t)len + 1, format, args);
    va_end(args);
    ov_put_span(b, ov_span_of(large, (size_t)len));
}

enum ov_status ov_buf_status(const struct ov_buf *b)
{
    return b->status;
}
