/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/arena.h"
#include "test.h"
#include "trust/delta.h"
#include "trust/trace.h"

#define MOST 70

/* Entry i is its number; which are kept is a pattern that changes with seed. */
struct world {
    char text[MOST][4];
    struct ov_span entries[MOST];
    bool is_kept[MOST];
};

static void make_world(struct world *w, unsigned seed)
{
    for (unsigned i = 0; i < MOST; i++) {
        int n = snprintf(w->text[i], sizeof(w->text[i]), "e%u", i);

        w->entries[i] = ov_span_of(w->text[i], (size_t)n);
        w->is_kept[i] = (i * 7 + seed * 13) % (seed % 9 + 2) == 0;
    }
}

static struct ov_merkle_stack tree_of(const struct world *w, uint64_t n)
{
    struct ov_merkle_stack tree = {0};
    uint8_t leaf[OV_MERKLE_HASH];

    for (uint64_t i = 0; i < n; i++) {
        ov_merkle_leaf(w->entries[i], leaf);
        ov_merkle_stack_add(&tree, leaf);
    }
    return tree;
}

static void put(struct ov_buf *b, const struct world *w, uint64_t from,
                uint64_t to)
{
    const struct ov_trace_source source = {.from = from,
                                           .to = to,
                                           .entries = &w->entries[from],
                                           .is_kept = &w->is_kept[from]};

    assert_int_equal(ov_put_trace(b, &source), OV_OK);
}

static void traces_behind_each_other_make_the_tree(void **state)
{
    struct world w;

    (void)state;
    for (unsigned seed = 0; seed < MOST; seed++) {
        make_world(&w, seed);
        for (uint64_t to = 0; to <= MOST; to += 3) {
            OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);
            struct ov_merkle_stack tree = {0};
            struct ov_merkle_stack want = tree_of(&w, to);
            uint64_t middle = to * (seed % 5) / 4;

            put(&b, &w, 0, middle);
            put(&b, &w, middle, to);
            assert_int_equal(ov_trace_add(&tree, ov_buf_span(&b)), OV_OK);
            assert_true(ov_merkle_stack_equal(&tree, &want));
        }
    }
}

static void what_is_kept_is_there_and_nothing_else(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);
    struct ov_trace_reader r;
    struct ov_trace_item item;
    struct world w;
    uint64_t next = 5;

    (void)state;
    make_world(&w, 3);
    put(&b, &w, 5, 61);
    r = ov_trace_over(ov_buf_span(&b), 5);
    while (ov_trace_next(&r, &item) == OV_OK) {
        assert_int_equal(item.index, next);
        assert_int_equal(item.kind == OV_TRACE_ENTRY, w.is_kept[next]);
        if (item.kind == OV_TRACE_ENTRY)
            assert_true(ov_span_equal(item.bytes, w.entries[next]));
        next += UINT64_C(1) << item.level;
    }
    assert_int_equal(next, 61);
}

static void lines_stand_behind_their_entry_and_count_for_nothing(void **state)
{
    const struct ov_trace_lines lines[] = {{2, 1, OV_SPAN_LIT("a -\n")},
                                           {2, 2, OV_SPAN_LIT("b -\n")}};
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);
    struct ov_merkle_stack tree = {0};
    struct ov_trace_source source = {
        .from = 0, .to = 3, .lines = lines, .n_lines = 2};
    struct ov_trace_reader r;
    struct ov_trace_item item;
    static struct world w; /* large */

    (void)state;
    make_world(&w, 0);
    w.is_kept[2] = true;
    source.entries = w.entries;
    source.is_kept = w.is_kept;
    assert_int_equal(ov_put_trace(&b, &source), OV_OK);
    put(&b, &w, 3, 9);
    assert_int_equal(ov_trace_add(&tree, ov_buf_span(&b)), OV_OK);
    assert_int_equal(tree.size, 9);
    r = ov_trace_over(ov_buf_span(&b), 0);
    do {
        assert_int_equal(ov_trace_next(&r, &item), OV_OK);
    } while (item.kind != OV_TRACE_LINES);
    assert_int_equal(item.index, 1);
    assert_true(ov_span_equal(item.bytes, lines[0].bytes));
    assert_int_equal(ov_trace_next(&r, &item), OV_OK);
    assert_int_equal(item.kind, OV_TRACE_LINES);
    assert_int_equal(item.index, 2);
}

/* The proof of entry `at` holds the tree of all before it. */
static enum ov_status node(void *data, unsigned level, uint64_t index,
                           uint8_t ret[static OV_MERKLE_HASH])
{
    const struct world *w = data;
    struct ov_merkle_stack part = {0};
    uint8_t leaf[OV_MERKLE_HASH];

    for (uint64_t i = 0; i < UINT64_C(1) << level; i++) {
        ov_merkle_leaf(w->entries[(index << level) + i], leaf);
        ov_merkle_stack_add(&part, leaf);
    }
    ov_merkle_stack_root(&part, ret);
    return OV_OK;
}

static void a_proof_holds_the_tree_before_its_entry(void **state)
{
    struct world w;
    const struct ov_merkle_source source = {&w, node};
    uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    size_t n;

    (void)state;
    make_world(&w, 1);
    for (uint64_t size = 1; size <= MOST; size++) {
        for (uint64_t at = 0; at < size; at++) {
            struct ov_merkle_stack want = tree_of(&w, at);
            struct ov_merkle_stack have;

            assert_int_equal(
                ov_merkle_prove_inclusion(&source, at, size, proof, &n), OV_OK);
            assert_int_equal(
                ov_merkle_stack_of_proof(at, size, proof, n, &have), OV_OK);
            assert_true(ov_merkle_stack_equal(&have, &want));
            assert_int_equal(
                ov_merkle_stack_of_proof(at, size, proof, n + 1, &have),
                OV_BAD_PROOF);
            if (n > 0)
                assert_int_equal(
                    ov_merkle_stack_of_proof(at, size, proof, n - 1, &have),
                    OV_BAD_PROOF);
        }
    }
    assert_int_equal(ov_merkle_stack_of_proof(3, 3, proof, 1, NULL),
                     OV_BAD_PROOF);
}

static enum ov_status add(const char *text, uint64_t size)
{
    struct ov_merkle_stack tree = {.size = size};

    return ov_trace_add(&tree, ov_span_str(text));
}

#define HASH "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"

static void what_nobody_writes_is_refused(void **state)
{
    (void)state;
    assert_int_equal(add("", 0), OV_OK);
    assert_int_equal(add("overt-trace/v1 0 0\n", 0), OV_OK);
    assert_int_equal(add("overt-trace/v1 0 1\nentry 2\nab", 0), OV_OK);
    assert_int_equal(add("overt-trace/v1 2 4\nnode 1 " HASH "\n", 2), OV_OK);
    assert_int_equal(add("overt-trace/v1 2 4\nnode 1 " HASH "\n", 0),
                     OV_BAD_PROOF);
    assert_int_equal(add("overt-trace/v1 1 3\nnode 1 " HASH "\n", 1),
                     OV_MALFORMED);
    assert_int_equal(add("overt-trace/v1 0 1\nnode 1 " HASH "\n", 0),
                     OV_MALFORMED);
    assert_int_equal(add("overt-trace/v1 0 1\nnode 63 " HASH "\n", 0),
                     OV_MALFORMED);
    assert_int_equal(add("overt-trace/v1 0 1\nentry 3\nab", 0), OV_MALFORMED);
    assert_int_equal(add("overt-trace/v1 0 1\nentry 65536\n", 0), OV_MALFORMED);
    assert_int_equal(add("overt-trace/v1 0 2\nentry 2\nab", 0), OV_MALFORMED);
    assert_int_equal(add("overt-trace/v1 0 1\nentry 2\nabc", 0), OV_MALFORMED);
    assert_int_equal(add("overt-trace/v2 0 0\n", 0), OV_MALFORMED);
    assert_int_equal(add("overt-trace/v1 1 0\n", 1), OV_MALFORMED);
    assert_int_equal(add("overt-trace/v1 0 1\nleaf 2\nab", 0), OV_MALFORMED);
}

static void paths_are_as_documented(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(256);

    (void)state;
    ov_put_trace_path(&b, "stable", &(struct ov_delta_tile){1, 41});
    ov_put_u8(&b, ' ');
    ov_put_trace_base_path(&b, "stable", 7);
    assert_true(ov_span_equal(
        ov_buf_span(&b), OV_SPAN_LIT("trace/stable/1/41 trace/stable/base/7")));
}

OV_TEST_MAIN(OV_TEST(traces_behind_each_other_make_the_tree),
             OV_TEST(what_is_kept_is_there_and_nothing_else),
             OV_TEST(lines_stand_behind_their_entry_and_count_for_nothing),
             OV_TEST(a_proof_holds_the_tree_before_its_entry),
             OV_TEST(what_nobody_writes_is_refused),
             OV_TEST(paths_are_as_documented))
