/* SPDX-License-Identifier: Apache-2.0
 *
 * What is wrapped in streams of compound files.
 *
 * Macros: the source of a VBA module is compressed somewhere in the module's
 * stream; where is told by another stream, which malware damages on purpose.
 * But every source begins with "Attribute VB_Name", and compressed that is
 * always the same eleven bytes (find_macros), behind a signature byte and a
 * chunk's header. So that is looked for, in every stream.
 *
 * Packages ("\1Ole10Native") hold a file with its name. Presentations hold
 * objects as records, most of them deflated.
 *
 * Formats: [MS-OVBA] 2.4.1, [MS-OLEDS] 2.3.6, [MS-PPT] 2.10.34 and 2.3.1,
 * [MS-DOC] 2.5.2, [MS-XLS] 2.4.117. */
#include "formats/ole2_inner.h"

#include "base/reader.h"
#include "formats/codec.h"

#define PART_MAX ((size_t)64 << 20)
#define VBA_SIGNATURE 1
#define VBA_CHUNK 4096
#define PPT_OBJECT 0x1011
#define PPT_IS_CONTAINER 0xf
#define XLS_BOF 0x0809
#define XLS_FILEPASS 0x002f
#define DOC_ENCRYPTED 0x0100

void ov_ole2_inner_clear(struct ov_ole2_inner *inner)
{
    while (inner->n > 0)
        ov_buf_done(&inner->parts[--inner->n].bytes);
}

void ov_ole2_inner_done(struct ov_ole2_inner *inner)
{
    ov_ole2_inner_clear(inner);
    ov_free(inner->parts);
    inner->parts = NULL;
}

static enum ov_status new_part(struct ov_ole2_inner *inner, enum ov_type type,
                               struct ov_ole2_part **ret)
{
    if (inner->parts == NULL)
        inner->parts = ov_alloc_array(OV_OLE2_PARTS_MAX, sizeof(*inner->parts));
    if (inner->parts == NULL)
        return OV_NO_MEMORY;
    if (inner->n == OV_OLE2_PARTS_MAX)
        return OV_LIMIT_COUNT;
    *ret = &inner->parts[inner->n++];
    **ret =
        (struct ov_ole2_part){.bytes = ov_buf_with_max(PART_MAX), .type = type};
    return OV_OK;
}

/* Damage is no reason to stop: what could be read is a part. */
static enum ov_status forgive(enum ov_status status)
{
    return ov_status_class(status) == OV_CLASS_BYTES ? OV_OK : status;
}

/* VBA */

/* [MS-OVBA] 2.4.1.3.19.1: how many bits of a copy token are its length depends
 * on how far the chunk has come. */
static unsigned offset_bits(size_t done)
{
    unsigned bits = 4;

    while (((size_t)1 << bits) < done)
        bits++;
    return bits;
}

static enum ov_status copy_back(struct ov_buf *into, size_t chunk_at,
                                uint16_t token)
{
    size_t done = into->len - chunk_at;
    unsigned bits = offset_bits(done);
    size_t back = (size_t)(token >> (16 - bits)) + 1;
    size_t len = (token & (0xffffu >> bits)) + 3u;

    if (back > done || done + len > VBA_CHUNK)
        return OV_MALFORMED;
    for (size_t i = 0; i < len; i++)
        ov_put_u8(into,
                  (uint8_t)ov_span_byte(ov_buf_span(into), into->len - back));
    return ov_buf_status(into);
}

static enum ov_status decompress_chunk(struct ov_span packed,
                                       struct ov_buf *into)
{
    struct ov_reader r = ov_reader_over(packed);
    size_t chunk_at = into->len;

    while (ov_reader_more(&r)) {
        uint8_t flags = ov_read_u8(&r);

        for (int i = 0; i < 8 && ov_reader_more(&r); i++, flags >>= 1) {
            if (flags & 1)
                OV_TRY(copy_back(into, chunk_at, ov_read_u16le(&r)));
            else if (into->len - chunk_at < VBA_CHUNK)
                ov_put_u8(into, ov_read_u8(&r));
            else
                return OV_MALFORMED;
        }
    }
    OV_TRY(ov_reader_status(&r));
    return ov_buf_status(into);
}

enum ov_status ov_vba_decompress(struct ov_span packed,
                                 struct ov_budget *budget, struct ov_buf *into)
{
    struct ov_reader r = ov_reader_over(packed);

    ov_reader_require(&r, ov_read_u8(&r) == VBA_SIGNATURE, OV_MALFORMED);
    while (ov_reader_more(&r)) {
        uint16_t header = ov_read_u16le(&r);
        size_t before = into->len;
        struct ov_span chunk;
        enum ov_status status = OV_OK;

        /* Whatever is behind the source does not look like a chunk. */
        if ((header & 0x7000) != 0x3000)
            break;
        chunk = ov_span_clip(packed, r.at, (header & 0xfffu) + 1u);
        if (header & 0x8000)
            status = decompress_chunk(chunk, into);
        else
            ov_put_span(into, chunk);
        OV_TRY(ov_budget_spend(budget, OV_COST_STEPS, 8 * VBA_CHUNK));
        OV_TRY(ov_budget_spend(budget, OV_COST_BYTES, into->len - before));
        OV_TRY(status);
        ov_reader_skip(&r, (header & 0xfffu) + 1u);
    }
    OV_TRY(ov_buf_status(into));
    return ov_reader_status(&r);
}

static enum ov_status find_macros(struct ov_ole2_inner *inner,
                                  struct ov_span stream,
                                  struct ov_budget *budget)
{
    static const uint8_t begin[] = {0,   'A', 't', 't', 'r', 'i',
                                    'b', 'u', 't', 0,   'e'};
    struct ov_span mark = ov_span_of(begin, sizeof(begin));
    size_t at = ov_span_find(stream, mark, 0);

    while (at != SIZE_MAX) {
        struct ov_ole2_part *part;

        if (at >= 3) {
            OV_TRY(new_part(inner, OV_TYPE_VBA, &part));
            OV_TRY(forgive(
                ov_vba_decompress(ov_span_clip(stream, at - 3, stream.len),
                                  budget, &part->bytes)));
        }
        at = ov_span_find(stream, mark, at + mark.len);
    }
    return OV_OK;
}

/* Packages */

static struct ov_span read_text(struct ov_reader *r)
{
    struct ov_span rest = ov_reader_rest(r);
    struct ov_span text = {NULL, 0};

    ov_reader_require(r, ov_span_cut(&rest, 0, &text), OV_TRUNCATED);
    ov_reader_skip(r, text.len + 1);
    return text;
}

/* [MS-OLEDS] 2.3.6, and the layout that the Windows packager gives it: label,
 * path, path of a temporary copy, then the file. */
static enum ov_status find_package(struct ov_ole2_inner *inner,
                                   struct ov_span stream)
{
    struct ov_reader r = ov_reader_over(stream);
    struct ov_ole2_part *part;
    struct ov_span label;
    uint32_t len;

    ov_reader_skip(&r, 4 + 2);
    label = read_text(&r);
    (void)read_text(&r);
    ov_reader_skip(&r, 4);
    ov_reader_skip(&r, ov_read_u32le(&r));
    len = ov_read_u32le(&r);
    if (ov_reader_status(&r) != OV_OK || len == 0) {
        /* Not a package: the object itself, behind its length. */
        label = (struct ov_span){NULL, 0};
        r = ov_reader_over(stream);
        len = ov_read_u32le(&r);
    }
    OV_TRY(new_part(inner, OV_TYPE_DATA, &part));
    ov_put_span(&part->bytes, ov_span_clip(stream, r.at, len));
    len = (uint32_t)part->bytes.len;
    ov_put_span(&part->bytes, ov_span_clip(label, 0, 255));
    part->name = ov_span_clip(ov_buf_span(&part->bytes), len, 255);
    part->bytes.len = len;
    return ov_buf_status(&part->bytes);
}

/* Presentations: records in records; containers are entered, others skipped. */
static enum ov_status find_objects(struct ov_ole2_inner *inner,
                                   struct ov_span stream,
                                   struct ov_budget *budget)
{
    struct ov_reader r = ov_reader_over(stream);

    while (ov_reader_more(&r)) {
        uint16_t version = ov_read_u16le(&r);
        uint16_t type = ov_read_u16le(&r);
        uint32_t len = ov_read_u32le(&r);
        struct ov_span body = ov_span_clip(stream, r.at, len);
        struct ov_ole2_part *part;
        struct ov_decode_job job = {.codec = OV_CODEC_ZLIB, .budget = budget};

        if (ov_reader_status(&r) != OV_OK)
            break;
        if (type == PPT_OBJECT && body.len > 4) {
            OV_TRY(new_part(inner, OV_TYPE_DATA, &part));
            job.in = ov_span_clip(body, 4, body.len);
            job.size_hint = OV_DECODE_NO_HINT;
            /* The instance says whether it is deflated. */
            if (version >> 4 == 1)
                OV_TRY(forgive(ov_decode(&job, &part->bytes, NULL)));
            else
                ov_put_span(&part->bytes, body);
            OV_TRY(ov_buf_status(&part->bytes));
        }
        if ((version & 15) != PPT_IS_CONTAINER)
            ov_reader_skip(&r, len);
    }
    return OV_OK;
}

enum ov_status ov_ole2_inner_find(struct ov_ole2_inner *inner,
                                  struct ov_span name, struct ov_span stream,
                                  struct ov_budget *budget)
{
    if (ov_span_equal(name, OV_SPAN_LIT("\1Ole10Native")))
        return find_package(inner, stream);
    if (ov_span_equal(name, OV_SPAN_LIT("PowerPoint Document")))
        return find_objects(inner, stream, budget);
    return find_macros(inner, stream, budget);
}

bool ov_ole2_is_encrypted(struct ov_span name, struct ov_span stream)
{
    uint16_t flags = 0;
    uint16_t type = 0;
    uint16_t len = 0;

    if (ov_span_equal(name, OV_SPAN_LIT("WordDocument")))
        return ov_span_u16le(stream, 10, &flags) &&
               (flags & DOC_ENCRYPTED) != 0;
    if (!ov_span_equal(name, OV_SPAN_LIT("Workbook")) &&
        !ov_span_equal(name, OV_SPAN_LIT("Book")))
        return false;
    return ov_span_u16le(stream, 0, &type) && type == XLS_BOF &&
           ov_span_u16le(stream, 2, &len) &&
           ov_span_u16le(stream, 4u + len, &type) && type == XLS_FILEPASS;
}
