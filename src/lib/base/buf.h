/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/alloc.h"
#include "base/span.h"
#include "base/status.h"

/* Bytes that grow, up to a maximum given at birth. Also the writer of all our
 * own formats: little-endian puts that mirror base/reader.h. Like the reader it
 * stays failed: puts after a failure do nothing, and ov_buf_status tells. */
struct ov_buf {
    uint8_t *ptr;
    size_t len;
    size_t cap;
    size_t max;
    enum ov_status status; /* OV_NO_MEMORY, or OV_LIMIT_SIZE at max */
};

static inline struct ov_buf ov_buf_with_max(size_t max)
{
    return (struct ov_buf){.max = max};
}

/* Frees the bytes; the buffer can be used again with the same maximum. */
void ov_buf_done(struct ov_buf *b);

/* Forgets content and failure, keeps the memory. */
void ov_buf_clear(struct ov_buf *b);

static inline struct ov_span ov_buf_span(const struct ov_buf *b)
{
    return ov_span_of(b->ptr, b->len);
}

/* Room for len more bytes at ptr + len: write there, then ov_buf_added.
 * NULL if there is none (and the buffer has failed). */
uint8_t *ov_buf_room(struct ov_buf *b, size_t len) OV_MUST_USE;
void ov_buf_added(struct ov_buf *b, size_t len);

void ov_put_u8(struct ov_buf *b, uint8_t v);
void ov_put_u16(struct ov_buf *b, uint16_t v);
void ov_put_u32(struct ov_buf *b, uint32_t v);
void ov_put_u64(struct ov_buf *b, uint64_t v);
void ov_put_varint(struct ov_buf *b, uint64_t v);
void ov_put_span(struct ov_buf *b, struct ov_span s);
void ov_put_str(struct ov_buf *b, const char *text);
/* A varint length, then the bytes; read back with ov_read_block. */
void ov_put_block(struct ov_buf *b, struct ov_span s);
/* Zero bytes until len is a multiple of align (a power of two). */
void ov_put_align(struct ov_buf *b, size_t align);
/* Moves what is behind `at` and puts s there. */
void ov_buf_insert(struct ov_buf *b, size_t at, struct ov_span s);
void ov_put_format(struct ov_buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

OV_MUST_USE enum ov_status ov_buf_status(const struct ov_buf *b);
