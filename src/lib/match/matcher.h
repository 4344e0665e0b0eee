/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/budget.h"
#include "base/buf.h"
#include "base/crew.h"
#include "base/store.h"
#include "match/guard.h"
#include "match/pattern.h"

/* Which patterns occur where: compiled once into sections of a rule image
 * (ov_match_build), then used straight from the mapped image (ov_matcher).
 *
 * One pass over the bytes finds the places where an atom of some pattern may
 * begin (prefilter.h), each is checked against the atom itself, and then the
 * whole pattern is tried there. */

/* A pattern with its place in the rule set. Its ID is its index in the array
 * given to ov_match_build. */
struct ov_match_input {
    struct ov_pattern pattern;
    uint32_t rule;    /* handed back with each match */
    uint32_t targets; /* bit t: looked for in views of target t (0-31) */
    bool has_guard;   /* only where enum ov_match_guards says so */
    struct ov_guard guard;
};

/* Where patterns with a guard are looked for. */
enum ov_match_guards {
    OV_GUARDS_CLOSED, /* none: no object is looked at as it is */
    OV_GUARDS_ASKED,  /* if the view fits their guard */
    OV_GUARDS_OPEN,   /* all */
};

/* What the compiler has to tell about one pattern. */
enum ov_match_weakness {
    OV_MATCH_STRONG,
    OV_MATCH_SHORT,  /* no run of 4 fixed bytes: costs more per byte scanned */
    OV_MATCH_COMMON, /* its rarest atom is common in clean files */
    OV_MATCH_SLOW,   /* no two bytes in a row are known: tried at each place
                        of one byte */
    OV_MATCH_NONE,   /* cannot be compiled: its brackets are not in order, or it
                        exceeds a maximum */
    OV_MATCH_UNKNOWN, /* memory is out */
};

/* Appends the compiled form of n patterns to ret (position-independent; the
 * caller puts it into an image section, 64-byte aligned). The same input gives
 * the same bytes. ret_weakness: n entries, may be NULL. A pattern that cannot
 * be compiled stops it: OV_UNSUPPORTED with its ID in *ret_bad. */
OV_MUST_USE enum ov_status ov_match_build(const struct ov_match_input *in,
                                          size_t n, struct ov_buf *ret,
                                          uint8_t *ret_weakness,
                                          size_t *ret_bad);

/* How many fixed bytes in a row the best atom of p has; what ov_match_build
 * says of it unless too many others have the same atom. Lets a front end refuse
 * a pattern with file and line. */
enum ov_match_weakness ov_match_check(const struct ov_pattern *p);

/* Whether ov_match_build takes p: OV_UNSUPPORTED if not. Cheaper than asking
 * how it would be found. */
OV_MUST_USE enum ov_status ov_match_try(const struct ov_pattern *p);

/* Where a view's landmarks are: what OV_PLACE_ENTRY and the like refer to.
 * The engine makes it of PE, ELF or Mach-O facts on the first request. */
struct ov_layout {
    bool has_entry;
    uint64_t entry; /* file offset */
    const struct ov_extent *sections;
    uint32_t n_sections;
    const struct ov_extent *version_info; /* one per string value */
    uint32_t n_version_info;
};

struct ov_extent {
    uint64_t at;
    uint64_t len;
};

/* One confirmed match: the shortest from its start. A pattern with gaps of any
 * length has one for each place of what is behind the last of them, all from
 * the first start, unless it has OV_PATTERN_EACH_START. */
struct ov_match {
    uint64_t at; /* from the start of the view */
    uint64_t len;
    struct ov_match *next; /* of the same pattern, in rising order of at, then
                              of len */
};

/* All matches of one pattern in one view. Only the first that come up are
 * listed (hits.h tells how many); the others are counted. */
struct ov_hit {
    uint32_t pattern;
    uint32_t rule;
    uint32_t n_matches; /* of all */
    uint32_t max_listed;
    uint64_t listed_to; /* all that begin before it are listed; UINT64_MAX:
                           all */
    uint64_t last_at;   /* the greatest place where one begins, listed or not */
    bool is_count_unsure; /* some that are not listed may be counted twice */
    bool is_each_start;   /* at one place there is one match, the shortest */
    bool is_unsorted;     /* hits.c's own, and what was added last: */
    uint64_t added_at;
    uint64_t added_len;
    struct ov_match **by_start; /* of ov_hits_add_start */
    size_t by_start_log;
    struct ov_match *first;
    struct ov_match *last;
};

/* Whether every match is listed. */
static inline bool ov_hit_is_whole(const struct ov_hit *hit)
{
    return hit->listed_to == UINT64_MAX;
}

/* What one view's scan found; lives in the arena. Sparse: nothing here costs
 * per pattern of the rule set. */
struct ov_hits {
    struct ov_hit **hits; /* in order of first discovery */
    size_t n_hits;
    /* the rest is matcher.c's own */
    struct ov_hit **table;
    size_t table_log;
};

/* The hit of this pattern, or NULL. */
const struct ov_hit *ov_hits_find(const struct ov_hits *h, uint32_t pattern);

struct ov_matcher;

/* Over the compiled form at [off, off + len) of store, which must outlive it.
 * Reads only the header. OV_MALFORMED if that is wrong. Not thread-safe: one
 * per scanner. Returns owned. */
OV_MUST_USE enum ov_status ov_matcher_open(struct ov_store *store, uint64_t off,
                                           uint64_t len,
                                           struct ov_matcher **ret);
void ov_matcher_free(struct ov_matcher *m);
OV_DEFINE_AUTO(matcher)

struct ov_match_job {
    struct ov_span view;
    uint32_t target; /* 0-31: patterns whose targets have this bit */
    enum ov_match_guards guards;
    /* Landmarks of the view, asked for at most once and only if a pattern
     * needs them. May be NULL: then such patterns do not match. */
    const struct ov_layout *(*layout)(void *data);
    void *layout_data;
    struct ov_budget *budget; /* steps and matches are spent */
    struct ov_arena *arena;   /* for the hits */
    struct ov_crew *crew;     /* helps with a large view; NULL: nobody */
    bool lists_all;           /* list as if all places were asked for */
    /* What trying a rule's pattern at one place has cost; may be NULL. */
    void (*cost)(void *data, size_t tier, uint32_t rule, uint64_t steps);
    void *cost_data;
};

/* Finds every pattern of the target in the view, in one pass. On a limit the
 * status is the budget's, and *ret has what was found until then. OV_BAD_DIGEST
 * if the image is damaged. */
OV_MUST_USE enum ov_status ov_matcher_scan(struct ov_matcher *m,
                                           const struct ov_match_job *job,
                                           struct ov_hits *ret);

#define OV_MATCHERS_MAX 4

/* As ov_matcher_scan for each of n matchers (1 to OV_MATCHERS_MAX), and ret has
 * room for as many; but the view is read and folded once. The first failure
 * ends all. */
OV_MUST_USE enum ov_status
ov_matcher_scan_all(struct ov_matcher *const *matchers, size_t n,
                    const struct ov_match_job *job, struct ov_hits *ret);

/* Exact counters since open, for bench/: bytes passed, positions that the
 * prefilter let through, atoms confirmed, patterns tried, matches. */
struct ov_match_stats {
    uint64_t bytes;
    uint64_t survivors;
    uint64_t atoms;
    uint64_t tried;
    uint64_t matches;
};
struct ov_match_stats ov_matcher_stats(const struct ov_matcher *m);
