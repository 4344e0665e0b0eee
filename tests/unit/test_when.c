/* SPDX-License-Identifier: Apache-2.0 */
#include "host/when.h"
#include "test.h"

static void a_moment_is_written_and_read(void **state)
{
    struct ov_buf b = ov_buf_with_max(100);
    int64_t t;

    (void)state;
    when_put(&b, 1795435200);
    assert_true(
        ov_span_equal(ov_buf_span(&b), OV_SPAN_LIT("2026-11-23T12:00:00Z")));
    assert_true(when_read(ov_buf_span(&b), &t));
    assert_int_equal(t, 1795435200);
    ov_buf_done(&b);
}

static void what_is_no_moment_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "2026-11-23",
        "2026-02-30T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23 12:00:00Z",
        "2026-11-23T12:00:00+",
        "2026-11-23T12:00:00Z ",
        "-026-11-23T12:00:00Z",
        "2026-13-01T00:00:00Z",
    };
    int64_t t;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(when_read(ov_span_str(wrong[i]), &t));
}

static void people_give_days_dates_or_moments(void **state)
{
    int64_t t;

    (void)state;
    assert_true(when_read_until("30d", 1000, &t));
    assert_int_equal(t, 1000 + 30 * 86400);
    assert_true(when_read_until("1970-01-02", 1000, &t));
    assert_int_equal(t, 2 * 86400 - 1);
    assert_true(when_read_until("1970-01-02T00:00:01Z", 1000, &t));
    assert_int_equal(t, 86401);
    assert_false(when_read_until("soon", 1000, &t));
    assert_false(when_read_until("1970-02-31", 1000, &t));
}

OV_TEST_MAIN(OV_TEST(a_moment_is_written_and_read),
             OV_TEST(what_is_no_moment_is_refused),
             OV_TEST(people_give_days_dates_or_moments))
