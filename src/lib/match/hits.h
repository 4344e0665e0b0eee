/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/matcher.h"
#include "match/program.h"

/* Collecting matches: a sparse table of hits in the scan's arena. */

/* So many matches of one pattern are kept, and of one whose places are asked
 * for (OV_PROGRAM_PLACES, or ov_match_job's lists_all) so many; the others are
 * only counted. YARA itself knows no more than the second. */
#define OV_HITS_KEPT 65536u
#define OV_HITS_KEPT_PLACES 1000000u

/* A hit for this pattern, new or old; NULL if memory is out. */
struct ov_hit *ov_hits_get(struct ov_hits *h, struct ov_arena *arena,
                           uint32_t pattern, uint32_t rule);

/* The same for a program, whose flags tell how many matches are kept. pattern
 * is its own ID, or that of its leads. */
struct ov_hit *ov_hits_of(struct ov_hits *h, const struct ov_match_job *job,
                          const struct ov_program *p, uint32_t pattern);

/* Whether the next match of it would only be counted. Above OV_HITS_KEPT it is
 * also while less than half of the budget of matches is left. */
bool ov_hits_are_full(const struct ov_hit *hit, const struct ov_match_job *job);

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

/* Adds the hits of a part of what is scanned, which was finished, to those of
 * the parts before it: shift is where it begins. Takes its matches. */
OV_MUST_USE enum ov_status ov_hits_append(struct ov_hits *h,
                                          struct ov_arena *arena,
                                          const struct ov_hits *part,
                                          uint64_t shift);

/* Puts the matches of every hit in order and drops doubles. */
void ov_hits_finish(struct ov_hits *h);
void ov_hit_sort(struct ov_hit *hit);
