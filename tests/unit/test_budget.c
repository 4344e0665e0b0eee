/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/budget.h"
#include "test.h"

static void the_limit_itself_may_be_spent(void **state)
{
    struct ov_budget b = {.limit[OV_COST_OBJECTS] = 10};

    (void)state;
    assert_int_equal(ov_budget_spend(&b, OV_COST_OBJECTS, 9), OV_OK);
    assert_int_equal(ov_budget_left(&b, OV_COST_OBJECTS), 1);
    assert_int_equal(ov_budget_spend(&b, OV_COST_OBJECTS, 1), OV_OK);
    assert_int_equal(ov_budget_left(&b, OV_COST_OBJECTS), 0);
    assert_int_equal(ov_budget_spend(&b, OV_COST_OBJECTS, 0), OV_OK);
    assert_int_equal(ov_budget_spend(&b, OV_COST_OBJECTS, 1), OV_LIMIT_COUNT);
}

static void once_passed_it_stays_passed(void **state)
{
    struct ov_budget b = {.limit[OV_COST_STEPS] = 10};

    (void)state;
    assert_int_equal(ov_budget_spend(&b, OV_COST_STEPS, UINT64_MAX),
                     OV_LIMIT_WORK);
    assert_int_equal(ov_budget_spend(&b, OV_COST_STEPS, UINT64_MAX),
                     OV_LIMIT_WORK);
    assert_int_equal(ov_budget_spend(&b, OV_COST_STEPS, 0), OV_LIMIT_WORK);
    assert_int_equal(ov_budget_left(&b, OV_COST_STEPS), 0);
}

static void no_limit_is_never_passed(void **state)
{
    struct ov_budget b = {0};

    (void)state;
    assert_int_equal(ov_budget_spend(&b, OV_COST_BYTES, UINT64_MAX), OV_OK);
    assert_int_equal(ov_budget_spend(&b, OV_COST_BYTES, UINT64_MAX), OV_OK);
    assert_true(ov_budget_left(&b, OV_COST_BYTES) == UINT64_MAX);
}

static void one_cost_does_not_touch_another(void **state)
{
    struct ov_budget b = ov_budget_default();

    (void)state;
    assert_int_equal(ov_budget_spend(&b, OV_COST_BYTES, UINT64_MAX),
                     OV_LIMIT_SIZE);
    for (int i = 0; i < OV_N_COST; i++)
        if (i != OV_COST_BYTES)
            assert_int_equal(ov_budget_spend(&b, (enum ov_cost)i, 1), OV_OK);
}

static void every_cost_has_a_default_and_a_name(void **state)
{
    struct ov_budget b = ov_budget_default();

    (void)state;
    for (int i = 0; i < OV_N_COST; i++) {
        assert_true(b.limit[i] > 0);
        assert_true(strncmp(ov_cost_name((enum ov_cost)i), "max-", 4) == 0);
    }
}

OV_TEST_MAIN(OV_TEST(the_limit_itself_may_be_spent),
             OV_TEST(once_passed_it_stays_passed),
             OV_TEST(no_limit_is_never_passed),
             OV_TEST(one_cost_does_not_touch_another),
             OV_TEST(every_cost_has_a_default_and_a_name))
