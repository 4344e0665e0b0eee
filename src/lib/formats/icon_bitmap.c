/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/icon.h"

/* Icons in executables are bitmaps without a file header: BITMAPINFOHEADER
 * (whose height counts image and mask), palette, image from the last row up, a
 * mask of one bit a pixel; rows are padded to 4 bytes. Depths of 1, 4 and 8 use
 * the palette; 32 bits bring an alpha channel and no mask,
 * unless all of it is 0. Pictures stored as PNG have no such header and are not
 * compared, as in clamscan.
 *
 * A picture is laid on white, then halved (a mean of 2 by 2) if it is a square
 * of a multiple of 24 or 32, until it is not larger than 32; any other is
 * sampled at 16, 24 or 32, whichever is nearest.
 *
 * Sources: Microsoft, "Bitmap Header Types", "Icons" (ICO format); scaling was
 * compared with clamscan 1.4.6 (tests/oracle/icons.py). */

#define INFO_HEADER_SIZE 40
#define SIDE_MIN 16
#define SIDE_MAX 256
#define STEPS_PER_PIXEL 20
#define OPAQUE 0xff000000u

struct bitmap {
    struct ov_span bytes;
    uint32_t width;
    uint32_t height;
    uint32_t depth;
    struct ov_span palette;
    struct ov_span image;
    struct ov_span mask; /* empty: none */
    uint32_t *pixels;    /* 0xAARRGGBB */
};

static uint32_t padded_row(uint32_t bits)
{
    return (bits + 31) / 32 * 4;
}

static bool has_depth(uint32_t depth)
{
    return depth == 1 || depth == 4 || depth == 8 || depth == 16 ||
           depth == 24 || depth == 32;
}

/* Sizes and shapes that are compared. */
static bool is_fit(const struct bitmap *b)
{
    return b->width >= SIDE_MIN && b->width <= SIDE_MAX &&
           b->height >= SIDE_MIN && b->height <= SIDE_MAX &&
           b->width >= b->height * 3 / 4 && b->height >= b->width * 3 / 4 &&
           has_depth(b->depth);
}

/* Header and extents. */
static bool open_bitmap(uint64_t at, struct bitmap *b)
{
    uint32_t size, rows;
    uint16_t depth;
    struct ov_span header;

    if (!ov_span_sub(b->bytes, at, INFO_HEADER_SIZE, &header) ||
        !ov_span_u32le(header, 0, &size) ||
        !ov_span_u32le(header, 4, &b->width) ||
        !ov_span_u32le(header, 8, &rows) ||
        !ov_span_u16le(header, 14, &depth) || size < INFO_HEADER_SIZE)
        return false;
    b->height = rows / 2;
    b->depth = depth;
    if (!is_fit(b))
        return false;
    at += size;
    if (b->depth <= 8) {
        if (!ov_span_sub(b->bytes, at, 4ull << b->depth, &b->palette))
            return false;
        at += b->palette.len;
    }
    if (!ov_span_sub(b->bytes, at,
                     (uint64_t)b->height * padded_row(b->width * b->depth),
                     &b->image))
        return false;
    at += b->image.len;
    /* Of 32 bits the mask is looked for where it turns out to be needed. */
    return ov_span_sub(b->bytes, at, (uint64_t)b->height * padded_row(b->width),
                       &b->mask) ||
           b->depth == 32;
}

/* The n bits at bit number `at`, from the highest down. */
static uint32_t bits_at(struct ov_span row, uint32_t at, uint32_t n)
{
    uint32_t byte = (uint32_t)ov_span_byte(row, at / 8);

    return byte >> (8 - n - at % 8) & ((1u << n) - 1);
}

/* 16 bits as clamscan reads them: green and red lie too high, and spill over
 * into what is above them. */
static uint32_t color_of_16(uint32_t word)
{
    uint32_t blue = word & 0x1f;
    uint32_t green = word >> 5 & 0x1f;
    uint32_t red = word >> 8 & 0xfc;

    return (blue << 3 | blue >> 2) | (green << 3 | green >> 2) << 11 |
           (red << 3 | red >> 2) << 17;
}

static uint32_t color_at(const struct bitmap *b, struct ov_span row, uint32_t x)
{
    uint32_t color = 0;
    uint16_t word = 0;

    switch (b->depth) {
    case 16:
        (void)ov_span_u16le(row, 2ull * x, &word);
        return color_of_16(word);
    case 24:
        return (uint32_t)ov_span_byte(row, 3ull * x) |
               (uint32_t)ov_span_byte(row, 3ull * x + 1) << 8 |
               (uint32_t)ov_span_byte(row, 3ull * x + 2) << 16;
    case 32:
        (void)ov_span_u32le(row, 4ull * x, &color);
        return color;
    default:
        (void)ov_span_u32le(
            b->palette, 4ull * bits_at(row, x * b->depth, b->depth), &color);
        return color;
    }
}

/* All pixels, with what alpha they bring; ret: the alphas of all, combined. */
static uint32_t read_colors(struct bitmap *b)
{
    uint32_t stride = padded_row(b->width * b->depth);
    uint32_t seen = 0;

    for (uint32_t y = 0; y < b->height; y++) {
        struct ov_span row =
            ov_span_clip(b->image, (uint64_t)stride * y, stride);
        uint32_t *line = b->pixels + (b->height - 1 - y) * b->width;

        for (uint32_t x = 0; x < b->width; x++) {
            line[x] = color_at(b, row, x);
            seen |= line[x] & OPAQUE;
        }
    }
    return seen;
}

/* Pixels that the mask leaves become opaque; all without a mask. */
static void apply_mask(struct bitmap *b)
{
    uint32_t stride = padded_row(b->width);

    for (uint32_t y = 0; y < b->height; y++) {
        struct ov_span row =
            ov_span_clip(b->mask, (uint64_t)stride * y, stride);
        uint32_t *line = b->pixels + (b->height - 1 - y) * b->width;

        for (uint32_t x = 0; x < b->width; x++)
            if (b->mask.len == 0 || bits_at(row, x, 1) == 0)
                line[x] |= OPAQUE;
    }
}

static uint32_t on_white(uint32_t channel, uint32_t alpha)
{
    return 0xff - alpha + alpha * (channel & 0xff) / 0xff;
}

static void lay_on_white(struct bitmap *b)
{
    for (uint32_t i = 0; i < b->width * b->height; i++) {
        uint32_t c = b->pixels[i];
        uint32_t alpha = c >> 24;

        b->pixels[i] = on_white(c >> 16, alpha) << 16 |
                       on_white(c >> 8, alpha) << 8 | on_white(c, alpha);
    }
}

/* The mean of two pixels, each channel rounded down. */
static uint32_t mean_of(uint32_t a, uint32_t b)
{
    return ((a ^ b) & 0xfefefe) / 2 + (a & b);
}

static void halve(struct bitmap *b)
{
    uint32_t half = b->width / 2;

    for (uint32_t y = 0; y < half; y++) {
        for (uint32_t x = 0; x < half; x++) {
            const uint32_t *above = b->pixels + 2 * y * b->width + 2 * x;
            const uint32_t *below = above + b->width;

            b->pixels[y * half + x] = mean_of(mean_of(above[0], above[1]),
                                              mean_of(below[0], below[1]));
        }
    }
    b->width = half;
    b->height = half;
}

static uint32_t distance(const struct bitmap *b, uint32_t side)
{
    return (b->width > side ? b->width - side : side - b->width) +
           (b->height > side ? b->height - side : side - b->height);
}

static void sample(const struct bitmap *b, struct ov_icon_canvas *canvas)
{
    uint32_t side = 16;
    double scale_x, scale_y;

    if (distance(b, 32) < distance(b, 24))
        side = 32;
    else if (distance(b, 24) < distance(b, 16))
        side = 24;
    scale_x = (double)b->width / side;
    scale_y = (double)b->height / side;
    for (uint32_t y = 0; y < side; y++) {
        const uint32_t *line = b->pixels + (uint32_t)(y * scale_y) * b->width;

        for (uint32_t x = 0; x < side; x++)
            canvas->pixels[y * side + x] = line[(uint32_t)(x * scale_x + 0.5)];
    }
    canvas->side = side;
}

static void scale(struct bitmap *b, struct ov_icon_canvas *canvas)
{
    bool is_square = b->width == b->height;

    if (!is_square ||
        (b->width != 16 && b->width % 24 != 0 && b->width % 32 != 0)) {
        sample(b, canvas);
        return;
    }
    while (b->width > OV_ICON_SIDE_MAX)
        halve(b);
    for (uint32_t i = 0; i < b->width * b->height; i++)
        canvas->pixels[i] = b->pixels[i];
    canvas->side = b->width;
}

static enum ov_status make_room(const struct ov_exe_job *job,
                                struct ov_icon_canvas *canvas, uint32_t n)
{
    if (n <= canvas->bitmap_cap)
        return OV_OK;
    canvas->bitmap = ov_arena_array(job->arena, n, sizeof(*canvas->bitmap));
    canvas->bitmap_cap = canvas->bitmap == NULL ? 0 : n;
    return canvas->bitmap == NULL ? OV_NO_MEMORY : OV_OK;
}

enum ov_status ov_icon_draw(const struct ov_exe_job *job, uint64_t at,
                            struct ov_icon_canvas *canvas, bool *ret_is_one)
{
    struct bitmap b = {.bytes = job->bytes};
    uint32_t alphas;

    *ret_is_one = false;
    if (!open_bitmap(at, &b))
        return OV_OK;
    OV_TRY(ov_budget_spend(job->budget, OV_COST_STEPS,
                           (uint64_t)STEPS_PER_PIXEL * b.width * b.height));
    OV_TRY(make_room(job, canvas, b.width * b.height));
    b.pixels = canvas->bitmap;
    alphas = read_colors(&b);
    if (b.depth != 32 || alphas == 0)
        apply_mask(&b);
    lay_on_white(&b);
    scale(&b, canvas);
    *ret_is_one = true;
    return OV_OK;
}
