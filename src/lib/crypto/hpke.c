/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hpke.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/buf.h"

/* RFC 9180. OpenSSL does X25519, HMAC and the cipher; what is between them is
 * this file: section 4 (labeled HKDF), 4.1 (the key encapsulation), 5.1 (the
 * key schedule). Every key that is expanded here has at most 32 bytes, so that
 * HKDF-Expand (RFC 5869 section 2.3) is one HMAC over the info and a byte 1.
 * tests/unit/test_hpke.c has the vectors of appendix A.2.1. */

#define HASH_LEN 32
#define NONCE_LEN 12
#define MAX_MESSAGE ((size_t)1 << 20) /* of what HMAC is over */

/* Section 7.1 to 7.3: the numbers of KEM, KDF and AEAD. */
#define KEM_SUITE "KEM\x00\x20"
#define HPKE_SUITE "HPKE\x00\x20\x00\x01\x00\x03"

struct key_and_nonce {
    uint8_t key[OV_HPKE_KEY];
    uint8_t nonce[NONCE_LEN];
};

static void pkey_cleanup(EVP_PKEY **k)
{
    EVP_PKEY_free(*k);
}

static void pkey_context_cleanup(EVP_PKEY_CTX **c)
{
    EVP_PKEY_CTX_free(*c);
}

static void cipher_cleanup(EVP_CIPHER_CTX **c)
{
    EVP_CIPHER_CTX_free(*c);
}

#define AUTO_PKEY __attribute__((cleanup(pkey_cleanup))) EVP_PKEY *
#define AUTO_PKEY_CONTEXT                                                      \
    __attribute__((cleanup(pkey_context_cleanup))) EVP_PKEY_CTX *
#define AUTO_CIPHER __attribute__((cleanup(cipher_cleanup))) EVP_CIPHER_CTX *

static enum ov_status hmac(struct ov_span key, const struct ov_buf *message,
                           uint8_t ret[static HASH_LEN])
{
    unsigned len = 0;

    OV_TRY(ov_buf_status(message));
    if (HMAC(EVP_sha256(), key.len > 0 ? key.ptr : (const uint8_t *)"",
             (int)key.len, message->ptr, message->len, ret, &len) == NULL)
        return OV_NO_MEMORY;
    return OV_OK;
}

/* Wipes what it held. */
static void forget(struct ov_buf *b)
{
    if (b->ptr != NULL)
        explicit_bzero(b->ptr, b->len);
    ov_buf_done(b);
}

static enum ov_status extract(struct ov_span suite, struct ov_span salt,
                              const char *label, struct ov_span ikm,
                              uint8_t ret[static HASH_LEN])
{
    struct ov_buf m = ov_buf_with_max(MAX_MESSAGE);
    enum ov_status status;

    ov_put_str(&m, "HPKE-v1");
    ov_put_span(&m, suite);
    ov_put_str(&m, label);
    ov_put_span(&m, ikm);
    status = hmac(salt, &m, ret);
    forget(&m);
    return status;
}

/* len <= HASH_LEN. */
static enum ov_status expand(struct ov_span suite,
                             const uint8_t prk[static HASH_LEN],
                             const char *label, struct ov_span info, size_t len,
                             uint8_t *ret)
{
    OV_AUTO_DONE(buf) m = ov_buf_with_max(MAX_MESSAGE);
    uint8_t block[HASH_LEN];

    ov_put_u8(&m, 0);
    ov_put_u8(&m, (uint8_t)len);
    ov_put_str(&m, "HPKE-v1");
    ov_put_span(&m, suite);
    ov_put_str(&m, label);
    ov_put_span(&m, info);
    ov_put_u8(&m, 1);
    OV_TRY(hmac(ov_span_of(prk, HASH_LEN), &m, block));
    memcpy(ret, block, len);
    explicit_bzero(block, sizeof(block));
    return OV_OK;
}

enum ov_status ov_hpke_public(const uint8_t key[static OV_HPKE_KEY],
                              uint8_t ret[static OV_HPKE_KEY])
{
    AUTO_PKEY pair =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, key, OV_HPKE_KEY);
    size_t len = OV_HPKE_KEY;

    if (pair == NULL || EVP_PKEY_get_raw_public_key(pair, ret, &len) != 1)
        return OV_NO_MEMORY;
    return OV_OK;
}

/* X25519 (RFC 7748 section 6.1). OpenSSL refuses the points of which the result
 * is zero, as RFC 9180 section 7.1.4 wants. */
static enum ov_status exchange(const uint8_t *private_key,
                               const uint8_t *public_key,
                               uint8_t ret[static OV_HPKE_KEY])
{
    AUTO_PKEY ours = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL,
                                                  private_key, OV_HPKE_KEY);
    AUTO_PKEY theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL,
                                                   public_key, OV_HPKE_KEY);
    AUTO_PKEY_CONTEXT context =
        ours != NULL ? EVP_PKEY_CTX_new(ours, NULL) : NULL;
    size_t len = OV_HPKE_KEY;

    if (context == NULL || theirs == NULL ||
        EVP_PKEY_derive_init(context) != 1 ||
        EVP_PKEY_derive_set_peer(context, theirs) != 1)
        return OV_NO_MEMORY;
    return EVP_PKEY_derive(context, ret, &len) == 1 ? OV_OK : OV_MALFORMED;
}

/* Section 4.1: what both sides make of the exchanged secret. */
static enum ov_status shared_secret(const uint8_t dh[static OV_HPKE_KEY],
                                    const uint8_t *enc,
                                    const uint8_t *public_key,
                                    uint8_t ret[static HASH_LEN])
{
    uint8_t context[2 * OV_HPKE_KEY];
    uint8_t prk[HASH_LEN];
    enum ov_status status;

    memcpy(context, enc, OV_HPKE_KEY);
    memcpy(context + OV_HPKE_KEY, public_key, OV_HPKE_KEY);
    OV_TRY(extract(OV_SPAN_LIT(KEM_SUITE), ov_span_of(NULL, 0), "eae_prk",
                   ov_span_of(dh, OV_HPKE_KEY), prk));
    status = expand(OV_SPAN_LIT(KEM_SUITE), prk, "shared_secret",
                    ov_span_of(context, sizeof(context)), HASH_LEN, ret);
    explicit_bzero(prk, sizeof(prk));
    return status;
}

/* Section 5.1, mode_base. */
static enum ov_status schedule(const uint8_t shared[static HASH_LEN],
                               struct ov_span info, struct key_and_nonce *ret)
{
    const struct ov_span suite = OV_SPAN_LIT(HPKE_SUITE);
    const struct ov_span none = ov_span_of(NULL, 0);
    uint8_t context[1 + 2 * HASH_LEN] = {0};
    const struct ov_span all = ov_span_of(context, sizeof(context));
    uint8_t secret[HASH_LEN];
    enum ov_status status;

    OV_TRY(extract(suite, none, "psk_id_hash", none, context + 1));
    OV_TRY(extract(suite, none, "info_hash", info, context + 1 + HASH_LEN));
    OV_TRY(
        extract(suite, ov_span_of(shared, HASH_LEN), "secret", none, secret));
    status = expand(suite, secret, "key", all, OV_HPKE_KEY, ret->key);
    if (status == OV_OK)
        status =
            expand(suite, secret, "base_nonce", all, NONCE_LEN, ret->nonce);
    explicit_bzero(secret, sizeof(secret));
    return status;
}

struct sides {
    const uint8_t *private_key;
    const uint8_t *peer;
    const uint8_t *enc;
    const uint8_t *public_key; /* the recipient's */
};

static enum ov_status derive(const struct sides *s, struct ov_span info,
                             struct key_and_nonce *ret)
{
    uint8_t dh[OV_HPKE_KEY] = {0};
    uint8_t shared[HASH_LEN] = {0};
    enum ov_status status = exchange(s->private_key, s->peer, dh);

    if (status == OV_OK)
        status = shared_secret(dh, s->enc, s->public_key, shared);
    if (status == OV_OK)
        status = schedule(shared, info, ret);
    explicit_bzero(dh, sizeof(dh));
    explicit_bzero(shared, sizeof(shared));
    return status;
}

static enum ov_status encrypt(const struct key_and_nonce *k,
                              struct ov_span plain, uint8_t *to)
{
    AUTO_CIPHER c = EVP_CIPHER_CTX_new();
    int len = 0;

    if (c == NULL ||
        EVP_EncryptInit_ex(c, EVP_chacha20_poly1305(), NULL, k->key,
                           k->nonce) != 1 ||
        EVP_EncryptUpdate(c, to, &len, plain.ptr, (int)plain.len) != 1 ||
        EVP_EncryptFinal_ex(c, to + plain.len, &len) != 1 ||
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, OV_HPKE_TAG,
                            to + plain.len) != 1)
        return OV_NO_MEMORY;
    return OV_OK;
}

static enum ov_status decrypt(const struct key_and_nonce *k,
                              struct ov_span sealed, uint8_t *to)
{
    const struct ov_span bytes =
        ov_span_clip(sealed, 0, sealed.len - OV_HPKE_TAG);
    const struct ov_span end = ov_span_clip(sealed, bytes.len, OV_HPKE_TAG);
    AUTO_CIPHER c = EVP_CIPHER_CTX_new();
    uint8_t tag[OV_HPKE_TAG];
    int len = 0;

    for (size_t i = 0; i < sizeof(tag); i++)
        tag[i] = (uint8_t)ov_span_byte(end, i);
    if (c == NULL ||
        EVP_DecryptInit_ex(c, EVP_chacha20_poly1305(), NULL, k->key,
                           k->nonce) != 1 ||
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, OV_HPKE_TAG, tag) != 1)
        return OV_NO_MEMORY;
    if (EVP_DecryptUpdate(c, to, &len, bytes.ptr, (int)bytes.len) != 1 ||
        EVP_DecryptFinal_ex(c, to + bytes.len, &len) != 1)
        return OV_BAD_PROOF;
    return OV_OK;
}

enum ov_status ov_hpke_seal(const struct ov_hpke_to *recipient,
                            struct ov_span info, struct ov_span plain,
                            uint8_t ret_enc[static OV_HPKE_KEY], uint8_t *to)
{
    uint8_t enc[OV_HPKE_KEY];
    const struct sides s = {.private_key = recipient->ephemeral,
                            .peer = recipient->public_key,
                            .enc = enc,
                            .public_key = recipient->public_key};
    struct key_and_nonce k = {.nonce = {0}};
    enum ov_status status;

    if (plain.len > INT_MAX - OV_HPKE_TAG)
        return OV_LIMIT_SIZE;
    OV_TRY(ov_hpke_public(recipient->ephemeral, enc));
    status = derive(&s, info, &k);
    if (status == OV_OK)
        status = encrypt(&k, plain, to);
    explicit_bzero(&k, sizeof(k));
    if (status == OV_OK)
        memcpy(ret_enc, enc, sizeof(enc));
    return status;
}

enum ov_status ov_hpke_open(const uint8_t key[static OV_HPKE_KEY],
                            const uint8_t enc[static OV_HPKE_KEY],
                            struct ov_span info, struct ov_span sealed,
                            uint8_t *to)
{
    uint8_t public_key[OV_HPKE_KEY];
    const struct sides s = {
        .private_key = key, .peer = enc, .enc = enc, .public_key = public_key};
    struct key_and_nonce k = {.nonce = {0}};
    enum ov_status status;

    if (sealed.len < OV_HPKE_TAG || sealed.len > INT_MAX)
        return OV_BAD_PROOF;
    OV_TRY(ov_hpke_public(key, public_key));
    status = derive(&s, info, &k);
    if (status == OV_MALFORMED)
        status = OV_BAD_PROOF;
    if (status == OV_OK)
        status = decrypt(&k, sealed, to);
    explicit_bzero(&k, sizeof(k));
    return status;
}
