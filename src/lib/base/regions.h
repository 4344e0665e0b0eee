/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* A process's memory: regions of addresses, and their bytes one behind the
 * other. Whoever asks for bytes names addresses. */
struct ov_regions {
    struct ov_span bytes;         /* of all regions */
    const struct ov_region *list; /* rising addresses */
    size_t n;
};

/* Whether the list is one: no region empty, none over another or over the end
 * of the address space, and the bytes exactly those of the regions in order. */
OV_MUST_USE bool ov_regions_are_sound(const struct ov_regions *r);

/* The bytes of one region. */
struct ov_span ov_regions_at(const struct ov_regions *r, size_t i);

/* The bytes at [address, address + len), all in one region, or false. */
OV_MUST_USE bool ov_regions_sub(const struct ov_regions *r, uint64_t address,
                                uint64_t len, struct ov_span *ret);

/* The same, also over the border of regions that touch; cut at the end of the
 * last region, but false if there is a gap within. */
OV_MUST_USE bool ov_regions_range(const struct ov_regions *r, uint64_t address,
                                  uint64_t len, struct ov_span *ret);
