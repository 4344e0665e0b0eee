/* SPDX-License-Identifier: Apache-2.0 */
#include "request_kit.h"
#include "test.h"

#define FACTS                                                                  \
    "received 2026-09-03\ncountry CH\nauthority police\nvia direct\n"          \
    "kind user_data\ndata account\nbasis A code, art. 1\nsubjects 2\n"
#define REJECTED                                                               \
    "decided 2026-09-15\nreview invalid\ndecision rejected\n"                  \
    "reason not_valid\naccounts 0\nnotified yes\n"
#define PERIOD OV_SPAN_LIT("2026H2")

/* An event of a request behind the entry that was added last. */
static void add_next(struct request_log *log, const char *type, const char *id,
                     const char *lines)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_ENTRY_MAX);

    ov_put_format(&text, "id %s\n", id);
    put_prev(&text, log->last);
    ov_put_str(&text, lines);
    ov_put_u8(&text, 0);
    assert_int_equal(ov_buf_status(&text), OV_OK);
    request_log_add(log, type, (const char *)text.ptr);
}

/* Takes all in; ret lives in a. */
static void finish(struct request_log *log, struct ov_arena *a,
                   struct ov_request_report *ret)
{
    assert_int_equal(
        ov_request_report_make(a, log->ledger, PERIOD, log->size, ret), OV_OK);
}

static void expect_problem(struct request_log *log, const char *what)
{
    assert_int_equal(ov_request_ledger_advance(log->ledger, log->size), OV_OK);
    assert_int_equal(log->ledger->n_problems, 1);
    assert_string_equal(log->ledger->problems[0].what, what);
    assert_int_equal(log->ledger->problems[0].index, log->size - 1);
    ov_request_ledger_free(log->ledger);
}

static void a_request_goes_from_receipt_to_its_end(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(64 << 20);
    struct ov_request_report r;
    const struct ov_request *q;
    struct request_log log;

    (void)state;
    request_log_begin(&log);
    request_log_add(&log, "request", "id Q-1\n" FACTS);
    add_next(&log, "request-decision", "Q-1", REJECTED);
    add_next(&log, "request-challenge", "Q-1",
             "date 2026-09-20\ncourt Federal Court\n");
    add_next(&log, "request-closing", "Q-1", "date 2026-10-01\n");
    finish(&log, a, &r);
    assert_int_equal(log.ledger->n_problems, 0);
    q = ov_request_find(log.ledger, OV_SPAN_LIT("Q-1"));
    assert_non_null(q);
    assert_true(q->is_decided && q->is_challenged && q->is_closed);
    assert_int_equal(q->events->index, 0);
    assert_int_equal(q->events->next->next->next->index, 3);
    assert_int_equal(r.table.n_rows, 1);
    assert_string_equal(r.table.rows[0].country, "CH");
    assert_int_equal(r.table.rows[0].counts[OV_COUNT_REJECTED], 1);
    assert_int_equal(r.table.rows[0].counts[OV_COUNT_DAYS_SUM], 12);
    assert_int_equal(r.table.rows[0].counts[OV_COUNT_SUBJECTS], 2);
    assert_int_equal(r.table.rows[0].words[OV_WORD_NOT_VALID], 1);
    assert_null(ov_request_find(log.ledger, OV_SPAN_LIT("Q-2")));
    ov_request_ledger_free(log.ledger);
}

/* Kinds that nobody asked for are in the table, as zero. */
static void an_empty_half_year_has_its_zeros(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(64 << 20);
    OV_AUTO_DONE(buf) csv = ov_buf_with_max(1 << 20);
    struct ov_request_report r;
    struct request_log log;
    struct ov_span text;

    (void)state;
    request_log_begin(&log);
    request_log_add(&log, "request",
                    "id Q-1\nreceived 2026-06-30\ncountry CH\n"
                    "authority court\nvia mlat\nkind removal\n"
                    "basis A code\nsubjects 0\n");
    finish(&log, a, &r);
    assert_int_equal(r.table.n_rows, 0);
    ov_put_request_csv(&csv, &r.table);
    text = ov_buf_span(&csv);
    assert_true(ov_span_starts(
        text, OV_SPAN_LIT("period,country,kind,requests,pending,processed,"
                          "rejected,withdrawn,decision_provided,")));
    assert_true(ov_span_find(text,
                             OV_SPAN_LIT("\n2026H2,*,change_of_product,0,0,"),
                             0) < text.len);
    assert_true(ov_span_find(text, OV_SPAN_LIT("\n2026H2,*,*,0,0,"), 0) <
                text.len);
    ov_request_ledger_free(log.ledger);
}

static void what_does_not_follow_is_told_and_not_counted(void **state)
{
    static const struct {
        const char *type;
        const char *lines;
        const char *what;
    } bad[] = {
        {"request-decision",
         "decided 2026-09-02\nreview valid\ndecision no_data\naccounts 0\n"
         "notified no\n",
         "decided before it was received"},
        {"request-decision",
         "decided 2026-09-04\nreview valid\ndecision provided\naccounts 1\n"
         "notified no\n",
         "something was given, and it is not said what"},
        {"request-decision",
         "decided 2026-09-04\nreview valid\ndecision no_data\n"
         "disclosed A name\naccounts 0\nnotified no\n",
         "nothing was given, and it is said what"},
        {"request-decision",
         "decided 2026-09-04\nreview valid\ndecision withdrawn\naccounts 3\n"
         "notified no\n",
         "nothing was given, and it is said what"},
        {"request-decision",
         "decided 2026-09-04\nreview valid\ndecision rejected\naccounts 0\n"
         "notified no\n",
         "rejected without a reason"},
        {"request-decision",
         "decided 2026-09-04\nreview valid\ndecision provided\n"
         "reason overbroad\ndisclosed A name\naccounts 1\nnotified no\n",
         "a reason for what was not refused"},
        {"request-decision",
         "decided 2026-09-04\nreview valid\ndecision provided\n"
         "disclosed A name\ndata ioc\ndata account\naccounts 1\n"
         "notified no\n",
         "its data types are not in order"},
        {"request-correction", FACTS "duplicate-of Q-1\nwhy Twice.\n",
         "said to be the same as no other request"},
        {"request-correction", FACTS "duplicate-of Q-7\nwhy Twice.\n",
         "said to be the same as no other request"},
        {"request-closing", "date 2026-09-02\n",
         "dated before it was received"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct request_log log;

        request_log_begin(&log);
        request_log_add(&log, "request", "id Q-1\n" FACTS);
        add_next(&log, bad[i].type, "Q-1", bad[i].lines);
        expect_problem(&log, bad[i].what);
    }
}

static void no_event_can_be_left_out(void **state)
{
    struct request_log log;

    (void)state;
    request_log_begin(&log);
    request_log_add(&log, "request", "id Q-1\n" FACTS);
    request_log_add(&log, "request", "id Q-1\n" FACTS "why Other.\n");
    expect_problem(&log, "a second request of its id");

    request_log_begin(&log);
    request_log_add(&log, "request", "id Q-1\n" FACTS);
    request_log_add(&log, "request", "id Q-2\n" FACTS);
    add_next(&log, "request-closing", "Q-1", "date 2026-10-01\n");
    expect_problem(&log, "does not name the event before it");

    request_log_begin(&log);
    request_log_add(&log, "request", "id Q-1\n" FACTS);
    add_next(&log, "request-closing", "Q-2", "date 2026-10-01\n");
    expect_problem(&log, "there is no request of its id");

    request_log_begin(&log);
    request_log_add(&log, "request", "id Q-1\n" FACTS);
    add_next(&log, "request-closing", "Q-1", "date 2026-10-01\n");
    add_next(&log, "request-decision", "Q-1", REJECTED);
    expect_problem(&log, "closed already");
}

static void a_correction_moves_what_is_counted(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(64 << 20);
    struct ov_request_report r;
    struct request_log log;

    (void)state;
    request_log_begin(&log);
    request_log_add(&log, "request", "id Q-1\n" FACTS);
    add_next(&log, "request-correction", "Q-1",
             "received 2026-09-03\ncountry DE\nauthority court\nvia direct\n"
             "kind preservation\nbasis A code\nsubjects 5\nwhy A slip.\n");
    request_log_add(&log, "request", "id Q-2\n" FACTS);
    add_next(&log, "request-correction", "Q-2",
             FACTS "duplicate-of Q-1\nwhy Entered twice.\n");
    finish(&log, a, &r);
    assert_int_equal(log.ledger->n_problems, 0);
    assert_int_equal(r.table.n_rows, 1);
    assert_string_equal(r.table.rows[0].country, "DE");
    assert_int_equal(r.table.rows[0].kind, OV_WORD_PRESERVATION);
    assert_int_equal(r.table.rows[0].counts[OV_COUNT_CORRECTED], 1);
    assert_int_equal(r.table.rows[0].counts[OV_COUNT_SUBJECTS], 5);
    ov_request_ledger_free(log.ledger);
}

/* -- commitments -- */

struct secret {
    uint8_t nonce[OV_REQUEST_NONCE];
    uint8_t hash[32];
};

static struct secret secret_of(uint8_t seed, struct ov_span note)
{
    struct secret s;

    memset(s.nonce, seed, sizeof(s.nonce));
    assert_int_equal(ov_request_commit(s.nonce, note, s.hash), OV_OK);
    return s;
}

/* A day with these two, in the order of their bytes. */
static void add_day(struct request_log *log, const char *date,
                    const struct secret *a, const struct secret *b)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_ENTRY_MAX);
    bool is_after = memcmp(a->hash, b->hash, 32) > 0;

    ov_put_format(&text, "date %s\ncommitment ", date);
    ov_put_hex(&text, ov_span_of(is_after ? b->hash : a->hash, 32));
    ov_put_str(&text, "\ncommitment ");
    ov_put_hex(&text, ov_span_of(is_after ? a->hash : b->hash, 32));
    ov_put_u8(&text, '\n');
    ov_put_u8(&text, 0);
    request_log_add(log, "request-commitments", (const char *)text.ptr);
}

static void add_opening(struct request_log *log, const char *word,
                        const struct secret *s, struct ov_span note)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_ENTRY_MAX);
    uint8_t digest[OV_DIGEST_MAX];

    ov_put_format(&text, "date 2026-10-10\n%s ", word);
    ov_put_hex(&text, ov_span_of(s->hash, 32));
    ov_put_u8(&text, ' ');
    ov_put_hex(&text, ov_span_of(s->nonce, 32));
    if (note.len > 0) {
        assert_int_equal(ov_digest(OV_SHA256, note, digest), OV_OK);
        ov_put_u8(&text, ' ');
        ov_put_entry_digest(&text, digest);
    }
    ov_put_u8(&text, '\n');
    ov_put_u8(&text, 0);
    request_log_add(log, "request-opening", (const char *)text.ptr);
}

static const struct ov_span nothing = {NULL, 0};

static void a_sealed_event_counts_when_it_is_told(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(64 << 20);
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_ENTRY_MAX);
    struct secret event;
    struct secret empty = secret_of(2, nothing);
    struct ov_request_report r;
    struct request_log log;

    (void)state;
    put_request_note(&note, "request", "id Q-1\n" FACTS);
    event = secret_of(1, ov_buf_span(&note));
    request_log_begin(&log);
    add_day(&log, "2026-09-03", &event, &empty);
    finish(&log, a, &r);
    assert_int_equal(r.table.n_rows, 0);
    assert_int_equal(r.n_unopened, 2);
    add_opening(&log, "empty", &empty, nothing);
    add_opening(&log, "event", &event, ov_buf_span(&note));
    request_log_add(&log, "request", "id Q-1\n" FACTS);
    finish(&log, a, &r);
    assert_int_equal(log.ledger->n_problems, 0);
    assert_int_equal(r.n_unopened, 0);
    assert_int_equal(r.n_told, 1);
    assert_int_equal(r.n_empty, 1);
    assert_int_equal(r.table.n_rows, 1);
    assert_int_equal(r.table.rows[0].counts[OV_COUNT_SEALED], 1);
    ov_request_ledger_free(log.ledger);
}

/* Binding: what was committed to can't become something else, or nothing. */
static void a_commitment_opens_in_one_way_only(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(64 << 20);
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_ENTRY_MAX);
    struct secret event;
    struct secret empty = secret_of(2, nothing);
    struct ov_request_report r;
    struct request_log log;

    (void)state;
    put_request_note(&note, "request", "id Q-1\n" FACTS);
    event = secret_of(1, ov_buf_span(&note));

    request_log_begin(&log);
    add_day(&log, "2026-09-03", &event, &empty);
    add_opening(&log, "empty", &event, nothing);
    expect_problem(&log, "a commitment of entry 0 is not to nothing");

    request_log_begin(&log);
    add_day(&log, "2026-09-03", &event, &empty);
    add_opening(&log, "event", &empty, ov_buf_span(&note));
    request_log_add(&log, "request", "id Q-1\n" FACTS);
    expect_problem(&log, "not the event of its commitment in entry 0");

    request_log_begin(&log);
    add_day(&log, "2026-09-03", &event, &empty);
    add_opening(&log, "empty", &empty, nothing);
    add_opening(&log, "empty", &empty, nothing);
    expect_problem(&log, "opens a commitment of entry 0 again");

    request_log_begin(&log);
    add_opening(&log, "empty", &empty, nothing);
    expect_problem(&log, "opens what is no commitment");

    request_log_begin(&log);
    add_day(&log, "2026-09-03", &event, &empty);
    add_opening(&log, "event", &event, ov_buf_span(&note));
    finish(&log, a, &r);
    assert_int_equal(log.ledger->n_problems, 1);
    assert_string_equal(log.ledger->problems[0].what,
                        "the event of a commitment of entry 0 does not follow");
    ov_request_ledger_free(log.ledger);
}

static void every_day_has_as_many_commitments(void **state)
{
    struct secret a = secret_of(1, nothing);
    struct secret b = secret_of(2, nothing);
    struct secret c = secret_of(3, nothing);
    struct secret d = secret_of(4, nothing);
    OV_AUTO_DONE(buf) one = ov_buf_with_max(OV_ENTRY_MAX);
    struct request_log log;

    (void)state;
    request_log_begin(&log);
    add_day(&log, "2026-09-03", &a, &b);
    add_day(&log, "2026-09-06", &c, &d);
    assert_int_equal(ov_request_ledger_advance(log.ledger, 2), OV_OK);
    assert_int_equal(log.ledger->missing_days, 2);
    expect_problem(&log, "no commitments on the 2 days before");

    request_log_begin(&log);
    add_day(&log, "2026-09-03", &a, &b);
    add_day(&log, "2026-09-03", &c, &d);
    expect_problem(&log, "commitments of a day that has some, or is over");

    request_log_begin(&log);
    add_day(&log, "2026-09-03", &a, &b);
    add_day(&log, "2026-09-04", &b, &c);
    expect_problem(&log, "a commitment that was there before");

    request_log_begin(&log);
    add_day(&log, "2026-09-03", &a, &b);
    ov_put_str(&one, "date 2026-09-04\ncommitment ");
    ov_put_hex(&one, ov_span_of(c.hash, 32));
    ov_put_u8(&one, '\n');
    ov_put_u8(&one, 0);
    request_log_add(&log, "request-commitments", (const char *)one.ptr);
    expect_problem(&log, "1 commitments instead of 2, and it is not said why");
}

/* -- published tables -- */

static void add_table(struct request_log *log, struct ov_span csv,
                      uint64_t size)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_ENTRY_MAX);
    uint8_t digest[OV_DIGEST_MAX];

    assert_int_equal(ov_digest(OV_SHA256, csv, digest), OV_OK);
    ov_put_format(&text, "period 2026H2\nsize %llu\ntable ",
                  (unsigned long long)size);
    ov_put_entry_digest(&text, digest);
    ov_put_format(&text, " %zu\n", csv.len);
    ov_put_u8(&text, 0);
    request_log_add(log, "request-report", (const char *)text.ptr);
}

static void a_published_table_is_of_its_size(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(64 << 20);
    OV_AUTO_DONE(buf) csv = ov_buf_with_max(1 << 20);
    struct ov_request_report r;
    struct ov_request_table table;
    struct request_log log;

    (void)state;
    request_log_begin(&log);
    request_log_add(&log, "request", "id Q-1\n" FACTS);
    assert_int_equal(ov_request_ledger_advance(log.ledger, 1), OV_OK);
    assert_int_equal(ov_request_table_make(a, log.ledger, PERIOD, &table),
                     OV_OK);
    ov_put_request_csv(&csv, &table);
    ov_request_ledger_free(log.ledger);

    request_log_begin(&log);
    request_log_add(&log, "request", "id Q-1\n" FACTS);
    request_log_add(&log, "request", "id Q-2\n" FACTS);
    add_table(&log, ov_buf_span(&csv), 2); /* it is not of two entries */
    add_table(&log, ov_buf_span(&csv), 1); /* but of one */
    finish(&log, a, &r);
    assert_int_equal(r.n_published, 2);
    assert_int_equal(r.n_different, 1);
    assert_int_equal(r.published[0].index, 3);
    assert_true(r.published[0].is_same);
    assert_false(r.published[1].is_same);
    assert_int_equal(r.table.rows[0].counts[OV_COUNT_REQUESTS], 2);
    ov_request_ledger_free(log.ledger);

    request_log_begin(&log);
    add_table(&log, ov_buf_span(&csv), 9);
    expect_problem(&log, "a table of entries that come behind it");
}

OV_TEST_MAIN(OV_TEST(a_request_goes_from_receipt_to_its_end),
             OV_TEST(an_empty_half_year_has_its_zeros),
             OV_TEST(what_does_not_follow_is_told_and_not_counted),
             OV_TEST(no_event_can_be_left_out),
             OV_TEST(a_correction_moves_what_is_counted),
             OV_TEST(a_sealed_event_counts_when_it_is_told),
             OV_TEST(a_commitment_opens_in_one_way_only),
             OV_TEST(every_day_has_as_many_commitments),
             OV_TEST(a_published_table_is_of_its_size))
