/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "match/pattern.h"
#include "rules/yara_lex.h"

/* Regular expressions of YARA, from the token on. Errors are faults at the very
 * character. */

/* One that is a string of a rule: a pattern, its source copied into the arena.
 * Its flags are those behind the closing slash. */
OV_MUST_USE enum ov_status
ov_yara_regex_pattern(const struct ov_yara_token *token, struct ov_arena *arena,
                      struct ov_yara_fault *fault, struct ov_pattern *ret);

/* One that stands in a condition: appends what ov_re_search takes. */
OV_MUST_USE enum ov_status ov_yara_regex_code(const struct ov_yara_token *token,
                                              struct ov_yara_fault *fault,
                                              struct ov_buf *code);
