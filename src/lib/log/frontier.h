/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log/tile.h"

/* The right edge of a tree that grows by one leaf at a time: for each level of
 * tiles the last, partial one. Enough to know the root and to go on; full tiles
 * are shown to the owner as they come about, and forgotten. */

#define OV_FRONTIER_LEVELS 8

struct ov_frontier_level {
    uint8_t hashes[OV_TILE_WIDTH][OV_MERKLE_HASH];
    unsigned n; /* [0, 255] between calls */
};

/* 64 KiB: not for the stack. All zero, but for full and data, is the empty
 * tree. Copies are independent. */
struct ov_frontier {
    uint64_t size;
    struct ov_frontier_level levels[OV_FRONTIER_LEVELS];
    /* Called with each tile that has become full; NULL: nobody cares. */
    enum ov_status (*full)(void *data, const struct ov_tile *tile,
                           struct ov_span hashes);
    void *data;
};

/* What full says; OV_LIMIT_SIZE above 2^63 leaves. After a failure the frontier
 * is of no use. */
OV_MUST_USE enum ov_status
ov_frontier_add(struct ov_frontier *f,
                const uint8_t leaf[static OV_MERKLE_HASH]);

/* The partial tile of a level; false if there is none now. ret_hashes borrows
 * f until it changes. */
bool ov_frontier_partial(const struct ov_frontier *f, unsigned level,
                         struct ov_tile *ret, struct ov_span *ret_hashes);

void ov_frontier_root(const struct ov_frontier *f,
                      uint8_t ret[static OV_MERKLE_HASH]);
