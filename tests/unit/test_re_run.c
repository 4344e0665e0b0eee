/* SPDX-License-Identifier: Apache-2.0 */
#include "match/re_run.h"
#include "test.h"

static struct ov_buf code;
static struct ov_re re;

static void compile(const char *text, uint32_t flags)
{
    ov_buf_done(&code);
    code = ov_buf_with_max(1 << 20);
    assert_int_equal(ov_re_compile(ov_span_str(text), flags, &code, NULL),
                     OV_OK);
    assert_true(ov_re_open(ov_buf_span(&code), &re));
}

static void done(void)
{
    ov_buf_done(&code);
}

static bool found(const char *text, struct ov_span in)
{
    struct ov_budget budget = ov_budget_default();
    bool is_found = false;

    compile(text, 0);
    assert_int_equal(ov_re_search(ov_buf_span(&code), in, &budget, &is_found),
                     OV_OK);
    return is_found;
}

/* Where the match at `at` ends, -1 if there is none. */
static int end_at(const char *text, struct ov_span view, uint64_t at,
                  uint32_t width)
{
    OV_AUTO(re_runner) r = ov_re_runner_new();
    struct ov_re_from from = {.view = view, .at = at, .width = width};
    uint64_t end = 0;

    compile(text, 0);
    assert_int_equal(ov_re_forward(r, &re, &from, &end), OV_OK);
    return end == UINT64_MAX ? -1 : (int)end;
}

#define END_AT(text, view, at) end_at(text, OV_SPAN_LIT(view), at, 1)

static void the_preferred_match_is_taken(void **state)
{
    (void)state;
    assert_int_equal(END_AT("a+", "xaaax", 1), 4);
    assert_int_equal(END_AT("a+?", "xaaax", 1), 2);
    assert_int_equal(END_AT("a{2,3}", "aaaa", 0), 3);
    assert_int_equal(END_AT("a{2,3}?", "aaaa", 0), 2);
    assert_int_equal(END_AT("foo(ba|bar)", "foobar", 0), 5);
    assert_int_equal(END_AT("foo(bar|ba)", "foobar", 0), 6);
    assert_int_equal(END_AT("a?(ab)?", "ab", 0), 1);
    assert_int_equal(END_AT("(a|ab)(c|bcd)", "abcd", 0), 4);
    assert_int_equal(END_AT("(a|b|)c", "c", 0), 1);
    assert_int_equal(END_AT("ab|", "ax", 0), 0);
    assert_int_equal(END_AT("a.c", "a\nc", 0), -1);
    done();
}

static void conditions_keep_the_order_of_preference(void **state)
{
    (void)state;
    assert_int_equal(END_AT("(\\b(a|ax)|ay|ax)", "ax", 0), 1);
    assert_int_equal(END_AT("(\\B(a|ax)|ay|ax)", "ax", 0), 2);
    done();
}

static void conditions_look_at_both_sides(void **state)
{
    (void)state;
    assert_true(found("^ab", OV_SPAN_LIT("abab")));
    assert_false(found("^b", OV_SPAN_LIT("abab")));
    assert_true(found("ab$", OV_SPAN_LIT("abab")));
    assert_false(found("a$", OV_SPAN_LIT("abab\n")));
    assert_true(found("\\bab\\b", OV_SPAN_LIT("xab ab yab")));
    assert_false(found("\\bab\\b", OV_SPAN_LIT("xab ab_ yab")));
    assert_true(found("\\Bab\\B", OV_SPAN_LIT("ab xabx ab")));
    assert_false(found("\\Bab\\B", OV_SPAN_LIT("ab xab abx")));
    assert_true(found("^$", OV_SPAN_LIT("")));
    assert_true(found("(^|x)*a", OV_SPAN_LIT("ya")));
    done();
}

static void wide_text_has_a_zero_behind_each_byte(void **state)
{
    struct ov_span view = OV_SPAN_LIT("a\0b\0b\0bx");

    (void)state;
    assert_int_equal(end_at("ab+", view, 0, 2), 6);
    assert_int_equal(end_at("ab+\\b", view, 0, 2), 6);
    assert_int_equal(end_at("ab{3}", view, 0, 2), -1);
    assert_int_equal(end_at("ab$", OV_SPAN_LIT("a\0b\0"), 0, 2), 4);
    done();
}

static void backward_finds_every_start(void **state)
{
    OV_AUTO(re_runner) r = ov_re_runner_new();
    struct ov_re_from from = {
        .view = OV_SPAN_LIT("xaab"), .at = 3, .node = 2, .width = 1};
    const uint64_t *starts = NULL;
    size_t n = 0;

    (void)state;
    compile("a*b", 0);
    assert_int_equal(ov_re_backward(r, &re, &from, &starts, &n), OV_OK);
    assert_int_equal(n, 3);
    assert_int_equal(starts[0], 3);
    assert_int_equal(starts[2], 1);
    compile("^xa*b", 0);
    from.node = 4;
    assert_int_equal(ov_re_backward(r, &re, &from, &starts, &n), OV_OK);
    assert_int_equal(n, 1);
    assert_int_equal(starts[0], 0);
    done();
}

static void a_run_ends_at_its_reach(void **state)
{
    static uint8_t text[3 * OV_RE_REACH];

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_int_equal(end_at("a+", ov_span_of(text, sizeof(text)), 5, 1),
                     5 + OV_RE_REACH);
    done();
}

static void the_work_is_bounded_and_paid(void **state)
{
    static uint8_t text[20000];
    struct ov_budget budget = ov_budget_default();
    bool is_found = false;

    (void)state;
    memset(text, 'a', sizeof(text));
    compile("(a*)*(a|aa)*b", 0);
    assert_int_equal(ov_re_search(ov_buf_span(&code),
                                  ov_span_of(text, sizeof(text)), &budget,
                                  &is_found),
                     OV_OK);
    assert_false(is_found);
    assert_true(budget.spent[OV_COST_STEPS] < 400 * sizeof(text));
    budget.limit[OV_COST_STEPS] = budget.spent[OV_COST_STEPS] + 10000;
    assert_int_equal(ov_re_search(ov_buf_span(&code),
                                  ov_span_of(text, sizeof(text)), &budget,
                                  &is_found),
                     OV_LIMIT_WORK);
    done();
}

static void damaged_code_is_refused(void **state)
{
    struct ov_budget budget = ov_budget_default();
    bool is_found;

    (void)state;
    compile("ab", 0);
    assert_false(ov_re_open(ov_span_of(code.ptr, code.len - 1), &re));
    code.ptr[OV_RE_HEADER + 5] = 0xff; /* the start's list */
    assert_int_equal(
        ov_re_search(ov_buf_span(&code), OV_SPAN_LIT("ab"), &budget, &is_found),
        OV_MALFORMED);
    done();
}

OV_TEST_MAIN(OV_TEST(the_preferred_match_is_taken),
             OV_TEST(conditions_keep_the_order_of_preference),
             OV_TEST(conditions_look_at_both_sides),
             OV_TEST(wide_text_has_a_zero_behind_each_byte),
             OV_TEST(backward_finds_every_start),
             OV_TEST(a_run_ends_at_its_reach),
             OV_TEST(the_work_is_bounded_and_paid),
             OV_TEST(damaged_code_is_refused))
