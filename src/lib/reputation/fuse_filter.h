/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Binary fuse filters: a set of 64-bit keys as about 9 or 18 bits for each. A
 * key of the set is always found; another one is found, too, in one of 2^bits
 * cases. A filter of a snapshot has 256 of these, its shards, by the first byte
 * of the hash. Format: docs/protocol-reputation.md, "Filters". */

#define OV_FUSE_HEADER 32

struct ov_fuse {
    unsigned bits; /* of a fingerprint: 8 or 16 */
    uint8_t shard;
    uint64_t count; /* how many keys it was made from */
    uint64_t seed;
    uint32_t segment_length; /* a power of two, at most 2^18 */
    uint32_t segment_count;
    struct ov_span fingerprints; /* borrowed */
};

/* bytes: a whole shard, borrowed by *ret; a mapping will do. OV_MALFORMED or
 * OV_TRUNCATED unless header and length are just what a builder writes. That
 * the fingerprints are undamaged is told by the shard's digest alone. */
OV_MUST_USE enum ov_status ov_fuse_open(struct ov_span bytes,
                                        struct ov_fuse *ret);

/* Whether key can be in the set; false: it is not. */
bool ov_fuse_has(const struct ov_fuse *f, uint64_t key);
/* The same of a SHA-256. false, too, for a hash of another shard. */
bool ov_fuse_has_hash(const struct ov_fuse *f, const uint8_t hash[static 32]);
/* Lets the processor fetch what ov_fuse_has_hash will look at: for those who
 * ask about many hashes at once, as each waits for three places of memory. */
void ov_fuse_fetch(const struct ov_fuse *f, const uint8_t hash[static 32]);

/* Appends the shard's bytes, which depend on nothing but bits, shard and keys.
 * keys rise and have no two the same, else OV_USAGE; bits 8 or 16. Needs about
 * 22 bytes of memory for each key. OV_NO_MEMORY, OV_LIMIT_SIZE, OV_LIMIT_COUNT
 * for more than 2^28 keys; OV_LIMIT_WORK if no seed of a hundred will do, which
 * does not happen. */
OV_MUST_USE enum ov_status ov_fuse_build(unsigned bits, uint8_t shard,
                                         const uint64_t *keys, size_t n,
                                         struct ov_buf *ret);
