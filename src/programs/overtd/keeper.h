/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "desk.h"
#include "host/allow_place.h"
#include "host/event.h"
#include "settings.h"

/* What becomes of a detection, whichever front asked: allow lists before
 * anybody is told, and the quarantine afterwards, if [daemon] on-detection says
 * so. */

struct keeper_job;

struct keeper {
    struct ov_loop *loop;
    struct desk *desk;
    void *data;
    void (*tell)(void *data, const struct event *e);

    const struct daemon_settings *settings; /* the keeper's, from here on */
    struct desk_hook hook;
    struct ov_loop_timer tick;
    struct allow_lists allow;
    struct stat allow_file; /* as it was when it was read */
    struct keeper_job *waiting;
    struct keeper_job *running;
    unsigned n_waiting;
    unsigned n_running;
};

/* All-zero but for loop, desk, data and tell. Borrows settings until
 * keeper_settings gives others. OV_NO_MEMORY. */
OV_MUST_USE enum ov_status keeper_init(struct keeper *k,
                                       const struct daemon_settings *s);
void keeper_settings(struct keeper *k, const struct daemon_settings *s);
/* What is being moved goes on without the daemon; what waits stays. */
void keeper_done(struct keeper *k);
