/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "history.h"
#include "metadata.h"

/* Releases of the programs themselves (docs/publisher.md). */

/* Compares the reviewer's or builder's own build (--programs FOLDER) with what
 * a staged code-release says. */
bool code_release_review(struct instance *in, const struct ov_entry *e);

/* The target "code/overt": the note of the newest code-release in the log,
 * whose files it puts among the public blobs. bytes.ptr is NULL if there is
 * none. */
bool code_release_target(struct instance *in, const struct history *h,
                         struct target_change *ret);
