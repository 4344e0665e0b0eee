/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/ruleset.h"

/* Which rules the .ign and .ign2 lines of all parts silence. */
struct ov_ignores;

/* Gathers them; borrows sources and parts. Returns owned. */
OV_MUST_USE enum ov_status ov_ignores_new(const struct ov_source *sources,
                                          struct ov_part *const *parts,
                                          size_t n_parts,
                                          struct ov_ignores **ret);
void ov_ignores_free(struct ov_ignores *g);
OV_DEFINE_AUTO(ignores)

/* Whether the rule of this name, at this line of the source, is silenced. */
OV_MUST_USE enum ov_status ov_ignores_ask(struct ov_ignores *g,
                                          struct ov_span name, uint32_t source,
                                          uint32_t line, bool *ret);
