/* SPDX-License-Identifier: Apache-2.0 */
#include "scan_help.h"

/* What YARA conditions come to on bytes: compiled, matched and evaluated.
 * tests/oracle/yara_differential.py compares the same with yara on random ones;
 * here is what must hold where yara is not installed. */

#define TEXT "xxabcxABCx\x01\x02\x03\xffz"

/* Whether a rule with strings $a = "abc", $b = { 78 [1-3] 63 }, $c = "nope" and
 * this condition holds for the bytes. */
static bool holds(const char *condition, struct ov_span bytes)
{
    char text[600];
    const char *files[] = {"r.yar", text, NULL};
    struct scan_help h;
    bool is_found;

    (void)snprintf(text, sizeof(text),
                   "rule r { strings: $a = \"abc\" nocase $b = { 78 78 [1-3] 63"
                   " } $c = \"nope\" condition: (%s) and (#a + #b + #c >= 0) }",
                   condition);
    help_open(&h, files);
    is_found = help_scan(&h, bytes) == OV_DETECTED;
    assert_string_equal(h.reasons, "");
    help_close(&h);
    return is_found;
}

static void expect(const char *condition, bool want)
{
    if (holds(condition, OV_SPAN_LIT(TEXT)) != want)
        fail_msg("%s: %s", want ? "does not hold" : "holds", condition);
}

static void strings_are_found_counted_and_placed(void **state)
{
    (void)state;
    expect("$a", true);
    expect("$c", false);
    expect("#a == 2 and #c == 0", true);
    expect("@a == 2 and @a[1] == 2 and @a[2] == 6", true);
    expect("!a == 3 and !b[1] == 5", true);
    expect("$a at 2 and $a at 6", true);
    expect("$a at 3", false);
    expect("$a in (3..6)", true);
    expect("$a in (3..5)", false);
    expect("#a in (0..6) == 2 and #a in (3..9) == 1", true);
}

static void numbers_are_read_from_the_object(void **state)
{
    (void)state;
    expect("filesize == 15", true);
    expect("uint8(10) == 1 and uint16(10) == 0x0201", true);
    expect("uint16be(10) == 0x0102 and uint32(10) == 0xFF030201", true);
    expect("uint32be(10) == 0x010203FF and int32be(10) == 0x010203FF", true);
    expect("int8(13) == -1 and uint8(13) == 255", true);
    expect("int32(10) < 0 and int16be(12) == 1023", true);
    expect("uint32(12) > 0 or uint32(12) <= 0", false);
    expect("uint8(-1) == 0 or uint8(-1) != 0", false);
}

static void arithmetic_is_64_bits_wide(void **state)
{
    (void)state;
    expect("2 + 3 * 4 == 14 and (2 + 3) * 4 == 20", true);
    expect("-7 \\ 2 == -3 and -7 % 2 == -1", true);
    expect("~0 == -1 and 6 & 3 == 2 and 6 | 1 == 7 and 6 ^ 3 == 5", true);
    expect("1 << 63 < 0 and 1 << 64 == 0 and -1 >> 63 == -1", true);
    expect("filesize - 15 + 9223372036854775807 + 1 < 0", true);
    expect("1KB == 1024 and 2MB == 2 * 1024 * 1KB and 0x10 == 16", true);
}

static void what_is_undefined_is_neither_true_nor_false(void **state)
{
    (void)state;
    expect("@c == 0 or @c != 0 or not (@c == 0)", false);
    expect("@a[3] > 0 or @a[0] > 0", false);
    expect("defined @a[2] and not defined @a[3]", true);
    expect("filesize \\ #c == 0 or not (filesize % #c == 0)", false);
    expect("@c == 0 or filesize == 15", true);
    expect("1 << @c == 0 or not (1 << (0 - #a) == 0)", false);
    expect("$a at @c or $a in (0..@c) or #a in (@c..9) == 0", false);
}

static void sets_are_quantified(void **state)
{
    (void)state;
    expect("any of them", true);
    expect("all of them", false);
    expect("none of ($c)", true);
    expect("none of them", false);
    expect("2 of them and not 3 of them", true);
    expect("2 of ($a, $a)", true);
    expect("0 of them", false);
    expect("0 of ($c)", true);
    expect("66% of them and not 67% of them", true);
    expect("all of ($a, $b) in (0..5)", true);
    expect("any of them at 6 and not any of them at 7", true);
    expect("@c of ($a, $b)", true);
    expect("@c of them", false);
    expect("2 of ($a, $c, filesize > 0) and not any of ($c, #c > 0)", true);
}

static void loops_run_over_strings_ranges_and_values(void **state)
{
    (void)state;
    expect("for all of ($a, $b) : (@ < 3 and # > 0)", true);
    expect("for any of them : ($ at 6)", true);
    expect("for none of them : ($ at 7)", true);
    expect("for 2 of them : ($)", true);
    expect("for all i in (1..#a) : (@a[i] % 4 == 2)", true);
    expect("for any i in (10..12) : (uint8(i) == 3)", true);
    expect("for all i in (1..#c) : (true)", false);
    expect("for all i in (2..1) : (true)", false);
    expect("for none i in (1..3) : (i == 4)", true);
    expect("for 2 i in (1, 3, 5) : (i < 4)", true);
    expect("for all i in (1, 3, @c) : (i < 4)", false);
    expect("for all i in (0..1) : (for any j in (0..1) : (i == j))", true);
    expect("for any i in (1..2) : (for all of ($a) : (@[i] == 6))", true);
    expect("for all i in (@c..3) : (true)", false);
}

/* A condition that would take 2^40 rounds is stopped by the budget. */
static void endless_loops_spend_the_budget(void **state)
{
    const char *const files[] = {
        "r.yar",
        "rule r { condition: for all i in (0..1048575) : "
        "(for all j in (0..1048575) : (i >= 0 and j >= 0)) }",
        NULL};
    struct scan_help h;

    (void)state;
    help_open(&h, files);
    h.options.limits[OV_COST_STEPS] = 1u << 20;
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("some bytes")), OV_INCONCLUSIVE);
    assert_non_null(strstr(h.reasons, "limit:"));
    help_close(&h);
}

static void rules_refer_to_others_and_hold_without_a_match(void **state)
{
    const char *const files[] = {
        "r.yar",
        "private rule small { condition: filesize < 20 }\n"
        "rule one { strings: $a = \"ABC\" condition: $a and small }\n"
        "rule two { condition: one and not small }\n"
        "rule three { strings: $x = \"nope\" condition: not $x and one }\n"
        "global rule large { condition: filesize > 14 }\n",
        NULL};
    struct scan_help h;

    (void)state;
    help_open(&h, files);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT(TEXT)), OV_DETECTED);
    assert_string_equal(h.names, "one three large ");
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("xABCx")), OV_CLEAN);
    help_close(&h);
}

static void an_unwanted_rule_counts_only_if_asked(void **state)
{
    const char *const files[] = {
        "r.yar", "rule r : unwanted { condition: filesize > 2 }", NULL};
    struct scan_help h;

    (void)state;
    help_open(&h, files);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("bytes")), OV_CLEAN);
    h.options.flags |= OV_SCAN_UNWANTED;
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("bytes")), OV_UNWANTED);
    help_close(&h);
}

static const char odd[] = "rule odd { meta: verdict = \"suspicious\" "
                          "condition: filesize > 2 } "
                          "rule odd_too { meta: verdict = \"suspicious\" "
                          "condition: filesize > 2 } ";

static void what_is_suspicious_counts_only_if_asked(void **state)
{
    const char *const files[] = {"r.yar", odd, NULL};
    struct scan_help h;

    (void)state;
    help_open(&h, files);
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("bytes")), OV_CLEAN);
    h.options.flags |= OV_SCAN_UNWANTED;
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("bytes")), OV_CLEAN);
    h.options.flags = OV_SCAN_HEURISTICS;
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("bytes")), OV_SUSPICIOUS);
    assert_string_equal(h.names, "odd ");
    h.options.flags |= OV_SCAN_ALL_MATCHES;
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("bytes")), OV_SUSPICIOUS);
    assert_string_equal(h.names, "odd odd_too ");
    help_close(&h);
}

static void what_is_suspicious_hides_no_malware(void **state)
{
    const char *const files[] = {"r.yar", odd, "s.yar",
                                 "rule bad { condition: filesize > 3 }", NULL};
    struct scan_help h;

    (void)state;
    help_open(&h, files);
    h.options.flags = OV_SCAN_HEURISTICS;
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("bytes")), OV_DETECTED);
    assert_string_equal(h.names, "odd bad ");
    assert_int_equal(help_scan(&h, OV_SPAN_LIT("abc")), OV_SUSPICIOUS);
    help_close(&h);
}

/* HTML is also looked at in normalized form, where all is lower case; YARA
 * rules see only the bytes as they are. */
static void normalized_forms_are_not_looked_at(void **state)
{
    const char *const files[] = {
        "r.yar",
        "rule lower { strings: $a = \"<b>text\" condition: $a }\n"
        "rule upper { strings: $a = \"<B>TEXT\" condition: $a }",
        NULL};
    struct scan_help h;

    (void)state;
    help_open(&h, files);
    assert_int_equal(
        help_scan(&h, OV_SPAN_LIT("<HTML><BODY><B>TEXT</B></BODY></HTML>")),
        OV_DETECTED);
    assert_string_equal(h.names, "upper ");
    help_close(&h);
}

OV_TEST_MAIN(OV_TEST(strings_are_found_counted_and_placed),
             OV_TEST(numbers_are_read_from_the_object),
             OV_TEST(arithmetic_is_64_bits_wide),
             OV_TEST(what_is_undefined_is_neither_true_nor_false),
             OV_TEST(sets_are_quantified),
             OV_TEST(loops_run_over_strings_ranges_and_values),
             OV_TEST(endless_loops_spend_the_budget),
             OV_TEST(rules_refer_to_others_and_hold_without_a_match),
             OV_TEST(an_unwanted_rule_counts_only_if_asked),
             OV_TEST(what_is_suspicious_counts_only_if_asked),
             OV_TEST(what_is_suspicious_hides_no_malware),
             OV_TEST(normalized_forms_are_not_looked_at))
