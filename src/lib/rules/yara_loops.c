/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_condition.h"

/* "of", "for" and "with" in YARA's conditions (YARA documentation, "Sets of
 * strings", "Iterators"; YARA-X documentation, "with"). A loop in the code is
 * what begins it, the body, and what ends it with its quantifier; a number that
 * the quantifier counts lies on the machine's stack below. "with" is a loop
 * over one value. */

/* Behind "of": the set, and then perhaps places for its strings. */
static enum ov_status read_strings(struct ov_yara_condition *c,
                                   enum ov_quantifier quantifier,
                                   const struct ov_yara_token *t)
{
    struct ov_yara_parser *p = c->p;
    struct ov_yara_pending what = {
        .is_of = true, .quantifier = quantifier, .token = *t};
    size_t at = ov_yara_here(c);

    OV_TRY(ov_yara_read_set(p));
    OV_TRY(ov_yara_enter(c, (struct ov_yara_loop){true, true}, t));
    if (p->token.kind == OV_YARA_IN) {
        OV_TRY(ov_yara_next(p));
        OV_TRY(ov_yara_expect(p, OV_YARA_OPEN));
        what.kind = OV_PENDING_IN;
        what.op = OV_COND_FOUND_IN;
        ov_yara_ask_places(c, 0);
        return ov_yara_open(c, what);
    }
    if (p->token.kind == OV_YARA_AT) {
        OV_TRY(ov_yara_next(p));
        what.kind = OV_PENDING_AT;
        what.precedence = OV_PREC_AT;
        what.op = OV_COND_FOUND_AT;
        ov_yara_ask_places(c, 0);
        return ov_yara_open(c, what);
    }
    ov_yara_emit_with(c, OV_COND_FOUND, 0);
    OV_TRY(ov_yara_push(
        c, (struct ov_yara_value){.type = {.kind = OV_YARA_IS_TRUTH},
                                  .needs = true,
                                  .at = at,
                                  .token = *t}));
    return ov_yara_end_loop(c, quantifier, 0);
}

static enum ov_status read_of(struct ov_yara_condition *c,
                              enum ov_quantifier quantifier,
                              const struct ov_yara_token *t)
{
    struct ov_yara_tally tally = {.all_need = true};

    switch (ov_yara_set_kind(c->p)) {
    case OV_YARA_SET_STRINGS:
        return read_strings(c, quantifier, t);
    case OV_YARA_SET_TRUTHS:
        return ov_yara_open_truths(
            c, (struct ov_yara_pending){.quantifier = quantifier, .token = *t});
    case OV_YARA_SET_RULES:
        break;
    }
    OV_TRY(ov_yara_read_rule_set(c, &tally));
    return ov_yara_end_tally(c, quantifier, &tally, t);
}

/* ---- for ---- */

static enum ov_status read_variables(struct ov_yara_parser *p,
                                     struct ov_yara_pending *what)
{
    for (;;) {
        if (what->n_variables == 2)
            return ov_yara_fail(p, OV_MALFORMED,
                                "a loop has at most two variables");
        what->variables[what->n_variables++] = p->token.value;
        OV_TRY(ov_yara_expect(p, OV_YARA_NAME));
        if (p->token.kind != OV_YARA_COMMA)
            return OV_OK;
        OV_TRY(ov_yara_next(p));
    }
}

/* Behind the quantifier of "for": a set of strings, or variables. */
static enum ov_status read_loop(struct ov_yara_condition *c,
                                enum ov_quantifier quantifier,
                                const struct ov_yara_token *t)
{
    struct ov_yara_parser *p = c->p;
    struct ov_yara_pending what = {.kind = OV_PENDING_ROUNDS,
                                   .quantifier = quantifier,
                                   .n_bodies = 1,
                                   .token = *t};

    if (p->token.kind == OV_YARA_OF) {
        OV_TRY(ov_yara_next(p));
        OV_TRY(ov_yara_read_set(p));
        OV_TRY(ov_yara_enter(c, (struct ov_yara_loop){true, false}, t));
        OV_TRY(ov_yara_expect(p, OV_YARA_COLON));
        OV_TRY(ov_yara_expect(p, OV_YARA_OPEN));
        what.kind = OV_PENDING_BODY;
        return ov_yara_open(c, what);
    }
    OV_TRY(read_variables(p, &what));
    OV_TRY(ov_yara_expect(p, OV_YARA_IN));
    if (p->token.kind == OV_YARA_NAME)
        what.kind = OV_PENDING_ITEMS;
    else
        OV_TRY(ov_yara_expect(p, OV_YARA_OPEN));
    return ov_yara_open(c, what);
}

static enum ov_quantifier quantifier_of(enum ov_yara_token_kind kind)
{
    return kind == OV_YARA_ALL   ? OV_QUANTIFIER_ALL
           : kind == OV_YARA_ANY ? OV_QUANTIFIER_ANY
                                 : OV_QUANTIFIER_NONE;
}

static bool is_quantifier(enum ov_yara_token_kind kind)
{
    return kind == OV_YARA_ALL || kind == OV_YARA_ANY || kind == OV_YARA_NONE;
}

enum ov_status ov_yara_read_for(struct ov_yara_condition *c)
{
    struct ov_yara_token t = c->p->token;
    enum ov_quantifier quantifier;

    OV_TRY(ov_yara_next(c->p));
    if (!is_quantifier(c->p->token.kind))
        return ov_yara_open(c, (struct ov_yara_pending){
                                   .kind = OV_PENDING_QUANTIFIER, .token = t});
    quantifier = quantifier_of(c->p->token.kind);
    OV_TRY(ov_yara_next(c->p));
    return read_loop(c, quantifier, &t);
}

enum ov_status ov_yara_read_quantified(struct ov_yara_condition *c)
{
    struct ov_yara_token t = c->p->token;

    OV_TRY(ov_yara_next(c->p));
    OV_TRY(ov_yara_expect(c->p, OV_YARA_OF));
    return read_of(c, quantifier_of(t.kind), &t);
}

/* ---- behind a number ---- */

enum ov_status ov_yara_step_of(struct ov_yara_condition *c, bool is_percent)
{
    enum ov_quantifier quantifier =
        is_percent ? OV_QUANTIFIER_PERCENT : OV_QUANTIFIER_COUNT;
    struct ov_yara_value k;

    OV_TRY(ov_yara_reduce(c, OV_PREC_BIT_OR));
    OV_TRY(ov_yara_pop_kind(c, OV_YARA_IS_INTEGER, &k));
    if (is_percent && k.is_constant && (k.number < 1 || k.number > 100))
        return ov_yara_fail_at(c, &k.token, "a percentage is 1 to 100");
    OV_TRY(ov_yara_push(c, k));
    if (ov_yara_top(c) != NULL &&
        ov_yara_top(c)->kind == OV_PENDING_QUANTIFIER) {
        c->n_pending--;
        return read_loop(c, quantifier, &k.token);
    }
    OV_TRY(ov_yara_next(c->p));
    return read_of(c, is_percent ? quantifier : OV_QUANTIFIER_COUNT_OF,
                   &k.token);
}

enum ov_status ov_yara_step_variable(struct ov_yara_condition *c)
{
    struct ov_yara_value k;

    OV_TRY(ov_yara_reduce(c, OV_PREC_BIT_OR));
    if (ov_yara_top(c) == NULL || ov_yara_top(c)->kind != OV_PENDING_QUANTIFIER)
        return ov_yara_fail(c->p, OV_MALFORMED, "expected an operator");
    OV_TRY(ov_yara_pop_kind(c, OV_YARA_IS_INTEGER, &k));
    OV_TRY(ov_yara_push(c, k));
    c->n_pending--;
    return read_loop(c, OV_QUANTIFIER_COUNT, &k.token);
}

/* ---- what a loop runs over ---- */

static enum ov_status declare(struct ov_yara_condition *c, struct ov_span name,
                              uint8_t op, struct ov_yara_type type,
                              const struct ov_yara_token *t)
{
    for (size_t i = 0; i < c->n_variables; i++)
        if (ov_span_equal(c->variables[i].name, name))
            return ov_yara_fail_at(c, t, "a loop around has this variable");
    c->variables[c->n_variables++] = (struct ov_yara_variable){
        .name = name, .loop = c->n_loops, .op = op, .type = type};
    return OV_OK;
}

/* The loop begins: ": (" and its body follow. */
static enum ov_status open_body(struct ov_yara_condition *c,
                                struct ov_yara_pending what)
{
    OV_TRY(ov_yara_expect(c->p, OV_YARA_COLON));
    OV_TRY(ov_yara_expect(c->p, OV_YARA_OPEN));
    what.kind = OV_PENDING_BODY;
    return ov_yara_open(c, what);
}

/* The values of "(a..b)" or "(a, b, c)": numbers, or texts. */
static enum ov_status pop_rounds(struct ov_yara_condition *c, uint32_t n,
                                 bool is_range, enum ov_yara_kind *ret)
{
    enum ov_yara_kind kind = c->values[c->n_values - 1].type.kind;
    struct ov_yara_value v;

    if (is_range || kind > OV_YARA_IS_TEXT)
        kind = OV_YARA_IS_INTEGER;
    for (uint32_t i = 0; i < n; i++)
        OV_TRY(ov_yara_pop_kind(c, kind, &v));
    *ret = kind;
    return OV_OK;
}

enum ov_status ov_yara_close_rounds(struct ov_yara_condition *c,
                                    struct ov_yara_pending what)
{
    uint32_t n = what.n_items + 1;
    enum ov_yara_kind kind = OV_YARA_IS_INTEGER;

    OV_TRY(pop_rounds(c, n, what.is_second, &kind));
    if (what.n_variables != 1)
        return ov_yara_fail_at(c, &what.token, "this loop has one variable");
    if (what.is_second) {
        ov_yara_emit(c, OV_COND_LOOP_RANGE);
        what.n_items = 0;
    } else {
        ov_yara_emit_with(c, OV_COND_LOOP_VALUES, n);
        what.n_items = n;
        c->n_held += n;
    }
    OV_TRY(ov_yara_enter(c, (struct ov_yara_loop){0}, &what.token));
    OV_TRY(declare(c, what.variables[0], OV_COND_LOOP_VALUE,
                   ov_yara_type_of(kind), &what.token));
    return open_body(c, what);
}

enum ov_status ov_yara_step_colon(struct ov_yara_condition *c)
{
    struct ov_yara_pending what;
    struct ov_yara_value v;
    bool is_dictionary;

    OV_TRY(ov_yara_reduce(c, OV_PREC_OR));
    if (c->n_pending == 0 || ov_yara_top(c)->kind < OV_PENDING_ITEMS ||
        ov_yara_top(c)->kind > OV_PENDING_WITH)
        return ov_yara_fail(c->p, OV_MALFORMED, "expected an operator");
    if (ov_yara_top(c)->kind == OV_PENDING_WITH)
        return ov_yara_step_with(c);
    what = *ov_yara_top(c);
    c->n_pending--;
    v = ov_yara_pop(c);
    is_dictionary = v.type.kind == OV_YARA_IS_DICTIONARY;
    if (!is_dictionary && v.type.kind != OV_YARA_IS_ARRAY)
        return ov_yara_fail_at(c, &v.token,
                               "expected an array or a dictionary");
    if (what.n_variables != 1u + is_dictionary)
        return ov_yara_fail_at(c, &v.token,
                               is_dictionary
                                   ? "a dictionary needs two variables"
                                   : "an array needs one variable");
    ov_yara_emit(c, OV_COND_LOOP_ITEMS);
    OV_TRY(ov_yara_enter(c, (struct ov_yara_loop){0}, &what.token));
    if (is_dictionary)
        OV_TRY(declare(c, what.variables[0], OV_COND_LOOP_KEY,
                       ov_yara_type_of(OV_YARA_IS_TEXT), &what.token));
    OV_TRY(declare(c, what.variables[is_dictionary], OV_COND_LOOP_VALUE,
                   ov_yara_type_of_item(&v.type), &what.token));
    return open_body(c, what);
}

/* The body's ")" was read. "with" may have opened several. */
enum ov_status ov_yara_close_body(struct ov_yara_condition *c,
                                  struct ov_yara_pending what)
{
    for (uint32_t i = 0; i < what.n_bodies; i++)
        OV_TRY(ov_yara_end_loop(c, what.quantifier, what.n_items));
    return OV_OK;
}

/* ---- with ---- */

/* "name =", behind "with" or a comma. */
static enum ov_status read_declaration(struct ov_yara_condition *c,
                                       struct ov_yara_pending what)
{
    what.token = c->p->token;
    what.variables[0] = c->p->token.value;
    OV_TRY(ov_yara_expect(c->p, OV_YARA_NAME));
    OV_TRY(ov_yara_expect(c->p, OV_YARA_ASSIGN));
    return ov_yara_open(c, what);
}

enum ov_status ov_yara_read_with(struct ov_yara_condition *c)
{
    return read_declaration(
        c, (struct ov_yara_pending){.kind = OV_PENDING_WITH,
                                    .quantifier = OV_QUANTIFIER_ANY});
}

/* "," or ":" behind a declared value: it is held until the body has ended. */
enum ov_status ov_yara_step_with(struct ov_yara_condition *c)
{
    struct ov_yara_pending what = *ov_yara_top(c);
    struct ov_yara_value v = ov_yara_pop(c);

    c->n_pending--;
    if (v.type.kind == OV_YARA_IS_FUNCTION || v.type.kind == OV_YARA_IS_REGEX)
        return ov_yara_fail_at(c, &v.token, "expected a value");
    ov_yara_emit_with(c, OV_COND_LOOP_VALUES, 1);
    c->n_held++;
    OV_TRY(ov_yara_enter(c, (struct ov_yara_loop){0}, &what.token));
    OV_TRY(
        declare(c, what.variables[0], OV_COND_LOOP_VALUE, v.type, &what.token));
    what.n_bodies++;
    if (c->p->token.kind == OV_YARA_COMMA) {
        OV_TRY(ov_yara_next(c->p));
        return read_declaration(c, what);
    }
    what.n_items = 1;
    return open_body(c, what);
}
