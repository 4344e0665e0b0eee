/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/clamav_job.h"

#define OV_CLAM_MAX_SUBSIGS 64

/* What a logical expression came to. */
struct ov_clam_logic {
    uint32_t n_ids;   /* highest subsignature it names, plus 1 */
    bool is_plain;    /* "0&1&2": all of its subsignatures, each once */
    bool may_be_idle; /* it can hold though nothing matched */
};

/* Compiles an expression over subsignatures, "(0|1|2)>3,2&3", to condition
 * bytecode at the end of code. OV_MALFORMED fills fault. */
OV_MUST_USE enum ov_status ov_clam_logic(struct ov_span expression,
                                         struct ov_buf *code,
                                         struct ov_clam_logic *ret,
                                         struct ov_clam_fault *fault);
