/* SPDX-License-Identifier: Apache-2.0 */
#include "http_route.h"

#include <stdio.h>

#include "host/path_pattern.h"
#include "host/query.h"

/* A table; "*" stands for one part of a path that is letters, digits and "-",
 * of which items of the quarantine have names. What the daemon reads is put
 * together from the table's words, that one part, and parameters that are read
 * and written anew: nothing else of a client's comes to it. */

static const struct row {
    const char *method;
    const char *path;
    enum http_action action;
    const char *question; /* "%.*s": the part */
} rows[] = {
    {"POST", "/v1/scan", HTTP_SCAN, ""},
    {"GET", "/v1/status", HTTP_PAGE, "GET /status"},
    {"GET", "/v1/metrics", HTTP_PAGE, "GET /metrics"},
    {"GET", "/v1/top", HTTP_PAGE, "GET /top"},
    {"GET", "/v1/quarantine", HTTP_PAGE, "GET /quarantine"},
    {"GET", "/v1/quarantine/*", HTTP_PAGE, "GET /quarantine/"},
    {"POST", "/v1/quarantine/*/restore", HTTP_PAGE, "POST /quarantine/"},
    {"POST", "/v1/quarantine/*/replace", HTTP_PAGE, "POST /quarantine/"},
    {"POST", "/v1/quarantine/*/copy", HTTP_PAGE, "POST /quarantine/"},
    {"POST", "/v1/quarantine/*/purge", HTTP_PAGE, "POST /quarantine/"},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* Room for all parameters of a question, however they are written. */
_Static_assert(HTTP_QUESTION_MAX > 128 + PATH_PART_MAX +
                                       3 * (QUERY_REASON_MAX + QUERY_UNTIL_MAX),
               "a question has room");

/* What stands behind the star. */
static const char *tail_of(const struct row *r)
{
    const char *star = strchr(r->path, '*');

    return star != NULL ? star + 1 : "";
}

unsigned http_route(struct ov_span method, struct ov_span path,
                    struct http_route *ret)
{
    bool has_path = false;

    for (size_t i = 0; i < N_ROWS; i++) {
        struct ov_span part;

        if (!path_matches(rows[i].path, path, &part))
            continue;
        has_path = true;
        if (!ov_span_equal(method, ov_span_str(rows[i].method)))
            continue;
        *ret = (struct http_route){
            .action = rows[i].action,
            .takes_allow = ov_span_equal(method, OV_SPAN_LIT("POST")) &&
                           strcmp(tail_of(&rows[i]), "") != 0 &&
                           strcmp(tail_of(&rows[i]), "/purge") != 0};
        (void)!snprintf(ret->question, sizeof(ret->question), "%s%.*s%s",
                        rows[i].question, (int)part.len,
                        part.len > 0 ? (const char *)part.ptr : "",
                        tail_of(&rows[i])); /* it fits */
        return 200;
    }
    return has_path ? 405 : 404;
}

static bool set_all(struct http_route *r, struct ov_span value)
{
    bool is_yes = ov_span_equal(value, OV_SPAN_LIT("true"));

    r->has_all = is_yes;
    return r->n_parameters == 0 &&
           (is_yes || ov_span_equal(value, OV_SPAN_LIT("false")));
}

/* name is with its "=", which no value has: where it is, it is a name. */
static bool add_text(struct http_route *r, const char *name, size_t max,
                     struct ov_span value)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(HTTP_QUESTION_MAX);
    bool is_first = strchr(r->question, '?') == NULL;
    size_t len = strlen(r->question);

    query_put(&text, is_first, name, value);
    if (!query_is_text(value, max + 1) || strstr(r->question, name) != NULL ||
        ov_buf_status(&text) != OV_OK || len + text.len >= sizeof(r->question))
        return false;
    memcpy(r->question + len, text.ptr, text.len);
    r->question[len + text.len] = '\0';
    return true;
}

void http_route_add(struct http_route *r, struct ov_span name,
                    struct ov_span value)
{
    bool is_good = false;

    if (r->action == HTTP_SCAN && ov_span_equal(name, OV_SPAN_LIT("all")))
        is_good = set_all(r, value);
    else if (r->takes_allow && ov_span_equal(name, OV_SPAN_LIT("allow")))
        is_good = add_text(r, "allow=", QUERY_REASON_MAX, value);
    else if (r->takes_allow && ov_span_equal(name, OV_SPAN_LIT("until")))
        is_good = add_text(r, "until=", QUERY_UNTIL_MAX, value);
    r->n_parameters++;
    r->is_wrong |= !is_good;
}

const char *http_route_allows(struct ov_span path)
{
    struct ov_span part;

    for (size_t i = 0; i < N_ROWS; i++)
        if (path_matches(rows[i].path, path, &part))
            return rows[i].method;
    return NULL;
}
