/* SPDX-License-Identifier: Apache-2.0 */
#include "cells.h"
#include "match/matcher.h"

/* Patterns of several parts, through the matcher: ov_parts_join needs the
 * lead's matches, which only a pass gives. */

/* Finds the pattern in the view; its matches as "at-end at-end". */
static void expect(const char *pattern, uint32_t flags, struct ov_span view,
                   const char *want)
{
    static struct cells cells;
    struct ov_match_input in = {.targets = 1};
    OV_AUTO_DONE(buf) image = ov_buf_with_max(1 << 20);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(1 << 20);
    OV_AUTO(matcher) m = NULL;
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_store store = {0};
    struct ov_hits hits;
    struct ov_match_job job = {.view = view, .budget = &budget, .arena = arena};
    const struct ov_hit *hit;

    in.pattern = cells_pattern(&cells, pattern, flags);
    assert_int_equal(ov_match_build(&in, 1, &image, NULL, NULL), OV_OK);
    store.all = ov_buf_span(&image);
    assert_int_equal(ov_matcher_open(&store, 0, image.len, &m), OV_OK);
    assert_int_equal(ov_matcher_scan(m, &job, &hits), OV_OK);
    hit = ov_hits_find(&hits, 0);
    for (const struct ov_match *k = hit ? hit->first : NULL; k; k = k->next)
        ov_put_format(&text, "%s%llu-%llu", text.len ? " " : "",
                      (unsigned long long)k->at,
                      (unsigned long long)(k->at + k->len));
    ov_put_u8(&text, 0);
    assert_string_equal((const char *)text.ptr, want);
}

static void each_place_of_the_last_part_counts(void **state)
{
    (void)state;
    expect("616263*7879", 0, OV_SPAN_LIT("abc..xy.xy"), "0-7 0-10");
    expect("616263*7879", 0, OV_SPAN_LIT("xy.abc.abc"), "");
    expect("616263*7879", 0, OV_SPAN_LIT("abc.abc.xy"), "0-10");
}

static void parts_keep_their_order_and_distance(void **state)
{
    (void)state;
    expect("6161{2-}6262*6363", 0, OV_SPAN_LIT("aabb..bbcc"), "0-10");
    expect("6161{2-}6262*6363", 0, OV_SPAN_LIT("aa.bb.cc"), "");
    expect("6161{2-}6262*6363", 0, OV_SPAN_LIT("cc.aa..bb"), "");
}

static void the_lead_may_be_any_part(void **state)
{
    (void)state;
    expect("20*d713e9a45b8cf2*20", 0,
           OV_SPAN_LIT(" .\xd7\x13\xe9\xa4\x5b\x8c\xf2. "), "0-11");
    expect("2020*d713e9a45b8cf2", 0,
           OV_SPAN_LIT("  \xd7\x13\xe9\xa4\x5b\x8c\xf2"), "0-9");
}

static void a_later_start_may_end_earlier(void **state)
{
    (void)state;
    /* From 0 the first part ends at 7, from 2 at 5; only then "xyz" fits. */
    expect("61{0-4}62(|6363)*78797a", 0, OV_SPAN_LIT("a.aab.xyz"), "0-9");
    expect("61{1-5}6262*78797a", 0, OV_SPAN_LIT("axa.bbxyz"), "0-9");
}

static void case_may_not_matter(void **state)
{
    (void)state;
    expect("616263*78", OV_PATTERN_NOCASE, OV_SPAN_LIT("aBC..X"), "0-6");
    expect("616263*78", 0, OV_SPAN_LIT("abc..X"), "");
}

static void a_full_word_is_looked_at_from_outside(void **state)
{
    (void)state;
    expect("616263*7879", OV_PATTERN_FULLWORD, OV_SPAN_LIT("abc1.2xy"), "0-8");
    expect("616263*7879", OV_PATTERN_FULLWORD, OV_SPAN_LIT("1abc.xy"), "");
    expect("616263*7879", OV_PATTERN_FULLWORD, OV_SPAN_LIT("abc.xy1"), "");
}

static void each_start_counts_if_it_is_asked_for(void **state)
{
    (void)state;
    expect("616263*7879", OV_PATTERN_EACH_START, OV_SPAN_LIT("abc.abc.xy.xy"),
           "0-10 4-10");
    expect("616263*7879", OV_PATTERN_EACH_START, OV_SPAN_LIT("abc.xy.abc.xy"),
           "0-6 7-13");
    expect("6161*6262{1-}6363", OV_PATTERN_EACH_START,
           OV_SPAN_LIT("aabb.aa.cc.bbcc.cc"), "0-10 5-18");
    expect("6161*62{0-4}63*6464", OV_PATTERN_EACH_START,
           OV_SPAN_LIT("aa.b.bc.aa.bc.dd"), "0-16 8-16");
    expect("616263*7879", OV_PATTERN_EACH_START, OV_SPAN_LIT("xyabc"), "");
}

OV_TEST_MAIN(OV_TEST(each_place_of_the_last_part_counts),
             OV_TEST(parts_keep_their_order_and_distance),
             OV_TEST(the_lead_may_be_any_part),
             OV_TEST(a_later_start_may_end_earlier),
             OV_TEST(each_start_counts_if_it_is_asked_for),
             OV_TEST(case_may_not_matter),
             OV_TEST(a_full_word_is_looked_at_from_outside))
