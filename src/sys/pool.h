/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/findings.h>

#include "sys/wire.h"
#include "sys/wire_sample.h"

/* Jailed workers and the tasks they do: starts them as they are needed, keeps
 * each supplied, and sees to it that one that dies, hangs or talks nonsense
 * costs exactly the file it was at. Not thread-safe; all callbacks come from
 * inside ov_pool_wait and ov_pool_abandon, and must not call the pool. */

struct ov_pool_result {
    enum ov_verdict verdict; /* never better than what was found */
    struct ov_span type;
    uint64_t n_objects;
    uint64_t n_bytes;
    int fd;            /* the task's, borrowed: closed after the call */
    bool is_abandoned; /* not scanned: ov_pool_abandon; no verdict */
};

/* The rules: images that are used together, in order (engine/scan.h). */
struct ov_pool_images {
    int fds[OV_WIRE_MAX_IMAGES];
    uint64_t lens[OV_WIRE_MAX_IMAGES];
    size_t n;
};

/* A file that rules may ask for; length 0: there is none. */
struct ov_pool_aid {
    int fd;
    uint64_t len;
};

struct ov_pool_options {
    struct ov_pool_aid aids[OV_N_AID]; /* borrowed for the pool's life */
    struct ov_pool_images images;      /* borrowed for the pool's life, or until
                                          ov_pool_switch is done */
    struct ov_wire_open open;          /* image_len is the pool's business */
    unsigned n_workers;                /* at most; 0: one per processor */
    unsigned timeout_ms;               /* per task, by the clock; 0: 120 s */
    unsigned spawn_flags;              /* OV_SPAWN_BEST_EFFORT */
    unsigned recycle_after; /* files, then a worker is replaced; 0: never */
    uint64_t idle_after_ms; /* a worker that had no task for so long ends, and
                               the next task starts one; 0: never */
    uint64_t memory_max;    /* bytes a worker may take; 0: its jail's limit */
    /* What is found, as it is found; done ends a ticket. */
    void (*detection)(void *ticket, const struct ov_wire_detection *d);
    void (*match)(void *ticket, const struct ov_string_match *m); /* or NULL */
    void (*cost)(void *ticket, const struct ov_rule_cost *c);     /* or NULL */
    void (*console)(void *ticket, struct ov_span lines);          /* or NULL */
    /* A piece of the bytes that the detection told last is about
     * (OV_SCAN_SAMPLES); or NULL. */
    void (*sample)(void *ticket, struct ov_span piece);
    /* The last piece was told; or NULL. Of a file in which nothing is found,
     * pieces and facts come without a detection: of the file itself. */
    void (*sample_facts)(void *ticket, const struct ov_wire_sample_facts *f);
    /* What the file is called and whose it is, borrowed until the next call;
     * NULL: no rule asks. */
    void (*name)(void *ticket, struct ov_span *ret_path,
                 struct ov_span *ret_owner);
    void (*inconclusive)(void *ticket, const struct ov_wire_inconclusive *i);
    void (*done)(void *ticket, const struct ov_pool_result *r);
};

struct ov_pool;

/* How many workers there are if nobody says. */
unsigned ov_pool_processors(void);

/* Workers are started when there is something to do. Returns owned. */
OV_MUST_USE enum ov_status ov_pool_new(const struct ov_pool_options *options,
                                       struct ov_pool **ret);
/* Ends all workers. No task may be open: wait or abandon first. */
void ov_pool_free(struct ov_pool *pool);
OV_DEFINE_AUTO(pool)

/* Whether ov_pool_submit may be called. */
bool ov_pool_has_room(const struct ov_pool *pool);

/* Tasks submitted and not done. */
size_t ov_pool_n_open(const struct ov_pool *pool);

/* Has the first len bytes of a regular file scanned. Takes fd. */
void ov_pool_submit(struct ov_pool *pool, int fd, uint64_t len, void *ticket);
/* With these flags (enum ov_scan_flag) beside the pool's. */
void ov_pool_submit_with(struct ov_pool *pool, int fd, uint64_t len,
                         uint32_t flags, void *ticket);

/* The same of a process's memory (process_memory.h). */
void ov_pool_submit_process(struct ov_pool *pool, int fd, uint64_t len,
                            uint32_t n_regions, void *ticket);

/* Waits until something happened, or timeout_ms passed, or a signal came, and
 * makes the callbacks that are due. A status other than OV_OK is final: no
 * worker can be jailed, or none can read the image; words in diag. */
OV_MUST_USE enum ov_status ov_pool_wait(struct ov_pool *pool, int timeout_ms,
                                        struct ov_diag *diag);

/* Starts a worker though there is nothing to scan, and waits a moment: to be
 * called until ov_pool_state says is_open. As ov_pool_wait. */
OV_MUST_USE enum ov_status ov_pool_open(struct ov_pool *pool,
                                        struct ov_diag *diag);

/* Starts a worker as ov_pool_open does, and does not wait for it. */
void ov_pool_start(struct ov_pool *pool);

/* For a loop that has other things to wait for: a descriptor that is readable
 * when ov_pool_wait(pool, 0, ...) has something to do, and the milliseconds
 * after which it is to be called though nothing was readable; -1: never. Both
 * calls are to be made after each ov_pool_submit, too. */
int ov_pool_fd(const struct ov_pool *pool);
int ov_pool_time_left(const struct ov_pool *pool);

/* Kills the workers and gives back every open task as abandoned. */
void ov_pool_abandon(struct ov_pool *pool);

/* Other rules from now on, while the scan goes on: one worker after the other
 * finishes what is in its queue, gives its images back and takes these; the
 * others work meanwhile. Borrows them as the options' images, and those before
 * until is_switching ends: call ov_pool_wait, with tasks or without. A worker
 * that cannot open the new ones ends the switch: all go back to the old ones,
 * and switch_status says why. OV_USAGE while another switch is under way. */
OV_MUST_USE enum ov_status ov_pool_switch(struct ov_pool *pool,
                                          const struct ov_pool_images *images);

struct ov_pool_state {
    bool is_open;      /* a worker has opened the images of the digest */
    bool is_switching; /* ov_pool_switch is not done */
    enum ov_status switch_status;
    /* the images', as the last worker that opened them computed it */
    uint8_t digest[OV_WIRE_DIGEST];
    struct ov_jail jail; /* of the last worker that started */
    unsigned n_workers;  /* started so far, replacements not counted */
    unsigned n_crashes;
    unsigned n_timeouts;
};
struct ov_pool_state ov_pool_state(const struct ov_pool *pool);
