/* SPDX-License-Identifier: Apache-2.0 */
#include "host/quarantine_meta.h"
#include "test.h"

static struct quarantine_meta make_meta(void)
{
    return (struct quarantine_meta){
        .path = OV_SPAN_LIT("/a/b c"),
        .size = 12,
        .digest = {1, 2, 3},
        .uid = 1000,
        .gid = 100,
        .owner = OV_SPAN_LIT("me"),
        .group = OV_SPAN_LIT("us"),
        .mode = 04755,
        .inode = UINT64_MAX,
        .n_links = 2,
        .accessed = {-5, 999999999},
        .modified = {6, 7},
        .changed = {8, 9},
        .attributes = OV_SPAN_LIT("\x06user.x\x02\0y"),
        .rule = OV_SPAN_LIT("R"),
        .source = OV_SPAN_LIT("r.yar"),
        .line = 7,
        .kind = OV_SPAN_LIT("yara"),
        .explanation = OV_SPAN_LIT("one\ntwo\n"),
        .when = 10,
        .by_uid = 3,
        .by = OV_SPAN_LIT("overt scan"),
    };
}

static enum ov_status read_back(const struct quarantine_meta *m,
                                struct ov_buf *b, struct quarantine_meta *ret)
{
    ov_buf_clear(b);
    quarantine_put_meta(b, m);
    assert_int_equal(ov_buf_status(b), OV_OK);
    return quarantine_read_meta(ov_buf_span(b), ret);
}

static void what_is_written_is_read(void **state)
{
    struct ov_buf b = ov_buf_with_max(4096);
    struct ov_buf again = ov_buf_with_max(4096);
    struct quarantine_meta m = make_meta();
    struct quarantine_meta have;

    (void)state;
    assert_int_equal(read_back(&m, &b, &have), OV_OK);
    quarantine_put_meta(&again, &have);
    assert_true(ov_span_equal(ov_buf_span(&b), ov_buf_span(&again)));
    assert_int_equal(have.accessed.seconds, -5);
    assert_int_equal(have.mode, 04755);
    ov_buf_done(&b);
    ov_buf_done(&again);
}

static void attributes_come_one_by_one(void **state)
{
    struct quarantine_meta m = make_meta();
    struct ov_reader r = ov_reader_over(m.attributes);
    struct ov_span name;
    struct ov_span value;

    (void)state;
    assert_true(quarantine_attribute(&r, &name, &value));
    assert_true(ov_span_equal(name, OV_SPAN_LIT("user.x")));
    assert_true(ov_span_equal(value, OV_SPAN_LIT("\0y")));
    assert_false(quarantine_attribute(&r, &name, &value));
    assert_int_equal(ov_reader_status(&r), OV_OK);
}

static void a_part_is_refused(void **state)
{
    struct ov_buf b = ov_buf_with_max(4096);
    struct quarantine_meta m = make_meta();
    struct quarantine_meta have;

    (void)state;
    assert_int_equal(read_back(&m, &b, &have), OV_OK);
    for (size_t len = 0; len < b.len; len++)
        assert_int_not_equal(
            quarantine_read_meta(ov_span_of(b.ptr, len), &have), OV_OK);
    ov_put_u8(&b, 0);
    assert_int_equal(quarantine_read_meta(ov_buf_span(&b), &have),
                     OV_MALFORMED);
    b.ptr[0] = 2;
    assert_int_equal(quarantine_read_meta(ov_buf_span(&b), &have),
                     OV_UNSUPPORTED);
    ov_buf_done(&b);
}

static void a_path_that_leads_elsewhere_is_refused(void **state)
{
    static const char *const wrong[] = {"",      "a",       "/",    "/a/",
                                        "/a//b", "/a/../b", "/a/.", "/.."};
    struct ov_buf b = ov_buf_with_max(4096);
    struct quarantine_meta m = make_meta();
    struct quarantine_meta have;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        m.path = ov_span_str(wrong[i]);
        assert_int_equal(read_back(&m, &b, &have), OV_MALFORMED);
    }
    m.path = OV_SPAN_LIT("/a\0b");
    assert_int_equal(read_back(&m, &b, &have), OV_MALFORMED);
    ov_buf_done(&b);
}

static void values_out_of_range_are_refused(void **state)
{
    struct ov_buf b = ov_buf_with_max(4096);
    struct quarantine_meta m = make_meta();
    struct quarantine_meta have;

    (void)state;
    m.mode = 010644;
    assert_int_equal(read_back(&m, &b, &have), OV_MALFORMED);
    m = make_meta();
    m.modified.nanoseconds = 1000000000;
    assert_int_equal(read_back(&m, &b, &have), OV_MALFORMED);
    m = make_meta();
    m.attributes = OV_SPAN_LIT("\x06user.x\x05y");
    assert_int_equal(read_back(&m, &b, &have), OV_MALFORMED);
    ov_buf_done(&b);
}

OV_TEST_MAIN(OV_TEST(what_is_written_is_read),
             OV_TEST(attributes_come_one_by_one), OV_TEST(a_part_is_refused),
             OV_TEST(a_path_that_leads_elsewhere_is_refused),
             OV_TEST(values_out_of_range_are_refused))
