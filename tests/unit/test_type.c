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
    assert_int_equal(TYPE_OF("PK\x03"), OV_TYPE_DATA);
    assert_int_equal(TYPE_OF("M"), OV_TYPE_ASCII);
    assert_int_equal(TYPE_OF(""), OV_TYPE_ASCII);
}

static void cafebabe_is_java_from_version_45_on(void **state)
{
    (void)state;
    assert_int_equal(TYPE_OF("\xca\xfe\xba\xbe\0\0\0\x34"), OV_TYPE_JAVA);
    assert_int_equal(TYPE_OF("\xca\xfe\xba\xbe\0\0\0\x02"), OV_TYPE_MACHO_FAT);
}

static void text_may_hold_any_letter_but_no_control_character(void **state)
{
    (void)state;
    assert_int_equal(TYPE_OF("plain\r\n\ttext\x1b[0m"), OV_TYPE_ASCII);
    assert_int_equal(TYPE_OF("gr\xc3\xbc\xc3\x9f"), OV_TYPE_ASCII);
    assert_int_equal(TYPE_OF("latin \xe9 1"), OV_TYPE_ASCII);
    assert_int_equal(TYPE_OF("a\x01z"), OV_TYPE_DATA);
    assert_int_equal(TYPE_OF("\xff\xfe\x61\0\x62\0"), OV_TYPE_UTF16LE);
    assert_int_equal(TYPE_OF("\xfe\xff\0\x61\0\x62"), OV_TYPE_UTF16BE);
    assert_int_equal(TYPE_OF("\0a\0b\0c\0d"), OV_TYPE_UTF16BE);
    assert_int_equal(TYPE_OF("\x01\x81\x82\x83\x84\x85"), OV_TYPE_DATA);
}

static void control_characters_count_in_the_first_kib_only(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(4096);

    (void)state;
    for (int i = 0; i < 1024; i++)
        ov_put_u8(&b, 'x');
    ov_put_u8(&b, 1);
    assert_int_equal(ov_type_identify(ov_buf_span(&b)), OV_TYPE_ASCII);
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
             OV_TEST(a_place_far_behind_is_looked_at),
             OV_TEST(names_lead_back_to_types))
