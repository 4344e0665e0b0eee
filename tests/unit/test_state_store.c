/* SPDX-License-Identifier: Apache-2.0 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/state_store.h"
#include "test.h"

static char folder[] = "/tmp/overt-test-state.XXXXXX";
static char path[200];

static int remove_one(const char *name, const struct stat *st, int type,
                      struct FTW *how)
{
    (void)st;
    (void)type;
    (void)how;
    return remove(name);
}

static int make_folder(void **state)
{
    (void)state;
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/a/state", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct ov_state *open_state(unsigned flags)
{
    struct ov_state *s = NULL;
    struct ov_diag diag = {0};

    assert_int_equal(ov_state_open(path, flags, &s, &diag), OV_OK);
    return s;
}

static void expect_file(const struct ov_state *s, const char *name,
                        const char *want)
{
    struct ov_buf b = ov_buf_with_max(1000);

    assert_int_equal(ov_state_get(s, name, &b), OV_OK);
    assert_true(ov_span_equal(ov_buf_span(&b), ov_span_str(want)));
    ov_buf_done(&b);
}

static void what_is_put_is_there_for_the_next(void **state)
{
    struct ov_state *s = open_state(OV_STATE_WRITE);

    (void)state;
    assert_int_equal(ov_state_put(s, "trust/root.json", OV_SPAN_LIT("one")),
                     OV_OK);
    assert_int_equal(ov_state_put(s, "trust/root.json", OV_SPAN_LIT("two!")),
                     OV_OK);
    assert_int_equal(ov_state_put(s, "limits", OV_SPAN_LIT("")), OV_OK);
    ov_state_close(s);
    s = open_state(0);
    expect_file(s, "trust/root.json", "two!");
    expect_file(s, "limits", "");
    ov_state_close(s);
    s = open_state(OV_STATE_WRITE);
    assert_int_equal(ov_state_remove(s, "trust/root.json"), OV_OK);
    assert_int_equal(ov_state_remove(s, "trust/root.json"), OV_OK);
    ov_state_close(s);
}

static void names_stay_inside(void **state)
{
    static const char *const names[] = {
        "",         ".",          "..",         "../x",      "/etc/passwd",
        "trust/",   "trust/../x", "trust/a/b",  "releases",  "releases/1",
        ".current", "trust/.new", "other/file", "new\nline", "evidence/",
    };
    struct ov_state *s = open_state(OV_STATE_WRITE);
    struct ov_buf b = ov_buf_with_max(100);

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(ov_state_put(s, names[i], OV_SPAN_LIT("x")), OV_USAGE);
        assert_int_equal(ov_state_get(s, names[i], &b), OV_USAGE);
        assert_int_equal(ov_state_remove(s, names[i]), OV_USAGE);
    }
    ov_buf_done(&b);
    ov_state_close(s);
}

static void a_file_larger_than_the_reader_wants_is_refused(void **state)
{
    struct ov_state *s = open_state(OV_STATE_WRITE);
    struct ov_buf b = ov_buf_with_max(3);

    (void)state;
    assert_int_equal(ov_state_put(s, "x", OV_SPAN_LIT("1234")), OV_OK);
    assert_int_equal(ov_state_get(s, "x", &b), OV_LIMIT_SIZE);
    ov_buf_done(&b);
    b = ov_buf_with_max(4);
    assert_int_equal(ov_state_get(s, "x", &b), OV_OK);
    ov_buf_done(&b);
    ov_state_close(s);
}

static void there_is_one_writer(void **state)
{
    struct ov_state *s = open_state(OV_STATE_WRITE);
    struct ov_state *other = NULL;
    struct ov_diag diag = {0};

    (void)state;
    assert_int_equal(ov_state_open(path, OV_STATE_WRITE, &other, &diag),
                     OV_DENIED);
    other = open_state(0);
    ov_state_close(other);
    ov_state_close(s);
    ov_state_close(open_state(OV_STATE_WRITE));
}

static void a_folder_that_others_write_to_is_refused(void **state)
{
    struct ov_state *s = open_state(OV_STATE_WRITE);
    struct ov_diag diag = {0};

    (void)state;
    ov_state_close(s);
    assert_int_equal(chmod(path, 0777), 0);
    assert_int_equal(ov_state_open(path, 0, &s, &diag), OV_DENIED);
    assert_int_equal(ov_state_open(path, OV_STATE_WRITE, &s, &diag), OV_DENIED);
    assert_int_equal(chmod(path, 0755), 0);
}

static void nothing_is_made_by_looking(void **state)
{
    struct ov_state *s = NULL;
    struct ov_diag diag = {0};

    (void)state;
    assert_int_equal(ov_state_open(path, 0, &s, &diag), OV_NOT_FOUND);
    assert_int_equal(rmdir(path), -1);
}

static void install(struct ov_state *s, uint64_t seq)
{
    char text[24];
    int fd = -1;
    int len = snprintf(text, sizeof(text), "image %u", (unsigned)seq);

    assert_int_equal(ov_memory_file("test", &fd), OV_OK);
    assert_int_equal(write(fd, text, (size_t)len), len);
    assert_int_equal(ov_state_stage(s), OV_OK);
    assert_int_equal(ov_state_stage_file(s, "image.0", fd, (uint64_t)len),
                     OV_OK);
    assert_int_equal(ov_state_keep(s, seq), OV_OK);
    assert_int_equal(ov_state_switch(s, seq), OV_OK);
    close(fd);
}

static void the_last_three_releases_are_kept(void **state)
{
    struct ov_state *s = open_state(OV_STATE_WRITE);
    uint64_t seqs[8];
    uint64_t seq;
    uint64_t len;
    size_t n;
    int fd;

    (void)state;
    assert_int_equal(ov_state_current(s, &seq), OV_NOT_FOUND);
    for (uint64_t i = 8; i <= 12; i++)
        install(s, i);
    assert_int_equal(ov_state_current(s, &seq), OV_OK);
    assert_int_equal(seq, 12);
    assert_int_equal(ov_state_list(s, seqs, 8, &n), OV_OK);
    assert_int_equal(n, 3);
    assert_int_equal(seqs[0], 12);
    assert_int_equal(seqs[2], 10);
    assert_int_equal(ov_state_open_file(s, 11, "image.0", &fd, &len), OV_OK);
    assert_int_equal(len, 8);
    close(fd);
    /* Back, without losing the newer one. */
    assert_int_equal(ov_state_switch(s, 11), OV_OK);
    assert_int_equal(ov_state_drop(s, 11), OV_USAGE);
    assert_int_equal(ov_state_drop(s, 12), OV_OK);
    assert_int_equal(ov_state_switch(s, 12), OV_NOT_FOUND);
    assert_int_equal(ov_state_current(s, &seq), OV_OK);
    assert_int_equal(seq, 11);
    ov_state_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_put_is_there_for_the_next,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(names_stay_inside, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(
            a_file_larger_than_the_reader_wants_is_refused, make_folder,
            remove_folder),
        cmocka_unit_test_setup_teardown(there_is_one_writer, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(
            a_folder_that_others_write_to_is_refused, make_folder,
            remove_folder),
        cmocka_unit_test_setup_teardown(nothing_is_made_by_looking, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(the_last_three_releases_are_kept,
                                        make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
