/* SPDX-License-Identifier: Apache-2.0 */
#include "match/prefilter.h"
#include "test.h"

#define VIEW_LEN 100003
#define N_ATOMS 5000

static uint8_t view[VIEW_LEN];
static struct ov_block block;
static uint16_t offsets[2][OV_PREFILTER_ROOM];

/* Bytes that look random, and many from few values. */
static void fill_view(void)
{
    uint32_t x = 1;

    for (size_t i = 0; i < VIEW_LEN; i++) {
        x = x * 1664525 + 1013904223;
        view[i] = (uint8_t)(x >> 24 & (i % 4096 < 2048 ? 0xff : 0x43));
    }
}

struct made {
    uint8_t *bits;
    struct ov_filter filter;
};

static struct made make_filter(enum ov_atom_kind kind, uint32_t n)
{
    uint32_t log = ov_filter_log(kind, n);
    struct made m = {.bits = ov_alloc(ov_filter_size(kind, log))};

    assert_non_null(m.bits);
    m.filter = ov_filter_over(ov_span_of(m.bits, ov_filter_size(kind, log)),
                              kind, log, n * 77);
    for (uint32_t i = 0; i < n; i++)
        ov_filter_add(m.bits, &m.filter, kind,
                      ov_fold64(ov_load64le(view + 17 * (size_t)i)),
                      i % OV_SCREEN_GROUPS);
    return m;
}

static void a_common_window_that_passes_is_seen(void **state)
{
    struct made m;
    uint64_t before;

    (void)state;
    fill_view();
    m = make_filter(OV_ATOM_LONG, 1);
    before = ov_filter_chance(&m.filter);
    ov_filter_add(m.bits, &m.filter, OV_ATOM_LONG, 0, 0);
    /* Zeros are more than one window of 64. */
    assert_true(ov_filter_chance(&m.filter) > before + ((uint64_t)1 << 26));
    ov_free(m.bits);
}

static void compare_ways(enum ov_prefilter_way way, enum ov_atom_kind kind,
                         const struct ov_filter *filter, size_t len)
{
    struct ov_span v = ov_span_of(view, len);

    for (uint64_t at = 0; at < len; at += OV_BLOCK) {
        size_t n;

        ov_block_load(&block, OV_PREFILTER_PLAIN, v, at);
        n = ov_prefilter(OV_PREFILTER_PLAIN, kind, filter, &block, offsets[0]);
        ov_block_load(&block, way, v, at);
        assert_int_equal(ov_prefilter(way, kind, filter, &block, offsets[1]),
                         n);
        assert_memory_equal(offsets[0], offsets[1], n * sizeof(uint16_t));
    }
}

static void all_ways_let_the_same_through(void **state)
{
    (void)state;
    fill_view();
    for (size_t k = 0; k < OV_N_ATOM_KINDS; k++)
        for (uint32_t n = 1; n <= N_ATOMS; n *= 9) {
            enum ov_atom_kind kind = (enum ov_atom_kind)k;
            struct made m = make_filter(kind, n);

            for (size_t w = 0; w < OV_N_PREFILTER_WAYS; w++) {
                enum ov_prefilter_way way = (enum ov_prefilter_way)w;

                if (!ov_prefilter_can(way))
                    continue;
                for (size_t len = 0; len < 200; len++)
                    compare_ways(way, kind, &m.filter, len);
                compare_ways(way, kind, &m.filter, VIEW_LEN);
                compare_ways(way, kind, &m.filter, 2 * OV_BLOCK);
            }
            ov_free(m.bits);
        }
}

static void all_ways_find_the_same_starts(void **state)
{
    static uint16_t starts[2][OV_PREFILTER_ROOM];
    struct made m;
    uint8_t *words;
    struct ov_check check = {.log = ov_check_log(N_ATOMS)};

    (void)state;
    fill_view();
    m = make_filter(OV_ATOM_LONG, N_ATOMS);
    words = ov_alloc((size_t)8 << check.log);
    assert_non_null(words);
    for (size_t i = 0; i < N_ATOMS; i++)
        ov_check_add(words, check.log,
                     ov_fold64(ov_load64le(view + 17 * i)) & 0xffffffffffffff);
    check.words = ov_span_of(words, (size_t)8 << check.log);
    for (uint64_t at = 0; at < VIEW_LEN; at += OV_BLOCK) {
        size_t n;
        size_t n_starts;

        ov_block_load(&block, OV_PREFILTER_PLAIN, ov_span_of(view, VIEW_LEN),
                      at);
        n = ov_prefilter(OV_PREFILTER_PLAIN, OV_ATOM_LONG, &m.filter, &block,
                         offsets[0]);
        n_starts = ov_prefilter_starts(OV_PREFILTER_PLAIN, &check, &block,
                                       offsets[0], n, starts[0]);
        assert_true(n_starts >= (at < 60000 ? OV_BLOCK / 17 : 0));
        for (size_t w = 0; w < OV_N_PREFILTER_WAYS; w++) {
            enum ov_prefilter_way way = (enum ov_prefilter_way)w;

            if (!ov_prefilter_can(way))
                continue;
            assert_int_equal(ov_prefilter_starts(way, &check, &block,
                                                 offsets[0], n, starts[1]),
                             n_starts);
            assert_memory_equal(starts[0], starts[1],
                                n_starts * sizeof(uint16_t));
        }
    }
    ov_free(words);
    ov_free(m.bits);
}

/* Whether the offset of some window of an atom at `at` is among offsets. */
static bool is_seen(enum ov_atom_kind kind, size_t at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (offsets[0][i] >= at &&
            offsets[0][i] <= at + (kind == OV_ATOM_LONG ? 3 : 0))
            return true;
    return false;
}

static void lets_every_atom_through(void **state)
{
    (void)state;
    fill_view();
    for (size_t k = 0; k < OV_N_ATOM_KINDS; k++) {
        enum ov_atom_kind kind = (enum ov_atom_kind)k;
        struct made m = make_filter(kind, 300);
        size_t n;

        ov_block_load(&block, ov_prefilter_best(), ov_span_of(view, VIEW_LEN),
                      0);
        n = ov_prefilter(ov_prefilter_best(), kind, &m.filter, &block,
                         offsets[0]);
        for (size_t i = 0; i < 300; i++)
            assert_true(is_seen(kind, 17 * i, n));
        ov_free(m.bits);
    }
}

static void lets_little_else_through(void **state)
{
    struct made m;
    size_t n;

    (void)state;
    fill_view();
    m = make_filter(OV_ATOM_LONG, 100);
    /* None of the 100 atoms is in this block: at most 1 in 1000 offsets. */
    ov_block_load(&block, ov_prefilter_best(), ov_span_of(view, VIEW_LEN),
                  2 * OV_BLOCK);
    memset(block.bytes + OV_BLOCK_BEFORE, 0, OV_BLOCK / 2);
    n = ov_prefilter(ov_prefilter_best(), OV_ATOM_LONG, &m.filter, &block,
                     offsets[0]);
    assert_in_range(n, 0, OV_BLOCK / 1000);
    ov_free(m.bits);
}

static void a_block_is_folded_and_has_zeros_around(void **state)
{
    static const char text[] = "@AMZ[`amz{\xc1\xda 09";

    (void)state;
    for (size_t w = 0; w < OV_N_PREFILTER_WAYS; w++) {
        if (!ov_prefilter_can((enum ov_prefilter_way)w))
            continue;
        memset(&block, 0xee, sizeof(block));
        ov_block_load(&block, (enum ov_prefilter_way)w,
                      ov_span_of(text, sizeof(text) - 1), 0);
        assert_int_equal(block.len, sizeof(text) - 1);
        assert_memory_equal(ov_block_bytes(&block), "@amz[`amz{\xc1\xda 09\0\0",
                            sizeof(text) + 1);
        for (size_t i = 0; i < OV_BLOCK_BEFORE; i++)
            assert_int_equal(block.bytes[i], 0);
        for (size_t i = 0; i < OV_BLOCK_AFTER; i++)
            assert_int_equal(ov_block_bytes(&block)[sizeof(text) - 1 + i], 0);
    }
}

OV_TEST_MAIN(OV_TEST(all_ways_let_the_same_through),
             OV_TEST(all_ways_find_the_same_starts),
             OV_TEST(a_common_window_that_passes_is_seen),
             OV_TEST(lets_every_atom_through),
             OV_TEST(lets_little_else_through),
             OV_TEST(a_block_is_folded_and_has_zeros_around))
