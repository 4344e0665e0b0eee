/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "clamav_show.h"
#include "formats/type.h"
#include "rules/condition.h"

#define TDB "Engine:81-255,Target:0"

static struct ov_part *parse_line(enum ov_status expected, struct ov_diag *diag,
                                  const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static char line_text[4096];

static struct ov_part *parse_line(enum ov_status expected, struct ov_diag *diag,
                                  const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line_text, sizeof(line_text), format, args);
    va_end(args);
    return parse_as(OV_CLAMAV_LDB, line_text, expected, diag);
}

static void refuse(const char *tail, const char *why)
{
    struct ov_diag diag = {0};
    struct ov_part *part = parse_line(OV_MALFORMED, &diag, "T;%s", tail);

    assert_string_equal(diag.text, why);
    assert_int_equal(part->rules.n, 0);
    ov_part_free(part);
}

static void leave_out(const char *tail, const char *why)
{
    struct ov_part *part = parse_line(OV_OK, NULL, "T;%s", tail);

    assert_int_equal(part->rules.n, 0);
    assert_int_equal(part->skips.n, 1);
    assert_true(ov_span_equal(part->skips.items[0].why, ov_span_str(why)));
    ov_part_free(part);
}

/* The condition of a rule over n subsignatures. */
static void expect_condition(const char *tdb, const char *expression, int n,
                             uint32_t flags, const char *expected)
{
    struct ov_buf shown = ov_buf_with_max(SIZE_MAX);
    struct ov_buf subs = ov_buf_with_max(SIZE_MAX);
    struct ov_part *part;

    for (int i = 0; i < n; i++)
        ov_put_format(&subs, ";aabb%02x", (unsigned)i);
    ov_put_u8(&subs, 0);
    part = parse_line(OV_OK, NULL, "T;%s;%s%s", tdb, expression,
                      (const char *)subs.ptr);
    assert_int_equal(part->rules.n, 1);
    assert_int_equal(part->rules.items[0].n_terms, n);
    assert_int_equal(part->rules.items[0].flags, flags);
    ov_cond_show(&shown, part->rules.items[0].condition);
    expect_text(&shown, expected);
    ov_buf_done(&subs);
    ov_part_free(part);
}

static void expressions_become_conditions(void **state)
{
    (void)state;
    expect_condition(TDB, "0", 1, 0, "term 0");
    expect_condition(TDB, "(0&1)&2", 3, 0, "");
    expect_condition(TDB, "0|1|2", 3, 0, "term 0, term 1, term 2, any 3");
    expect_condition(TDB, "0&1|2", 3, 0,
                     "term 0, term 1, term 2, any 2, all 2");
    expect_condition(TDB, "(0&1|2)", 3, 0,
                     "term 0, term 1, all 2, term 2, any 2");
    expect_condition(TDB, "0>2&1", 2, 0, "term 0, count> 2 0, term 1, all 2");
    expect_condition(TDB, "(0|1|2)=4,2&3", 4, 0,
                     "term 0, term 1, any 2, term 2, any 2, count= 4 2, "
                     "term 3, all 2");
    expect_condition(TDB, "((0|1)<9)", 2, OV_RULE_ALWAYS,
                     "term 0, term 1, any 2, count< 9 0");
    expect_condition(TDB, "0&1&0", 2, 0, "term 0, term 1, term 0, all 3");
}

static void what_may_hold_without_a_match_is_marked(void **state)
{
    (void)state;
    expect_condition(TDB, "0=0", 1, OV_RULE_ALWAYS, "term 0, count= 0 0");
    expect_condition(TDB, "0=0&1", 2, 0, "term 0, count= 0 0, term 1, all 2");
    expect_condition(TDB, "0<1|1", 2, OV_RULE_ALWAYS,
                     "term 0, count< 1 0, term 1, any 2");
    expect_condition(TDB, "(0|1)=0,1", 2, 0,
                     "term 0, term 1, any 2, count= 0 1");
}

static void target_descriptions_limit_the_condition(void **state)
{
    (void)state;
    expect_condition(TDB ",FileSize:10-20", "0", 1, 0,
                     "term 0, fact 0, in-range 10 20, and");
    expect_condition("Engine:51-255,Target:1,NumberOfSections:2-3,"
                     "EntryPoint:0-9",
                     "0&1", 2, 0,
                     "term 0, term 1, all 2, fact 2, in-range 2 3, and, "
                     "fact 1, in-range 0 9, and");
}

static void types_in_target_descriptions_are_told_by_name(void **state)
{
    struct ov_buf expected = ov_buf_with_max(SIZE_MAX);

    (void)state;
    ov_put_format(&expected,
                  "term 0, container %d, and, intermediate 1 %d, and, "
                  "intermediate 2 %d, and, handler %d, and",
                  OV_TYPE_ZIP, OV_TYPE_RAR, OV_TYPE_ZIP, OV_TYPE_MAIL);
    ov_put_u8(&expected, 0);
    expect_condition(TDB ",Container:CL_TYPE_ZIP,Intermediates:CL_TYPE_ZIP>"
                         "CL_TYPE_RAR,HandlerType:CL_TYPE_MAIL",
                     "0", 1, 0, (const char *)expected.ptr);
    ov_buf_done(&expected);
}

static void wrong_target_descriptions_are_refused_or_left_out(void **state)
{
    (void)state;
    refuse("Engine:51-255;0;aabb",
           "the target description needs a Target: 'Engine:51-255'");
    refuse("Target:0,Engine:51-255;0;aabb",
           "Engine must be the first attribute: '51-255'");
    refuse("Target:x;0;aabb", "the target is a number: 'x'");
    refuse("Target:0,FileSize:1-2;0;aabb",
           "this attribute needs Engine with at least 51: begin with "
           "'Engine:51-255': 'Target:0,FileSize:1-2'");
    refuse("Target:0,;0;aabb", "an attribute is Name:value: ''");
    refuse(TDB ",EntryPoint:1-2;0;aabb",
           "EntryPoint and NumberOfSections need Target 1, 6 or 9: "
           "'Engine:81-255,Target:0,EntryPoint:1-2'");
    leave_out("Target:15;0;aabb", "unknown target");
    leave_out("Engine:217-255,Target:0;0;zz",
              "for another functionality level");
    leave_out("Target:0,Author:x;0;aabb", "unknown attribute");
    leave_out(TDB ",Container:CL_TYPE_FOO;0;aabb", "unknown file type");
    refuse("Engine:51-255,Target:2,IconGroup1:X;0;aabb",
           "IconGroup needs Target:1: 'Engine:51-255,Target:2,IconGroup1:X'");
}

static void wrong_expressions_are_refused(void **state)
{
    (void)state;
    refuse(TDB ";0&;aabb", "an operator needs both sides: '0&'");
    refuse(TDB ";(0;aabb", "missing ): '(0'");
    refuse(TDB ";0);aabb", "missing (: '0)'");
    refuse(TDB ";0>;aabb", "missing number behind the comparison: '0>'");
    refuse(TDB ";a;aabb", "expected a subsignature's number: 'a'");
    refuse(TDB ";(0)>1;aabb", "missing (: '0)>'");
    refuse(TDB ";64;aabb", "more than 64 subsignatures: '64'");
    refuse(TDB ";0;aabb;ccdd", "the expression asks for another number of "
                               "subsignatures than there are: '0'");
    refuse(TDB ";0", "expected name;target;expression;subsignatures: "
                     "'T;Engine:81-255,Target:0;0'");
}

static const struct ov_term *only_term(struct ov_part *part, uint32_t n)
{
    assert_int_equal(part->rules.n, 1);
    assert_true(n < part->rules.items[0].n_terms);
    return &part->rules.items[0].terms[n];
}

static void expect_body(const char *sub, const char *expected)
{
    struct ov_buf shown = ov_buf_with_max(SIZE_MAX);
    struct ov_part *part = parse_line(OV_OK, NULL, "T;%s;0;%s", TDB, sub);

    show_pattern(&shown, &only_term(part, 0)->pattern);
    expect_text(&shown, expected);
    ov_part_free(part);
}

static void modifiers_rewrite_the_body(void **state)
{
    (void)state;
    expect_body("aabb", "aabb @ any");
    expect_body("5,2:aabb::i", "aabb i @ start 5 shift 2");
    expect_body("aa??::w", "aa00..00 @ any");
    expect_body("aa(bb|cc)*ddee{2}ff::w",
                "aa00(bb00|cc00)[0-inf]dd00ee00....ff00 @ any");
    expect_body("aabb::wa", "aabb w a @ any");
    expect_body("aabb::a", "aabb @ any");
    expect_body("aabb::fw", "aabb w f @ any");
    expect_body("aa::fw", "aa00 @ any");
    expect_body("aabb::f", "aabb f @ any");
    expect_body("aabb[1-2]ccdd::f", "aabb[1-2]ccdd f @ any");
}

static void macros_name_group_and_lead(void **state)
{
    struct ov_part *part =
        parse_line(OV_OK, NULL, "T;%s;1;aabb;${5-9}12$", TDB);
    const struct ov_term *t = only_term(part, 1);

    (void)state;
    assert_int_equal(t->kind, OV_TERM_MACRO);
    assert_int_equal(t->macro.group, 12);
    assert_int_equal(t->macro.min, 5);
    assert_int_equal(t->macro.max, 9);
    assert_int_equal(t->macro.lead, 0);
    ov_part_free(part);
    refuse(TDB ";1;aabb;${1-2}32$", "macro groups are 0 to 31: '${1-2}32$'");
    refuse(TDB ";1;aabb;${1-2}3", "a macro is ${min-max}group$: '${1-2}3'");
}

static void regexes_keep_colons_and_semicolons(void **state)
{
    struct ov_buf shown = ov_buf_with_max(SIZE_MAX);
    struct ov_part *part =
        parse_line(OV_OK, NULL, "T;%s;1;aabb;EOF-9,3:0>1/a;b:c\\/d/gi", TDB);
    const struct ov_regex *r = &only_term(part, 1)->regex;

    (void)state;
    assert_true(ov_span_equal(r->source, OV_SPAN_LIT("a;b:c\\/d")));
    assert_int_equal(r->flags, OV_REGEX_GLOBAL | OV_REGEX_CASELESS);
    assert_int_equal(r->place.kind, OV_PLACE_END);
    assert_int_equal(r->place.shift, 3);
    ov_cond_show(&shown, r->trigger);
    expect_text(&shown, "term 0, count> 1 0");
    ov_part_free(part);
    refuse(TDB ";1;aabb;0/(a/", "the regular expression is wrong here: ''");
    refuse(TDB ";1;aabb;1/a/",
           "a trigger refers to subsignatures before it: '1'");
    refuse(TDB ";1;aabb;0/a/z", "regex flags are g r e i s m x A E U: 'z'");
    refuse(TDB ";1;aabb;0/a", "expected trigger/regex/flags: '0/a'");
}

static void byte_comparisons_are_read(void **state)
{
    struct ov_part *part =
        parse_line(OV_OK, NULL, "T;%s;1;aabb;0(<<0x10#hle4#>0x1f,<99)", TDB);
    const struct ov_bytecmp *b = &only_term(part, 1)->bytecmp;

    (void)state;
    assert_int_equal(b->trigger, 0);
    assert_int_equal(b->offset, -16);
    assert_int_equal(b->base, 'h');
    assert_true(b->is_little);
    assert_true(b->is_exact);
    assert_int_equal(b->n_bytes, 4);
    assert_int_equal(b->n_compare, 2);
    assert_int_equal(b->compare[0].op, '>');
    assert_int_equal(b->compare[0].value, 0x1f);
    assert_int_equal(b->compare[1].value, 99);
    ov_part_free(part);
    part = parse_line(OV_OK, NULL, "T;%s;1;aabb;0(>>4#h2#=5)", TDB);
    assert_true(only_term(part, 1)->bytecmp.trigger == UINT32_MAX);
    ov_part_free(part);
    refuse(TDB ";1;aabb;0(>>5#ib3#>5)",
           "a binary number has 1, 2, 4 or 8 bytes: 'ib3'");
    refuse(TDB ";1;aabb;0(5#h2#>5)", "an offset begins with >> or <<: '5'");
}

static void fuzzy_hashes_are_always_tried(void **state)
{
    struct ov_part *part =
        parse_line(OV_OK, NULL, "T;%s;0;fuzzy_img#af2ad01ed42993c7#0", TDB);

    (void)state;
    assert_int_equal(only_term(part, 0)->kind, OV_TERM_FUZZY);
    assert_int_equal(only_term(part, 0)->fuzzy.hash[7], 0xc7);
    assert_int_equal(part->rules.items[0].flags, OV_RULE_ALWAYS);
    ov_part_free(part);
    refuse(TDB ";0;fuzzy_img#af2ad01ed42993c7#2",
           "only distance 0 is supported: 'fuzzy_img#af2ad01ed42993c7#2'");
}

OV_TEST_MAIN(OV_TEST(expressions_become_conditions),
             OV_TEST(what_may_hold_without_a_match_is_marked),
             OV_TEST(target_descriptions_limit_the_condition),
             OV_TEST(types_in_target_descriptions_are_told_by_name),
             OV_TEST(wrong_target_descriptions_are_refused_or_left_out),
             OV_TEST(wrong_expressions_are_refused),
             OV_TEST(modifiers_rewrite_the_body),
             OV_TEST(macros_name_group_and_lead),
             OV_TEST(regexes_keep_colons_and_semicolons),
             OV_TEST(byte_comparisons_are_read),
             OV_TEST(fuzzy_hashes_are_always_tried))
