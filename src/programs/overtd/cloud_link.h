/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/scan_cloud.h"
#include "sys/loop.h"

/* Looks programs up in the reputation cloud beside the daemon: one process has
 * what is kept here and takes digests, another one asks the cloud where only
 * that knows. Neither is waited for: what has no answer in time is unknown. */

struct cloud_link;

struct cloud_link_options {
    struct ov_loop *loop;
    const char *config; /* overt.conf; borrowed */
    const char *state;  /* the same; NULL: the usual place */
    unsigned spawn_flags;
    uint64_t wait_ms; /* for an answer, at most */
};

/* Returns owned; NULL if memory is out. Starts nothing yet. */
struct cloud_link *cloud_link_new(const struct cloud_link_options *options);
void cloud_link_free(struct cloud_link *l);

/* What came of a look-up. */
struct cloud_word {
    enum scan_cloud_word word;
    bool is_unwanted;
    char rule[SCAN_CLOUD_RULE_MAX]; /* of SCAN_CLOUD_BAD */
};

/* Embedded in what waits; all-zero but for data and done. Stays where it is
 * until done or cloud_link_forget. */
struct cloud_look {
    void *data;
    void (*done)(void *data, const struct cloud_word *w);

    struct cloud_look *next; /* the link's, from here on */
    struct cloud_look *previous;
    uint64_t id;
    uint64_t until_ms;
    unsigned stage;
};

/* Looks the file up. False: it cannot be asked about now, and is unknown. done
 * is never called from inside. fd is borrowed for the call. */
bool cloud_link_look_up(struct cloud_link *l, struct cloud_look *look, int fd);
void cloud_link_forget(struct cloud_link *l, struct cloud_look *look);

/* Whether what is kept of the cloud is another one than at the last call. */
bool cloud_link_is_changed(struct cloud_link *l);

struct cloud_link_counts {
    uint64_t n[3];   /* enum scan_cloud_word */
    uint64_t n_late; /* of those unknown: no answer in time */
};
struct cloud_link_counts cloud_link_counts(const struct cloud_link *l);
