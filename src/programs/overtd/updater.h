/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/types.h>

#include "host/event.h"
#include "metrics.h"
#include "settings.h"
#include "sys/loop.h"

/* overt update beside the daemon, again and again, at times that nobody can
 * foretell: a program of its own, which has the network and the judge. What it
 * refuses or cannot get takes nothing away: the rules in use stay. */

struct updater {
    struct ov_loop *loop;
    const char *config; /* overt.conf, which it reads itself */
    void *data;
    void (*tell)(void *data, const struct event *e);
    /* One has ended: there may be other rules. */
    void (*ended)(void *data);
    const struct daemon_settings *settings; /* borrowed */
    pid_t pid;                              /* 0: none is under way */
    struct ov_loop_watch watch;             /* of its pidfd */
    struct ov_loop_timer timer; /* the next one; or when this one is late */
    bool has_timer;
    bool is_late;
    int64_t began;    /* seconds since 1970 */
    uint64_t release; /* installed when it began */
    struct metrics_updates counts;
    char told[METRICS_MAX_WORD + 2]; /* the last result that was told */
    uint64_t told_ms;
};

/* All-zero but for loop, config, data and the calls. The first update comes
 * soon, or when the last one is old enough. OV_NO_MEMORY. */
OV_MUST_USE enum ov_status updater_init(struct updater *u,
                                        const struct daemon_settings *s);
/* Other settings; one that is under way goes on. */
void updater_settings(struct updater *u, const struct daemon_settings *s);
/* Ends one that is under way: it may be ended at any moment. */
void updater_done(struct updater *u);
