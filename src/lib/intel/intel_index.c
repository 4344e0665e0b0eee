/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/intel_index.h"

#include <string.h>

#include "base/reader.h"

/* 104 bytes a record:
 *
 *     0 16 id            72  8 since          96  4 family
 *    16 32 hash          80  4 edition       100  1 type
 *    48  8 added         84  4 part          101  1 reputation
 *    56  8 version       88  4 offset        102  1 flags
 *    64  8 created       92  4 length        103  1 turn
 *
 * and 24 an id: 16 id, 8 position of the record. */

void ov_put_intel_record(struct ov_buf *b, const struct ov_intel_record *r)
{
    ov_put_span(b, ov_span_of(r->id.bytes, sizeof(r->id.bytes)));
    ov_put_span(b, ov_span_of(r->hash, sizeof(r->hash)));
    ov_put_u64(b, r->added);
    ov_put_u64(b, r->version);
    ov_put_u64(b, r->created);
    ov_put_u64(b, r->since);
    ov_put_u32(b, r->edition);
    ov_put_u32(b, r->part);
    ov_put_u32(b, r->offset);
    ov_put_u32(b, r->len);
    ov_put_u32(b, r->family);
    ov_put_u8(b, r->type);
    ov_put_u8(b, r->reputation);
    ov_put_u8(b, r->flags);
    ov_put_u8(b, r->turn);
}

/* What has been read: len bytes of r into to. */
static void take(struct ov_reader *r, uint8_t *to, size_t len)
{
    struct ov_span s = ov_read_span(r, len);

    if (s.len == len)
        memcpy(to, s.ptr, len);
}

bool ov_intel_record_at(struct ov_span index, uint64_t n,
                        struct ov_intel_record *ret)
{
    struct ov_span one;
    struct ov_intel_record record = {0};

    if (n > index.len / OV_INTEL_RECORD ||
        !ov_span_sub(index, n * OV_INTEL_RECORD, OV_INTEL_RECORD, &one))
        return false;
    struct ov_reader r = ov_reader_over(one);
    take(&r, record.id.bytes, sizeof(record.id.bytes));
    take(&r, record.hash, sizeof(record.hash));
    record.added = ov_read_u64le(&r);
    record.version = ov_read_u64le(&r);
    record.created = ov_read_u64le(&r);
    record.since = ov_read_u64le(&r);
    record.edition = ov_read_u32le(&r);
    record.part = ov_read_u32le(&r);
    record.offset = ov_read_u32le(&r);
    record.len = ov_read_u32le(&r);
    record.family = ov_read_u32le(&r);
    record.type = ov_read_u8(&r);
    record.reputation = ov_read_u8(&r);
    record.flags = ov_read_u8(&r);
    record.turn = ov_read_u8(&r);
    if (ov_reader_end(&r) != OV_OK)
        return false;
    *ret = record;
    return true;
}

void ov_put_intel_id(struct ov_buf *b, const struct ov_uuid *id,
                     uint64_t position)
{
    ov_put_span(b, ov_span_of(id->bytes, sizeof(id->bytes)));
    ov_put_u64(b, position);
}

bool ov_intel_id_at(struct ov_span ids, uint64_t n, struct ov_uuid *ret_id,
                    uint64_t *ret_position)
{
    struct ov_span one;

    if (n > ids.len / OV_INTEL_ID_RECORD ||
        !ov_span_sub(ids, n * OV_INTEL_ID_RECORD, OV_INTEL_ID_RECORD, &one))
        return false;
    struct ov_reader r = ov_reader_over(one);
    take(&r, ret_id->bytes, sizeof(ret_id->bytes));
    *ret_position = ov_read_u64le(&r);
    return ov_reader_end(&r) == OV_OK;
}

uint64_t ov_intel_id_find(struct ov_span ids, const struct ov_uuid *id)
{
    uint64_t low = 0;
    uint64_t high = ids.len / OV_INTEL_ID_RECORD;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct ov_span at =
            ov_span_clip(ids, middle * OV_INTEL_ID_RECORD, sizeof(id->bytes));

        if (ov_span_compare(at, ov_span_of(id->bytes, sizeof(id->bytes))) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
