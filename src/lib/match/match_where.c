/* SPDX-License-Identifier: Apache-2.0 */
#include "base/assert.h"
#include "match/builder.h"
#include "match/prefilter.h"

/* Which patterns are looked for in which views.
 *
 * A view has a target and a class; each such pair that wants other patterns
 * than all before it has a set of its own. Classes multiply the filters, so
 * there are only as many as have room in the image. */

/* Room for filters of classes, in bytes, for all targets together. */
#define CLASSES_ROOM ((uint64_t)16 << 20)

/* With fewer classes than this nothing is gained. */
#define CLASSES_WORTH 5

/* Patterns with guards are worth classes if they are one in so many. */
#define GUARDED_SHARE 8

/* How many different sets the targets alone need, about. */
static uint32_t count_targets(const struct ov_match_input *in, size_t n)
{
    uint32_t unlike[OV_COMPILED_TARGETS] = {0};
    uint32_t last = 0;
    uint32_t count = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t targets = in[i].targets;

        for (uint32_t t = 0; t < OV_COMPILED_TARGETS && targets != last; t++)
            unlike[t] |= targets >> t & 1 ? ~targets : targets;
        last = targets;
    }
    for (uint32_t t = 0; t < OV_COMPILED_TARGETS; t++)
        count += (~unlike[t] & (((uint32_t)1 << t) - 1)) == 0;
    return count;
}

static uint32_t classes_max(const struct ov_match_input *in, size_t n)
{
    uint64_t size =
        ov_filter_size(OV_ATOM_LONG, ov_filter_log(OV_ATOM_LONG, n)) +
        ov_filter_size(OV_ATOM_MID, ov_filter_log(OV_ATOM_MID, n / 8)) +
        ((uint64_t)8 << ov_check_log(n));
    uint32_t n_targets = count_targets(in, n);
    uint64_t by_room = CLASSES_ROOM / (size * n_targets);
    uint32_t by_number = OV_SETS_MAX / n_targets;

    return by_room < by_number ? (uint32_t)by_room : by_number;
}

static bool is_same(const struct ov_guard *a, const struct ov_guard *b)
{
    return a->min_size == b->min_size && a->max_size == b->max_size &&
           a->head_mask == b->head_mask && a->head == b->head;
}

/* Patterns of one rule have one guard and lie together. */
static enum ov_status collect(struct ov_builder *b,
                              const struct ov_match_input *in, size_t n,
                              uint64_t *ret_n)
{
    for (size_t i = 0; i < n;) {
        size_t from = i++;

        if (!in[from].has_guard)
            continue;
        while (i < n && in[i].has_guard &&
               is_same(&in[i].guard, &in[from].guard))
            i++;
        OV_TRY(ov_guards_add(&b->guards, &in[from].guard, i - from));
        *ret_n += i - from;
    }
    ov_guards_finish(&b->guards);
    return OV_OK;
}

enum ov_status ov_builder_choose_classes(struct ov_builder *b,
                                         const struct ov_match_input *in,
                                         size_t n)
{
    uint64_t n_guarded = 0;
    uint32_t max;
    bool is_worth;

    OV_TRY(collect(b, in, n, &n_guarded));
    max = n_guarded > 0 ? classes_max(in, n) : 0;
    is_worth = n_guarded > n / GUARDED_SHARE && max >= CLASSES_WORTH;
    if (is_worth)
        OV_TRY(ov_classes_choose(&b->guards, n, max, &b->classes));
    for (size_t i = 0; i < b->guards.n; i++) {
        struct ov_guard_count *g = &b->guards.at[i];

        g->classes =
            is_worth ? ov_classes_of_guard(&b->classes, &g->guard) : UINT64_MAX;
    }
    return OV_OK;
}

static bool is_before(const struct ov_where *a, const struct ov_where *b)
{
    return a->targets != b->targets ? a->targets < b->targets
                                    : a->classes < b->classes;
}

static enum ov_status note(struct ov_wheres *w, const struct ov_where *where)
{
    size_t from = 0;
    size_t to = w->n;

    while (from < to) {
        size_t mid = from + (to - from) / 2;

        if (is_before(&w->at[mid], where))
            from = mid + 1;
        else
            to = mid;
    }
    if (from < w->n && !is_before(where, &w->at[from]))
        return OV_OK;
    if (w->n == w->cap) {
        size_t cap = 2 * w->cap + 16;
        struct ov_where *at = ov_realloc_array(w->at, cap, sizeof(*at));

        if (at == NULL)
            return OV_NO_MEMORY;
        w->at = at;
        w->cap = cap;
    }
    memmove(&w->at[from + 1], &w->at[from], (w->n - from) * sizeof(w->at[0]));
    w->at[from] = *where;
    w->n++;
    return OV_OK;
}

enum ov_status ov_builder_begin_pattern(struct ov_builder *b,
                                        const struct ov_match_input *in)
{
    b->where = (struct ov_where){.classes = UINT64_MAX, .targets = in->targets};
    if (in->has_guard) {
        b->guard = (uint32_t)ov_guards_find(&b->guards, &in->guard);
        b->where.classes = b->guards.at[b->guard].classes;
    }
    return note(&b->wheres, &b->where);
}

static bool are_like(const struct ov_wheres *w, struct ov_cell_of_views a,
                     struct ov_cell_of_views b)
{
    for (size_t i = 0; i < w->n; i++)
        if (ov_where_has(&w->at[i], a) != ov_where_has(&w->at[i], b))
            return false;
    return true;
}

static bool is_wanted(const struct ov_wheres *w, struct ov_cell_of_views at)
{
    for (size_t i = 0; i < w->n; i++)
        if (ov_where_has(&w->at[i], at))
            return true;
    return false;
}

uint32_t
ov_builder_share_sets(const struct ov_builder *b, uint8_t *sets,
                      struct ov_cell_of_views first[static OV_SETS_MAX])
{
    uint32_t n_classes = ov_classes_count(&b->classes);
    uint32_t n = 0;

    for (uint32_t i = 0; i < OV_COMPILED_TARGETS * n_classes; i++) {
        struct ov_cell_of_views at = {i / n_classes, i % n_classes};
        uint32_t s = 0;

        sets[i] = OV_COMPILED_NO_SET;
        if (!is_wanted(&b->wheres, at))
            continue;
        while (s < n && !are_like(&b->wheres, first[s], at))
            s++;
        if (s == n) {
            OV_ASSERT(n < OV_SETS_MAX);
            first[n++] = at;
        }
        sets[i] = (uint8_t)s;
    }
    return n;
}
