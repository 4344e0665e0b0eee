/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "sys/landlock.h"

/* What every program that serves until it is told to end needs. */

/* From now on SIGTERM and SIGINT are remembered; writing to who has gone, and
 * to a file that is full, are errors and no signals. */
bool ov_serving_catch_signals(void);
bool ov_serving_is_ended(void);

/* From now on only these places, sockets that are open already or of the
 * profile OV_DENY_SERVICE, and no other programs. What failed is in diag:
 * nothing may be served then. */
OV_MUST_USE enum ov_status
ov_serving_jail(const struct ov_landlock_places *places, struct ov_diag *diag);
