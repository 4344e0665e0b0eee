/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "test.h"
#include "torture.h"

#define MIB ((size_t)1 << 20)

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(8 * MIB);
    uint8_t *pieces[200];

    (void)state;
    assert_non_null(a);
    for (size_t i = 0; i < 200; i++) {
        size_t len = i * 37 % 1000;

        pieces[i] = ov_arena_alloc(a, len);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < len; k++)
            assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], (int)i, len);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t k = 0; k < i * 37 % 1000; k++)
            assert_int_equal(pieces[i][k], i);
}

static void the_maximum_holds(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1000);
    void *ptr;

    (void)state;
    assert_null(ov_arena_alloc(a, 1001));
    assert_null(ov_arena_alloc(a, SIZE_MAX));
    ptr = ov_arena_alloc(a, 900);
    assert_non_null(ptr);
    assert_null(ov_arena_alloc(a, 101));
    assert_true(ov_arena_used(a) >= 900);
}

static void a_size_near_the_end_of_the_address_space_is_refused(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(SIZE_MAX);

    (void)state;
    assert_null(ov_arena_alloc(a, SIZE_MAX));
    assert_null(ov_arena_alloc(a, SIZE_MAX - 3));
    assert_null(ov_arena_array(a, SIZE_MAX / 4, 8));
    assert_int_equal(ov_arena_used(a), 0);
}

static void after_a_reset_memory_is_zeroed_again(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(MIB);

    (void)state;
    for (int round = 0; round < 3; round++) {
        uint8_t *ptr = ov_arena_alloc(a, 10000);

        assert_non_null(ptr);
        for (size_t i = 0; i < 10000; i++)
            assert_int_equal(ptr[i], 0);
        memset(ptr, 0xff, 10000);
        ov_arena_reset(a, MIB);
        assert_int_equal(ov_arena_used(a), 0);
    }
}

static void a_copy_lives_on(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(MIB);
    uint8_t bytes[3] = {1, 2, 3};
    struct ov_span copy;

    (void)state;
    assert_true(ov_arena_copy(a, ov_span_of(bytes, 3), &copy));
    bytes[0] = 9;
    assert_int_equal(copy.len, 3);
    assert_int_equal(copy.ptr[0], 1);
    assert_true(ov_arena_copy(a, ov_span_of(NULL, 0), &copy));
    assert_int_equal(copy.len, 0);
}

static enum ov_status many_blocks(void *arg)
{
    OV_AUTO(arena) a = ov_arena_new(64 * MIB);
    struct ov_span copy;

    (void)arg;
    if (a == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < 6; i++)
        if (ov_arena_array(a, (size_t)5000 << i, 4) == NULL)
            return OV_NO_MEMORY;
    if (!ov_arena_copy(a, OV_SPAN_LIT("the end"), &copy))
        return OV_NO_MEMORY;
    return OV_OK;
}

static void running_out_of_memory_ends_well(void **state)
{
    (void)state;
    assert_true(ov_torture(many_blocks, NULL) >= 7);
}

OV_TEST_MAIN(OV_TEST(pieces_are_zeroed_aligned_and_apart),
             OV_TEST(the_maximum_holds),
             OV_TEST(a_size_near_the_end_of_the_address_space_is_refused),
             OV_TEST(after_a_reset_memory_is_zeroed_again),
             OV_TEST(a_copy_lives_on), OV_TEST(running_out_of_memory_ends_well))
