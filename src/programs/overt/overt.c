/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "command.h"
#include "host/config.h"
#include "host/output.h"
#include "host/state_place.h"
#include "own_network.h"

/* overt COMMAND ...: finds the command in commands.def. */

static const struct {
    const char *word;
    int (*function)(int argc, char **argv);
    enum own_network network;
    const char *what;
} commands[] = {

#define COMMAND(word, function, network, what) {word, function, network, what},
#include "commands.def"
#undef COMMAND
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int print_help(void)
{
    struct out *o = out_standard();

    out_format(o,
               "usage: overt [--config FILE] [--state DIR] COMMAND [OPTION]... "
               "[ARGUMENT]...\n\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        out_format(o, "  %-13s %s\n", commands[i].word, commands[i].what);
    out_format(o, "\novert COMMAND --help tells its options, man overt more.\n"
                  "Exit codes: 0 clean, 1 detected, 2 error, 3 inconclusive\n");
    return out_flush(o) ? EXIT_CLEAN : EXIT_ERROR;
}

static int print_version(void)
{
    struct out *o = out_standard();

    out_format(o, "overt %s\n", OV_VERSION);
    return out_flush(o) ? EXIT_CLEAN : EXIT_ERROR;
}

/* A link with the name of a program whose options a command takes. */
static int (*called_as(const char *program))(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*function)(int argc, char **argv);
    } links[] = {
        {"clamscan", cmd_clamscan}, {"yara", cmd_yara}, {"yarac", cmd_yarac}};

    const char *slash = strrchr(program, '/');

    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        if (strcmp(slash != NULL ? slash + 1 : program, links[i].name) == 0)
            return links[i].function;
    return NULL;
}

/* Options before the command: how many arguments they are. */
static int take_options(int argc, char **argv)
{
    int at = 1;

    for (; at + 2 < argc; at += 2) {
        if (strcmp(argv[at], "--state") == 0)
            state_place_set(argv[at + 1]);
        else if (strcmp(argv[at], "--config") == 0)
            config_place_set(argv[at + 1]);
        else
            break;
    }
    return at - 1;
}

int main(int argc, char **argv)
{
    int (*function)(int, char **) = argc > 0 ? called_as(argv[0]) : NULL;

    int n;

    if (function != NULL)
        return own_network_settle(NONE) ? function(argc, argv) : EXIT_ERROR;
    if (argc < 2) {
        out_error("say what to do, for example: overt scan FOLDER; see overt "
                  "help");
        return EXIT_ERROR;
    }
    n = take_options(argc, argv);
    argc -= n;
    argv += n;
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0)
        return print_version();
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].word) == 0)
            return own_network_settle(commands[i].network)
                       ? commands[i].function(argc - 1, argv + 1)
                       : EXIT_ERROR;
    }
    out_error("no such command: %s; see overt help", argv[1]);
    return EXIT_ERROR;
}
