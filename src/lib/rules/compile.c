/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/compile.h"

#include "base/assert.h"
#include "match/matcher.h"
#include "rules/counts.h"
#include "rules/few.h"
#include "rules/hash_build.h"
#include "rules/ignore.h"
#include "rules/image.h"
#include "rules/layout.h"
#include "rules/names.h"
#include "rules/rule_build.h"
#include "rules/silence.h"

/* Parts -> image: rule records and their patterns first, in the order of parts,
 * then the few rules, then one hash table after the other, then names, sources
 * and counts. Each section has a writer of its own; this file only leads. A
 * part is never looked at as a whole, so that it does not matter where a source
 * was cut. */

#define SECTION_MAX ((size_t)64 << 30)

struct compiler {
    const struct ov_compile_job *job;
    struct ov_diag *diag;
    struct ov_ignores *ignores;
    struct ov_names_writer *names;
    struct ov_rule_builder *rules;
    struct ov_skip_counter *skips;
    struct ov_buf sections[OV_N_SECTIONS];
    uint64_t *rules_of_source;
    uint64_t *skips_of_source;
    uint8_t *weakness; /* per pattern */
    struct ov_weak_pattern *weak;
    struct ov_counts counts;
    uint64_t done; /* of the job's rules */
    uint64_t total;
};

static void done_compiler(struct compiler *c)
{
    ov_ignores_free(c->ignores);
    ov_names_writer_free(c->names);
    ov_rule_builder_free(c->rules);
    ov_skip_counter_free(c->skips);
    for (int i = 0; i < OV_N_SECTIONS; i++)
        ov_buf_done(&c->sections[i]);
    ov_free(c->rules_of_source);
    ov_free(c->skips_of_source);
    ov_free(c->weakness);
    ov_free(c->weak);
}

static uint64_t count_rules(const struct ov_part *p)
{
    uint64_t n =
        p->rules.n + p->members.n + p->magics.n + p->passwords.n + p->icons.n;

    for (int of = 0; of < OV_N_HASH_OF; of++)
        for (int kind = 0; kind < OV_N_DIGEST; kind++)
            n += p->hashes[of][kind].n;
    return n;
}

static enum ov_status start(struct compiler *c)
{
    const struct ov_compile_job *job = c->job;

    for (int i = 0; i < OV_N_SECTIONS; i++)
        c->sections[i] = ov_buf_with_max(SECTION_MAX);
    c->names = ov_names_writer_new();
    c->rules = ov_rule_builder_new();
    c->skips = ov_skip_counter_new();
    c->rules_of_source =
        ov_alloc_array(job->n_sources + 1, sizeof(*c->rules_of_source));
    c->skips_of_source =
        ov_alloc_array(job->n_sources + 1, sizeof(*c->skips_of_source));
    if (c->names == NULL || c->rules == NULL || c->skips == NULL ||
        c->rules_of_source == NULL || c->skips_of_source == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < job->n_parts; i++) {
        OV_ASSERT(job->parts[i]->source < job->n_sources);
        c->total += count_rules(job->parts[i]);
    }
    return ov_ignores_new(job, &c->ignores);
}

static void tell_progress(struct compiler *c, uint64_t more)
{
    c->done += more;
    if (c->job->progress != NULL)
        c->job->progress(c->job->progress_data, c->done, c->total);
}

/* Whether a rule is to be left out; counts it either way. */
static enum ov_status admit(struct compiler *c, struct ov_span name,
                            uint32_t source, uint32_t line,
                            enum ov_rule_kind kind, bool *ret)
{
    static const struct ov_span too_long = {
        (const uint8_t *)"the name is longer than 1024 bytes", 34};
    bool is_silenced;

    if (name.len > OV_NAME_MAX) {
        struct ov_skip skip = {.line = line, .why = too_long, .what = name};

        *ret = false;
        c->skips_of_source[source]++;
        return ov_skip_counter_add(c->skips, source, &skip);
    }
    OV_TRY(ov_ignores_ask(c->ignores, name, source, line, &is_silenced));
    *ret = !is_silenced;
    c->counts.n_ignored += is_silenced;
    c->counts.kinds[kind] += !is_silenced;
    c->rules_of_source[source] += !is_silenced;
    return OV_OK;
}

/* ---- rules and patterns ---- */

static enum ov_rule_kind kind_of(const struct ov_rule *r)
{
    bool is_body = r->n_terms == 1 && r->condition.len == 0 &&
                   r->terms[0].kind == OV_TERM_PATTERN;

    if ((r->flags & OV_RULE_MAGIC) != 0)
        return OV_RULE_KIND_MAGIC;
    if ((r->flags & OV_RULE_RAW_VIEW) != 0)
        return OV_RULE_KIND_YARA;
    return is_body ? OV_RULE_KIND_BODY : OV_RULE_KIND_LOGICAL;
}

static enum ov_status add_rules(struct compiler *c, const struct ov_part *p)
{
    for (size_t i = 0; i < p->rules.n; i++) {
        const struct ov_rule *r = &p->rules.items[i];
        uint32_t source = ov_part_source(p, r->source);
        bool is_in;

        OV_ASSERT(source < c->job->n_sources);
        OV_TRY(admit(c, r->name, source, r->line, kind_of(r), &is_in));
        if (is_in)
            OV_TRY(ov_rule_builder_add(c->rules, c->names, source, r, c->diag));
    }
    return OV_OK;
}

/* Which rule a pattern belongs to, for the message about it. */
static enum ov_status refuse_pattern(struct compiler *c, uint32_t rule)
{
    uint32_t n = 0;

    for (size_t i = 0; i < c->job->n_parts; i++) {
        const struct ov_part *p = c->job->parts[i];

        for (size_t k = 0; k < p->rules.n; k++) {
            const struct ov_rule *r = &p->rules.items[k];
            bool is_in;

            OV_TRY(admit(c, r->name, p->source, r->line, kind_of(r), &is_in));
            if (is_in && n++ == rule)
                return ov_diag_set(
                    c->diag, OV_UNSUPPORTED, r->line,
                    "%.*s, rule %.*s: a pattern cannot be searched for",
                    (int)c->job->sources[p->source].name.len,
                    (const char *)c->job->sources[p->source].name.ptr,
                    (int)r->name.len, (const char *)r->name.ptr);
        }
    }
    OV_UNREACHABLE();
}

static enum ov_status find_weak(struct compiler *c, size_t n)
{
    size_t n_weak = 0;

    for (size_t i = 0; i < n; i++)
        n_weak += c->weakness[i] != OV_MATCH_STRONG;
    c->weak = ov_alloc_array(n_weak + 1, sizeof(*c->weak));
    if (c->weak == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        if (c->weakness[i] != OV_MATCH_STRONG)
            c->weak[c->counts.n_weak++] = (struct ov_weak_pattern){
                .id = (uint32_t)i, .weakness = c->weakness[i]};
    c->counts.weak = c->weak;
    return OV_OK;
}

static enum ov_status build_patterns(struct compiler *c)
{
    size_t n;
    size_t bad = 0;
    const struct ov_match_input *in = ov_rule_builder_patterns(c->rules, &n);
    enum ov_status s;

    c->weakness = ov_alloc(n + 1);
    if (c->weakness == NULL)
        return OV_NO_MEMORY;
    s = ov_match_build(in, n, &c->sections[OV_SECTION_MATCH], c->weakness,
                       &bad);
    if (s == OV_UNSUPPORTED && bad < n)
        return refuse_pattern(c, in[bad].rule);
    OV_TRY(s);
    return find_weak(c, n);
}

/* ---- the few ---- */

/* One with a pattern was counted as the rule that it is, too. */
static enum ov_status admit_magic(struct compiler *c,
                                  const struct ov_magic_rule *m,
                                  uint32_t source, bool *ret)
{
    bool is_silenced;

    if (m->kind != OV_MAGIC_PATTERN)
        return admit(c, m->name, source, m->line, OV_RULE_KIND_MAGIC, ret);
    OV_TRY(ov_ignores_ask(c->ignores, m->name, source, m->line, &is_silenced));
    *ret = !is_silenced && m->name.len <= OV_NAME_MAX;
    return OV_OK;
}

static enum ov_status add_few(struct compiler *c, const struct ov_part *p)
{
    bool is_in;

    for (size_t i = 0; i < p->members.n; i++) {
        const struct ov_member_rule *m = &p->members.items[i];

        OV_TRY(
            admit(c, m->name, p->source, m->line, OV_RULE_KIND_MEMBER, &is_in));
        if (is_in)
            ov_few_put_member(&c->sections[OV_SECTION_MEMBERS], p->source, m);
    }
    for (size_t i = 0; i < p->magics.n; i++) {
        const struct ov_magic_rule *m = &p->magics.items[i];

        OV_TRY(admit_magic(c, m, p->source, &is_in));
        if (is_in)
            ov_few_put_magic(&c->sections[OV_SECTION_MAGICS], p->source, m);
    }
    for (size_t i = 0; i < p->passwords.n; i++) {
        const struct ov_password *w = &p->passwords.items[i];

        OV_TRY(admit(c, w->name, p->source, w->line, OV_RULE_KIND_PASSWORD,
                     &is_in));
        if (is_in)
            ov_few_put_password(&c->sections[OV_SECTION_PASSWORDS], p->source,
                                w);
    }
    for (size_t i = 0; i < p->icons.n; i++) {
        const struct ov_icon_rule *icon = &p->icons.items[i];

        OV_TRY(admit(c, icon->name, p->source, icon->line, OV_RULE_KIND_ICON,
                     &is_in));
        if (is_in)
            ov_icon_rule_put(&c->sections[OV_SECTION_ICONS], p->source, icon);
    }
    return OV_OK;
}

/* ---- hashes ---- */

static enum ov_status gather_hashes(struct compiler *c, enum ov_hash_of of,
                                    enum ov_digest_kind kind,
                                    const struct ov_hash_rule **ret,
                                    size_t *ret_n)
{
    size_t n = 0;

    for (size_t i = 0; i < c->job->n_parts; i++) {
        const struct ov_part *p = c->job->parts[i];

        for (size_t k = 0; k < p->hashes[of][kind].n; k++) {
            const struct ov_hash_rule *r = &p->hashes[of][kind].items[k];
            struct ov_names_entry e = {.name = r->name,
                                       .source = p->source,
                                       .line = r->line,
                                       .flags = r->flags,
                                       .is_allowed = r->is_allowed};
            enum ov_rule_kind rule_kind =
                r->is_allowed
                    ? OV_RULE_KIND_ALLOWED
                    : (enum ov_rule_kind)(OV_RULE_KIND_HASH + (int)of);
            bool is_in;

            OV_TRY(admit(c, r->name, p->source, r->line, rule_kind, &is_in));
            if (!is_in)
                continue;
            ret[n++] = r;
            OV_TRY(ov_names_add(c->names, OV_NAMES_OF_HASHES(of, kind), &e));
        }
        tell_progress(c, p->hashes[of][kind].n);
    }
    *ret_n = n;
    return OV_OK;
}

static enum ov_status add_hashes(struct compiler *c, enum ov_hash_of of,
                                 enum ov_digest_kind kind)
{
    OV_AUTO_PTR const struct ov_hash_rule **rules = NULL;
    size_t n = 0;

    for (size_t i = 0; i < c->job->n_parts; i++)
        n += c->job->parts[i]->hashes[of][kind].n;
    if (n == 0)
        return OV_OK;
    rules = ov_alloc_array(n, sizeof(const struct ov_hash_rule *));
    if (rules == NULL)
        return OV_NO_MEMORY;
    OV_TRY(gather_hashes(c, of, kind, rules, &n));
    return ov_hash_tables_add(&c->sections[OV_SECTION_HASHES],
                              &c->sections[OV_SECTION_HASH_DATA], of, kind,
                              rules, n);
}

/* ---- sources and counts ---- */

static enum ov_status put_sources(struct compiler *c)
{
    struct ov_buf *b = &c->sections[OV_SECTION_SOURCES];
    size_t n = c->job->n_sources;
    uint64_t name_at = OV_SOURCES_HEADER + n * OV_SOURCES_RECORD;

    ov_put_u32(b, (uint32_t)n);
    ov_put_u32(b, 0);
    for (size_t i = 0; i < n; i++) {
        const struct ov_source *s = &c->job->sources[i];
        uint8_t digest[OV_DIGEST_MAX];

        if (name_at > UINT32_MAX || s->name.len > UINT32_MAX)
            return OV_LIMIT_SIZE;
        OV_TRY(ov_digest(OV_SHA256, s->text, digest));
        ov_put_span(b, ov_span_of(digest, 32));
        ov_put_u64(b, s->text.len);
        ov_put_u64(b, c->rules_of_source[i]);
        ov_put_u64(b, c->skips_of_source[i]);
        ov_put_u32(b, (uint32_t)name_at);
        ov_put_u32(b, (uint32_t)s->name.len);
        name_at += s->name.len;
    }
    for (size_t i = 0; i < n; i++)
        ov_put_span(b, c->job->sources[i].name);
    return ov_buf_status(b);
}

static enum ov_status add_skips(struct compiler *c, const struct ov_part *p)
{
    for (size_t i = 0; i < p->skips.n; i++) {
        const struct ov_skip *s = &p->skips.items[i];
        uint32_t source = ov_part_source(p, s->source);
        uint64_t n = s->n == 0 ? 1 : s->n;

        OV_ASSERT(source < c->job->n_sources);
        OV_TRY(ov_skip_counter_add(c->skips, source, s));
        c->skips_of_source[source] += n;
    }
    return OV_OK;
}

static void fill_report(const struct compiler *c,
                        struct ov_compile_report *report)
{
    size_t n_patterns;

    (void)ov_rule_builder_patterns(c->rules, &n_patterns);
    for (size_t i = 0; i < c->job->n_sources; i++)
        report->n_skipped += c->skips_of_source[i];
    for (int k = 0; k < OV_N_RULE_KINDS; k++)
        report->n_rules += c->counts.kinds[k];
    report->n_hashes = c->counts.kinds[OV_RULE_KIND_HASH] +
                       c->counts.kinds[OV_RULE_KIND_SECTION_HASH] +
                       c->counts.kinds[OV_RULE_KIND_IMPORT_HASH] +
                       c->counts.kinds[OV_RULE_KIND_ALLOWED];
    report->n_patterns = n_patterns;
    report->n_ignored = c->counts.n_ignored;
    report->n_weak = c->counts.n_weak;
}

/* Modules in the order in which they were imported first; which values of the
 * file are asked for, as a u32. Mostly neither is there. */
static void put_asked(struct compiler *c)
{
    const struct ov_compile_job *job = c->job;
    uint64_t imported = 0;
    uint32_t file_values = 0;

    for (size_t i = 0; i < job->n_parts; i++) {
        const struct ov_part *p = job->parts[i];

        file_values |= p->file_values;
        for (size_t k = 0; k < p->imports.n; k++) {
            uint8_t module = p->imports.items[k];

            if ((imported >> module & 1) == 0)
                ov_put_u8(&c->sections[OV_SECTION_IMPORTS], module);
            imported |= UINT64_C(1) << module;
        }
    }
    if (file_values != 0)
        ov_put_u32(&c->sections[OV_SECTION_FILE_VALUES], file_values);
}

/* ---- all ---- */

static enum ov_status compile_sections(struct compiler *c,
                                       struct ov_compile_report *report)
{
    const struct ov_compile_job *job = c->job;

    for (size_t i = 0; i < job->n_parts; i++) {
        OV_TRY(add_rules(c, job->parts[i]));
        OV_TRY(add_few(c, job->parts[i]));
        OV_TRY(add_skips(c, job->parts[i]));
        tell_progress(c, job->parts[i]->rules.n);
    }
    OV_TRY(build_patterns(c));
    OV_TRY(ov_rule_builder_write(c->rules, &c->sections[OV_SECTION_RULES],
                                 &c->sections[OV_SECTION_RULE_DATA],
                                 &c->sections[OV_SECTION_NOTES]));
    ov_hash_tables_begin(&c->sections[OV_SECTION_HASHES]);
    OV_TRY(ov_buf_status(&c->sections[OV_SECTION_HASHES]));
    for (int of = 0; of < OV_N_HASH_OF; of++)
        for (int kind = 0; kind < OV_N_DIGEST; kind++)
            OV_TRY(
                add_hashes(c, (enum ov_hash_of)of, (enum ov_digest_kind)kind));
    OV_TRY(ov_names_write(c->names, &c->sections[OV_SECTION_NAMES]));
    OV_TRY(put_sources(c));
    c->counts.skips = ov_skip_counter_all(c->skips, &c->counts.n_skips);
    ov_counts_put(&c->sections[OV_SECTION_COUNTS], &c->counts);
    if (job->n_externals > 0)
        ov_externals_put(&c->sections[OV_SECTION_EXTERNALS], job->externals,
                         job->n_externals);
    put_asked(c);
    OV_TRY(ov_silence_put(&c->sections[OV_SECTION_SILENCE], job->withdrawn,
                          job->n_withdrawn, job->parts, job->n_parts));
    for (int i = 0; i < OV_N_SECTIONS; i++)
        OV_TRY(ov_buf_status(&c->sections[i]));
    fill_report(c, report);
    return OV_OK;
}

enum ov_status ov_compile(const struct ov_compile_job *job, struct ov_buf *ret,
                          struct ov_compile_report *ret_report,
                          struct ov_diag *diag)
{
    struct compiler c = {.job = job, .diag = diag};
    struct ov_compile_report report = {0};
    enum ov_status s = start(&c);

    if (s == OV_OK)
        s = compile_sections(&c, &report);
    if (s == OV_OK)
        s = ov_image_write(c.sections, ret);
    done_compiler(&c);
    if (s == OV_OK && ret_report != NULL)
        *ret_report = report;
    return s;
}
