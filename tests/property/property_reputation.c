/* SPDX-License-Identifier: Apache-2.0 */
#include "random.h"
#include "reputation/bucket.h"
#include "reputation/fuse_filter.h"
#include "reputation/hot_list.h"
#include "reputation/verdict_delta.h"
#include "test.h"

/* Filters, buckets, hot lists and deltas against a plain sorted set. */

#define ROUNDS 300
#define MOST 900

static int compare_keys(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

/* n random keys, sorted, each once; few of their bits may differ. */
static size_t random_keys(struct ov_random *r, uint64_t *keys, size_t n)
{
    uint64_t mask = ov_random_below(r, 2) ? UINT64_MAX : 0xffff000000000fff;
    size_t n_kept = 0;

    for (size_t i = 0; i < n; i++)
        keys[i] = ov_random_u64(r) & mask;
    qsort(keys, n, sizeof(keys[0]), compare_keys);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || keys[i] != keys[n_kept - 1])
            keys[n_kept++] = keys[i];
    }
    return n_kept;
}

static bool plain_has(const uint64_t *keys, size_t n, uint64_t key)
{
    return bsearch(&key, keys, n, sizeof(key), compare_keys) != NULL;
}

static void a_filter_never_misses_and_seldom_errs(void **state)
{
    struct ov_random r = ov_random_seeded();
    size_t n_wrong = 0;
    size_t n_asked = 0;

    (void)state;
    for (size_t i = 0; i < ROUNDS; i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);
        unsigned bits = 8 + 8 * (unsigned)ov_random_below(&r, 2);
        uint64_t keys[MOST];
        size_t n = random_keys(&r, keys, ov_random_below(&r, MOST));
        struct ov_fuse f;

        assert_int_equal(ov_fuse_build(bits, (uint8_t)i, keys, n, &b), OV_OK);
        assert_int_equal(ov_fuse_open(ov_buf_span(&b), &f), OV_OK);
        for (size_t k = 0; k < n; k++)
            assert_true(ov_fuse_has(&f, keys[k]));
        for (size_t k = 0; k < 1000 && bits == 8; k++) {
            uint64_t key = ov_random_u64(&r);

            n_wrong += ov_fuse_has(&f, key) && !plain_has(keys, n, key);
            n_asked++;
        }
    }
    /* one in 256, and never twice that */
    assert_in_range(n_wrong, n_asked / 512, n_asked / 128);
}

static void prefix_of(uint64_t key, uint8_t *ret, size_t len)
{
    memset(ret, 0, len);
    for (size_t i = 0; i < 8; i++)
        ret[i] = (uint8_t)(key >> (56 - 8 * i));
}

static void a_bucket_has_what_the_set_has(void **state)
{
    struct ov_random r = ov_random_seeded();

    (void)state;
    for (size_t i = 0; i < ROUNDS; i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);
        uint64_t keys[100];
        struct ov_bucket_record records[100] = {0};
        size_t n = random_keys(&r, keys, ov_random_below(&r, 100));
        struct ov_bucket_shape shape = {8, (uint32_t)(16 + 20 * (n + i % 3))};
        struct ov_bucket bucket;

        for (size_t k = 0; k < n; k++) {
            prefix_of(keys[k], records[k].prefix, OV_BUCKET_PREFIX);
            records[k].family = (uint32_t)(keys[k] & OV_FAMILY_MAX);
        }
        assert_int_equal(ov_put_bucket(&b, &shape, 1, 2, records, n), OV_OK);
        assert_int_equal(ov_bucket_open(ov_buf_span(&b), &shape, &bucket),
                         OV_OK);
        for (size_t k = 0; k < 200; k++) {
            uint64_t key = k < n ? keys[k] : ov_random_u64(&r);
            uint8_t prefix[OV_BUCKET_PREFIX];
            struct ov_bucket_record found;

            prefix_of(key, prefix, sizeof(prefix));
            assert_int_equal(ov_bucket_find(&bucket, prefix, &found),
                             plain_has(keys, n, key));
            assert_true(k >= n || found.family == (key & OV_FAMILY_MAX));
        }
    }
}

static void a_hot_list_has_what_the_set_has(void **state)
{
    struct ov_random r = ov_random_seeded();

    (void)state;
    for (size_t i = 0; i < ROUNDS; i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);
        uint64_t keys[MOST];
        size_t n = random_keys(&r, keys, ov_random_below(&r, MOST));
        struct ov_hot h;

        ov_put_hot_head(&b, 1, (uint32_t)n);
        for (size_t k = 0; k < n; k++) {
            struct ov_hot_record record = {.family = (uint32_t)k};

            prefix_of(keys[k], record.prefix, OV_HOT_PREFIX);
            ov_put_hot_record(&b, &record);
        }
        assert_int_equal(ov_hot_open(ov_buf_span(&b), &h), OV_OK);
        assert_int_equal(ov_hot_check(&h), OV_OK);
        for (size_t k = 0; k < n + 100; k++) {
            uint64_t key = k < n ? keys[k] : ov_random_u64(&r);
            struct ov_hot_record found;
            uint8_t hash[32];

            prefix_of(key, hash, sizeof(hash));
            assert_int_equal(ov_hot_find(&h, hash, &found),
                             plain_has(keys, n, key));
            assert_true(k >= n || found.family == k);
        }
    }
}

/* Bit by bit. */
static void bits_are_those_of_a_plain_loop(void **state)
{
    struct ov_random r = ov_random_seeded();

    (void)state;
    for (size_t i = 0; i < 10000; i++) {
        unsigned from = (unsigned)ov_random_below(&r, 129);
        unsigned bits = (unsigned)ov_random_below(&r, 33);
        uint8_t hash[32];
        uint8_t got[16];
        uint8_t want[16] = {0};
        uint64_t number = 0;

        ov_random_fill(&r, hash, sizeof(hash));
        for (unsigned k = 0; k < 128; k++)
            want[k / 8] |=
                (uint8_t)((hash[(from + k) / 8] >> (7 - (from + k) % 8) & 1)
                          << (7 - k % 8));
        ov_hash_bits(hash, from, got, sizeof(got));
        assert_memory_equal(got, want, sizeof(want));
        for (unsigned k = 0; k < bits; k++)
            number = number << 1 | (hash[k / 8] >> (7 - k % 8) & 1);
        assert_int_equal(ov_hash_number(hash, bits), number);
    }
}

/* Any byte of a segment is changed: it is refused, or it is another one that
 * the writer writes. */
static void a_changed_delta_has_as_many_changes_or_is_refused(void **state)
{
    static const struct ov_family families[] = {
        {7, {(const uint8_t *)"Abc", 3}}, {8, {(const uint8_t *)"D", 1}}};
    struct ov_random r = ov_random_seeded();
    struct ov_verdict_change changes[20];
    struct ov_verdict_delta_parts p = {.seq = 1,
                                       .changes = changes,
                                       .n = 20,
                                       .families = families,
                                       .n_families = 2};
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    size_t n_taken = 0;

    (void)state;
    memset(changes, 0, sizeof(changes));
    for (unsigned i = 0; i < 20; i++) {
        changes[i].op = i % 2 ? OV_VERDICT_ADD : OV_VERDICT_WITHDRAW;
        changes[i].prefix[0] = (uint8_t)(i * 10);
    }
    assert_int_equal(ov_put_verdict_delta(&b, &p), OV_OK);
    for (size_t i = 0; i < 20000; i++) {
        size_t at = ov_random_below(&r, b.len);
        uint8_t before = b.ptr[at];
        struct ov_verdict_delta d;

        b.ptr[at] = (uint8_t)ov_random_u64(&r);
        if (ov_verdict_delta_read(ov_buf_span(&b), &d) == OV_OK) {
            n_taken++;
            assert_int_equal(d.n, 20);
        }
        b.ptr[at] = before;
    }
    assert_in_range(n_taken, 1, 19999);
}

OV_TEST_MAIN(OV_TEST(a_filter_never_misses_and_seldom_errs),
             OV_TEST(a_bucket_has_what_the_set_has),
             OV_TEST(a_hot_list_has_what_the_set_has),
             OV_TEST(bits_are_those_of_a_plain_loop),
             OV_TEST(a_changed_delta_has_as_many_changes_or_is_refused))
