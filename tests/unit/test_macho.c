/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/facts.h"
#include "formats/macho.h"
#include "make_exe.h"
#include "test.h"

struct shape {
    bool is_64;
    bool is_le;
    uint32_t cpu;
};

static void put(struct ov_buf *b, const struct shape *s, unsigned bytes,
                uint64_t v)
{
    for (unsigned i = 0; i < bytes; i++)
        ov_put_u8(b, (uint8_t)(v >> 8 * (s->is_le ? i : bytes - 1 - i)));
}

/* One segment with one section (address 0x4000, offset 0x200, 0x45 bytes,
 * aligned to 16), and a thread that starts at 0x4010. */
static void make_macho(struct ov_buf *b, const struct shape *s)
{
    unsigned word = s->is_64 ? 8 : 4;

    put(b, s, 4, s->is_64 ? 0xfeedfacf : 0xfeedface);
    put(b, s, 4, s->cpu | (s->is_64 ? 0x1000000 : 0));
    put(b, s, 8, 0);
    put(b, s, 4, 2);
    make_zeros(b, b->len + (s->is_64 ? 12 : 8));
    put(b, s, 4, s->is_64 ? 0x19 : 1);
    put(b, s, 4, s->is_64 ? 72 + 80 : 56 + 68);
    make_zeros(b, b->len + 16);
    make_zeros(b, b->len + 4 * word);
    put(b, s, 8, 0);
    put(b, s, 4, 1);
    put(b, s, 4, 0);
    make_zeros(b, b->len + 32);
    put(b, s, word, 0x4000);
    put(b, s, word, 0x45);
    put(b, s, 4, 0x200);
    put(b, s, 4, 4);
    make_zeros(b, b->len + (s->is_64 ? 24 : 20));
    put(b, s, 4, 5);
    put(b, s, 4, 8 + 8 + 160);
    put(b, s, 8, 0);
    put(b, s, word, 0x4010);
    make_zeros(b, 0x300);
}

static struct ov_facts facts_of(struct ov_span bytes, struct ov_arena *arena)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_facts facts = {0};

    assert_int_equal(
        ov_facts_read(OV_TYPE_MACHO, bytes, arena, &budget, &facts), OV_OK);
    return facts;
}

static void both_widths_and_byte_orders_give_the_same_layout(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
        OV_AUTO(arena) arena = ov_arena_new(1 << 20);
        struct shape s = {i & 1, i & 2, 18};
        struct ov_facts f;

        make_macho(&b, &s);
        assert_int_equal(ov_type_identify(ov_buf_span(&b)), OV_TYPE_MACHO);
        f = facts_of(ov_buf_span(&b), arena);
        assert_int_equal(f.facts[OV_FACT_IS_DAMAGED].value, 0);
        assert_int_equal(f.facts[OV_FACT_ENTRY_POINT].value, 0x210);
        assert_int_equal(f.layout.n_sections, 1);
        assert_int_equal(f.layout.sections[0].at, 0x200);
        assert_int_equal(f.layout.sections[0].len, 0x50);
    }
}

static void only_powerpc_files_have_an_entry_point(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct shape s = {false, true, 7};
    struct ov_facts f;

    (void)state;
    make_macho(&b, &s);
    f = facts_of(ov_buf_span(&b), arena);
    assert_false(f.facts[OV_FACT_ENTRY_POINT].is_known);
    assert_true(f.layout.has_entry);
    assert_int_equal(f.layout.entry, 0);
}

static void a_cut_file_is_damaged(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct shape s = {true, true, 18};

    (void)state;
    make_macho(&b, &s);
    for (size_t len = 4; len < 0xd0; len++) {
        OV_AUTO(arena) arena = ov_arena_new(1 << 20);
        struct ov_facts f =
            facts_of(ov_span_clip(ov_buf_span(&b), 0, len), arena);

        assert_int_equal(f.facts[OV_FACT_IS_DAMAGED].value, 1);
        assert_int_equal(f.layout.n_sections, 0);
    }
}

static void a_universal_binary_lists_its_members(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct shape be = {false, false, 0};
    struct ov_extent e = {7, 7};

    (void)state;
    put(&b, &be, 4, 0xcafebabe);
    put(&b, &be, 4, 2);
    for (uint64_t i = 0; i < 2; i++) {
        put(&b, &be, 8, 0);
        put(&b, &be, 4, 0x40 + i * 0x20);
        put(&b, &be, 4, 0x20 + i * 0x1000);
        put(&b, &be, 4, 2);
    }
    make_zeros(&b, 0x70);
    assert_int_equal(ov_macho_n_arches(ov_buf_span(&b)), 2);
    assert_true(ov_macho_fat_arch(ov_buf_span(&b), 0, &e));
    assert_int_equal(e.at, 0x40);
    assert_int_equal(e.len, 0x20);
    assert_true(ov_macho_fat_arch(ov_buf_span(&b), 1, &e));
    assert_int_equal(e.len, 0x10);
    assert_false(ov_macho_fat_arch(ov_buf_span(&b), 2, &e));
    assert_int_equal(ov_macho_n_arches(OV_SPAN_LIT("\xca\xfe\xba\xbe")), 0);
}

OV_TEST_MAIN(OV_TEST(both_widths_and_byte_orders_give_the_same_layout),
             OV_TEST(only_powerpc_files_have_an_entry_point),
             OV_TEST(a_cut_file_is_damaged),
             OV_TEST(a_universal_binary_lists_its_members))
