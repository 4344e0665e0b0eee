/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "formats/type.h"
#include "test.h"

static void zero_bytes(struct ov_buf *b, size_t n)
{
    while (n-- > 0)
        ov_put_u8(b, 0);
}

static enum ov_type type_of(const char *bytes, size_t len)
{
    return ov_type_identify(ov_span_of(bytes, len));
}

#define TYPE_OF(lit) type_of(lit, sizeof(lit) - 1)

static void every_magic_of_the_table_is_found(void **state)
{
    (void)state;
    assert_int_equal(TYPE_OF("MZ"), OV_TYPE_PE);
    assert_int_equal(TYPE_OF("\x7f"
                             "ELF"),
                     OV_TYPE_ELF);
    assert_int_equal(TYPE_OF("PK\x03\x04"), OV_TYPE_ZIP);
    assert_int_equal(TYPE_OF("\x1f\x8b\x08"), OV_TYPE_GZ);
    assert_int_equal(TYPE_OF("\xff\xd8\xff\xe0"), OV_TYPE_JPEG);
    assert_int_equal(TYPE_OF("Return-path: <a@b>"), OV_TYPE_MAIL);
    assert_int_equal(TYPE_OF("%PDF-1.4"), OV_TYPE_PDF);
    assert_int_equal(TYPE_OF("{\\rtf1"), OV_TYPE_RTF);
    assert_int_equal(TYPE_OF("\xfd"
                             "7zXZ\0\0"),
                     OV_TYPE_XZ);
}

static void a_cut_magic_is_not_found(void **state)
{
    (void)state;
    assert_int_equal(TYPE_OF("PK\0\x03"), OV_TYPE_DATA);
    assert_int_equal(TYPE_OF("M"), OV_TYPE_ASCII);
    assert_int_equal(TYPE_OF(""), OV_TYPE_ASCII);
}

static void cafebabe_is_java_from_version_45_on(void **state)
{
    (void)state;
    assert_int_equal(TYPE_OF("\xca\xfe\xba\xbe\0\0\0\x34"), OV_TYPE_JAVA);
    assert_int_equal(TYPE_OF("\xca\xfe\xba\xbe\0\0\0\x02"), OV_TYPE_MACHO_FAT);
    assert_int_equal(TYPE_OF("\xca\xfe\xba\xbe\0\0\0\x40"), OV_TYPE_DATA);
}

static void text_may_hold_any_letter_but_no_control_character(void **state)
{
    (void)state;
    assert_int_equal(TYPE_OF("plain\r\n\ttext\x1b[0m"), OV_TYPE_ASCII);
    assert_int_equal(TYPE_OF("gr\xc3\xbc\xc3\x9f"), OV_TYPE_ASCII);
    assert_int_equal(TYPE_OF("latin \xe9 1"), OV_TYPE_ASCII);
    assert_int_equal(TYPE_OF("a\x01\0\x01"), OV_TYPE_DATA);
    assert_int_equal(TYPE_OF("\xff\xfe\x61\0\x62\0"), OV_TYPE_UTF16LE);
    assert_int_equal(TYPE_OF("\xfe\xff\0\x61\0\x62"), OV_TYPE_UTF16BE);
    assert_int_equal(TYPE_OF("\0a\0b\0c\0d"), OV_TYPE_UTF16BE);
    assert_int_equal(TYPE_OF("\x01\x81\x82\x83\x84\x85"), OV_TYPE_UTF16BE);
}

static void control_characters_count_in_the_first_kib_only(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(4096);

    (void)state;
    for (int i = 0; i < 1024; i++)
        ov_put_u8(&b, 'x');
    ov_put_u8(&b, 1);
    assert_int_equal(ov_type_identify(ov_buf_span(&b)), OV_TYPE_ASCII);
    b.ptr[1022] = 0;
    b.ptr[1023] = 1;
    assert_int_equal(ov_type_identify(ov_buf_span(&b)), OV_TYPE_DATA);
}

static void html_is_known_by_a_tag(void **state)
{
    (void)state;
    assert_int_equal(TYPE_OF("\n <html><body>"), OV_TYPE_HTML);
    assert_int_equal(TYPE_OF("x <A  b HREF=\"y\">"), OV_TYPE_HTML);
    assert_int_equal(TYPE_OF("href <a b>"), OV_TYPE_ASCII);
    assert_int_equal(TYPE_OF("<b>bold</b>"), OV_TYPE_ASCII);
    assert_int_equal(TYPE_OF("\xff\xfe<\0s\0c\0r\0i\0p\0t\0>\0\x01\0\x01\0"),
                     OV_TYPE_HTML_UTF16);
}

static void each_tag_has_its_own_capitals(void **state)
{
    (void)state;
    assert_int_equal(TYPE_OF("x <Img src"), OV_TYPE_HTML);
    assert_int_equal(TYPE_OF("x <iMg src"), OV_TYPE_ASCII);
    assert_int_equal(TYPE_OF("x <Iframe src"), OV_TYPE_ASCII);
    assert_true(ov_type_has_html(OV_SPAN_LIT("<<A <a hRef")));
    assert_false(ov_type_has_html(OV_SPAN_LIT("<a hreF")));
}

static void mail_is_known_by_headers_near_each_other(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(8192);

    (void)state;
    assert_int_equal(TYPE_OF("X: y\nFrom: a\nMIME-version: 1.0\n\n<html>"),
                     OV_TYPE_MAIL);
    assert_int_equal(TYPE_OF("X: y\nFrom: a\nTo: b\n\n"), OV_TYPE_ASCII);
    assert_int_equal(
        TYPE_OF("X: y\nmime-Version: 1.0\nContent-type: text/plain\n"),
        OV_TYPE_MHTML);
    ov_put_str(&b, "X: y\nReceived: z\n");
    while (b.len < 2000)
        ov_put_str(&b, "X: more\n");
    ov_put_str(&b, "Content-Type: text/plain\n");
    assert_int_equal(ov_type_identify(ov_buf_span(&b)), OV_TYPE_MAIL);
}

static void xml_documents_are_known_by_their_root(void **state)
{
    (void)state;
    assert_int_equal(TYPE_OF("<?xml version=\"1.0\"?>\n<w:wordDocument>"),
                     OV_TYPE_XML_WORD);
    assert_int_equal(TYPE_OF("<?xml version=\"1.0\"?>\n<Workbook>"),
                     OV_TYPE_XML_XL);
    assert_int_equal(TYPE_OF("<?xml version=\"1.0\"?>\n<other>"),
                     OV_TYPE_ASCII);
}

static void put_zip_header(struct ov_buf *b, const char *name)
{
    ov_put_str(b, "PK\x03\x04");
    zero_bytes(b, 26);
    ov_put_str(b, name);
}

static void a_document_is_known_by_the_names_of_its_members(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(8192);

    (void)state;
    put_zip_header(&b, "a");
    put_zip_header(&b, "b");
    put_zip_header(&b, "c");
    put_zip_header(&b, "word/document.xml");
    assert_int_equal(ov_type_identify(ov_buf_span(&b)), OV_TYPE_ZIP);
    ov_buf_clear(&b);
    put_zip_header(&b, "[Content_Types].xml");
    for (int i = 0; i < 5; i++)
        put_zip_header(&b, "docProps/app.xml");
    assert_int_equal(ov_type_identify(ov_buf_span(&b)), OV_TYPE_ZIP);
    put_zip_header(&b, "ppt/presentation.xml");
    assert_int_equal(ov_type_identify(ov_buf_span(&b)), OV_TYPE_OOXML_PPT);
}

static void an_old_tar_is_known_by_its_checksum(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(8192);

    (void)state;
    ov_put_str(&b, "name");
    zero_bytes(&b, 508);
    b.ptr[148] = ' '; /* the sum of "name" and eight blanks */
    b.ptr[149] = '0' + 673 / 512;
    b.ptr[150] = '0' + 673 / 64 % 8;
    b.ptr[151] = '0' + 673 / 8 % 8;
    b.ptr[152] = '0' + 673 % 8;
    assert_int_equal(ov_type_identify(ov_buf_span(&b)), OV_TYPE_OLD_TAR);
    b.ptr[3]++;
    assert_int_not_equal(ov_type_identify(ov_buf_span(&b)), OV_TYPE_OLD_TAR);
}

static void a_place_far_behind_is_looked_at(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);

    (void)state;
    zero_bytes(&b, 0x8001);
    ov_put_str(&b, "CD001");
    assert_int_equal(ov_type_identify(ov_buf_span(&b)), OV_TYPE_ISO9660);
    ov_buf_clear(&b);
    zero_bytes(&b, 600);
    ov_put_str(&b, "koly");
    zero_bytes(&b, 508);
    assert_int_equal(ov_type_identify(ov_buf_span(&b)), OV_TYPE_DMG);
}

static void names_lead_back_to_types(void **state)
{
    enum ov_type t = OV_TYPE_DATA;

    (void)state;
    for (unsigned i = 0; i < OV_N_TYPES; i++) {
        const char *name = ov_type_clamav_name((enum ov_type)i);

        if (*name == '\0')
            continue;
        assert_true(ov_type_from_clamav(ov_span_str(name), &t));
        assert_string_equal(ov_type_clamav_name(t), name);
    }
    assert_false(ov_type_from_clamav(OV_SPAN_LIT("CL_TYPE_NONE"), &t));
    assert_false(ov_type_from_clamav(OV_SPAN_LIT(""), &t));
}

OV_TEST_MAIN(OV_TEST(every_magic_of_the_table_is_found),
             OV_TEST(a_cut_magic_is_not_found),
             OV_TEST(cafebabe_is_java_from_version_45_on),
             OV_TEST(text_may_hold_any_letter_but_no_control_character),
             OV_TEST(control_characters_count_in_the_first_kib_only),
             OV_TEST(html_is_known_by_a_tag),
             OV_TEST(each_tag_has_its_own_capitals),
             OV_TEST(mail_is_known_by_headers_near_each_other),
             OV_TEST(xml_documents_are_known_by_their_root),
             OV_TEST(a_document_is_known_by_the_names_of_its_members),
             OV_TEST(an_old_tar_is_known_by_its_checksum),
             OV_TEST(a_place_far_behind_is_looked_at),
             OV_TEST(names_lead_back_to_types))
