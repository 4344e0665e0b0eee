/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>

#include "base/alloc.h"
#include "sys/fd.h"

/* epoll tells what is ready, a heap what is due, a signalfd which signals came.
 * All events of a turn are taken at once; one that is removed before its call
 * is struck out of them, so an owner may free itself and others at any time.
 *
 * Limits: a turn takes 64 events; the others come in the next one, as epoll
 * goes round. Times are whole milliseconds and never early. */

#define EVENTS_A_TURN 64
/* So that a heap that always has something due lets descriptors be heard. */
#define TIMERS_A_TURN 256

struct ov_loop {
    int epoll;
    uint64_t now_ms;
    uint64_t round; /* of timers that were due */
    struct epoll_event events[EVENTS_A_TURN];
    int n_events; /* of this turn */
    struct ov_loop_timer **heap;
    size_t n_set;
    size_t n_timers; /* that have room */
    size_t cap;
    struct ov_loop_watch signals;
    void (*caught)(void *data, int signal_number);
    void *caught_data;
};

static uint64_t clock_ms(void)
{
    struct timespec t;

    (void)!clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct ov_loop *ov_loop_new(void)
{
    struct ov_loop *loop = ov_alloc(sizeof(*loop));

    if (loop == NULL)
        return NULL;
    loop->signals.fd = -1;
    loop->now_ms = clock_ms();
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll >= 0)
        return loop;
    ov_free(loop);
    return NULL;
}

void ov_loop_free(struct ov_loop *loop)
{
    if (loop == NULL)
        return;
    ov_fd_cleanup(&loop->signals.fd);
    ov_fd_cleanup(&loop->epoll);
    ov_free(loop->heap);
    ov_free(loop);
}

uint64_t ov_loop_now(const struct ov_loop *loop)
{
    return loop->now_ms;
}

/* ---- descriptors ---- */

static struct epoll_event event_of(struct ov_loop_watch *w)
{
    struct epoll_event e = {.data.ptr = w};

    if ((w->events & OV_LOOP_READ) != 0)
        e.events |= EPOLLIN;
    if ((w->events & OV_LOOP_WRITE) != 0)
        e.events |= EPOLLOUT;
    return e;
}

enum ov_status ov_loop_add(struct ov_loop *loop, struct ov_loop_watch *w)
{
    struct epoll_event e = event_of(w);

    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, w->fd, &e) != 0)
        return errno == ENOMEM || errno == ENOSPC ? OV_NO_MEMORY : OV_IO;
    w->is_added = true;
    return OV_OK;
}

void ov_loop_change(struct ov_loop *loop, struct ov_loop_watch *w,
                    unsigned events)
{
    struct epoll_event e;

    if (!w->is_added || w->events == events)
        return;
    w->events = events;
    e = event_of(w);
    /* It was added, so the kernel has all it needs. */
    (void)!epoll_ctl(loop->epoll, EPOLL_CTL_MOD, w->fd, &e);
}

void ov_loop_remove(struct ov_loop *loop, struct ov_loop_watch *w)
{
    if (!w->is_added)
        return;
    w->is_added = false;
    (void)!epoll_ctl(loop->epoll, EPOLL_CTL_DEL, w->fd, NULL);
    for (int i = 0; i < loop->n_events; i++)
        if (loop->events[i].data.ptr == w)
            loop->events[i].data.ptr = NULL;
}

static void call_ready(const struct epoll_event *e)
{
    struct ov_loop_watch *w = e->data.ptr;
    unsigned events = 0;

    if ((e->events & EPOLLIN) != 0)
        events |= OV_LOOP_READ;
    if ((e->events & EPOLLOUT) != 0)
        events |= OV_LOOP_WRITE;
    if ((e->events & (EPOLLHUP | EPOLLERR)) != 0)
        events |= OV_LOOP_HANGUP;
    w->ready(w, events);
}

/* ---- timers: a binary heap, the earliest at its top ---- */

static void put_at(struct ov_loop *loop, size_t place, struct ov_loop_timer *t)
{
    loop->heap[place] = t;
    t->place = place + 1;
}

static void sift_up(struct ov_loop *loop, size_t place)
{
    struct ov_loop_timer *t = loop->heap[place];

    while (place > 0) {
        size_t parent = (place - 1) / 2;

        if (loop->heap[parent]->at_ms <= t->at_ms)
            break;
        put_at(loop, place, loop->heap[parent]);
        place = parent;
    }
    put_at(loop, place, t);
}

static void sift_down(struct ov_loop *loop, size_t place)
{
    struct ov_loop_timer *t = loop->heap[place];

    for (;;) {
        size_t child = 2 * place + 1;

        if (child >= loop->n_set)
            break;
        if (child + 1 < loop->n_set &&
            loop->heap[child + 1]->at_ms < loop->heap[child]->at_ms)
            child++;
        if (t->at_ms <= loop->heap[child]->at_ms)
            break;
        put_at(loop, place, loop->heap[child]);
        place = child;
    }
    put_at(loop, place, t);
}

enum ov_status ov_loop_timer_add(struct ov_loop *loop, struct ov_loop_timer *t)
{
    if (t->has_room)
        return OV_OK;
    if (loop->n_timers == loop->cap) {
        size_t cap = loop->cap > 0 ? loop->cap * 2 : 64;
        struct ov_loop_timer **more =
            ov_realloc_array(loop->heap, cap, sizeof(struct ov_loop_timer *));

        if (more == NULL)
            return OV_NO_MEMORY;
        loop->heap = more;
        loop->cap = cap;
    }
    loop->n_timers++;
    t->has_room = true;
    t->place = 0;
    return OV_OK;
}

void ov_loop_timer_set(struct ov_loop *loop, struct ov_loop_timer *t,
                       uint64_t after_ms)
{
    uint64_t before = t->at_ms;

    t->round = loop->round;
    /* A part of a millisecond has passed already, so one more. */
    if (after_ms == 0)
        t->at_ms = loop->now_ms;
    else if (__builtin_add_overflow(clock_ms() + 1, after_ms, &t->at_ms))
        t->at_ms = UINT64_MAX;
    if (t->place == 0) {
        put_at(loop, loop->n_set++, t);
        sift_up(loop, t->place - 1);
    } else if (t->at_ms < before) {
        sift_up(loop, t->place - 1);
    } else {
        sift_down(loop, t->place - 1);
    }
}

void ov_loop_timer_stop(struct ov_loop *loop, struct ov_loop_timer *t)
{
    struct ov_loop_timer *last;
    size_t place;

    if (t->place == 0)
        return;
    place = t->place - 1;
    t->place = 0;
    last = loop->heap[--loop->n_set];
    if (last == t)
        return;
    put_at(loop, place, last);
    sift_up(loop, place);
    sift_down(loop, last->place - 1);
}

void ov_loop_timer_remove(struct ov_loop *loop, struct ov_loop_timer *t)
{
    ov_loop_timer_stop(loop, t);
    if (t->has_room)
        loop->n_timers--;
    t->has_room = false;
}

static void call_due(struct ov_loop *loop)
{
    loop->round++;
    for (int i = 0; i < TIMERS_A_TURN && loop->n_set > 0; i++) {
        struct ov_loop_timer *t = loop->heap[0];

        /* One that is set anew by its own call waits for the next turn. */
        if (t->at_ms > loop->now_ms || t->round == loop->round)
            return;
        ov_loop_timer_stop(loop, t);
        t->due(t);
    }
}

/* Until the first timer is due; -1: there is none. */
static int time_left(const struct ov_loop *loop)
{
    uint64_t now = clock_ms();
    uint64_t at = loop->n_set > 0 ? loop->heap[0]->at_ms : UINT64_MAX;

    if (at == UINT64_MAX)
        return -1;
    if (at <= now)
        return 0;
    return at - now < INT32_MAX ? (int)(at - now) : INT32_MAX;
}

/* ---- signals ---- */

static void on_signals(struct ov_loop_watch *w, unsigned events)
{
    struct ov_loop *loop = w->data;
    struct signalfd_siginfo info;

    (void)events;
    while (read(w->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        loop->caught(loop->caught_data, (int)info.ssi_signo);
}

enum ov_status ov_loop_catch(struct ov_loop *loop, const int *signals, size_t n,
                             void (*caught)(void *data, int signal_number),
                             void *data)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < n; i++)
        sigaddset(&set, signals[i]);
    if (loop->signals.fd >= 0)
        return OV_USAGE;
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return OV_IO;
    loop->caught = caught;
    loop->caught_data = data;
    loop->signals = (struct ov_loop_watch){
        .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
        .events = OV_LOOP_READ,
        .data = loop,
        .ready = on_signals,
    };
    return loop->signals.fd >= 0 ? ov_loop_add(loop, &loop->signals) : OV_IO;
}

enum ov_status ov_loop_turn(struct ov_loop *loop)
{
    int n =
        epoll_wait(loop->epoll, loop->events, EVENTS_A_TURN, time_left(loop));

    if (n < 0 && errno != EINTR)
        return OV_IO;
    loop->now_ms = clock_ms();
    loop->n_events = n > 0 ? n : 0;
    for (int i = 0; i < loop->n_events; i++)
        if (loop->events[i].data.ptr != NULL)
            call_ready(&loop->events[i]);
    loop->n_events = 0;
    call_due(loop);
    return OV_OK;
}
