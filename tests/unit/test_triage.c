/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "reputation/triage.h"
#include "test.h"

/* People are made of a byte: p-01 has the seed 1, 1, 1, ... */

static void seed_of(uint8_t who, uint8_t seed[static OV_ED25519_SEED])
{
    memset(seed, who, OV_ED25519_SEED);
}

static struct ov_vkey key_of(uint8_t who)
{
    uint8_t seed[OV_ED25519_SEED];
    uint8_t public_key[OV_ED25519_KEY];
    char name[OV_NOTE_MAX_NAME];
    struct ov_vkey k;

    seed_of(who, seed);
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

/* p-01 and p-02 are there, p-03 has left, ci is no person. */
static void make_people(struct ov_arena *a, struct ov_buf *text,
                        struct ov_people *ret)
{
    static const char *const ends[] = {"-", "-", "7"};

    ov_put_str(text, "a.example/people/v1\nneed people 1\nneed builders 1\n"
                     "need ci 1\nneed rebuilders 0\n");
    for (uint8_t i = 1; i <= 3; i++) {
        struct ov_vkey k = key_of(i);

        ov_put_format(text, "person p-0%u ", i);
        ov_put_vkey(text, &k);
        ov_put_format(text, " 0 %s\n", ends[i - 1]);
    }
    for (uint8_t i = 4; i <= 5; i++) {
        struct ov_vkey k = key_of(i);

        ov_put_str(text, i == 4 ? "builder build-1 " : "ci ci ");
        ov_put_vkey(text, &k);
        ov_put_str(text, " 0 -\n");
    }
    assert_int_equal(ov_people_parse(a, ov_buf_span(text), ret, NULL), OV_OK);
}

static const char case_text[] =
    "overt-case/1\n"
    "region eu\n"
    "sample "
    "ab01000000000000000000000000000000000000000000000000000000000000\n"
    "purpose sample\n"
    "round 3\n"
    "verdict detected\n";

static struct ov_decision decision(uint8_t who, const char *verdict,
                                   const char *family)
{
    static char names[6][8];
    struct ov_decision d = {.time = UINT64_C(1795428000) + who,
                            .why = OV_SPAN_LIT("Looked at it.")};

    (void)snprintf(names[who], sizeof(names[who]), "p-0%u", who);
    d.person = ov_span_str(names[who]);
    assert_int_equal(
        ov_triage_case_parse(OV_SPAN_LIT(case_text), &d.about, d.seen, NULL),
        OV_OK);
    assert_true(ov_triage_verdict_parse(ov_span_str(verdict),
                                        ov_span_str(family), &d.verdict));
    return d;
}

static void a_decision_is_one_text(void **state)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_DECISION_MAX);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(OV_DECISION_MAX);
    struct ov_decision d = decision(1, "malicious", "Example.Evil");
    struct ov_decision have;

    (void)state;
    assert_int_equal(d.about.round, 3);
    assert_int_equal(d.about.sample[0], 0xab);
    ov_put_decision(&text, &d);
    assert_int_equal(ov_decision_parse(ov_buf_span(&text), &have, NULL), OV_OK);
    ov_put_decision(&again, &have);
    assert_true(ov_span_equal(ov_buf_span(&text), ov_buf_span(&again)));
    assert_true(ov_triage_case_is_same(&d.about, &have.about));
    ov_put_u8(&text, '\n');
    assert_int_not_equal(ov_decision_parse(ov_buf_span(&text), &have, NULL),
                         OV_OK);
}

static void a_verdict_is_one_that_can_be_said(void **state)
{
    struct ov_triage_verdict v;

    (void)state;
    assert_true(
        ov_triage_verdict_parse(OV_SPAN_LIT("nothing"), OV_SPAN_LIT("-"), &v));
    assert_true(v.is_nothing);
    assert_true(
        ov_triage_verdict_parse(OV_SPAN_LIT("good"), OV_SPAN_LIT(""), &v));
    assert_false(ov_triage_verdict_parse(OV_SPAN_LIT("good"),
                                         OV_SPAN_LIT("Some.Family"), &v));
    assert_false(ov_triage_verdict_parse(OV_SPAN_LIT("nothing"),
                                         OV_SPAN_LIT("Some.Family"), &v));
    assert_false(ov_triage_verdict_parse(OV_SPAN_LIT("malicious"),
                                         OV_SPAN_LIT("two words"), &v));
    assert_false(
        ov_triage_verdict_parse(OV_SPAN_LIT("evil"), OV_SPAN_LIT("-"), &v));
}

static enum ov_status open_signed(const struct ov_people *people,
                                  struct ov_arena *a,
                                  const struct ov_decision *d, uint8_t signer,
                                  struct ov_decision *ret)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_DECISION_MAX);
    uint8_t seed[OV_ED25519_SEED];
    struct ov_vkey key = key_of(signer);

    seed_of(signer, seed);
    assert_int_equal(ov_decision_sign(&note, d, &key, seed), OV_OK);
    return ov_decision_open(a, ov_buf_span(&note), people, ret, NULL);
}

static void only_who_is_there_decides_and_for_nobody_else(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(1 << 16);
    struct ov_people people;
    struct ov_decision have;

    (void)state;
    make_people(a, &text, &people);
    for (uint8_t who = 1; who <= 5; who++) {
        struct ov_decision d = decision(who, "malicious", "-");

        assert_int_equal(open_signed(&people, a, &d, who, &have),
                         who <= 2 ? OV_OK : OV_BAD_SIGNATURE);
        d.person = OV_SPAN_LIT("p-01");
        assert_int_equal(open_signed(&people, a, &d, who, &have),
                         who == 1 ? OV_OK : OV_BAD_SIGNATURE);
    }
}

static bool agree(const struct ov_decision *list, size_t n,
                  struct ov_agreement *ret)
{
    struct ov_decision d = decision(1, "good", "-");

    return ov_triage_agree(list, n, &d.about, d.seen, 1, ret);
}

static void two_people_make_a_verdict_and_never_one(void **state)
{
    struct ov_decision list[4] = {decision(1, "malicious", "A"),
                                  decision(1, "malicious", "A")};
    struct ov_agreement got;

    (void)state;
    assert_false(agree(list, 1, &got));
    assert_false(agree(list, 2, &got));
    list[1] = decision(2, "malicious", "B");
    assert_false(agree(list, 2, &got));
    list[2] = decision(3, "malicious", "B");
    assert_true(agree(list, 3, &got));
    assert_int_equal(got.n, 2);
    assert_true(ov_span_equal(got.verdict.family, OV_SPAN_LIT("B")));
}

static void what_was_said_last_counts(void **state)
{
    struct ov_decision list[3] = {decision(1, "malicious", "-"),
                                  decision(2, "malicious", "-"),
                                  decision(2, "good", "-")};
    struct ov_agreement got;

    (void)state;
    list[2].time += 1;
    assert_false(agree(list, 3, &got));
    list[2].time -= 2; /* it was said before: the order here is nothing */
    assert_true(agree(list, 3, &got));
    assert_int_equal(got.verdict.reputation, OV_REPUTATION_MALICIOUS);
}

static void what_is_about_something_else_does_not_count(void **state)
{
    struct ov_decision list[2] = {decision(1, "malicious", "-"),
                                  decision(2, "malicious", "-")};
    struct ov_decision good = list[1];
    struct ov_agreement got;

    (void)state;
    assert_true(agree(list, 2, &got));
    list[1].about.round = 2;
    assert_false(agree(list, 2, &got));
    list[1] = good;
    list[1].about.purpose = OV_PURPOSE_FALSE_POSITIVE;
    assert_false(agree(list, 2, &got));
    list[1] = good;
    list[1].about.region[0] = 'u';
    assert_false(agree(list, 2, &got));
    list[1] = good;
    list[1].seen[31] ^= 1;
    assert_false(agree(list, 2, &got));
    list[1] = good;
    list[1].about.sample[5] ^= 1;
    assert_false(agree(list, 2, &got));
}

OV_TEST_MAIN(OV_TEST(a_decision_is_one_text),
             OV_TEST(a_verdict_is_one_that_can_be_said),
             OV_TEST(only_who_is_there_decides_and_for_nobody_else),
             OV_TEST(two_people_make_a_verdict_and_never_one),
             OV_TEST(what_was_said_last_counts),
             OV_TEST(what_is_about_something_else_does_not_count))
