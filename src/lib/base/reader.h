/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "base/status.h"

/* One cursor over hostile bytes. The first read past the end makes it fail
 * where it stands; every later read returns 0 or an empty span and moves
 * nothing. So a parser reads on and asks once, at its end. */
struct ov_reader {
    struct ov_span all;
    size_t at;             /* on failure: where the failing read began */
    enum ov_status status; /* the first failure */
};

/* Borrows s for the reader's life. */
static inline struct ov_reader ov_reader_over(struct ov_span s)
{
    return (struct ov_reader){.all = s};
}

uint8_t ov_read_u8(struct ov_reader *r);
uint16_t ov_read_u16le(struct ov_reader *r);
uint32_t ov_read_u32le(struct ov_reader *r);
uint64_t ov_read_u64le(struct ov_reader *r);
uint16_t ov_read_u16be(struct ov_reader *r);
uint32_t ov_read_u32be(struct ov_reader *r);
uint64_t ov_read_u64be(struct ov_reader *r);

/* Unsigned LEB128 of at most 10 bytes; a longer or overlong one is
 * OV_MALFORMED. */
uint64_t ov_read_varint(struct ov_reader *r);

/* The next len bytes, borrowed from the reader's span. */
struct ov_span ov_read_span(struct ov_reader *r, uint64_t len);

/* A varint length, then that many bytes. */
struct ov_span ov_read_block(struct ov_reader *r);

void ov_reader_skip(struct ov_reader *r, uint64_t len);
void ov_reader_seek(struct ov_reader *r, uint64_t at);

/* Fails the reader with s unless cond holds. */
void ov_reader_require(struct ov_reader *r, bool cond, enum ov_status s);

OV_MUST_USE enum ov_status ov_reader_status(const struct ov_reader *r);

/* OK and bytes left. */
OV_MUST_USE bool ov_reader_more(const struct ov_reader *r);

/* What has not been read; empty on failure. */
struct ov_span ov_reader_rest(const struct ov_reader *r);

/* OV_OK only if all was read and nothing failed; OV_MALFORMED if bytes are
 * left. */
OV_MUST_USE enum ov_status ov_reader_end(const struct ov_reader *r);
