/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "trust/record_set.h"

/* Deltas: what turns the set of one release into that of a later one. Records
 * to put (new or changed) and IDs to delete. Applying one never fails for what
 * the set holds: only the result's root tells whether it was the right one. */

#define OV_DELTA_MAX ((uint64_t)64 << 20)

struct ov_delta {
    uint64_t from; /* releases; 0 is the empty set before the first */
    uint64_t to;
    const struct ov_record *puts; /* by ID, rising */
    size_t n_puts;
    const struct ov_span *deletes; /* rising; none of them is put */
    size_t n_deletes;
};

/* What turns one set into another. Arrays in the arena; borrows the sets'
 * spans. OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_delta_between(const struct ov_record_set *old,
                                            const struct ov_record_set *set,
                                            struct ov_arena *arena,
                                            struct ov_delta *ret);

/* Appends the canonical bytes. */
void ov_put_delta(struct ov_buf *b, const struct ov_delta *d);

/* Reads what ov_put_delta wrote, strictly; arrays in the arena, spans in bytes.
 * OV_TRUNCATED, OV_MALFORMED, OV_LIMIT_SIZE, OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_delta_read(struct ov_span bytes,
                                         struct ov_arena *arena,
                                         struct ov_delta *ret);

/* The set behind a delta, sealed; borrows spans of both. Returns owned. */
OV_MUST_USE enum ov_status ov_delta_apply(const struct ov_record_set *set,
                                          const struct ov_delta *d,
                                          struct ov_record_set **ret);

/* One delta for several, each of which begins where the one before it ends
 * (else OV_USAGE; n > 0). The result does the same as all of them in order. */
OV_MUST_USE enum ov_status ov_delta_merge(const struct ov_delta *deltas,
                                          size_t n, struct ov_arena *arena,
                                          struct ov_delta *ret);

/* The same delta without what changes nothing in this set: the only one that
 * ov_delta_between would make. The set may be an index. */
OV_MUST_USE enum ov_status ov_delta_trim(const struct ov_delta *d,
                                         const struct ov_record_set *set,
                                         struct ov_arena *arena,
                                         struct ov_delta *ret);

/* ---- delta tiles ---- */

/* Tile N of level L leads from release N * 16^L to (N + 1) * 16^L. */
#define OV_DELTA_MERGE 16
#define OV_DELTA_LEVELS 6

struct ov_delta_tile {
    unsigned level;
    uint64_t n;
};

/* The largest tile that begins at `from` and does not lead beyond `to`; false
 * if from >= to. Doing this until `to` is reached takes at most
 * 30 * OV_DELTA_LEVELS steps below 16^6 releases. */
bool ov_delta_next_tile(uint64_t from, uint64_t to, struct ov_delta_tile *ret);

/* Where it leads. */
uint64_t ov_delta_tile_end(const struct ov_delta_tile *t);

/* "delta/0/41". */
void ov_put_delta_path(struct ov_buf *b, const struct ov_delta_tile *t);
