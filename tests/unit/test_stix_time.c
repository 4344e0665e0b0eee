/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/stix_time.h"
#include "test.h"

static void assert_text(const struct ov_buf *b, const char *want)
{
    assert_int_equal(ov_buf_status(b), OV_OK);
    assert_true(ov_span_equal(ov_buf_span(b), ov_span_str(want)));
}

static void objects_have_milliseconds_and_taxii_microseconds(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(64);

    (void)state;
    ov_put_stix_time(&b, UINT64_C(1795463533012345));
    assert_text(&b, "2026-11-23T19:52:13.012Z");
    ov_buf_clear(&b);
    ov_put_taxii_time(&b, UINT64_C(1795463533012345));
    assert_text(&b, "2026-11-23T19:52:13.012345Z");
}

static void a_fraction_may_have_any_length(void **state)
{
    static const struct {
        const char *text;
        uint64_t us;
    } times[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:01.5Z", 1500000},
        {"1970-01-01T00:00:00.000001Z", 1},
        {"1970-01-01T00:00:00.0000019Z", 1},
        {"2026-11-23T19:52:13.012345678901Z", UINT64_C(1795463533012345)},
    };

    uint64_t us;

    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        assert_true(ov_stix_time_parse(ov_span_str(times[i].text), &us));
        assert_int_equal(us, times[i].us);
    }
}

static void what_is_no_time_in_utc_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "Z",
        "2026-11-23",
        "2026-11-23T19:52:13",
        "2026-11-23T19:52:13.Z",
        "2026-11-23T19:52:13.1x2Z",
        "2026-11-23T19:52:13,5Z",
        "2026-11-23T19:52:13+01:00",
        "2026-11-31T19:52:13Z",
        "2026-11-23T24:52:13.5Z",
        "2026-11-23T19:52:13.0000000000000000000000000000000000000000000000Z",
    };
    uint64_t us = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(ov_stix_time_parse(ov_span_str(wrong[i]), &us));
    assert_int_equal(us, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_have_milliseconds_and_taxii_microseconds),
        cmocka_unit_test(a_fraction_may_have_any_length),
        cmocka_unit_test(what_is_no_time_in_utc_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
