/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "programs/overtd/control.h"
#include "programs/overtd/metrics.h"
#include "programs/overtd/top.h"
#include "test.h"

/* Counters, what costs most, and the control socket's request line. */

static struct ov_buf text;

static const char *finish(void)
{
    ov_put_u8(&text, 0);
    assert_int_equal(ov_buf_status(&text), OV_OK);
    return (const char *)text.ptr;
}

static void begin(void)
{
    ov_buf_done(&text);
    text = ov_buf_with_max(1 << 20);
}

static void has(const char *haystack, const char *needle)
{
    if (strstr(haystack, needle) == NULL)
        fail_msg("no \"%s\" in: %s", needle, haystack);
}

static unsigned route(const char *line, struct control_request *ret)
{
    return control_route(ov_span_str(line), ret);
}

static void takes_requests_of_its_table_and_no_other(void **state)
{
    struct control_request r = {.page = CONTROL_TOP};

    (void)state;
    assert_int_equal(route("GET /status HTTP/1.0", &r), 200);
    assert_int_equal(r.page, CONTROL_STATUS);
    assert_int_equal(route("GET /metrics HTTP/1.1", &r), 200);
    assert_int_equal(r.page, CONTROL_METRICS);
    assert_int_equal(route("POST /reload HTTP/1.1", &r), 200);
    assert_int_equal(r.page, CONTROL_RELOAD);
    assert_int_equal(route("GET /reload HTTP/1.1", &r), 405);
    assert_int_equal(route("POST /top HTTP/1.1", &r), 405);
    assert_int_equal(route("GET /../status HTTP/1.1", &r), 404);
    assert_int_equal(route("GET /status", &r), 400);
    assert_int_equal(route("GET  /status HTTP/1.1", &r), 400);
    assert_int_equal(route("", &r), 400);
    assert_int_equal(route("GET", &r), 400);
    assert_int_equal(r.page, CONTROL_RELOAD);
}

static void words_for_the_allow_list_are_read_strictly(void **state)
{
    static const char *const wrong[] = {
        "allow",           "allow=",    "allow=%",
        "allow=%4",        "allow=%zz", "allow=a%0ab",
        "allow=%ff",       "allow=a+b", "allow=a&&",
        "allow=a&allow=b", "until=30d", "allow=a&until=",
        "allow=a&what=b",  "=a"};
    struct control_request r;
    char line[160];

    (void)state;
    assert_int_equal(
        route("POST /quarantine/0a/restore?allow=a%20b%C3%A4&until=30d HTTP/1",
              &r),
        400);
    assert_int_equal(
        route("POST /quarantine/0a/copy?until=30d&allow=a%20b%C3%A4 HTTP/1.0",
              &r),
        200);
    assert_string_equal(r.allow, "a b\xc3\xa4");
    assert_string_equal(r.until, "30d");
    assert_int_equal(route("POST /quarantine/0a/restore HTTP/1.0", &r), 200);
    assert_string_equal(r.allow, "");
    assert_string_equal(r.until, "");
    assert_int_equal(route("POST /quarantine/0a/purge?allow=a HTTP/1.0", &r),
                     400);
    assert_int_equal(route("GET /status?allow=a HTTP/1.0", &r), 400);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        (void)snprintf(line, sizeof(line),
                       "POST /quarantine/0a/replace?%s HTTP/1.0", wrong[i]);
        if (route(line, &r) != 400)
            fail_msg("taken: %s", line);
    }
}

static void an_item_is_letters_and_digits(void **state)
{
    struct control_request r = {.page = CONTROL_TOP};

    (void)state;
    assert_int_equal(route("GET /quarantine HTTP/1.0", &r), 200);
    assert_int_equal(r.page, CONTROL_ITEMS);
    assert_string_equal(r.item, "");
    assert_int_equal(route("GET /quarantine/0a1b2c-2 HTTP/1.0", &r), 200);
    assert_int_equal(r.page, CONTROL_ITEM);
    assert_string_equal(r.item, "0a1b2c-2");
    assert_int_equal(route("POST /quarantine/0a/purge HTTP/1.0", &r), 200);
    assert_int_equal(r.page, CONTROL_PURGE);
    assert_string_equal(r.item, "0a");
    assert_int_equal(route("POST /quarantine/0a HTTP/1.0", &r), 405);
    assert_int_equal(route("GET /quarantine/0a/restore HTTP/1.0", &r), 405);
    assert_int_equal(route("GET /quarantine/ HTTP/1.0", &r), 404);
    assert_int_equal(route("GET /quarantine/../key HTTP/1.0", &r), 404);
    assert_int_equal(route("GET /quarantine/0a/ HTTP/1.0", &r), 404);
    assert_int_equal(route("POST /quarantine//purge HTTP/1.0", &r), 404);
    /* 31 bytes fit, 32 do not */
    assert_int_equal(
        route("GET /quarantine/0123456789012345678901234567890 HTTP/1.0", &r),
        200);
    assert_int_equal(
        route("GET /quarantine/01234567890123456789012345678901 HTTP/1.0", &r),
        404);
}

static void count_file(struct metrics *m, unsigned took_ms)
{
    struct desk_peer peer = {.source = DESK_GUARD};
    struct desk_request r = {.peer = &peer, .len = 1000};
    struct desk_result result = {.verdict = OV_DETECTED, .took_ms = took_ms};

    metrics_count(m, &r, &result);
}

static const struct ov_wire_guard_counts openings = {7, 5, 3, 2};

static void metrics_are_as_prometheus_reads_them(void **state)
{
    static const uint8_t digest[OV_WIRE_DIGEST] = {0xab};
    static const struct metrics_updates updates = {
        .n = {3, 4, 0, 1}, .every = 900, .good = 50, .result = "unreachable"};
    struct metrics m = {.reloads = 2};
    struct metrics_now now = {.now = 100,
                              .rules_time = 40,
                              .digest = digest,
                              .version = "1.2",
                              .is_ready = true,
                              .updates = &updates,
                              .guard = {.openings = openings}};

    (void)state;
    count_file(&m, 0);
    count_file(&m, 1);
    count_file(&m, 7);
    count_file(&m, 100000);
    begin();
    metrics_put(&text, &m, &now);
    has(finish(), "\novert_scans_total{source=\"guard\",verdict=\"detected\"} "
                  "4\n");
    has((char *)text.ptr,
        "\novert_scanned_bytes_total{source=\"guard\"} 4000\n");
    has((char *)text.ptr, "\novert_scan_seconds_bucket{le=\"0.001\"} 2\n"
                          "overt_scan_seconds_bucket{le=\"0.002\"} 2\n"
                          "overt_scan_seconds_bucket{le=\"0.005\"} 2\n"
                          "overt_scan_seconds_bucket{le=\"0.010\"} 3\n");
    has((char *)text.ptr, "\novert_guard_openings_total{answer=\"ignored\"} 7\n"
                          "overt_guard_openings_total{answer=\"allowed\"} 5\n"
                          "overt_guard_openings_total{answer=\"denied\"} 3\n");
    has((char *)text.ptr, "\novert_scan_seconds_bucket{le=\"30.000\"} 3\n"
                          "overt_scan_seconds_bucket{le=\"+Inf\"} 4\n"
                          "overt_scan_seconds_sum 100.008\n"
                          "overt_scan_seconds_count 4\n");
    has((char *)text.ptr, "\novert_rules_age_seconds 60\n");
    has((char *)text.ptr, "overt_info{version=\"1.2\",release=\"0\","
                          "rules=\"ab00");
    has((char *)text.ptr, "\novert_reloads_total 2\n");
    has((char *)text.ptr, "\novert_updates_total{result=\"current\"} 4\n"
                          "overt_updates_total{result=\"refused\"} 0\n"
                          "overt_updates_total{result=\"failed\"} 1\n");
    has((char *)text.ptr, "\novert_update_good_time_seconds 50\n");
    assert_null(strstr((char *)text.ptr, "update_next"));
    for (char *at = (char *)text.ptr; at != NULL; at = strchr(at, '\n'))
        if (*at++ == '\n' && *at != '\0')
            assert_true(*at == '#' || strncmp(at, "overt_", 6) == 0);
}

static const char *top(struct top *t)
{
    begin();
    top_put_json(&text, t, &openings);
    return finish();
}

static void the_dearest_stand_first(void **state)
{
    static struct top t;
    struct top_cost cheap = {1, 10, 5};
    struct top_cost dear = {1, 10, 500};

    (void)state;
    top_count(&t, TOP_FOLDER, OV_SPAN_LIT("/cheap"), &cheap);
    top_count(&t, TOP_FOLDER, OV_SPAN_LIT("/dear\n"), &dear);
    top_count(&t, TOP_FOLDER, OV_SPAN_LIT("/cheap"), &cheap);
    top_count(&t, TOP_FOLDER, OV_SPAN_LIT(""), &cheap);
    has(top(&t), "{\"processes\":[],\"folders\":[{\"name\":\"/dear\\u000a\","
                 "\"n\":1,\"bytes\":10,\"us\":500,\"recent_us\":500},"
                 "{\"name\":\"/cheap\",\"n\":2,\"bytes\":20,\"us\":10,"
                 "\"recent_us\":10}],\"formats\":[],\"rules\":[],\"guard\":"
                 "{\"ignored\":7,\"allowed\":5,\"denied\":3,\"written\":2}}");
    for (int i = 0; i < 3; i++)
        top_age(&t);
    has(top(&t), "\"us\":500,\"recent_us\":62}");
}

/* Thousands of names that cost little do not push out one that costs much. */
static void what_costs_much_stays(void **state)
{
    static struct top t;
    struct top_cost cheap = {1, 0, 1};
    struct top_cost dear = {1, 0, 100};
    char name[32];

    (void)state;
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(name, sizeof(name), "/%d", i);
        top_count(&t, TOP_FOLDER, ov_span_str(name), &cheap);
        if (i % 10 == 0)
            top_count(&t, TOP_FOLDER, OV_SPAN_LIT("/dear"), &dear);
    }
    assert_int_equal(t.n[TOP_FOLDER], TOP_MAX);
    has(top(&t), "\"folders\":[{\"name\":\"/dear\",");
}

static void long_names_keep_their_end(void **state)
{
    static struct top t;
    struct top_cost cost = {1, 0, 1};
    char name[TOP_NAME + 2];

    (void)state;
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = 'z';
    top_count(&t, TOP_RULE, ov_span_of((uint8_t *)name, sizeof(name)), &cost);
    assert_int_equal(t.items[TOP_RULE][0].len, TOP_NAME);
    assert_int_equal(t.items[TOP_RULE][0].name[TOP_NAME - 1], 'z');
}

static int done(void **state)
{
    (void)state;
    ov_buf_done(&text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OV_TEST(takes_requests_of_its_table_and_no_other),
        OV_TEST(an_item_is_letters_and_digits),
        OV_TEST(words_for_the_allow_list_are_read_strictly),
        OV_TEST(metrics_are_as_prometheus_reads_them),
        OV_TEST(the_dearest_stand_first),
        OV_TEST(what_costs_much_stays),
        OV_TEST(long_names_keep_their_end),
    };

    return cmocka_run_group_tests(tests, NULL, done);
}
