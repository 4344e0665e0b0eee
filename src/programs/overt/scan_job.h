/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/allow_place.h"
#include "host/quarantine.h"
#include "host/rule_set.h"
#include "host/scan_cloud.h"
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
    /* SHA-256 of a file in which something was found; NULL: not known. */
    const uint8_t *digest;
    int fd; /* still open, or -1 */
};

struct scan_totals {
    uint64_t n_files; /* done, by verdict: */
    uint64_t by_verdict[OV_N_VERDICTS];
    uint64_t n_cached;     /* of these, not scanned again */
    uint64_t n_suspicious; /* something suspicious in them, whatever else */
    uint64_t n_errors;     /* could not be opened, read, or quarantined */
    uint64_t n_taken;      /* in quarantine now */
    uint64_t n_specials;   /* devices, pipes, sockets, links: nothing to scan */
    uint64_t n_unscanned;  /* handed out when the scan was interrupted */
    uint64_t n_bytes;      /* of files done */
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
    /* A piece of what the detection told last is about; or NULL, then nobody is
     * asked for them. */
    void (*sample)(struct report *r, const char *path, struct ov_span piece);
    /* And what a worker says of it behind its last piece; or NULL. */
    void (*sample_facts)(struct report *r,
                         const struct ov_wire_sample_facts *f);
    /* Lines that rules print, each with its newline; or NULL. */
    void (*console)(struct report *r, const char *path, struct ov_span lines);
    void (*inconclusive)(struct report *r, const char *path,
                         const struct ov_wire_inconclusive *i);
    void (*file)(struct report *r, const struct scan_file *f);
    /* A path where there is nothing to scan: a link that is not followed, a
     * device. NULL: not told. */
    void (*skipped)(struct report *r, const char *path, enum ov_walk_kind kind);
    /* What was found is in quarantine now, after file. NULL: nothing is put
     * there. */
    void (*taken)(struct report *r, const char *path,
                  const struct quarantine_taken *t);
    /* A path that could not be scanned, in words. */
    void (*error)(struct report *r, const char *path, const char *text);
    /* The machine runs on its battery and the scan waits, or goes on. NULL: not
     * told. */
    void (*waiting)(struct report *r, bool is_waiting);
    /* Now and then; false ends the scan. */
    bool (*tick)(struct report *r, const struct scan_totals *t);
    void (*summary)(struct report *r, const struct scan_totals *t);
};

struct scan_job {
    const char *const *paths; /* "-": standard input */
    size_t n_paths;
    const int *pids; /* processes whose memory is scanned, before all else */
    size_t n_pids;
    const char *process_prefix; /* what stands before its number in reports */
    uint64_t max_process_chunk; /* 0: 1 GiB */
    const char *files_from; /* more paths, one a line; "-": standard input */
    struct ov_walk_options walk;
    const struct rule_set *rules;
    struct ov_wire_open open;      /* flags and limits */
    struct quarantine *quarantine; /* where what is found is put; or NULL */
    /* What does not count; NULL: nothing is looked up, and no digest made. With
     * entries for rules, open has OV_SCAN_ALL_MATCHES, and is_first_told says
     * that of a file only the first detection is told all the same. */
    const struct allow_lists *allow;
    bool is_first_told;
    struct scan_cloud *cloud;   /* asked about programs; or NULL */
    const char *findings;       /* the record of findings; or NULL */
    const char *sandbox_report; /* for the module "cuckoo"; or NULL */
    struct ov_span words;       /* lines, for samples; empty: none */
    struct ov_span passwords;   /* lines, to try; empty: none */
    unsigned n_workers;
    unsigned timeout_ms;
    unsigned spawn_flags;
    bool no_cache;
    bool has_progress;     /* count beside the scan how much there is */
    bool waits_on_battery; /* begin no file while the machine runs on one */
    struct report *report;
};

/* OV_OK also if files could not be read or the scan was interrupted: totals
 * tell. Else nothing can be scanned, with words in diag. */
OV_MUST_USE enum ov_status scan_run(const struct scan_job *job,
                                    struct scan_totals *ret,
                                    struct ov_diag *diag);

/* Verdict and reason words. */
const char *verdict_word(enum ov_verdict v);
