/* SPDX-License-Identifier: Apache-2.0
 *
 * PNG to gray: all color types, depths and Adam7 interlacing. 16 bits become 8
 * by rounding; gamma and color profiles are not applied and alpha is dropped,
 * since the hash is defined so. Nothing but the critical chunks is looked at;
 * their checksums must be right.
 *
 * Source: W3C "Portable Network Graphics (PNG) Specification", second edition:
 * 5 (chunks), 7.2 (scanlines), 8 (interlacing), 9 (filtering), 10 (zlib).
 */
#include <libdeflate.h>

#include "base/buf.h"
#include "base/reader.h"
#include "formats/picture.h"

#define PNG_MAX_RAW (256u << 20)
#define PNG_N_PASSES 7

struct png {
    struct ov_span bytes;
    uint32_t width;
    uint32_t height;
    uint8_t depth;
    uint8_t color;
    uint8_t is_interlaced;
    struct ov_span palette;
    struct ov_buf packed; /* the IDAT chunks, joined */
    uint8_t *raw;         /* filtered scanlines */
    size_t raw_len;
    size_t raw_at;
    struct ov_picture *picture;
};

/* One pass of Adam7 (8.2), or the whole picture. */
struct pass {
    uint8_t x, y, step_x, step_y;
};

static const struct pass passes[PNG_N_PASSES] = {
    {0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
    {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
};

static const struct pass whole = {0, 0, 1, 1};

static unsigned channels_of(const struct png *p)
{
    static const uint8_t channels[] = {1, 0, 3, 1, 2, 0, 4};

    return p->color < sizeof(channels) ? channels[p->color] : 0;
}

static bool is_depth_allowed(const struct png *p)
{
    bool is_small = p->depth == 1 || p->depth == 2 || p->depth == 4;

    if (channels_of(p) == 0)
        return false;
    if (p->color == 0)
        return is_small || p->depth == 8 || p->depth == 16;
    if (p->color == 3)
        return is_small || p->depth == 8;
    return p->depth == 8 || p->depth == 16;
}

static void read_header(struct png *p, struct ov_reader *r, struct ov_span body)
{
    struct ov_reader h = ov_reader_over(body);

    p->width = ov_read_u32be(&h);
    p->height = ov_read_u32be(&h);
    p->depth = ov_read_u8(&h);
    p->color = ov_read_u8(&h);
    ov_reader_skip(&h, 2); /* compression, filter: the only ones there are */
    p->is_interlaced = ov_read_u8(&h);
    ov_reader_require(r, ov_reader_end(&h) == OV_OK && is_depth_allowed(p),
                      OV_MALFORMED);
}

static enum ov_status read_chunks(struct png *p)
{
    struct ov_reader r = ov_reader_over(p->bytes);
    uint32_t type = 0;

    ov_reader_skip(&r, 8);
    while (type != 0x49454e44 /* IEND */ && ov_reader_more(&r)) {
        uint32_t len = ov_read_u32be(&r);
        struct ov_span checked = ov_read_span(&r, 4 + (uint64_t)len);
        struct ov_span body = ov_span_clip(checked, 4, len);
        uint32_t sum = ov_read_u32be(&r);

        if (!ov_span_u32be(checked, 0, &type) || (type & 0x20000000) != 0)
            continue; /* ancillary, or cut */
        ov_reader_require(&r,
                          libdeflate_crc32(0, checked.ptr, checked.len) == sum,
                          OV_MALFORMED);
        if (type == 0x49484452) /* IHDR */
            read_header(p, &r, body);
        else if (type == 0x504c5445) /* PLTE */
            p->palette = body;
        else if (type == 0x49444154) /* IDAT */
            ov_put_span(&p->packed, body);
    }
    /* cut behind the image data is good enough */
    if (ov_reader_status(&r) != OV_OK && p->packed.len == 0)
        return ov_reader_status(&r);
    if (ov_reader_status(&r) == OV_MALFORMED || p->width == 0)
        return OV_MALFORMED;
    return ov_buf_status(&p->packed);
}

static uint64_t row_len(const struct png *p, uint64_t width)
{
    return (width * channels_of(p) * p->depth + 7) / 8;
}

static void size_of_pass(const struct png *p, const struct pass *a,
                         uint64_t *width, uint64_t *height)
{
    *width = ((uint64_t)p->width + a->step_x - 1 - a->x) / a->step_x;
    *height = ((uint64_t)p->height + a->step_y - 1 - a->y) / a->step_y;
}

static uint64_t raw_size(const struct png *p)
{
    uint64_t size = 0;

    for (unsigned i = 0; i < (p->is_interlaced ? PNG_N_PASSES : 1); i++) {
        uint64_t width, height;

        size_of_pass(p, p->is_interlaced ? &passes[i] : &whole, &width,
                     &height);
        if (width > 0)
            size += (row_len(p, width) + 1) * height;
    }
    return size;
}

static enum ov_status inflate_all(struct png *p)
{
    struct libdeflate_decompressor *d;
    uint64_t size = raw_size(p);
    enum libdeflate_result result;
    size_t len = 0;

    if (size > PNG_MAX_RAW)
        return OV_LIMIT_SIZE;
    p->raw = ov_alloc((size_t)size);
    d = libdeflate_alloc_decompressor();
    if (p->raw == NULL || d == NULL) {
        libdeflate_free_decompressor(d);
        return OV_NO_MEMORY;
    }
    result = libdeflate_zlib_decompress_ex(d, p->packed.ptr, p->packed.len,
                                           p->raw, (size_t)size, NULL, &len);
    libdeflate_free_decompressor(d);
    p->raw_len = len;
    return result == LIBDEFLATE_SUCCESS && len == size ? OV_OK : OV_MALFORMED;
}

/* 9.4: whichever neighbor is nearest to left + above - corner. */
static uint8_t nearest_of(uint8_t a, uint8_t b, uint8_t c)
{
    int from_a = b - c, from_b = a - c, from_c = a + b - 2 * c;

    from_a = from_a < 0 ? -from_a : from_a;
    from_b = from_b < 0 ? -from_b : from_b;
    from_c = from_c < 0 ? -from_c : from_c;
    if (from_a <= from_b && from_a <= from_c)
        return a;
    return from_b <= from_c ? b : c;
}

/* 9.2: row and above are of len bytes; above is NULL for the first. */
static bool unfilter(uint8_t filter, uint8_t *row, const uint8_t *above,
                     size_t len, size_t pixel)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t a = i >= pixel ? row[i - pixel] : 0;
        uint8_t b = above != NULL ? above[i] : 0;
        uint8_t c = above != NULL && i >= pixel ? above[i - pixel] : 0;

        if (filter == 1)
            row[i] = (uint8_t)(row[i] + a);
        else if (filter == 2)
            row[i] = (uint8_t)(row[i] + b);
        else if (filter == 3)
            row[i] = (uint8_t)(row[i] + (a + b) / 2);
        else if (filter == 4)
            row[i] = (uint8_t)(row[i] + nearest_of(a, b, c));
    }
    return filter <= 4;
}

/* Sample number i of a row; 16 bits as 8, palette indexes unscaled. */
static uint8_t sample_at(const struct png *p, const uint8_t *row, uint64_t i)
{
    unsigned shift, v;

    if (p->depth == 16)
        return (uint8_t)(((uint32_t)row[2 * i] * 256 + row[2 * i + 1] + 128) /
                         257);
    if (p->depth == 8)
        return row[i];
    shift = 8u - p->depth - (unsigned)(i * p->depth % 8);
    v = (unsigned)row[i * p->depth / 8] >> shift & ((1u << p->depth) - 1);
    return (uint8_t)(p->color == 3 ? v : v * 255 / ((1u << p->depth) - 1));
}

static uint8_t gray_at(const struct png *p, const uint8_t *row, uint64_t x)
{
    unsigned channels = channels_of(p);
    uint8_t v = sample_at(p, row, x * channels);
    struct ov_span color = {NULL, 0};

    if (p->color == 3) {
        if (!ov_span_sub(p->palette, (uint64_t)v * 3, 3, &color))
            return 0;
        return ov_luma((uint8_t)ov_span_byte(color, 0),
                       (uint8_t)ov_span_byte(color, 1),
                       (uint8_t)ov_span_byte(color, 2));
    }
    if (channels < 3)
        return v;
    return ov_luma(v, sample_at(p, row, x * channels + 1),
                   sample_at(p, row, x * channels + 2));
}

static enum ov_status draw_pass(struct png *p, const struct pass *a)
{
    uint64_t width, height;
    size_t len, pixel;
    const uint8_t *above = NULL;

    size_of_pass(p, a, &width, &height);
    if (width == 0)
        return OV_OK;
    len = (size_t)row_len(p, width);
    pixel = (channels_of(p) * p->depth + 7u) / 8;
    for (uint64_t y = 0; y < height; y++) {
        uint8_t *row = p->raw + p->raw_at;

        if (!unfilter(row[0], row + 1, above, len, pixel))
            return OV_MALFORMED;
        above = row + 1;
        for (uint64_t x = 0; x < width; x++)
            ov_picture_set(p->picture, a->x + x * a->step_x,
                           a->y + y * a->step_y, gray_at(p, row + 1, x));
        p->raw_at += len + 1;
    }
    return OV_OK;
}

static enum ov_status read_image(struct png *p, struct ov_budget *budget)
{
    OV_TRY(read_chunks(p));
    OV_TRY(ov_picture_new(p->width, p->height, budget, p->picture));
    OV_TRY(inflate_all(p));
    if (!p->is_interlaced)
        return draw_pass(p, &whole);
    for (unsigned i = 0; i < PNG_N_PASSES; i++)
        OV_TRY(draw_pass(p, &passes[i]));
    return OV_OK;
}

enum ov_status ov_picture_read_png(struct ov_span bytes,
                                   struct ov_budget *budget,
                                   struct ov_picture *ret)
{
    struct ov_picture picture = {0};
    struct png p = {
        .bytes = bytes,
        .packed = ov_buf_with_max(bytes.len),
        .picture = &picture,
    };
    enum ov_status status = read_image(&p, budget);

    ov_buf_done(&p.packed);
    ov_free(p.raw);
    if (status == OV_OK)
        *ret = picture;
    else
        ov_picture_done(&picture);
    return status;
}
