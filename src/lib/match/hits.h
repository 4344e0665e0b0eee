/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/matcher.h"

/* Collecting matches: a sparse table of hits in the scan's arena. */

/* So many matches of one pattern are kept; the others are only counted. */
#define OV_HITS_KEPT 65536u

/* A hit for this pattern, new or old; NULL if memory is out. */
struct ov_hit *ov_hits_get(struct ov_hits *h, struct ov_arena *arena,
                           uint32_t pattern, uint32_t rule);

/* Adds a match. OV_NO_MEMORY, or the budget's status. */
OV_MUST_USE enum ov_status ov_hits_add(struct ov_hit *hit,
                                       const struct ov_match_job *job,
                                       uint64_t at, uint64_t len);

/* Adds a match, but keeps only one for each place where one begins: the longest
 * or the shortest. Not to be mixed with ov_hits_add for one hit. */
OV_MUST_USE enum ov_status ov_hits_add_start(struct ov_hit *hit,
                                             const struct ov_match_job *job,
                                             uint64_t at, uint64_t len,
                                             bool is_longest);

/* Puts the matches of every hit in order and drops doubles. */
void ov_hits_finish(struct ov_hits *h);
void ov_hit_sort(struct ov_hit *hit);
