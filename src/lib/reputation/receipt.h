/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log/note.h"
#include "reputation/envelope.h"

/* What a region signs when it has taken a submission, and again when it has
 * deleted it: a signed note (log/note.h) by the receipt key of the key
 * manifest.
 *
 *     overt-receipt/1
 *     kind submission
 *     region eu
 *     name 32 digits            the envelope's
 *     envelope 64 digits        SHA-256 of what was taken
 *     size 4096
 *     index 17                  among the region's receipts, from 0
 *     time 2026-11-23T10:00:00Z
 *     keep-until 2027-02-21T10:00:00Z   (a deletion: the same as time)
 *
 * The public submissions log holds, at that index, the hash of the text. */

#define OV_RECEIPT_MAX ((size_t)4 << 10)

enum ov_receipt_kind {
    OV_RECEIPT_SUBMISSION,
    OV_RECEIPT_DELETION,
};

struct ov_receipt {
    enum ov_receipt_kind kind;
    char region[OV_REGION_MAX + 1];
    uint8_t name[OV_ENVELOPE_NAME];
    uint8_t envelope[32];
    uint64_t size;
    uint64_t index;
    uint64_t time; /* seconds since 1970 */
    uint64_t keep_until;
};

void ov_put_receipt(struct ov_buf *b, const struct ov_receipt *r);
OV_MUST_USE enum ov_status ov_receipt_parse(struct ov_span text,
                                            struct ov_receipt *ret,
                                            struct ov_diag *diag);

/* Appends the whole note. OV_USAGE: not a key that signs. */
OV_MUST_USE enum ov_status
ov_receipt_sign(struct ov_buf *b, const struct ov_receipt *r,
                const struct ov_vkey *key,
                const uint8_t seed[static OV_ED25519_SEED]);

/* Believes what is signed by key. OV_BAD_SIGNATURE, and as the parsers. */
OV_MUST_USE enum ov_status ov_receipt_verify(struct ov_span note,
                                             const struct ov_vkey *key,
                                             struct ov_receipt *ret,
                                             struct ov_diag *diag);

/* The leaf hash of a receipt's text in the submissions log (RFC 6962 section
 * 2.1). */
OV_MUST_USE enum ov_status ov_receipt_leaf(const struct ov_receipt *r,
                                           uint8_t ret[static 32]);
