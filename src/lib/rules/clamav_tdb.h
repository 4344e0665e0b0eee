/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/clamav_job.h"

/* The target description block of a logical signature, and of other lines that
 * have one: "Engine:51-255,Target:1,FileSize:1-100". */
struct ov_clam_tdb {
    uint32_t target;
    bool has_target;
    bool has_engine;
    uint32_t container; /* enum ov_type, or OV_TYPE_ANY */
    uint64_t engine_min;
};

/* Reads it, and appends its conditions to code: each is one operation and one
 * "and" with what is already there. That there is a Target is left to the
 * caller. OV_MALFORMED: the database is refused;
 * OV_UNSUPPORTED: the line is left out. Both fill fault. */
OV_MUST_USE enum ov_status ov_clam_tdb(struct ov_span text, struct ov_buf *code,
                                       struct ov_clam_tdb *ret,
                                       struct ov_clam_fault *fault);
