/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "base/status.h"
#include "crypto/ed25519.h"

/* Private keys in files: PKCS#8 in PEM (RFC 5958, RFC 7468), encrypted under a
 * passphrase with scrypt and AES-256-CBC (RFC 8018, RFC 7914), so that openssl
 * reads them too. The line before the PEM, "# overt key NAME", holds the name
 * that goes with the key in its signatures. */

#define OV_KEY_MAX_NAME 127

struct ov_key {
    char name[OV_KEY_MAX_NAME + 1];
    uint8_t seed[OV_ED25519_SEED];
    uint8_t public_key[OV_ED25519_KEY];
};

/* Wipes the seed. For OV_AUTO_DONE(key). */
void ov_key_done(struct ov_key *key);

/* A new key from the kernel's randomness. OV_USAGE if name is too long. */
OV_MUST_USE enum ov_status ov_key_new(const char *name, struct ov_key *ret);

/* passphrase: empty for a key that is not encrypted. OV_NOT_FOUND, OV_DENIED,
 * OV_IO; OV_MALFORMED; OV_ENCRYPTED if a passphrase is needed or is wrong. diag
 * says which file and what to do. */
OV_MUST_USE enum ov_status ov_key_file_read(const char *path,
                                            struct ov_span passphrase,
                                            struct ov_key *ret,
                                            struct ov_diag *diag);

/* A new file of mode 0600; an existing one is never overwritten (OV_USAGE).
 * An empty passphrase writes it unencrypted: the caller says so to a person.
 * It is on disk (fsync) when this returns OV_OK. */
OV_MUST_USE enum ov_status ov_key_file_write(const char *path,
                                             const struct ov_key *key,
                                             struct ov_span passphrase,
                                             struct ov_diag *diag);

/* A passphrase, without its newline, from file; if file is NULL, from the file
 * that OVERT_PASSPHRASE_FILE names; else from the terminal (prompt names the
 * key). ret_len <= max. OV_NOT_FOUND if there is no source. */
OV_MUST_USE enum ov_status ov_passphrase_get(const char *file,
                                             const char *prompt, char *ret,
                                             size_t max, size_t *ret_len);
