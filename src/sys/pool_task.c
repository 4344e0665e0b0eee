/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "sys/fd.h"
#include "sys/pool_state.h"

/* Tasks: lines of them, what is found for one, and its end. A file that was
 * split has a task per shard; its ticket is told when the last is done. */

uint64_t ov_pool_now_ms(void)
{
    struct timespec t;

    (void)!clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void ov_pool_line_append(struct ov_pool_line *l, struct ov_pool_task *t)
{
    t->next = NULL;
    if (l->last != NULL)
        l->last->next = t;
    else
        l->first = t;
    l->last = t;
    l->n++;
}

void ov_pool_line_push_front(struct ov_pool_line *l, struct ov_pool_task *t)
{
    t->next = l->first;
    l->first = t;
    if (l->last == NULL)
        l->last = t;
    l->n++;
}

struct ov_pool_task *ov_pool_line_pop(struct ov_pool_line *l)
{
    struct ov_pool_task *t = l->first;

    l->first = t->next;
    if (l->first == NULL)
        l->last = NULL;
    l->n--;
    return t;
}

struct ov_pool_task *ov_pool_take_task(struct ov_pool *p)
{
    struct ov_pool_task *t = p->unused;

    if (t != NULL) {
        p->unused = t->next;
        p->n_unused--;
    }
    return t;
}

static void give_back(struct ov_pool *p, struct ov_pool_task *t)
{
    t->next = p->unused;
    p->unused = t;
    p->n_unused++;
}

static void tell_done(struct ov_pool *p, struct ov_pool_task *t,
                      const struct ov_pool_result *result)
{
    p->options.done(t->ticket, result);
    ov_fd_cleanup(&t->fd);
    ov_pool_group_free(t->group);
    t->group = NULL;
    give_back(p, t);
    p->n_open--;
}

static void worsen(struct ov_pool_task *t, enum ov_verdict to)
{
    if (t->worst < to)
        t->worst = to;
}

static enum ov_verdict verdict_of(uint32_t rule_flags)
{
    if ((rule_flags & OV_RULE_SUSPICIOUS) != 0)
        return OV_SUSPICIOUS;
    return (rule_flags & OV_RULE_UNWANTED) != 0 ? OV_UNWANTED : OV_DETECTED;
}

static void tell_detection(struct ov_pool *p, struct ov_pool_task *t)
{
    worsen(t, verdict_of(p->detection.flags));
    p->options.detection(t->ticket, &p->detection);
}

static enum ov_status on_detection(struct ov_pool *p, struct ov_pool_task *t,
                                   struct ov_span body)
{
    OV_TRY(ov_wire_read_detection(body, &p->detection));
    if (t != NULL && t->group != NULL)
        ov_pool_group_add(t->group, OV_MSG_DETECTION, body, p->detection.order);
    else if (t != NULL)
        tell_detection(p, t);
    return OV_OK;
}

static enum ov_status on_matches(struct ov_pool *p, struct ov_pool_task *t,
                                 struct ov_span body)
{
    struct ov_reader r = ov_reader_over(body);
    struct ov_string_match m;

    while (ov_wire_read_match(&r, &m))
        if (t != NULL && p->options.match != NULL)
            p->options.match(t->ticket, &m);
    return ov_reader_status(&r);
}

static enum ov_status on_costs(struct ov_pool *p, struct ov_pool_task *t,
                               struct ov_span body)
{
    struct ov_reader r = ov_reader_over(body);
    struct ov_rule_cost c;

    while (ov_wire_read_cost(&r, &c))
        if (t != NULL && p->options.cost != NULL)
            p->options.cost(t->ticket, &c);
    return ov_reader_status(&r);
}

static void tell_inconclusive(struct ov_pool *p, struct ov_pool_task *t)
{
    worsen(t, OV_INCONCLUSIVE);
    p->options.inconclusive(t->ticket, &p->inconclusive);
}

static enum ov_status on_inconclusive(struct ov_pool *p, struct ov_pool_task *t,
                                      struct ov_span body)
{
    OV_TRY(ov_wire_read_inconclusive(body, &p->inconclusive));
    if (t != NULL && t->group != NULL)
        ov_pool_group_add(t->group, OV_MSG_INCONCLUSIVE, body, 0);
    else if (t != NULL)
        tell_inconclusive(p, t);
    return OV_OK;
}

static enum ov_status on_sample_facts(struct ov_pool *p, struct ov_pool_task *t,
                                      struct ov_span body)
{
    struct ov_wire_sample_facts facts;

    OV_TRY(ov_wire_read_sample_facts(body, &facts));
    if (t != NULL && p->options.sample_facts != NULL)
        p->options.sample_facts(t->ticket, &facts);
    return OV_OK;
}

enum ov_status ov_pool_take_finding(struct ov_pool *p, struct ov_pool_task *t,
                                    enum ov_msg type, struct ov_span body)
{
    if (type == OV_MSG_MATCHES)
        return on_matches(p, t, body);
    if (type == OV_MSG_COSTS)
        return on_costs(p, t, body);
    if (type == OV_MSG_CONSOLE) {
        if (t != NULL && p->options.console != NULL)
            p->options.console(t->ticket, body);
        return OV_OK;
    }
    if (type == OV_MSG_SAMPLE) {
        if (t != NULL && p->options.sample != NULL)
            p->options.sample(t->ticket, body);
        return OV_OK;
    }
    if (type == OV_MSG_SAMPLE_FACTS)
        return on_sample_facts(p, t, body);
    return type == OV_MSG_DETECTION ? on_detection(p, t, body)
                                    : on_inconclusive(p, t, body);
}

/* ---- shards ---- */

enum ov_status ov_pool_split(struct ov_pool *p, struct ov_pool_task *t)
{
    if (t->n_shards < 2 || t->shard != 0 || t->group != NULL ||
        p->n_unused < t->n_shards)
        return OV_MALFORMED;
    t->group = ov_pool_group_new(t->n_shards, &p->options.open);
    if (t->group == NULL)
        return OV_NO_MEMORY;
    t->group->takes_all |= (t->flags & OV_SCAN_ALL_MATCHES) != 0;
    for (uint32_t i = t->n_shards; i-- > 1;) {
        struct ov_pool_task *shard = ov_pool_take_task(p);

        *shard = *t;
        shard->shard = i;
        ov_pool_line_push_front(&p->waiting, shard);
    }
    return OV_OK;
}

struct telling {
    struct ov_pool *pool;
    struct ov_pool_task *task;
};

/* What the shards of a file found, told as one worker's findings. */
static enum ov_status tell_finding(void *data, enum ov_msg type,
                                   struct ov_span body)
{
    struct telling *t = data;

    return ov_pool_take_finding(t->pool, t->task, type, body);
}

static void finish_group(struct ov_pool *p, struct ov_pool_task *t)
{
    struct ov_pool_group *g = t->group;
    struct telling telling = {p, t};
    struct ov_wire_outcome o;

    t->group = NULL;
    if (g->is_void) {
        ov_pool_group_free(g);
        t->n_shards = t->shard = 0;
        ov_pool_line_push_front(&p->waiting, t);
        return;
    }
    ov_pool_group_outcome(g, &o);
    /* They were read once already when they were put there. */
    (void)!ov_pool_group_tell(g, tell_finding, &telling);
    ov_pool_finish(p, t, &o);
    ov_pool_group_free(g);
}

static void finish_shard(struct ov_pool *p, struct ov_pool_task *t,
                         const struct ov_wire_outcome *o)
{
    ov_pool_group_done(t->group, o);
    if (t->group->n_left == 0)
        finish_group(p, t);
    else
        give_back(p, t);
}

/* ---- ends ---- */

void ov_pool_finish(struct ov_pool *p, struct ov_pool_task *t,
                    const struct ov_wire_outcome *o)
{
    struct ov_pool_result r = {
        .verdict = (enum ov_verdict)o->verdict,
        .type = o->type,
        .n_objects = o->n_objects,
        .n_bytes = o->n_bytes,
        .fd = t->fd,
    };

    if (t->group != NULL) {
        finish_shard(p, t, o);
        return;
    }
    if (r.verdict < t->worst && r.verdict != OV_TRUSTED)
        r.verdict = t->worst;
    tell_done(p, t, &r);
}

void ov_pool_finish_lost(struct ov_pool *p, struct ov_pool_task *t,
                         const char *why)
{
    const struct ov_wire_inconclusive i = {.reason = ov_span_str(why)};
    const struct ov_wire_outcome o = {.verdict = OV_INCONCLUSIVE,
                                      .type = OV_SPAN_LIT("data")};

    ov_buf_clear(&p->out);
    ov_wire_put_inconclusive(&p->out, &i);
    (void)!ov_pool_take_finding(p, t, OV_MSG_INCONCLUSIVE,
                                ov_buf_span(&p->out)); /* well-formed */
    ov_pool_finish(p, t, &o);
}

void ov_pool_finish_abandoned(struct ov_pool *p, struct ov_pool_task *t)
{
    const struct ov_pool_result r = {.fd = t->fd, .is_abandoned = true};

    if (t->group != NULL && --t->group->n_left > 0)
        give_back(p, t);
    else
        tell_done(p, t, &r);
}
