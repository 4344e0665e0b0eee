/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"
#include "trust/head.h"

#define ZEROS "00000000000000000000000000000000"

static const char good[] = "overt-head/v1\n"
                           "base 20900 104871\n"
                           "segments sha256:" ZEROS ZEROS " 24961\n"
                           "delta sha256:" ZEROS ZEROS " 413\n"
                           "\n"
                           "overt.example/release/v1\nseq 1\n\n- x y\n";

static void a_head_comes_back(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_HEAD_MAX);
    struct ov_head h;

    (void)state;
    assert_int_equal(ov_head_parse(OV_SPAN_LIT(good), &h), OV_OK);
    assert_int_equal(h.base, 20900);
    assert_int_equal(h.base_records, 104871);
    assert_int_equal(h.segments.len, 24961);
    assert_int_equal(h.delta.len, 413);
    assert_true(ov_span_starts(h.note, OV_SPAN_LIT("overt.example/")));
    ov_put_head(&b, &h);
    assert_true(ov_span_equal(ov_buf_span(&b), OV_SPAN_LIT(good)));
}

static void whatever_is_changed_is_refused(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_HEAD_MAX);
    struct ov_head h;

    (void)state;
    /* any missing byte of the lines before the note */
    for (size_t i = 0; i < sizeof(good) - 44; i++) {
        ov_buf_clear(&b);
        ov_put_span(&b, ov_span_of(good, i));
        assert_int_not_equal(ov_head_parse(ov_buf_span(&b), &h), OV_OK);
    }
    assert_int_equal(ov_head_parse(OV_SPAN_LIT("overt-head/v2\n"), &h),
                     OV_TRUNCATED);
}

static void a_blob_is_found_by_its_digest(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(100);
    struct ov_blob blob = {.len = 3};

    (void)state;
    ov_put_blob_path(&b, &blob);
    assert_true(
        ov_span_equal(ov_buf_span(&b), OV_SPAN_LIT("seg/" ZEROS ZEROS)));
}

OV_TEST_MAIN(OV_TEST(a_head_comes_back),
             OV_TEST(whatever_is_changed_is_refused),
             OV_TEST(a_blob_is_found_by_its_digest))
