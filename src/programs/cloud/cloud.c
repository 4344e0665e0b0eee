/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sys/deny.h"
#include "sys/file.h"
#include "sys/landlock.h"
#include "trust/entry.h"

/*
 * overt-cloud: says of files what a publisher knows of them, the same to
 * everybody. Verdicts go into a journal; builds make snapshots and deltas of it
 * (docs/protocol-reputation.md) as a tree of files, each with a proof that the
 * log has it; any web server serves the tree.
 *
 *     DIR/cloud.conf     name, log, policy, keys, days
 *     DIR/journal        all verdicts ever, in order (verdict_journal.c)
 *     DIR/families       names of families (family_names.c)
 *     DIR/tree/v1/...    what the world sees
 *     DIR/tree/public/   of a private cloud: what it took from a public one
 *     DIR/position       up to where deltas have told the journal
 *     DIR/work           of a build that goes on
 *     DIR/pending        what is on its way into log and tree (pending_act.c)
 */

#define MAX_CONF ((size_t)1 << 20)

static const struct command {
    const char *word;
    int (*function)(struct cloud *c);
    const char *words;
    const char *options;
    const char *help;
} commands[] = {

#define CLOUD_COMMAND(word, function, words, options, help)                    \
    {word, function, words, options, help},
#include "cloud_commands.def"
#undef CLOUD_COMMAND
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

int cloud_say(const char *format, ...)
{
    char text[2048];
    OV_AUTO_DONE(buf) b = ov_buf_with_max(8 * sizeof(text));
    va_list list;

    va_start(list, format);
    (void)vsnprintf(text, sizeof(text), format, list); /* cut if it is long */
    va_end(list);
    ov_put_str(&b, "overt-cloud: ");
    ov_put_escaped(&b, ov_span_str(text));
    ov_put_u8(&b, '\n');
    if (ov_buf_status(&b) == OV_OK)
        (void)!write(STDERR_FILENO, b.ptr, b.len); /* nobody else to tell */
    return CLOUD_FAILED;
}

/* ---- words and options ---- */

const char *cloud_option(const struct cloud *c, const char *name)
{
    for (size_t i = 0; i < c->n_options; i++) {
        if (strcmp(c->options[i].name, name) == 0)
            return c->options[i].value;
    }
    return NULL;
}

static bool read_number(const struct cloud *c, const char *name, uint64_t other,
                        uint64_t most, uint64_t *ret)
{
    const char *value = cloud_option(c, name);

    *ret = other;
    if (value == NULL || ov_parse_uint(ov_span_str(value), most, ret))
        return true;
    (void)cloud_say("--%s %s: not a number up to %llu", name, value,
                    (unsigned long long)most);
    return false;
}

bool cloud_number(const struct cloud *c, const char *name, uint64_t other,
                  uint64_t *ret)
{
    return read_number(c, name, other, UINT32_MAX, ret);
}

bool cloud_bytes(const struct cloud *c, const char *name, uint64_t other,
                 uint64_t *ret)
{
    return read_number(c, name, other, INT64_MAX, ret);
}

/* Whether the list has the name; *ret_takes: with a '=' behind it. The name is
 * kept as it stands in the list, without an end. */
static bool is_listed(const char *list, struct ov_span name, bool *ret_takes)
{
    struct ov_span left = ov_span_str(list);
    struct ov_span word;

    while (left.len > 0) {
        (void)ov_span_cut(&left, ' ', &word);
        *ret_takes = ov_span_ends(word, OV_SPAN_LIT("="));
        if (ov_span_equal(
                ov_span_clip(word, 0, word.len - (*ret_takes ? 1 : 0)), name))
            return true;
    }
    return false;
}

/* One "--name", "--name VALUE" or "--name=VALUE"; what is used is cut off. */
static bool take_option(struct cloud *c, const char *list, char ***argv)
{
    char *word = **argv + 2;
    char *equals = strchr(word, '=');
    bool takes;

    if (equals != NULL)
        *equals = '\0';
    if (!is_listed(list, ov_span_str(word), &takes) ||
        (equals != NULL && !takes) || c->n_options == CLOUD_WORDS_MAX) {
        (void)cloud_say("no option --%s here; see --help", word);
        return false;
    }
    if (takes && equals == NULL && *++*argv == NULL) {
        (void)cloud_say("--%s wants a value", word);
        return false;
    }
    c->options[c->n_options++] =
        (struct cloud_option){word, !takes           ? ""
                                    : equals != NULL ? equals + 1
                                                     : **argv};
    return true;
}

static bool read_words(struct cloud *c, const char *list, char **argv)
{
    for (; *argv != NULL; argv++) {
        if (strncmp(*argv, "--", 2) == 0) {
            if (!take_option(c, list, &argv))
                return false;
        } else if (c->n_words < CLOUD_WORDS_MAX) {
            c->words[c->n_words++] = *argv;
        } else {
            (void)cloud_say("too many words");
            return false;
        }
    }
    return true;
}

static bool find_time(struct cloud *c)
{
    const char *given = cloud_option(c, "now");

    c->now = (uint64_t)time(NULL);
    if (given == NULL || ov_time_parse(ov_span_str(given), &c->now))
        return true;
    (void)cloud_say("--now %s: not a time, as 2026-11-22T10:00:00Z", given);
    return false;
}

/* ---- the folder ---- */

bool cloud_path(const struct cloud *c, char ret[static CLOUD_PATH_MAX],
                const char *format, ...)
{
    va_list list;
    int at = snprintf(ret, CLOUD_PATH_MAX, "%s/", c->dir);
    int len = 0;

    if (at > 0 && at < CLOUD_PATH_MAX) {
        va_start(list, format);
        len = vsnprintf(ret + at, (size_t)(CLOUD_PATH_MAX - at), format, list);
        va_end(list);
    }
    if (at > 0 && at < CLOUD_PATH_MAX && len >= 0 && len < CLOUD_PATH_MAX - at)
        return true;
    (void)cloud_say("%s: the path is too long", c->dir);
    return false;
}

static bool set_text(char *to, size_t size, struct ov_span value)
{
    if (value.len >= size)
        return false;
    memcpy(to, value.ptr, value.len);
    to[value.len] = '\0';
    return true;
}

static bool take_line(struct cloud *c, struct ov_span line)
{
    struct ov_span name;

    if (!ov_span_cut(&line, ' ', &name))
        return false;
    if (ov_span_equal(name, OV_SPAN_LIT("name")))
        return set_text(c->name, sizeof(c->name), line);
    if (ov_span_equal(name, OV_SPAN_LIT("log")))
        return set_text(c->log, sizeof(c->log), line);
    if (ov_span_equal(name, OV_SPAN_LIT("policy")))
        return set_text(c->policy, sizeof(c->policy), line);
    if (ov_span_equal(name, OV_SPAN_LIT("keys")))
        return set_text(c->keys, sizeof(c->keys), line);
    if (ov_span_equal(name, OV_SPAN_LIT("trust")))
        return set_text(c->trust, sizeof(c->trust), line);
    if (ov_span_equal(name, OV_SPAN_LIT("days")))
        return ov_parse_uint(line, 3650, &c->days);
    return true; /* others read it, too */
}

static bool read_conf(struct cloud *c, struct ov_span text, const char *path)
{
    unsigned number = 1;
    struct ov_span line;

    for (; text.len > 0; number++) {
        (void)ov_span_cut(&text, '\n', &line);
        if (line.len > 0 && ov_span_byte(line, 0) != '#' &&
            !take_line(c, line)) {
            (void)cloud_say("%s:%u: not NAME VALUE", path, number);
            return false;
        }
    }
    if (c->name[0] != '\0' && c->days > 0)
        return true;
    (void)cloud_say("%s: \"name\" or \"days\" is missing", path);
    return false;
}

bool cloud_open(struct cloud *c, size_t n)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_CONF);
    char path[CLOUD_PATH_MAX];
    enum ov_status status;

    if (n >= c->n_words) {
        (void)cloud_say("say the cloud's folder; see --help");
        return false;
    }
    c->dir = c->words[n];
    if (!cloud_path(c, path, "cloud.conf"))
        return false;
    status = ov_file_read(path, &text);
    if (status != OV_OK) {
        (void)cloud_say("%s: %s; overt-cloud init makes one", path,
                        ov_status_name(status));
        return false;
    }
    return read_conf(c, ov_buf_span(&text), path);
}

/* This process and what it starts (overt-logd, in a jail of its own) may write
 * the cloud's folder, that of the log, the terminal, and what else its command
 * is for. */
static bool enter_jail(const struct cloud *c)
{
    const char *const places[] = {c->dir, c->log, "/dev/null", "/dev/tty",
                                  c->also};
    enum ov_status s = ov_landlock_write_paths(
        places, sizeof(places) / sizeof(places[0]) - (c->also == NULL));
    struct ov_diag diag = {0};

    if (s != OV_OK) {
        (void)cloud_say("cannot jail itself: %s",
                        s == OV_UNSUPPORTED ? "this kernel has no Landlock"
                                            : ov_status_name(s));
        return false;
    }
    if (ov_deny(OV_DENY_PUBLISHER, &diag) == OV_OK)
        return true;
    (void)cloud_say("%s", diag.text);
    return false;
}

bool cloud_lock(const struct cloud *c)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char path[CLOUD_PATH_MAX];
    int fd;

    if (!cloud_path(c, path, "lock"))
        return false;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &whole) == 0)
        return enter_jail(c); /* it is held until the process ends */
    (void)cloud_say("%s: %s", path,
                    errno == EAGAIN || errno == EACCES
                        ? "another overt-cloud works here"
                        : strerror(errno));
    return false;
}

/* ---- main ---- */

static int print_help(void)
{
    (void)printf("usage: overt-cloud COMMAND DIR [OPTION]...\n\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        (void)printf("  %-10s %s\n", commands[i].word, commands[i].help);
    (void)printf("\novert-cloud COMMAND --help tells its options, man "
                 "overt-cloud more.\n"
                 "Exit codes: 0 done, 1 refused or failed, 2 wrong use\n");
    return CLOUD_OK;
}

static int print_command(const struct command *d)
{
    struct ov_span left = ov_span_str(d->options);
    struct ov_span word;

    (void)printf("usage: overt-cloud %s %s [OPTION]...\n%s\n", d->word,
                 d->words, d->help);
    while (left.len > 0) {
        bool takes;

        (void)ov_span_cut(&left, ' ', &word);
        takes = ov_span_ends(word, OV_SPAN_LIT("="));
        (void)printf("  --%.*s%s\n", (int)word.len - takes,
                     (const char *)word.ptr, takes ? " VALUE" : "");
    }
    return CLOUD_OK;
}

static int run(const struct command *d, char **argv)
{
    struct cloud *c = ov_alloc(sizeof(*c));
    int code = CLOUD_USAGE;

    if (c == NULL)
        return cloud_say("out of memory");
    if (read_words(c, d->options, argv) && find_time(c))
        code = d->function(c);
    ov_free(c);
    return code;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "help";

    if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0)
        return print_help();
    if (strcmp(word, "--version") == 0) {
        (void)printf("overt-cloud %s\n", OV_VERSION);
        return CLOUD_OK;
    }
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(word, commands[i].word) != 0)
            continue;
        if (argc > 2 && strcmp(argv[2], "--help") == 0)
            return print_command(&commands[i]);
        return run(&commands[i], argv + 2);
    }
    (void)cloud_say("no such command: %s; see overt-cloud help", word);
    return CLOUD_USAGE;
}
