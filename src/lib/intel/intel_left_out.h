/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "intel/intel_import.h"

/* What was not taken of other people's intelligence: how much for each reason,
 * and the names of the first, for people to read. */

/* One more reason: the taker's own. */
#define OV_INTEL_LEFT_OUT_OWN OV_N_INTEL_SKIP
#define OV_N_INTEL_LEFT_OUT (OV_N_INTEL_SKIP + 1)

struct ov_intel_left_out {
    const char *own_words; /* borrowed; of OV_INTEL_LEFT_OUT_OWN */

    struct {
        size_t n;
        struct ov_buf names;
    } of[OV_N_INTEL_LEFT_OUT];
};

void ov_intel_left_out_init(struct ov_intel_left_out *l, const char *own_words);
void ov_intel_left_out_done(struct ov_intel_left_out *l);

/* why: an enum ov_intel_skip or OV_INTEL_LEFT_OUT_OWN. id: as it was read, may
 * be empty, or long (it is cut). */
void ov_intel_left_out_add(struct ov_intel_left_out *l, unsigned why,
                           struct ov_span id);

/* "not taken: 3 damaged: a, b, c"; at most 20 names, then "...". False, and
 * nothing is put, if there is none of that reason. */
bool ov_intel_left_out_put(const struct ov_intel_left_out *l, unsigned why,
                           struct ov_buf *b);
