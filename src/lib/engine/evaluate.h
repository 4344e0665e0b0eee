/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/object.h"
#include "match/matcher.h"
#include "rules/lookup.h"

/* Whether a rule holds for one view of an object. A condition is looked at only
 * if a pattern of its rule matched, or if the rule may hold without any. */

/* One form of an object's bytes: as they are ("raw"), or normalised. */
struct ov_view {
    const char *name;
    struct ov_span bytes;
    uint32_t target; /* ClamAV's target number */
    bool is_raw;
};

struct ov_regex_cache;

/* Compiled PCREs of a scanner, kept between files. Returns owned. */
struct ov_regex_cache *ov_regex_cache_new(void) OV_ALLOC;
void ov_regex_cache_free(struct ov_regex_cache *c);

/* Bounds of one match. */
void ov_regex_cache_limit(struct ov_regex_cache *c, uint64_t max_calls,
                          uint64_t max_depth);

/* How often regex (whose source points into an image or outlives the cache)
 * matches in subject; its place is not looked at, but unless that is
 * OV_PLACE_ANY or the flag r is set it must match at the subject's start.
 * Counts past one only with the flag g. */
OV_MUST_USE enum ov_status
ov_regex_count(struct ov_regex_cache *c, const struct ov_regex *regex,
               struct ov_span subject, struct ov_budget *budget, uint64_t *ret);

/* Machines that were made, and how many of them are at work. */
#define OV_MACHINES_MAX 8
struct ov_machine;

struct ov_machines {
    struct ov_machine *items[OV_MACHINES_MAX]; /* in the arena */
    size_t n_used;
};

/* What conditions may ask about. All is borrowed. */
struct ov_evaluation {
    struct ov_image *image;
    size_t tier; /* the image's */
    struct ov_object *object;
    const struct ov_view *view;
    const struct ov_hits *hits;
    struct ov_arena *arena;
    struct ov_budget *budget;
    struct ov_regex_cache *regexes;
    const struct ov_icon_rule *icons; /* of all images */
    size_t n_icons;
    uint32_t flags;         /* enum ov_scan_flag */
    const uint64_t *bounds; /* by enum ov_bound */
    struct ov_surroundings around;
    struct ov_machines *machines;
};

struct ov_evaluation_result {
    bool holds;
    bool has_handler; /* the object is to be scanned as this type, too */
    enum ov_type handler;
};

/* Whether the object is a PE with an icon like a known one that is in both
 * groups. evaluate_icon.c */
OV_MUST_USE enum ov_status
ov_evaluate_icons(const struct ov_evaluation *e,
                  const uint64_t keys[static OV_ICON_GROUPS], bool *ret);

/* Evaluates one rule. OV_MALFORMED if the image's condition makes no sense,
 * the budget's status if it is spent, OV_LIMIT_COUNT if the answer depends on
 * matches that are not listed (struct ov_hit). */
OV_MUST_USE enum ov_status ov_evaluate(const struct ov_evaluation *e,
                                       const struct ov_rule_view *rule,
                                       struct ov_evaluation_result *ret);
