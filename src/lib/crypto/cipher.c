/* SPDX-License-Identifier: Apache-2.0
 *
 * Ciphers and hashes of encrypted documents, by OpenSSL; but RC4 is here:
 * OpenSSL 3 has it in a module that a jailed process cannot load, and it is ten
 * lines.
 *
 * The counter mode of WinZip counts little-endian, which OpenSSL's does not: a
 * piece of counters is encrypted at a time.
 *
 * Sources: FIPS 197, NIST SP 800-38A, RFC 8018, RFC 6229 (RC4). */
#include "crypto/cipher.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/assert.h"

#define CTR_PIECE 1024

static const EVP_MD *md_of(enum ov_hash kind)
{
    switch (kind) {
    case OV_HASH_MD5:
        return EVP_md5();
    case OV_HASH_SHA1:
        return EVP_sha1();
    case OV_HASH_SHA256:
        return EVP_sha256();
    case OV_HASH_SHA384:
        return EVP_sha384();
    case OV_HASH_SHA512:
    case OV_N_HASHES:
        break;
    }
    return EVP_sha512();
}

size_t ov_hash_len(enum ov_hash kind)
{
    static const uint8_t lens[OV_N_HASHES] = {16, 20, 32, 48, 64};

    OV_ASSERT((unsigned)kind < OV_N_HASHES);
    return lens[kind];
}

static bool hash_parts(EVP_MD_CTX *ctx, const EVP_MD *md, struct ov_span a,
                       struct ov_span b, struct ov_span c, uint8_t *ret)
{
    return EVP_DigestInit_ex(ctx, md, NULL) == 1 &&
           EVP_DigestUpdate(ctx, a.ptr, a.len) == 1 &&
           EVP_DigestUpdate(ctx, b.ptr, b.len) == 1 &&
           EVP_DigestUpdate(ctx, c.ptr, c.len) == 1 &&
           EVP_DigestFinal_ex(ctx, ret, NULL) == 1;
}

enum ov_status ov_hash(enum ov_hash kind, struct ov_span a, struct ov_span b,
                       struct ov_span c, uint8_t ret[static OV_HASH_MAX])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_done;

    if (ctx == NULL)
        return OV_NO_MEMORY;
    is_done = hash_parts(ctx, md_of(kind), a, b, c, ret);
    EVP_MD_CTX_free(ctx);
    return is_done ? OV_OK : OV_UNSUPPORTED;
}

enum ov_status ov_hash_spin(enum ov_hash kind, uint32_t n,
                            uint8_t digest[static OV_HASH_MAX])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = ov_hash_len(kind);
    bool is_done = true;

    if (ctx == NULL)
        return OV_NO_MEMORY;
    for (uint32_t i = 0; is_done && i < n; i++) {
        uint8_t count[4] = {(uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16),
                            (uint8_t)(i >> 24)};

        /* The type is remembered by the context: no look-up each time. */
        is_done =
            hash_parts(ctx, i == 0 ? md_of(kind) : NULL, ov_span_of(count, 4),
                       ov_span_of(digest, len), ov_span_of(NULL, 0), digest);
    }
    EVP_MD_CTX_free(ctx);
    return is_done ? OV_OK : OV_UNSUPPORTED;
}

enum ov_status ov_pbkdf2_sha1(struct ov_span password, struct ov_span salt,
                              uint32_t n, uint8_t *ret, size_t len)
{
    static const uint8_t none[1];
    const void *bytes = password.len > 0 ? password.ptr : none;

    if (password.len > INT32_MAX || salt.len > INT32_MAX || len > INT32_MAX)
        return OV_MALFORMED;
    return PKCS5_PBKDF2_HMAC(bytes, (int)password.len, salt.ptr, (int)salt.len,
                             (int)n, EVP_sha1(), (int)len, ret) == 1
               ? OV_OK
               : OV_UNSUPPORTED;
}

enum ov_status ov_hmac_sha1(struct ov_span key, struct ov_span in,
                            uint8_t ret[static OV_HASH_MAX])
{
    if (key.len > INT32_MAX)
        return OV_MALFORMED;
    return HMAC(EVP_sha1(), key.ptr, (int)key.len, in.ptr, in.len, ret, NULL) !=
                   NULL
               ? OV_OK
               : OV_UNSUPPORTED;
}

static const EVP_CIPHER *aes_of(enum ov_cipher how, size_t key_len)
{
    bool is_cbc = how == OV_AES_CBC_DECRYPT || how == OV_AES_CBC_ENCRYPT;

    switch (key_len) {
    case 16:
        return is_cbc ? EVP_aes_128_cbc() : EVP_aes_128_ecb();
    case 24:
        return is_cbc ? EVP_aes_192_cbc() : EVP_aes_192_ecb();
    case 32:
        return is_cbc ? EVP_aes_256_cbc() : EVP_aes_256_ecb();
    default:
        return NULL;
    }
}

/* Whole blocks, as many as there may be: the library counts in int. */
static bool run_blocks(EVP_CIPHER_CTX *ctx, struct ov_span in, uint8_t *to)
{
    while (in.len > 0) {
        struct ov_span piece = ov_span_clip(in, 0, 1u << 30);
        int made;

        if (EVP_CipherUpdate(ctx, to, &made, piece.ptr, (int)piece.len) != 1)
            return false;
        to += piece.len;
        in = ov_span_clip(in, piece.len, in.len);
    }
    return true;
}

static bool run_counter(EVP_CIPHER_CTX *ctx, struct ov_span in, uint8_t *to)
{
    uint64_t count = 1;

    while (in.len > 0) {
        struct ov_span piece = ov_span_clip(in, 0, CTR_PIECE);
        uint8_t stream[CTR_PIECE] = {0};

        for (size_t at = 0; at < CTR_PIECE; at += OV_AES_BLOCK, count++)
            for (size_t i = 0; i < 8; i++)
                stream[at + i] = (uint8_t)(count >> (8 * i));
        if (!run_blocks(ctx, ov_span_of(stream, sizeof(stream)), stream))
            return false;
        for (size_t i = 0; i < piece.len; i++)
            to[i] = stream[i] ^ (uint8_t)ov_span_byte(piece, i);
        to += piece.len;
        in = ov_span_clip(in, piece.len, in.len);
    }
    return true;
}

enum ov_status ov_aes(enum ov_cipher how, struct ov_span key, const uint8_t *iv,
                      struct ov_span in, uint8_t *to)
{
    const EVP_CIPHER *cipher = aes_of(how, key.len);
    bool is_forward = how == OV_AES_CBC_ENCRYPT || how == OV_AES_CTR_LE;
    EVP_CIPHER_CTX *ctx;
    bool is_done;

    if (cipher == NULL || (how != OV_AES_CTR_LE && in.len % OV_AES_BLOCK != 0))
        return OV_MALFORMED;
    ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL)
        return OV_NO_MEMORY;
    is_done =
        EVP_CipherInit_ex(ctx, cipher, NULL, key.ptr, iv, is_forward) == 1 &&
        EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
        (how == OV_AES_CTR_LE ? run_counter(ctx, in, to)
                              : run_blocks(ctx, in, to));
    EVP_CIPHER_CTX_free(ctx);
    return is_done ? OV_OK : OV_UNSUPPORTED;
}

/* ---- RC4 ---- */

static void swap(uint8_t *a, uint8_t *b)
{
    uint8_t t = *a;

    *a = *b;
    *b = t;
}

void ov_rc4_start(struct ov_rc4 *rc4, struct ov_span key)
{
    uint8_t j = 0;

    OV_ASSERT(key.len > 0);
    rc4->i = rc4->j = 0;
    for (unsigned i = 0; i < 256; i++)
        rc4->s[i] = (uint8_t)i;
    for (unsigned i = 0; i < 256; i++) {
        j = (uint8_t)(j + rc4->s[i] + ov_span_byte(key, i % key.len));
        swap(&rc4->s[i], &rc4->s[j]);
    }
}

static uint8_t next_byte(struct ov_rc4 *rc4)
{
    rc4->i++;
    rc4->j = (uint8_t)(rc4->j + rc4->s[rc4->i]);
    swap(&rc4->s[rc4->i], &rc4->s[rc4->j]);
    return rc4->s[(uint8_t)(rc4->s[rc4->i] + rc4->s[rc4->j])];
}

void ov_rc4_apply(struct ov_rc4 *rc4, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] ^= next_byte(rc4);
}

void ov_rc4_skip(struct ov_rc4 *rc4, size_t len)
{
    while (len-- > 0)
        (void)next_byte(rc4);
}
