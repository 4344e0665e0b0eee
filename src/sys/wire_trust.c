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
