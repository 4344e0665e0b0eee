/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "random.h"
#include "reputation/submission_policy.h"
#include "test.h"

/* Decisions against plain statements of what must hold, over random bytes with
 * random marks in them; markers against a plain search. */
#define ROUNDS 20000
#define MAX_LEN 300

#define MARK(text)                                                             \
    {                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                              \
    }

static const struct ov_span marks[] = {
    MARK("\x7f"
         "ELF\x02\x01\x01"),
    MARK("PK\x03\x04"),
    MARK("%PDF-1.4"),
    MARK("-----BEGIN RSA PRIVATE KEY-----"),
    MARK("SQLite format 3"),
    MARK("secret"),
    MARK("S\0e\0c\0R\0e\0t\0"),
    MARK("int main(void)\n"),
};

static size_t make(struct ov_random *r, uint8_t *bytes)
{
    size_t len = (size_t)ov_random_below(r, MAX_LEN);

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)ov_random_u64(r);
    for (size_t n = (size_t)ov_random_below(r, 3); n > 0; n--) {
        struct ov_span m =
            marks[ov_random_below(r, sizeof(marks) / sizeof(marks[0]))];
        size_t at = ov_random_below(r, 2) == 0
                        ? 0
                        : (size_t)ov_random_below(r, MAX_LEN);

        if (at + m.len <= len)
            memcpy(bytes + at, m.ptr, m.len);
    }
    return len;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool plainly_has(const uint8_t *bytes, size_t len, const char *word)
{
    size_t n = strlen(word);

    for (size_t step = 1; step <= 2; step++) {
        for (size_t at = 0; at + step * n <= len; at++) {
            size_t i = 0;

            while (i < n && lower(bytes[at + step * i]) == (uint8_t)word[i] &&
                   (step == 1 || bytes[at + 2 * i + 1] == 0))
                i++;
            if (i == n)
                return true;
        }
    }
    return false;
}

static void decisions_keep_their_promises(void **state)
{
    const struct ov_span words[] = {OV_SPAN_LIT("Secret")};
    struct ov_random r = ov_random_seeded();
    size_t counts[4] = {0};

    (void)state;
    for (size_t i = 0; i < ROUNDS; i++) {
        uint8_t bytes[MAX_LEN];
        size_t len = make(&r, bytes);
        struct ov_submission_policy p = {
            .mode = (enum ov_submission_mode)ov_random_below(&r, 3),
            .auto_classes = (uint32_t)ov_random_u64(&r),
            .max_size = ov_random_below(&r, 2) * 200};
        struct ov_submission_item item = {
            .facts = ov_submission_look(ov_span_of(bytes, len), words, 1),
            .is_in_private_place = ov_random_below(&r, 8) == 0,
            .is_of_others = ov_random_below(&r, 8) == 0,
            .is_approved_rule = ov_random_below(&r, 2) == 0,
            .is_named = ov_random_below(&r, 4) == 0,
            .count_today = ov_random_below(&r, 24)};
        struct ov_submission_decision d = ov_submission_decide(&p, &item);
        bool is_hard = p.mode == OV_SUBMIT_NEVER || len == 0 ||
                       (p.max_size != 0 && len > p.max_size) ||
                       item.count_today >= OV_SUBMISSION_MAX_COUNT;
        bool is_soft = !ov_submission_class_is_offered(d.class) ||
                       plainly_has(bytes, len, "secret") ||
                       item.is_in_private_place || item.is_of_others;

        counts[d.answer]++;
        assert_int_equal(d.answer == OV_SUBMISSION_REFUSE, is_hard);
        assert_int_equal(d.answer == OV_SUBMISSION_NAME,
                         !is_hard && is_soft && !item.is_named);
        if (d.answer == OV_SUBMISSION_SEND)
            assert_true(item.is_named || item.is_approved_rule ||
                        p.mode == OV_SUBMIT_AUTO);
    }
    for (size_t i = 0; i < 4; i++)
        assert_true(counts[i] > 0);
}

OV_TEST_MAIN(OV_TEST(decisions_keep_their_promises))
