/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <libdeflate.h>

#include "base/buf.h"

/* Small pictures for tests: gray, all of a function of the place. */
typedef uint8_t make_gray(uint32_t x, uint32_t y);

static inline void put_u32be(struct ov_buf *b, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        ov_put_u8(b, (uint8_t)(v >> shift));
}

static inline void make_png_chunk(struct ov_buf *b, const char *type,
                                  struct ov_span body)
{
    size_t at = b->len + 4;

    put_u32be(b, (uint32_t)body.len);
    ov_put_str(b, type);
    ov_put_span(b, body);
    put_u32be(b, libdeflate_crc32(0, b->ptr + at, b->len - at));
}

/* 8-bit gray with row filter `filter` (0 to 4) on every row. */
static inline void make_png(struct ov_buf *b, uint32_t size, uint8_t filter,
                            make_gray *gray)
{
    OV_AUTO_DONE(buf) body = ov_buf_with_max(1 << 20);
    OV_AUTO_DONE(buf) raw = ov_buf_with_max(1 << 20);
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    uint8_t packed[1 << 12];
    size_t len;

    ov_put_str(b, "\x89PNG\r\n\x1a\n");
    put_u32be(&body, size);
    put_u32be(&body, size);
    ov_put_u8(&body, 8);
    ov_put_u8(&body, 0);
    ov_put_u8(&body, 0);
    ov_put_u8(&body, 0);
    ov_put_u8(&body, 0);
    make_png_chunk(b, "IHDR", ov_buf_span(&body));
    for (uint32_t y = 0; y < size; y++) {
        ov_put_u8(&raw, filter);
        for (uint32_t x = 0; x < size; x++) {
            int left = x > 0 ? gray(x - 1, y) : 0;
            int above = y > 0 ? gray(x, y - 1) : 0;
            int v = gray(x, y);

            if (filter == 1)
                v -= left;
            else if (filter == 2)
                v -= above;
            else if (filter == 3)
                v -= (left + above) / 2;
            ov_put_u8(&raw, (uint8_t)v);
        }
    }
    len = libdeflate_zlib_compress(c, raw.ptr, raw.len, packed, sizeof(packed));
    libdeflate_free_compressor(c);
    make_png_chunk(b, "IDAT", ov_span_of(packed, len));
    make_png_chunk(b, "IEND", ov_span_of(NULL, 0));
}

/* 8 bits with a palette, bottom up. */
static inline void make_bmp(struct ov_buf *b, uint32_t size, make_gray *gray)
{
    ov_put_str(b, "BM");
    ov_put_u64(b, 0);
    ov_put_u32(b, 14 + 40 + 1024);
    ov_put_u32(b, 40);
    ov_put_u32(b, size);
    ov_put_u32(b, size);
    ov_put_u16(b, 1);
    ov_put_u16(b, 8);
    for (int i = 0; i < 6; i++)
        ov_put_u32(b, 0);
    for (uint32_t i = 0; i < 256; i++)
        ov_put_u32(b, i * 0x10101);
    for (uint32_t y = size; y-- > 0;)
        for (uint32_t x = 0; x < (size + 3) / 4 * 4; x++)
            ov_put_u8(b, x < size ? gray(x, y) : 0);
}

/* As many clear codes as it takes for codes to stay 9 bits wide. */
static inline void make_gif(struct ov_buf *b, uint32_t size, make_gray *gray)
{
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(1 << 20);
    uint32_t bits = 0, n_bits = 0, n = 0;

    ov_put_str(b, "GIF89a");
    ov_put_u16(b, (uint16_t)size);
    ov_put_u16(b, (uint16_t)size);
    ov_put_u8(b, 0xf7);
    ov_put_u16(b, 0);
    for (unsigned i = 0; i < 256; i++)
        for (int c = 0; c < 3; c++)
            ov_put_u8(b, (uint8_t)i);
    ov_put_u8(b, 0x2c);
    ov_put_u32(b, 0);
    ov_put_u16(b, (uint16_t)size);
    ov_put_u16(b, (uint16_t)size);
    ov_put_u8(b, 0);
    ov_put_u8(b, 8);
    for (uint32_t i = 0; i <= size * size; n++) {
        bool is_clear = n % 200 == 0;
        uint32_t code = is_clear          ? 256
                        : i < size * size ? gray(i % size, i / size)
                                          : 257u;

        i += !is_clear;
        bits |= code << n_bits;
        n_bits += 9;
        while (n_bits >= 8) {
            ov_put_u8(&packed, (uint8_t)bits);
            bits >>= 8;
            n_bits -= 8;
        }
    }
    ov_put_u8(&packed, (uint8_t)bits);
    for (size_t at = 0; at < packed.len; at += 255) {
        struct ov_span part = ov_span_clip(ov_buf_span(&packed), at, 255);

        ov_put_u8(b, (uint8_t)part.len);
        ov_put_span(b, part);
    }
    ov_put_u8(b, 0);
    ov_put_u8(b, 0x3b);
}
