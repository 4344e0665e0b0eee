/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The C library's allocator behind four functions that zero, check the
 * multiplication, never return NULL for a size of 0, and can be told to fail.
 */

/* The only state in base, and only tests set it. Atomic, because the compiler
 * of rules allocates from several threads. */
static atomic_size_t fail_at;
static atomic_size_t n_calls;

static bool is_to_fail(void)
{
    size_t at = atomic_load_explicit(&fail_at, memory_order_relaxed);

    if (__builtin_expect(at == 0, 1))
        return false;
    return atomic_fetch_add(&n_calls, 1) + 1 == at;
}

void *ov_alloc(size_t size)
{
    return ov_alloc_array(1, size);
}

void *ov_alloc_array(size_t count, size_t size)
{
    size_t total;

    if (is_to_fail() || __builtin_mul_overflow(count, size, &total))
        return NULL;
    return calloc(1, total > 0 ? total : 1);
}

void *ov_realloc_array(void *old, size_t count, size_t size)
{
    size_t total;

    if (is_to_fail() || __builtin_mul_overflow(count, size, &total))
        return NULL;
    return realloc(old, total > 0 ? total : 1);
}

void ov_free(void *ptr)
{
    free(ptr);
}

size_t ov_alloc_fail_at(size_t nth)
{
    size_t made = atomic_exchange(&n_calls, 0);

    atomic_store(&fail_at, nth);
    return made;
}
