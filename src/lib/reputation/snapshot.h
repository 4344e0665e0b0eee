/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "reputation/bucket.h"
#include "trust/entry.h"
#include "trust/pack.h"

/* A snapshot's statement: what a cloud said of all files at one time, as an
 * entry of the log. Nothing of a snapshot is believed but what its statement
 * leads to: buckets by their tree's root, all other files by digest. Format:
 * docs/protocol-reputation.md, "Statement". */

struct ov_snapshot {
    struct ov_span instance;
    uint32_t epoch;       /* from 1 */
    uint8_t previous[32]; /* SHA-256 of the note of the epoch before */
    bool has_previous;
    struct ov_bucket_shape shape;
    uint8_t buckets_root[32];
    uint64_t counts[OV_N_REPUTATION];
    struct ov_blob filters[OV_N_FILTER]; /* of its list of shards */
    struct ov_blob hot;
    struct ov_blob families;
    uint64_t delta_from;        /* the first segment that is not in here */
    uint8_t delta_previous[32]; /* what that segment names */
    struct ov_span builder;     /* which program made it */
    uint64_t time;
    uint64_t expires;
};

/* Appends the statement, without signatures. */
void ov_put_snapshot(struct ov_buf *b, const struct ov_snapshot *s);

/* e: an entry whose signatures hold; *ret borrows what it borrows.
 * OV_UNSUPPORTED for an entry of another type; OV_MALFORMED unless it is just
 * what ov_put_snapshot writes. */
OV_MUST_USE enum ov_status ov_snapshot_read(const struct ov_entry *e,
                                            struct ov_snapshot *ret);

/* Whether it may still be relied upon: OV_EXPIRED, OV_FUTURE if it was made
 * more than a day behind now. */
OV_MUST_USE enum ov_status ov_snapshot_is_fresh(const struct ov_snapshot *s,
                                                uint64_t now);

/* The entry of a delta segment. */
struct ov_delta_entry {
    struct ov_span instance;
    uint64_t seq;
    uint8_t previous[32];
    struct ov_blob file;
    uint64_t time;
};

void ov_put_delta_entry(struct ov_buf *b, const struct ov_delta_entry *d);
OV_MUST_USE enum ov_status ov_delta_entry_read(const struct ov_entry *e,
                                               struct ov_delta_entry *ret);
