/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/assert.h"
#include "engine/scan_state.h"
#include "match/hits.h"
#include "rules/layout.h"

/* One object, without its members: digests that some rule may know, then one
 * pass over each view (the bytes as they are, and normalised forms of text),
 * then the conditions of those rules of which a pattern occurred.
 *
 * Without OV_SCAN_ALL_MATCHES the first detection ends the scan. Which one is
 * first follows clamscan: a rule of one pattern by where it matched, then
 * digests, then conditions in the order of rules. With several tiers: the place
 * decides between patterns of any tier, all else is tried tier by tier. */

static struct ov_object *object_of(struct ov_scan *scan)
{
    return &scan->scanner->frames[scan->top].object;
}

/* The object's facts, or NULL and a reason that says so. */
static const struct ov_facts *facts_of(struct ov_scan *scan)
{
    const struct ov_facts *facts = NULL;
    enum ov_status status = ov_object_facts(
        object_of(scan), scan->scanner->scratch, &scan->budget, &facts);

    if (status != OV_OK)
        ov_report_status(scan, status, "facts", 0);
    return facts;
}

static const struct ov_layout *layout_of(void *data)
{
    const struct ov_facts *facts = facts_of(data);

    return facts == NULL ? NULL : &facts->layout;
}

/* ---- digests ---- */

static void report_hash(struct ov_scan *scan, const struct ov_hash_view *rule,
                        const char *kind)
{
    struct ov_detection d = {.rule = rule->name,
                             .source = rule->source,
                             .line = rule->line,
                             .flags = rule->flags,
                             .kind = kind};

    ov_report_detection(scan, &d);
}

static void try_digest(struct ov_scan *scan, size_t tier,
                       const struct ov_hash_key *key)
{
    static const char *const kinds[OV_N_HASH_OF] = {"hash", "section-hash",
                                                    "import-hash"};
    struct ov_scanner *s = scan->scanner;
    struct ov_hash_view rule;

    for (size_t n = 0;
         !scan->is_stopped &&
         ov_lookup_hash(s->images[tier], key, n, s->scratch, &rule);
         n++)
        if (!rule.is_allowed &&
            !ov_silenced_has(&s->silenced, tier, rule.name, rule.source))
            report_hash(scan, &rule, kinds[key->of]);
}

static void try_digest_in_all(struct ov_scan *scan,
                              const struct ov_hash_key *key)
{
    for (size_t i = 0; i < scan->scanner->n_tiers; i++)
        try_digest(scan, i, key);
}

static void try_object_digests(struct ov_scan *scan)
{
    struct ov_object *o = object_of(scan);
    uint32_t wanted =
        ov_tiers_wanted(scan->scanner, OV_HASH_OF_OBJECT, o->bytes.len);

    for (int kind = 0; kind < OV_N_DIGEST && wanted >> kind != 0; kind++) {
        struct ov_hash_key key = {.of = OV_HASH_OF_OBJECT,
                                  .kind = (enum ov_digest_kind)kind,
                                  .size = o->bytes.len};

        if ((wanted & 1u << kind) == 0)
            continue;
        key.digest = ov_object_digest(o, key.kind);
        if (key.digest == NULL)
            ov_report_status(scan, OV_UNSUPPORTED, "digest", 0);
        else
            try_digest_in_all(scan, &key);
    }
}

static void try_section(struct ov_scan *scan, const struct ov_extent *section)
{
    uint32_t wanted =
        ov_tiers_wanted(scan->scanner, OV_HASH_OF_SECTION, section->len);
    struct ov_span bytes;

    if (wanted == 0 || section->len == 0 ||
        !ov_span_sub(object_of(scan)->bytes, section->at, section->len, &bytes))
        return;
    for (int kind = 0; kind < OV_N_DIGEST; kind++) {
        uint8_t digest[OV_DIGEST_MAX];
        const struct ov_hash_key key = {.of = OV_HASH_OF_SECTION,
                                        .kind = (enum ov_digest_kind)kind,
                                        .digest = digest,
                                        .size = section->len};

        if ((wanted & 1u << kind) != 0 &&
            ov_digest(key.kind, bytes, digest) == OV_OK)
            try_digest_in_all(scan, &key);
    }
}

static bool has_hashes_of(struct ov_scan *scan, enum ov_hash_of of)
{
    return ov_tiers_wanted(scan->scanner, of, OV_SIZE_ANY) != 0;
}

static void try_pe_digests(struct ov_scan *scan)
{
    const struct ov_facts *facts;

    if (object_of(scan)->type != OV_TYPE_PE ||
        (scan->flags & OV_SCAN_NO_PE) != 0)
        return;
    if (!has_hashes_of(scan, OV_HASH_OF_SECTION) &&
        !has_hashes_of(scan, OV_HASH_OF_IMPORTS))
        return;
    facts = facts_of(scan);
    if (facts == NULL)
        return;
    for (uint32_t i = 0; i < facts->layout.n_sections && !scan->is_stopped; i++)
        try_section(scan, &facts->layout.sections[i]);
    if (facts->has_imphash && !scan->is_stopped) {
        const struct ov_hash_key key = {.of = OV_HASH_OF_IMPORTS,
                                        .kind = OV_MD5,
                                        .digest = facts->imphash,
                                        .size = facts->import_size};

        try_digest_in_all(scan, &key);
    }
}

/* ---- rules ---- */

/* Where it is noted that the rule was reported; NULL if memory is out. */
static struct ov_reported **reported_line(struct ov_scan *scan, uint32_t id)
{
    if (scan->reported == NULL)
        scan->reported =
            ov_arena_alloc(scan->scanner->scratch,
                           OV_REPORTED_LINES * sizeof(struct ov_reported *));
    return scan->reported == NULL ? NULL
                                  : &scan->reported[id % OV_REPORTED_LINES];
}

/* Whether the rule held in another view of the object already. */
static bool was_reported(struct ov_scan *scan, size_t tier, uint32_t id)
{
    struct ov_reported **line = reported_line(scan, id);
    struct ov_reported *r;

    if (line == NULL)
        return false;
    for (r = *line; r != NULL; r = r->next)
        if (r->tier == tier && r->rule == id)
            return true;
    r = ov_arena_alloc(scan->scanner->scratch, sizeof(*r));
    if (r != NULL) {
        *r = (struct ov_reported){.tier = tier, .rule = id, .next = *line};
        *line = r;
    }
    return false;
}

static void report_rule(struct ov_scan *scan, const struct ov_evaluation *e,
                        uint32_t id)
{
    struct ov_rule_view rule;
    struct ov_detection d = {.kind = "body"};
    struct ov_notes notes = {0};

    if (was_reported(scan, e->tier, id) ||
        !ov_lookup_rule(e->image, id, e->arena, &rule))
        return;
    d.rule = rule.name;
    d.source = rule.source;
    d.line = rule.line;
    d.flags = rule.flags;
    if ((rule.flags & OV_RULE_RAW_VIEW) != 0)
        d.kind = "yara";
    else if (rule.condition.len > 0 || rule.n_terms != 1)
        d.kind = "logical";
    if ((scan->flags & (OV_SCAN_EXPLAIN | OV_SCAN_MATCHES)) != 0) {
        enum ov_status status = ov_notes_find(e->image, id, e->arena, &notes);

        /* The rule is told without them, and who looks for a tag must know
         * that it may be missing. */
        if (status != OV_OK)
            ov_report_status(scan, status, "notes", 0);
    }
    if ((scan->flags & OV_SCAN_EXPLAIN) != 0)
        ov_explain(e, &rule, &notes, &d);
    if (ov_report_detection(scan, &d) && (scan->flags & OV_SCAN_MATCHES) != 0)
        ov_explain_matches(scan, e, &rule, &notes);
}

/* Whether another image says that this rule does not count. */
static bool is_silenced(const struct ov_scan *scan,
                        const struct ov_evaluation *e, uint32_t id)
{
    const struct ov_silenced *silenced = &scan->scanner->silenced;
    struct ov_rule_view rule;

    return !ov_silenced_is_empty(silenced) &&
           ov_lookup_rule(e->image, id, e->arena, &rule) &&
           ov_silenced_has(silenced, e->tier, rule.name, rule.source);
}

static bool is_negated(const struct ov_scan *scan)
{
    return (scan->flags & OV_SCAN_NEGATE) != 0;
}

static void try_rule(struct ov_scan *scan, const struct ov_evaluation *e,
                     uint32_t id)
{
    struct ov_rule_view rule;
    struct ov_evaluation_result result = {0};
    enum ov_status status;
    uint64_t before;

    if (!ov_lookup_rule(e->image, id, NULL, &rule)) {
        ov_report_status(scan, OV_BAD_DIGEST, "rules", 0);
        return;
    }
    if ((rule.flags & OV_RULE_MACRO_MEMBER) != 0 ||
        ((rule.flags & OV_RULE_SUSPICIOUS) != 0 &&
         (scan->flags & OV_SCAN_HEURISTICS) == 0) ||
        ((rule.flags & OV_RULE_RAW_VIEW) != 0 && !e->view->is_raw) ||
        (rule.targets & 1u << e->view->target) == 0)
        return;
    before = scan->budget.spent[OV_COST_STEPS];
    status = ov_evaluate(e, &rule, &result);
    ov_profile_evaluated(scan, e->tier, id,
                         scan->budget.spent[OV_COST_STEPS] - before);
    if (status == OV_LIMIT_COUNT)
        ov_report_inconclusive(scan, OV_REASON_LIMIT, "max-listed-matches", 0);
    else if (status != OV_OK)
        ov_report_status(scan, status, "condition", 0);
    if ((rule.flags & OV_RULE_MAGIC) != 0) {
        if (result.holds && e->view->is_raw && !is_silenced(scan, e, id))
            ov_magic_found(e->object, result.handler);
        return;
    }
    if (result.holds == is_negated(scan) || is_silenced(scan, e, id))
        return;
    if (result.has_handler && e->object->is_again)
        return; /* it was told */
    if (result.has_handler && !e->object->has_handler) {
        e->object->has_handler = true;
        e->object->handler = result.handler;
    }
    report_rule(scan, e, id);
}

static int compare_ids(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* For those who ask which rules do not hold. */
static uint32_t *list_all_rules(const struct ov_evaluation *e, size_t *ret_n)
{
    uint32_t n = ov_lookup_n_rules(e->image);
    uint32_t *ids = ov_arena_array(e->arena, n + 1, sizeof(*ids));

    *ret_n = ids != NULL ? n : 0;
    for (uint32_t i = 0; i < *ret_n; i++)
        ids[i] = i;
    return ids;
}

static bool may_hold(const struct ov_object *o, const uint8_t *record,
                     uint32_t *ret_id)
{
    return o->regions != NULL
               ? ov_always_fits_any(record, ret_id)
               : ov_always_fits(record, o->bytes.len, o->head, ret_id);
}

/* Rules of which a pattern matched, and those that need none; rising, each
 * once. */
static uint32_t *list_rules(const struct ov_evaluation *e, size_t *ret_n)
{
    const uint8_t *always = NULL;
    size_t n_always = 0;
    size_t n = 0;
    uint32_t *ids;

    *ret_n = 0;
    if (!ov_lookup_always(e->image, &always, &n_always))
        n_always = 0;
    ids =
        ov_arena_array(e->arena, n_always + e->hits->n_hits + 1, sizeof(*ids));
    if (ids == NULL)
        return NULL;
    for (size_t i = 0; i < n_always; i++)
        if (may_hold(e->object, always + OV_RULES_ALWAYS * i, &ids[n]))
            n++;
    for (size_t i = 0; i < e->hits->n_hits; i++)
        ids[n++] = e->hits->hits[i]->rule;
    qsort(ids, n, sizeof(*ids), compare_ids);
    for (size_t i = 0; i < n; i++)
        if (*ret_n == 0 || ids[*ret_n - 1] != ids[i])
            ids[(*ret_n)++] = ids[i];
    return ids;
}

static bool is_single_pattern(const struct ov_rule_view *rule)
{
    return rule->n_terms == 1 && rule->n_patterns == 1 &&
           rule->condition.len == 0;
}

/* Of the rules that are a single pattern, the one that matched first, if that
 * is before *best. */
static void find_first_single(struct ov_scan *scan,
                              const struct ov_evaluation *e,
                              const struct ov_hit **best,
                              const struct ov_evaluation **of)
{
    for (size_t i = 0; i < e->hits->n_hits; i++) {
        const struct ov_hit *hit = e->hits->hits[i];
        struct ov_rule_view rule;

        if (hit->first == NULL ||
            (*best != NULL && (*best)->first->at <= hit->first->at) ||
            !ov_lookup_rule(e->image, hit->rule, NULL, &rule) ||
            !is_single_pattern(&rule) ||
            (rule.flags & OV_RULE_MACRO_MEMBER) != 0 ||
            ((rule.flags & OV_RULE_UNWANTED) != 0 &&
             (scan->flags & OV_SCAN_UNWANTED) == 0) ||
            ((rule.flags & OV_RULE_SUSPICIOUS) != 0 &&
             (scan->flags & OV_SCAN_HEURISTICS) == 0) ||
            is_silenced(scan, e, hit->rule))
            continue;
        *best = hit;
        *of = e;
    }
}

static void try_first_single(struct ov_scan *scan,
                             const struct ov_evaluation *e, size_t n)
{
    const struct ov_hit *best = NULL;
    const struct ov_evaluation *of = NULL;

    for (size_t i = 0; i < n; i++)
        find_first_single(scan, &e[i], &best, &of);
    if (best != NULL)
        try_rule(scan, of, best->rule);
}

static void try_rules(struct ov_scan *scan, const struct ov_evaluation *e)
{
    size_t n = 0;
    const uint32_t *ids =
        is_negated(scan) ? list_all_rules(e, &n) : list_rules(e, &n);

    if (ids == NULL) {
        ov_report_status(scan, OV_NO_MEMORY, "rules", 0);
        return;
    }
    for (size_t i = 0; i < n && !scan->is_stopped; i++)
        try_rule(scan, e, ids[i]);
}

/* Each region of a process by itself: no match goes from one to the next, and
 * each has a start and an end. Hits are at addresses. */
static enum ov_status match_regions(struct ov_scan *scan,
                                    const struct ov_match_job *all,
                                    struct ov_hits *ret_hits)
{
    const struct ov_regions *regions = object_of(scan)->regions;
    struct ov_scanner *s = scan->scanner;
    struct ov_match_job job = *all;
    enum ov_status status = OV_OK;

    for (size_t i = 0; i < regions->n && status == OV_OK; i++) {
        struct ov_hits hits[OV_MAX_TIERS] = {0};

        job.view = ov_regions_at(regions, i);
        status = ov_matcher_scan_all(s->matchers, s->n_tiers, &job, hits);
        for (size_t t = 0; t < s->n_tiers; t++)
            OV_TRY(ov_hits_append(&ret_hits[t], job.arena, &hits[t],
                                  regions->list[i].address));
    }
    return status;
}

void ov_match_view(struct ov_scan *scan, const struct ov_view *view,
                   struct ov_hits *ret_hits)
{
    struct ov_scanner *s = scan->scanner;
    bool is_process = object_of(scan)->regions != NULL;
    const struct ov_match_job job = {
        .view = view->bytes,
        .target = view->target,
        .guards = !view->is_raw                    ? OV_GUARDS_CLOSED
                  : is_negated(scan) || is_process ? OV_GUARDS_OPEN
                                                   : OV_GUARDS_ASKED,
        .layout = view->is_raw && !is_process ? layout_of : NULL,
        .layout_data = scan,
        .budget = &scan->budget,
        .arena = s->scratch,
        .crew = s->crew,
        .lists_all = (scan->flags & OV_SCAN_MATCHES) != 0,
        .cost = (scan->flags & OV_SCAN_PROFILE) != 0 ? ov_profile_tried : NULL,
        .cost_data = scan,
    };
    enum ov_status status =
        is_process
            ? match_regions(scan, &job, ret_hits)
            : ov_matcher_scan_all(s->matchers, s->n_tiers, &job, ret_hits);

    if (status != OV_OK)
        ov_report_status(scan, status, view->name, 0);
}

struct ov_evaluation ov_evaluation_of(struct ov_scan *scan,
                                      const struct ov_view *view, size_t tier,
                                      const struct ov_hits *hits,
                                      struct ov_machines *machines)
{
    struct ov_scanner *s = scan->scanner;
    bool has_console = scan->findings->console != NULL;

    return (struct ov_evaluation){
        .image = s->images[tier],
        .tier = tier,
        .object = object_of(scan),
        .view = view,
        .hits = hits,
        .arena = s->scratch,
        .budget = &scan->budget,
        .regexes = s->regexes,
        .icons = s->icons,
        .n_icons = s->n_icons,
        .flags = scan->flags,
        .bounds = scan->bounds,
        .machines = machines,
        .around = {.arena = s->scratch,
                   .budget = &scan->budget,
                   .now = scan->options->now,
                   .reports = scan->options->report,
                   .identify = scan->options->identify,
                   .identify_data = scan->options->identify_data,
                   .console = has_console ? &s->console : NULL,
                   .path = scan->options->path,
                   .owner = scan->options->owner,
                   .externals = s->externals[tier].values,
                   .n_externals = s->externals[tier].n},
    };
}

void ov_examine_view(struct ov_scan *scan, const struct ov_view *view)
{
    struct ov_scanner *s = scan->scanner;
    struct ov_hits hits[OV_MAX_TIERS] = {0};
    struct ov_evaluation e[OV_MAX_TIERS];
    struct ov_machines machines = {0};

    ov_match_view(scan, view, hits);
    scan->outcome.n_bytes += view->bytes.len;
    for (size_t i = 0; i < s->n_tiers; i++)
        e[i] = ov_evaluation_of(scan, view, i, &hits[i], &machines);
    if ((scan->flags & OV_SCAN_ALL_MATCHES) == 0)
        try_first_single(scan, e, s->n_tiers);
    if (view->is_raw && !scan->is_stopped && object_of(scan)->regions == NULL)
        try_object_digests(scan);
    if ((scan->flags & OV_SCAN_MODULES) != 0 && view->is_raw &&
        !scan->is_stopped)
        ov_examine_modules(scan, e, s->n_tiers);
    for (size_t i = 0; i < s->n_tiers && !scan->is_stopped; i++)
        try_rules(scan, &e[i]);
    if (s->console.len > 0)
        ov_report_tell_console(scan, ov_buf_span(&s->console));
    ov_buf_clear(&s->console);
}

/* Rules for plain text (target 7) are about its normalised form alone. */
#define TARGET_TEXT 7

void ov_examine(struct ov_scan *scan)
{
    struct ov_object *o = object_of(scan);
    struct ov_view raw = {
        .name = "raw",
        .bytes = o->bytes,
        .target = ov_type_target(o->type),
        .is_raw = true,
    };
    bool is_alerted_first = (scan->flags & OV_SCAN_ALERTS_FIRST) != 0;

    if (raw.target == TARGET_TEXT)
        raw.target = 0;
    if (o->regions != NULL) /* ClamAV's rules for any file, and for programs */
        raw.target = ov_type_target(OV_TYPE_ELF);
    scan->outcome.n_objects++;
    if (scan->options->alerts != 0 && is_alerted_first)
        ov_examine_alerts(scan);
    if (!scan->is_stopped)
        ov_examine_view(scan, &raw);
    if (!scan->is_stopped)
        try_pe_digests(scan);
    if (!scan->is_stopped && (scan->flags & OV_SCAN_FLAT) == 0)
        ov_examine_normalised(scan);
    if (!scan->is_stopped && scan->options->alerts != 0 && !is_alerted_first)
        ov_examine_alerts(scan);
    /* A look-up that met a damaged page says only that it found nothing. */
    if (ov_tiers_are_damaged(scan->scanner) && !scan->is_stopped)
        ov_report_status(scan, OV_BAD_DIGEST, "rules", 0);
    o->has_facts = false;
    o->has_icons = false;
    o->modules = NULL;
    scan->reported = NULL;
    ov_arena_reset(scan->scanner->scratch, OV_SCRATCH_KEEP);
}
