/* SPDX-License-Identifier: Apache-2.0 */
#include "base/span.h"
#include "test.h"

static void a_part_past_the_end_is_refused(void **state)
{
    struct ov_span s = OV_SPAN_LIT("abcdef");
    struct ov_span part = {NULL, 77};

    (void)state;
    assert_false(ov_span_sub(s, 5, 2, &part));
    assert_false(ov_span_sub(s, UINT64_MAX, 2, &part));
    assert_false(ov_span_sub(s, 2, UINT64_MAX, &part));
    assert_int_equal(part.len, 77);
    assert_true(ov_span_sub(s, 6, 0, &part));
    assert_int_equal(part.len, 0);
    assert_true(ov_span_sub(s, 4, 2, &part));
    assert_true(ov_span_equal(part, OV_SPAN_LIT("ef")));
}

static void an_array_whose_size_overflows_is_refused(void **state)
{
    struct ov_span s = OV_SPAN_LIT("abcdef");
    struct ov_span part;

    (void)state;
    assert_false(ov_span_array(s, 0, UINT64_MAX / 2, 4, &part));
    assert_true(ov_span_array(s, 2, 2, 2, &part));
    assert_int_equal(part.len, 4);
}

static void cutting_gives_head_and_rest(void **state)
{
    struct ov_span s = OV_SPAN_LIT("a:b:");
    struct ov_span head;

    (void)state;
    assert_true(ov_span_cut(&s, ':', &head));
    assert_true(ov_span_equal(head, OV_SPAN_LIT("a")));
    assert_true(ov_span_cut(&s, ':', &head));
    assert_true(ov_span_equal(head, OV_SPAN_LIT("b")));
    assert_false(ov_span_cut(&s, ':', &head));
    assert_int_equal(head.len, 0);
    assert_null(s.ptr);
}

static void finding_starts_where_told(void **state)
{
    struct ov_span s = OV_SPAN_LIT("abcabc");

    (void)state;
    assert_int_equal(ov_span_find(s, OV_SPAN_LIT("abc"), 0), 0);
    assert_int_equal(ov_span_find(s, OV_SPAN_LIT("abc"), 1), 3);
    assert_int_equal(ov_span_find(s, OV_SPAN_LIT("abc"), 4), SIZE_MAX);
    assert_int_equal(ov_span_find(s, OV_SPAN_LIT(""), 6), 6);
    assert_int_equal(ov_span_find(s, OV_SPAN_LIT("c"), 7), SIZE_MAX);
}

OV_TEST_MAIN(OV_TEST(a_part_past_the_end_is_refused),
             OV_TEST(an_array_whose_size_overflows_is_refused),
             OV_TEST(cutting_gives_head_and_rest),
             OV_TEST(finding_starts_where_told))
