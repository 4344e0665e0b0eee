/* SPDX-License-Identifier: Apache-2.0
 *
 * Against the vectors that standards publish. */
#include "base/text.h"
#include "crypto/cipher.h"
#include "test.h"

static void expect_hex(const uint8_t *got, const char *hex)
{
    uint8_t want[256];
    size_t len = strlen(hex) / 2;

    assert_true(ov_hex_decode(ov_span_str(hex), want, len));
    assert_memory_equal(got, want, len);
}

/* FIPS 180-4's examples: "abc". */
static void hashes_are_those_of_the_standard(void **state)
{
    static const char *const want[OV_N_HASHES] = {
        "900150983cd24fb0d6963f7d28e17f72",
        "a9993e364706816aba3e25717850c26c9cd0d89d",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2",
    };
    uint8_t got[OV_HASH_MAX];

    (void)state;
    for (int i = 0; i < OV_N_HASHES; i++) {
        assert_int_equal(ov_hash((enum ov_hash)i, OV_SPAN_LIT("a"),
                                 OV_SPAN_LIT(""), OV_SPAN_LIT("bc"), got),
                         OV_OK);
        expect_hex(got, want[i]);
    }
}

static void spinning_hashes_a_count_and_the_digest(void **state)
{
    uint8_t spun[OV_HASH_MAX] = {1, 2, 3};
    uint8_t plain[OV_HASH_MAX] = {1, 2, 3};

    (void)state;
    assert_int_equal(ov_hash_spin(OV_HASH_SHA1, 300, spun), OV_OK);
    for (unsigned i = 0; i < 300; i++) {
        uint8_t n[4] = {(uint8_t)i, (uint8_t)(i >> 8), 0, 0};

        assert_int_equal(ov_hash(OV_HASH_SHA1, ov_span_of(n, 4),
                                 ov_span_of(plain, 20), OV_SPAN_LIT(""), plain),
                         OV_OK);
    }
    assert_memory_equal(spun, plain, 20);
}

/* RFC 6070 and RFC 2202. */
static void keys_of_passwords_are_those_of_the_rfc(void **state)
{
    uint8_t got[OV_HASH_MAX];

    (void)state;
    assert_int_equal(ov_pbkdf2_sha1(OV_SPAN_LIT("password"),
                                    OV_SPAN_LIT("salt"), 4096, got, 20),
                     OV_OK);
    expect_hex(got, "4b007901b765489abead49d926f721d065a429c1");
    assert_int_equal(
        ov_pbkdf2_sha1(OV_SPAN_LIT(""), OV_SPAN_LIT("salt"), 1, got, 20),
        OV_OK);
    assert_int_equal(ov_hmac_sha1(OV_SPAN_LIT("Jefe"),
                                  OV_SPAN_LIT("what do ya want for nothing?"),
                                  got),
                     OV_OK);
    expect_hex(got, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

/* SP 800-38A F.1.2 and F.2.2, FIPS 197 C.3. */
static void aes_is_that_of_the_standard(void **state)
{
    uint8_t key[32];
    uint8_t iv[16];
    uint8_t text[16];

    (void)state;
    assert_true(ov_hex_decode(OV_SPAN_LIT("2b7e151628aed2a6abf7158809cf4f3c"),
                              key, 16));
    assert_true(ov_hex_decode(OV_SPAN_LIT("3ad77bb40d7a3660a89ecaf32466ef97"),
                              text, 16));
    assert_int_equal(ov_aes(OV_AES_ECB_DECRYPT, ov_span_of(key, 16), NULL,
                            ov_span_of(text, 16), text),
                     OV_OK);
    expect_hex(text, "6bc1bee22e409f96e93d7e117393172a");
    for (uint8_t i = 0; i < 16; i++)
        iv[i] = i;
    assert_int_equal(ov_aes(OV_AES_CBC_ENCRYPT, ov_span_of(key, 16), iv,
                            ov_span_of(text, 16), text),
                     OV_OK);
    expect_hex(text, "7649abac8119b246cee98e9b12e9197d");
    assert_int_equal(ov_aes(OV_AES_CBC_DECRYPT, ov_span_of(key, 16), iv,
                            ov_span_of(text, 16), text),
                     OV_OK);
    expect_hex(text, "6bc1bee22e409f96e93d7e117393172a");
    for (uint8_t i = 0; i < 32; i++)
        key[i] = i;
    assert_true(ov_hex_decode(OV_SPAN_LIT("8ea2b7ca516745bfeafc49904b496089"),
                              text, 16));
    assert_int_equal(ov_aes(OV_AES_ECB_DECRYPT, ov_span_of(key, 32), NULL,
                            ov_span_of(text, 16), text),
                     OV_OK);
    expect_hex(text, "00112233445566778899aabbccddeeff");
}

static void a_little_endian_counter_encrypts_any_length(void **state)
{
    static uint8_t text[5000];
    uint8_t count[16] = {0};
    uint8_t key[16] = {7};

    (void)state;
    assert_int_equal(ov_aes(OV_AES_CTR_LE, ov_span_of(key, 16), NULL,
                            ov_span_of(text, 4999), text),
                     OV_OK);
    assert_int_equal(text[4999], 0);
    /* The keystream's block 300 (from 0), decrypted, is the count 301. */
    assert_int_equal(ov_aes(OV_AES_ECB_DECRYPT, ov_span_of(key, 16), NULL,
                            ov_span_of(text + 4800, 16), count),
                     OV_OK);
    assert_int_equal(count[0], 301 & 0xff);
    assert_int_equal(count[1], 301 >> 8);
    assert_int_equal(count[15], 0);
}

static void wrong_lengths_are_refused(void **state)
{
    uint8_t bytes[32] = {0};

    (void)state;
    assert_int_equal(ov_aes(OV_AES_ECB_DECRYPT, ov_span_of(bytes, 15), NULL,
                            ov_span_of(bytes, 16), bytes),
                     OV_MALFORMED);
    assert_int_equal(ov_aes(OV_AES_CBC_DECRYPT, ov_span_of(bytes, 16), bytes,
                            ov_span_of(bytes, 17), bytes),
                     OV_MALFORMED);
}

/* RFC 6229, the 40-bit key. */
static void rc4_is_that_of_the_rfc(void **state)
{
    uint8_t key[5] = {1, 2, 3, 4, 5};
    uint8_t stream[16] = {0};
    struct ov_rc4 rc4;

    (void)state;
    ov_rc4_start(&rc4, ov_span_of(key, 5));
    ov_rc4_apply(&rc4, stream, 16);
    expect_hex(stream, "b2396305f03dc027ccc3524a0a1118a8");
    ov_rc4_skip(&rc4, 240 - 16);
    memset(stream, 0, 16);
    ov_rc4_apply(&rc4, stream, 16);
    expect_hex(stream, "28cb1132c96ce286421dcaadb8b69eae");
}

OV_TEST_MAIN(OV_TEST(hashes_are_those_of_the_standard),
             OV_TEST(spinning_hashes_a_count_and_the_digest),
             OV_TEST(keys_of_passwords_are_those_of_the_rfc),
             OV_TEST(aes_is_that_of_the_standard),
             OV_TEST(a_little_endian_counter_encrypts_any_length),
             OV_TEST(wrong_lengths_are_refused),
             OV_TEST(rc4_is_that_of_the_rfc))
