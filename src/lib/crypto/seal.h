/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Encryption of a stream in chunks, each authenticated, so that neither a chunk
 * nor the order nor the end of them can be changed: the STREAM construction
 * (Hoang, Reyhanitabar, Rogaway, Vizar, "Online Authenticated-Encryption and
 * its Nonce-Reuse Misuse-Resistance", CRYPTO 2015, section 7) over
 * ChaCha20-Poly1305 (RFC 8439). The nonce of a chunk is its number, big-endian
 * in 11 bytes, and a byte that is 1 for the last chunk and 0 for all others.
 *
 * So a key is for one stream: keys are derived from a long-lived one and a
 * random salt (HKDF-SHA-256, RFC 5869). */

#define OV_SEAL_KEY 32
#define OV_SEAL_SALT 32
#define OV_SEAL_TAG 16

/* label tells what the key is for. OV_NO_MEMORY. */
OV_MUST_USE enum ov_status
ov_seal_derive(const uint8_t key[static OV_SEAL_KEY],
               const uint8_t salt[static OV_SEAL_SALT], const char *label,
               uint8_t ret[static OV_SEAL_KEY]);

/* One stream, sealed or opened: chunk by chunk, in order. */
struct ov_seal;

/* Returns owned. OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_seal_new(const uint8_t key[static OV_SEAL_KEY],
                                       struct ov_seal **ret);
void ov_seal_free(struct ov_seal *s);
OV_DEFINE_AUTO(seal)

/* Whether a chunk is the stream's last one: behind it there is none. */
enum ov_seal_chunk {
    OV_SEAL_MORE,
    OV_SEAL_LAST,
};

/* Writes plain.len + OV_SEAL_TAG bytes to `to`, which is not plain. OV_USAGE
 * behind the last chunk. */
OV_MUST_USE enum ov_status ov_seal_put(struct ov_seal *s, struct ov_span plain,
                                       enum ov_seal_chunk which, uint8_t *to);

/* Writes sealed.len - OV_SEAL_TAG bytes to `to`; nothing in it may be used
 * unless this returns OV_OK. OV_BAD_PROOF: not what was sealed. */
OV_MUST_USE enum ov_status ov_seal_get(struct ov_seal *s, struct ov_span sealed,
                                       enum ov_seal_chunk which, uint8_t *to);

/* A stream of one chunk: appends plain, sealed; or what was sealed. As the
 * above; OV_NO_MEMORY and OV_LIMIT_SIZE of the buffer. */
OV_MUST_USE enum ov_status ov_put_sealed(struct ov_buf *b,
                                         const uint8_t key[static OV_SEAL_KEY],
                                         struct ov_span plain);
OV_MUST_USE enum ov_status ov_put_opened(struct ov_buf *b,
                                         const uint8_t key[static OV_SEAL_KEY],
                                         struct ov_span sealed);
