/* SPDX-License-Identifier: Apache-2.0 */
#include "match/matcher.h"
#include "plain_match.h"
#include "random.h"
#include "test.h"

/* The matcher against its plain twin (plain_match.h): random patterns, random
 * views that hold pieces of them, every kind of cell, place and flag. */
#define ROUNDS 300
#define MAX_PATTERNS 8
#define MAX_CELLS 120
#define MAX_VIEW 400
#define MAX_MATCHES 4096

struct world {
    struct ov_random r;
    uint8_t view[MAX_VIEW];
    size_t view_len;
    struct ov_match_input in[MAX_PATTERNS];
    struct ov_cell cells[MAX_PATTERNS][MAX_CELLS];
    size_t n;
    struct ov_extent sections[3];
    struct ov_extent info[2];
    struct ov_layout layout;
};

/* Few different bytes, so that things meet. */
static uint8_t some_byte(struct world *w)
{
    static const char few[] = "aAbBz \r\n\0\0.-";

    return ov_random_below(&w->r, 8) == 0
               ? (uint8_t)ov_random_u64(&w->r)
               : (uint8_t)few[ov_random_below(&w->r, sizeof(few) - 1)];
}

static void add_cell(struct ov_pattern *p, struct ov_cell *cells,
                     struct ov_cell c)
{
    if (p->n_cells < MAX_CELLS)
        cells[p->n_cells++] = c;
}

static void add_byte(struct world *w, struct ov_pattern *p,
                     struct ov_cell *cells, uint8_t value)
{
    struct ov_cell c = {.kind = OV_CELL_BYTE, .value = value, .mask = 0xff};
    size_t dice = ov_random_below(&w->r, 40);

    if (dice < 3) {
        c.mask = dice == 0 ? 0 : dice == 1 ? 0x0f : 0xf0;
        c.value &= c.mask;
    }
    c.is_negated = dice == 3;
    add_cell(p, cells, c);
}

/* Bytes of the view from a place on, so that there is something to find. */
static void add_run(struct world *w, struct ov_pattern *p,
                    struct ov_cell *cells, size_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++, (*at)++)
        add_byte(w, p, cells, *at < w->view_len ? w->view[*at] : some_byte(w));
}

static void add_gap(struct world *w, struct ov_pattern *p,
                    struct ov_cell *cells, size_t *at, bool may_be_inf)
{
    uint32_t min = (uint32_t)ov_random_below(&w->r, 4);
    uint32_t wide = (uint32_t)ov_random_below(&w->r, 5);
    bool is_inf = may_be_inf && ov_random_below(&w->r, 2) == 0;

    *at += min + ov_random_below(&w->r, wide + 1);
    add_cell(p, cells,
             (struct ov_cell){.kind = OV_CELL_GAP,
                              .gap_min = min,
                              .gap_max = is_inf ? OV_GAP_INF : min + wide});
}

/* A bracket; one of the alternatives is what the view has there. */
static void add_bracket(struct world *w, struct ov_pattern *p,
                        struct ov_cell *cells, size_t *at, int depth)
{
    size_t n = 1 + ov_random_below(&w->r, 3);
    size_t len = 1 + ov_random_below(&w->r, 3);
    size_t right = ov_random_below(&w->r, n);
    bool is_negated = ov_random_below(&w->r, 4) == 0;
    size_t begin = *at;

    if (p->n_cells + 40 > MAX_CELLS)
        return;
    add_cell(
        p, cells,
        (struct ov_cell){.kind = OV_CELL_ALT_OPEN, .is_negated = is_negated});
    for (size_t i = 0; i < n; i++) {
        size_t from = i == right ? begin : ov_random_below(&w->r, MAX_VIEW);

        if (i > 0)
            add_cell(p, cells, (struct ov_cell){.kind = OV_CELL_ALT_NEXT});
        if (!is_negated)
            len = ov_random_below(&w->r, 4);
        add_run(w, p, cells, &from, len);
        if (depth < 2 && !is_negated && ov_random_below(&w->r, 4) == 0)
            add_bracket(w, p, cells, &from, depth + 1);
        if (!is_negated && ov_random_below(&w->r, 6) == 0)
            add_gap(w, p, cells, &from, false);
        if (i == right)
            *at = from;
    }
    add_cell(p, cells, (struct ov_cell){.kind = OV_CELL_ALT_CLOSE});
}

static void add_boundary(struct world *w, struct ov_pattern *p,
                         struct ov_cell *cells)
{
    add_cell(p, cells,
             (struct ov_cell){.kind = OV_CELL_BOUNDARY,
                              .value = (uint8_t)ov_random_below(&w->r, 3),
                              .mask = (uint8_t)ov_random_below(&w->r, 2),
                              .is_negated = ov_random_below(&w->r, 2)});
}

static struct ov_place some_place(struct world *w)
{
    struct ov_place p = {
        .kind = (enum ov_place_kind)ov_random_below(&w->r, OV_PLACE_MACRO + 1),
        .at = (int64_t)ov_random_below(&w->r, 60),
        .shift = (uint32_t)ov_random_below(&w->r, 80),
        .section = (uint16_t)ov_random_below(&w->r, 4),
    };

    if (p.kind >= OV_PLACE_ENTRY && ov_random_below(&w->r, 3) == 0)
        p.at = -p.at;
    if (p.kind == OV_PLACE_IN_SECTION || p.kind == OV_PLACE_VERSION_INFO)
        p.at = 0;
    if (ov_random_below(&w->r, 3) == 0)
        p.shift = 0;
    return p;
}

/* Makes of a pattern of bytes one that is xor-ed; the view has it, too. */
static void make_xor(struct world *w, struct ov_pattern *p,
                     struct ov_cell *cells)
{
    size_t at = ov_random_below(&w->r, w->view_len + 1);
    uint8_t key;

    p->n_cells = (uint32_t)ov_random_below(&w->r, 9) + 1;
    for (size_t i = 0; i < p->n_cells; i++)
        cells[i] = (struct ov_cell){
            .kind = OV_CELL_BYTE, .value = some_byte(w), .mask = 0xff};
    p->flags = (p->flags & ~(uint32_t)OV_PATTERN_NOCASE) | OV_PATTERN_XOR;
    p->xor_min = (uint8_t)ov_random_below(&w->r, 256);
    p->xor_max =
        (uint8_t)(p->xor_min + ov_random_below(&w->r, 256u - p->xor_min));
    key = (uint8_t)(p->xor_min +
                    ov_random_below(&w->r, p->xor_max + 1u - p->xor_min));
    for (size_t i = 0; i < p->n_cells && at + i < w->view_len; i++)
        w->view[at + i] = cells[i].value ^ key;
}

/* Half of them fit the view, or the next one of few kinds. */
static struct ov_guard some_guard(struct world *w)
{
    static const uint32_t masks[] = {0, 0xff, 0xffff, 0xffffffff, 0x00ff00f0};
    struct ov_guard g = {.max_size = UINT64_MAX};

    g.head_mask = masks[ov_random_below(&w->r, 5)];
    g.head = ov_guard_head(ov_span_of(w->view, w->view_len)) & g.head_mask;
    if (ov_random_below(&w->r, 3) == 0)
        g.head = (uint32_t)some_byte(w) & g.head_mask;
    if (ov_random_below(&w->r, 2) == 0)
        g.max_size = ov_random_below(&w->r, 8) * MAX_VIEW / 8;
    if (ov_random_below(&w->r, 4) == 0)
        g.min_size = ov_random_below(&w->r, 8) * MAX_VIEW / 8;
    return g;
}

static void some_pattern(struct world *w, size_t nth)
{
    struct ov_match_input *in = &w->in[nth];
    struct ov_pattern *p = &in->pattern;
    struct ov_cell *cells = w->cells[nth];
    size_t at = ov_random_below(&w->r, w->view_len + 1);
    size_t n = 1 + ov_random_below(&w->r, 4);
    size_t longest = ov_random_below(&w->r, 3) == 0 ? 2 : 10;

    *in = (struct ov_match_input){.rule = (uint32_t)ov_random_u64(&w->r)};
    in->targets =
        ov_random_below(&w->r, 4) ? UINT32_MAX : (uint32_t)ov_random_u64(&w->r);
    in->has_guard = ov_random_below(&w->r, 2);
    in->guard = some_guard(w);
    p->cells = cells;
    if (ov_random_below(&w->r, 3) == 0)
        p->flags = (uint32_t)ov_random_below(&w->r, 16);
    if (ov_random_below(&w->r, 2) == 0)
        p->flags |= OV_PATTERN_EACH_START;
    if (ov_random_below(&w->r, 3) == 0)
        p->place = some_place(w);
    for (size_t i = 0; i < n; i++) {
        size_t dice = ov_random_below(&w->r, 8);

        if (dice < 2)
            add_gap(w, p, cells, &at, true);
        else if (dice < 4)
            add_bracket(w, p, cells, &at, 0);
        else if (dice == 4)
            add_boundary(w, p, cells);
        add_run(w, p, cells, &at, 1 + ov_random_below(&w->r, longest));
    }
    if (ov_random_below(&w->r, 8) == 0)
        make_xor(w, p, cells);
}

static void some_world(struct world *w)
{
    w->view_len = ov_random_below(&w->r, MAX_VIEW + 1);
    for (size_t i = 0; i < w->view_len; i++)
        w->view[i] = some_byte(w);
    w->n = 1 + ov_random_below(&w->r, MAX_PATTERNS);
    for (size_t i = 0; i < w->n; i++) {
        do
            some_pattern(w, i);
        while (ov_match_check(&w->in[i].pattern) == OV_MATCH_NONE);
    }
    for (size_t i = 0; i < 3; i++)
        w->sections[i] = (struct ov_extent){ov_random_below(&w->r, MAX_VIEW),
                                            ov_random_below(&w->r, MAX_VIEW)};
    for (size_t i = 0; i < 2; i++)
        w->info[i] = (struct ov_extent){ov_random_below(&w->r, MAX_VIEW), 9};
    w->layout = (struct ov_layout){
        .has_entry = ov_random_below(&w->r, 4),
        .entry = ov_random_below(&w->r, MAX_VIEW),
        .sections = w->sections,
        .n_sections = (uint32_t)ov_random_below(&w->r, 4),
        .version_info = w->info,
        .n_version_info = (uint32_t)ov_random_below(&w->r, 3),
    };
}

struct matches {
    struct ov_match at[MAX_MATCHES];
    size_t n;
};

static int by_place(const void *a, const void *b)
{
    const struct ov_match *x = a;
    const struct ov_match *y = b;

    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->len < y->len ? -1 : x->len > y->len;
}

static void note(void *data, uint64_t at, uint64_t end)
{
    struct matches *m = data;

    assert_in_range(m->n, 0, MAX_MATCHES - 1);
    m->at[m->n++] = (struct ov_match){.at = at, .len = end - at};
}

/* One form of the pattern, with one key. */
static void plain_one(const struct world *w, const struct ov_pattern *p,
                      bool is_wide, uint8_t key, struct matches *ret)
{
    static struct plain_form f;

    plain_form_of(p, is_wide, ov_span_of(w->view, w->view_len), &f);
    if (p->flags & OV_PATTERN_XOR)
        for (uint32_t i = 0; i < f.n; i++)
            f.cells[i].value ^= key;
    if (p->flags & OV_PATTERN_EACH_START)
        plain_match_starts(&f, &p->place, &w->layout, note, ret);
    else
        plain_match_form(&f, &p->place, &w->layout, note, ret);
}

static void plain(const struct world *w, const struct ov_pattern *p,
                  struct matches *ret)
{
    bool is_xor = p->flags & OV_PATTERN_XOR;
    size_t n = 0;

    ret->n = 0;
    for (int is_wide = 0; is_wide < 2; is_wide++) {
        if (is_wide ? !(p->flags & OV_PATTERN_WIDE)
                    : (p->flags & OV_PATTERN_WIDE) &&
                          !(p->flags & OV_PATTERN_ASCII))
            continue;
        for (unsigned key = is_xor ? p->xor_min : 0u;
             key <= (is_xor ? p->xor_max : 0u); key++)
            plain_one(w, p, is_wide, (uint8_t)key, ret);
    }
    qsort(ret->at, ret->n, sizeof(ret->at[0]), by_place);
    for (size_t i = 0; i < ret->n; i++)
        if (i == 0 || (p->flags & OV_PATTERN_EACH_START
                           ? ret->at[i].at != ret->at[n - 1].at
                           : by_place(&ret->at[i], &ret->at[n - 1]) != 0))
            ret->at[n++] = ret->at[i];
    ret->n = n;
}

static const struct ov_layout *layout_of(void *data)
{
    return &((struct world *)data)->layout;
}

/* For the log of a failure. */
static void print_pattern(const struct ov_pattern *p)
{
    print_error("flags %u place %d at %d shift %u section %u:", p->flags,
                (int)p->place.kind, (int)p->place.at, p->place.shift,
                p->place.section);
    for (uint32_t i = 0; i < p->n_cells; i++) {
        const struct ov_cell *c = &p->cells[i];

        if (c->kind == OV_CELL_BYTE)
            print_error(" %s%02x/%02x", c->is_negated ? "!" : "", c->value,
                        c->mask);
        else if (c->kind == OV_CELL_GAP)
            print_error(" {%u-%d}", c->gap_min, (int)c->gap_max);
        else
            print_error(" %s%c%u", c->is_negated ? "!" : "", "..(|)^"[c->kind],
                        c -> value);
    }
    print_error("\n");
}

static bool is_wanted(const struct world *w, const struct ov_match_input *in,
                      const struct ov_match_job *job)
{
    if (!(in->targets >> job->target & 1))
        return false;
    if (!in->has_guard || job->guards == OV_GUARDS_OPEN)
        return true;
    return job->guards == OV_GUARDS_ASKED &&
           ov_guard_fits(&in->guard, w->view_len,
                         ov_guard_head(ov_span_of(w->view, w->view_len)));
}

/* Whether the pattern's matches are what its plain twin finds. */
static bool is_same(const struct world *w, const struct ov_hits *hits,
                    uint32_t i, const struct ov_match_job *job)
{
    static struct matches want;
    const struct ov_hit *hit = ov_hits_find(hits, i);
    const struct ov_match *m = hit ? hit->first : NULL;

    want.n = 0;
    if (is_wanted(w, &w->in[i], job))
        plain(w, &w->in[i].pattern, &want);
    for (size_t k = 0; k < want.n; k++, m = m->next)
        if (m == NULL || m->at != want.at[k].at || m->len != want.at[k].len)
            return false;
    return m == NULL && (hit ? hit->n_matches : 0) == want.n &&
           (hit == NULL || hit->rule == w->in[i].rule);
}

/* Scans with m; how many patterns it does not find as their twins do. */
static size_t count_differences(struct world *w, struct ov_matcher *m,
                                bool is_told)
{
    OV_AUTO(arena) arena = ov_arena_new(SIZE_MAX);
    struct ov_budget budget = ov_budget_default();
    struct ov_hits hits;
    size_t n = 0;
    struct ov_match_job job = {
        .view = ov_span_of(w->view, w->view_len),
        .target = (uint32_t)ov_random_below(&w->r, 32),
        .guards = (enum ov_match_guards)ov_random_below(&w->r, 3),
        .layout = layout_of,
        .layout_data = w,
        .budget = &budget,
        .arena = arena,
    };

    assert_int_equal(ov_matcher_scan(m, &job, &hits), OV_OK);
    for (uint32_t i = 0; i < w->n; i++) {
        if (is_same(w, &hits, i, &job))
            continue;
        if (is_told)
            print_pattern(&w->in[i].pattern);
        n++;
    }
    return n;
}

static size_t build_and_compare(struct world *w, size_t changed, uint32_t cell)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(SIZE_MAX);
    OV_AUTO(matcher) m = NULL;
    struct ov_store store = {0};
    bool is_changed = changed < w->n;

    if (is_changed)
        w->cells[changed][cell].value ^= 1;
    assert_int_equal(ov_match_build(w->in, w->n, &b, NULL, NULL), OV_OK);
    if (is_changed)
        w->cells[changed][cell].value ^= 1;
    store.all = ov_buf_span(&b);
    assert_int_equal(ov_matcher_open(&store, 0, b.len, &m), OV_OK);
    return count_differences(w, m, !is_changed);
}

static void finds_what_its_plain_twin_finds(void **state)
{
    static struct world w;

    (void)state;
    w.r = ov_random_seeded();
    for (size_t round = 0; round < ROUNDS; round++) {
        some_world(&w);
        assert_int_equal(build_and_compare(&w, SIZE_MAX, 0), 0);
    }
}

/* A byte of one pattern is compiled wrong: the comparison has to notice, in
 * most of the worlds where that pattern is found at all. */
static void notices_a_byte_compiled_wrong(void **state)
{
    static struct world w;
    size_t noticed = 0;

    (void)state;
    w.r = (struct ov_random){1};
    for (size_t round = 0; round < ROUNDS / 4; round++) {
        uint32_t cell = 0;

        some_world(&w);
        while (cell < w.in[0].pattern.n_cells &&
               (w.cells[0][cell].kind != OV_CELL_BYTE ||
                w.cells[0][cell].mask != 0xff))
            cell++;
        if (cell < w.in[0].pattern.n_cells)
            noticed += build_and_compare(&w, 0, cell) > 0;
    }
    assert_true(noticed > ROUNDS / 40);
}

OV_TEST_MAIN(OV_TEST(finds_what_its_plain_twin_finds),
             OV_TEST(notices_a_byte_compiled_wrong))
