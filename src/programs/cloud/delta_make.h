/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pending_act.h"
#include "verdict_journal.h"

/* Makes, logs and places delta segments for what the journal has behind the
 * position; *ret_n: how many. */
bool delta_make_all(const struct cloud *c, struct verdict_journal *j,
                    uint64_t *ret_n);
