/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* Which paths of the HTTP API there are (docs/openapi.json), and what the
 * daemon is asked for each. */

enum http_action {
    HTTP_SCAN, /* the body */
    HTTP_PAGE, /* of the daemon's control socket */
};

#define HTTP_QUESTION_MAX 1024

struct http_route {
    enum http_action action;
    bool takes_allow; /* parameters allow and until */
    bool has_all;     /* HTTP_SCAN: every rule */
    unsigned n_parameters;
    bool is_wrong; /* one of them */
    /* HTTP_PAGE: "GET /status", with its NUL. */
    char question[HTTP_QUESTION_MAX];
};

/* The status of a request: 200 and *ret, 404, or 405. method and path are
 * hostile; the path is without its query. */
unsigned http_route(struct ov_span method, struct ov_span path,
                    struct http_route *ret);

/* Adds a parameter behind the path's "?", decoded and hostile, to a route that
 * http_route gave. It is wrong if it is not one of the path's, comes twice, or
 * has no value that can be. */
void http_route_add(struct http_route *r, struct ov_span name,
                    struct ov_span value);

/* What the path would take if it is the method that is wrong; NULL: there is no
 * such path. */
const char *http_route_allows(struct ov_span path);
