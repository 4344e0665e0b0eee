/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that are one compressed stream: gzip, bzip2, xz, lzma, zstd. They are
 * containers with one member; a .tar.gz has a tar as its member, which is then
 * a container itself. Several streams one after the other are one member.
 *
 * A Flash film is such a stream behind eight bytes; its member is the film as
 * it would be if it were not compressed. What is not compressed has no member.
 *
 * gzip (RFC 1952) names its member and ends with the length modulo 2^32, which
 * is the hint that lets the fast decoder run. */
#include "base/reader.h"
#include "formats/codec.h"
#include "formats/unpacker.h"

struct stream {
    struct ov_decode_job job;
    struct ov_span name;
    struct ov_buf head; /* goes before what comes out */
    struct ov_buf made; /* the input, where it is not a part of the file */
    bool is_given;
};

enum gzip_flag {
    GZIP_EXTRA = 4,
    GZIP_NAME = 8,
};

/* RFC 1952, section 2.3. */
static struct ov_span gzip_name(struct ov_span bytes)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_span rest;
    struct ov_span name;
    uint8_t flags;

    ov_reader_skip(&r, 3);
    flags = ov_read_u8(&r);
    ov_reader_skip(&r, 6);
    if (flags & GZIP_EXTRA)
        ov_reader_skip(&r, ov_read_u16le(&r));
    rest = ov_reader_rest(&r);
    if ((flags & GZIP_NAME) == 0 || !ov_span_cut(&rest, 0, &name))
        return (struct ov_span){NULL, 0};
    return name;
}

static enum ov_codec codec_of(enum ov_type type)
{
    static const struct {
        enum ov_type type;
        enum ov_codec codec;
    } codecs[] = {
        {OV_TYPE_BZ, OV_CODEC_BZIP2},
        {OV_TYPE_XZ, OV_CODEC_XZ},
        {OV_TYPE_LZMA, OV_CODEC_LZMA},
        {OV_TYPE_ZSTD, OV_CODEC_ZSTD},
    };

    for (size_t i = 0; i < sizeof(codecs) / sizeof(*codecs); i++)
        if (codecs[i].type == type)
            return codecs[i].codec;
    return OV_CODEC_GZIP;
}

static void free_stream(void *state)
{
    struct stream *s = state;

    ov_buf_done(&s->head);
    ov_buf_done(&s->made);
    ov_free(s);
}

/* SWF File Format Specification 19, chapter 2: "FWS" is plain, "CWS" zlib,
 * "ZWS" LZMA, whose header lacks the size. */
static enum ov_status open_film(struct stream *s, struct ov_span film)
{
    struct ov_reader r = ov_reader_over(film);
    uint8_t kind = ov_read_u8(&r);
    struct ov_span rest;
    uint32_t len;

    ov_reader_skip(&r, 2);
    ov_put_str(&s->head, "FWS");
    ov_put_u8(&s->head, ov_read_u8(&r));
    len = ov_read_u32le(&r);
    ov_put_u32(&s->head, len);
    s->job.codec = OV_CODEC_ZLIB;
    s->job.in = ov_reader_rest(&r);
    s->is_given = kind == 'F';
    OV_TRY(ov_buf_status(&s->head));
    if (kind != 'Z')
        return ov_reader_status(&r);
    ov_reader_skip(&r, 4);
    ov_put_span(&s->made, ov_read_span(&r, 5));
    ov_put_u64(&s->made, len > 8 ? len - 8 : OV_DECODE_NO_HINT);
    rest = ov_reader_rest(&r);
    ov_put_span(&s->made, rest);
    OV_TRY(ov_reader_status(&r));
    s->job.codec = OV_CODEC_LZMA;
    s->job.in = ov_buf_span(&s->made);
    return ov_buf_status(&s->made);
}

static enum ov_status open_stream(const struct ov_unpack_job *job,
                                  void **ret_state)
{
    struct stream *s = ov_alloc(sizeof(*s));
    uint32_t size;

    if (s == NULL)
        return OV_NO_MEMORY;
    s->job.codec = codec_of(job->type);
    s->job.in = job->bytes;
    s->job.budget = job->budget;
    s->job.crew = job->crew;
    s->job.size_hint = OV_DECODE_NO_HINT;
    s->head = ov_buf_with_max(8);
    s->made = ov_buf_with_max(job->bytes.len + 16);
    if (job->type == OV_TYPE_SWF) {
        enum ov_status status = open_film(s, job->bytes);

        if (status != OV_OK) {
            free_stream(s);
            return status;
        }
        *ret_state = s;
        return OV_OK;
    }
    if (s->job.codec == OV_CODEC_GZIP) {
        s->name = gzip_name(job->bytes);
        if (job->bytes.len > 18 &&
            ov_span_u32le(job->bytes, job->bytes.len - 4, &size))
            s->job.size_hint = size;
    }
    *ret_state = s;
    return OV_OK;
}

static enum ov_status next_stream(void *state, struct ov_member *ret)
{
    struct stream *s = state;

    ret->is_end = s->is_given;
    ret->name = s->name;
    ret->packed_size = s->job.in.len;
    s->is_given = true;
    return OV_OK;
}

static enum ov_status read_stream(void *state, struct ov_buf *into)
{
    const struct stream *s = state;

    OV_TRY(ov_produce(into, s->job.budget, ov_buf_span(&s->head)));
    return ov_decode(&s->job, into, NULL);
}

const struct ov_unpack_ops ov_unpack_stream = {
    .open = open_stream,
    .next = next_stream,
    .read = read_stream,
    .free = free_stream,
};
