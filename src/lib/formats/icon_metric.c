/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "formats/icon.h"

/* What an icon looks like: where its most and least colourful, its brightest
 * and darkest areas are, and those with most and fewest edges.
 *
 * An area is a square of a quarter of the side. Of each kind the three most
 * extreme ones that do not overlap are kept; among equals the first by rows. A
 * pixel's light is its largest channel; its colour grows with its saturation
 * and light. Edges are where the difference from a middle gray (as a distance
 * in CIE L*a*b*) has a gradient: a Sobel operator, made to fill 0 to 255, then
 * blurred twice by 1-2-1. A picture without any gradient counts its blue
 * channel instead, as clamscan does; so do areas on the last row and column of
 * windows, which are never kept. An icon with too little colour has no shares
 * of colours, and its next three areas with most edges (and their places also
 * for the next three plainest) instead of those of colours.
 *
 * Floating point is double, with constants of float: another rounding could
 * move a mean by one. There is no fused multiply in what we build for.
 *
 * Sources: the order of windows and all constants were compared with clamscan
 * 1.4.6 (tests/oracle/icons.py); conversion to CIE L*a*b*: IEC 61966-2-1, CIE
 * 15 "Colorimetry"; Sobel operator: textbooks. */

#define N_MOST (2 * OV_ICON_AREAS)
#define STRONG                                                                 \
    85 /* saturation and light of a pixel that counts as coloured              \
        */
#define LEAST_COLORED 5 /* percent */

struct channels {
    int red;
    int green;
    int blue;
    uint32_t light;
    uint32_t range; /* lightest less darkest channel */
    uint32_t saturation;
};

static uint32_t area_of(const struct ov_icon_canvas *p)
{
    return p->side / 4;
}

static struct channels channels_of(uint32_t pixel)
{
    struct channels c = {.red = (int)(pixel >> 16 & 0xff),
                         .green = (int)(pixel >> 8 & 0xff),
                         .blue = (int)(pixel & 0xff)};
    int low = c.red < c.green ? c.red : c.green;
    int high = c.red > c.green ? c.red : c.green;

    low = low < c.blue ? low : c.blue;
    high = high > c.blue ? high : c.blue;
    c.light = (uint32_t)high;
    c.range = (uint32_t)(high - low);
    c.saturation = c.range == 0 ? 0 : 255 * c.range / c.light;
    return c;
}

static void sum_windows(struct ov_icon_canvas *p)
{
    for (uint32_t y = 0; y + area_of(p) <= p->side; y++) {
        for (uint32_t x = 0; x + area_of(p) <= p->side; x++) {
            uint32_t sum = 0;

            for (uint32_t i = 0; i < area_of(p); i++)
                for (uint32_t k = 0; k < area_of(p); k++)
                    sum += p->values[(y + i) * p->side + x + k];
            p->windows[y * p->side + x] = sum;
        }
    }
}

static bool overlaps_one(const struct ov_icon_canvas *p,
                         const struct ov_icon_area *areas, uint32_t n,
                         uint32_t x, uint32_t y)
{
    for (uint32_t i = 0; i < n; i++)
        if (x + area_of(p) > areas[i].x && x < areas[i].x + area_of(p) &&
            y + area_of(p) > areas[i].y && y < areas[i].y + area_of(p))
            return true;
    return false;
}

/* The n areas with the highest (lowest) sums, one after the other. */
static void find_areas(const struct ov_icon_canvas *p, bool is_highest,
                       uint32_t n, struct ov_icon_area *ret)
{
    for (uint32_t i = 0; i < n; i++) {
        struct ov_icon_area best = {.mean = is_highest ? 0 : UINT32_MAX};

        for (uint32_t y = 0; y + area_of(p) < p->side; y++) {
            for (uint32_t x = 0; x + area_of(p) + 1 < p->side; x++) {
                uint32_t sum = p->windows[y * p->side + x];

                if ((is_highest ? sum > best.mean : sum < best.mean) &&
                    !overlaps_one(p, ret, i, x, y))
                    best = (struct ov_icon_area){sum, x, y};
            }
        }
        ret[i] = best;
    }
    for (uint32_t i = 0; i < n; i++)
        ret[i].mean /= area_of(p) * area_of(p);
}

static void measure_colors(struct ov_icon_canvas *p, struct ov_icon *ret)
{
    for (uint32_t i = 0; i < p->side * p->side; i++) {
        struct channels c = channels_of(p->pixels[i]);

        p->values[i] =
            (uint32_t)sqrt((double)(c.saturation * c.saturation * c.light));
    }
    sum_windows(p);
    find_areas(p, true, OV_ICON_AREAS, ret->areas[OV_ICON_COLOR]);
    find_areas(p, false, OV_ICON_AREAS, ret->areas[OV_ICON_GRAY]);
    for (uint32_t i = 0; i < p->side * p->side; i++)
        p->values[i] = channels_of(p->pixels[i]).light;
    sum_windows(p);
    find_areas(p, true, OV_ICON_AREAS, ret->areas[OV_ICON_BRIGHT]);
    find_areas(p, false, OV_ICON_AREAS, ret->areas[OV_ICON_DARK]);
}

/* How pure a channel is: 100 if the two others are the same. */
static uint32_t purity(int one, int other, uint32_t range)
{
    uint32_t differs = (uint32_t)(one > other ? one - other : other - one);

    return 100 - 100 * differs / range;
}

static void measure_shares(const struct ov_icon_canvas *p, struct ov_icon *ret)
{
    uint32_t n_pixels = p->side * p->side;
    uint32_t n = 0;
    uint32_t red = 0;
    uint32_t green = 0;
    uint32_t blue = 0;

    for (uint32_t i = 0; i < n_pixels; i++) {
        struct channels c = channels_of(p->pixels[i]);

        if (c.saturation <= STRONG || c.light <= STRONG)
            continue;
        n++;
        red += purity(c.green, c.blue, c.range);
        green += purity(c.red, c.blue, c.range);
        blue += purity(c.red, c.green, c.range);
    }
    if (n * 100 / n_pixels <= LEAST_COLORED)
        return;
    ret->red = red / n;
    ret->green = green / n;
    ret->blue = blue / n;
    ret->colored = n * 100 / n_pixels;
}

static double linear(int channel)
{
    double v = channel / 255.0;

    return 100.0 *
           (v > 0.04045F ? pow((v + 0.055F) / 1.055F, 2.4F) : v / 12.92F);
}

static double lab_curve(double v)
{
    return v > 0.008856F ? pow(v, 1.0F / 3.0F) : 7.787F * v + 16.0F / 116.0F;
}

/* The distance of a pixel from the gray 0x7f7f7f in CIE L*a*b*. */
static double distance_from_gray(uint32_t pixel)
{
    struct channels c = channels_of(pixel);
    double r = linear(c.red);
    double g = linear(c.green);
    double b = linear(c.blue);
    double x = lab_curve((r * 0.4124F + g * 0.3576F + b * 0.1805F) / 95.047F);
    double y = lab_curve((r * 0.2126F + g * 0.7152F + b * 0.0722F) / 100.0F);
    double z = lab_curve((r * 0.0193F + g * 0.1192F + b * 0.9505F) / 108.883F);
    double dl = 53.192777691077211F - (116.0F * y - 16.0F);
    double da = 0.0031420942181448197F - 500.0F * (x - y);
    double db = -0.0062075877844014471F - 200.0F * (y - z);

    return sqrt(dl * dl + da * da + db * db);
}

/* The gradient at a pixel, from the distances of its neighbours. */
static uint32_t gradient(const double *d, uint32_t side)
{
    const double *above = d - side;
    const double *below = d + side;
    double gx = above[-1];
    double gy = above[-1];

    gx += d[-1] * 2;
    gx += below[-1];
    gx -= above[1];
    gx -= d[1] * 2;
    gx -= below[1];
    gy += above[0] * 2;
    gy += above[1];
    gy -= below[-1];
    gy -= below[0] * 2;
    gy -= below[1];
    return (uint32_t)sqrt(gx * gx + gy * gy);
}

/* Leaves the edges in values, 0 to 255; borders have none. */
static void find_edges(struct ov_icon_canvas *p)
{
    uint32_t side = p->side;
    uint32_t most = 0;

    for (uint32_t i = 0; i < side * side; i++) {
        p->distances[i] = distance_from_gray(p->pixels[i]);
        p->values[i] = 0;
    }
    for (uint32_t y = 1; y + 1 < side; y++) {
        for (uint32_t x = 1; x + 1 < side; x++) {
            uint32_t g = gradient(&p->distances[y * side + x], side);

            p->values[y * side + x] = g;
            most = g > most ? g : most;
        }
    }
    for (uint32_t y = 1; y + 1 < side; y++) {
        for (uint32_t x = 1; x + 1 < side; x++) {
            uint32_t *v = &p->values[y * side + x];

            *v = most == 0 ? p->pixels[y * side + x] & 0xff : *v * 255 / most;
        }
    }
}

/* Along the rows, then down the columns, where each row is blurred with the
 * one above it that already is. */
static void blur(struct ov_icon_canvas *p)
{
    uint32_t *rows = p->windows;
    uint32_t side = p->side;

    for (uint32_t i = 0; i < side * side; i++)
        rows[i] = 0;
    for (uint32_t y = 1; y + 1 < side; y++)
        for (uint32_t i = y * side + 1; i + 1 < (y + 1) * side; i++)
            rows[i] =
                (p->values[i - 1] + 2 * p->values[i] + p->values[i + 1]) / 4;
    for (uint32_t y = 1; y + 1 < side; y++)
        for (uint32_t i = y * side + 1; i + 1 < (y + 1) * side; i++)
            p->values[i] =
                (p->values[i - side] + 2 * rows[i] + rows[i + side]) / 4;
}

static void measure_edges(struct ov_icon_canvas *p, struct ov_icon *ret)
{
    struct ov_icon_area most[N_MOST];
    struct ov_icon_area fewest[N_MOST];
    uint32_t n = ret->colored == 0 ? N_MOST : OV_ICON_AREAS;

    find_edges(p);
    blur(p);
    sum_windows(p);
    find_areas(p, true, n, most);
    find_areas(p, false, n, fewest);
    for (uint32_t i = 0; i < OV_ICON_AREAS; i++) {
        ret->areas[OV_ICON_EDGE][i] = most[i];
        ret->areas[OV_ICON_PLAIN][i] = fewest[i];
        if (n == OV_ICON_AREAS)
            continue;
        ret->areas[OV_ICON_COLOR][i] = most[OV_ICON_AREAS + i];
        ret->areas[OV_ICON_GRAY][i] = most[OV_ICON_AREAS + i];
        ret->areas[OV_ICON_GRAY][i].mean = fewest[OV_ICON_AREAS + i].mean;
    }
}

void ov_icon_measure(struct ov_icon_canvas *canvas, struct ov_icon *ret)
{
    struct ov_icon icon = {.side = canvas->side};

    measure_colors(canvas, &icon);
    measure_shares(canvas, &icon);
    measure_edges(canvas, &icon);
    *ret = icon;
}
