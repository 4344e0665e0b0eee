/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/terms.h"
#include "test.h"

/* Writes a term and reads it back; all bytes must be used. */
static struct ov_term round_trip(const struct ov_term *t, struct ov_buf *b)
{
    struct ov_term back;
    struct ov_reader r;

    ov_buf_clear(b);
    ov_terms_put(b, t);
    assert_int_equal(ov_buf_status(b), OV_OK);
    r = ov_reader_over(ov_buf_span(b));
    ov_terms_read(&r, &back);
    assert_int_equal(ov_reader_end(&r), OV_OK);
    assert_int_equal(back.kind, t->kind);
    return back;
}

static void a_pattern_anywhere_is_one_byte(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(SIZE_MAX);
    const struct ov_term t = {.kind = OV_TERM_PATTERN};

    (void)state;
    (void)round_trip(&t, &b);
    assert_int_equal(b.len, 1);
}

static void every_place_comes_back(void **state)
{
    static const int64_t at[] = {0, 1, -1, 63, -64, INT64_MAX, INT64_MIN};
    OV_AUTO_DONE(buf) b = ov_buf_with_max(SIZE_MAX);

    (void)state;
    for (int kind = OV_PLACE_START; kind <= OV_PLACE_MACRO; kind++)
        for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
            const struct ov_term t = {
                .kind = OV_TERM_PATTERN,
                .pattern.place = {.kind = (enum ov_place_kind)kind,
                                  .at = at[i],
                                  .shift = UINT32_MAX,
                                  .section = UINT16_MAX}};
            struct ov_place back = round_trip(&t, &b).pattern.place;

            assert_int_equal(back.kind, kind);
            assert_true(back.at == at[i]);
            assert_int_equal(back.shift, UINT32_MAX);
            assert_int_equal(back.section, UINT16_MAX);
        }
}

static void a_regex_comes_back(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(SIZE_MAX);
    const struct ov_term t = {
        .kind = OV_TERM_REGEX,
        .regex = {.source = OV_SPAN_LIT("a.*b"),
                  .flags = OV_REGEX_UNGREEDY | OV_REGEX_GLOBAL,
                  .place = {.kind = OV_PLACE_END, .at = 7},
                  .trigger = OV_SPAN_LIT("\x01\x02")}};
    struct ov_regex back = round_trip(&t, &b).regex;

    (void)state;
    assert_true(ov_span_equal(back.source, OV_SPAN_LIT("a.*b")));
    assert_true(ov_span_equal(back.trigger, OV_SPAN_LIT("\x01\x02")));
    assert_int_equal(back.flags, OV_REGEX_UNGREEDY | OV_REGEX_GLOBAL);
    assert_int_equal(back.place.kind, OV_PLACE_END);
    assert_int_equal(back.place.at, 7);
}

static void a_comparison_comes_back(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(SIZE_MAX);
    const struct ov_term t = {
        .kind = OV_TERM_BYTECMP,
        .bytecmp = {.trigger = 3,
                    .offset = -5,
                    .base = 'h',
                    .is_exact = true,
                    .n_bytes = 4,
                    .n_compare = 2,
                    .compare = {{'>', -1}, {'<', INT64_MAX}}}};
    struct ov_bytecmp back = round_trip(&t, &b).bytecmp;

    (void)state;
    assert_int_equal(back.trigger, 3);
    assert_int_equal(back.offset, -5);
    assert_int_equal(back.base, 'h');
    assert_false(back.is_little);
    assert_true(back.is_exact);
    assert_int_equal(back.n_bytes, 4);
    assert_int_equal(back.n_compare, 2);
    assert_int_equal(back.compare[0].op, '>');
    assert_int_equal(back.compare[0].value, -1);
    assert_int_equal(back.compare[1].op, '<');
    assert_true(back.compare[1].value == INT64_MAX);
}

static void an_image_hash_and_a_macro_come_back(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(SIZE_MAX);
    const struct ov_term fuzzy = {.kind = OV_TERM_FUZZY,
                                  .fuzzy = {{1, 2, 3, 4, 5, 6, 7, 8}, 9}};
    const struct ov_term macro = {.kind = OV_TERM_MACRO,
                                  .macro = {1, 2, 3, UINT32_MAX}};
    struct ov_fuzzy f = round_trip(&fuzzy, &b).fuzzy;
    struct ov_macro m = round_trip(&macro, &b).macro;

    (void)state;
    assert_memory_equal(f.hash, fuzzy.fuzzy.hash, 8);
    assert_int_equal(f.distance, 9);
    assert_int_equal(m.group, 1);
    assert_int_equal(m.lead, 2);
    assert_int_equal(m.min, 3);
    assert_int_equal(m.max, UINT32_MAX);
}

static void what_no_compiler_writes_is_refused(void **state)
{
    static const uint8_t bad[][4] = {
        {0x05},                  /* no such kind of term */
        {0x90},                  /* no such kind of place */
        {0x10, 0x00, 0x00},      /* a place that is cut off */
        {0x02, 0x00, 0x00, 'h'}, /* a comparison that is cut off */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct ov_reader r = ov_reader_over(ov_span_of(bad[i], i == 2  ? 3
                                                               : i < 2 ? 1
                                                                       : 4));
        struct ov_term t;

        ov_terms_read(&r, &t);
        assert_int_not_equal(ov_reader_status(&r), OV_OK);
    }
}

OV_TEST_MAIN(OV_TEST(a_pattern_anywhere_is_one_byte),
             OV_TEST(every_place_comes_back), OV_TEST(a_regex_comes_back),
             OV_TEST(a_comparison_comes_back),
             OV_TEST(an_image_hash_and_a_macro_come_back),
             OV_TEST(what_no_compiler_writes_is_refused))
