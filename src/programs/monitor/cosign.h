/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rounds.h"

/* For a cosigner whose signature says more than that a log only grows
 * (overt-witness --checked, in options->cosigner; without one, nothing). */

/* The checkpoint that it was asked for, as the last place. */
void cosign_read(struct rounds *r);

/* If best is that checkpoint, all entries below it were read, and nothing wrong
 * was ever found in them or in a release: lets it be signed. */
void cosign_allow(struct rounds *r, const struct vantage *best);
