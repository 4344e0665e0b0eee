/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "guard_memory.h"
#include "sys/wire_guard.h"

/* Who waits for an answer, oldest first. A fixed number of slots: what does not
 * fit stays in the kernel's queue. */

#define QUEUE_SLOTS 4096u
#define QUEUE_NONE UINT32_MAX

struct waiting {
    int fd;    /* owned; its number is what the kernel knows the opening by */
    int group; /* of fanotify, where its answer goes */
    enum ov_guard_when when;
    uint32_t pid;
    uint32_t uid;
    bool is_asked;
    int64_t deadline; /* ms */
    struct file_state before;
    /* of the queue */
    uint32_t round; /* how often the slot was used */
    uint32_t older;
    uint32_t newer;
};

struct guard_queue {
    struct waiting *slots;
    uint32_t free; /* first; linked by newer */
    uint32_t n_free;
    uint32_t oldest;
    uint32_t newest;
    uint32_t unasked; /* the oldest that is not asked about; all newer ones are
                         neither */
};

OV_MUST_USE enum ov_status queue_make(struct guard_queue *q);

/* There must be a free slot. Takes w->fd. Returns its place. */
uint32_t queue_add(struct guard_queue *q, const struct waiting *w);

/* The name of a place for the daemon, and back; QUEUE_NONE if nobody waits
 * there under this name any more. */
uint32_t queue_name(const struct guard_queue *q, uint32_t at);
uint32_t queue_find(const struct guard_queue *q, uint32_t name);

/* Marks the one at q->unasked as asked. */
void queue_asked(struct guard_queue *q);

/* Removes; the descriptor is closed. */
void queue_remove(struct guard_queue *q, uint32_t at);
