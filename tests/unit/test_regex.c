/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/evaluate_terms.h"
#include "make_exe.h"
#include "test.h"

/* A PE whose code, and entry point, is at byte 0x400. */
static void make_program(struct ov_buf *ret)
{
    const struct make_pe_section section = {0x1000, 0x200, 0x400, 0x200};
    const struct make_pe pe = {.entry = 0x1000,
                               .file_alignment = 0x200,
                               .section_alignment = 0x1000,
                               .sections = &section,
                               .n_sections = 1};

    *ret = ov_buf_with_max(1 << 20);
    make_pe_headers(ret, &pe);
    make_zeros(ret, 0x400);
    ov_put_str(ret, "push, call, ret");
    make_zeros(ret, 0x600);
}

static enum ov_status count_at(const struct ov_buf *program,
                               const struct ov_place *place, size_t memory,
                               uint64_t *ret)
{
    struct ov_object object = {.bytes = ov_buf_span(program),
                               .type = OV_TYPE_PE};
    const struct ov_view view = {
        .name = "raw", .bytes = object.bytes, .is_raw = true};
    const struct ov_regex regex = {.source = OV_SPAN_LIT("pu?sh"),
                                   .place = *place};
    OV_AUTO(arena) arena = ov_arena_new(memory);
    struct ov_budget budget = ov_budget_default();
    struct ov_machines machines = {0};
    struct ov_evaluation e = {.machines = &machines,
                              .object = &object,
                              .view = &view,
                              .arena = arena,
                              .budget = &budget,
                              .regexes = ov_regex_cache_new()};
    enum ov_status status;

    assert_non_null(arena);
    assert_non_null(e.regexes);
    status = ov_regex_term_count(&e, &regex, ret);
    ov_regex_cache_free(e.regexes);
    return status;
}

static void expect(const struct ov_place *place, uint64_t want)
{
    struct ov_buf program;
    uint64_t n = 77;

    make_program(&program);
    assert_int_equal(count_at(&program, place, 1 << 20, &n), OV_OK);
    assert_int_equal(n, want);
    ov_buf_done(&program);
}

static void a_place_is_where_the_expression_must_match(void **state)
{
    (void)state;
    expect(&(struct ov_place){.kind = OV_PLACE_ANY}, 1);
    expect(&(struct ov_place){.kind = OV_PLACE_START, .at = 0x400}, 1);
    expect(&(struct ov_place){.kind = OV_PLACE_START, .at = 0x3ff}, 0);
    expect(&(struct ov_place){.kind = OV_PLACE_END, .at = 0x200}, 1);
    expect(&(struct ov_place){.kind = OV_PLACE_END, .at = 0x1ff}, 0);
    expect(&(struct ov_place){.kind = OV_PLACE_ENTRY}, 1);
    expect(&(struct ov_place){.kind = OV_PLACE_ENTRY, .at = 1}, 0);
    expect(&(struct ov_place){.kind = OV_PLACE_ENTRY, .at = -4, .shift = 4}, 1);
    expect(&(struct ov_place){.kind = OV_PLACE_SECTION, .section = 0}, 1);
    expect(&(struct ov_place){.kind = OV_PLACE_SECTION, .section = 1}, 0);
    expect(&(struct ov_place){.kind = OV_PLACE_LAST_SECTION}, 1);
}

static void a_place_that_cannot_be_is_nowhere(void **state)
{
    static const enum ov_place_kind kinds[] = {OV_PLACE_START, OV_PLACE_END,
                                               OV_PLACE_ENTRY, OV_PLACE_SECTION,
                                               OV_PLACE_LAST_SECTION};

    static const int64_t ats[] = {INT64_MIN, INT64_MIN + 1, -0x1000, 0x1000,
                                  INT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        for (size_t j = 0; j < sizeof(ats) / sizeof(ats[0]); j++)
            expect(&(struct ov_place){.kind = kinds[i], .at = ats[j]}, 0);
}

static void without_facts_nothing_is_said(void **state)
{
    static const struct ov_place entry = {.kind = OV_PLACE_ENTRY};
    struct ov_buf program;
    uint64_t n = 77;

    (void)state;
    make_program(&program);
    assert_int_equal(count_at(&program, &entry, 1, &n), OV_NO_MEMORY);
    ov_buf_done(&program);
}

OV_TEST_MAIN(OV_TEST(a_place_is_where_the_expression_must_match),
             OV_TEST(a_place_that_cannot_be_is_nowhere),
             OV_TEST(without_facts_nothing_is_said))
