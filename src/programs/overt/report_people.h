/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/output.h"
#include "rule_costs.h"
#include "scan_job.h"

/* What overt scan prints for people, and for programs (one JSON object a line,
 * docs/overt-scan.schema.json). */
struct scan_report {
    struct report report; /* must be first */
    struct out *out;
    bool is_verbose; /* clean files too */
    bool is_quiet;   /* no summary */
    bool has_explanation;
    bool has_quarantine;     /* which tells the same id */
    struct rule_costs costs; /* --profile-rules */
    uint64_t last_progress;  /* nanoseconds since the start */
};

void report_people(struct scan_report *r);
void report_json(struct scan_report *r);

/* Both: gathers what rules cost. */
void report_cost(struct report *r, const struct ov_rule_cost *c);

/* Both: flushes, and shows progress on a terminal. */
bool report_tick(struct report *r, const struct scan_totals *t);
