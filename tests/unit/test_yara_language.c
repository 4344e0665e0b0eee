/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara.h"
#include "scan_help.h"

/* What YARA's conditions say without patterns: texts, floating point numbers,
 * modules, sets of rules. tests/oracle/yara_differential.py compares the same
 * with yara on random ones. */

/* Whether rule r of the source holds for the bytes. */
static bool holds(const char *source, struct ov_span bytes)
{
    const char *files[] = {"r.yar", source, NULL};
    struct scan_help h;
    bool is_found;

    help_open(&h, files);
    h.options.now = 1234567890;
    (void)help_scan(&h, bytes);
    is_found = strstr(h.names, "r ") != NULL;
    assert_string_equal(h.reasons, "");
    help_close(&h);
    return is_found;
}

static void expect(const char *condition, bool want)
{
    char text[1000];

    (void)snprintf(text, sizeof(text),
                   "import \"time\"\n"
                   "private rule yes { condition: filesize == 4 }\n"
                   "private rule yes_too { condition: true }\n"
                   "private rule no { condition: filesize == 5 }\n"
                   "rule r { condition: %s }",
                   condition);
    if (holds(text, OV_SPAN_LIT("\x01\x00\x80\x3f")) != want)
        fail_msg("%s: %s", want ? "does not hold" : "holds", condition);
}

static void expect_error(const char *condition, const char *words)
{
    char text[1000];
    const struct ov_yara_options options = {0};
    OV_AUTO(part) part = ov_part_new(0);
    struct ov_diag diag = {0};

    (void)snprintf(text, sizeof(text),
                   "import \"time\"\nrule yes { condition: true }\n"
                   "rule r { condition: %s }",
                   condition);
    assert_int_equal(ov_yara_parse(ov_span_str(text), &options, part, &diag),
                     OV_MALFORMED);
    if (strstr(diag.text, words) == NULL)
        fail_msg("\"%s\" has no \"%s\"", diag.text, words);
}

static void texts_are_compared_and_searched(void **state)
{
    (void)state;
    expect("\"abc\" == \"abc\" and \"abc\" != \"abd\"", true);
    expect("\"abc\" < \"abd\" and \"b\" > \"abc\" and \"a\" <= \"a\"", true);
    expect("\"xabcx\" contains \"abc\"", true);
    expect("\"xaBcx\" contains \"abc\"", false);
    expect("\"xaBCx\" icontains \"Abc\" and not \"ab\" icontains \"abc\"",
           true);
    expect("\"abc\" startswith \"ab\" and not \"abc\" startswith \"bc\"", true);
    expect("\"abc\" istartswith \"AB\" and \"aBC\" iendswith \"bc\"", true);
    expect("\"abc\" endswith \"bc\" and not \"abc\" endswith \"ab\"", true);
    expect("\"aBc\" iequals \"AbC\" and not \"abc\" iequals \"abcd\"", true);
    expect("\"a\\x41\\n\\\"\".len() == 4", true);
    expect("\"x\" and not \"\"", true);
}

static void texts_match_regular_expressions(void **state)
{
    (void)state;
    expect("\"foobar\" matches /o+b/", true);
    expect("\"foobar\" matches /^O{2}/", false);
    expect("\"foOBar\" matches /^FO{2}b.r$/i", true);
    expect("\"a/b\" matches /a\\/b/ and not \"a\\nb\" matches /a.b/", true);
    expect("\"a\\nb\" matches /a.b/s", true);
}

static void floating_point_numbers_take_integers_with_them(void **state)
{
    (void)state;
    expect("1.5 + 1 == 2.5 and 3 - 0.5 == 2.5 and 2 * 1.25 == 2.5", true);
    expect("5 \\ 2.0 == 2.5 and 5 \\ 2 == 2 and -2.5 < -2", true);
    expect("0.1 + 0.2 == 0.3 and 0.1 != 0.11", true);
    expect("filesize > 3.9 and filesize < 4.1 and 4.0 == filesize", true);
    expect("123456789.125 == 987654313 \\ 8.0", true);
}

static void floating_point_numbers_are_read_from_the_object(void **state)
{
    (void)state;
    expect("float32(0) > 1.0 and float32(0) < 1.01", true);
    expect("defined float32(0) and not defined float32(1)", true);
    expect("not defined float64(0)", true);
    expect("float32be(0) > 0.0 and float32be(0) < 1.0", true);
}

static void a_module_is_asked(void **state)
{
    (void)state;
    expect("time.now() == 1234567890", true);
    expect("time.now() \\ 2 == 617283945 and defined time.now()", true);
    expect("for any t in (time.now(), 3) : ( t == 3 )", true);
}

static void take_lines(void *data, struct ov_span lines)
{
    (void)snprintf(data, 100, "%.*s", (int)lines.len, (const char *)lines.ptr);
}

static void what_rules_print_is_told(void **state)
{
    const char *files[] = {"r.yar",
                           "import \"console\"\n"
                           "rule r { condition: console.log(\"size \", "
                           "filesize) and false and console.log(\"no\") }",
                           NULL};
    char told[100] = "";
    const struct ov_findings findings = {.detection = help_detection,
                                         .inconclusive = help_inconclusive,
                                         .console = take_lines,
                                         .data = told};
    struct scan_help h;

    (void)state;
    help_open(&h, files);
    ov_scanner_scan(h.scanner, OV_SPAN_LIT("abc"), &h.options, &findings,
                    &h.outcome);
    assert_string_equal(told, "size 3\n");
    help_close(&h);
}

static void rules_of_a_set_are_counted(void **state)
{
    (void)state;
    expect("any of (yes, no)", true);
    expect("all of (yes, no)", false);
    expect("all of (yes*)", true);
    expect("2 of (yes*, no)", true);
    expect("3 of (yes*, no)", false);
    expect("none of (no)", true);
    expect("60% of (yes*, no) and not 70% of (yes*, no)", true);
}

static void whatever_holds_is_counted(void **state)
{
    (void)state;
    expect("2 of (filesize == 4, false, true)", true);
    expect("any of (filesize == 5, uint8(0) == 0)", false);
    expect("none of (filesize == 5, uint8(9) == 0)", true);
    expect("50% of (filesize == 4, false)", true);
    expect("0 of (false)", true);
    expect("0 of (true, false)", false);
    expect("1 of (yes, filesize == 5) and not all of (no, true)", true);
    expect("all of (any of (false, true), (filesize == 4))", true);
    expect("for any i in (3..5) : ( 2 of (i == 4, i == filesize) )", true);
    expect("any of (2 of (true, false), 1 of (false, true), false)", true);
}

static void with_gives_names_to_values(void **state)
{
    (void)state;
    expect("with a = filesize : ( a == 4 )", true);
    expect("with a = 1, b = a + 1, c = \"x\" : ( b == 2 and c == \"x\" )",
           true);
    expect("with a = 1 : ( with b = a : ( a == b ) ) and filesize == 4", true);
    expect("for any i in (1..3) : ( with j = i * 2 : ( j == 6 ) )", true);
}

static void loops_run_over_texts(void **state)
{
    (void)state;
    expect("for all s in (\"ab\", \"cb\") : ( s endswith \"b\" )", true);
    expect("for any s in (\"ab\", \"cb\") : ( s == \"b\" )", false);
}

/* A module that is not there would be asked on the right. */
static void what_the_left_side_settles_is_not_looked_at(void **state)
{
    (void)state;
    expect("filesize == 5 and 1 \\ (filesize - 4) == 1", false);
    expect("filesize == 4 or 1 \\ (filesize - 4) == 1", true);
    expect("not (filesize == 5 and filesize == 4) and (yes or no)", true);
}

static void wrong_types_are_errors(void **state)
{
    (void)state;
    expect_error("\"a\" + 1 == 2", "expected a number, not a text");
    expect_error("\"a\" == 1", "cannot be compared");
    expect_error("1.5 % 2 == 1", "expected a number, not a floating");
    expect_error("1 contains \"a\"", "expected a text, not a number");
    expect_error("time.now == 1", "a function");
    expect_error("time.later() == 1", "no field of this name");
    expect_error("time.now(1) == 1", "does not take these arguments");
    expect_error("time", "expected true or false, not a structure");
    expect_error("time[0] == 1", "this has no items");
    expect_error("filesize.x == 1", "this has no fields");
    expect_error("for any t in time : ( true )", "expected an array");
    expect_error("for any a, b in (1..2) : ( true )", "one variable");
    expect_error("for any a in (1, \"x\") : ( true )", "expected a text");
    expect_error("for any a in (1..2) : ( for any a in (1..2) : (true) )",
                 "a loop around has this variable");
    expect_error("\"a\" matches \"b\"", "expected a regular expression");
    expect_error("\"a\" matches /(/", "at its character");
    expect_error("any of (yes, maybe)", "no such rule above");
    expect_error("any of (maybe*)", "no rule above begins");
    expect_error("9223372036854775807 + 1 > 0", "does not fit 64 bits");
    expect_error("nonsense.x == 1", "nothing of this name");
}

static void an_unknown_module_is_an_error(void **state)
{
    const struct ov_yara_options options = {0};
    OV_AUTO(part) part = ov_part_new(0);
    struct ov_diag diag = {0};

    (void)state;
    assert_int_equal(ov_yara_parse(OV_SPAN_LIT("import \"nonsense\"\n"),
                                   &options, part, &diag),
                     OV_MALFORMED);
    assert_non_null(strstr(diag.text, "no module of this name"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_compared_and_searched),
        cmocka_unit_test(texts_match_regular_expressions),
        cmocka_unit_test(floating_point_numbers_take_integers_with_them),
        cmocka_unit_test(floating_point_numbers_are_read_from_the_object),
        cmocka_unit_test(a_module_is_asked),
        cmocka_unit_test(what_rules_print_is_told),
        cmocka_unit_test(rules_of_a_set_are_counted),
        cmocka_unit_test(whatever_holds_is_counted),
        cmocka_unit_test(with_gives_names_to_values),
        cmocka_unit_test(loops_run_over_texts),
        cmocka_unit_test(what_the_left_side_settles_is_not_looked_at),
        cmocka_unit_test(wrong_types_are_errors),
        cmocka_unit_test(an_unknown_module_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
