/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "crypto/hpke.h"

/* A submission on its way: one sample and what is said of it, sealed to the
 * key of a region, padded to a power of two. docs/protocol-submissions.md,
 * "Envelope". Integers are big-endian.
 *
 *   0   4  "OVE1"
 *   4   1  purpose
 *   5   3  zeros
 *   8   16 region, zeros behind it
 *   24  8  key id: the first bytes of the key's SHA-256
 *   32  16 name: random, the submission's own
 *   48  32 HPKE's encapsulated key
 *   80  .. sealed: note length u32, sample length u64, note, sample, zeros;
 *          the tag's 16 bytes end where the envelope does
 *
 * HPKE's info is "overt-envelope/1" and the first 48 bytes: who changes region,
 * purpose or name makes it nothing. */

#define OV_ENVELOPE_NAME 16
#define OV_ENVELOPE_KEY_ID 8
#define OV_REGION_MAX 15 /* letters, digits, hyphens */
#define OV_ENVELOPE_MIN ((size_t)4 << 10)
#define OV_ENVELOPE_MAX ((size_t)16 << 20)
#define OV_SAMPLE_MAX ((size_t)8 << 20)
#define OV_SAMPLE_NOTE_MAX ((size_t)4 << 10)

enum ov_envelope_purpose {
    OV_PURPOSE_SAMPLE = 1,         /* something that may be malicious */
    OV_PURPOSE_FALSE_POSITIVE = 2, /* something that should not be detected */
};

/* "sample", "false-positive". */
const char *ov_purpose_name(enum ov_envelope_purpose p);
bool ov_purpose_parse(struct ov_span word, enum ov_envelope_purpose *ret);

/* What is not sealed. */
struct ov_envelope_head {
    enum ov_envelope_purpose purpose;
    char region[OV_REGION_MAX + 1];
    uint8_t key_id[OV_ENVELOPE_KEY_ID];
    uint8_t name[OV_ENVELOPE_NAME];
};

/* "eu", "ch-2": begins with a lower-case letter, then those, digits, hyphens;
 * at most OV_REGION_MAX. */
bool ov_region_is_valid(struct ov_span region);

/* OV_NO_MEMORY. */
OV_MUST_USE enum ov_status
ov_envelope_key_id(const uint8_t public_key[static OV_HPKE_KEY],
                   uint8_t ret[static OV_ENVELOPE_KEY_ID]);

/* Appends an envelope. head->key_id is not read: it is that of to->public_key.
 * OV_LIMIT_SIZE: sample or note are too large. OV_USAGE: no region. */
OV_MUST_USE enum ov_status ov_put_envelope(struct ov_buf *b,
                                           const struct ov_envelope_head *head,
                                           const struct ov_hpke_to *to,
                                           struct ov_span note,
                                           struct ov_span sample);

/* What can be told without the key. OV_MALFORMED, OV_TRUNCATED, OV_LIMIT_SIZE;
 * OV_UNSUPPORTED: another version or purpose. */
OV_MUST_USE enum ov_status ov_envelope_read(struct ov_span envelope,
                                            struct ov_envelope_head *ret);

/* Opens it into plain (of which max is at least the envelope's length);
 * ret_note and ret_sample are in there. OV_BAD_PROOF: not for this key, or
 * changed. OV_MALFORMED: whoever sealed it made it wrong. */
OV_MUST_USE enum ov_status
ov_envelope_open(struct ov_span envelope, const uint8_t key[static OV_HPKE_KEY],
                 struct ov_buf *plain, struct ov_span *ret_note,
                 struct ov_span *ret_sample);
