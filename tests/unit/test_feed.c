/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"
#include "trust/delta.h"
#include "trust/feed.h"

/* Lines of an .hdb, with one more in the middle if asked for. */
static void put_lines(struct ov_buf *b, size_t n, bool more)
{
    for (size_t i = 0; i < n; i++) {
        ov_put_format(b, "%016zx%016zx:%zu:Win.Sample-%zu\n",
                      i * 0x9e3779b97f4a7c15u, i * 0xbf58476d1ce4e5b9u,
                      i % 5000, i);
        if (more && i == n / 2)
            ov_put_str(b, "00000000000000000000000000000000:1:New\n");
    }
}

static struct ov_record_set *cut(struct ov_arena *arena, const char *name,
                                 const char *kind, struct ov_span text)
{
    struct ov_record_set *s = ov_record_set_new();
    struct ov_record database = {ov_span_str(name), 1, 5, ov_span_str(kind),
                                 text};

    assert_non_null(s);
    assert_int_equal(ov_feed_add(s, arena, OV_SPAN_LIT("clamav"), &database),
                     OV_OK);
    assert_int_equal(ov_record_set_seal(s), OV_OK);
    return s;
}

static void one_line_more_changes_one_record_or_two(void **state)
{
    OV_AUTO(arena) arena = ov_arena_new((size_t)8 << 20);
    OV_AUTO_DONE(buf) old = ov_buf_with_max((size_t)8 << 20);
    OV_AUTO_DONE(buf) new = ov_buf_with_max((size_t)8 << 20);
    OV_AUTO(record_set) a = NULL;
    OV_AUTO(record_set) b = NULL;
    struct ov_delta d;
    size_t n;

    (void)state;
    put_lines(&old, 20000, false);
    put_lines(&new, 20000, true);
    a = cut(arena, "daily.hdb", "hdb", ov_buf_span(&old));
    b = cut(arena, "daily.hdb", "hdb", ov_buf_span(&new));
    (void)ov_record_set_list(a, &n);
    assert_in_range(n, 20000 * 50 / 8192, 20000 * 60 / 1024);
    assert_int_equal(ov_delta_between(a, b, arena, &d), OV_OK);
    assert_in_range(d.n_puts, 1, 2);
    assert_in_range(d.n_deletes, 1, 2);
    assert_true(ov_span_starts(d.puts[0].id, OV_SPAN_LIT("clamav/daily.hdb/")));
}

static void no_line_is_lost(void **state)
{
    OV_AUTO(arena) arena = ov_arena_new((size_t)8 << 20);
    OV_AUTO_DONE(buf) text = ov_buf_with_max((size_t)8 << 20);
    OV_AUTO(record_set) s = NULL;
    const struct ov_record_entry *items;
    size_t n;
    size_t len = 0;

    (void)state;
    put_lines(&text, 3000, false);
    ov_put_str(&text, "the last line has no end");
    s = cut(arena, "x.hdb", "hdb", ov_buf_span(&text));
    items = ov_record_set_list(s, &n);
    for (size_t i = 0; i < n; i++)
        len += items[i].record.source.len;
    assert_int_equal(len, text.len);
}

static void what_depends_on_order_is_not_cut(void **state)
{
    OV_AUTO(arena) arena = ov_arena_new((size_t)8 << 20);
    OV_AUTO_DONE(buf) text = ov_buf_with_max((size_t)8 << 20);
    OV_AUTO(record_set) s = NULL;
    size_t n;

    (void)state;
    put_lines(&text, 3000, false);
    s = cut(arena, "x.yar", "yar", ov_buf_span(&text));
    (void)ov_record_set_list(s, &n);
    assert_int_equal(n, 1);
}

OV_TEST_MAIN(OV_TEST(one_line_more_changes_one_record_or_two),
             OV_TEST(no_line_is_lost),
             OV_TEST(what_depends_on_order_is_not_cut))
