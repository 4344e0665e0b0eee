/* SPDX-License-Identifier: Apache-2.0 */
#include "make_exe.h"
#include "module_help.h"
#include "modules/tlsh.h"
#include "torture.h"

/* tests/oracle/modules.py compares every field with yara's on real files; here
 * is what it has no files for. */

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

static void put_word(struct ov_buf *b, const struct shape *s, uint64_t v)
{
    put(b, s, s->is_64 ? 8 : 4, v);
}

static void put_section(struct ov_buf *b, const struct shape *s, unsigned name,
                        unsigned type, uint64_t at, uint64_t size)
{
    put(b, s, 4, name);
    put(b, s, 4, type);
    put_word(b, s, 0);      /* flags */
    put_word(b, s, 0x8000); /* address */
    put_word(b, s, at);
    put_word(b, s, size);
    put(b, s, 4, 1); /* link: the strings */
    put(b, s, 4, 0);
    put_word(b, s, 0);
    put_word(b, s, 0);
}

/* name, and whether it is an imported function */
static void put_symbol(struct ov_buf *b, const struct shape *s, unsigned name,
                       bool is_import)
{
    put(b, s, 4, name);
    if (!s->is_64) {
        put(b, s, 4, 0x11);
        put(b, s, 4, 0x22);
    }
    ov_put_u8(b, 1 << 4 | 2); /* global function */
    ov_put_u8(b, is_import ? 0 : 2);
    put(b, s, 2, is_import ? 0 : 1);
    if (s->is_64) {
        put(b, s, 8, 0x11);
        put(b, s, 8, 0x22);
    }
}

#define STRINGS_AT 0x100
#define SYMBOLS_AT 0x180
#define DYNAMIC_AT 0x200
#define SECTIONS_AT 0x300
#define N_SECTIONS 4

/* A dynamic segment of two entries; strings, code, two symbols. */
static void make_elf(struct ov_buf *b, const struct shape *s)
{
    static const char strings[] = "\0.code\0beta\0Alpha";
    uint64_t header = s->is_64 ? 64 : 52;

    ov_put_str(b, "\x7f"
                  "ELF");
    ov_put_u8(b, s->is_64 ? 2 : 1);
    ov_put_u8(b, s->is_le ? 1 : 2);
    ov_put_u8(b, 1);
    ov_put_u8(b, 3);
    make_zeros(b, 16);
    put(b, s, 2, 3); /* shared object: entry by sections */
    put(b, s, 2, 62);
    put(b, s, 4, 1);
    put_word(b, s, 0x8005);
    put_word(b, s, header);
    put_word(b, s, SECTIONS_AT);
    put(b, s, 4, 0);
    put(b, s, 2, header);
    put(b, s, 2, s->is_64 ? 56 : 32);
    put(b, s, 2, 1);
    put(b, s, 2, s->is_64 ? 64 : 40);
    put(b, s, 2, N_SECTIONS);
    put(b, s, 2, 1);
    put(b, s, 4, 2); /* PT_DYNAMIC */
    if (s->is_64)
        put(b, s, 4, 6);
    put_word(b, s, DYNAMIC_AT);
    for (unsigned i = 0; i < 4; i++)
        put_word(b, s, 0x9000 + i);
    if (!s->is_64)
        put(b, s, 4, 6);
    put_word(b, s, 8);
    make_zeros(b, STRINGS_AT);
    ov_put_span(b, ov_span_of(strings, sizeof(strings)));
    make_zeros(b, SYMBOLS_AT);
    put_symbol(b, s, 12, true);
    put_symbol(b, s, 7, true);
    put_symbol(b, s, 200, false);
    make_zeros(b, DYNAMIC_AT);
    put_word(b, s, 1);
    put_word(b, s, 77);
    put_word(b, s, 0);
    put_word(b, s, 0);
    put_word(b, s, 5); /* behind the end */
    make_zeros(b, SECTIONS_AT);
    put_section(b, s, 0, 0, 0, 0);
    put_section(b, s, 0, 3, STRINGS_AT, sizeof(strings));
    put_section(b, s, 1, 1, 0x40, 0x20);
    put_section(b, s, 999, 11, SYMBOLS_AT, s->is_64 ? 72 : 48);
}

static void both_widths_and_byte_orders_have_the_same_values(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
        struct shape s = {i & 1, i & 2};
        struct module_case c = {0};
        struct ov_datum value;

        make_elf(&b, &s);
        open_module(&c, "elf", ov_buf_span(&b));
        assert_number(value_at(&c, "type"), 3);
        assert_number(value_at(&c, "osabi"), 3);
        assert_number(value_at(&c, "EM_X86_64"), 62);
        assert_number(value_at(&c, "entry_point"), STRINGS_AT + 5);
        assert_number(value_at(&c, "number_of_sections"), N_SECTIONS);
        assert_text(value_at(&c, "sections[2].name"), ".code");
        assert_number(value_at(&c, "sections[2].size"), 0x20);
        assert_int_equal(value_at(&c, "sections[3].name").kind,
                         OV_DATUM_UNDEFINED);
        assert_number(value_at(&c, "segments[0].flags"), 6);
        assert_number(value_at(&c, "segments[0].memory_size"), 0x9003);
        assert_number(value_at(&c, "segments[0].alignment"), 8);
        assert_number(value_at(&c, "dynamic_section_entries"), 2);
        assert_number(value_at(&c, "dynamic[0].val"), 77);
        assert_int_equal(value_at(&c, "dynamic[2].val").kind,
                         OV_DATUM_UNDEFINED);
        assert_number(value_at(&c, "dynsym_entries"), 3);
        assert_text(value_at(&c, "dynsym[0].name"), "Alpha");
        assert_number(value_at(&c, "dynsym[0].value"), 0x11);
        assert_number(value_at(&c, "dynsym[0].size"), 0x22);
        assert_number(value_at(&c, "dynsym[0].bind"), 1);
        assert_number(value_at(&c, "dynsym[0].type"), 2);
        assert_number(value_at(&c, "dynsym[2].shndx"), 1);
        assert_number(value_at(&c, "dynsym[2].visibility"), 2);
        assert_int_equal(value_at(&c, "dynsym[2].name").kind,
                         OV_DATUM_UNDEFINED);
        assert_int_equal(value_at(&c, "symtab_entries").kind,
                         OV_DATUM_UNDEFINED);
        /* MD5 of "alpha,beta" */
        assert_int_equal(call_form(&c, "import_md5", "", NULL, &value), OV_OK);
        assert_text(value, "c8fbb1c3b7e8f755c60cac6b63724700");
        assert_int_equal(call_form(&c, "telfhash", "", NULL, &value), OV_OK);
        assert_int_equal(value.kind, OV_DATUM_UNDEFINED);
        close_module(&c);
    }
}

static void other_files_have_no_values(void **state)
{
    struct module_case c = {0};
    struct ov_datum value;

    (void)state;
    open_module(&c, "elf",
                OV_SPAN_LIT("\x7f"
                            "ELF but not really"));
    assert_int_equal(value_at(&c, "type").kind, OV_DATUM_UNDEFINED);
    assert_int_equal(value_at(&c, "sections[0]").kind, OV_DATUM_UNDEFINED);
    assert_number(value_at(&c, "ET_EXEC"), 2);
    assert_int_equal(call_form(&c, "import_md5", "", NULL, &value), OV_OK);
    assert_int_equal(value.kind, OV_DATUM_UNDEFINED);
    close_module(&c);
}

static void every_record_costs(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct shape s = {true, true};
    struct module_case c = {0};
    struct ov_datum value;

    (void)state;
    make_elf(&b, &s);
    open_module(&c, "elf", ov_buf_span(&b));
    c.budget.limit[OV_COST_STEPS] = c.budget.spent[OV_COST_STEPS] + 10;
    assert_int_equal(call_form(&c, "import_md5", "", NULL, &value),
                     OV_LIMIT_WORK);
    close_module(&c);
}

/* The digests are those of the reference implementation's version 3, which has
 * no "T1" in front. */
static void similar_bytes_have_similar_digests(void **state)
{
    static const char text[] =
        "hello world this is a test of fifty bytes or more, ok"
        "hello world this is a test of fifty bytes or more, ok"
        "hello world this is a test of fifty bytes or more, ok"
        "hello world this is a test of fifty bytes or more, ok"
        "hello world this is a test of fifty bytes or more, ok";
    static const char expected[] = "T194D0025691D69AD4C62D40C0071096411359C0654"
                                   "B31608879483C3572BFDA934F8D54";
    char digest[OV_TLSH_CHARS];

    (void)state;
    assert_true(ov_tlsh(ov_span_of(text, sizeof(text) - 1), digest));
    assert_memory_equal(digest, expected, OV_TLSH_CHARS);
    assert_false(ov_tlsh(ov_span_of(text, 49), digest));
}

static void bytes_without_variety_have_no_digest(void **state)
{
    uint8_t same[500] = {0};
    char digest[OV_TLSH_CHARS];

    (void)state;
    assert_false(ov_tlsh(ov_span_of(same, sizeof(same)), digest));
}

static enum ov_status run_elf(void *arg)
{
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_module_input in = {.bytes = ov_buf_span((struct ov_buf *)arg),
                                 .arena = arena,
                                 .budget = &budget};
    const struct ov_module *module = ov_module_find(OV_SPAN_LIT("elf"));
    struct module_case c = {0};
    struct ov_datum value;

    if (arena == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_module_begin(module, &in, &c.run));
    for (uint32_t i = 0; i < module->root.n_fields; i++)
        OV_TRY(ov_module_get(c.run, i, &value));
    OV_TRY(call_form(&c, "telfhash", "", NULL, &value));
    return call_form(&c, "import_md5", "", NULL, &value);
}

static void each_failed_allocation_ends_well(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct shape s = {true, false};

    (void)state;
    make_elf(&b, &s);
    assert_true(ov_torture(run_elf, &b) > 0);
}

OV_TEST_MAIN(OV_TEST(both_widths_and_byte_orders_have_the_same_values),
             OV_TEST(other_files_have_no_values), OV_TEST(every_record_costs),
             OV_TEST(similar_bytes_have_similar_digests),
             OV_TEST(bytes_without_variety_have_no_digest),
             OV_TEST(each_failed_allocation_ends_well))
