/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log/policy.h"
#include "log_view.h"

/* A log that is read once, from its first entry to its checkpoint. */

struct whole_log {
    const char *place; /* address or folder of the file "checkpoint" */
    const char *policy_file;
    uint64_t max_age; /* of the checkpoint, seconds; 0: any */
    struct ov_policy_result result;
    /* its own: */
    struct ov_arena *arena;
    struct ov_buf policy_text;
    struct ov_policy policy;
    struct ov_buf note_text;
};

/* False: out of memory. whole_log_done in any case. */
bool whole_log_begin(struct whole_log *w);
void whole_log_done(struct whole_log *w);

/* Calls entry for each entry, with data; what comes of it counts only after
 * OV_OK: then checkpoint, quorum, tiles and entries are of one tree. Statuses
 * of walk_to; OV_USAGE: the policy cannot be read. */
OV_MUST_USE enum ov_status whole_log_read(
    struct whole_log *w,
    enum ov_status (*entry)(void *data, uint64_t index, struct ov_span entry),
    void *data, struct ov_diag *diag);

/* 0: all holds; 1: something does not; 2: wrong use; 3: it could not be looked
 * at. */
int whole_log_exit_code(enum ov_status status);
