/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "match/pattern.h"
#include "rules/yara_lex.h"

/* YARA's strings as patterns of match/: cells in the arena, flags apart. */

/* The inside of a text's quotes, unescaped. OV_MALFORMED with a fault at token,
 * which must be the text's. */
OV_MUST_USE enum ov_status ov_yara_unescape(const struct ov_yara_token *token,
                                            struct ov_arena *arena,
                                            struct ov_yara_fault *fault,
                                            struct ov_span *ret);

OV_MUST_USE enum ov_status ov_yara_text_cells(struct ov_span bytes,
                                              struct ov_arena *arena,
                                              struct ov_pattern *ret);

/* The inside of a hexadecimal string's braces, which begins at place. */
OV_MUST_USE enum ov_status ov_yara_hex_cells(struct ov_span inside,
                                             struct ov_yara_place place,
                                             struct ov_arena *arena,
                                             struct ov_yara_fault *fault,
                                             struct ov_pattern *ret);
