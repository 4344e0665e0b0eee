/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "audit.h"
#include "sys/ledger.h"
#include "vantage.h"

/* One look at everything, again and again. */

struct rounds {
    const struct watch_options *options;
    const struct ov_policy *policy;
    const struct ov_people *people; /* NULL: not given */
    struct ov_mirrors *mirrors;
    const struct ov_ledger *ledger;
    struct findings *found;
    struct ov_arena *arena; /* of one round */
    struct vantage *places; /* as options->places, and two more: what was seen
                               before, and what the cosigner is asked for */
    struct ov_frontier *frontier;
    struct audit *audit;
    size_t n_files_compared;      /* of audit_file */
    uint64_t release_checked[64]; /* index + 1, per channel of the audit */
    uint64_t release_same[64];    /* the same, once it came out so */
    uint64_t code_checked;        /* index + 1 of the code-release */
    uint64_t now;                 /* of this round */
};

/* Reads what earlier runs have seen. OV_BAD_DIGEST with words in diag if that
 * is damaged. */
OV_MUST_USE enum ov_status rounds_load(struct rounds *r, struct ov_diag *diag);

/* A round; what was found is told. OV_NO_MEMORY, or what keeps the state from
 * being written. */
OV_MUST_USE enum ov_status rounds_run(struct rounds *r);
