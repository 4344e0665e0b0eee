/* SPDX-License-Identifier: Apache-2.0
 *
 * .bz2 by the fast way. Whatever it takes must be what was packed; whatever is
 * not sound to the last bit it must leave alone, with nothing changed. A crew
 * changes nothing. */
#include <bzlib.h>

#include "formats/bzip2.h"
#include "formats/codec.h"
#include "late_crew.h"
#include "test.h"

#define PLAIN_LEN ((size_t)1200000)

/* Bytes of all sorts: noise, runs of any length, far repetitions, words. */
static void make_plain(uint8_t *plain, size_t len)
{
    uint32_t seed = 4711;
    size_t at = 0;

    while (at < len) {
        size_t n;

        seed = seed * 1103515245 + 12345;
        n = 1 + (seed >> 16) % 600;
        if (n > len - at)
            n = len - at;
        for (size_t i = 0; i < n; i++, at++) {
            seed = seed * 1103515245 + 12345;
            if (at < 1000 || n % 4 == 0)
                plain[at] = (uint8_t)(seed >> 16);
            else if (n % 4 == 1)
                plain[at] = (uint8_t)n;
            else if (n % 4 == 2)
                plain[at] = plain[at - at / 2];
            else
                plain[at] = (uint8_t)("overt"[at % 5] + (seed >> 28 == 0));
        }
    }
}

static size_t pack(int level, struct ov_span plain, uint8_t *into, size_t room)
{
    unsigned n = (unsigned)room;

    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)into, &n,
                                              (char *)(uintptr_t)plain.ptr,
                                              (unsigned)plain.len, level, 0, 0),
                     BZ_OK);
    return n;
}

/* Unpacks packed behind a byte that is there already. */
static bool is_unpacked(struct ov_span packed, struct ov_crew *crew, size_t max,
                        struct ov_buf *into)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_budget before = budget;
    size_t used = 0;
    bool is_done;

    *into = ov_buf_with_max(max);
    ov_put_u8(into, 'x');
    is_done = ov_bzip2_decode(packed, &budget, crew, into, &used);
    if (is_done) {
        assert_int_equal(used, packed.len);
        assert_int_equal(budget.spent[OV_COST_BYTES], into->len - 1);
    } else {
        assert_memory_equal(&budget, &before, sizeof(budget));
        assert_int_equal(into->len, 1);
        assert_int_equal(into->status, OV_OK);
    }
    return is_done;
}

static void expect_unpacked(struct ov_span packed, struct ov_span plain,
                            struct ov_crew *crew)
{
    struct ov_buf into;

    assert_true(is_unpacked(packed, crew, plain.len + 1, &into));
    assert_int_equal(into.len, plain.len + 1);
    assert_memory_equal(into.ptr + 1, plain.ptr, plain.len);
    ov_buf_done(&into);
}

static void what_was_packed_comes_out(void **state)
{
    uint8_t *plain = malloc(PLAIN_LEN);
    uint8_t *packed = malloc(2 * PLAIN_LEN);

    (void)state;
    make_plain(plain, PLAIN_LEN);
    for (int level = 1; level <= 9; level += 4) {
        for (size_t len = 0; len <= PLAIN_LEN; len = len * 9 + 1) {
            struct ov_span all = ov_span_of(plain, len);
            struct ov_span file =
                ov_span_of(packed, pack(level, all, packed, 2 * PLAIN_LEN));

            expect_unpacked(file, all, NULL);
            expect_unpacked(file, all, &late.crew);
        }
    }
    free(plain);
    free(packed);
}

/* What libbz2 makes of a stream that was changed is the same, or nothing was
 * taken. */
static void expect_as_the_library(struct ov_span packed, struct ov_span plain)
{
    char out[2000];
    unsigned n = sizeof(out);
    struct ov_buf into;

    if (!is_unpacked(packed, NULL, plain.len + 1, &into)) {
        ov_buf_done(&into);
        return;
    }
    assert_int_equal(BZ2_bzBuffToBuffDecompress(out, &n,
                                                (char *)(uintptr_t)packed.ptr,
                                                (unsigned)packed.len, 0, 0),
                     BZ_OK);
    assert_int_equal(n, into.len - 1);
    assert_memory_equal(out, into.ptr + 1, n);
    ov_buf_done(&into);
}

static void nothing_is_taken_that_is_not_sound(void **state)
{
    uint8_t plain[1500];
    uint8_t packed[3000];
    struct ov_span all = ov_span_of(plain, sizeof(plain));
    struct ov_buf into;
    size_t n;

    (void)state;
    make_plain(plain, sizeof(plain));
    n = pack(1, all, packed, sizeof(packed));
    for (size_t i = 0; i < n; i++) {
        assert_false(is_unpacked(ov_span_of(packed, i), NULL, 1 << 20, &into));
        ov_buf_done(&into);
        for (unsigned bit = 0; bit < 8; bit++) {
            packed[i] ^= (uint8_t)(1u << bit);
            expect_as_the_library(ov_span_of(packed, n), all);
            packed[i] ^= (uint8_t)(1u << bit);
        }
    }
}

/* A block's sum is right and the stream's is not. */
static void the_last_sum_counts(void **state)
{
    static const char text[] = "the quick brown fox";
    uint8_t packed[200];
    struct ov_buf into;
    size_t n;

    (void)state;
    n = pack(1, OV_SPAN_LIT(text), packed, sizeof(packed));
    packed[n - 3] ^= 0x10;
    assert_false(is_unpacked(ov_span_of(packed, n), NULL, 100, &into));
    ov_buf_done(&into);
}

static void limits_leave_everything_as_it_was(void **state)
{
    uint8_t plain[2000];
    uint8_t packed[3000];
    struct ov_buf into;
    struct ov_span file;

    (void)state;
    make_plain(plain, sizeof(plain));
    file = ov_span_of(packed, pack(9, ov_span_of(plain, sizeof(plain)), packed,
                                   sizeof(packed)));
    assert_false(is_unpacked(file, NULL, sizeof(plain), &into));
    ov_buf_done(&into);
    assert_true(is_unpacked(file, NULL, sizeof(plain) + 1, &into));
    ov_buf_done(&into);
}

/* What the fast way leaves, the slow way does: also without memory for it. */
static void a_stream_comes_out_whatever_allocation_fails(void **state)
{
    uint8_t plain[2000];
    uint8_t packed[3000];
    size_t n;

    (void)state;
    make_plain(plain, sizeof(plain));
    n = pack(9, ov_span_of(plain, sizeof(plain)), packed, sizeof(packed));
    for (size_t nth = 1; nth < 100; nth++) {
        struct ov_budget budget = ov_budget_default();
        struct ov_decode_job job = {.codec = OV_CODEC_BZIP2,
                                    .in = ov_span_of(packed, n),
                                    .size_hint = OV_DECODE_NO_HINT,
                                    .budget = &budget};
        OV_AUTO_DONE(buf) into = ov_buf_with_max(1 << 20);
        enum ov_status status;

        (void)ov_alloc_fail_at(nth);
        status = ov_decode(&job, &into, NULL);
        if (ov_alloc_fail_at(0) < nth) {
            assert_int_equal(status, OV_OK);
            assert_true(nth > 4);
            return;
        }
        assert_true(status == OV_OK || status == OV_NO_MEMORY);
        if (status == OV_OK)
            assert_int_equal(into.len, sizeof(plain));
    }
    fail();
}

/* Each stream of a file has tables and room made for it. */
static void many_short_streams_cost_what_they_take(void **state)
{
    OV_AUTO_DONE(buf) file = ov_buf_with_max(1 << 20);
    OV_AUTO_DONE(buf) into = ov_buf_with_max(1 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_decode_job job = {.codec = OV_CODEC_BZIP2,
                                .size_hint = OV_DECODE_NO_HINT,
                                .budget = &budget};
    char one[100];
    unsigned n = sizeof(one);

    (void)state;
    assert_int_equal(
        BZ2_bzBuffToBuffCompress(one, &n, (char[]){'a'}, 1, 9, 0, 0), BZ_OK);
    for (unsigned i = 0; i < 100; i++)
        ov_put_span(&file, ov_span_of(one, n));
    job.in = ov_buf_span(&file);
    budget.limit[OV_COST_STEPS] = 2500000;
    assert_int_equal(ov_decode(&job, &into, NULL), OV_LIMIT_WORK);
    assert_in_range(into.len, 1, 99);
}

OV_TEST_MAIN(OV_TEST(many_short_streams_cost_what_they_take),
             OV_TEST(what_was_packed_comes_out),
             OV_TEST(nothing_is_taken_that_is_not_sound),
             OV_TEST(the_last_sum_counts),
             OV_TEST(limits_leave_everything_as_it_was),
             OV_TEST(a_stream_comes_out_whatever_allocation_fails))
