/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/alloc.h"
#include "match/program.h"

/* Whether a part of a pattern is at a place: its code (program.h) is run there.
 * Whatever the code is, this ends, in time proportional to its length times the
 * spread of its gaps (at most 65535), and reads only the view. */

/* A set of distances from where a run began: base + i for each bit i. */
#define OV_DISTANCES_MAX 65536u

struct ov_distances {
    uint64_t base;
    uint32_t n_bits; /* none is set at or behind this */
    uint64_t words[OV_DISTANCES_MAX / 64];
};

/* Working memory; returns owned. */
struct ov_verifier;
struct ov_verifier *ov_verifier_new(void) OV_ALLOC;
void ov_verifier_free(struct ov_verifier *v);
OV_DEFINE_AUTO(verifier)

/* Units of work done since the last call. */
uint64_t ov_verifier_work(struct ov_verifier *v);

/* Code without gaps that vary and alternatives: its one match at `at`. */
bool ov_verify_straight(struct ov_span code, bool is_nocase,
                        struct ov_span view, uint64_t at, uint64_t *ret_end);

/* Straight code that is a row of bytes: whether they are at `at`, each xor-ed
 * with one key from min to max. */
bool ov_verify_xor(struct ov_span code, uint8_t min, uint8_t max,
                   struct ov_span view, uint64_t at, uint64_t *ret_end);

/* Any code: the distances from `at` at which its matches end, borrowed until
 * the next call; NULL if there are none. backward: the code was written to be
 * run towards lower addresses from `at`. */
const struct ov_distances *ov_verify_spread(struct ov_verifier *v,
                                            struct ov_span code, bool is_nocase,
                                            bool is_backward,
                                            struct ov_span view, uint64_t at);

/* The first set bit at or behind `from`, or n_bits. */
uint32_t ov_distances_next(const struct ov_distances *d, uint32_t from);
