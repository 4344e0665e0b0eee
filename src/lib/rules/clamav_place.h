/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/clamav_job.h"

/* A body signature's offset. target: ClamAV's number, which decides whether
 * there can be an entry point or sections. OV_MALFORMED fills fault. */
OV_MUST_USE enum ov_status ov_clam_place(struct ov_span s, uint32_t target,
                                         struct ov_place *ret,
                                         struct ov_clam_fault *fault);
