/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/reader.h"
#include "crypto/digest.h"

/* What a quarantined file was, and why it is in quarantine: the metadata of an
 * item, as bytes and back (docs/protocol-quarantine.md). */

#define QUARANTINE_META_MAX ((size_t)4 << 20)
#define QUARANTINE_TEXT_MAX ((size_t)64 << 10)

struct quarantine_time {
    int64_t seconds; /* since 1970 */
    uint32_t nanoseconds;
};

struct quarantine_meta {
    /* the file */
    struct ov_span path; /* absolute, without symbolic links */
    uint64_t size;
    uint8_t digest[OV_DIGEST_MAX]; /* SHA-256 */
    uint32_t uid;
    uint32_t gid;
    struct ov_span owner; /* their names at that time, or empty */
    struct ov_span group;
    uint32_t mode; /* permissions, without the type */
    uint64_t inode;
    uint64_t n_links;
    struct quarantine_time accessed;
    struct quarantine_time modified;
    struct quarantine_time changed;
    struct ov_span attributes; /* extended ones, ACLs among them: pairs of
                                  blocks; quarantine_attribute */
    /* why */
    struct ov_span rule;
    struct ov_span source; /* the rule's file */
    uint32_t line;
    struct ov_span kind;
    struct ov_span explanation; /* lines */
    /* who, and when */
    int64_t when;
    uint32_t by_uid;
    struct ov_span by; /* "overt scan" */
};

void quarantine_put_meta(struct ov_buf *b, const struct quarantine_meta *m);

/* Borrows bytes. OV_MALFORMED, OV_TRUNCATED; OV_UNSUPPORTED: a later version of
 * the format. */
OV_MUST_USE enum ov_status quarantine_read_meta(struct ov_span bytes,
                                                struct quarantine_meta *ret);

/* The next extended attribute of meta->attributes; false at the end. */
bool quarantine_attribute(struct ov_reader *r, struct ov_span *ret_name,
                          struct ov_span *ret_value);
