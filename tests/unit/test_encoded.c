/* SPDX-License-Identifier: Apache-2.0 */
#include "unpack_help.h"

/* clang-format off */
#define BINHEX \
    "(This file must " \
    "be converted wit" \
    "h BinHex 4.0)\012:!" \
    "@%!9%9B9(4dH(3!!" \
    "!!!!!B!!!!\042!!\042KN" \
    "!B!!()!!!:"
#define TNEF \
    "x\237>\042\001\000\001\014\200\002\000\004\000\000\000b" \
    "ody\256\001\002\002\220\006\000\016\000\000\000xx" \
    "xxxxxxxxxxxx\220\006\002\020" \
    "\200\001\000\006\000\000\000a.txt\000\357\001\002" \
    "\017\200\006\000\010\000\000\000attached" \
    ">\003"

/* clang-format on */

static void uuencoded_and_base64_files_are_one_member(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(opened(&o, OV_TYPE_UUENCODED,
                            OV_SPAN_LIT("begin 644 cat.txt\n#0V%T\n`\nend\n")),
                     OV_OK);
    expect_member(&o, "cat.txt", "Cat");
    expect_end(&o);
    closed(&o);
    assert_int_equal(opened(&o, OV_TYPE_BASE64, OV_SPAN_LIT("YWJj\n")), OV_OK);
    expect_member(&o, "", "abc");
    expect_end(&o);
    closed(&o);
}

static void binhex_gives_both_forks(void **state)
{
    /* "a": data fork "aaaaaa", written with a repeat, resource fork "r". */
    struct ov_opened o;

    (void)state;
    assert_int_equal(opened(&o, OV_TYPE_BINHEX, OV_SPAN_LIT(BINHEX)), OV_OK);
    expect_member(&o, "a", "aaaaaa");
    expect_member(&o, "a", "r");
    expect_end(&o);
    closed(&o);
}

static void tnef_gives_body_and_attachments(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(opened(&o, OV_TYPE_TNEF, OV_SPAN_LIT(TNEF)), OV_OK);
    expect_member(&o, "", "body");
    expect_member(&o, "a.txt", "attached");
    expect_end(&o);
    closed(&o);
}

static void a_tnef_that_is_cut_off_gives_what_is_there(void **state)
{
    struct ov_span all = OV_SPAN_LIT(TNEF);
    struct ov_opened o;

    (void)state;
    all.len -= 4;
    assert_int_equal(opened(&o, OV_TYPE_TNEF, all), OV_OK);
    expect_member(&o, "", "body");
    expect_member(&o, "a.txt", "attach");
    assert_int_equal(ov_unpacker_next(o.unpacker, &o.member), OV_TRUNCATED);
    closed(&o);
}

OV_TEST_MAIN(OV_TEST(uuencoded_and_base64_files_are_one_member),
             OV_TEST(binhex_gives_both_forks),
             OV_TEST(tnef_gives_body_and_attachments),
             OV_TEST(a_tnef_that_is_cut_off_gives_what_is_there))
