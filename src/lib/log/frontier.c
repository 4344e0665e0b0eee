/* SPDX-License-Identifier: Apache-2.0 */
#include "log/frontier.h"

#include "base/assert.h"

/* A full tile becomes one hash of the level above, which may fill that one's
 * tile, and so on: on average one hash per leaf, as in the stack of merkle.c,
 * but in steps of 256, so that what a log serves can be compared tile by tile.
 *
 * Source: c2sp.org/tlog-tiles, "Merkle Tree". */

/* The root of a full tile; the hashes are left as they are. */
static void fold(const struct ov_frontier_level *level,
                 uint8_t ret[static OV_MERKLE_HASH])
{
    struct ov_merkle_stack s = {0};

    for (unsigned i = 0; i < OV_TILE_WIDTH; i++)
        ov_merkle_stack_add(&s, level->hashes[i]);
    memcpy(ret, s.full[OV_TILE_HEIGHT], OV_MERKLE_HASH);
}

static enum ov_status show(const struct ov_frontier *f, unsigned level)
{
    const struct ov_tile t = {
        .level = level,
        .index = ((f->size >> (OV_TILE_HEIGHT * level)) / OV_TILE_WIDTH) - 1,
        .width = OV_TILE_WIDTH};

    if (f->full == NULL)
        return OV_OK;
    return f->full(
        f->data, &t,
        ov_span_of(f->levels[level].hashes, sizeof(f->levels[level].hashes)));
}

enum ov_status ov_frontier_add(struct ov_frontier *f,
                               const uint8_t leaf[static OV_MERKLE_HASH])
{
    uint8_t hash[OV_MERKLE_HASH];

    if (f->size >= OV_MERKLE_MAX_SIZE)
        return OV_LIMIT_SIZE;
    f->size++;
    memcpy(hash, leaf, OV_MERKLE_HASH);
    for (unsigned level = 0; level < OV_FRONTIER_LEVELS; level++) {
        struct ov_frontier_level *l = &f->levels[level];

        memcpy(l->hashes[l->n++], hash, OV_MERKLE_HASH);
        if (l->n < OV_TILE_WIDTH)
            break;
        fold(l, hash);
        OV_TRY(show(f, level));
        l->n = 0;
    }
    return OV_OK;
}

bool ov_frontier_partial(const struct ov_frontier *f, unsigned level,
                         struct ov_tile *ret, struct ov_span *ret_hashes)
{
    const struct ov_frontier_level *l;

    if (level >= OV_FRONTIER_LEVELS || f->levels[level].n == 0)
        return false;
    l = &f->levels[level];
    *ret = (struct ov_tile){.level = level,
                            .index = (f->size >> (OV_TILE_HEIGHT * level)) /
                                     OV_TILE_WIDTH,
                            .width = l->n};
    *ret_hashes = ov_span_of(l->hashes, (size_t)l->n * OV_MERKLE_HASH);
    return true;
}

static enum ov_status get_partial(void *data, const struct ov_tile *t,
                                  struct ov_span *ret)
{
    struct ov_tile own;

    return ov_frontier_partial(data, t->level, &own, ret) &&
                   own.index == t->index
               ? OV_OK
               : OV_NOT_FOUND;
}

void ov_frontier_root(const struct ov_frontier *f,
                      uint8_t ret[static OV_MERKLE_HASH])
{
    struct ov_tile_tree tree = {.size = f->size, .get = get_partial};
    const struct ov_merkle_source source = ov_tile_source(&tree);
    const void *self = f;
    enum ov_status status;

    /* The source only reads, and a root needs nothing but the right edge. */
    memcpy(&tree.data, &self, sizeof(self));
    status = ov_merkle_root(&source, f->size, ret);
    OV_ASSERT(status == OV_OK);
}
