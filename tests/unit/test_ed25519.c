/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "crypto/ed25519.h"
#include "test.h"

/* RFC 8032 section 7.1, TEST 1 to 3. */
static const struct {
    const char *seed;
    const char *key;
    const char *message;
    const char *sig;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb882159"
     "0a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43"
     "e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538"
     "d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

static struct ov_span from_hex(const char *hex, uint8_t *to)
{
    struct ov_span text = ov_span_str(hex);

    assert_true(ov_hex_decode(text, to, text.len / 2));
    return ov_span_of(to, text.len / 2);
}

static void the_vectors_of_the_rfc_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t seed[32];
        uint8_t key[32];
        uint8_t want[64];
        uint8_t text[8];
        uint8_t got[64];
        struct ov_span message = from_hex(vectors[i].message, text);

        (void)from_hex(vectors[i].seed, seed);
        (void)from_hex(vectors[i].key, key);
        (void)from_hex(vectors[i].sig, want);
        assert_int_equal(ov_ed25519_public(seed, got), OV_OK);
        assert_memory_equal(got, key, 32);
        assert_int_equal(ov_ed25519_sign(seed, message, got), OV_OK);
        assert_memory_equal(got, want, 64);
        assert_int_equal(ov_ed25519_verify(key, message, want), OV_OK);
    }
}

static void any_changed_bit_is_refused(void **state)
{
    uint8_t key[32];
    uint8_t sig[64];
    uint8_t text[8];
    struct ov_span message = from_hex(vectors[2].message, text);

    (void)state;
    (void)from_hex(vectors[2].key, key);
    (void)from_hex(vectors[2].sig, sig);
    for (size_t bit = 0; bit < 64 * 8; bit++) {
        sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(ov_ed25519_verify(key, message, sig),
                         OV_BAD_SIGNATURE);
        sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    text[0] ^= 1;
    assert_int_equal(ov_ed25519_verify(key, message, sig), OV_BAD_SIGNATURE);
}

/* The same point with S + L: RFC 8032 section 5.1.7 wants S < L. */
static void a_signature_with_s_not_reduced_is_refused(void **state)
{
    static const uint8_t order[32] = {
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
        0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
        0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
    uint8_t key[32];
    uint8_t sig[64];
    unsigned carry = 0;

    (void)state;
    (void)from_hex(vectors[0].key, key);
    (void)from_hex(vectors[0].sig, sig);
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)sig[32 + i] + order[i];
        sig[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(ov_ed25519_verify(key, OV_SPAN_LIT(""), sig),
                     OV_BAD_SIGNATURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_rfc_hold),
        cmocka_unit_test(any_changed_bit_is_refused),
        cmocka_unit_test(a_signature_with_s_not_reduced_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
