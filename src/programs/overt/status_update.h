/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/output.h"

/* The part of overt status that is about updates: what is installed, how old
 * the publisher's and the witnesses' word is, and how the last update ended.
 * Returns an exit code: EXIT_CLEAN, EXIT_INCONCLUSIVE if it is stale,
 * EXIT_ERROR if the state cannot be read. */
int status_update_print(struct out *o, bool is_json);
