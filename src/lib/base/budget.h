/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/findings.h>

#include "base/status.h"

/* Counted limits of one scan: the same bytes and rules stop at the same place
 * on any machine. Bytes: what was looked at, all objects together. Objects:
 * files and members. Steps: units of work, about a nanosecond each, spent by
 * whatever may be made to work more than in proportion to its input. Matches:
 * places where a pattern was confirmed. */

struct ov_budget {
    uint64_t limit[OV_N_COST]; /* 0: none */
    uint64_t spent[OV_N_COST];
};

/* The default limits, nothing spent. */
struct ov_budget ov_budget_default(void);

/* Adds n to what was spent; the cost's status once the limit is passed, and
 * from then on. */
OV_MUST_USE enum ov_status ov_budget_spend(struct ov_budget *b,
                                           enum ov_cost what, uint64_t n);

/* What is left; UINT64_MAX without a limit. */
uint64_t ov_budget_left(const struct ov_budget *b, enum ov_cost what);
