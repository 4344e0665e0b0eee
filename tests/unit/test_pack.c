/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"
#include "trust/pack.h"

static void packed_bytes_come_back(void **state)
{
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(1 << 20);
    OV_AUTO_DONE(buf) back = ov_buf_with_max(1 << 20);
    struct ov_span text = OV_SPAN_LIT("one rule, one rule, one rule, one rule");
    struct ov_blob blob;

    (void)state;
    assert_int_equal(ov_blob_of(text, &blob), OV_OK);
    assert_int_equal(ov_pack(text, &packed), OV_OK);
    assert_int_equal(ov_unpack(ov_buf_span(&packed), &blob, &back), OV_OK);
    assert_true(ov_span_equal(ov_buf_span(&back), text));
    blob.digest[0] ^= 1;
    assert_int_equal(ov_unpack(ov_buf_span(&packed), &blob, &back),
                     OV_BAD_DIGEST);
    assert_int_equal(back.len, text.len);
    blob.len -= 1;
    assert_int_equal(ov_unpack(ov_buf_span(&packed), &blob, &back),
                     OV_LIMIT_SIZE);
    assert_int_equal(ov_unpack(text, &blob, &back), OV_MALFORMED);
}

static void nothing_is_packed_too(void **state)
{
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(1 << 20);
    OV_AUTO_DONE(buf) back = ov_buf_with_max(0);
    struct ov_span none = {NULL, 0};
    struct ov_blob blob;

    (void)state;
    assert_int_equal(ov_blob_of(none, &blob), OV_OK);
    assert_int_equal(ov_pack(none, &packed), OV_OK);
    assert_int_equal(ov_unpack(ov_buf_span(&packed), &blob, &back), OV_OK);
}

static void a_bomb_gets_no_more_than_the_maximum(void **state)
{
    OV_AUTO_DONE(buf) zeros = ov_buf_with_max((size_t)8 << 20);
    OV_AUTO_DONE(buf) packed = ov_buf_with_max((size_t)1 << 20);
    OV_AUTO_DONE(buf) room = ov_buf_with_max((size_t)2 << 20);
    OV_AUTO_DONE(buf) more = ov_buf_with_max((size_t)64 << 20);

    (void)state;
    while (zeros.len < (size_t)8 << 20)
        ov_put_u64(&zeros, 0);
    packed.max = (size_t)16 << 20;
    assert_int_equal(ov_pack(ov_buf_span(&zeros), &packed), OV_OK);
    assert_in_range(packed.len, 1, 4096);
    assert_int_equal(ov_unpack_any(ov_buf_span(&packed), &room), OV_LIMIT_SIZE);
    assert_int_equal(ov_unpack_any(ov_buf_span(&packed), &more), OV_OK);
    assert_int_equal(more.len, zeros.len);
}

static void a_blob_has_one_spelling(void **state)
{
    static const char digits[] = "000102030405060708090a0b0c0d0e0f"
                                 "101112131415161718191a1b1c1d1e1f";
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1000);
    struct ov_blob blob = {.len = 7};

    (void)state;
    ov_put_format(&b, "sha256:%s 7", digits);
    assert_true(ov_blob_parse(ov_buf_span(&b), &blob));
    assert_int_equal(blob.digest[31], 0x1f);
    assert_int_equal(blob.len, 7);
    b.ptr[7 + 21] = 'A';
    assert_false(ov_blob_parse(ov_buf_span(&b), &blob));
    ov_buf_clear(&b);
    ov_put_format(&b, "sha256:%s 07", digits);
    assert_false(ov_blob_parse(ov_buf_span(&b), &blob));
    assert_false(ov_blob_parse(OV_SPAN_LIT("sha256:00 7"), &blob));
}

OV_TEST_MAIN(OV_TEST(packed_bytes_come_back), OV_TEST(nothing_is_packed_too),
             OV_TEST(a_bomb_gets_no_more_than_the_maximum),
             OV_TEST(a_blob_has_one_spelling))
