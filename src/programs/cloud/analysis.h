/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "control/analysis_store.h"
#include "reputation/triage.h"
#include "sys/pool.h"

/* Analysis of what was submitted: takes sealed envelopes of the queue, opens
 * them, has a jailed worker look at each sample with all rules, and makes cases
 * of what was found (docs/protocol-submissions.md, "Analysis"). This side
 * compares lengths and a digest, and reads the note of lines; the sample's
 * bytes are the worker's alone. */

#define ANALYSIS_KEYS_MAX 8

struct analysis_options {
    struct control_store *store;
    const char *blobs; /* folder */
    const char *region;
    uint8_t (*keys)[OV_HPKE_KEY]; /* that open envelopes */
    size_t n_keys;
    const struct ov_pool_images *images; /* all rules */
    unsigned n_workers;                  /* 0: one per processor */
    unsigned timeout_ms;                 /* for a sample; 0: the pool's */
    unsigned max_tries;                  /* of a sample that ends workers */
    unsigned spawn_flags;
    uint64_t (*now)(void);
    void (*note)(const char *what, struct ov_span detail);
};

struct analysis;

/* Returns owned; borrows the options' things. */
OV_MUST_USE enum ov_status analysis_new(const struct analysis_options *o,
                                        struct analysis **ret);
/* What was taken and is not done is given back. */
void analysis_free(struct analysis *a);

/* Takes what there is and room for, waits at most so many milliseconds for
 * workers, and keeps what they have found. *ret_n: samples that are with
 * workers now. OV_PEER_GONE, OV_MISMATCH: the database, later perhaps; others
 * are final. Words in diag. */
OV_MUST_USE enum ov_status analysis_turn(struct analysis *a, int milliseconds,
                                         size_t *ret_n, struct ov_diag *diag);

/* So far: cases that were made or grew, and submissions that made none. */
struct analysis_count {
    uint64_t n_cases;
    uint64_t n_refused;
    uint64_t n_retried;
};
struct analysis_count analysis_count(const struct analysis *a);
