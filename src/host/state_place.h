/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/state_store.h"

/* Which state is meant: "overt --state DIR COMMAND ...", the option --state of
 * a command, or the usual place. */

/* Borrows path for good. */
void state_place_set(const char *path);

/* The same as what an option of host/option.h sets; data is not used. */
const char *state_place_option(void *data, const char *value);

/* Appends the path, NUL-terminated. False after a line of error. */
bool state_place_put(struct ov_buf *b);

/* The same without a word, where none need be. */
bool state_place_has(struct ov_buf *b);

/* Whether state_place_set was called. */
bool state_place_is_given(void);

/* Opens the state to read: the one that is meant; an ordinary user who has none
 * reads the machine's. OV_NOT_FOUND: there is none. */
OV_MUST_USE enum ov_status state_place_open(struct ov_state **ret,
                                            struct ov_diag *diag);
