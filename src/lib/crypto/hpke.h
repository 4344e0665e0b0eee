/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "base/status.h"

/* Hybrid public key encryption, RFC 9180: base mode, one message per key, with
 * DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305. Whoever has
 * the recipient's private key, and nobody else, opens what was sealed to its
 * public one; `info` is bound to it and travels elsewhere. */

#define OV_HPKE_KEY 32 /* public or private */
#define OV_HPKE_TAG 16

/* The public key of a private one. OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_hpke_public(const uint8_t key[static OV_HPKE_KEY],
                                          uint8_t ret[static OV_HPKE_KEY]);

/* Who it is for. */
struct ov_hpke_to {
    const uint8_t *public_key; /* OV_HPKE_KEY bytes */
    const uint8_t *ephemeral;  /* OV_HPKE_KEY random bytes: used once, then
                                  wiped by the caller */
};

/* Writes plain.len + OV_HPKE_TAG bytes to `to`, which is not plain, and what
 * the recipient needs beside them to ret_enc. OV_MALFORMED: the public key is
 * none. OV_LIMIT_SIZE, OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_hpke_seal(const struct ov_hpke_to *recipient,
                                        struct ov_span info,
                                        struct ov_span plain,
                                        uint8_t ret_enc[static OV_HPKE_KEY],
                                        uint8_t *to);

/* Writes sealed.len - OV_HPKE_TAG bytes to `to`; nothing in it may be used
 * unless this returns OV_OK. OV_BAD_PROOF: not sealed to this key with this
 * info, or changed. */
OV_MUST_USE enum ov_status ov_hpke_open(const uint8_t key[static OV_HPKE_KEY],
                                        const uint8_t enc[static OV_HPKE_KEY],
                                        struct ov_span info,
                                        struct ov_span sealed, uint8_t *to);
