/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/finding_log.h"
#include "sys/file.h"
#include "test.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/overt-test-findings.XXXXXX");
    assert_non_null(mkdtemp(folder));
    return chdir(folder);
}

static int remove_folder(void **state)
{
    (void)state;
    (void)!unlink("log");
    (void)!unlink("log.old");
    (void)!chdir("/");
    return rmdir(folder);
}

static void the_newest_of_a_content_is_found(void **state)
{
    static const uint8_t digest[OV_DIGEST_MAX] = {0xab, 0xcd};
    struct finding_log_entry e;

    (void)state;
    assert_int_equal(finding_log_find("log", "abcd", &e), OV_NOT_FOUND);
    finding_log_add("log", digest, 68, "/a/\"b\n", OV_SPAN_LIT("R1"));
    finding_log_add("log", digest, 68, "/c", OV_SPAN_LIT("R2"));
    assert_int_equal(finding_log_find("log", "abcd", &e), OV_OK);
    assert_memory_equal(e.digest, digest, sizeof(digest));
    assert_int_equal(e.size, 68);
    assert_string_equal(e.path, "/c");
    assert_string_equal(e.rule, "R2");
    assert_int_equal(finding_log_find("log", "abce", &e), OV_NOT_FOUND);
}

static void two_contents_that_begin_so_are_told(void **state)
{
    static const uint8_t a[OV_DIGEST_MAX] = {0xab, 0xcd};
    static const uint8_t b[OV_DIGEST_MAX] = {0xab, 0xce};
    struct finding_log_entry e;

    (void)state;
    finding_log_add("log", a, 68, "/a", OV_SPAN_LIT("R"));
    finding_log_add("log", b, 68, "/b", OV_SPAN_LIT("R"));
    assert_int_equal(finding_log_find("log", "abc", &e), OV_USAGE);
    assert_int_equal(finding_log_find("log", "abce", &e), OV_OK);
    assert_string_equal(e.path, "/b");
}

static void damaged_lines_are_passed_over(void **state)
{
    static const uint8_t a[OV_DIGEST_MAX] = {0xab, 0xcd};
    struct finding_log_entry e;
    struct ov_diag diag;

    (void)state;
    assert_int_equal(ov_file_write("log",
                                   OV_SPAN_LIT("{\"sha256\":\"abcd\n\n\xff\n"),
                                   0600, &diag),
                     OV_OK);
    finding_log_add("log", a, 68, "/a", OV_SPAN_LIT("R"));
    assert_int_equal(finding_log_find("log", "abcd", &e), OV_OK);
}

static void the_older_half_goes(void **state)
{
    uint8_t digest[OV_DIGEST_MAX] = {0};
    struct finding_log_entry e;
    struct stat st;

    (void)state;
    for (unsigned i = 0; i < 6000; i++) {
        digest[0] = (uint8_t)(i >> 8);
        digest[1] = (uint8_t)i;
        finding_log_add("log", digest, 68, "/some/path",
                        OV_SPAN_LIT("Some.Rule"));
    }
    assert_int_equal(stat("log", &st), 0);
    assert_true(st.st_size <= 300 << 10);
    assert_int_equal(finding_log_find("log", "0000", &e), OV_NOT_FOUND);
    assert_int_equal(finding_log_find("log", "176f", &e), OV_OK); /* 5999 */
    assert_int_equal(finding_log_find("log", "1388", &e), OV_OK); /* 5000 */
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

OV_TEST_MAIN(TEST(the_newest_of_a_content_is_found),
             TEST(two_contents_that_begin_so_are_told),
             TEST(damaged_lines_are_passed_over), TEST(the_older_half_goes))
