/* SPDX-License-Identifier: Apache-2.0 */
#include "../../src/programs/center/site_path.h"
#include "test.h"

static void paths_name_files_and_folders_their_page(void **state)
{
    static const struct {
        const char *path;
        const char *name;
    } cases[] = {
        {"/", "index.html"},
        {"/rules/", "rules/index.html"},
        {"/rules/R-1_x.20/", "rules/R-1_x.20/index.html"},
        {"/data/site.json", "data/site.json"},
        {"/repo/log/tile/0/000.p/9", "repo/log/tile/0/000.p/9"},
    };

    char name[SITE_NAME_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(site_path_parse(ov_span_str(cases[i].path), name));
        assert_string_equal(name, cases[i].name);
    }
}

static void nothing_leads_out_of_the_site(void **state)
{
    static const char *const bad[] = {
        "",      "rules",  "//",    "/../x",      "/a/../x", "/.git/config",
        "/a//b", "/a\\b",  "/a%2e", "/a b",       "/a?b",    "/\x01",
        "/./x",  "/a/./b", "/..",   "/\xc3\xa4x", "/a:b",    "/~root"};
    const struct ov_span nul = OV_SPAN_LIT("/a\0b");
    char longest[SITE_NAME_MAX + 1];
    char name[SITE_NAME_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(site_path_parse(ov_span_str(bad[i]), name));
    assert_false(site_path_parse(nul, name));
    memset(longest, 'a', sizeof(longest));
    longest[0] = '/';
    assert_false(site_path_parse(ov_span_of(longest, SITE_NAME_MAX), name));
    assert_true(site_path_parse(ov_span_of(longest, SITE_NAME_MAX - 11), name));
    assert_int_equal(strlen(name), SITE_NAME_MAX - 12);
}

static void types_and_ages_follow_the_name(void **state)
{
    (void)state;
    assert_string_equal(site_path_type("a/index.html"),
                        "text/html; charset=utf-8");
    assert_string_equal(site_path_type("repo/log/checkpoint"),
                        "text/plain; charset=utf-8");
    assert_string_equal(site_path_type("repo/cas/sha256/ab/abcd"),
                        "application/octet-stream");
    assert_true(site_path_is_packed("data/site.json"));
    assert_false(site_path_is_packed("repo/metadata/timestamp.json"));
    assert_true(site_path_age("assets/client-1.js") >
                site_path_age("index.html"));
    assert_int_equal(site_path_age("repo/log/checkpoint"),
                     site_path_age("index.html"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_name_files_and_folders_their_page),
        cmocka_unit_test(nothing_leads_out_of_the_site),
        cmocka_unit_test(types_and_ages_follow_the_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
