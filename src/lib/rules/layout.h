/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* Numbers that the writers and readers of a rule image's sections share.
 * docs/protocol-image.md has the layouts. */

/* rules: a header of four u32 (rules, rules that always count, macro groups,
 * members of macro groups), then the records and one more that ends the last
 * rule's patterns; then a record for each rule that always counts, its ID and
 * guard; then a u32 per group and one more, where its members begin; then the
 * members. */
#define OV_RULES_HEADER ((uint64_t)16)
#define OV_RULES_RECORD ((uint64_t)16)
#define OV_RULES_ALWAYS ((uint64_t)32)
#define OV_RULES_FLAGS_SHIFT 24
#define OV_RULES_MAX_TERMS ((uint32_t)0xffffff)
#define OV_RULES_MAX_GROUPS ((uint32_t)65536)

/* sources: a u32 count and four bytes of nothing; a record each; the names. */
#define OV_SOURCES_HEADER ((uint64_t)8)
#define OV_SOURCES_RECORD ((uint64_t)64)

/* hashes: a record for each (what, digest), then what they point to. */
#define OV_HASHES_RECORD ((uint64_t)64)
#define OV_HASHES_TABLE(of, kind)                                              \
    (OV_HASHES_RECORD * ((uint64_t)(of)*OV_N_DIGEST + (uint64_t)(kind)))
#define OV_HASHES_DIRECTORY OV_HASHES_TABLE(OV_N_HASH_OF, 0)
#define OV_HASHES_PRINT ((size_t)4) /* bytes of a digest in the hot part */
#define OV_HASHES_MAX_BUCKET                                                   \
    ((size_t)2) /* bytes of it that choose a bucket                            \
                 */
#define OV_HASHES_EXCEPTION ((uint64_t)12)

/* The bits of a size in a table's filter of sizes: one word of 64 bits (low
 * bits of the hash), two bits in it (high bits). */
static inline uint64_t ov_hashes_mix(uint64_t size)
{
    size = (size ^ size >> 32) * 0x9e3779b97f4a7c15u;
    size = (size ^ size >> 29) * 0xbf58476d1ce4e5b9u;
    return size ^ size >> 32;
}

static inline uint64_t ov_hashes_bits(uint64_t mixed)
{
    return (uint64_t)1 << (mixed >> 58) | (uint64_t)1 << (mixed >> 52 & 63);
}
