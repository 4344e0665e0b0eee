/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/status.h"

/* Other people's programs that are started and not waited for: no shell, no
 * descriptors but standard ones, a process group of their own. */

struct ov_program {
    const char *path;       /* full */
    char *const *arguments; /* NULL at the end */
    char *const *environment;
    int input; /* its stdin, borrowed; stdout is /dev/null, stderr ours */
};

/* OV_IO with words in diag. */
OV_MUST_USE enum ov_status ov_program_start(const struct ov_program *p,
                                            pid_t *ret, struct ov_diag *diag);

/* Whether it has ended (as waitpid tells, in ret_how); never waits. */
bool ov_program_has_ended(pid_t pid, int *ret_how);

/* Ends it and all that it started and left in its group; then wait for it. */
void ov_program_kill(pid_t pid);
