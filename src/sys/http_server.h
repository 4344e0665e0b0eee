/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* A small HTTP/1.1 server in one thread: requests are handled when they are
 * whole, those that came together are settled together, then answered. TLS is
 * the business of a proxy in front. */

struct ov_http_pair {
    struct ov_span name;
    struct ov_span value;
};

#define OV_HTTP_QUERY_MAX 16

struct ov_http_request {
    struct ov_span method;            /* "GET" */
    struct ov_span path;              /* decoded, without the query */
    const struct ov_http_pair *query; /* decoded */
    size_t n_query;        /* above OV_HTTP_QUERY_MAX: so many came, and no more
                              than that are there */
    struct ov_span accept; /* of "Accept"; ptr NULL: none came */
    struct ov_span body;
    struct ov_span token; /* of "Authorization: Bearer TOKEN", or empty */
    struct ov_span who; /* whose connection it is, on a local socket; or empty:
                           nobody's, to be refused */
    bool takes_gzip;    /* "Accept-Encoding: gzip" is among its headers */
};

struct ov_http_header {
    const char *name; /* borrowed for ever */
    char value[64];
};

/* A header that is the same for all answers. */
struct ov_http_fixed {
    const char *name; /* NULL: the end of a list */
    const char *value;
};

struct ov_http_answer {
    unsigned code;
    const char *type;   /* Content-Type, borrowed for ever; NULL: text/plain */
    unsigned max_age;   /* seconds a cache may keep it; 0: not at all */
    struct ov_buf body; /* the server's to free */
    struct ov_http_header headers[2];  /* name NULL: none */
    const struct ov_http_fixed *fixed; /* borrowed for ever; NULL: none */
    bool is_gzip;                      /* the body is packed */
};

struct ov_http_options {
    const char *listen; /* "127.0.0.1:8080", "[::1]:8080"; port 0: any */
    /* The path of a socket instead, mode 0600, for a door that has made sure
     * whom it lets in (overt-tls): the first line of each connection is that
     * one's name. */
    const char *local;
    size_t max_body;   /* of a request; above it: 413 */
    size_t max_bodies; /* memory for all that are under way; above it: 503 */
    size_t max_answer;
    unsigned max_connections;
    /* For a head to be whole, from the connection's begin or the last answer;
     * a body, and who reads an answer, get a second more for each 4 KiB. */
    unsigned idle_seconds;
    void *data;
    /* Says with the head (body is empty here) what its body may have, at most
     * max_body: nobody has to be heard to the end for an error. Returns 0, or
     * the status to refuse it with. NULL: max_body for all. */
    unsigned (*admit)(void *data, const struct ov_http_request *head,
                      size_t *ret_max);
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
