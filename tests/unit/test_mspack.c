/* SPDX-License-Identifier: Apache-2.0
 *
 * Help files (CHM) are tried by tests/oracle/testfiles.py. */
#include "unpack_help.h"

#define SZDD                                                                   \
    "SZDD\x88\xf0\x27\x33"                                                     \
    "Ae\x08\0\0\0\xff"                                                         \
    "deflated"

static void a_compressed_file_is_one_member(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(opened(&o, OV_TYPE_SZDD, OV_SPAN_LIT(SZDD)), OV_OK);
    expect_member(&o, "", "deflated");
    assert_int_equal(o.member.real_size, 8);
    expect_end(&o);
    closed(&o);
}

static void what_is_cut_off_or_too_large_is_told(void **state)
{
    struct ov_span file = OV_SPAN_LIT(SZDD);
    struct ov_opened o;

    (void)state;
    assert_int_equal(opened(&o, OV_TYPE_SZDD, ov_span_clip(file, 0, 10)),
                     OV_TRUNCATED);
    assert_int_equal(opened(&o, OV_TYPE_SZDD,
                            OV_SPAN_LIT("no such file at "
                                        "all")),
                     OV_MALFORMED);
    assert_int_equal(opened(&o, OV_TYPE_SZDD, file), OV_OK);
    o.bytes.max = 3;
    take_member(&o);
    assert_int_equal(o.read_status, OV_LIMIT_SIZE);
    assert_int_equal(o.bytes.len, 3);
    closed(&o);
    assert_int_equal(opened(&o, OV_TYPE_CHM, file), OV_TRUNCATED);
}

OV_TEST_MAIN(OV_TEST(a_compressed_file_is_one_member),
             OV_TEST(what_is_cut_off_or_too_large_is_told))
