/* SPDX-License-Identifier: Apache-2.0
 *
 * .xz by the fast way. Whatever it takes must be what was packed; whatever is
 * not sound to the last byte it must leave alone, with nothing changed. A crew
 * changes nothing. */
#include <lzma.h>

#include "formats/codec.h"
#include "formats/xz.h"
#include "late_crew.h"
#include "test.h"

#define PLAIN_LEN ((size_t)300000)

/* Bytes of all sorts: noise, runs, near and far repetitions, words. */
static void make_plain(uint8_t *plain, size_t len)
{
    uint32_t seed = 12345;
    size_t at = 0;

    while (at < len) {
        size_t n;

        seed = seed * 1103515245 + 12345;
        n = 1 + (seed >> 16) % 300;
        if (n > len - at)
            n = len - at;
        for (size_t i = 0; i < n; i++, at++) {
            seed = seed * 1103515245 + 12345;
            if (at < 1000 || n % 4 == 0)
                plain[at] = (uint8_t)(seed >> 16);
            else if (n % 4 == 1)
                plain[at] = plain[at - 1 - n % 40];
            else if (n % 4 == 2)
                plain[at] = plain[at - at / 2];
            else
                plain[at] = (uint8_t)("overt"[at % 5] + (seed >> 28 == 0));
        }
    }
}

struct packing {
    uint32_t preset;
    uint32_t lc;
    uint32_t lp;
    uint32_t pb;
    lzma_check check;
    bool is_in_blocks;
};

static size_t pack(const struct packing *how, struct ov_span plain,
                   uint8_t *into, size_t room)
{
    lzma_stream lz = LZMA_STREAM_INIT;
    lzma_options_lzma options;
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options},
                             {LZMA_VLI_UNKNOWN, NULL}};
    size_t len;

    assert_false(lzma_lzma_preset(&options, how->preset));
    options.lc = how->lc;
    options.lp = how->lp;
    options.pb = how->pb;
    assert_int_equal(lzma_stream_encoder(&lz, filters, how->check), LZMA_OK);
    lz.next_out = into;
    lz.avail_out = room;
    lz.next_in = plain.ptr;
    if (how->is_in_blocks) {
        lz.avail_in = plain.len / 3;
        while (lzma_code(&lz, LZMA_FULL_FLUSH) == LZMA_OK)
            continue;
        lz.avail_in = plain.len - plain.len / 3;
    } else {
        lz.avail_in = plain.len;
    }
    while (lzma_code(&lz, LZMA_FINISH) == LZMA_OK)
        continue;
    assert_int_equal(lz.avail_in, 0);
    len = (size_t)lz.total_out;
    lzma_end(&lz);
    return len;
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
    is_done = ov_xz_decode(packed, &budget, crew, into, &used);
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

static const struct packing packings[] = {
    {0, 3, 0, 2, LZMA_CHECK_CRC32, false},
    {6, 3, 0, 2, LZMA_CHECK_CRC64, false},
    {9, 4, 0, 0, LZMA_CHECK_NONE, false},
    {1, 0, 4, 4, LZMA_CHECK_CRC64, true},
    {6, 0, 0, 0, LZMA_CHECK_CRC32, true},
    {3, 2, 2, 3, LZMA_CHECK_CRC64, true},
    {6 | LZMA_PRESET_EXTREME, 1, 3, 1, LZMA_CHECK_CRC64, false},
};

static void do_at_once(struct ov_crew *crew, unsigned i,
                       void (*work)(void *data), void *data)
{
    (void)crew;
    (void)i;
    work(data);
}

/* Helpers that are done before the caller begins. */
static struct late_crew early = {.crew = {.n = 2,
                                          .stretch = 1,
                                          .start = do_at_once,
                                          .is_idle = has_nothing,
                                          .wait = do_now}};

static struct ov_crew *const crews[] = {NULL, &late.crew, &early.crew};

static void what_was_packed_comes_out(void **state)
{
    uint8_t *plain = malloc(PLAIN_LEN);
    uint8_t *packed = malloc(2 * PLAIN_LEN);

    (void)state;
    make_plain(plain, PLAIN_LEN);
    for (size_t i = 0; i < sizeof(packings) / sizeof(*packings); i++) {
        for (size_t len = 0; len <= PLAIN_LEN; len = len * 7 + 1) {
            size_t n = pack(&packings[i], ov_span_of(plain, len), packed,
                            2 * PLAIN_LEN);

            for (size_t c = 0; c < sizeof(crews) / sizeof(*crews); c++) {
                struct ov_buf into;

                assert_true(is_unpacked(ov_span_of(packed, n), crews[c],
                                        PLAIN_LEN + 1, &into));
                assert_int_equal(into.len, len + 1);
                assert_memory_equal(into.ptr + 1, plain, len);
                ov_buf_done(&into);
            }
        }
    }
    free(plain);
    free(packed);
}

static void nothing_is_taken_that_is_not_sound(void **state)
{
    const size_t len = 1500;
    uint8_t plain[1500];
    uint8_t packed[4000];
    struct ov_buf into;
    size_t n;

    (void)state;
    make_plain(plain, len);
    n = pack(&packings[5], ov_span_of(plain, len), packed, sizeof(packed));
    for (size_t i = 0; i < n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            packed[i] ^= (uint8_t)(1u << bit);
            assert_false(
                is_unpacked(ov_span_of(packed, n), NULL, 1 << 20, &into));
            ov_buf_done(&into);
            assert_false(is_unpacked(ov_span_of(packed, n), crews[1 + bit % 2],
                                     1 << 20, &into));
            ov_buf_done(&into);
            packed[i] ^= (uint8_t)(1u << bit);
        }
        assert_false(is_unpacked(ov_span_of(packed, i), NULL, 1 << 20, &into));
        ov_buf_done(&into);
    }
}

static void limits_leave_everything_as_it_was(void **state)
{
    uint8_t plain[2000];
    uint8_t packed[3000];
    struct ov_budget budget = ov_budget_default();
    struct ov_buf into;
    size_t used;
    size_t n;

    (void)state;
    make_plain(plain, sizeof(plain));
    n = pack(&packings[1], ov_span_of(plain, sizeof(plain)), packed,
             sizeof(packed));
    assert_false(
        is_unpacked(ov_span_of(packed, n), NULL, sizeof(plain), &into));
    ov_buf_done(&into);
    assert_true(
        is_unpacked(ov_span_of(packed, n), NULL, sizeof(plain) + 1, &into));
    ov_buf_done(&into);
    budget.limit[OV_COST_BYTES] = sizeof(plain) - 1;
    into = ov_buf_with_max(1 << 20);
    assert_false(
        ov_xz_decode(ov_span_of(packed, n), &budget, NULL, &into, &used));
    assert_int_equal(budget.spent[OV_COST_BYTES], 0);
    assert_int_equal(into.len, 0);
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
    n = pack(&packings[1], ov_span_of(plain, sizeof(plain)), packed,
             sizeof(packed));
    for (size_t nth = 1; nth < 100; nth++) {
        struct ov_budget budget = ov_budget_default();
        struct ov_decode_job job = {.codec = OV_CODEC_XZ,
                                    .in = ov_span_of(packed, n),
                                    .size_hint = OV_DECODE_NO_HINT,
                                    .budget = &budget};
        OV_AUTO_DONE(buf) into = ov_buf_with_max(1 << 20);
        enum ov_status status;

        (void)ov_alloc_fail_at(nth);
        status = ov_decode(&job, &into, NULL);
        if (ov_alloc_fail_at(0) < nth) {
            assert_int_equal(status, OV_OK);
            assert_true(nth > 2);
            return;
        }
        assert_true(status == OV_OK || status == OV_NO_MEMORY);
        if (status == OV_OK)
            assert_int_equal(into.len, sizeof(plain));
    }
    fail();
}

OV_TEST_MAIN(OV_TEST(what_was_packed_comes_out),
             OV_TEST(nothing_is_taken_that_is_not_sound),
             OV_TEST(limits_leave_everything_as_it_was),
             OV_TEST(a_stream_comes_out_whatever_allocation_fails))
