/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"

#include "base/assert.h"

/* Reading hostile bytes in order. Every read goes through take(), the one place
 * that compares a length with what is left; so a parser can follow its
 * specification line by line and ask for the status once, at the end:
 *
 *     type = ov_read_u8(&r);
 *     body = ov_read_block(&r);
 *     return ov_reader_end(&r);
 *
 * A value that was just read may go into another read whatever it is; before it
 * decides anything else, the status has to be asked. */

/* The next len bytes, or NULL and a failed reader. */
static const uint8_t *take(struct ov_reader *r, uint64_t len)
{
    const uint8_t *here;

    OV_ASSERT(r->at <= r->all.len);
    if (r->status != OV_OK)
        return NULL;
    if (len > r->all.len - r->at) {
        r->status = OV_TRUNCATED;
        return NULL;
    }
    here = r->all.len > 0 ? r->all.ptr + r->at : NULL;
    r->at += (size_t)len;
    return here;
}

uint8_t ov_read_u8(struct ov_reader *r)
{
    const uint8_t *p = take(r, 1);

    return p ? *p : 0;
}

uint16_t ov_read_u16le(struct ov_reader *r)
{
    const uint8_t *p = take(r, 2);

    return p ? ov_load16le(p) : 0;
}

uint32_t ov_read_u32le(struct ov_reader *r)
{
    const uint8_t *p = take(r, 4);

    return p ? ov_load32le(p) : 0;
}

uint64_t ov_read_u64le(struct ov_reader *r)
{
    const uint8_t *p = take(r, 8);

    return p ? ov_load64le(p) : 0;
}

uint16_t ov_read_u16be(struct ov_reader *r)
{
    return __builtin_bswap16(ov_read_u16le(r));
}

uint32_t ov_read_u32be(struct ov_reader *r)
{
    return __builtin_bswap32(ov_read_u32le(r));
}

uint64_t ov_read_u64be(struct ov_reader *r)
{
    return __builtin_bswap64(ov_read_u64le(r));
}

uint64_t ov_read_varint(struct ov_reader *r)
{
    uint64_t value = 0;
    size_t began = r->at;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte = ov_read_u8(r);

        if (r->status != OV_OK)
            break;
        if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0)) {
            r->status = OV_MALFORMED;
            break;
        }
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return value;
    }
    r->at = began;
    if (r->status == OV_OK)
        r->status = OV_MALFORMED;
    return 0;
}

struct ov_span ov_read_span(struct ov_reader *r, uint64_t len)
{
    const uint8_t *p = take(r, len);

    return p ? ov_span_of(p, (size_t)len) : (struct ov_span){NULL, 0};
}

struct ov_span ov_read_block(struct ov_reader *r)
{
    size_t began = r->at;
    uint64_t len = ov_read_varint(r);
    struct ov_span block = ov_read_span(r, len);

    if (r->status != OV_OK)
        r->at = began;
    return block;
}

void ov_reader_skip(struct ov_reader *r, uint64_t len)
{
    (void)take(r, len);
}

void ov_reader_seek(struct ov_reader *r, uint64_t at)
{
    ov_reader_require(r, at <= r->all.len, OV_TRUNCATED);
    if (r->status == OV_OK)
        r->at = (size_t)at;
}

void ov_reader_require(struct ov_reader *r, bool cond, enum ov_status s)
{
    OV_ASSERT(s != OV_OK);
    if (r->status == OV_OK && !cond)
        r->status = s;
}

enum ov_status ov_reader_status(const struct ov_reader *r)
{
    return r->status;
}

bool ov_reader_more(const struct ov_reader *r)
{
    return r->status == OV_OK && r->at < r->all.len;
}

struct ov_span ov_reader_rest(const struct ov_reader *r)
{
    if (r->status != OV_OK)
        return (struct ov_span){NULL, 0};
    return ov_span_clip(r->all, r->at, r->all.len);
}

enum ov_status ov_reader_end(const struct ov_reader *r)
{
    if (r->status != OV_OK)
        return r->status;
    return r->at == r->all.len ? OV_OK : OV_MALFORMED;
}
