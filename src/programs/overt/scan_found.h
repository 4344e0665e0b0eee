/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/stat.h>

#include "scan_job.h"

/* What is done about the detections of one file: allow lists before anybody is
 * told, and once it is scanned the quarantine and the record of findings. Part
 * of a file's ticket; all-zero at first. */
struct scan_found {
    struct finding finding; /* the first that counts */
    struct ov_buf real;     /* path, with its NUL; empty: not known */
    uint8_t digest[OV_DIGEST_MAX];
    uint64_t size; /* with the digest */
    bool has_digest;
    bool is_known; /* real and digest were looked for */
    bool has_inconclusive;
    unsigned n_counted;
    unsigned n_suspicious; /* that count; not in n_counted */
    unsigned n_allowed;
    unsigned n_allowed_here; /* by an entry for a rule: others may hold */
};

void scan_found_done(struct scan_found *f);
/* Forgets, and keeps the memory. */
void scan_found_clear(struct scan_found *f);

/* Whether a detection is to be told. fd: the file. */
bool scan_found_counts(struct scan_found *f, const struct scan_job *job, int fd,
                       const struct ov_wire_detection *d);

/* The verdict of the file, once its scan is over. */
enum ov_verdict scan_found_verdict(const struct scan_found *f,
                                   enum ov_verdict verdict);

/* Takes the file away, if that is wanted, and tells. */
void scan_found_put_away(const struct scan_found *f, const struct scan_job *job,
                         const char *path, int fd, const struct stat *scanned,
                         struct scan_totals *totals);
