/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/outbound_log.h"
#include "json/json.h"
#include "test.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/overt-test-outbound.XXXXXX");
    assert_non_null(mkdtemp(folder));
    return chdir(folder);
}

static int remove_folder(void **state)
{
    (void)state;
    (void)!chdir("/");
    if (fork() == 0)
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
    return wait(NULL) > 0 ? 0 : -1;
}

static void add_notes(size_t n, size_t size)
{
    static uint8_t text[OUTBOUND_MAX_LINE / 2];
    struct outbound_log *log;
    struct ov_diag diag = {0};

    memset(text, 'x', sizeof(text));
    assert_int_equal(outbound_log_open(".", "a test", &log, &diag), OV_OK);
    for (size_t i = 0; i < n; i++) {
        struct outbound_line l;

        outbound_begin(&l, OUTBOUND_NOTE);
        l.text = ov_span_of(text, size);
        assert_int_equal(outbound_log_add(log, &l, &diag), OV_OK);
    }
    outbound_log_close(log);
}

struct walk {
    struct ov_arena *arena;
    struct outbound_chain chain;
    size_t n;
    size_t n_torn;
    bool is_bad;
};

static bool on_line(void *data, struct ov_span text, bool is_whole)
{
    struct walk *w = data;
    struct outbound_line l;

    if (!is_whole) {
        w->n_torn++;
        return true;
    }
    w->n++;
    ov_arena_reset(w->arena, 0);
    if (outbound_follow(&w->chain, w->arena, text, &l) != OV_OK)
        w->is_bad = true;
    return true;
}

static struct walk walk(uint64_t from)
{
    OV_AUTO(arena) arena = ov_arena_new(OV_JSON_ARENA(OUTBOUND_MAX_LINE));
    struct walk w = {.arena = arena};
    struct ov_diag diag = {0};

    assert_int_equal(outbound_log_walk(".", from, on_line, &w, &diag), OV_OK);
    w.arena = NULL;
    return w;
}

static void nothing_is_there_at_first(void **state)
{
    struct ov_diag diag = {0};

    (void)state;
    assert_int_equal(outbound_log_walk(".", 0, on_line, NULL, &diag),
                     OV_NOT_FOUND);
}

static void lines_follow_each_other_over_files(void **state)
{
    struct walk w;

    (void)state;
    add_notes(3, 5);
    add_notes(90, 60000); /* more than one file holds */
    add_notes(2, 5);
    w = walk(0);
    assert_false(w.is_bad);
    assert_int_equal(w.n, 95);
    assert_int_equal(w.chain.first_seq, 1);
    w = walk(95);
    assert_false(w.is_bad);
    assert_true(w.n > 2 && w.n < 95);
    assert_int_equal(w.chain.next_seq, 96);
}

static void a_torn_line_is_told_and_taken_away(void **state)
{
    struct walk w;
    int fd;

    (void)state;
    add_notes(2, 5);
    fd = open("outbound/000000000001.jsonl", O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "{\"seq\":3", 8), 8);
    close(fd);
    w = walk(0);
    assert_int_equal(w.n, 2);
    assert_int_equal(w.n_torn, 1);
    add_notes(1, 5);
    w = walk(0);
    assert_false(w.is_bad);
    assert_int_equal(w.n, 4);
    assert_int_equal(w.n_torn, 0);
    assert_int_equal(w.chain.n_repairs, 1);
}

static void a_file_that_was_begun_only_is_gone_on_with(void **state)
{
    struct walk w;

    (void)state;
    add_notes(2, 5);
    close(open("outbound/000000000003.jsonl", O_WRONLY | O_CREAT, 0600));
    add_notes(1, 5);
    w = walk(0);
    assert_false(w.is_bad);
    assert_int_equal(w.n, 3);
}

static void programs_take_turns(void **state)
{
    struct walk w;
    int left = 4;

    (void)state;
    for (int i = 0; i < 4; i++) {
        if (fork() == 0) {
            add_notes(50, 100);
            _exit(0);
        }
    }
    while (left-- > 0) {
        int how;

        assert_true(wait(&how) > 0);
        assert_int_equal(how, 0);
    }
    w = walk(0);
    assert_false(w.is_bad);
    assert_int_equal(w.n, 200);
}

static void a_full_disk_leaves_no_half_line(void **state)
{
    struct outbound_log *log;
    struct outbound_line l;
    struct ov_diag diag = {0};
    struct walk w;

    (void)state;
    add_notes(2, 5);
    assert_int_equal(outbound_log_open(".", "a test", &log, &diag), OV_OK);
    outbound_begin(&l, OUTBOUND_NOTE);
    if (fork() == 0) {
        const struct rlimit none = {0, 0};

        const struct sigaction ignore = {.sa_handler = SIG_IGN};

        (void)!sigaction(SIGXFSZ, &ignore, NULL);
        _exit(setrlimit(RLIMIT_FSIZE, &none) == 0 &&
                      outbound_log_add(log, &l, &diag) == OV_IO
                  ? 0
                  : 1);
    }
    int how;
    assert_true(wait(&how) > 0);
    assert_int_equal(how, 0);
    outbound_log_close(log);
    w = walk(0);
    assert_false(w.is_bad);
    assert_int_equal(w.n, 2);
    assert_int_equal(w.n_torn, 0);
}

static void a_folder_of_somebody_else_is_refused(void **state)
{
    struct outbound_log *log;
    struct ov_diag diag = {0};

    (void)state;
    add_notes(1, 5);
    assert_int_equal(chmod("outbound", 0777), 0);
    assert_int_equal(outbound_log_open(".", "a test", &log, &diag), OV_DENIED);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_there_at_first),
        TEST(lines_follow_each_other_over_files),
        TEST(a_torn_line_is_told_and_taken_away),
        TEST(a_file_that_was_begun_only_is_gone_on_with),
        TEST(programs_take_turns),
        TEST(a_full_disk_leaves_no_half_line),
        TEST(a_folder_of_somebody_else_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
