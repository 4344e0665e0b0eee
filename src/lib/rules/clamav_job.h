/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/clamav.h"

/* What the ClamAV front ends share: one job is the parsing of one piece of one
 * database. Each front end reads the line in `text` and adds to the part; it
 * returns a status only when parsing cannot go on (memory). */
struct ov_clam_job {
    enum ov_clamav_format format;
    struct ov_part *part;
    struct ov_diag *diag;
    uint32_t rule_flags; /* enum ov_rule_flag of every rule of this piece */
    uint32_t line;       /* from 1 */
    struct ov_span text; /* the line, without its end */
    bool has_entry;      /* set by formats that need one */
    bool is_refused;     /* a line that ClamAV refuses was seen */
};

/* The functionality level that we answer with: that of clamscan 1.4.6. */
#define OV_CLAM_LEVEL 216

/* Longest lines that ClamAV reads in one piece, without their ends. */
#define OV_CLAM_LINE_MAX 8190
#define OV_CLAM_LONG_LINE_MAX 32767

/* Why a line, or a part of one, is wrong. why is a string literal. */
struct ov_clam_fault {
    const char *why;
    struct ov_span what;
};

/* Fills fault and returns OV_MALFORMED. */
OV_MUST_USE enum ov_status ov_clam_fault(struct ov_clam_fault *fault,
                                         const char *why, struct ov_span what);

/* The line is wrong: the database is refused. what: the offending text. */
OV_MUST_USE enum ov_status ov_clam_refuse(struct ov_clam_job *job,
                                          const char *why, struct ov_span what);
/* The line is left out: ClamAV does so too, or we do not run it. */
OV_MUST_USE enum ov_status ov_clam_skip(struct ov_clam_job *job,
                                        const char *why, struct ov_span what);

/* Splits s at each `at` into at most max fields; the last takes the rest.
 * Returns how many (at least 1). */
size_t ov_clam_split(struct ov_span s, uint8_t at, struct ov_span *ret,
                     size_t max);

/* As C's atoi, which ClamAV uses for optional fields: blanks, a sign, digits;
 * what follows is ignored. 0 if there is no number. */
int64_t ov_clam_number(struct ov_span s);

/* Only decimal digits, or nothing at all: what ClamAV calls a number. */
bool ov_clam_is_number(struct ov_span s);

/* Of "min[:max]" fields: whether our level is within. */
bool ov_clam_in_level(const struct ov_span *fields, size_t n);

/* The front ends: one line each. */
OV_MUST_USE enum ov_status ov_clam_hash_line(struct ov_clam_job *job);
OV_MUST_USE enum ov_status ov_clam_ndb_line(struct ov_clam_job *job);
OV_MUST_USE enum ov_status ov_clam_ldb_line(struct ov_clam_job *job);
OV_MUST_USE enum ov_status ov_clam_db_line(struct ov_clam_job *job);
OV_MUST_USE enum ov_status ov_clam_cdb_line(struct ov_clam_job *job);
OV_MUST_USE enum ov_status ov_clam_md_line(struct ov_clam_job *job);
OV_MUST_USE enum ov_status ov_clam_ign_line(struct ov_clam_job *job);
OV_MUST_USE enum ov_status ov_clam_pwdb_line(struct ov_clam_job *job);
OV_MUST_USE enum ov_status ov_clam_ftm_line(struct ov_clam_job *job);
OV_MUST_USE enum ov_status ov_clam_idb_line(struct ov_clam_job *job);
