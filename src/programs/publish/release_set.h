/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "history.h"
#include "trust/delta.h"
#include "trust/head.h"

/* The rules of a channel as of the log: the last release's set, and what
 * entries have changed since. Nothing comes in that is not in the log with the
 * signatures that its type needs. */

struct last_release {
    bool is_there;
    uint64_t seq;
    uint64_t base;
    uint64_t log_to;     /* entries below are in it */
    struct ov_span note; /* its bytes */
    struct ov_entry entry;
    struct ov_head head;
};

struct release_set {
    struct last_release last;
    struct ov_record_set *base; /* owned; empty before the first release */
    struct ov_record_set *old;  /* owned: the last release's */
    struct ov_record_set *set;  /* owned: the new one */
    uint64_t n_changes;         /* entries that changed something */
    uint64_t compiler;          /* index of the newest code-release; 0: none */
};

/* Says which entries are left out, and why. */
bool release_set_read(struct instance *in, const struct history *h,
                      const char *channel, struct release_set *ret);
void release_set_done(struct release_set *s);
