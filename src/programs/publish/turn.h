/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "history.h"

/* The turn of the instance's log: another origin and key for the same entries
 * (docs/publisher.md, "A new year"). */

/* If a signed log-start is queued and the log has ended, the next log begins.
 * False with words if something else is queued behind the end. */
bool turn_if_due(struct instance *in, const struct history *h);
