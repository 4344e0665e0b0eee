/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_lex.h"
#include "test.h"

static struct ov_yara_fault fault;

static struct ov_yara_lexer lexer_over(const char *text)
{
    fault = (struct ov_yara_fault){0};
    return (struct ov_yara_lexer){
        .text = ov_span_str(text), .place = {0, 1, 1}, .fault = &fault};
}

static struct ov_yara_token next(struct ov_yara_lexer *l)
{
    struct ov_yara_token t;

    assert_int_equal(ov_yara_lex(l, &t), OV_OK);
    return t;
}

static void expect(struct ov_yara_lexer *l, enum ov_yara_token_kind kind,
                   const char *value)
{
    struct ov_yara_token t = next(l);

    assert_int_equal(t.kind, kind);
    assert_true(ov_span_equal(t.value, ov_span_str(value)));
}

static void names_keywords_and_strings_are_told_apart(void **state)
{
    struct ov_yara_lexer l = lexer_over("rule rules _a1 $a $b* $ #c @d !e $*");

    (void)state;
    expect(&l, OV_YARA_RULE, "rule");
    expect(&l, OV_YARA_NAME, "rules");
    expect(&l, OV_YARA_NAME, "_a1");
    expect(&l, OV_YARA_STRING, "a");
    expect(&l, OV_YARA_STRINGS, "b");
    expect(&l, OV_YARA_STRING, "");
    expect(&l, OV_YARA_COUNT, "c");
    expect(&l, OV_YARA_OFFSET, "d");
    expect(&l, OV_YARA_LENGTH, "e");
    expect(&l, OV_YARA_STRINGS, "");
    expect(&l, OV_YARA_END, "");
    expect(&l, OV_YARA_END, "");
}

static void numbers_have_bases_and_units(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } cases[] = {
        {"0", 0},
        {"42", 42},
        {"0x1fF", 0x1ff},
        {"0o17", 15},
        {"2KB", 2048},
        {"3MB", 3 << 20},
        {"9223372036854775807", INT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ov_yara_lexer l = lexer_over(cases[i].text);
        struct ov_yara_token t = next(&l);

        assert_int_equal(t.kind, OV_YARA_NUMBER);
        assert_int_equal(t.number, cases[i].value);
    }
}

static void marks_are_taken_as_long_as_they_go(void **state)
{
    static const enum ov_yara_token_kind want[] = {
        OV_YARA_LE, OV_YARA_SHIFT_LEFT, OV_YARA_LT, OV_YARA_DOTS,  OV_YARA_DOT,
        OV_YARA_EQ, OV_YARA_ASSIGN,     OV_YARA_NE, OV_YARA_DIVIDE};
    struct ov_yara_lexer l = lexer_over("<=<<< .. . === != \\");

    (void)state;
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
        assert_int_equal(next(&l).kind, want[i]);
}

static void texts_end_at_an_unescaped_quote(void **state)
{
    struct ov_yara_lexer l = lexer_over("\"a\\\"b\\\\\" /x\\/y/is // end");

    (void)state;
    expect(&l, OV_YARA_TEXT, "a\\\"b\\\\");
    expect(&l, OV_YARA_REGEX, "x\\/y");
    expect(&l, OV_YARA_END, "");
}

static void places_count_lines_and_columns_over_comments(void **state)
{
    struct ov_yara_lexer l = lexer_over("a /* x\n y */ b\n// c\n\td");
    struct ov_yara_token t = next(&l);

    (void)state;
    assert_int_equal(t.place.column, 1);
    t = next(&l);
    assert_int_equal(t.place.line, 2);
    assert_int_equal(t.place.column, 7);
    t = next(&l);
    assert_int_equal(t.place.line, 4);
    assert_int_equal(t.place.column, 2);
    assert_int_equal(t.place.at, 21);
}

static void what_is_no_token_is_an_error(void **state)
{
    static const char *const cases[] = {"\"open",
                                        "\"a\nb\"",
                                        "/open",
                                        "/* open",
                                        "`",
                                        "0x",
                                        "12abc",
                                        "9223372036854775808",
                                        "9999999999999999MB",
                                        "\xc3\xa4"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ov_yara_lexer l = lexer_over(cases[i]);
        struct ov_yara_token t;

        assert_int_equal(ov_yara_lex(&l, &t), OV_MALFORMED);
        assert_int_equal(fault.status, OV_MALFORMED);
        assert_true(fault.why[0] != '\0');
    }
}

static void the_first_fault_stays(void **state)
{
    struct ov_yara_lexer l = lexer_over("` \"");
    struct ov_yara_token t;

    (void)state;
    assert_int_equal(ov_yara_lex(&l, &t), OV_MALFORMED);
    l.place.at = 2;
    assert_int_equal(ov_yara_lex(&l, &t), OV_MALFORMED);
    assert_int_equal(fault.place.at, 0);
}

static void hexadecimal_strings_are_cut_out_whole(void **state)
{
    struct ov_yara_lexer l = lexer_over("01 // }\n 02 /* } */ } next");
    struct ov_yara_place place;
    struct ov_span inside;

    (void)state;
    assert_int_equal(ov_yara_lex_hex(&l, &inside, &place), OV_OK);
    assert_true(ov_span_equal(inside, OV_SPAN_LIT("01 // }\n 02 /* } */ ")));
    expect(&l, OV_YARA_NAME, "next");
    l = lexer_over("01 02");
    assert_int_equal(ov_yara_lex_hex(&l, &inside, &place), OV_MALFORMED);
}

static void it_goes_on_at_the_next_rule(void **state)
{
    struct ov_yara_lexer l =
        lexer_over("bad { \" rule x\n ruler\n  private rule a");

    (void)state;
    ov_yara_lex_resume(&l);
    assert_int_equal(l.place.line, 3);
    expect(&l, OV_YARA_PRIVATE, "private");
    ov_yara_lex_resume(&l);
    expect(&l, OV_YARA_END, "");
}

OV_TEST_MAIN(OV_TEST(names_keywords_and_strings_are_told_apart),
             OV_TEST(numbers_have_bases_and_units),
             OV_TEST(marks_are_taken_as_long_as_they_go),
             OV_TEST(texts_end_at_an_unescaped_quote),
             OV_TEST(places_count_lines_and_columns_over_comments),
             OV_TEST(what_is_no_token_is_an_error),
             OV_TEST(the_first_fault_stays),
             OV_TEST(hexadecimal_strings_are_cut_out_whole),
             OV_TEST(it_goes_on_at_the_next_rule))
