/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/crew.h"
#include "match/sweep.h"

/* A sweep that a crew does together: helpers sweep stretches of the view and
 * note what they find; the caller sweeps, too, and takes all that was found in
 * the view's order, just as if it had swept alone. */

/* Whether the view is worth it. */
bool ov_shared_is_worth(const struct ov_crew *crew, struct ov_span view);

/* As ov_sweep over the whole view; s->found is called by this thread only.
 * Helpers are idle afterwards. Adds to w's counts what all have swept. */
OV_MUST_USE enum ov_status ov_shared_sweep(struct ov_crew *crew,
                                           const struct ov_sweep *s,
                                           struct ov_sweeper *w);
