/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/digest.h"

/* Patterns of STIX (2.1 section 9), as far as a hash rule can express them:
 * observations of files by hash, any of which is enough.
 *
 *     [file:hashes.'SHA-256' = 'HEX']
 *     [file:hashes.MD5 = 'HEX' AND file:size = 12 AND file:name = 'x.exe']
 *     [file:hashes.MD5 = 'HEX' OR file:hashes.'SHA-1' = 'HEX'] OR [...]
 *
 * Where a file is told by several hashes at once the strongest is taken; its
 * name is left out, as the hash says which file it is. */

struct ov_stix_file {
    enum ov_digest_kind kind;
    uint8_t digest[OV_DIGEST_MAX];
    uint64_t size; /* 0: any */
};

/* Calls take for each file, in order, as soon as it is read; *ret_others is how
 * many other ways the pattern has to be true, which no hash rule can express.
 * OV_UNSUPPORTED: so is the pattern as a whole, and take was not called.
 * OV_MALFORMED: it is no such pattern; take may have been called. */
OV_MUST_USE enum ov_status ov_stix_pattern_read(
    struct ov_span pattern,
    enum ov_status (*take)(void *data, const struct ov_stix_file *f),
    void *data, size_t *ret_others);

/* "SHA-256", "sha256", "MD5": false if it is no hash that rules have. */
bool ov_stix_hash_parse(struct ov_span name, enum ov_digest_kind *ret);
