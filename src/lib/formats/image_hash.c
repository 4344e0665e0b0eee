/* SPDX-License-Identifier: Apache-2.0
 *
 * The perceptual hash of a picture: gray, shrunk to 32 x 32 with a Lanczos
 * filter of radius 3, transformed by a 2-dimensional DCT-II; of the 8 x 8
 * lowest frequencies one bit each: whether it is above their median. Row by
 * row, the first in the highest bit.
 *
 * Flat or symmetric pictures have many frequencies that are zero, as their
 * median then is, so rounding decides bits. Therefore all is done in single
 * precision, and in the order of operations that ClamAV's libraries have: a
 * vertical pass, then a horizontal one rounded to 8 bits; a split-radix DCT of
 * sizes 32 = 16 + 8 + 8, whose halves are again 8 + 4 + 4.
 *
 * Sources: ClamAV manual, "Image Fuzzy Hash subsignatures"; C. Zauner,
 * "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010;
 * H. V. Sorensen et al., "On Computing the Split-Radix FFT", 1986.
 */
#include "formats/image_hash.h"

#include <math.h>

#include "formats/picture.h"

#define SIZE 32
#define LOW 8
#define LANCZOS_RADIUS 3.0f
#define STEPS_PER_PIXEL 30

static const float pi = 3.14159265358979323846f;

enum ov_status ov_picture_new(uint32_t width, uint32_t height,
                              struct ov_budget *budget, struct ov_picture *ret)
{
    uint64_t n = (uint64_t)width * height;
    uint8_t *gray;

    if (n == 0)
        return OV_MALFORMED;
    if (n > OV_PICTURE_MAX_PIXELS)
        return OV_LIMIT_SIZE;
    OV_TRY(ov_budget_spend(budget, OV_COST_STEPS, n * STEPS_PER_PIXEL));
    gray = ov_alloc((size_t)n);
    if (gray == NULL)
        return OV_NO_MEMORY;
    *ret = (struct ov_picture){width, height, gray};
    return OV_OK;
}

void ov_picture_done(struct ov_picture *p)
{
    ov_free(p->gray);
    p->gray = NULL;
}

/* ---- shrinking ---- */

/* Which inputs an output is made of. */
struct window {
    uint32_t first;
    uint32_t n;
    float center;
    float scale;
};

static float sinc(float t)
{
    float a = t * pi;

    return t == 0.0f ? 1.0f : sinf(a) / a;
}

static float lanczos(float x)
{
    return fabsf(x) < LANCZOS_RADIUS ? sinc(x) * sinc(x / LANCZOS_RADIUS)
                                     : 0.0f;
}

static struct window window_of(uint32_t out, uint32_t len)
{
    float ratio = (float)len / (float)SIZE;
    float scale = ratio < 1.0f ? 1.0f : ratio;
    float support = LANCZOS_RADIUS * scale;
    float center = ((float)out + 0.5f) * ratio;
    int64_t first = (int64_t)floorf(center - support);
    int64_t last = (int64_t)ceilf(center + support);

    if (first < 0)
        first = 0;
    if (first > (int64_t)len - 1)
        first = (int64_t)len - 1;
    if (last < first + 1)
        last = first + 1;
    if (last > (int64_t)len)
        last = (int64_t)len;
    return (struct window){(uint32_t)first, (uint32_t)(last - first),
                           center - 0.5f, scale};
}

static void weights_of(const struct window *w, float *ret)
{
    float sum = 0.0f;

    for (uint32_t i = 0; i < w->n; i++) {
        ret[i] = lanczos(((float)(w->first + i) - w->center) / w->scale);
        sum += ret[i];
    }
    for (uint32_t i = 0; i < w->n; i++)
        ret[i] /= sum;
}

/* One row of the vertical pass. */
static void shrink_column(const struct ov_picture *p, uint32_t out,
                          float *weights, float *row)
{
    struct window w = window_of(out, p->height);

    weights_of(&w, weights);
    for (uint32_t x = 0; x < p->width; x++)
        row[x] = 0.0f;
    for (uint32_t i = 0; i < w.n; i++) {
        const uint8_t *pixels = p->gray + (size_t)(w.first + i) * p->width;

        for (uint32_t x = 0; x < p->width; x++)
            row[x] += (float)pixels[x] * weights[i];
    }
}

static uint8_t round_to_byte(float v)
{
    if (v <= 0.0f)
        return 0;
    return v >= 255.0f ? 255 : (uint8_t)roundf(v);
}

static void shrink_row(const float *row, uint32_t width, float *weights,
                       float *ret)
{
    for (uint32_t out = 0; out < SIZE; out++) {
        struct window w = window_of(out, width);
        float sum = 0.0f;

        weights_of(&w, weights);
        for (uint32_t i = 0; i < w.n; i++)
            sum += row[w.first + i] * weights[i];
        ret[out] = (float)round_to_byte(sum) / 255.0f;
    }
}

static enum ov_status shrink(const struct ov_picture *p,
                             float ret[static SIZE * SIZE])
{
    uint32_t longer = p->width > p->height ? p->width : p->height;
    OV_AUTO_PTR float *weights = ov_alloc_array(longer, sizeof(float));
    OV_AUTO_PTR float *row = ov_alloc_array(p->width, sizeof(float));

    if (weights == NULL || row == NULL)
        return OV_NO_MEMORY;
    if (p->width == SIZE && p->height == SIZE) {
        for (uint32_t i = 0; i < SIZE * SIZE; i++)
            ret[i] = (float)p->gray[i] / 255.0f;
        return OV_OK;
    }
    for (uint32_t y = 0; y < SIZE; y++) {
        shrink_column(p, y, weights, row);
        shrink_row(row, p->width, weights, ret + (size_t)y * SIZE);
    }
    return OV_OK;
}

/* ---- DCT-II ---- */

static void dct2(float *b)
{
    float sum = b[0] + b[1];

    b[1] = (b[0] - b[1]) * 0.70710678118654752440f;
    b[0] = sum;
}

static void dct4(float *b)
{
    float lower = b[0] - b[3];
    float upper = b[2] - b[1];
    float even[2] = {b[0] + b[3], b[2] + b[1]};
    float c = cosf(pi / 8.0f);
    float s = sinf(pi / 8.0f);

    dct2(even);
    b[0] = even[0];
    b[1] = lower * c - upper * s;
    b[2] = even[1];
    b[3] = upper * c + lower * s;
}

/* n values from the even outputs (a DCT of n / 2) and the odd ones (two of
 * n / 4). */
static void merge(float *b, unsigned n, const float *even, const float *n1,
                  const float *n3)
{
    unsigned quarter = n / 4;

    b[0] = even[0];
    b[1] = n1[0];
    b[2] = even[1];
    for (unsigned i = 1; i < quarter; i++) {
        float sine = -n3[quarter - i];

        b[i * 4 - 1] = n1[i] + sine;
        b[i * 4] = even[i * 2];
        b[i * 4 + 1] = n1[i] - sine;
        b[i * 4 + 2] = even[i * 2 + 1];
    }
    b[n - 1] = -n3[0];
}

static void split(const float *b, unsigned n, float *even, float *n1, float *n3)
{
    unsigned half = n / 2;

    for (unsigned i = 0; i < n / 4; i++) {
        float bottom = b[i];
        float top = b[n - i - 1];
        float half_bottom = b[half - i - 1];
        float half_top = b[half + i];
        float lower = bottom - top;
        float upper = half_bottom - half_top;
        double angle = 3.14159265358979323846 * (2 * i + 1) / (2.0 * n);
        float c = (float)cos(angle);
        float s = (float)sin(angle);
        float sine = upper * c - lower * s;

        even[i] = top + bottom;
        even[half - i - 1] = half_bottom + half_top;
        n1[i] = lower * c + upper * s;
        n3[i] = i % 2 == 0 ? sine : -sine;
    }
}

/* Of n numbers: one of half as many, and two of a quarter. */
#define DCT(n, half, quarter)                                                  \
    static void dct##n(float *b)                                               \
    {                                                                          \
        float even[half], n1[quarter], n3[quarter];                            \
                                                                               \
        split(b, n, even, n1, n3);                                             \
        dct##half(even);                                                       \
        dct##quarter(n1);                                                      \
        dct##quarter(n3);                                                      \
        merge(b, n, even, n1, n3);                                             \
    }

DCT(8, 4, 2)
DCT(16, 8, 4)
DCT(32, 16, 8)

void ov_image_dct(const float pixels[static SIZE * SIZE],
                  float ret[static LOW * LOW])
{
    float columns[SIZE][SIZE];

    for (unsigned x = 0; x < SIZE; x++) {
        for (unsigned y = 0; y < SIZE; y++)
            columns[x][y] = pixels[y * SIZE + x];
        dct32(columns[x]);
    }
    for (unsigned v = 0; v < LOW; v++) {
        float row[SIZE];

        for (unsigned x = 0; x < SIZE; x++)
            row[x] = columns[x][v] * 2.0f;
        dct32(row);
        for (unsigned u = 0; u < LOW; u++)
            ret[v * LOW + u] = row[u] * 2.0f;
    }
}

/* ---- the hash ---- */

static float median_of(const float values[static LOW * LOW])
{
    float sorted[LOW * LOW];

    for (unsigned i = 0; i < LOW * LOW; i++) {
        unsigned at = i;

        for (; at > 0 && sorted[at - 1] > values[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = values[i];
    }
    return (sorted[LOW * LOW / 2 - 1] + sorted[LOW * LOW / 2]) / 2.0f;
}

static enum ov_status read_picture(enum ov_type type, struct ov_span bytes,
                                   struct ov_budget *budget,
                                   struct ov_picture *ret)
{
    if (type == OV_TYPE_PNG)
        return ov_picture_read_png(bytes, budget, ret);
    if (type == OV_TYPE_GIF)
        return ov_picture_read_gif(bytes, budget, ret);
    if (type == OV_TYPE_JPEG)
        return ov_picture_read_jpeg(bytes, budget, ret);
    if (type == OV_TYPE_BMP)
        return ov_picture_read_bmp(bytes, budget, ret);
    return OV_UNSUPPORTED;
}

enum ov_status ov_image_hash(enum ov_type type, struct ov_span bytes,
                             struct ov_budget *budget,
                             uint8_t ret[static OV_IMAGE_HASH_SIZE])
{
    struct ov_picture picture = {0};
    float pixels[SIZE * SIZE];
    float low[LOW * LOW];
    float median;
    enum ov_status status;

    OV_TRY(read_picture(type, bytes, budget, &picture));
    status = shrink(&picture, pixels);
    ov_picture_done(&picture);
    if (status != OV_OK)
        return status;
    ov_image_dct(pixels, low);
    median = median_of(low);
    for (unsigned v = 0; v < LOW; v++) {
        ret[v] = 0;
        for (unsigned u = 0; u < LOW; u++)
            ret[v] |= (uint8_t)((low[v * LOW + u] > median) << (7 - u));
    }
    return OV_OK;
}
