/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "../../src/programs/cloud/control/admin_service.h"
#include "../../src/programs/cloud/control/analysis_store.h"
#include "../../src/programs/cloud/control/case_store.h"
#include "test.h"

/* The queue and the cases, in a file of the test's own or in what OV_STORE
 * names (tests/e2e/cloud_stores_answer_alike.sh); each test has a region that
 * nobody has had. */

#define START UINT64_C(1795428000)
#define LEASE 900

static const uint8_t receipt_seed[OV_ED25519_SEED] = {1, 2, 3};
static const uint8_t sample[32] = {0xab, 1};
static const struct control_case_want want = {.sample = sample,
                                              .purpose = OV_PURPOSE_SAMPLE};

struct place {
    char folder[64];
    char file[96];
    char region[OV_REGION_MAX + 1];
    struct control_store *s;
    struct ov_arena *arena;
    struct ov_buf people_text;
    struct ov_people people;
};

static struct ov_vkey key_of(uint8_t who)
{
    uint8_t seed[OV_ED25519_SEED];
    uint8_t public_key[OV_ED25519_KEY];
    char name[OV_NOTE_MAX_NAME];
    struct ov_vkey k;

    memset(seed, who, sizeof(seed));
    if (who < 4)
        (void)snprintf(name, sizeof(name), "p-0%u.people.a.example", who);
    else
        (void)snprintf(name, sizeof(name), "%s.a.example",
                       who == 4 ? "build-1" : "ci");
    assert_int_equal(ov_ed25519_public(seed, public_key), OV_OK);
    assert_int_equal(ov_vkey_make(name, OV_NOTE_ED25519, public_key, &k),
                     OV_OK);
    return k;
}

static void make_people(struct place *p)
{
    struct ov_buf *b = &p->people_text;

    *b = ov_buf_with_max(1 << 16);
    p->arena = ov_arena_new((size_t)8 << 20);
    assert_non_null(p->arena);
    ov_put_str(b, "a.example/people/v1\nneed people 2\nneed builders 1\n"
                  "need ci 0\nneed rebuilders 0\n");
    for (uint8_t i = 1; i <= 4; i++) {
        struct ov_vkey k = key_of(i);

        if (i < 4)
            ov_put_format(b, "person p-0%u ", i);
        else
            ov_put_str(b, "builder build-1 ");
        ov_put_vkey(b, &k);
        ov_put_str(b, " 0 -\n");
    }
    assert_int_equal(
        ov_people_parse(p->arena, ov_buf_span(b), &p->people, NULL), OV_OK);
}

static void set_up(struct place *p)
{
    const char *given = getenv("OV_STORE");
    struct ov_diag diag = {.text = ""};
    uint8_t random[6];

    *p = (struct place){.folder = "/tmp/overt-cases-XXXXXX"};
    assert_int_equal(getrandom(random, sizeof(random), 0), sizeof(random));
    (void)snprintf(p->region, sizeof(p->region), "t-%02x%02x%02x%02x%02x%02x",
                   random[0], random[1], random[2], random[3], random[4],
                   random[5]);
    if (given == NULL)
        assert_non_null(mkdtemp(p->folder));
    (void)snprintf(p->file, sizeof(p->file), "%s/store.db", p->folder);
    if (control_store_open(given != NULL ? given : p->file, p->region, &p->s,
                           &diag) != OV_OK)
        fail_msg("%s", diag.text);
    make_people(p);
}

static void tear_down(struct place *p)
{
    control_store_free(p->s);
    ov_arena_free(p->arena);
    ov_buf_done(&p->people_text);
    if (getenv("OV_STORE") != NULL)
        return;
    assert_int_equal(unlink(p->file), 0);
    assert_int_equal(rmdir(p->folder), 0);
}

static void submit(struct place *p, uint8_t number)
{
    const struct control_tenant tenant = {"public", 100, 1 << 20};
    const struct control_submission n = {.name = {number},
                                         .envelope = {number},
                                         .blob = {number},
                                         .size = 4096,
                                         .purpose = OV_PURPOSE_SAMPLE,
                                         .taken = START + number,
                                         .keep_until = START + 1000};
    struct control_signer signer = {.seed = receipt_seed};
    const struct control_taking t = {&n, &tenant, &signer};
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_RECEIPT_MAX);
    uint8_t public_key[OV_ED25519_KEY];
    enum control_outcome outcome;

    assert_int_equal(ov_ed25519_public(receipt_seed, public_key), OV_OK);
    assert_int_equal(ov_vkey_make("receipts.example", OV_NOTE_ED25519,
                                  public_key, &signer.key),
                     OV_OK);
    assert_int_equal(control_submission_take(p->s, &t, &note, &outcome, NULL),
                     OV_OK);
    assert_int_equal(outcome, CONTROL_TAKEN);
}

static bool end_with(struct place *p, const struct control_job *j,
                     const char *found)
{
    const struct control_finding f = {
        .sample = sample, .found = found, .words = "detected", .now = START};
    bool is_ours = false;

    assert_int_equal(control_job_end(p->s, j, &f, &is_ours, NULL), OV_OK);
    return is_ours;
}

/* One submission, analysed. */
static void make_case(struct place *p)
{
    struct control_job j;

    submit(p, 1);
    assert_int_equal(control_job_take(p->s, START, LEASE, &j, NULL), OV_OK);
    assert_true(end_with(p, &j, "verdict detected\n"));
}

static struct control_case look(struct place *p)
{
    struct control_case c;

    assert_int_equal(control_case_get(p->s, &want, &c, NULL), OV_OK);
    return c;
}

/* ---- the queue ---- */

static void a_sample_is_given_out_once_and_in_order(void **state)
{
    struct place p;
    struct control_job a;
    struct control_job b;
    struct control_job c;

    (void)state;
    set_up(&p);
    submit(&p, 2);
    submit(&p, 1);
    assert_int_equal(control_job_take(p.s, START, LEASE, &a, NULL), OV_OK);
    assert_int_equal(a.submission.name[0], 1);
    assert_int_equal(control_job_take(p.s, START, LEASE, &b, NULL), OV_OK);
    assert_int_equal(b.submission.name[0], 2);
    assert_int_equal(control_job_take(p.s, START, LEASE, &c, NULL),
                     OV_NOT_FOUND);
    assert_int_equal(a.tries, 1);
    tear_down(&p);
}

static void who_is_killed_costs_a_try_and_no_sample(void **state)
{
    struct place p;
    struct control_job first;
    struct control_job second;

    (void)state;
    set_up(&p);
    submit(&p, 1);
    assert_int_equal(control_job_take(p.s, START, LEASE, &first, NULL), OV_OK);
    assert_int_equal(control_job_take(p.s, START + LEASE, LEASE, &second, NULL),
                     OV_OK);
    assert_int_equal(second.tries, 2);
    /* Who was too slow changes nothing, before and after. */
    assert_false(end_with(&p, &first, "verdict clean\n"));
    assert_int_equal(control_job_give_back(p.s, &first, NULL), OV_OK);
    assert_int_equal(
        control_job_take(p.s, START + LEASE + 1, LEASE, &first, NULL),
        OV_NOT_FOUND);
    assert_true(end_with(&p, &second, "verdict detected\n"));
    assert_false(end_with(&p, &second, "verdict detected\n"));
    assert_int_equal(look(&p).n, 1);
    tear_down(&p);
}

static void what_is_given_back_comes_again_at_once(void **state)
{
    struct control_queue queue;
    struct place p;
    struct control_job j;

    (void)state;
    set_up(&p);
    submit(&p, 1);
    submit(&p, 2);
    assert_int_equal(control_job_take(p.s, START, LEASE, &j, NULL), OV_OK);
    assert_int_equal(control_job_give_back(p.s, &j, NULL), OV_OK);
    assert_int_equal(control_job_take(p.s, START, LEASE, &j, NULL), OV_OK);
    assert_int_equal(j.submission.name[0], 1);
    assert_int_equal(j.tries, 2);
    assert_int_equal(control_queue_look(p.s, &queue, NULL), OV_OK);
    assert_int_equal(queue.n_waiting, 2);
    assert_int_equal(queue.n_tried, 1);
    assert_true(end_with(&p, &j, "verdict detected\n"));
    assert_int_equal(control_queue_look(p.s, &queue, NULL), OV_OK);
    assert_int_equal(queue.n_waiting, 1);
    assert_int_equal(queue.n_done, 1);
    tear_down(&p);
}

static void what_was_deleted_makes_no_case(void **state)
{
    struct control_signer signer = {.seed = receipt_seed};
    struct control_deletion d = {.name = {1}, .now = START, .signer = &signer};
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_RECEIPT_MAX);
    uint8_t public_key[OV_ED25519_KEY];
    enum control_outcome outcome;
    struct control_case c;
    struct control_job j;
    struct place p;
    uint8_t blob[32];

    (void)state;
    set_up(&p);
    submit(&p, 1);
    assert_int_equal(ov_ed25519_public(receipt_seed, public_key), OV_OK);
    assert_int_equal(ov_vkey_make("receipts.example", OV_NOTE_ED25519,
                                  public_key, &signer.key),
                     OV_OK);
    assert_int_equal(control_job_take(p.s, START, LEASE, &j, NULL), OV_OK);
    assert_int_equal(
        control_submission_delete(p.s, &d, &note, blob, &outcome, NULL), OV_OK);
    assert_false(end_with(&p, &j, "verdict detected\n"));
    assert_int_equal(control_case_get(p.s, &want, &c, NULL), OV_NOT_FOUND);
    tear_down(&p);
}

/* ---- cases ---- */

static enum control_deciding say_at(struct place *p, uint8_t who,
                                    const struct control_case *c,
                                    const char *verdict, uint64_t time)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_DECISION_MAX);
    struct ov_decision d = {
        .about = c->about, .time = time, .why = OV_SPAN_LIT("Looked at it.")};
    struct control_decision act = {.people = &p->people, .now = START + 5};
    struct ov_vkey key = key_of(who);
    enum control_deciding outcome = DECIDING_NO_CASE;
    uint8_t seed[OV_ED25519_SEED];
    char name[8];

    (void)snprintf(name, sizeof(name), "p-0%u", who);
    memset(seed, who, sizeof(seed));
    d.person = ov_span_str(name);
    memcpy(d.seen, c->seen, sizeof(d.seen));
    assert_true(ov_triage_verdict_parse(ov_span_str(verdict), OV_SPAN_LIT("-"),
                                        &d.verdict));
    assert_int_equal(ov_decision_sign(&note, &d, &key, seed), OV_OK);
    act.note = ov_buf_span(&note);
    assert_int_equal(control_case_decide(p->s, &act, &outcome, NULL), OV_OK);
    return outcome;
}

static void two_people_decide_a_case_once(void **state)
{
    struct ov_agreement agreement;
    struct control_case c;
    struct place p;

    (void)state;
    set_up(&p);
    make_case(&p);
    c = look(&p);
    assert_int_equal(c.state, CASE_OPEN);
    assert_int_equal(say_at(&p, 1, &c, "malicious", START), DECIDING_KEPT);
    assert_int_equal(say_at(&p, 1, &c, "malicious", START), DECIDING_KNOWN);
    assert_int_equal(say_at(&p, 1, &c, "malicious", START + 1), DECIDING_KEPT);
    assert_int_equal(
        control_case_verify(p.s, p.arena, &p.people, &c, &agreement, NULL),
        OV_BAD_PROOF);
    assert_int_equal(say_at(&p, 2, &c, "malicious", START), DECIDING_AGREED);
    assert_int_equal(say_at(&p, 2, &c, "malicious", START), DECIDING_KNOWN);
    assert_int_equal(say_at(&p, 3, &c, "good", START), DECIDING_CLOSED);
    c = look(&p);
    assert_int_equal(c.state, CASE_DECIDED);
    assert_string_equal(c.verdict, "malicious");
    assert_int_equal(
        control_case_verify(p.s, p.arena, &p.people, &c, &agreement, NULL),
        OV_OK);
    assert_int_equal(agreement.n, 2);
    assert_int_equal(control_case_close(p.s, &c.about, NULL), OV_OK);
    assert_int_equal(look(&p).state, CASE_CLOSED);
    tear_down(&p);
}

static void an_old_decision_says_nothing_in_the_next_round(void **state)
{
    struct control_case first;
    struct control_case second;
    struct place p;

    (void)state;
    set_up(&p);
    make_case(&p);
    first = look(&p);
    assert_int_equal(
        control_case_reopen(p.s, sample, OV_PURPOSE_SAMPLE, START, NULL),
        OV_USAGE);
    assert_int_equal(say_at(&p, 1, &first, "nothing", START), DECIDING_KEPT);
    assert_int_equal(say_at(&p, 2, &first, "nothing", START), DECIDING_AGREED);
    assert_int_equal(look(&p).state, CASE_CLOSED);
    assert_int_equal(
        control_case_reopen(p.s, sample, OV_PURPOSE_SAMPLE, START, NULL),
        OV_OK);
    second = look(&p);
    assert_int_equal(second.about.round, 2);
    assert_int_equal(say_at(&p, 1, &first, "nothing", START + 9),
                     DECIDING_OTHER);
    assert_int_equal(say_at(&p, 1, &second, "good", START), DECIDING_KEPT);
    tear_down(&p);
}

static void what_was_signed_about_stays_as_it_was(void **state)
{
    struct control_case c;
    struct control_job j;
    struct place p;

    (void)state;
    set_up(&p);
    make_case(&p);
    c = look(&p);
    submit(&p, 2);
    assert_int_equal(control_job_take(p.s, START, LEASE, &j, NULL), OV_OK);
    assert_true(end_with(&p, &j, "verdict clean\n"));
    assert_int_equal(look(&p).n, 2);
    assert_memory_not_equal(look(&p).seen, c.seen, sizeof(c.seen));
    assert_int_equal(say_at(&p, 1, &c, "good", START), DECIDING_OTHER);
    c = look(&p);
    assert_int_equal(say_at(&p, 1, &c, "good", START), DECIDING_KEPT);
    submit(&p, 3);
    assert_int_equal(control_job_take(p.s, START, LEASE, &j, NULL), OV_OK);
    assert_true(end_with(&p, &j, "verdict detected\n"));
    assert_int_equal(look(&p).n, 3);
    assert_memory_equal(look(&p).seen, c.seen, sizeof(c.seen));
    tear_down(&p);
}

static void count_case(void *data, const struct control_case *c,
                       struct ov_span found)
{
    (void)c;
    assert_true(ov_span_equal(found, OV_SPAN_LIT("verdict detected\n")));
    ++*(size_t *)data;
}

static void a_region_sees_its_own_cases(void **state)
{
    struct control_store *other = NULL;
    struct place p;
    size_t n = 0;

    (void)state;
    set_up(&p);
    make_case(&p);
    assert_int_equal(control_case_list(p.s, CASE_OPEN, 0, count_case, &n, NULL),
                     OV_OK);
    assert_int_equal(n, 1);
    assert_int_equal(control_case_list(p.s, CASE_OPEN, 1, count_case, &n, NULL),
                     OV_OK);
    assert_int_equal(n, 1);
    p.region[0] = 'u';
    assert_int_equal(control_store_open(getenv("OV_STORE") != NULL
                                            ? getenv("OV_STORE")
                                            : p.file,
                                        p.region, &other, NULL),
                     OV_OK);
    assert_int_equal(
        control_case_list(other, CASE_OPEN, 0, count_case, &n, NULL), OV_OK);
    assert_int_equal(n, 1);
    control_store_free(other);
    tear_down(&p);
}

/* ---- by network ---- */

static uint64_t clock_of_test(void)
{
    return START;
}

static void note_nothing(const char *what, struct ov_span detail)
{
    (void)what;
    (void)detail;
}

/* What an admin is answered; the body is in *said. */
static unsigned ask(struct place *p, const char *people, const char *method,
                    const char *path, struct ov_span body, struct ov_buf *said)
{
    struct admin_service s = {.store = p->s,
                              .region = p->region,
                              .people = people,
                              .now = clock_of_test,
                              .note = note_nothing};
    const struct ov_http_request r = {.method = ov_span_str(method),
                                      .path = ov_span_str(path),
                                      .body = body,
                                      .who = OV_SPAN_LIT("ann")};
    struct ov_http_answer a = {.body = ov_buf_with_max(ADMIN_ANSWER_MAX)};

    admin_service_handle(&s, &r, &a);
    ov_buf_clear(said);
    ov_put_span(said, ov_buf_span(&a.body));
    ov_buf_done(&a.body);
    return a.code;
}

static void sign_as(struct place *p, uint8_t who, const char *verdict,
                    struct ov_buf *note)
{
    struct control_case c = look(p);
    struct ov_decision d = {
        .about = c.about, .time = START, .why = OV_SPAN_LIT("Looked at it.")};
    struct ov_vkey key = key_of(who);
    uint8_t seed[OV_ED25519_SEED];
    char name[8];

    (void)snprintf(name, sizeof(name), "p-0%u", who);
    memset(seed, who, sizeof(seed));
    d.person = ov_span_str(name);
    memcpy(d.seen, c.seen, sizeof(d.seen));
    assert_true(ov_triage_verdict_parse(ov_span_str(verdict), OV_SPAN_LIT("-"),
                                        &d.verdict));
    ov_buf_clear(note);
    assert_int_equal(ov_decision_sign(note, &d, &key, seed), OV_OK);
}

static void write_people(const struct place *p, char *path)
{
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, p->people_text.ptr, p->people_text.len),
                     p->people_text.len);
    assert_int_equal(close(fd), 0);
}

#define DECISIONS "/v1/triage/decisions"
#define SAMPLE                                                                 \
    "ab01000000000000000000000000000000000000000000000000000000000000"

static void admins_look_and_people_decide(void **state)
{
    OV_AUTO_DONE(buf) said = ov_buf_with_max(1 << 20);
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_DECISION_MAX);
    char people[] = "/tmp/overt-people-XXXXXX";
    struct ov_span none = {NULL, 0};
    struct place p;

    (void)state;
    set_up(&p);
    make_case(&p);
    write_people(&p, people);
    assert_int_equal(
        ask(&p, people, "GET", "/v1/triage/cases/open", none, &said), 200);
    assert_true(ov_span_find(ov_buf_span(&said),
                             OV_SPAN_LIT("\"sample\":\"" SAMPLE
                                         "\",\"purpose\":\"sample\""),
                             0) != SIZE_MAX);
    assert_int_equal(
        ask(&p, people, "GET", "/v1/triage/cases/open+1", none, &said), 200);
    assert_true(
        ov_span_equal(ov_buf_span(&said), OV_SPAN_LIT("{\"cases\":[]}\n")));
    assert_int_equal(
        ask(&p, people, "GET", "/v1/triage/sample/" SAMPLE, none, &said), 200);
    assert_true(ov_span_find(ov_buf_span(&said),
                             OV_SPAN_LIT("verdict detected"), 0) != SIZE_MAX);
    assert_int_equal(ask(&p, people, "GET", "/v1/triage/false-positive/" SAMPLE,
                         none, &said),
                     404);
    assert_int_equal(
        ask(&p, people, "POST", DECISIONS, OV_SPAN_LIT("not a note"), &said),
        400);
    sign_as(&p, 4, "malicious", &note); /* no person */
    assert_int_equal(
        ask(&p, people, "POST", DECISIONS, ov_buf_span(&note), &said), 403);
    sign_as(&p, 1, "malicious", &note);
    assert_int_equal(
        ask(&p, people, "POST", DECISIONS, ov_buf_span(&note), &said), 201);
    assert_int_equal(
        ask(&p, people, "POST", DECISIONS, ov_buf_span(&note), &said), 200);
    assert_int_equal(look(&p).state, CASE_OPEN);
    sign_as(&p, 2, "malicious", &note);
    assert_int_equal(
        ask(&p, people, "POST", DECISIONS, ov_buf_span(&note), &said), 201);
    assert_int_equal(look(&p).state, CASE_DECIDED);
    sign_as(&p, 3, "good", &note);
    assert_int_equal(
        ask(&p, people, "POST", DECISIONS, ov_buf_span(&note), &said), 409);
    assert_int_equal(
        ask(&p, "/none", "POST", DECISIONS, ov_buf_span(&note), &said), 503);
    assert_int_equal(unlink(people), 0);
    tear_down(&p);
}

OV_TEST_MAIN(OV_TEST(a_sample_is_given_out_once_and_in_order),
             OV_TEST(who_is_killed_costs_a_try_and_no_sample),
             OV_TEST(what_is_given_back_comes_again_at_once),
             OV_TEST(what_was_deleted_makes_no_case),
             OV_TEST(two_people_decide_a_case_once),
             OV_TEST(an_old_decision_says_nothing_in_the_next_round),
             OV_TEST(what_was_signed_about_stays_as_it_was),
             OV_TEST(a_region_sees_its_own_cases),
             OV_TEST(admins_look_and_people_decide))
