/* SPDX-License-Identifier: Apache-2.0
 *
 * BMP to gray: 1, 4, 8, 16, 24 and 32 bits a pixel, with and without bit
 * fields. Run-length encoding is OV_UNSUPPORTED, and so is JPEG 2000, which
 * ClamAV calls graphics as well.
 *
 * Source: Microsoft "Bitmap Storage", BITMAPFILEHEADER, BITMAPCOREHEADER,
 * BITMAPINFOHEADER, BITMAPV4HEADER.
 */
#include "base/reader.h"
#include "formats/picture.h"

#define BMP_CORE_HEADER 12
#define BMP_INFO_HEADER 40
#define BMP_V2_HEADER 52
#define BMP_COMPRESSION_NONE 0
#define BMP_COMPRESSION_FIELDS 3

struct bmp {
    struct ov_span bytes;
    uint64_t data_at;
    uint32_t width;
    uint32_t height;
    bool is_top_down;
    uint16_t bits;
    uint32_t n_colors;
    uint32_t compression;
    uint32_t masks[3];
    struct ov_span palette;
    unsigned palette_step; /* bytes a color */
};

static void read_core_header(struct bmp *b, struct ov_reader *r)
{
    b->width = ov_read_u16le(r);
    b->height = ov_read_u16le(r);
    ov_reader_skip(r, 2);
    b->bits = ov_read_u16le(r);
    b->palette_step = 3;
}

static void read_info_header(struct bmp *b, struct ov_reader *r)
{
    uint32_t height;

    b->width = ov_read_u32le(r);
    height = ov_read_u32le(r);
    b->is_top_down = height >> 31 != 0;
    b->height = b->is_top_down ? 0u - height : height;
    ov_reader_skip(r, 2);
    b->bits = ov_read_u16le(r);
    b->compression = ov_read_u32le(r);
    ov_reader_skip(r, 12);
    b->n_colors = ov_read_u32le(r);
    ov_reader_skip(r, 4);
    b->palette_step = 4;
}

static void read_masks(struct bmp *b, struct ov_reader *r)
{
    static const uint32_t five[3] = {0x7c00, 0x3e0, 0x1f};
    static const uint32_t eight[3] = {0xff0000, 0xff00, 0xff};

    for (unsigned i = 0; i < 3; i++) {
        if (b->compression == BMP_COMPRESSION_FIELDS)
            b->masks[i] = ov_read_u32le(r);
        else
            b->masks[i] = b->bits == 16 ? five[i] : eight[i];
    }
}

static enum ov_status read_header(struct bmp *b)
{
    struct ov_reader r = ov_reader_over(b->bytes);
    uint32_t header;

    ov_reader_require(&r, ov_read_u16le(&r) == 0x4d42, OV_UNSUPPORTED);
    ov_reader_skip(&r, 8);
    b->data_at = ov_read_u32le(&r);
    header = ov_read_u32le(&r);
    ov_reader_require(&r,
                      header == BMP_CORE_HEADER || header >= BMP_INFO_HEADER,
                      OV_MALFORMED);
    if (header == BMP_CORE_HEADER)
        read_core_header(b, &r);
    else
        read_info_header(b, &r);
    read_masks(b, &r);
    if (header >= BMP_V2_HEADER || b->compression != BMP_COMPRESSION_FIELDS)
        ov_reader_seek(&r, 14 + (uint64_t)header);
    OV_TRY(ov_reader_status(&r));
    if (b->bits <= 8) {
        if (b->n_colors == 0 || b->n_colors > 256)
            b->n_colors = 1u << b->bits;
        b->palette = ov_span_clip(b->bytes, r.at,
                                  (uint64_t)b->n_colors * b->palette_step);
    }
    return OV_OK;
}

static bool is_known(const struct bmp *b)
{
    if (b->compression == BMP_COMPRESSION_FIELDS)
        return b->bits == 16 || b->bits == 32;
    return b->compression == BMP_COMPRESSION_NONE &&
           (b->bits == 1 || b->bits == 4 || b->bits == 8 || b->bits == 16 ||
            b->bits == 24 || b->bits == 32);
}

/* A masked field scaled to 8 bits, to the nearest. */
static uint8_t field_of(uint32_t pixel, uint32_t mask)
{
    uint64_t top;

    if (mask == 0)
        return 0;
    top = mask >> __builtin_ctz(mask);
    return (uint8_t)(((uint64_t)((pixel & mask) >> __builtin_ctz(mask)) * 255 +
                      top / 2) /
                     top);
}

static uint8_t gray_of_index(const struct bmp *b, unsigned index)
{
    struct ov_span c;

    if (!ov_span_sub(b->palette, (uint64_t)index * b->palette_step, 3, &c))
        return 0;
    return ov_luma((uint8_t)ov_span_byte(c, 2), (uint8_t)ov_span_byte(c, 1),
                   (uint8_t)ov_span_byte(c, 0));
}

static uint8_t gray_at(const struct bmp *b, struct ov_span row, uint64_t x)
{
    uint32_t pixel = 0;
    unsigned bytes = b->bits / 8;

    if (b->bits < 8) {
        unsigned shift = 8u - b->bits - (unsigned)(x * b->bits % 8);
        unsigned byte = (unsigned)ov_span_byte(row, x * b->bits / 8);

        return gray_of_index(b, byte >> shift & ((1u << b->bits) - 1));
    }
    for (unsigned i = 0; i < bytes; i++)
        pixel |= (uint32_t)(uint8_t)ov_span_byte(row, x * bytes + i) << 8 * i;
    if (b->bits == 8)
        return gray_of_index(b, pixel);
    return ov_luma(field_of(pixel, b->masks[0]), field_of(pixel, b->masks[1]),
                   field_of(pixel, b->masks[2]));
}

enum ov_status ov_picture_read_bmp(struct ov_span bytes,
                                   struct ov_budget *budget,
                                   struct ov_picture *ret)
{
    struct bmp b = {.bytes = bytes};
    struct ov_picture picture = {0};
    struct ov_span data, row;
    uint64_t stride;

    OV_TRY(read_header(&b));
    if (!is_known(&b))
        return OV_UNSUPPORTED;
    stride = ((uint64_t)b.width * b.bits + 31) / 32 * 4;
    if (!ov_span_array(bytes, b.data_at, b.height, stride, &data))
        return OV_TRUNCATED;
    OV_TRY(ov_picture_new(b.width, b.height, budget, &picture));
    for (uint64_t y = 0; y < b.height; y++) {
        uint64_t at = b.is_top_down ? y : b.height - 1 - y;

        row = ov_span_clip(data, at * stride, stride);
        for (uint64_t x = 0; x < b.width; x++)
            ov_picture_set(&picture, x, y, gray_at(&b, row, x));
    }
    *ret = picture;
    return OV_OK;
}
