/* SPDX-License-Identifier: Apache-2.0 */
#include "match/hits.h"
#include "test.h"

struct fixture {
    struct ov_arena *arena;
    struct ov_budget budget;
    struct ov_match_job job;
    struct ov_hits hits;
};

static void begin(struct fixture *f)
{
    *f = (struct fixture){.arena = ov_arena_new(1 << 24),
                          .budget = ov_budget_default()};
    assert_non_null(f->arena);
    f->job.arena = f->arena;
    f->job.budget = &f->budget;
}

static void add(struct fixture *f, uint32_t pattern, uint64_t at, uint64_t len)
{
    struct ov_hit *hit = ov_hits_get(&f->hits, f->arena, pattern, pattern + 1);

    assert_non_null(hit);
    assert_int_equal(ov_hits_add(hit, &f->job, at, len), OV_OK);
}

static void finds_what_was_added_and_nothing_else(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    assert_null(ov_hits_find(&f.hits, 3));
    for (uint32_t i = 0; i < 3000; i += 3)
        add(&f, i, i, 1);
    assert_int_equal(f.hits.n_hits, 1000);
    for (uint32_t i = 0; i < 3000; i++) {
        const struct ov_hit *hit = ov_hits_find(&f.hits, i);

        assert_int_equal(hit != NULL, i % 3 == 0);
        if (hit != NULL)
            assert_int_equal(hit->rule, i + 1);
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(f.hits.hits[i]->pattern, 3 * i);
    ov_arena_free(f.arena);
}

static void matches_come_out_in_order_and_once(void **state)
{
    struct fixture f;
    uint64_t want = 0;
    const struct ov_hit *hit;

    (void)state;
    begin(&f);
    for (uint64_t i = 0; i < 1000; i++)
        add(&f, 7, i * 377 % 500, 2);
    ov_hits_finish(&f.hits);
    hit = ov_hits_find(&f.hits, 7);
    assert_int_equal(hit->n_matches, 500);
    for (const struct ov_match *m = hit->first; m != NULL; m = m->next) {
        assert_int_equal(m->at, want++);
        if (m->next == NULL)
            assert_ptr_equal(m, hit->last);
    }
    assert_int_equal(want, 500);
    ov_arena_free(f.arena);
}

static void the_same_place_with_another_length_is_another_match(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    add(&f, 7, 5, 9);
    add(&f, 7, 5, 3);
    add(&f, 7, 5, 9);
    ov_hits_finish(&f.hits);
    assert_int_equal(ov_hits_find(&f.hits, 7)->n_matches, 2);
    assert_int_equal(ov_hits_find(&f.hits, 7)->first->len, 3);
    ov_arena_free(f.arena);
}

static void each_match_is_paid_for(void **state)
{
    struct fixture f;
    struct ov_hit *hit;

    (void)state;
    begin(&f);
    f.budget.limit[OV_COST_MATCHES] = 2;
    add(&f, 1, 1, 1);
    add(&f, 1, 2, 1);
    hit = ov_hits_get(&f.hits, f.arena, 1, 2);
    assert_int_equal(ov_hits_add(hit, &f.job, 3, 1), OV_LIMIT_WORK);
    ov_arena_free(f.arena);
}

static void what_is_not_listed_is_told(void **state)
{
    struct fixture f;
    const struct ov_hit *hit;

    (void)state;
    begin(&f);
    for (uint64_t i = 0; i < OV_HITS_KEPT; i++)
        add(&f, 1, 2 * i, 1);
    hit = ov_hits_find(&f.hits, 1);
    assert_true(ov_hit_is_whole(hit));
    add(&f, 1, 900000, 1);
    add(&f, 1, 900000, 1);
    add(&f, 1, 900001, 1);
    assert_false(ov_hit_is_whole(hit));
    assert_int_equal(hit->n_matches, OV_HITS_KEPT + 2);
    assert_int_equal(hit->listed_to, 900000);
    assert_int_equal(hit->last_at, 900001);
    assert_false(hit->is_count_unsure);
    add(&f, 1, 7, 1); /* may be one that was counted */
    assert_true(hit->is_count_unsure);
    assert_int_equal(hit->listed_to, 7);
    ov_arena_free(f.arena);
}

static void places_that_are_asked_for_are_all_listed(void **state)
{
    struct fixture f;
    struct ov_program p = {.flags = OV_PROGRAM_PLACES, .id = 1, .rule = 2};
    struct ov_hit *hit;

    (void)state;
    begin(&f);
    hit = ov_hits_of(&f.hits, &f.job, &p, 1);
    assert_non_null(hit);
    for (uint64_t i = 0; i < 2 * OV_HITS_KEPT; i++)
        add(&f, 1, i, 1);
    assert_true(ov_hit_is_whole(hit));
    assert_false(ov_hits_are_full(hit, &f.job));

    /* Not at the cost of what else there is to find. */
    f.budget.spent[OV_COST_MATCHES] = f.budget.limit[OV_COST_MATCHES] / 2;
    add(&f, 1, 2 * OV_HITS_KEPT, 1);
    assert_int_equal(hit->listed_to, 2 * OV_HITS_KEPT);
    assert_int_equal(hit->n_matches, 2 * OV_HITS_KEPT + 1);
    ov_arena_free(f.arena);
}

static void nothing_is_listed_behind_a_gap(void **state)
{
    struct fixture f;
    struct ov_hits all = {0};
    const struct ov_hit *hit;

    (void)state;
    begin(&f);
    for (uint64_t i = 0; i < OV_HITS_KEPT + 5; i++)
        add(&f, 1, i, 1);
    assert_int_equal(ov_hits_append(&all, f.arena, &f.hits, 0), OV_OK);
    f.hits = (struct ov_hits){0};
    add(&f, 1, 3, 1);
    assert_int_equal(ov_hits_append(&all, f.arena, &f.hits, 100000), OV_OK);
    hit = ov_hits_find(&all, 1);
    assert_int_equal(hit->n_matches, OV_HITS_KEPT + 6);
    assert_int_equal(hit->listed_to, OV_HITS_KEPT);
    assert_int_equal(hit->last->at, OV_HITS_KEPT - 1);
    ov_arena_free(f.arena);
}

/* Starts come back in any order; each is kept once. */
static void one_match_is_kept_for_each_start(void **state)
{
    struct fixture f;
    struct ov_hit *hit;
    uint64_t at = 0;

    (void)state;
    for (unsigned is_longest = 0; is_longest < 2; is_longest++) {
        begin(&f);
        hit = ov_hits_get(&f.hits, f.arena, 1, 1);
        for (uint64_t i = 0; i < 9000; i++)
            assert_int_equal(ov_hits_add_start(hit, &f.job, 2999 - i % 3000,
                                               5 + i / 3000, is_longest),
                             OV_OK);
        ov_hits_finish(&f.hits);
        assert_int_equal(hit->n_matches, 3000);
        at = 0;
        for (const struct ov_match *m = hit->first; m != NULL; m = m->next) {
            assert_int_equal(m->at, at++);
            assert_int_equal(m->len, is_longest ? 7 : 5);
        }
        assert_int_equal(at, 3000);
        assert_int_equal(f.budget.spent[OV_COST_MATCHES], 3000);
        ov_arena_free(f.arena);
    }
}

/* What regions of a process are looked through one after the other for. */
static void parts_are_put_together(void **state)
{
    struct ov_hits all = {0};
    struct fixture f;
    const struct ov_hit *hit;

    (void)state;
    begin(&f);
    for (uint64_t part = 0; part < 3; part++) {
        f.hits = (struct ov_hits){0};
        for (uint64_t i = 0; i < 30000; i++)
            add(&f, 1, i, 1);
        if (part == 1)
            add(&f, 2, 77, 5);
        ov_hits_finish(&f.hits);
        assert_int_equal(ov_hits_append(&all, f.arena, &f.hits, part * 1000000),
                         OV_OK);
    }
    hit = ov_hits_find(&all, 2);
    assert_int_equal(hit->n_matches, 1);
    assert_int_equal(hit->rule, 3);
    assert_int_equal(hit->first->at, 1000077);
    assert_true(ov_hit_is_whole(hit));
    hit = ov_hits_find(&all, 1);
    assert_int_equal(hit->n_matches, 90000);
    assert_int_equal(hit->last_at, 2029999);
    assert_int_equal(hit->listed_to, 2000000 + 65536 - 60000);
    assert_int_equal(hit->last->at, hit->listed_to - 1);
    ov_arena_free(f.arena);
}

OV_TEST_MAIN(OV_TEST(parts_are_put_together),
             OV_TEST(one_match_is_kept_for_each_start),
             OV_TEST(finds_what_was_added_and_nothing_else),
             OV_TEST(matches_come_out_in_order_and_once),
             OV_TEST(the_same_place_with_another_length_is_another_match),
             OV_TEST(each_match_is_paid_for),
             OV_TEST(what_is_not_listed_is_told),
             OV_TEST(places_that_are_asked_for_are_all_listed),
             OV_TEST(nothing_is_listed_behind_a_gap))
