/* SPDX-License-Identifier: Apache-2.0 */
#include "base/regions.h"
#include "test.h"

static const struct ov_region list[] = {
    {0x1000, 0, 4}, {0x2000, 4, 3}, {0x2003, 7, 2}};

static struct ov_regions regions(void)
{
    return (struct ov_regions){OV_SPAN_LIT("abcdefghi"), list, 3};
}

static void bytes_are_found_by_address(void **state)
{
    const struct ov_regions r = regions();
    struct ov_span bytes;

    (void)state;
    assert_true(ov_regions_are_sound(&r));
    assert_true(ov_regions_sub(&r, 0x1001, 3, &bytes));
    assert_true(ov_span_equal(bytes, OV_SPAN_LIT("bcd")));
    assert_true(ov_regions_sub(&r, 0x2004, 1, &bytes));
    assert_true(ov_span_equal(bytes, OV_SPAN_LIT("i")));
    assert_false(ov_regions_sub(&r, 0x1001, 4, &bytes));
    assert_false(ov_regions_sub(&r, 0x2002, 2, &bytes));
    assert_false(ov_regions_sub(&r, 0xfff, 1, &bytes));
    assert_false(ov_regions_sub(&r, 0x1004, 1, &bytes));
    assert_false(ov_regions_sub(&r, 0x2005, 1, &bytes));
}

static void a_range_may_go_on_where_regions_touch(void **state)
{
    const struct ov_regions r = regions();
    struct ov_span bytes;

    (void)state;
    assert_true(ov_regions_range(&r, 0x2001, 3, &bytes));
    assert_true(ov_span_equal(bytes, OV_SPAN_LIT("fgh")));
    assert_true(ov_regions_range(&r, 0x2001, 100, &bytes));
    assert_true(ov_span_equal(bytes, OV_SPAN_LIT("fghi")));
    assert_true(ov_regions_range(&r, 0x2001, UINT64_MAX, &bytes));
    assert_true(ov_regions_range(&r, 0x1002, 2, &bytes));
    assert_false(ov_regions_range(&r, 0x1002, 3, &bytes));
    assert_false(ov_regions_range(&r, 0x1800, 1, &bytes));
}

static void a_list_that_is_none_is_told(void **state)
{
    static const struct ov_region bad[][2] = {
        {{0x1000, 0, 4}, {0x1003, 4, 5}},         /* over the one before */
        {{0x1000, 0, 4}, {0x900, 4, 5}},          /* falling */
        {{0x1000, 0, 4}, {0x2000, 5, 5}},         /* a gap in the bytes */
        {{0x1000, 0, 4}, {0x2000, 4, 6}},         /* more than there are */
        {{0x1000, 0, 4}, {0x2000, 4, 4}},         /* fewer */
        {{0x1000, 0, 0}, {0x2000, 0, 9}},         /* empty */
        {{0x1000, 0, 4}, {UINT64_MAX - 4, 4, 5}}, /* over the end */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct ov_regions r = regions();

        r.list = bad[i];
        r.n = 2;
        assert_false(ov_regions_are_sound(&r));
    }
}

OV_TEST_MAIN(OV_TEST(bytes_are_found_by_address),
             OV_TEST(a_range_may_go_on_where_regions_touch),
             OV_TEST(a_list_that_is_none_is_told))
