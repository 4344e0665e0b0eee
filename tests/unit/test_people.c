/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"
#include "trust/people.h"

/* Keys are made of a byte: seed 1, 1, 1, ... */
struct someone {
    const char *name; /* of the key */
    uint8_t seed;
};

static struct ov_vkey key_of(struct someone who)
{
    uint8_t seed[OV_ED25519_SEED];
    uint8_t public_key[OV_ED25519_KEY];
    struct ov_vkey k;

    memset(seed, who.seed, sizeof(seed));
    assert_int_equal(ov_ed25519_public(seed, public_key), OV_OK);
    assert_int_equal(ov_vkey_make(who.name, OV_NOTE_ED25519, public_key, &k),
                     OV_OK);
    return k;
}

static const struct someone ann = {"p-01.people.a.example", 1};
static const struct someone bob = {"p-02.people.a.example", 2};
static const struct someone ann_again = {"p-03.people.a.example", 1};
static const struct someone machine = {"ci.a.example", 3};
static const struct someone builder = {"build-1.a.example", 4};
static const struct someone lawyer = {"legal-1.a.example", 5};
static const struct someone trustee = {"notary.example", 6};
static const struct someone stranger = {"p-09.people.a.example", 9};

static void put_key(struct ov_buf *b, const char *line, struct someone who,
                    const char *range)
{
    struct ov_vkey k = key_of(who);

    ov_put_str(b, line);
    ov_put_vkey(b, &k);
    ov_put_format(b, " %s\n", range);
}

#define HEAD                                                                   \
    "a.example/people/v1\nneed people 2\nneed builders 1\nneed ci 1\n"         \
    "need rebuilders 0\n"

static void put_usual(struct ov_buf *b)
{
    ov_put_str(b, HEAD "need legal 1\nneed trustees 1\n");
    put_key(b, "person p-01 ", ann, "0 -");
    put_key(b, "person p-02 ", bob, "0 100");
    put_key(b, "ci ci ", machine, "0 -");
    put_key(b, "builder build-1 ", builder, "0 -");
    put_key(b, "legal legal-1 ", lawyer, "0 -");
    put_key(b, "trustee trustee-1 ", trustee, "0 -");
}

static enum ov_status parse(const struct ov_buf *b, struct ov_diag *diag)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    struct ov_people p;

    return ov_people_parse(a, ov_buf_span(b), &p, diag);
}

static void a_file_prints_as_it_was(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(1 << 20);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(1 << 20);
    struct ov_people p;

    (void)state;
    put_usual(&text);
    assert_int_equal(ov_people_parse(a, ov_buf_span(&text), &p, NULL), OV_OK);
    assert_int_equal(p.n_keys, 6);
    assert_int_equal(p.need[OV_PERSON], 2);
    ov_put_people(&again, &p);
    assert_true(ov_span_equal(ov_buf_span(&text), ov_buf_span(&again)));
    assert_non_null(ov_people_find(&p, OV_PERSON, OV_SPAN_LIT("p-02"), 99));
    assert_null(ov_people_find(&p, OV_PERSON, OV_SPAN_LIT("p-02"), 100));
    assert_null(ov_people_find(&p, OV_CI, OV_SPAN_LIT("p-01"), 0));
}

static void one_key_is_never_two_people(void **state)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(1 << 20);
    struct ov_diag diag = {0};

    (void)state;
    put_usual(&text);
    put_key(&text, "person p-03 ", ann_again, "50 60");
    assert_int_equal(parse(&text, &diag), OV_MALFORMED);
    assert_int_equal(diag.line, 14);
    ov_buf_clear(&text);
    put_usual(&text);
    put_key(&text, "person p-02 ", stranger, "99 -"); /* name, and overlap */
    assert_int_equal(parse(&text, &diag), OV_MALFORMED);
}

static void a_key_may_come_after_another(void **state)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(1 << 20);
    const struct someone bobs_next = {bob.name, 7};

    (void)state;
    put_usual(&text);
    put_key(&text, "person p-02 ", bobs_next, "100 -");
    assert_int_equal(parse(&text, NULL), OV_OK);
}

static void what_is_no_people_file_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "a.example/people/v2\n",
        "a.example/people/v1\nneed people 0\nneed builders 1\nneed ci 1\n"
        "need rebuilders 0\n",
        "a.example/people/v1\nneed people 01\nneed builders 1\nneed ci 1\n"
        "need rebuilders 0\n",
        "a.example/people/v1\nneed builders 1\nneed people 1\nneed ci 1\n"
        "need rebuilders 0\n",
        HEAD "person p-01 x 0 -\n",
        HEAD "person p-01\n",
        HEAD "\n",
        HEAD "need legal 0\nneed trustees 1\n",
        HEAD "need legal 1\n",
        HEAD "need trustees 1\nneed legal 1\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        OV_AUTO_DONE(buf) text = ov_buf_with_max(1 << 20);

        ov_put_str(&text, bad[i]);
        assert_int_equal(parse(&text, NULL), OV_MALFORMED);
    }
}

static void keys_have_the_names_of_their_owners(void **state)
{
    static const struct {
        const char *line;
        const struct someone *who;
    } bad[] = {
        {"person p-02 ", &ann}, {"person p-01 ", &machine},
        {"ci p-01 ", &ann},     {"legal trustee-1 ", &trustee},
        {"person ../p ", &ann},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        OV_AUTO_DONE(buf) text = ov_buf_with_max(1 << 20);

        ov_put_str(&text, HEAD);
        put_key(&text, bad[i].line, *bad[i].who, "0 -");
        assert_int_equal(parse(&text, NULL), OV_MALFORMED);
    }
}

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define CHANGE                                                                 \
    "a.example/rule-change/v1\nid R-1\nrev 1\nop add\nkind yar\n"              \
    "source sha256:" HEX " 742\nauthor p-01\ntime 2026-11-22T10:00:00Z\n"

/* Opens a change at index that is signed by those (up to a NULL name). */
static enum ov_status open_signed(const char *body, const struct someone *by,
                                  uint64_t index, unsigned *ret_people)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) people = ov_buf_with_max(1 << 20);
    OV_AUTO_DONE(buf) note = ov_buf_with_max(1 << 20);
    struct ov_people p;
    struct ov_opened opened = {0};
    enum ov_status status;

    put_usual(&people);
    assert_int_equal(ov_people_parse(a, ov_buf_span(&people), &p, NULL), OV_OK);
    ov_put_str(&note, body);
    ov_put_u8(&note, '\n');
    for (; by->name != NULL; by++) {
        struct ov_vkey k = key_of(*by);
        uint8_t seed[OV_ED25519_SEED];

        memset(seed, by->seed, sizeof(seed));
        assert_int_equal(ov_put_note_signature(&note, &k, seed), OV_OK);
    }
    status = ov_entry_open(a, ov_buf_span(&note), &p, index, &opened, NULL);
    *ret_people = opened.signers.count[OV_PERSON];
    return status;
}

static void an_entry_needs_two_people_and_ci(void **state)
{
    const struct {
        struct someone by[5];
        uint64_t index;
        enum ov_status status;
    } cases[] = {
        {{ann, bob, machine}, 5, OV_OK},
        {{machine, bob, ann, stranger}, 99, OV_OK},
        {{ann, bob, machine}, 100, OV_BAD_SIGNATURE}, /* bob's key has ended */
        {{ann, bob}, 5, OV_BAD_SIGNATURE},
        {{ann, machine}, 5, OV_BAD_SIGNATURE},
        {{ann, ann, machine}, 5, OV_BAD_SIGNATURE},
        {{ann, ann_again, machine}, 5, OV_BAD_SIGNATURE},
        {{ann, machine, builder}, 5, OV_BAD_SIGNATURE},
        {{ann, stranger, machine}, 5, OV_BAD_SIGNATURE},
        {{stranger}, 5, OV_BAD_SIGNATURE},
    };

    unsigned n;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(open_signed(CHANGE, cases[i].by, cases[i].index, &n),
                         cases[i].status);
        if (cases[i].status == OV_OK)
            assert_int_equal(n, 2);
    }
}

static void another_instance_has_no_say(void **state)
{
    const struct someone by[] = {ann, bob, machine, {0}};
    OV_AUTO_DONE(buf) body = ov_buf_with_max(1 << 20);
    unsigned n;

    (void)state;
    ov_put_str(&body, "b" CHANGE);
    ov_put_u8(&body, 0);
    assert_int_equal(open_signed((const char *)body.ptr, by, 5, &n),
                     OV_BAD_SIGNATURE);
}

static void a_release_is_the_builders_word(void **state)
{
    static const char release[] =
        "a.example/release/v1\nchannel stable\nseq 1\nbase 1\nchanges 0 4\n"
        "records 1\nset-root " HEX "\ndb 0 sha256:" HEX " 10\ncompiler 2\n";
    const struct someone builders[] = {builder, {0}};
    const struct someone people[] = {ann, bob, machine, {0}};
    unsigned n;

    (void)state;
    assert_int_equal(open_signed(release, builders, 5, &n), OV_OK);
    assert_int_equal(open_signed(release, people, 5, &n), OV_BAD_SIGNATURE);
}

/* A file without those lines is as it was before there were requests. */
static void who_says_nothing_of_requests_has_no_line_for_it(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(1 << 20);
    struct ov_people p;

    (void)state;
    assert_int_equal(ov_people_parse(a, OV_SPAN_LIT(HEAD), &p, NULL), OV_OK);
    ov_put_people(&again, &p);
    assert_true(ov_span_equal(ov_buf_span(&again), OV_SPAN_LIT(HEAD)));
}

static void a_decision_takes_legal_and_a_trustee(void **state)
{
    static const char request[] =
        "a.example/request/v1\nid 1\nreceived 2026-09-03\ncountry CH\n"
        "authority police\nvia direct\nkind user_data\nbasis A code.\n"
        "subjects 1\nauthor legal-1\ntime 2026-09-03T14:00:00Z\n";
    static const char decision[] =
        "a.example/request-decision/v1\nid 1\nprev sha256:" HEX
        "\ndecided 2026-09-04\nreview valid\ndecision no_data\naccounts 0\n"
        "notified no\nauthor legal-1\ntime 2026-09-04T14:00:00Z\n";

    const struct {
        const char *body;
        struct someone by[5];
        enum ov_status status;
    } cases[] = {
        {request, {lawyer}, OV_OK},
        {request, {trustee}, OV_BAD_SIGNATURE},
        {request, {ann, bob, machine}, OV_BAD_SIGNATURE},
        {decision, {lawyer, trustee}, OV_OK},
        {decision, {lawyer}, OV_BAD_SIGNATURE},
        {decision, {lawyer, ann, bob}, OV_BAD_SIGNATURE},
        {decision, {trustee, ann}, OV_BAD_SIGNATURE},
    };

    unsigned n;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(open_signed(cases[i].body, cases[i].by, 5, &n),
                         cases[i].status);
}

/* The second line of two by one known key does not hold. */
static void a_wrong_signature_by_a_known_key_refuses_all(void **state)
{
    const struct someone liar = {bob.name, 8};
    const struct someone by[] = {ann, bob, machine, liar, {0}};
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) note = ov_buf_with_max(1 << 20);
    OV_AUTO_DONE(buf) people = ov_buf_with_max(1 << 20);
    struct ov_people p;
    struct ov_opened opened;
    uint8_t seed[OV_ED25519_SEED];
    struct ov_vkey k = key_of(bob);
    unsigned n;

    (void)state;
    /* Another id is another key: ignored. */
    assert_int_equal(open_signed(CHANGE, by, 5, &n), OV_OK);
    put_usual(&people);
    assert_int_equal(ov_people_parse(a, ov_buf_span(&people), &p, NULL), OV_OK);
    ov_put_str(&note, CHANGE "\n");
    memset(seed, ann.seed, sizeof(seed));
    assert_int_equal(ov_put_note_signature(&note, &k, seed), OV_OK);
    assert_int_equal(ov_entry_open(a, ov_buf_span(&note), &p, 5, &opened, NULL),
                     OV_BAD_SIGNATURE);
}

OV_TEST_MAIN(OV_TEST(a_file_prints_as_it_was),
             OV_TEST(one_key_is_never_two_people),
             OV_TEST(a_key_may_come_after_another),
             OV_TEST(what_is_no_people_file_is_refused),
             OV_TEST(keys_have_the_names_of_their_owners),
             OV_TEST(an_entry_needs_two_people_and_ci),
             OV_TEST(another_instance_has_no_say),
             OV_TEST(a_release_is_the_builders_word),
             OV_TEST(who_says_nothing_of_requests_has_no_line_for_it),
             OV_TEST(a_decision_takes_legal_and_a_trustee),
             OV_TEST(a_wrong_signature_by_a_known_key_refuses_all))
