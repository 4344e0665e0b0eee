/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "base/status.h"

/* Ed25519 (RFC 8032) by OpenSSL, and only by OpenSSL: verifiers differ on
 * crafted keys and signatures, and programs that disagree could be shown two
 * histories of one log. Everything in this project verifies through here. */

#define OV_ED25519_SEED 32
#define OV_ED25519_KEY 32
#define OV_ED25519_SIG 64

/* The public key of a seed. OV_NO_MEMORY. */
OV_MUST_USE enum ov_status
ov_ed25519_public(const uint8_t seed[static OV_ED25519_SEED],
                  uint8_t ret[static OV_ED25519_KEY]);

/* OV_NO_MEMORY, or OV_UNSUPPORTED where the machine's policy forbids it. */
OV_MUST_USE enum ov_status
ov_ed25519_sign(const uint8_t seed[static OV_ED25519_SEED],
                struct ov_span message, uint8_t ret[static OV_ED25519_SIG]);

/* OV_OK, OV_BAD_SIGNATURE (also for bytes that are no key), OV_NO_MEMORY. */
OV_MUST_USE enum ov_status
ov_ed25519_verify(const uint8_t key[static OV_ED25519_KEY],
                  struct ov_span message,
                  const uint8_t sig[static OV_ED25519_SIG]);
