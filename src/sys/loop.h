/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/status.h"

/* One thread that waits for many things: descriptors, times, signals. Whoever
 * waits embeds a struct of here in one of its own; the loop borrows it from the
 * call that adds it to the one that removes it. In its calls the owner may add
 * and remove whatever it likes, itself too: nothing is called that was removed
 * before, even if it had become ready in the same turn. */

struct ov_loop;

/* Returns owned; NULL: no memory or no descriptor. */
struct ov_loop *ov_loop_new(void) OV_MUST_USE;
void ov_loop_free(struct ov_loop *loop);

enum ov_loop_event {
    OV_LOOP_READ = 1,
    OV_LOOP_WRITE = 2,
    OV_LOOP_HANGUP = 4, /* told without being asked for: both ways are shut */
};

struct ov_loop_watch {
    int fd;
    unsigned events; /* what is waited for: OV_LOOP_READ, OV_LOOP_WRITE */
    void *data;      /* the owner's */
    void (*ready)(struct ov_loop_watch *w, unsigned events);
    bool is_added; /* the loop's */
};

/* fd, events, data and ready are set. Level-triggered: ready is called again
 * for what was not taken. OV_IO: the kernel will not. */
OV_MUST_USE enum ov_status ov_loop_add(struct ov_loop *loop,
                                       struct ov_loop_watch *w);
/* Other events; cheap if they are the same. */
void ov_loop_change(struct ov_loop *loop, struct ov_loop_watch *w,
                    unsigned events);
/* To be called before fd is closed; no effect on one that was not added. */
void ov_loop_remove(struct ov_loop *loop, struct ov_loop_watch *w);

struct ov_loop_timer {
    void *data; /* the owner's */
    void (*due)(struct ov_loop_timer *t);
    uint64_t at_ms; /* the loop's, and the following */
    uint64_t round;
    size_t place; /* 0: not set; else 1 + where in the heap */
    bool has_room;
};

/* Takes room for a timer, so that to set it cannot fail. */
OV_MUST_USE enum ov_status ov_loop_timer_add(struct ov_loop *loop,
                                             struct ov_loop_timer *t);
/* Calls due once, so many milliseconds from now; set before or not. 0: at the
 * end of this turn, or if that is where we are, of the next. */
void ov_loop_timer_set(struct ov_loop *loop, struct ov_loop_timer *t,
                       uint64_t after_ms);
void ov_loop_timer_stop(struct ov_loop *loop, struct ov_loop_timer *t);
/* Stops it and gives its room back. */
void ov_loop_timer_remove(struct ov_loop *loop, struct ov_loop_timer *t);

/* From now on these signals come as calls of caught, and nothing else happens
 * on them. Once per loop. A child that is forked begins with them blocked
 * (sys/spawn.c unblocks). */
OV_MUST_USE enum ov_status
ov_loop_catch(struct ov_loop *loop, const int *signals, size_t n,
              void (*caught)(void *data, int signal_number), void *data);

/* One turn: waits until something is ready or due, and makes the calls.
 * OV_IO: it cannot wait. */
OV_MUST_USE enum ov_status ov_loop_turn(struct ov_loop *loop);

/* Milliseconds of a clock that no one can set, as of the turn's beginning. */
uint64_t ov_loop_now(const struct ov_loop *loop);
