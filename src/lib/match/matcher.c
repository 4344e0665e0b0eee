/* SPDX-License-Identifier: Apache-2.0 */
#include "match/matcher.h"

#include "base/assert.h"
#include "match/classes.h"
#include "match/compiled.h"
#include "match/hits.h"
#include "match/parts.h"
#include "match/re_match.h"
#include "match/shared.h"

/* The pass over a view.
 *
 * A sweep (sweep.h), alone or shared with a crew (shared.h), tells in order of
 * places where atoms are; each leads to a pattern's program, and that is run.
 * Programs are the only cold memory, and only they decide: what comes before
 * may err on the side of trying too much.
 *
 * The compiled form is not trusted: what it says is checked where it is used,
 * and trying is paid for in steps. */

struct set {
    struct ov_filter filters[OV_N_ATOM_KINDS];
    struct ov_span fixed; /* u32 offsets of programs */
    struct ov_check check;
    struct ov_span slow; /* groups of OV_SLOW_SIZE */
};

/* A program that was read, to be tried. */
struct tried {
    uint32_t off;
    struct ov_program program;
    struct ov_program_part lead; /* not of a regular expression */
};

struct ov_matcher {
    struct ov_store *store;
    uint64_t off;
    uint64_t len;
    uint64_t buckets;
    uint64_t n_buckets;
    uint64_t programs;
    uint64_t programs_len;
    uint64_t sets_at;
    uint32_t n_sets;
    struct ov_classes classes;
    struct ov_span guards;         /* OV_COMPILED_GUARD bytes each */
    struct ov_span set_of;         /* u8 of each target and class */
    struct set *sets[OV_SETS_MAX]; /* NULL: not yet looked at */
    struct ov_verifier *verifier;
    struct ov_verifier *backward; /* its result outlives one of the other */
    struct ov_re_runner *runner;
    enum ov_prefilter_way way;
    struct ov_match_stats stats;
    struct ov_sweeper sweeper;
    struct tried slow[OV_SLOW_GROUP]; /* those of the group at hand */
};

#define TRY_STEPS 16

/* One scan. */
struct scan {
    struct ov_matcher *m;
    size_t tier;
    const struct set *set; /* NULL: nothing to look for */
    const struct ov_match_job *job;
    struct ov_attempt attempt;
    struct ov_hits *hits;
    struct ov_hits leads; /* by program offset: matches of lead parts */
    const struct ov_layout *layout;
    bool has_layout;
    uint32_t head; /* of the view */
};

static bool at_section(struct ov_matcher *m, uint64_t off, uint64_t len,
                       struct ov_span *ret)
{
    if (off > m->len || len > m->len - off)
        return false;
    return ov_store_at(m->store, m->off + off, len, ret);
}

static bool fits(uint64_t off, uint64_t count, uint64_t size, uint64_t len)
{
    uint64_t bytes;

    return !__builtin_mul_overflow(count, size, &bytes) && off <= len &&
           bytes <= len - off;
}

/* What the header has of classes and guards. */
static bool read_guards(struct ov_matcher *m, const uint8_t *desc)
{
    struct ov_classes *c = &m->classes;
    uint64_t off = ov_load64le(desc);
    uint64_t n = ov_load32le(desc + 8);
    struct ov_span bytes;

    c->n_heads = ov_load16le(desc + 12);
    c->n_sizes = ov_load16le(desc + 14);
    if (c->n_heads > OV_CLASS_HEADS_MAX || c->n_sizes > OV_CLASS_SIZES_MAX ||
        !at_section(m, off, 8 * ((uint64_t)c->n_heads + c->n_sizes), &bytes))
        return false;
    for (uint32_t i = 0; i < c->n_heads; i++)
        c->heads[i] =
            (struct ov_class_head){ov_load32le(bytes.ptr + 8 * (size_t)i),
                                   ov_load32le(bytes.ptr + 8 * (size_t)i + 4)};
    for (uint32_t i = 0; i < c->n_sizes; i++)
        c->sizes[i] = ov_load64le(bytes.ptr + 8 * ((size_t)c->n_heads + i));
    off += bytes.len;
    return at_section(m, off, OV_COMPILED_GUARD * n, &m->guards) &&
           at_section(m, off + m->guards.len,
                      (uint64_t)OV_COMPILED_TARGETS * ov_classes_count(c),
                      &m->set_of);
}

static bool read_header(struct ov_matcher *m)
{
    struct ov_span h;

    if (!at_section(m, 0, OV_COMPILED_HEADER, &h) ||
        ov_load32le(h.ptr) != OV_COMPILED_MAGIC ||
        ov_load32le(h.ptr + 4) != OV_COMPILED_VERSION)
        return false;
    m->n_sets = ov_load32le(h.ptr + 12);
    m->buckets = ov_load64le(h.ptr + 16);
    m->n_buckets = ov_load64le(h.ptr + 24);
    m->programs = ov_load64le(h.ptr + 32);
    m->programs_len = ov_load64le(h.ptr + 40);
    m->sets_at = ov_load64le(h.ptr + 48);
    return read_guards(m, h.ptr + OV_COMPILED_GUARDS) &&
           m->n_sets <= OV_SETS_MAX && m->n_buckets > 0 &&
           m->n_buckets <= UINT32_MAX &&
           fits(m->buckets, m->n_buckets, OV_BUCKET_SIZE, m->len) &&
           fits(m->programs, m->programs_len, 1, m->len) &&
           fits(m->sets_at, m->n_sets, OV_SET_SIZE, m->len);
}

enum ov_status ov_matcher_open(struct ov_store *store, uint64_t off,
                               uint64_t len, struct ov_matcher **ret)
{
    OV_AUTO(matcher) m = NULL;

    if (off > store->all.len || len > store->all.len - off)
        return OV_MALFORMED;
    m = ov_alloc(sizeof(*m));
    if (m == NULL)
        return OV_NO_MEMORY;
    m->store = store;
    m->off = off;
    m->len = len;
    m->way = ov_prefilter_best();
    m->verifier = ov_verifier_new();
    m->backward = ov_verifier_new();
    m->runner = ov_re_runner_new();
    if (m->verifier == NULL || m->backward == NULL || m->runner == NULL)
        return OV_NO_MEMORY;
    if (!read_header(m))
        return store->is_damaged ? OV_BAD_DIGEST : OV_MALFORMED;
    *ret = OV_STEAL(m);
    return OV_OK;
}

void ov_matcher_free(struct ov_matcher *m)
{
    if (m == NULL)
        return;
    ov_verifier_free(m->verifier);
    ov_verifier_free(m->backward);
    ov_re_runner_free(m->runner);
    for (size_t i = 0; i < OV_SETS_MAX; i++)
        ov_free(m->sets[i]);
    ov_free(m);
}

struct ov_match_stats ov_matcher_stats(const struct ov_matcher *m)
{
    return m->stats;
}

static bool read_filter(struct ov_matcher *m, const uint8_t *desc,
                        enum ov_atom_kind kind, struct ov_filter *ret)
{
    uint64_t off = ov_load64le(desc);
    uint32_t log = ov_load32le(desc + 8);
    bool is_short = kind == OV_ATOM_SHORT;
    struct ov_span bytes;

    *ret = (struct ov_filter){0};
    if (log == 0)
        return true;
    if (log < (is_short ? OV_FILTER_SHORT_LOG : OV_FILTER_LOG_MIN) ||
        log > (is_short ? OV_FILTER_SHORT_LOG : OV_FILTER_LOG_MAX) ||
        !at_section(m, off, ov_filter_size(kind, log), &bytes))
        return false;
    *ret = ov_filter_over(bytes, kind, log, ov_load32le(desc + 12));
    return true;
}

static bool read_check(struct ov_matcher *m, const uint8_t *desc,
                       struct set *set)
{
    bool is_needed = set->filters[OV_ATOM_LONG].log != 0;

    set->check.log = ov_load32le(desc + 8);
    if (set->check.log == 0)
        return !is_needed;
    return set->check.log >= OV_CHECK_LOG_MIN &&
           set->check.log <= OV_CHECK_LOG_MAX &&
           at_section(m, ov_load64le(desc), (uint64_t)8 << set->check.log,
                      &set->check.words);
}

static bool read_lists(struct ov_matcher *m, const uint8_t *desc,
                       struct set *set)
{
    uint64_t n_fixed = ov_load32le(desc + OV_SET_FIXED + 8);
    uint64_t n_slow = ov_load32le(desc + OV_SET_SLOW + 8);

    return at_section(m, ov_load64le(desc + OV_SET_FIXED), 4 * n_fixed,
                      &set->fixed) &&
           at_section(m, ov_load64le(desc + OV_SET_SLOW), OV_SLOW_SIZE * n_slow,
                      &set->slow);
}

static bool read_set(struct ov_matcher *m, uint8_t nth, struct set *set)
{
    struct ov_span desc;

    if (nth >= m->n_sets ||
        !at_section(m, m->sets_at + (uint64_t)nth * OV_SET_SIZE, OV_SET_SIZE,
                    &desc))
        return false;
    for (size_t k = 0; k < OV_N_ATOM_KINDS; k++)
        if (!read_filter(m, desc.ptr + 16 * k, (enum ov_atom_kind)k,
                         &set->filters[k]))
            return false;
    return read_check(m, desc.ptr + OV_SET_CHECK, set) &&
           read_lists(m, desc.ptr, set);
}

/* What a failed read of the compiled form means. */
static enum ov_status damage(const struct scan *s)
{
    return s->m->store->is_damaged ? OV_BAD_DIGEST : OV_MALFORMED;
}

static const struct ov_layout *layout_of(void *data)
{
    struct scan *s = data;

    if (!s->has_layout && s->job->layout != NULL)
        s->layout = s->job->layout(s->job->layout_data);
    s->has_layout = true;
    return s->layout;
}

static enum ov_status spend(struct scan *s)
{
    uint64_t steps = s->attempt.steps;

    s->attempt.steps = 0;
    return ov_budget_spend(s->job->budget, OV_COST_STEPS, steps);
}

/* The program at this offset among the programs. */
static bool read_program(struct ov_matcher *m, uint32_t off,
                         struct ov_program *ret)
{
    struct ov_span head;
    struct ov_span body;
    struct ov_reader r;
    uint64_t len;
    uint64_t rest = m->programs_len - off;

    if (off >= m->programs_len ||
        !at_section(m, m->programs + off, rest < 10 ? rest : 10, &head))
        return false;
    r = ov_reader_over(head);
    len = ov_read_varint(&r);
    if (ov_reader_status(&r) != OV_OK || len > rest - r.at ||
        !at_section(m, m->programs + off + r.at, len, &body))
        return false;
    return ov_program_read(body, ret);
}

static bool read_lead(const struct ov_program *p, struct ov_program_part *ret)
{
    struct ov_reader r = ov_reader_over(p->parts);

    for (uint32_t n = 0; n <= p->lead; n++)
        if (!ov_program_part(p, &r, n, ret))
            return false;
    return true;
}

static bool read_tried(struct ov_matcher *m, uint32_t off, struct tried *ret)
{
    ret->off = off;
    return read_program(m, off, &ret->program) &&
           (ret->program.flags & OV_PROGRAM_REGEX ||
            read_lead(&ret->program, &ret->lead));
}

/* The lead part may begin at `at`. */
static enum ov_status try_start(struct scan *s, uint32_t off,
                                const struct ov_program *p,
                                const struct ov_program_part *part, uint64_t at)
{
    bool has_parts = p->n_parts > 1;
    struct ov_hit *hit;
    uint64_t end;

    s->m->stats.tried++;
    if (p->lead == 0 && !ov_part_placed(&s->attempt, p, at))
        return OV_OK;
    if (!ov_part_matches(&s->attempt, p, part, p->lead, at, &end))
        return OV_OK;
    s->m->stats.matches++;
    hit = ov_hits_of(has_parts ? &s->leads : s->hits, s->job, p,
                     has_parts ? off : p->id);
    if (hit == NULL)
        return OV_NO_MEMORY;
    hit->is_each_start = p->flags & OV_PROGRAM_EACH_START;
    return ov_hits_add(hit, s->job, at, end - at);
}

/* Every start from which the lead part can reach its atom at `at`. */
static enum ov_status try_backward(struct scan *s, uint32_t off,
                                   const struct ov_program *p,
                                   const struct ov_program_part *part,
                                   uint64_t at)
{
    const struct ov_distances *d =
        ov_verify_spread(s->m->backward, p->backward,
                         p->flags & OV_PROGRAM_NOCASE, true, s->job->view, at);

    s->attempt.steps += ov_verifier_work(s->m->backward);
    if (d == NULL)
        return OV_OK;
    for (uint32_t i = 0; (i = ov_distances_next(d, i)) < d->n_bits; i++) {
        OV_TRY(try_start(s, off, p, part, at - d->base - i));
        OV_TRY(spend(s));
    }
    return OV_OK;
}

/* A regular expression may pass one of its nodes at `at`. */
static enum ov_status try_regex(struct scan *s, const struct ov_program *p,
                                uint64_t at)
{
    enum ov_status status;

    s->m->stats.tried++;
    status = ov_re_match_at(&s->attempt, p, at, s->hits);
    return status == OV_MALFORMED ? damage(s) : status;
}

static enum ov_status try_atom(struct scan *s, const struct tried *t,
                               uint64_t at)
{
    const struct ov_program *p = &t->program;

    if (p->flags & OV_PROGRAM_REGEX)
        return try_regex(s, p, at);
    if (p->flags & OV_PROGRAM_BACKWARD)
        return try_backward(s, t->off, p, &t->lead, at);
    if (p->atom_at > at)
        return OV_OK;
    return try_start(s, t->off, p, &t->lead, at - p->atom_at);
}

/* The same, and tells what it has cost. */
static enum ov_status try_atom_told(struct scan *s, const struct tried *t,
                                    uint64_t at)
{
    const struct ov_match_job *job = s->job;
    uint64_t before = job->budget->spent[OV_COST_STEPS] + s->attempt.steps;
    enum ov_status status = try_atom(s, t, at);

    job->cost(job->cost_data, s->tier, t->program.rule,
              job->budget->spent[OV_COST_STEPS] + s->attempt.steps - before +
                  TRY_STEPS);
    return status;
}

/* Whether the program is looked for in this view at all: sets and filters may
 * let others through. */
static bool is_wanted(const struct scan *s, const struct ov_program *p)
{
    struct ov_guard guard;
    const uint8_t *g;

    if (!(p->targets >> s->job->target & 1))
        return false;
    if (!(p->flags & OV_PROGRAM_GUARDED) || s->job->guards == OV_GUARDS_OPEN)
        return true;
    if (s->job->guards == OV_GUARDS_CLOSED ||
        p->guard >= s->m->guards.len / OV_COMPILED_GUARD)
        return false;
    g = s->m->guards.ptr + OV_COMPILED_GUARD * (size_t)p->guard;
    guard = (struct ov_guard){ov_load64le(g), ov_load64le(g + 8),
                              ov_load32le(g + 16), ov_load32le(g + 20)};
    return ov_guard_fits(&guard, s->job->view.len, s->head);
}

static enum ov_status try_read(struct scan *s, const struct tried *t,
                               uint64_t at)
{
    s->attempt.steps += TRY_STEPS;
    if (!is_wanted(s, &t->program))
        return OV_OK;
    return s->job->cost == NULL ? try_atom(s, t, at) : try_atom_told(s, t, at);
}

/* The atom of the program at off may be at `at`. */
static enum ov_status try_program(struct scan *s, uint32_t off, uint64_t at)
{
    struct tried t;

    if (!read_tried(s->m, off, &t))
        return damage(s);
    return try_read(s, &t, at);
}

static enum ov_status try_list(struct scan *s, uint32_t off, uint64_t at)
{
    struct ov_matcher *m = s->m;
    struct ov_span head;
    struct ov_span list;
    struct ov_reader r;
    uint64_t n;
    uint64_t rest = m->programs_len - off;

    if (off >= m->programs_len ||
        !at_section(m, m->programs + off, rest < 10 ? rest : 10, &head))
        return damage(s);
    r = ov_reader_over(head);
    n = ov_read_varint(&r);
    if (ov_reader_status(&r) != OV_OK || n > (rest - r.at) / 4 ||
        !at_section(m, m->programs + off + r.at, 4 * n, &list))
        return damage(s);
    for (uint64_t i = 0; i < n; i++) {
        OV_TRY(try_program(s, ov_load32le(list.ptr + 4 * i), at));
        OV_TRY(spend(s));
    }
    return OV_OK;
}

static enum ov_status try_reference(struct scan *s, uint32_t ref, uint64_t at)
{
    s->m->stats.atoms++;
    if (ref & OV_REF_LIST)
        OV_TRY(try_list(s, ref & ~OV_REF_LIST, at));
    else
        OV_TRY(try_program(s, ref, at));
    return spend(s);
}

/* Tries a group of slow programs at each byte that is in their class. */
static enum ov_status pass_slow(struct scan *s, const uint8_t *group,
                                uint64_t from)
{
    const uint8_t *refs = group + OV_SLOW_REFS;
    struct ov_span view = s->job->view;
    struct tried *slow = s->m->slow;
    uint64_t known = 0;

    for (uint64_t at = from; at < view.len && at - from < OV_BLOCK; at++) {
        uint64_t which = ov_load64le(group + 8 * (size_t)view.ptr[at]);

        for (; which != 0; which &= which - 1) {
            uint32_t nth = (uint32_t)__builtin_ctzll(which);

            if (!(known >> nth & 1) &&
                !read_tried(s->m, ov_load32le(refs + 4 * (size_t)nth),
                            &slow[nth]))
                return damage(s);
            known |= (uint64_t)1 << nth;
            OV_TRY(try_read(s, &slow[nth], at));
            OV_TRY(spend(s));
        }
    }
    return OV_OK;
}

/* What a sweep has found, in order; data is the scans of all tiers. */
static enum ov_status on_found(void *data, const struct ov_found *f)
{
    struct scan *s = (struct scan *)data + f->tier;

    switch ((enum ov_found_kind)f->kind) {
    case OV_FOUND_ATOM:
        return try_reference(s, f->ref, f->at);
    case OV_FOUND_BLOCK:
        for (size_t i = 0; i < s->set->slow.len; i += OV_SLOW_SIZE)
            OV_TRY(pass_slow(s, s->set->slow.ptr + i, f->at));
        return OV_OK;
    case OV_FOUND_STEP:
        s->attempt.steps += 16;
        return spend(s);
    case OV_FOUND_DAMAGE:
    default:
        return damage(s);
    }
}

static enum ov_status pass(struct scan *scans, size_t n)
{
    struct ov_matcher *m = scans[0].m;
    struct ov_sweep_tier tiers[OV_MATCHERS_MAX];
    struct ov_sweep sweep = {.tiers = tiers,
                             .view = scans[0].job->view,
                             .way = m->way,
                             .found = on_found,
                             .data = scans};
    struct ov_crew *crew = scans[0].job->crew;
    struct ov_sweeper *w = &m->sweeper;
    enum ov_status status;

    for (size_t i = 0; i < n; i++)
        if (scans[i].set != NULL)
            tiers[sweep.n_tiers++] = (struct ov_sweep_tier){
                .store = scans[i].m->store,
                .buckets = scans[i].m->off + scans[i].m->buckets,
                .n_buckets = scans[i].m->n_buckets,
                .programs = scans[i].m->off + scans[i].m->programs,
                .programs_len = scans[i].m->programs_len,
                .filters = scans[i].set->filters,
                .check = &scans[i].set->check,
                .number = (uint16_t)i,
                .tells_blocks = scans[i].set->slow.len > 0,
            };
    if (sweep.n_tiers == 0)
        return OV_OK;
    status = ov_shared_is_worth(crew, sweep.view)
                 ? ov_shared_sweep(crew, &sweep, w)
                 : ov_sweep(&sweep, w, 0, sweep.view.len);
    m->stats.bytes += w->n_bytes;
    m->stats.survivors += w->n_survivors;
    w->n_bytes = w->n_survivors = 0;
    return status;
}

/* Tries one program at each start that its place allows. */
static enum ov_status try_places(struct scan *s, uint32_t off)
{
    uint64_t len = s->job->view.len;
    const struct ov_layout *layout = NULL;
    struct ov_program_part part;
    struct ov_place_range r;
    struct ov_program p;

    if (!read_program(s->m, off, &p))
        return damage(s);
    if (!is_wanted(s, &p))
        return OV_OK;
    if (p.lead != 0 || !read_lead(&p, &part))
        return damage(s);
    if (ov_place_needs_layout(&p.place))
        layout = layout_of(s);
    for (uint32_t n = 0; ov_place_range(&p.place, len, layout, n, &r); n++)
        for (uint64_t at = r.first; at <= r.last && at < len; at++) {
            OV_TRY(try_start(s, off, &p, &part, at));
            OV_TRY(spend(s));
        }
    return OV_OK;
}

/* Joins the patterns whose lead part was found. */
static enum ov_status join(struct scan *s)
{
    ov_hits_finish(&s->leads);
    for (size_t i = 0; i < s->leads.n_hits; i++) {
        const struct ov_hit *lead = s->leads.hits[i];
        struct ov_program p;
        enum ov_status status;

        if (!read_program(s->m, lead->pattern, &p))
            return damage(s);
        status = ov_parts_join(&s->attempt, &p, lead, s->hits);
        if (status == OV_MALFORMED)
            return damage(s);
        OV_TRY(status);
        OV_TRY(spend(s));
    }
    return OV_OK;
}

/* The set for the view; NULL in *ret if there is nothing to look for. */
static enum ov_status find_set(struct scan *s, const struct set **ret)
{
    struct ov_matcher *m = s->m;
    uint32_t n_classes = ov_classes_count(&m->classes);
    uint32_t class =
        s->job->guards == OV_GUARDS_OPEN ? OV_CLASS_ALL
        : s->job->guards == OV_GUARDS_CLOSED
            ? OV_CLASS_NONE
            : ov_classes_of_view(&m->classes, s->job->view.len, s->head);
    uint8_t nth = m->set_of.ptr[s->job->target * n_classes + class];
    OV_AUTO_PTR struct set *set = NULL;

    *ret = NULL;
    if (nth == OV_COMPILED_NO_SET)
        return OV_OK;
    if (m->sets[nth] == NULL) {
        set = ov_alloc(sizeof(*set));
        if (set == NULL)
            return OV_NO_MEMORY;
        if (!read_set(m, nth, set))
            return damage(s);
        m->sets[nth] = OV_STEAL(set);
    }
    *ret = m->sets[nth];
    return OV_OK;
}

/* What comes before the pass: the set, and programs with a place. */
static enum ov_status begin(struct scan *s)
{
    s->head = ov_guard_head(s->job->view);
    OV_TRY(find_set(s, &s->set));
    for (size_t i = 0; s->set != NULL && i + 4 <= s->set->fixed.len; i += 4)
        OV_TRY(try_places(s, ov_load32le(s->set->fixed.ptr + i)));
    return OV_OK;
}

static enum ov_status scan(struct scan *scans, size_t n)
{
    for (size_t i = 0; i < n; i++)
        OV_TRY(begin(&scans[i]));
    OV_TRY(pass(scans, n));
    for (size_t i = 0; i < n; i++)
        OV_TRY(join(&scans[i]));
    return OV_OK;
}

enum ov_status ov_matcher_scan_all(struct ov_matcher *const *matchers, size_t n,
                                   const struct ov_match_job *job,
                                   struct ov_hits *ret)
{
    struct scan scans[OV_MATCHERS_MAX];
    enum ov_status status;

    OV_ASSERT(job->target < OV_COMPILED_TARGETS);
    OV_ASSERT(n > 0 && n <= OV_MATCHERS_MAX);
    for (size_t i = 0; i < n; i++) {
        ret[i] = (struct ov_hits){0};
        scans[i] = (struct scan){
            .m = matchers[i], .tier = i, .job = job, .hits = &ret[i]};
        scans[i].attempt = (struct ov_attempt){
            .job = job,
            .verifier = matchers[i]->verifier,
            .runner = matchers[i]->runner,
            .layout = layout_of,
            .layout_data = &scans[i],
        };
    }
    status = scan(scans, n);
    for (size_t i = 0; i < n; i++)
        ov_hits_finish(&ret[i]);
    return status;
}

enum ov_status ov_matcher_scan(struct ov_matcher *m,
                               const struct ov_match_job *job,
                               struct ov_hits *ret)
{
    return ov_matcher_scan_all(&m, 1, job, ret);
}
