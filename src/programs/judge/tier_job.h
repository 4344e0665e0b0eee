/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/compile.h"

/* Compiles a tier from the records of a release (their canonical bytes, by ID)
 * and the IDs that it withdraws (a line each, rising). OV_MALFORMED and so on
 * with words in diag. */
OV_MUST_USE enum ov_status tier_job_compile(struct ov_span records,
                                            struct ov_span withdrawn,
                                            struct ov_buf *image,
                                            struct ov_compile_report *report,
                                            struct ov_diag *diag);
