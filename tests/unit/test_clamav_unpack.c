/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "rules/clamav.h"
#include "rules/clamav_sign.h"
#include "test.h"

/* A key pair of our own, 1024 bits, made for these tests. */
static const char test_n[] =
    "12371174841778987819989866784437583459521093291599278949057146574004"
    "05586794892555510910069466493296446877417388285384983330961319942932"
    "29091574547761584894407477944788833247798140641321061570302107573146"
    "26678491784214297137518693351716108928117814207203649998179470797066"
    "6466730131126087510027349217831213233";

static const char test_d[] =
    "10943724330563449942229771378423926958294328144108949098548729307534"
    "44831079144542865022983617192560866498592750443950660063971230353716"
    "21474648433808045576654435369619225860373405110250480730927456643461"
    "00316420354290257387028208424544684110979141779271494360947152459003"
    "6213860718364230670785692478586369473";

#define TEST_E "65537"

static const char digits[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";

static char test_key[sizeof(test_n) + sizeof(TEST_E)];

static struct ov_span own_key(void)
{
    struct ov_buf b = ov_buf_with_max(sizeof(test_key));

    ov_put_format(&b, "%s:%s", test_n, TEST_E);
    memcpy(test_key, b.ptr, b.len);
    test_key[b.len] = 0;
    ov_buf_done(&b);
    return ov_span_str(test_key);
}

/* As ClamAV writes numbers. */
static void put_number(struct ov_buf *b, const BIGNUM *number)
{
    BIGNUM *rest = BN_dup(number);

    while (!BN_is_zero(rest)) {
        ov_put_u8(b, (uint8_t)digits[BN_mod_word(rest, 64)]);
        BN_rshift(rest, rest, 6);
    }
    BN_free(rest);
}

static void sign_md5(struct ov_buf *b, const uint8_t *md5)
{
    BN_CTX *context = BN_CTX_new();
    BIGNUM *number = BN_bin2bn(md5, 16, NULL);
    BIGNUM *n = NULL;
    BIGNUM *d = NULL;

    assert_true(BN_dec2bn(&n, test_n) && BN_dec2bn(&d, test_d));
    assert_int_equal(BN_mod_exp(number, number, d, n, context), 1);
    put_number(b, number);
    BN_free(number);
    BN_free(n);
    BN_free(d);
    BN_CTX_free(context);
}

static EVP_PKEY *private_key(void)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params;
    EVP_PKEY *key = NULL;
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;
    BIGNUM *d = NULL;

    assert_true(BN_dec2bn(&n, test_n) && BN_dec2bn(&d, test_d) &&
                BN_dec2bn(&e, TEST_E));
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, d);
    params = OSSL_PARAM_BLD_to_param(builder);
    assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
    assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params),
                     1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    BN_free(n);
    BN_free(e);
    BN_free(d);
    return key;
}

static void sign_info(struct ov_buf *b, struct ov_span text)
{
    EVP_PKEY *key = private_key();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    uint8_t signature[256];
    size_t len = sizeof(signature);
    BIGNUM *number;

    assert_int_equal(
        EVP_DigestSignInit(context, &options, EVP_sha256(), NULL, key), 1);
    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, 32);
    assert_int_equal(
        EVP_DigestSign(context, signature, &len, text.ptr, text.len), 1);
    number = BN_bin2bn(signature, (int)len, NULL);
    put_number(b, number);
    BN_free(number);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
}

static void put_zeros(struct ov_buf *b, size_t n)
{
    while (n-- > 0)
        ov_put_u8(b, 0);
}

static void put_member(struct ov_buf *tar, const char *name,
                       struct ov_span text, uint8_t type)
{
    size_t at = tar->len;
    unsigned sum = 0;
    struct ov_buf field = ov_buf_with_max(64);

    ov_put_str(tar, name);
    put_zeros(tar, 124 - strlen(name));
    ov_put_format(tar, "%011o", (unsigned)text.len);
    put_zeros(tar, 1 + 12);
    ov_put_str(tar, "        ");
    ov_put_u8(tar, type);
    put_zeros(tar, 512 - 157);
    for (size_t i = 0; i < 512; i++)
        sum += tar->ptr[at + i];
    ov_put_format(&field, "%06o", sum);
    memcpy(tar->ptr + at + 148, field.ptr, 6);
    tar->ptr[at + 154] = 0;
    ov_buf_done(&field);
    ov_put_span(tar, text);
    put_zeros(tar, (512 - text.len % 512) % 512);
}

#define HDB OV_SPAN_LIT("44d88612fea8a8f36de82e1278abb02f:1:A\n")
#define NDB OV_SPAN_LIT("T:0:*:aabbccdd\n")

static void put_info_line(struct ov_buf *info, const char *name,
                          struct ov_span text)
{
    uint8_t digest[OV_DIGEST_MAX];

    assert_int_equal(ov_digest(OV_SHA256, text, digest), OV_OK);
    ov_put_format(info, "%s:%zu:", name, text.len);
    ov_put_hex(info, ov_span_of(digest, 32));
    ov_put_u8(info, '\n');
}

/* What a container is made of. */
struct recipe {
    bool sign_header;
    bool sign_info;
    bool wrong_md5;
    bool wrong_info;
    bool unlisted;
    bool no_info;
    uint8_t type;
};

static void make_info(const struct recipe *r, struct ov_buf *info)
{
    struct ov_span text;

    ov_put_str(info, "ClamAV-VDB:now:7:2:216:X:X:me:1\n");
    put_info_line(info, "t.hdb", HDB);
    if (!r->unlisted)
        put_info_line(info, "t.ndb", r->wrong_info ? OV_SPAN_LIT("x") : NDB);
    if (r->sign_info) {
        text = ov_buf_span(info);
        ov_put_str(info, "DSIG:");
        sign_info(info, ov_span_of(info->ptr, text.len));
        ov_put_str(info, "\n");
    }
}

static void make(const struct recipe *r, struct ov_buf *ret)
{
    struct ov_buf tar = ov_buf_with_max(SIZE_MAX);
    struct ov_buf info = ov_buf_with_max(SIZE_MAX);
    uint8_t md5[OV_DIGEST_MAX];

    make_info(r, &info);
    put_member(&tar, "COPYING", OV_SPAN_LIT("hi"), '0');
    if (!r->no_info)
        put_member(&tar, "t.info", ov_buf_span(&info), '0');
    put_member(&tar, "t.hdb", HDB, '0');
    put_member(&tar, "t.ndb", NDB, r->type ? r->type : '0');
    put_zeros(&tar, 1024);
    assert_int_equal(ov_digest(OV_MD5, ov_buf_span(&tar), md5), OV_OK);
    if (r->wrong_md5)
        md5[0] ^= 1;
    *ret = ov_buf_with_max(SIZE_MAX);
    ov_put_str(ret, "ClamAV-VDB:now:7:2:216:");
    ov_put_hex(ret, ov_span_of(md5, 16));
    ov_put_str(ret, ":");
    if (r->sign_header)
        sign_md5(ret, md5);
    else
        ov_put_str(ret, "X");
    ov_put_str(ret, ":me:1");
    while (ret->len < 512)
        ov_put_u8(ret, ' ');
    ov_put_span(ret, ov_buf_span(&tar));
    ov_buf_done(&tar);
    ov_buf_done(&info);
}

static enum ov_status unpack(const struct recipe *r, enum ov_clamav_format f,
                             bool allow_unsigned, bool *ret_is_signed)
{
    struct ov_clamav_trust trust = {.key = own_key(),
                                    .allow_unsigned = allow_unsigned};
    struct ov_arena *arena = ov_arena_new(SIZE_MAX);
    struct ov_clamav_container c = {0};
    struct ov_diag diag = {0};
    struct ov_buf file;
    enum ov_status s;

    make(r, &file);
    s = ov_clamav_unpack(ov_buf_span(&file), f, &trust, arena, &c, &diag);
    if (s == OV_OK) {
        *ret_is_signed = c.is_signed;
        assert_int_equal(c.version, 7);
        assert_int_equal(c.n_signatures, 2);
        assert_true(ov_span_equal(c.builder, OV_SPAN_LIT("me")));
        assert_int_equal(c.n_members, 3);
        assert_true(ov_span_equal(c.members[1].name, OV_SPAN_LIT("t.hdb")));
        assert_true(ov_span_equal(c.members[1].text, HDB));
        assert_true(ov_span_equal(c.members[2].text, NDB));
    } else {
        assert_true(diag.text[0] != 0);
    }
    ov_buf_done(&file);
    ov_arena_free(arena);
    return s;
}

static void two_published_headers_verify(void **state)
{
    struct ov_span key = {0};

    (void)state;
    assert_int_equal(
        ov_clam_verify_md5(
            key, OV_SPAN_LIT("92baacd59fd26e6bcf03077add78d209"),
            OV_SPAN_LIT(
                "4Jp9JtGJY6nUk8JHDQQpQeBwlfXqskvhXL+vesDNqAeWCmjbudU+Hy/Nj4/"
                "BH2vl70c/R5B/VYY+eqqCQo6o7VGLqLJr/E+19gejqMp/iRcuHrtnLw6V/"
                "x3UjO3/qYVSlcJvAjtMI7FK32wjB+Sp8kaS/ZbfaFQp6trRQhisjqf")),
        OV_OK);
    assert_int_equal(
        ov_clam_verify_md5(
            key, OV_SPAN_LIT("2ee5a3e4285b496656117ae3809b6040"),
            OV_SPAN_LIT(
                "gMj7NXhxfew0+bToOF8GX7xPHPGXhOSD+CSuf3E7SHhLmVZCJUVhPS01h42"
                "I0W1py7L+BmM2yhPIW8t/oGPFw8+hdD4DU/ceET15wnPWU4lsJJeRkl46Z4"
                "D8INe9Oq36ixT1xEIkERogPE3qr6wszmjT2Xe2VcmydTXN2GfPQX")),
        OV_OK);
    assert_int_equal(
        ov_clam_verify_md5(
            key, OV_SPAN_LIT("2ee5a3e4285b496656117ae3809b6041"),
            OV_SPAN_LIT(
                "gMj7NXhxfew0+bToOF8GX7xPHPGXhOSD+CSuf3E7SHhLmVZCJUVhPS01h42"
                "I0W1py7L+BmM2yhPIW8t/oGPFw8+hdD4DU/ceET15wnPWU4lsJJeRkl46Z4"
                "D8INe9Oq36ixT1xEIkERogPE3qr6wszmjT2Xe2VcmydTXN2GfPQX")),
        OV_BAD_SIGNATURE);
}

static void a_signed_cvd_is_believed(void **state)
{
    struct recipe r = {.sign_header = true};
    bool is_signed = false;

    (void)state;
    assert_int_equal(unpack(&r, OV_CLAMAV_CVD, false, &is_signed), OV_OK);
    assert_true(is_signed);
}

static void an_unsigned_cvd_is_refused_unless_allowed(void **state)
{
    struct recipe r = {0};
    bool is_signed = true;

    (void)state;
    assert_int_equal(unpack(&r, OV_CLAMAV_CVD, false, &is_signed),
                     OV_BAD_SIGNATURE);
    assert_int_equal(unpack(&r, OV_CLAMAV_CVD, true, &is_signed), OV_OK);
    assert_false(is_signed);
    assert_int_equal(unpack(&r, OV_CLAMAV_CLD, false, &is_signed),
                     OV_BAD_SIGNATURE);
}

static void a_cld_is_believed_for_its_info(void **state)
{
    struct recipe r = {.sign_info = true};
    bool is_signed = false;

    (void)state;
    assert_int_equal(unpack(&r, OV_CLAMAV_CLD, false, &is_signed), OV_OK);
    assert_true(is_signed);
    /* A .cvd is not: nobody but ClamAV makes one. */
    assert_int_equal(unpack(&r, OV_CLAMAV_CVD, false, &is_signed),
                     OV_BAD_SIGNATURE);
}

static void a_cud_needs_no_signature(void **state)
{
    struct recipe r = {.wrong_md5 = true};
    bool is_signed = true;

    (void)state;
    assert_int_equal(unpack(&r, OV_CLAMAV_CUD, false, &is_signed), OV_OK);
    assert_false(is_signed);
}

static void damage_is_noticed(void **state)
{
    struct recipe md5 = {.sign_header = true, .wrong_md5 = true};
    struct recipe info = {.sign_header = true, .wrong_info = true};
    struct recipe unlisted = {.sign_header = true, .unlisted = true};
    struct recipe link = {.sign_header = true, .type = '2'};
    struct recipe no_info = {.sign_header = true, .no_info = true};
    bool is_signed;

    (void)state;
    assert_int_equal(unpack(&md5, OV_CLAMAV_CVD, false, &is_signed),
                     OV_BAD_DIGEST);
    assert_int_equal(unpack(&info, OV_CLAMAV_CVD, false, &is_signed),
                     OV_BAD_DIGEST);
    assert_int_equal(unpack(&unlisted, OV_CLAMAV_CVD, true, &is_signed),
                     OV_MALFORMED);
    assert_int_equal(unpack(&link, OV_CLAMAV_CVD, false, &is_signed),
                     OV_MALFORMED);
    assert_int_equal(unpack(&no_info, OV_CLAMAV_CUD, false, &is_signed),
                     OV_MALFORMED);
}

static void every_flipped_bit_of_a_signed_container_is_noticed(void **state)
{
    struct ov_clamav_trust trust = {.key = own_key()};
    struct recipe r = {.sign_header = true};
    struct ov_buf file;

    (void)state;
    make(&r, &file);
    for (size_t i = 0; i < file.len; i += i < 520 ? 1 : 37) {
        struct ov_arena *arena = ov_arena_new(SIZE_MAX);
        struct ov_clamav_container c;
        enum ov_status s;

        file.ptr[i] ^= 4;
        s = ov_clamav_unpack(ov_buf_span(&file), OV_CLAMAV_CVD, &trust, arena,
                             &c, NULL);
        /* Only what the digest does not cover may change: dates, numbers,
         * names, blanks. */
        if (s == OV_OK && i >= 512)
            fail_msg("byte %zu", i);
        file.ptr[i] ^= 4;
        ov_arena_free(arena);
    }
    ov_buf_done(&file);
}

static void a_header_tells_when_it_was_made(void **state)
{
    char header[512];
    uint64_t seconds = 0;
    size_t len = (size_t)snprintf(header, sizeof(header),
                                  "ClamAV-VDB:22 Jul 2021 05-36 -0400:62:9:90:"
                                  "X:X:me:1626950160");
    const struct ov_span all = ov_span_of((uint8_t *)header, sizeof(header));

    (void)state;
    memset(header + len, ' ', sizeof(header) - len);
    assert_int_equal(ov_clamav_made(all, &seconds), OV_OK);
    assert_int_equal(seconds, 1626950160);
    assert_int_equal(ov_clamav_made(ov_span_clip(all, 0, 511), &seconds),
                     OV_MALFORMED);
    header[len - 1] = 'x';
    assert_int_equal(ov_clamav_made(all, &seconds), OV_MALFORMED);
    header[len - 1] = '0';
    header[len - 11] = ' '; /* a field less */
    assert_int_equal(ov_clamav_made(all, &seconds), OV_MALFORMED);
}

static void a_wrong_key_is_told(void **state)
{
    (void)state;
    assert_int_equal(ov_clam_verify_md5(OV_SPAN_LIT("12:x"),
                                        OV_SPAN_LIT("92baacd59fd26e6bcf03077a"
                                                    "dd78d209"),
                                        OV_SPAN_LIT("abc")),
                     OV_USAGE);
}

OV_TEST_MAIN(OV_TEST(two_published_headers_verify),
             OV_TEST(a_signed_cvd_is_believed),
             OV_TEST(an_unsigned_cvd_is_refused_unless_allowed),
             OV_TEST(a_cld_is_believed_for_its_info),
             OV_TEST(a_cud_needs_no_signature), OV_TEST(damage_is_noticed),
             OV_TEST(every_flipped_bit_of_a_signed_container_is_noticed),
             OV_TEST(a_header_tells_when_it_was_made),
             OV_TEST(a_wrong_key_is_told))
