/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/channel.h"
#include "sys/pool_state.h"

/* New rules while the scan goes on. Images have generations; a worker whose
 * generation is not that of now is behind. One worker that is behind at a time
 * gets no more tasks; when its queue is empty it closes its images and opens
 * the new ones, which takes it some milliseconds. So at most one worker rests,
 * a file is scanned with one generation from its first byte to its last, and
 * images that no worker can open are met by one worker only.
 *
 * Shards of one file may be scanned with different generations if they are
 * handed out around a switch: each is a verdict of rules that were in use while
 * the file was scanned. */

static enum ov_status send_one(struct ov_pool *p, struct ov_pool_worker *w,
                               size_t i)
{
    const struct ov_pool_images *images = &p->options.images;
    bool is_last = i + 1 == images->n;

    ov_msg_begin(&p->out, is_last ? OV_MSG_OPEN : OV_MSG_TIER, 0);
    if (is_last) {
        p->options.open.image_len = images->lens[i];
        ov_wire_put_open(&p->out, &p->options.open);
    } else {
        ov_wire_put_tier(&p->out, images->lens[i]);
    }
    OV_TRY(ov_msg_end(&p->out));
    return ov_channel_send(w->child.socket, &p->out, images->fds[i]);
}

static enum ov_status send_aids(struct ov_pool *p, struct ov_pool_worker *w)
{
    for (uint64_t i = 0; i < OV_N_AID; i++) {
        const struct ov_pool_aid *aid = &p->options.aids[i];

        if (aid->len == 0)
            continue;
        ov_msg_begin(&p->out, OV_MSG_AID, 0);
        ov_wire_put_two(&p->out, i, aid->len);
        OV_TRY(ov_msg_end(&p->out));
        OV_TRY(ov_channel_send(w->child.socket, &p->out, aid->fd));
    }
    return OV_OK;
}

enum ov_status ov_pool_send_images(struct ov_pool *p, struct ov_pool_worker *w)
{
    w->generation = p->generation;
    w->since_ms = ov_pool_now_ms();
    OV_TRY(send_aids(p, w));
    for (size_t i = 0; i < p->options.images.n; i++)
        OV_TRY(send_one(p, w, i));
    return OV_OK;
}

void ov_pool_opened_images(struct ov_pool *p, struct ov_pool_worker *w)
{
    (void)p;
    w->is_drained = false;
}

bool ov_pool_refused_images(struct ov_pool *p, struct ov_pool_worker *w,
                            enum ov_status status)
{
    if (!p->state.is_switching || w->generation != p->generation)
        return false;
    p->options.images = p->old;
    p->generation--;
    p->state.switch_status = status;
    return true;
}

static enum ov_status close_images(struct ov_pool *p, struct ov_pool_worker *w)
{
    ov_msg_begin(&p->out, OV_MSG_CLOSE, 0);
    OV_TRY(ov_msg_end(&p->out));
    OV_TRY(ov_channel_send(w->child.socket, &p->out, -1));
    w->state = OV_PEER_READY;
    return ov_pool_send_images(p, w);
}

/* Of the workers that are behind, the one that will be free first; NULL if
 * there is none. *ret_n: workers that have the images of now. */
static struct ov_pool_worker *find_behind(struct ov_pool *p, unsigned *ret_n)
{
    struct ov_pool_worker *best = NULL;

    *ret_n = 0;
    for (unsigned i = 0; i < p->options.n_workers; i++) {
        struct ov_pool_worker *w = &p->workers[i];

        if (w->child.pid == 0 || w->state != OV_PEER_OPEN)
            continue;
        w->is_drained = false;
        if (w->generation == p->generation)
            ++*ret_n;
        else if (best == NULL || w->n < best->n)
            best = w;
    }
    return best;
}

/* A worker is at it, or starts. */
static bool is_under_way(const struct ov_pool *p)
{
    for (unsigned i = 0; i < p->options.n_workers; i++)
        if (p->workers[i].child.pid != 0 && p->workers[i].state != OV_PEER_OPEN)
            return true;
    return false;
}

void ov_pool_go_on_switching(struct ov_pool *p)
{
    struct ov_pool_worker *w;
    unsigned n;

    if (!p->state.is_switching || is_under_way(p))
        return;
    w = find_behind(p, &n);
    if (w == NULL) {
        p->state.is_switching = n == 0 && p->state.switch_status == OV_OK;
        if (p->state.is_switching) /* somebody has to try them */
            ov_pool_start_one(p);
        return;
    }
    w->is_drained = true;
    if (w->n == 0 && close_images(p, w) != OV_OK)
        w->is_to_end = true;
}

enum ov_status ov_pool_switch(struct ov_pool *pool,
                              const struct ov_pool_images *images)
{
    if (pool->state.is_switching || images->n == 0 ||
        images->n > OV_WIRE_MAX_IMAGES)
        return OV_USAGE;
    pool->old = pool->options.images;
    pool->options.images = *images;
    pool->generation++;
    pool->state.is_switching = true;
    pool->state.switch_status = OV_OK;
    ov_pool_go_on_switching(pool);
    return OV_OK;
}
