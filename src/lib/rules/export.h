/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/tier_build.h"

/* Rules in the formats of others, for who wants to leave or to compare. What
 * another scanner has no words for is listed, never left out in silence. */

enum ov_export_as {
    OV_EXPORT_CLAMAV, /* databases, as clamscan -d takes them */
    OV_EXPORT_YARA,   /* sources, as yara takes them */
    OV_N_EXPORTS
};

/* Where what was not exported is listed: a line "what <tab> kind <tab> why". */
#define OV_EXPORT_LEFT "not-exported.txt"

struct ov_export {
    enum ov_export_as as;
    /* Appends text to a file, whose name is of a-z, 0-9, '-' and '.'. */
    enum ov_status (*write)(void *data, struct ov_span file,
                            struct ov_span text);
    void *data;
    uint64_t n_records;  /* so far */
    uint64_t n_exported; /* lines of databases, or sources */
    uint64_t n_left;     /* listed instead */
};

/* Exports one record. OV_NO_MEMORY, or what write says. */
OV_MUST_USE enum ov_status ov_export_record(struct ov_export *x,
                                            const struct ov_tier_record *r);

/* ---- export_ndb.c ---- */

/* Appends a YARA rule that says what a line of an .ndb says, or returns false
 * and *ret_why tells why there is none. number makes its name the only one. */
bool ov_export_ndb(struct ov_span line, uint64_t number, struct ov_buf *b,
                   const char **ret_why);
