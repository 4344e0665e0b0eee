/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "base/buf.h"

/* Two methods of ZIP that no library at hand reads. Both append to into as
 * formats/codec.h does and spend the same. */

/* Deflate64 (method 9): deflate with a window of 64 KB. */
OV_MUST_USE enum ov_status
ov_inflate64(struct ov_span in, struct ov_budget *budget, struct ov_buf *into);

/* Implode (method 6). flags: the member's general purpose flags; real_size:
 * where it ends, since the bytes don't say. */
OV_MUST_USE enum ov_status ov_explode(struct ov_span in, uint16_t flags,
                                      uint64_t real_size,
                                      struct ov_budget *budget,
                                      struct ov_buf *into);
