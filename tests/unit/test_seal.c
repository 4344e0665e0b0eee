/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "crypto/seal.h"
#include "test.h"

static const uint8_t key[OV_SEAL_KEY] = {1, 2, 3};

static struct ov_seal *new_seal(void)
{
    struct ov_seal *s = NULL;

    assert_int_equal(ov_seal_new(key, &s), OV_OK);
    return s;
}

static void put(struct ov_seal *s, const char *text, enum ov_seal_chunk which,
                uint8_t *to)
{
    assert_int_equal(ov_seal_put(s, ov_span_str(text), which, to), OV_OK);
}

/* Expected values here were computed apart from OpenSSL, from the RFCs' text in
 * Python. */
static void a_derived_key_is_that_of_the_rfc(void **state)
{
    static const uint8_t salt[OV_SEAL_SALT] = {9};
    uint8_t want[OV_SEAL_KEY];
    uint8_t have[OV_SEAL_KEY];

    (void)state;
    assert_true(ov_hex_decode(
        OV_SPAN_LIT(
            "ec371aec3cd38f98ef2e60164adfc1d8d18daa52b89027334fc58ed90e9745fc"),
        want, sizeof(want)));
    assert_int_equal(ov_seal_derive(key, salt, "label", have), OV_OK);
    assert_memory_equal(have, want, sizeof(want));
}

static void a_key_of_another_label_is_another(void **state)
{
    static const uint8_t salt[OV_SEAL_SALT] = {9};
    uint8_t a[OV_SEAL_KEY];
    uint8_t b[OV_SEAL_KEY];

    (void)state;
    assert_int_equal(ov_seal_derive(key, salt, "a", a), OV_OK);
    assert_int_equal(ov_seal_derive(key, salt, "b", b), OV_OK);
    assert_memory_not_equal(a, b, sizeof(a));
}

/* Nonces: 00 .. 00 00, and for the second and last chunk 00 .. 01 01. */
static void chunks_are_sealed_as_the_construction_says(void **state)
{
    struct ov_seal *s = new_seal();
    uint8_t want[5 + OV_SEAL_TAG];
    uint8_t have[5 + OV_SEAL_TAG];

    (void)state;
    put(s, "one", OV_SEAL_MORE, have);
    put(s, "two", OV_SEAL_LAST, have);
    assert_true(
        ov_hex_decode(OV_SPAN_LIT("c1aa5cdc2df59441e910de4f74bef187f27eee"),
                      want, 3 + OV_SEAL_TAG));
    assert_memory_equal(have, want, 3 + OV_SEAL_TAG);
    ov_seal_free(s);
}

static void what_was_sealed_is_opened(void **state)
{
    struct ov_seal *to = new_seal();
    struct ov_seal *from = new_seal();
    uint8_t a[3 + OV_SEAL_TAG];
    uint8_t b[OV_SEAL_TAG];
    uint8_t plain[3];

    (void)state;
    put(to, "abc", OV_SEAL_MORE, a);
    put(to, "", OV_SEAL_LAST, b);
    assert_memory_not_equal(a, "abc", 3);
    assert_int_equal(
        ov_seal_get(from, ov_span_of(a, sizeof(a)), OV_SEAL_MORE, plain),
        OV_OK);
    assert_memory_equal(plain, "abc", 3);
    assert_int_equal(
        ov_seal_get(from, ov_span_of(b, sizeof(b)), OV_SEAL_LAST, plain),
        OV_OK);
    ov_seal_free(to);
    ov_seal_free(from);
}

static enum ov_status open_one(struct ov_span sealed, enum ov_seal_chunk which)
{
    struct ov_seal *s = new_seal();
    uint8_t plain[64];
    enum ov_status status = ov_seal_get(s, sealed, which, plain);

    ov_seal_free(s);
    return status;
}

static void no_bit_can_be_changed(void **state)
{
    struct ov_seal *s = new_seal();
    uint8_t sealed[3 + OV_SEAL_TAG];

    (void)state;
    put(s, "abc", OV_SEAL_MORE, sealed);
    for (unsigned i = 0; i < 8 * sizeof(sealed); i++) {
        sealed[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_int_equal(
            open_one(ov_span_of(sealed, sizeof(sealed)), OV_SEAL_MORE),
            OV_BAD_PROOF);
        sealed[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    assert_int_equal(open_one(ov_span_of(sealed, sizeof(sealed)), OV_SEAL_MORE),
                     OV_OK);
    ov_seal_free(s);
}

static void neither_order_nor_end_can_be_changed(void **state)
{
    struct ov_seal *s = new_seal();
    uint8_t a[1 + OV_SEAL_TAG];
    uint8_t b[1 + OV_SEAL_TAG];

    (void)state;
    put(s, "a", OV_SEAL_MORE, a);
    put(s, "b", OV_SEAL_LAST, b);
    assert_int_equal(open_one(ov_span_of(a, sizeof(a)), OV_SEAL_LAST),
                     OV_BAD_PROOF);
    assert_int_equal(open_one(ov_span_of(b, sizeof(b)), OV_SEAL_LAST),
                     OV_BAD_PROOF);
    assert_int_equal(open_one(ov_span_of(a, 3), OV_SEAL_MORE), OV_BAD_PROOF);
    ov_seal_free(s);
}

static void behind_the_end_there_is_nothing(void **state)
{
    struct ov_seal *s = new_seal();
    uint8_t a[1 + OV_SEAL_TAG];

    (void)state;
    put(s, "a", OV_SEAL_LAST, a);
    assert_int_equal(ov_seal_put(s, OV_SPAN_LIT("b"), OV_SEAL_LAST, a),
                     OV_USAGE);
    ov_seal_free(s);
}

static void one_chunk_goes_into_a_buffer_and_back(void **state)
{
    OV_AUTO_DONE(buf) sealed = ov_buf_with_max(64);
    OV_AUTO_DONE(buf) opened = ov_buf_with_max(64);

    (void)state;
    ov_put_str(&sealed, "before ");
    assert_int_equal(ov_put_sealed(&sealed, key, OV_SPAN_LIT("plain")), OV_OK);
    assert_int_equal(sealed.len, 7 + 5 + OV_SEAL_TAG);
    assert_int_equal(
        ov_put_opened(&opened, key, ov_span_of(sealed.ptr + 7, sealed.len - 7)),
        OV_OK);
    assert_true(ov_span_equal(ov_buf_span(&opened), OV_SPAN_LIT("plain")));
    sealed.ptr[9] ^= 1;
    assert_int_equal(
        ov_put_opened(&opened, key, ov_span_of(sealed.ptr + 7, sealed.len - 7)),
        OV_BAD_PROOF);
    assert_int_equal(ov_put_opened(&opened, key, OV_SPAN_LIT("short")),
                     OV_BAD_PROOF);
    assert_int_equal(opened.len, 5);
}

static void a_full_buffer_takes_no_chunk(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(8);

    (void)state;
    assert_int_equal(ov_put_sealed(&b, key, OV_SPAN_LIT("plain")),
                     OV_LIMIT_SIZE);
}

OV_TEST_MAIN(OV_TEST(a_derived_key_is_that_of_the_rfc),
             OV_TEST(a_key_of_another_label_is_another),
             OV_TEST(chunks_are_sealed_as_the_construction_says),
             OV_TEST(what_was_sealed_is_opened), OV_TEST(no_bit_can_be_changed),
             OV_TEST(neither_order_nor_end_can_be_changed),
             OV_TEST(behind_the_end_there_is_nothing),
             OV_TEST(one_chunk_goes_into_a_buffer_and_back),
             OV_TEST(a_full_buffer_takes_no_chunk))
