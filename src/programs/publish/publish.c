/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "sys/deny.h"
#include "sys/landlock.h"

/* overt-publish COMMAND DIR [OPTION]...: the publisher's and reviewers' tool.
 * Exit codes: 0 done, 1 refused or failed, 2 wrong use. */

#define EXIT_REFUSED 1
#define EXIT_USAGE 2
/* What one command may keep in memory: a set of 4 million rules fits. */
#define MAX_MEMORY ((size_t)16 << 30)

struct command {
    const char *word;
    bool (*function)(struct instance *in);
    const char *usage;
    const char *options;
    const char *what;
};

static const struct command commands[] = {
#define COMMAND(word, function, usage, options, what)                          \
    {word, function, usage, options, what},
#include "publish_commands.def"
#undef COMMAND
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int print_help(void)
{
    (void)printf("usage: overt-publish COMMAND DIR [OPTION]...\n\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        (void)printf("  %-17s %s\n", commands[i].word, commands[i].what);
    (void)printf("\novert-publish COMMAND --help tells its options, man "
                 "overt-publish more.\n"
                 "Exit codes: 0 done, 1 refused or failed, 2 wrong use\n");
    return 0;
}

static int print_command_help(const struct command *c)
{
    (void)printf("usage: overt-publish %s DIR%s%s [OPTION]...\n%s\n", c->word,
                 c->usage[0] != '\0' ? " " : "", c->usage, c->what);
    arguments_help(c->options);
    return 0;
}

static bool find_time(struct instance *in)
{
    const char *given = option_get(&in->args, OPT_now);

    if (given == NULL) {
        in->now = (uint64_t)time(NULL);
        return true;
    }
    return ov_time_parse(ov_span_str(given), &in->now) ||
           tell_error("--now %s: not a time, as 2026-11-22T10:00:00Z", given);
}

/* The folder that a file or a folder is in. */
static const char *folder_of(struct instance *in, const char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    return len == 0 ? "." : text(in, "%.*s", (int)len, path);
}

/* What others wrote is read here, and only read: this process and what it
 * starts (overt-logd, overt-judge, overt-worker in jails of their own) may
 * write the instance's folder, the folder of --out and of --keys, and the
 * terminal. */
static bool enter_jail(struct instance *in, bool is_init)
{
    const char *out = option_get(&in->args, OPT_out);
    const char *keys = option_get(&in->args, OPT_keys);
    const char *const places[] = {
        is_init ? folder_of(in, in->dir) : in->dir,
        out != NULL ? folder_of(in, out) : "/dev/null",
        keys != NULL ? keys : "/dev/null", "/dev/null", "/dev/tty"};
    enum ov_status status =
        ov_landlock_write_paths(places, sizeof(places) / sizeof(places[0]));
    struct ov_diag diag = {0};

    if (status == OV_OK)
        return ov_deny(OV_DENY_PUBLISHER, &diag) == OV_OK ||
               tell_error("%s", diag.text);
    return tell_error("cannot jail itself: %s",
                      status == OV_UNSUPPORTED ? "this kernel has no Landlock"
                                               : ov_status_name(status));
}

static int run(const struct command *c, int argc, char **argv)
{
    struct instance *in = ov_alloc(sizeof(*in));
    OV_AUTO(arena) arena = ov_arena_new(MAX_MEMORY);
    bool ok;

    if (in == NULL || arena == NULL) {
        (void)tell_error("out of memory");
        return EXIT_REFUSED;
    }
    in->arena = arena;
    if (!arguments_parse(&in->args, c->options, argc, argv) || !find_time(in) ||
        in->args.n_operands == 0) {
        if (in->args.n_operands == 0)
            (void)tell_error("say the instance's folder; see --help");
        ov_free(in);
        return EXIT_USAGE;
    }
    in->dir = in->args.operands[0];
    ok = enter_jail(in, c->function == cmd_init) &&
         (c->function == cmd_init || instance_open(in)) && c->function(in);
    explicit_bzero(in->passphrase, sizeof(in->passphrase));
    ov_free(in);
    return ok ? 0 : EXIT_REFUSED;
}

/* How many arguments name the command: one, two of "request add", or none if it
 * is another one. */
static int words_of(const struct command *c, int argc, char **argv)
{
    const char *second = strchr(c->word, ' ');
    size_t len = second != NULL ? (size_t)(second - c->word) : strlen(c->word);

    if (strncmp(argv[1], c->word, len) != 0 || argv[1][len] != '\0')
        return 0;
    if (second == NULL)
        return 1;
    return argc > 2 && strcmp(argv[2], second + 1) == 0 ? 2 : 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)tell_error("say what to do; see overt-publish help");
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("overt-publish %s\n", OV_VERSION);
        return 0;
    }
    for (size_t i = 0; i < N_COMMANDS; i++) {
        int n = words_of(&commands[i], argc, argv);

        if (n == 0)
            continue;
        if (argc > n + 1 && strcmp(argv[n + 1], "--help") == 0)
            return print_command_help(&commands[i]);
        return run(&commands[i], argc - n - 1, argv + n + 1);
    }
    (void)tell_error("no such command: %s; see overt-publish help", argv[1]);
    return EXIT_USAGE;
}
