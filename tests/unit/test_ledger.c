/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/ledger.h"
#include "test.h"

struct setup {
    char path[64];
    struct ov_ledger folder;
};

static int begin(void **state)
{
    struct setup *s = ov_alloc(sizeof(*s));
    struct ov_diag diag = {0};

    assert_non_null(s);
    memcpy(s->path, "/tmp/test_ledger.XXXXXX", 24);
    assert_non_null(mkdtemp(s->path));
    assert_int_equal(ov_ledger_open(s->path, &s->folder, &diag), OV_OK);
    *state = s;
    return 0;
}

static int end(void **state)
{
    static const char *const names[] = {"lock", "a", "b", "c.new"};
    struct setup *s = *state;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)!unlinkat(s->folder.fd, names[i], 0); /* if it is there */
    ov_ledger_close(&s->folder);
    assert_int_equal(rmdir(s->path), 0);
    ov_free(s);
    return 0;
}

static void expect(const struct setup *s, const char *name, const char *content)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(100);

    assert_int_equal(ov_ledger_read(&s->folder, name, &b), OV_OK);
    assert_true(ov_span_equal(ov_buf_span(&b), ov_span_str(content)));
}

static void files_are_replaced_together(void **state)
{
    struct setup *s = *state;
    struct ov_ledger_item items[] = {{.name = "a", .bytes = OV_SPAN_LIT("1")},
                                     {.name = "b", .bytes = OV_SPAN_LIT("")}};

    assert_int_equal(ov_ledger_write(&s->folder, items, 2), OV_OK);
    expect(s, "a", "1");
    expect(s, "b", "");
    items[0].bytes = OV_SPAN_LIT("22");
    assert_int_equal(ov_ledger_write(&s->folder, items, 1), OV_OK);
    assert_true(items[0].is_replaced);
    expect(s, "a", "22");
    expect(s, "b", "");
}

static void one_that_fails_leaves_the_others(void **state)
{
    struct setup *s = *state;
    struct ov_ledger_item items[] = {{.name = "a", .bytes = OV_SPAN_LIT("1")},
                                     {.name = "x/y", .bytes = OV_SPAN_LIT("2")},
                                     {.name = "c", .bytes = OV_SPAN_LIT("3")},
                                     {.name = "b", .bytes = OV_SPAN_LIT("4")}};

    /* A folder stands where the temporary file is to be. */
    assert_int_equal(mkdirat(s->folder.fd, "c.new", 0700), 0);
    assert_int_not_equal(ov_ledger_write(&s->folder, items, 4), OV_OK);
    assert_int_equal(items[0].status, OV_OK);
    assert_int_equal(items[1].status, OV_USAGE);
    assert_int_equal(items[2].status, OV_IO);
    assert_false(items[2].is_replaced);
    assert_int_equal(items[3].status, OV_OK);
    expect(s, "a", "1");
    expect(s, "b", "4");
    assert_int_equal(unlinkat(s->folder.fd, "c.new", AT_REMOVEDIR), 0);
}

static void damage_is_no_absence(void **state)
{
    struct setup *s = *state;
    struct ov_ledger_item item = {.name = "a", .bytes = OV_SPAN_LIT("hello")};
    OV_AUTO_DONE(buf) b = ov_buf_with_max(100);
    struct stat st;
    int fd;

    assert_int_equal(ov_ledger_read(&s->folder, "a", &b), OV_NOT_FOUND);
    assert_int_equal(ov_ledger_write(&s->folder, &item, 1), OV_OK);
    fd = openat(s->folder.fd, "a", O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    for (off_t at = 0; at < st.st_size; at++) {
        char old;
        char changed;

        assert_int_equal(pread(fd, &old, 1, at), 1);
        changed = (char)(old ^ 1);
        assert_int_equal(pwrite(fd, &changed, 1, at), 1);
        assert_int_equal(ov_ledger_read(&s->folder, "a", &b), OV_BAD_DIGEST);
        assert_int_equal(pwrite(fd, &old, 1, at), 1);
    }
    for (off_t len = st.st_size - 1; len >= 0; len--) {
        assert_int_equal(ftruncate(fd, len), 0);
        assert_int_equal(ov_ledger_read(&s->folder, "a", &b), OV_BAD_DIGEST);
    }
    assert_int_equal(b.len, 0);
    assert_int_equal(close(fd), 0);
}

static void a_folder_has_one_owner(void **state)
{
    struct setup *s = *state;
    struct ov_ledger second;
    struct ov_diag diag = {0};

    assert_int_equal(ov_ledger_open(s->path, &second, &diag), OV_USAGE);
    assert_non_null(strstr(diag.text, "in use"));
    ov_ledger_close(&s->folder);
    assert_int_equal(ov_ledger_open(s->path, &s->folder, &diag), OV_OK);
    assert_int_equal(ov_ledger_open("/nowhere/at/all", &second, &diag),
                     OV_NOT_FOUND);
}

#define WITH_SETUP(name) cmocka_unit_test_setup_teardown(name, begin, end)

OV_TEST_MAIN(WITH_SETUP(files_are_replaced_together),
             WITH_SETUP(one_that_fails_leaves_the_others),
             WITH_SETUP(damage_is_no_absence),
             WITH_SETUP(a_folder_has_one_owner))
