/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "trust/record_set.h"

/* From somebody else's databases to records: a database of lines is cut into
 * runs of about 4 KiB where its lines tell, so that a new line changes one
 * record, wherever it stands. */

/* Adds one database to a set: prefix names the feed ("clamav"), database is a
 * record whose ID is the database's name ("daily.ndb") and whose source is all
 * of it. Each run becomes a record with the same rev, index and kind. IDs live
 * in the arena, the source is borrowed. OV_MALFORMED for a name that makes no
 * ID, OV_LIMIT_SIZE for a source that cannot be cut and is too long. A run that
 * occurs twice is one record. */
OV_MUST_USE enum ov_status ov_feed_add(struct ov_record_set *set,
                                       struct ov_arena *arena,
                                       struct ov_span prefix,
                                       const struct ov_record *database);

/* Appends the line that a feed's manifest has for a record that it brings,
 * without a newline: "ID KIND sha256:HEX SIZE". */
OV_MUST_USE enum ov_status ov_put_manifest_line(struct ov_buf *b,
                                                const struct ov_record *r);
