/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Each command: its arguments without the program's name, argv[0] being the
 * command's word. Returns the exit code. */
#define COMMAND(word, function, network, what)                                 \
    int function(int argc, char **argv);
#include "commands.def"
#undef COMMAND

/* Exit codes of overt; docs/man/overt.1. */
enum exit_code {
    EXIT_CLEAN = 0,
    EXIT_DETECTED = 1,
    EXIT_ERROR = 2,
    EXIT_INCONCLUSIVE = 3,
};
