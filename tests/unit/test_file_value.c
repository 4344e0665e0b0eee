/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/file_value.h"
#include "test.h"

static const struct {
    const char *path;
    const char *folder;
    const char *name;
    const char *extension;
} paths[] = {
    {"/usr/bin/tool.EXE", "/usr/bin", "tool.EXE", ".EXE"},
    {"/top", "/", "top", ""},
    {"a\\b\\c.d", "a\\b", "c.d", ".d"},
    {"plain", "", "plain", ""},
    {"/home/.profile", "/home", ".profile", ""},
    {"/x/.a.b", "/x", ".a.b", ".b"},
    {"/x/a.tar.gz", "/x", "a.tar.gz", ".gz"},
    {"/x/end.", "/x", "end.", "."},
    {"/a.b/none", "/a.b", "none", ""},
    {"/a//b", "/a", "b", ""},
    {"/a/", "/a", "", ""},
    {"", "", "", ""},
};

static void a_path_falls_to_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct ov_span path = ov_span_str(paths[i].path);

        assert_true(ov_span_equal(ov_file_value_folder(path),
                                  ov_span_str(paths[i].folder)));
        assert_true(ov_span_equal(ov_file_value_name(path),
                                  ov_span_str(paths[i].name)));
        assert_true(ov_span_equal(ov_file_value_extension(path),
                                  ov_span_str(paths[i].extension)));
    }
}

static void values_are_found_by_name(void **state)
{
    (void)state;
    assert_int_equal(ov_file_value_find(OV_SPAN_LIT("extension")),
                     OV_FILE_EXTENSION);
    assert_int_equal(ov_file_value_find(OV_SPAN_LIT("file")), OV_N_FILE_VALUES);
    assert_int_equal(ov_file_value_find(OV_SPAN_LIT("")), OV_N_FILE_VALUES);
    assert_string_equal(ov_file_value_type(OV_TYPE_PE), "EXE");
    assert_string_equal(ov_file_value_type(OV_TYPE_ASCII), "");
    assert_string_equal(ov_file_value_type((enum ov_type)9999), "");
}

OV_TEST_MAIN(OV_TEST(a_path_falls_to_pieces), OV_TEST(values_are_found_by_name))
