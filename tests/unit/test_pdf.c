/* SPDX-License-Identifier: Apache-2.0 */
#include "unpack_help.h"

/* "the text" deflated, with a wrong checksum. */
#define DEFLATED "\x78\x9c\x2b\xc9\x48\x55\x28\x49\xad\x28\x01\x00\1\2\3\4"

static void open_pdf(struct ov_opened *o, struct ov_span pdf)
{
    assert_int_equal(opened(o, OV_TYPE_PDF, pdf), OV_OK);
}

static void each_stream_is_decoded(void **state)
{
    struct ov_opened o;

    (void)state;
    open_pdf(&o,
             OV_SPAN_LIT(
                 "%PDF-1.4\n1 0 obj <</Length 5>>\nstream\nhello\n"
                 "endstream endobj\n"
                 "12 0 obj <</Length 16/Filter/FlateDecode>>stream\r\n" DEFLATED
                 "\r\nendstream\nendobj\n%%EOF"));
    expect_member(&o, "1 0", "hello");
    expect_member(&o, "12 0", "the text");
    expect_end(&o);
    closed(&o);
}

static void filters_apply_one_after_the_other(void **state)
{
    struct ov_opened o;

    (void)state;
    open_pdf(&o, OV_SPAN_LIT(
                     "1 0 obj<</Filter[/ASCII#48exDecode /A85]>>stream\n"
                     "38 37 63 55 52 7e 3e>\nendstream\n"
                     "2 0 obj<</Filter/RL>>stream\n\2abc\xfex\x80\nendstream\n"
                     "3 0 obj<</Filter/LZWDecode>>stream\n"
                     "\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01\nendstream\n"));
    expect_member(&o, "1 0", "Hell");
    expect_member(&o, "2 0", "abcxxx");
    /* The example of ISO 32000-1, 7.4.4.2. */
    expect_member(&o, "3 0", "-----A---B");
    expect_end(&o);
    closed(&o);
}

static void a_wrong_length_does_not_hide_bytes(void **state)
{
    struct ov_opened o;

    (void)state;
    open_pdf(&o, OV_SPAN_LIT("1 0 obj<</Length 2>>stream\nhello\nendstream\n"
                             "2 0 obj<</Length 99999>>stream\nend"));
    expect_member(&o, "1 0", "hello\n");
    expect_member(&o, "2 0", "end");
    assert_int_equal(ov_unpacker_next(o.unpacker, &o.member), OV_TRUNCATED);
    closed(&o);
}

static void scripts_in_strings_are_members(void **state)
{
    struct ov_opened o;

    (void)state;
    open_pdf(&o, OV_SPAN_LIT("1 0 obj<</S/JavaScript/JS(app.alert\\(1\\);\\x"
                             "\\101(in))>>endobj 2 0 obj<</JS <6162>>>endobj "
                             "3 0 obj<</JS 4 0 R>>endobj"));
    expect_member(&o, "JavaScript", "app.alert(1);xA(in)");
    expect_member(&o, "JavaScript", "ab");
    expect_end(&o);
    closed(&o);
}

static void scripts_in_object_streams_are_members(void **state)
{
    struct ov_opened o;

    (void)state;
    open_pdf(&o, OV_SPAN_LIT("1 0 obj<</Type /ObjStm>>stream\n"
                             "5 0 <</JS (x)>>\nendstream endobj"));
    expect_member(&o, "1 0", "5 0 <</JS (x)>>\n");
    expect_member(&o, "JavaScript", "x");
    expect_end(&o);
    closed(&o);
}

static void encrypted_streams_are_told(void **state)
{
    struct ov_opened o;

    (void)state;
    open_pdf(&o, OV_SPAN_LIT("1 0 obj<</Length 3>>stream\nabc\nendstream\n"
                             "trailer <</Encrypt 2 0 R>>"));
    take_member(&o);
    assert_true(o.member.is_encrypted);
    assert_int_equal(o.read_status, OV_ENCRYPTED);
    expect_end(&o);
    closed(&o);
}

OV_TEST_MAIN(OV_TEST(each_stream_is_decoded),
             OV_TEST(filters_apply_one_after_the_other),
             OV_TEST(a_wrong_length_does_not_hide_bytes),
             OV_TEST(scripts_in_strings_are_members),
             OV_TEST(scripts_in_object_streams_are_members),
             OV_TEST(encrypted_streams_are_told))
