/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/state_store.h"

/* Which state is meant: "overt --state DIR COMMAND ...", the option --state of
 * a command, or the usual place. */

/* Borrows path for good. */
void state_place_set(const char *path);

/* Appends the path, NUL-terminated. False after a line of error. */
bool state_place_put(struct ov_buf *b);

/* Opens the state to read: the one that is meant; an ordinary user who has none
 * reads the machine's. OV_NOT_FOUND: there is none. */
OV_MUST_USE enum ov_status state_place_open(struct ov_state **ret,
                                            struct ov_diag *diag);
