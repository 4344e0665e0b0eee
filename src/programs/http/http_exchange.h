/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/loop.h"
#include "sys/wire_http.h"

/* HTTP: what clients ask, by libmicrohttpd, and when they get their answers. */

struct http_server {
    struct ov_loop *loop;
    struct ov_wire_http_settings settings;
    struct MHD_Daemon *daemon; /* NULL: not begun */
    struct ov_loop_watch watch;
    struct ov_loop_timer turn;  /* the library has something due */
    struct ov_loop_timer sweep; /* who is too slow */
    struct http_link *links;
    uint64_t n_body; /* bytes of all bodies */
    size_t n_asked;  /* requests whose heads are there, without an answer */
};

/* Serves who connects to fd, which is taken; loop and settings are set.
 * OV_NO_MEMORY. */
OV_MUST_USE enum ov_status http_server_begin(struct http_server *s, int fd);

/* Serves nobody who connects from now on; what has been begun goes on, until
 * n_asked is 0. */
void http_server_leave(struct http_server *s);
