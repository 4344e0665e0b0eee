/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/event_log.h"
#include "sys/file.h"
#include "test.h"

/* Events reach files, sockets, commands and mail programs. */

#define N_WAITS 3000 /* of 10 ms: only for what never ends */

static char folder[] = "/tmp/test_event_log.XXXXXX";

/* Never more than so many in a program's life. */
static const char *in_folder(const char *name)
{
    static char paths[64][64];
    static unsigned n;
    char *path = paths[n++];

    assert_true(n < 64);
    (void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

/* The file's content; "" if there is none. */
static const char *content(const char *name)
{
    static struct ov_buf text;
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    ov_buf_done(&text);
    text = ov_buf_with_max(1 << 20);
    (void)!ov_file_read(path, &text);
    ov_put_u8(&text, 0);
    return (const char *)text.ptr;
}

static void put_script(const char *name, const char *script)
{
    FILE *f = fopen(in_folder(name), "w");

    assert_non_null(f);
    assert_true(fprintf(f, "#!/bin/sh\n%s\n", script) > 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(in_folder(name), 0700), 0);
}

static struct event found(const char *path)
{
    struct event e = event_of(EVENT_ID_DETECTION);

    event_text(&e, EVENT_PATH, path);
    event_text(&e, EVENT_RULE, "Eicar");
    return e;
}

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;

    while ((text = strstr(text, what)) != NULL) {
        text++;
        n++;
    }
    return n;
}

/* Until text stands in the file so often. */
static void wait_for_n(struct event_log *log, const char *name,
                       const char *what, unsigned n)
{
    for (unsigned i = 0; i < N_WAITS; i++) {
        event_log_tick(log);
        if (count(content(name), what) >= n)
            return;
        (void)poll(NULL, 0, 10);
    }
    fail_msg("no \"%s\" in %s: %s", what, name, content(name));
}

static void wait_for(struct event_log *log, const char *name, const char *what)
{
    wait_for_n(log, name, what, 1);
}

static void files_are_followed_when_they_are_moved(void **state)
{
    struct event_options o = {
        .program = "overtd", .version = "1", .json = in_folder("json")};
    struct event_log *log = event_log_new(&o);
    struct event e = found("/one");

    (void)state;
    event_tell(log, &e);
    event_tell(log, &e);
    assert_int_equal(count(content("json"), "\n"), 2);
    assert_int_equal(rename(in_folder("json"), in_folder("json.1")), 0);
    e = found("/two");
    event_tell(log, &e);
    assert_int_equal(count(content("json"), "/two"), 2); /* and in message */
    assert_int_equal(count(content("json.1"), "\n"), 2);
    assert_int_equal(event_log_n_lost(log), 0);
    event_log_free(log);
}

static void a_socket_gets_a_datagram_each(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct event_options o = {.program = "overtd", .version = "1"};
    struct event e = found("/a");
    char where[128];
    char got[4096];
    struct event_log *log;
    ssize_t len;
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    (void)state;
    (void)snprintf(where, sizeof(where), "unix:%s", in_folder("socket"));
    o.cef = where;
    log = event_log_new(&o);
    event_tell(log, &e); /* nobody listens yet */
    assert_int_equal(event_log_n_lost(log), 1);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
                   in_folder("socket"));
    assert_int_equal(
        bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    event_tell(log, &e);
    len = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
    assert_true(len > 0);
    got[len] = '\0';
    assert_non_null(strstr(got, "]: CEF:0|Overt|Overt|1|detection|"));
    event_log_tick(log); /* tells that one was lost */
    len = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
    assert_true(len > 0);
    got[len] = '\0';
    assert_non_null(strstr(got, "|events-lost|"));
    assert_non_null(strstr(got, " cnt=1"));
    event_log_free(log);
    (void)close(fd);
}

static void a_command_gets_fields_and_no_shell(void **state)
{
    struct event_options o = {.program = "overtd",
                              .version = "1",
                              .command = in_folder("hook"),
                              .command_timeout_ms = 60000,
                              .command_max = 2};
    struct event_log *log = event_log_new(&o);
    struct event e = found("/a b$(touch x)'\"");
    char script[512];

    (void)state;
    (void)snprintf(script, sizeof(script),
                   "{ printf '<%%s>' \"$OVERT_PATH\" \"$OVERT_RULE\"; cat; "
                   "echo \"$#\"; } >%s/got.new\nmv %s/got.new %s/got",
                   folder, folder, folder);
    put_script("hook", script);
    event_tell(log, &e);
    wait_for(log, "got", "\n0\n");
    assert_non_null(strstr(content("got"), "</a b$(touch x)'\"><Eicar>{"));
    e = event_of(EVENT_ID_START); /* nobody is to be called */
    assert_int_equal(unlink(in_folder("got")), 0);
    event_tell(log, &e);
    event_log_tick(log);
    assert_string_equal(content("got"), "");
    event_log_free(log);
}

static void commands_are_limited_in_number_and_time(void **state)
{
    struct event_options o = {.program = "overtd",
                              .version = "1",
                              .json = in_folder("told"),
                              .command = in_folder("slow"),
                              .command_timeout_ms = 3000,
                              .command_max = 2};
    struct event_log *log = event_log_new(&o);
    struct event e = found("/a");
    char script[256];

    (void)state;
    (void)snprintf(script, sizeof(script), "echo >>%s/starts\nsleep 1000",
                   folder);
    put_script("slow", script);
    for (int i = 0; i < 5; i++)
        event_tell(log, &e);
    wait_for(log, "starts", "\n\n");
    wait_for(log, "told", "took longer than command-timeout");
    /* Each line has the words twice; none of the two is left behind. */
    wait_for_n(log, "told", "was ended by a signal", 4);
    assert_int_equal(count(content("starts"), "\n"), 2);
    event_log_free(log); /* tells what was left out */
    assert_non_null(strstr(content("told"), "\"event\":\"hook-skipped\""));
    assert_non_null(strstr(content("told"), "\"count\":3"));
}

static void a_command_that_cannot_start_is_told(void **state)
{
    struct event_options o = {.program = "overtd",
                              .version = "1",
                              .json = in_folder("refused"),
                              .command = "/nonexistent/command",
                              .command_max = 2};
    struct event_log *log = event_log_new(&o);
    struct event e = found("/a");

    (void)state;
    event_tell(log, &e);
    assert_non_null(strstr(content("refused"), "\"event\":\"hook-failed\""));
    event_log_free(log);
}

static void a_storm_is_one_mail(void **state)
{
    static const char *const to[] = {"root", "a@b.example"};
    struct event_options o = {.program = "overtd",
                              .version = "1",
                              .command_timeout_ms = 60000,
                              .mail_to = to,
                              .n_mail_to = 2,
                              .mail_from = "overt@b.example",
                              .mail_program = in_folder("sendmail"),
                              .mail_every_ms = 3600000};
    struct event_log *log = event_log_new(&o);
    struct event e = found("/first\nBcc: x");
    char script[256];

    (void)state;
    (void)snprintf(script, sizeof(script),
                   "{ echo \"$@\"; cat; echo END; } >>%s/mails", folder);
    put_script("sendmail", script);
    event_tell(log, &e);
    wait_for(log, "mails", "END");
    assert_non_null(strstr(content("mails"),
                           "-i -f overt@b.example -- root a@b.example\n"
                           "From: overt@b.example\nTo: root,\n a@b.example\n"
                           "Subject: Overt on "));
    assert_non_null(strstr(content("mails"), ": 1 found\n"));
    assert_non_null(strstr(content("mails"), "in /first\\x0aBcc: x\n"));
    for (int i = 0; i < 5000; i++)
        event_tell(log, &e);
    event_log_tick(log);
    assert_int_equal(count(content("mails"), "END"), 1);
    event_log_free(log); /* what gathered goes now */
    log = event_log_new(&o);
    wait_for(log, "mails", ": 5000 found\n");
    event_log_free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OV_TEST(files_are_followed_when_they_are_moved),
        OV_TEST(a_socket_gets_a_datagram_each),
        OV_TEST(a_command_gets_fields_and_no_shell),
        OV_TEST(commands_are_limited_in_number_and_time),
        OV_TEST(a_command_that_cannot_start_is_told),
        OV_TEST(a_storm_is_one_mail),
    };
    int code;

    if (mkdtemp(folder) == NULL)
        return 1;
    code = cmocka_run_group_tests(tests, NULL, NULL);
    if (code == 0) {
        static const char *const left[] = {
            "json", "json.1", "socket",  "hook",     "told",
            "slow", "starts", "refused", "sendmail", "mails"};

        for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
            (void)unlink(in_folder(left[i]));
        (void)rmdir(folder);
    }
    return code;
}
