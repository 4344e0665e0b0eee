/* SPDX-License-Identifier: Apache-2.0 */
#include "match/matcher.h"
#include "match/re_run.h"
#include "random.h"
#include "test.h"

/* Random regular expressions on random texts: the automaton against plain
 * backtracking over the same tree. Forward from each place the preferred end is
 * the one that backtracking finds first; backward from the end of each match
 * there is every start; a scan through atoms reports each start of which the
 * preferred match is not empty, and no other than such with some match. */

#define TEXT_MAX 14
#define DEPTH 3

enum kind {
    SET,
    ASSERT,
    CAT,
    ALT,
    REPEAT,
};

struct tree {
    enum kind kind;
    const char *text; /* SET, ASSERT: as it is written */
    bool is_lazy;
    size_t min;
    size_t max; /* SIZE_MAX: no limit */
    const struct tree *a;
    const struct tree *b;
};

static struct tree nodes[512];
static size_t n_nodes;
static struct ov_buf source;

static bool can_be_empty(const struct tree *t)
{
    switch (t->kind) {
    case SET:
        return false;
    case ASSERT:
        return true;
    case CAT:
        return can_be_empty(t->a) && can_be_empty(t->b);
    case ALT:
        return can_be_empty(t->a) || can_be_empty(t->b);
    case REPEAT:
        break;
    }
    return t->min == 0 || can_be_empty(t->a);
}

/* ---- random trees, and how they are written ---- */

static const struct tree *grow(struct ov_random *r, unsigned depth,
                               bool is_lazy)
{
    static const char *const sets[] = {"a", "b",    "c",    "a",   "b",
                                       ".", "[^a]", "[bc]", "\\w", "\\s"};
    static const char *const asserts[] = {"^", "$", "\\b", "\\B"};
    struct tree *t = &nodes[n_nodes++];
    uint64_t kind = ov_random_below(r, 12);

    *t = (struct tree){.kind = SET, .is_lazy = is_lazy};
    if (depth > 0 && kind < 5) {
        t->kind = CAT;
        t->a = grow(r, depth - 1, is_lazy);
        t->b = grow(r, depth - 1, is_lazy);
    } else if (depth > 0 && kind < 7) {
        t->kind = ALT;
        t->a = grow(r, depth - 1, is_lazy);
        t->b = grow(r, depth - 1, is_lazy);
    } else if (depth > 0 && kind < 9) {
        t->kind = REPEAT;
        t->a = grow(r, depth - 1, is_lazy);
        t->min = ov_random_below(r, 3);
        t->max = t->min + ov_random_below(r, 3);
        if (ov_random_below(r, 3) == 0)
            t->max = SIZE_MAX;
        if (t->max == 0)
            t->max = 1;
        /* What a repeat of nothing prefers is nobody's rule. */
        if (can_be_empty(t->a))
            t->min = 0, t->max = 1;
    } else if (kind == 9) {
        t->kind = ASSERT;
        t->text = asserts[ov_random_below(r, 4)];
    } else {
        t->text = sets[ov_random_below(r, sizeof(sets) / sizeof(sets[0]))];
    }
    return t;
}

static void write_tree(const struct tree *t)
{
    switch (t->kind) {
    case SET:
    case ASSERT:
        ov_put_str(&source, t->text);
        return;
    case CAT:
        write_tree(t->a);
        write_tree(t->b);
        return;
    case ALT:
        ov_put_str(&source, "(?:");
        write_tree(t->a);
        ov_put_u8(&source, '|');
        write_tree(t->b);
        ov_put_u8(&source, ')');
        return;
    case REPEAT:
        break;
    }
    ov_put_str(&source, "(?:");
    write_tree(t->a);
    ov_put_format(&source, "){%zu,", t->min);
    if (t->max != SIZE_MAX)
        ov_put_format(&source, "%zu", t->max);
    ov_put_str(&source, t->is_lazy ? "}?" : "}");
}

/* ---- backtracking ---- */

struct rest {
    const struct tree *tree;
    const struct rest *next;
    size_t count; /* a REPEAT that has had so many rounds */
    bool is_round;
};

static struct ov_span text;
static uint64_t ends; /* bit e: a match ends at e */
static bool wants_all;
static size_t n_steps;

static bool try_tree(const struct tree *t, size_t at, const struct rest *rest);

static bool is_word(size_t at)
{
    return ov_is_alnum(text.ptr[at]) || text.ptr[at] == '_';
}

static bool takes(const struct tree *t, uint8_t c)
{
    if (t->text[0] == '.')
        return c != '\n';
    if (strcmp(t->text, "[^a]") == 0)
        return c != 'a';
    if (strcmp(t->text, "[bc]") == 0)
        return c == 'b' || c == 'c';
    if (strcmp(t->text, "\\w") == 0)
        return ov_is_alnum(c) || c == '_';
    if (strcmp(t->text, "\\s") == 0)
        return c == ' ' || c == '\n';
    return c == (uint8_t)t->text[0];
}

static bool holds(const struct tree *t, size_t at)
{
    bool is_edge = at == 0 || at == text.len || is_word(at - 1) != is_word(at);

    if (t->text[0] == '^')
        return at == 0;
    if (t->text[0] == '$')
        return at == text.len;
    return is_edge == (t->text[1] == 'b');
}

static bool try_repeat(const struct tree *t, size_t count, size_t at,
                       const struct rest *rest);

static bool try_rest(size_t at, const struct rest *rest)
{
    if (rest == NULL) {
        ends |= (uint64_t)1 << at;
        return !wants_all;
    }
    if (rest->is_round)
        return try_repeat(rest->tree, rest->count, at, rest->next);
    return try_tree(rest->tree, at, rest->next);
}

static bool try_repeat(const struct tree *t, size_t count, size_t at,
                       const struct rest *rest)
{
    struct rest round = {t, rest, count + 1, true};
    bool may_go_on = count < t->max;

    if (count < t->min)
        return try_tree(t->a, at, &round);
    if (t->is_lazy)
        return try_rest(at, rest) || (may_go_on && try_tree(t->a, at, &round));
    return (may_go_on && try_tree(t->a, at, &round)) || try_rest(at, rest);
}

static bool try_tree(const struct tree *t, size_t at, const struct rest *rest)
{
    struct rest second = {.tree = t->b, .next = rest};

    n_steps++;
    switch (t->kind) {
    case SET:
        return at < text.len && takes(t, text.ptr[at]) &&
               try_rest(at + 1, rest);
    case ASSERT:
        return holds(t, at) && try_rest(at, rest);
    case CAT:
        return try_tree(t->a, at, &second);
    case ALT:
        return try_tree(t->a, at, rest) || try_tree(t->b, at, rest);
    case REPEAT:
        break;
    }
    return try_repeat(t, 0, at, rest);
}

/* Where the matches at `at` end: all, or the preferred one. */
static uint64_t ends_of(const struct tree *t, size_t at, bool all)
{
    ends = 0;
    wants_all = all;
    (void)try_tree(t, at, NULL);
    return ends;
}

/* ---- comparing ---- */

struct plain {
    uint64_t all[TEXT_MAX + 1];
    uint64_t preferred[TEXT_MAX + 1];
};

static void expect(bool holds_true, const char *what, size_t at)
{
    if (!holds_true)
        fail_msg("%s at %zu of \"%.*s\": %.*s", what, at, (int)text.len,
                 (const char *)text.ptr, (int)source.len,
                 (const char *)source.ptr);
}

static void compare_runs(const struct plain *plain, struct ov_span code)
{
    OV_AUTO(re_runner) r = ov_re_runner_new();
    struct ov_budget budget = ov_budget_default();
    bool is_found = false;
    bool is_wanted = false;
    struct ov_re re;

    assert_non_null(r);
    assert_true(ov_re_open(code, &re));
    for (size_t at = 0; at <= text.len; at++) {
        struct ov_re_from from = {.view = text, .at = at, .width = 1};
        const uint64_t *starts = NULL;
        size_t n = 0;
        uint64_t got = 0;
        uint64_t end;

        assert_int_equal(ov_re_forward(r, &re, &from, &end), OV_OK);
        expect((end == UINT64_MAX ? 0 : (uint64_t)1 << end) ==
                   plain->preferred[at],
               "preferred end", at);
        is_wanted |= plain->preferred[at] != 0;
        from.node = re.n_nodes - 1;
        assert_int_equal(ov_re_backward(r, &re, &from, &starts, &n), OV_OK);
        for (size_t i = 0; i < n; i++)
            got |= (uint64_t)1 << starts[i];
        for (size_t s = 0; s <= at; s++)
            expect((got >> s & 1) == (plain->all[s] >> at & 1),
                   "start backward", at);
    }
    assert_int_equal(ov_re_search(code, text, &budget, &is_found), OV_OK);
    expect(is_found == is_wanted, "search", 0);
}

static void compare_scan(const struct plain *plain)
{
    struct ov_match_input in = {.pattern = {.regex = ov_buf_span(&source)},
                                .targets = 1};
    OV_AUTO_DONE(buf) image = ov_buf_with_max(SIZE_MAX);
    OV_AUTO(matcher) m = NULL;
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_match_job job = {.view = text, .budget = &budget, .arena = arena};
    struct ov_store store = {0};
    uint64_t got[TEXT_MAX + 1] = {0};
    struct ov_hits hits;

    assert_int_equal(ov_match_build(&in, 1, &image, NULL, NULL), OV_OK);
    store.all = ov_buf_span(&image);
    assert_int_equal(ov_matcher_open(&store, 0, image.len, &m), OV_OK);
    assert_int_equal(ov_matcher_scan(m, &job, &hits), OV_OK);
    for (size_t i = 0; i < hits.n_hits; i++)
        for (const struct ov_match *h = hits.hits[i]->first; h; h = h->next)
            got[h->at] = (uint64_t)1 << (h->at + h->len);
    for (size_t at = 0; at <= text.len; at++) {
        uint64_t none = (uint64_t)1 << at;

        expect(got[at] != 0 || (plain->preferred[at] & ~none) == 0,
               "a missed start", at);
        expect((got[at] & ~(plain->all[at] & ~none)) == 0, "no such match", at);
    }
}

static void agrees_with_backtracking(void **state)
{
    struct ov_random r = ov_random_seeded();
    uint8_t bytes[TEXT_MAX];

    (void)state;
    for (size_t round = 0; round < 20000; round++) {
        OV_AUTO_DONE(buf) code = ov_buf_with_max(1 << 20);
        const struct tree *t;
        struct plain plain;

        n_nodes = 0;
        t = grow(&r, DEPTH, ov_random_below(&r, 3) == 0);
        source = ov_buf_with_max(4096);
        write_tree(t);
        text = ov_span_of(bytes, ov_random_below(&r, TEXT_MAX + 1));
        for (size_t i = 0; i < text.len; i++)
            bytes[i] = (uint8_t) "aabbc \n_"[ov_random_below(&r, 8)];
        for (size_t at = 0; at <= text.len; at++) {
            plain.all[at] = ends_of(t, at, true);
            plain.preferred[at] = ends_of(t, at, false);
        }
        assert_int_equal(
            ov_re_compile(ov_buf_span(&source), OV_RE_ONE_GREED, &code, NULL),
            OV_OK);
        compare_runs(&plain, ov_buf_span(&code));
        compare_scan(&plain);
        ov_buf_done(&source);
    }
}

OV_TEST_MAIN(OV_TEST(agrees_with_backtracking))
