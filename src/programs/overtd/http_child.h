/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "control.h"
#include "scan_front.h"
#include "settings.h"
#include "sys/ipc.h"
#include "sys/spawn.h"

/* overt-http beside the daemon: one process for each socket of the HTTP API,
 * started again if it ends. */

struct http_child {
    struct ov_loop *loop;
    struct scan_front scans; /* desk and clamd are set */
    struct control *control;
    const struct api_section *settings;
    bool may_change; /* whom it serves may restore and purge */
    void *data;
    void (*left)(void *data); /* it has ended, after http_child_leave */

    int listener; /* -1: none */
    bool is_leaving;
    struct ov_child child;
    enum ov_peer_state state;
    struct ov_loop_watch watch;
    struct ov_loop_timer again;
    uint8_t *packet;
};

/* Listens at path and starts the process; loop to left are set. False
 * after a line of error. */
bool http_child_start(struct http_child *h, const char *path, unsigned mode,
                      const char *group);

/* Lets it serve nobody new, and answer what it has; then it ends (left). */
void http_child_leave(struct http_child *h);
void http_child_stop(struct http_child *h);
