/* SPDX-License-Identifier: Apache-2.0 */
#include "log/merkle.h"
#include "reputation/bucket.h"
#include "test.h"

#define MAX ((size_t)1 << 20)

static const struct ov_bucket_shape shape = {.prefix_bits = 8,
                                             .size = 16 + 20 * 10};

static void make_records(struct ov_bucket_record records[static 11], size_t n)
{
    memset(records, 0, 11 * sizeof(*records));
    for (size_t i = 0; i < n && i < 11; i++) {
        records[i].prefix[0] = (uint8_t)(2 * i);
        records[i].reputation = (enum ov_reputation)(i % OV_N_REPUTATION);
        records[i].family = (uint32_t)(i * 70000);
    }
}

static void put(struct ov_buf *b, uint32_t number, size_t n)
{
    struct ov_bucket_record records[11];

    make_records(records, n);
    assert_int_equal(ov_put_bucket(b, &shape, 5, number, records, n), OV_OK);
}

static void what_is_put_in_is_found_and_nothing_else(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    struct ov_bucket_record r;
    struct ov_bucket bucket;
    uint8_t prefix[OV_BUCKET_PREFIX] = {0};

    (void)state;
    put(&b, 77, 10);
    assert_int_equal(b.len, shape.size);
    assert_int_equal(ov_bucket_open(ov_buf_span(&b), &shape, &bucket), OV_OK);
    assert_int_equal(bucket.epoch, 5);
    assert_int_equal(bucket.number, 77);
    for (unsigned i = 0; i < 256; i++) {
        prefix[0] = (uint8_t)i;
        assert_int_equal(ov_bucket_find(&bucket, prefix, &r),
                         i < 20 && i % 2 == 0);
    }
    prefix[0] = 8;
    assert_true(ov_bucket_find(&bucket, prefix, &r));
    assert_int_equal(r.reputation, OV_REPUTATION_RECALLED);
    assert_int_equal(r.family, 280000);
    prefix[15] = 1;
    assert_false(ov_bucket_find(&bucket, prefix, &r));
}

static void every_bucket_is_as_long(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 10; n++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
        struct ov_bucket bucket;

        put(&b, 0, n);
        assert_int_equal(b.len, shape.size);
        assert_int_equal(ov_bucket_open(ov_buf_span(&b), &shape, &bucket),
                         OV_OK);
        assert_int_equal(bucket.n, n);
    }
}

static void too_many_and_unsorted_records_are_refused(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    struct ov_bucket_record records[11];

    (void)state;
    make_records(records, 11);
    assert_int_equal(ov_put_bucket(&b, &shape, 5, 0, records, 11),
                     OV_LIMIT_COUNT);
    records[2] = records[1];
    assert_int_equal(ov_put_bucket(&b, &shape, 5, 0, records, 3), OV_USAGE);
}

/* Every byte of it counts, also those behind the records. */
static void a_changed_bucket_is_refused_or_another_one(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    struct ov_bucket bucket;
    size_t n_taken = 0;

    (void)state;
    put(&b, 77, 5);
    for (size_t i = 0; i < b.len; i++) {
        b.ptr[i] ^= 0x80;
        n_taken += ov_bucket_open(ov_buf_span(&b), &shape, &bucket) == OV_OK;
        b.ptr[i] ^= 0x80;
    }
    /* epoch 4, number 1, prefixes (but what brings them out of order) and
     * families: the shape has no more that is free */
    assert_in_range(n_taken, 4 + 1 + 5 * (15 + 3), 4 + 1 + 5 * (16 + 3));
    assert_int_equal(ov_bucket_open(ov_span_of(b.ptr, 100), &shape, &bucket),
                     OV_TRUNCATED);
}

/* ---- proofs ---- */

#define N_BUCKETS 256

static uint8_t leaves[N_BUCKETS][32];

static enum ov_status leaf_node(void *data, unsigned level, uint64_t index,
                                uint8_t ret[static OV_MERKLE_HASH])
{
    struct ov_merkle_stack s = {0};

    (void)data;
    for (uint64_t i = index << level; i < (index + 1) << level; i++)
        ov_merkle_stack_add(&s, leaves[i]);
    ov_merkle_stack_root(&s, ret);
    return OV_OK;
}

/* Bucket `number` with its proof, and the root. */
static void make_answer(struct ov_buf *b, uint32_t number, uint8_t root[32])
{
    static const struct ov_merkle_source source = {NULL, leaf_node};
    uint8_t proof[OV_MERKLE_MAX_PROOF][32];
    size_t n;

    for (uint32_t i = 0; i < N_BUCKETS; i++) {
        OV_AUTO_DONE(buf) one = ov_buf_with_max(MAX);

        put(&one, i, i % 11);
        ov_merkle_leaf(ov_buf_span(&one), leaves[i]);
    }
    assert_int_equal(ov_merkle_root(&source, N_BUCKETS, root), OV_OK);
    assert_int_equal(
        ov_merkle_prove_inclusion(&source, number, N_BUCKETS, proof, &n),
        OV_OK);
    put(b, number, number % 11);
    ov_put_span(b, ov_span_of(proof, n * 32));
    assert_int_equal(b->len, ov_bucket_stride(&shape));
}

static void a_bucket_proves_itself_to_the_root(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    struct ov_bucket bucket;
    uint8_t root[32];

    (void)state;
    make_answer(&b, 200, root);
    assert_int_equal(
        ov_bucket_verify(ov_buf_span(&b), &shape, 5, 200, root, &bucket),
        OV_OK);
    assert_int_equal(bucket.n, 200 % 11);
    assert_int_equal(
        ov_bucket_verify(ov_buf_span(&b), &shape, 6, 200, root, &bucket),
        OV_MISMATCH);
    assert_int_equal(
        ov_bucket_verify(ov_buf_span(&b), &shape, 5, 201, root, &bucket),
        OV_BAD_PROOF);
}

static void no_byte_of_an_answer_can_be_changed(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    struct ov_bucket bucket;
    uint8_t root[32];

    (void)state;
    make_answer(&b, 3, root);
    for (size_t i = 0; i < b.len; i++) {
        b.ptr[i] ^= 1;
        assert_int_equal(
            ov_bucket_verify(ov_buf_span(&b), &shape, 5, 3, root, &bucket),
            OV_BAD_PROOF);
        b.ptr[i] ^= 1;
    }
    assert_int_equal(ov_bucket_verify(ov_span_of(b.ptr, b.len - 1), &shape, 5,
                                      3, root, &bucket),
                     OV_BAD_PROOF);
}

static void the_shape_fits_the_count(void **state)
{
    (void)state;
    assert_int_equal(ov_bucket_bits_for(0), 8);
    assert_int_equal(ov_bucket_bits_for(100 * 1000 * 1000), 20);
    for (uint64_t n = 1 << 16; n < UINT64_C(2000) << 20; n += n / 3) {
        unsigned bits = ov_bucket_bits_for(n);
        struct ov_bucket_shape s = {bits, ov_bucket_size_for(n, bits, 0)};

        assert_true(ov_bucket_shape_is_valid(&s));
        assert_in_range(n >> bits, 63, 128);
    }
    /* 96 on average, 59 for six deviations */
    assert_int_equal(ov_bucket_size_for(100 * 1000 * 1000, 20, 100),
                     16 + 20 * (96 + 59));
    assert_int_equal(ov_bucket_size_for(100 * 1000 * 1000, 20, 200),
                     16 + 20 * 200);
}

static void bits_of_a_hash_are_cut_as_written(void **state)
{
    uint8_t hash[32];
    uint8_t ret[16];

    (void)state;
    for (unsigned i = 0; i < 32; i++)
        hash[i] = (uint8_t)(i * 0x11);
    assert_int_equal(ov_hash_number(hash, 0), 0);
    assert_int_equal(ov_hash_number(hash, 8), 0);
    assert_int_equal(ov_hash_number(hash, 20), 0x00112);
    assert_int_equal(ov_hash_number(hash, 32), 0x00112233);
    ov_hash_bits(hash, 20, ret, 16);
    assert_int_equal(ret[0], 0x23);
    assert_int_equal(ret[1], 0x34);
    ov_hash_bits(hash, 128, ret, 16);
    assert_memory_equal(ret, hash + 16, 16);
}

OV_TEST_MAIN(OV_TEST(what_is_put_in_is_found_and_nothing_else),
             OV_TEST(every_bucket_is_as_long),
             OV_TEST(too_many_and_unsorted_records_are_refused),
             OV_TEST(a_changed_bucket_is_refused_or_another_one),
             OV_TEST(a_bucket_proves_itself_to_the_root),
             OV_TEST(no_byte_of_an_answer_can_be_changed),
             OV_TEST(the_shape_fits_the_count),
             OV_TEST(bits_of_a_hash_are_cut_as_written))
