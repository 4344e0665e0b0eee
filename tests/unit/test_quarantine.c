/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "host/quarantine.h"
#include "host/quarantine_store.h"
#include "sys/file.h"
#include "test.h"

static char folder[64];
static struct quarantine *q;
static struct ov_diag diag;

static int remove_one(const char *name, const struct stat *st, int type,
                      struct FTW *how)
{
    (void)st;
    (void)type;
    (void)how;
    return remove(name);
}

static void reopen(void)
{
    quarantine_close(q);
    q = NULL;
    diag = (struct ov_diag){0};
    assert_int_equal(quarantine_open("store", QUARANTINE_WRITE, &q, &diag),
                     OV_OK);
}

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/overt-test-quarantine.XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mkdir("d", 0755), 0);
    reopen();
    return 0;
}

static int end(void **state)
{
    (void)state;
    quarantine_close(q);
    q = NULL;
    (void)!chdir("/");
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make(const char *path, const char *text)
{
    assert_int_equal(ov_file_write(path, ov_span_str(text), 0640, &diag),
                     OV_OK);
}

static void expect(const char *path, const char *text)
{
    struct ov_buf b = ov_buf_with_max((size_t)1 << 20);

    assert_int_equal(ov_file_read(path, &b), OV_OK);
    assert_true(ov_span_equal(ov_buf_span(&b), ov_span_str(text)));
    ov_buf_done(&b);
}

static bool is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

/* A file that was scanned: between this and take_it others have their turn. */
struct scanned {
    int fd;
    struct stat st;
};

static struct scanned scan_it(const char *path)
{
    struct scanned s = {.fd = open(path, O_RDONLY | O_CLOEXEC)};

    assert_true(s.fd >= 0);
    assert_int_equal(fstat(s.fd, &s.st), 0);
    return s;
}

static enum ov_status take_it(struct scanned s, struct quarantine_taken *ret)
{
    static struct finding none;
    const struct quarantine_request r = {s.fd, &s.st, &none, "test"};
    enum ov_status status;

    diag = (struct ov_diag){0};
    status = quarantine_take(q, &r, ret, &diag);
    close(s.fd);
    return status;
}

static size_t count(void)
{
    struct quarantine_name *names = NULL;
    size_t n;

    assert_int_equal(quarantine_list(q, &names, &n), OV_OK);
    ov_free(names);
    return n;
}

static void what_is_taken_comes_back_as_it_was(void **state)
{
    const struct timespec times[2] = {{1000, 5}, {2000, 7}};
    struct quarantine_taken taken;
    bool has_attributes;
    char value[8] = "";
    struct stat st;

    (void)state;
    make("d/bad", "content");
    has_attributes = setxattr("d/bad", "user.mark", "v", 1, 0) == 0;
    assert_int_equal(chmod("d/bad", 02751), 0);
    assert_int_equal(utimensat(AT_FDCWD, "d/bad", times, 0), 0);
    assert_int_equal(take_it(scan_it("d/bad"), &taken), OV_OK);
    assert_false(is_there("d/bad"));
    assert_int_equal(count(), 1);
    assert_int_equal(quarantine_restore(q, taken.id, NULL, 0, &diag), OV_OK);
    assert_int_equal(stat("d/bad", &st), 0);
    assert_int_equal(st.st_mode & 07777U, 02751);
    assert_int_equal(st.st_mtim.tv_sec, 2000);
    assert_int_equal(st.st_mtim.tv_nsec, 7);
    assert_int_equal(st.st_atim.tv_sec, 1000);
    if (has_attributes) {
        assert_int_equal(getxattr("d/bad", "user.mark", value, 8), 1);
        assert_int_equal(value[0], 'v');
    }
    expect("d/bad", "content");
    assert_int_equal(count(), 0);
}

static void a_file_that_changed_is_left(void **state)
{
    struct quarantine_taken taken;
    struct scanned s;

    (void)state;
    make("d/bad", "content");
    s = scan_it("d/bad");
    assert_int_equal(truncate("d/bad", 3), 0);
    assert_int_equal(take_it(s, &taken), OV_MISMATCH);
    expect("d/bad", "con");
    assert_int_equal(count(), 0);
}

static void another_file_of_the_name_is_left(void **state)
{
    struct quarantine_taken taken;
    struct scanned s;

    (void)state;
    make("d/bad", "content");
    assert_int_equal(link("d/bad", "d/kept"), 0);
    s = scan_it("d/bad");
    make("d/new", "other");
    assert_int_equal(rename("d/new", "d/bad"), 0);
    assert_int_not_equal(take_it(s, &taken), OV_OK);
    expect("d/bad", "other");
    expect("d/kept", "content");
}

/* The file behind the descriptor is followed to its new name; what has its old
 * one is not touched. */
static void a_file_that_was_renamed_is_found(void **state)
{
    struct quarantine_taken taken;
    struct scanned s;

    (void)state;
    make("d/bad", "content");
    s = scan_it("d/bad");
    assert_int_equal(mkdir("e", 0755), 0);
    assert_int_equal(rename("d", "gone"), 0);
    assert_int_equal(symlink("e", "d"), 0);
    make("e/bad", "innocent");
    assert_int_equal(take_it(s, &taken), OV_OK);
    expect("e/bad", "innocent");
    assert_false(is_there("gone/bad"));
}

static void a_file_that_is_gone_is_told(void **state)
{
    struct quarantine_taken taken;
    struct scanned s;

    (void)state;
    make("d/bad", "content");
    s = scan_it("d/bad");
    assert_int_equal(unlink("d/bad"), 0);
    assert_int_not_equal(take_it(s, &taken), OV_OK);
    assert_int_equal(count(), 0);
}

static void other_links_are_told(void **state)
{
    struct quarantine_taken taken;

    (void)state;
    make("d/bad", "content");
    assert_int_equal(link("d/bad", "d/bad2"), 0);
    assert_int_equal(take_it(scan_it("d/bad"), &taken), OV_OK);
    assert_int_equal(taken.n_other_links, 1);
    assert_int_equal(take_it(scan_it("d/bad2"), &taken), OV_OK);
    assert_int_equal(taken.n_other_links, 0);
    assert_int_equal(count(), 2);
    assert_int_equal(strcmp(taken.id + strlen(taken.id) - 2, "-2"), 0);
}

static void nothing_is_overwritten_unless_it_is_said(void **state)
{
    struct quarantine_taken taken;

    (void)state;
    make("d/bad", "content");
    assert_int_equal(take_it(scan_it("d/bad"), &taken), OV_OK);
    make("d/bad", "new");
    assert_int_equal(quarantine_restore(q, taken.id, NULL, 0, &diag), OV_USAGE);
    expect("d/bad", "new");
    assert_int_equal(count(), 1);
    assert_int_equal(quarantine_restore(q, taken.id, NULL,
                                        QUARANTINE_OVERWRITE | QUARANTINE_KEEP,
                                        &diag),
                     OV_OK);
    expect("d/bad", "content");
    assert_int_equal(count(), 1);
}

static void no_link_is_followed_on_the_way_back(void **state)
{
    struct quarantine_taken taken;

    (void)state;
    make("d/bad", "content");
    assert_int_equal(take_it(scan_it("d/bad"), &taken), OV_OK);
    assert_int_equal(rename("d", "e"), 0);
    assert_int_equal(symlink("e", "d"), 0);
    assert_int_equal(quarantine_restore(q, taken.id, NULL, 0, &diag),
                     OV_DENIED);
    assert_false(is_there("e/bad"));
    assert_int_equal(unlink("d"), 0);
    assert_int_equal(rename("e", "d"), 0);
    /* The name itself: the link is replaced, not what it leads to. */
    make("victim", "innocent");
    assert_int_equal(symlink("../victim", "d/bad"), 0);
    assert_int_equal(
        quarantine_restore(q, taken.id, NULL, QUARANTINE_OVERWRITE, &diag),
        OV_OK);
    expect("victim", "innocent");
    expect("d/bad", "content");
}

static void a_beginning_of_an_id_is_enough(void **state)
{
    struct quarantine_taken taken;
    struct quarantine_item item;
    char id[QUARANTINE_ID_MAX];

    (void)state;
    make("d/bad", "content");
    assert_int_equal(take_it(scan_it("d/bad"), &taken), OV_OK);
    taken.id[4] = '\0';
    assert_int_equal(quarantine_get(q, taken.id, id, &item, &diag), OV_OK);
    quarantine_item_done(&item);
    assert_int_equal(quarantine_get(q, "zz", id, &item, &diag), OV_NOT_FOUND);
    assert_int_equal(quarantine_get(q, "", id, &item, &diag), OV_NOT_FOUND);
    assert_int_equal(quarantine_purge(q, "../d/x"), OV_USAGE);
    assert_int_equal(quarantine_purge(q, id), OV_OK);
    assert_int_equal(quarantine_purge(q, id), OV_NOT_FOUND);
}

static void age_and_size_are_kept_to(void **state)
{
    struct quarantine_keep keep = {.max_age = 100};
    struct quarantine_taken taken;
    size_t n;

    (void)state;
    make("d/a", "a");
    make("d/b", "b");
    assert_int_equal(take_it(scan_it("d/a"), &taken), OV_OK);
    assert_int_equal(take_it(scan_it("d/b"), &taken), OV_OK);
    assert_int_equal(quarantine_retain(q, &keep, (int64_t)time(NULL), &n),
                     OV_OK);
    assert_int_equal(n, 0);
    keep = (struct quarantine_keep){.max_size = 500}; /* two have more */
    assert_int_equal(quarantine_retain(q, &keep, 0, &n), OV_OK);
    assert_int_equal(n, 1);
    keep = (struct quarantine_keep){.max_age = 100};
    assert_int_equal(
        quarantine_retain(q, &keep, (int64_t)time(NULL) + 1000, &n), OV_OK);
    assert_int_equal(n, 1);
    assert_int_equal(count(), 0);
}

static void a_folder_that_others_can_read_is_refused(void **state)
{
    struct quarantine *other = NULL;

    (void)state;
    assert_int_equal(mkdir("open", 0755), 0);
    assert_int_equal(chmod("open", 0755), 0);
    assert_int_equal(quarantine_open("open", 0, &other, &diag), OV_DENIED);
    assert_int_equal(quarantine_open("none", 0, &other, &diag), OV_NOT_FOUND);
}

static void no_new_key_is_made_beside_items(void **state)
{
    struct quarantine_taken taken;

    (void)state;
    make("d/bad", "content");
    assert_int_equal(take_it(scan_it("d/bad"), &taken), OV_OK);
    quarantine_close(q);
    q = NULL;
    assert_int_equal(rename("store/key", "key"), 0);
    assert_int_equal(quarantine_open("store", QUARANTINE_WRITE, &q, &diag),
                     OV_ENCRYPTED);
    assert_non_null(strstr(diag.text, "key is gone"));
    assert_int_equal(rename("key", "store/key"), 0);
    reopen();
}

static void two_may_write_at_the_same_time(void **state)
{
    struct quarantine *other = NULL;

    (void)state;
    assert_int_equal(quarantine_open("store", QUARANTINE_WRITE, &other, &diag),
                     OV_OK);
    quarantine_close(other);
}

static void leftovers_are_cleared_when_nobody_else_writes(void **state)
{
    struct quarantine *other = NULL;

    (void)state;
    make("store/new-0123456789abcdef", "half");
    assert_int_equal(quarantine_open("store", QUARANTINE_WRITE, &other, &diag),
                     OV_OK);
    assert_true(is_there("store/new-0123456789abcdef"));
    quarantine_close(other);
    reopen();
    assert_false(is_there("store/new-0123456789abcdef"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

OV_TEST_MAIN(
    TEST(what_is_taken_comes_back_as_it_was), TEST(a_file_that_changed_is_left),
    TEST(another_file_of_the_name_is_left),
    TEST(a_file_that_was_renamed_is_found), TEST(a_file_that_is_gone_is_told),
    TEST(other_links_are_told), TEST(nothing_is_overwritten_unless_it_is_said),
    TEST(no_link_is_followed_on_the_way_back),
    TEST(a_beginning_of_an_id_is_enough), TEST(age_and_size_are_kept_to),
    TEST(a_folder_that_others_can_read_is_refused),
    TEST(no_new_key_is_made_beside_items), TEST(two_may_write_at_the_same_time),
    TEST(leftovers_are_cleared_when_nobody_else_writes))
