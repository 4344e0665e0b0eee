/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/status.h"

/* All that is said of a sample beside its bytes, field by field; there is no
 * path, host, user or address, and no line for one. What an envelope carries
 * and what its owner is shown are the same text:
 *
 *     overt-sample/1
 *     sha256 64 digits
 *     size 1234
 *     type elf
 *     rule Example.Rule
 *     build 0.1.0
 *     epoch 20418
 *     month 2026-11
 *     consent file
 */

#define OV_SAMPLE_RULE_MAX 200

enum ov_consent {
    OV_CONSENT_FILE,  /* somebody saw the preview of this file and agreed */
    OV_CONSENT_RULE,  /* somebody agreed to all that this rule finds */
    OV_CONSENT_CLASS, /* the policy sends this class without asking */
};

/* "file", "rule", "class". */
const char *ov_consent_name(enum ov_consent c);

struct ov_sample_note {
    uint8_t digest[32]; /* SHA-256 */
    uint64_t size;
    struct ov_span type; /* ov_type_name */
    struct ov_span rule; /* "-": none */
    struct ov_span build;
    uint64_t epoch; /* of the snapshot that was asked; 0: none */
    char month[8];  /* "2026-11" */
    enum ov_consent consent;
};

void ov_put_sample_note(struct ov_buf *b, const struct ov_sample_note *n);

/* Borrows text. OV_MALFORMED, OV_TRUNCATED, OV_UNSUPPORTED with the line in
 * diag. */
OV_MUST_USE enum ov_status ov_sample_note_parse(struct ov_span text,
                                                struct ov_sample_note *ret,
                                                struct ov_diag *diag);
