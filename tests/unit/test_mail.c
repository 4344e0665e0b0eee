/* SPDX-License-Identifier: Apache-2.0 */
#include "unpack_help.h"

static void each_part_is_a_member(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(
        opened(&o, OV_TYPE_MAIL,
               OV_SPAN_LIT("From: a\r\nSubject: b\r\n"
                           "Content-Type: multipart/mixed;\r\n"
                           " boundary=\"=_x\"\r\n\r\npreamble\r\n"
                           "--=_x\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
                           "--=_x\r\nContent-Type: application/x; name=a.exe"
                           "\r\nContent-Transfer-Encoding: BASE64\r\n\r\n"
                           "YWJj\r\nZGVm\r\n--=_x--\r\nepilogue\r\n")),
        OV_OK);
    expect_member(&o, "", "hello\r\n");
    expect_member(&o, "a.exe", "abcdef");
    expect_end(&o);
    closed(&o);
}

static void multiparts_nest_and_end_with_the_outer_one(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(
        opened(&o, OV_TYPE_MAIL,
               OV_SPAN_LIT("Content-Type: multipart/mixed; boundary=ab\n\n"
                           "--ab\n"
                           "Content-Type: multipart/x; boundary=abc\n\n"
                           "--abc\n\none\n--abc\n\ntwo\n"
                           "--ab\n\nthree\n")),
        OV_OK);
    expect_member(&o, "", "one\n");
    expect_member(&o, "", "two\n");
    expect_member(&o, "", "three\n");
    expect_end(&o);
    closed(&o);
}

static void a_mail_in_a_mail_is_told_as_one(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(opened(&o, OV_TYPE_MAIL,
                            OV_SPAN_LIT("Content-Type: message/rfc822\n\n"
                                        "From: inner\n\nbody\n")),
                     OV_OK);
    expect_member(&o, "", "From: inner\n\nbody\n");
    assert_int_equal(o.member.type, OV_TYPE_MAIL);
    closed(&o);
}

static void a_mailbox_holds_several_mails(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(opened(&o, OV_TYPE_MAIL,
                            OV_SPAN_LIT("From a\nX: y\n\none\n\n"
                                        "From b\nX: y\n"
                                        "Content-Transfer-Encoding: "
                                        "quoted-printable\n\nt=77=\no\n")),
                     OV_OK);
    expect_member(&o, "", "one\n\n");
    expect_member(&o, "", "two\n");
    expect_end(&o);
    closed(&o);
}

static void uuencoded_bytes_in_a_text_are_a_member(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(opened(&o, OV_TYPE_MAIL,
                            OV_SPAN_LIT("X: y\n\nsee:\nbegin 644 cat.txt\n"
                                        "#0V%T\n`\nend\nbye\n")),
                     OV_OK);
    expect_member(&o, "cat.txt", "Cat");
    take_member(&o);
    assert_int_equal(o.read_status, OV_OK);
    expect_end(&o);
    closed(&o);
}

/* What hides a boundary from careful readers. */
static void odd_boundaries_are_found(void **state)
{
    static const char *const fields[] = {
        "Content-Type: multipart/mixed; boundary*0=\"A\"; boundary*1=B",
        "Content-Type: multipart/mixed; boundary*=us-ascii''%41B",
        "Content-Type (a (b) c) : multipart/mixed (x;y) ; boundary=AB",
        "Content-(a)Type: multipart/mixed; BOUNDARY = AB ; charset=x",
        "Content-Type: multipart/mixed; x=\"a;b\\\"\"; boundary=\"A\\B\"",
        "Content-Disposition: inline; boundary=AB",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        OV_AUTO_DONE(buf) mail = ov_buf_with_max(4096);
        struct ov_opened o;

        ov_put_str(&mail, "From: a\n");
        ov_put_str(&mail, fields[i]);
        ov_put_str(&mail, "\n\n--AB\n\npart\n--AB--\n");
        assert_int_equal(opened(&o, OV_TYPE_MAIL, ov_buf_span(&mail)), OV_OK);
        expect_member(&o, "", "part\n");
        expect_end(&o);
        closed(&o);
    }
}

static void a_multipart_without_its_boundary_is_a_part(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(
        opened(&o, OV_TYPE_MAIL,
               OV_SPAN_LIT("Content-Type: multipart/mixed; boundary=never\n"
                           "Content-Transfer-Encoding: base64\n\nYWJj\n")),
        OV_OK);
    expect_member(&o, "", "abc");
    expect_end(&o);
    closed(&o);
}

static void a_text_that_is_no_mail_is_not_a_mail_in_itself(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(opened(&o, OV_TYPE_MAIL, OV_SPAN_LIT("just text\n")),
                     OV_OK);
    expect_member(&o, "", "just text\n");
    assert_int_equal(o.member.type, OV_TYPE_ASCII);
    expect_end(&o);
    closed(&o);
}

OV_TEST_MAIN(OV_TEST(each_part_is_a_member),
             OV_TEST(multiparts_nest_and_end_with_the_outer_one),
             OV_TEST(a_mail_in_a_mail_is_told_as_one),
             OV_TEST(a_mailbox_holds_several_mails),
             OV_TEST(uuencoded_bytes_in_a_text_are_a_member),
             OV_TEST(odd_boundaries_are_found),
             OV_TEST(a_multipart_without_its_boundary_is_a_part),
             OV_TEST(a_text_that_is_no_mail_is_not_a_mail_in_itself))
