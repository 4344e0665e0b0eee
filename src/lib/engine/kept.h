/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/findings.h>

#include "base/arena.h"

/* Findings that are kept, to be told later and elsewhere. */

struct ov_kept_finding {
    struct ov_kept_finding *next;

    enum ov_kept_kind {
        OV_KEPT_DETECTION,
        OV_KEPT_INCONCLUSIVE,
        OV_KEPT_CONSOLE,
    } kind;

    struct ov_detection detection;
    struct ov_inconclusive inconclusive;
    struct ov_span console;
};

struct ov_kept {
    struct ov_arena *arena; /* where copies go */
    struct ov_kept_finding *first;
    struct ov_kept_finding *last;
    bool has_failed; /* no memory: some are missing */
};

/* Findings that go into kept, with all they point to; of the kinds that `of`
 * takes. */
struct ov_findings ov_kept_findings(struct ov_kept *kept,
                                    const struct ov_findings *of);
