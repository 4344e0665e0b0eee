/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sys/verdict_cache.h"
#include "torture.h"

static char folder[] = "/tmp/overt-test-cache.XXXXXX";

static struct stat make_stat(ino_t ino)
{
    struct stat st = {.st_dev = 7, .st_ino = ino, .st_size = 123};

    st.st_ctim.tv_sec = 1000;
    st.st_mtim.tv_nsec = 17;
    return st;
}

static struct ov_verdict_cache *open_cache(const char *key)
{
    struct ov_verdict_cache *c = NULL;

    assert_int_equal(ov_verdict_cache_open(folder, ov_span_str(key), &c),
                     OV_OK);
    return c;
}

static void path_of_only_file(char *path, size_t size)
{
    DIR *d = opendir(folder);
    struct dirent *e;

    path[0] = '\0';
    while ((e = readdir(d)) != NULL) {
        if (e->d_name[0] != '.')
            (void)!snprintf(path, size, "%s/%s", folder, e->d_name);
    }
    closedir(d);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int empty_folder(void **state)
{
    char path[600];

    (void)state;
    for (;;) {
        path_of_only_file(path, sizeof(path));
        if (path[0] == '\0')
            return 0;
        unlink(path);
    }
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void many_files_are_known_after_a_save(void **state)
{
    struct ov_verdict_cache *c = open_cache("key");
    struct stat st;

    (void)state;
    for (ino_t i = 1; i <= 5000; i++) {
        st = make_stat(i * 37);
        assert_false(ov_verdict_cache_has(c, &st, 0));
        ov_verdict_cache_add(c, &st, 0);
    }
    assert_int_equal(ov_verdict_cache_save(c), OV_OK);
    ov_verdict_cache_free(c);
    c = open_cache("key");
    for (ino_t i = 1; i <= 5000; i++) {
        st = make_stat(i * 37);
        assert_true(ov_verdict_cache_has(c, &st, 0));
        st = make_stat(i * 37 + 1);
        assert_false(ov_verdict_cache_has(c, &st, 0));
    }
    ov_verdict_cache_free(c);
}

static void every_part_of_a_files_state_counts(void **state)
{
    struct ov_verdict_cache *c = open_cache("key");
    struct stat st = make_stat(5);

    (void)state;
    ov_verdict_cache_add(c, &st, 0);
    st.st_size++;
    assert_false(ov_verdict_cache_has(c, &st, 0));
    st = make_stat(5);
    st.st_dev++;
    assert_false(ov_verdict_cache_has(c, &st, 0));
    st = make_stat(5);
    st.st_ctim.tv_nsec++;
    assert_false(ov_verdict_cache_has(c, &st, 0));
    st = make_stat(5);
    st.st_mtim.tv_nsec++;
    assert_false(ov_verdict_cache_has(c, &st, 0));
    st = make_stat(5);
    assert_true(ov_verdict_cache_has(c, &st, 0));
    ov_verdict_cache_free(c);
}

static void a_file_that_just_changed_is_not_remembered(void **state)
{
    struct ov_verdict_cache *c = open_cache("key");
    struct stat st = make_stat(5);

    (void)state;
    clock_gettime(CLOCK_REALTIME, &st.st_ctim);
    ov_verdict_cache_add(c, &st, 0);
    assert_false(ov_verdict_cache_has(c, &st, 0));
    ov_verdict_cache_free(c);
}

static void another_key_knows_nothing(void **state)
{
    struct ov_verdict_cache *c = open_cache("key");
    struct stat st = make_stat(5);

    (void)state;
    ov_verdict_cache_add(c, &st, 0);
    assert_int_equal(ov_verdict_cache_save(c), OV_OK);
    ov_verdict_cache_free(c);
    c = open_cache("kex");
    assert_false(ov_verdict_cache_has(c, &st, 0));
    ov_verdict_cache_free(c);
}

/* A copy of the saved file with the byte at `at` changed, or cut there. */
static void damage(const char *path, off_t at, bool is_cut)
{
    int fd = open(path, O_RDWR);
    uint8_t byte;

    assert_true(fd >= 0);
    if (is_cut) {
        assert_int_equal(ftruncate(fd, at), 0);
    } else {
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
    close(fd);
}

static void a_damaged_file_is_as_good_as_none(void **state)
{
    struct stat st = make_stat(5);
    struct stat file;
    char path[600];

    (void)state;
    for (off_t at = 0;; at += at < 700 ? 1 : 97) {
        struct ov_verdict_cache *c = open_cache("key");

        ov_verdict_cache_add(c, &st, 0);
        assert_int_equal(ov_verdict_cache_save(c), OV_OK);
        ov_verdict_cache_free(c);
        path_of_only_file(path, sizeof(path));
        assert_int_equal(stat(path, &file), 0);
        if (at >= file.st_size)
            break;
        damage(path, at, at % 3 == 0);
        c = open_cache("key");
        /* The note and unused bytes of the key may be other, no more. */
        if (ov_verdict_cache_has(c, &st, 0))
            assert_true(at % 3 != 0 && at < 700);
        ov_verdict_cache_free(c);
        unlink(path);
    }
}

static void a_file_that_others_may_write_is_not_believed(void **state)
{
    struct ov_verdict_cache *c = open_cache("key");
    struct stat st = make_stat(5);
    char path[600];

    (void)state;
    ov_verdict_cache_add(c, &st, 0);
    assert_int_equal(ov_verdict_cache_save(c), OV_OK);
    ov_verdict_cache_free(c);
    path_of_only_file(path, sizeof(path));
    assert_int_equal(chmod(path, 0666), 0);
    c = open_cache("key");
    assert_false(ov_verdict_cache_has(c, &st, 0));
    ov_verdict_cache_free(c);
}

/* Fills a cache, with the nth allocation failing; whether one did. What it
 * could not keep is forgotten, never wrong. */
static bool is_filled_while_failing(size_t nth)
{
    struct ov_verdict_cache *c = NULL;
    struct stat st;

    (void)ov_alloc_fail_at(nth);
    if (ov_verdict_cache_open(folder, OV_SPAN_LIT("key"), &c) == OV_OK) {
        for (ino_t i = 1; i <= 3000; i++) {
            st = make_stat(i);
            ov_verdict_cache_add(c, &st, 0);
        }
        (void)!ov_verdict_cache_save(c);
    }
    ov_verdict_cache_free(c);
    return ov_alloc_fail_at(0) >= nth;
}

static void a_failed_allocation_costs_what_it_remembers(void **state)
{
    struct ov_verdict_cache *whole;
    struct stat st;

    for (size_t nth = 1; is_filled_while_failing(nth); nth++) {
        struct ov_verdict_cache *c = open_cache("key");

        assert_true(nth < 1000);
        for (ino_t i = 3001; i <= 6000; i++) {
            st = make_stat(i);
            assert_false(ov_verdict_cache_has(c, &st, 0));
        }
        ov_verdict_cache_free(c);
        (void)empty_folder(state);
    }
    st = make_stat(3000);
    whole = open_cache("key");
    assert_true(ov_verdict_cache_has(whole, &st, 0));
    ov_verdict_cache_free(whole);
}

int main(void)
{
#define CLEAN(name) cmocka_unit_test_setup_teardown(name, NULL, empty_folder)
    const struct CMUnitTest tests[] = {
        CLEAN(many_files_are_known_after_a_save),
        CLEAN(every_part_of_a_files_state_counts),
        CLEAN(a_file_that_just_changed_is_not_remembered),
        CLEAN(another_key_knows_nothing),
        CLEAN(a_damaged_file_is_as_good_as_none),
        CLEAN(a_file_that_others_may_write_is_not_believed),
        CLEAN(a_failed_allocation_costs_what_it_remembers),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
