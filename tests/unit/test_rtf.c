/* SPDX-License-Identifier: Apache-2.0 */
#include "unpack_help.h"

static void digits_count_whatever_is_between_them(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(opened(&o, OV_TYPE_RTF,
                            OV_SPAN_LIT("{\\rtf1{\\object{\\*\\objdata 6 1\n"
                                        "\\abc12 6{\\x 2}\\'6 3}}tail 64}")),
                     OV_OK);
    expect_member(&o, "", "abc");
    expect_end(&o);
    closed(&o);
}

static void an_object_loses_its_header(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(
        opened(&o, OV_TYPE_RTF,
               OV_SPAN_LIT("{\\rtf{\\objdata 01050000 02000000 03000000 "
                           "414200 00000000 00000000 05000000 68656c6c6f}"
                           "{\\objdata 7879}")),
        OV_OK);
    expect_member(&o, "AB", "hello");
    expect_member(&o, "", "xy");
    expect_end(&o);
    closed(&o);
}

static void a_package_is_opened(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(
        opened(&o, OV_TYPE_RTF,
               OV_SPAN_LIT("{\\objdata 01050000 02000000 08000000 "
                           "5061636b61676500 00000000 00000000 17000000 "
                           "0200 6100 6200 0000 0300 02000000 7400 "
                           "03000000 616263}")),
        OV_OK);
    expect_member(&o, "a", "abc");
    expect_end(&o);
    closed(&o);
}

static void text_without_objects_has_no_members(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(
        opened(&o, OV_TYPE_RTF, OV_SPAN_LIT("{\\rtf1 abc {\\objdata }}")),
        OV_OK);
    expect_end(&o);
    closed(&o);
}

OV_TEST_MAIN(OV_TEST(digits_count_whatever_is_between_them),
             OV_TEST(an_object_loses_its_header), OV_TEST(a_package_is_opened),
             OV_TEST(text_without_objects_has_no_members))
