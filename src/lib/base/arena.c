/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>

#include "base/assert.h"

/* A list of blocks, newest first; small allocations are cut from the newest.
 * A block grows with the arena (a quarter of what is used), so that a large
 * arena has few of them. */
#define FIRST_BLOCK ((size_t)16 << 10)
#define LARGEST_BLOCK ((size_t)4 << 20)

#ifdef OV_ARENA_MALLOC
#define IS_EMULATED true /* every allocation is a block of its own */
#else
#define IS_EMULATED false
#endif

struct block {
    struct block *next;
    size_t cap;
    size_t len;
    alignas(max_align_t) uint8_t bytes[];
};

struct ov_arena {
    struct block *newest;
    size_t max;
    size_t used;
};

struct ov_arena *ov_arena_new(size_t max)
{
    struct ov_arena *a = ov_alloc(sizeof(*a));

    if (a != NULL)
        a->max = max;
    return a;
}

void ov_arena_free(struct ov_arena *a)
{
    if (a == NULL)
        return;
    ov_arena_reset(a, 0);
    ov_free(a->newest);
    ov_free(a);
}

void ov_arena_reset(struct ov_arena *a, size_t keep)
{
    struct block *kept = NULL;

    while (a->newest != NULL) {
        struct block *next = a->newest->next;

        if (kept == NULL && a->newest->cap <= keep && !IS_EMULATED)
            kept = a->newest;
        else
            ov_free(a->newest);
        a->newest = next;
    }
    if (kept != NULL) {
        memset(kept->bytes, 0, kept->len);
        kept->len = 0;
        kept->next = NULL;
    }
    a->newest = kept;
    a->used = 0;
}

static bool add_block(struct ov_arena *a, size_t size)
{
    size_t cap = a->used / 4;
    struct block *b;

    if (cap < FIRST_BLOCK)
        cap = FIRST_BLOCK;
    if (cap > LARGEST_BLOCK)
        cap = LARGEST_BLOCK;
    if (cap < size || IS_EMULATED)
        cap = size;
    b = ov_alloc(sizeof(*b) + cap);
    if (b == NULL)
        return false;
    b->cap = cap;
    b->next = a->newest;
    a->newest = b;
    return true;
}

void *ov_arena_alloc(struct ov_arena *a, size_t size)
{
    const size_t align = alignof(max_align_t);
    size_t rounded;
    struct block *b = a->newest;
    void *ptr;

    if (size > a->max || a->used > a->max - size || size > PTRDIFF_MAX / 2)
        return NULL;
    rounded = IS_EMULATED ? size : (size + align - 1) & ~(align - 1);
    if (IS_EMULATED || b == NULL || b->cap - b->len < rounded) {
        if (!add_block(a, rounded))
            return NULL;
        b = a->newest;
    }
    ptr = b->bytes + b->len;
    b->len += rounded;
    a->used += rounded;
    return ptr;
}

void *ov_arena_array(struct ov_arena *a, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    return ov_arena_alloc(a, total);
}

bool ov_arena_copy(struct ov_arena *a, struct ov_span s, struct ov_span *ret)
{
    uint8_t *ptr;

    if (s.len == 0) {
        *ret = (struct ov_span){NULL, 0};
        return true;
    }
    ptr = ov_arena_alloc(a, s.len);
    if (ptr == NULL)
        return false;
    memcpy(ptr, s.ptr, s.len);
    *ret = ov_span_of(ptr, s.len);
    return true;
}

size_t ov_arena_used(const struct ov_arena *a)
{
    return a->used;
}
