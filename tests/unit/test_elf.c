/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "formats/facts.h"
#include "make_exe.h"
#include "test.h"

struct shape {
    bool is_64;
    bool is_le;
};

static void put(struct ov_buf *b, const struct shape *s, unsigned bytes,
                uint64_t v)
{
    for (unsigned i = 0; i < bytes; i++)
        ov_put_u8(b, (uint8_t)(v >> 8 * (s->is_le ? i : bytes - 1 - i)));
}

/* One segment (address 0x8000, file offset 0x100, 0x50 bytes), two sections,
 * entry at 0x8010. */
static void make_elf(struct ov_buf *b, const struct shape *s)
{
    unsigned word = s->is_64 ? 8 : 4;
    uint64_t header = s->is_64 ? 64 : 52;
    uint64_t segment = s->is_64 ? 56 : 32;

    ov_put_str(b, "\x7f"
                  "ELF");
    ov_put_u8(b, s->is_64 ? 2 : 1);
    ov_put_u8(b, s->is_le ? 1 : 2);
    make_zeros(b, 16);
    put(b, s, 2, 2);
    put(b, s, 2, 62);
    put(b, s, 4, 1);
    put(b, s, word, 0x8010);
    put(b, s, word, header);
    put(b, s, word, header + segment);
    put(b, s, 4, 0);
    put(b, s, 2, header);
    put(b, s, 2, segment);
    put(b, s, 2, 1);
    put(b, s, 2, s->is_64 ? 64 : 40);
    put(b, s, 2, 2);
    put(b, s, 2, 0);
    put(b, s, s->is_64 ? 8 : 4, 1); /* type, flags */
    put(b, s, word, 0x100);
    put(b, s, word, 0x8000);
    put(b, s, word, 0);
    put(b, s, word, 0x40);
    put(b, s, word, 0x50);
    put(b, s, 8, 0);
    for (uint64_t i = 0; i < 2; i++) {
        put(b, s, 8, 0);
        put(b, s, word, 0);
        put(b, s, word, 0);
        put(b, s, word, 0x100 + i * 0x10);
        put(b, s, word, 0x10 + i);
        put(b, s, 8, 0);
        put(b, s, word, 0);
        put(b, s, word, 0);
    }
}

static struct ov_facts facts_of(struct ov_span bytes, struct ov_arena *arena)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_facts facts = {0};

    assert_int_equal(ov_facts_read(OV_TYPE_ELF, bytes, arena, &budget, &facts),
                     OV_OK);
    return facts;
}

static void both_widths_and_byte_orders_give_the_same_layout(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
        OV_AUTO(arena) arena = ov_arena_new(1 << 20);
        struct shape s = {i & 1, i & 2};
        struct ov_facts f;

        make_elf(&b, &s);
        f = facts_of(ov_buf_span(&b), arena);
        assert_int_equal(f.facts[OV_FACT_IS_DAMAGED].value, 0);
        assert_int_equal(f.facts[OV_FACT_IS_64BIT].value, s.is_64);
        assert_int_equal(f.facts[OV_FACT_MACHINE].value, 62);
        assert_true(f.layout.has_entry);
        assert_int_equal(f.layout.entry, 0x110);
        assert_int_equal(f.layout.n_sections, 2);
        assert_int_equal(f.layout.sections[1].at, 0x110);
        assert_int_equal(f.layout.sections[1].len, 0x11);
    }
}

static void a_file_cut_anywhere_has_no_layout(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct shape s = {true, true};

    (void)state;
    make_elf(&b, &s);
    for (size_t len = 4; len < b.len; len++) {
        OV_AUTO(arena) arena = ov_arena_new(1 << 20);
        struct ov_facts f =
            facts_of(ov_span_clip(ov_buf_span(&b), 0, len), arena);

        assert_int_equal(f.facts[OV_FACT_IS_DAMAGED].value, 1);
        assert_int_equal(f.layout.n_sections, 0);
        assert_false(f.layout.has_entry);
    }
}

static void an_entry_in_no_segment_is_damage(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct shape s = {true, true};

    (void)state;
    make_elf(&b, &s);
    b.ptr[24] = 0x50; /* one past the segment's end */
    assert_int_equal(
        facts_of(ov_buf_span(&b), arena).facts[OV_FACT_IS_DAMAGED].value, 1);
    b.ptr[24] = 0x4f;
    assert_int_equal(facts_of(ov_buf_span(&b), arena).layout.entry, 0x14f);
}

OV_TEST_MAIN(OV_TEST(both_widths_and_byte_orders_give_the_same_layout),
             OV_TEST(a_file_cut_anywhere_has_no_layout),
             OV_TEST(an_entry_in_no_segment_is_damage))
