/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/compile.h"

/* Records of a release -> the image of one tier. */

struct ov_tier_record {
    struct ov_span id;   /* the source's name in the image */
    struct ov_span kind; /* a rule file's extension */
    struct ov_span source;
};

struct ov_tier_job {
    const struct ov_tier_record *records; /* by ID, rising; else OV_USAGE */
    size_t n_records;
    /* IDs of which the records in earlier tiers do not count; rising. Tier 0
     * has none; tier 1 those that were changed or deleted since. */
    const struct ov_span *withdrawn;
    size_t n_withdrawn;
};

/* The same records give the same bytes. A line that cannot be used is left out
 * and counted in the image; a kind that is no rule language is OV_UNSUPPORTED
 * with the record in diag. ret_report and diag may be NULL. */
OV_MUST_USE enum ov_status ov_tier_compile(const struct ov_tier_job *job,
                                           struct ov_buf *ret,
                                           struct ov_compile_report *ret_report,
                                           struct ov_diag *diag);
