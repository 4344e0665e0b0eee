/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "programs/overtd/settings.h"
#include "sys/file.h"
#include "test.h"

/* overtd's settings from files, good and bad. */

static char path[] = "/tmp/test_settings.XXXXXX";

static const char *file_with(const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fputs(text, f) >= 0, 1);
    assert_int_equal(fclose(f), 0);
    return path;
}

static bool takes(const char *text)
{
    struct daemon_settings *s = settings_read(file_with(text), false);
    bool is_taken = s != NULL;

    settings_free(s);
    return is_taken;
}

static void has_defaults_without_a_file(void **state)
{
    struct daemon_settings *s = settings_read("/nonexistent/overt.conf", false);

    (void)state;
    assert_non_null(s);
    assert_string_equal(s->daemon.control, "/run/overt/control");
    assert_int_equal(s->clamd.socket_mode, 0660);
    assert_int_equal(s->clamd.stream_max, 100 << 20);
    assert_false(s->clamd.allow_shutdown);
    assert_int_equal(s->scan.timeout_ms, 120000);
    assert_true(s->events.journal);
    settings_free(s);
}

static void takes_each_section(void **state)
{
    struct daemon_settings *s = settings_read(
        file_with("[scan]\nrules = /r\nmax-filesize = 2G\nquiet\n"
                  "[update]\nfrom = whatever\ninterval = 1h\nhold = 4h\n"
                  "[daemon]\nworkers = 3\ninconclusive = found\n"
                  "[clamd]\nsocket = none\ntcp = 127.0.0.1:3310\n"
                  "tcp = [::1]:3310\nidle-timeout = 500ms\nshutdown\n"
                  "[guard]\nmount = /home\nmode = all\non-deadline = deny\n"
                  "[quarantine]\nmax-age = 30d\n"
                  "[events]\njournal = no\ncef = unix:/dev/log\n"
                  "mail-to = root@localhost\n"),
        false);

    (void)state;
    assert_non_null(s);
    assert_string_equal(s->scan.rules.items[0], "/r");
    assert_int_equal(s->scan.open.max_object, (uint64_t)2 << 30);
    assert_int_equal(s->update.from.n, 1);
    assert_int_equal(s->update.interval_ms, 3600000);
    assert_int_equal(s->daemon.workers, 3);
    assert_int_equal(s->daemon.inconclusive, INCONCLUSIVE_FOUND);
    assert_null(s->clamd.socket);
    assert_int_equal(s->clamd.tcp.n, 2);
    assert_int_equal(s->clamd.idle_timeout_ms, 500);
    assert_true(s->clamd.allow_shutdown);
    assert_int_equal(s->guard.mode, GUARD_ALL);
    assert_int_equal(s->guard.on_deadline, DEADLINE_DENY);
    assert_int_equal(s->quarantine.max_age_ms, (uint64_t)30 * 86400 * 1000);
    assert_false(s->events.journal);
    assert_string_equal(s->events.cef, "unix:/dev/log");
    assert_int_equal(s->events.mail_to.n, 1);
    settings_free(s);
}

static void refuses_values_that_are_none(void **state)
{
    static const char *const bad[] = {
        "[daemon]\nworkers = many\n",
        "[daemon]\nworkers = 100000\n",
        "[daemon]\nworkers\n",
        "[daemon]\ncontrol = run/overt\n",
        "[daemon]\ninconclusive = maybe\n",
        "[daemon]\nself-check = 5 weeks\n",
        "[daemon]\nself-check = ms\n",
        "[update]\ninterval = often\n",
        "[update]\nintervall = 1h\n",
        "[clamd]\ntcp = 3310\n",
        "[clamd]\ntcp = localhost:3310\n",
        "[clamd]\ntcp = ::1:3310\n",
        "[clamd]\ntcp = [::1:3310\n",
        "[clamd]\ntcp = 127.0.0.1:0\n",
        "[clamd]\ntcp = 127.0.0.1:65536\n",
        "[clamd]\nsocket-mode = 888\n",
        "[clamd]\nsocket-mode = 07777\n",
        "[clamd]\nsocket-mode =\n",
        "[clamd]\nshutdown = yes\n",
        "[clamd]\nbanner =\n",
        "[events]\nmail-to = -oQ/tmp\n",
        "[events]\nmail-to = a b\n",
        "[events]\njson = relative\n",
        "[events]\njournal = perhaps\n",
        "[events]\ncef = udp:host:514\n",
        "[clamed]\n",
        "[clamd\n",
        "workers = 3\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (takes(bad[i]))
            fail_msg("was taken: %s", bad[i]);
    assert_true(takes("[daemon]\nworkers = 4\n"));
}

static void counts_all_that_is_wrong_if_asked(void **state)
{
    struct option_list none = {"", "", NULL, 0};
    struct config_section daemon = {"daemon", &none, NULL, false};
    struct config_file f = {.path = file_with("[daemon]\na = 1\nb\n[x]\nc\n"),
                            .is_thorough = true};

    (void)state;
    assert_false(config_read(&f, &daemon, 1));
    assert_int_equal(f.n_wrong, 3);
    config_file_done(&f);
    f = (struct config_file){.path = path};
    assert_false(config_read(&f, &daemon, 1));
    assert_int_equal(f.n_wrong, 1);
    config_file_done(&f);
}

static void knows_where_an_option_stands(void **state)
{
    struct daemon_settings *s = settings_read(
        file_with("[daemon]\nworkers = 1\n\nworkers = 2\n[clamd]\n"), false);

    (void)state;
    assert_non_null(s);
    assert_int_equal(config_line_of(&s->file, "daemon", "workers"), 4);
    assert_int_equal(config_line_of(&s->file, "daemon", "control"), 0);
    assert_int_equal(config_line_of(&s->file, "clamd", "workers"), 0);
    settings_free(s);
}

/* A file of the sources; meson says where they are. */
static void read_source(const char *name, struct ov_buf *text)
{
    const char *root = getenv("SOURCE_ROOT");
    char full[512];

    assert_non_null(root);
    (void)snprintf(full, sizeof(full), "%s/%s", root, name);
    *text = ov_buf_with_max(1 << 20);
    assert_int_equal(ov_file_read(full, text), OV_OK);
    ov_put_u8(text, 0);
}

/* What stands between the section's begin and the next one's. */
static void expect_options(const struct option_list *list, const char *text,
                           const char *begin, const char *end, const char *mark)
{
    const char *from = strstr(text, begin);
    const char *to;

    if (from == NULL)
        fail_msg("no %s", begin);
    to = strstr(from + strlen(begin), end);
    for (size_t i = 0; i < list->n; i++) {
        char words[128];
        const char *found;

        (void)snprintf(words, sizeof(words), "%s%s", mark, list->rows[i].name);
        found = strstr(from, words);
        if (found == NULL || (to != NULL && found > to))
            fail_msg("%s of %s is not told", list->rows[i].name, list->command);
    }
}

static const struct option_list *const lists[] = {
    &daemon_section_options, &clamd_section_options,  &guard_section_options,
    &quarantine_options,     &events_section_options, &api_section_options};

static void sample_has_every_option(void **state)
{
    struct ov_buf text;

    (void)state;
    read_source("etc/overt.conf", &text);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        expect_options(lists[i], (char *)text.ptr, lists[i]->command, "\n[",
                       "\n#");
    ov_buf_done(&text);
}

static void manual_has_every_option(void **state)
{
    static const char *const begins[] = {
        ".Bq daemon :",     ".Bq clamd :",  ".Bq guard ,\nfiles",
        ".Bq quarantine :", ".Bq events :", ".Bq api ,\nthe HTTP"};
    struct ov_buf text;

    (void)state;
    read_source("docs/man/overt.conf.5", &text);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        expect_options(lists[i], (char *)text.ptr, begins[i], "\n.El", " ");
    ov_buf_done(&text);
}

/* Every line of the sample that is commented out is one that is taken. */
static void sample_can_be_used(void **state)
{
    struct ov_buf text;
    struct daemon_settings *s;

    (void)state;
    read_source("etc/overt.conf", &text);
    for (char *at = strstr((char *)text.ptr, "[daemon]"); *at != '\0'; at++)
        if (at[0] == '\n' && at[1] == '#' && at[2] != ' ')
            at[1] = ' ';
    s = settings_read(file_with((char *)text.ptr), true);
    assert_non_null(s);
    assert_int_equal(s->events.command_max, 60);
    assert_int_equal(s->daemon.alerts, 1);
    settings_free(s);
    ov_buf_done(&text);
}

static void is_checked_against_the_machine(void **state)
{
    (void)state;
    assert_int_equal(settings_check(file_with("[daemon]\nworkers = 9\n")), 0);
    assert_int_equal(
        settings_check(file_with("[clamd]\nsocket = /nonexistent/s\n")), 2);
    assert_int_equal(
        settings_check(file_with("[clamd]\nsocket-group = no-such-group\n")),
        2);
    assert_int_equal(
        settings_check(file_with("[clamd]\ntls = 127.0.0.1:3311\n")), 2);
    assert_int_equal(settings_check(file_with("[clamd]\nsocket = none\n")), 2);
    assert_int_equal(settings_check(file_with("[scan]\nrules = /none\n")), 2);
    assert_int_equal(settings_check(file_with("[update]\ninterval = 1h\n")), 2);
    assert_int_equal(
        settings_check(file_with("[update]\nfrom = /m\nstate = /tmp\n")), 2);
    assert_int_equal(settings_check(file_with("[update]\nfrom = /m\n")), 0);
    assert_int_equal(
        settings_check(file_with("[events]\ncommand = /etc/passwd\n")), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OV_TEST(has_defaults_without_a_file),
        OV_TEST(takes_each_section),
        OV_TEST(refuses_values_that_are_none),
        OV_TEST(counts_all_that_is_wrong_if_asked),
        OV_TEST(knows_where_an_option_stands),
        OV_TEST(sample_has_every_option),
        OV_TEST(manual_has_every_option),
        OV_TEST(sample_can_be_used),
        OV_TEST(is_checked_against_the_machine),
    };
    int fd = mkstemp(path);
    int code;

    if (fd < 0 || close(fd) != 0)
        return 1;
    code = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return code;
}
