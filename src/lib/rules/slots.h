/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/alloc.h"
#include "base/span.h"
#include "base/status.h"

/* A hash table of 32-bit numbers, usually indices into an array whose items the
 * caller compares. The order in which equal items are met is not promised. */

struct ov_slot {
    uint32_t hash;
    uint32_t value; /* + 1; 0: free */
};

struct ov_slots {
    struct ov_slot *items;
    unsigned log; /* of how many there are, if items is not NULL */
    uint32_t n;   /* taken */
};

void ov_slots_done(struct ov_slots *s);

/* OV_NO_MEMORY, or OV_LIMIT_COUNT beyond 2^30 numbers. */
OV_MUST_USE enum ov_status ov_slots_add(struct ov_slots *s, uint32_t hash,
                                        uint32_t value);

/* The numbers that were added with this hash, one after the other:
 *   uint32_t at = hash;
 *   while (ov_slots_next(&slots, hash, &at, &value)) ... */
bool ov_slots_next(const struct ov_slots *s, uint32_t hash, uint32_t *at,
                   uint32_t *ret_value);

/* A hash of bytes, continued from seed (0 at first). */
uint32_t ov_slots_hash(uint32_t seed, struct ov_span s);
