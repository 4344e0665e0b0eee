/* SPDX-License-Identifier: Apache-2.0 */
#include "match/re_tree.h"
#include "test.h"

static struct ov_re_tree tree;
static struct ov_re_fault fault;

static enum ov_status parse(const char *text, uint32_t flags)
{
    fault = (struct ov_re_fault){0};
    ov_re_tree_done(&tree);
    return ov_re_parse(ov_span_str(text), flags, &tree, &fault);
}

/* The items as one letter each: s set, a assert, e empty, | * + ? */
static void expect_items(const char *text, const char *want)
{
    char got[64] = {0};

    assert_int_equal(parse(text, 0), OV_OK);
    for (size_t i = 0; i < tree.n_items && i < sizeof(got) - 1; i++)
        got[i] = "sae|*+?"[tree.items[i].op];
    assert_string_equal(got, want);
}

static void expect_fault(const char *text, size_t at, const char *why)
{
    assert_int_equal(parse(text, OV_RE_ONE_GREED), OV_MALFORMED);
    assert_string_equal(fault.why, why);
    assert_int_equal(fault.at, at);
}

/* The set of the first item, as a text of its printable bytes. */
static void expect_set(const char *text, uint32_t flags, const char *want)
{
    char got[100] = {0};
    size_t n = 0;

    assert_int_equal(parse(text, flags), OV_OK);
    for (uint8_t c = ' '; c < 0x7f; c++)
        if (ov_re_set_has(&tree.sets[tree.items[0].set], c))
            got[n++] = (char)c;
    assert_string_equal(got, want);
}

static void operators_stand_behind_their_operands(void **state)
{
    (void)state;
    expect_items("ab|c*", "sss*|");
    assert_int_equal(tree.items[3].from, 2);
    assert_int_equal(tree.items[4].from, 0);
    assert_int_equal(tree.items[4].mid, 2);
    expect_items("(a|b|)c", "ss|e|s");
    expect_items("(?:a)+?", "s+");
    assert_true(tree.items[1].is_lazy);
    expect_items("^a\\b$", "asaa");
}

static void counted_repeats_are_written_out(void **state)
{
    (void)state;
    expect_items("a{3}", "sss");
    expect_items("a{2,4}", "ssss??");
    assert_int_equal(tree.items[4].from, 3);
    assert_int_equal(tree.items[5].from, 2);
    expect_items("a{,2}", "ss??");
    expect_items("a{2,}", "ss+");
    assert_int_equal(tree.items[2].from, 1);
    expect_items("a{,}", "s*");
    expect_items("(ab*){2}", "ss*ss*");
    assert_int_equal(tree.items[5].from, 4);
}

static void a_brace_that_counts_nothing_is_plain(void **state)
{
    (void)state;
    expect_items("a{", "ss");
    expect_items("a{}", "sss");
    expect_items("a{2,b", "sssss");
    expect_items("{x}", "sss");
}

static void classes_have_ranges_escapes_and_cases(void **state)
{
    (void)state;
    expect_set("[a-cx]", 0, "abcx");
    expect_set("[]a]", 0, "]a");
    expect_set("[a-]", 0, "-a");
    expect_set("[\\d\\]]", 0, "0123456789]");
    expect_set("[\\x41-\\x43]", 0, "ABC");
    expect_set("[a]", OV_RE_NOCASE, "Aa");
    expect_set("\\x41", OV_RE_NOCASE, "Aa");
    expect_set("[^\\x00-`b-\\xff]", 0, "a");
    expect_set("[^\\x00-@b-\\xff]", OV_RE_NOCASE, "A[\\]^_`a");
    expect_set("\\.", 0, ".");
    expect_set("\\q", 0, "q");
    expect_set("(?i)b", 0, "Bb");
}

static void faults_have_their_place(void **state)
{
    (void)state;
    expect_fault("ab(c", 4, "a group is not closed; add )");
    expect_fault("ab)c", 2, "no ( is open here");
    expect_fault("a()", 2, "the first alternative is empty");
    expect_fault("", 0, "the first alternative is empty");
    expect_fault("*a", 0, "there is nothing to repeat");
    expect_fault("a**", 2, "there is nothing to repeat");
    expect_fault("^*", 1, "there is nothing to repeat");
    expect_fault("ab[x", 2, "the class has no end; add ]");
    expect_fault("[z-a]", 1, "the range's end is before its start");
    expect_fault("a\\", 2, "nothing follows the backslash");
    expect_fault("a\\x4", 2, "\\x needs two hexadecimal digits");
    expect_fault("(a)\\1", 4, "there are no backreferences");
    expect_fault("a{3,2}", 1, "the repeat's bounds make no sense");
    expect_fault("a{0}", 1, "the repeat's bounds make no sense");
    expect_fault("a{32768}", 1, "a repeat counts to 32767 at most");
    expect_fault("a{2}b*?", 5, "greedy and lazy repeats cannot be mixed");
    expect_fault("a+b*?", 3, "greedy and lazy repeats cannot be mixed");
}

static void size_is_limited(void **state)
{
    char deep[OV_RE_DEPTH_MAX + 8] = {0};

    (void)state;
    memset(deep, '(', OV_RE_DEPTH_MAX + 1);
    assert_int_equal(parse(deep, 0), OV_UNSUPPORTED);
    assert_int_equal(parse("((a{1000}){100}){100}", 0), OV_UNSUPPORTED);
    assert_int_equal(parse("(a{100}){100}", 0), OV_OK);
    ov_re_tree_done(&tree);
}

OV_TEST_MAIN(OV_TEST(operators_stand_behind_their_operands),
             OV_TEST(counted_repeats_are_written_out),
             OV_TEST(a_brace_that_counts_nothing_is_plain),
             OV_TEST(classes_have_ranges_escapes_and_cases),
             OV_TEST(faults_have_their_place), OV_TEST(size_is_limited))
