/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/pe.h"

/* What an icon looks like, as ClamAV's icon signatures say it: pictures that
 * look alike to a person have areas of the same kind in nearly the same places.
 * Means of colour and gray are 0 to 4071, others 0 to 255; places are those of
 * an area's upper left corner. */

#define OV_ICON_AREAS 3
#define OV_ICON_SIDE_MIN 16
#define OV_ICON_SIDE_MAX 32

enum ov_icon_kind {
    OV_ICON_COLOR,  /* most colourful; of icons without colours the 4th to 6th
                       in edges */
    OV_ICON_GRAY,   /* least colourful; else the 4th to 6th in plainness */
    OV_ICON_BRIGHT, /* brightest */
    OV_ICON_DARK,   /* darkest */
    OV_ICON_EDGE,   /* most edges */
    OV_ICON_PLAIN,  /* fewest edges */
    OV_N_ICON_KINDS
};

struct ov_icon_area {
    uint32_t mean;
    uint32_t x;
    uint32_t y;
};

struct ov_icon {
    uint32_t side; /* 16 to 32 */
    struct ov_icon_area areas[OV_N_ICON_KINDS][OV_ICON_AREAS];
    uint32_t red; /* of colourful pixels, 0 to 100 */
    uint32_t green;
    uint32_t blue;
    uint32_t colored; /* percent of the pixels; 0: black and white */
};

#define OV_ICON_PIXELS_MAX (OV_ICON_SIDE_MAX * OV_ICON_SIDE_MAX)

/* A square of side * side pixels 0xRRGGBB (higher bits are ignored), and room
 * to measure it. */
struct ov_icon_canvas {
    uint32_t side; /* 16 to 32 */
    uint32_t pixels[OV_ICON_PIXELS_MAX];
    uint32_t values[OV_ICON_PIXELS_MAX];  /* of each pixel */
    uint32_t windows[OV_ICON_PIXELS_MAX]; /* sums of values of an area, by its
                                             upper left corner */
    double distances[OV_ICON_PIXELS_MAX]; /* of each pixel from gray */
    uint32_t *bitmap;                     /* the whole picture; in the arena */
    uint32_t bitmap_cap;
};

void ov_icon_measure(struct ov_icon_canvas *canvas, struct ov_icon *ret);

/* The bitmap of an icon (a BITMAPINFOHEADER at `at`, an image, a mask) on a
 * white ground, made as small or large as icons are compared. ret_is_one is
 * false for pictures that are not compared: compressed, smaller than 16 or
 * larger than 256, far from square, or cut off. Spends steps per pixel. */
OV_MUST_USE enum ov_status ov_icon_draw(const struct ov_exe_job *job,
                                        uint64_t at,
                                        struct ov_icon_canvas *canvas,
                                        bool *ret_is_one);

/* Whether they look alike: seen is an icon of a file, known one of a rule. */
bool ov_icon_is_like(const struct ov_icon *seen, const struct ov_icon *known);

struct ov_icon_list {
    const struct ov_icon *items;
    size_t n;
};

/* The icons of a PE's first icon group, in all its languages, in the arena: the
 * icons of at most max entries (clamscan's --max-iconspe). */
OV_MUST_USE enum ov_status ov_pe_icons(const struct ov_pe *pe,
                                       const struct ov_exe_job *job,
                                       uint64_t max, struct ov_icon_list *ret);
