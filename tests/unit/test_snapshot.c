/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/snapshot.h"
#include "test.h"

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define COUNTS                                                                 \
    "count good 1\ncount malicious 100000000\ncount unwanted 0\n"              \
    "count suspicious 2\ncount recalled 3\ncount test 4\n"
#define FILTERS                                                                \
    "filter fuse8 sha256:" HEX " 9224\nfilter fuse16 sha256:" HEX " 9224\n"    \
    "filter good16 sha256:" HEX " 9224\n"
#define START                                                                  \
    "overt.example/snapshot/v1\nepoch 20418\nprev sha256:" HEX                 \
    "\nprefix-bits 20\nbucket-size 3116\nbuckets-root " HEX "\n"
#define END                                                                    \
    "hot sha256:" HEX " 48000016\nfamilies sha256:" HEX " 12\n"                \
    "delta-from 58811204\ndelta-prev sha256:" HEX "\n"                         \
    "builder overt-cloud 0.1.0\ntime 2026-11-22T00:00:00Z\n"                   \
    "expires 2026-12-06T00:00:00Z\n"
#define GOOD START COUNTS FILTERS END

static enum ov_status read_text(const char *text, struct ov_snapshot *ret)
{
    struct ov_entry e;

    if (ov_entry_parse(ov_span_str(text), &e, NULL) != OV_OK)
        return OV_TRUNCATED; /* refused before it gets here */
    return ov_snapshot_read(&e, ret);
}

static void a_statement_comes_back(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct ov_snapshot s;

    (void)state;
    assert_int_equal(read_text(GOOD, &s), OV_OK);
    assert_int_equal(s.epoch, 20418);
    assert_int_equal(s.shape.prefix_bits, 20);
    assert_int_equal(s.counts[OV_REPUTATION_MALICIOUS], 100000000);
    assert_int_equal(s.filters[OV_FILTER_GOOD16].len, 9224);
    assert_int_equal(s.delta_from, 58811204);
    ov_put_snapshot(&b, &s);
    assert_true(ov_span_equal(ov_buf_span(&b), OV_SPAN_LIT(GOOD)));
}

static void other_spellings_are_refused(void **state)
{
    static const char *const bad[] = {
        START FILTERS END,
        START COUNTS END,
        START COUNTS "count test 4\n" FILTERS END,
        START COUNTS FILTERS "filter good16 sha256:" HEX " 9224\n" END,
        START "count malicious 1\ncount good 1\n" FILTERS END,
        "overt.example/snapshot/v1\nepoch 0\nprefix-bits 20\n"
        "bucket-size 3116\nbuckets-root " HEX "\n" COUNTS FILTERS END,
        "overt.example/snapshot/v1\nepoch 1\nprefix-bits 25\n"
        "bucket-size 3116\nbuckets-root " HEX "\n" COUNTS FILTERS END,
        "overt.example/snapshot/v1\nepoch 1\nprefix-bits 20\n"
        "bucket-size 3115\nbuckets-root " HEX "\n" COUNTS FILTERS END,
        "overt.example/snapshot/v1\nepoch 4294967296\nprefix-bits 20\n"
        "bucket-size 3116\nbuckets-root " HEX "\n" COUNTS FILTERS END,
    };
    struct ov_snapshot s;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_not_equal(read_text(bad[i], &s), OV_OK);
    assert_int_equal(read_text("overt.example/delta/v1\nseq 1\nprev sha256:" HEX
                               "\nfile sha256:" HEX " 60\n"
                               "time 2026-11-22T00:00:00Z\n",
                               &s),
                     OV_UNSUPPORTED);
}

static void a_statement_has_its_time(void **state)
{
    struct ov_snapshot s = {.time = 1000000, .expires = 2000000};

    (void)state;
    assert_int_equal(ov_snapshot_is_fresh(&s, 1500000), OV_OK);
    assert_int_equal(ov_snapshot_is_fresh(&s, 999999), OV_OK);
    assert_int_equal(ov_snapshot_is_fresh(&s, 1000000 - 86401), OV_FUTURE);
    assert_int_equal(ov_snapshot_is_fresh(&s, 2000000), OV_EXPIRED);
}

static void an_entry_of_a_delta_comes_back(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(1 << 16);
    struct ov_delta_entry d = {.instance = OV_SPAN_LIT("overt.example"),
                               .seq = 7,
                               .previous = {1},
                               .file = {{2}, 60},
                               .time = 1795341600};
    struct ov_delta_entry back;
    struct ov_entry e;

    (void)state;
    ov_put_delta_entry(&b, &d);
    assert_int_equal(ov_entry_parse(ov_buf_span(&b), &e, NULL), OV_OK);
    assert_int_equal(ov_delta_entry_read(&e, &back), OV_OK);
    ov_put_delta_entry(&again, &back);
    assert_true(ov_span_equal(ov_buf_span(&b), ov_buf_span(&again)));
    assert_int_equal(ov_snapshot_read(&e, &(struct ov_snapshot){0}),
                     OV_UNSUPPORTED);
}

OV_TEST_MAIN(OV_TEST(a_statement_comes_back),
             OV_TEST(other_spellings_are_refused),
             OV_TEST(a_statement_has_its_time),
             OV_TEST(an_entry_of_a_delta_comes_back))
