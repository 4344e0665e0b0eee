/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/alloc.h"
#include "base/budget.h"
#include "base/span.h"

/* A decoded picture in 8-bit gray, rows from the top without padding. */
struct ov_picture {
    uint32_t width;
    uint32_t height;
    uint8_t *gray;
};

#define OV_PICTURE_MAX_PIXELS (1u << 25)

/* All black. OV_MALFORMED without pixels, OV_LIMIT_SIZE with too many; spends
 * steps for decoding and hashing it. */
OV_MUST_USE enum ov_status ov_picture_new(uint32_t width, uint32_t height,
                                          struct ov_budget *budget,
                                          struct ov_picture *ret);
void ov_picture_done(struct ov_picture *p);

/* Sets a pixel; one outside of the picture is ignored. */
static inline void ov_picture_set(struct ov_picture *p, uint64_t x, uint64_t y,
                                  uint8_t gray)
{
    if (x < p->width && y < p->height)
        p->gray[y * p->width + x] = gray;
}

/* ITU-R BT.601 luma, rounded to the nearest, in single precision: this decides
 * bits of the hash. */
static inline uint8_t ov_luma(uint8_t r, uint8_t g, uint8_t b)
{
    float l = 0.299f * (float)r + 0.587f * (float)g + 0.114f * (float)b;
    int whole = (int)l;

    return (uint8_t)(whole + (l - (float)whole >= 0.5f));
}

/* Decoders. Alpha is dropped, not blended. */
OV_MUST_USE enum ov_status ov_picture_read_png(struct ov_span bytes,
                                               struct ov_budget *budget,
                                               struct ov_picture *ret);
OV_MUST_USE enum ov_status ov_picture_read_gif(struct ov_span bytes,
                                               struct ov_budget *budget,
                                               struct ov_picture *ret);
OV_MUST_USE enum ov_status ov_picture_read_bmp(struct ov_span bytes,
                                               struct ov_budget *budget,
                                               struct ov_picture *ret);
OV_MUST_USE enum ov_status ov_picture_read_jpeg(struct ov_span bytes,
                                                struct ov_budget *budget,
                                                struct ov_picture *ret);
