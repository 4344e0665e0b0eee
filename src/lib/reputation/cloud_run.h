/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "log/policy.h"
#include "reputation/cloud_client.h"
#include "reputation/shard_list.h"
#include "trust/people.h"
#include "trust/update_run.h"

/* What cloud_client.c and cloud_lookup.c share: one run of the procedure. */

struct ov_cloud {
    const struct ov_cloud_io *io;
    const struct ov_cloud_options *options;
    struct ov_diag *diag;
    struct ov_arena *arena;
    struct ov_buf policy_text;
    struct ov_buf people_text;
    struct ov_policy policy;
    struct ov_people people;
    struct ov_client_state seen; /* by updates; of the log, their last tree */
    struct ov_buf current;       /* the file that state is read from */
    struct ov_cloud_state state;
    struct ov_snapshot snapshot; /* of state.note */
    bool has_state;
};

OV_MUST_USE enum ov_status ov_cloud_begin(struct ov_cloud *c,
                                          const struct ov_cloud_io *io,
                                          const struct ov_cloud_options *o,
                                          struct ov_diag *diag);
void ov_cloud_end(struct ov_cloud *c);

/* An entry that its proof and its signatures vouch for. Both live as long as
 * the run. */
OV_MUST_USE enum ov_status ov_cloud_believe(struct ov_cloud *c,
                                            struct ov_span note,
                                            struct ov_span proof,
                                            struct ov_entry *ret);

/* Has the next update compare the log that a believed proof was made under with
 * the one it follows. */
OV_MUST_USE enum ov_status ov_cloud_keep_checkpoint(struct ov_cloud *c,
                                                    struct ov_span proof);

/* Keeps what a server said against the proof, and says so in diag. Returns
 * status. */
enum ov_status ov_cloud_refuse(struct ov_cloud *c, enum ov_status status,
                               const char *what, struct ov_span bytes);

/* A file of the snapshot that is kept here, with its digest compared. */
OV_MUST_USE enum ov_status ov_cloud_kept(struct ov_cloud *c,
                                         const uint8_t digest[static 32],
                                         uint64_t len, struct ov_buf *into);
