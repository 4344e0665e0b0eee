/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "crypto/digest.h"

/* Bytes as they travel: zstd (RFC 8878). No digest ever covers packed bytes,
 * so that any packing of the right bytes is fine. */

/* What is behind a name like "sha256:HEX SIZE". */
struct ov_blob {
    uint8_t digest[OV_DIGEST_MAX]; /* SHA-256 */
    uint64_t len;
};

OV_MUST_USE enum ov_status ov_blob_of(struct ov_span bytes,
                                      struct ov_blob *ret);

/* "sha256:HEX SIZE". */
bool ov_blob_parse(struct ov_span text, struct ov_blob *ret);
void ov_put_blob(struct ov_buf *b, const struct ov_blob *blob);

/* Appends bytes, packed. OV_NO_MEMORY, OV_LIMIT_SIZE. */
OV_MUST_USE enum ov_status ov_pack(struct ov_span bytes, struct ov_buf *ret);

/* Appends what is in packed: exactly the blob, in room for just that much.
 * OV_MALFORMED, OV_LIMIT_SIZE if it is longer, OV_BAD_DIGEST; then ret holds
 * what it held before. */
OV_MUST_USE enum ov_status ov_unpack(struct ov_span packed,
                                     const struct ov_blob *blob,
                                     struct ov_buf *ret);

/* Appends what is in packed, of which nothing is known, as far as ret's maximum
 * goes: OV_MALFORMED, OV_LIMIT_SIZE. */
OV_MUST_USE enum ov_status ov_unpack_any(struct ov_span packed,
                                         struct ov_buf *ret);
