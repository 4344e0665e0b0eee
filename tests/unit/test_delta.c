/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"
#include "trust/delta.h"

static void a_delta_is_text(void **state)
{
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1000);
    struct ov_record put = {OV_SPAN_LIT("b"), 1, 2, OV_SPAN_LIT("ndb"),
                            OV_SPAN_LIT("xyz")};
    struct ov_span gone = OV_SPAN_LIT("a");
    struct ov_delta d = {7, 8, &put, 1, &gone, 1};
    struct ov_delta back;

    (void)state;
    ov_put_delta(&b, &d);
    assert_true(
        ov_span_equal(ov_buf_span(&b), OV_SPAN_LIT("overt-delta/v1 7 8 1\n"
                                                   "delete a\n"
                                                   "record b 1 2 ndb 3\nxyz")));
    assert_int_equal(ov_delta_read(ov_buf_span(&b), arena, &back), OV_OK);
    assert_int_equal(back.n_puts, 1);
    assert_int_equal(back.n_deletes, 1);
    assert_int_equal(back.from, 7);
    assert_int_equal(back.to, 8);
}

static void a_delta_that_contradicts_itself_is_refused(void **state)
{
    static const char *const bad[] = {
        "overt-delta/v1 7 8 1\ndelete a\nrecord a 1 2 ndb 0\n",
        "overt-delta/v1 7 8 2\ndelete b\ndelete a\n",
        "overt-delta/v1 7 8 2\ndelete a\ndelete a\n",
        "overt-delta/v1 7 8 0\nrecord b 1 2 ndb 0\nrecord a 1 2 ndb 0\n",
        "overt-delta/v1 8 7 0\n",
        "overt-delta/v1 7 8 0\ndelete a\n",
        "overt-delta/v2 7 8 0\n",
    };
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_delta d;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(ov_delta_read(ov_span_str(bad[i]), arena, &d),
                         OV_MALFORMED);
    assert_int_equal(
        ov_delta_read(OV_SPAN_LIT("overt-delta/v1 7 8 9999999999\n"), arena,
                      &d),
        OV_TRUNCATED);
}

static void only_neighbors_can_be_merged(void **state)
{
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_delta apart[2] = {{.from = 1, .to = 2}, {.from = 3, .to = 4}};
    struct ov_delta ret;

    (void)state;
    assert_int_equal(ov_delta_merge(apart, 2, arena, &ret), OV_USAGE);
    apart[1].from = 2;
    assert_int_equal(ov_delta_merge(apart, 2, arena, &ret), OV_OK);
    assert_int_equal(ret.from, 1);
    assert_int_equal(ret.to, 4);
}

static void a_year_takes_few_tiles(void **state)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(100);
    struct ov_delta_tile t;
    uint64_t at = 1003;
    size_t n = 0;

    (void)state;
    while (ov_delta_next_tile(at, 1003 + 365, &t)) {
        assert_int_equal(t.n << (4 * t.level), at);
        at = ov_delta_tile_end(&t);
        n++;
    }
    assert_int_equal(at, 1003 + 365);
    assert_in_range(n, 3, 45);
    ov_put_delta_path(&path, &t);
    assert_true(ov_span_equal(ov_buf_span(&path), OV_SPAN_LIT("delta/0/1367")));
    assert_true(ov_delta_next_tile(256, 4096, &t));
    assert_int_equal(t.level, 2);
    assert_int_equal(t.n, 1);
}

OV_TEST_MAIN(OV_TEST(a_delta_is_text),
             OV_TEST(a_delta_that_contradicts_itself_is_refused),
             OV_TEST(only_neighbors_can_be_merged),
             OV_TEST(a_year_takes_few_tiles))
