/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "random.h"
#include "test.h"

/* Text functions against plain ones that are slow and obviously right. */
#define ROUNDS 200000
#define MAX_LEN 24

/* Encodes one code point; 0 if there is no such. */
static size_t encode(uint32_t c, uint8_t to[static 4])
{
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    if (c < 0x80) {
        to[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (uint8_t)(0xc0 | c >> 6);
        to[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (uint8_t)(0xe0 | c >> 12);
        to[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        to[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = (uint8_t)(0xf0 | c >> 18);
    to[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    to[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    to[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

static void every_code_point_is_valid_and_only_whole(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x110010; c++) {
        uint8_t bytes[4];
        size_t len = encode(c, bytes);

        if (len == 0)
            continue;
        assert_int_equal(ov_utf8_len(ov_span_of(bytes, len)), len);
        assert_int_equal(ov_utf8_len(ov_span_of(bytes, len - 1)), 0);
    }
}

/* A sequence is valid if some code point encodes to just these bytes. */
static size_t plain_utf8_len(struct ov_span s)
{
    for (size_t len = 1; len <= 4 && len <= s.len; len++) {
        uint32_t c = s.ptr[0];
        uint8_t again[4];

        if (len > 1)
            c &= 0x7fu >> len;
        for (size_t i = 1; i < len; i++)
            c = c << 6 | (s.ptr[i] & 0x3f);
        if (encode(c, again) == len && memcmp(again, s.ptr, len) == 0)
            return len;
    }
    return 0;
}

/* Bytes that are near the borders of what is valid. */
static size_t odd_bytes(struct ov_random *random, uint8_t *to)
{
    static const uint8_t odd[] = {0x00, 0x1f, 0x20, '"',  '\\', 0x7f, 0x80,
                                  0x8f, 0x90, 0x9b, 0x9f, 0xa0, 0xae, 0xbf,
                                  0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe2, 0xed,
                                  0xef, 0xf0, 0xf4, 0xf5, 0xff};
    size_t len = ov_random_below(random, MAX_LEN + 1);

    for (size_t i = 0; i < len; i++)
        to[i] = odd[ov_random_below(random, sizeof(odd))];
    return len;
}

static void utf8_is_what_a_plain_decoder_says(void **state)
{
    struct ov_random random = ov_random_seeded();

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t bytes[MAX_LEN];
        struct ov_span s = ov_span_of(bytes, odd_bytes(&random, bytes));

        assert_int_equal(ov_utf8_len(s), plain_utf8_len(s));
    }
}

/* Whether a terminal or a reader could be fooled. */
static bool is_harmful(struct ov_span s)
{
    static const struct ov_span marks[] = {
        {(const uint8_t *)"\xe2\x80\xae", 3},
        {(const uint8_t *)"\xe2\x81\xa6", 3},
        {(const uint8_t *)"\xef\xbb\xbf", 3},
    };

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return true;
        if (s.ptr[i] == 0xc2 && i + 1 < s.len && s.ptr[i + 1] < 0xa0)
            return true;
    }
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (ov_span_find(s, marks[i], 0) != SIZE_MAX)
            return true;
    return false;
}

/* Undoes ov_put_escaped. */
static size_t unescape(struct ov_span s, uint8_t *to)
{
    size_t len = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\\') {
            assert_true(ov_hex_decode(ov_span_clip(s, i + 2, 2), to + len, 1));
            i += 3;
        } else {
            to[len] = s.ptr[i];
        }
        len++;
    }
    return len;
}

static void escaped_text_is_harmless_and_says_the_same(void **state)
{
    struct ov_random random = ov_random_seeded();
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_LEN * 8);

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t bytes[MAX_LEN];
        uint8_t back[MAX_LEN * 4];
        struct ov_span s = ov_span_of(bytes, odd_bytes(&random, bytes));

        ov_buf_clear(&b);
        ov_put_escaped(&b, s);
        assert_int_equal(ov_buf_status(&b), OV_OK);
        assert_false(is_harmful(ov_buf_span(&b)));
        assert_true(ov_span_equal(
            ov_span_of(back, unescape(ov_buf_span(&b), back)), s));
    }
}

static void numbers_are_what_printf_wrote(void **state)
{
    struct ov_random random = ov_random_seeded();
    OV_AUTO_DONE(buf) b = ov_buf_with_max(100);

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t number = ov_random_magnitude(&random);
        uint64_t back = 0;
        int64_t signed_back = 0;

        ov_buf_clear(&b);
        ov_put_format(&b, "%" PRIu64, number);
        assert_true(ov_parse_uint(ov_buf_span(&b), UINT64_MAX, &back));
        assert_true(back == number);
        assert_int_equal(ov_parse_uint(ov_buf_span(&b), number - 1, &back),
                         number == 0);
        ov_buf_clear(&b);
        ov_put_format(&b, "%" PRId64, (int64_t)number);
        assert_true(ov_parse_int(ov_buf_span(&b), &signed_back));
        assert_true(signed_back == (int64_t)number);
    }
}

OV_TEST_MAIN(OV_TEST(every_code_point_is_valid_and_only_whole),
             OV_TEST(utf8_is_what_a_plain_decoder_says),
             OV_TEST(escaped_text_is_harmless_and_says_the_same),
             OV_TEST(numbers_are_what_printf_wrote))
