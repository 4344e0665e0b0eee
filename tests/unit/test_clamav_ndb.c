/* SPDX-License-Identifier: Apache-2.0 */
#include "clamav_show.h"

/* The single pattern of "T:target:offset:hex". */
static void expect(const char *tail, const char *expected)
{
    struct ov_buf text = ov_buf_with_max(SIZE_MAX);
    struct ov_buf shown = ov_buf_with_max(SIZE_MAX);
    struct ov_part *part;

    ov_put_format(&text, "T:%s\n", tail);
    ov_put_u8(&text, 0);
    part = parse_as(OV_CLAMAV_NDB, (const char *)text.ptr, OV_OK, NULL);
    assert_int_equal(part->rules.n, 1);
    assert_int_equal(part->rules.items[0].n_terms, 1);
    show_pattern(&shown, &part->rules.items[0].terms[0].pattern);
    expect_text(&shown, expected);
    ov_part_free(part);
    ov_buf_done(&text);
}

static void refuse(const char *line, const char *why)
{
    struct ov_diag diag = {0};
    struct ov_part *part = parse_as(OV_CLAMAV_NDB, line, OV_MALFORMED, &diag);

    assert_string_equal(diag.text, why);
    assert_int_equal(diag.line, 1);
    assert_int_equal(part->rules.n, 0);
    assert_true(part->skips.items[0].is_error);
    ov_part_free(part);
}

static void bytes_nibbles_and_gaps_become_cells(void **state)
{
    (void)state;
    expect("0:*:aabbCC", "aabbcc @ any");
    expect("0:*:a?bbccdd?e??", "a.bbccdd.e.. @ any");
    expect("0:*:aabb*ccdd", "aabb[0-inf]ccdd @ any");
    expect("0:*:aabb{2}cc", "aabb....cc @ any");
    expect("0:*:aabb{20}cc", "aabb[20-20]cc @ any");
    expect("0:*:aabb{2-}ccdd", "aabb[2-inf]ccdd @ any");
    expect("0:*:aabb{-2}ccdd", "aabb[0-2]ccdd @ any");
    expect("0:*:aabb{2-3}ccdd", "aabb[2-3]ccdd @ any");
    expect("0:*:aabb{200}ccdd", "aabb[200-200]ccdd @ any");
    expect("0:*:aabb{0}ccdd", "aabb[0-inf]ccdd @ any");
    expect("0:*:aabb{}ccdd{5--6}eeff", "aabb[0-inf]ccdd[5-6]eeff @ any");
    expect("0:*:aa[2-3]bbcc[1]dd", "aa[2-3]bbcc[1-1]dd @ any");
    expect("0:*:??[0-32]bbcc*ddee[2-]?f",
           "..[0-32]bbcc[0-inf]ddee[2-2].f @ any");
}

static void alternatives_nest_and_may_be_empty(void **state)
{
    (void)state;
    expect("0:*:aabb(cc|dd)", "aabb(cc|dd) @ any");
    expect("0:*:aabb(cc|d?ee|)ff", "aabb(cc|d.ee|)ff @ any");
    expect("0:*:aabb(cc|(dd|ee)ff)", "aabb(cc|(dd|ee)ff) @ any");
    expect("0:*:aabb!(ccdd|eeff)", "aabb!(ccdd|eeff) @ any");
    expect("0:*:aabb(cc{2}dd|ee)", "aabb(cc....dd|ee) @ any");
}

static void boundaries_consume_only_inside(void **state)
{
    (void)state;
    expect("0:*:(B)aabb(L)", "<BaabbL> @ any");
    expect("0:*:aabb!(W)*(L)ccdd", "aabb!W>[0-inf]<Lccdd @ any");
    expect("0:*:aabb(L)cc", "aabb(0a|0d0a)cc @ any");
    expect("0:*:!(L)aabb", "~0aaabb @ any");
    expect("0:*:aabb(W)cc",
           "aabb!(30/f8|38/fe|41/df|42/de|44/dc|48/d8|50/d8|58/de|5a/df)cc"
           " @ any");
    expect("0:*:(B)(B)aabb",
           "<B(0a|0d|20|22|27|2d|2e/fe|3c/fe|3e|40|5f)aabb @ any");
}

static void offsets_become_places(void **state)
{
    (void)state;
    expect("0::aabbcc", "aabbcc @ any");
    expect("0:10,5:aabbcc", "aabbcc @ start 10 shift 5");
    expect("0:EOF-10:aabbcc", "aabbcc @ end 10");
    expect("1:EP+7:aabb", "aabb @ entry 7");
    expect("6:EP-7,3:aabb", "aabb @ entry -7 shift 3");
    expect("1:S3+7:aabb", "aabb @ section #3 7");
    expect("9:SL+7:aabb", "aabb @ last 7");
    expect("1:SE2,9:aabb", "aabb @ inside #2 shift 9");
    expect("1:VI:aabb", "aabb @ version-info");
    expect("0:$31:aabb", "aabb @ macro 31");
    refuse("T:0:EP+1:aabbcc",
           "this offset needs target 1 (PE), 6 (ELF) or 9 (Mach-O): 'EP+1'");
    refuse("T:1:EP:aabbcc", "wrong offset: 'EP'");
    refuse("T:1:SL-1:aabbcc", "wrong offset: 'SL-1'");
    refuse("T:1:5,x:aabbcc", "wrong shift behind the offset: '5,x'");
    refuse("T:0:$32:aabbcc", "wrong offset: '$32'");
}

static void what_is_too_short_is_refused(void **state)
{
    (void)state;
    refuse("T:0:*:aabb",
           "a pattern without wildcards needs three bytes: 'aabb'");
    refuse("T:0:*:aa??bb",
           "each part needs two bytes in a row without wildcards: 'aa??bb'");
    refuse("T:0:*:aabb*cc",
           "each part between * and {} needs at least two bytes: 'cc'");
    refuse("T:0:*:aabb(|cc)", "the first alternative is empty: '|cc'");
    refuse("T:0:*:aabb(cc*dd)", "* inside of parentheses: 'aabb(cc*dd)'");
    refuse("T:0:*:aabb[2-33]cc",
           "wrong [n-m]; n must not exceed m, and m 32: 'aabb[2-33]cc'");
    refuse("T:0:*:aabb!(cc|ddee)", "!(...) needs plain bytes in alternatives of"
                                   " one length: 'cc|ddee'");
    refuse("T:0:*:aabb(cc", "missing ): 'aabb(cc'");
    refuse("\n", "empty line; remove it: ''");
}

static void targets_and_levels_decide_what_is_loaded(void **state)
{
    static const char text[] = "# comment\n"
                               "A:0:*:aabbcc:216\n"
                               "B:0:*:aabbcc:217\n"
                               "C:7:*:aabbcc:1:215\n"
                               "D:15:*:zz\n"
                               "E:7:*:aabb{3-2}ccdd\n"
                               "F:7:$3:aabb\r\n";
    struct ov_part *part = parse_as(OV_CLAMAV_NDB, text, OV_OK, NULL);

    (void)state;
    assert_int_equal(part->rules.n, 2);
    assert_int_equal(part->rules.items[0].targets, UINT32_MAX);
    assert_int_equal(part->rules.items[0].line, 2);
    assert_int_equal(part->rules.items[0].flags, 0);
    assert_int_equal(part->rules.items[1].targets, 1 << 7);
    assert_int_equal(part->rules.items[1].flags, OV_RULE_MACRO_MEMBER);
    assert_int_equal(part->skips.n, 4);
    assert_int_equal(part->skips.items[2].line, 5);
    assert_false(part->skips.items[2].is_error);
    ov_part_free(part);
}

static void unwanted_lists_mark_their_rules(void **state)
{
    struct ov_part *part = parse_as(OV_CLAMAV_NDU, "A:1:*:aabbcc", OV_OK, NULL);

    (void)state;
    assert_int_equal(part->rules.items[0].flags, OV_RULE_UNWANTED);
    ov_part_free(part);
}

OV_TEST_MAIN(OV_TEST(bytes_nibbles_and_gaps_become_cells),
             OV_TEST(alternatives_nest_and_may_be_empty),
             OV_TEST(boundaries_consume_only_inside),
             OV_TEST(offsets_become_places),
             OV_TEST(what_is_too_short_is_refused),
             OV_TEST(targets_and_levels_decide_what_is_loaded),
             OV_TEST(unwanted_lists_mark_their_rules))
