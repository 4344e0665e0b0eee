/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/text.h"
#include "crypto/hpke.h"
#include "test.h"

/* RFC 9180, appendix A.2.1. Its first encryption has additional data and ours
 * has none, so that all is the same but for the tag. */
#define SK_E "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600"
#define PK_E "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"
#define SK_R "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb"
#define PK_R "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a"
#define MESSAGE "Beauty is truth, truth beauty"
#define INFO "Ode on a Grecian Urn"
/* Without its tag. */
#define SEALED "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b"

static void from_hex(const char *hex, uint8_t *to, size_t len)
{
    assert_true(ov_hex_decode(ov_span_str(hex), to, len));
}

static void public_keys_are_those_of_the_vectors(void **state)
{
    uint8_t key[OV_HPKE_KEY];
    uint8_t want[OV_HPKE_KEY];
    uint8_t have[OV_HPKE_KEY];

    (void)state;
    from_hex(SK_R, key, sizeof(key));
    from_hex(PK_R, want, sizeof(want));
    assert_int_equal(ov_hpke_public(key, have), OV_OK);
    assert_memory_equal(have, want, sizeof(want));
}

static void a_message_is_sealed_as_in_the_vectors(void **state)
{
    uint8_t to[OV_HPKE_KEY];
    uint8_t ephemeral[OV_HPKE_KEY];
    uint8_t want_enc[OV_HPKE_KEY];
    uint8_t enc[OV_HPKE_KEY];
    uint8_t want[sizeof(MESSAGE) - 1];
    uint8_t sealed[sizeof(MESSAGE) - 1 + OV_HPKE_TAG];
    uint8_t key[OV_HPKE_KEY];
    uint8_t again[sizeof(MESSAGE) - 1];
    struct ov_hpke_to recipient = {to, ephemeral};

    (void)state;
    from_hex(PK_R, to, sizeof(to));
    from_hex(SK_E, ephemeral, sizeof(ephemeral));
    from_hex(PK_E, want_enc, sizeof(want_enc));
    from_hex(SEALED, want, sizeof(want));
    assert_int_equal(ov_hpke_seal(&recipient, OV_SPAN_LIT(INFO),
                                  OV_SPAN_LIT(MESSAGE), enc, sealed),
                     OV_OK);
    assert_memory_equal(enc, want_enc, sizeof(enc));
    assert_memory_equal(sealed, want, sizeof(want));

    from_hex(SK_R, key, sizeof(key));
    assert_int_equal(ov_hpke_open(key, enc, OV_SPAN_LIT(INFO),
                                  ov_span_of(sealed, sizeof(sealed)), again),
                     OV_OK);
    assert_memory_equal(again, MESSAGE, sizeof(again));
}

struct sealed {
    uint8_t key[OV_HPKE_KEY];
    uint8_t enc[OV_HPKE_KEY];
    uint8_t bytes[4 + OV_HPKE_TAG];
};

static void make(struct sealed *s)
{
    uint8_t to[OV_HPKE_KEY];
    uint8_t ephemeral[OV_HPKE_KEY];
    struct ov_hpke_to recipient = {to, ephemeral};

    from_hex(SK_R, s->key, sizeof(s->key));
    from_hex(PK_R, to, sizeof(to));
    from_hex(SK_E, ephemeral, sizeof(ephemeral));
    assert_int_equal(ov_hpke_seal(&recipient, OV_SPAN_LIT("i"),
                                  OV_SPAN_LIT("text"), s->enc, s->bytes),
                     OV_OK);
}

static enum ov_status open_it(const struct sealed *s, struct ov_span info)
{
    uint8_t to[4];

    return ov_hpke_open(s->key, s->enc, info,
                        ov_span_of(s->bytes, sizeof(s->bytes)), to);
}

static void no_changed_bit_opens(void **state)
{
    struct sealed good;

    (void)state;
    make(&good);
    assert_int_equal(open_it(&good, OV_SPAN_LIT("i")), OV_OK);
    assert_int_equal(open_it(&good, OV_SPAN_LIT("j")), OV_BAD_PROOF);
    for (size_t i = 0; i < 8 * sizeof(good.bytes); i++) {
        struct sealed s = good;

        s.bytes[i / 8] ^= (uint8_t)(1U << i % 8);
        assert_int_equal(open_it(&s, OV_SPAN_LIT("i")), OV_BAD_PROOF);
    }
    /* The highest bit of a key is not part of it (RFC 7748 section 5), yet the
     * key schedule binds it. */
    for (size_t i = 0; i < 8 * sizeof(good.enc); i++) {
        struct sealed s = good;

        s.enc[i / 8] ^= (uint8_t)(1U << i % 8);
        assert_int_equal(open_it(&s, OV_SPAN_LIT("i")), OV_BAD_PROOF);
    }
    good.key[1] ^= 1;
    assert_int_equal(open_it(&good, OV_SPAN_LIT("i")), OV_BAD_PROOF);
}

static void a_point_of_small_order_is_no_key(void **state)
{
    static const uint8_t zero[OV_HPKE_KEY];
    uint8_t ephemeral[OV_HPKE_KEY] = {1, 2, 3};
    uint8_t enc[OV_HPKE_KEY];
    uint8_t to[4 + OV_HPKE_TAG];
    struct ov_hpke_to recipient = {zero, ephemeral};
    struct sealed s;

    (void)state;
    assert_int_equal(
        ov_hpke_seal(&recipient, OV_SPAN_LIT(""), OV_SPAN_LIT("text"), enc, to),
        OV_MALFORMED);
    make(&s);
    memcpy(s.enc, zero, sizeof(zero));
    assert_int_equal(open_it(&s, OV_SPAN_LIT("i")), OV_BAD_PROOF);
}

static void too_few_bytes_are_nothing(void **state)
{
    struct sealed s;
    uint8_t to[4];

    (void)state;
    make(&s);
    assert_int_equal(ov_hpke_open(s.key, s.enc, OV_SPAN_LIT("i"),
                                  ov_span_of(s.bytes, OV_HPKE_TAG - 1), to),
                     OV_BAD_PROOF);
}

static void memory_that_is_out_is_told(void **state)
{
    struct sealed s;
    size_t n = 0;

    (void)state;
    make(&s);
    do {
        (void)ov_alloc_fail_at(++n);
        if (open_it(&s, OV_SPAN_LIT("i")) == OV_OK)
            break;
    } while (ov_alloc_fail_at(0) >= n && n < 100);
    (void)ov_alloc_fail_at(0);
    assert_in_range(n, 2, 99);
}

OV_TEST_MAIN(OV_TEST(public_keys_are_those_of_the_vectors),
             OV_TEST(a_message_is_sealed_as_in_the_vectors),
             OV_TEST(no_changed_bit_opens),
             OV_TEST(a_point_of_small_order_is_no_key),
             OV_TEST(too_few_bytes_are_nothing),
             OV_TEST(memory_that_is_out_is_told))
