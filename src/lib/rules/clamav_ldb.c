/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/clamav_body.h"
#include "rules/clamav_logic.h"
#include "rules/clamav_subsig.h"
#include "rules/clamav_tdb.h"
#include "rules/condition.h"

/* Logical signatures:
 *
 *   .ldb .ldu   name;target description;expression;subsig 0;subsig 1;...
 *
 * A rule has a term for each subsignature, in order. Its condition is the
 * expression, and the target description's limits behind it; it is left empty
 * where all terms must match and nothing else is asked for.
 *
 * The order of checks is ClamAV's: a wrong expression or number of
 * subsignatures refuses the database even where the line would be left out, a
 * wrong subsignature does not.
 *
 * Source: ClamAV manual, "Logical signatures"; clamscan 1.4.6. */

#define N_BEFORE 3
#define MAX_FIELDS (N_BEFORE + OV_CLAM_MAX_SUBSIGS + 1)
#define MAX_CONDITION ((size_t)1 << 20)

struct line {
    struct ov_span f[MAX_FIELDS];
    uint32_t n_subsigs;
    struct ov_clam_logic logic;
    struct ov_clam_tdb tdb;
    struct ov_term *terms;
    bool may_be_idle;
};

static enum ov_status read_expression(struct ov_clam_job *job, struct line *l,
                                      struct ov_buf *code,
                                      struct ov_clam_fault *fault)
{
    size_t n = ov_clam_split_regex(job->text, ';', l->f, MAX_FIELDS, N_BEFORE);

    if (n <= N_BEFORE)
        return ov_clam_fault(
            fault, "expected name;target;expression;subsignatures", job->text);
    OV_TRY(ov_clam_logic(l->f[2], code, &l->logic, fault));
    l->n_subsigs = (uint32_t)(n - N_BEFORE);
    if (l->n_subsigs != l->logic.n_ids)
        return ov_clam_fault(fault,
                             "the expression asks for another number of "
                             "subsignatures than there are",
                             l->f[2]);
    return OV_OK;
}

static enum ov_status read_terms(struct line *l, struct ov_arena *arena,
                                 struct ov_clam_fault *fault)
{
    l->terms = ov_arena_array(arena, l->n_subsigs, sizeof(*l->terms));
    if (l->terms == NULL)
        return OV_NO_MEMORY;
    for (uint32_t i = 0; i < l->n_subsigs; i++) {
        struct ov_clam_subsig sub = {
            .text = l->f[N_BEFORE + i], .index = i, .target = l->tdb.target};

        OV_TRY(
            ov_clam_subsig(&sub, arena, &l->terms[i], &l->may_be_idle, fault));
    }
    return OV_OK;
}

static enum ov_status read_line(struct ov_clam_job *job, struct line *l,
                                struct ov_buf *code,
                                struct ov_clam_fault *fault)
{
    size_t n_expression;

    OV_TRY(read_expression(job, l, code, fault));
    n_expression = code->len;
    OV_TRY(ov_clam_tdb(l->f[1], code, &l->tdb, fault));
    if (!l->tdb.has_target)
        return ov_clam_fault(fault, "the target description needs a Target",
                             l->f[1]);
    if (l->f[0].len == 0)
        return ov_clam_fault(fault, "the name is missing", job->text);
    OV_TRY(read_terms(l, job->part->arena, fault));
    /* One without a condition is a body rule, which clamscan tells of sooner.
     */
    if (l->logic.is_plain && code->len == n_expression && l->n_subsigs > 1)
        ov_buf_clear(code);
    return OV_OK;
}

static enum ov_status add(struct ov_clam_job *job, const struct line *l,
                          struct ov_span condition)
{
    struct ov_rule *rule;
    struct ov_span kept = {0};

    if (condition.len > 0 && !ov_arena_copy(job->part->arena, condition, &kept))
        return OV_NO_MEMORY;
    rule = ov_part_add(&job->part->rules);
    if (rule == NULL)
        return OV_NO_MEMORY;
    *rule = (struct ov_rule){.name = l->f[0],
                             .line = job->line,
                             .flags = job->rule_flags,
                             .targets = ov_clam_targets(l->tdb.target),
                             .terms = l->terms,
                             .n_terms = l->n_subsigs,
                             .condition = kept};
    if (l->logic.may_be_idle || l->may_be_idle)
        rule->flags |= OV_RULE_ALWAYS;
    return OV_OK;
}

enum ov_status ov_clam_ldb_line(struct ov_clam_job *job)
{
    OV_AUTO_DONE(buf) code = ov_buf_with_max(MAX_CONDITION);
    struct ov_clam_fault fault = {0};
    struct line l = {0};
    enum ov_status s = read_line(job, &l, &code, &fault);

    if (s == OV_UNSUPPORTED)
        return ov_clam_skip(job, fault.why, fault.what);
    if (s == OV_MALFORMED)
        return ov_clam_refuse(job, fault.why, fault.what);
    OV_TRY(s);
    return add(job, &l, ov_buf_span(&code));
}
