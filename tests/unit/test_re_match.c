/* SPDX-License-Identifier: Apache-2.0 */
#include "match/matcher.h"
#include "test.h"

/* Matches of one expression, as "at+len at+len". */
static void expect_matches(const char *regex, uint32_t flags,
                           struct ov_span view, const char *want)
{
    struct ov_match_input in = {
        .pattern = {.regex = ov_span_str(regex), .flags = flags}, .targets = 1};
    OV_AUTO_DONE(buf) image = ov_buf_with_max(SIZE_MAX);
    OV_AUTO_DONE(buf) got = ov_buf_with_max(4096);
    OV_AUTO(matcher) m = NULL;
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_match_job job = {.view = view, .budget = &budget, .arena = arena};
    struct ov_store store = {0};
    struct ov_hits hits;

    assert_int_equal(ov_match_build(&in, 1, &image, NULL, NULL), OV_OK);
    store.all = ov_buf_span(&image);
    assert_int_equal(ov_matcher_open(&store, 0, image.len, &m), OV_OK);
    assert_int_equal(ov_matcher_scan(m, &job, &hits), OV_OK);
    for (size_t i = 0; i < hits.n_hits; i++)
        for (const struct ov_match *h = hits.hits[i]->first; h; h = h->next)
            ov_put_format(&got, "%s%u+%u", got.len > 0 ? " " : "",
                          (unsigned)h->at, (unsigned)h->len);
    ov_put_u8(&got, 0);
    assert_string_equal((const char *)got.ptr, want);
}

#define EXPECT(regex, flags, view, want)                                       \
    expect_matches(regex, flags, OV_SPAN_LIT(view), want)

static void every_start_is_reported_once(void **state)
{
    (void)state;
    EXPECT("a*bcde", 0, "aabcdex", "0+6 1+5 2+4");
    EXPECT("bcde.*x", 0, "bcde x x", "0+8");
    EXPECT("bcde.*?x", 0, "bcde x x", "0+6");
    EXPECT("b.*?wxyz", 0, "b b wxyz wxyz", "0+8 2+6");
    EXPECT("b.*wxyz", 0, "b b wxyz wxyz", "0+13 2+11");
    EXPECT("a+", 0, "xaax", "1+2 2+1");
    EXPECT("a*", 0, "xaax", "1+2 2+1");
}

static void lengths_follow_the_order_of_preference(void **state)
{
    (void)state;
    EXPECT("foo(ba|bar)", 0, "foobar", "0+5");
    EXPECT("foo(bar|ba)", 0, "foobar", "0+6");
    EXPECT("(foo|foobar)", 0, "foobar", "0+3");
}

static void modifiers_change_what_matches(void **state)
{
    (void)state;
    EXPECT("ab[^c]d", OV_PATTERN_NOCASE, "abCd ABXD", "5+4");
    EXPECT("abc.e", OV_PATTERN_DOT_ALL, "abc\ne", "0+5");
    EXPECT("abc.e", 0, "abc\ne", "");
    EXPECT("abcd", OV_PATTERN_WIDE, "abcd a\0b\0c\0d\0", "5+8");
    EXPECT("abcd", OV_PATTERN_WIDE | OV_PATTERN_ASCII, "abcd a\0b\0c\0d\0",
           "0+4 5+8");
    EXPECT("abc+", OV_PATTERN_FULLWORD, "xabc abcc abccd", "5+4");
    EXPECT("abc+", OV_PATTERN_FULLWORD | OV_PATTERN_WIDE,
           "x\0a\0b\0c\0 a\0b\0c\0c\0\0", "9+8");
}

static void a_place_confines_the_start(void **state)
{
    (void)state;
    EXPECT("^abcd", 0, "abcdabcd", "0+4");
    EXPECT("abcd$", 0, "abcdabcd", "4+4");
    EXPECT("\\babcd\\b", 0, "abcd xabcd abcd", "0+4 11+4");
}

static void the_same_source_gives_the_same_bytes(void **state)
{
    struct ov_match_input in = {
        .pattern = {.regex = OV_SPAN_LIT("(a|bc)+[^x]{2,5}qxyz")},
        .targets = 1};
    OV_AUTO_DONE(buf) a = ov_buf_with_max(SIZE_MAX);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(SIZE_MAX);

    (void)state;
    assert_int_equal(ov_match_build(&in, 1, &a, NULL, NULL), OV_OK);
    assert_int_equal(ov_match_build(&in, 1, &b, NULL, NULL), OV_OK);
    assert_true(ov_span_equal(ov_buf_span(&a), ov_buf_span(&b)));
}

static void the_compiler_says_how_weak_one_is(void **state)
{
    struct ov_pattern p = {.regex = OV_SPAN_LIT("qxzjvkw[0-9]+")};

    (void)state;
    assert_int_equal(ov_match_check(&p), OV_MATCH_STRONG);
    p.regex = OV_SPAN_LIT("[a-z]+");
    assert_int_equal(ov_match_check(&p), OV_MATCH_SLOW);
    p.regex = OV_SPAN_LIT("a(");
    assert_int_equal(ov_match_check(&p), OV_MATCH_NONE);
    assert_int_equal(ov_match_try(&p), OV_UNSUPPORTED);
}

OV_TEST_MAIN(OV_TEST(every_start_is_reported_once),
             OV_TEST(lengths_follow_the_order_of_preference),
             OV_TEST(modifiers_change_what_matches),
             OV_TEST(a_place_confines_the_start),
             OV_TEST(the_same_source_gives_the_same_bytes),
             OV_TEST(the_compiler_says_how_weak_one_is))
