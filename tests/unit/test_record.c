/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"
#include "trust/record.h"

static const struct ov_record sample = {
    .id = {(const uint8_t *)"R-2026-1", 8},
    .rev = 3,
    .index = 81240,
    .kind = {(const uint8_t *)"ndb", 3},
    .source = {(const uint8_t *)"A:0:*:abcd\n", 11},
};

static enum ov_status read_text(const char *text, struct ov_record *ret)
{
    struct ov_reader r = ov_reader_over(ov_span_str(text));

    return ov_record_read(&r, ret);
}

static void a_record_is_a_line_and_its_source(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1000);
    struct ov_reader r;
    struct ov_record back;

    (void)state;
    ov_put_record(&b, &sample);
    assert_true(ov_span_equal(
        ov_buf_span(&b),
        OV_SPAN_LIT("record R-2026-1 3 81240 ndb 11\nA:0:*:abcd\n")));
    assert_int_equal(b.len, ov_record_len(&sample));
    r = ov_reader_over(ov_buf_span(&b));
    assert_int_equal(ov_record_read(&r, &back), OV_OK);
    assert_int_equal(ov_reader_end(&r), OV_OK);
    assert_true(ov_span_equal(back.id, sample.id));
    assert_int_equal(back.rev, 3);
    assert_int_equal(back.index, 81240);
    assert_true(ov_span_equal(back.source, sample.source));
}

static void a_number_has_one_spelling(void **state)
{
    static const char *const bad[] = {
        "record a 01 1 ndb 0\n",   "record a +1 1 ndb 0\n",
        "record a 1 1 ndb 00\n",   "record a 1  1 ndb 0\n",
        "record a 1 1 ndb 0 \n",   "record a 0 1 ndb 0\n",
        "record  1 1 ndb 0\n",     "record a 1 1 NDB 0\n",
        "record a 1 1 ndb\n",      "Record a 1 1 ndb 0\n",
        "record a\x01 1 1 ndb 0\n"};
    struct ov_record r;

    (void)state;
    assert_int_equal(read_text("record a 1 0 ndb 0\n", &r), OV_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(read_text(bad[i], &r), OV_MALFORMED);
}

static void what_is_cut_short_is_truncated(void **state)
{
    struct ov_record r;

    (void)state;
    assert_int_equal(read_text("record a 1 1 ndb 4\nabc", &r), OV_TRUNCATED);
    assert_int_equal(read_text("record a 1 1 ndb 4", &r), OV_TRUNCATED);
    assert_int_equal(read_text("", &r), OV_TRUNCATED);
}

static void a_source_has_a_longest_length(void **state)
{
    struct ov_record r = sample;

    (void)state;
    assert_int_equal(read_text("record a 1 1 ndb 16777217\n", &r),
                     OV_LIMIT_SIZE);
    r.source.len = OV_RECORD_SOURCE_MAX + 1;
    assert_int_equal(ov_record_check(&r), OV_LIMIT_SIZE);
}

static void a_leaf_is_that_of_rfc_6962(void **state)
{
    /* printf '\0record R-2026-1 3 81240 ndb 11\nA:0:*:abcd\n' | sha256sum */
    static const uint8_t expected[32] = {
        0x03, 0x4f, 0xfd, 0x02, 0x38, 0x6f, 0x28, 0x2c, 0x81, 0x04, 0x13,
        0x48, 0x1f, 0x8f, 0x74, 0x51, 0xb7, 0xe8, 0x00, 0xad, 0x8b, 0xc5,
        0x59, 0x79, 0xe7, 0x11, 0xc2, 0x69, 0xd6, 0x46, 0xef, 0x0a};
    uint8_t leaf[32];

    (void)state;
    assert_int_equal(ov_record_leaf(&sample, leaf), OV_OK);
    assert_memory_equal(leaf, expected, 32);
}

OV_TEST_MAIN(OV_TEST(a_record_is_a_line_and_its_source),
             OV_TEST(a_number_has_one_spelling),
             OV_TEST(what_is_cut_short_is_truncated),
             OV_TEST(a_source_has_a_longest_length),
             OV_TEST(a_leaf_is_that_of_rfc_6962))
