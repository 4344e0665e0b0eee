/* SPDX-License-Identifier: Apache-2.0
 *
 * xar archives made by hand; test_archive has those of libarchive. */
#include <zlib.h>

#include "unpack_help.h"

#define FILE(name, rest)                                                       \
    "<file id=\"1\"><name>" name "</name><type>file</type>" rest "</file>"
#define DATA(at, len)                                                          \
    "<data><offset>" at "</offset><length>" len "</length></data>"
#define TOC(files)                                                             \
    "<?xml version=\"1.0\"?>\n<xar> <toc><checksum style=\"sha1\"><size>20"    \
    "</size><offset>0</offset></checksum>" files "</toc></xar>\n"

static void put_be(struct ov_buf *b, uint64_t v, unsigned n)
{
    while (n-- > 0)
        ov_put_u8(b, (uint8_t)(v >> 8 * n));
}

static struct ov_buf made(const char *toc, struct ov_span heap)
{
    struct ov_buf b = ov_buf_with_max((size_t)1 << 20);
    uint8_t packed[4096];
    uLongf len = sizeof(packed);

    assert_int_equal(
        compress(packed, &len, (const Bytef *)toc, (uLong)strlen(toc)), Z_OK);
    ov_put_str(&b, "xar!");
    put_be(&b, 28, 2);
    put_be(&b, 1, 2);
    put_be(&b, len, 8);
    put_be(&b, strlen(toc), 8);
    put_be(&b, 1, 4);
    ov_put_span(&b, ov_span_of(packed, len));
    ov_put_span(&b, heap);
    return b;
}

static enum ov_status open_made(struct ov_opened *o, struct ov_buf *file,
                                const char *toc)
{
    *file = made(toc, OV_SPAN_LIT("0123456789abcdef"));
    return opened(o, OV_TYPE_XAR, ov_buf_span(file));
}

static void folders_are_in_the_names_of_members(void **state)
{
    static const char toc[] =
        TOC("<file id=\"1\"><name>a</name><type>directory</type>"
            "<file id=\"2\"><type>directory</type><name> b </name>" FILE(
                "&lt;c&gt;&amp;", DATA("1", "3"))
                FILE("d", "") "</file>" FILE(
                    "e", DATA("10", "2")) "</file>" FILE("f", DATA("0", "1")));
    struct ov_opened o;
    struct ov_buf file;

    (void)state;
    assert_int_equal(open_made(&o, &file, toc), OV_OK);
    expect_member(&o, "a/b/<c>&", "123");
    expect_member(&o, "a/b/d", "");
    expect_member(&o, "a/e", "ab");
    expect_member(&o, "f", "0");
    expect_end(&o);
    closed(&o);
    ov_buf_done(&file);
}

/* Extended attributes have names, offsets and lengths of their own; comments
 * and links have no bytes. */
static void what_is_no_file_is_left_out(void **state)
{
    static const char toc[] = TOC(
        "<!-- <file> a > b -->"
        "<file id=\"1\"><ea><name>com.apple</name><offset>5</offset>"
        "<length>9</length></ea>" DATA(
            "2",
            "2") "<name>x</name></file>"
                 "<file "
                 "id=\"2\"><name>l</name><type>symlink</type><link/></file>"
                 "<file id=\"3\"><name>h</name><type link=\"1\">hardlink</type>"
                 "</file>");
    struct ov_opened o;
    struct ov_buf file;

    (void)state;
    assert_int_equal(open_made(&o, &file, toc), OV_OK);
    expect_member(&o, "x", "23");
    expect_end(&o);
    closed(&o);
    ov_buf_done(&file);
}

static void a_stored_member_is_lent_and_a_packed_one_is_unpacked(void **state)
{
    static const char toc[] = TOC(FILE("s", DATA("0", "5")) FILE(
        "z", "<data><encoding style=\"application/x-gzip\"/><offset>5</offset>"
             "<length>13</length><size>5</size></data>"));
    uint8_t heap[64] = "plain";
    uLongf len = sizeof(heap) - 5;
    struct ov_opened o;
    struct ov_span lent;
    struct ov_buf file;

    (void)state;
    assert_int_equal(compress(heap + 5, &len, (const Bytef *)"inner", 5), Z_OK);
    assert_int_equal(len, 13);
    file = made(toc, ov_span_of(heap, 5 + len));
    assert_int_equal(opened(&o, OV_TYPE_XAR, ov_buf_span(&file)), OV_OK);
    assert_int_equal(ov_unpacker_next(o.unpacker, &o.member), OV_OK);
    assert_true(ov_unpacker_borrow(o.unpacker, 100, &lent));
    assert_true(ov_span_equal(lent, OV_SPAN_LIT("plain")));
    expect_member(&o, "z", "inner");
    assert_int_equal(o.member.real_size, 5);
    expect_end(&o);
    closed(&o);
    ov_buf_done(&file);
}

static void a_member_that_is_cut_gives_what_there_is(void **state)
{
    struct ov_opened o;
    struct ov_buf file;

    (void)state;
    assert_int_equal(open_made(&o, &file, TOC(FILE("x", DATA("12", "9")))),
                     OV_OK);
    assert_int_equal(ov_unpacker_next(o.unpacker, &o.member), OV_OK);
    assert_int_equal(ov_unpacker_read(o.unpacker, &o.bytes), OV_TRUNCATED);
    assert_true(ov_span_equal(ov_buf_span(&o.bytes), OV_SPAN_LIT("cdef")));
    closed(&o);
    ov_buf_done(&file);
}

static void a_damaged_table_is_told(void **state)
{
    static const struct {
        const char *toc;
        enum ov_status status;
    } cases[] = {
        {"<xar><toc>", OV_TRUNCATED},
        {"<xar></toc></xar></xar>", OV_MALFORMED},
        {TOC(FILE("x", DATA("0", "-1"))), OV_MALFORMED},
        {TOC(FILE("x", "<data><length/></data>")), OV_MALFORMED},
        {TOC("<!-- "), OV_TRUNCATED},
        {"", OV_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ov_opened o;
        struct ov_buf file;

        assert_int_equal(open_made(&o, &file, cases[i].toc), OV_OK);
        assert_int_equal(ov_unpacker_next(o.unpacker, &o.member),
                         cases[i].status);
        closed(&o);
        ov_buf_done(&file);
    }
}

/* A reader that knows more XML would see a member here, or another one; it must
 * not be passed over. */
static void more_xml_than_tables_have_is_told(void **state)
{
    static const char *const cases[] = {
        TOC("<![CDATA[<a>]]>" FILE("x", DATA("0", "5"))),
        "<?xml version=\"1.0\" encoding=\"UTF-7\"?><xar/>",
        "<!DOCTYPE xar [<!ENTITY five \"5\">]><xar></xar>",
        TOC("<x:file><x:name>x</x:name></x:file>"),
        TOC(FILE("x", "<data><offset>1<!-- -->2</offset><length>1</length>"
                      "</data>")),
        TOC(FILE("x", "<data><offset>1<a/>2</offset></data>")),
        TOC(FILE("x", "<data><offset>1</offset><offset>2</offset></data>")),
        TOC(FILE("x", DATA("0", "1") DATA("2", "3"))),
        TOC("<file><data><length>1</size></data></file>"),
        "<html></html>",
        "<xar></xar>",
        "<foo>" TOC(FILE("x", DATA("0", "5"))) "</foo>",
        "<xar><foo><toc>" FILE("x", DATA("0", "5")) "</toc></foo></xar>",
        TOC("<foo>" FILE("x", DATA("0", "5")) "</foo>"),
        TOC("<file><foo>" DATA("0", "5") "</foo></file>"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ov_buf file = made(cases[i], OV_SPAN_LIT("0123456789abcdef"));
        struct ov_opened o;
        enum ov_status status = opened(&o, OV_TYPE_XAR, ov_buf_span(&file));

        if (status == OV_OK) {
            status = ov_unpacker_next(o.unpacker, &o.member);
            closed(&o);
        }
        assert_int_equal(status, OV_MALFORMED);
        ov_buf_done(&file);
    }
}

/* Its bytes may be anything once they are unpacked. */
static void a_member_packed_otherwise_is_told(void **state)
{
    static const char *const styles[] = {
        "style=\"application/x-other\"",
        "style=\"application&#47;x-gzip\"",
        "style=\"application/octet-stream\" x=\"application/x-gzip\"",
        "",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
        struct ov_buf toc = ov_buf_with_max(4096);
        struct ov_opened o;
        struct ov_span lent;
        struct ov_buf file;

        ov_put_format(&toc,
                      TOC(FILE("x", "<data><encoding %s/><offset>0</offset>"
                                    "<length>5</length></data>")),
                      styles[i]);
        ov_put_u8(&toc, 0);
        assert_int_equal(open_made(&o, &file, (const char *)toc.ptr), OV_OK);
        assert_int_equal(ov_unpacker_next(o.unpacker, &o.member), OV_OK);
        assert_false(ov_unpacker_borrow(o.unpacker, 100, &lent));
        assert_int_equal(ov_unpacker_read(o.unpacker, &o.bytes),
                         OV_UNSUPPORTED);
        closed(&o);
        ov_buf_done(&file);
        ov_buf_done(&toc);
    }
}

static void files_in_each_other_have_a_limit(void **state)
{
    struct ov_buf toc = ov_buf_with_max(4096);
    struct ov_opened o;
    struct ov_buf file;

    (void)state;
    ov_put_str(&toc, "<xar><toc>");
    for (int i = 0; i < 70; i++)
        ov_put_str(&toc, "<file><name>n</name>");
    ov_put_u8(&toc, 0);
    assert_int_equal(open_made(&o, &file, (const char *)toc.ptr), OV_OK);
    assert_int_equal(ov_unpacker_next(o.unpacker, &o.member), OV_LIMIT_DEPTH);
    closed(&o);
    ov_buf_done(&file);
    ov_buf_done(&toc);
}

static void a_long_name_is_cut(void **state)
{
    struct ov_buf toc = ov_buf_with_max(10000);
    struct ov_opened o;
    struct ov_buf file;

    (void)state;
    ov_put_str(&toc, "<xar><toc><file><name>");
    for (int i = 0; i < 9000; i++)
        ov_put_u8(&toc, 'n');
    ov_put_str(&toc, "</name>" FILE("deep", DATA("0", "1")) "</file></toc>"
                                                            "</xar>");
    ov_put_u8(&toc, 0);
    assert_int_equal(open_made(&o, &file, (const char *)toc.ptr), OV_OK);
    assert_int_equal(ov_unpacker_next(o.unpacker, &o.member), OV_OK);
    assert_int_equal(o.member.name.len, 4096);
    expect_end(&o);
    closed(&o);
    ov_buf_done(&file);
    ov_buf_done(&toc);
}

static void a_damaged_header_is_refused(void **state)
{
    struct ov_buf file = made(TOC(""), OV_SPAN_LIT("heap"));
    struct ov_opened o;

    (void)state;
    for (size_t len = 0; len < file.len - 4; len++) {
        assert_int_not_equal(opened(&o, OV_TYPE_XAR, ov_span_of(file.ptr, len)),
                             OV_OK);
        closed(&o);
    }
    file.ptr[4] = file.ptr[5] = 0;
    assert_int_equal(opened(&o, OV_TYPE_XAR, ov_buf_span(&file)), OV_MALFORMED);
    closed(&o);
    ov_buf_done(&file);
}

OV_TEST_MAIN(OV_TEST(folders_are_in_the_names_of_members),
             OV_TEST(what_is_no_file_is_left_out),
             OV_TEST(a_stored_member_is_lent_and_a_packed_one_is_unpacked),
             OV_TEST(a_member_that_is_cut_gives_what_there_is),
             OV_TEST(a_damaged_table_is_told),
             OV_TEST(more_xml_than_tables_have_is_told),
             OV_TEST(a_member_packed_otherwise_is_told),
             OV_TEST(files_in_each_other_have_a_limit),
             OV_TEST(a_long_name_is_cut), OV_TEST(a_damaged_header_is_refused))
