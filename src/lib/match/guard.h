/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* What an object must be like for a rule to hold, whatever else it asks for:
 * "uint16(0) == 0x5A4D and filesize < 1MB and ...". Patterns of rules that
 * cannot hold need not be looked for. */
struct ov_guard {
    uint64_t min_size; /* of the object, inclusive */
    uint64_t max_size;
    uint32_t head_mask; /* of the first four bytes, the first the lowest... */
    uint32_t head;      /* ...these are what they are */
};

/* The first four bytes; 0 for those that are not there. */
static inline uint32_t ov_guard_head(struct ov_span bytes)
{
    uint32_t head = 0;

    for (size_t i = 0; i < 4 && i < bytes.len; i++)
        head |= (uint32_t)bytes.ptr[i] << 8 * i;
    return head;
}

static inline bool ov_guard_fits(const struct ov_guard *g, uint64_t size,
                                 uint32_t head)
{
    return size >= g->min_size && size <= g->max_size &&
           (head & g->head_mask) == g->head;
}
