/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <limits.h>

#include "log/tile.h"
#include "log_folder.h"

/* The published tree of one log: static files after c2sp.org/tlog-tiles, and
 * its right edge in memory, where entries are added. */

#define LOG_TREE_LEVELS 8 /* of tiles: 2^64 entries */

/* Tiles and bundles as files, for ov_tile_source. */
struct log_files {
    char root[LOG_PATH_MAX]; /* the publish folder */
    struct ov_buf bytes;     /* of the last file */
};

struct log_tree {
    struct log_files files;
    uint64_t size;
    struct ov_merkle_stack stack;

    struct {
        uint8_t hashes[OV_TILE_WIDTH][OV_MERKLE_HASH];
        unsigned n; /* < OV_TILE_WIDTH */
    } edge[LOG_TREE_LEVELS];
    struct ov_buf bundle; /* the entries of edge[0] */
};

/* Loads the right edge for a state. What the files hold is checked against the
 * state's root: OV_BAD_PROOF if it is not the tree that was committed. diag
 * says which file is missing. */
OV_MUST_USE enum ov_status log_tree_load(struct log_tree *t,
                                         const char *publish,
                                         const struct log_state *state,
                                         struct ov_diag *diag);
void log_tree_done(struct log_tree *t);

/* Adds one entry in memory; tiles that become full are written and synced. */
OV_MUST_USE enum ov_status log_tree_add(struct log_tree *t,
                                        struct ov_span entry);

/* Writes the partial tiles of the present size. After OV_OK all files of this
 * tree are on disk. */
OV_MUST_USE enum ov_status log_tree_flush(struct log_tree *t);

void log_tree_state(const struct log_tree *t, struct log_state *ret);

/* Replaces a file of the publish folder, durably. */
OV_MUST_USE enum ov_status log_files_put(const struct log_files *f,
                                         const char *name,
                                         struct ov_span bytes);

/* As struct ov_tile_tree.get; data is a struct log_files. A partial tile that
 * is gone is taken from the full one. */
enum ov_status log_files_get(void *data, const struct ov_tile *t,
                             struct ov_span *ret);
