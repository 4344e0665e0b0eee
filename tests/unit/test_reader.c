/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "test.h"

static void numbers_have_the_named_byte_order(void **state)
{
    struct ov_reader r =
        ov_reader_over(OV_SPAN_LIT("\x01\x02\x03\x04\x05\x06\x07\x08"));
    struct ov_reader start = r;

    (void)state;
    assert_int_equal(ov_read_u8(&r), 1);
    assert_int_equal(ov_read_u16le(&r), 0x0302);
    assert_int_equal(ov_read_u16be(&r), 0x0405);
    r = start;
    assert_int_equal(ov_read_u32le(&r), 0x04030201);
    assert_int_equal(ov_read_u32be(&r), 0x05060708);
    r = start;
    assert_true(ov_read_u64le(&r) == 0x0807060504030201);
    r = start;
    assert_true(ov_read_u64be(&r) == 0x0102030405060708);
    assert_int_equal(ov_reader_end(&r), OV_OK);
}

static void stays_failed_where_it_failed(void **state)
{
    struct ov_reader r = ov_reader_over(OV_SPAN_LIT("abcde"));

    (void)state;
    assert_int_equal(ov_read_u8(&r), 'a');
    assert_int_equal(ov_read_u64le(&r), 0);
    assert_int_equal(ov_reader_status(&r), OV_TRUNCATED);
    assert_int_equal(r.at, 1);
    assert_int_equal(ov_read_u8(&r), 0);
    assert_int_equal(ov_read_span(&r, 1).len, 0);
    assert_int_equal(ov_reader_rest(&r).len, 0);
    ov_reader_skip(&r, 1);
    ov_reader_seek(&r, 0);
    ov_reader_require(&r, false, OV_UNSUPPORTED);
    assert_int_equal(r.at, 1);
    assert_int_equal(ov_reader_status(&r), OV_TRUNCATED);
    assert_int_equal(ov_reader_end(&r), OV_TRUNCATED);
    assert_false(ov_reader_more(&r));
}

static void a_length_past_the_end_is_refused(void **state)
{
    static const uint64_t lens[] = {6, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        struct ov_reader r = ov_reader_over(OV_SPAN_LIT("abcde"));
        struct ov_reader s = r;
        struct ov_reader t = r;

        assert_int_equal(ov_read_span(&r, lens[i]).len, 0);
        assert_int_equal(ov_reader_status(&r), OV_TRUNCATED);
        ov_reader_skip(&s, lens[i]);
        assert_int_equal(ov_reader_status(&s), OV_TRUNCATED);
        ov_reader_seek(&t, lens[i]);
        assert_int_equal(ov_reader_status(&t), OV_TRUNCATED);
    }
}

static void nothing_can_be_read_from_nothing(void **state)
{
    struct ov_reader r = ov_reader_over(ov_span_of(NULL, 0));

    (void)state;
    assert_false(ov_reader_more(&r));
    assert_int_equal(ov_read_span(&r, 0).len, 0);
    ov_reader_skip(&r, 0);
    ov_reader_seek(&r, 0);
    assert_int_equal(ov_reader_end(&r), OV_OK);
    assert_int_equal(ov_read_u8(&r), 0);
    assert_int_equal(ov_reader_status(&r), OV_TRUNCATED);
}

static uint64_t varint(struct ov_span bytes, enum ov_status *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    uint64_t value = ov_read_varint(&r);

    *ret = ov_reader_end(&r);
    return value;
}

static void a_varint_has_one_spelling(void **state)
{
    static const uint8_t top[] = {0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0x01};
    static const uint8_t over[] = {0xff, 0xff, 0xff, 0xff, 0xff,
                                   0xff, 0xff, 0xff, 0xff, 0x02};
    static const uint8_t endless[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff};
    enum ov_status status;

    (void)state;
    assert_true(varint(ov_span_of("\0", 1), &status) == 0);
    assert_int_equal(status, OV_OK);
    assert_true(varint(ov_span_of(top, 10), &status) == UINT64_MAX);
    assert_int_equal(status, OV_OK);
    (void)varint(ov_span_of(over, 10), &status);
    assert_int_equal(status, OV_MALFORMED);
    (void)varint(ov_span_of(endless, 11), &status);
    assert_int_equal(status, OV_MALFORMED);
    (void)varint(ov_span_of("\x80\0", 2), &status);
    assert_int_equal(status, OV_MALFORMED);
    (void)varint(ov_span_of("\x80", 1), &status);
    assert_int_equal(status, OV_TRUNCATED);
}

static void a_block_that_is_cut_fails_at_its_start(void **state)
{
    struct ov_reader r = ov_reader_over(OV_SPAN_LIT("\x02hi\x03yo"));

    (void)state;
    assert_true(ov_span_equal(ov_read_block(&r), OV_SPAN_LIT("hi")));
    assert_int_equal(ov_read_block(&r).len, 0);
    assert_int_equal(ov_reader_status(&r), OV_TRUNCATED);
    assert_int_equal(r.at, 3);
}

static void the_end_is_only_reached_when_all_is_read(void **state)
{
    struct ov_reader r = ov_reader_over(OV_SPAN_LIT("abc"));

    (void)state;
    ov_reader_skip(&r, 2);
    assert_int_equal(ov_reader_end(&r), OV_MALFORMED);
    assert_true(ov_span_equal(ov_reader_rest(&r), OV_SPAN_LIT("c")));
    ov_reader_seek(&r, 3);
    assert_int_equal(ov_reader_end(&r), OV_OK);
    assert_false(ov_reader_more(&r));
}

OV_TEST_MAIN(OV_TEST(numbers_have_the_named_byte_order),
             OV_TEST(stays_failed_where_it_failed),
             OV_TEST(a_length_past_the_end_is_refused),
             OV_TEST(nothing_can_be_read_from_nothing),
             OV_TEST(a_varint_has_one_spelling),
             OV_TEST(a_block_that_is_cut_fails_at_its_start),
             OV_TEST(the_end_is_only_reached_when_all_is_read))
