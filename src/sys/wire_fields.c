/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/wire_fields.h"

#include <string.h>

#include "base/assert.h"

static void put_field(struct ov_buf *b, const struct ov_wire_field *f,
                      const uint8_t *from)
{
    struct ov_span text;
    uint64_t u64;
    uint32_t u32;
    bool flag;

    switch (f->kind) {
    case OV_WIRE_FIELD_FLAG:
        memcpy(&flag, from, sizeof(flag));
        ov_put_u8(b, flag);
        break;
    case OV_WIRE_FIELD_U32:
        memcpy(&u32, from, sizeof(u32));
        ov_put_u32(b, u32);
        break;
    case OV_WIRE_FIELD_U64:
        memcpy(&u64, from, sizeof(u64));
        ov_put_u64(b, u64);
        break;
    case OV_WIRE_FIELD_TEXT:
        memcpy(&text, from, sizeof(text));
        ov_put_block(b, ov_span_clip(text, 0, f->max));
        break;
    case OV_WIRE_FIELD_BYTES:
    default:
        ov_put_span(b, ov_span_of(from, f->max));
    }
}

void ov_fields_put(struct ov_buf *b, const struct ov_wire_field *fields,
                   size_t n, const void *from)
{
    for (size_t i = 0; i < n; i++)
        put_field(b, &fields[i], (const uint8_t *)from + fields[i].at);
}

static void read_bytes(struct ov_reader *r, uint8_t *to, size_t len)
{
    struct ov_span bytes = ov_read_span(r, len);

    if (ov_reader_status(r) == OV_OK)
        memcpy(to, bytes.ptr, len);
}

static void read_field(struct ov_reader *r, const struct ov_wire_field *f,
                       uint8_t *to)
{
    struct ov_span text;
    uint64_t u64;
    uint32_t u32;
    uint8_t byte;
    bool flag;

    switch (f->kind) {
    case OV_WIRE_FIELD_FLAG:
        byte = ov_read_u8(r);
        ov_reader_require(r, byte <= 1, OV_MALFORMED);
        flag = byte == 1;
        memcpy(to, &flag, sizeof(flag));
        break;
    case OV_WIRE_FIELD_U32:
        u32 = ov_read_u32le(r);
        memcpy(to, &u32, sizeof(u32));
        break;
    case OV_WIRE_FIELD_U64:
        u64 = ov_read_u64le(r);
        memcpy(to, &u64, sizeof(u64));
        break;
    case OV_WIRE_FIELD_TEXT:
        text = ov_read_block(r);
        ov_reader_require(r, text.len <= f->max, OV_MALFORMED);
        memcpy(to, &text, sizeof(text));
        break;
    case OV_WIRE_FIELD_BYTES:
    default:
        read_bytes(r, to, f->max);
    }
}

enum ov_status ov_fields_read(struct ov_span body,
                              const struct ov_wire_field *fields, size_t n,
                              void *ret, size_t size)
{
    struct ov_reader r = ov_reader_over(body);
    uint8_t made[OV_FIELDS_SIZE_MAX] = {0};

    OV_ASSERT(size <= sizeof(made));
    for (size_t i = 0; i < n; i++)
        read_field(&r, &fields[i], made + fields[i].at);
    OV_TRY(ov_reader_end(&r));
    memcpy(ret, made, size);
    return OV_OK;
}
