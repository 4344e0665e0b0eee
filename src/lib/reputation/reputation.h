/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/reader.h"

/* What the reputation cloud says of files, and how a SHA-256 is cut for its
 * formats: a number (which bucket), a record's prefix, a filter's key. All of
 * it is in docs/protocol-reputation.md. */

enum ov_reputation {
#define OV_REPUTATION(id, number, name) OV_REPUTATION_##id = (number),
#include "reputation/reputation.def"
#undef OV_REPUTATION
};

#define OV_N_REPUTATION 6

enum ov_filter {
#define OV_FILTER(id, name, bits, is_good) OV_FILTER_##id,
#include "reputation/filters.def"
#undef OV_FILTER
    OV_N_FILTER
};

#define OV_SHARDS 256
/* A family's number; 0 is none. */
#define OV_FAMILY_MAX 0xffffffU
#define OV_FAMILY_NAME_MAX 100

/* "malicious". */
const char *ov_reputation_name(enum ov_reputation r);
/* false if no reputation has that name. */
bool ov_reputation_parse(struct ov_span name, enum ov_reputation *ret);

/* "fuse8"; 8 or 16; whether it holds what is known to be good. */
const char *ov_filter_name(enum ov_filter f);
unsigned ov_filter_bits(enum ov_filter f);
bool ov_filter_is_good(enum ov_filter f);

/* Printable ASCII without a space, at most OV_FAMILY_NAME_MAX bytes. */
bool ov_family_name_is_valid(struct ov_span name);

/* ---- bits of a SHA-256, the first bit is the highest of byte 0 ---- */

/* The first `bits` (at most 32) as a number: of a bucket, for one. */
uint32_t ov_hash_number(const uint8_t hash[static 32], unsigned bits);
/* Bits [from, from + 8 * len), from + 8 * len <= 256. */
void ov_hash_bits(const uint8_t hash[static 32], unsigned from, uint8_t *ret,
                  size_t len);
/* The key of a filter: bytes 1 to 8. Byte 0 is the number of the shard. */
uint64_t ov_hash_key(const uint8_t hash[static 32]);

/* ---- for the formats of this layer, whose integers are big-endian ---- */

void ov_put_u16be(struct ov_buf *b, uint16_t v);
void ov_put_u24be(struct ov_buf *b, uint32_t v);
void ov_put_u32be(struct ov_buf *b, uint32_t v);
void ov_put_u64be(struct ov_buf *b, uint64_t v);
uint32_t ov_read_u24be(struct ov_reader *r);

/* The first of n items of stride bytes in `all` whose beginning is not below
 * key; n if there is none. The items are sorted. */
size_t ov_items_find(struct ov_span all, size_t n, size_t stride,
                     struct ov_span key);
/* Whether each item's first len bytes are above those of the one before. */
bool ov_items_rise(struct ov_span all, size_t n, size_t stride, size_t len);
