/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/event_log.h"

/* The part of event_log that starts programs: a command for each detection, a
 * mail for several. */

#define HOOK_MAX_RUNNING 16
#define HOOK_MAX_MAIL ((size_t)256 << 10)

struct event_hook {
    const struct event_options *options;
    const struct event_teller *teller;

    struct hook_run {
        int pid; /* 0: free */
        uint64_t end_ms;
        const char *path;
    } running[HOOK_MAX_RUNNING];

    uint64_t minute_ms; /* when the minute began in which starts count */
    unsigned n_started;
    uint64_t n_skipped; /* and not yet told */
    struct ov_buf mail; /* lines that gather */
    unsigned n_mail;
    uint64_t mail_ms; /* when the last mail went */
    /* What went wrong is told through this. */
    void (*tell)(void *data, const struct event *e);
    void *data;
};

/* now_ms: of a clock that only goes forward. */
void hook_take(struct event_hook *h, const struct event *e, uint64_t now_ms);
void hook_tick(struct event_hook *h, uint64_t now_ms);
/* Sends what gathers; frees. */
void hook_done(struct event_hook *h);
