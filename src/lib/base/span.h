/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/base.h>

#include <string.h>

/* struct ov_span is borrowed bytes. Hostile or not, they are only read through
 * this file, base/reader.h, and the inner loops of match/. */

/* A string literal as a span, without its NUL. */
#define OV_SPAN_LIT(text)                                                      \
    ((struct ov_span){(const uint8_t *)(text), sizeof(text) - 1})

static inline struct ov_span ov_span_of(const void *ptr, size_t len)
{
    return (struct ov_span){(const uint8_t *)ptr, len};
}

/* A NUL-terminated string of our own as a span. */
static inline struct ov_span ov_span_str(const char *text)
{
    return ov_span_of(text, strlen(text));
}

/* The part of s at [off, off + len), or false and *ret untouched. */
static inline bool ov_span_sub(struct ov_span s, uint64_t off, uint64_t len,
                               struct ov_span *ret)
{
    if (off > s.len || len > s.len - off)
        return false;
    *ret = (struct ov_span){len ? s.ptr + off : NULL, (size_t)len};
    return true;
}

/* As ov_span_sub, but cut at the end of s: never fails, may be empty. */
static inline struct ov_span ov_span_clip(struct ov_span s, uint64_t off,
                                          uint64_t len)
{
    if (off >= s.len)
        return (struct ov_span){NULL, 0};
    if (len > s.len - off)
        len = s.len - off;
    return (struct ov_span){s.ptr + off, (size_t)len};
}

/* count items of stride bytes at off; checked multiplication. */
static inline bool ov_span_array(struct ov_span s, uint64_t off, uint64_t count,
                                 uint64_t stride, struct ov_span *ret)
{
    uint64_t len;

    if (__builtin_mul_overflow(count, stride, &len))
        return false;
    return ov_span_sub(s, off, len, ret);
}

/* The byte at off, or -1 past the end. */
static inline int ov_span_byte(struct ov_span s, uint64_t off)
{
    return off < s.len ? s.ptr[off] : -1;
}

/* Loads without a check: the caller knows that the bytes are there. Only for
 * base/, match/ and sections of our own image. */
static inline uint16_t ov_load16le(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t ov_load32le(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static inline uint64_t ov_load64le(const uint8_t *p)
{
    return (uint64_t)ov_load32le(p) | (uint64_t)ov_load32le(p + 4) << 32;
}

/* Checked reads at an offset; false past the end, *ret untouched. */
bool ov_span_u16le(struct ov_span s, uint64_t off, uint16_t *ret);
bool ov_span_u32le(struct ov_span s, uint64_t off, uint32_t *ret);
bool ov_span_u64le(struct ov_span s, uint64_t off, uint64_t *ret);
bool ov_span_u16be(struct ov_span s, uint64_t off, uint16_t *ret);
bool ov_span_u32be(struct ov_span s, uint64_t off, uint32_t *ret);

bool ov_span_equal(struct ov_span a, struct ov_span b);
/* Bytewise order, a shorter span first where one begins the other: <0, 0, >0.
 */
int ov_span_compare(struct ov_span a, struct ov_span b);
/* Without regard to ASCII case. */
bool ov_span_equal_nocase(struct ov_span a, struct ov_span b);
bool ov_span_starts(struct ov_span s, struct ov_span with);
bool ov_span_ends(struct ov_span s, struct ov_span with);
/* Whether lit is at off. */
bool ov_span_has_at(struct ov_span s, uint64_t off, struct ov_span lit);
/* First place of needle in [from, s.len), or SIZE_MAX. An empty needle is
 * found at from. */
size_t ov_span_find(struct ov_span s, struct ov_span needle, size_t from);
size_t ov_span_find_byte(struct ov_span s, uint8_t byte, size_t from);

/* Cuts s at the first `at`: what is before it in *ret_head, and s becomes what
 * is behind it. Without one, head is all of s, s becomes empty with ptr NULL,
 * and the result is false. */
bool ov_span_cut(struct ov_span *s, uint8_t at, struct ov_span *ret_head);

static inline uint8_t ov_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static inline bool ov_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool ov_is_alnum(uint8_t c)
{
    return ov_is_digit(c) || (ov_lower(c) >= 'a' && ov_lower(c) <= 'z');
}
