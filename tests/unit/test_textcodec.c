/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/textcodec.h"
#include "test.h"

static void expect_decoded(enum ov_textcodec codec, const char *text,
                           const char *expected)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_buf into = ov_buf_with_max(1000);

    assert_int_equal(ov_decode_text(codec, ov_span_str(text), &budget, &into),
                     OV_OK);
    assert_int_equal(into.len, strlen(expected));
    assert_memory_equal(into.ptr, expected, into.len);
    assert_int_equal(budget.spent[OV_COST_BYTES], into.len);
    ov_buf_done(&into);
}

static void base64_reads_over_what_is_not_its_own(void **state)
{
    (void)state;
    expect_decoded(OV_TEXT_BASE64, "YWJjZGVm", "abcdef");
    expect_decoded(OV_TEXT_BASE64, "YW\r\nJj-!Z GVm", "abcdef");
    expect_decoded(OV_TEXT_BASE64, "YQ==YWI=YWJj", "aababc");
    expect_decoded(OV_TEXT_BASE64, "YWI", "ab");
}

static void quoted_printable_joins_soft_lines(void **state)
{
    (void)state;
    expect_decoded(OV_TEXT_QUOTED, "a=3Db=\r\nc= \nd\n", "a=bcd\n");
    expect_decoded(OV_TEXT_QUOTED, "a=zb=4", "a=zb=4");
}

static void uuencode_ends_where_it_says(void **state)
{
    (void)state;
    expect_decoded(OV_TEXT_UUENCODE, "\nbegin 644 a\n#0V%T\n`\nend\n#0V%T\n",
                   "Cat");
    expect_decoded(OV_TEXT_UUENCODE, "#0V%T\n\n#0V%T\n", "CatCat");
}

static void hex_and_ascii85_end_at_their_marks(void **state)
{
    (void)state;
    expect_decoded(OV_TEXT_HEX, "61 62\n637>64", "abcp");
    expect_decoded(OV_TEXT_ASCII85, "87cUR D]i,\"Ebo7~>x", "Hello World");
}

static void a_long_text_is_decoded_over_blocks(void **state)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_buf text = ov_buf_with_max(1 << 20);
    struct ov_buf into = ov_buf_with_max(1 << 20);

    (void)state;
    for (int i = 0; i < 10000; i++)
        ov_put_str(&text, "YWJjZGVm\n");
    assert_int_equal(
        ov_decode_text(OV_TEXT_BASE64, ov_buf_span(&text), &budget, &into),
        OV_OK);
    assert_int_equal(into.len, 60000);
    for (size_t i = 0; i < into.len; i += 6)
        assert_memory_equal(into.ptr + i, "abcdef", 6);
    ov_buf_clear(&into);
    into.max = 1000;
    assert_int_equal(
        ov_decode_text(OV_TEXT_BASE64, ov_buf_span(&text), &budget, &into),
        OV_LIMIT_SIZE);
    assert_int_equal(into.len, 1000);
    ov_buf_done(&text);
    ov_buf_done(&into);
}

OV_TEST_MAIN(OV_TEST(base64_reads_over_what_is_not_its_own),
             OV_TEST(quoted_printable_joins_soft_lines),
             OV_TEST(uuencode_ends_where_it_says),
             OV_TEST(hex_and_ascii85_end_at_their_marks),
             OV_TEST(a_long_text_is_decoded_over_blocks))
