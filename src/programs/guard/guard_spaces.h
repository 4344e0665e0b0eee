/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "guard_mounts.h"

/* Mount namespaces of others: containers, and services with mounts of their
 * own. */

#define SPACES_MAX 256

struct space {
    uint64_t id; /* the namespace's inode; 0: none */
    pid_t pid;   /* a process in it */
    int pidfd;
    int list; /* its mountinfo */
};

struct guard_spaces {
    struct guard_mounts *mounts;
    struct space spaces[SPACES_MAX];
    size_t n; /* how many are in use, from the first on */
    uint64_t own;
    int epoll; /* readable: spaces_turn has something to do */
};

OV_MUST_USE enum ov_status spaces_make(struct guard_spaces *s,
                                       struct guard_mounts *m);

/* A process was met: if its namespace is new, its mounts are followed. */
void spaces_meet(struct guard_spaces *s, pid_t pid);

/* Reads all lists that are known again. */
void spaces_follow(struct guard_spaces *s);

/* Looks at all processes for new namespaces. */
void spaces_search(struct guard_spaces *s);

/* Follows changed lists, lets ended processes go. */
void spaces_turn(struct guard_spaces *s);
