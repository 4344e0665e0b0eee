/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/clamav_job.h"

/* A body signature, of whatever format. */
struct ov_clam_body {
    struct ov_span name;
    uint32_t target; /* ClamAV's number, less than 15 */
    struct ov_span offset;
    struct ov_span hex;
};

/* Adds it as a rule, or refuses or skips the line. */
OV_MUST_USE enum ov_status ov_clam_add_body(struct ov_clam_job *job,
                                            const struct ov_clam_body *body);

/* ov_rule.targets for ClamAV's number. */
uint32_t ov_clam_targets(uint32_t target);
