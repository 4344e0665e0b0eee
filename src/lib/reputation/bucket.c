/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/bucket.h"

#include "log/merkle.h"

/*
 * Buckets (docs/protocol-reputation.md, "Buckets"):
 *
 *     0  4  "OVB1"           16 20n  records, rising
 *     4  4  epoch                16    bits p to p + 127 of the hash
 *     8  4  number                1    reputation
 *    12  2  n                     3    family
 *    14  2  20, a record's size  zeros up to the bucket's size
 *                            then p * 32 hashes, from the leaf's sibling up
 *
 * The tree is that of RFC 6962 section 2.1 over 2^p leaves. The zeros are
 * checked, so that nobody can hide a mark for one reader in them, were the root
 * not enough.
 */

#define MAGIC 0x4f564231U /* "OVB1" */
#define WANTED_MEAN 128

unsigned ov_bucket_bits_for(uint64_t n)
{
    unsigned bits = OV_BUCKET_MIN_BITS;

    while (bits < OV_BUCKET_MAX_BITS && n >> bits >= WANTED_MEAN)
        bits++;
    return bits;
}

/* The least number whose square is at least n. */
static uint64_t root_above(uint64_t n)
{
    uint64_t root = 0;

    while (root * root < n)
        root++;
    return root;
}

uint32_t ov_bucket_size_for(uint64_t n, unsigned prefix_bits, size_t most)
{
    uint64_t mean = (n >> prefix_bits) + 1;
    uint64_t room;

    if (mean > 65535)
        mean = 65535;
    room = mean + root_above(36 * mean);
    if (room < most)
        room = most;
    if (room > 65535)
        room = 65535;
    return (uint32_t)(OV_BUCKET_HEADER + OV_BUCKET_RECORD * room);
}

bool ov_bucket_shape_is_valid(const struct ov_bucket_shape *s)
{
    return s->prefix_bits >= OV_BUCKET_MIN_BITS &&
           s->prefix_bits <= OV_BUCKET_MAX_BITS &&
           s->size >= OV_BUCKET_HEADER && s->size <= OV_BUCKET_MAX_SIZE &&
           (s->size - OV_BUCKET_HEADER) % OV_BUCKET_RECORD == 0;
}

uint64_t ov_bucket_stride(const struct ov_bucket_shape *s)
{
    return s->size + (uint64_t)OV_MERKLE_HASH * s->prefix_bits;
}

void ov_bucket_prefix(const struct ov_bucket_shape *s,
                      const uint8_t hash[static 32],
                      uint8_t ret[static OV_BUCKET_PREFIX])
{
    ov_hash_bits(hash, s->prefix_bits, ret, OV_BUCKET_PREFIX);
}

static bool records_rise(const struct ov_bucket_record *records, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (memcmp(records[i - 1].prefix, records[i].prefix,
                   OV_BUCKET_PREFIX) >= 0)
            return false;
    }
    return true;
}

enum ov_status ov_put_bucket(struct ov_buf *b,
                             const struct ov_bucket_shape *shape,
                             uint32_t epoch, uint32_t number,
                             const struct ov_bucket_record *records, size_t n)
{
    size_t len = OV_BUCKET_HEADER + n * OV_BUCKET_RECORD;
    uint8_t *zeros;

    if (!ov_bucket_shape_is_valid(shape) || !records_rise(records, n))
        return OV_USAGE;
    if (n > (shape->size - OV_BUCKET_HEADER) / OV_BUCKET_RECORD)
        return OV_LIMIT_COUNT;
    ov_put_u32be(b, MAGIC);
    ov_put_u32be(b, epoch);
    ov_put_u32be(b, number);
    ov_put_u16be(b, (uint16_t)n);
    ov_put_u16be(b, OV_BUCKET_RECORD);
    for (size_t i = 0; i < n; i++) {
        ov_put_span(b, ov_span_of(records[i].prefix, OV_BUCKET_PREFIX));
        ov_put_u8(b, (uint8_t)records[i].reputation);
        ov_put_u24be(b, records[i].family);
    }
    zeros = ov_buf_room(b, shape->size - len);
    if (zeros == NULL)
        return ov_buf_status(b);
    memset(zeros, 0, shape->size - len);
    ov_buf_added(b, shape->size - len);
    return ov_buf_status(b);
}

static bool all_zero(struct ov_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (ov_span_byte(s, i) != 0)
            return false;
    }
    return true;
}

static bool reputations_known(const struct ov_bucket *b)
{
    for (size_t i = 0; i < b->n; i++) {
        if (ov_span_byte(b->records, i * OV_BUCKET_RECORD + OV_BUCKET_PREFIX) >=
            OV_N_REPUTATION)
            return false;
    }
    return true;
}

enum ov_status ov_bucket_open(struct ov_span bytes,
                              const struct ov_bucket_shape *shape,
                              struct ov_bucket *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_bucket b = {0};

    if (bytes.len < shape->size)
        return OV_TRUNCATED;
    ov_reader_require(&r, bytes.len == shape->size, OV_MALFORMED);
    ov_reader_require(&r, ov_read_u32be(&r) == MAGIC, OV_MALFORMED);
    b.epoch = ov_read_u32be(&r);
    b.number = ov_read_u32be(&r);
    b.n = ov_read_u16be(&r);
    ov_reader_require(&r, ov_read_u16be(&r) == OV_BUCKET_RECORD, OV_MALFORMED);
    ov_reader_require(&r, b.number >> shape->prefix_bits == 0, OV_MALFORMED);
    b.records = ov_read_span(&r, b.n * OV_BUCKET_RECORD);
    OV_TRY(ov_reader_status(&r));
    if (!all_zero(ov_reader_rest(&r)) || !reputations_known(&b) ||
        !ov_items_rise(b.records, b.n, OV_BUCKET_RECORD, OV_BUCKET_PREFIX))
        return OV_MALFORMED;
    *ret = b;
    return OV_OK;
}

enum ov_status ov_bucket_verify(struct ov_span answer,
                                const struct ov_bucket_shape *shape,
                                uint32_t epoch, uint32_t number,
                                const uint8_t root[static 32],
                                struct ov_bucket *ret)
{
    uint8_t proof[OV_BUCKET_MAX_BITS][OV_MERKLE_HASH];
    struct ov_span bucket = ov_span_clip(answer, 0, shape->size);
    uint8_t leaf[OV_MERKLE_HASH];
    struct ov_bucket b;

    if (!ov_bucket_shape_is_valid(shape) ||
        answer.len != ov_bucket_stride(shape))
        return OV_BAD_PROOF;
    memcpy(proof, answer.ptr + shape->size, answer.len - shape->size);
    ov_merkle_leaf(bucket, leaf);
    OV_TRY(ov_merkle_check_inclusion(leaf, number,
                                     UINT64_C(1) << shape->prefix_bits, proof,
                                     shape->prefix_bits, root));
    OV_TRY(ov_bucket_open(bucket, shape, &b));
    if (b.epoch != epoch || b.number != number)
        return OV_MISMATCH;
    *ret = b;
    return OV_OK;
}

void ov_bucket_at(const struct ov_bucket *b, size_t n,
                  struct ov_bucket_record *ret)
{
    struct ov_reader r = ov_reader_over(
        ov_span_clip(b->records, n * OV_BUCKET_RECORD, OV_BUCKET_RECORD));
    struct ov_span prefix = ov_read_span(&r, OV_BUCKET_PREFIX);

    *ret = (struct ov_bucket_record){0};
    if (prefix.len == OV_BUCKET_PREFIX)
        memcpy(ret->prefix, prefix.ptr, OV_BUCKET_PREFIX);
    ret->reputation = (enum ov_reputation)ov_read_u8(&r);
    ret->family = ov_read_u24be(&r);
}

bool ov_bucket_find(const struct ov_bucket *b,
                    const uint8_t prefix[static OV_BUCKET_PREFIX],
                    struct ov_bucket_record *ret)
{
    struct ov_span key = ov_span_of(prefix, OV_BUCKET_PREFIX);
    size_t at = ov_items_find(b->records, b->n, OV_BUCKET_RECORD, key);

    if (!ov_span_has_at(b->records, (uint64_t)at * OV_BUCKET_RECORD, key))
        return false;
    ov_bucket_at(b, at, ret);
    return true;
}
