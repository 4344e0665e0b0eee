/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/shard_list.h"
#include "test.h"

static void a_list_comes_back(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    static struct ov_shard_list l = {.filter = OV_FILTER_FUSE16};
    static struct ov_shard_list back;

    (void)state;
    for (unsigned i = 0; i < OV_SHARDS; i++)
        l.shards[i] = (struct ov_shard){i, {(uint8_t)i, 7}};
    ov_put_shard_list(&b, &l);
    assert_int_equal(b.len, OV_SHARD_LIST_SIZE);
    assert_int_equal(
        ov_shard_list_read(ov_buf_span(&b), OV_FILTER_FUSE16, &back), OV_OK);
    assert_memory_equal(&back, &l, sizeof(l));
    assert_int_equal(ov_shard_list_bytes(&l), 255 * 128);
    assert_int_equal(
        ov_shard_list_read(ov_buf_span(&b), OV_FILTER_GOOD16, &back),
        OV_MISMATCH);
}

static void a_damaged_list_is_refused(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    static struct ov_shard_list l = {.filter = OV_FILTER_FUSE8};

    (void)state;
    ov_put_shard_list(&b, &l);
    assert_int_equal(
        ov_shard_list_read(ov_span_of(b.ptr, 100), OV_FILTER_FUSE8, &l),
        OV_TRUNCATED);
    b.ptr[6] = 1;
    assert_int_equal(ov_shard_list_read(ov_buf_span(&b), OV_FILTER_FUSE8, &l),
                     OV_MALFORMED);
    b.ptr[6] = 0;
    ov_put_u8(&b, 0);
    assert_int_equal(ov_shard_list_read(ov_buf_span(&b), OV_FILTER_FUSE8, &l),
                     OV_MALFORMED);
}

static void families_are_found_by_number(void **state)
{
    struct ov_span list = OV_SPAN_LIT("1 Eicar-Test\n7 Win.Trojan.Agent\n");

    (void)state;
    assert_int_equal(ov_family_list_check(list), OV_OK);
    assert_true(
        ov_span_equal(ov_family_list_find(list, 1), OV_SPAN_LIT("Eicar-Test")));
    assert_true(ov_span_equal(ov_family_list_find(list, 7),
                              OV_SPAN_LIT("Win.Trojan.Agent")));
    assert_int_equal(ov_family_list_find(list, 2).len, 0);
    assert_int_equal(ov_family_list_find(list, 0).len, 0);
}

static void families_have_one_spelling(void **state)
{
    static const char *const bad[] = {
        "1 a",     "1 \n", "0 a\n", "01 a\n",    "2 a\n1 b\n",  "1 a\n1 b\n",
        "1 a b\n", "1\n",  "\n",    "1 a\x1b\n", "16777216 a\n"};

    (void)state;
    assert_int_equal(ov_family_list_check((struct ov_span){NULL, 0}), OV_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(ov_family_list_check(ov_span_str(bad[i])),
                         OV_MALFORMED);
}

OV_TEST_MAIN(OV_TEST(a_list_comes_back), OV_TEST(a_damaged_list_is_refused),
             OV_TEST(families_are_found_by_number),
             OV_TEST(families_have_one_spelling))
