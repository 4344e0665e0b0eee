/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* The filter of services that are too large for a list of what is allowed:
 * what is in deny.def is refused. The same table is printed by `overt status
 * --sandbox`. */

enum ov_deny_profile {
#define OV_DENY_PROFILE(id, word, action, why) id,
#include "sys/deny.def"
#undef OV_DENY_PROFILE
    OV_N_DENY_PROFILES
};

/* For this process, its threads and what it starts, for good; sets
 * no-new-privileges. OV_DENIED with words in diag: the
 * caller must exit. */
OV_MUST_USE enum ov_status ov_deny(enum ov_deny_profile p,
                                   struct ov_diag *diag);

/* Appends the tables as text for people. */
void ov_put_denied(struct ov_buf *b);
