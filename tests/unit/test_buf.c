/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "test.h"
#include "torture.h"

static void it_holds_what_was_put(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(100);
    struct ov_span want = OV_SPAN_LIT("\x01\x03\x02\x07\x06\x05\x04"
                                      "\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08"
                                      "\xac\x02"
                                      "hi\x02yo");

    (void)state;
    ov_put_u8(&b, 1);
    ov_put_u16(&b, 0x0203);
    ov_put_u32(&b, 0x04050607);
    ov_put_u64(&b, 0x08090a0b0c0d0e0f);
    ov_put_varint(&b, 300);
    ov_put_str(&b, "hi");
    ov_put_block(&b, OV_SPAN_LIT("yo"));
    assert_int_equal(ov_buf_status(&b), OV_OK);
    assert_true(ov_span_equal(ov_buf_span(&b), want));
}

static void the_maximum_stops_it_for_good(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(5);

    (void)state;
    ov_put_str(&b, "1234");
    ov_put_u16(&b, 1);
    assert_int_equal(ov_buf_status(&b), OV_LIMIT_SIZE);
    ov_put_u8(&b, 5);
    assert_int_equal(b.len, 4);
    assert_null(ov_buf_room(&b, 0));
    ov_buf_clear(&b);
    ov_put_str(&b, "12345");
    assert_int_equal(ov_buf_status(&b), OV_OK);
    assert_true(ov_span_equal(ov_buf_span(&b), OV_SPAN_LIT("12345")));
}

static void a_buffer_without_room_takes_nothing(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(0);

    (void)state;
    ov_put_span(&b, ov_span_of(NULL, 0));
    assert_int_equal(ov_buf_status(&b), OV_OK);
    assert_non_null(ov_buf_room(&b, 0));
    ov_put_u8(&b, 1);
    assert_int_equal(ov_buf_status(&b), OV_LIMIT_SIZE);
}

static void room_can_be_written_and_added(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(10000);
    uint8_t *room = ov_buf_room(&b, 5000);

    (void)state;
    assert_non_null(room);
    memset(room, 'x', 5000);
    ov_buf_added(&b, 4999);
    assert_int_equal(b.len, 4999);
    assert_null(ov_buf_room(&b, 5002));
}

static void alignment_pads_with_zeros(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(100);

    (void)state;
    ov_put_align(&b, 16);
    assert_int_equal(b.len, 0);
    ov_put_u8(&b, 7);
    ov_put_align(&b, 16);
    assert_int_equal(b.len, 16);
    assert_int_equal(b.ptr[15], 0);
    ov_put_align(&b, 16);
    assert_int_equal(b.len, 16);
}

static void a_long_format_is_whole(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(10000);

    (void)state;
    ov_put_format(&b, "%s-%05d", "a", 42);
    assert_true(ov_span_equal(ov_buf_span(&b), OV_SPAN_LIT("a-00042")));
    for (int len = 509; len < 515; len++) {
        ov_buf_clear(&b);
        ov_put_format(&b, "%*d", len, 7);
        assert_int_equal(b.len, len);
        assert_int_equal(b.ptr[len - 1], '7');
    }
}

static enum ov_status put_much(void *arg)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);

    (void)arg;
    for (uint32_t i = 0; i < 1000; i++)
        ov_put_u32(&b, i);
    ov_put_format(&b, "%1000d", 1);
    return ov_buf_status(&b);
}

static void running_out_of_memory_ends_well(void **state)
{
    (void)state;
    assert_true(ov_torture(put_much, NULL) >= 5);
}

OV_TEST_MAIN(OV_TEST(it_holds_what_was_put),
             OV_TEST(the_maximum_stops_it_for_good),
             OV_TEST(a_buffer_without_room_takes_nothing),
             OV_TEST(room_can_be_written_and_added),
             OV_TEST(alignment_pads_with_zeros),
             OV_TEST(a_long_format_is_whole),
             OV_TEST(running_out_of_memory_ends_well))
