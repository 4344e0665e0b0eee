/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"
#include "trust/entry.h"

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define CHANGE                                                                 \
    "overt.example/rule-change/v1\nid R-2026-001234\nrev 3\nop modify\n"       \
    "replaces 81233\nkind yar\nsource sha256:" HEX " 742\n"                    \
    "tests sha256:" HEX " 12\nwhy Matches the packer, too.\nauthor p-07\n"     \
    "time 2026-11-22T10:00:00Z\n"
#define RELEASE                                                                \
    "overt.example/release/v1\nchannel stable\nseq 20931\nprev sha256:" HEX    \
    "\nbase 20900\nchanges 81230 81244\nrecords 104882\nset-root " HEX         \
    "\ndb 0 sha256:" HEX " 18874368\ndb 1 sha256:" HEX " 4096\n"               \
    "compiler 81200\nrollout 10:1h 50:6h 100:24h salt 00ff\n"

#define REQUEST                                                                \
    "a.b/request/v1\nid 2026H2-0017\nreceived 2026-09-03\ncountry CH\n"        \
    "authority police\nvia mlat\nkind user_data\ndata account\n"               \
    "data telemetry\nbasis Some code, art. 265\nsubjects 1\n"                  \
    "author legal-1\ntime 2026-09-03T14:00:00Z\n"
#define DECISION                                                               \
    "a.b/request-decision/v1\nid 2026H2-0017\nprev sha256:" HEX                \
    "\ndecided 2026-09-15\nreview invalid\ndecision rejected\n"                \
    "reason not_valid\naccounts 0\nnotified barred_until:2027-03-01\n"         \
    "author legal-1\ntime 2026-09-15T14:00:00Z\n"
#define OPENING                                                                \
    "a.b/request-opening/v1\ndate 2026-10-03\nempty " HEX " " HEX              \
    "\nevent " HEX " " HEX " sha256:" HEX                                      \
    "\nauthor legal-1\ntime 2026-10-03T14:00:00Z\n"

static enum ov_status parse(const char *text, struct ov_entry *ret,
                            struct ov_diag *diag)
{
    return ov_entry_parse(ov_span_str(text), ret, diag);
}

static void what_is_parsed_prints_as_it_was(void **state)
{
    static const char *const good[] = {
        CHANGE,
        RELEASE,
        "a.b/recall/v1\nid C-1\nrule R-1\nrule R-2\nrelease stable 7\n"
        "code 12\nwhy Finds libc.\nauthor p-1\ntime 2026-01-01T00:00:00Z\n",
        "a.b/notice/v1\nid N-1\nkind end-of-service\nregion US\n"
        "announced 2026-11-01\ndate sales-end 2027-01-20\nfile sha256:" HEX
        " 9\nauthor p-1\ntime 2026-01-01T00:00:00Z\n",
        REQUEST,
        DECISION,
        OPENING,
        "a.b/request-report/v1\nperiod 2026H2\nsize 7\ntable sha256:" HEX
        " 900\nauthor legal-1\ntime 2027-01-05T00:00:00Z\n",
        "a.b/drill/v1\nid D-1\nkind failover\ndate 2026-09-01\nregion CH\n"
        "result passed\nminutes 4\nwhat Zurich was switched off.\nauthor p-1\n"
        "time 2026-09-01T00:00:00Z\n",
        "a.b/log-start/v1\norigin a.b/log/2026\nauthor p-1\n"
        "time 2026-01-01T00:00:00Z\n",
        "a.b/key-manifest/v1\nversion 3\nfile sha256:" HEX
        " 700\nauthor p-1\ntime 2026-01-01T00:00:00Z\n",
        "a.b/submissions/v1\nregion eu\nsize 18\nroot " HEX
        "\ntime 2026-01-01T00:00:00Z\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        OV_AUTO_DONE(buf) again = ov_buf_with_max(OV_ENTRY_MAX);
        struct ov_diag diag = {0};
        struct ov_entry e;

        assert_int_equal(parse(good[i], &e, &diag), OV_OK);
        ov_put_entry(&again, &e);
        assert_int_equal(ov_buf_status(&again), OV_OK);
        assert_true(ov_span_equal(ov_buf_span(&again), ov_span_str(good[i])));
    }
}

static void values_are_found_by_name(void **state)
{
    struct ov_entry e;
    uint8_t digest[32];
    uint64_t n;
    uint64_t to;
    struct ov_span s;

    (void)state;
    assert_int_equal(parse(RELEASE, &e, NULL), OV_OK);
    assert_int_equal(e.type, OV_ENTRY_RELEASE);
    assert_true(ov_span_equal(e.instance, OV_SPAN_LIT("overt.example")));
    assert_true(ov_entry_is(&e, "channel", "stable"));
    assert_false(ov_entry_is(&e, "channel", "stabl"));
    assert_true(ov_entry_number(&e, "seq", &n) && n == 20931);
    assert_true(ov_entry_range(&e, "changes", &n, &to));
    assert_true(n == 81230 && to == 81244);
    assert_true(ov_entry_digest(&e, "prev", digest, NULL));
    assert_int_equal(digest[1], 0x11);
    assert_true(ov_entry_value(&e, "db", 1, &s));
    assert_int_equal(ov_span_byte(s, 0), '1');
    assert_false(ov_entry_value(&e, "db", 2, &s));
    assert_false(ov_entry_number(&e, "sbom", &n));
    assert_int_equal(parse(CHANGE, &e, NULL), OV_OK);
    assert_true(ov_entry_digest(&e, "source", digest, &n) && n == 742);
    assert_false(ov_entry_digest(&e, "author", digest, &n));
}

/* One change of a good text each, and the line that the diag must name. */
static void every_departure_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        enum ov_status status;
        unsigned line;
    } bad[] = {
        {"overt.example/", "overt.Example/", OV_MALFORMED, 1},
        {"overt.example/", "/", OV_MALFORMED, 1},
        {"/v1", "/v2", OV_UNSUPPORTED, 1},
        {"rule-change", "rule-chance", OV_UNSUPPORTED, 1},
        {"rev 3\n", "", OV_MALFORMED, 3},
        {"rev 3", "rev 03", OV_MALFORMED, 3},
        {"rev 3", "rev  3", OV_MALFORMED, 3},
        {"rev 3", "rev 3 ", OV_MALFORMED, 3},
        {"rev 3", "rev 9007199254740992", OV_MALFORMED, 3},
        {"rev 3\n", "rev 3\nrev 3\n", OV_MALFORMED, 4},
        {"rev 3\nop modify\n", "op modify\nrev 3\n", OV_MALFORMED, 3},
        {"op modify", "op switch-off", OV_MALFORMED, 4},
        {"sha256:0011", "sha256:001A", OV_MALFORMED, 7},
        {"sha256:0011", "sha1:0011", OV_MALFORMED, 7},
        {" 742", "", OV_MALFORMED, 7},
        {"Matches the", "Matches  the", OV_MALFORMED, 9},
        {"Matches the", "Matches\x1bthe", OV_MALFORMED, 9},
        {"Matches the", "Matches\xff", OV_MALFORMED, 9},
        {"author p-07", "author ../p", OV_MALFORMED, 10},
        {"11-22T", "02-30T", OV_MALFORMED, 11},
        {"10:00:00Z", "24:00:00Z", OV_MALFORMED, 11},
        {"10:00:00Z", "10:00:60Z", OV_MALFORMED, 11},
        {"00Z\n", "00Z", OV_MALFORMED, 11},
        {"00Z\n", "00Z\nnote x\n", OV_MALFORMED, 12},
        {"00Z\n", "00Z\n\n", OV_MALFORMED, 12},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_ENTRY_MAX);
        struct ov_span good = OV_SPAN_LIT(CHANGE);
        struct ov_span from = ov_span_str(bad[i].from);
        size_t at = ov_span_find(good, from, 0);
        struct ov_diag diag = {0};
        struct ov_entry e;

        assert_true(at != SIZE_MAX);
        ov_put_span(&text, ov_span_clip(good, 0, at));
        ov_put_str(&text, bad[i].to);
        ov_put_span(&text, ov_span_clip(good, at + from.len, good.len));
        assert_int_equal(ov_entry_parse(ov_buf_span(&text), &e, &diag),
                         bad[i].status);
        assert_int_equal(diag.line, bad[i].line);
    }
}

static void no_entry_is_larger_than_a_bundle_can_hold(void **state)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(1 << 20);
    struct ov_diag diag = {0};
    struct ov_entry e;

    (void)state;
    ov_put_str(&text, "a.b/recall/v1\nid C-1\n");
    for (size_t i = 0; i < 70; i++)
        ov_put_str(&text, "rule R-1\n");
    assert_int_equal(ov_entry_parse(ov_buf_span(&text), &e, &diag),
                     OV_LIMIT_COUNT);
    for (size_t i = 0; i < 10000; i++)
        ov_put_str(&text, "rule R-1\n");
    assert_int_equal(ov_entry_parse(ov_buf_span(&text), &e, &diag),
                     OV_LIMIT_SIZE);
}

static void a_rollout_only_grows(void **state)
{
    static const char *const bad[] = {
        "10:1h",
        "salt 00",
        "10:1h 10:2h salt 00",
        "50:1h 10:2h salt 00",
        "10:1h 101:2h salt 00",
        "10:1 salt 00",
        "10:1h salt 0",
        "10:1h salt ",
        "10:1h salt 0g",
        "0:1h salt 00",
        "10:1h salt 00 11",
        "10:h salt 00",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_ENTRY_MAX);
        struct ov_span good = OV_SPAN_LIT(RELEASE);
        struct ov_entry e;

        ov_put_span(
            &text, ov_span_clip(good, 0,
                                ov_span_find(good, OV_SPAN_LIT("rollout"), 0)));
        ov_put_entry_line(&text, "rollout", "%s", bad[i]);
        assert_int_equal(ov_entry_parse(ov_buf_span(&text), &e, NULL),
                         OV_MALFORMED);
    }
}

static void times_are_those_of_the_calendar(void **state)
{
    static const struct {
        const char *text;
        uint64_t time;
    } known[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2000-02-29T23:59:59Z", 951868799},
        {"2026-11-22T10:00:00Z", 1795341600},
        {"2100-03-01T00:00:00Z", 4107542400},
        {"9999-12-31T23:59:59Z", 253402300799},
    };

    static const char *const bad[] = {
        "1969-12-31T23:59:59Z", "2100-02-29T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-1-01T00:00:00Z",
        "2026-01-01 00:00:00Z", "2026-01-01T00:00:00z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:00",  "2026-01-01T+0:00:00Z", "",
    };
    uint64_t time;

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        OV_AUTO_DONE(buf) text = ov_buf_with_max(64);

        assert_true(ov_time_parse(ov_span_str(known[i].text), &time));
        assert_true(time == known[i].time);
        ov_put_time(&text, time);
        assert_true(
            ov_span_equal(ov_buf_span(&text), ov_span_str(known[i].text)));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(ov_time_parse(ov_span_str(bad[i]), &time));
}

/* What is told of requests has a fixed form in every value. */
static void a_request_says_only_what_its_words_allow(void **state)
{
    static const struct {
        const char *text;
        const char *from;
        const char *to;
    } bad[] = {
        {REQUEST, "country CH", "country ch"},
        {REQUEST, "country CH", "country CHE"},
        {REQUEST, "authority police", "authority polices"},
        {REQUEST, "via mlat", "via court"},
        {REQUEST, "kind user_data", "kind no_data"},
        {REQUEST, "data account", "data user_data"},
        {REQUEST, "subjects 1", "subjects -1"},
        {REQUEST, "basis Some code, art. 265\n", ""},
        {DECISION, "review invalid", "review rejected"},
        {DECISION, "decision rejected", "decision pending"},
        {DECISION, "reason not_valid", "reason valid"},
        {DECISION, "notified barred_until:2027-03-01", "notified maybe"},
        {DECISION, "until:2027-03-01", "until:2027-02-30"},
        {DECISION, "accounts 0\n", ""},
        {DECISION, "prev sha256:0", "prev sha256:"},
        {OPENING, "empty 0011", "empty 00g1"},
        {OPENING, " sha256:0011", " 0011"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_ENTRY_MAX);
        struct ov_span good = ov_span_str(bad[i].text);
        struct ov_span from = ov_span_str(bad[i].from);
        size_t at = ov_span_find(good, from, 0);
        struct ov_entry e;

        assert_int_equal(parse(bad[i].text, &e, NULL), OV_OK);
        assert_true(at < good.len);
        ov_put_span(&text, ov_span_clip(good, 0, at));
        ov_put_str(&text, bad[i].to);
        ov_put_span(&text, ov_span_clip(good, at + from.len, good.len));
        assert_int_equal(ov_entry_parse(ov_buf_span(&text), &e, NULL),
                         OV_MALFORMED);
    }
}

static void a_half_year_begins_and_ends_where_the_calendar_says(void **state)
{
    static const char *const bad[] = {"",        "2026H3",  "2026H0", "2026h1",
                                      "2026H",   "2026H11", "H2",     "1969H2",
                                      "20 26H1", "+026H1"};

    static const struct {
        const char *period;
        const char *from;
        const char *last;
    } good[] = {{"2026H1", "2026-01-01T00:00:00Z", "2026-06-30T23:59:59Z"},
                {"2026H2", "2026-07-01T00:00:00Z", "2026-12-31T23:59:59Z"},
                {"1970H1", "1970-01-01T00:00:00Z", "1970-06-30T23:59:59Z"},
                {"9999H2", "9999-07-01T00:00:00Z", "9999-12-31T23:59:59Z"}};

    uint64_t from;
    uint64_t to;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(ov_period_parse(ov_span_str(bad[i]), &from, &to));
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        OV_AUTO_DONE(buf) text = ov_buf_with_max(256);

        assert_true(ov_period_parse(ov_span_str(good[i].period), &from, &to));
        ov_put_time(&text, from);
        assert_true(
            ov_span_equal(ov_buf_span(&text), ov_span_str(good[i].from)));
        ov_buf_clear(&text);
        ov_put_time(&text, to - 1);
        assert_true(
            ov_span_equal(ov_buf_span(&text), ov_span_str(good[i].last)));
        ov_buf_clear(&text);
        ov_put_period(&text, from);
        ov_put_period(&text, to - 1);
        assert_true(
            ov_span_starts(ov_buf_span(&text), ov_span_str(good[i].period)));
        assert_true(
            ov_span_ends(ov_buf_span(&text), ov_span_str(good[i].period)));
    }
}

OV_TEST_MAIN(OV_TEST(a_request_says_only_what_its_words_allow),
             OV_TEST(a_half_year_begins_and_ends_where_the_calendar_says),
             OV_TEST(what_is_parsed_prints_as_it_was),
             OV_TEST(values_are_found_by_name),
             OV_TEST(every_departure_is_refused_with_its_line),
             OV_TEST(no_entry_is_larger_than_a_bundle_can_hold),
             OV_TEST(a_rollout_only_grows),
             OV_TEST(times_are_those_of_the_calendar))
