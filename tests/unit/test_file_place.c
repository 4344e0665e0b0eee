/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file_place.h"
#include "test.h"

static char folder[64];
static char path[200];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/overt-test-place.XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mkdir("real", 0755), 0);
    assert_int_equal(symlink("real", "link"), 0);
    close(open("real/file", O_WRONLY | O_CREAT, 0644));
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)!unlink("real/file");
    (void)!unlink("link");
    (void)!rmdir("real");
    (void)!chdir("/");
    return rmdir(folder);
}

static enum ov_status open_in(const char *name, struct ov_place *ret)
{
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return ov_place_open(path, ret);
}

static void a_place_is_a_folder_and_a_name(void **state)
{
    struct ov_place p;
    struct stat st;

    (void)state;
    assert_int_equal(open_in("real/file", &p), OV_OK);
    assert_string_equal(p.name, "file");
    assert_string_equal(p.path, path);
    assert_int_equal(fstatat(p.folder, p.name, &st, 0), 0);
    ov_place_done(&p);
}

static void no_link_is_followed(void **state)
{
    struct ov_place p;

    (void)state;
    assert_int_equal(open_in("link/file", &p), OV_DENIED);
    assert_int_equal(open_in("gone/file", &p), OV_NOT_FOUND);
}

static void what_is_not_plain_is_refused(void **state)
{
    struct ov_place p;

    (void)state;
    assert_int_equal(open_in("real/../real/file", &p), OV_USAGE);
    assert_int_equal(open_in("real/", &p), OV_USAGE);
    assert_int_equal(open_in("real/..", &p), OV_USAGE);
    assert_int_equal(ov_place_open("real/file", &p), OV_USAGE);
    assert_int_equal(ov_place_open("/", &p), OV_USAGE);
}

static void a_file_knows_its_path(void **state)
{
    int fd = open("link/file", O_RDONLY);
    char have[PATH_MAX];

    (void)state;
    assert_int_equal(ov_place_path(fd, have), OV_OK);
    snprintf(path, sizeof(path), "%s/real/file", folder);
    assert_string_equal(have, path);
    assert_int_equal(unlink("real/file"), 0);
    assert_int_equal(ov_place_path(fd, have), OV_NOT_FOUND);
    close(fd);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

OV_TEST_MAIN(TEST(a_place_is_a_folder_and_a_name), TEST(no_link_is_followed),
             TEST(what_is_not_plain_is_refused), TEST(a_file_knows_its_path))
