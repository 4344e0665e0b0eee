/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>

#include "base/span.h"

/* Bytes that are checked page by page before their first use: a rule image is
 * mapped at no cost, and yet no byte of it is believed before the digest of
 * its page has been compared. Several threads may read at once: at worst each
 * checks the same page. */

#define OV_STORE_PAGE_LOG 14
#define OV_STORE_PAGE ((size_t)1 << OV_STORE_PAGE_LOG)

struct ov_store {
    struct ov_span all;
    _Atomic uint8_t *is_checked; /* one byte a page; NULL: nothing needs a
                                    check */
    /* Whether the page's content is what it must be. */
    bool (*check)(const struct ov_store *s, size_t page);
    const void *check_data;
    _Atomic bool is_damaged; /* a check has failed: nothing found with it
                                counts */
};

static inline bool ov_store_is_checked(const struct ov_store *s, size_t page)
{
    return atomic_load_explicit(&s->is_checked[page], memory_order_relaxed) !=
           0;
}

/* Slow path of ov_store_at. */
bool ov_store_admit(struct ov_store *s, uint64_t off, uint64_t len);

/* The bytes at [off, off + len), checked; false if they are outside, or
 * damaged (and then is_damaged is set). */
static inline bool ov_store_at(struct ov_store *s, uint64_t off, uint64_t len,
                               struct ov_span *ret)
{
    size_t first = (size_t)(off >> OV_STORE_PAGE_LOG);

    if (off > s->all.len || len > s->all.len - off)
        return false;
    if (s->is_checked != NULL && len > 0 &&
        (!ov_store_is_checked(s, first) ||
         (off + len - 1) >> OV_STORE_PAGE_LOG != first) &&
        !ov_store_admit(s, off, len))
        return false;
    *ret = (struct ov_span){len ? s->all.ptr + off : NULL, (size_t)len};
    return true;
}
