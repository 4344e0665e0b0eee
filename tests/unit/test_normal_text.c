/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/normal.h"
#include "test.h"

static void expect_text(struct ov_span text, size_t max, enum ov_status status,
                        const char *expected)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_buf view = ov_buf_with_max(max);

    assert_int_equal(ov_normal_text(text, &budget, &view), status);
    assert_int_equal(view.len, strlen(expected));
    assert_memory_equal(view.ptr, expected, view.len);
    ov_buf_done(&view);
}

static void case_and_runs_of_space_are_folded(void **state)
{
    (void)state;
    expect_text(OV_SPAN_LIT("Eine \r\n\t ZEILE\v"), 100, OV_OK, "eine zeile ");
}

static void what_is_not_ascii_goes(void **state)
{
    (void)state;
    expect_text(OV_SPAN_LIT("a\x01\x80 \0 \xff\x7f"), 100, OV_OK, "a \x7f");
    expect_text(OV_SPAN_LIT("U\0T\0F\0"), 100, OV_OK, "utf");
}

static void a_full_view_keeps_its_beginning(void **state)
{
    (void)state;
    expect_text(OV_SPAN_LIT("abcdef"), 4, OV_LIMIT_SIZE, "abcd");
}

static void utf16_keeps_what_fits_a_byte(void **state)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_buf view = ov_buf_with_max(100);
    struct ov_span little = OV_SPAN_LIT("\xff\xfe<\0\x41\x01p\0>");
    struct ov_span big = OV_SPAN_LIT("\0<\0p");

    (void)state;
    assert_int_equal(ov_normal_utf16(little, true, &budget, &view), OV_OK);
    assert_int_equal(ov_normal_utf16(big, true, &budget, &view), OV_OK);
    assert_true(ov_span_equal(ov_buf_span(&view), OV_SPAN_LIT("<p<p")));
    ov_buf_done(&view);
}

OV_TEST_MAIN(OV_TEST(case_and_runs_of_space_are_folded),
             OV_TEST(what_is_not_ascii_goes),
             OV_TEST(a_full_view_keeps_its_beginning),
             OV_TEST(utf16_keeps_what_fits_a_byte))
