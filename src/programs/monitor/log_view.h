/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log/frontier.h"
#include "log/note.h"
#include "sys/mirrors.h"

/* A log as one place shows it: files by name, and a walk over all entries that
 * believes nothing but a root. */

struct log_view {
    struct ov_mirrors *mirrors;
    size_t place; /* of mirrors */
};

/* Appends a file of at most max bytes. Statuses of ov_mirrors_get. */
OV_MUST_USE enum ov_status view_read(const struct log_view *v, const char *path,
                                     size_t max, struct ov_buf *into,
                                     struct ov_diag *diag);

struct walk {
    struct ov_frontier *frontier; /* what was seen so far, and goes on */
    void *data;
    /* Called for each new entry, before its tree is known to be right: what
     * comes of it counts only when walk_to has returned OV_OK. */
    enum ov_status (*entry)(void *data, uint64_t index, struct ov_span entry);
};

/* Reads entries and tiles up to size, compares each tile with the entries, and
 * the tree with root. OV_BAD_PROOF: they are not those of the root (a tile, a
 * changed entry, or the tree as a whole); OV_NOT_FOUND: not served; others as
 * view_read. diag tells which file. After a failure the frontier is of no use.
 */
OV_MUST_USE enum ov_status walk_to(struct walk *w, const struct log_view *v,
                                   uint64_t size,
                                   const uint8_t root[static OV_MERKLE_HASH],
                                   struct ov_diag *diag);

/* As walk_to to the size it has, but only the root is compared. */
bool walk_has_root(const struct walk *w,
                   const uint8_t root[static OV_MERKLE_HASH]);
