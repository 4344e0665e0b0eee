/* SPDX-License-Identifier: Apache-2.0
 *
 * The expected views are what sigtool 1.4.6 writes; tests/oracle asks it about
 * many more. */
#include "formats/normal.h"
#include "test.h"

#define VIEW_MAX ((size_t)1 << 20)

static void expect_views(const char *html, const char *nocomment,
                         const char *notags)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_html_views v = {ov_buf_with_max(VIEW_MAX),
                              ov_buf_with_max(VIEW_MAX),
                              ov_buf_with_max(VIEW_MAX)};

    assert_int_equal(ov_normal_html(ov_span_str(html), &budget, &v), OV_OK);
    ov_put_u8(&v.nocomment, 0);
    ov_put_u8(&v.notags, 0);
    assert_string_equal((const char *)v.nocomment.ptr, nocomment);
    assert_string_equal((const char *)v.notags.ptr, notags);
    ov_buf_done(&v.nocomment);
    ov_buf_done(&v.notags);
    ov_buf_done(&v.script);
}

static void tags_are_lowered_and_spaces_squeezed(void **state)
{
    (void)state;
    expect_views("<HTML>\n <P  CLASS = 'a B'>One\r\n  TWO </p>",
                 "<html><p class=\"a b\">one two </p>", " one two ");
}

static void comments_and_doctypes_go(void **state)
{
    (void)state;
    expect_views("<!doctype html>a<!-- b -- c -->d", "ad", " a d");
}

static void entities_become_characters(void **state)
{
    (void)state;
    expect_views("a&#66;&#x43;&eacute;&lt;&euro;&bogus;z",
                 "abc\xe9<&#x20ac;&bogus;z", "a z");
}

static void a_link_leaves_its_address_in_the_text(void **state)
{
    (void)state;
    expect_views("<a HREF=\"http://X/Y\">Go</a><img src=Z>!",
                 "<a href=\"http://x/y\">go</a><img src=z>!",
                 " http://X/Y go Z !");
}

static void scripts_lose_their_white_space(void **state)
{
    (void)state;
    expect_views("<script>A  b 'C' <b></script>d",
                 "<script>ab\"c\"<b></script>d", " d");
}

static void the_data_of_data_addresses_goes(void **state)
{
    (void)state;
    expect_views("<a x=\"data:text/html,foo\">b", "<a x=\"data\">b", " b");
}

static void a_view_that_is_full_is_told(void **state)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_html_views v = {ov_buf_with_max(100), ov_buf_with_max(VIEW_MAX),
                              ov_buf_with_max(VIEW_MAX)};

    (void)state;
    assert_int_equal(ov_normal_html(OV_SPAN_LIT("abc"), &budget, &v),
                     OV_LIMIT_SIZE);
    budget.limit[OV_COST_STEPS] = 2;
    budget.spent[OV_COST_STEPS] = 0;
    assert_int_equal(ov_normal_html(OV_SPAN_LIT("abc"), &budget, &v),
                     OV_LIMIT_WORK);
    ov_buf_done(&v.nocomment);
    ov_buf_done(&v.notags);
    ov_buf_done(&v.script);
}

OV_TEST_MAIN(OV_TEST(tags_are_lowered_and_spaces_squeezed),
             OV_TEST(comments_and_doctypes_go),
             OV_TEST(entities_become_characters),
             OV_TEST(a_link_leaves_its_address_in_the_text),
             OV_TEST(scripts_lose_their_white_space),
             OV_TEST(the_data_of_data_addresses_goes),
             OV_TEST(a_view_that_is_full_is_told))
