/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "formats/icon.h"
#include "rules/icon_rule.h"
#include "test.h"

/* Comparison with clamscan on random icons: tests/oracle/icons.py. */

#define SIDE 32
#define HEADER 40
#define RED 0xff0000u
#define GREEN 0x00ff00u
#define WHITE 0xffffffu

/* A red square of 8 pixels on white. */
static void draw_square(struct ov_icon_canvas *c, uint32_t left, uint32_t top)
{
    c->side = SIDE;
    for (uint32_t y = 0; y < SIDE; y++)
        for (uint32_t x = 0; x < SIDE; x++)
            c->pixels[y * SIDE + x] = x - left < 8 && y - top < 8 ? RED : WHITE;
}

/* Squares of 8 pixels, green and black. */
static void draw_checks(struct ov_icon_canvas *c)
{
    c->side = SIDE;
    for (uint32_t y = 0; y < SIDE; y++)
        for (uint32_t x = 0; x < SIDE; x++)
            c->pixels[y * SIDE + x] = (x / 8 + y / 8) % 2 ? GREEN : 0;
}

static struct ov_icon measure_square(uint32_t left, uint32_t top)
{
    struct ov_icon_canvas *c = ov_alloc(sizeof(*c));
    struct ov_icon icon;

    assert_non_null(c);
    draw_square(c, left, top);
    ov_icon_measure(c, &icon);
    ov_free(c);
    return icon;
}

static void colorful_and_bright_areas_are_found(void **state)
{
    struct ov_icon icon = measure_square(5, 9);
    const struct ov_icon_area *a = &icon.areas[OV_ICON_COLOR][0];

    (void)state;
    assert_int_equal(a->mean, 4072);
    assert_int_equal(a->x, 5);
    assert_int_equal(a->y, 9);
    a = &icon.areas[OV_ICON_GRAY][0];
    assert_int_equal(a->mean, 0);
    assert_int_equal(icon.areas[OV_ICON_BRIGHT][0].mean, 255);
    assert_int_equal(icon.red, 100);
    assert_int_equal(icon.green, 0);
    assert_int_equal(icon.colored, 64 * 100 / (SIDE * SIDE));
}

static void icons_that_look_alike_are_alike(void **state)
{
    struct ov_icon one = measure_square(5, 9);
    struct ov_icon near = measure_square(6, 9);
    struct ov_icon_canvas *c = ov_alloc(sizeof(*c));
    struct ov_icon other;

    (void)state;
    assert_non_null(c);
    draw_checks(c);
    ov_icon_measure(c, &other);
    ov_free(c);
    assert_true(ov_icon_is_like(&one, &one));
    assert_true(ov_icon_is_like(&near, &one));
    assert_false(ov_icon_is_like(&other, &one));
    near.side = 24;
    assert_false(ov_icon_is_like(&near, &one));
}

/* A bitmap of 24 bits with a mask, all of one color. */
static struct ov_span plain_bitmap(uint8_t *bytes, uint8_t side, uint8_t depth)
{
    size_t image = (size_t)side * ((size_t)side * depth / 8);
    size_t mask = (size_t)side * ((side + 31u) / 32 * 4);

    for (size_t i = 0; i < HEADER + image + mask; i++)
        bytes[i] = i >= HEADER && i < HEADER + image ? 0x40 : 0;
    bytes[0] = HEADER;
    bytes[4] = side;
    bytes[8] = (uint8_t)(2 * side);
    bytes[14] = depth;
    return ov_span_of(bytes, HEADER + image + mask);
}

static bool draw(struct ov_span bytes, struct ov_icon_canvas *c)
{
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_facts facts = {0};
    struct ov_exe_job job = {bytes, arena, &budget, &facts};
    bool is_one = false;

    assert_non_null(arena);
    c->bitmap = NULL;
    c->bitmap_cap = 0;
    assert_int_equal(ov_icon_draw(&job, 0, c, &is_one), OV_OK);
    return is_one;
}

static void bitmaps_are_drawn_on_white(void **state)
{
    struct ov_icon_canvas *c = ov_alloc(sizeof(*c));
    uint8_t bytes[4096];
    struct ov_span bitmap = plain_bitmap(bytes, 16, 24);

    (void)state;
    assert_non_null(c);
    assert_true(draw(bitmap, c));
    assert_int_equal(c->side, 16);
    assert_int_equal(c->pixels[0], 0x404040);
    bytes[bitmap.len - 4] = 0x80; /* the mask's last row: the first pixel's */
    bytes[bitmap.len - 64] = 0x80;
    assert_true(draw(bitmap, c));
    assert_int_equal(c->pixels[0], WHITE);
    assert_int_equal(c->pixels[1], 0x404040);
    assert_false(draw(ov_span_clip(bitmap, 0, bitmap.len - 1), c));
    bytes[14] = 7;
    assert_false(draw(bitmap, c));
    assert_false(draw(plain_bitmap(bytes, 15, 24), c));
    ov_free(c);
}

static void large_bitmaps_are_halved_or_sampled(void **state)
{
    struct ov_icon_canvas *c = ov_alloc(sizeof(*c));
    uint8_t *bytes = ov_alloc(16384);

    (void)state;
    assert_non_null(c);
    assert_non_null(bytes);
    assert_true(draw(plain_bitmap(bytes, 48, 24), c));
    assert_int_equal(c->side, 24);
    assert_true(draw(plain_bitmap(bytes, 60, 24), c));
    assert_int_equal(c->side, 32);
    assert_int_equal(c->pixels[1023], 0x404040);
    ov_free(bytes);
    ov_free(c);
}

static void groups_have_keys_by_their_names(void **state)
{
    (void)state;
    assert_true(ov_icon_group_key(OV_SPAN_LIT("a")) !=
                ov_icon_group_key(OV_SPAN_LIT("A")));
    assert_true(ov_icon_group_key(OV_SPAN_LIT("*")) != OV_ICON_ANY_GROUP);
}

OV_TEST_MAIN(OV_TEST(colorful_and_bright_areas_are_found),
             OV_TEST(icons_that_look_alike_are_alike),
             OV_TEST(bitmaps_are_drawn_on_white),
             OV_TEST(large_bitmaps_are_halved_or_sampled),
             OV_TEST(groups_have_keys_by_their_names))
