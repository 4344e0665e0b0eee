/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "formats/alert.h"

/* Alerts about damaged PNG, GIF and TIFF pictures: their parts are followed
 * from one to the next, and the first one that is cut off or leads nowhere is
 * told. What is in a part is not looked at. Where a picture may just end (PNG:
 * before a chunk, GIF: behind an image) it is whole.
 *
 * Formats: PNG (ISO/IEC 15948) 5.3; GIF89a 17 to 26; TIFF 6.0 section 2. Which
 * faults count, and their names: clamscan 1.4.6 with --alert-broken-media
 * (tests/oracle/alerts.py). */

#define STEPS_PER_PART 10
#define PNG(what) "Heuristics.Broken.Media.PNG." what
#define GIF(what) "Heuristics.Broken.Media.GIF." what
#define TIFF(what) "Heuristics.Broken.Media.TIFF." what

/* ---- PNG ---- */

#define PNG_CHUNKS_AT 8
#define PNG_HEADER_LEN 13
#define PNG_MAX_LEN 0x7fffffffu /* and width, and height */

static bool can_read(struct ov_reader *r, uint64_t len)
{
    ov_reader_skip(r, len);
    return ov_reader_status(r) == OV_OK;
}

/* Of no size: there is nothing to draw, and nothing more to look at. */
static bool is_without_size(struct ov_span header)
{
    uint32_t width = 0;
    uint32_t height = 0;

    (void)ov_span_u32be(header, 0, &width);
    (void)ov_span_u32be(header, 4, &height);
    return header.len != PNG_HEADER_LEN || width == 0 || height == 0 ||
           width > PNG_MAX_LEN || height > PNG_MAX_LEN;
}

/* One chunk; NULL if it is whole. */
static const char *look_at_chunk(struct ov_reader *r, bool *ret_is_last)
{
    uint32_t len = ov_read_u32be(r);
    struct ov_span type, data;

    *ret_is_last = true;
    if (ov_reader_status(r) != OV_OK)
        return NULL;
    if (len > PNG_MAX_LEN)
        return PNG("InvalidChunkLength");
    type = ov_read_span(r, 4);
    if (ov_reader_status(r) != OV_OK)
        return PNG("EOFReadingChunkType");
    data = ov_read_span(r, len);
    if (ov_reader_status(r) != OV_OK)
        return PNG("EOFReadingChunk");
    if (ov_span_equal(type, OV_SPAN_LIT("IHDR")) && is_without_size(data))
        return NULL;
    if (!can_read(r, 4))
        return PNG("EOFReadingChunkCRC");
    *ret_is_last = ov_span_equal(type, OV_SPAN_LIT("IEND"));
    return NULL;
}

enum ov_status ov_alert_png(const struct ov_alert_job *job, const char **ret)
{
    struct ov_reader r = ov_reader_over(job->bytes);
    bool is_last = false;
    uint64_t n = 0;

    *ret = NULL;
    ov_reader_skip(&r, PNG_CHUNKS_AT);
    for (; *ret == NULL && !is_last; n++)
        *ret = look_at_chunk(&r, &is_last);
    return ov_budget_spend(job->budget, OV_COST_STEPS, STEPS_PER_PART * n);
}

/* ---- GIF ---- */

#define GIF_HEADER 6
#define GIF_HAS_COLORS 0x80
#define GIF_IMAGE ','
#define GIF_EXTENSION '!'
#define GIF_TRAILER ';'
#define GIF_CONTROL 0xf9
#define GIF_CONTROL_LEN 6

static uint64_t colors_len(uint8_t flags)
{
    return (flags & GIF_HAS_COLORS) != 0 ? UINT64_C(6) << (flags & 7) : 0;
}

/* Blocks with their lengths, up to one of none. ret_is_cut_inside: the end is
 * in a block, not before one. */
static bool skip_blocks(struct ov_reader *r, uint64_t *n,
                        bool *ret_is_cut_inside)
{
    uint8_t len;

    *ret_is_cut_inside = false;
    do {
        len = ov_read_u8(r);
        if (ov_reader_status(r) != OV_OK)
            return false;
        *n += 1;
        *ret_is_cut_inside = true;
        if (!can_read(r, len))
            return false;
        *ret_is_cut_inside = false;
    } while (len > 0);
    return true;
}

static const char *look_at_extension(struct ov_reader *r, uint64_t *n)
{
    uint8_t label = ov_read_u8(r);
    bool is_inside;

    if (ov_reader_status(r) != OV_OK)
        return GIF("TruncatedExtension");
    if (label == GIF_CONTROL) {
        ov_reader_skip(r, GIF_CONTROL_LEN);
        return NULL; /* that the end was there is told by what follows */
    }
    if (skip_blocks(r, n, &is_inside))
        return NULL;
    return is_inside ? GIF("TruncatedExtensionSubBlock")
                     : GIF("TruncatedExtension");
}

static const char *look_at_image(struct ov_reader *r, uint64_t *n)
{
    bool is_inside;
    uint8_t flags;

    ov_reader_skip(r, 8);
    flags = ov_read_u8(r);
    if (ov_reader_status(r) != OV_OK)
        return GIF("TruncatedImageDescriptor");
    ov_reader_skip(r, colors_len(flags) + 1);
    return skip_blocks(r, n, &is_inside) ? NULL
                                         : GIF("TruncatedImageDataBlock");
}

static const char *look_at_blocks(struct ov_reader *r, uint64_t *n)
{
    const char *fault = NULL;
    bool has_image = false;

    while (fault == NULL) {
        uint8_t label = ov_read_u8(r);

        *n += 1;
        if (ov_reader_status(r) != OV_OK)
            return has_image ? NULL : GIF("MissingImageData");
        if (label == GIF_TRAILER)
            return NULL;
        if (label == GIF_EXTENSION) {
            fault = look_at_extension(r, n);
        } else if (label == GIF_IMAGE) {
            fault = look_at_image(r, n);
            has_image = true;
        } else {
            fault = GIF("UnknownBlockLabel");
        }
    }
    return fault;
}

enum ov_status ov_alert_gif(const struct ov_alert_job *job, const char **ret)
{
    struct ov_reader r = ov_reader_over(job->bytes);
    uint64_t n = 0;
    uint8_t flags;

    ov_reader_skip(&r, GIF_HEADER + 4);
    flags = ov_read_u8(&r);
    ov_reader_skip(&r, 2);
    if (ov_reader_status(&r) != OV_OK)
        *ret = GIF("TruncatedScreenDescriptor");
    else if (!can_read(&r, colors_len(flags)))
        *ret = GIF("TruncatedGlobalColorTable");
    else
        *ret = look_at_blocks(&r, &n);
    return ov_budget_spend(job->budget, OV_COST_STEPS, STEPS_PER_PART * n);
}

/* ---- TIFF ---- */

#define TIFF_FIRST_AT 4
#define TIFF_INLINE 4

struct tiff {
    struct ov_reader r;
    bool is_big;
};

static uint32_t read_u16(struct tiff *t)
{
    return t->is_big ? ov_read_u16be(&t->r) : ov_read_u16le(&t->r);
}

static uint32_t read_u32(struct tiff *t)
{
    return t->is_big ? ov_read_u32be(&t->r) : ov_read_u32le(&t->r);
}

static bool has_failed(const struct tiff *t)
{
    return ov_reader_status(&t->r) != OV_OK;
}

static const char *look_at_entry(struct tiff *t)
{
    static const uint8_t sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
    uint32_t type, count, at;
    uint64_t len;

    ov_reader_skip(&t->r, 2);
    type = read_u16(t);
    count = read_u32(t);
    at = read_u32(t);
    if (has_failed(t))
        return TIFF("EOFReadingIFDEntry");
    if (type >= sizeof(sizes))
        return NULL;
    len = (uint64_t)count * sizes[type];
    return len > TIFF_INLINE && at + len > t->r.all.len
               ? TIFF("OutOfBoundsAccess")
               : NULL;
}

/* The directory at *at, which becomes that of the next one; 0: the last. */
static const char *look_at_directory(struct tiff *t, uint64_t *at, uint64_t *n)
{
    const char *fault = NULL;
    uint64_t end, next;
    uint32_t n_entries;

    ov_reader_seek(&t->r, *at);
    n_entries = read_u16(t);
    if (has_failed(t))
        return TIFF("EOFReadingNumIFDDirectoryEntries");
    for (; n_entries > 0 && fault == NULL; n_entries--, *n += 1)
        fault = look_at_entry(t);
    if (fault != NULL)
        return fault;
    end = t->r.at;
    next = read_u32(t);
    if (has_failed(t))
        return TIFF("EOFReadingChunkCRC");
    if (next != 0 && next <= end)
        return TIFF("OutOfOrderIFDOffset");
    *at = next;
    *n += 1;
    return NULL;
}

enum ov_status ov_alert_tiff(const struct ov_alert_job *job, const char **ret)
{
    struct tiff t = {ov_reader_over(job->bytes),
                     ov_span_starts(job->bytes, OV_SPAN_LIT("MM"))};
    uint64_t n = 0;
    uint64_t at;

    *ret = NULL;
    ov_reader_skip(&t.r, TIFF_FIRST_AT);
    at = read_u32(&t);
    if (has_failed(&t))
        *ret = TIFF("EOFReadingFirstIFDOffset");
    else if (at == 0)
        *ret = TIFF("InvalidIFDOffset");
    while (at != 0 && *ret == NULL)
        *ret = look_at_directory(&t, &at, &n);
    return ov_budget_spend(job->budget, OV_COST_STEPS, STEPS_PER_PART * n);
}
