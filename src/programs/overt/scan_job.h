/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rule_set.h"
#include "sys/pool.h"
#include "sys/walk.h"

/* A scan of many files: what front ends (overt scan, overt clamscan) share.
 * Walks, looks into the verdict cache, opens, hands out, tells a report. */

/* One file that is done. */
struct scan_file {
    const char *path;
    enum ov_verdict verdict;
    struct ov_span type;
    uint64_t size;
    uint64_t n_objects;
    bool is_cached; /* not scanned: known to be clean */
    int fd;         /* still open, or -1 */
};

struct scan_totals {
    uint64_t n_files; /* done, by verdict: */
    uint64_t by_verdict[OV_N_VERDICTS];
    uint64_t n_cached;    /* of these, not scanned again */
    uint64_t n_errors;    /* could not be opened or read */
    uint64_t n_specials;  /* devices, pipes, sockets, links: nothing to scan */
    uint64_t n_unscanned; /* handed out when the scan was interrupted */
    uint64_t n_bytes;     /* of files done */
    uint64_t n_nanoseconds;
    uint64_t expected_files; /* 0: not counted (yet) */
    uint64_t expected_bytes;
    bool is_interrupted;
    bool is_complete; /* every path was walked to its end */
    struct ov_pool_state pool;
};

/* Whom the scan tells; functions are set if they do not say otherwise. Texts
 * are hostile. */
struct report {
    void (*detection)(struct report *r, const char *path,
                      const struct ov_wire_detection *d);
    /* A place where a string of that rule matched; or NULL. */
    void (*match)(struct report *r, const char *path,
                  const struct ov_string_match *m);
    void (*cost)(struct report *r, const struct ov_rule_cost *c); /* or NULL */
    /* Lines that rules print, each with its newline; or NULL. */
    void (*console)(struct report *r, const char *path, struct ov_span lines);
    void (*inconclusive)(struct report *r, const char *path,
                         const struct ov_wire_inconclusive *i);
    void (*file)(struct report *r, const struct scan_file *f);
    /* A path where there is nothing to scan: a link that is not followed, a
     * device. NULL: not told. */
    void (*skipped)(struct report *r, const char *path, enum ov_walk_kind kind);
    /* A path that could not be scanned, in words. */
    void (*error)(struct report *r, const char *path, const char *text);
    /* Now and then; false ends the scan. */
    bool (*tick)(struct report *r, const struct scan_totals *t);
    void (*summary)(struct report *r, const struct scan_totals *t);
};

struct scan_job {
    const char *const *paths; /* "-": standard input */
    size_t n_paths;
    const char *files_from; /* more paths, one a line; "-": standard input */
    struct ov_walk_options walk;
    const struct rule_set *rules;
    struct ov_wire_open open;   /* flags and limits */
    const char *sandbox_report; /* for the module "cuckoo"; or NULL */
    unsigned n_workers;
    unsigned timeout_ms;
    unsigned spawn_flags;
    bool no_cache;
    bool has_progress; /* count beside the scan how much there is */
    struct report *report;
};

/* OV_OK also if files could not be read or the scan was interrupted: totals
 * tell. Else nothing can be scanned, with words in diag. */
OV_MUST_USE enum ov_status scan_run(const struct scan_job *job,
                                    struct scan_totals *ret,
                                    struct ov_diag *diag);

/* Verdict and reason words. */
const char *verdict_word(enum ov_verdict v);
