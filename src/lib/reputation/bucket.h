/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "reputation/reputation.h"

/* Buckets: all records whose hashes begin with the same bits, in a file of a
 * fixed size, so that every answer is as long as any other. The buckets of a
 * snapshot are the leaves of a tree whose root its statement has: a bucket with
 * its proof shows what is in it, and what is not. Format:
 * docs/protocol-reputation.md, "Buckets". */

#define OV_BUCKET_HEADER 16
#define OV_BUCKET_RECORD 20
#define OV_BUCKET_PREFIX 16
#define OV_BUCKET_MIN_BITS 8U
#define OV_BUCKET_MAX_BITS 24U
#define OV_BUCKET_MAX_SIZE (OV_BUCKET_HEADER + 65535 * OV_BUCKET_RECORD)

/* The same for all buckets of a snapshot. */
struct ov_bucket_shape {
    unsigned prefix_bits; /* there are 1 << prefix_bits buckets */
    uint32_t size;        /* of a bucket without its proof */
};

struct ov_bucket_record {
    uint8_t prefix[OV_BUCKET_PREFIX]; /* the bits behind the bucket's number */
    enum ov_reputation reputation;
    uint32_t family; /* its number in the list of families; 0: none */
};

struct ov_bucket {
    uint32_t epoch;
    uint32_t number;
    size_t n;
    struct ov_span records; /* borrowed */
};

/* How many bits a snapshot of n records takes: so many that a bucket has 64 to
 * 128 on average, and at least OV_BUCKET_MIN_BITS. */
unsigned ov_bucket_bits_for(uint64_t n);
/* The size for n records of which the fullest bucket has `most`: room for the
 * average and six times its deviation, or for more if there is more. */
uint32_t ov_bucket_size_for(uint64_t n, unsigned prefix_bits, size_t most);
bool ov_bucket_shape_is_valid(const struct ov_bucket_shape *s);

/* Bytes of a bucket with its proof: what a client fetches, from number times
 * that on. */
uint64_t ov_bucket_stride(const struct ov_bucket_shape *s);
/* The bits of a hash that a bucket's record keeps. */
void ov_bucket_prefix(const struct ov_bucket_shape *s,
                      const uint8_t hash[static 32],
                      uint8_t ret[static OV_BUCKET_PREFIX]);

/* Appends a bucket without its proof. records rise by prefix, each once:
 * OV_USAGE. OV_LIMIT_COUNT if there are too many for the size. */
OV_MUST_USE enum ov_status ov_put_bucket(struct ov_buf *b,
                                         const struct ov_bucket_shape *shape,
                                         uint32_t epoch, uint32_t number,
                                         const struct ov_bucket_record *records,
                                         size_t n);

/* bytes: a bucket without its proof, borrowed by *ret. OV_TRUNCATED,
 * OV_MALFORMED unless it is just what ov_put_bucket writes. */
OV_MUST_USE enum ov_status ov_bucket_open(struct ov_span bytes,
                                          const struct ov_bucket_shape *shape,
                                          struct ov_bucket *ret);

/* answer: a bucket and its proof (ov_bucket_stride bytes), borrowed by *ret.
 * OV_BAD_PROOF unless it is bucket `number` of the tree with that root (and
 * then nothing of it was believed); OV_MISMATCH if it says another epoch or
 * number, OV_MALFORMED as ov_bucket_open: then whoever signed the root signed
 * nonsense. */
OV_MUST_USE enum ov_status ov_bucket_verify(struct ov_span answer,
                                            const struct ov_bucket_shape *shape,
                                            uint32_t epoch, uint32_t number,
                                            const uint8_t root[static 32],
                                            struct ov_bucket *ret);

/* The nth record, n < b->n. */
void ov_bucket_at(const struct ov_bucket *b, size_t n,
                  struct ov_bucket_record *ret);
/* false: the bucket has no record with that prefix. */
bool ov_bucket_find(const struct ov_bucket *b,
                    const uint8_t prefix[static OV_BUCKET_PREFIX],
                    struct ov_bucket_record *ret);
