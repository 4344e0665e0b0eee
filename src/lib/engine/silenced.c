/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/silenced.h"

#include <stdlib.h>

/*
 * A rule is known to its image by a number, and to other images by two names,
 * its own and its source's; both are at hand where a rule is about to be
 * reported, which is rare. So silencing costs a scan nothing before something
 * is found.
 *
 * A source is withdrawn from tiers below the one that says so, never from that
 * one itself, which may have a newer source of the same name. A line of an .ign
 * counts for all tiers, unless its own source is withdrawn.
 */

static int compare_withdrawn(const void *a, const void *b)
{
    const struct ov_withdrawn *x = a;
    const struct ov_withdrawn *y = b;
    int order = ov_span_compare(x->source, y->source);

    if (order != 0)
        return order;
    return x->tier < y->tier ? -1 : x->tier > y->tier;
}

static int compare_names(const void *a, const void *b)
{
    return ov_span_compare(*(const struct ov_span *)a,
                           *(const struct ov_span *)b);
}

static enum ov_status gather_withdrawn(const struct ov_silence_list *lists,
                                       size_t n, struct ov_arena *arena,
                                       struct ov_silenced *s)
{
    struct ov_withdrawn *all;
    size_t n_all = 0;

    for (size_t i = 0; i < n; i++)
        n_all += lists[i].n_withdrawn;
    all = ov_arena_array(arena, n_all + 1, sizeof(*all));
    if (all == NULL)
        return OV_NO_MEMORY;
    n_all = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < lists[i].n_withdrawn; k++)
            all[n_all++] = (struct ov_withdrawn){lists[i].withdrawn[k], i};
    qsort(all, n_all, sizeof(*all), compare_withdrawn);
    for (size_t i = 0; i < n_all; i++)
        if (i + 1 == n_all || !ov_span_equal(all[i].source, all[i + 1].source))
            all[s->n_withdrawn++] = all[i];
    s->withdrawn = all;
    return OV_OK;
}

static bool is_withdrawn(const struct ov_silenced *s, size_t tier,
                         struct ov_span source)
{
    size_t from = 0;
    size_t to = s->n_withdrawn;

    while (from < to) {
        size_t mid = from + (to - from) / 2;
        int order = ov_span_compare(s->withdrawn[mid].source, source);

        if (order == 0)
            return s->withdrawn[mid].tier > tier;
        if (order < 0)
            from = mid + 1;
        else
            to = mid;
    }
    return false;
}

static enum ov_status gather_ignored(const struct ov_silence_list *lists,
                                     size_t n, struct ov_arena *arena,
                                     struct ov_silenced *s)
{
    struct ov_span *all;
    size_t n_all = 0;

    for (size_t i = 0; i < n; i++)
        n_all += lists[i].n_ignored;
    all = ov_arena_array(arena, n_all + 1, sizeof(*all));
    if (all == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < lists[i].n_ignored; k++)
            if (!is_withdrawn(s, i, lists[i].ignored[k].source))
                all[s->n_ignored++] = lists[i].ignored[k].name;
    qsort(all, s->n_ignored, sizeof(*all), compare_names);
    s->ignored = all;
    return OV_OK;
}

enum ov_status ov_silenced_open(struct ov_image *const *images, size_t n,
                                struct ov_arena *arena, struct ov_silenced *ret)
{
    struct ov_silence_list *lists = ov_arena_array(arena, n, sizeof(*lists));
    struct ov_silenced s = {0};

    if (lists == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        OV_TRY(ov_lookup_silence(images[i], arena, &lists[i]));
    OV_TRY(gather_withdrawn(lists, n, arena, &s));
    OV_TRY(gather_ignored(lists, n, arena, &s));
    *ret = s;
    return OV_OK;
}

bool ov_silenced_has(const struct ov_silenced *s, size_t tier,
                     struct ov_span rule, struct ov_span source)
{
    return is_withdrawn(s, tier, source) ||
           (s->n_ignored > 0 && bsearch(&rule, s->ignored, s->n_ignored,
                                        sizeof(rule), compare_names) != NULL);
}
