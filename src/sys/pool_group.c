/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/pool_group.h"

/* A worker that scans a whole file stops at the first detection, in the order
 * of members; shards cannot know what the others find. So of their detections
 * only the one with the lowest order is told, unless all matches are wanted.
 * And where all shards together spent more than a limit allows, one worker
 * would have stopped somewhere: all they found is forgotten, and one worker
 * does it. So the verdict does not depend on the number of workers. */

#define MAX_RECORDS ((size_t)16 << 20)
#define MAX_TYPE 64

struct ov_pool_group *ov_pool_group_new(unsigned n_shards,
                                        const struct ov_wire_open *open)
{
    struct ov_budget standard = ov_budget_default();
    struct ov_pool_group *g = ov_alloc(sizeof(*g));

    if (g == NULL)
        return NULL;
    *g = (struct ov_pool_group){
        .n_left = n_shards,
        .takes_all = (open->flags & OV_SCAN_ALL_MATCHES) != 0,
        .records = ov_buf_with_max(MAX_RECORDS),
        .type = ov_buf_with_max(MAX_TYPE),
        .first_order = UINT64_MAX,
        .worst = OV_CLEAN,
    };
    for (size_t i = 0; i < OV_N_COST; i++)
        g->limits[i] =
            open->limits[i] != 0 ? open->limits[i] : standard.limit[i];
    return g;
}

void ov_pool_group_free(struct ov_pool_group *g)
{
    if (g == NULL)
        return;
    ov_buf_done(&g->records);
    ov_buf_done(&g->type);
    ov_free(g);
}

void ov_pool_group_add(struct ov_pool_group *g, enum ov_msg type,
                       struct ov_span body, uint64_t order)
{
    if (type == OV_MSG_DETECTION && order < g->first_order)
        g->first_order = order;
    ov_put_u8(&g->records, (uint8_t)type);
    ov_put_u64(&g->records, order);
    ov_put_block(&g->records, body);
    if (ov_buf_status(&g->records) != OV_OK)
        g->is_void = true;
}

void ov_pool_group_done(struct ov_pool_group *g,
                        const struct ov_wire_outcome *o)
{
    enum ov_verdict verdict = (enum ov_verdict)o->verdict;

    if (verdict == OV_TRUSTED)
        g->has_trusted = true;
    else if (verdict > g->worst)
        g->worst = verdict;
    if (g->type.len == 0)
        ov_put_span(&g->type, o->type);
    g->n_objects += o->n_objects;
    g->n_bytes += o->n_bytes;
    for (size_t i = 0; i < OV_N_COST; i++) {
        if (__builtin_add_overflow(g->spent[i], o->spent[i], &g->spent[i]) ||
            g->spent[i] > g->limits[i])
            g->is_void = true;
    }
    g->n_left--;
}

void ov_pool_group_outcome(const struct ov_pool_group *g,
                           struct ov_wire_outcome *ret)
{
    *ret = (struct ov_wire_outcome){
        .verdict =
            g->worst == OV_CLEAN && g->has_trusted ? OV_TRUSTED : g->worst,
        .type = ov_buf_span(&g->type),
        .n_objects = g->n_objects,
        .n_bytes = g->n_bytes,
    };
}

enum ov_status ov_pool_group_tell(const struct ov_pool_group *g,
                                  enum ov_status (*tell)(void *data,
                                                         enum ov_msg type,
                                                         struct ov_span body),
                                  void *data)
{
    struct ov_reader r = ov_reader_over(ov_buf_span(&g->records));
    bool has_told = false;

    while (ov_reader_more(&r)) {
        enum ov_msg type = (enum ov_msg)ov_read_u8(&r);
        uint64_t order = ov_read_u64le(&r);
        struct ov_span body = ov_read_block(&r);

        if (type == OV_MSG_DETECTION && !g->takes_all &&
            (has_told || order != g->first_order))
            continue;
        has_told |= type == OV_MSG_DETECTION;
        OV_TRY(tell(data, type, body));
    }
    return ov_reader_status(&r);
}
