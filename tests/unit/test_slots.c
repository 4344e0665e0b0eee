/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/slots.h"
#include "test.h"
#include "torture.h"

static uint32_t hash_of(uint32_t n)
{
    return ov_slots_hash(n % 7, ov_span_of(&n, sizeof(n)));
}

static bool has(const struct ov_slots *s, uint32_t hash, uint32_t value)
{
    uint32_t at = hash;
    uint32_t found;

    while (ov_slots_next(s, hash, &at, &found))
        if (found == value)
            return true;
    return false;
}

static void every_number_is_found_again(void **state)
{
    struct ov_slots s = {0};

    (void)state;
    assert_false(has(&s, 1, 1));
    for (uint32_t i = 0; i < 5000; i++)
        assert_int_equal(ov_slots_add(&s, hash_of(i), i), OV_OK);
    for (uint32_t i = 0; i < 5000; i++) {
        assert_true(has(&s, hash_of(i), i));
        assert_false(has(&s, hash_of(i), i + 5000));
    }
    ov_slots_done(&s);
}

static void equal_hashes_are_told_one_by_one(void **state)
{
    struct ov_slots s = {0};

    (void)state;
    for (uint32_t i = 0; i < 300; i++)
        assert_int_equal(ov_slots_add(&s, UINT32_MAX, i), OV_OK);
    for (uint32_t i = 0; i < 300; i++)
        assert_true(has(&s, UINT32_MAX, i));
    assert_false(has(&s, UINT32_MAX - 1, 0));
    ov_slots_done(&s);
}

static enum ov_status add_many(void *arg)
{
    struct ov_slots s = {0};
    enum ov_status status = OV_OK;

    (void)arg;
    for (uint32_t i = 0; i < 1000 && status == OV_OK; i++)
        status = ov_slots_add(&s, i, i);
    ov_slots_done(&s);
    return status;
}

static void a_failed_allocation_ends_well(void **state)
{
    (void)state;
    assert_true(ov_torture(add_many, NULL) >= 3);
}

OV_TEST_MAIN(OV_TEST(every_number_is_found_again),
             OV_TEST(equal_hashes_are_told_one_by_one),
             OV_TEST(a_failed_allocation_ends_well))
