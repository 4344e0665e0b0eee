/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/reader.h"
#include "random.h"
#include "test.h"

/* The reader against plain indexing, and against the writer that mirrors it. */
#define ROUNDS 20000
#define MAX_LEN 64

/* What reading len bytes at *at must give: by plain indexing, or -1. */
static bool plain(struct ov_span all, size_t *at, size_t len, bool is_big,
                  uint64_t *ret)
{
    *ret = 0;
    if (len > all.len - *at)
        return false;
    for (size_t i = 0; i < len; i++)
        *ret |= (uint64_t)all.ptr[*at + i] << (8 * (is_big ? len - 1 - i : i));
    *at += len;
    return true;
}

static uint64_t read_number(struct ov_reader *r, size_t op)
{
    switch (op) {
    case 0:
        return ov_read_u8(r);
    case 1:
        return ov_read_u16le(r);
    case 2:
        return ov_read_u32le(r);
    case 3:
        return ov_read_u64le(r);
    case 4:
        return ov_read_u16be(r);
    case 5:
        return ov_read_u32be(r);
    default:
        return ov_read_u64be(r);
    }
}

static void compare_once(struct ov_random *random)
{
    static const size_t lens[] = {1, 2, 4, 8, 2, 4, 8};
    uint8_t bytes[MAX_LEN];
    size_t len = ov_random_below(random, MAX_LEN + 1);
    struct ov_span all = ov_span_of(bytes, len);
    struct ov_reader r = ov_reader_over(all);
    size_t at = 0;
    bool is_good = true;

    ov_random_fill(random, bytes, len);
    for (int i = 0; i < 20; i++) {
        size_t op = ov_random_below(random, 7);
        uint64_t want = 0;

        is_good = is_good && plain(all, &at, lens[op], op > 3, &want);
        assert_true(read_number(&r, op) == want);
        assert_int_equal(r.at, at);
        assert_int_equal(ov_reader_status(&r) == OV_OK, is_good);
        assert_int_equal(ov_reader_more(&r), is_good && at < len);
    }
}

static void reads_are_what_indexing_gives(void **state)
{
    struct ov_random random = ov_random_seeded();

    (void)state;
    for (int i = 0; i < ROUNDS; i++)
        compare_once(&random);
}

struct item {
    size_t kind;
    uint64_t value;
    size_t len;
};

static void put_item(struct ov_buf *b, const struct item *item,
                     const uint8_t *bytes)
{
    switch (item->kind) {
    case 0:
        ov_put_u8(b, (uint8_t)item->value);
        break;
    case 1:
        ov_put_u16(b, (uint16_t)item->value);
        break;
    case 2:
        ov_put_u32(b, (uint32_t)item->value);
        break;
    case 3:
        ov_put_u64(b, item->value);
        break;
    case 4:
        ov_put_varint(b, item->value);
        break;
    default:
        ov_put_block(b, ov_span_of(bytes, item->len));
        break;
    }
}

static void expect_item(struct ov_reader *r, const struct item *item,
                        const uint8_t *bytes)
{
    static const uint64_t masks[] = {UINT8_MAX, UINT16_MAX, UINT32_MAX,
                                     UINT64_MAX, UINT64_MAX};

    if (item->kind == 5)
        assert_true(
            ov_span_equal(ov_read_block(r), ov_span_of(bytes, item->len)));
    else if (item->kind == 4)
        assert_true(ov_read_varint(r) == item->value);
    else
        assert_true(read_number(r, item->kind) ==
                    (item->value & masks[item->kind]));
}

static void what_was_put_is_read_back(void **state)
{
    struct ov_random random = ov_random_seeded();
    uint8_t bytes[MAX_LEN];

    (void)state;
    ov_random_fill(&random, bytes, MAX_LEN);
    for (int i = 0; i < ROUNDS / 10; i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(100000);
        struct item items[30];
        struct ov_reader r;

        for (size_t k = 0; k < 30; k++) {
            items[k] = (struct item){ov_random_below(&random, 6),
                                     ov_random_magnitude(&random),
                                     ov_random_below(&random, MAX_LEN + 1)};
            put_item(&b, &items[k], bytes);
        }
        assert_int_equal(ov_buf_status(&b), OV_OK);
        r = ov_reader_over(ov_buf_span(&b));
        for (size_t k = 0; k < 30; k++)
            expect_item(&r, &items[k], bytes);
        assert_int_equal(ov_reader_end(&r), OV_OK);
    }
}

OV_TEST_MAIN(OV_TEST(reads_are_what_indexing_gives),
             OV_TEST(what_was_put_is_read_back))
