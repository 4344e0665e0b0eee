/* SPDX-License-Identifier: Apache-2.0 */
#include "base/store.h"

/* The slow path of ov_store_at: the first use of a page. */

bool ov_store_admit(struct ov_store *s, uint64_t off, uint64_t len)
{
    size_t last = (size_t)((off + len - 1) >> OV_STORE_PAGE_LOG);

    for (size_t page = (size_t)(off >> OV_STORE_PAGE_LOG); page <= last;
         page++) {
        if (ov_store_is_checked(s, page))
            continue;
        if (!s->check(s, page)) {
            s->is_damaged = true;
            return false;
        }
        atomic_store_explicit(&s->is_checked[page], 1, memory_order_relaxed);
    }
    return true;
}
