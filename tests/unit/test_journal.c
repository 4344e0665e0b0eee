/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/tile.h"
#include "programs/logd/journal.h"
#include "test.h"

static char folder[] = "/tmp/overt-journal-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/journal", folder);
    return 0;
}

static void file_path(uint64_t start, char *ret, size_t max)
{
    (void)snprintf(ret, max, "%s/%020llu", path, (unsigned long long)start);
}

/* After each test: nothing is left. */
static int empty_folder(void **state)
{
    DIR *d = opendir(path);
    const struct dirent *e;

    (void)state;
    while (d != NULL && (e = readdir(d)) != NULL) {
        char name[512];

        (void)snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
        (void)!unlink(name); /* "." and ".." stay */
    }
    if (d != NULL)
        (void)closedir(d);
    return rmdir(path);
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

/* What a journal gives: the entries' text, one behind the other. */
static enum ov_status collect(void *data, struct ov_span entry)
{
    struct ov_buf *b = data;

    ov_put_span(b, entry);
    ov_put_u8(b, ',');
    return ov_buf_status(b);
}

static enum ov_status open_journal(struct journal *j, uint64_t from,
                                   struct ov_buf *got)
{
    struct ov_diag diag;

    ov_buf_clear(got);
    return journal_open(j, path, from, collect, got, &diag);
}

/* Adds the entries of a text, one letter each, in one frame. */
static void add(struct journal *j, const char *letters)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1000);

    for (const char *p = letters; *p != 0; p++)
        ov_put_bundle_entry(&b, ov_span_of(p, 1));
    assert_int_equal(journal_append(j, ov_buf_span(&b), strlen(letters)),
                     OV_OK);
}

static void expect(const struct ov_buf *got, const char *want)
{
    assert_true(ov_span_equal(ov_buf_span(got), ov_span_str(want)));
}

static void what_was_promised_is_given_again(void **state)
{
    OV_AUTO_DONE(buf) got = ov_buf_with_max(1000);
    struct journal j;

    (void)state;
    assert_int_equal(open_journal(&j, 0, &got), OV_OK);
    add(&j, "ab");
    add(&j, "c");
    assert_int_equal(j.next, 3);
    journal_close(&j);
    assert_int_equal(open_journal(&j, 0, &got), OV_OK);
    expect(&got, "a,b,c,");
    assert_int_equal(j.next, 3);
    add(&j, "d");
    journal_close(&j);
    assert_int_equal(open_journal(&j, 2, &got), OV_OK);
    expect(&got, "c,d,");
    journal_close(&j);
    assert_int_equal(open_journal(&j, 9, &got), OV_OK);
    expect(&got, "");
    assert_int_equal(j.next, 9);
    journal_close(&j);
}

/* Each length that a crash can leave of the last frame. */
static void a_torn_end_is_cut_off(void **state)
{
    OV_AUTO_DONE(buf) got = ov_buf_with_max(1000);
    char name[128];
    struct stat st;
    off_t whole;
    struct journal j;

    (void)state;
    file_path(0, name, sizeof(name));
    assert_int_equal(open_journal(&j, 0, &got), OV_OK);
    add(&j, "ab");
    assert_int_equal(stat(name, &st), 0);
    whole = st.st_size;
    journal_close(&j);
    for (off_t torn = 1; torn < 48 + 6; torn++) {
        assert_int_equal(open_journal(&j, 0, &got), OV_OK);
        assert_int_equal(j.start, 2);
        journal_close(&j);
        file_path(2, name, sizeof(name));
        assert_int_equal(unlink(name), 0);
        file_path(0, name, sizeof(name));
        assert_int_equal(truncate(name, whole), 0);
        j = (struct journal){.fd = -1};
        assert_int_equal(open_journal(&j, 0, &got), OV_OK);
        add(&j, "cd");
        journal_close(&j);
        file_path(2, name, sizeof(name));
        assert_int_equal(truncate(name, torn), 0);
        assert_int_equal(open_journal(&j, 0, &got), OV_OK);
        expect(&got, "a,b,");
        assert_int_equal(j.next, 2);
        journal_close(&j);
    }
}

static void damage_before_the_end_is_refused(void **state)
{
    OV_AUTO_DONE(buf) got = ov_buf_with_max(1000);
    char name[128];
    struct journal j;
    FILE *f;

    (void)state;
    assert_int_equal(open_journal(&j, 0, &got), OV_OK);
    add(&j, "ab");
    journal_close(&j);
    assert_int_equal(open_journal(&j, 0, &got), OV_OK);
    add(&j, "cd");
    journal_close(&j);
    /* The first of two segments. */
    file_path(0, name, sizeof(name));
    f = fopen(name, "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, 50, SEEK_SET), 0);
    assert_int_equal(fputc('x', f), 'x');
    assert_int_equal(fclose(f), 0);
    assert_int_equal(open_journal(&j, 0, &got), OV_MALFORMED);
    /* Not needed any more, it does no harm. */
    assert_int_equal(open_journal(&j, 2, &got), OV_OK);
    expect(&got, "c,d,");
    journal_close(&j);
}

static void a_missing_segment_is_refused(void **state)
{
    OV_AUTO_DONE(buf) got = ov_buf_with_max(1000);
    char name[128];
    struct journal j;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(open_journal(&j, 0, &got), OV_OK);
        add(&j, "ab");
        journal_close(&j);
    }
    file_path(2, name, sizeof(name));
    assert_int_equal(unlink(name), 0);
    assert_int_equal(open_journal(&j, 0, &got), OV_MALFORMED);
    assert_int_equal(open_journal(&j, 4, &got), OV_OK);
    expect(&got, "a,b,");
    journal_close(&j);
}

static void only_what_is_in_the_tree_is_trimmed(void **state)
{
    OV_AUTO_DONE(buf) got = ov_buf_with_max(1000);
    char name[128];
    struct stat st;
    struct journal j;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(open_journal(&j, 0, &got), OV_OK);
        add(&j, "ab");
        if (i < 2)
            journal_close(&j);
    }
    journal_trim(&j, 3);
    file_path(0, name, sizeof(name));
    assert_int_not_equal(stat(name, &st), 0);
    file_path(2, name, sizeof(name));
    assert_int_equal(stat(name, &st), 0);
    journal_close(&j);
    assert_int_equal(open_journal(&j, 3, &got), OV_OK);
    expect(&got, "b,a,b,");
    journal_close(&j);
    assert_int_equal(open_journal(&j, 1, &got), OV_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_was_promised_is_given_again,
                                  empty_folder),
        cmocka_unit_test_teardown(a_torn_end_is_cut_off, empty_folder),
        cmocka_unit_test_teardown(damage_before_the_end_is_refused,
                                  empty_folder),
        cmocka_unit_test_teardown(a_missing_segment_is_refused, empty_folder),
        cmocka_unit_test_teardown(only_what_is_in_the_tree_is_trimmed,
                                  empty_folder),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
