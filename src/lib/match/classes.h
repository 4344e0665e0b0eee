/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/status.h"
#include "match/guard.h"

/* Views fall into classes, by how they begin and by their size; patterns with
 * guards are looked for in some of them only, so each class has sets of its own
 * (compiled.h). Class 0: no pattern with a guard is wanted. Class 1: all are,
 * whatever the view. Then, for each of the heads and for "none of them", one
 * for each range of sizes. */

#define OV_CLASS_HEADS_MAX 6u
#define OV_CLASS_SIZES_MAX 3u
#define OV_CLASS_NONE 0u
#define OV_CLASS_ALL 1u
#define OV_CLASSES_MAX                                                         \
    (2u + (OV_CLASS_HEADS_MAX + 1u) * (OV_CLASS_SIZES_MAX + 1u))

struct ov_class_head {
    uint32_t mask;
    uint32_t head; /* of the first four bytes those in the mask */
};

struct ov_classes {
    uint32_t n_heads;
    uint32_t n_sizes;
    struct ov_class_head heads[OV_CLASS_HEADS_MAX]; /* the first that fits */
    uint64_t sizes[OV_CLASS_SIZES_MAX]; /* rising: where the next begins */
};

static inline uint32_t ov_classes_count(const struct ov_classes *c)
{
    return 2 + (c->n_heads + 1) * (c->n_sizes + 1);
}

/* The class of views of this size and beginning. */
uint32_t ov_classes_of_view(const struct ov_classes *c, uint64_t size,
                            uint32_t head);

/* The classes (bit i: class i) of which a view may fit the guard. */
uint64_t ov_classes_of_guard(const struct ov_classes *c,
                             const struct ov_guard *g);

/* The different guards of n patterns, in a fixed order. */
struct ov_guard_count {
    struct ov_guard guard;
    uint64_t n;       /* patterns that have it */
    uint64_t classes; /* of ov_classes_of_guard */
};

struct ov_guards {
    struct ov_guard_count *at;
    size_t n;
};

/* Adds n patterns with a guard; many at once are cheaper. */
OV_MUST_USE enum ov_status
ov_guards_add(struct ov_guards *g, const struct ov_guard *guard, uint64_t n);
/* Sorts them, each once; before any of what follows. */
void ov_guards_finish(struct ov_guards *g);
void ov_guards_done(struct ov_guards *g);

/* Which it is; it was added. */
size_t ov_guards_find(const struct ov_guards *g, const struct ov_guard *guard);

/* Chooses classes so that much need not be looked for: at most max of them, for
 * n_patterns of which some have guards. */
OV_MUST_USE enum ov_status ov_classes_choose(const struct ov_guards *g,
                                             uint64_t n_patterns, uint32_t max,
                                             struct ov_classes *ret);
