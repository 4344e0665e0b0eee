/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <time.h>

#include "random.h"
#include "test.h"
#include "trust/entry.h"

/* Entries and their calendar against plain twins: libc's calendar, and a text
 * put together line by line. */
#define ROUNDS 100000

static void times_agree_with_libc(void **state)
{
    struct ov_random r = ov_random_seeded();

    (void)state;
    for (size_t i = 0; i < ROUNDS; i++) {
        time_t time = (time_t)ov_random_below(&r, 253402300800);
        OV_AUTO_DONE(buf) ours = ov_buf_with_max(64);
        char plain[64];
        struct tm tm;
        uint64_t again;

        assert_non_null(gmtime_r(&time, &tm));
        assert_int_equal(strftime(plain, sizeof(plain), "%FT%TZ", &tm), 20);
        ov_put_time(&ours, (uint64_t)time);
        assert_true(ov_span_equal(ov_buf_span(&ours), ov_span_str(plain)));
        assert_true(ov_time_parse(ov_buf_span(&ours), &again));
        assert_true(again == (uint64_t)time);
    }
}

/* Changes one byte of a good text: it is refused, or prints as it is now. */
static void a_changed_entry_is_refused_or_another_one(void **state)
{
    static const char good[] =
        "overt.example/recall/v1\nid C-9\nrule R-1\nrule R-2\n"
        "release stable 10\ncode 3\nwhy Finds libc.\nauthor p-07\n"
        "time 2026-11-22T10:00:00Z\n";
    struct ov_random r = ov_random_seeded();
    size_t n_parsed = 0;

    (void)state;
    for (size_t i = 0; i < ROUNDS; i++) {
        OV_AUTO_DONE(buf) again = ov_buf_with_max(OV_ENTRY_MAX);
        char text[sizeof(good)];
        struct ov_span now = ov_span_of(text, sizeof(good) - 1);
        struct ov_entry e;

        memcpy(text, good, sizeof(good));
        text[ov_random_below(&r, now.len)] = (char)ov_random_u64(&r);
        if (ov_entry_parse(now, &e, NULL) != OV_OK)
            continue;
        n_parsed++;
        ov_put_entry(&again, &e);
        assert_true(ov_span_equal(ov_buf_span(&again), now));
    }
    assert_in_range(n_parsed, 1, ROUNDS - 1);
}

OV_TEST_MAIN(OV_TEST(times_agree_with_libc),
             OV_TEST(a_changed_entry_is_refused_or_another_one))
