/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/clamav_job.h"

/* One subsignature of a logical signature, of whatever kind. */
struct ov_clam_subsig {
    struct ov_span text;
    uint32_t index;
    uint32_t target;
};

/* Splits at `at`, but not between two '/' (of a PCRE) that no backslash
 * precedes; fields before n_plain are split at every `at`. At most max; the
 * last takes the rest. */
size_t ov_clam_split_regex(struct ov_span s, uint8_t at, struct ov_span *ret,
                           size_t max, size_t n_plain);

/* Fills a term; *ret_may_be_idle is set if it may match though none of the
 * rule's other terms did. OV_MALFORMED and OV_UNSUPPORTED fill fault. */
OV_MUST_USE enum ov_status ov_clam_subsig(const struct ov_clam_subsig *sub,
                                          struct ov_arena *arena,
                                          struct ov_term *ret,
                                          bool *ret_may_be_idle,
                                          struct ov_clam_fault *fault);

/* The kinds that are files of their own: "trigger/regex/flags" with an offset
 * before it, and "n(offset#options#comparison)". */
OV_MUST_USE enum ov_status ov_clam_regex(const struct ov_clam_subsig *sub,
                                         struct ov_arena *arena,
                                         struct ov_regex *ret,
                                         bool *ret_may_be_idle,
                                         struct ov_clam_fault *fault);
OV_MUST_USE enum ov_status ov_clam_bytecmp(struct ov_span text,
                                           struct ov_bytecmp *ret,
                                           struct ov_clam_fault *fault);
