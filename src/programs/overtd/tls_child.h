/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/types.h>

#include "sys/loop.h"

/* overt-tls beside the daemon, for clamd's protocol or for the HTTP API:
 * started with it, started again if it ends. */
struct tls_child {
    struct ov_loop *loop;
    const char *config; /* overt.conf, which it reads itself */
    bool is_api;
    pid_t pid;                  /* 0: none */
    int lifeline;               /* its stdin's other end: closed as we go */
    struct ov_loop_watch watch; /* of its pidfd */
    struct ov_loop_timer again;
};

/* False after a line of error. */
bool tls_child_start(struct tls_child *t);
void tls_child_stop(struct tls_child *t);
