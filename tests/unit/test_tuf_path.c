/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "test.h"
#include "tuf/tuf_metadata.h"

static bool matches(const char *pattern, const char *path)
{
    return ov_tuf_pattern_matches(ov_span_str(pattern), ov_span_str(path));
}

static void patterns_match_as_the_specification_says(void **state)
{
    (void)state;
    assert_true(matches("targets/*.tgz", "targets/foo.tgz"));
    assert_true(matches("targets/*.tgz", "targets/.tgz"));
    assert_false(matches("targets/*.tgz", "targets/foo.txt"));
    assert_true(matches("foo-version-?.tgz", "foo-version-2.tgz"));
    assert_false(matches("foo-version-?.tgz", "foo-version-alpha.tgz"));
    assert_true(matches("*.tgz", "bar.tgz"));
    assert_false(matches("*.tgz", "targets/foo.tgz"));
    assert_true(matches("foo.tgz", "foo.tgz"));
    assert_false(matches("foo.tgz", "foo.tgz2"));
    assert_false(matches("foo.tgz", "foo.tg"));
}

static void no_wildcard_takes_a_separator(void **state)
{
    (void)state;
    assert_false(matches("*", "a/b"));
    assert_false(matches("a?b", "a/b"));
    assert_true(matches("*/*", "a/b"));
    assert_false(matches("*/*", "a/b/c"));
    assert_true(matches("*/x*y/*z", "q/x11y/z"));
    assert_false(matches("**", "a/"));
}

static void stars_are_tried_again(void **state)
{
    (void)state;
    assert_true(matches("*ab", "aaab"));
    assert_true(matches("a*b*c", "abbbcbc"));
    assert_false(matches("a*b*c", "abbbcb"));
    assert_true(matches("", ""));
    assert_false(matches("", "a"));
    assert_true(matches("***", ""));
    assert_false(matches("?", ""));
    assert_false(matches("[ab]", "a"));
    assert_true(matches("[ab]", "[ab]"));
}

static void prefixes_are_of_the_digest_of_the_path(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    struct ov_tuf_delegation d = {0};
    bool yes = false;

    (void)state;
    /* sha256("abc") = ba7816bf... */
    assert_int_equal(
        ov_json_parse(a, OV_SPAN_LIT("[\"00\",\"ba78\"]"), 99, &d.prefixes),
        OV_OK);
    assert_int_equal(ov_tuf_delegation_matches(&d, OV_SPAN_LIT("abc"), &yes),
                     OV_OK);
    assert_true(yes);
    assert_int_equal(ov_tuf_delegation_matches(&d, OV_SPAN_LIT("abd"), &yes),
                     OV_OK);
    assert_false(yes);
    d.prefixes = NULL;
    assert_int_equal(ov_tuf_delegation_matches(&d, OV_SPAN_LIT("abc"), &yes),
                     OV_OK);
    assert_false(yes);
}

static int64_t seconds(const char *text)
{
    int64_t t = -1;

    return ov_tuf_parse_time(ov_span_str(text), &t) == OV_OK ? t : -1;
}

static void dates_are_utc_and_exist(void **state)
{
    static const char *const bad[] = {
        "2030-01-01T00:00:00",
        "2030-01-01 00:00:00Z",
        "2030-1-01T00:00:00Z",
        "2030-00-01T00:00:00Z",
        "2030-13-01T00:00:00Z",
        "2030-01-00T00:00:00Z",
        "2030-01-32T00:00:00Z",
        "2030-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2030-01-01T24:00:00Z",
        "2030-01-01T00:60:00Z",
        "2030-01-01T00:00:60Z",
        "2030-01-01T00:00:00z",
        "2030-01-01T00:00:00+00:00",
        "",
        "2030-01-01T00:00:00.5Z",
        "+030-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
    };

    (void)state;
    assert_int_equal(seconds("1970-01-01T00:00:00Z"), 0);
    assert_int_equal(seconds("1985-10-21T01:21:00Z"), 498705660);
    assert_int_equal(seconds("2000-02-29T12:00:00Z"), 951825600);
    assert_int_equal(seconds("9999-12-31T23:59:59Z"), 253402300799);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (seconds(bad[i]) != -1)
            fail_msg("taken: %s", bad[i]);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    for (int64_t t = 0; t < 253402300799; t += 1234567891) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(40);
        int64_t again = -1;

        ov_put_tuf_time(&b, t);
        assert_int_equal(ov_tuf_parse_time(ov_buf_span(&b), &again), OV_OK);
        assert_int_equal(again, t);
    }
}

OV_TEST_MAIN(OV_TEST(patterns_match_as_the_specification_says),
             OV_TEST(no_wildcard_takes_a_separator),
             OV_TEST(stars_are_tried_again),
             OV_TEST(prefixes_are_of_the_digest_of_the_path),
             OV_TEST(dates_are_utc_and_exist),
             OV_TEST(what_is_written_is_read_again))
