/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/file.h"
#include "sys/key_file.h"
#include "test.h"

#define NAME "example.com/log"
#define PHRASE OV_SPAN_LIT("correct horse battery staple")

static char folder[] = "/tmp/overt-key-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/test.key", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static int remove_key(void **state)
{
    (void)state;
    return unlink(path) == 0 || errno == ENOENT ? 0 : -1;
}

/* What another program makes of the file: its output, or "" if it fails. */
static void run(const char *command, char *ret, size_t max)
{
    size_t len;
    FILE *pipe;

    assert_int_equal(setenv("KEY", path, 1), 0);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    len = fread(ret, 1, max - 1, pipe);
    ret[len] = 0;
    if (pclose(pipe) != 0)
        ret[0] = 0;
}

static void a_key_is_read_as_it_was_written(void **state)
{
    OV_AUTO_DONE(key) key = {.name = {0}};
    OV_AUTO_DONE(key) back = {.name = {0}};
    struct ov_diag diag;
    struct stat st;

    (void)state;
    assert_int_equal(ov_key_new(NAME, &key), OV_OK);
    assert_int_equal(ov_key_file_write(path, &key, PHRASE, &diag), OV_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(ov_key_file_read(path, PHRASE, &back, &diag), OV_OK);
    assert_memory_equal(&key, &back, sizeof(key));
}

static void a_wrong_passphrase_opens_nothing(void **state)
{
    OV_AUTO_DONE(key) key = {.name = {0}};
    struct ov_diag diag;

    (void)state;
    assert_int_equal(ov_key_new(NAME, &key), OV_OK);
    assert_int_equal(ov_key_file_write(path, &key, PHRASE, &diag), OV_OK);
    assert_int_equal(
        ov_key_file_read(path, OV_SPAN_LIT("Correct horse"), &key, &diag),
        OV_ENCRYPTED);
    assert_non_null(strstr(diag.text, "passphrase is wrong"));
    assert_int_equal(ov_key_file_read(path, OV_SPAN_LIT(""), &key, &diag),
                     OV_ENCRYPTED);
    assert_non_null(strstr(diag.text, "needs a passphrase"));
}

static void a_key_is_never_overwritten(void **state)
{
    OV_AUTO_DONE(key) key = {.name = {0}};
    struct ov_diag diag;

    (void)state;
    assert_int_equal(ov_key_new(NAME, &key), OV_OK);
    assert_int_equal(ov_key_file_write(path, &key, PHRASE, &diag), OV_OK);
    assert_int_equal(ov_key_file_write(path, &key, PHRASE, &diag), OV_USAGE);
}

static void openssl_reads_what_we_write(void **state)
{
    static const char *const commands[] = {
        "openssl pkey -in \"$KEY\" -passin pass:'correct horse battery staple' "
        "-pubout -outform DER 2>/dev/null | tail -c 32 | od -An -v -tx1 | "
        "tr -d ' \\n'",
        "openssl pkey -in \"$KEY\" -pubout -outform DER 2>/dev/null | "
        "tail -c 32 | od -An -v -tx1 | tr -d ' \\n'"};

    (void)state;
    for (int plain = 0; plain < 2; plain++) {
        OV_AUTO_DONE(key) key = {.name = {0}};
        OV_AUTO_DONE(buf) want = ov_buf_with_max(100);
        struct ov_diag diag;
        char got[100];

        assert_int_equal(ov_key_new(NAME, &key), OV_OK);
        assert_int_equal(ov_key_file_write(path, &key,
                                           plain ? OV_SPAN_LIT("") : PHRASE,
                                           &diag),
                         OV_OK);
        run(commands[plain], got, sizeof(got));
        ov_put_hex(&want, ov_span_of(key.public_key, 32));
        assert_true(ov_span_equal(ov_span_str(got), ov_buf_span(&want)));
        assert_int_equal(unlink(path), 0);
    }
}

static void we_read_what_openssl_writes(void **state)
{
    OV_AUTO_DONE(key) key = {.name = {0}};
    struct ov_diag diag;
    char out[100];

    (void)state;
    run("{ echo '# overt key " NAME "'; openssl genpkey -algorithm ed25519 | "
        "openssl pkcs8 -topk8 -scrypt -passout pass:'correct horse battery "
        "staple'; } >\"$KEY\" && echo made",
        out, sizeof(out));
    assert_string_equal(out, "made\n");
    assert_int_equal(ov_key_file_read(path, PHRASE, &key, &diag), OV_OK);
    assert_string_equal(key.name, NAME);
}

static void what_is_no_key_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "# overt key \n",
        "# overt key x",
        "# overt key x\nnothing\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ("# overt key x\n-----BEGIN PRIVATE KEY-----\nAAAA\n"
         "-----END PRIVATE KEY-----\n"),
    };
    OV_AUTO_DONE(key) key = {.name = {0}};
    struct ov_diag diag;

    (void)state;
    assert_int_equal(ov_key_file_read(path, PHRASE, &key, &diag), OV_NOT_FOUND);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(ov_file_write(path, ov_span_str(bad[i]), 0600, &diag),
                         OV_OK);
        assert_int_equal(ov_key_file_read(path, PHRASE, &key, &diag),
                         OV_MALFORMED);
    }
}

static void another_kind_of_key_is_refused(void **state)
{
    OV_AUTO_DONE(key) key = {.name = {0}};
    struct ov_diag diag;
    char out[100];

    (void)state;
    run("{ echo '# overt key x'; openssl genpkey -algorithm x25519; } "
        ">\"$KEY\" "
        "&& echo made",
        out, sizeof(out));
    assert_string_equal(out, "made\n");
    assert_int_equal(ov_key_file_read(path, PHRASE, &key, &diag),
                     OV_UNSUPPORTED);
}

static void a_passphrase_is_one_line_of_a_file(void **state)
{
    struct ov_diag diag;
    char text[32];
    size_t len = 0;

    (void)state;
    assert_int_equal(
        ov_file_write(path, OV_SPAN_LIT("two words\nmore\n"), 0600, &diag),
        OV_OK);
    assert_int_equal(ov_passphrase_get(path, "", text, sizeof(text), &len),
                     OV_OK);
    assert_true(ov_span_equal(ov_span_of(text, len), OV_SPAN_LIT("two words")));
    assert_int_equal(ov_passphrase_get(path, "", text, 8, &len), OV_LIMIT_SIZE);
    assert_int_equal(setenv("OVERT_PASSPHRASE_FILE", path, 1), 0);
    assert_int_equal(ov_passphrase_get(NULL, "", text, sizeof(text), &len),
                     OV_OK);
    assert_int_equal(len, 9);
    assert_int_equal(setenv("OVERT_PASSPHRASE_FILE", "/nonexistent", 1), 0);
    assert_int_equal(ov_passphrase_get(NULL, "", text, sizeof(text), &len),
                     OV_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_key_is_read_as_it_was_written, remove_key),
        cmocka_unit_test_teardown(a_wrong_passphrase_opens_nothing, remove_key),
        cmocka_unit_test_teardown(a_key_is_never_overwritten, remove_key),
        cmocka_unit_test_teardown(openssl_reads_what_we_write, remove_key),
        cmocka_unit_test_teardown(we_read_what_openssl_writes, remove_key),
        cmocka_unit_test_teardown(what_is_no_key_is_refused, remove_key),
        cmocka_unit_test_teardown(another_kind_of_key_is_refused, remove_key),
        cmocka_unit_test_teardown(a_passphrase_is_one_line_of_a_file,
                                  remove_key),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
