/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "base/buf.h"
#include "base/crew.h"

/* The first stream of a .bz2 file, appended to into. False if it is not one
 * that is read here, or not whole and sound; then neither into nor the budget
 * have changed, and the general decoder says what there is. crew (may be NULL)
 * helps with the blocks of a large one. *ret_used: bytes of in that the stream
 * takes. */
OV_MUST_USE bool ov_bzip2_decode(struct ov_span in, struct ov_budget *budget,
                                 struct ov_crew *crew, struct ov_buf *into,
                                 size_t *ret_used);
