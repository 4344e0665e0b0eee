/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "crypto/digest.h"
#include "reputation/fuse_filter.h"
#include "reputation/reputation.h"
#include "torture.h"

#define MAX ((size_t)16 << 20)

/* n keys that rise, the first at `from`. */
static uint64_t *make_keys(size_t n, uint64_t from)
{
    uint64_t *keys = ov_alloc_array(n + 1, sizeof(*keys));

    assert_non_null(keys);
    for (size_t i = 0; i < n; i++)
        keys[i] = from + i * 0x1234567;
    return keys;
}

static void what_was_put_in_is_found(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 5, 10, 100, 1000, 50000};

    (void)state;
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        for (unsigned bits = 8; bits <= 16; bits += 8) {
            OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
            OV_AUTO_PTR uint64_t *keys = make_keys(sizes[k], k);
            struct ov_fuse f;

            assert_int_equal(ov_fuse_build(bits, 7, keys, sizes[k], &b), OV_OK);
            assert_int_equal(ov_fuse_open(ov_buf_span(&b), &f), OV_OK);
            assert_int_equal(f.count, sizes[k]);
            for (size_t i = 0; i < sizes[k]; i++)
                assert_true(ov_fuse_has(&f, keys[i]));
        }
    }
}

static void strangers_are_found_as_seldom_as_the_bits_say(void **state)
{
    OV_AUTO_PTR uint64_t *keys = make_keys(100000, 0);

    (void)state;
    for (unsigned bits = 8; bits <= 16; bits += 8) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
        size_t n = 0;
        struct ov_fuse f;

        assert_int_equal(ov_fuse_build(bits, 0, keys, 100000, &b), OV_OK);
        assert_int_equal(ov_fuse_open(ov_buf_span(&b), &f), OV_OK);
        for (uint64_t i = 0; i < 256000; i++)
            n += ov_fuse_has(&f, ~i);
        /* 1000 or 4 are expected */
        assert_in_range(n, bits == 8 ? 800 : 0, bits == 8 ? 1200 : 20);
    }
}

static void an_empty_filter_finds_nothing(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    struct ov_fuse f;

    (void)state;
    assert_int_equal(ov_fuse_build(8, 1, NULL, 0, &b), OV_OK);
    assert_int_equal(ov_fuse_open(ov_buf_span(&b), &f), OV_OK);
    for (uint64_t i = 0; i < 1000; i++)
        assert_false(ov_fuse_has(&f, i * 77));
}

static void a_hash_of_another_shard_is_not_found(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    uint8_t hash[32] = {9, 1, 2, 3, 4, 5, 6, 7, 8};
    uint64_t key = 0x0102030405060708;
    struct ov_fuse f;

    (void)state;
    assert_true(ov_hash_key(hash) == key);
    assert_int_equal(ov_fuse_build(8, 9, &key, 1, &b), OV_OK);
    assert_int_equal(ov_fuse_open(ov_buf_span(&b), &f), OV_OK);
    ov_fuse_fetch(&f, hash); /* changes nothing */
    assert_true(ov_fuse_has_hash(&f, hash));
    hash[0] = 8;
    assert_false(ov_fuse_has_hash(&f, hash));
}

static void a_million_keys_take_less_than_ten_bits_each(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    OV_AUTO_PTR uint64_t *keys = make_keys(390625, 5);

    (void)state;
    assert_int_equal(ov_fuse_build(8, 0, keys, 390625, &b), OV_OK);
    assert_in_range(b.len, 0, 390625 * 12 / 10);
}

static void keys_out_of_order_are_refused(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    uint64_t twice[] = {1, 1};
    uint64_t falling[] = {2, 1};

    (void)state;
    assert_int_equal(ov_fuse_build(8, 0, twice, 2, &b), OV_USAGE);
    assert_int_equal(ov_fuse_build(8, 0, falling, 2, &b), OV_USAGE);
}

/* Each change of the header, and each wrong length. */
static void a_damaged_header_is_refused(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    OV_AUTO_PTR uint64_t *keys = make_keys(1000, 5);
    struct ov_fuse f;

    (void)state;
    assert_int_equal(ov_fuse_build(16, 0, keys, 1000, &b), OV_OK);
    for (size_t i = 0; i < OV_FUSE_HEADER; i++) {
        /* any shard and any seed are possible, and bytes 14 and 15 hold a
         * count for which other sizes may be right */
        if (i == 5 || (i >= 14 && i < 24))
            continue;
        b.ptr[i] ^= 1;
        assert_int_not_equal(ov_fuse_open(ov_buf_span(&b), &f), OV_OK);
        b.ptr[i] ^= 1;
    }
    assert_int_equal(ov_fuse_open(ov_buf_span(&b), &f), OV_OK);
    assert_int_equal(ov_fuse_open(ov_span_of(b.ptr, b.len - 1), &f),
                     OV_TRUNCATED);
    assert_int_equal(ov_fuse_open(ov_span_of(b.ptr, 10), &f), OV_TRUNCATED);
    ov_put_u8(&b, 0);
    assert_int_equal(ov_fuse_open(ov_buf_span(&b), &f), OV_MALFORMED);
}

/* Other programs and other machines must get these bytes, too: a change here
 * is a new format. */
static void bytes_are_what_they_were(void **state)
{
    static const uint8_t first[] = {0x4f, 0x56, 0x46, 0x31, 8, 3, 0, 0,
                                    0,    0,    0,    0,    0, 0, 3, 0xe8};
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    OV_AUTO_DONE(buf) hex = ov_buf_with_max(100);
    OV_AUTO_PTR uint64_t *keys = make_keys(1000, 0);
    uint8_t digest[32];

    (void)state;
    assert_int_equal(ov_fuse_build(8, 3, keys, 1000, &b), OV_OK);
    assert_memory_equal(b.ptr, first, sizeof(first));
    assert_int_equal(ov_digest(OV_SHA256, ov_buf_span(&b), digest), OV_OK);
    ov_put_hex(&hex, ov_span_of(digest, 8));
    ov_put_u8(&hex, 0);
    assert_string_equal((const char *)hex.ptr, "d221bd9b078cf454");
}

static enum ov_status build(void *arg)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);

    return ov_fuse_build(8, 0, arg, 50, &b);
}

static void each_failed_allocation_ends_well(void **state)
{
    OV_AUTO_PTR uint64_t *keys = make_keys(50, 0);

    (void)state;
    assert_in_range(ov_torture(build, keys), 6, 20);
}

OV_TEST_MAIN(OV_TEST(what_was_put_in_is_found),
             OV_TEST(strangers_are_found_as_seldom_as_the_bits_say),
             OV_TEST(an_empty_filter_finds_nothing),
             OV_TEST(a_hash_of_another_shard_is_not_found),
             OV_TEST(a_million_keys_take_less_than_ten_bits_each),
             OV_TEST(keys_out_of_order_are_refused),
             OV_TEST(a_damaged_header_is_refused),
             OV_TEST(bytes_are_what_they_were),
             OV_TEST(each_failed_allocation_ends_well))
