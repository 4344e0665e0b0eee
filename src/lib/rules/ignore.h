/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/compile.h"

/* Which rules the .ign and .ign2 lines of all parts silence. */
struct ov_ignores;

/* Gathers them; borrows the job's sources and parts. With keeps_silenced only
 * lines that name a rule's text, too, are gathered. Returns owned. */
OV_MUST_USE enum ov_status ov_ignores_new(const struct ov_compile_job *job,
                                          struct ov_ignores **ret);
void ov_ignores_free(struct ov_ignores *g);
OV_DEFINE_AUTO(ignores)

/* Whether the rule of this name, at this line of the source, is silenced. */
OV_MUST_USE enum ov_status ov_ignores_ask(struct ov_ignores *g,
                                          struct ov_span name, uint32_t source,
                                          uint32_t line, bool *ret);
