/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/parts.h"

/* Regular expressions in the pass. */

/* Adds to hits the matches of p, an expression, that pass one of its nodes at
 * `at`. OV_MALFORMED if p is damaged. */
OV_MUST_USE enum ov_status ov_re_match_at(struct ov_attempt *a,
                                          const struct ov_program *p,
                                          uint64_t at, struct ov_hits *hits);
