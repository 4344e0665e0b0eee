/* SPDX-License-Identifier: Apache-2.0 */
#include "unpack_help.h"

static void addresses_that_hold_data_are_members(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(
        opened(&o, OV_TYPE_HTML,
               OV_SPAN_LIT("<a href=\"data:a/b;base64,c29tZSB0ZXh0IGluIGl0\">"
                           "<img src=DATA:,a%20long%20enough%20text x>"
                           "data: x, data:,short, metadata:")),
        OV_OK);
    expect_member(&o, "a/b;base64", "some text in it");
    expect_member(&o, "", "a long enough text");
    expect_end(&o);
    closed(&o);
}

static void a_page_without_them_has_no_members(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(
        opened(&o, OV_TYPE_HTML, OV_SPAN_LIT("<p>time: 10:30</p>data:")),
        OV_OK);
    expect_end(&o);
    closed(&o);
}

OV_TEST_MAIN(OV_TEST(addresses_that_hold_data_are_members),
             OV_TEST(a_page_without_them_has_no_members))
