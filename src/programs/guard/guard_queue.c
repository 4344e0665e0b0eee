/* SPDX-License-Identifier: Apache-2.0 */

/* A list through an array. Deadlines are all equally far away, so the order of
 * arrival is the order of deadlines, and those not yet asked about are its
 * newer end. A name is a slot's number and how often the slot was used, so that
 * an answer that comes too late fits nobody. */
#include "guard_queue.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "sys/fd.h"

#define SLOT_BITS 12
_Static_assert(QUEUE_SLOTS == 1u << SLOT_BITS, "a name holds a slot's number");

enum ov_status queue_make(struct guard_queue *q)
{
    *q = (struct guard_queue){.n_free = QUEUE_SLOTS,
                              .oldest = QUEUE_NONE,
                              .newest = QUEUE_NONE,
                              .unasked = QUEUE_NONE};
    q->slots = ov_alloc_array(QUEUE_SLOTS, sizeof(*q->slots));
    if (q->slots == NULL)
        return OV_NO_MEMORY;
    for (uint32_t i = 0; i < QUEUE_SLOTS; i++) {
        q->slots[i].fd = -1;
        q->slots[i].newer = i + 1 < QUEUE_SLOTS ? i + 1 : QUEUE_NONE;
    }
    return OV_OK;
}

uint32_t queue_add(struct guard_queue *q, const struct waiting *w)
{
    uint32_t at = q->free;
    struct waiting *slot;
    uint32_t round;

    OV_ASSERT(q->n_free > 0);
    slot = &q->slots[at];
    round = slot->round + 1;
    q->free = slot->newer;
    q->n_free--;
    *slot = *w;
    slot->round = round;
    slot->is_asked = false;
    slot->older = q->newest;
    slot->newer = QUEUE_NONE;
    if (q->newest != QUEUE_NONE)
        q->slots[q->newest].newer = at;
    else
        q->oldest = at;
    q->newest = at;
    if (q->unasked == QUEUE_NONE)
        q->unasked = at;
    return at;
}

uint32_t queue_name(const struct guard_queue *q, uint32_t at)
{
    return q->slots[at].round << SLOT_BITS | at;
}

uint32_t queue_find(const struct guard_queue *q, uint32_t name)
{
    uint32_t at = name & (QUEUE_SLOTS - 1);

    return q->slots[at].fd >= 0 && q->slots[at].is_asked &&
                   queue_name(q, at) == name
               ? at
               : QUEUE_NONE;
}

void queue_asked(struct guard_queue *q)
{
    OV_ASSERT(q->unasked != QUEUE_NONE);
    q->slots[q->unasked].is_asked = true;
    q->unasked = q->slots[q->unasked].newer;
}

void queue_remove(struct guard_queue *q, uint32_t at)
{
    struct waiting *slot = &q->slots[at];

    OV_ASSERT(slot->fd >= 0);
    if (q->unasked == at)
        q->unasked = slot->newer;
    if (slot->older != QUEUE_NONE)
        q->slots[slot->older].newer = slot->newer;
    else
        q->oldest = slot->newer;
    if (slot->newer != QUEUE_NONE)
        q->slots[slot->newer].older = slot->older;
    else
        q->newest = slot->older;
    ov_fd_cleanup(&slot->fd);
    slot->fd = -1;
    slot->newer = q->free;
    q->free = at;
    q->n_free++;
}
