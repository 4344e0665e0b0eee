/* SPDX-License-Identifier: Apache-2.0 */
#include "match/matcher.h"
#include "test.h"
#include "torture.h"

#define MAX_CELLS 64

/* A pattern of the plain bytes of text. */
struct literal {
    struct ov_cell cells[MAX_CELLS];
};

static struct ov_match_input literal_of(struct literal *l, const char *text)
{
    struct ov_match_input in = {.targets = UINT32_MAX};

    for (; text[in.pattern.n_cells] != 0; in.pattern.n_cells++)
        l->cells[in.pattern.n_cells] =
            (struct ov_cell){.kind = OV_CELL_BYTE,
                             .value = (uint8_t)text[in.pattern.n_cells],
                             .mask = 0xff};
    in.pattern.cells = l->cells;
    return in;
}

struct fixture {
    struct ov_buf image;
    struct ov_store store;
    struct ov_matcher *m;
    struct ov_arena *arena;
    struct ov_budget budget;
    struct ov_hits hits;
};

static void build(struct fixture *f, const struct ov_match_input *in, size_t n)
{
    *f = (struct fixture){.image = ov_buf_with_max(SIZE_MAX)};
    assert_int_equal(ov_match_build(in, n, &f->image, NULL, NULL), OV_OK);
    f->store.all = ov_buf_span(&f->image);
    assert_int_equal(ov_matcher_open(&f->store, 0, f->image.len, &f->m), OV_OK);
    f->arena = ov_arena_new(1 << 20);
    f->budget = ov_budget_default();
}

static void done(struct fixture *f)
{
    ov_matcher_free(f->m);
    ov_arena_free(f->arena);
    ov_buf_done(&f->image);
}

static enum ov_status scan(struct fixture *f, struct ov_span view,
                           uint32_t target)
{
    struct ov_match_job job = {.view = view,
                               .target = target,
                               .budget = &f->budget,
                               .arena = f->arena};

    return ov_matcher_scan(f->m, &job, &f->hits);
}

static void finds_a_literal_wherever_it_is(void **state)
{
    static uint8_t view[40000];
    struct literal l;
    struct ov_match_input in = literal_of(&l, "needle in hay");
    struct fixture f;

    (void)state;
    in.rule = 77;
    build(&f, &in, 1);
    for (size_t at = 0; at + 13 <= sizeof(view); at += 1 + at % 97) {
        const struct ov_hit *hit;

        memcpy(view + at, "needle in hay", 13);
        assert_int_equal(scan(&f, ov_span_of(view, sizeof(view)), 3), OV_OK);
        hit = ov_hits_find(&f.hits, 0);
        assert_non_null(hit);
        assert_int_equal(hit->rule, 77);
        assert_int_equal(hit->n_matches, 1);
        assert_int_equal(hit->first->at, at);
        assert_int_equal(hit->first->len, 13);
        memset(view + at, 0, 13);
        ov_arena_reset(f.arena, 1 << 20);
    }
    done(&f);
}

static void looks_only_for_what_the_target_wants(void **state)
{
    struct literal l[2];
    struct ov_match_input in[2] = {literal_of(&l[0], "for target one"),
                                   literal_of(&l[1], "for target two")};
    struct ov_span view = OV_SPAN_LIT("for target one for target two");
    struct fixture f;

    (void)state;
    in[0].targets = 2;
    in[1].targets = 4;
    build(&f, in, 2);
    assert_int_equal(scan(&f, view, 1), OV_OK);
    assert_int_equal(f.hits.n_hits, 1);
    assert_non_null(ov_hits_find(&f.hits, 0));
    assert_int_equal(scan(&f, view, 2), OV_OK);
    assert_int_equal(f.hits.n_hits, 1);
    assert_non_null(ov_hits_find(&f.hits, 1));
    assert_int_equal(scan(&f, view, 0), OV_OK);
    assert_int_equal(f.hits.n_hits, 0);
    assert_int_equal(ov_matcher_stats(f.m).bytes, 2 * view.len);
    done(&f);
}

static void stops_at_the_limit_of_matches(void **state)
{
    static uint8_t view[5000];
    struct literal l;
    struct ov_match_input in = literal_of(&l, "aaaa");
    struct fixture f;

    (void)state;
    memset(view, 'a', sizeof(view));
    build(&f, &in, 1);
    f.budget.limit[OV_COST_MATCHES] = 100;
    assert_int_equal(scan(&f, ov_span_of(view, sizeof(view)), 0),
                     OV_LIMIT_WORK);
    assert_int_equal(ov_hits_find(&f.hits, 0)->n_matches, 100);
    done(&f);
}

static void counts_more_matches_than_it_keeps(void **state)
{
    static uint8_t view[100003];
    struct literal l;
    struct ov_match_input in = literal_of(&l, "aaaa");
    struct fixture f;

    (void)state;
    memset(view, 'a', sizeof(view));
    build(&f, &in, 1);
    ov_arena_free(f.arena);
    f.arena = ov_arena_new(SIZE_MAX);
    assert_int_equal(scan(&f, ov_span_of(view, sizeof(view)), 0), OV_OK);
    assert_int_equal(ov_hits_find(&f.hits, 0)->n_matches, 100000);
    assert_int_equal(ov_hits_find(&f.hits, 0)->listed_to, 65536);
    assert_int_equal(ov_hits_find(&f.hits, 0)->last_at, 99999);
    done(&f);
}

static void refuses_a_pattern_with_an_open_bracket(void **state)
{
    struct literal l[2];
    struct ov_match_input in[2] = {literal_of(&l[0], "fine"),
                                   literal_of(&l[1], "abc")};
    OV_AUTO_DONE(buf) image = ov_buf_with_max(SIZE_MAX);
    size_t bad = 0;

    (void)state;
    l[1].cells[1].kind = OV_CELL_ALT_OPEN;
    assert_int_equal(ov_match_check(&in[0].pattern), OV_MATCH_STRONG);
    assert_int_equal(ov_match_check(&in[1].pattern), OV_MATCH_NONE);
    assert_int_equal(ov_match_try(&in[0].pattern), OV_OK);
    assert_int_equal(ov_match_try(&in[1].pattern), OV_UNSUPPORTED);
    assert_int_equal(ov_match_build(in, 2, &image, NULL, &bad), OV_UNSUPPORTED);
    assert_int_equal(bad, 1);
}

static void builds_the_same_bytes_again(void **state)
{
    struct literal l[3];
    struct ov_match_input in[3] = {literal_of(&l[0], "first literal"),
                                   literal_of(&l[1], "four"),
                                   literal_of(&l[2], "ab")};
    OV_AUTO_DONE(buf) a = ov_buf_with_max(SIZE_MAX);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(SIZE_MAX);

    (void)state;
    assert_int_equal(ov_match_build(in, 3, &a, NULL, NULL), OV_OK);
    ov_put_u8(&b, 1);
    assert_int_equal(ov_match_build(in, 3, &b, NULL, NULL), OV_OK);
    assert_int_equal(a.len, b.len - 64);
    assert_memory_equal(a.ptr, b.ptr + 64, a.len);
}

static void nothing_to_find_is_fine(void **state)
{
    struct fixture f;

    (void)state;
    build(&f, NULL, 0);
    assert_int_equal(scan(&f, OV_SPAN_LIT("anything"), 5), OV_OK);
    assert_int_equal(f.hits.n_hits, 0);
    done(&f);
}

static void refuses_what_is_no_compiled_form(void **state)
{
    struct ov_matcher *m;
    struct ov_store store = {.all = OV_SPAN_LIT("no compiled form at all")};

    (void)state;
    assert_int_equal(ov_matcher_open(&store, 0, store.all.len, &m),
                     OV_MALFORMED);
    assert_int_equal(ov_matcher_open(&store, 100, 1, &m), OV_MALFORMED);
}

static enum ov_status all_of_it(void *arg)
{
    const struct ov_match_input *in = arg;
    OV_AUTO_DONE(buf) image = ov_buf_with_max(SIZE_MAX);
    OV_AUTO(matcher) m = NULL;
    OV_AUTO(arena) arena = NULL;
    struct ov_budget budget = ov_budget_default();
    struct ov_store store = {0};
    struct ov_hits hits;
    struct ov_match_job job = {.view = OV_SPAN_LIT("it is here, and here"),
                               .budget = &budget};

    OV_TRY(ov_match_build(in, 2, &image, NULL, NULL));
    store.all = ov_buf_span(&image);
    OV_TRY(ov_matcher_open(&store, 0, image.len, &m));
    arena = ov_arena_new(1 << 20);
    if (arena == NULL)
        return OV_NO_MEMORY;
    job.arena = arena;
    return ov_matcher_scan(m, &job, &hits);
}

static void ends_well_when_memory_is_out(void **state)
{
    struct literal l[2];
    struct ov_match_input in[2] = {literal_of(&l[0], "here"),
                                   literal_of(&l[1], "it is")};

    (void)state;
    assert_true(ov_torture(all_of_it, in) > 3);
}

OV_TEST_MAIN(OV_TEST(finds_a_literal_wherever_it_is),
             OV_TEST(looks_only_for_what_the_target_wants),
             OV_TEST(stops_at_the_limit_of_matches),
             OV_TEST(counts_more_matches_than_it_keeps),
             OV_TEST(refuses_a_pattern_with_an_open_bracket),
             OV_TEST(builds_the_same_bytes_again),
             OV_TEST(nothing_to_find_is_fine),
             OV_TEST(refuses_what_is_no_compiled_form),
             OV_TEST(ends_well_when_memory_is_out))
