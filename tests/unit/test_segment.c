/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "test.h"
#include "trust/segment.h"

/* A set of n records of about 1 KiB each, without those of which i % 1000 is
 * `without`. */
static struct ov_record_set *make_set(struct ov_arena *arena, size_t n,
                                      size_t without)
{
    struct ov_record_set *s = ov_record_set_new();

    assert_non_null(s);
    for (size_t i = 0; i < n; i++) {
        OV_AUTO_DONE(buf) text = ov_buf_with_max(4096);
        struct ov_record r = {.rev = 1, .kind = OV_SPAN_LIT("ndb")};

        if (i == without)
            continue;
        ov_put_format(&text, "r%08zu", i);
        assert_true(ov_arena_copy(arena, ov_buf_span(&text), &r.id));
        while (text.len < 1000)
            ov_put_format(&text, "%zu,", i * text.len);
        assert_true(ov_arena_copy(arena, ov_buf_span(&text), &r.source));
        assert_int_equal(ov_record_set_add(s, &r), OV_OK);
    }
    assert_int_equal(ov_record_set_seal(s), OV_OK);
    return s;
}

static void digests_of(const struct ov_record_set *s, struct ov_blob *ret,
                       size_t *ret_n)
{
    OV_AUTO_PTR struct ov_segment *segments = NULL;

    assert_int_equal(ov_segment_cut(s, &segments, ret_n), OV_OK);
    for (size_t i = 0; i < *ret_n; i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_SEGMENT_MAX);

        ov_put_segment(&b, s, &segments[i]);
        assert_int_equal(ov_blob_of(ov_buf_span(&b), &ret[i]), OV_OK);
    }
}

static void a_change_costs_two_segments_at_most(void **state)
{
    OV_AUTO(arena) arena = ov_arena_new((size_t)64 << 20);
    OV_AUTO(record_set) a = make_set(arena, 10000, SIZE_MAX);
    OV_AUTO(record_set) b = make_set(arena, 10000, 4711);
    struct ov_blob of_a[64];
    struct ov_blob of_b[64];
    size_t n_a;
    size_t n_b;
    size_t n_new = 0;

    (void)state;
    digests_of(a, of_a, &n_a);
    digests_of(b, of_b, &n_b);
    assert_in_range(n_a, 5, 20);
    for (size_t i = 0; i < n_b; i++) {
        bool is_known = false;

        for (size_t k = 0; k < n_a; k++)
            is_known |= memcmp(&of_b[i], &of_a[k], sizeof(of_a[k])) == 0;
        n_new += !is_known;
    }
    assert_in_range(n_new, 1, 2);
}

static void segments_give_the_set_again(void **state)
{
    OV_AUTO(arena) arena = ov_arena_new((size_t)64 << 20);
    OV_AUTO(record_set) s = make_set(arena, 5000, SIZE_MAX);
    OV_AUTO(record_set) back = ov_record_set_new();
    OV_AUTO_PTR struct ov_segment *segments = NULL;
    uint8_t roots[2][32];
    size_t n;

    (void)state;
    assert_int_equal(ov_segment_cut(s, &segments, &n), OV_OK);
    for (size_t i = 0; i < n; i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_SEGMENT_MAX);
        struct ov_span kept;

        ov_put_segment(&b, s, &segments[i]);
        assert_true(ov_arena_copy(arena, ov_buf_span(&b), &kept));
        assert_int_equal(ov_segment_read(kept, back), OV_OK);
    }
    assert_int_equal(ov_record_set_seal(back), OV_OK);
    ov_record_set_root(s, roots[0]);
    ov_record_set_root(back, roots[1]);
    assert_memory_equal(roots[0], roots[1], 32);
}

static void a_segment_out_of_order_is_refused(void **state)
{
    OV_AUTO(record_set) s = ov_record_set_new();

    (void)state;
    assert_int_equal(ov_segment_read(OV_SPAN_LIT("record b 1 1 ndb 0\n"
                                                 "record a 1 1 ndb 0\n"),
                                     s),
                     OV_MALFORMED);
}

static void a_list_of_segments_comes_back(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1000);
    OV_AUTO_PTR struct ov_blob *back = NULL;
    struct ov_blob blobs[2] = {{{1, 2, 3}, 1000}, {{4}, 0}};
    size_t n;

    (void)state;
    ov_put_segment_list(&b, blobs, 2);
    assert_int_equal(ov_segment_list_read(ov_buf_span(&b), &back, &n), OV_OK);
    assert_int_equal(n, 2);
    assert_memory_equal(back, blobs, sizeof(blobs));
    b.ptr[0] = 'S';
    ov_free(OV_STEAL(back));
    assert_int_equal(ov_segment_list_read(ov_buf_span(&b), &back, &n),
                     OV_MALFORMED);
}

OV_TEST_MAIN(OV_TEST(a_change_costs_two_segments_at_most),
             OV_TEST(segments_give_the_set_again),
             OV_TEST(a_segment_out_of_order_is_refused),
             OV_TEST(a_list_of_segments_comes_back))
