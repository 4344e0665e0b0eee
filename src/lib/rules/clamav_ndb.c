/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/clamav_body.h"
#include "rules/clamav_hex.h"
#include "rules/clamav_place.h"

/* Body signatures:
 *
 *   .ndb .ndu .sdb   name:target:offset:hex[:minlevel[:maxlevel]]
 *   .db              name=hex
 *
 * A rule has one pattern and no condition. With offset "$n" it is a member of a
 * macro group and only serves logical rules.
 *
 * Source: ClamAV manual, "Extended signatures"; clamscan 1.4.6. */

#define N_FIELDS 6
#define N_TARGETS 15

uint32_t ov_clam_targets(uint32_t target)
{
    return target == 0 ? UINT32_MAX : 1u << target;
}

/* Digits, an asterisk or nothing. */
static bool read_target(struct ov_span s, int64_t *ret)
{
    if (ov_span_equal(s, OV_SPAN_LIT("*")))
        s.len = 0;
    *ret = ov_clam_number(s);
    return ov_clam_is_number(s);
}

/* Level fields here must begin with a digit, except that the most may be
 * missing behind its colon: then it is 0, and the line is for no engine. */
static bool are_levels(const struct ov_span *levels, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!ov_clam_is_number(levels[i]))
            return false;
    return true;
}

enum ov_status ov_clam_add_body(struct ov_clam_job *job,
                                const struct ov_clam_body *body)
{
    struct ov_arena *arena = job->part->arena;
    struct ov_term *term = ov_arena_alloc(arena, sizeof(*term));
    struct ov_clam_fault fault = {0};
    struct ov_rule *rule;
    enum ov_status s;
    bool is_plain;

    if (term == NULL)
        return OV_NO_MEMORY;
    if (body->name.len == 0)
        return ov_clam_refuse(job, "the name is missing", job->text);
    term->kind = OV_TERM_PATTERN;
    s = ov_clam_place(body->offset, body->target, &term->pattern.place, &fault);
    is_plain = body->target == 0 && term->pattern.place.kind != OV_PLACE_MACRO;
    if (s == OV_OK)
        s = ov_clam_hex(body->hex, is_plain, arena, &term->pattern, &fault);
    if (s == OV_UNSUPPORTED)
        return ov_clam_skip(job, fault.why, fault.what);
    if (s == OV_MALFORMED)
        return ov_clam_refuse(job, fault.why, fault.what);
    OV_TRY(s);
    rule = ov_part_add(&job->part->rules);
    if (rule == NULL)
        return OV_NO_MEMORY;
    *rule = (struct ov_rule){.name = body->name,
                             .line = job->line,
                             .flags = job->rule_flags,
                             .targets = ov_clam_targets(body->target),
                             .terms = term,
                             .n_terms = 1};
    if (term->pattern.place.kind == OV_PLACE_MACRO)
        rule->flags |= OV_RULE_MACRO_MEMBER;
    return OV_OK;
}

enum ov_status ov_clam_ndb_line(struct ov_clam_job *job)
{
    struct ov_span f[N_FIELDS + 1];
    size_t n = ov_clam_split(job->text, ':', f, N_FIELDS + 1);
    int64_t target;

    if (n < 4 || n > N_FIELDS)
        return ov_clam_refuse(job, "expected 4 to 6 fields between colons",
                              job->text);
    if (!are_levels(f + 4, n - 4))
        return ov_clam_refuse(job, "a functionality level is a number", f[4]);
    if (!ov_clam_in_level(f + 4, n - 4))
        return ov_clam_skip(job, "for another functionality level", f[0]);
    if (!read_target(f[1], &target))
        return ov_clam_refuse(job, "the target is a number", f[1]);
    if (target >= N_TARGETS)
        return ov_clam_skip(job, "unknown target", f[1]);
    return ov_clam_add_body(job,
                            &(struct ov_clam_body){.name = f[0],
                                                   .target = (uint32_t)target,
                                                   .offset = f[2],
                                                   .hex = f[3]});
}

enum ov_status ov_clam_db_line(struct ov_clam_job *job)
{
    struct ov_clam_body body = {.hex = job->text};

    if (!ov_span_cut(&body.hex, '=', &body.name))
        return ov_clam_refuse(job, "expected name=hex", job->text);
    return ov_clam_add_body(job, &body);
}
