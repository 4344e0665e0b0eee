/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ed25519.h"

#include <openssl/evp.h>

/* Ed25519 as OpenSSL does it: signatures whose S is not reduced are refused,
 * the cofactorless equation of RFC 8032 section 5.1.7 is checked, and points
 * need not be canonical. The test vectors of C2SP's CCTV ed25519 call this
 * profile "openssl". Keys travel as raw 32 bytes (RFC 8032 section 5.1.5). */

static void pkey_cleanup(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void ctx_cleanup(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

#define AUTO_PKEY __attribute__((cleanup(pkey_cleanup))) EVP_PKEY *
#define AUTO_CTX __attribute__((cleanup(ctx_cleanup))) EVP_MD_CTX *

/* OpenSSL takes no NULL for a message, also if it is empty. */
static const unsigned char *bytes_of(struct ov_span s)
{
    return s.len != 0 ? s.ptr : (const unsigned char *)"";
}

enum ov_status ov_ed25519_public(const uint8_t seed[static OV_ED25519_SEED],
                                 uint8_t ret[static OV_ED25519_KEY])
{
    AUTO_PKEY key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed,
                                                 OV_ED25519_SEED);
    size_t len = OV_ED25519_KEY;

    if (key == NULL || EVP_PKEY_get_raw_public_key(key, ret, &len) != 1)
        return OV_NO_MEMORY;
    return OV_OK;
}

enum ov_status ov_ed25519_sign(const uint8_t seed[static OV_ED25519_SEED],
                               struct ov_span message,
                               uint8_t ret[static OV_ED25519_SIG])
{
    AUTO_PKEY key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed,
                                                 OV_ED25519_SEED);
    AUTO_CTX ctx = EVP_MD_CTX_new();
    uint8_t sig[OV_ED25519_SIG];
    size_t len = sizeof(sig);

    if (key == NULL || ctx == NULL)
        return OV_NO_MEMORY;
    if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
        EVP_DigestSign(ctx, sig, &len, bytes_of(message), message.len) != 1 ||
        len != sizeof(sig))
        return OV_UNSUPPORTED;
    memcpy(ret, sig, sizeof(sig));
    return OV_OK;
}

enum ov_status ov_ed25519_verify(const uint8_t key[static OV_ED25519_KEY],
                                 struct ov_span message,
                                 const uint8_t sig[static OV_ED25519_SIG])
{
    AUTO_PKEY public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key,
                                                   OV_ED25519_KEY);
    AUTO_CTX ctx = EVP_MD_CTX_new();

    if (public == NULL || ctx == NULL)
        return OV_NO_MEMORY;
    if (EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, public) != 1)
        return OV_BAD_SIGNATURE;
    if (EVP_DigestVerify(ctx, sig, OV_ED25519_SIG, bytes_of(message),
                         message.len) != 1)
        return OV_BAD_SIGNATURE;
    return OV_OK;
}
