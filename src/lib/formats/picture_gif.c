/* SPDX-License-Identifier: Apache-2.0
 *
 * The first frame of a GIF to gray, on a black canvas of the screen's size;
 * transparent pixels have their palette's color.
 *
 * Source: CompuServe "Graphics Interchange Format, Version 89a": 18 (screen),
 * 20 (image), 22 (table based image data), appendices E (interlacing) and F
 * (LZW with variable length codes).
 */
#include "base/buf.h"
#include "base/reader.h"
#include "formats/picture.h"

#define LZW_MAX_CODES 4096
#define LZW_NONE 0xffffu

struct lzw {
    uint16_t prefix[LZW_MAX_CODES];
    uint8_t suffix[LZW_MAX_CODES];
    uint8_t stack[LZW_MAX_CODES];
    struct ov_span packed;
    size_t at;
    uint32_t bits;
    unsigned n_bits;
    unsigned min_size;
    unsigned size; /* of a code, in bits */
    unsigned n;    /* codes known */
    unsigned last; /* the code before, LZW_NONE after a clear */
    uint8_t first; /* the first byte of its string */
};

struct gif {
    struct ov_reader r;
    struct ov_span palette;
    uint16_t left, top, width, height;
    bool is_interlaced;
    struct ov_picture *picture;
    uint64_t n_drawn;
    struct lzw lzw;
};

static struct ov_span read_palette(struct gif *g, uint8_t flags)
{
    if ((flags & 0x80) == 0)
        return (struct ov_span){NULL, 0};
    return ov_read_span(&g->r, 3ull << ((flags & 7) + 1));
}

static void skip_blocks(struct gif *g)
{
    while (ov_reader_more(&g->r)) {
        uint8_t len = ov_read_u8(&g->r);

        if (len == 0)
            break;
        ov_reader_skip(&g->r, len);
    }
}

/* Up to the first image's data. */
static enum ov_status read_to_image(struct gif *g)
{
    for (;;) {
        uint8_t kind = ov_read_u8(&g->r);

        if (ov_reader_status(&g->r) != OV_OK)
            return ov_reader_status(&g->r);
        if (kind == 0x2c)
            break;
        if (kind != 0x21)
            return OV_MALFORMED;
        ov_reader_skip(&g->r, 1);
        skip_blocks(g);
    }
    g->left = ov_read_u16le(&g->r);
    g->top = ov_read_u16le(&g->r);
    g->width = ov_read_u16le(&g->r);
    g->height = ov_read_u16le(&g->r);
    uint8_t flags = ov_read_u8(&g->r);
    struct ov_span palette = read_palette(g, flags);

    if (palette.len > 0)
        g->palette = palette;
    g->is_interlaced = (flags & 0x40) != 0;
    ov_reader_require(&g->r, g->palette.len > 0 && g->width > 0, OV_MALFORMED);
    return ov_reader_status(&g->r);
}

/* Which row the nth of an interlaced image is. */
static uint64_t row_of(const struct gif *g, uint64_t n)
{
    static const struct {
        uint8_t first;
        uint8_t step;
    } passes[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};

    if (!g->is_interlaced)
        return n;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t rows =
            ((uint64_t)g->height + passes[i].step - 1 - passes[i].first) /
            passes[i].step;

        if (n < rows)
            return passes[i].first + n * passes[i].step;
        n -= rows;
    }
    return g->height;
}

static void draw(struct gif *g, uint8_t index)
{
    uint64_t y = row_of(g, g->n_drawn / g->width);
    uint64_t x = g->n_drawn % g->width;
    struct ov_span color;
    uint8_t gray = 0;

    g->n_drawn++;
    if (ov_span_sub(g->palette, 3ull * index, 3, &color))
        gray = ov_luma((uint8_t)ov_span_byte(color, 0),
                       (uint8_t)ov_span_byte(color, 1),
                       (uint8_t)ov_span_byte(color, 2));
    if (y < g->height)
        ov_picture_set(g->picture, g->left + x, g->top + y, gray);
}

static void lzw_clear(struct lzw *z)
{
    z->size = z->min_size + 1;
    z->n = (1u << z->min_size) + 2;
    z->last = LZW_NONE;
}

static bool next_code(struct lzw *z, unsigned *ret)
{
    while (z->n_bits < z->size) {
        int byte = ov_span_byte(z->packed, z->at++);

        if (byte < 0)
            return false;
        z->bits |= (uint32_t)byte << z->n_bits;
        z->n_bits += 8;
    }
    *ret = z->bits & ((1u << z->size) - 1);
    z->bits >>= z->size;
    z->n_bits -= z->size;
    return true;
}

static void learn(struct lzw *z, uint8_t suffix)
{
    if (z->last == LZW_NONE || z->n >= LZW_MAX_CODES)
        return;
    z->prefix[z->n] = (uint16_t)z->last;
    z->suffix[z->n] = suffix;
    z->n++;
    if (z->n == 1u << z->size && z->size < 12)
        z->size++;
}

/* Draws the string of one code. */
static bool put_code(struct gif *g, unsigned code)
{
    struct lzw *z = &g->lzw;
    unsigned n = 0;
    unsigned at = code;

    if (code > z->n || (code == z->n && z->last == LZW_NONE))
        return false;
    if (code == z->n) { /* it is being learned: the last, and its first again */
        z->stack[n++] = z->first;
        at = z->last;
    }
    while (at >= 1u << z->min_size && n < LZW_MAX_CODES) {
        z->stack[n++] = z->suffix[at];
        at = z->prefix[at];
    }
    z->first = (uint8_t)at;
    learn(z, z->first);
    draw(g, z->first);
    while (n > 0)
        draw(g, z->stack[--n]);
    z->last = code;
    return true;
}

static enum ov_status draw_all(struct gif *g)
{
    struct lzw *z = &g->lzw;
    uint64_t all = (uint64_t)g->width * g->height;
    unsigned clear = 1u << z->min_size;

    lzw_clear(z);
    while (g->n_drawn < all) {
        unsigned code;

        if (!next_code(z, &code) || code == clear + 1)
            return OV_TRUNCATED;
        if (code == clear)
            lzw_clear(z);
        else if (!put_code(g, code))
            return OV_MALFORMED;
    }
    return OV_OK;
}

static enum ov_status unpack_image(struct gif *g, struct ov_buf *packed)
{
    g->lzw.min_size = ov_read_u8(&g->r);
    ov_reader_require(&g->r, g->lzw.min_size >= 1 && g->lzw.min_size <= 11,
                      OV_MALFORMED);
    OV_TRY(ov_reader_status(&g->r));
    while (ov_reader_more(&g->r)) {
        uint8_t len = ov_read_u8(&g->r);

        if (len == 0)
            break;
        ov_put_span(packed, ov_read_span(&g->r, len));
    }
    OV_TRY(ov_buf_status(packed));
    g->lzw.packed = ov_buf_span(packed);
    return draw_all(g);
}

static enum ov_status read_image(struct gif *g, struct ov_budget *budget,
                                 struct ov_buf *packed)
{
    uint16_t width, height;
    uint8_t flags;

    ov_reader_skip(&g->r, 6);
    width = ov_read_u16le(&g->r);
    height = ov_read_u16le(&g->r);
    flags = ov_read_u8(&g->r);
    ov_reader_skip(&g->r, 2);
    g->palette = read_palette(g, flags);
    OV_TRY(read_to_image(g));
    /* what is outside of the screen costs too */
    OV_TRY(
        ov_budget_spend(budget, OV_COST_STEPS, 10ull * g->width * g->height));
    OV_TRY(ov_picture_new(width, height, budget, g->picture));
    return unpack_image(g, packed);
}

enum ov_status ov_picture_read_gif(struct ov_span bytes,
                                   struct ov_budget *budget,
                                   struct ov_picture *ret)
{
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(bytes.len);
    OV_AUTO_PTR struct gif *g = ov_alloc(sizeof(*g));
    struct ov_picture picture = {0};
    enum ov_status status;

    if (g == NULL)
        return OV_NO_MEMORY;
    g->r = ov_reader_over(bytes);
    g->picture = &picture;
    status = read_image(g, budget, &packed);
    if (status == OV_OK)
        *ret = picture;
    else
        ov_picture_done(&picture);
    return status;
}
