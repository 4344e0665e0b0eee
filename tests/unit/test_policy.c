/* SPDX-License-Identifier: Apache-2.0 */
#include "log/policy.h"
#include "log_help.h"
#include "torture.h"

#define MAX ((size_t)64 << 10)

/* Writes the keys of %L (the log) and %1 to %9 (witnesses) into a template. */
static void put_policy(struct ov_buf *b, const char *format)
{
    for (const char *p = format; *p != 0; p++) {
        struct test_signer s;

        if (*p != '%') {
            ov_put_u8(b, (uint8_t)*p);
            continue;
        }
        p++;
        s = *p == 'L' ? test_log() : test_witness((uint8_t)(*p - '0'));
        ov_put_vkey(b, &s.key);
    }
    assert_int_equal(ov_buf_status(b), OV_OK);
}

static const char two_groups[] = "# the specification's example\n"
                                 "log %L https://log.example/2026\n"
                                 "\n"
                                 "witness X1 %1\n"
                                 "\twitness  X2\t%2 https://x2.example \n"
                                 "witness X3 %3\n"
                                 "group X-witnesses 2 X1 X2 X3\n"
                                 "witness Y1 %4\n"
                                 "witness Y2 %5\n"
                                 "witness Y3 %6\n"
                                 "group Y-witnesses any Y1 Y2 Y3\n"
                                 "group X-and-Y all X-witnesses Y-witnesses\n"
                                 "quorum X-and-Y\n";

static void the_example_of_the_specification_is_read(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    struct ov_diag diag = {.line = 0};
    struct ov_policy p;

    (void)state;
    put_policy(&b, two_groups);
    assert_int_equal(ov_policy_parse(a, ov_buf_span(&b), &p, &diag), OV_OK);
    assert_int_equal(p.n_logs, 1);
    assert_true(
        ov_span_equal(p.logs[0].url, OV_SPAN_LIT("https://log.example/2026")));
    assert_int_equal(p.n_witnesses, 6);
    assert_true(
        ov_span_equal(p.witnesses[1].url, OV_SPAN_LIT("https://x2.example")));
    assert_int_equal(p.n_groups, 3);
    /* bits: X1 X2 X3 Y1 Y2 Y3 */
    assert_false(ov_policy_quorum(&p, 0));
    assert_false(ov_policy_quorum(&p, 0x07));
    assert_false(ov_policy_quorum(&p, 0x09));
    assert_true(ov_policy_quorum(&p, 0x0b));
    assert_true(ov_policy_quorum(&p, 0x26));
    assert_false(ov_policy_quorum(&p, 0x38));
    assert_true(ov_policy_quorum(&p, 0x3f));
}

static void what_is_no_policy_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *reason;
    } bad[] = {
        {"", 0, "there is no quorum line"},
        {"log %L\n", 1, "there is no quorum line"},
        {"quorum none", 1, "the last line does not end in a newline"},
        {"quorum none\nquorum none\n", 2, "a second quorum"},
        {"quorum\n", 1, "quorum takes one name"},
        {"quorum none none\n", 1, "quorum takes one name"},
        {"quorum w\nwitness w %1\n", 1, "the quorum is not defined above"},
        {"log %1\nquorum none\n", 1,
         "this is a witness's type of key, not a log's"},
        {"witness w %L\nquorum none\n", 1,
         "this is a log's type of key, not a witness's"},
        {"log %L\nlog %L\nquorum none\n", 2, "the same log key twice"},
        {"witness a %1\nwitness b %1\nquorum a\n", 2,
         "the same witness key twice"},
        {"witness a %1\nwitness a %2\nquorum a\n", 2,
         "this name is defined already"},
        {"witness a %1\ngroup a any a\nquorum a\n", 2,
         "this name is defined already"},
        {"witness none %1\nquorum none\n", 1,
         "the name none has a meaning already"},
        {"witness a %1\ngroup g any none\nquorum g\n", 2,
         "a member that is not defined above"},
        {"witness a %1\ngroup g any a a\nquorum g\n", 2,
         "a name is a member already"},
        {"witness a %1\ngroup g any a\ngroup h any a\nquorum h\n", 3,
         "a name is a member already"},
        {"group g any g\nquorum g\n", 1, "a member that is not defined above"},
        {"group g any\nquorum g\n", 1, "a group needs members"},
        {"witness a %1\ngroup g 0 a\nquorum g\n", 2,
         "a threshold is all, any, or a number from 1 to the number of "
         "members"},
        {"witness a %1\ngroup g 2 a\nquorum g\n", 2,
         "a threshold is all, any, or a number from 1 to the number of "
         "members"},
        {"witness a %1 url more\nquorum a\n", 1, "too many words"},
        {"witness a b\nquorum a\n", 1, "this is no verifier key"},
        {"witness a\nquorum a\n", 1, "this is no verifier key"},
        {"witness\nquorum none\n", 1, "a name is missing"},
        {"witness a %1\r\nquorum a\n", 1, "a control character"},
        {"Quorum none\n", 1,
         "a line is log, witness, group, quorum, or # for a comment"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        OV_AUTO(arena) a = ov_arena_new(1 << 20);
        OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
        struct ov_diag diag = {.line = 999};
        struct ov_policy p;

        put_policy(&b, bad[i].text);
        assert_int_equal(ov_policy_parse(a, ov_buf_span(&b), &p, &diag),
                         OV_MALFORMED);
        assert_string_equal(diag.text, bad[i].reason);
        assert_int_equal(diag.line, bad[i].line);
    }
}

static void sixty_four_witnesses_are_taken_and_no_more(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    struct ov_policy p;

    (void)state;
    for (uint8_t i = 0; i < OV_POLICY_MAX; i++) {
        struct test_signer s = test_witness(i);

        ov_put_format(&b, "witness w%d ", i);
        ov_put_vkey(&b, &s.key);
        ov_put_u8(&b, '\n');
    }
    ov_put_str(&b, "group g all");
    for (int i = 0; i < OV_POLICY_MAX; i++)
        ov_put_format(&b, " w%d", i);
    ov_put_str(&b, "\nquorum g\n");
    assert_int_equal(ov_policy_parse(a, ov_buf_span(&b), &p, NULL), OV_OK);
    assert_true(ov_policy_quorum(&p, UINT64_MAX));
    assert_false(ov_policy_quorum(&p, UINT64_MAX >> 1));
    ov_buf_clear(&b);
    for (uint8_t i = 0; i <= OV_POLICY_MAX; i++) {
        struct test_signer s = test_witness(i);

        ov_put_format(&b, "witness w%d ", i);
        ov_put_vkey(&b, &s.key);
        ov_put_u8(&b, '\n');
    }
    ov_put_str(&b, "quorum none\n");
    assert_int_equal(ov_policy_parse(a, ov_buf_span(&b), &p, NULL),
                     OV_LIMIT_COUNT);
}

/* Checks a checkpoint that witnesses cosigned at the given times. */
struct cosigned {
    const char *policy;
    uint64_t times[7]; /* of witnesses 1 to 6; 0: none */
    const struct ov_policy_clock *clock;
    struct ov_policy_result result;
};

static enum ov_status check(struct cosigned *c)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    const uint8_t root[32] = {1};
    struct ov_policy p;
    struct ov_note n;

    put_policy(&text, c->policy);
    assert_int_equal(ov_policy_parse(a, ov_buf_span(&text), &p, NULL), OV_OK);
    test_put_checkpoint(&b, 5, root);
    for (uint8_t w = 1; w <= 6; w++) {
        if (c->times[w] != 0)
            test_put_cosignature(&b, w, c->times[w]);
    }
    assert_int_equal(ov_note_parse(a, ov_buf_span(&b), &n), OV_OK);
    return ov_policy_check(&p, &n, c->clock, &c->result);
}

static void a_quorum_is_needed_and_strangers_do_not_count(void **state)
{
    struct cosigned c = {.policy = two_groups, .times = {0, 100, 0, 0, 200}};

    (void)state;
    assert_int_equal(check(&c), OV_BAD_PROOF);
    assert_int_equal(c.result.cosigners, 0x09);
    assert_int_equal(c.result.vouched, 0);
    assert_int_equal(c.result.newest, 200);
    c.times[2] = 150;
    assert_int_equal(check(&c), OV_OK);
    assert_int_equal(c.result.cosigners, 0x0b);
    assert_int_equal(c.result.checkpoint.size, 5);
    c.policy = "log %L\nwitness a %7\nquorum a\n";
    assert_int_equal(check(&c), OV_BAD_PROOF);
    c.policy = "log %L\nquorum none\n";
    assert_int_equal(check(&c), OV_OK);
}

static void the_quorum_must_be_fresh(void **state)
{
    struct ov_policy_clock clock = {.now = 1100, .max_age = 1000};
    struct cosigned c = {
        .policy = two_groups, .times = {0, 100, 150, 0, 5000}, .clock = &clock};

    (void)state;
    assert_int_equal(check(&c), OV_OK);
    clock.now = 1101;
    assert_int_equal(check(&c), OV_EXPIRED);
    assert_int_equal(c.result.fresh, 0x0a);
    assert_int_equal(c.result.vouched, 100);
    c.times[3] = 160;
    assert_int_equal(check(&c), OV_OK);
    /* One witness far in the future moves no clock. */
    assert_int_equal(c.result.vouched, 150);
    assert_int_equal(c.result.newest, 5000);
    clock.max_age = 0;
    clock.now = UINT64_MAX;
    assert_int_equal(check(&c), OV_OK);
}

static void the_log_itself_must_have_signed(void **state)
{
    struct cosigned c = {.policy = "witness a %1\nquorum a\n",
                         .times = {0, 100}};

    (void)state;
    assert_int_equal(check(&c), OV_BAD_SIGNATURE);
}

static void a_log_may_not_speak_for_another_origin(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    const uint8_t root[32] = {1};
    struct test_signer log = test_log();
    struct ov_policy_result r;
    struct ov_policy p;
    struct ov_note n;

    (void)state;
    put_policy(&text, "log %L\nquorum none\n");
    assert_int_equal(ov_policy_parse(a, ov_buf_span(&text), &p, NULL), OV_OK);
    ov_put_checkpoint(&b, "log.example/2027", 5, root);
    ov_put_u8(&b, '\n');
    assert_int_equal(ov_put_note_signature(&b, &log.key, log.seed), OV_OK);
    assert_int_equal(ov_note_parse(a, ov_buf_span(&b), &n), OV_OK);
    assert_int_equal(ov_policy_check(&p, &n, NULL, &r), OV_BAD_SIGNATURE);
}

static void a_bad_cosignature_of_a_known_witness_refuses_all(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    const uint8_t root[32] = {1};
    struct ov_policy_result r;
    struct ov_policy p;
    struct ov_note n;

    (void)state;
    put_policy(&text, "log %L\nwitness a %1\nwitness b %2\n"
                      "group g any a b\nquorum g\n");
    assert_int_equal(ov_policy_parse(a, ov_buf_span(&text), &p, NULL), OV_OK);
    test_put_checkpoint(&b, 5, root);
    test_put_cosignature(&b, 1, 100);
    test_put_cosignature(&b, 2, 100);
    assert_int_equal(ov_note_parse(a, ov_buf_span(&b), &n), OV_OK);
    assert_int_equal(ov_policy_check(&p, &n, NULL, &r), OV_OK);
    ((uint8_t *)(uintptr_t)n.sigs[2].bytes.ptr)[20] ^= 1;
    assert_int_equal(ov_policy_check(&p, &n, NULL, &r), OV_BAD_SIGNATURE);
}

static enum ov_status check_again(void *arg)
{
    struct cosigned *c = arg;
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    struct ov_policy p;

    if (a == NULL)
        return OV_NO_MEMORY;
    return ov_policy_parse(a, OV_SPAN_LIT("quorum none\n"), &p,
                           &(struct ov_diag){.line = (unsigned)c->times[0]});
}

static void every_failed_allocation_ends_well(void **state)
{
    struct cosigned c = {.policy = two_groups};

    (void)state;
    assert_true(ov_torture(check_again, &c) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_specification_is_read),
        cmocka_unit_test(what_is_no_policy_is_refused_with_its_line),
        cmocka_unit_test(sixty_four_witnesses_are_taken_and_no_more),
        cmocka_unit_test(a_quorum_is_needed_and_strangers_do_not_count),
        cmocka_unit_test(the_quorum_must_be_fresh),
        cmocka_unit_test(the_log_itself_must_have_signed),
        cmocka_unit_test(a_log_may_not_speak_for_another_origin),
        cmocka_unit_test(a_bad_cosignature_of_a_known_witness_refuses_all),
        cmocka_unit_test(every_failed_allocation_ends_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
