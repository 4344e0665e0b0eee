/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/types.h>

#include "sys/ipc.h"

/* Starting and ending jailed processes. */

struct ov_child {
    pid_t pid; /* 0: none */
    int socket;
};

enum ov_spawn_flag {
    OV_SPAWN_BEST_EFFORT = 1, /* a jail step may fail: an explicit choice */
    OV_SPAWN_NONBLOCKING = 2, /* our end of the socket */
    OV_SPAWN_STARTER = 4,     /* see fetch_starter.h */
};

/* Among the flags: how many threads help the process's own, at most
 * OV_HELPERS_MAX; the program gets it as "--helpers=" and a hexadecimal digit.
 */
#define OV_HELPERS_MAX 15u
#define OV_SPAWN_HELPERS_SHIFT 8
#define OV_SPAWN_HELPERS(n) ((unsigned)(n) << OV_SPAWN_HELPERS_SHIFT)

/* Starts the helper for a role ("worker", "judge") with an empty environment
 * and nothing but our socket. It has sent nothing yet. OV_NOT_FOUND if the
 * program is missing, with words in diag. */
OV_MUST_USE enum ov_status ov_spawn(const char *role, unsigned flags,
                                    struct ov_child *ret, struct ov_diag *diag);

/* Closes the socket, kills the process if is_killed (else it ends on its own
 * as its socket is closed), waits for its end. *child becomes none. Returns the
 * signal that ended it, or 0. */
int ov_child_end(struct ov_child *child, bool is_killed);
