/* SPDX-License-Identifier: Apache-2.0 */
#include "door.h"

#include <errno.h>
#include <sys/socket.h>

#include "sys/fd.h"

/* accept(2), and what to do when it can't: a socket that is ready all the time
 * and can't be served would keep the loop turning, so it is not watched for a
 * moment. */

#define ACCEPTS_A_TURN 64
#define RETRY_MS 100

static void watch_all(struct doors *d, unsigned events)
{
    for (size_t i = 0; i < d->n; i++)
        ov_loop_change(d->front->loop, &d->items[i].watch, events);
}

static bool is_full(const struct doors *d)
{
    return d->front->n_sessions >= d->front->options.max_connections;
}

static void pause_all(struct doors *d)
{
    watch_all(d, 0);
    ov_loop_timer_set(d->front->loop, &d->timer, RETRY_MS);
}

static void on_due(struct ov_loop_timer *t)
{
    struct doors *d = t->data;

    if (is_full(d))
        return; /* doors_has_room is called */
    watch_all(d, OV_LOOP_READ);
}

static void on_ready(struct ov_loop_watch *w, unsigned events)
{
    struct door *door = w->data;
    struct doors *d = door->doors;

    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        int fd;

        if (is_full(d)) {
            pause_all(d);
            return;
        }
        fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            clamd_front_accept(d->front, fd,
                               door->is_local ? CLAMD_LOCAL : CLAMD_REMOTE);
        else if (errno != EINTR && errno != ECONNABORTED) {
            if (errno != EAGAIN)
                pause_all(d);
            return;
        }
    }
}

enum ov_status doors_init(struct doors *d, struct clamd_front *front)
{
    *d = (struct doors){.front = front, .timer = {.data = d, .due = on_due}};
    return ov_loop_timer_add(front->loop, &d->timer);
}

enum ov_status doors_add(struct doors *d, int fd, bool is_local)
{
    struct door *door = &d->items[d->n];

    if (d->n == DOOR_MAX) {
        ov_fd_cleanup(&fd);
        return OV_LIMIT_COUNT;
    }
    *door = (struct door){
        .doors = d,
        .watch = {.fd = fd, .data = door, .ready = on_ready},
        .is_local = is_local,
    };
    d->n++;
    return ov_loop_add(d->front->loop, &door->watch);
}

void doors_open(struct doors *d)
{
    d->is_open = true;
    watch_all(d, OV_LOOP_READ);
}

void doors_has_room(struct doors *d)
{
    if (d->is_open && !is_full(d) && d->timer.place == 0)
        watch_all(d, OV_LOOP_READ);
}

void doors_close(struct doors *d)
{
    d->is_open = false;
    watch_all(d, 0);
    ov_loop_timer_stop(d->front->loop, &d->timer);
}

void doors_done(struct doors *d)
{
    while (d->n > 0) {
        struct door *door = &d->items[--d->n];

        ov_loop_remove(d->front->loop, &door->watch);
        ov_fd_cleanup(&door->watch.fd);
    }
    ov_loop_timer_remove(d->front->loop, &d->timer);
}
