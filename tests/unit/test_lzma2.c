/* SPDX-License-Identifier: Apache-2.0
 *
 * Chunks made by hand; test_xz has what an encoder makes. */
#include "base/buf.h"
#include "formats/lzma2.h"
#include "test.h"

/* Puts what comes out behind what is there. */
static bool decodes(struct ov_span in, struct ov_buf *into)
{
    OV_AUTO(lzma2) z = ov_lzma2_new();
    size_t packed = 0;
    size_t size = 0;
    uint8_t *room;

    assert_non_null(z);
    if (!ov_lzma2_measure(in, &packed, &size))
        return false;
    room = ov_buf_room(into, size);
    assert_non_null(room);
    if (!ov_lzma2_decode(z, ov_span_clip(in, 0, packed), 4096, room, size))
        return false;
    assert_int_equal(packed, in.len);
    ov_buf_added(into, size);
    return true;
}

/* Three bytes as they are, after the dictionary's reset, and the end. */
static const uint8_t stored[] = {1, 0, 2, 'a', 'b', 'c', 2, 0, 0, 'd', 0};

static void stored_chunks_follow_each_other(void **state)
{
    OV_AUTO_DONE(buf) into = ov_buf_with_max(100);

    (void)state;
    ov_put_str(&into, "-");
    assert_true(decodes(ov_span_of(stored, sizeof(stored)), &into));
    assert_true(ov_span_equal(ov_buf_span(&into), OV_SPAN_LIT("-abcd")));
}

static void data_without_an_end_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(stored); len++) {
        OV_AUTO_DONE(buf) into = ov_buf_with_max(100);

        ov_put_str(&into, "-");
        assert_false(decodes(ov_span_of(stored, len), &into));
        assert_int_equal(into.len, 1);
    }
}

static void wrong_first_chunks_are_refused(void **state)
{
    static const uint8_t heads[] = {2, 3, 0x7f, 0x80, 0xa0, 0xc0};

    (void)state;
    for (size_t i = 0; i < sizeof(heads); i++) {
        OV_AUTO_DONE(buf) into = ov_buf_with_max(100);
        uint8_t in[100] = {heads[i], 0, 2};

        assert_false(decodes(ov_span_of(in, sizeof(in)), &into));
    }
}

static void symbols_need_properties(void **state)
{
    /* The dictionary is there, lc, lp and pb are not. */
    uint8_t in[100] = {1, 0, 0, 'a', 0xa0, 0, 0, 0, 5};
    OV_AUTO_DONE(buf) into = ov_buf_with_max(100);

    (void)state;
    assert_false(decodes(ov_span_of(in, sizeof(in)), &into));
}

/* With a code of zeros all symbols are literals of zeros. */
static void a_literal_is_decoded(void **state)
{
    static const uint8_t in[] = {0xe0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0};
    OV_AUTO_DONE(buf) into = ov_buf_with_max(100);

    (void)state;
    assert_true(decodes(ov_span_of(in, sizeof(in)), &into));
    assert_true(ov_span_equal(ov_buf_span(&into), OV_SPAN_LIT("\0")));
}

static void impossible_properties_are_refused(void **state)
{
    static const uint8_t wrong[] = {225, 255, 4 * 9 + 2, 8};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong); i++) {
        OV_AUTO_DONE(buf) into = ov_buf_with_max(100);
        uint8_t in[100] = {0xe0, 0, 0, 0, 5, wrong[i]};

        assert_false(decodes(ov_span_of(in, sizeof(in)), &into));
    }
}

OV_TEST_MAIN(OV_TEST(stored_chunks_follow_each_other),
             OV_TEST(data_without_an_end_is_refused),
             OV_TEST(wrong_first_chunks_are_refused),
             OV_TEST(symbols_need_properties), OV_TEST(a_literal_is_decoded),
             OV_TEST(impossible_properties_are_refused))
