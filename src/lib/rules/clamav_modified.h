/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/clamav_job.h"

/* A subsignature's hexadecimal text with its modifiers (enum ov_pattern_flag)
 * worked in: cells and flags of ret, not its place. OV_MALFORMED and
 * OV_UNSUPPORTED fill fault. */
OV_MUST_USE enum ov_status ov_clam_modified(struct ov_span hex, uint32_t flags,
                                            struct ov_arena *arena,
                                            struct ov_pattern *ret,
                                            struct ov_clam_fault *fault);
