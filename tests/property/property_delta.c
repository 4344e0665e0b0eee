/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "random.h"
#include "test.h"
#include "trust/delta.h"
#include "trust/segment.h"

/* Random histories of releases: by whatever deltas and merged tiles a client
 * comes from an old release to a new one, it has the set that segments give,
 * and the trimmed delta from a base is the same however it was come by. */
#define ROUNDS 30
#define RELEASES 40
#define IDS 60

struct history {
    struct ov_random *random;
    struct ov_arena *arena;
    uint32_t at[IDS]; /* 0: not in the set; else the record's revision */
    struct ov_record_set *sets[RELEASES + 1];
    struct ov_delta steps[RELEASES];
};

static char ids[IDS][16];

static struct ov_record_set *set_now(struct history *h)
{
    struct ov_record_set *s = ov_record_set_new();

    assert_non_null(s);
    for (size_t i = 0; i < IDS; i++) {
        struct ov_record r = {.id = ov_span_str(ids[i]),
                              .rev = h->at[i],
                              .index = i,
                              .kind = OV_SPAN_LIT("ndb")};
        char text[32];

        if (h->at[i] == 0)
            continue;
        (void)snprintf(text, sizeof(text), "source %u\n", h->at[i]);
        assert_true(ov_arena_copy(h->arena, ov_span_str(text), &r.source));
        assert_int_equal(ov_record_set_add(s, &r), OV_OK);
    }
    assert_int_equal(ov_record_set_seal(s), OV_OK);
    return s;
}

/* Through its bytes, as a client gets it. */
static void ship(struct history *h, struct ov_delta *d)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);
    struct ov_span bytes;

    ov_put_delta(&b, d);
    assert_int_equal(ov_buf_status(&b), OV_OK);
    assert_true(ov_arena_copy(h->arena, ov_buf_span(&b), &bytes));
    assert_int_equal(ov_delta_read(bytes, h->arena, d), OV_OK);
}

static void draw_history(struct history *h)
{
    h->sets[0] = set_now(h);
    for (size_t i = 0; i < RELEASES; i++) {
        for (size_t n = ov_random_below(h->random, 8); n > 0; n--) {
            size_t id = ov_random_below(h->random, IDS);

            /* revisions come back, too: a change may be taken back */
            h->at[id] = (uint32_t)ov_random_below(h->random, 4);
        }
        h->sets[i + 1] = set_now(h);
        assert_int_equal(ov_delta_between(h->sets[i], h->sets[i + 1], h->arena,
                                          &h->steps[i]),
                         OV_OK);
        h->steps[i].from = i;
        h->steps[i].to = i + 1;
        ship(h, &h->steps[i]);
    }
}

/* A tile as a publisher makes it: of 16 tiles of the level below. */
static void make_tile(struct history *h, const struct ov_delta_tile *t,
                      struct ov_delta *ret)
{
    struct ov_delta parts[OV_DELTA_MERGE];

    if (t->level == 0) {
        *ret = h->steps[t->n];
        return;
    }
    assert_int_equal(t->level, 1);
    for (size_t i = 0; i < OV_DELTA_MERGE; i++)
        parts[i] = h->steps[t->n * OV_DELTA_MERGE + i];
    assert_int_equal(ov_delta_merge(parts, OV_DELTA_MERGE, h->arena, ret),
                     OV_OK);
    ship(h, ret);
}

static void same_root(const struct ov_record_set *a,
                      const struct ov_record_set *b)
{
    uint8_t roots[2][OV_MERKLE_HASH];

    ov_record_set_root(a, roots[0]);
    ov_record_set_root(b, roots[1]);
    assert_memory_equal(roots[0], roots[1], OV_MERKLE_HASH);
}

static void go(struct history *h, uint64_t from, uint64_t to)
{
    OV_AUTO(record_set) s = NULL;
    struct ov_delta tiles[RELEASES];
    struct ov_delta_tile t;
    size_t n = 0;
    uint64_t at = from;

    assert_int_equal(ov_delta_apply(h->sets[from], &(struct ov_delta){0}, &s),
                     OV_OK);
    while (ov_delta_next_tile(at, to, &t)) {
        struct ov_record_set *next = NULL;

        make_tile(h, &t, &tiles[n]);
        assert_int_equal(ov_delta_apply(s, &tiles[n], &next), OV_OK);
        ov_record_set_free(s);
        s = next;
        at = ov_delta_tile_end(&t);
        n++;
    }
    same_root(s, h->sets[to]);
    if (n > 0) {
        OV_AUTO(record_set) at_once = NULL;
        OV_AUTO(record_set) index = NULL;
        OV_AUTO_DONE(buf) index_bytes = ov_buf_with_max(1 << 20);
        OV_AUTO_DONE(buf) a = ov_buf_with_max(1 << 20);
        OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);
        struct ov_delta all;
        struct ov_delta direct;

        assert_int_equal(ov_delta_merge(tiles, n, h->arena, &all), OV_OK);
        assert_int_equal(ov_delta_apply(h->sets[from], &all, &at_once), OV_OK);
        same_root(at_once, h->sets[to]);
        ov_put_record_index(&index_bytes, h->sets[from]);
        assert_int_equal(
            ov_record_index_read(ov_buf_span(&index_bytes), &index), OV_OK);
        assert_int_equal(ov_delta_trim(&all, index, h->arena, &all), OV_OK);
        assert_int_equal(
            ov_delta_between(h->sets[from], h->sets[to], h->arena, &direct),
            OV_OK);
        direct.from = from;
        direct.to = to;
        ov_put_delta(&a, &all);
        ov_put_delta(&b, &direct);
        assert_true(ov_span_equal(ov_buf_span(&a), ov_buf_span(&b)));
    }
}

static void every_way_leads_to_the_same_set(void **state)
{
    struct ov_random random = ov_random_seeded();

    (void)state;
    for (size_t i = 0; i < IDS; i++)
        (void)snprintf(ids[i], sizeof(ids[i]), "rule-%zu", i);
    for (int i = 0; i < ROUNDS; i++) {
        struct history h = {.random = &random,
                            .arena = ov_arena_new((size_t)64 << 20)};

        assert_non_null(h.arena);
        draw_history(&h);
        for (int k = 0; k < 20; k++) {
            size_t from = ov_random_below(&random, RELEASES + 1);

            go(&h, from, from + ov_random_below(&random, RELEASES + 1 - from));
        }
        for (size_t k = 0; k <= RELEASES; k++)
            ov_record_set_free(h.sets[k]);
        ov_arena_free(h.arena);
    }
}

OV_TEST_MAIN(OV_TEST(every_way_leads_to_the_same_set))
