/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/seal.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/* OpenSSL does the work. A chunk's number has 64 bits here: more chunks than
 * anybody can write. */

#define NONCE_LEN 12

struct ov_seal {
    EVP_CIPHER_CTX *cipher;
    uint8_t key[OV_SEAL_KEY];
    uint64_t n; /* chunks so far */
    bool is_over;
};

static void kdf_cleanup(EVP_KDF **k)
{
    EVP_KDF_free(*k);
}

static void kdf_context_cleanup(EVP_KDF_CTX **c)
{
    EVP_KDF_CTX_free(*c);
}

/* OpenSSL's parameters are not const. */
static void *unconst(const void *p)
{
    return (void *)(uintptr_t)p;
}

enum ov_status ov_seal_derive(const uint8_t key[static OV_SEAL_KEY],
                              const uint8_t salt[static OV_SEAL_SALT],
                              const char *label,
                              uint8_t ret[static OV_SEAL_KEY])
{
    __attribute__((cleanup(kdf_cleanup))) EVP_KDF *kdf =
        EVP_KDF_fetch(NULL, "HKDF", NULL);
    __attribute__((cleanup(kdf_context_cleanup))) EVP_KDF_CTX *context =
        kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, unconst(key),
                                          OV_SEAL_KEY),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, unconst(salt),
                                          OV_SEAL_SALT),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, unconst(label),
                                          strlen(label)),
        OSSL_PARAM_construct_end()};

    if (context == NULL ||
        EVP_KDF_derive(context, ret, OV_SEAL_KEY, params) <= 0)
        return OV_NO_MEMORY;
    return OV_OK;
}

void ov_seal_free(struct ov_seal *s)
{
    if (s == NULL)
        return;
    EVP_CIPHER_CTX_free(s->cipher);
    explicit_bzero(s->key, sizeof(s->key));
    ov_free(s);
}

enum ov_status ov_seal_new(const uint8_t key[static OV_SEAL_KEY],
                           struct ov_seal **ret)
{
    OV_AUTO(seal) s = ov_alloc(sizeof(*s));

    if (s == NULL)
        return OV_NO_MEMORY;
    s->cipher = EVP_CIPHER_CTX_new();
    if (s->cipher == NULL)
        return OV_NO_MEMORY;
    memcpy(s->key, key, sizeof(s->key));
    *ret = OV_STEAL(s);
    return OV_OK;
}

static bool begin(struct ov_seal *s, enum ov_seal_chunk which, int is_sealing)
{
    uint8_t nonce[NONCE_LEN] = {0};

    for (unsigned i = 0; i < 8; i++)
        nonce[3 + i] = (uint8_t)(s->n >> (56 - 8 * i));
    nonce[NONCE_LEN - 1] = which == OV_SEAL_LAST;
    return EVP_CipherInit_ex(s->cipher, EVP_chacha20_poly1305(), NULL, s->key,
                             nonce, is_sealing) == 1;
}

static void end(struct ov_seal *s, enum ov_seal_chunk which)
{
    s->n++;
    s->is_over = which == OV_SEAL_LAST;
}

enum ov_status ov_seal_put(struct ov_seal *s, struct ov_span plain,
                           enum ov_seal_chunk which, uint8_t *to)
{
    int len = 0;
    int rest = 0;

    if (s->is_over || plain.len > INT_MAX - OV_SEAL_TAG)
        return OV_USAGE;
    if (!begin(s, which, 1) ||
        EVP_CipherUpdate(s->cipher, to, &len, plain.ptr, (int)plain.len) != 1 ||
        EVP_CipherFinal_ex(s->cipher, to + plain.len, &rest) != 1 ||
        EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_AEAD_GET_TAG, OV_SEAL_TAG,
                            to + plain.len) != 1)
        return OV_NO_MEMORY;
    end(s, which);
    return OV_OK;
}

enum ov_status ov_seal_get(struct ov_seal *s, struct ov_span sealed,
                           enum ov_seal_chunk which, uint8_t *to)
{
    uint8_t tag[OV_SEAL_TAG];
    struct ov_span bytes;
    struct ov_span end_tag;
    int len = 0;
    int rest = 0;

    if (s->is_over || sealed.len > INT_MAX)
        return OV_USAGE;
    if (sealed.len < OV_SEAL_TAG)
        return OV_BAD_PROOF;
    bytes = ov_span_clip(sealed, 0, sealed.len - OV_SEAL_TAG);
    end_tag = ov_span_clip(sealed, bytes.len, OV_SEAL_TAG);
    for (size_t i = 0; i < sizeof(tag); i++)
        tag[i] = (uint8_t)ov_span_byte(end_tag, i);
    if (!begin(s, which, 0) ||
        EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_AEAD_SET_TAG, OV_SEAL_TAG,
                            tag) != 1)
        return OV_NO_MEMORY;
    if (EVP_CipherUpdate(s->cipher, to, &len, bytes.ptr, (int)bytes.len) != 1 ||
        EVP_CipherFinal_ex(s->cipher, to + bytes.len, &rest) != 1)
        return OV_BAD_PROOF;
    end(s, which);
    return OV_OK;
}

enum ov_status ov_put_sealed(struct ov_buf *b,
                             const uint8_t key[static OV_SEAL_KEY],
                             struct ov_span plain)
{
    OV_AUTO(seal) seal = NULL;
    uint8_t *room = ov_buf_room(b, plain.len + OV_SEAL_TAG);

    if (room == NULL)
        return ov_buf_status(b);
    OV_TRY(ov_seal_new(key, &seal));
    OV_TRY(ov_seal_put(seal, plain, OV_SEAL_LAST, room));
    ov_buf_added(b, plain.len + OV_SEAL_TAG);
    return OV_OK;
}

enum ov_status ov_put_opened(struct ov_buf *b,
                             const uint8_t key[static OV_SEAL_KEY],
                             struct ov_span sealed)
{
    OV_AUTO(seal) seal = NULL;
    uint8_t *room;

    if (sealed.len < OV_SEAL_TAG)
        return OV_BAD_PROOF;
    room = ov_buf_room(b, sealed.len - OV_SEAL_TAG);
    if (room == NULL)
        return ov_buf_status(b);
    OV_TRY(ov_seal_new(key, &seal));
    OV_TRY(ov_seal_get(seal, sealed, OV_SEAL_LAST, room));
    ov_buf_added(b, sealed.len - OV_SEAL_TAG);
    return OV_OK;
}
