/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "sys/loop.h"
#include "sys/wire_http.h"

/* One question to the daemon, on a connection of its own, without waiting. */

struct http_ask {
    /* Set by the owner. */
    struct ov_loop *loop;
    void *data;
    /* The end, once: OV_OK and all that the daemon said, borrowed for the call;
     * or OV_TIMED_OUT, OV_PEER_GONE, OV_LIMIT_SIZE. */
    void (*done)(struct http_ask *a, enum ov_status status,
                 struct ov_span answer);

    bool is_open;
    struct ov_loop_watch watch;
    struct ov_loop_timer timer;
    struct ov_buf answer;
};

/* Once per struct: OV_NO_MEMORY. */
OV_MUST_USE enum ov_status http_ask_init(struct http_ask *a);
void http_ask_done(struct http_ask *a);

/* Has the daemon look at a file, borrowed, with all rules or up to the first
 * that holds. OV_LIMIT_COUNT: it has no room now;
 * OV_IO, OV_PEER_GONE. Else done is called, not before this has returned. */
OV_MUST_USE enum ov_status http_ask_scan(struct http_ask *a, int file,
                                         bool wants_all);
/* Asks for a page: "GET /status". The same. */
OV_MUST_USE enum ov_status http_ask_page(struct http_ask *a,
                                         const char *question);
