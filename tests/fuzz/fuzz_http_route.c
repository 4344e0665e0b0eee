/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "programs/http/http_route.h"

/* The first line of a request: a method, a space, a path; and behind "?" names
 * and values of parameters. What the daemon would be asked is a line of the
 * table's own words, whatever the client has sent. */

static void check_question(const char *question)
{
    size_t len = strnlen(question, HTTP_QUESTION_MAX);

    FUZZ_CHECK(len < HTTP_QUESTION_MAX);
    FUZZ_CHECK(strncmp(question, "GET /", 5) == 0 ||
               strncmp(question, "POST /", 6) == 0);
    for (size_t i = 0; i < len; i++)
        FUZZ_CHECK(question[i] > ' ' || (question[i] == ' ' && i < 5));
    FUZZ_CHECK(strstr(question, "..") == NULL);
    FUZZ_CHECK(strstr(question, "//") == NULL);
}

static void add_parameters(struct http_route *route, struct ov_span query)
{
    struct ov_span name;
    struct ov_span value;

    while (query.len > 0) {
        (void)ov_span_cut(&query, '&', &value);
        (void)ov_span_cut(&value, '=', &name);
        http_route_add(route, name, value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span query = ov_span_of(data, len);
    struct http_route route = {.action = HTTP_SCAN};
    struct ov_span method;
    struct ov_span path;
    const char *allowed;
    unsigned code;

    if (!ov_span_cut(&query, ' ', &method))
        return 0;
    (void)ov_span_cut(&query, '?', &path);
    code = http_route(method, path, &route);
    allowed = http_route_allows(path);
    FUZZ_CHECK(code == 200 || code == 404 || code == 405);
    FUZZ_CHECK((code == 404) == (allowed == NULL));
    if (code == 200)
        add_parameters(&route, query);
    if (code == 200 && route.action == HTTP_PAGE)
        check_question(route.question);
    if (code == 405)
        FUZZ_CHECK(http_route(ov_span_str(allowed), path, &route) == 200);
    return 0;
}
