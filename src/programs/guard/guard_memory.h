/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Which files need no second question: the kernel itself remembers, and forgets
 * when a file is changed. */

struct file_state {
    uint64_t len;
    struct timespec changed;
    bool is_still; /* nobody has it open to write, and a later change would show
                      in its times */
};

/* Of a file that is about to be checked. *ret_mode: its st_mode. False if it
 * cannot be looked at. */
bool file_state_take(int fd, struct file_state *ret, mode_t *ret_mode);

/* To be called after a file was found clean: no more questions of this group
 * about it, if it has not changed since before. */
void memory_add(int group, int fd, const struct file_state *before);

/* Ask again about this file, about all files. */
void memory_remove(int group, int fd);
void memory_clear(int group);
