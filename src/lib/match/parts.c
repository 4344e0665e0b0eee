/* SPDX-License-Identifier: Apache-2.0 */
#include "match/parts.h"

#include "match/hits.h"

/* Between parts there are only gaps without an upper bound, so the first place
 * of a part that is behind the part before it is as good as any other: parts
 * are found one after the other, each from where the one before ended, and
 * never twice. Of the last part every place counts. So a pattern costs at most
 * one look at the view for each of its parts.
 *
 * A match begins where its first part was first found. With EACH_START there is
 * one for each place of the first part instead: it takes the nearest place of
 * each other part. As starts rise these places rise, too, so that each part is
 * still looked for going forward only. */

/* In wide text a character is a letter and a zero byte. */
bool ov_part_is_word_edge(const struct ov_program *p, struct ov_span view,
                          uint64_t at, bool is_start)
{
    bool is_wide = p->flags & OV_PROGRAM_WIDE;
    uint64_t need = is_wide ? 2 : 1;
    uint64_t c;

    if (is_start ? at < need : view.len - at < need)
        return true;
    c = is_start ? at - need : at;
    if (is_wide && view.ptr[c + 1] != 0)
        return true;
    return !ov_is_alnum(view.ptr[c]);
}

static bool end_allowed(const struct ov_program *p, uint32_t n,
                        struct ov_span view, uint64_t end)
{
    return !(p->flags & OV_PROGRAM_FULLWORD) || n + 1 < p->n_parts ||
           ov_part_is_word_edge(p, view, end, false);
}

bool ov_part_matches(struct ov_attempt *a, const struct ov_program *p,
                     const struct ov_program_part *part, uint32_t n,
                     uint64_t at, uint64_t *ret_end)
{
    struct ov_span view = a->job->view;
    bool is_nocase = p->flags & OV_PROGRAM_NOCASE;
    const struct ov_distances *d;

    a->steps += 16 + part->code.len / 8;
    if (at > view.len || (n == 0 && p->flags & OV_PROGRAM_FULLWORD &&
                          !ov_part_is_word_edge(p, view, at, true)))
        return false;
    if (p->flags & OV_PROGRAM_XOR)
        return ov_verify_xor(part->code, p->xor_min, p->xor_max, view, at,
                             ret_end) &&
               end_allowed(p, n, view, *ret_end);
    if (part->is_straight)
        return ov_verify_straight(part->code, is_nocase, view, at, ret_end) &&
               end_allowed(p, n, view, *ret_end);

    d = ov_verify_spread(a->verifier, part->code, is_nocase, false, view, at);
    a->steps += ov_verifier_work(a->verifier);
    if (d == NULL)
        return false;
    for (uint32_t i = 0; (i = ov_distances_next(d, i)) < d->n_bits; i++) {
        uint64_t end = at + d->base + i;

        if (end_allowed(p, n, view, end)) {
            *ret_end = end;
            return true;
        }
    }
    return false;
}

bool ov_part_placed(struct ov_attempt *a, const struct ov_program *p,
                    uint64_t at)
{
    const struct ov_layout *layout = NULL;

    if (p->place.kind == OV_PLACE_ANY)
        return true;
    if (ov_place_needs_layout(&p->place))
        layout = a->layout(a->layout_data);
    return ov_place_allows(&p->place, a->job->view.len, layout, at);
}

/* A search for one part, going forward. */
struct seeker {
    struct ov_attempt *a;
    const struct ov_program *p;
    struct ov_program_part part;
    uint32_t n;
    const struct ov_hit *lead;
    const struct ov_match *known; /* what is left of the lead's matches */
    uint64_t at;                  /* where to look next */
};

static enum ov_status spend(struct ov_attempt *a, uint64_t more)
{
    uint64_t steps = a->steps + more;

    a->steps = 0;
    return ov_budget_spend(a->job->budget, OV_COST_STEPS, steps);
}

/* The next place of the needle, as a start of the part. */
static uint64_t next_candidate(struct seeker *s)
{
    struct ov_span view = s->a->job->view;
    struct ov_span needle = s->part.needle;
    struct ov_span rest;
    uint64_t from = s->at;
    size_t found;

    if (needle.len == 0)
        return s->at;
    if (s->part.needle_at > view.len || s->at > view.len - s->part.needle_at)
        return UINT64_MAX;
    from += s->part.needle_at;
    rest = ov_span_clip(view, from, UINT64_MAX);
    if (s->p->flags & OV_PROGRAM_NOCASE) {
        for (found = 0; found + needle.len <= rest.len; found++)
            if (ov_lower(rest.ptr[found]) == needle.ptr[0] &&
                ov_span_equal_nocase(ov_span_of(rest.ptr + found, needle.len),
                                     needle))
                break;
        s->a->steps += found;
        return found + needle.len <= rest.len ? s->at + found : UINT64_MAX;
    }
    found = ov_span_find(rest, needle, 0);
    s->a->steps += (found == SIZE_MAX ? rest.len : found) / 8;
    return found == SIZE_MAX ? UINT64_MAX : s->at + found;
}

static bool is_placed(const struct seeker *s, uint64_t at)
{
    return s->n > 0 || ov_part_placed(s->a, s->p, at);
}

/* The next match at or behind s->at; *ret_len UINT64_MAX if there is none. */
static enum ov_status seek(struct seeker *s, struct ov_match *ret)
{
    uint64_t end;

    ret->len = UINT64_MAX;
    if (s->n == s->p->lead && ov_hit_is_whole(s->lead)) {
        while (s->known != NULL &&
               (s->known->at < s->at || !is_placed(s, s->known->at)))
            s->known = s->known->next;
        if (s->known != NULL) {
            ret->at = s->known->at;
            ret->len = s->known->len;
            s->at = ret->at + 1;
        }
        return OV_OK;
    }
    while (s->at <= s->a->job->view.len) {
        uint64_t at = next_candidate(s);

        if (at > s->a->job->view.len)
            break;
        s->at = at + 1;
        if (is_placed(s, at) &&
            ov_part_matches(s->a, s->p, &s->part, s->n, at, &end)) {
            ret->at = at;
            ret->len = end - at;
            break;
        }
        OV_TRY(spend(s->a, 8));
    }
    return spend(s->a, 8);
}

/* The match that ends first at or behind s->at: with gaps that vary, one that
 * begins later may end earlier. s itself goes behind the first one only. */
static enum ov_status seek_nearest(struct seeker *s, struct ov_match *ret)
{
    struct seeker ahead;
    struct ov_match m;

    OV_TRY(seek(s, ret));
    if (ret->len == UINT64_MAX || s->part.is_straight)
        return OV_OK;
    ahead = *s;
    while (ahead.at < ret->at + ret->len) {
        OV_TRY(seek(&ahead, &m));
        if (m.len == UINT64_MAX)
            return OV_OK;
        if (m.at + m.len < ret->at + ret->len)
            *ret = m;
    }
    return OV_OK;
}

/* The last part: every place is a match from `start` on. */
static enum ov_status add_all(struct seeker *s, uint64_t start,
                              struct ov_hits *hits)
{
    struct ov_hit *hit = NULL;
    struct ov_match m;

    for (;;) {
        OV_TRY(seek(s, &m));
        if (m.len == UINT64_MAX)
            return OV_OK;
        if (hit == NULL)
            hit = ov_hits_of(hits, s->a->job, s->p, s->p->id);
        if (hit == NULL)
            return OV_NO_MEMORY;
        OV_TRY(ov_hits_add(hit, s->a->job, start, m.at + m.len - start));
    }
}

/* One part while starts are gone through. */
struct link {
    struct seeker seeker;
    struct ov_match nearest; /* valid while it is far enough behind the start */
    bool is_found;
};

static enum ov_status read_links(const struct seeker *first,
                                 struct link **ret_links)
{
    const struct ov_program *p = first->p;
    struct ov_reader r = ov_reader_over(p->parts);
    struct link *links =
        ov_arena_array(first->a->job->arena, p->n_parts, sizeof(*links));

    if (links == NULL)
        return OV_NO_MEMORY;
    for (uint32_t n = 0; n < p->n_parts; n++) {
        links[n].seeker = *first;
        links[n].seeker.n = n;
        links[n].seeker.known = first->lead->first;
        if (!ov_program_part(p, &r, n, &links[n].seeker.part))
            return OV_MALFORMED;
    }
    *ret_links = links;
    return OV_OK;
}

/* Where the last part ends if the first one ends at `end`; UINT64_MAX: it does
 * not follow, and will not for a later start either. */
static enum ov_status follow_links(struct link *links, uint32_t n_parts,
                                   uint64_t end, uint64_t *ret)
{
    *ret = UINT64_MAX;
    for (uint32_t n = 1; n < n_parts; n++) {
        struct link *link = &links[n];
        uint64_t from;

        if (__builtin_add_overflow(end, link->seeker.part.gap_min, &from))
            return OV_OK;
        if (!link->is_found || link->nearest.at < from) {
            if (link->seeker.at < from)
                link->seeker.at = from;
            OV_TRY(seek_nearest(&link->seeker, &link->nearest));
            link->is_found = true;
        }
        if (link->nearest.len == UINT64_MAX)
            return OV_OK;
        end = link->nearest.at + link->nearest.len;
    }
    *ret = end;
    return OV_OK;
}

static enum ov_status join_each_start(const struct seeker *first,
                                      struct ov_hits *hits)
{
    const struct ov_program *p = first->p;
    struct ov_hit *hit;
    struct link *links = NULL;
    struct ov_match m;
    uint64_t end;

    OV_TRY(read_links(first, &links));
    for (;;) {
        OV_TRY(seek(&links[0].seeker, &m));
        if (m.len == UINT64_MAX)
            return OV_OK;
        OV_TRY(follow_links(links, p->n_parts, m.at + m.len, &end));
        if (end == UINT64_MAX)
            return OV_OK;
        hit = ov_hits_of(hits, first->a->job, p, p->id);
        if (hit == NULL)
            return OV_NO_MEMORY;
        hit->is_each_start = true;
        OV_TRY(ov_hits_add(hit, first->a->job, m.at, end - m.at));
        OV_TRY(spend(first->a, p->n_parts));
    }
}

enum ov_status ov_parts_join(struct ov_attempt *a, const struct ov_program *p,
                             const struct ov_hit *lead, struct ov_hits *hits)
{
    struct ov_reader r = ov_reader_over(p->parts);
    struct seeker s = {.a = a, .p = p, .lead = lead};
    struct ov_match m = {0};
    uint64_t start = 0;

    if (p->flags & OV_PROGRAM_EACH_START)
        return join_each_start(&s, hits);
    for (uint32_t n = 0; n < p->n_parts; n++) {
        s.n = n;
        s.known = lead->first;
        if (!ov_program_part(p, &r, n, &s.part))
            return OV_MALFORMED;
        if (n > 0 &&
            __builtin_add_overflow(m.at + m.len, s.part.gap_min, &s.at))
            return OV_OK;
        if (n + 1 == p->n_parts)
            return add_all(&s, start, hits);
        OV_TRY(seek_nearest(&s, &m));
        if (m.len == UINT64_MAX)
            return OV_OK;
        if (n == 0)
            start = m.at;
    }
    return OV_OK;
}
