/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/hot_list.h"
#include "test.h"

#define N 100

static void put_list(struct ov_buf *b)
{
    ov_put_hot_head(b, 9, N);
    for (unsigned i = 0; i < N; i++) {
        struct ov_hot_record r = {.reputation = OV_REPUTATION_MALICIOUS,
                                  .family = i};

        r.prefix[0] = (uint8_t)i;
        ov_put_hot_record(b, &r);
    }
    assert_int_equal(ov_buf_status(b), OV_OK);
}

static void what_is_hot_is_found(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct ov_hot_record r;
    struct ov_hot h;
    uint8_t hash[32] = {0};

    (void)state;
    put_list(&b);
    assert_int_equal(ov_hot_open(ov_buf_span(&b), &h), OV_OK);
    assert_int_equal(ov_hot_check(&h), OV_OK);
    assert_int_equal(h.epoch, 9);
    for (unsigned i = 0; i < 256; i++) {
        hash[0] = (uint8_t)i;
        hash[25] = 1; /* behind the prefix */
        assert_int_equal(ov_hot_find(&h, hash, &r), i < N);
        assert_true(i >= N || r.family == i);
    }
    hash[0] = 5;
    hash[19] = 1;
    assert_false(ov_hot_find(&h, hash, &r));
}

static void an_empty_list_finds_nothing(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct ov_hot_record r;
    struct ov_hot h;
    uint8_t hash[32] = {0};

    (void)state;
    ov_put_hot_head(&b, 1, 0);
    assert_int_equal(ov_hot_open(ov_buf_span(&b), &h), OV_OK);
    assert_false(ov_hot_find(&h, hash, &r));
}

static void a_damaged_list_is_refused(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct ov_hot h;

    (void)state;
    put_list(&b);
    assert_int_equal(ov_hot_open(ov_span_of(b.ptr, b.len - 1), &h),
                     OV_TRUNCATED);
    b.ptr[OV_HOT_HEADER] = 1; /* as the one behind it */
    assert_int_equal(ov_hot_open(ov_buf_span(&b), &h), OV_OK);
    assert_int_equal(ov_hot_check(&h), OV_MALFORMED);
    b.ptr[OV_HOT_HEADER] = 0;
    b.ptr[OV_HOT_HEADER + OV_HOT_PREFIX] = OV_N_REPUTATION;
    assert_int_equal(ov_hot_check(&h), OV_MALFORMED);
    ov_put_u8(&b, 0);
    assert_int_equal(ov_hot_open(ov_buf_span(&b), &h), OV_MALFORMED);
    b.ptr[0] = 'X';
    assert_int_equal(ov_hot_open(ov_buf_span(&b), &h), OV_MALFORMED);
}

OV_TEST_MAIN(OV_TEST(what_is_hot_is_found),
             OV_TEST(an_empty_list_finds_nothing),
             OV_TEST(a_damaged_list_is_refused))
