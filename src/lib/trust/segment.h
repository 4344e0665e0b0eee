/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "trust/pack.h"
#include "trust/record_set.h"

/* Segments: a set cut into runs of records of about 1 MiB, each a file of its
 * own, named by its digest. Where to cut is told by the records themselves, so
 * that a change of the set changes one or two segments, and what a client has
 * from an older set is not fetched again. */

#define OV_SEGMENT_MAX ((uint64_t)24 << 20)

/* Entries [from, to) of a set. */
struct ov_segment {
    size_t from;
    size_t to;
};

/* The segments of a set of which all records are known, in order. Returns
 * owned: ov_free. */
OV_MUST_USE enum ov_status ov_segment_cut(const struct ov_record_set *s,
                                          struct ov_segment **ret,
                                          size_t *ret_n);

/* Appends the canonical bytes of the segment's records. */
void ov_put_segment(struct ov_buf *b, const struct ov_record_set *s,
                    const struct ov_segment *segment);

/* Adds all records of a segment's bytes to a set, which borrows them. What
 * ov_record_read says; OV_MALFORMED unless IDs rise. */
OV_MUST_USE enum ov_status ov_segment_read(struct ov_span bytes,
                                           struct ov_record_set *s);

/* The list of a set's segments: a line for each, as ov_put_blob. Borrows
 * nothing. Returns owned: ov_free. OV_MALFORMED, OV_LIMIT_SIZE. */
void ov_put_segment_list(struct ov_buf *b, const struct ov_blob *blobs,
                         size_t n);
OV_MUST_USE enum ov_status
ov_segment_list_read(struct ov_span bytes, struct ov_blob **ret, size_t *ret_n);
