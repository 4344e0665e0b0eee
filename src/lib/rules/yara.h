/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/ruleset.h"

/* YARA sources as a rule language (YARA documentation, "Writing YARA rules").
 * docs/rules.md says what is taken, docs/limits.md what is not yet. */

/* All-zero means the defaults. */
struct ov_yara_options {
    uint32_t rule_flags; /* added to each rule's */
};

/* Parses one source, which is one namespace, into part. A rule that uses what
 * is not taken yet is a skip with its reason, without is_error, and so are the
 * rules that refer to it; all others compile. What YARA would refuse too is a
 * skip with is_error; then the result is OV_MALFORMED with the first such place
 * in diag. Private rules only serve others and are not in the part. */
OV_MUST_USE enum ov_status ov_yara_parse(struct ov_span text,
                                         const struct ov_yara_options *options,
                                         struct ov_part *part,
                                         struct ov_diag *diag);
