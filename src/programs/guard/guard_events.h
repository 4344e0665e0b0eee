/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "guard_clock.h"
#include "guard_mounts.h"
#include "guard_pump.h"
#include "guard_queue.h"
#include "guard_spaces.h"

/* What goes on between the kernel and the daemon. */

struct guard {
    struct guard_rules rules;
    struct guard_mounts mounts;
    struct guard_spaces spaces;
    struct guard_queue queue;
    int own_list; /* /proc/self/mountinfo */
    struct guard_pump pump;
    enum ov_peer_state state;
    const char *words; /* what went wrong, until all is well */
    int64_t heard;     /* ms: when the daemon has said something last */
    bool is_silent;    /* it says nothing though it is asked: nobody waits */
    uint64_t n_unseen; /* let go in the meantime */
    struct ov_wire_guard_counts counts;
    uint64_t n_told; /* openings and files in the last that was told */
    struct ov_buf out;
    uint8_t *packet; /* OV_MSG_MAX */
};

/* Takes events as far as there is room for them. */
void events_read_openings(struct guard *g);
void events_read_written(struct guard *g);
void events_read_pump(struct guard *g);

/* Asks about those that were not asked about yet, as far as the socket takes
 * them. OV_PEER_GONE. */
OV_MUST_USE enum ov_status events_ask(struct guard *g);

/* The daemon's answer. One that comes too late, or twice, is not an error. */
void events_answer(struct guard *g, uint32_t name,
                   const struct ov_wire_guard_answer *a);

/* Lets go whose time is over. */
void events_expire(struct guard *g);

/* Something was heard of the daemon. */
void events_heard(struct guard *g);

/* When the next one's time is over; -1: nobody waits. */
int64_t events_deadline(const struct guard *g);
