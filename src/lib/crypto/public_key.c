/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/public_key.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* Nothing of OpenSSL's is kept, and its queue of errors is left empty. */

static const EVP_MD *digest_of(enum ov_digest_kind kind)
{
    return kind == OV_SHA1 ? EVP_sha1() : EVP_sha256();
}

static bool verify(EVP_MD_CTX *context, const EVP_MD *digest, EVP_PKEY *key,
                   struct ov_span signature, const struct ov_span *pieces,
                   size_t n)
{
    if (EVP_DigestVerifyInit(context, NULL, digest, NULL, key) != 1)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (EVP_DigestVerifyUpdate(context, pieces[i].ptr, pieces[i].len) != 1)
            return false;
    }
    return EVP_DigestVerifyFinal(context, signature.ptr, signature.len) == 1;
}

bool ov_public_key_verify(enum ov_digest_kind kind, struct ov_span key,
                          struct ov_span signature,
                          const struct ov_span *pieces, size_t n)
{
    const unsigned char *at = key.ptr;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY *read = NULL;
    bool is_good = false;

    if (key.len > 0 && key.len <= INT_MAX && signature.len > 0)
        read = d2i_PUBKEY(NULL, &at, (long)key.len);
    if (read != NULL && context != NULL)
        is_good = verify(context, digest_of(kind), read, signature, pieces, n);
    EVP_PKEY_free(read);
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return is_good;
}
