/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/pattern.h"

/* The zero-width assertions of pattern.h, as numbers from 0 to 11. */
static inline unsigned ov_boundary_code(enum ov_boundary kind,
                                        enum ov_side side, bool is_negated)
{
    return (unsigned)kind + 3 * (unsigned)side + (is_negated ? 6 : 0);
}

/* Whether it holds at `at`, which is in the view or at its end. */
bool ov_boundary_holds(unsigned code, struct ov_span view, uint64_t at);
