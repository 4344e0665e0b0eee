/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "guard_rules.h"

/* Which file systems are guarded, by the lists of mounts in /proc. */

/* Groups of fanotify. */
enum guard_level {
    LEVEL_PLAIN,
    LEVEL_STACKED, /* whoever reads of these may have to wait, guard_pump.h */
    N_LEVELS
};

struct guard_groups {
    int openings; /* permission events */
    int written;  /* files that were written */
};

#define SEEN_MAX 1024u /* a power of two */

/* Device numbers, as far as there is room: not to tell the same twice. */
struct seen {
    uint64_t devices[SEEN_MAX]; /* 0: none */
    size_t n;
};

struct guard_mounts {
    const struct guard_rules *rules;
    struct guard_groups groups[N_LEVELS];
    /* The kernel asks about the files below an overlay as well: overlays need
     * no mark for the sake of what they show. */
    bool asks_below;
    size_t n_guarded; /* file systems that were ever marked */
    struct seen told;
    struct seen round; /* of the list being read */
    /* Something to tell the daemon. */
    void (*tell)(void *data, enum ov_status status, struct ov_span path,
                 const char *words);
    void *data;
    struct ov_buf list;
    struct ov_buf path;
};

/* Marks what has to be, again if it is already: a mark that is there costs
 * nothing, and device numbers are used again. list_fd is an open mountinfo,
 * root where its namespace's root folder is to be found for us: "" for our own,
 * else "/proc/PID/root". */
/* It was seen that the kernel asks about what lies below overlays: takes back
 * the marks of those that are not guarded for their own sake. All lists are to
 * be followed again. */
void mounts_ask_below(struct guard_mounts *m);

void mounts_follow(struct guard_mounts *m, int list_fd, const char *root);
