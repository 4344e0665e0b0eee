/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdlib.h>

/* All memory comes from here: zeroed, multiplication checked, and able to fail
 * on the Nth call in tests. Every function returns NULL when memory is out. */

#define OV_ALLOC __attribute__((malloc, warn_unused_result))

/* size bytes, zeroed. Returns owned: ov_free. size may be 0. */
void *ov_alloc(size_t size) OV_ALLOC;

/* count * size bytes, zeroed; NULL on overflow. Returns owned: ov_free. */
void *ov_alloc_array(size_t count, size_t size) OV_ALLOC;

/* Takes old (may be NULL) and returns owned: ov_free. On failure NULL, and old
 * is still valid and still the caller's. Bytes beyond old are not zeroed. */
void *ov_realloc_array(void *old, size_t count, size_t size)
    __attribute__((warn_unused_result));

/* Takes ptr; NULL is fine. */
void ov_free(void *ptr);

/* Tests only: let the Nth call from now on fail (1: the next); 0 turns it off.
 * Returns how many calls were made since it was turned on: fewer than the old
 * nth means that none has failed. */
size_t ov_alloc_fail_at(size_t nth);

/* Declares an owned value that is freed at the end of its block: OV_AUTO(buf)
 * gives "struct ov_buf *" cleaned up by ov_buf_free. To hand it on, steal. */
#define OV_AUTO(type)                                                          \
    __attribute__((cleanup(ov_##type##_cleanup))) struct ov_##type *

/* Once per type, after the type's free function is declared. */
#define OV_DEFINE_AUTO(type)                                                   \
    static inline void ov_##type##_cleanup(struct ov_##type **ptr)             \
    {                                                                          \
        ov_##type##_free(*ptr);                                                \
    }

/* For values (not pointers) with a done function: OV_AUTO_DONE(buf) b = {}; */
#define OV_AUTO_DONE(type)                                                     \
    __attribute__((cleanup(ov_##type##_done))) struct ov_##type

#define OV_STEAL(ptr)                                                          \
    __extension__({                                                            \
        __typeof__(ptr) ov_stolen_ = (ptr);                                    \
        (ptr) = NULL;                                                          \
        ov_stolen_;                                                            \
    })

static inline void ov_ptr_cleanup(void *ptr)
{
    ov_free(*(void **)ptr);
}

/* A plain ov_alloc'ed pointer that is freed at the end of its block. */
#define OV_AUTO_PTR __attribute__((cleanup(ov_ptr_cleanup)))
