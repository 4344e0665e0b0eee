/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/dex.h"
#include "make_exe.h"
#include "match/re.h"
#include "module_help.h"
#include "torture.h"

/* The reader of Dalvik executables and the module over it. tests/oracle
 * compares every field with yara's; here is one small file by hand: one class
 * with a static field, and a method with code. */

#define N_STRINGS 4u
#define STRINGS_AT 0x70u
#define TYPES_AT (STRINGS_AT + 4 * N_STRINGS)
#define PROTOS_AT (TYPES_AT + 8)
#define FIELDS_AT (PROTOS_AT + 12)
#define METHODS_AT (FIELDS_AT + 8)
#define CLASSES_AT (METHODS_AT + 8)
#define TEXT_AT 0x200u
#define CLASS_AT 0x280u
#define CODE_AT 0x300u
#define MAP_AT 0x340u

static void put_table(struct ov_buf *b, uint32_t n, uint32_t at)
{
    ov_put_u32(b, n);
    ov_put_u32(b, at);
}

static void put_header(struct ov_buf *b)
{
    ov_put_str(b, "dex\n035");
    make_zeros(b, 8);
    ov_put_u32(b, 0x1234);
    ov_put_str(b, "signature");
    make_zeros(b, 0x20);
    ov_put_u32(b, 0x400);
    ov_put_u32(b, 0x70);
    ov_put_u32(b, 0x12345678);
    put_table(b, 0, 0); /* link */
    ov_put_u32(b, MAP_AT);
    put_table(b, N_STRINGS, STRINGS_AT);
    put_table(b, 2, TYPES_AT);
    put_table(b, 1, PROTOS_AT);
    put_table(b, 1, FIELDS_AT);
    put_table(b, 1, METHODS_AT);
    put_table(b, 1, CLASSES_AT);
    put_table(b, 0x200, 0x200);
}

static void make_dex(struct ov_buf *b)
{
    static const char *const texts[N_STRINGS] = {"LFoo;", "V", "bar", "baz"};

    put_header(b);
    for (uint32_t i = 0; i < N_STRINGS; i++)
        ov_put_u32(b, TEXT_AT + 16 * i);
    ov_put_u32(b, 0); /* types: LFoo; V */
    ov_put_u32(b, 1);
    ov_put_u32(b, 1); /* prototype: V, V */
    ov_put_u32(b, 1);
    ov_put_u32(b, 0);
    ov_put_u16(b, 0); /* field: LFoo;.bar, of type V */
    ov_put_u16(b, 1);
    ov_put_u32(b, 2);
    ov_put_u16(b, 0); /* method: LFoo;.baz */
    ov_put_u16(b, 0);
    ov_put_u32(b, 3);
    for (unsigned i = 0; i < 8; i++) /* the class */
        ov_put_u32(b, i == 6 ? CLASS_AT : i);
    for (uint32_t i = 0; i < N_STRINGS; i++) {
        make_zeros(b, TEXT_AT + 16 * i);
        ov_put_u8(b, (uint8_t)strlen(texts[i]));
        ov_put_str(b, texts[i]);
    }
    make_zeros(b, CLASS_AT);
    ov_put_span(b, OV_SPAN_LIT("\1\0\0\1\0\x8\0\x81\x80\4\x80\6"));
    make_zeros(b, CODE_AT);
    ov_put_u16(b, 3);
    make_zeros(b, CODE_AT + 12);
    ov_put_u32(b, 2);
    ov_put_str(b, "code");
    make_zeros(b, MAP_AT);
    ov_put_u32(b, 1);
    ov_put_u16(b, 0x1000);
    ov_put_u16(b, 0);
    put_table(b, 1, MAP_AT);
    make_zeros(b, 0x400);
}

static void tables_and_classes_have_values(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct module_case c = {0};

    (void)state;
    make_dex(&b);
    open_module(&c, "dex", ov_buf_span(&b));
    assert_text(value_at(&c, "DEX_FILE_MAGIC_039"), "dex\n039");
    assert_text(value_at(&c, "header.magic"), "dex\n035");
    assert_text(value_at(&c, "header.signature"), "signature");
    assert_number(value_at(&c, "header.checksum"), 0x1234);
    assert_number(value_at(&c, "header.data_offset"), 0x200);
    assert_text(value_at(&c, "string_ids[3].value"), "baz");
    assert_number(value_at(&c, "type_ids[1].descriptor_idx"), 1);
    assert_number(value_at(&c, "proto_ids[0].return_type_idx"), 1);
    assert_number(value_at(&c, "field_ids[0].name_idx"), 2);
    assert_number(value_at(&c, "map_list.map_item[0].type"), 0x1000);
    assert_number(value_at(&c, "class_defs[0].class_data_offset"), CLASS_AT);
    assert_number(value_at(&c, "class_data_item[0].virtual_methods_size"), 1);
    assert_number(value_at(&c, "number_of_fields"), 1);
    assert_text(value_at(&c, "field[0].class_name"), "LFoo;");
    assert_text(value_at(&c, "field[0].name"), "bar");
    assert_text(value_at(&c, "field[0].proto"), "V");
    assert_number(value_at(&c, "field[0].static"), 1);
    assert_number(value_at(&c, "number_of_methods"), 1);
    assert_text(value_at(&c, "method[0].name"), "baz");
    assert_number(value_at(&c, "method[0].access_flags"), 0x10001);
    assert_number(value_at(&c, "method[0].virtual"), 1);
    assert_number(value_at(&c, "method[0].code_item.registers_size"), 3);
    assert_text(value_at(&c, "method[0].code_item.insns"), "code");
    close_module(&c);
}

static int64_t ask(struct module_case *c, const char *name, const char *letters,
                   struct ov_datum first, struct ov_datum second)
{
    struct ov_datum arguments[] = {first, second};
    struct ov_datum value;

    assert_int_equal(call_form(c, name, letters, arguments, &value), OV_OK);
    assert_int_equal(value.kind, OV_DATUM_INTEGER);
    return value.number;
}

static struct ov_datum regex(struct ov_buf *code, const char *source)
{
    assert_int_equal(ov_re_compile(ov_span_str(source), 0, code, NULL), OV_OK);
    return (struct ov_datum){.kind = OV_DATUM_REGEX, .text = ov_buf_span(code)};
}

static void methods_are_found_by_name_and_by_expression(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    OV_AUTO_DONE(buf) code = ov_buf_with_max(1 << 16);
    OV_AUTO_DONE(buf) other = ov_buf_with_max(1 << 16);
    struct ov_datum foo = ov_datum_text(OV_SPAN_LIT("LFoo;"));
    struct ov_datum baz = ov_datum_text(OV_SPAN_LIT("baz"));
    struct ov_datum ba, zz;
    struct module_case c = {0};

    (void)state;
    make_dex(&b);
    open_module(&c, "dex", ov_buf_span(&b));
    ba = regex(&code, "^ba.$");
    zz = regex(&other, "F(o)+;");
    assert_int_equal(ask(&c, "has_method", "s", baz, baz), 1);
    assert_int_equal(ask(&c, "has_method", "s", foo, foo), 0);
    assert_int_equal(ask(&c, "has_method", "ss", foo, baz), 1);
    assert_int_equal(ask(&c, "has_method", "ss", baz, baz), 0);
    assert_int_equal(ask(&c, "has_class", "s", foo, foo), 1);
    assert_int_equal(ask(&c, "has_class", "s", baz, baz), 0);
    assert_int_equal(ask(&c, "has_method", "r", ba, ba), 1);
    assert_int_equal(ask(&c, "has_method", "rr", zz, ba), 1);
    assert_int_equal(ask(&c, "has_method", "rr", ba, zz), 0);
    assert_int_equal(ask(&c, "has_class", "r", zz, zz), 1);
    close_module(&c);
}

static void what_is_behind_a_damaged_table_is_undefined(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct module_case c = {0};

    (void)state;
    make_dex(&b);
    b.ptr[0x4f] = 0xff; /* the number of prototypes */
    open_module(&c, "dex", ov_buf_span(&b));
    assert_text(value_at(&c, "string_ids[0].value"), "LFoo;");
    assert_number(value_at(&c, "type_ids[0].descriptor_idx"), 0);
    assert_int_equal(value_at(&c, "proto_ids[0]").kind, OV_DATUM_UNDEFINED);
    assert_int_equal(value_at(&c, "field_ids[0]").kind, OV_DATUM_UNDEFINED);
    assert_int_equal(value_at(&c, "number_of_methods").kind,
                     OV_DATUM_UNDEFINED);
    close_module(&c);
}

static void long_numbers_lose_what_does_not_fit(void **state)
{
    struct ov_reader r =
        ov_reader_over(OV_SPAN_LIT("\xff\xff\xff\xff\x7f\x80"));
    uint32_t value = 0;

    (void)state;
    assert_true(ov_dex_uleb128(&r, &value));
    assert_int_equal(value, 0xffffffff);
    assert_false(ov_dex_uleb128(&r, &value));
}

static enum ov_status run_dex(void *arg)
{
    OV_AUTO(arena) arena = ov_arena_new(1 << 22);
    struct ov_budget budget = ov_budget_default();
    struct ov_module_input in = {.bytes = ov_buf_span((struct ov_buf *)arg),
                                 .arena = arena,
                                 .budget = &budget};
    const struct ov_module *module = ov_module_find(OV_SPAN_LIT("dex"));
    struct ov_module_run *run;
    struct ov_datum value;

    if (arena == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_module_begin(module, &in, &run));
    for (uint32_t i = 0; i < module->root.n_fields; i++)
        OV_TRY(ov_module_get(run, i, &value));
    return OV_OK;
}

static void each_failed_allocation_ends_well(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);

    (void)state;
    make_dex(&b);
    assert_true(ov_torture(run_dex, &b) > 0);
}

OV_TEST_MAIN(OV_TEST(tables_and_classes_have_values),
             OV_TEST(methods_are_found_by_name_and_by_expression),
             OV_TEST(what_is_behind_a_damaged_table_is_undefined),
             OV_TEST(long_numbers_lose_what_does_not_fit),
             OV_TEST(each_failed_allocation_ends_well))
