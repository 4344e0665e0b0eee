/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "formats/image_hash.h"
#include "make_picture.h"
#include "test.h"

static uint8_t flat(uint32_t x, uint32_t y)
{
    (void)x;
    (void)y;
    return 77;
}

static uint8_t blobs(uint32_t x, uint32_t y)
{
    return (uint8_t)((x * x + 3 * y * x + 7 * y) % 251);
}

static uint64_t hash_of(enum ov_type type, const struct ov_buf *b)
{
    struct ov_budget budget = ov_budget_default();
    uint8_t hash[OV_IMAGE_HASH_SIZE];
    uint64_t v = 0;

    assert_int_equal(ov_image_hash(type, ov_buf_span(b), &budget, hash), OV_OK);
    for (size_t i = 0; i < sizeof(hash); i++)
        v = v << 8 | hash[i];
    return v;
}

/* The definition, in double precision. */
static double frequency(const float *pixels, unsigned v, unsigned u)
{
    const double step = 3.14159265358979323846 / 32;
    double sum = 0;

    for (unsigned y = 0; y < 32; y++)
        for (unsigned x = 0; x < 32; x++)
            sum += (double)pixels[y * 32 + x] * cos(step * (y + 0.5) * v) *
                   cos(step * (x + 0.5) * u);
    return 4 * sum;
}

static void the_transform_is_a_dct(void **state)
{
    float pixels[1024];
    float low[64];

    (void)state;
    for (unsigned i = 0; i < 1024; i++)
        pixels[i] = (float)(i * i * 31 % 257) / 257.0f;
    ov_image_dct(pixels, low);
    for (unsigned i = 0; i < 64; i++)
        assert_true(fabs((double)low[i] - frequency(pixels, i / 8, i % 8)) <
                    1e-3);
}

static void a_flat_picture_has_one_frequency(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);

    (void)state;
    make_png(&b, 50, 0, flat);
    assert_true(hash_of(OV_TYPE_PNG, &b) == 0x8000000000000000u);
}

static void the_same_picture_has_one_hash_in_every_format(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);
    uint64_t hash;

    (void)state;
    make_png(&b, 45, 0, blobs);
    hash = hash_of(OV_TYPE_PNG, &b);
    for (uint8_t filter = 1; filter <= 3; filter++) {
        ov_buf_clear(&b);
        make_png(&b, 45, filter, blobs);
        assert_true(hash_of(OV_TYPE_PNG, &b) == hash);
    }
    ov_buf_clear(&b);
    make_bmp(&b, 45, blobs);
    assert_true(hash_of(OV_TYPE_BMP, &b) == hash);
    ov_buf_clear(&b);
    make_gif(&b, 45, blobs);
    assert_true(hash_of(OV_TYPE_GIF, &b) == hash);
}

static void a_damaged_picture_has_no_hash(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);
    struct ov_budget budget = ov_budget_default();
    uint8_t hash[OV_IMAGE_HASH_SIZE];

    (void)state;
    make_png(&b, 45, 0, blobs);
    b.ptr[60] ^= 1;
    assert_int_equal(ov_image_hash(OV_TYPE_PNG, ov_buf_span(&b), &budget, hash),
                     OV_MALFORMED);
    ov_buf_clear(&b);
    make_gif(&b, 45, blobs);
    b.len -= 300;
    assert_int_equal(ov_image_hash(OV_TYPE_GIF, ov_buf_span(&b), &budget, hash),
                     OV_TRUNCATED);
    assert_int_equal(ov_image_hash(OV_TYPE_PDF, ov_buf_span(&b), &budget, hash),
                     OV_UNSUPPORTED);
}

static void a_huge_picture_is_refused_before_memory_is_taken(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);
    struct ov_budget budget = ov_budget_default();
    uint8_t hash[OV_IMAGE_HASH_SIZE];

    (void)state;
    make_gif(&b, 45, blobs);
    for (size_t i = 6; i < 10; i++)
        b.ptr[i] = 0xff;
    assert_int_equal(ov_image_hash(OV_TYPE_GIF, ov_buf_span(&b), &budget, hash),
                     OV_LIMIT_SIZE);
}

static void every_failed_allocation_ends_well(void **state)
{
    static const enum ov_type types[] = {OV_TYPE_PNG, OV_TYPE_GIF, OV_TYPE_BMP};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);
        enum ov_status status = OV_NO_MEMORY;

        if (types[i] == OV_TYPE_PNG)
            make_png(&b, 45, 0, blobs);
        else if (types[i] == OV_TYPE_GIF)
            make_gif(&b, 45, blobs);
        else
            make_bmp(&b, 45, blobs);
        for (size_t n = 1; status != OV_OK; n++) {
            struct ov_budget budget = ov_budget_default();
            uint8_t hash[OV_IMAGE_HASH_SIZE];

            assert_true(n < 100);
            (void)ov_alloc_fail_at(n);
            status = ov_image_hash(types[i], ov_buf_span(&b), &budget, hash);
            (void)ov_alloc_fail_at(0);
            assert_true(status == OV_OK || status == OV_NO_MEMORY);
        }
    }
}

OV_TEST_MAIN(OV_TEST(the_transform_is_a_dct),
             OV_TEST(a_flat_picture_has_one_frequency),
             OV_TEST(the_same_picture_has_one_hash_in_every_format),
             OV_TEST(a_damaged_picture_has_no_hash),
             OV_TEST(every_failed_allocation_ends_well),
             OV_TEST(a_huge_picture_is_refused_before_memory_is_taken))
