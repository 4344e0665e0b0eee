/* SPDX-License-Identifier: Apache-2.0 */
#include "match/place.h"
#include "test.h"

static const struct ov_extent sections[] = {{100, 50}, {200, 10}};
static const struct ov_extent info[] = {{30, 4}, {90, 4}};
static const struct ov_layout layout = {.has_entry = true,
                                        .entry = 120,
                                        .sections = sections,
                                        .n_sections = 2,
                                        .version_info = info,
                                        .n_version_info = 2};

#define VIEW_LEN 300

/* Where the place allows a start: exactly [first, last]. */
static void expect(struct ov_place p, uint64_t first, uint64_t last)
{
    for (uint64_t at = 0; at <= VIEW_LEN; at++)
        assert_int_equal(ov_place_allows(&p, VIEW_LEN, &layout, at),
                         at >= first && at <= last);
}

static void expect_nowhere(struct ov_place p)
{
    expect(p, 1, 0);
}

static void counts_from_landmarks(void **state)
{
    (void)state;
    expect((struct ov_place){.kind = OV_PLACE_ANY}, 0, VIEW_LEN);
    expect((struct ov_place){.kind = OV_PLACE_START, .at = 7}, 7, 7);
    expect((struct ov_place){.kind = OV_PLACE_END, .at = 7}, 293, 293);
    expect((struct ov_place){.kind = OV_PLACE_ENTRY, .at = -20}, 100, 100);
    expect((struct ov_place){.kind = OV_PLACE_SECTION, .at = 5, .section = 1},
           205, 205);
    expect((struct ov_place){.kind = OV_PLACE_LAST_SECTION, .at = 1}, 201, 201);
}

static void a_shift_reaches_behind(void **state)
{
    (void)state;
    expect((struct ov_place){.kind = OV_PLACE_START, .at = 7, .shift = 3}, 7,
           10);
    expect((struct ov_place){.kind = OV_PLACE_ENTRY, .shift = UINT32_MAX}, 120,
           VIEW_LEN);
    expect((struct ov_place){.kind = OV_PLACE_IN_SECTION, .shift = 5}, 100,
           155);
}

static void a_place_before_the_view_is_nowhere(void **state)
{
    (void)state;
    expect_nowhere(
        (struct ov_place){.kind = OV_PLACE_END, .at = 301, .shift = 50});
    expect_nowhere(
        (struct ov_place){.kind = OV_PLACE_ENTRY, .at = -121, .shift = 50});
    expect_nowhere((struct ov_place){.kind = OV_PLACE_ENTRY, .at = INT64_MIN});
}

static void a_section_that_is_not_there_is_nowhere(void **state)
{
    struct ov_place p = {.kind = OV_PLACE_SECTION, .section = 2};

    (void)state;
    expect_nowhere(p);
    p.kind = OV_PLACE_IN_SECTION;
    expect_nowhere(p);
}

static void version_information_has_several_places(void **state)
{
    struct ov_place p = {.kind = OV_PLACE_VERSION_INFO};
    struct ov_place_range r;

    (void)state;
    assert_true(ov_place_allows(&p, VIEW_LEN, &layout, 30));
    assert_true(ov_place_allows(&p, VIEW_LEN, &layout, 90));
    assert_false(ov_place_allows(&p, VIEW_LEN, &layout, 31));
    assert_true(ov_place_range(&p, VIEW_LEN, &layout, 1, &r));
    assert_int_equal(r.first, 90);
    assert_false(ov_place_range(&p, VIEW_LEN, &layout, 2, &r));
}

static void without_a_layout_landmarks_are_nowhere(void **state)
{
    (void)state;
    for (unsigned k = OV_PLACE_ENTRY; k <= OV_PLACE_VERSION_INFO; k++) {
        struct ov_place p = {.kind = (enum ov_place_kind)k};

        assert_true(ov_place_needs_layout(&p));
        assert_false(ov_place_allows(&p, VIEW_LEN, NULL, 100));
    }
}

OV_TEST_MAIN(OV_TEST(counts_from_landmarks), OV_TEST(a_shift_reaches_behind),
             OV_TEST(a_place_before_the_view_is_nowhere),
             OV_TEST(a_section_that_is_not_there_is_nowhere),
             OV_TEST(version_information_has_several_places),
             OV_TEST(without_a_layout_landmarks_are_nowhere))
