/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/findings.h>

#include "base/buf.h"

/* What rules have cost in all files of a scan, rule by rule. */

struct rule_costs_entry {
    struct ov_buf text; /* the names that cost points to */
    struct ov_rule_cost cost;
    uint64_t n_files;
};

struct rule_costs {
    struct rule_costs_entry **slots; /* by a hash of the rule */
    size_t n_slots;                  /* a power of two, or 0 */
    size_t n;
    uint64_t steps; /* of all */
    bool is_cut;    /* memory was out: some are missing */
};

void rule_costs_add(struct rule_costs *r, const struct ov_rule_cost *c);
void rule_costs_done(struct rule_costs *r);

/* The entries, the dearest first; owned by the caller, its items by r. NULL if
 * there is none, or memory is out (is_cut). */
struct rule_costs_entry **rule_costs_sorted(struct rule_costs *r) OV_ALLOC;
