/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "reputation/receipt.h"
#include "reputation/sample_note.h"

/* What the machine keeps of its submissions, in FOLDER/submissions of the
 * state: NAME.note (what was sent beside the bytes), NAME.purpose (what for, if
 * it is not a sample), NAME.receipt (the region's
 * word), NAME.deletion, and rules-agreed (one rule a line: "always for this
 * rule"). */

/* How much was sent today (UTC), by the receipts. OV_IO with words. */
OV_MUST_USE enum ov_status submit_state_today(const char *state, uint64_t now,
                                              uint64_t *ret_count,
                                              uint64_t *ret_bytes,
                                              struct ov_diag *diag);

OV_MUST_USE enum ov_status submit_state_keep(
    const char *state, const uint8_t name[static OV_ENVELOPE_NAME],
    const char *suffix, struct ov_span content, struct ov_diag *diag);

/* Whether a receipt for a sample of that digest and purpose is there. */
bool submit_state_has(const char *state, enum ov_envelope_purpose purpose,
                      const uint8_t digest[static 32]);

bool submit_state_is_agreed(const char *state, struct ov_span rule);
OV_MUST_USE enum ov_status submit_state_agree(const char *state,
                                              struct ov_span rule,
                                              struct ov_diag *diag);

/* Calls show with each submission's name, its note and its receipts' texts
 * (deletion may be empty), in no order. */
OV_MUST_USE enum ov_status submit_state_list(
    const char *state,
    void (*show)(void *data, struct ov_span name, struct ov_span note,
                 struct ov_span receipt, struct ov_span deletion),
    void *data);
