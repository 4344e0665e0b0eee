/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/programs/cloud/verdict_journal.h"
#include "test.h"

static char folder[] = "/tmp/overt-journal.XXXXXX";
static char path[64];
static char end_path[72];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/journal", folder);
    (void)snprintf(end_path, sizeof(end_path), "%s/journal.end", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(end_path);
    return rmdir(folder);
}

static struct verdict_journal *open_it(bool is_writer)
{
    struct verdict_journal *j = NULL;

    assert_int_equal(journal_open(path, is_writer, &j, NULL), OV_OK);
    return j;
}

/* A batch of n verdicts, all about hashes that begin with `first`. */
static void add(struct verdict_journal *j, uint8_t first, size_t n)
{
    struct journal_verdict v[8] = {0};

    for (size_t i = 0; i < n; i++) {
        v[i].hash[0] = first;
        v[i].hash[31] = (uint8_t)i;
        v[i].reputation = OV_REPUTATION_MALICIOUS;
        v[i].family = 70000;
    }
    assert_int_equal(
        journal_add(j, 1000, OV_SPAN_LIT("p-01"), OV_SPAN_LIT("seen"), v, n),
        OV_OK);
    assert_int_equal(journal_sync(j), OV_OK);
}

/* First bytes of the batches, in order, as a text. */
static void read_all(struct verdict_journal *j, char *ret)
{
    uint64_t at = JOURNAL_START;
    struct journal_batch b;
    enum ov_status s;

    while ((s = journal_read(j, &at, &b)) == OV_OK) {
        struct journal_verdict v;

        journal_at(&b, b.n - 1, &v);
        assert_int_equal(v.hash[31], b.n - 1);
        assert_int_equal(v.family, 70000);
        assert_true(ov_span_equal(b.why, OV_SPAN_LIT("seen")));
        *ret++ = (char)v.hash[0];
    }
    *ret = '\0';
    assert_int_equal(s, OV_NOT_FOUND);
}

static void start_anew(void)
{
    (void)unlink(path);
    (void)unlink(end_path);
}

static void what_was_said_comes_back_in_order(void **state)
{
    struct verdict_journal *j;
    char all[16];

    (void)state;
    start_anew();
    j = open_it(true);
    read_all(j, all);
    assert_string_equal(all, "");
    add(j, 'a', 3);
    add(j, 'b', 1);
    journal_close(j);
    j = open_it(true);
    add(j, 'c', 8);
    read_all(j, all);
    assert_string_equal(all, "abc");
    journal_close(j);
}

static off_t size_now(void)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

/* Wherever the machine stopped: whole batches stay, the rest goes. */
static void a_torn_end_is_cut_off(void **state)
{
    struct verdict_journal *j;
    char all[16];
    off_t before;
    off_t after;

    (void)state;
    for (int has_end = 0; has_end < 2; has_end++) {
        start_anew();
        j = open_it(true);
        add(j, 'a', 2);
        before = size_now();
        journal_close(j);
        j = open_it(true);
        add(j, 'b', 2);
        journal_close(j);
        after = size_now();
        for (off_t size = after - 1; size >= before; size -= 7) {
            assert_int_equal(truncate(path, size), 0);
            if (!has_end)
                (void)unlink(end_path);
            j = open_it(false);
            read_all(j, all);
            assert_string_equal(all, "a");
            journal_close(j);
        }
        assert_int_equal(truncate(path, before + 1), 0);
        j = open_it(true);
        assert_int_equal(size_now(), before);
        add(j, 'c', 1);
        read_all(j, all);
        assert_string_equal(all, "ac");
        journal_close(j);
    }
}

static void a_changed_batch_is_noticed(void **state)
{
    struct verdict_journal *j;
    uint64_t at = JOURNAL_START;
    struct journal_batch b;
    int fd;

    (void)state;
    start_anew();
    j = open_it(true);
    add(j, 'a', 2);
    add(j, 'b', 2);
    journal_close(j);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "x", 1, JOURNAL_START + 80), 1);
    assert_int_equal(close(fd), 0);
    j = open_it(false);
    assert_int_equal(journal_read(j, &at, &b), OV_BAD_DIGEST);
    journal_close(j);
}

static void what_is_no_journal_is_refused(void **state)
{
    struct verdict_journal *j = NULL;
    int fd;

    (void)state;
    start_anew();
    assert_int_equal(journal_open(path, false, &j, NULL), OV_NOT_FOUND);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "not a journal at all", 20), 20);
    assert_int_equal(close(fd), 0);
    assert_int_equal(journal_open(path, true, &j, NULL), OV_MALFORMED);
    assert_null(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OV_TEST(what_was_said_comes_back_in_order),
        OV_TEST(a_torn_end_is_cut_off),
        OV_TEST(a_changed_batch_is_noticed),
        OV_TEST(what_is_no_journal_is_refused),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
