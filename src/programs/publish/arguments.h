/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The command line: --name VALUE or --name=VALUE, anywhere. */

enum option {
#define OPTION(name, argument, help) OPT_##name,
#include "publish_options.def"
#undef OPTION
    N_OPTIONS
};

#define MAX_REPEAT 64
#define MAX_OPERANDS 64

struct arguments {
    const char *values[N_OPTIONS][MAX_REPEAT];
    size_t counts[N_OPTIONS];
    const char *operands[MAX_OPERANDS];
    size_t n_operands;
};

/* allowed: names of options with spaces between. False after a line on
 * stderr. */
bool arguments_parse(struct arguments *a, const char *allowed, int argc,
                     char **argv);

/* The last value, or NULL. */
const char *option_get(const struct arguments *a, enum option o);
bool option_is_set(const struct arguments *a, enum option o);

/* "--passphrase-file FILE" and so on, a line for each. */
void arguments_help(const char *allowed);
