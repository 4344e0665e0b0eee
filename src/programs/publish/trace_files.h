/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "history.h"

/* Writes what clients keep of the log, for each release of the channel that is
 * logged (docs/protocol-rules.md, "Trace"): the step from the release before
 * it, merged steps, and for the newest base the way from the log's beginning.
 * What is there stays. */
bool trace_publish(struct instance *in, const struct history *h,
                   const char *channel);
