/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "tuf/tuf_client.h"

/* What the two halves of the client share: the update (tuf_client.c) and the
 * search for a target (tuf_search.c). */
struct ov_tuf_client {
    const struct ov_tuf_io *io;
    struct ov_tuf_options options;
    int64_t now;
    bool is_offline;
    struct ov_arena *arena;
    struct ov_diag *diag; /* of the running call; may be NULL */
    struct ov_tuf_root root;
    struct ov_tuf_timestamp timestamp;
    struct ov_tuf_snapshot snapshot;
    struct ov_tuf_targets targets;
};

/* Fills the diag of the running call: which file can't be believed, and why.
 * Returns status. */
enum ov_status ov_tuf_refuse(struct ov_tuf_client *c, enum ov_status status,
                             const char *file, const char *why);

/* 5.6 for one targets role, top-level or delegated, under the keys of whoever
 * it is reached through. */
OV_MUST_USE enum ov_status ov_tuf_update_targets(struct ov_tuf_client *c,
                                                 const struct ov_tuf_role *role,
                                                 struct ov_tuf_targets *ret);
