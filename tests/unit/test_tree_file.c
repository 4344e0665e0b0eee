/* SPDX-License-Identifier: Apache-2.0 */
#include "../../src/programs/cloud/tree_file.h"
#include "test.h"

static bool is_path(const char *path)
{
    char name[TREE_PATH_MAX];

    if (!tree_path_parse(ov_span_str(path), name))
        return false;
    assert_string_equal(name, path + 1);
    return true;
}

static void only_names_of_the_tree_are_paths(void **state)
{
    static const char *const good[] = {"/v1/head", "/v1/snap/1/f/fuse8/0a",
                                       "/v1/delta/7.proof", "/a-b"};
    static const char *const bad[] = {
        "",         "/",         "v1/head",   "/v1/",
        "//v1",     "/v1//head", "/../x",     "/v1/../x",
        "/.hidden", "/v1/.x",    "/v1/head ", "/v1/h%41",
        "/v1/\x01", "/v1/h\\x",  "/v1/h?x",   "/v1/h\xc3\xa4"};
    char longest[TREE_PATH_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(is_path(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(is_path(bad[i]));
    memset(longest, 'a', sizeof(longest));
    longest[0] = '/';
    longest[TREE_PATH_MAX] = '\0';
    assert_true(is_path(longest));
    longest[TREE_PATH_MAX] = 'a';
    longest[TREE_PATH_MAX + 1] = '\0';
    assert_false(is_path(longest));
}

static void ranges_are_those_of_the_standard(void **state)
{
    static const struct {
        const char *header;
        enum tree_range want;
        uint64_t from;
        uint64_t to;
    } cases[] = {
        {"bytes=0-9", TREE_PART, 0, 9},
        {"bytes=99-99", TREE_PART, 99, 99},
        {"bytes=90-200", TREE_PART, 90, 99},
        {"bytes=5-", TREE_PART, 5, 99},
        {"bytes=-10", TREE_PART, 90, 99},
        {"bytes=-1000", TREE_PART, 0, 99},
        {"bytes=100-", TREE_OUTSIDE, 0, 0},
        {"bytes=100-200", TREE_OUTSIDE, 0, 0},
        {"bytes=-0", TREE_OUTSIDE, 0, 0},
        {"bytes=9-5", TREE_ALL, 0, 0},
        {"bytes=0-1,5-6", TREE_ALL, 0, 0},
        {"bytes=-", TREE_ALL, 0, 0},
        {"bytes=", TREE_ALL, 0, 0},
        {"bytes=a-b", TREE_ALL, 0, 0},
        {"bytes=99999999999999999999-", TREE_ALL, 0, 0},
        {"lines=0-9", TREE_ALL, 0, 0},
        {"", TREE_ALL, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t from = 0;
        uint64_t to = 0;

        assert_int_equal(
            tree_range_parse(ov_span_str(cases[i].header), 100, &from, &to),
            cases[i].want);
        assert_true(from == cases[i].from && to == cases[i].to);
    }
}

static void an_empty_file_has_no_part(void **state)
{
    uint64_t from;
    uint64_t to;

    (void)state;
    assert_int_equal(tree_range_parse(OV_SPAN_LIT("bytes=0-9"), 0, &from, &to),
                     TREE_OUTSIDE);
    assert_int_equal(tree_range_parse(OV_SPAN_LIT("bytes=-9"), 0, &from, &to),
                     TREE_OUTSIDE);
}

OV_TEST_MAIN(OV_TEST(only_names_of_the_tree_are_paths),
             OV_TEST(ranges_are_those_of_the_standard),
             OV_TEST(an_empty_file_has_no_part))
