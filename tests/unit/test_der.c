/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/der.h"
#include "test.h"

static void cuts_off_one_element(void **state)
{
    struct ov_span rest = OV_SPAN_LIT("\x04\x02hi\x30\x00!");
    struct ov_span content;
    uint8_t tag;

    (void)state;
    assert_true(ov_der_next(&rest, &tag, &content));
    assert_int_equal(tag, OV_DER_OCTETS);
    assert_true(ov_span_equal(content, OV_SPAN_LIT("hi")));
    assert_true(ov_der_take(&rest, OV_DER_SEQUENCE, &content));
    assert_int_equal(content.len, 0);
    assert_int_equal(rest.len, 1);
    assert_false(ov_der_next(&rest, &tag, &content));
}

static void takes_no_other_tag(void **state)
{
    struct ov_span rest = OV_SPAN_LIT("\x04\x01x");
    struct ov_span content;

    (void)state;
    assert_false(ov_der_take(&rest, OV_DER_OID, &content));
    assert_int_equal(rest.len, 3);
}

static void reads_long_lengths(void **state)
{
    struct ov_span rest = OV_SPAN_LIT("\x04\x82\x00\x03"
                                      "abc");
    struct ov_span content;
    uint8_t tag;

    (void)state;
    assert_true(ov_der_next(&rest, &tag, &content));
    assert_true(ov_span_equal(content, OV_SPAN_LIT("abc")));
    assert_int_equal(rest.len, 0);
}

static void refuses_what_is_no_der(void **state)
{
    static const struct ov_span bad[] = {
        {(const uint8_t *)"\x04\x05zu", 4},            /* cut off */
        {(const uint8_t *)"\x04\x80zu\0\0", 6},        /* no length */
        {(const uint8_t *)"\x04\x85\0\0\0\0\x01z", 8}, /* too many */
        {(const uint8_t *)"\x1f\x81\x01\x00", 4},      /* a long tag */
        {(const uint8_t *)"\x04\x84\xff\xff\xff\xffz", 7},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct ov_span rest = bad[i];
        struct ov_span content;
        uint8_t tag;

        assert_false(ov_der_next(&rest, &tag, &content));
        assert_int_equal(rest.len, bad[i].len);
    }
}

OV_TEST_MAIN(OV_TEST(cuts_off_one_element), OV_TEST(takes_no_other_tag),
             OV_TEST(reads_long_lengths), OV_TEST(refuses_what_is_no_der))
