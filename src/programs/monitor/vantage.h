/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log/policy.h"
#include "log_view.h"
#include "told.h"
#include "watch_options.h"

/* What each place shows of the log in a round: its checkpoint, and whether that
 * is signed as it must be. */

struct vantage {
    const struct watch_place *place;
    struct log_view view; /* of logs and mirrors */
    struct ov_buf note;
    struct ov_policy_result result;
    bool is_missing;       /* a witness that knows nothing of this log */
    bool is_there;         /* note is a checkpoint that the log signed */
    uint64_t behind_size;  /* the size it had when it was first seen behind */
    uint64_t behind_since; /* POSIX seconds; 0: it is not behind */
};

/* Reads and judges v's checkpoint. Findings tell what is wrong. a: of this
 * round. */
void vantage_read(struct vantage *v, const struct ov_policy *policy,
                  const struct ov_policy_clock *clock, struct ov_arena *a,
                  struct findings *f);

/* Judges the note that is in v->note already: one that was kept. */
bool vantage_take_note(struct vantage *v, const struct ov_policy *policy,
                       struct ov_arena *a);
