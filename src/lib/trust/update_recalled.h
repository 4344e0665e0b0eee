/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "trust/update_run.h"

/* What the state says of recalled rules; only for update*.c. */

/* What the state says of a record that is silenced: "RECALL-ID INDEX WHY";
 * false if it is not. into: holds the state's text. */
bool ov_update_silenced(struct ov_update *u, struct ov_span id,
                        struct ov_buf *into, struct ov_span *ret);
/* Appends what is known as lines for ov_update_report. */
void ov_put_recalled(struct ov_buf *b, struct ov_update *u);
/* Whether recalled.image is what the state says, and withdraws the rules that
 * are listed there and no others; *ret_n: how many. */
OV_MUST_USE enum ov_status ov_update_check_recalled(struct ov_update *u,
                                                    size_t *ret_n);
/* Whether each of them was withdrawn by a recall in the log, in the version
 * that set has. OV_NOT_FOUND: there is no mirror to ask for the recalls. */
OV_MUST_USE enum ov_status
ov_update_check_recalls(struct ov_update *u, const struct ov_record_set *set,
                        struct ov_diag *diag);
