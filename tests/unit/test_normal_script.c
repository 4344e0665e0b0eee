/* SPDX-License-Identifier: Apache-2.0
 *
 * The expected views are what sigtool 1.4.6 writes. */
#include "formats/normal_script.h"
#include "test.h"

static void expect_script(const char *source, const char *expected)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_buf into = ov_buf_with_max(4096);
    size_t len = strlen(expected);

    assert_int_equal(ov_normal_script(ov_span_str(source), &budget, &into),
                     OV_OK);
    assert_int_equal(into.len, len + strlen("<script></script>"));
    assert_memory_equal(into.ptr, "<script>", 8);
    assert_memory_equal(into.ptr + 8, expected, len);
    ov_buf_done(&into);
}

static void declared_names_get_numbers(void **state)
{
    (void)state;
    expect_script("var Foo = 1; var bar=Foo+2; FOO(bar)",
                  "var n000=1;var n001=n000+2;foo(n001)");
    expect_script("a=1;var a;a=2", "n000=1;var n000;n000=2");
    expect_script("x.foo=1;var foo;x.foo=foo;foo.x",
                  "x.foo=1;var n000;x.foo=n000;n000.x");
}

static void a_name_belongs_to_its_function(void **state)
{
    (void)state;
    expect_script("function f(a){var b=a;function g(c){return a+b+c}"
                  "return g}b=a;f(g)",
                  "function n000(n001){var n002=n001;function n003(n004)"
                  "{return n001+n002+n004}return g}b=a;f(g)");
}

static void strings_are_joined_and_decoded(void **state)
{
    (void)state;
    expect_script("x=\"a\"+\n'B' + c+\"d\"+\"e\"", "x=\"ab\"+c+\"de\"");
    expect_script("x=\"a\\nb\\x41\\u0042\\101\"", "x=\"a bab101\"");
    expect_script("unescape(\"%3Cb%3E\")", "\"<b>\"");
}

static void comments_and_needless_space_go(void **state)
{
    (void)state;
    expect_script("/* c */ x //d\ny", "x y");
    expect_script("return  new Foo; if (a < b) c", "return new foo;if(a<b)c");
    expect_script("x=.5+5.+007+0.1250+100", "x=.5+5+7+0.125+100");
}

static void several_scripts_are_lines(void **state)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_buf into = ov_buf_with_max(60);

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(ov_normal_script(OV_SPAN_LIT("a"), &budget, &into),
                         OV_OK);
    assert_true(
        ov_span_equal(ov_buf_span(&into),
                      OV_SPAN_LIT("<script>a</script>\n<script>a</script>")));
    assert_int_equal(
        ov_normal_script(OV_SPAN_LIT("abcdefghi;abcdefghi"), &budget, &into),
        OV_LIMIT_SIZE);
    ov_buf_done(&into);
}

OV_TEST_MAIN(OV_TEST(declared_names_get_numbers),
             OV_TEST(a_name_belongs_to_its_function),
             OV_TEST(strings_are_joined_and_decoded),
             OV_TEST(comments_and_needless_space_go),
             OV_TEST(several_scripts_are_lines))
