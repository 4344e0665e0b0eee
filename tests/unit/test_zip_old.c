/* SPDX-License-Identifier: Apache-2.0
 *
 * Deflate64 differs from deflate only in matches of 258 bytes and beyond 32 KB,
 * so what zlib packs without those must come out. Real archives of both methods
 * are tried by tests/oracle/testfiles.py. */
#include <zlib.h>

#include "formats/zip_old.h"
#include "test.h"

#define TEXT_LEN 100000

static void fill(uint8_t *text, size_t len)
{
    uint32_t x = 12345;

    for (size_t i = 0; i < len; i++) {
        x = x * 1664525u + 1013904223u;
        /* Words of a small alphabet repeat, but never for long. */
        text[i] = (uint8_t)("abcde fghij "[x >> 24 & 7]);
    }
}

static void expect_same(int level, int strategy)
{
    static uint8_t text[TEXT_LEN];
    static uint8_t packed[2 * TEXT_LEN];
    struct ov_budget budget = ov_budget_default();
    struct ov_buf into = ov_buf_with_max(2 * TEXT_LEN);
    z_stream z = {0};

    fill(text, TEXT_LEN);
    assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, -15, 9, strategy),
                     Z_OK);
    z.next_in = text;
    z.avail_in = TEXT_LEN;
    z.next_out = packed;
    z.avail_out = sizeof(packed);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(
        ov_inflate64(ov_span_of(packed, z.total_out), &budget, &into), OV_OK);
    assert_int_equal(into.len, TEXT_LEN);
    assert_memory_equal(into.ptr, text, TEXT_LEN);
    ov_buf_clear(&into);
    assert_int_equal(
        ov_inflate64(ov_span_of(packed, z.total_out / 2), &budget, &into),
        OV_TRUNCATED);
    assert_true(into.len > 0);
    assert_memory_equal(into.ptr, text, into.len);
    (void)deflateEnd(&z);
    ov_buf_done(&into);
}

static void deflate64_reads_what_deflate_writes(void **state)
{
    (void)state;
    expect_same(9, Z_DEFAULT_STRATEGY);
    expect_same(1, Z_FIXED);
    expect_same(6, Z_HUFFMAN_ONLY);
    expect_same(0, Z_DEFAULT_STRATEGY);
}

/* Two trees of equal lengths, "ab", a match, "c", a match before the begin. */
#define IMPLODED                                                               \
    "\x03\xf5\xf5\xf5\xf5\x03\xf5\xf5\xf5\xf5\xc3\x8a\x09\xfe"                 \
    "\xf7\x98\xe2\xfb\x00"

static void implode_follows_trees_and_matches(void **state)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_buf into = ov_buf_with_max(100);

    (void)state;
    assert_int_equal(ov_explode(OV_SPAN_LIT(IMPLODED), 0, 10, &budget, &into),
                     OV_OK);
    assert_true(
        ov_span_equal(ov_buf_span(&into), OV_SPAN_LIT("abababc\0\0\0")));
    ov_buf_clear(&into);
    assert_int_equal(ov_explode(OV_SPAN_LIT(IMPLODED), 0, 100, &budget, &into),
                     OV_TRUNCATED);
    assert_true(into.len >= 7);
    ov_buf_done(&into);
}

OV_TEST_MAIN(OV_TEST(deflate64_reads_what_deflate_writes),
             OV_TEST(implode_follows_trees_and_matches))
