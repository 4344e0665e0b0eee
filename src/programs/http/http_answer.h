/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* What clients are answered: docs/openapi.json. */

struct http_answer {
    unsigned code;
    const char *type; /* Content-Type, of our own words */
    struct ov_buf body;
};

#define HTTP_ANSWER_MAX ((size_t)33 << 20)

/* {"error": ..., "message": ...}; words may be hostile. */
void http_answer_error(struct http_answer *a, unsigned code,
                       struct ov_span words);

/* The daemon's JSON about a body: as it is, if it is whole. */
void http_answer_scan(struct http_answer *a, struct ov_span json);

/* From a page of the daemon's control socket: its head and body. */
void http_answer_page(struct http_answer *a, struct ov_span page);
