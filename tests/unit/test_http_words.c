/* SPDX-License-Identifier: Apache-2.0 */
#include "../../src/programs/http/http_answer.h"
#include "../../src/programs/http/http_route.h"
#include "host/query.h"
#include "test.h"

static struct http_answer answer;

static const char *body(void)
{
    ov_put_u8(&answer.body, 0);
    assert_int_equal(ov_buf_status(&answer.body), OV_OK);
    return (const char *)answer.body.ptr;
}

static int set_up(void **state)
{
    (void)state;
    answer = (struct http_answer){.body = ov_buf_with_max(1 << 16)};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ov_buf_done(&answer.body);
    return 0;
}

static unsigned route(const char *method, const char *path,
                      struct http_route *ret)
{
    return http_route(ov_span_str(method), ov_span_str(path), ret);
}

static void asks_the_daemon_in_words_of_its_own(void **state)
{
    struct http_route r;

    (void)state;
    assert_int_equal(route("POST", "/v1/scan", &r), 200);
    assert_int_equal(r.action, HTTP_SCAN);
    assert_int_equal(route("GET", "/v1/status", &r), 200);
    assert_int_equal(r.action, HTTP_PAGE);
    assert_string_equal(r.question, "GET /status");
    assert_int_equal(route("GET", "/v1/quarantine/0a1b", &r), 200);
    assert_string_equal(r.question, "GET /quarantine/0a1b");
    assert_int_equal(route("POST", "/v1/quarantine/0a1b/restore", &r), 200);
    assert_string_equal(r.question, "POST /quarantine/0a1b/restore");
    assert_int_equal(
        route("POST", "/v1/quarantine/0123456789012345678901234567890/restore",
              &r),
        200);
    assert_string_equal(
        r.question, "POST /quarantine/0123456789012345678901234567890/restore");
}

static void lets_no_line_through(void **state)
{
    static const char *const wrong[] = {
        "/v1/quarantine/0a HTTP/1.0\r\n\r\n",
        "/v1/quarantine/0a b",
        "/v1/quarantine/..",
        "/v1/quarantine/%2e",
        "/v1/quarantine/",
        "/v1/quarantine/a/b",
        "/v1/status/",
        "/status",
        "/v1/reload",
        "*",
        "",
    };
    struct http_route r;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(route("GET", wrong[i], &r), 404);
        assert_null(http_route_allows(ov_span_str(wrong[i])));
    }
}

static void a_wrong_method_is_told_the_right_one(void **state)
{
    struct http_route r;

    (void)state;
    assert_int_equal(route("GET", "/v1/scan", &r), 405);
    assert_string_equal(http_route_allows(OV_SPAN_LIT("/v1/scan")), "POST");
    assert_int_equal(route("get", "/v1/status", &r), 405);
    assert_int_equal(route("DELETE", "/v1/quarantine/0a", &r), 405);
}

static void a_verdict_comes_as_it_is(void **state)
{
    (void)state;
    http_answer_scan(&answer, OV_SPAN_LIT("{\"verdict\":\"clean\"}\n"));
    assert_int_equal(answer.code, 200);
    assert_string_equal(answer.type, "application/json");
    assert_string_equal(body(), "{\"verdict\":\"clean\"}\n");
}

static void what_is_cut_is_no_verdict(void **state)
{
    (void)state;
    http_answer_scan(&answer, OV_SPAN_LIT("{\"verdict\":\"clean\""));
    assert_int_equal(answer.code, 500);
    http_answer_scan(&answer, OV_SPAN_LIT(""));
    assert_int_equal(answer.code, 500);
}

static bool is_wrong(const char *path, const char *name, const char *value)
{
    struct http_route r;

    assert_int_equal(route("POST", path, &r), 200);
    http_route_add(&r, ov_span_str(name), ov_span_str(value));
    return r.is_wrong;
}

static void parameters_are_those_of_the_path(void **state)
{
    static const char restore[] = "/v1/quarantine/0a/restore";
    struct http_route r;

    (void)state;
    assert_false(is_wrong("/v1/scan", "all", "false"));
    assert_true(is_wrong("/v1/scan", "all", "yes"));
    assert_true(is_wrong("/v1/scan", "all", ""));
    assert_true(is_wrong("/v1/scan", "allow", "x"));
    assert_true(is_wrong(restore, "all", "true"));
    assert_true(is_wrong(restore, "until", ""));
    assert_true(is_wrong(restore, "allow", "a\nb"));
    assert_true(is_wrong(restore, "allow", "\xff"));
    assert_true(is_wrong("/v1/quarantine/0a/purge", "allow", "x"));
    assert_int_equal(route("POST", "/v1/scan", &r), 200);
    http_route_add(&r, OV_SPAN_LIT("all"), OV_SPAN_LIT("true"));
    assert_true(r.has_all);
    assert_false(r.is_wrong);
    http_route_add(&r, OV_SPAN_LIT("all"), OV_SPAN_LIT("true"));
    assert_true(r.is_wrong);
    assert_int_equal(route("POST", restore, &r), 200);
    http_route_add(&r, OV_SPAN_LIT("until"), OV_SPAN_LIT("30d"));
    http_route_add(&r, OV_SPAN_LIT("allow"), OV_SPAN_LIT("ours: a&until=b c"));
    assert_false(r.is_wrong);
    assert_string_equal(r.question,
                        "POST /quarantine/0a/restore?until=30d&allow="
                        "ours%3a%20a%26until%3db%20c");
    http_route_add(&r, OV_SPAN_LIT("allow"), OV_SPAN_LIT("x"));
    assert_true(r.is_wrong);
}

static void the_longest_words_have_room(void **state)
{
    char reason[QUERY_REASON_MAX + 2];
    struct http_route r;

    (void)state;
    memset(reason, '/', sizeof(reason));
    assert_int_equal(route("POST",
                           "/v1/quarantine/0123456789012345678901234567890/"
                           "restore",
                           &r),
                     200);
    http_route_add(&r, OV_SPAN_LIT("allow"),
                   ov_span_of(reason, QUERY_REASON_MAX));
    http_route_add(&r, OV_SPAN_LIT("until"),
                   ov_span_of(reason, QUERY_UNTIL_MAX));
    assert_false(r.is_wrong);
    assert_int_equal(route("POST", "/v1/quarantine/0/restore", &r), 200);
    http_route_add(&r, OV_SPAN_LIT("allow"),
                   ov_span_of(reason, QUERY_REASON_MAX + 1));
    assert_true(r.is_wrong);
}

static void pages_come_as_they_are(void **state)
{
    (void)state;
    http_answer_page(&answer, OV_SPAN_LIT("HTTP/1.0 200 OK\r\nContent-Type: "
                                          "application/json\r\n\r\n{\"a\":1}"));
    assert_int_equal(answer.code, 200);
    assert_string_equal(answer.type, "application/json");
    assert_string_equal(body(), "{\"a\":1}");
    http_answer_page(&answer, OV_SPAN_LIT("HTTP/1.0 409 Conflict\r\nContent-"
                                          "Type: application/json\r\n\r\n{}"));
    assert_int_equal(answer.code, 409);
    assert_string_equal(body(), "{}");
    http_answer_page(&answer, OV_SPAN_LIT("HTTP/1.0 403 Forbidden\r\nContent-"
                                          "Type: text/plain\r\n\r\nForbidden"));
    assert_int_equal(answer.code, 403);
    assert_string_equal(body(), "{\"error\":\"forbidden\",\"message\":\"not "
                                "for this client\"}\n");
}

static void a_page_that_is_cut_is_none(void **state)
{
    static const char *const wrong[] = {
        "", "HTTP/1.0 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\n{}",
        "HTTP/1.0 abc OK\r\n\r\n{}", "HTTP/1.0 100 Go\r\n\r\n{}"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        http_answer_page(&answer, ov_span_str(wrong[i]));
        assert_int_equal(answer.code, 500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_the_daemon_in_words_of_its_own),
        cmocka_unit_test(lets_no_line_through),
        cmocka_unit_test(a_wrong_method_is_told_the_right_one),
        cmocka_unit_test_setup_teardown(a_verdict_comes_as_it_is, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_cut_is_no_verdict, set_up,
                                        tear_down),
        cmocka_unit_test(parameters_are_those_of_the_path),
        cmocka_unit_test(the_longest_words_have_room),
        cmocka_unit_test_setup_teardown(pages_come_as_they_are, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_page_that_is_cut_is_none, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
