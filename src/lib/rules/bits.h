/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* Numbers of `width` bits (0 to 64), densely packed: bit 0 of the first byte
 * first. */

/* The number at bit `at` of s, which has its bits. */
static inline uint64_t ov_bits_get(struct ov_span s, size_t at, unsigned width)
{
    uint64_t value = 0;
    unsigned have = 0;

    while (have < width) {
        unsigned skip = at % 8;
        unsigned take = 8 - skip < width - have ? 8 - skip : width - have;
        uint64_t bits = (unsigned)s.ptr[at / 8] >> skip & ((1u << take) - 1);

        value |= bits << have;
        have += take;
        at += take;
    }
    return value;
}

/* Writes it at bit `at` of to, where zeros are. */
static inline void ov_bits_set(uint8_t *to, size_t at, unsigned width,
                               uint64_t value)
{
    unsigned have = 0;

    while (have < width) {
        unsigned skip = at % 8;
        unsigned take = 8 - skip < width - have ? 8 - skip : width - have;

        to[at / 8] |= (uint8_t)((value >> have & ((1u << take) - 1)) << skip);
        have += take;
        at += take;
    }
}

/* How many bits a number needs. */
static inline unsigned ov_bits_in(uint64_t value)
{
    return value == 0 ? 0 : 64 - (unsigned)__builtin_clzll(value);
}
