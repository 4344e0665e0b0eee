/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "desk.h"
#include "host/event_log.h"
#include "metrics.h"
#include "settings.h"
#include "top.h"

/* Sees each request's end: counts it, and tells what people want to know. */

struct observer {
    struct ov_loop *loop;
    struct desk *desk;
    struct event_log *log; /* may be NULL: then to stderr */
    struct desk_hook hook;
    struct ov_loop_timer tick;
    unsigned n_ticks;
    struct metrics metrics;
    struct top top;
    int64_t started; /* seconds since 1970 */
    unsigned max_connections;
    const unsigned *n_connections; /* of the front */
    uint64_t limit_ms;             /* when the limit was last told; 0: never */
};

/* Opens the places of [events] and counts from now on. All-zero but for loop,
 * desk, max_connections and n_connections. Borrows settings until
 * observer_settings gets others. OV_NO_MEMORY. */
OV_MUST_USE enum ov_status observer_init(struct observer *o,
                                         const struct daemon_settings *s);
void observer_done(struct observer *o);

/* Other settings; if there is no memory the old ones stay, and false. */
bool observer_settings(struct observer *o, const struct daemon_settings *s);

/* An event of the catalogue; also what fronts tell. */
void observer_tell(struct observer *o, const struct event *e);
/* One without fields, or with a detail. */
void observer_say(struct observer *o, enum event_id id, const char *detail);
