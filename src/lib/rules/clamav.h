/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/ruleset.h"

/* ClamAV's signature databases as a rule language. Formats: ClamAV manual,
 * "Signatures". Each parser is pure: a piece of one source's text in, a part
 * out; a piece begins at a line and ends at one, so that a large database can
 * be parsed by several threads. */

enum ov_clamav_format {
#define OV_CLAMAV(id, extension, what) id,
#include "rules/clamav_formats.def"
#undef OV_CLAMAV
    OV_N_CLAMAV_FORMATS
};

/* By the name's extension, any case; false if it is none of ClamAV's. */
bool ov_clamav_format_of(struct ov_span name, enum ov_clamav_format *ret);

/* Containers (.cvd .cld .cud) hold databases: ov_clamav_unpack. */
bool ov_clamav_is_container(enum ov_clamav_format f);

struct ov_clamav_options {
    uint32_t rule_flags; /* OV_RULE_OFFICIAL if the container was verified */
    uint32_t first_line; /* of this piece, from 1 */
};

/* Parses one piece into part. A line that ClamAV refuses is a skip with
 * is_error, and the result is OV_MALFORMED with the first such line in diag:
 * the caller decides whether the source is refused as a whole (clamscan does).
 * Rules for another functionality level, and what we do not run (bytecode,
 * phishing lists), are skips without error. */
OV_MUST_USE enum ov_status
ov_clamav_parse(enum ov_clamav_format f, struct ov_span text,
                const struct ov_clamav_options *options, struct ov_part *part,
                struct ov_diag *diag);

/* One database inside a container. */
struct ov_clamav_member {
    struct ov_span name; /* "daily.ndb" */
    struct ov_span text; /* in the arena */
};

struct ov_clamav_container {
    struct ov_span build_time;
    uint32_t version;
    uint32_t n_signatures;
    uint32_t functionality_level;
    struct ov_span builder;
    bool is_signed; /* its digital signature was verified */
    const struct ov_clamav_member *members;
    size_t n_members;
};

/* Whose digital signature makes a container believed. */
struct ov_clamav_trust {
    struct ov_span key;  /* "n:e" in decimal digits; empty: ClamAV's own */
    bool allow_unsigned; /* a signature or digest that does not hold only
                            makes is_signed false */
};

/* Header, MD5 and digital signature (.cvd, .cld; a .cud has none), then the
 * members. OV_BAD_SIGNATURE, OV_BAD_DIGEST, OV_MALFORMED with words in diag. */
OV_MUST_USE enum ov_status
ov_clamav_unpack(struct ov_span file, enum ov_clamav_format f,
                 const struct ov_clamav_trust *trust, struct ov_arena *arena,
                 struct ov_clamav_container *ret, struct ov_diag *diag);

/* When a .cvd or .cld was made, as its header says: seconds since 1970. Nothing
 * is verified. OV_MALFORMED if these are not the first 512 bytes of one. */
OV_MUST_USE enum ov_status ov_clamav_made(struct ov_span header,
                                          uint64_t *ret_seconds);
