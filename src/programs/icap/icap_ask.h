/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "sys/clamd_client.h"
#include "sys/loop.h"

/* A question to the daemon, without waiting: is this file clean; which rules
 * are there. */

struct icap_ask {
    /* Set by the owner. */
    struct ov_loop *loop;
    const char *socket_path;
    void *data;
    /* The answer, once; reply.name is borrowed for the call. The daemon's
     * failure is OV_CLAMD_ERROR. */
    void (*done)(struct icap_ask *a, const struct ov_clamd_reply *reply);

    int fd; /* the file, borrowed; -1: the version is asked for */
    bool is_open;
    unsigned n_tries;
    struct ov_loop_watch watch;
    struct ov_loop_timer timer;
    struct ov_buf line;
};

/* Once per struct: OV_NO_MEMORY. */
OV_MUST_USE enum ov_status icap_ask_init(struct icap_ask *a);
void icap_ask_done(struct icap_ask *a);

/* Asks about fd, which must stay open until done; -1: for the version. The
 * answer never comes inside this call. */
void icap_ask_start(struct icap_ask *a, int fd);
void icap_ask_cancel(struct icap_ask *a);
