/* SPDX-License-Identifier: Apache-2.0 */
#include "match/hits.h"

/* Hits live in an open-addressing table that begins small and grows with what
 * is found, so that a view without a match costs nothing. Matches mostly come
 * in rising order; where two forms of a pattern or several atoms interleave
 * they do not, which is noted, and put right at the end of the pass. */

#define FIRST_LOG 4

static size_t slot_of(const struct ov_hits *h, uint32_t pattern)
{
    size_t mask = ((size_t)1 << h->table_log) - 1;
    size_t i = (pattern * 0x9e3779b97f4a7c15u >> 32) & mask;

    while (h->table[i] != NULL && h->table[i]->pattern != pattern)
        i = (i + 1) & mask;
    return i;
}

const struct ov_hit *ov_hits_find(const struct ov_hits *h, uint32_t pattern)
{
    return h->table == NULL ? NULL : h->table[slot_of(h, pattern)];
}

/* A table and a list of twice the size. */
static bool grow(struct ov_hits *h, struct ov_arena *arena)
{
    size_t log = h->table == NULL ? FIRST_LOG : h->table_log + 1;
    struct ov_hit **table =
        ov_arena_array(arena, (size_t)1 << log, sizeof(struct ov_hit *));
    struct ov_hit **hits =
        ov_arena_array(arena, (size_t)1 << (log - 1), sizeof(struct ov_hit *));

    if (table == NULL || hits == NULL)
        return false;
    for (size_t i = 0; i < h->n_hits; i++)
        hits[i] = h->hits[i];
    h->hits = hits;
    h->table = table;
    h->table_log = log;
    for (size_t i = 0; i < h->n_hits; i++)
        table[slot_of(h, hits[i]->pattern)] = hits[i];
    return true;
}

struct ov_hit *ov_hits_get(struct ov_hits *h, struct ov_arena *arena,
                           uint32_t pattern, uint32_t rule)
{
    struct ov_hit *hit;

    if (h->table != NULL && h->table[slot_of(h, pattern)] != NULL)
        return h->table[slot_of(h, pattern)];
    if ((h->table == NULL || h->n_hits == (size_t)1 << (h->table_log - 1)) &&
        !grow(h, arena))
        return NULL;
    hit = ov_arena_alloc(arena, sizeof(*hit));
    if (hit == NULL)
        return NULL;
    hit->pattern = pattern;
    hit->rule = rule;
    hit->listed_to = UINT64_MAX;
    hit->max_listed = OV_HITS_KEPT;
    h->table[slot_of(h, pattern)] = hit;
    h->hits[h->n_hits++] = hit;
    return hit;
}

struct ov_hit *ov_hits_of(struct ov_hits *h, const struct ov_match_job *job,
                          const struct ov_program *p, uint32_t pattern)
{
    struct ov_hit *hit = ov_hits_get(h, job->arena, pattern, p->rule);

    if (hit != NULL && (job->lists_all || (p->flags & OV_PROGRAM_PLACES) != 0))
        hit->max_listed = OV_HITS_KEPT_PLACES;
    return hit;
}

static bool is_before(const struct ov_match *a, const struct ov_match *b)
{
    return a->at != b->at ? a->at < b->at : a->len < b->len;
}

static bool is_behind_added(const struct ov_hit *hit, uint64_t at, uint64_t len)
{
    return at != hit->added_at ? at > hit->added_at : len > hit->added_len;
}

bool ov_hits_are_full(const struct ov_hit *hit, const struct ov_match_job *job)
{
    if (!ov_hit_is_whole(hit) || hit->n_matches >= hit->max_listed)
        return true;
    return hit->n_matches >= OV_HITS_KEPT &&
           ov_budget_left(job->budget, OV_COST_MATCHES) <=
               job->budget->limit[OV_COST_MATCHES] / 2;
}

/* A match that is not listed. If not all came in order, it may have been
 * counted before: without a list nobody knows. */
static void count_only(struct ov_hit *hit, uint64_t at, bool is_in_order)
{
    hit->n_matches += hit->n_matches < UINT32_MAX;
    if (at < hit->listed_to)
        hit->listed_to = at;
    if (hit->is_unsorted || !is_in_order)
        hit->is_count_unsure = true;
}

enum ov_status ov_hits_add(struct ov_hit *hit, const struct ov_match_job *job,
                           uint64_t at, uint64_t len)
{
    bool is_in_order = hit->n_matches == 0 || is_behind_added(hit, at, len);
    struct ov_match *m;

    if (hit->n_matches > 0 && hit->added_at == at &&
        (hit->added_len == len || hit->is_each_start)) {
        if (ov_hit_is_whole(hit) && len < hit->last->len)
            hit->last->len = hit->added_len = len;
        return OV_OK;
    }
    hit->added_at = at;
    hit->added_len = len;
    if (at > hit->last_at)
        hit->last_at = at;
    if (ov_hits_are_full(hit, job)) {
        count_only(hit, at, is_in_order);
        return OV_OK;
    }
    OV_TRY(ov_budget_spend(job->budget, OV_COST_MATCHES, 1));
    m = ov_arena_alloc(job->arena, sizeof(*m));
    if (m == NULL)
        return OV_NO_MEMORY;
    m->at = at;
    m->len = len;
    if (hit->last == NULL)
        hit->first = m;
    else
        hit->last->next = m;
    if (!is_in_order)
        hit->is_unsorted = true;
    hit->last = m;
    hit->n_matches++;
    return OV_OK;
}

static struct ov_match **start_slot(struct ov_match **table, size_t log,
                                    uint64_t at)
{
    size_t mask = ((size_t)1 << log) - 1;
    size_t i = (at * 0x9e3779b97f4a7c15u >> 32) & mask;

    while (table[i] != NULL && table[i]->at != at)
        i = (i + 1) & mask;
    return &table[i];
}

/* A table of starts with room for twice as many. */
static bool grow_starts(struct ov_hit *hit, struct ov_arena *arena)
{
    size_t log = hit->by_start == NULL ? FIRST_LOG : hit->by_start_log + 1;
    struct ov_match **table =
        ov_arena_array(arena, (size_t)1 << log, sizeof(struct ov_match *));

    if (table == NULL)
        return false;
    for (struct ov_match *m = hit->first; m != NULL; m = m->next)
        *start_slot(table, log, m->at) = m;
    hit->by_start = table;
    hit->by_start_log = log;
    return true;
}

enum ov_status ov_hits_add_start(struct ov_hit *hit,
                                 const struct ov_match_job *job, uint64_t at,
                                 uint64_t len, bool is_longest)
{
    struct ov_match *last = hit->last;
    struct ov_match *known;

    if (hit->by_start == NULL ||
        hit->n_matches >= (size_t)1 << (hit->by_start_log - 1)) {
        if (!ov_hits_are_full(hit, job) && !grow_starts(hit, job->arena))
            return OV_NO_MEMORY;
    }
    known = *start_slot(hit->by_start, hit->by_start_log, at);
    if (known != NULL) {
        if (is_longest ? len > known->len : len < known->len)
            known->len = len;
        return OV_OK;
    }
    OV_TRY(ov_hits_add(hit, job, at, len));
    if (hit->last != last)
        *start_slot(hit->by_start, hit->by_start_log, at) = hit->last;
    return OV_OK;
}

static struct ov_match *merge(struct ov_match *a, struct ov_match *b)
{
    struct ov_match *first = NULL;
    struct ov_match **end = &first;

    while (a != NULL && b != NULL) {
        struct ov_match **less = is_before(b, a) ? &b : &a;

        *end = *less;
        end = &(*less)->next;
        *less = (*less)->next;
    }
    *end = a != NULL ? a : b;
    return first;
}

/* Bottom-up merge sort: runs[i] is NULL or a list of 2^i. */
static struct ov_match *sorted(struct ov_match *m)
{
    struct ov_match *runs[32] = {0};
    struct ov_match *all = NULL;

    while (m != NULL) {
        struct ov_match *rest = m->next;
        size_t i = 0;

        m->next = NULL;
        for (; runs[i] != NULL; i++) {
            m = merge(runs[i], m);
            runs[i] = NULL;
        }
        runs[i] = m;
        m = rest;
    }
    for (size_t i = 0; i < 32; i++)
        if (runs[i] != NULL)
            all = merge(runs[i], all);
    return all;
}

void ov_hit_sort(struct ov_hit *hit)
{
    if (!hit->is_unsorted)
        return;
    hit->is_unsorted = false;
    hit->first = sorted(hit->first);
    for (struct ov_match *m = hit->first; m != NULL; m = m->next) {
        while (m->next != NULL && m->next->at == m->at &&
               (hit->is_each_start || m->next->len == m->len)) {
            m->next = m->next->next;
            hit->n_matches--;
        }
        hit->last = m;
    }
}

void ov_hits_finish(struct ov_hits *h)
{
    for (size_t i = 0; i < h->n_hits; i++)
        ov_hit_sort(h->hits[i]);
}

static void append(struct ov_hit *to, const struct ov_hit *part, uint64_t shift)
{
    struct ov_match *next = part->first;
    bool was_whole = ov_hit_is_whole(to);

    to->max_listed = part->max_listed;
    if (part->listed_to != UINT64_MAX && to->listed_to == UINT64_MAX)
        to->listed_to = part->listed_to + shift;
    to->last_at = part->last_at + shift;
    to->is_count_unsure |= part->is_count_unsure;
    to->is_each_start |= part->is_each_start;
    for (struct ov_match *m = next; m != NULL; m = next) {
        next = m->next;
        m->at += shift;
        if (!was_whole || to->n_matches >= to->max_listed) {
            if (m->at < to->listed_to)
                to->listed_to = m->at;
            break;
        }
        m->next = NULL;
        if (to->last == NULL)
            to->first = m;
        else
            to->last->next = m;
        to->last = m;
        to->n_matches++;
    }
}

enum ov_status ov_hits_append(struct ov_hits *h, struct ov_arena *arena,
                              const struct ov_hits *part, uint64_t shift)
{
    for (size_t i = 0; i < part->n_hits; i++) {
        const struct ov_hit *from = part->hits[i];
        struct ov_hit *to = ov_hits_get(h, arena, from->pattern, from->rule);
        uint64_t n;

        if (to == NULL)
            return OV_NO_MEMORY;
        n = (uint64_t)to->n_matches + from->n_matches;
        append(to, from, shift);
        to->n_matches = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
    }
    return OV_OK;
}
