/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* Looks for several short byte strings at once, in one fast pass. */

#define OV_MAX_NEEDLES 16

/* Two bytes, and a third under a mask (0: any). */
struct ov_needle {
    uint8_t bytes[3];
    uint8_t mask;
};

/* The first place in [from, s.len) where one of n needles (at most
 * OV_MAX_NEEDLES) may be: two bytes of it at least are there. SIZE_MAX if there
 * is none. */
size_t ov_needles_find(struct ov_span s, size_t from,
                       const struct ov_needle *needles, size_t n);

/* The same on any machine; ov_needles_find is it, where there is nothing
 * better. */
size_t ov_needles_find_portably(struct ov_span s, size_t from,
                                const struct ov_needle *needles, size_t n);
