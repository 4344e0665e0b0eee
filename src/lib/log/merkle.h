/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "base/status.h"

/* Merkle trees of RFC 6962 section 2.1 with SHA-256: hashing, checking proofs,
 * and making roots and proofs over anything that gives hashes of full subtrees.
 * Sizes and indices are at most OV_MERKLE_MAX_SIZE. Proofs that are checked are
 * only read: before C23 an array can't be passed as a pointer to const arrays.
 */

#define OV_MERKLE_HASH 32
#define OV_MERKLE_MAX_PROOF 64
#define OV_MERKLE_MAX_SIZE ((uint64_t)INT64_MAX)

/* The root of no entries: SHA-256 of nothing. */
void ov_merkle_empty(uint8_t ret[static OV_MERKLE_HASH]);
/* SHA-256 of 0x00 and the entry. */
void ov_merkle_leaf(struct ov_span entry, uint8_t ret[static OV_MERKLE_HASH]);
/* SHA-256 of 0x01 and both. ret may be left or right. */
void ov_merkle_node(const uint8_t left[static OV_MERKLE_HASH],
                    const uint8_t right[static OV_MERKLE_HASH],
                    uint8_t ret[static OV_MERKLE_HASH]);

/* OV_OK if the proof (n hashes, from the leaf up) shows that the leaf with this
 * hash is the one at index in the tree of size entries with this root; else
 * OV_BAD_PROOF. */
OV_MUST_USE enum ov_status
ov_merkle_check_inclusion(const uint8_t leaf[static OV_MERKLE_HASH],
                          uint64_t index, uint64_t size,
                          uint8_t (*proof)[OV_MERKLE_HASH], size_t n,
                          const uint8_t root[static OV_MERKLE_HASH]);

/* OV_OK if the proof shows that the tree of size entries begins with that of
 * old entries; else OV_BAD_PROOF. Nothing is to be proven (n is 0) where old is
 * 0 or both have the same size; then the roots must be right, too: that of no
 * entries, or one and the same. */
OV_MUST_USE enum ov_status ov_merkle_check_consistency(
    uint64_t old, const uint8_t old_root[static OV_MERKLE_HASH], uint64_t size,
    const uint8_t root[static OV_MERKLE_HASH], uint8_t (*proof)[OV_MERKLE_HASH],
    size_t n);

/* Gives the hash of the full subtree over entries [index << level,
 * (index + 1) << level): from tiles, or from records in memory. Only asked for
 * what lies inside of the tree. A failure ends the caller with the same
 * status. */
struct ov_merkle_source {
    void *data;
    enum ov_status (*node)(void *data, unsigned level, uint64_t index,
                           uint8_t ret[static OV_MERKLE_HASH]);
};

/* The root over the first size entries. At most 63 nodes are asked for. */
OV_MUST_USE enum ov_status ov_merkle_root(const struct ov_merkle_source *source,
                                          uint64_t size,
                                          uint8_t ret[static OV_MERKLE_HASH]);

/* The proof that entry index is in the tree of size entries, from the leaf up.
 * OV_USAGE unless index < size. */
OV_MUST_USE enum ov_status ov_merkle_prove_inclusion(
    const struct ov_merkle_source *source, uint64_t index, uint64_t size,
    uint8_t ret_proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH], size_t *ret_n);

/* The proof that the tree of size entries begins with the one of old entries:
 * RFC 6962 section 2.1.2; empty for old == 0 and old == size. OV_USAGE if old >
 * size. */
OV_MUST_USE enum ov_status ov_merkle_prove_consistency(
    const struct ov_merkle_source *source, uint64_t old, uint64_t size,
    uint8_t ret_proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH], size_t *ret_n);

/* A root over leaves that come in order: 2 KiB, one hash per leaf on average.
 * Start with all zero. */
struct ov_merkle_stack {
    uint64_t size;
    uint8_t full[64][OV_MERKLE_HASH]; /* [level]: valid where size has a bit */
};

void ov_merkle_stack_add(struct ov_merkle_stack *s,
                         const uint8_t leaf[static OV_MERKLE_HASH]);
/* A full subtree of 2^level leaves at once; OV_USAGE unless the size is a
 * multiple of that, or if the tree gets too large. */
OV_MUST_USE enum ov_status
ov_merkle_stack_add_full(struct ov_merkle_stack *s, unsigned level,
                         const uint8_t hash[static OV_MERKLE_HASH]);
/* The tree of the first index entries, from a proof that entry index is in a
 * tree of size entries: what is left of the way up is just its full subtrees.
 * OV_BAD_PROOF if the proof has another length. The proof was checked. */
OV_MUST_USE enum ov_status
ov_merkle_stack_of_proof(uint64_t index, uint64_t size,
                         uint8_t (*proof)[OV_MERKLE_HASH], size_t n,
                         struct ov_merkle_stack *ret);
bool ov_merkle_stack_equal(const struct ov_merkle_stack *a,
                           const struct ov_merkle_stack *b);
void ov_merkle_stack_root(const struct ov_merkle_stack *s,
                          uint8_t ret[static OV_MERKLE_HASH]);
