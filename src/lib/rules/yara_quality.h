/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/status.h"
#include "match/pattern.h"

/* What yara 4.2 warns about in a rule's string. */
struct ov_yara_quality {
    bool is_slow;        /* "may slow down scanning" */
    bool has_dot_repeat; /* "contains .*, .+ or .{x,}" */
};

/* Of a string as it was read. OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_yara_quality_of(const struct ov_pattern *p,
                                              struct ov_yara_quality *ret);
