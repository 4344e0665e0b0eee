/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/reader.h"
#include "log/merkle.h"

/* The files of a log after c2sp.org/tlog-tiles: how they are named, how wide
 * they are, and how a tree is read from them. */

#define OV_TILE_HEIGHT 8
#define OV_TILE_WIDTH 256
#define OV_TILE_MAX_LEVEL 63
#define OV_TILE_MAX_BYTES (OV_TILE_WIDTH * OV_MERKLE_HASH)
/* An entry is at most this long, a bundle 256 of them with their lengths. */
#define OV_ENTRY_MAX 65535
#define OV_BUNDLE_MAX_BYTES (OV_TILE_WIDTH * (size_t)(OV_ENTRY_MAX + 2))
/* The longest path with its NUL: "tile/entries/x000/...x000/000.p/255". */
#define OV_TILE_PATH_MAX 64

struct ov_tile {
    bool is_bundle; /* entries, not hashes; level is 0 */
    unsigned level; /* [0, OV_TILE_MAX_LEVEL]; one is 8 levels of the tree */
    uint64_t index;
    unsigned width; /* [1, 256]; 256: a full one */
};

/* Appends "tile/0/x001/x234/067" or "tile/entries/000.p/5". */
void ov_put_tile_path(struct ov_buf *b, const struct ov_tile *t);

/* The reverse: only what ov_put_tile_path writes is accepted. OV_MALFORMED. */
OV_MUST_USE enum ov_status ov_tile_path_parse(struct ov_span path,
                                              struct ov_tile *ret);

/* How many hashes the tile at (level, index) has in a tree of size entries: 0
 * if there is none. Level 0 is also that of bundles. */
unsigned ov_tile_width(uint64_t size, unsigned level, uint64_t index);

/* The next entry of a bundle: 16 bits of length, big-endian, then the bytes,
 * which are borrowed. A failure is the reader's. */
struct ov_span ov_bundle_read(struct ov_reader *r);

/* Appends one; OV_LIMIT_SIZE in b if it is longer than OV_ENTRY_MAX. */
void ov_put_bundle_entry(struct ov_buf *b, struct ov_span entry);

/* A tree of size entries read from tiles: an ov_merkle_source made of something
 * that fetches whole tiles. */
struct ov_tile_tree {
    uint64_t size;
    void *data;
    /* Gives t's bytes, exactly t->width hashes, borrowed until the next call.
     * Only asked for tiles that the tree has. */
    enum ov_status (*get)(void *data, const struct ov_tile *t,
                          struct ov_span *ret);
};

/* Borrows tree. OV_MALFORMED if get gives another length than the tile has. */
struct ov_merkle_source ov_tile_source(struct ov_tile_tree *tree);
