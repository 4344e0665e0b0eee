/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "test.h"
#include "torture.h"
#include "trust/record_set.h"

static struct ov_record record(const char *id, const char *source)
{
    return (struct ov_record){.id = ov_span_str(id),
                              .rev = 1,
                              .kind = OV_SPAN_LIT("ndb"),
                              .source = ov_span_str(source)};
}

static enum ov_status add(struct ov_record_set *s, const char *id,
                          const char *source)
{
    struct ov_record r = record(id, source);

    return ov_record_set_add(s, &r);
}

static void records_are_sorted_by_id(void **state)
{
    OV_AUTO(record_set) s = ov_record_set_new();
    const struct ov_record_entry *items;
    size_t n;

    (void)state;
    assert_int_equal(add(s, "b", "2"), OV_OK);
    assert_int_equal(add(s, "a/1", "1"), OV_OK);
    assert_int_equal(add(s, "a", "0"), OV_OK);
    assert_int_equal(add(s, "b", "2"), OV_OK);
    assert_int_equal(ov_record_set_seal(s), OV_OK);
    items = ov_record_set_list(s, &n);
    assert_int_equal(n, 3);
    assert_true(ov_span_equal(items[0].record.source, OV_SPAN_LIT("0")));
    assert_true(ov_span_equal(items[1].record.source, OV_SPAN_LIT("1")));
    assert_true(ov_span_equal(items[2].record.source, OV_SPAN_LIT("2")));
    assert_ptr_equal(ov_record_set_find(s, OV_SPAN_LIT("b")), &items[2]);
    assert_null(ov_record_set_find(s, OV_SPAN_LIT("c")));
}

static void two_records_of_one_id_are_refused(void **state)
{
    OV_AUTO(record_set) s = ov_record_set_new();

    (void)state;
    assert_int_equal(add(s, "a", "1"), OV_OK);
    assert_int_equal(add(s, "a", "2"), OV_OK);
    assert_int_equal(ov_record_set_seal(s), OV_MALFORMED);
}

static void an_index_has_the_same_root(void **state)
{
    OV_AUTO_DONE(buf) index = ov_buf_with_max(1 << 20);
    OV_AUTO(record_set) s = ov_record_set_new();
    OV_AUTO(record_set) back = NULL;
    uint8_t roots[2][32];
    char ids[100][8];

    (void)state;
    for (int i = 0; i < 100; i++) {
        (void)snprintf(ids[i], sizeof(ids[i]), "r%d", i);
        assert_int_equal(add(s, ids[i], "x"), OV_OK);
    }
    assert_int_equal(ov_record_set_seal(s), OV_OK);
    ov_put_record_index(&index, s);
    assert_int_equal(ov_record_index_read(ov_buf_span(&index), &back), OV_OK);
    ov_record_set_root(s, roots[0]);
    ov_record_set_root(back, roots[1]);
    assert_memory_equal(roots[0], roots[1], 32);
    ov_record_set_free(OV_STEAL(back));
    index.len -= 1;
    assert_int_equal(ov_record_index_read(ov_buf_span(&index), &back),
                     OV_TRUNCATED);
}

static void each_record_can_be_proven(void **state)
{
    OV_AUTO(record_set) s = ov_record_set_new();
    const struct ov_record_entry *items;
    uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    uint8_t root[32];
    char ids[37][8];
    size_t n;
    size_t n_proof;

    (void)state;
    for (int i = 0; i < 37; i++) {
        (void)snprintf(ids[i], sizeof(ids[i]), "r%d", i);
        assert_int_equal(add(s, ids[i], ids[i]), OV_OK);
    }
    assert_int_equal(ov_record_set_seal(s), OV_OK);
    ov_record_set_root(s, root);
    items = ov_record_set_list(s, &n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(ov_record_set_prove(s, i, proof, &n_proof), OV_OK);
        assert_int_equal(ov_merkle_check_inclusion(items[i].leaf, i, n, proof,
                                                   n_proof, root),
                         OV_OK);
    }
}

static enum ov_status fill_and_seal(void *data)
{
    OV_AUTO(record_set) s = ov_record_set_new();
    char ids[40][8];

    (void)data;
    if (s == NULL)
        return OV_NO_MEMORY;
    for (int i = 0; i < 40; i++) {
        (void)snprintf(ids[i], sizeof(ids[i]), "r%d", i);
        OV_TRY(add(s, ids[i], "x"));
    }
    return ov_record_set_seal(s);
}

static void running_out_of_memory_is_told(void **state)
{
    (void)state;
    assert_true(ov_torture(fill_and_seal, NULL) > 40);
}

OV_TEST_MAIN(OV_TEST(records_are_sorted_by_id),
             OV_TEST(two_records_of_one_id_are_refused),
             OV_TEST(an_index_has_the_same_root),
             OV_TEST(each_record_can_be_proven),
             OV_TEST(running_out_of_memory_is_told))
