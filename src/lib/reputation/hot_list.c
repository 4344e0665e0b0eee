/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/hot_list.h"

/*
 * The hot list (docs/protocol-reputation.md, "Hot list"):
 *
 *     0  4  "OVH1"           16 24n  records, rising
 *     4  4  epoch                20    bits 0 to 159 of the hash
 *     8  4  n                     1    reputation
 *    12  4  24, a record's size   3    family
 *
 * Two million of them are 48 MB, and a search looks at 21.
 */

#define MAGIC 0x4f564831U /* "OVH1" */

void ov_put_hot_head(struct ov_buf *b, uint32_t epoch, uint32_t n)
{
    ov_put_u32be(b, MAGIC);
    ov_put_u32be(b, epoch);
    ov_put_u32be(b, n);
    ov_put_u32be(b, OV_HOT_RECORD);
}

void ov_put_hot_record(struct ov_buf *b, const struct ov_hot_record *record)
{
    ov_put_span(b, ov_span_of(record->prefix, OV_HOT_PREFIX));
    ov_put_u8(b, (uint8_t)record->reputation);
    ov_put_u24be(b, record->family);
}

enum ov_status ov_hot_open(struct ov_span bytes, struct ov_hot *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_hot h = {0};

    ov_reader_require(&r, ov_read_u32be(&r) == MAGIC, OV_MALFORMED);
    h.epoch = ov_read_u32be(&r);
    h.n = ov_read_u32be(&r);
    ov_reader_require(&r, h.n <= OV_HOT_MAX, OV_MALFORMED);
    ov_reader_require(&r, ov_read_u32be(&r) == OV_HOT_RECORD, OV_MALFORMED);
    h.records = ov_read_span(&r, (uint64_t)h.n * OV_HOT_RECORD);
    OV_TRY(ov_reader_end(&r));
    *ret = h;
    return OV_OK;
}

enum ov_status ov_hot_check(const struct ov_hot *h)
{
    if (!ov_items_rise(h->records, h->n, OV_HOT_RECORD, OV_HOT_PREFIX))
        return OV_MALFORMED;
    for (size_t i = 0; i < h->n; i++) {
        if (ov_span_byte(h->records, i * OV_HOT_RECORD + OV_HOT_PREFIX) >=
            OV_N_REPUTATION)
            return OV_MALFORMED;
    }
    return OV_OK;
}

void ov_hot_at(const struct ov_hot *h, size_t n, struct ov_hot_record *ret)
{
    struct ov_reader r = ov_reader_over(
        ov_span_clip(h->records, (uint64_t)n * OV_HOT_RECORD, OV_HOT_RECORD));
    struct ov_span prefix = ov_read_span(&r, OV_HOT_PREFIX);

    *ret = (struct ov_hot_record){0};
    if (prefix.len == OV_HOT_PREFIX)
        memcpy(ret->prefix, prefix.ptr, OV_HOT_PREFIX);
    ret->reputation = (enum ov_reputation)ov_read_u8(&r);
    ret->family = ov_read_u24be(&r);
}

bool ov_hot_find(const struct ov_hot *h, const uint8_t hash[static 32],
                 struct ov_hot_record *ret)
{
    struct ov_span key = ov_span_of(hash, OV_HOT_PREFIX);
    size_t at = ov_items_find(h->records, h->n, OV_HOT_RECORD, key);

    if (!ov_span_has_at(h->records, (uint64_t)at * OV_HOT_RECORD, key))
        return false;
    ov_hot_at(h, at, ret);
    return true;
}
