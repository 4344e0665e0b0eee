/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/matcher.h"
#include "rules/names.h"
#include "rules/ruleset.h"

/* Writes rule records, their data, and gathers their patterns for
 * ov_match_build. For compile.c. */

struct ov_rule_builder;

/* Returns owned; NULL if memory is out. */
struct ov_rule_builder *ov_rule_builder_new(void) OV_ALLOC;
void ov_rule_builder_free(struct ov_rule_builder *b);
OV_DEFINE_AUTO(rule_builder)

/* Appends one rule; its terms stay borrowed. */
OV_MUST_USE enum ov_status ov_rule_builder_add(struct ov_rule_builder *b,
                                               struct ov_names_writer *names,
                                               uint32_t source,
                                               const struct ov_rule *rule,
                                               struct ov_diag *diag);

/* All patterns in the order of their IDs; borrowed. */
const struct ov_match_input *
ov_rule_builder_patterns(const struct ov_rule_builder *b, size_t *ret_n);

/* Appends the sections rules, rule-data and notes. */
OV_MUST_USE enum ov_status ov_rule_builder_write(struct ov_rule_builder *b,
                                                 struct ov_buf *ret_rules,
                                                 struct ov_buf *ret_data,
                                                 struct ov_buf *ret_notes);
