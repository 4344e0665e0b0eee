/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/needle.h"
#include "test.h"

static const struct ov_needle needles[] = {
    {{'P', 'K', 3}, 0xff},
    {{0x60, 0xea, 0}, 0},
    {{'a', 'b', 0x40}, 0xf0},
};

static size_t plain_find(struct ov_span s, size_t from)
{
    for (; from < s.len; from++) {
        int a = ov_span_byte(s, from), b = ov_span_byte(s, from + 1);
        int c = ov_span_byte(s, from + 2);

        if ((a == 'P' && b == 'K' && c == 3) || (a == 0x60 && b == 0xea) ||
            (a == 'a' && b == 'b' && c >= 0x40 && c < 0x50))
            return from;
    }
    return SIZE_MAX;
}

static void every_place_of_any_length_is_found(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1024);

    (void)state;
    for (size_t len = 3; len < 200; len++)
        for (size_t at = 0; at + 3 <= len; at++) {
            ov_buf_clear(&b);
            for (size_t i = 0; i < len; i++)
                ov_put_u8(&b, (uint8_t)(i * 7));
            b.ptr[at] = 'P';
            b.ptr[at + 1] = 'K';
            b.ptr[at + 2] = 3;
            assert_int_equal(ov_needles_find(ov_buf_span(&b), 0, needles, 3),
                             plain_find(ov_buf_span(&b), 0));
            assert_int_equal(
                ov_needles_find_portably(ov_buf_span(&b), 0, needles, 3),
                plain_find(ov_buf_span(&b), 0));
            assert_int_equal(ov_needles_find(ov_buf_span(&b), at, needles, 1),
                             at);
        }
}

static void the_same_is_found_as_by_looking_everywhere(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    uint32_t seed = 1;
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 60000; i++) {
        seed = seed * 1664525 + 1013904223;
        ov_put_u8(&b, (uint8_t) "PK\3\x60\xea"
                                "abIx"[seed >> 24 & 7]);
    }
    for (size_t at = 0; at != SIZE_MAX; n++) {
        size_t want = plain_find(ov_buf_span(&b), at);

        assert_int_equal(ov_needles_find(ov_buf_span(&b), at, needles, 3),
                         want);
        assert_int_equal(
            ov_needles_find_portably(ov_buf_span(&b), at, needles, 3), want);
        at = want == SIZE_MAX ? want : want + 1;
    }
    assert_true(n > 100);
}

OV_TEST_MAIN(OV_TEST(every_place_of_any_length_is_found),
             OV_TEST(the_same_is_found_as_by_looking_everywhere))
