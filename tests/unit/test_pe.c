/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/facts.h"
#include "make_exe.h"
#include "test.h"

static const struct make_pe_section two_sections[] = {
    {0x1000, 0x300, 0x400, 0x210},
    {0x2000, 0x100, 0x800, 0x200},
};

static const struct make_pe plain = {
    .entry = 0x1010,
    .file_alignment = 0x200,
    .section_alignment = 0x1000,
    .sections = two_sections,
    .n_sections = 2,
};

static struct ov_facts facts_of(struct ov_span bytes, struct ov_arena *arena)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_facts facts = {0};

    assert_int_equal(ov_facts_read(OV_TYPE_PE, bytes, arena, &budget, &facts),
                     OV_OK);
    return facts;
}

static void an_entry_point_becomes_a_file_offset(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_facts f;

    (void)state;
    make_pe_headers(&b, &plain);
    make_zeros(&b, 0xa10);
    f = facts_of(ov_buf_span(&b), arena);
    assert_int_equal(f.facts[OV_FACT_IS_DAMAGED].value, 0);
    assert_int_equal(f.facts[OV_FACT_ENTRY_POINT].value, 0x410);
    assert_int_equal(f.facts[OV_FACT_MACHINE].value, 0x14c);
    assert_int_equal(f.facts[OV_FACT_IS_64BIT].value, 0);
    assert_int_equal(f.layout.n_sections, 2);
    assert_int_equal(f.layout.sections[0].at, 0x400);
    assert_int_equal(f.layout.sections[0].len, 0x400);
    assert_int_equal(f.layout.sections[1].len, 0x200);
    assert_int_equal(f.overlay_at, 0xa00);
    assert_int_equal(f.facts[OV_FACT_OVERLAY_SIZE].value, 0x10);
}

static void a_section_is_cut_at_the_end_of_the_file(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_facts f;

    (void)state;
    make_pe_headers(&b, &plain);
    make_zeros(&b, 0x500);
    f = facts_of(ov_buf_span(&b), arena);
    assert_int_equal(f.layout.sections[0].len, 0x100);
    assert_int_equal(f.layout.sections[1].at, 0x800);
    assert_int_equal(f.layout.sections[1].len, 0);
    assert_int_equal(f.facts[OV_FACT_OVERLAY_SIZE].value, 0);
}

static void a_64_bit_file_has_its_directories_further_behind(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct make_pe m = plain;
    struct ov_facts f;

    (void)state;
    m.is_64 = true;
    m.directories[4][0] = 0xa00;
    m.directories[4][1] = 8;
    make_pe_headers(&b, &m);
    make_zeros(&b, 0xa08);
    f = facts_of(ov_buf_span(&b), arena);
    assert_int_equal(f.facts[OV_FACT_IS_64BIT].value, 1);
    assert_int_equal(f.facts[OV_FACT_HAS_SIGNATURE].value, 1);
    assert_int_equal(f.facts[OV_FACT_ENTRY_POINT].value, 0x410);
}

static void a_wrong_file_alignment_counts_as_512(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct make_pe m = plain;
    struct ov_facts f;

    (void)state;
    m.file_alignment = 0x1000;
    make_pe_headers(&b, &m);
    make_zeros(&b, 0xa00);
    f = facts_of(ov_buf_span(&b), arena);
    assert_int_equal(f.layout.sections[0].at, 0x400);
    assert_int_equal(f.layout.sections[0].len, 0x400);
}

static void a_file_cut_anywhere_has_facts_from_before_the_cut(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);

    (void)state;
    make_pe_headers(&b, &plain);
    for (size_t len = 0; len < b.len; len++) {
        OV_AUTO(arena) arena = ov_arena_new(1 << 20);
        struct ov_facts f =
            facts_of(ov_span_clip(ov_buf_span(&b), 0, len), arena);

        assert_int_equal(f.facts[OV_FACT_IS_DAMAGED].value, 1);
        assert_int_equal(f.facts[OV_FACT_FILESIZE].value, len);
        assert_int_equal(f.facts[OV_FACT_MACHINE].is_known, len >= 88);
        assert_int_equal(f.layout.n_sections, 0);
        assert_false(f.layout.has_entry);
    }
}

static void an_entry_point_nowhere_leaves_no_layout(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct make_pe m = plain;
    struct ov_facts f;

    (void)state;
    m.entry = 0x9000;
    make_pe_headers(&b, &m);
    make_zeros(&b, 0xa00);
    f = facts_of(ov_buf_span(&b), arena);
    assert_int_equal(f.facts[OV_FACT_IS_DAMAGED].value, 1);
    assert_false(f.facts[OV_FACT_N_SECTIONS].is_known);
    assert_int_equal(f.layout.n_sections, 0);
}

OV_TEST_MAIN(OV_TEST(an_entry_point_becomes_a_file_offset),
             OV_TEST(a_section_is_cut_at_the_end_of_the_file),
             OV_TEST(a_64_bit_file_has_its_directories_further_behind),
             OV_TEST(a_wrong_file_alignment_counts_as_512),
             OV_TEST(a_file_cut_anywhere_has_facts_from_before_the_cut),
             OV_TEST(an_entry_point_nowhere_leaves_no_layout))
