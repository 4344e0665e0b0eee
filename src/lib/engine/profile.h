/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/status.h"

/* Which rule costs what (OV_SCAN_PROFILE): counted while a file is scanned,
 * told by findings->cost at its end. Without the flag all of these do nothing.
 */

struct ov_profile;
struct ov_scan;

/* OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_profile_begin(struct ov_scan *scan);

/* A pattern of the rule was tried at one place; data is the scan (struct
 * ov_match_job, cost). Only with the flag. */
void ov_profile_tried(void *data, size_t tier, uint32_t rule, uint64_t steps);

void ov_profile_evaluated(struct ov_scan *scan, size_t tier, uint32_t rule,
                          uint64_t steps);
void ov_profile_end(struct ov_scan *scan);
void ov_profile_free(struct ov_profile *p);
