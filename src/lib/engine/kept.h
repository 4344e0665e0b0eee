/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/findings.h>

#include "base/arena.h"

/* Findings that are kept, to be told later and elsewhere. */

struct ov_kept_finding {
    struct ov_kept_finding *next;
    bool is_detection;
    struct ov_detection detection;
    struct ov_inconclusive inconclusive;
};

struct ov_kept {
    struct ov_arena *arena; /* where copies go */
    struct ov_kept_finding *first;
    struct ov_kept_finding *last;
    bool has_failed; /* no memory: some are missing */
};

/* Findings that go into kept, with all they point to. */
struct ov_findings ov_kept_findings(struct ov_kept *kept);
