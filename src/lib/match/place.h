/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/matcher.h"

/* Where a pattern may begin (enum ov_place_kind), in a view with a known
 * layout. ClamAV manual, "Extended signature format", offsets. */

/* Places [first, last]; several for OV_PLACE_VERSION_INFO. */
struct ov_place_range {
    uint64_t first;
    uint64_t last;
};

static inline bool ov_place_needs_layout(const struct ov_place *p)
{
    return p->kind >= OV_PLACE_ENTRY && p->kind <= OV_PLACE_VERSION_INFO;
}

/* The nth range (from 0) where p allows a start in a view of this length;
 * false if there are no more. layout may be NULL: then a place that needs one
 * has none. */
bool ov_place_range(const struct ov_place *p, uint64_t view_len,
                    const struct ov_layout *layout, uint32_t nth,
                    struct ov_place_range *ret);

/* Whether a match may begin at `at`. */
bool ov_place_allows(const struct ov_place *p, uint64_t view_len,
                     const struct ov_layout *layout, uint64_t at);
