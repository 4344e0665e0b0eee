/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* A small HTTP/1.1 server in one thread: requests are handled when they are
 * whole, those that came together are settled together, then answered. TLS is
 * the business of a proxy in front. */

struct ov_http_request {
    struct ov_span method; /* "GET" */
    struct ov_span path;   /* decoded, without the query */
    struct ov_span body;
};

struct ov_http_answer {
    unsigned code;
    const char *type;   /* Content-Type, borrowed for ever; NULL: text/plain */
    unsigned max_age;   /* seconds a cache may keep it; 0: not at all */
    struct ov_buf body; /* the server's to free */
};

struct ov_http_options {
    const char *listen; /* "127.0.0.1:8080", "[::1]:8080"; port 0: any */
    size_t max_body;    /* of a request; above it: 413 */
    size_t max_answer;
    unsigned max_connections;
    unsigned idle_seconds; /* then a silent connection is closed */
    void *data;
    /* Fills answer, which stays where it is until settle has returned. */
    void (*handle)(void *data, const struct ov_http_request *request,
                   struct ov_http_answer *answer);
    /* Called after a group of requests was handled and before the first of them
     * is answered: the time to make durable what they changed. May be NULL. */
    void (*settle)(void *data);
};

struct ov_http_server;

/* Listens. Borrows options for the server's life. OV_USAGE for an address that
 * is none, OV_IO with words in diag. */
OV_MUST_USE enum ov_status ov_http_server_new(const struct ov_http_options *o,
                                              struct ov_http_server **ret,
                                              struct ov_diag *diag);
void ov_http_server_free(struct ov_http_server *s);
OV_DEFINE_AUTO(http_server)

/* The port that is listened on. */
unsigned ov_http_server_port(const struct ov_http_server *s);

/* Serves what there is, or waits for it up to so many milliseconds; a signal
 * ends the wait. OV_IO: the server is broken. */
OV_MUST_USE enum ov_status ov_http_server_run(struct ov_http_server *s,
                                              unsigned milliseconds);
