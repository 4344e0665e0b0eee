/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "update_job.h"

/* What the cloud says, believed or not: the judge's half. */

/* Whether a task is one of these. */
bool cloud_job_is(uint32_t task);

/* As update_job_run. What it came to goes to the parent as lines "name value";
 * the first is "status", the number of an enum ov_status. */
OV_MUST_USE enum ov_status cloud_job_run(const struct update_job *job);
