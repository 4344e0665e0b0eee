/* SPDX-License-Identifier: Apache-2.0 */
#include "desk_ring.h"

static void add_peer(struct desk_peer **ring, struct desk_peer *p)
{
    if (*ring == NULL) {
        p->next = p;
    } else {
        p->next = (*ring)->next;
        (*ring)->next = p;
    }
    *ring = p;
}

static void remove_peer(struct desk_peer **ring, struct desk_peer *p)
{
    struct desk_peer *before = *ring;

    while (before->next != p)
        before = before->next;
    before->next = p->next;
    if (*ring == p)
        *ring = before != p ? before : NULL;
    p->next = NULL;
}

void desk_ring_put(struct desk_peer **ring, struct desk_request *r)
{
    struct desk_peer *p = r->peer;

    r->next = NULL;
    if (p->last != NULL)
        p->last->next = r;
    else
        p->first = r;
    p->last = r;
    if (p->n_waiting++ == 0)
        add_peer(ring, p);
}

void desk_ring_remove(struct desk_peer **ring, struct desk_request *r)
{
    struct desk_peer *p = r->peer;
    struct desk_request *before = NULL;

    for (struct desk_request *at = p->first; at != r; at = at->next)
        before = at;
    if (before != NULL)
        before->next = r->next;
    else
        p->first = r->next;
    if (p->last == r)
        p->last = before;
    r->next = NULL;
    p->n_waiting--;
    if (p->n_waiting == 0)
        remove_peer(ring, p);
}

struct desk_request *desk_ring_next(struct desk_peer **ring)
{
    struct desk_request *r;

    if (*ring == NULL)
        return NULL;
    r = (*ring)->next->first;
    *ring = (*ring)->next; /* it is the last now */
    desk_ring_remove(ring, r);
    return r;
}
