/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/reader.h"
#include "rules/condition.h"
#include "rules/yara.h"
#include "test.h"

/* "found 1; int 2; ..." */
static const char *print_code(struct ov_span code)
{
    static char text[2000];
    OV_AUTO_DONE(buf) shown = ov_buf_with_max(sizeof(text) - 1);
    struct ov_reader r = ov_reader_over(code);

    while (ov_reader_more(&r)) {
        if (shown.len > 0)
            ov_put_str(&shown, "; ");
        ov_cond_show_one(&shown, &r);
    }
    assert_int_equal(ov_buf_status(&shown), OV_OK);
    assert_int_equal(ov_reader_status(&r), OV_OK);
    (void)snprintf(text, sizeof(text), "%.*s", (int)shown.len,
                   (const char *)shown.ptr);
    return text;
}

static struct ov_part *parse(const char *text, enum ov_status want,
                             struct ov_diag *diag)
{
    struct ov_yara_options options = {0};
    struct ov_part *part = ov_part_new(0);

    assert_non_null(part);
    assert_int_equal(ov_yara_parse(ov_span_str(text), &options, part, diag),
                     want);
    return part;
}

/* The code of "condition", in a rule with strings $a = "ab", $b1, $b2. */
static void expect_code(const char *condition, const char *code)
{
    char text[1000];
    struct ov_diag diag;

    (void)snprintf(text, sizeof(text),
                   "rule r { strings: $a = \"ab\" $b1 = {01 02} $b2 = \"cd\"\n"
                   "$_x = \"ef\" condition: (%s) and any of them }",
                   condition);
    OV_AUTO(part) part = parse(text, OV_OK, &diag);

    assert_int_equal(part->rules.n, 1);
    (void)snprintf(
        text, sizeof(text),
        "%s; if 10; loop-terms 1; terms 0 4; found 0; loop-end 1; truth", code);
    assert_string_equal(print_code(part->rules.items[0].condition), text);
}

/* The text is refused with these words, at this line. */
static void expect_error(const char *text, unsigned line, const char *words)
{
    struct ov_diag diag = {0};
    OV_AUTO(part) part = parse(text, OV_MALFORMED, &diag);

    assert_int_equal(diag.line, line);
    if (strstr(diag.text, words) == NULL)
        fail_msg("\"%s\" has no \"%s\"", diag.text, words);
    assert_true(part->skips.n > 0);
    assert_true(part->skips.items[0].is_error);
}

/* The rule is left out with these words, the source is fine. */
static void expect_skip(const char *text, const char *words)
{
    struct ov_diag diag = {0};
    OV_AUTO(part) part = parse(text, OV_OK, &diag);

    assert_int_equal(part->skips.n, 1);
    assert_int_equal(part->rules.n, 0);
    assert_false(part->skips.items[0].is_error);
    assert_true(ov_span_find(part->skips.items[0].why, ov_span_str(words), 0) !=
                SIZE_MAX);
}

static void operators_bind_as_in_the_documentation(void **state)
{
    (void)state;
    expect_code("#a + 1 * 2 > 3 and not $a or $b1",
                "matches 1; int 1; int 2; multiply; add; int 3; greater; "
                "if 4; found 1; not; truth; unless 3; found 2; truth");
    expect_code("filesize & 3 == 1 | 2",
                "fact 0; int 3; bit-and; int 1; int 2; bit-or; same");
    expect_code("-1 - -2 << 3 >= ~4",
                "int 1; negate; int 2; negate; subtract; int 3; shift-left; "
                "int 4; bit-not; greater-equal");
    expect_code("10 \\ 3 % 2 != 1KB",
                "int 10; int 3; divide; int 2; remainder; int 1024; different");
}

static void strings_are_asked_for_in_every_form(void **state)
{
    (void)state;
    expect_code("$a at 2 + 3 and $b1 in (0 .. 1MB)",
                "int 2; int 3; add; found-at 1; if 9; int 0; int 1048576; "
                "found-in 2; truth");
    expect_code(
        "#a in (1..2) == 3 and @a[#a] == @b1 and !b1[2] < 0x10",
        "int 1; int 2; matches-in 1; int 3; same; if 10; matches 1; "
        "offset 1; int 1; offset 2; same; truth; if 8; int 2; length 2; "
        "int 16; less; truth");
    expect_code("uint16be(uint8(3) + 1) == 5",
                "int 3; read 1; int 1; add; read 34; int 5; same");
}

static void sets_become_loops_over_ranges_of_terms(void **state)
{
    (void)state;
    expect_code("2 of ($a, $b*)",
                "int 2; loop-terms 1; terms 0 3; found 0; loop-end 4");
    expect_code("all of ($b2, $a)",
                "loop-terms 2; terms 2 1; terms 0 1; found 0; loop-end 0");
    expect_code("50% of them",
                "int 50; loop-terms 1; terms 0 4; found 0; loop-end 5");
    expect_code("none of ($b*) in (0..9)",
                "loop-terms 1; terms 1 2; int 0; int 9; found-in 0; "
                "loop-end 10");
    expect_code("for any of ($b*) : (# > 1 and $ at 0)",
                "loop-terms 1; terms 1 2; matches 0; int 1; greater; if 5; "
                "int 0; found-at 0; truth; loop-end 1");
}

static void loops_nest_and_know_their_variables(void **state)
{
    (void)state;
    expect_code("for all i in (1..#a) : (for 2 j in (i, 5) : (@a[i] < j))",
                "int 1; matches 1; loop-range; int 2; loop-value 0; int 5; "
                "loop-values 2; loop-value 1; offset 1; loop-value 0; less; "
                "loop-end 3; loop-end 0");
}

static void rules_that_need_no_match_are_marked(void **state)
{
    static const struct {
        const char *condition;
        bool needs_match;
    } cases[] = {
        {"$a", true},
        {"not $a", false},
        {"$a or filesize > 3", false},
        {"$a and filesize > 3", true},
        {"#a > 0", true},
        {"#a > -1", false},
        {"0 < #a", true},
        {"#a == 0", false},
        {"#a", true},
        {"@a < 100", true},
        {"not (@a < 100)", false},
        {"not defined @a", false},
        {"defined @a", true},
        {"any of them", true},
        {"none of them", false},
        {"0 of them", false},
        {"1 of them", true},
        {"for any i in (1..2) : ($a)", true},
        {"for any i in (1..2) : (i == 2) and #a >= 0", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200];
        struct ov_diag diag;

        (void)snprintf(text, sizeof(text),
                       "rule r { strings: $a = \"ab\" condition: "
                       "%s and (#a == #a) }",
                       cases[i].condition);
        OV_AUTO(part) part = parse(text, OV_OK, &diag);

        if (((part->rules.items[0].flags & OV_RULE_ALWAYS) == 0) !=
            cases[i].needs_match)
            fail_msg("wrong for: %s", cases[i].condition);
    }
}

static void hexadecimal_strings_become_cells(void **state)
{
    struct ov_diag diag;
    OV_AUTO(part)
    part = parse("rule r { strings: $a = { 4D 5a ?a 5? ?? ~01 [2-4] // note }\n"
                 "( 01 | /* } */ 02 03 ) [4] FF } condition: $a }",
                 OV_OK, &diag);
    static const struct ov_cell want[] = {
        {OV_CELL_BYTE, 0x4d, 0xff, false, 0, 0},
        {OV_CELL_BYTE, 0x5a, 0xff, false, 0, 0},
        {OV_CELL_BYTE, 0x0a, 0x0f, false, 0, 0},
        {OV_CELL_BYTE, 0x50, 0xf0, false, 0, 0},
        {OV_CELL_BYTE, 0, 0, false, 0, 0},
        {OV_CELL_BYTE, 1, 0xff, true, 0, 0},
        {OV_CELL_GAP, 0, 0, false, 2, 4},
        {OV_CELL_ALT_OPEN, 0, 0, false, 0, 0},
        {OV_CELL_BYTE, 1, 0xff, false, 0, 0},
        {OV_CELL_ALT_NEXT, 0, 0, false, 0, 0},
        {OV_CELL_BYTE, 2, 0xff, false, 0, 0},
        {OV_CELL_BYTE, 3, 0xff, false, 0, 0},
        {OV_CELL_ALT_CLOSE, 0, 0, false, 0, 0},
        {OV_CELL_GAP, 0, 0, false, 4, 4},
        {OV_CELL_BYTE, 0xff, 0xff, false, 0, 0},
    };
    const struct ov_pattern *p = &part->rules.items[0].terms[0].pattern;

    (void)state;
    assert_int_equal(p->n_cells, sizeof(want) / sizeof(want[0]));
    for (size_t i = 0; i < p->n_cells; i++) {
        assert_int_equal(p->cells[i].kind, want[i].kind);
        assert_int_equal(p->cells[i].value, want[i].value);
        assert_int_equal(p->cells[i].mask, want[i].mask);
        assert_int_equal(p->cells[i].is_negated, want[i].is_negated);
        assert_int_equal(p->cells[i].gap_min, want[i].gap_min);
        assert_int_equal(p->cells[i].gap_max, want[i].gap_max);
    }
}

static void texts_are_unescaped_and_carry_their_modifiers(void **state)
{
    struct ov_diag diag;
    OV_AUTO(part)
    part = parse("rule r { strings: $a = \"a\\\"\\x00\\n\" wide ascii nocase\n"
                 "$b = \"bcd\" ascii fullword private condition: $a and $b }",
                 OV_OK, &diag);
    const struct ov_pattern *a = &part->rules.items[0].terms[0].pattern;
    const struct ov_pattern *b = &part->rules.items[0].terms[1].pattern;

    (void)state;
    assert_int_equal(a->n_cells, 4);
    assert_int_equal(a->cells[1].value, '"');
    assert_int_equal(a->cells[2].value, 0);
    assert_int_equal(a->cells[3].value, '\n');
    assert_int_equal(a->flags, OV_PATTERN_WIDE | OV_PATTERN_ASCII |
                                   OV_PATTERN_NOCASE | OV_PATTERN_EACH_START);
    assert_int_equal(b->flags, OV_PATTERN_FULLWORD | OV_PATTERN_EACH_START);
}

static void a_reference_puts_the_other_rule_in_place(void **state)
{
    struct ov_diag diag;
    OV_AUTO(part)
    part = parse("private rule p { strings: $x = \"xy\" condition: "
                 "#x > 1 and all of them }\n"
                 "rule r { strings: $a = \"ab\" condition: $a and p or p }",
                 OV_OK, &diag);

    (void)state;
    assert_int_equal(part->rules.n, 1);
    assert_int_equal(part->rules.items[0].n_terms, 2);
    assert_string_equal(
        print_code(part->rules.items[0].condition),
        "found 1; if 22; terms-from 1; matches 1; int 1; greater; if 10; "
        "loop-terms 1; terms 0 1; found 0; loop-end 0; truth; terms-back 1; "
        "truth; unless 22; terms-from 1; matches 1; int 1; greater; if 10; "
        "loop-terms 1; terms 0 1; found 0; loop-end 0; truth; terms-back 1; "
        "truth");
}

static void a_global_rule_concerns_all_others(void **state)
{
    struct ov_diag diag;
    OV_AUTO(part)
    part = parse("rule r { condition: filesize > 2 }\n"
                 "global rule g { condition: filesize < 9 }",
                 OV_OK, &diag);

    (void)state;
    assert_int_equal(part->rules.n, 2);
    assert_string_equal(
        print_code(part->rules.items[0].condition),
        "fact 0; int 9; less; if 6; fact 0; int 2; greater; truth");
    assert_string_equal(print_code(part->rules.items[1].condition),
                        "fact 0; int 9; less");
}

/* What the condition of a rule asks of the object before it is run. */
static void expect_guard(const char *condition, uint64_t min, uint64_t max,
                         uint32_t mask, uint32_t head)
{
    char text[400];
    struct ov_diag diag;

    (void)snprintf(text, sizeof(text),
                   "private rule mz { condition: uint16(0) == 0x5A4D }\n"
                   "rule r { condition: %s }",
                   condition);
    OV_AUTO(part) part = parse(text, OV_OK, &diag);
    const struct ov_guard *g = &part->rules.items[0].guard;

    if (g->min_size != min || g->max_size != max || g->head_mask != mask ||
        g->head != head)
        fail_msg("%s: %llu %llu %x %x", condition,
                 (unsigned long long)g->min_size,
                 (unsigned long long)g->max_size, g->head_mask, g->head);
}

static void what_a_condition_asks_of_size_and_magic_is_a_guard(void **state)
{
    (void)state;
    expect_guard("filesize < 10KB", 0, 10239, 0, 0);
    expect_guard("100 <= filesize and filesize <= 2 * 100", 100, 200, 0, 0);
    expect_guard("uint16(0) == 0x5A4D", 2, UINT64_MAX, 0xffff, 0x5a4d);
    expect_guard("uint16be(0) == 0x4D5A", 2, UINT64_MAX, 0xffff, 0x5a4d);
    expect_guard("0x464c457f == uint32(0) and filesize > 99", 100, UINT64_MAX,
                 0xffffffff, 0x464c457f);
    expect_guard("mz and filesize < 5", 2, 4, 0xffff, 0x5a4d);
    expect_guard("mz or uint16(0) == 0x5A4E", 2, UINT64_MAX, 0xfffc & 0xffff,
                 0x5a4c);
    expect_guard("mz and uint8(0) == 0x7f", UINT64_MAX, 0, 0xffff, 0x5a7f);
    expect_guard("not mz", 0, UINT64_MAX, 0, 0);
    expect_guard("uint16(1) == 0x5A4D or mz", 0, UINT64_MAX, 0, 0);
    expect_guard("uint16(0) > 0x5A4D or filesize != 3", 0, UINT64_MAX, 0, 0);
    expect_guard("for all i in (1..2) : (mz)", 0, UINT64_MAX, 0, 0);
    expect_guard("filesize == -1", 0, UINT64_MAX, 0, 0);
}

static void tags_and_meta_can_call_a_rule_unwanted(void **state)
{
    struct ov_diag diag;
    OV_AUTO(part)
    part =
        parse("rule a : one unwanted { condition: true }\n"
              "rule b { meta: x = -3 unwanted = true condition: true }\n"
              "rule c { meta: unwanted = false y = \"\\\"\" condition: true}",
              OV_OK, &diag);

    (void)state;
    assert_true((part->rules.items[0].flags & OV_RULE_UNWANTED) != 0);
    assert_true((part->rules.items[1].flags & OV_RULE_UNWANTED) != 0);
    assert_true((part->rules.items[2].flags & OV_RULE_UNWANTED) == 0);
    assert_int_equal(part->rules.items[2].line, 3);
}

static void errors_name_place_text_and_remedy(void **state)
{
    (void)state;
    expect_error("rule r {\n condition:\n  $a }", 3,
                 "rule r, column 3: '$a': the rule has no such string");
    expect_error("rule r { condition: 1 + }", 1, "expected a value");
    expect_error("rule r { condition: (true }", 1, "expected )");
    expect_error("rule r { condition: true) }", 1, "nothing is open");
    expect_error("rule r { condition: true + 1 > 0 }", 1, "expected a number");
    expect_error("rule r { condition: 1 \\ 0 == 1 }", 1, "division by zero");
    expect_error("rule r { condition: other }", 1, "nothing of this name");
    expect_error("rule r { condition: any of them }", 1, "has no strings");
    expect_error("rule r { strings: $a = \"bc\" condition: true }", 1,
                 "does not use");
    expect_error("rule r { strings: $a = \"\" condition: $a }", 1, "empty");
    expect_error("rule r { strings: $a = \"\\q\" condition: $a }", 1,
                 "unknown escape");
    expect_error("rule r { strings: $a = \"x\n\" condition: $a }", 1,
                 "has no end");
    expect_error("rule r { strings: $a = { 01 [2-] } condition: $a }", 1,
                 "cannot end");
    expect_error("rule r { strings: $a = { 01 (02 | ) } condition: $a }", 1,
                 "empty");
    expect_error("rule r { strings: $a = { 01 (02 [3-] 04) } condition: $a }",
                 1, "upper bound");
    expect_error("rule r { strings: $a = { 1 } condition: $a }", 1,
                 "two hexadecimal digits");
    expect_error("rule r { strings: $a = { 01\n 02 zz } condition: $a }", 2,
                 "two hexadecimal digits");
    expect_error("rule r { strings: $a = /ab(c/ condition: $a }", 1,
                 "column 29: '/': a group is not closed");
    expect_error("rule r { strings: $a = /a**b/i condition: $a }", 1,
                 "column 27: '*b/i': there is nothing to repeat");
    expect_error("rule r { strings: $a = /a*b+?/ condition: $a }", 1,
                 "greedy and lazy");
    expect_error("rule r { condition: 99999999999999999999 > 1 }", 1,
                 "larger than");
    expect_error("rule r { condition: true }\nrule r { condition: true }", 2,
                 "there is a rule of this name");
    expect_error("rule r { condition: $ }", 1, "body of a loop");
    expect_error("rule r { condition: true", 1, "end of the file");
    expect_error("/* rule", 1, "column 1: '/': comment has no end");
    expect_error("rule r : a b a { condition: true }", 1, "has this tag");
    expect_error("rule for { condition: true }", 1,
                 "column 6: 'for': expected the rule's name");
}

static void what_is_not_taken_yet_leaves_the_rule_out(void **state)
{
    (void)state;
    expect_skip("import \"vt\"\nrule r { condition: vt.x }", "module");
}

static void after_a_bad_rule_the_next_ones_are_read(void **state)
{
    struct ov_diag diag = {0};
    OV_AUTO(part)
    part = parse("rule a { condition: true }\n"
                 "rule b { strings: $x = { zz } condition: $x }\n"
                 "rule c { condition: true }\n"
                 "rule d { strings: $x = /(a{999}){999}/ condition: $x }\n"
                 "rule e { condition: d }\n"
                 "private rule f { condition: true }\n"
                 "rule g { condition: f }\n",
                 OV_MALFORMED, &diag);

    (void)state;
    assert_int_equal(part->rules.n, 3);
    assert_int_equal(part->skips.n, 3);
    assert_int_equal(part->skips.items[0].line, 2);
    assert_true(part->skips.items[0].is_error);
    assert_true(ov_span_equal(part->skips.items[2].why,
                              OV_SPAN_LIT("refers to a rule that was left "
                                          "out")));
    assert_true(ov_span_equal(part->skips.items[2].what,
                              OV_SPAN_LIT("rule e, column 21: 'd'")));
}

/* Each rule doubles the one before it; the last ones are left out. */
static void rules_that_grow_without_end_are_left_out(void **state)
{
    static char text[4000];
    struct ov_diag diag;
    size_t n = (size_t)snprintf(text, sizeof(text),
                                "rule a0 { condition: filesize > 1 }\n");

    (void)state;
    for (int i = 1; i < 40; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n,
                              "rule a%d { condition: a%d and a%d }\n", i, i - 1,
                              i - 1);
    OV_AUTO(part) part = parse(text, OV_OK, &diag);

    assert_true(part->rules.n > 10);
    assert_int_equal(part->rules.n + part->skips.n, 40);
    assert_true(ov_span_equal(part->skips.items[0].why,
                              OV_SPAN_LIT("the condition is too long")));
}

/* Two conditions that fit alone, but not together. */
static void a_rule_too_long_with_the_global_ones_is_left_out(void **state)
{
    static char text[4000];
    struct ov_diag diag;
    size_t n = (size_t)snprintf(text, sizeof(text),
                                "rule a0 { condition: filesize > 1 }\n");

    (void)state;
    for (int i = 1; i < 15; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n,
                              "rule a%d { condition: a%d and a%d }\n", i, i - 1,
                              i - 1);
    (void)snprintf(text + n, sizeof(text) - n,
                   "global rule g { condition: a14 }\n");
    OV_AUTO(part) part = parse(text, OV_OK, &diag);

    assert_int_equal(part->rules.n + part->skips.n, 16);
    assert_true(part->skips.n > 0);
}

/* 10,000 brackets, then 10,000 operators: an error, not a crash. */
static void deep_conditions_are_refused(void **state)
{
    static char text[30000];
    size_t n = (size_t)snprintf(text, sizeof(text), "rule r { condition: ");

    (void)state;
    memset(text + n, '(', 10000);
    expect_error(text, 1, "nests too deep");
    for (size_t i = 0; i < 10000; i++)
        memcpy(text + n + 2 * i, "1+", 2);
    memcpy(text + n + 20000, "1>0}", 5);
    {
        struct ov_diag diag;
        OV_AUTO(part) part = parse(text, OV_OK, &diag);

        assert_int_equal(part->rules.n, 1);
    }
}

static void memory_that_is_out_is_an_error_and_nothing_leaks(void **state)
{
    struct ov_yara_options options = {0};
    enum ov_status status = OV_NO_MEMORY;

    (void)state;
    for (size_t nth = 1; status == OV_NO_MEMORY; nth++) {
        OV_AUTO(part) part = ov_part_new(0);

        assert_non_null(part);
        (void)ov_alloc_fail_at(nth);
        status = ov_yara_parse(
            OV_SPAN_LIT("global rule a { strings: $a = {01 02} $b = \"x\\x00\""
                        "condition: any of ($a, $b) }\n"
                        "rule b { condition: a and filesize > 1 }\n"
                        "rule c { strings: $x = /x/ condition: $x }"),
            &options, part, NULL);
        (void)ov_alloc_fail_at(0);
        if (status == OV_OK)
            assert_int_equal(part->rules.n, 3);
    }
    assert_int_equal(status, OV_OK);
}

OV_TEST_MAIN(OV_TEST(operators_bind_as_in_the_documentation),
             OV_TEST(strings_are_asked_for_in_every_form),
             OV_TEST(sets_become_loops_over_ranges_of_terms),
             OV_TEST(loops_nest_and_know_their_variables),
             OV_TEST(rules_that_need_no_match_are_marked),
             OV_TEST(hexadecimal_strings_become_cells),
             OV_TEST(texts_are_unescaped_and_carry_their_modifiers),
             OV_TEST(a_reference_puts_the_other_rule_in_place),
             OV_TEST(a_global_rule_concerns_all_others),
             OV_TEST(what_a_condition_asks_of_size_and_magic_is_a_guard),
             OV_TEST(tags_and_meta_can_call_a_rule_unwanted),
             OV_TEST(errors_name_place_text_and_remedy),
             OV_TEST(what_is_not_taken_yet_leaves_the_rule_out),
             OV_TEST(after_a_bad_rule_the_next_ones_are_read),
             OV_TEST(rules_that_grow_without_end_are_left_out),
             OV_TEST(a_rule_too_long_with_the_global_ones_is_left_out),
             OV_TEST(deep_conditions_are_refused),
             OV_TEST(memory_that_is_out_is_an_error_and_nothing_leaks))
