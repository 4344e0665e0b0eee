/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* The list of rules that recalls silence, as a state keeps it:
 *
 *     image sha256:DIGEST SIZE
 *     rule RECORD RECALL-ID INDEX WHY
 *
 * Apart from what makes it, so that who only looks something up links no more.
 */

#define OV_UPDATE_RECALLED "trust/recalled" /* in the state */

/* What is behind the next "rule" of rest, which goes on; false: there is no
 * more. */
bool ov_recalled_next(struct ov_span *rest, struct ov_span *ret);

/* Whether the text lists a record: *ret is what it says of it, "RECALL-ID INDEX
 * WHY". */
bool ov_recalled_find(struct ov_span text, struct ov_span id,
                      struct ov_span *ret);
