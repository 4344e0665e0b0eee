/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "clamd_front.h"

/* The sockets through which clients of one front come in. While there are as
 * many connections as may be, or no descriptors, new ones wait outside, in the
 * kernel's line: none is turned away. */

#define DOOR_MAX 64

struct door {
    struct doors *doors;
    struct ov_loop_watch watch;
    bool is_local;
};

struct doors {
    struct clamd_front *front;
    struct ov_loop_timer timer; /* tries again */
    struct door items[DOOR_MAX];
    size_t n;
    bool is_open;
};

OV_MUST_USE enum ov_status doors_init(struct doors *d,
                                      struct clamd_front *front);
/* Takes fd, which listens. OV_LIMIT_COUNT. */
OV_MUST_USE enum ov_status doors_add(struct doors *d, int fd, bool is_local);
/* From now on clients come in. */
void doors_open(struct doors *d);
/* And from now on no more: they wait in the kernel's line. */
void doors_close(struct doors *d);
/* A connection has gone. */
void doors_has_room(struct doors *d);
void doors_done(struct doors *d);
