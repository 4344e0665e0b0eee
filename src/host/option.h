/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Command line options from a table. */

struct option_row {
    const char *name;     /* "max-scantime"; NULL: only a heading in the help */
    char letter;          /* 'j', or 0 */
    const char *argument; /* "SECONDS"; NULL: a switch */
    const char *help;
    /* Takes the value (NULL for a switch). Returns NULL, or what is wrong with
     * the value in words. */
    const char *(*set)(void *data, const char *value);
};

struct option_list {
    const char *command; /* "overt scan", for messages */
    const char *usage;   /* "[OPTION]... PATH... | -" */
    const struct option_row *rows;
    size_t n;
};

/* Sets options in data and moves the operands to the front of argv, behind
 * argv[0]; *argc becomes their number plus one. False after one line of error
 * on stderr. "--help" prints the help and sets *is_help. */
bool options_parse(const struct option_list *list, int *argc, char **argv,
                   void *data, bool *is_help);

/* A command whose first operand says what to do, each with options of its own.
 * list gives them in order, NULL behind the last; the word is what `command`
 * ends with ("overt cloud status").
 *
 * Which one argv[1] names; SIZE_MAX: none. "--help" puts the help of all into
 * out_standard and sets *is_help. */
size_t option_word_find(const struct option_list *(*list)(size_t i), int argc,
                        char **argv, bool *is_help);

/* "400M", "1G", "0" (which means none): bytes. */
bool option_size(const char *value, uint64_t *ret);
/* "500ms", "30", "30s", "5m", "2h", "7d": milliseconds, at most ten years. */
bool option_time(const char *value, uint64_t *ret_ms);
bool option_number(const char *value, uint64_t max, uint64_t *ret);
