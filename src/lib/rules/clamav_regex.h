/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/clamav_job.h"

/* Whether a regular expression compiles; options are PCRE2's. OV_MALFORMED
 * fills fault with the place that is wrong. */
OV_MUST_USE enum ov_status ov_clam_try_regex(struct ov_span source,
                                             uint32_t options,
                                             struct ov_clam_fault *fault);
