/* SPDX-License-Identifier: Apache-2.0 */
#include "compile_help.h"
#include "torture.h"

static const struct ov_source two_sources[] = {
    {.name = {(const uint8_t *)"a.hdb", 5}, .text = {(const uint8_t *)"x", 1}},
    {.name = {(const uint8_t *)"b.ldb", 5}, .text = {(const uint8_t *)"yz", 2}},
};

static void a_rule_comes_back(void **state)
{
    struct ov_part *part = ov_part_new(1);
    struct ov_term terms[] = {pattern_term(),
                              {.kind = OV_TERM_FUZZY, .fuzzy.distance = 3},
                              pattern_term()};
    const struct ov_term *back;
    struct ov_rule_view view;
    struct ov_rule *r;
    struct compiled c;

    (void)state;
    add_body(part, "First-1", 1);
    r = add_rule(part, "Win.Trojan.Agent-12345-0", 7);
    r->terms = terms;
    r->n_terms = 3;
    r->condition = OV_SPAN_LIT("cond");
    r->flags = OV_RULE_UNWANTED;
    r->targets = 2;
    c = compile_parts(two_sources, 2, &part, 1);
    ov_part_free(part);
    assert_int_equal(ov_lookup_n_rules(c.image), 2);
    assert_true(ov_lookup_rule(c.image, 1, c.arena, &view));
    assert_text(view.name, "Win.Trojan.Agent-12345-0");
    assert_text(view.source, "b.ldb");
    assert_text(view.condition, "cond");
    assert_int_equal(view.line, 7);
    assert_int_equal(view.flags, OV_RULE_UNWANTED);
    assert_int_equal(view.targets, 2);
    assert_int_equal(view.first_pattern, 1);
    assert_int_equal(view.n_patterns, 2);
    back = ov_lookup_terms(c.image, &view, c.arena);
    assert_non_null(back);
    assert_int_equal(back[0].kind, OV_TERM_PATTERN);
    assert_int_equal(back[1].kind, OV_TERM_FUZZY);
    assert_int_equal(back[1].fuzzy.distance, 3);
    assert_false(ov_lookup_rule(c.image, 2, c.arena, &view));
    assert_int_equal(c.report.n_rules, 2);
    assert_int_equal(c.report.n_patterns, 3);
    compiled_done(&c);
}

static void rules_that_always_count_are_listed(void **state)
{
    struct ov_part *part = ov_part_new(0);
    const uint8_t *ids;
    struct compiled c;
    struct ov_rule *guarded;
    uint32_t id;
    size_t n;

    (void)state;
    add_body(part, "A", 1);
    add_rule(part, "B", 2)->flags = OV_RULE_ALWAYS;
    guarded = add_rule(part, "C", 3);
    guarded->flags = OV_RULE_ALWAYS | OV_RULE_UNWANTED;
    guarded->has_guard = true;
    guarded->guard = (struct ov_guard){10, 20, 0xffff, 0x5a4d};
    c = compile_parts(two_sources, 2, &part, 1);
    ov_part_free(part);
    assert_true(ov_lookup_always(c.image, &ids, &n));
    assert_int_equal(n, 2);
    assert_true(ov_always_fits(ids, 0, 0, &id));
    assert_int_equal(id, 1);
    assert_false(ov_always_fits(ids + 32, 9, 0x5a4d, &id));
    assert_false(ov_always_fits(ids + 32, 21, 0x5a4d, &id));
    assert_false(ov_always_fits(ids + 32, 20, 0x5a4e, &id));
    assert_true(ov_always_fits(ids + 32, 20, 0x90905a4d, &id));
    assert_int_equal(id, 2);
    compiled_done(&c);
}

static void macro_groups_list_their_patterns(void **state)
{
    static const int groups[] = {2, 0, 2, 2};
    struct ov_part *part = ov_part_new(0);
    struct ov_term terms[4];
    struct ov_span ids;
    struct compiled c;

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct ov_rule *r = add_rule(part, "M", 1);

        terms[i] = pattern_term();
        terms[i].pattern.place =
            (struct ov_place){.kind = OV_PLACE_MACRO, .at = groups[i]};
        r->terms = &terms[i];
        r->n_terms = 1;
    }
    c = compile_parts(two_sources, 2, &part, 1);
    ov_part_free(part);
    assert_true(ov_lookup_macro(c.image, 2, &ids));
    assert_int_equal(ids.len, 12);
    assert_int_equal(ov_load32le(ids.ptr), 0);
    assert_int_equal(ov_load32le(ids.ptr + 4), 2);
    assert_int_equal(ov_load32le(ids.ptr + 8), 3);
    assert_true(ov_lookup_macro(c.image, 1, &ids));
    assert_int_equal(ids.len, 0);
    assert_false(ov_lookup_macro(c.image, 3, &ids));
    compiled_done(&c);
}

static void equal_data_is_stored_once(void **state)
{
    struct ov_part *part = ov_part_new(0);
    struct compiled c;

    (void)state;
    for (uint32_t i = 0; i < 1000; i++)
        add_body(part, "Same", i);
    c = compile_parts(two_sources, 2, &part, 1);
    ov_part_free(part);
    assert_true(c.image->sections[OV_SECTION_RULE_DATA].len < 10);
    compiled_done(&c);
}

static void a_pattern_that_cannot_be_compiled_is_named(void **state)
{
    struct ov_part *part = ov_part_new(1);
    struct ov_term bad = {.kind = OV_TERM_PATTERN};
    struct ov_compile_job job = {
        .sources = two_sources, .n_sources = 2, .parts = &part, .n_parts = 1};
    OV_AUTO_DONE(buf) file = ov_buf_with_max(SIZE_MAX);
    struct ov_diag diag = {0};
    struct ov_rule *r;

    (void)state;
    add_body(part, "Good", 1);
    r = add_rule(part, "Bad", 9);
    r->terms = &bad;
    r->n_terms = 1;
    assert_int_equal(ov_compile(&job, &file, NULL, &diag), OV_UNSUPPORTED);
    assert_int_equal(diag.line, 9);
    assert_non_null(strstr(diag.text, "b.ldb"));
    assert_non_null(strstr(diag.text, "Bad"));
    ov_part_free(part);
}

static void sources_keep_their_digest_and_counts(void **state)
{
    struct ov_part *part = ov_part_new(1);
    struct ov_source_view view;
    struct ov_skip *skip = ov_part_add(&part->skips);
    struct compiled c;

    (void)state;
    *skip = (struct ov_skip){.line = 3, .n = 5, .why = OV_SPAN_LIT("because")};
    add_body(part, "A", 1);
    add_hash(part, 1, 2, "B", 2);
    c = compile_parts(two_sources, 2, &part, 1);
    ov_part_free(part);
    assert_int_equal(ov_lookup_n_sources(c.image), 2);
    assert_true(ov_lookup_source(c.image, 1, &view));
    assert_text(view.name, "b.ldb");
    assert_int_equal(view.size, 2);
    assert_int_equal(view.n_rules, 2);
    assert_int_equal(view.n_skipped, 5);
    /* SHA-256 of "yz" */
    assert_int_equal(view.sha256[0], 0x68);
    assert_false(ov_lookup_source(c.image, 2, &view));
    compiled_done(&c);
}

static void a_rule_with_too_long_a_name_is_counted(void **state)
{
    static char name[1026];
    struct ov_part *part = ov_part_new(1);
    struct ov_source_view view;
    struct compiled c;

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    add_body(part, name, 1);
    add_hash(part, 1, 2, name, 2);
    add_hash(part, 1, 2, name + 1, 3);
    c = compile_parts(two_sources, 2, &part, 1);
    ov_part_free(part);
    assert_int_equal(c.report.n_rules, 1);
    assert_int_equal(c.report.n_skipped, 2);
    assert_true(ov_lookup_source(c.image, 1, &view));
    assert_int_equal(view.n_skipped, 2);
    compiled_done(&c);
}

/* What is left of these rules when some are silenced. */
static uint64_t count_left(struct ov_ignore ignore)
{
    static const struct ov_source source = {
        .name = {(const uint8_t *)"a.ndb", 5},
        .text = {(const uint8_t *)"one\r\nsecond line\r\nthree", 23}};
    struct ov_part *part = ov_part_new(0);
    struct ov_ignore *added = ov_part_add(&part->ignores);
    struct compiled c;
    uint64_t n;

    *added = ignore;
    add_body(part, "Win.A-1", 1);
    add_body(part, "Win.B-1", 2);
    add_body(part, "Win.B-1", 3);
    add_hash(part, 1, 2, "Win.B-1", 9);
    c = compile_parts(&source, 1, &part, 1);
    ov_part_free(part);
    n = c.report.n_rules;
    assert_int_equal(n + c.report.n_ignored, 4);
    compiled_done(&c);
    return n;
}

static void an_ignored_name_is_left_out(void **state)
{
    struct ov_ignore ignore = {.name = OV_SPAN_LIT("Win.B-1")};

    (void)state;
    assert_int_equal(count_left(ignore), 1);
    ignore.name = OV_SPAN_LIT("Win.B");
    assert_int_equal(count_left(ignore), 4);
    /* the text decides, where it is given: MD5 of "second line" */
    ignore.name = OV_SPAN_LIT("Win.B-1");
    ignore.has_md5 = true;
    assert_true(ov_hex_decode(OV_SPAN_LIT("63d4c06d0dd227a33b7ccb9caa856828"),
                              ignore.md5, 16));
    assert_int_equal(count_left(ignore), 3);
    ignore.md5[3] ^= 1;
    assert_int_equal(count_left(ignore), 4);
}

/* Everything that a part can hold. */
static void fill(struct ov_part *p)
{
    static const struct ov_term always = {.kind = OV_TERM_FUZZY};
    struct ov_member_rule *m = ov_part_add(&p->members);
    struct ov_magic_rule *g = ov_part_add(&p->magics);
    struct ov_password *w = ov_part_add(&p->passwords);
    struct ov_skip *s = ov_part_add(&p->skips);
    struct ov_rule *r;

    if (m == NULL || g == NULL || w == NULL || s == NULL)
        return;
    m->name = OV_SPAN_LIT("Member-1");
    g->bytes = OV_SPAN_LIT("magic");
    w->word = OV_SPAN_LIT("infected");
    s->why = OV_SPAN_LIT("why");
    r = add_rule(p, "Rule-1", 4);
    r->flags = OV_RULE_ALWAYS;
    r->terms = &always;
    r->n_terms = 1;
    add_body(p, "Body-2", 5);
    for (uint32_t i = 0; i < 300; i++)
        add_hash(p, i, i * 3, i % 2 ? "Win.A-7" : "Win.B-8", 10 + i);
}

static enum ov_status compile_once(void *arg)
{
    struct ov_part *const part = arg;
    struct ov_compile_job job = {
        .sources = two_sources, .n_sources = 2, .parts = &part, .n_parts = 1};
    OV_AUTO_DONE(buf) file = ov_buf_with_max(SIZE_MAX);

    return ov_compile(&job, &file, NULL, NULL);
}

static void a_failed_allocation_ends_well(void **state)
{
    struct ov_part *part = ov_part_new(0);

    (void)state;
    fill(part);
    assert_true(ov_torture(compile_once, part) > 20);
    ov_part_free(part);
}

/* Cuts a list at `at`: what is behind goes to another part of the same source.
 */
#define SPLIT(list, from, to, at)                                              \
    do {                                                                       \
        for (size_t i_ = (at); i_ < (from)->list.n; i_++) {                    \
            __typeof__((from)->list.items) item_ = ov_part_add(&(to)->list);   \
            *item_ = (from)->list.items[i_];                                   \
        }                                                                      \
        (from)->list.n = (from)->list.n < (at) ? (from)->list.n : (at);        \
    } while (0)

static void the_cut_between_parts_does_not_matter(void **state)
{
    for (size_t at = 0; at < 303; at += 43) {
        struct ov_part *parts[2] = {ov_part_new(0), ov_part_new(0)};
        struct compiled whole;
        struct compiled cut;

        (void)state;
        fill(parts[0]);
        whole = compile_parts(two_sources, 2, parts, 1);
        SPLIT(rules, parts[0], parts[1], at > 2 ? 2 : at);
        SPLIT(members, parts[0], parts[1], at > 1 ? 1 : at);
        SPLIT(skips, parts[0], parts[1], at > 1 ? 1 : at);
        SPLIT(hashes[OV_HASH_OF_OBJECT][OV_MD5], parts[0], parts[1], at);
        cut = compile_parts(two_sources, 2, parts, 2);
        assert_int_equal(whole.file.len, cut.file.len);
        assert_memory_equal(whole.file.ptr, cut.file.ptr, whole.file.len);
        compiled_done(&whole);
        compiled_done(&cut);
        ov_part_free(parts[0]);
        ov_part_free(parts[1]);
    }
}

OV_TEST_MAIN(OV_TEST(a_rule_comes_back),
             OV_TEST(rules_that_always_count_are_listed),
             OV_TEST(macro_groups_list_their_patterns),
             OV_TEST(equal_data_is_stored_once),
             OV_TEST(a_pattern_that_cannot_be_compiled_is_named),
             OV_TEST(sources_keep_their_digest_and_counts),
             OV_TEST(a_rule_with_too_long_a_name_is_counted),
             OV_TEST(an_ignored_name_is_left_out),
             OV_TEST(the_cut_between_parts_does_not_matter),
             OV_TEST(a_failed_allocation_ends_well))
