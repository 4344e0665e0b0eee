/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "test.h"

static void numbers_stop_at_their_maximum(void **state)
{
    uint64_t n = 77;

    (void)state;
    assert_true(ov_parse_uint(OV_SPAN_LIT("0255"), 255, &n));
    assert_int_equal(n, 255);
    assert_true(
        ov_parse_uint(OV_SPAN_LIT("18446744073709551615"), UINT64_MAX, &n));
    assert_true(n == UINT64_MAX);
    n = 77;
    assert_false(ov_parse_uint(OV_SPAN_LIT("256"), 255, &n));
    assert_false(
        ov_parse_uint(OV_SPAN_LIT("18446744073709551616"), UINT64_MAX, &n));
    assert_false(
        ov_parse_uint(OV_SPAN_LIT("99999999999999999999"), UINT64_MAX, &n));
    assert_int_equal(n, 77);
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const bad[] = {"",   " 1",  "1 ", "-1", "+1",
                                      "0x", "1e3", "1.", "a",  "\xb2"};
    uint64_t n;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(ov_parse_uint(ov_span_str(bad[i]), UINT64_MAX, &n));
    assert_false(ov_parse_uint(ov_span_of("1\0", 2), UINT64_MAX, &n));
}

static void signs_and_the_least_number_are_known(void **state)
{
    int64_t n = 0;

    (void)state;
    assert_true(ov_parse_int(OV_SPAN_LIT("-12"), &n) && n == -12);
    assert_true(ov_parse_int(OV_SPAN_LIT("+12"), &n) && n == 12);
    assert_true(ov_parse_int(OV_SPAN_LIT("-9223372036854775808"), &n));
    assert_true(n == INT64_MIN);
    assert_true(ov_parse_int(OV_SPAN_LIT("9223372036854775807"), &n));
    assert_true(n == INT64_MAX);
    assert_false(ov_parse_int(OV_SPAN_LIT("9223372036854775808"), &n));
    assert_false(ov_parse_int(OV_SPAN_LIT("-9223372036854775809"), &n));
    assert_false(ov_parse_int(OV_SPAN_LIT("--1"), &n));
    assert_false(ov_parse_int(OV_SPAN_LIT("-"), &n));
    assert_false(ov_parse_int(OV_SPAN_LIT(""), &n));
}

static void hexadecimal_takes_both_cases_and_whole_bytes(void **state)
{
    uint8_t bytes[3] = {0};

    (void)state;
    assert_true(ov_hex_decode(OV_SPAN_LIT("00fFA9"), bytes, 3));
    assert_int_equal(bytes[1], 0xff);
    assert_int_equal(bytes[2], 0xa9);
    assert_false(ov_hex_decode(OV_SPAN_LIT("00f"), bytes, 1));
    assert_false(ov_hex_decode(OV_SPAN_LIT("00ff"), bytes, 3));
    assert_false(ov_hex_decode(OV_SPAN_LIT("0g"), bytes, 1));
    assert_false(ov_hex_decode(OV_SPAN_LIT("g0"), bytes, 1));
    assert_true(ov_hex_decode(OV_SPAN_LIT(""), bytes, 0));
}

typedef void put_function(struct ov_buf *b, struct ov_span s);

static void expect(put_function *put, struct ov_span in, const char *out)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1000);

    put(&b, in);
    ov_put_u8(&b, 0);
    assert_int_equal(ov_buf_status(&b), OV_OK);
    assert_string_equal((const char *)b.ptr, out);
}

static void what_a_terminal_would_obey_is_escaped(void **state)
{
    (void)state;
    expect(ov_put_escaped, OV_SPAN_LIT("plain name.txt"), "plain name.txt");
    expect(ov_put_escaped, OV_SPAN_LIT("\x1b[31m\r\n\t\x7f"),
           "\\x1b[31m\\x0d\\x0a\\x09\\x7f");
    expect(ov_put_escaped, OV_SPAN_LIT("a\\x1b"), "a\\x5cx1b");
    expect(ov_put_escaped, OV_SPAN_LIT("\xc2\x9b"), "\\xc2\\x9b");
    expect(ov_put_escaped, OV_SPAN_LIT("txt\xe2\x80\xae"),
           "txt\\xe2\\x80\\xae");
    expect(ov_put_escaped, OV_SPAN_LIT("caf\xc3\xa9"), "caf\xc3\xa9");
    expect(ov_put_escaped, OV_SPAN_LIT("caf\xe9"), "caf\\xe9");
    expect(ov_put_escaped, ov_span_of("a\0b", 3), "a\\x00b");
}

static void words_that_do_not_fit_are_cut_at_their_end(void **state)
{
    char words[8];

    (void)state;
    ov_escape_words(words, sizeof(words), OV_SPAN_LIT("short"));
    assert_string_equal(words, "short");
    ov_escape_words(words, sizeof(words), OV_SPAN_LIT("exactly"));
    assert_string_equal(words, "exactly");
    ov_escape_words(words, sizeof(words), OV_SPAN_LIT("too long by far"));
    assert_string_equal(words, "too lon");
    ov_escape_words(words, sizeof(words), OV_SPAN_LIT("\x1b\x1b"));
    assert_memory_equal(words, "\\x1b", 4);
    ov_escape_words(words, 1, OV_SPAN_LIT("none"));
    assert_string_equal(words, "");
}

static void json_is_valid_whatever_comes(void **state)
{
    (void)state;
    expect(ov_put_json, OV_SPAN_LIT("a\"b\\c"), "a\\\"b\\\\c");
    expect(ov_put_json, OV_SPAN_LIT("\n\x1f\x7f"), "\\u000a\\u001f\\u007f");
    expect(ov_put_json, OV_SPAN_LIT("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80");
    expect(ov_put_json, OV_SPAN_LIT("x\xff\xc3"), "x\xef\xbf\xbd\xef\xbf\xbd");
}

static void utf8_has_one_spelling(void **state)
{
    (void)state;
    assert_int_equal(ov_utf8_len(OV_SPAN_LIT("")), 0);
    assert_int_equal(ov_utf8_len(OV_SPAN_LIT("a")), 1);
    assert_int_equal(ov_utf8_len(OV_SPAN_LIT("\xc3\xa9")), 2);
    assert_int_equal(ov_utf8_len(OV_SPAN_LIT("\xed\x9f\xbf")), 3);
    assert_int_equal(ov_utf8_len(OV_SPAN_LIT("\xf4\x8f\xbf\xbf")), 4);
    assert_int_equal(ov_utf8_len(OV_SPAN_LIT("\xc0\x80")), 0);
    assert_int_equal(ov_utf8_len(OV_SPAN_LIT("\xe0\x9f\xbf")), 0);
    assert_int_equal(ov_utf8_len(OV_SPAN_LIT("\xed\xa0\x80")), 0);
    assert_int_equal(ov_utf8_len(OV_SPAN_LIT("\xf0\x8f\xbf\xbf")), 0);
    assert_int_equal(ov_utf8_len(OV_SPAN_LIT("\xf4\x90\x80\x80")), 0);
    assert_int_equal(ov_utf8_len(OV_SPAN_LIT("\xe2\x82")), 0);
    assert_int_equal(ov_utf8_len(OV_SPAN_LIT("\x80")), 0);
}

static void a_text_is_utf8_if_all_of_it_is(void **state)
{
    (void)state;
    assert_true(ov_is_utf8(OV_SPAN_LIT("")));
    assert_true(ov_is_utf8(OV_SPAN_LIT("caf\xc3\xa9 \xf4\x8f\xbf\xbf.")));
    assert_false(ov_is_utf8(OV_SPAN_LIT("caf\xc3")));
    assert_false(ov_is_utf8(OV_SPAN_LIT("\xa9 caf")));
    assert_false(ov_is_utf8(OV_SPAN_LIT("a\xed\xa0\x80z")));
}

OV_TEST_MAIN(OV_TEST(numbers_stop_at_their_maximum),
             OV_TEST(what_is_no_number_is_refused),
             OV_TEST(signs_and_the_least_number_are_known),
             OV_TEST(hexadecimal_takes_both_cases_and_whole_bytes),
             OV_TEST(what_a_terminal_would_obey_is_escaped),
             OV_TEST(words_that_do_not_fit_are_cut_at_their_end),
             OV_TEST(json_is_valid_whatever_comes),
             OV_TEST(utf8_has_one_spelling),
             OV_TEST(a_text_is_utf8_if_all_of_it_is))
