/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/walk.h"
#include "torture.h"

static char folder[] = "/tmp/overt-test-walk.XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *f)
{
    (void)st;
    (void)type;
    (void)f;
    return remove(path);
}

static int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_file(const char *path)
{
    int fd = open(path, O_CREAT | O_WRONLY, 0600);

    assert_true(fd >= 0);
    close(fd);
}

struct seen {
    size_t n[OV_WALK_PAUSE + 1];
    char paths[2000]; /* of files, each with a newline */
};

static void walk(const struct ov_walk_options *options, const char *path,
                 struct seen *ret)
{
    struct ov_walk *w = ov_walk_new(options);
    struct ov_walk_entry e;

    *ret = (struct seen){0};
    assert_int_equal(ov_walk_start(w, path), OV_OK);
    while (ov_walk_next(w, &e) == OV_OK) {
        ret->n[e.kind]++;
        if (e.kind == OV_WALK_FILE) {
            int fd = ov_walk_open(w, &e);
            size_t used = strlen(ret->paths);

            assert_true(fd >= 0);
            close(fd);
            (void)!snprintf(ret->paths + used, sizeof(ret->paths) - used,
                            "%s\n", e.path);
        }
    }
    ov_walk_free(w);
}

static void every_file_is_visited_once(void **state)
{
    const struct ov_walk_options options = {0};
    struct seen seen;

    (void)state;
    assert_int_equal(mkdir("once", 0700), 0);
    assert_int_equal(mkdir("once/a", 0700), 0);
    assert_int_equal(mkdir("once/b", 0700), 0);
    make_file("once/1");
    make_file("once/a/2");
    make_file("once/b/3");
    assert_int_equal(mkfifo("once/b/pipe", 0600), 0);
    assert_int_equal(symlink("1", "once/link"), 0);
    walk(&options, "once/", &seen);
    assert_int_equal(seen.n[OV_WALK_FILE], 3);
    assert_int_equal(seen.n[OV_WALK_SPECIAL], 1);
    assert_int_equal(seen.n[OV_WALK_LINK], 1);
    assert_int_equal(seen.n[OV_WALK_ERROR], 0);
    assert_non_null(strstr(seen.paths, "once/1\n"));
    assert_non_null(strstr(seen.paths, "once/a/2\n"));
    assert_non_null(strstr(seen.paths, "once/b/3\n"));
}

static void folders_below_the_depth_are_left_out(void **state)
{
    struct ov_walk_options options = {.max_depth = 2};
    struct seen seen;

    (void)state;
    assert_int_equal(mkdir("deep", 0700), 0);
    assert_int_equal(mkdir("deep/a", 0700), 0);
    assert_int_equal(mkdir("deep/a/b", 0700), 0);
    make_file("deep/1");
    make_file("deep/a/2");
    make_file("deep/a/b/3");
    walk(&options, "deep", &seen);
    assert_int_equal(seen.n[OV_WALK_FILE], 2);
    options.max_depth = 1;
    walk(&options, "deep", &seen);
    assert_string_equal(seen.paths, "deep/1\n");
    options.max_depth = 3;
    walk(&options, "deep", &seen);
    assert_int_equal(seen.n[OV_WALK_FILE], 3);
    assert_int_equal(seen.n[OV_WALK_ERROR], 0);
}

static void a_loop_of_links_ends(void **state)
{
    const struct ov_walk_options options = {.flags = OV_WALK_FOLLOW};
    struct seen seen;

    (void)state;
    assert_int_equal(mkdir("loop", 0700), 0);
    assert_int_equal(mkdir("loop/in", 0700), 0);
    make_file("loop/in/file");
    assert_int_equal(symlink("..", "loop/in/up"), 0);
    assert_int_equal(symlink("in", "loop/again"), 0);
    walk(&options, "loop", &seen);
    assert_true(seen.n[OV_WALK_FILE] >= 1 && seen.n[OV_WALK_FILE] <= 4);
}

static void a_link_put_in_place_of_a_file_is_not_opened(void **state)
{
    const struct ov_walk_options options = {0};
    struct ov_walk *w = ov_walk_new(&options);
    struct ov_walk_entry e;

    (void)state;
    assert_int_equal(mkdir("swap", 0700), 0);
    make_file("swap/file");
    assert_int_equal(ov_walk_start(w, "swap"), OV_OK);
    assert_int_equal(ov_walk_next(w, &e), OV_OK);
    assert_int_equal(unlink("swap/file"), 0);
    assert_int_equal(symlink("/etc/passwd", "swap/file"), 0);
    assert_int_equal(ov_walk_open(w, &e), -1);
    assert_int_equal(errno, ELOOP);
    ov_walk_free(w);
}

static void a_chain_of_folders_needs_few_descriptors(void **state)
{
    const struct ov_walk_options options = {0};
    struct seen seen;
    int bottom;
    int top = open(".", O_RDONLY | O_DIRECTORY);

    (void)state;
    assert_int_equal(mkdir("chain", 0700), 0);
    assert_int_equal(chdir("chain"), 0);
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(mkdir("d", 0700), 0);
        assert_int_equal(chdir("d"), 0);
    }
    make_file("file");
    bottom = open(".", O_RDONLY | O_DIRECTORY);
    assert_int_equal(fchdir(top), 0);
    walk(&options, "chain", &seen);
    assert_int_equal(seen.n[OV_WALK_FILE], 1);
    assert_int_equal(seen.n[OV_WALK_ERROR], 0);
    /* Removed from below: its path is too long for anything else. */
    assert_int_equal(fchdir(bottom), 0);
    assert_int_equal(unlink("file"), 0);
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(chdir(".."), 0);
        assert_int_equal(rmdir("d"), 0);
    }
    assert_int_equal(fchdir(top), 0);
    close(bottom);
    close(top);
}

static void a_walk_pauses_as_often_as_it_is_told_to(void **state)
{
    struct ov_walk_options options = {.max_steps = 10};
    struct seen seen;
    char name[32];

    (void)state;
    assert_int_equal(mkdir("empty", 0700), 0);
    for (unsigned i = 0; i < 100; i++) {
        (void)!snprintf(name, sizeof(name), "empty/%u", i);
        assert_int_equal(mkdir(name, 0700), 0);
    }
    make_file("empty/99/file");
    walk(&options, "empty", &seen);
    assert_string_equal(seen.paths, "empty/99/file\n");
    assert_in_range(seen.n[OV_WALK_PAUSE], 20, 80);
    options.max_steps = 0;
    walk(&options, "empty", &seen);
    assert_string_equal(seen.paths, "empty/99/file\n");
    assert_int_equal(seen.n[OV_WALK_PAUSE], 0);
}

static void what_is_missing_is_an_error(void **state)
{
    const struct ov_walk_options options = {0};
    struct seen seen;

    (void)state;
    walk(&options, "missing", &seen);
    assert_int_equal(seen.n[OV_WALK_ERROR], 1);
}

/* A walk that met no failure has seen every file. */
static enum ov_status walk_all(void *arg)
{
    const struct ov_walk_options options = {0};
    OV_AUTO(walk) w = ov_walk_new(&options);
    struct ov_walk_entry e;
    enum ov_status status;
    size_t n = 0;

    (void)arg;
    if (w == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_walk_start(w, "torture"));
    while ((status = ov_walk_next(w, &e)) == OV_OK)
        n += e.kind == OV_WALK_FILE;
    if (status != OV_NOT_FOUND)
        return status;
    assert_int_equal(n, 20);
    return OV_OK;
}

static void each_failed_allocation_of_a_walk_is_told(void **state)
{
    char path[64] = "torture";

    (void)state;
    for (int i = 0; i < 20; i++) {
        size_t len = strlen(path);

        assert_int_equal(mkdir(path, 0700), 0);
        (void)!snprintf(path + len, sizeof(path) - len, "/f");
        make_file(path);
        (void)!snprintf(path + len, sizeof(path) - len, "/d");
    }
    assert_true(ov_torture(walk_all, NULL) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OV_TEST(every_file_is_visited_once),
        OV_TEST(folders_below_the_depth_are_left_out),
        OV_TEST(a_loop_of_links_ends),
        OV_TEST(a_link_put_in_place_of_a_file_is_not_opened),
        OV_TEST(a_chain_of_folders_needs_few_descriptors),
        OV_TEST(a_walk_pauses_as_often_as_it_is_told_to),
        OV_TEST(what_is_missing_is_an_error),
        OV_TEST(each_failed_allocation_of_a_walk_is_told),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
