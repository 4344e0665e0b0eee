/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/clamav_job.h"

/* Cells while a pattern is read. */
struct ov_clam_cells {
    OV_LIST(struct ov_cell, list);
};

void ov_clam_cells_done(struct ov_clam_cells *c);

OV_MUST_USE enum ov_status ov_clam_put(struct ov_clam_cells *out,
                                       struct ov_cell cell);

/* Two characters, "aa", "a?", "?a" or "??", as a byte. */
bool ov_clam_byte(struct ov_span two, struct ov_cell *ret);

/* One part of a pattern, without gaps: bytes, alternatives and boundaries. It
 * must have two fixed bytes in a row. OV_MALFORMED fills fault. */
OV_MUST_USE enum ov_status ov_clam_put_core(struct ov_clam_cells *out,
                                            struct ov_span core,
                                            struct ov_clam_fault *fault);

/* Long runs of any byte become gaps; the result lives in the arena. */
OV_MUST_USE enum ov_status ov_clam_cells_keep(const struct ov_clam_cells *cells,
                                              struct ov_arena *arena,
                                              struct ov_pattern *ret);
