/* SPDX-License-Identifier: Apache-2.0 */
#include "log/tile.h"
#include "test.h"

struct name {
    struct ov_tile tile;
    const char *path;
};

static const struct name names[] = {
    {{false, 0, 0, 256}, "tile/0/000"},
    {{false, 0, 273, 112}, "tile/0/273.p/112"},
    {{false, 1, 999, 256}, "tile/1/999"},
    {{false, 1, 1000, 1}, "tile/1/x001/000.p/1"},
    {{false, 63, 1234067, 256}, "tile/63/x001/x234/067"},
    {{true, 0, 1234067, 255}, "tile/entries/x001/x234/067.p/255"},
    {{true, 0, INT64_MAX, 256},
     "tile/entries/x009/x223/x372/x036/x854/x775/807"},
};

static bool same(const struct ov_tile *a, const struct ov_tile *b)
{
    return a->is_bundle == b->is_bundle && a->level == b->level &&
           a->index == b->index && a->width == b->width;
}

static void names_are_written_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_TILE_PATH_MAX);
        struct ov_tile t = {0};

        ov_put_tile_path(&b, &names[i].tile);
        assert_int_equal(ov_buf_status(&b), OV_OK);
        assert_true(ov_span_equal(ov_buf_span(&b), ov_span_str(names[i].path)));
        assert_int_equal(ov_tile_path_parse(ov_buf_span(&b), &t), OV_OK);
        assert_true(same(&t, &names[i].tile));
    }
}

static void a_tile_has_one_name_only(void **state)
{
    static const char *const bad[] = {
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/x/000",
        "Tile/0/000",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0//000",
        "tile/0/x000/000",
        "tile/0/x001",
        "tile/0/x001/x002",
        "tile/0/x1/000",
        "tile/0/001/002",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/1/",
        "tile/0/000.q/1",
        "tile/0/000/1",
        "tile/0/x001.p/000",
        "tile/entries/0/000",
        "tile/entries",
        "tile/0/../000",
        "tile/entries/x009/x223/x372/x036/x854/x775/808",
        "tile/0/x001/x000/x000/x000/x000/x000/x000/000",
        "tile/0/ 00",
        "tile/0/+00",
    };
    struct ov_tile t = {.index = 77};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(ov_tile_path_parse(ov_span_str(bad[i]), &t),
                         OV_MALFORMED);
    assert_int_equal(t.index, 77);
}

static void the_width_is_that_of_the_tree(void **state)
{
    (void)state;
    /* The specification's example. */
    assert_int_equal(ov_tile_width(70000, 0, 272), 256);
    assert_int_equal(ov_tile_width(70000, 0, 273), 112);
    assert_int_equal(ov_tile_width(70000, 0, 274), 0);
    assert_int_equal(ov_tile_width(70000, 1, 0), 256);
    assert_int_equal(ov_tile_width(70000, 1, 1), 17);
    assert_int_equal(ov_tile_width(70000, 2, 0), 1);
    assert_int_equal(ov_tile_width(70000, 3, 0), 0);
    assert_int_equal(ov_tile_width(256, 0, 0), 256);
    assert_int_equal(ov_tile_width(256, 0, 1), 0);
    assert_int_equal(ov_tile_width(256, 1, 0), 1);
    assert_int_equal(ov_tile_width(0, 0, 0), 0);
    assert_int_equal(ov_tile_width(OV_MERKLE_MAX_SIZE, 8, 0), 0);
    assert_int_equal(ov_tile_width(OV_MERKLE_MAX_SIZE, 63, 0), 0);
    assert_int_equal(ov_tile_width(OV_MERKLE_MAX_SIZE, 7, 0), 127);
}

static void entries_come_back_out_of_a_bundle(void **state)
{
    OV_AUTO_PTR uint8_t *large = ov_alloc(OV_ENTRY_MAX + 1);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_BUNDLE_MAX_BYTES);
    struct ov_reader r;

    (void)state;
    assert_non_null(large);
    ov_put_bundle_entry(&b, OV_SPAN_LIT("one"));
    ov_put_bundle_entry(&b, ov_span_of(NULL, 0));
    ov_put_bundle_entry(&b, ov_span_of(large, OV_ENTRY_MAX));
    assert_int_equal(ov_buf_status(&b), OV_OK);
    r = ov_reader_over(ov_buf_span(&b));
    assert_true(ov_span_equal(ov_bundle_read(&r), OV_SPAN_LIT("one")));
    assert_int_equal(ov_bundle_read(&r).len, 0);
    assert_int_equal(ov_bundle_read(&r).len, OV_ENTRY_MAX);
    assert_int_equal(ov_reader_end(&r), OV_OK);
    r = ov_reader_over(ov_span_clip(ov_buf_span(&b), 0, 4));
    assert_int_equal(ov_bundle_read(&r).len, 0);
    assert_int_equal(ov_reader_status(&r), OV_TRUNCATED);
    ov_put_bundle_entry(&b, ov_span_of(large, OV_ENTRY_MAX + 1));
    assert_int_equal(ov_buf_status(&b), OV_LIMIT_SIZE);
}

/* A log of equal leaves: each full tile of a level is the same. */
struct log {
    uint64_t size;
    uint8_t *tile;
    size_t cut; /* bytes to leave out */
};

static enum ov_status get(void *data, const struct ov_tile *t,
                          struct ov_span *ret)
{
    struct log *log = data;
    uint8_t hash[OV_MERKLE_HASH];
    struct ov_merkle_stack s;

    assert_non_null(log->tile);
    assert_int_equal(ov_tile_width(log->size, t->level, t->index), t->width);
    ov_merkle_leaf(OV_SPAN_LIT("x"), hash);
    for (unsigned level = 0; level < t->level; level++) {
        s = (struct ov_merkle_stack){0};
        for (unsigned i = 0; i < OV_TILE_WIDTH; i++)
            ov_merkle_stack_add(&s, hash);
        ov_merkle_stack_root(&s, hash);
    }
    for (unsigned i = 0; i < t->width; i++)
        memcpy(log->tile + (size_t)i * OV_MERKLE_HASH, hash, OV_MERKLE_HASH);
    *ret = ov_span_of(log->tile, t->width * OV_MERKLE_HASH - log->cut);
    return OV_OK;
}

static void a_tree_is_read_from_its_tiles(void **state)
{
    static const uint64_t sizes[] = {0, 1, 2, 255, 256, 257, 300, 512, 70000};
    OV_AUTO_PTR uint8_t *tile = ov_alloc(OV_TILE_MAX_BYTES);
    struct log log = {.tile = tile};
    struct ov_tile_tree tree = {.data = &log, .get = get};
    const struct ov_merkle_source source = ov_tile_source(&tree);
    struct ov_merkle_stack s = {0};
    uint8_t leaf[OV_MERKLE_HASH];
    uint8_t wanted[OV_MERKLE_HASH];
    uint8_t root[OV_MERKLE_HASH];

    (void)state;
    ov_merkle_leaf(OV_SPAN_LIT("x"), leaf);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        while (s.size < sizes[i])
            ov_merkle_stack_add(&s, leaf);
        log.size = tree.size = sizes[i];
        ov_merkle_stack_root(&s, wanted);
        assert_int_equal(ov_merkle_root(&source, sizes[i], root), OV_OK);
        assert_memory_equal(root, wanted, sizeof(root));
    }
}

static void proofs_are_made_from_tiles(void **state)
{
    OV_AUTO_PTR uint8_t *tile = ov_alloc(OV_TILE_MAX_BYTES);
    struct log log = {.size = 70000, .tile = tile};
    struct ov_tile_tree tree = {.size = 70000, .data = &log, .get = get};
    const struct ov_merkle_source source = ov_tile_source(&tree);
    uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    uint8_t root[OV_MERKLE_HASH];
    uint8_t leaf[OV_MERKLE_HASH];
    size_t n = 0;

    (void)state;
    ov_merkle_leaf(OV_SPAN_LIT("x"), leaf);
    assert_int_equal(ov_merkle_root(&source, 70000, root), OV_OK);
    for (uint64_t i = 0; i < 70000; i += 6999) {
        assert_int_equal(
            ov_merkle_prove_inclusion(&source, i, 70000, proof, &n), OV_OK);
        assert_int_equal(
            ov_merkle_check_inclusion(leaf, i, 70000, proof, n, root), OV_OK);
    }
}

static void a_tile_of_another_length_is_refused(void **state)
{
    OV_AUTO_PTR uint8_t *tile = ov_alloc(OV_TILE_MAX_BYTES);
    struct log log = {.size = 300, .tile = tile, .cut = 1};
    struct ov_tile_tree tree = {.size = 300, .data = &log, .get = get};
    const struct ov_merkle_source source = ov_tile_source(&tree);
    uint8_t root[OV_MERKLE_HASH];

    (void)state;
    assert_int_equal(ov_merkle_root(&source, 300, root), OV_MALFORMED);
}

OV_TEST_MAIN(OV_TEST(names_are_written_and_read),
             OV_TEST(a_tile_has_one_name_only),
             OV_TEST(the_width_is_that_of_the_tree),
             OV_TEST(entries_come_back_out_of_a_bundle),
             OV_TEST(a_tree_is_read_from_its_tiles),
             OV_TEST(proofs_are_made_from_tiles),
             OV_TEST(a_tile_of_another_length_is_refused))
