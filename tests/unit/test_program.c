/* SPDX-License-Identifier: Apache-2.0 */
#include "match/program.h"
#include "test.h"

static const struct ov_program sample = {
    .flags = OV_PROGRAM_PLACED | OV_PROGRAM_PARTS | OV_PROGRAM_NOCASE,
    .targets = 1u << 31 | 1,
    .id = 1000000,
    .rule = 77,
    .place = {OV_PLACE_ENTRY, -5, 300, 2},
    .atom_at = 12,
    .n_parts = 2,
    .lead = 1,
};

/* A program of two parts with some code. */
static void write_sample(struct ov_buf *ret, const struct ov_program *head)
{
    OV_AUTO_DONE(buf) parts = ov_buf_with_max(4096);
    struct ov_program p = *head;

    for (uint32_t n = 0; n < p.n_parts; n++) {
        struct ov_program_part part = {.gap_min = 9,
                                       .needle_at = 3,
                                       .needle = OV_SPAN_LIT("needle"),
                                       .code = OV_SPAN_LIT("some code"),
                                       .is_straight = n == 1};

        ov_program_write_part(&parts, &p, n, &part);
    }
    p.parts = ov_buf_span(&parts);
    ov_program_write(ret, &p);
    assert_int_equal(ov_buf_status(ret), OV_OK);
}

static void reads_what_was_written(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(4096);
    struct ov_program p;
    struct ov_program_part part;
    struct ov_reader all;
    struct ov_reader r;

    (void)state;
    write_sample(&b, &sample);
    write_sample(&b, &sample);
    all = ov_reader_over(ov_buf_span(&b));
    (void)ov_read_block(&all);
    assert_true(ov_program_read(ov_read_block(&all), &p));
    assert_int_equal(ov_reader_end(&all), OV_OK);
    assert_int_equal(p.targets, sample.targets);
    assert_int_equal(p.id, sample.id);
    assert_int_equal(p.rule, sample.rule);
    assert_int_equal(p.place.kind, OV_PLACE_ENTRY);
    assert_int_equal(p.place.at, -5);
    assert_int_equal(p.place.shift, 300);
    assert_int_equal(p.place.section, 2);
    assert_int_equal(p.atom_at, 12);
    assert_int_equal(p.lead, 1);

    r = ov_reader_over(p.parts);
    assert_true(ov_program_part(&p, &r, 0, &part));
    assert_int_equal(part.gap_min, 0);
    assert_false(part.is_straight);
    assert_true(ov_program_part(&p, &r, 1, &part));
    assert_int_equal(part.gap_min, 9);
    assert_true(part.is_straight);
    assert_true(ov_span_equal(part.needle, OV_SPAN_LIT("needle")));
    assert_true(ov_span_equal(part.code, OV_SPAN_LIT("some code")));
    assert_int_equal(ov_reader_end(&r), OV_OK);
}

static void targets_of_every_kind_survive(void **state)
{
    static const uint32_t targets[] = {
        0, 1, 2, 1u << 31, UINT32_MAX, 0x80000001, 0x7fffffff};

    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(4096);
        struct ov_program p = {.targets = targets[i], .n_parts = 1};
        struct ov_reader r;

        ov_program_write(&b, &p);
        r = ov_reader_over(ov_buf_span(&b));
        assert_true(ov_program_read(ov_read_block(&r), &p));
        assert_int_equal(p.targets, targets[i]);
    }
}

static void refuses_a_head_that_is_cut_off(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(4096);
    struct ov_program p;
    size_t n_refused = 0;

    (void)state;
    write_sample(&b, &sample);
    for (size_t len = 1; len < b.len; len++)
        n_refused += !ov_program_read(ov_span_of(b.ptr + 1, len - 1), &p);
    assert_in_range(n_refused, 15, 25);
}

OV_TEST_MAIN(OV_TEST(reads_what_was_written),
             OV_TEST(targets_of_every_kind_survive),
             OV_TEST(refuses_a_head_that_is_cut_off))
