/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/wire_trust.h"

/* Numbers are fixed-size little-endian, texts are blocks, cut when they are put
 * so that a message fits its maximum in ipc.def. */

static struct ov_span read_text(struct ov_reader *r, size_t max)
{
    struct ov_span text = ov_read_block(r);

    ov_reader_require(r, text.len <= max, OV_MALFORMED);
    return text;
}

void ov_wire_put_get(struct ov_buf *b, const struct ov_wire_get *g)
{
    ov_put_u64(b, g->max_len);
    ov_put_u32(b, g->min_speed);
    ov_put_u32(b, g->total_time);
    ov_put_block(b, ov_span_clip(g->url, 0, OV_WIRE_MAX_URL));
}

enum ov_status ov_wire_read_get(struct ov_span body, struct ov_wire_get *ret)
{
    struct ov_reader r = ov_reader_over(body);
    struct ov_wire_get g = {.max_len = ov_read_u64le(&r)};

    g.min_speed = ov_read_u32le(&r);
    g.total_time = ov_read_u32le(&r);
    g.url = read_text(&r, OV_WIRE_MAX_URL);
    OV_TRY(ov_reader_end(&r));
    *ret = g;
    return OV_OK;
}

void ov_wire_put_got(struct ov_buf *b, const struct ov_wire_got *g)
{
    ov_put_u32(b, g->status);
    ov_put_u32(b, g->code);
    ov_put_u64(b, g->len);
    ov_put_block(b, ov_span_clip(g->words, 0, OV_WIRE_MAX_WORDS));
}

enum ov_status ov_wire_read_got(struct ov_span body, struct ov_wire_got *ret)
{
    struct ov_reader r = ov_reader_over(body);
    struct ov_wire_got g = {.status = ov_read_u32le(&r)};

    g.code = ov_read_u32le(&r);
    g.len = ov_read_u64le(&r);
    g.words = read_text(&r, OV_WIRE_MAX_WORDS);
    OV_TRY(ov_reader_end(&r));
    *ret = g;
    return OV_OK;
}

void ov_wire_put_update(struct ov_buf *b, const struct ov_wire_update *u)
{
    ov_put_u32(b, u->task);
    ov_put_u32(b, u->n_mirrors);
    ov_put_u64(b, u->now);
    ov_put_u64(b, u->hold);
    ov_put_u64(b, u->engine);
    ov_put_span(b, ov_span_of(u->rollout_id, sizeof(u->rollout_id)));
    ov_put_block(b, ov_span_clip(u->channel, 0, OV_WIRE_MAX_WORD));
    ov_put_block(b, ov_span_clip(u->argument, 0, OV_WIRE_MAX_URL));
}

enum ov_status ov_wire_read_update(struct ov_span body,
                                   struct ov_wire_update *ret)
{
    struct ov_reader r = ov_reader_over(body);
    struct ov_wire_update u = {.task = ov_read_u32le(&r)};
    struct ov_span id;

    u.n_mirrors = ov_read_u32le(&r);
    u.now = ov_read_u64le(&r);
    u.hold = ov_read_u64le(&r);
    u.engine = ov_read_u64le(&r);
    id = ov_read_span(&r, sizeof(u.rollout_id));
    u.channel = read_text(&r, OV_WIRE_MAX_WORD);
    u.argument = read_text(&r, OV_WIRE_MAX_URL);
    OV_TRY(ov_reader_end(&r));
    memcpy(u.rollout_id, id.ptr, sizeof(u.rollout_id));
    *ret = u;
    return OV_OK;
}

void ov_wire_put_need(struct ov_buf *b, const struct ov_wire_need *n)
{
    ov_put_u32(b, n->from);
    ov_put_u32(b, n->mirror);
    ov_put_u64(b, n->max_len);
    ov_put_block(b, ov_span_clip(n->name, 0, OV_WIRE_MAX_NAME));
}

enum ov_status ov_wire_read_need(struct ov_span body, struct ov_wire_need *ret)
{
    struct ov_reader r = ov_reader_over(body);
    struct ov_wire_need n = {.from = ov_read_u32le(&r)};

    n.mirror = ov_read_u32le(&r);
    n.max_len = ov_read_u64le(&r);
    n.name = read_text(&r, OV_WIRE_MAX_NAME);
    OV_TRY(ov_reader_end(&r));
    *ret = n;
    return OV_OK;
}

void ov_wire_put_persist(struct ov_buf *b, const struct ov_wire_persist *p)
{
    ov_put_u32(b, p->what);
    ov_put_u64(b, p->len);
    ov_put_block(b, ov_span_clip(p->name, 0, OV_WIRE_MAX_NAME));
}

enum ov_status ov_wire_read_persist(struct ov_span body,
                                    struct ov_wire_persist *ret)
{
    struct ov_reader r = ov_reader_over(body);
    struct ov_wire_persist p = {.what = ov_read_u32le(&r)};

    p.len = ov_read_u64le(&r);
    p.name = read_text(&r, OV_WIRE_MAX_NAME);
    OV_TRY(ov_reader_end(&r));
    *ret = p;
    return OV_OK;
}

void ov_wire_put_number(struct ov_buf *b, uint64_t n)
{
    ov_put_u64(b, n);
}

enum ov_status ov_wire_read_number(struct ov_span body, uint64_t *ret)
{
    struct ov_reader r = ov_reader_over(body);
    uint64_t n = ov_read_u64le(&r);

    OV_TRY(ov_reader_end(&r));
    *ret = n;
    return OV_OK;
}

void ov_wire_put_answer(struct ov_buf *b, const struct ov_wire_answer *a)
{
    ov_put_u32(b, a->status);
    ov_put_block(b, ov_span_clip(a->words, 0, OV_WIRE_MAX_WORDS));
}

enum ov_status ov_wire_read_answer(struct ov_span body,
                                   struct ov_wire_answer *ret)
{
    struct ov_reader r = ov_reader_over(body);
    struct ov_wire_answer a = {.status = ov_read_u32le(&r)};

    a.words = read_text(&r, OV_WIRE_MAX_WORDS);
    OV_TRY(ov_reader_end(&r));
    *ret = a;
    return OV_OK;
}

void ov_wire_put_updated(struct ov_buf *b, const struct ov_wire_updated *u)
{
    ov_put_u32(b, u->refusal);
    ov_put_u32(b, u->step);
    ov_put_u8(b, u->is_installed);
    ov_put_u8(b, u->is_current);
    ov_put_u8(b, u->is_recalled);
    ov_put_u64(b, u->installed_seq);
    ov_put_u64(b, u->offered_seq);
    ov_put_block(b, ov_span_clip(u->detail, 0, OV_WIRE_MAX_WORDS));
}

static bool read_bool(struct ov_reader *r)
{
    uint8_t v = ov_read_u8(r);

    ov_reader_require(r, v <= 1, OV_MALFORMED);
    return v == 1;
}

enum ov_status ov_wire_read_updated(struct ov_span body,
                                    struct ov_wire_updated *ret)
{
    struct ov_reader r = ov_reader_over(body);
    struct ov_wire_updated u = {.refusal = ov_read_u32le(&r)};

    u.step = ov_read_u32le(&r);
    u.is_installed = read_bool(&r);
    u.is_current = read_bool(&r);
    u.is_recalled = read_bool(&r);
    u.installed_seq = ov_read_u64le(&r);
    u.offered_seq = ov_read_u64le(&r);
    u.detail = read_text(&r, OV_WIRE_MAX_WORDS);
    OV_TRY(ov_reader_end(&r));
    *ret = u;
    return OV_OK;
}
