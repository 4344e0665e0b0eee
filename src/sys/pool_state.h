/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/pool.h"
#include "sys/pool_group.h"
#include "sys/spawn.h"

/* What the files of the pool share; nobody else includes it. pool.c hands out
 * and keeps workers, pool_talk.c takes their messages, pool_task.c ends tasks.
 */

#define OV_POOL_DEPTH 32
#define OV_POOL_MAX_SHARDS 16

struct ov_pool_task {
    struct ov_pool_task *next;
    void *ticket;
    int fd;
    uint64_t len;
    uint32_t flags;        /* enum ov_scan_flag, beside the pool's */
    enum ov_verdict worst; /* of what was found so far */
    /* Shards of one file have one group, ticket and descriptor. */
    struct ov_pool_group *group;
    uint32_t n_shards;
    uint32_t shard;
    uint32_t n_regions;
};

struct ov_pool_line {
    struct ov_pool_task *first;
    struct ov_pool_task *last;
    size_t n;
};

struct ov_pool_worker {
    struct ov_child child; /* pid 0: not started */
    enum ov_peer_state state;

    struct {
        uint32_t serial;
        struct ov_pool_task *task; /* NULL: somebody else does it now */
    } queue[OV_POOL_DEPTH];

    unsigned first;
    unsigned n;
    unsigned n_findings; /* about the head */
    uint64_t queued_bytes;
    uint64_t since_ms;   /* when the head's work, or the start, began */
    unsigned generation; /* of the images it has */
    bool is_drained;     /* gets no tasks: it is to change its images */
    unsigned n_done;     /* tasks, since it started */
    bool is_retiring;    /* gets no tasks: it has done enough */
    bool is_to_end;
    const char *why; /* the reason word for the head if it is to end */
};

struct ov_pool {
    struct ov_pool_options options;
    struct ov_pool_worker *workers;
    int poll_fd; /* epoll of the workers' sockets: data is the worker */
    struct ov_pool_task *tasks;
    struct ov_pool_line waiting;
    struct ov_pool_task *unused;
    size_t n_unused;
    size_t n_tasks;
    size_t n_open;
    uint32_t serial;
    unsigned failed_starts;
    uint64_t no_start_before_ms; /* after one that failed */
    struct ov_pool_images old;   /* while is_switching */
    unsigned generation;         /* of options.images; old has the one before */
    struct ov_pool_state state;
    struct ov_buf out;
    uint8_t *packet;
    struct ov_wire_detection detection; /* too large for a frame */
    struct ov_wire_inconclusive inconclusive;
    enum ov_status fatal;
    struct ov_diag diag;
};

uint64_t ov_pool_now_ms(void);

/* A worker where there is none. */
void ov_pool_start_one(struct ov_pool *p);

void ov_pool_line_append(struct ov_pool_line *l, struct ov_pool_task *t);
void ov_pool_line_push_front(struct ov_pool_line *l, struct ov_pool_task *t);
struct ov_pool_task *ov_pool_line_pop(struct ov_pool_line *l);

/* No worker can work: the first such words are kept. */
void ov_pool_fail(struct ov_pool *p, enum ov_status status, const char *text);

/* pool_switch.c: sends a ready worker the images of now. */
OV_MUST_USE enum ov_status ov_pool_send_images(struct ov_pool *p,
                                               struct ov_pool_worker *w);
/* A worker has opened what it was sent. */
void ov_pool_opened_images(struct ov_pool *p, struct ov_pool_worker *w);
/* A worker could not; true if that only ends a switch. */
bool ov_pool_refused_images(struct ov_pool *p, struct ov_pool_worker *w,
                            enum ov_status status);
/* The next step of a switch. */
void ov_pool_go_on_switching(struct ov_pool *p);

/* Takes the head off a worker's queue. */
void ov_pool_queue_pop(struct ov_pool_worker *w);

/* Takes what a worker has said; sets is_to_end if it must go. */
void ov_pool_take_messages(struct ov_pool *p, struct ov_pool_worker *w);

/* ---- a task's end: all give it back, and make the calls that are due ---- */

/* A free task, or NULL. */
struct ov_pool_task *ov_pool_take_task(struct ov_pool *p);
void ov_pool_finish(struct ov_pool *p, struct ov_pool_task *t,
                    const struct ov_wire_outcome *o);
/* Its worker is gone; why is a reason's word. */
void ov_pool_finish_lost(struct ov_pool *p, struct ov_pool_task *t,
                         const char *why);
void ov_pool_finish_abandoned(struct ov_pool *p, struct ov_pool_task *t);

/* A worker's finding about t; NULL: nobody listens, it is only checked. */
OV_MUST_USE enum ov_status ov_pool_take_finding(struct ov_pool *p,
                                                struct ov_pool_task *t,
                                                enum ov_msg type,
                                                struct ov_span body);

/* t is the first shard of a file that is worth several workers: the others
 * wait from now on. */
OV_MUST_USE enum ov_status ov_pool_split(struct ov_pool *p,
                                         struct ov_pool_task *t);
