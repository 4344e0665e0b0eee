/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "crypto/digest.h"

/* Whether a signature over pieces, one behind the other, is by a public key: a
 * DER SubjectPublicKeyInfo of RSA (PKCS #1 v1.5) or of an elliptic curve
 * (ECDSA), by OpenSSL. What OpenSSL cannot read, or its policy forbids, is not
 * by that key. Only to tell facts about hostile files. */
bool ov_public_key_verify(enum ov_digest_kind kind, struct ov_span key,
                          struct ov_span signature,
                          const struct ov_span *pieces, size_t n);
