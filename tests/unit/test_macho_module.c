/* SPDX-License-Identifier: Apache-2.0 */
#include "make_exe.h"
#include "module_help.h"
#include "torture.h"

/* tests/oracle/modules.py compares every field with yara's; here is one file of
 * each kind by hand. */

#define X86_64 0x1000007u

static void put_name(struct ov_buf *b, const char *name)
{
    size_t from = b->len;

    ov_put_str(b, name);
    make_zeros(b, from + 16);
}

/* Little-endian, 64 bits: a segment with one section, and an entry point. */
static void make_file(struct ov_buf *b)
{
    ov_put_u32(b, 0xfeedfacf);
    ov_put_u32(b, X86_64);
    ov_put_u32(b, 3);
    ov_put_u32(b, 2);
    ov_put_u32(b, 2);
    ov_put_u32(b, 72 + 80 + 24);
    ov_put_u32(b, 0x200000);
    ov_put_u32(b, 7);
    ov_put_u32(b, 0x19);
    ov_put_u32(b, 72 + 80);
    put_name(b, "__TEXT");
    ov_put_u64(b, 0x100000000);
    ov_put_u64(b, 0x2000);
    ov_put_u64(b, 0);
    ov_put_u64(b, 0x1000);
    ov_put_u32(b, 7);
    ov_put_u32(b, 5);
    ov_put_u32(b, 1);
    ov_put_u32(b, 4);
    put_name(b, "0123456789abcdef");
    put_name(b, "__TEXT");
    ov_put_u64(b, 0x100000f00);
    ov_put_u64(b, 0x33);
    for (unsigned i = 0; i < 8; i++)
        ov_put_u32(b, 0xf00 + i);
    ov_put_u32(b, 0x80000028);
    ov_put_u32(b, 24);
    ov_put_u64(b, 0xf10);
    ov_put_u64(b, 0x8000);
}

static void put_be(struct ov_buf *b, uint32_t v)
{
    ov_put_u32(b, __builtin_bswap32(v));
}

/* Two files, the first of which lies behind the end. */
static void make_fat(struct ov_buf *b)
{
    put_be(b, 0xcafebabe);
    put_be(b, 2);
    for (unsigned i = 0; i < 2; i++) {
        put_be(b, i == 0 ? 7 : X86_64);
        put_be(b, 3);
        put_be(b, i == 0 ? 0x10000 : 0x100);
        put_be(b, 32 + 72 + 80 + 24);
        put_be(b, 12);
    }
    make_zeros(b, 0x100);
    make_file(b);
}

static void segments_sections_and_entry_have_values(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct module_case c = {0};

    (void)state;
    make_file(&b);
    open_module(&c, "macho", ov_buf_span(&b));
    assert_number(value_at(&c, "magic"), 0xfeedfacf);
    assert_number(value_at(&c, "MH_MAGIC_64"), 0xfeedfacf);
    assert_number(value_at(&c, "reserved"), 7);
    assert_number(value_at(&c, "number_of_segments"), 1);
    assert_text(value_at(&c, "segments[0].segname"), "__TEXT");
    assert_number(value_at(&c, "segments[0].vmaddr"), 0x100000000);
    assert_number(value_at(&c, "segments[0].fsize"), 0x1000);
    assert_number(value_at(&c, "segments[0].flags"), 4);
    assert_text(value_at(&c, "segments[0].sections[0].sectname"),
                "0123456789abcdef");
    assert_number(value_at(&c, "segments[0].sections[0].size"), 0x33);
    assert_number(value_at(&c, "segments[0].sections[0].reserved3"), 0xf07);
    assert_number(value_at(&c, "entry_point"), 0xf10);
    assert_number(value_at(&c, "stack_size"), 0x8000);
    assert_int_equal(value_at(&c, "nfat_arch").kind, OV_DATUM_UNDEFINED);
    close_module(&c);
}

static void universal_binaries_have_files(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct ov_datum arguments[] = {ov_datum_integer(X86_64),
                                   ov_datum_integer(3)};
    struct module_case c = {0};
    struct ov_datum value;

    (void)state;
    make_fat(&b);
    open_module(&c, "macho", ov_buf_span(&b));
    assert_number(value_at(&c, "fat_magic"), 0xcafebabe);
    assert_number(value_at(&c, "nfat_arch"), 2);
    assert_number(value_at(&c, "fat_arch[1].offset"), 0x100);
    assert_int_equal(value_at(&c, "file[0]").kind, OV_DATUM_UNDEFINED);
    assert_number(value_at(&c, "file[1].entry_point"), 0xf10);
    assert_int_equal(
        call_form(&c, "file_index_for_arch", "ii", arguments, &value), OV_OK);
    assert_number(value, 1);
    assert_int_equal(
        call_form(&c, "entry_point_for_arch", "i", arguments, &value), OV_OK);
    assert_number(value, 0x1010);
    arguments[0].number = 7;
    assert_int_equal(
        call_form(&c, "entry_point_for_arch", "i", arguments, &value), OV_OK);
    assert_int_equal(value.kind, OV_DATUM_UNDEFINED);
    arguments[0].number = 99;
    assert_int_equal(
        call_form(&c, "file_index_for_arch", "i", arguments, &value), OV_OK);
    assert_int_equal(value.kind, OV_DATUM_UNDEFINED);
    close_module(&c);
}

static enum ov_status run_macho(void *arg)
{
    OV_AUTO(arena) arena = ov_arena_new(1 << 22);
    struct ov_budget budget = ov_budget_default();
    struct ov_module_input in = {.bytes = ov_buf_span((struct ov_buf *)arg),
                                 .arena = arena,
                                 .budget = &budget};
    const struct ov_module *module = ov_module_find(OV_SPAN_LIT("macho"));
    struct ov_module_run *run;
    struct ov_datum value;

    if (arena == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_module_begin(module, &in, &run));
    return ov_module_get(run, 200 < module->root.n_fields ? 200 : 0, &value);
}

static void each_failed_allocation_ends_well(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);

    (void)state;
    make_fat(&b);
    assert_true(ov_torture(run_macho, &b) > 0);
}

OV_TEST_MAIN(OV_TEST(segments_sections_and_entry_have_values),
             OV_TEST(universal_binaries_have_files),
             OV_TEST(each_failed_allocation_ends_well))
