/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/export.h"

/* Exports the rules of a release: records (of the base) with a delta applied to
 * them. Fills in what x counts. */
OV_MUST_USE enum ov_status export_job_run(struct ov_span records,
                                          struct ov_span delta,
                                          struct ov_export *x);
