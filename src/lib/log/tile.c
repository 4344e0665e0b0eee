/* SPDX-License-Identifier: Apache-2.0 */
#include "log/tile.h"

#include "base/assert.h"
#include "base/text.h"

/* A tile is 256 neighbouring hashes of the tree, one level of tiles is eight
 * levels of the tree; what is in between is computed. The last tile of a level
 * is partial and carries its width in its name, so that a name never means two
 * contents:
 *
 *     70,000 entries:  tile/0/000 ... tile/0/272, tile/0/273.p/112,
 *                      tile/1/000, tile/1/001.p/17, tile/2/000.p/1
 *
 * Source: c2sp.org/tlog-tiles, "Merkle Tree", "Partial Tiles", "Log entries".
 */

#define GROUP 1000
#define MAX_GROUPS 7 /* 1000^7 > 2^63 */

void ov_put_tile_path(struct ov_buf *b, const struct ov_tile *t)
{
    unsigned groups[MAX_GROUPS];
    uint64_t rest = t->index;
    size_t n = 0;

    OV_ASSERT(t->index <= OV_MERKLE_MAX_SIZE);
    do {
        groups[n++] = (unsigned)(rest % GROUP);
        rest /= GROUP;
    } while (rest > 0);
    if (t->is_bundle)
        ov_put_str(b, "tile/entries");
    else
        ov_put_format(b, "tile/%u", t->level);
    for (; n > 1; n--)
        ov_put_format(b, "/x%03u", groups[n - 1]);
    ov_put_format(b, "/%03u", groups[0]);
    if (t->width < OV_TILE_WIDTH)
        ov_put_format(b, ".p/%u", t->width);
}

/* The parts between slashes; false when there are no more. */
static bool next_part(struct ov_span *path, struct ov_span *ret)
{
    if (path->ptr == NULL)
        return false;
    (void)ov_span_cut(path, '/', ret); /* without a slash: all that is left */
    return true;
}

static bool read_number(struct ov_span s, uint64_t max, uint64_t *ret)
{
    if (s.len > 1 && ov_span_byte(s, 0) == '0')
        return false;
    return ov_parse_uint(s, max, ret);
}

/* "x001/x234/067" or "x001/x234/067.p". */
static bool read_index(struct ov_span *path, uint64_t *ret_index,
                       bool *ret_is_partial)
{
    struct ov_span part;
    uint64_t index = 0;
    uint64_t group;

    for (unsigned n = 0; n < MAX_GROUPS && next_part(path, &part); n++) {
        bool is_last = ov_span_byte(part, 0) != 'x';
        struct ov_span digits = ov_span_clip(part, is_last ? 0 : 1, 3);

        if (digits.len != 3 || !ov_parse_uint(digits, GROUP - 1, &group) ||
            index > OV_MERKLE_MAX_SIZE / GROUP)
            return false;
        index = index * GROUP + group;
        if (!is_last && part.len != 4)
            return false;
        if (!is_last)
            continue;
        *ret_is_partial = part.len != 3;
        *ret_index = index;
        return part.len == 3 || ov_span_equal(ov_span_clip(part, 3, part.len),
                                              OV_SPAN_LIT(".p"));
    }
    return false;
}

enum ov_status ov_tile_path_parse(struct ov_span path, struct ov_tile *ret)
{
    OV_AUTO_DONE(buf) again = ov_buf_with_max(OV_TILE_PATH_MAX);
    struct ov_tile t = {.width = OV_TILE_WIDTH};
    struct ov_span left = path;
    struct ov_span part = {0};
    uint64_t number = 0;
    bool is_partial = false;

    if (path.len >= OV_TILE_PATH_MAX || !next_part(&left, &part) ||
        !ov_span_equal(part, OV_SPAN_LIT("tile")) || !next_part(&left, &part))
        return OV_MALFORMED;
    t.is_bundle = ov_span_equal(part, OV_SPAN_LIT("entries"));
    if (!t.is_bundle && !read_number(part, OV_TILE_MAX_LEVEL, &number))
        return OV_MALFORMED;
    t.level = (unsigned)number;
    if (!read_index(&left, &t.index, &is_partial))
        return OV_MALFORMED;
    if (is_partial &&
        (!next_part(&left, &part) ||
         !read_number(part, OV_TILE_WIDTH - 1, &number) || number == 0))
        return OV_MALFORMED;
    if (is_partial)
        t.width = (unsigned)number;
    /* One tile has one name: no leading x000, nothing behind. */
    if (t.index > OV_MERKLE_MAX_SIZE)
        return OV_MALFORMED;
    ov_put_tile_path(&again, &t);
    OV_TRY(ov_buf_status(&again));
    if (!ov_span_equal(ov_buf_span(&again), path))
        return OV_MALFORMED;
    *ret = t;
    return OV_OK;
}

unsigned ov_tile_width(uint64_t size, unsigned level, uint64_t index)
{
    unsigned shift = level * OV_TILE_HEIGHT;
    uint64_t n = shift < 64 ? size >> shift : 0;

    if (index > n / OV_TILE_WIDTH)
        return 0;
    if (index < n / OV_TILE_WIDTH)
        return OV_TILE_WIDTH;
    return (unsigned)(n % OV_TILE_WIDTH);
}

struct ov_span ov_bundle_read(struct ov_reader *r)
{
    return ov_read_span(r, ov_read_u16be(r));
}

void ov_put_bundle_entry(struct ov_buf *b, struct ov_span entry)
{
    if (entry.len > OV_ENTRY_MAX) {
        if (b->status == OV_OK)
            b->status = OV_LIMIT_SIZE;
        return;
    }
    ov_put_u8(b, (uint8_t)(entry.len >> 8));
    ov_put_u8(b, (uint8_t)entry.len);
    ov_put_span(b, entry);
}

/* Nodes of one tile, folded to the root of the full subtree over them. */
static void fold(uint8_t (*nodes)[OV_MERKLE_HASH], size_t n)
{
    for (; n > 1; n /= 2) {
        for (size_t i = 0; i < n / 2; i++)
            ov_merkle_node(nodes[2 * i], nodes[2 * i + 1], nodes[i]);
    }
}

static enum ov_status node_of_tiles(void *data, unsigned level, uint64_t index,
                                    uint8_t ret[static OV_MERKLE_HASH])
{
    const struct ov_tile_tree *tree = data;
    unsigned within = level % OV_TILE_HEIGHT;
    uint64_t first = index << within;
    struct ov_tile t = {.level = level / OV_TILE_HEIGHT,
                        .index = first / OV_TILE_WIDTH};
    uint8_t nodes[OV_TILE_WIDTH / 2][OV_MERKLE_HASH];
    size_t n = (size_t)1 << within;
    struct ov_span bytes;
    struct ov_span part;

    t.width = ov_tile_width(tree->size, t.level, t.index);
    OV_ASSERT(first % OV_TILE_WIDTH + n <= t.width);
    OV_TRY(tree->get(tree->data, &t, &bytes));
    if (bytes.len != (size_t)t.width * OV_MERKLE_HASH ||
        !ov_span_array(ov_span_clip(bytes,
                                    first % OV_TILE_WIDTH * OV_MERKLE_HASH,
                                    bytes.len),
                       0, n, OV_MERKLE_HASH, &part))
        return OV_MALFORMED;
    memcpy(nodes, part.ptr, part.len);
    fold(nodes, n);
    memcpy(ret, nodes[0], OV_MERKLE_HASH);
    return OV_OK;
}

struct ov_merkle_source ov_tile_source(struct ov_tile_tree *tree)
{
    return (struct ov_merkle_source){tree, node_of_tiles};
}
