/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/rule_set.h"
#include "sys/loop.h"

/* Finds and compiles the rules beside the daemon: a fork of it, which may take
 * its time, and hands the open images back. */

struct loader {
    struct ov_loop *loop;
    struct ov_loop_watch watch; /* of the pidfd */
    pid_t pid;                  /* 0: none is at work */
    int socket;
    void *data;
    /* The end of one that loader_start began. images is to be taken if status
     * is OV_OK; else the fork has said on stderr what is wrong. */
    void (*done)(void *data, enum ov_status status,
                 struct ov_pool_images *images, uint64_t release);
};

/* False: it could not be started. One at a time. */
bool loader_start(struct loader *l, const struct rule_set_options *options,
                  const char *state);
/* Ends one that is at work; done is not called. */
void loader_stop(struct loader *l);
