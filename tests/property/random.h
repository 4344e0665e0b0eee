/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/text.h"

/* Numbers for property tests: a new seed on every run, printed, so that
 * OV_SEED=<seed> replays what failed. The generator is splitmix64 (Steele, Lea,
 * Flood 2014, section 5). */
struct ov_random {
    uint64_t state;
};

static inline struct ov_random ov_random_seeded(void)
{
    const char *given = getenv("OV_SEED");
    struct ov_random r = {0};

    if (given != NULL &&
        !ov_parse_uint(ov_span_str(given), UINT64_MAX, &r.state))
        abort();
    if (given == NULL &&
        getrandom(&r.state, sizeof(r.state), 0) != sizeof(r.state))
        abort();
    (void)fprintf(stderr, "OV_SEED=%" PRIu64 "\n", r.state);
    return r;
}

static inline uint64_t ov_random_u64(struct ov_random *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* In [0, below). */
static inline size_t ov_random_below(struct ov_random *r, size_t below)
{
    return (size_t)(ov_random_u64(r) % below);
}

/* A length or number of any magnitude: as often small as large. */
static inline uint64_t ov_random_magnitude(struct ov_random *r)
{
    uint64_t bits = ov_random_u64(r);

    return bits >> ov_random_below(r, 64);
}

static inline void ov_random_fill(struct ov_random *r, uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)ov_random_u64(r);
}
