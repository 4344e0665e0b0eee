/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"
#include "trust/update_run.h"

static void what_is_remembered_is_read_again(void **state)
{
    const struct ov_client_state s = {
        .origin = "demo.example/log/2026",
        .size = 12,
        .root = {1, 2, 3},
        .witnessed = 1790000000,
        .vouched = 1790000001,
        .cosigners = 3,
        .highest = 7,
        .seen = 8,
        .seen_time = 1790000002,
        .root_version = 2,
        .good_time = 1790000003,
        .bad = {5, 6},
        .n_bad = 2,
        .ended = {{"demo.example/log/2024", 3}, {"demo.example/log/2025", 9}},
        .n_ended = 2};
    struct ov_client_state back = {0};
    struct ov_buf b = ov_buf_with_max(8192);

    (void)state;
    ov_put_client_state(&b, &s);
    assert_int_equal(ov_client_state_read(ov_buf_span(&b), &back), OV_OK);
    assert_memory_equal(&s, &back, sizeof(s));
    ov_buf_done(&b);
}

static void a_machine_that_knows_nothing_is_fine(void **state)
{
    struct ov_client_state s = {.size = 1};

    (void)state;
    assert_int_equal(ov_client_state_read((struct ov_span){0}, &s), OV_OK);
    assert_int_equal(s.size, 0);
    assert_string_equal(s.origin, "");
}

static void what_is_damaged_is_refused(void **state)
{
    static const char *const texts[] = {
        "size",
        "size \n",
        "size 1",
        "size -1\n",
        "size 01\n",
        "size 99999999999999999999\n",
        "root 00\n",
        "what 1\n",
        "\n",
        " size 1\n",
        "ended 1\n",
        "ended a.example/log\n",
        "ended -1 a.example/log\n",
        "bad 1\nbad 1\nbad 1\nbad 1\nbad 1\nbad 1\nbad 1\nbad 1\nbad 1\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct ov_client_state s;

        assert_int_not_equal(ov_client_state_read(ov_span_str(texts[i]), &s),
                             OV_OK);
    }
}

static void a_name_that_is_too_long_is_refused(void **state)
{
    struct ov_client_state s;
    struct ov_buf b = ov_buf_with_max(8192);

    (void)state;
    ov_put_str(&b, "origin ");
    for (size_t i = 0; i < sizeof(s.origin); i++)
        ov_put_u8(&b, 'x');
    ov_put_u8(&b, '\n');
    assert_int_equal(ov_client_state_read(ov_buf_span(&b), &s), OV_MALFORMED);
    ov_buf_done(&b);
}

static void every_refusal_says_what_to_do(void **state)
{
    (void)state;
    for (unsigned i = OV_REFUSED_NOT + 1; i < OV_N_REFUSALS; i++) {
        const struct ov_refusal_text *t = ov_refusal_text(i);

        assert_true(strlen(t->word) > 2);
        assert_int_equal(t->sentence[strlen(t->sentence) - 1], '.');
        assert_int_equal(t->remedy[strlen(t->remedy) - 1], '.');
        assert_true(t->class != OV_REFUSAL_NONE);
        for (unsigned j = OV_REFUSED_NOT; j < i; j++)
            assert_string_not_equal(t->word, ov_refusal_text(j)->word);
    }
    assert_string_equal(ov_refusal_text(OV_N_REFUSALS)->word, "unknown");
    assert_string_equal(ov_refusal_text(UINT32_MAX)->word, "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_remembered_is_read_again),
        cmocka_unit_test(a_machine_that_knows_nothing_is_fine),
        cmocka_unit_test(what_is_damaged_is_refused),
        cmocka_unit_test(a_name_that_is_too_long_is_refused),
        cmocka_unit_test(every_refusal_says_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
