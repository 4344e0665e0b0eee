/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/clamav_job.h"

/* A body signature's hexadecimal text, to cells in the arena. is_plain: a text
 * without any wildcard needs three bytes, not two (so ClamAV where the target
 * is 0). OV_MALFORMED fills fault; OV_UNSUPPORTED too: it is well formed, but
 * can never match. flags and place of ret are left to the caller. */
OV_MUST_USE enum ov_status ov_clam_hex(struct ov_span hex, bool is_plain,
                                       struct ov_arena *arena,
                                       struct ov_pattern *ret,
                                       struct ov_clam_fault *fault);
