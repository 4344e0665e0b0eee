/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/allow.h"
#include "sys/file.h"
#include "test.h"

#define DIGEST                                                                 \
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define END                                                                    \
    "\"reason\":\"why\",\"by\":\"me\",\"added\":\"2026-01-01T00:00:00Z\","     \
    "\"until\":\"2026-12-31T00:00:00Z\"}\n"
#define ID "{\"id\":\"0123abcd\","

static const int64_t now = 1790000000; /* September 2026 */

static struct allow_list read_good(const char *text)
{
    struct allow_list l = {.n = 0};
    struct ov_diag diag = {0};

    if (allow_read(ov_span_str(text), &l, &diag) != OV_OK)
        fail_msg("%u: %s", diag.line, diag.text);
    return l;
}

static void what_is_written_is_read(void **state)
{
    static const char text[] =
        ID "\"sha256\":\"" DIGEST "\",\"path\":\"/a/*\",\"rule\":\"R.\\\"x\","
           "\"process\":\"/usr/bin/x\",\"user\":1000," END
           "{\"id\":\"99999999\",\"rule\":\"B\",\"reason\":\"r\",\"by\":\"b\","
           "\"added\":\"2026-01-01T00:00:00Z\",\"until\":\"never\"}\n";
    struct ov_buf b = ov_buf_with_max(4096);
    struct allow_list l = read_good(text);

    (void)state;
    assert_int_equal(l.n, 2);
    assert_int_equal(l.entries[0].user, 1000);
    assert_true(l.entries[1].until == ALLOW_FOR_EVER);
    allow_put(&b, &l.entries[0]);
    allow_put(&b, &l.entries[1]);
    assert_true(ov_span_equal(ov_buf_span(&b), ov_span_str(text)));
    ov_buf_done(&b);
    allow_done(&l);
}

static void a_wrong_line_is_named_and_nothing_holds(void **state)
{
    static const char *const wrong[] = {
        "\n",
        "{}\n",
        "[]\n",
        "x\n",
        ID END,                                  /* everything */
        ID "\"pth\":\"/a\",\"rule\":\"r\"," END, /* a name not known */
        ID "\"rule\":\"r\",\"rule\":\"s\"," END, /* twice */
        ID "\"path\":\"a\"," END,                /* not absolute */
        ID "\"rule\":\"\"," END,                 /* empty */
        ID "\"rule\":7," END,                    /* not a text */
        ID "\"sha256\":\"00\"," END,             /* too short */
        ID "\"rule\":\"r\",\"size\":1," END,
        ID "\"user\":-1," END,                     /* no user */
        ID "\"user\":\"root\"," END,               /* not a number */
        "{\"id\":\"0123abc\",\"rule\":\"r\"," END, /* a short id */
        "{\"rule\":\"r\"," END,                    /* none */
        ID "\"rule\":\"r\",\"by\":\"me\",\"added\":\"2026-01-01T00:00:00Z\","
           "\"until\":\"never\"}\n", /* no reason */
        ID "\"rule\":\"r\",\"reason\":\"r\",\"by\":\"me\",\"added\":\"never\","
           "\"until\":\"never\"}\n",
        ID "\"rule\":\"r\",\"reason\":\"r\",\"by\":\"me\","
           "\"added\":\"2026-01-01T00:00:00Z\",\"until\":\"soon\"}\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct allow_list l = {.n = 0};
        struct ov_diag diag = {0};
        char text[2048];

        snprintf(text, sizeof(text), "%s%s", ID "\"rule\":\"good\"," END,
                 wrong[i]);
        assert_int_equal(allow_read(ov_span_str(text), &l, &diag),
                         OV_MALFORMED);
        assert_int_equal(diag.line, 2);
        assert_int_equal(l.n, 0);
    }
}

/* Whether an entry of these members allows what was found. */
static bool allows(const char *members, const struct allow_subject *s,
                   int64_t when)
{
    struct allow_list l;
    char text[1024];
    bool is_allowed;

    snprintf(text, sizeof(text), ID "%s," END, members);
    l = read_good(text);
    is_allowed = allow_find(&l, s, when) != NULL;
    allow_done(&l);
    return is_allowed;
}

static void all_that_an_entry_says_must_hold(void **state)
{
    struct allow_subject s = {.path = "/srv/a/b",
                              .rule = OV_SPAN_LIT("R"),
                              .process = "/usr/bin/x",
                              .has_user = true,
                              .user = 1000};
    uint8_t digest[OV_DIGEST_MAX] = {0x00, 0x11};

    (void)state;
    assert_true(allows("\"rule\":\"R\"", &s, now));
    assert_false(allows("\"rule\":\"R2\"", &s, now));
    assert_true(allows("\"path\":\"/srv/*\"", &s, now));
    assert_true(allows("\"path\":\"/srv/a/b\"", &s, now));
    assert_false(allows("\"path\":\"/srv/a\"", &s, now));
    assert_true(allows("\"rule\":\"R\",\"path\":\"/srv/*\"", &s, now));
    assert_false(allows("\"rule\":\"R\",\"path\":\"/opt/*\"", &s, now));
    assert_true(allows("\"user\":1000", &s, now));
    assert_false(allows("\"user\":0", &s, now));
    assert_true(allows("\"process\":\"/usr/bin/x\"", &s, now));
    assert_false(allows("\"process\":\"/usr/bin\"", &s, now));
    assert_false(allows("\"sha256\":\"" DIGEST "\"", &s, now));
    s.digest = digest;
    assert_false(allows("\"sha256\":\"" DIGEST "\"", &s, now));
    for (size_t i = 0; i < sizeof(digest); i++)
        digest[i] = (uint8_t)(i % 16 * 0x11);
    assert_true(allows("\"sha256\":\"" DIGEST "\"", &s, now));
}

static void what_is_not_known_matches_nothing(void **state)
{
    const struct allow_subject s = {.rule = OV_SPAN_LIT("R")};

    (void)state;
    assert_false(allows("\"path\":\"/*\"", &s, now));
    assert_false(allows("\"user\":0", &s, now));
    assert_false(allows("\"process\":\"/\"", &s, now));
    assert_false(allows("\"sha256\":\"" DIGEST "\"", &s, now));
}

static void what_has_expired_does_not_hold(void **state)
{
    const struct allow_subject s = {.rule = OV_SPAN_LIT("R")};
    struct allow_list l = read_good(ID "\"rule\":\"R\"," END);

    (void)state;
    assert_true(allows("\"rule\":\"R\"", &s, now));
    assert_false(allows("\"rule\":\"R\"", &s, 1800000000));
    assert_true(allow_wants_rules(&l, now));
    assert_false(allow_wants_rules(&l, 1800000000));
    assert_false(allow_wants_digest(&l, 1, now));
    allow_done(&l);
}

static void only_files_of_the_size_need_a_digest(void **state)
{
    struct allow_list l =
        read_good(ID "\"sha256\":\"" DIGEST "\",\"size\":68," END);

    (void)state;
    assert_true(allow_wants_digest(&l, 68, now));
    assert_false(allow_wants_digest(&l, 69, now));
    assert_false(allow_wants_digest(&l, 68, 1800000000));
    allow_done(&l);
}

/* ---- files ---- */

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/overt-test-allow.XXXXXX");
    assert_non_null(mkdtemp(folder));
    return chdir(folder);
}

static int remove_folder(void **state)
{
    (void)state;
    (void)!unlink("d/allow");
    (void)!unlink("d/allow.lock");
    (void)!rmdir("d");
    (void)!chdir("/");
    return rmdir(folder);
}

static void entries_are_added_and_removed(void **state)
{
    struct allow_entry e = {.rule = OV_SPAN_LIT("R"),
                            .reason = OV_SPAN_LIT("w"),
                            .by = OV_SPAN_LIT("me"),
                            .until = ALLOW_FOR_EVER};
    struct allow_list l = {.n = 0};
    struct ov_diag diag = {0};
    char a[ALLOW_ID_LEN + 1];
    char b[ALLOW_ID_LEN + 1];

    (void)state;
    assert_int_equal(allow_load("d/allow", &l, &diag), OV_OK);
    assert_int_equal(l.n, 0);
    allow_done(&l);
    assert_int_equal(allow_add("d/allow", &e, a, &diag), OV_OK);
    assert_int_equal(allow_add("d/allow", &e, b, &diag), OV_OK);
    assert_string_not_equal(a, b);
    assert_int_equal(allow_load("d/allow", &l, &diag), OV_OK);
    assert_int_equal(l.n, 2);
    allow_done(&l);
    assert_int_equal(allow_remove("d/allow", a, &diag), OV_OK);
    assert_int_equal(allow_remove("d/allow", a, &diag), OV_NOT_FOUND);
    assert_int_equal(allow_load("d/allow", &l, &diag), OV_OK);
    assert_int_equal(l.n, 1);
    allow_done(&l);
}

static void a_damaged_file_is_neither_used_nor_changed(void **state)
{
    struct allow_entry e = {.rule = OV_SPAN_LIT("R")};
    struct allow_list l = {.n = 0};
    struct ov_diag diag = {0};
    char id[ALLOW_ID_LEN + 1];

    (void)state;
    assert_int_equal(mkdir("d", 0755), 0);
    assert_int_equal(ov_file_write("d/allow", OV_SPAN_LIT("x\n"), 0644, &diag),
                     OV_OK);
    assert_int_equal(allow_load("d/allow", &l, &diag), OV_MALFORMED);
    assert_non_null(strstr(diag.text, "d/allow:1: "));
    assert_int_equal(allow_add("d/allow", &e, id, &diag), OV_MALFORMED);
    assert_int_equal(allow_remove("d/allow", "0123abcd", &diag), OV_MALFORMED);
}

static void a_file_that_others_may_change_is_refused(void **state)
{
    struct allow_list l = {.n = 0};
    struct ov_diag diag = {0};

    (void)state;
    assert_int_equal(mkdir("d", 0755), 0);
    assert_int_equal(ov_file_write("d/allow", OV_SPAN_LIT(""), 0666, &diag),
                     OV_OK);
    assert_int_equal(allow_load("d/allow", &l, &diag), OV_DENIED);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

OV_TEST_MAIN(OV_TEST(what_is_written_is_read),
             OV_TEST(a_wrong_line_is_named_and_nothing_holds),
             OV_TEST(all_that_an_entry_says_must_hold),
             OV_TEST(what_is_not_known_matches_nothing),
             OV_TEST(what_has_expired_does_not_hold),
             OV_TEST(only_files_of_the_size_need_a_digest),
             TEST(entries_are_added_and_removed),
             TEST(a_damaged_file_is_neither_used_nor_changed),
             TEST(a_file_that_others_may_change_is_refused))
