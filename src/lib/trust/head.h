/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "trust/pack.h"

/* The target db/CHANNEL/head: the release note, and from which bytes its rules
 * are put together. The note is logged and cosigned; the lines before it are
 * only a way to find the bytes, whose result the note names. */

#define OV_HEAD_MAX ((size_t)96 << 10)

struct ov_head {
    struct ov_span note;     /* the release note's exact bytes */
    uint64_t base;           /* the release whose set is tier 0 */
    uint64_t base_records;   /* in its set */
    struct ov_blob segments; /* the list of the base set's segments */
    struct ov_blob delta;    /* from base to this release, trimmed */
};

/* Appends the head's bytes. */
void ov_put_head(struct ov_buf *b, const struct ov_head *h);

/* Strict; borrows bytes. OV_TRUNCATED, OV_MALFORMED, OV_LIMIT_SIZE. */
OV_MUST_USE enum ov_status ov_head_parse(struct ov_span bytes,
                                         struct ov_head *ret);

/* "seg/<64 digits>": where a blob is, packed. */
void ov_put_blob_path(struct ov_buf *b, const struct ov_blob *blob);
