/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_condition.h"

/* Sets of rules: "any of (rule_a, stage_*)" (YARA documentation, "Sets of
 * rules"), and of whatever may hold: "2 of (filesize > 3, $a and $b)" (YARA-X).
 * The conditions follow one another in the code, and the machine counts those
 * that hold. */

/* Items that are one string or one rule each make a set of these; any other,
 * and a mixture, makes it one of truths. The first that is no name ends the
 * look ahead, so sets in sets cost no more. */
enum ov_yara_set_kind ov_yara_set_kind(const struct ov_yara_parser *p)
{
    struct ov_yara_fault fault = {0};
    struct ov_yara_lexer ahead = p->lexer;
    struct ov_yara_token t = {0};
    bool are_rules = true;
    bool are_strings = true;

    ahead.fault = &fault;
    if (p->token.kind != OV_YARA_OPEN)
        return OV_YARA_SET_STRINGS;
    do {
        if (ov_yara_lex(&ahead, &t) != OV_OK)
            return OV_YARA_SET_TRUTHS;
        are_rules = are_rules && t.kind == OV_YARA_NAME;
        are_strings = are_strings &&
                      (t.kind == OV_YARA_STRING || t.kind == OV_YARA_STRINGS);
        if ((!are_rules && !are_strings) || ov_yara_lex(&ahead, &t) != OV_OK)
            return OV_YARA_SET_TRUTHS;
        if (are_rules && t.kind == OV_YARA_STAR &&
            ov_yara_lex(&ahead, &t) != OV_OK)
            return OV_YARA_SET_TRUTHS;
    } while (t.kind == OV_YARA_COMMA);
    if (t.kind != OV_YARA_CLOSE)
        return OV_YARA_SET_TRUTHS;
    return are_rules ? OV_YARA_SET_RULES : OV_YARA_SET_STRINGS;
}

enum ov_status ov_yara_open_truths(struct ov_yara_condition *c,
                                   struct ov_yara_pending what)
{
    struct ov_yara_value v = {.at = ov_yara_here(c), .token = c->p->token};

    what.kind = OV_PENDING_TRUTHS;
    what.tally = (struct ov_yara_tally){.all_need = true};
    ov_yara_emit_with(c, OV_COND_INT, 0);
    OV_TRY(ov_yara_push(c, v));
    OV_TRY(ov_yara_expect(c->p, OV_YARA_OPEN));
    return ov_yara_open(c, what);
}

enum ov_status ov_yara_step_truth(struct ov_yara_condition *c,
                                  struct ov_yara_pending *what)
{
    struct ov_yara_tally *tally = &what->tally;
    struct ov_yara_value v;

    OV_TRY(ov_yara_pop_truth(c, &v));
    ov_yara_emit(c, OV_COND_TALLY);
    tally->n++;
    tally->some_needs = tally->some_needs || v.needs;
    tally->all_need = tally->all_need && v.needs;
    return OV_OK;
}

enum ov_status ov_yara_close_truths(struct ov_yara_condition *c,
                                    struct ov_yara_pending what)
{
    OV_TRY(ov_yara_step_truth(c, &what));
    (void)ov_yara_pop(c); /* how many hold */
    return ov_yara_end_tally(c, what.quantifier, &what.tally, &what.token);
}

static enum ov_status add(struct ov_yara_condition *c,
                          const struct ov_yara_rule *rule,
                          const struct ov_yara_token *t,
                          struct ov_yara_tally *tally)
{
    OV_TRY(ov_yara_use_rule(c, rule, t));
    ov_yara_emit(c, OV_COND_TALLY);
    tally->n++;
    tally->some_needs = tally->some_needs || rule->needs_match;
    tally->all_need = tally->all_need && rule->needs_match;
    if (c->p->code.status == OV_LIMIT_SIZE)
        return ov_yara_fault_set(&c->p->fault, OV_UNSUPPORTED, t,
                                 "the condition is too long");
    return OV_OK;
}

static enum ov_status add_starting(struct ov_yara_condition *c,
                                   const struct ov_yara_token *t,
                                   struct ov_yara_tally *tally)
{
    struct ov_yara_parser *p = c->p;
    struct ov_span *start = ov_part_add(&p->wildcards);
    uint64_t before = tally->n;

    if (start == NULL)
        return OV_NO_MEMORY;
    *start = t->value;
    for (size_t i = 0; i < p->rules.n; i++)
        if (ov_span_starts(p->rules.items[i].name, t->value))
            OV_TRY(add(c, &p->rules.items[i], t, tally));
    if (tally->n == before)
        return ov_yara_fail_at(c, t, "no rule above begins like this");
    return OV_OK;
}

static enum ov_status read_item(struct ov_yara_condition *c,
                                struct ov_yara_tally *tally)
{
    struct ov_yara_parser *p = c->p;
    struct ov_yara_token t = p->token;
    const struct ov_yara_rule *rule;

    OV_TRY(ov_yara_expect(p, OV_YARA_NAME));
    if (p->token.kind == OV_YARA_STAR) {
        OV_TRY(add_starting(c, &t, tally));
        return ov_yara_next(p);
    }
    rule = ov_yara_find_rule(p, t.value);
    if (rule == NULL)
        return ov_yara_fail_at(c, &t, "there is no such rule above");
    return add(c, rule, &t, tally);
}

enum ov_status ov_yara_read_rule_set(struct ov_yara_condition *c,
                                     struct ov_yara_tally *tally)
{
    struct ov_yara_value v = {.at = ov_yara_here(c), .token = c->p->token};

    ov_yara_emit_with(c, OV_COND_INT, 0);
    OV_TRY(ov_yara_push(c, v));
    OV_TRY(ov_yara_expect(c->p, OV_YARA_OPEN));
    OV_TRY(read_item(c, tally));
    while (c->p->token.kind == OV_YARA_COMMA) {
        OV_TRY(ov_yara_next(c->p));
        OV_TRY(read_item(c, tally));
    }
    (void)ov_yara_pop(c);
    return ov_yara_expect(c->p, OV_YARA_CLOSE);
}
