/* SPDX-License-Identifier: Apache-2.0 */
#include "cells.h"
#include "match/form.h"
#include "match/verify.h"

static struct ov_form form;
static struct ov_buf code;

static void compile(const char *text, uint32_t flags, bool is_backward)
{
    static struct cells cells;
    struct ov_pattern p = cells_pattern(&cells, text, flags);

    assert_int_equal(ov_form_make(&form, &p, false), OV_OK);
    ov_buf_done(&code);
    code = ov_buf_with_max(4096);
    ov_form_write(&form, 0, form.n, is_backward, &code);
    assert_int_equal(ov_buf_status(&code), OV_OK);
}

/* All ends of the code from `at`, as "4 6 9". */
static void expect_ends(const char *view, uint64_t at, bool is_backward,
                        const char *want)
{
    OV_AUTO(verifier) v = ov_verifier_new();
    OV_AUTO_DONE(buf) text = ov_buf_with_max(1024);
    const struct ov_distances *d =
        ov_verify_spread(v, ov_buf_span(&code), form.is_nocase, is_backward,
                         ov_span_str(view), at);

    for (uint32_t i = 0; d && (i = ov_distances_next(d, i)) < d->n_bits; i++)
        ov_put_format(&text, "%s%llu", text.len ? " " : "",
                      (unsigned long long)(is_backward ? at - d->base - i
                                                       : at + d->base + i));
    ov_put_u8(&text, 0);
    assert_string_equal((const char *)text.ptr, want);
}

static void done(void)
{
    ov_form_done(&form);
    ov_buf_done(&code);
}

static void straight_code_has_one_end(void **state)
{
    struct ov_span view = OV_SPAN_LIT("xxaBCDz");
    uint64_t end = 0;

    (void)state;
    compile("61??4?~007a", 0, false);
    assert_true(ov_verify_straight(ov_buf_span(&code), false, view, 2, &end));
    assert_int_equal(end, 7);
    assert_false(ov_verify_straight(ov_buf_span(&code), false, view, 1, &end));
    assert_false(ov_verify_straight(ov_buf_span(&code), false, view, 8, &end));
    expect_ends("xxaBCDz", 2, false, "7");
    compile("6162", OV_PATTERN_NOCASE, false);
    assert_true(ov_verify_straight(ov_buf_span(&code), true, view, 2, &end));
    done();
}

static void straight_code_stays_in_the_view(void **state)
{
    uint64_t end = 0;

    (void)state;
    compile("6162{3}", 0, false);
    assert_false(ov_verify_straight(ov_buf_span(&code), false,
                                    OV_SPAN_LIT("ab12"), 0, &end));
    assert_true(ov_verify_straight(ov_buf_span(&code), false,
                                   OV_SPAN_LIT("ab123"), 0, &end));
    done();
}

static void gaps_have_all_their_ends(void **state)
{
    (void)state;
    compile("61{1-4}62", 0, false);
    expect_ends("a.bbb.b", 0, false, "3 4 5");
    compile("61{0-2}62{0-2}63", 0, false);
    expect_ends("abbcc", 0, false, "4 5");
    expect_ends("abbxx", 0, false, "");
    compile("61{0-9}", 0, false);
    expect_ends("abcd", 0, false, "1 2 3 4");
    done();
}

static void alternatives_are_united(void **state)
{
    (void)state;
    compile("61(62|6263|)63", 0, false);
    expect_ends("abcc", 0, false, "3 4");
    expect_ends("acc", 0, false, "2");
    compile("61(62(63|64)|(62|)6465)66", 0, false);
    expect_ends("abdf", 0, false, "4");
    expect_ends("abdef", 0, false, "5");
    expect_ends("adef", 0, false, "4");
    expect_ends("abef", 0, false, "");
    done();
}

static void negated_alternatives_want_none(void **state)
{
    (void)state;
    compile("61!(6262|6363)64", 0, false);
    expect_ends("abcd", 0, false, "4");
    expect_ends("abbd", 0, false, "");
    expect_ends("accd", 0, false, "");
    expect_ends("ab", 0, false, "");
    /* One set of places for each way of the gap. */
    compile("61{0-2}!(62|63)64", 0, false);
    expect_ends("abxd", 0, false, "4");
    done();
}

static void backward_finds_the_starts(void **state)
{
    (void)state;
    compile("61{1-3}(62|6364)", 0, true);
    expect_ends("aaaxb", 5, true, "2 1 0");
    expect_ends("aaxcd", 5, true, "1 0");
    expect_ends("xxxxb", 5, true, "");
    done();
}

static void boundaries_have_no_width(void **state)
{
    (void)state;
    compile("<W6162>B", 0, false);
    expect_ends("ab c", 0, false, "2");
    expect_ends(".ab", 1, false, "3");
    expect_ends("xab", 1, false, "");
    expect_ends("abc", 0, false, "");
    compile("6162!>L", 0, false);
    expect_ends("ab\nc", 0, false, "");
    expect_ends("abc", 0, false, "2");
    expect_ends("ab", 0, false, "");
    done();
}

/* A spread of 65535 with a dense set: work is bounded by code times spread. */
static void work_is_counted_and_bounded(void **state)
{
    OV_AUTO(verifier) v = ov_verifier_new();
    static uint8_t view[80000];
    uint64_t work;

    (void)state;
    memset(view, 'a', sizeof(view));
    compile("61{0-65000}61616161", 0, false);
    assert_non_null(ov_verify_spread(v, ov_buf_span(&code), false, false,
                                     ov_span_of(view, sizeof(view)), 0));
    work = ov_verifier_work(v);
    assert_in_range(work, 65000, 1000000);
    assert_int_equal(ov_verifier_work(v), 0);
    done();
}

static void damaged_code_matches_nothing(void **state)
{
    static const char *const bad[] = {
        "\x1f", /* a count that is not there */
        "\x05"
        "ab", /* fewer bytes than said */
        "\x80"
        "\x00"
        "a",    /* a bracket that stays open */
        "\xa0", /* one that was never opened */
        "\x60\x00\xff\xff\xff\x7f",
        "\xff\x7f",
    };
    OV_AUTO(verifier) v = ov_verifier_new();

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_null(ov_verify_spread(v, ov_span_str(bad[i]), false, false,
                                     OV_SPAN_LIT("aaaaaaaa"), 0));
}

OV_TEST_MAIN(
    OV_TEST(straight_code_has_one_end),
    OV_TEST(straight_code_stays_in_the_view), OV_TEST(gaps_have_all_their_ends),
    OV_TEST(alternatives_are_united), OV_TEST(negated_alternatives_want_none),
    OV_TEST(backward_finds_the_starts), OV_TEST(boundaries_have_no_width),
    OV_TEST(work_is_counted_and_bounded), OV_TEST(damaged_code_matches_nothing))
