/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum run_output {
    RUN_ALL,
    RUN_WITHOUT_STDOUT,
    RUN_SILENT
};

/* Runs a command of this installation ("overt", "overt-logd") and waits.
 * *ret_code: its exit code. False, after a line
 * on stderr, if it can't be run or is killed. */
bool run_command(const char *name, const char *const *words, size_t n,
                 enum run_output output, int *ret_code);
