/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "cells.h"
#include "match/form.h"

static struct ov_form form;

static enum ov_status make(const char *text, uint32_t flags, bool is_wide)
{
    static struct cells cells;
    struct ov_pattern p = cells_pattern(&cells, text, flags);

    return ov_form_make(&form, &p, is_wide);
}

/* The code of the nth part, in hexadecimal. */
static void expect_code(uint32_t part, bool is_backward, const char *hex)
{
    OV_AUTO_DONE(buf) code = ov_buf_with_max(4096);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(8192);

    ov_form_write(&form, form.parts[part].from, form.parts[part].to,
                  is_backward, &code);
    ov_put_hex(&text, ov_buf_span(&code));
    ov_put_u8(&text, 0);
    assert_string_equal((const char *)text.ptr, hex);
}

static void bytes_become_runs(void **state)
{
    (void)state;
    assert_int_equal(make("616263", 0, false), OV_OK);
    assert_int_equal(form.n_parts, 1);
    expect_code(0, false, "02616263");
    assert_int_equal(make("61?26364", 0, false), OV_OK);
    expect_code(0, false, "0061200f02016364");
    assert_int_equal(make("61~6263", 0, false), OV_OK);
    expect_code(0, false, "0061e0ff620063");
    ov_form_done(&form);
}

static void a_long_run_has_its_length_behind(void **state)
{
    (void)state;
    assert_int_equal(make("00000000000000000000000000000000"
                          "00000000000000000000000000000000ff",
                          0, false),
                     OV_OK);
    expect_code(0, false,
                "1f01"
                "00000000000000000000000000000000"
                "00000000000000000000000000000000ff");
    ov_form_done(&form);
}

static void gaps_in_a_row_are_one(void **state)
{
    (void)state;
    assert_int_equal(make("61??{2}62", 0, false), OV_OK);
    expect_code(0, false, "0061420062");
    assert_int_equal(make("61??{2-4}62", 0, false), OV_OK);
    expect_code(0, false,
                "006160030200"
                "62");
    ov_form_done(&form);
}

static void gaps_without_bound_cut(void **state)
{
    (void)state;
    assert_int_equal(make("6162*6364{5-}6566", 0, false), OV_OK);
    assert_int_equal(form.n_parts, 3);
    assert_int_equal(form.parts[1].gap_min, 0);
    assert_int_equal(form.parts[2].gap_min, 5);
    expect_code(2, false, "016566");
    /* At an end they only have a length. */
    assert_int_equal(make("{3-}6162{2-}", 0, false), OV_OK);
    assert_int_equal(form.n_parts, 1);
    expect_code(0, false, "4201616241");
    ov_form_done(&form);
}

static void wide_text_gets_its_zeros(void **state)
{
    (void)state;
    assert_int_equal(make("61??62{3}63", 0, true), OV_OK);
    expect_code(0, false,
                "01610040020062004201"
                "6300");
    ov_form_done(&form);
}

static void letters_without_case_are_small(void **state)
{
    (void)state;
    assert_int_equal(make("41624?", OV_PATTERN_NOCASE, false), OV_OK);
    expect_code(0, false, "01616220f040");
    ov_form_done(&form);
}

static void backward_code_reads_from_behind(void **state)
{
    (void)state;
    assert_int_equal(make("6162(63|6465)!(66)67", 0, false), OV_OK);
    expect_code(0, true,
                "0067810066c0800164"
                "65a00063c0016162");
    ov_form_done(&form);
}

static void alternatives_have_a_shortest_and_a_longest(void **state)
{
    struct ov_extent_range r;

    (void)state;
    assert_int_equal(make("61(62|6364(65|)|{1-9})66", 0, false), OV_OK);
    r = ov_form_range(&form, 0, form.n);
    assert_int_equal(r.min, 3);
    assert_int_equal(r.max, 11);
    assert_int_equal(ov_form_close(&form, 1), form.n - 2);
    ov_form_done(&form);
}

static void refuses_what_cannot_be_run(void **state)
{
    static const char *const bad[] = {
        "61(62",
        "61)62",
        "61|62",
        "61(62*63)64",
        "61!(62|6364)",
        "61{70000}{0-70000}62",
        "(((((((((((((((((61)))))))))))))))))",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(make(bad[i], 0, false), OV_UNSUPPORTED);
    ov_form_done(&form);
}

OV_TEST_MAIN(OV_TEST(bytes_become_runs),
             OV_TEST(a_long_run_has_its_length_behind),
             OV_TEST(gaps_in_a_row_are_one), OV_TEST(gaps_without_bound_cut),
             OV_TEST(wide_text_gets_its_zeros),
             OV_TEST(letters_without_case_are_small),
             OV_TEST(backward_code_reads_from_behind),
             OV_TEST(alternatives_have_a_shortest_and_a_longest),
             OV_TEST(refuses_what_cannot_be_run))
