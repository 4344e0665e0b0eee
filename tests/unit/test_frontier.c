/* SPDX-License-Identifier: Apache-2.0 */
#include "log/frontier.h"
#include "test.h"

struct seen {
    uint64_t tiles[3];
    uint8_t last[OV_MERKLE_HASH]; /* the root of the last full tile */
};

static enum ov_status on_full(void *data, const struct ov_tile *tile,
                              struct ov_span hashes)
{
    struct seen *seen = data;

    assert_int_equal(hashes.len, OV_TILE_MAX_BYTES);
    assert_int_equal(tile->index, seen->tiles[tile->level]);
    seen->tiles[tile->level]++;
    return OV_OK;
}

static void it_has_the_root_of_every_size(void **state)
{
    OV_AUTO_PTR struct ov_frontier *f = ov_alloc(sizeof(*f));
    struct ov_merkle_stack s = {0};
    struct seen seen = {{0}, {0}};
    uint8_t wanted[OV_MERKLE_HASH];
    uint8_t root[OV_MERKLE_HASH];
    uint8_t leaf[OV_MERKLE_HASH];

    (void)state;
    assert_non_null(f);
    f->full = on_full;
    f->data = &seen;
    for (uint32_t i = 0; i < 70000; i++) {
        if (i < 1100 || i % 997 == 0 || i % 65536 < 3) {
            ov_merkle_stack_root(&s, wanted);
            ov_frontier_root(f, root);
            assert_memory_equal(root, wanted, sizeof(root));
        }
        ov_merkle_leaf(ov_span_of(&i, sizeof(i)), leaf);
        ov_merkle_stack_add(&s, leaf);
        assert_int_equal(ov_frontier_add(f, leaf), OV_OK);
    }
    assert_int_equal(seen.tiles[0], 273);
    assert_int_equal(seen.tiles[1], 1);
}

static void partial_tiles_are_those_of_the_tree(void **state)
{
    OV_AUTO_PTR struct ov_frontier *f = ov_alloc(sizeof(*f));
    uint8_t leaf[OV_MERKLE_HASH] = {0};
    struct ov_span hashes;
    struct ov_tile t;

    (void)state;
    assert_non_null(f);
    assert_false(ov_frontier_partial(f, 0, &t, &hashes));
    for (uint32_t i = 0; i < 70000; i++)
        assert_int_equal(ov_frontier_add(f, leaf), OV_OK);
    for (unsigned level = 0; level < 3; level++) {
        assert_true(ov_frontier_partial(f, level, &t, &hashes));
        assert_int_equal(t.level, level);
        assert_int_equal(t.width, ov_tile_width(70000, level, t.index));
        assert_int_equal(hashes.len, (size_t)t.width * OV_MERKLE_HASH);
    }
    assert_int_equal(t.index, 0);
    assert_false(ov_frontier_partial(f, 3, &t, &hashes));
    assert_false(ov_frontier_partial(f, 99, &t, &hashes));
}

static enum ov_status refuse(void *data, const struct ov_tile *tile,
                             struct ov_span hashes)
{
    (void)data;
    (void)tile;
    (void)hashes;
    return OV_BAD_PROOF;
}

static void whoever_looks_at_a_tile_may_refuse_it(void **state)
{
    OV_AUTO_PTR struct ov_frontier *f = ov_alloc(sizeof(*f));
    uint8_t leaf[OV_MERKLE_HASH] = {0};

    (void)state;
    assert_non_null(f);
    f->full = refuse;
    for (uint32_t i = 0; i < 255; i++)
        assert_int_equal(ov_frontier_add(f, leaf), OV_OK);
    assert_int_equal(ov_frontier_add(f, leaf), OV_BAD_PROOF);
    f->size = OV_MERKLE_MAX_SIZE;
    assert_int_equal(ov_frontier_add(f, leaf), OV_LIMIT_SIZE);
}

OV_TEST_MAIN(OV_TEST(it_has_the_root_of_every_size),
             OV_TEST(partial_tiles_are_those_of_the_tree),
             OV_TEST(whoever_looks_at_a_tile_may_refuse_it))
