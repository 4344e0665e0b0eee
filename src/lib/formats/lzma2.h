/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "base/buf.h"

/* LZMA2 data from the start of in, behind what into holds. dict_size: how far
 * back matches may reach. False if anything is unusual: too long for into or
 * the budget, damaged, out of memory; then into has the length it had. Spends
 * what it does in either case. *ret_used: bytes of in, its end marker
 * included. */
OV_MUST_USE bool ov_lzma2_decode(struct ov_span in, uint64_t dict_size,
                                 struct ov_budget *budget, struct ov_buf *into,
                                 size_t *ret_used);
