/* SPDX-License-Identifier: Apache-2.0 */
#include <libdeflate.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "module_help.h"
#include "torture.h"

/* Extensions of both versions, made and signed here. */

struct member {
    const char *name;
    const char *text;
};

static const struct member members[] = {
    {"manifest.json",
     "{\"name\": \"__MSG_title__\", \"description\": \"plain\","
     " \"version\": \"1.2\", \"default_locale\": \"de\","
     " \"homepage_url\": \"https://a.example/\","
     " \"minimum_chrome_version\": \"88\","
     " \"permissions\": [\"storage\", {\"x\": 1}],"
     " \"host_permissions\": [\"*://b.example/*\"]}"},
    {"_locales/de/messages.json", "{\"title\": {\"message\": \"Ein Name\"}}"},
};
#define N_MEMBERS (sizeof(members) / sizeof(members[0]))

/* What local and central headers share, from the version on. */
static void put_common(struct ov_buf *b, const struct member *m)
{
    size_t len = strlen(m->text);

    ov_put_u16(b, 20);
    ov_put_u16(b, 0);
    ov_put_u16(b, 0); /* stored */
    ov_put_u32(b, 0);
    ov_put_u32(b, libdeflate_crc32(0, m->text, len));
    ov_put_u32(b, (uint32_t)len);
    ov_put_u32(b, (uint32_t)len);
    ov_put_u16(b, (uint16_t)strlen(m->name));
    ov_put_u16(b, 0);
}

static void put_zip(struct ov_buf *b)
{
    size_t start = b->len, at[N_MEMBERS], directory;

    for (size_t i = 0; i < N_MEMBERS; i++) {
        at[i] = b->len - start;
        ov_put_u32(b, 0x04034b50);
        put_common(b, &members[i]);
        ov_put_str(b, members[i].name);
        ov_put_str(b, members[i].text);
    }
    directory = b->len - start;
    for (size_t i = 0; i < N_MEMBERS; i++) {
        ov_put_u32(b, 0x02014b50);
        ov_put_u16(b, 20);
        put_common(b, &members[i]);
        ov_put_u16(b, 0);
        ov_put_u16(b, 0);
        ov_put_u16(b, 0);
        ov_put_u32(b, 0);
        ov_put_u32(b, (uint32_t)at[i]);
        ov_put_str(b, members[i].name);
    }
    ov_put_u32(b, 0x06054b50);
    ov_put_u32(b, 0);
    ov_put_u16(b, N_MEMBERS);
    ov_put_u16(b, N_MEMBERS);
    ov_put_u32(b, (uint32_t)(b->len - start - directory - 12));
    ov_put_u32(b, (uint32_t)directory);
    ov_put_u16(b, 0);
}

/* A key's public part and its signature over bytes. */
static void sign(EVP_PKEY *key, const EVP_MD *digest, struct ov_span bytes,
                 struct ov_buf *ret_key, struct ov_buf *ret_signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char *der = NULL;
    uint8_t signature[512];
    size_t len = sizeof(signature);
    int der_len = i2d_PUBKEY(key, &der);

    assert_true(der_len > 0);
    ov_put_span(ret_key, ov_span_of(der, (size_t)der_len));
    OPENSSL_free(der);
    assert_int_equal(EVP_DigestSignInit(context, NULL, digest, NULL, key), 1);
    assert_int_equal(
        EVP_DigestSign(context, signature, &len, bytes.ptr, bytes.len), 1);
    ov_put_span(ret_signature, ov_span_of(signature, len));
    EVP_MD_CTX_free(context);
}

static void make_version_2(struct ov_buf *b, EVP_PKEY *key)
{
    OV_AUTO_DONE(buf) zip = ov_buf_with_max(1 << 16);
    OV_AUTO_DONE(buf) der = ov_buf_with_max(1 << 16);
    OV_AUTO_DONE(buf) signature = ov_buf_with_max(1 << 16);

    put_zip(&zip);
    sign(key, EVP_sha1(), ov_buf_span(&zip), &der, &signature);
    ov_put_str(b, "Cr24");
    ov_put_u32(b, 2);
    ov_put_u32(b, (uint32_t)der.len);
    ov_put_u32(b, (uint32_t)signature.len);
    ov_put_span(b, ov_buf_span(&der));
    ov_put_span(b, ov_buf_span(&signature));
    ov_put_span(b, ov_buf_span(&zip));
}

static void put_field(struct ov_buf *b, unsigned number, struct ov_span bytes)
{
    ov_put_varint(b, (uint64_t)number << 3 | 2);
    ov_put_block(b, bytes);
}

static void make_version_3(struct ov_buf *b, EVP_PKEY *key, unsigned kind)
{
    OV_AUTO_DONE(buf) zip = ov_buf_with_max(1 << 16);
    OV_AUTO_DONE(buf) data = ov_buf_with_max(1 << 16);
    OV_AUTO_DONE(buf) signed_bytes = ov_buf_with_max(1 << 16);
    OV_AUTO_DONE(buf) der = ov_buf_with_max(1 << 16);
    OV_AUTO_DONE(buf) signature = ov_buf_with_max(1 << 16);
    OV_AUTO_DONE(buf) proof = ov_buf_with_max(1 << 16);
    OV_AUTO_DONE(buf) header = ov_buf_with_max(1 << 16);

    put_zip(&zip);
    put_field(&data, 1,
              OV_SPAN_LIT("\x01\x23\x45\x67\x89\xab\xcd\xef"
                          "\xff\xff\xff\xff\xff\xff\xff\x00"));
    ov_put_span(&signed_bytes, OV_SPAN_LIT("CRX3 SignedData\0"));
    ov_put_u32(&signed_bytes, (uint32_t)data.len);
    ov_put_span(&signed_bytes, ov_buf_span(&data));
    ov_put_span(&signed_bytes, ov_buf_span(&zip));
    sign(key, EVP_sha256(), ov_buf_span(&signed_bytes), &der, &signature);
    put_field(&proof, 1, ov_buf_span(&der));
    put_field(&proof, 2, ov_buf_span(&signature));
    put_field(&header, kind, ov_buf_span(&proof));
    put_field(&header, 10000, ov_buf_span(&data));
    ov_put_str(b, "Cr24");
    ov_put_u32(b, 3);
    ov_put_u32(b, (uint32_t)header.len);
    ov_put_span(b, ov_buf_span(&header));
    ov_put_span(b, ov_buf_span(&zip));
}

static void assert_manifest(struct module_case *c)
{
    assert_number(value_at(c, "is_crx"), 1);
    assert_text(value_at(c, "version"), "1.2");
    assert_text(value_at(c, "name"), "Ein Name");
    assert_text(value_at(c, "raw_name"), "__MSG_title__");
    assert_text(value_at(c, "description"), "plain");
    assert_text(value_at(c, "homepage_url"), "https://a.example/");
    assert_text(value_at(c, "minimum_chrome_version"), "88");
    assert_text(value_at(c, "permissions[0]"), "storage");
    assert_int_equal(value_at(c, "permissions[1]").kind, OV_DATUM_UNDEFINED);
    assert_text(value_at(c, "host_permissions[0]"), "*://b.example/*");
    assert_int_equal(value_at(c, "optional_permissions").kind,
                     OV_DATUM_UNDEFINED);
}

static void both_versions_are_read_and_verified(void **state)
{
    EVP_PKEY *keys[] = {EVP_RSA_gen(2048), EVP_RSA_gen(2048),
                        EVP_EC_gen("P-256")};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
        struct module_case c = {0};

        assert_non_null(keys[i]);
        if (i == 0)
            make_version_2(&b, keys[i]);
        else
            make_version_3(&b, keys[i], i + 1);
        open_module(&c, "crx", ov_buf_span(&b));
        assert_manifest(&c);
        assert_number(value_at(&c, "crx_version"), i == 0 ? 2 : 3);
        assert_number(value_at(&c, "signatures[0].verified"), 1);
        assert_int_equal(value_at(&c, "id").text.len, 32);
        if (i > 0)
            assert_text(value_at(&c, "id"), "abcdefghijklmnopppppppppppppppaa");
        close_module(&c);

        b.ptr[b.len - 30] ^= 1; /* in the archive's directory */
        open_module(&c, "crx", ov_buf_span(&b));
        assert_number(value_at(&c, "signatures[0].verified"), 0);
        close_module(&c);
        EVP_PKEY_free(keys[i]);
    }
}

static void a_cut_header_is_none(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    EVP_PKEY *key = EVP_EC_gen("P-256");

    (void)state;
    make_version_3(&b, key, 3);
    EVP_PKEY_free(key);
    for (size_t len = 0; len < 60; len++) {
        struct module_case c = {0};

        open_module(&c, "crx", ov_span_of(b.ptr, len));
        assert_number(value_at(&c, "is_crx"), 0);
        assert_int_equal(value_at(&c, "id").kind, OV_DATUM_UNDEFINED);
        close_module(&c);
    }
}

OV_TEST_MAIN(OV_TEST(both_versions_are_read_and_verified),
             OV_TEST(a_cut_header_is_none))
