/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/reader.h"
#include "crypto/digest.h"

/* A rule record: the unit in which rules are reviewed, logged and shipped. One
 * rule, one YARA source, or a run of lines of a database.
 * docs/protocol-rules.md has its bytes. */

#define OV_RECORD_ID_MAX 200
#define OV_RECORD_KIND_MAX 8
#define OV_RECORD_SOURCE_MAX ((uint64_t)16 << 20)

struct ov_record {
    struct ov_span id;     /* printable ASCII without space; names the record's
                              source in an image */
    uint64_t rev;          /* from 1 */
    uint64_t index;        /* log index of its rule-change entry */
    struct ov_span kind;   /* a rule file's extension: "ndb", "yar" */
    struct ov_span source; /* text in that language */
};

bool ov_record_id_is_valid(struct ov_span id);

/* OV_MALFORMED, or OV_LIMIT_SIZE for a source that is too long. */
OV_MUST_USE enum ov_status ov_record_check(const struct ov_record *r);

/* Appends the canonical bytes of a record that is valid. */
void ov_put_record(struct ov_buf *b, const struct ov_record *r);

/* How many bytes ov_put_record appends. */
uint64_t ov_record_len(const struct ov_record *r);

/* The next record, borrowed from the reader's bytes. Strict: what it accepts is
 * what ov_put_record writes. OV_TRUNCATED, OV_MALFORMED, OV_LIMIT_SIZE. */
OV_MUST_USE enum ov_status ov_record_read(struct ov_reader *r,
                                          struct ov_record *ret);

/* The record's leaf in the tree over its set: RFC 6962 section 2.1. */
OV_MUST_USE enum ov_status ov_record_leaf(const struct ov_record *r,
                                          uint8_t ret[static 32]);

/* ---- for the other texts of this layer ---- */

/* The next line without its newline; fails the reader if there is none. */
struct ov_span ov_read_line(struct ov_reader *r);

/* The part of *line up to the next space; *line becomes what is behind it. */
struct ov_span ov_line_word(struct ov_span *line);

/* A decimal number as we write it: no sign, no superfluous zero. */
bool ov_parse_plain(struct ov_span s, uint64_t max, uint64_t *ret);
