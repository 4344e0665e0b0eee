/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "base/status.h"

/* What documents and archives are encrypted with: to look into those whose
 * password is known. Nothing of our own is kept secret or trusted by these;
 * several are weak. */

enum ov_hash {
    OV_HASH_MD5,
    OV_HASH_SHA1,
    OV_HASH_SHA256,
    OV_HASH_SHA384,
    OV_HASH_SHA512,
    OV_N_HASHES
};

#define OV_HASH_MAX 64

/* Bytes of one. */
size_t ov_hash_len(enum ov_hash kind);

/* Of a, then b, then c (some may be empty). OV_UNSUPPORTED where the machine's
 * OpenSSL does without this one. */
OV_MUST_USE enum ov_status ov_hash(enum ov_hash kind, struct ov_span a,
                                   struct ov_span b, struct ov_span c,
                                   uint8_t ret[static OV_HASH_MAX]);

/* n times: digest = hash of (i as 4 bytes, little-endian; digest), i from 0. */
OV_MUST_USE enum ov_status ov_hash_spin(enum ov_hash kind, uint32_t n,
                                        uint8_t digest[static OV_HASH_MAX]);

/* PBKDF2 (RFC 8018) with HMAC-SHA-1. */
OV_MUST_USE enum ov_status ov_pbkdf2_sha1(struct ov_span password,
                                          struct ov_span salt, uint32_t n,
                                          uint8_t *ret, size_t len);

OV_MUST_USE enum ov_status ov_hmac_sha1(struct ov_span key, struct ov_span in,
                                        uint8_t ret[static OV_HASH_MAX]);

enum ov_cipher {
    OV_AES_ECB_DECRYPT,
    OV_AES_CBC_DECRYPT,
    OV_AES_CBC_ENCRYPT,
    OV_AES_CTR_LE, /* the counter is little-endian and begins with 1 */
};

#define OV_AES_BLOCK 16

/* AES with a key of 16, 24 or 32 bytes (else OV_MALFORMED), without padding: in
 * is a multiple of OV_AES_BLOCK long, but for OV_AES_CTR_LE; iv, of one block,
 * is for CBC. to has room for as many bytes as in has, and may be in. */
OV_MUST_USE enum ov_status ov_aes(enum ov_cipher how, struct ov_span key,
                                  const uint8_t *iv, struct ov_span in,
                                  uint8_t *to);

struct ov_rc4 {
    uint8_t s[256];
    uint8_t i;
    uint8_t j;
};

/* key: 1 to 256 bytes; of a longer one the beginning counts. */
void ov_rc4_start(struct ov_rc4 *rc4, struct ov_span key);
/* In place; called again it goes on in the key stream. */
void ov_rc4_apply(struct ov_rc4 *rc4, uint8_t *bytes, size_t len);
/* len bytes of the key stream are not used. */
void ov_rc4_skip(struct ov_rc4 *rc4, size_t len);
