/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "test.h"
#include "torture.h"

static void memory_is_zeroed(void **state)
{
    OV_AUTO_PTR uint8_t *bytes = ov_alloc(1000);

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(bytes[i], 0);
}

static void nothing_is_something_to_free(void **state)
{
    OV_AUTO_PTR void *none = ov_alloc(0);
    OV_AUTO_PTR void *array = ov_alloc_array(0, 8);
    OV_AUTO_PTR void *grown = ov_realloc_array(NULL, 0, 8);

    (void)state;
    assert_non_null(none);
    assert_non_null(array);
    assert_non_null(grown);
    ov_free(NULL);
}

static void a_product_that_overflows_is_refused(void **state)
{
    (void)state;
    assert_null(ov_alloc_array(SIZE_MAX / 4, 8));
    assert_null(ov_realloc_array(NULL, SIZE_MAX / 4, 8));
}

static void a_failed_growth_leaves_the_old_block(void **state)
{
    OV_AUTO_PTR uint8_t *bytes = ov_alloc(4);

    (void)state;
    assert_non_null(bytes);
    bytes[3] = 77;
    assert_null(ov_realloc_array(bytes, SIZE_MAX, 2));
    assert_int_equal(bytes[3], 77);
}

static void the_nth_call_fails_and_only_it(void **state)
{
    OV_AUTO_PTR void *first = NULL;
    OV_AUTO_PTR void *third = NULL;

    (void)state;
    (void)ov_alloc_fail_at(2);
    first = ov_alloc(1);
    assert_non_null(first);
    assert_null(ov_alloc(1));
    third = ov_alloc(1);
    assert_non_null(third);
    assert_int_equal(ov_alloc_fail_at(0), 3);
}

static void a_stolen_value_is_not_freed(void **state)
{
    void *kept;

    (void)state;
    {
        OV_AUTO_PTR void *owned = ov_alloc(1);

        kept = OV_STEAL(owned);
        assert_null(owned);
    }
    assert_non_null(kept);
    ov_free(kept);
}

static enum ov_status three_allocations(void *arg)
{
    OV_AUTO_PTR void *a = ov_alloc(1);
    OV_AUTO_PTR void *b = a ? ov_alloc_array(2, 2) : NULL;
    OV_AUTO_PTR void *c = b ? ov_realloc_array(NULL, 3, 3) : NULL;

    (void)arg;
    return c ? OV_OK : OV_NO_MEMORY;
}

static void torture_fails_each_allocation_once(void **state)
{
    (void)state;
    assert_int_equal(ov_torture(three_allocations, NULL), 3);
}

OV_TEST_MAIN(OV_TEST(memory_is_zeroed), OV_TEST(nothing_is_something_to_free),
             OV_TEST(a_product_that_overflows_is_refused),
             OV_TEST(a_failed_growth_leaves_the_old_block),
             OV_TEST(the_nth_call_fails_and_only_it),
             OV_TEST(a_stolen_value_is_not_freed),
             OV_TEST(torture_fails_each_allocation_once))
