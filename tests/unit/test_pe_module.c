/* SPDX-License-Identifier: Apache-2.0 */
#include "make_exe.h"
#include "match/re.h"
#include "module_help.h"

#define AT(address) (0x400 + (address)-0x1000)

static void set(struct ov_buf *b, uint32_t address, const void *bytes,
                size_t len)
{
    assert_true(AT(address) + len <= b->len);
    memcpy(b->ptr + AT(address), bytes, len);
}

static void set_words(struct ov_buf *b, uint32_t address, const uint32_t *words,
                      size_t n)
{
    set(b, address, words, n * sizeof(*words));
}

/* One section of 0x1000 bytes at address 0x1000, in it: imports of two
 * libraries, three exports, a path of debug information, one resource, and 7
 * bytes behind it. */
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
        .directories = {[0] = {0x1300, 0x100},
                        [1] = {0x1100, 60},
                        [2] = {0x1500, 0x100},
                        [6] = {0x1600, 28}},
    };

    make_pe_headers(b, &m);
    make_zeros(b, 0x1400);
    ov_put_str(b, "overlay");

    set_words(b, 0x1100, (uint32_t[]){0x1180, 0, 0, 0x1140, 0x1190}, 5);
    set_words(b, 0x1114, (uint32_t[]){0, 0, 0, 0x1150, 0x11a0}, 5);
    set(b, 0x1140, "One.dll", 8);
    set(b, 0x1150, "WS2_32.dll", 11);
    set_words(b, 0x1180, (uint32_t[]){0x11c0, 0x11d0, 0}, 3);
    set_words(b, 0x11a0, (uint32_t[]){0x80000001, 0x80007777, 0}, 3);
    set(b, 0x11c2, "First", 6);
    set(b, 0x11d2, "bad name", 9);

    set_words(b, 0x1300,
              (uint32_t[]){0, 99, 0, 0x1330, 5, 3, 2, 0x1340, 0x1350, 0x1360},
              10);
    set(b, 0x1330, "me.dll", 7);
    set_words(b, 0x1340, (uint32_t[]){0x1010, 0x1370, 0x9000}, 3);
    set_words(b, 0x1350, (uint32_t[]){0x1380, 0x1390}, 2);
    set(b, 0x1360, (uint16_t[]){1, 0, 9}, 6);
    set(b, 0x1370, "other.Func", 11);
    set(b, 0x1380, "forwarded", 10);
    set(b, 0x1390, "plain", 6);

    for (uint32_t i = 0; i < 3; i++) {
        set(b, 0x150e + i * 24, (uint16_t[]){1}, 2);
        set_words(b, 0x1510 + i * 24,
                  (uint32_t[]){i == 2 ? 0x409 : 7,
                               i == 2 ? 0x50 : 0x80000000 + (i + 1) * 24},
                  2);
    }
    set_words(b, 0x1550, (uint32_t[]){0x1580, 5}, 2);

    set_words(b, 0x160c, (uint32_t[]){2, 0x30, 0x1620}, 3);
    set(b, 0x1620, "RSDS", 4);
    set(b, 0x1638, "c:\\x.pdb", 9);
}

static struct ov_datum text(const char *word)
{
    return ov_datum_text(ov_span_str(word));
}

static void assert_call(struct module_case *c, const char *name,
                        const char *letters, const struct ov_datum *arguments,
                        int64_t expected)
{
    struct ov_datum value;

    assert_int_equal(call_form(c, name, letters, arguments, &value), OV_OK);
    assert_number(value, expected);
}

static void assert_no_call(struct module_case *c, const char *name,
                           const char *letters,
                           const struct ov_datum *arguments)
{
    struct ov_datum value = {.kind = OV_DATUM_FLOAT};

    assert_int_equal(call_form(c, name, letters, arguments, &value), OV_OK);
    assert_int_equal(value.kind, OV_DATUM_UNDEFINED);
}

static void reads_headers_and_sections(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct module_case c = {0};

    (void)state;
    make(&b);
    open_module(&c, "pe", ov_buf_span(&b));
    assert_number(value_at(&c, "is_pe"), 1);
    assert_number(value_at(&c, "machine"), 0x14c);
    assert_number(value_at(&c, "entry_point"), 0x410);
    assert_number(value_at(&c, "entry_point_raw"), 0x1010);
    assert_text(value_at(&c, "sections[0].name"), ".sect");
    assert_number(value_at(&c, "sections[0].raw_data_offset"), 0x400);
    assert_number(value_at(&c, "overlay.offset"), 0x1400);
    assert_number(value_at(&c, "overlay.size"), 7);
    assert_number(value_at(&c, "data_directories[1].virtual_address"), 0x1100);
    assert_text(value_at(&c, "pdb_path"), "c:\\x.pdb");
    assert_int_equal(value_at(&c, "rich_signature.key").kind,
                     OV_DATUM_UNDEFINED);
    close_module(&c);
}

static void reads_imports(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct module_case c = {0};
    struct ov_datum hash;

    (void)state;
    make(&b);
    open_module(&c, "pe", ov_buf_span(&b));
    assert_number(value_at(&c, "number_of_imports"), 2);
    assert_number(value_at(&c, "number_of_imported_functions"), 3);
    assert_text(value_at(&c, "import_details[0].library_name"), "One.dll");
    assert_number(value_at(&c, "import_details[0].number_of_functions"), 1);
    assert_number(value_at(&c, "import_details[0].functions[0].rva"), 0x1190);
    assert_text(value_at(&c, "import_details[1].functions[0].name"), "accept");
    assert_number(value_at(&c, "import_details[1].functions[1].ordinal"),
                  0x7777);
    assert_call(&c, "imports", "ss",
                (struct ov_datum[]){text("one.DLL"), text("FIRST")}, 1);
    assert_call(&c, "imports", "ss",
                (struct ov_datum[]){text("one.dll"), text("accept")}, 0);
    assert_call(&c, "imports", "s", (struct ov_datum[]){text("ws2_32.dll")}, 2);
    assert_call(&c, "imports", "isi",
                (struct ov_datum[]){ov_datum_integer(2), text("ws2_32.dll"),
                                    ov_datum_integer(1)},
                0);
    assert_call(&c, "import_rva", "si",
                (struct ov_datum[]){text("ws2_32.dll"), ov_datum_integer(1)},
                0x11a0);
    assert_no_call(&c, "import_rva", "ss",
                   (struct ov_datum[]){text("ws2_32.dll"), text("no")});
    assert_int_equal(call_form(&c, "imphash", "", NULL, &hash), OV_OK);
    /* MD5 of "one.first,ws2_32.accept,ws2_32.ord30583" */
    assert_text(hash, "3c4ea6209c161bc064ac1b8f3de600ff");
    close_module(&c);
}

static void finds_imports_by_expressions(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    OV_AUTO_DONE(buf) all = ov_buf_with_max(1 << 16);
    OV_AUTO_DONE(buf) acc = ov_buf_with_max(1 << 16);
    struct ov_datum arguments[3] = {ov_datum_integer(1)};
    struct module_case c = {0};

    (void)state;
    make(&b);
    assert_int_equal(ov_re_compile(OV_SPAN_LIT("."), 0, &all, NULL), OV_OK);
    assert_int_equal(ov_re_compile(OV_SPAN_LIT("^acc"), 0, &acc, NULL), OV_OK);
    arguments[1] =
        (struct ov_datum){.kind = OV_DATUM_REGEX, .text = ov_buf_span(&all)};
    arguments[2] = arguments[1];
    open_module(&c, "pe", ov_buf_span(&b));
    assert_call(&c, "imports", "rr", arguments + 1, 3);
    assert_call(&c, "exports", "r", arguments + 1, 1);
    arguments[2].text = ov_buf_span(&acc);
    assert_call(&c, "imports", "irr", arguments, 1);
    assert_call(&c, "exports", "r", arguments + 2, 0);
    assert_no_call(&c, "exports_index", "r", arguments + 2);
    close_module(&c);
}

static void reads_exports(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct module_case c = {0};

    (void)state;
    make(&b);
    open_module(&c, "pe", ov_buf_span(&b));
    assert_number(value_at(&c, "number_of_exports"), 3);
    assert_number(value_at(&c, "export_timestamp"), 99);
    assert_text(value_at(&c, "dll_name"), "me.dll");
    assert_text(value_at(&c, "export_details[0].name"), "plain");
    assert_number(value_at(&c, "export_details[0].offset"), 0x410);
    assert_text(value_at(&c, "export_details[1].forward_name"), "other.Func");
    assert_number(value_at(&c, "export_details[1].ordinal"), 6);
    assert_int_equal(value_at(&c, "export_details[2].offset").kind,
                     OV_DATUM_UNDEFINED);
    assert_call(&c, "exports", "s", (struct ov_datum[]){text("PLAIN")}, 1);
    assert_call(&c, "exports", "i", (struct ov_datum[]){ov_datum_integer(6)},
                0); /* YARA looks only up to as many as there are */
    assert_call(&c, "exports_index", "s",
                (struct ov_datum[]){text("forwarded")}, 1);
    close_module(&c);
}

static void reads_resources(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct module_case c = {0};

    (void)state;
    make(&b);
    open_module(&c, "pe", ov_buf_span(&b));
    assert_number(value_at(&c, "number_of_resources"), 1);
    assert_number(value_at(&c, "resources[0].type"), 7);
    assert_number(value_at(&c, "resources[0].language"), 0x409);
    assert_number(value_at(&c, "resources[0].offset"), AT(0x1580));
    assert_number(value_at(&c, "resources[0].length"), 5);
    assert_call(&c, "language", "i", (struct ov_datum[]){ov_datum_integer(9)},
                1);
    assert_call(&c, "locale", "i", (struct ov_datum[]){ov_datum_integer(9)}, 0);
    close_module(&c);
}

static void functions_tell_of_the_file(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct module_case c = {0};

    (void)state;
    make(&b);
    open_module(&c, "pe", ov_buf_span(&b));
    assert_call(&c, "is_32bit", "", NULL, 1);
    assert_call(&c, "is_64bit", "", NULL, 0);
    assert_call(&c, "is_dll", "", NULL, 0);
    assert_call(&c, "section_index", "s", (struct ov_datum[]){text(".sect")},
                0);
    assert_call(&c, "section_index", "i",
                (struct ov_datum[]){ov_datum_integer(0x13ff)}, 0);
    assert_no_call(&c, "section_index", "i",
                   (struct ov_datum[]){ov_datum_integer(0x1400)});
    assert_call(&c, "rva_to_offset", "i",
                (struct ov_datum[]){ov_datum_integer(0x1010)}, 0x410);
    assert_no_call(&c, "rva_to_offset", "i",
                   (struct ov_datum[]){ov_datum_integer(0x2010)});
    close_module(&c);
}

static void knows_nothing_of_other_files(void **state)
{
    struct module_case c = {0};

    (void)state;
    open_module(&c, "pe", OV_SPAN_LIT("MZ, but no more than that"));
    assert_number(value_at(&c, "is_pe"), 0);
    assert_number(value_at(&c, "MACHINE_I386"), 0x14c);
    assert_int_equal(value_at(&c, "machine").kind, OV_DATUM_UNDEFINED);
    assert_int_equal(value_at(&c, "number_of_imports").kind,
                     OV_DATUM_UNDEFINED);
    assert_no_call(&c, "is_dll", "", NULL);
    assert_no_call(&c, "imphash", "", NULL);
    assert_no_call(&c, "imports", "s", (struct ov_datum[]){text("a.dll")});
    assert_no_call(&c, "calculate_checksum", "", NULL);
    close_module(&c);
}

OV_TEST_MAIN(OV_TEST(reads_headers_and_sections), OV_TEST(reads_imports),
             OV_TEST(finds_imports_by_expressions), OV_TEST(reads_exports),
             OV_TEST(reads_resources), OV_TEST(functions_tell_of_the_file),
             OV_TEST(knows_nothing_of_other_files))
