/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/types.h>

#include "base/buf.h"
#include "host/query.h"
#include "sys/loop.h"

/* The control socket: HTTP/1.0 on a UNIX socket, so that curl --unix-socket and
 * any exporter can read it. GET /status and /top are JSON, GET /metrics is for
 * Prometheus, POST /reload reads settings and rules anew, /quarantine is what
 * was taken away. Who may connect is decided by the socket's mode and group;
 * POST is for root and the daemon's own user. overt-http hands in ends of
 * pairs, which are served the same way. docs/protocol-control.md. */

#define CONTROL_MAX_CLIENTS 32
#define CONTROL_MAX_SERVED 24    /* of control_serve: others have room, too */
#define CONTROL_MAX_STRANGERS 16 /* of those that may not change anything */

enum control_page {
    CONTROL_STATUS,
    CONTROL_METRICS,
    CONTROL_TOP,
    CONTROL_RELOAD,
    CONTROL_ITEMS, /* of the quarantine: these take their time */
    CONTROL_ITEM,
    CONTROL_RESTORE, /* from here on they change something */
    CONTROL_REPLACE, /* restore in place of a file that is there now */
    CONTROL_COPY,    /* restore, and keep the item */
    CONTROL_PURGE
};

struct control_request {
    enum control_page page;
    char item[32]; /* whole or the beginning of an id, with its NUL */
    /* To restore, replace, copy: why files of this content are allowed from now
     * on, and until when (empty: for the usual time); empty: they are not. */
    char allow[QUERY_REASON_MAX + 1];
    char until[QUERY_UNTIL_MAX + 1];
    uid_t uid; /* who asks; -1: somebody whom overt-http serves */
    bool may_change;
};

/* What a request's first line asks for: its HTTP status, and if that is 200 the
 * page and item. line is without its end; hostile. */
unsigned control_route(struct ov_span line, struct control_request *ret);

struct control_client;

struct control {
    struct ov_loop *loop;
    struct ov_loop_watch watch; /* of the listening socket */
    struct ov_loop_timer retry; /* there were no descriptors */
    struct control_client *clients;
    unsigned n_clients;
    void *data;
    /* Puts the page's body; for CONTROL_RELOAD does it first. */
    void (*put)(void *data, enum control_page page, struct ov_buf *b);
    /* CONTROL_ITEMS and later: the answer comes by control_answer. False: there
     * is no room for one more. */
    bool (*start)(void *data, const struct control_request *request,
                  struct control_client *client);
    /* This client will not wait for its answer any more. */
    void (*gone)(void *data, struct control_client *client);
    /* Somebody asked for what is not for them. */
    void (*refused)(void *data, uid_t uid);
};

/* Takes fd, which listens. loop, data and put are set. OV_IO. */
OV_MUST_USE enum ov_status control_init(struct control *c, int fd);
void control_done(struct control *c);

/* Serves one end of a pair, which is taken, as if it had connected: who is at
 * the other end may change something or not. Closes it if there is no room. */
void control_serve(struct control *c, int fd, bool may_change);

/* The answer to what start was called for: JSON, with an HTTP status. */
void control_answer(struct control_client *client, unsigned code,
                    struct ov_span json);
