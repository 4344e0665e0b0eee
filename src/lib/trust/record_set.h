/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log/merkle.h"
#include "trust/record.h"

/* Records sorted by ID, and the Merkle tree over them: the rules of a release.
 * Every record's leaf is kept, so that a set's root costs one hash a record. A
 * set may know records by their leaves only (an index): that is enough to check
 * what a delta leads to, at a hundredth of the bytes. */

struct ov_record_entry {
    struct ov_record record; /* in a set from an index: only its id */
    uint8_t leaf[OV_MERKLE_HASH];
    bool has_record;
};

struct ov_record_set;

/* An empty, sealed set. NULL if memory is out. Returns owned. */
struct ov_record_set *ov_record_set_new(void) OV_ALLOC;
void ov_record_set_free(struct ov_record_set *s);
OV_DEFINE_AUTO(record_set)

/* Adds a record in any order; borrows its spans for the set's life. What
 * ov_record_check says, OV_NO_MEMORY. Until ov_record_set_seal nothing may be
 * asked. */
OV_MUST_USE enum ov_status ov_record_set_add(struct ov_record_set *s,
                                             const struct ov_record *r);

/* Adds an entry whose leaf is known. */
OV_MUST_USE enum ov_status
ov_record_set_add_entry(struct ov_record_set *s,
                        const struct ov_record_entry *e);

/* Sorts. Equal records become one; OV_MALFORMED for different ones of the same
 * ID. */
OV_MUST_USE enum ov_status ov_record_set_seal(struct ov_record_set *s);

/* Sorted by ID, bytewise. */
const struct ov_record_entry *ov_record_set_list(const struct ov_record_set *s,
                                                 size_t *ret_n);
/* NULL if there is none. */
const struct ov_record_entry *ov_record_set_find(const struct ov_record_set *s,
                                                 struct ov_span id);

/* The set-root: RFC 6962 section 2.1 over the records in order. */
void ov_record_set_root(const struct ov_record_set *s,
                        uint8_t ret[static OV_MERKLE_HASH]);

/* That the record at this place is in the tree: ov_merkle_check_inclusion. */
OV_MUST_USE enum ov_status
ov_record_set_prove(const struct ov_record_set *s, size_t index,
                    uint8_t ret_proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH],
                    size_t *ret_n);

/* Appends the set's index: each ID with its leaf. */
void ov_put_record_index(struct ov_buf *b, const struct ov_record_set *s);

/* A set known by leaves; borrows bytes. OV_TRUNCATED, OV_MALFORMED. Whether it
 * is the right one is told by its root. Returns owned. */
OV_MUST_USE enum ov_status ov_record_index_read(struct ov_span bytes,
                                                struct ov_record_set **ret);
