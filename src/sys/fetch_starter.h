/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/spawn.h"

/* Filters of system calls are inherited, so whoever gives up sockets (deny.h)
 * can't start an overt-fetch that has them. One is started before, and does
 * nothing but become others when it is asked to. There is one for a process. */

/* Starts it, and waits for nothing; once. Where it is missing, ov_fetch_spawn
 * will say so. It ends with this process. */
void ov_fetch_starter_begin(void);

/* As ov_spawn of "fetch": by the starter, or at once if there is none. */
OV_MUST_USE enum ov_status ov_fetch_spawn(unsigned flags, struct ov_child *ret,
                                          struct ov_diag *diag);
