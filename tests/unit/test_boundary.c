/* SPDX-License-Identifier: Apache-2.0 */
#include "match/boundary.h"
#include "test.h"

static const char *const words[] = {"B", "L", "W"};

/* For which bytes the boundary holds between "x" and "x", besides them. */
static void expect(enum ov_boundary kind, enum ov_side side, const char *set)
{
    for (unsigned c = 1; c < 256; c++) {
        uint8_t view[3] = {'x', (uint8_t)c, 'x'};
        uint64_t at = side == OV_SIDE_LEFT ? 2 : 1;
        bool want = strchr(set, (int)c) != NULL;

        for (int is_negated = 0; is_negated < 2; is_negated++)
            if (ov_boundary_holds(ov_boundary_code(kind, side, is_negated),
                                  ov_span_of(view, 3),
                                  at) != (want != is_negated))
                fail_msg("(%s) of side %d is wrong for %02x", words[kind],
                         (int)side, c);
    }
}

static void each_side_has_its_bytes(void **state)
{
    (void)state;
    expect(OV_BOUNDARY_BREAK, OV_SIDE_LEFT, " -./<@_");
    expect(OV_BOUNDARY_BREAK, OV_SIDE_RIGHT, "\n\r \"'-/=>_");
    expect(OV_BOUNDARY_LINE, OV_SIDE_LEFT, "\n");
    expect(OV_BOUNDARY_LINE, OV_SIDE_RIGHT, "\n");
}

static void a_line_may_end_in_two_bytes(void **state)
{
    unsigned code = ov_boundary_code(OV_BOUNDARY_LINE, OV_SIDE_RIGHT, false);

    (void)state;
    assert_true(ov_boundary_holds(code, OV_SPAN_LIT("a\r\n"), 1));
    assert_false(ov_boundary_holds(code, OV_SPAN_LIT("a\r"), 1));
}

static void letters_and_digits_are_words(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t byte = (uint8_t)c;
        unsigned code =
            ov_boundary_code(OV_BOUNDARY_WORD, OV_SIDE_RIGHT, false);

        assert_int_equal(ov_boundary_holds(code, ov_span_of(&byte, 1), 0),
                         !ov_is_alnum(byte));
    }
}

static void the_ends_hold_unless_negated(void **state)
{
    struct ov_span view = OV_SPAN_LIT("x");

    (void)state;
    for (unsigned kind = 0; kind < 3; kind++)
        for (unsigned side = 0; side < 2; side++)
            for (int is_negated = 0; is_negated < 2; is_negated++)
                assert_int_equal(
                    ov_boundary_holds(ov_boundary_code((enum ov_boundary)kind,
                                                       (enum ov_side)side,
                                                       is_negated),
                                      view, side),
                    !is_negated);
}

OV_TEST_MAIN(OV_TEST(each_side_has_its_bytes),
             OV_TEST(a_line_may_end_in_two_bytes),
             OV_TEST(letters_and_digits_are_words),
             OV_TEST(the_ends_hold_unless_negated))
