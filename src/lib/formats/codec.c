/* SPDX-License-Identifier: Apache-2.0
 *
 * Decoders of compressed streams behind one loop.
 *
 * Each library gives begin, step and end; the loop owns room, limits and the
 * question whether another stream follows ("cat a.gz b.gz" is one file).
 * Deflate first goes to libdeflate, three times as fast as zlib, which needs
 * to know how much will come out: the container's size, if it can be true
 * (deflate never expands more than 1032 times). If that fails in any way zlib
 * does it again from the start and gives what can be had of a damaged stream.
 *
 * When room ends the stream may have ended with it. So a last step gets one
 * byte that is not part of the output: only if the decoder fills it was the
 * limit passed.
 *
 * Limits: decoders may not hold more than MEMORY_MAX for a dictionary.
 * Formats: RFC 1950, 1951, 1952, 8878; the .xz file format 1.1; the libraries'
 * manuals. */
#define ZLIB_CONST 1

#include "formats/codec.h"

#include <bzlib.h>
#include <libdeflate.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "base/assert.h"
#include "formats/bzip2.h"
#include "formats/xz.h"

#define CHUNK ((size_t)64 << 10)
#define CHUNK_MAX ((size_t)4 << 20)
#define MEMORY_MAX ((uint64_t)256 << 20)
#define DEFLATE_RATIO_MAX 1032
/* Starting a decoder costs about this much, however short its stream. */
#define STEPS_PER_STREAM 2000
/* The same of our own for bzip2, which has tables and 4 MB of room. */
#define STEPS_PER_OWN_BZIP2 30000

enum step {
    STEP_MORE,
    STEP_END,
    STEP_BAD,
    STEP_NO_MEMORY,
};

/* What is left to read and to fill; a step moves both forward. */
struct flow {
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len;
};

union decoder {
    z_stream z;
    bz_stream bz;
    lzma_stream lz;
    ZSTD_DStream *zs;
};

struct codec_ops {
    bool (*begin)(union decoder *d);
    enum step (*step)(union decoder *d, struct flow *f);
    void (*end)(union decoder *d);
    bool is_repeated; /* another stream may follow */
};

static size_t at_most(size_t n, size_t max)
{
    return n < max ? n : max;
}

/* zlib */

static bool begin_zlib_bits(union decoder *d, int bits)
{
    memset(&d->z, 0, sizeof(d->z));
    return inflateInit2(&d->z, bits) == Z_OK;
}

static bool begin_deflate(union decoder *d)
{
    return begin_zlib_bits(d, -MAX_WBITS);
}

static bool begin_zlib(union decoder *d)
{
    return begin_zlib_bits(d, MAX_WBITS);
}

static bool begin_gzip(union decoder *d)
{
    return begin_zlib_bits(d, MAX_WBITS + 16);
}

static enum step step_zlib(union decoder *d, struct flow *f)
{
    uInt in = (uInt)at_most(f->in_len, 1u << 30);
    uInt out = (uInt)at_most(f->out_len, 1u << 30);
    int result;

    d->z.next_in = f->in;
    d->z.avail_in = in;
    d->z.next_out = f->out;
    d->z.avail_out = out;
    result = inflate(&d->z, Z_NO_FLUSH);
    f->in += in - d->z.avail_in;
    f->in_len -= in - d->z.avail_in;
    f->out += out - d->z.avail_out;
    f->out_len -= out - d->z.avail_out;
    if (result == Z_STREAM_END)
        return STEP_END;
    if (result == Z_MEM_ERROR)
        return STEP_NO_MEMORY;
    return result == Z_OK || result == Z_BUF_ERROR ? STEP_MORE : STEP_BAD;
}

static void end_zlib(union decoder *d)
{
    (void)inflateEnd(&d->z);
}

/* bzip2 */

static bool begin_bzip2(union decoder *d)
{
    memset(&d->bz, 0, sizeof(d->bz));
    return BZ2_bzDecompressInit(&d->bz, 0, 0) == BZ_OK;
}

static enum step step_bzip2(union decoder *d, struct flow *f)
{
    unsigned in = (unsigned)at_most(f->in_len, 1u << 30);
    unsigned out = (unsigned)at_most(f->out_len, 1u << 30);
    int result;

    /* The library does not write there, its header only lacks the const. */
    memcpy(&d->bz.next_in, &f->in, sizeof(f->in));
    d->bz.avail_in = in;
    d->bz.next_out = (char *)f->out;
    d->bz.avail_out = out;
    result = BZ2_bzDecompress(&d->bz);
    f->in += in - d->bz.avail_in;
    f->in_len -= in - d->bz.avail_in;
    f->out += out - d->bz.avail_out;
    f->out_len -= out - d->bz.avail_out;
    if (result == BZ_STREAM_END)
        return STEP_END;
    if (result == BZ_MEM_ERROR)
        return STEP_NO_MEMORY;
    return result == BZ_OK ? STEP_MORE : STEP_BAD;
}

static void end_bzip2(union decoder *d)
{
    (void)BZ2_bzDecompressEnd(&d->bz);
}

/* liblzma */

static bool begin_lzma(union decoder *d)
{
    d->lz = (lzma_stream)LZMA_STREAM_INIT;
    return lzma_alone_decoder(&d->lz, MEMORY_MAX) == LZMA_OK;
}

static bool begin_xz(union decoder *d)
{
    d->lz = (lzma_stream)LZMA_STREAM_INIT;
    return lzma_stream_decoder(&d->lz, MEMORY_MAX, 0) == LZMA_OK;
}

static enum step step_lzma(union decoder *d, struct flow *f)
{
    lzma_ret result;

    d->lz.next_in = f->in;
    d->lz.avail_in = f->in_len;
    d->lz.next_out = f->out;
    d->lz.avail_out = f->out_len;
    result = lzma_code(&d->lz, LZMA_RUN);
    f->in = d->lz.next_in;
    f->in_len = d->lz.avail_in;
    f->out = d->lz.next_out;
    f->out_len = d->lz.avail_out;
    if (result == LZMA_STREAM_END)
        return STEP_END;
    if (result == LZMA_MEM_ERROR || result == LZMA_MEMLIMIT_ERROR)
        return STEP_NO_MEMORY;
    return result == LZMA_OK || result == LZMA_BUF_ERROR ? STEP_MORE : STEP_BAD;
}

static void end_lzma(union decoder *d)
{
    lzma_end(&d->lz);
}

/* zstd */

static bool begin_zstd(union decoder *d)
{
    d->zs = ZSTD_createDStream();
    return d->zs != NULL;
}

static enum step step_zstd(union decoder *d, struct flow *f)
{
    ZSTD_inBuffer in = {f->in, f->in_len, 0};
    ZSTD_outBuffer out = {f->out, f->out_len, 0};
    size_t result = ZSTD_decompressStream(d->zs, &out, &in);

    f->in += in.pos;
    f->in_len -= in.pos;
    f->out += out.pos;
    f->out_len -= out.pos;
    if (ZSTD_isError(result))
        return STEP_BAD;
    return result == 0 ? STEP_END : STEP_MORE;
}

static void end_zstd(union decoder *d)
{
    (void)ZSTD_freeDStream(d->zs);
}

static const struct codec_ops codecs[OV_N_CODECS] = {
    [OV_CODEC_DEFLATE] = {begin_deflate, step_zlib, end_zlib, false},
    [OV_CODEC_ZLIB] = {begin_zlib, step_zlib, end_zlib, false},
    [OV_CODEC_GZIP] = {begin_gzip, step_zlib, end_zlib, true},
    [OV_CODEC_BZIP2] = {begin_bzip2, step_bzip2, end_bzip2, true},
    [OV_CODEC_LZMA] = {begin_lzma, step_lzma, end_lzma, false},
    [OV_CODEC_XZ] = {begin_xz, step_lzma, end_lzma, true},
    [OV_CODEC_ZSTD] = {begin_zstd, step_zstd, end_zstd, true},
};

/* Output within both limits. */

uint8_t *ov_produce_room(struct ov_buf *into, const struct ov_budget *budget,
                         size_t want, size_t *ret_len)
{
    uint64_t left = ov_budget_left(budget, OV_COST_BYTES);
    size_t len = at_most(want, into->max - into->len);
    uint8_t *room = NULL;

    if (len > left)
        len = (size_t)left;
    if (len > 0)
        room = ov_buf_room(into, len);
    *ret_len = room ? len : 0;
    return room;
}

enum ov_status ov_produced(struct ov_buf *into, struct ov_budget *budget,
                           size_t len)
{
    ov_buf_added(into, len);
    return ov_budget_spend(budget, OV_COST_BYTES, len);
}

enum ov_status ov_produce(struct ov_buf *into, struct ov_budget *budget,
                          struct ov_span s)
{
    size_t len;

    if (s.len == 0)
        return OV_OK;
    if (ov_produce_room(into, budget, s.len, &len) == NULL) {
        OV_TRY(ov_buf_status(into));
        return OV_LIMIT_SIZE;
    }
    ov_put_span(into, ov_span_clip(s, 0, len));
    OV_TRY(ov_budget_spend(budget, OV_COST_BYTES, len));
    return len == s.len ? OV_OK : OV_LIMIT_SIZE;
}

enum ov_status ov_produce_zeros(struct ov_buf *into, struct ov_budget *budget,
                                uint64_t len)
{
    while (len > 0) {
        size_t want = len < CHUNK_MAX ? (size_t)len : CHUNK_MAX;
        size_t got;
        uint8_t *room = ov_produce_room(into, budget, want, &got);

        if (room == NULL) {
            OV_TRY(ov_buf_status(into));
            return OV_LIMIT_SIZE;
        }
        memset(room, 0, got);
        OV_TRY(ov_produced(into, budget, got));
        len -= got;
    }
    return OV_OK;
}

/* The loop. */

/* One step of a decoder into the room there is. */
static enum ov_status advance(const struct ov_decode_job *job, union decoder *d,
                              struct flow *f, struct ov_buf *into,
                              enum step *ret_step)
{
    size_t before = f->in_len;
    size_t want = into->len < CHUNK ? CHUNK : at_most(into->len, CHUNK_MAX);
    size_t len;
    uint8_t beyond;

    f->out = ov_produce_room(into, job->budget, want, &len);
    OV_TRY(ov_buf_status(into));
    f->out_len = len;
    if (len == 0) {
        f->out = &beyond;
        f->out_len = 1;
    }
    *ret_step = codecs[job->codec].step(d, f);
    OV_TRY(ov_budget_spend(job->budget, OV_COST_STEPS, before - f->in_len));
    if (len == 0)
        return f->out_len == 0 ? OV_LIMIT_SIZE : OV_OK;
    return ov_produced(into, job->budget, len - f->out_len);
}

static enum ov_status run(const struct ov_decode_job *job, union decoder *d,
                          struct flow *f, struct ov_buf *into)
{
    for (;;) {
        size_t in_before = f->in_len;
        size_t out_before = into->len;
        enum step step;

        OV_TRY(advance(job, d, f, into, &step));
        if (step == STEP_END)
            return OV_OK;
        if (step == STEP_NO_MEMORY)
            return OV_LIMIT_SIZE;
        if (step == STEP_BAD)
            return OV_MALFORMED;
        if (in_before == f->in_len && out_before == into->len)
            return f->in_len == 0 ? OV_TRUNCATED : OV_MALFORMED;
    }
}

static enum ov_status run_stream(const struct ov_decode_job *job,
                                 struct flow *f, struct ov_buf *into)
{
    union decoder d;
    enum ov_status status;

    OV_TRY(ov_budget_spend(job->budget, OV_COST_STEPS, STEPS_PER_STREAM));
    if (!codecs[job->codec].begin(&d))
        return OV_NO_MEMORY;
    status = run(job, &d, f, into);
    codecs[job->codec].end(&d);
    return status;
}

/* Our own decoders, of sound streams only. */
static bool run_own(const struct ov_decode_job *job, struct ov_span in,
                    struct ov_buf *into, size_t *ret_used)
{
    if (job->codec == OV_CODEC_XZ)
        return ov_xz_decode(in, job->budget, job->crew, into, ret_used);
    return job->codec == OV_CODEC_BZIP2 &&
           ov_bzip2_decode(in, job->budget, job->crew, into, ret_used);
}

/* As run_stream; first the fast way, where there is one. */
static enum ov_status run_either(const struct ov_decode_job *job,
                                 struct flow *f, struct ov_buf *into)
{
    size_t used;

    if (!run_own(job, ov_span_of(f->in, f->in_len), into, &used))
        return run_stream(job, f, into);
    f->in += used;
    f->in_len -= used;
    return ov_budget_spend(job->budget, OV_COST_STEPS,
                           job->codec == OV_CODEC_BZIP2 ? STEPS_PER_OWN_BZIP2
                                                        : STEPS_PER_STREAM);
}

/* Zeros pad streams of .xz and gzip; other bytes behind the end are not ours,
 * if they don't begin as the first stream did. */
static bool is_another(const struct ov_decode_job *job, struct flow *f)
{
    struct ov_span rest = ov_span_of(f->in, f->in_len);
    struct ov_span magic = ov_span_clip(job->in, 0, 2);

    return codecs[job->codec].is_repeated && ov_span_starts(rest, magic);
}

static enum ov_status run_all(const struct ov_decode_job *job,
                              struct ov_buf *into, size_t *ret_used)
{
    /* An empty span has no address, and decoders add to it. */
    static const uint8_t nothing[1];
    struct flow f = {.in = job->in.len > 0 ? job->in.ptr : nothing,
                     .in_len = job->in.len};
    enum ov_status status;

    do
        status = run_either(job, &f, into);
    while (status == OV_OK && is_another(job, &f));
    *ret_used = job->in.len - f.in_len;
    return status;
}

/* Deflate of known size */

typedef enum libdeflate_result (*one_shot)(struct libdeflate_decompressor *,
                                           const void *, size_t, void *, size_t,
                                           size_t *, size_t *);

static one_shot one_shot_of(enum ov_codec codec)
{
    if (codec == OV_CODEC_DEFLATE)
        return libdeflate_deflate_decompress_ex;
    if (codec == OV_CODEC_ZLIB)
        return libdeflate_zlib_decompress_ex;
    return codec == OV_CODEC_GZIP ? libdeflate_gzip_decompress_ex : NULL;
}

/* The room for a one-shot decoder, or NULL if the size can't be true or is
 * not wanted. */
static uint8_t *hinted_room(const struct ov_decode_job *job,
                            struct ov_buf *into, size_t *ret_len)
{
    size_t len = (size_t)job->size_hint;
    uint8_t *room;

    if (job->size_hint == OV_DECODE_NO_HINT || len == 0 ||
        len / DEFLATE_RATIO_MAX > job->in.len)
        return NULL;
    room = ov_produce_room(into, job->budget, len, ret_len);
    return *ret_len == len ? room : NULL;
}

/* Whether the whole was decoded in one go; if not, nothing has changed. */
static bool decode_at_once(const struct ov_decode_job *job, struct ov_buf *into,
                           size_t *ret_used, enum ov_status *ret_status)
{
    one_shot decode = one_shot_of(job->codec);
    struct libdeflate_decompressor *d;
    uint8_t *room;
    size_t len;
    size_t used;
    size_t made;
    bool is_done;

    if (decode == NULL)
        return false;
    room = hinted_room(job, into, &len);
    if (room == NULL)
        return false;
    d = libdeflate_alloc_decompressor();
    if (d == NULL)
        return false;
    is_done = decode(d, job->in.ptr, job->in.len, room, len, &used, &made) ==
              LIBDEFLATE_SUCCESS;
    libdeflate_free_decompressor(d);
    if (!is_done || (codecs[job->codec].is_repeated && used != job->in.len))
        return false;
    *ret_used = used;
    *ret_status = ov_produced(into, job->budget, made);
    if (*ret_status == OV_OK)
        *ret_status = ov_budget_spend(job->budget, OV_COST_STEPS, used);
    return true;
}

enum ov_status ov_decode(const struct ov_decode_job *job, struct ov_buf *into,
                         size_t *ret_used)
{
    size_t unused;
    enum ov_status status;

    OV_ASSERT(job->codec < OV_N_CODECS);
    if (ret_used == NULL)
        ret_used = &unused;
    *ret_used = 0;
    if (job->codec == OV_CODEC_STORE) {
        *ret_used = job->in.len;
        return ov_produce(into, job->budget, job->in);
    }
    if (decode_at_once(job, into, ret_used, &status))
        return status;
    return run_all(job, into, ret_used);
}
