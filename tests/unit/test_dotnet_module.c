/* SPDX-License-Identifier: Apache-2.0 */
#include "make_exe.h"
#include "module_help.h"

#define AT(address) (0x400 + (address)-0x1000)

/* Places of names in the heap of strings. */
static const char strings[] =
    "\0<Module>\0Space\0Outer\0Inner`1\0Run\0list\0T\0"
    "me.dll\0me\0System\0Object\0mscorlib\0List`1";

static uint16_t name(const char *word)
{
    size_t i = 0;

    while (strcmp(strings + i, word) != 0)
        i += strlen(strings + i) + 1;
    assert_true(i < sizeof(strings));
    return (uint16_t)i;
}

static void put_words(struct ov_buf *b, const uint16_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ov_put_u16(b, words[i]);
}

#define PUT_WORDS(b, ...)                                                      \
    put_words(b, (uint16_t[]){__VA_ARGS__},                                    \
              sizeof((uint16_t[]){__VA_ARGS__}) / 2)

/* The tables: a module, two references to types, three classes (one of them
 * for what is in no class, one inside of the other, with a generic parameter),
 * a method, an assembly and one it refers to. */
static void put_tables(struct ov_buf *b)
{
    static const uint64_t valid = 1ull << 0 | 1ull << 1 | 1ull << 2 |
                                  1ull << 6 | 1ull << 8 | 1ull << 0x20 |
                                  1ull << 0x23 | 1ull << 0x29 | 1ull << 0x2a;

    ov_put_u32(b, 0);
    ov_put_u32(b, 2); /* version; all heaps are small */
    ov_put_u64(b, valid);
    ov_put_u64(b, 0);
    for (size_t i = 0; i < 9; i++)
        ov_put_u32(b, (uint32_t[]){1, 2, 3, 1, 1, 1, 1, 1, 1}[i]);
    PUT_WORDS(b, 0, name("me.dll"), 1, 0, 0);
    PUT_WORDS(b, 6, name("Object"), name("System"));
    PUT_WORDS(b, 6, name("List`1"), name("System"));
    PUT_WORDS(b, 0, 0, name("<Module>"), 0, 0, 1, 1);
    PUT_WORDS(b, 0x81, 0, name("Outer"), name("Space"), 1 << 2 | 1, 1, 1);
    PUT_WORDS(b, 2, 0, name("Inner`1"), 0, 2 << 2, 1, 1);
    PUT_WORDS(b, 0x3000, 0, 0, 0x16, name("Run"), 1, 1);
    PUT_WORDS(b, 0, 1, name("list"));
    PUT_WORDS(b, 0, 0, 7, 6, 5, 4, 0, 0, 0, name("me"), 0);
    PUT_WORDS(b, 4, 3, 2, 1, 0, 0, 20, name("mscorlib"), 0, 0);
    PUT_WORDS(b, 3, 2);
    PUT_WORDS(b, 0, 0, 3 << 1, name("T"));
}

static void put_stream(struct ov_buf *b, uint32_t offset, uint32_t size,
                       const char *word)
{
    ov_put_u32(b, offset);
    ov_put_u32(b, size);
    ov_put_str(b, word);
    for (size_t i = strlen(word) % 4; i < 4; i++)
        ov_put_u8(b, 0);
}

static void make(struct ov_buf *b)
{
    static const struct make_pe_section section = {0x1000, 0x1000, 0x400,
                                                   0x1000};
    struct make_pe m = {
        .entry = 0x1010,
        .file_alignment = 0x200,
        .section_alignment = 0x1000,
        .sections = &section,
        .n_sections = 1,
        .directories = {[14] = {0x1000, 72}},
    };

    make_pe_headers(b, &m);
    make_zeros(b, 0x400);
    ov_put_u32(b, 72);
    ov_put_u32(b, 0);
    ov_put_u32(b, 0x1100); /* metadata */
    make_zeros(b, AT(0x1100));
    ov_put_str(b, "BSJB");
    ov_put_u64(b, 0);
    ov_put_u32(b, 12);
    make_zeros(b, b->len + 12);
    memcpy(b->ptr + b->len - 12, "v4.0.30319", 10);
    ov_put_u16(b, 0);
    ov_put_u16(b, 5);
    put_stream(b, 0x100, 0x200, "#~");
    put_stream(b, 0x300, sizeof(strings), "#Strings");
    put_stream(b, 0x400, 64, "#Blob");
    put_stream(b, 0x500, 16, "#GUID");
    put_stream(b, 0x600, 8, "#US");
    make_zeros(b, AT(0x1200));
    put_tables(b);
    make_zeros(b, AT(0x1400));
    ov_put_span(b, ov_span_of(strings, sizeof(strings)));
    make_zeros(b, AT(0x1500) + 1);
    /* int Run(List<string>[]) */
    ov_put_span(b, OV_SPAN_LIT("\x09\x20\x01\x08\x1d\x15\x12\x09\x01\x0e"));
    make_zeros(b, AT(0x1500) + 20);
    ov_put_span(b, OV_SPAN_LIT("\x03key"));
    make_zeros(b, AT(0x1600));
    ov_put_span(b, OV_SPAN_LIT("\x01\x02\x03\x04\x05\x06\x07\x08"));
    make_zeros(b, AT(0x1700));
    ov_put_span(b, OV_SPAN_LIT("\0\x05h\0i\0\0"));
    make_zeros(b, 0x1400);
}

static void reads_the_assembly(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct module_case c = {0};

    (void)state;
    make(&b);
    open_module(&c, "dotnet", ov_buf_span(&b));
    assert_number(value_at(&c, "is_dotnet"), 1);
    assert_text(value_at(&c, "version"), "v4.0.30319");
    assert_text(value_at(&c, "module_name"), "me.dll");
    assert_number(value_at(&c, "number_of_streams"), 5);
    assert_text(value_at(&c, "streams[3].name"), "#GUID");
    assert_number(value_at(&c, "streams[3].offset"), AT(0x1600));
    assert_text(value_at(&c, "guids[0]"),
                "04030201-0605-0807-0000-000000000000");
    assert_text(value_at(&c, "assembly.name"), "me");
    assert_number(value_at(&c, "assembly.version.major"), 7);
    assert_number(value_at(&c, "assembly.version.revision_number"), 4);
    assert_number(value_at(&c, "number_of_assembly_refs"), 1);
    assert_text(value_at(&c, "assembly_refs[0].name"), "mscorlib");
    assert_text(value_at(&c, "assembly_refs[0].public_key_or_token"), "key");
    assert_number(value_at(&c, "number_of_user_strings"), 1);
    assert_int_equal(value_at(&c, "user_strings[0]").text.len, 4);
    assert_int_equal(value_at(&c, "number_of_resources").kind,
                     OV_DATUM_UNDEFINED);
    close_module(&c);
}

static void reads_classes(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct module_case c = {0};

    (void)state;
    make(&b);
    open_module(&c, "dotnet", ov_buf_span(&b));
    assert_number(value_at(&c, "number_of_classes"), 2);
    assert_text(value_at(&c, "classes[0].fullname"), "Space.Outer");
    assert_text(value_at(&c, "classes[0].visibility"), "public");
    assert_number(value_at(&c, "classes[0].abstract"), 1);
    assert_text(value_at(&c, "classes[0].base_types[0]"), "System.Object");
    assert_number(value_at(&c, "classes[0].number_of_methods"), 0);
    assert_text(value_at(&c, "classes[1].fullname"), "Space.Outer.Inner");
    assert_text(value_at(&c, "classes[1].name"), "Inner");
    assert_text(value_at(&c, "classes[1].base_types[0]"), "Space.Outer");
    assert_text(value_at(&c, "classes[1].generic_parameters[0]"), "T");
    assert_number(value_at(&c, "classes[1].number_of_methods"), 1);
    assert_text(value_at(&c, "classes[1].methods[0].name"), "Run");
    assert_text(value_at(&c, "classes[1].methods[0].return_type"), "int");
    assert_number(value_at(&c, "classes[1].methods[0].static"), 1);
    assert_text(value_at(&c, "classes[1].methods[0].parameters[0].name"),
                "list");
    assert_text(value_at(&c, "classes[1].methods[0].parameters[0].type"),
                "System.List<string>[]");
    close_module(&c);
}

static void passes_over_what_it_cannot_read(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct module_case c = {0};

    (void)state;
    make(&b);
    b.ptr[AT(0x1500) + 6] = 0x77; /* no kind of type */
    open_module(&c, "dotnet", ov_buf_span(&b));
    assert_number(value_at(&c, "classes[1].number_of_methods"), 0);
    close_module(&c);
}

static void knows_nothing_of_other_files(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct module_case c = {0};

    (void)state;
    make(&b);
    b.ptr[AT(0x1100)] = 'X';
    open_module(&c, "dotnet", ov_buf_span(&b));
    assert_number(value_at(&c, "is_dotnet"), 0);
    assert_int_equal(value_at(&c, "version").kind, OV_DATUM_UNDEFINED);
    assert_int_equal(value_at(&c, "number_of_classes").kind,
                     OV_DATUM_UNDEFINED);
    close_module(&c);
}

OV_TEST_MAIN(OV_TEST(reads_the_assembly), OV_TEST(reads_classes),
             OV_TEST(passes_over_what_it_cannot_read),
             OV_TEST(knows_nothing_of_other_files))
