/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_condition.h"

/* YARA conditions to bytecode in one pass, by operator precedence with a stack
 * of its own: what is open (operators, brackets, loops) waits in `pending`,
 * and each value that the bytecode will have on its stack is an entry of
 * `values`, which knows its type. "#a + 1 > 2 and $b":
 *
 *   read      emitted              values    pending
 *   #a        matches a            I
 *   +                              I         +
 *   1         int 1                I I       +
 *   >         add                  I         >         (+ binds tighter)
 *   2         int 2                I I       >
 *   and       greater              B         and
 *   $b        found b              B B       and
 *   (end)     and                  B
 *
 * So nothing here recurses, and depth costs an entry each: more than
 * VALUES_MAX or PENDING_MAX is an error.
 *
 * For each value it is also worked out whether it can be true at all when no
 * string was found (`needs`): rules that can not are never looked at for files
 * without a match. Precedence and types: YARA documentation, "Conditions". */

static const struct operation {
    enum ov_yara_token_kind token;
    uint8_t precedence;
    uint8_t op;
} binary[] = {
    {OV_YARA_OR, OV_PREC_OR, OV_COND_OR},
    {OV_YARA_AND, OV_PREC_AND, OV_COND_AND},
    {OV_YARA_EQ, OV_PREC_EQUAL, OV_COND_SAME},
    {OV_YARA_NE, OV_PREC_EQUAL, OV_COND_DIFFERENT},
    {OV_YARA_LT, OV_PREC_ORDER, OV_COND_LESS},
    {OV_YARA_LE, OV_PREC_ORDER, OV_COND_LESS_EQUAL},
    {OV_YARA_GT, OV_PREC_ORDER, OV_COND_GREATER},
    {OV_YARA_GE, OV_PREC_ORDER, OV_COND_GREATER_EQUAL},
    {OV_YARA_BIT_OR, OV_PREC_BIT_OR, OV_COND_BIT_OR},
    {OV_YARA_BIT_XOR, OV_PREC_BIT_XOR, OV_COND_BIT_XOR},
    {OV_YARA_BIT_AND, OV_PREC_BIT_AND, OV_COND_BIT_AND},
    {OV_YARA_SHIFT_LEFT, OV_PREC_SHIFT, OV_COND_SHIFT_LEFT},
    {OV_YARA_SHIFT_RIGHT, OV_PREC_SHIFT, OV_COND_SHIFT_RIGHT},
    {OV_YARA_PLUS, OV_PREC_ADD, OV_COND_ADD},
    {OV_YARA_MINUS, OV_PREC_ADD, OV_COND_SUBTRACT},
    {OV_YARA_STAR, OV_PREC_MULTIPLY, OV_COND_MULTIPLY},
    {OV_YARA_DIVIDE, OV_PREC_MULTIPLY, OV_COND_DIVIDE},
    {OV_YARA_PERCENT, OV_PREC_MULTIPLY, OV_COND_REMAINDER},
};

static const struct operation unary[] = {
    {OV_YARA_NOT, OV_PREC_NOT, OV_COND_NOT},
    {OV_YARA_DEFINED, OV_PREC_NOT, OV_COND_DEFINED},
    {OV_YARA_MINUS, OV_PREC_UNARY, OV_COND_NEGATE},
    {OV_YARA_BIT_NOT, OV_PREC_UNARY, OV_COND_BIT_NOT},
};

static const struct {
    enum ov_yara_token_kind token;
    uint8_t how; /* enum ov_read_as */
} reads[] = {
    {OV_YARA_INT8, 1 | OV_READ_SIGNED},
    {OV_YARA_INT8BE, 1 | OV_READ_SIGNED | OV_READ_BIG_ENDIAN},
    {OV_YARA_INT16, 2 | OV_READ_SIGNED},
    {OV_YARA_INT16BE, 2 | OV_READ_SIGNED | OV_READ_BIG_ENDIAN},
    {OV_YARA_INT32, 4 | OV_READ_SIGNED},
    {OV_YARA_INT32BE, 4 | OV_READ_SIGNED | OV_READ_BIG_ENDIAN},
    {OV_YARA_UINT8, 1},
    {OV_YARA_UINT8BE, 1 | OV_READ_BIG_ENDIAN},
    {OV_YARA_UINT16, 2},
    {OV_YARA_UINT16BE, 2 | OV_READ_BIG_ENDIAN},
    {OV_YARA_UINT32, 4},
    {OV_YARA_UINT32BE, 4 | OV_READ_BIG_ENDIAN},
};

/* ---- where a value is expected ---- */

/* The operand that means this string in the code: 0 for "$", the current one
 * of a loop. */
static enum ov_status read_string(struct ov_yara_condition *c,
                                  const struct ov_yara_token *t, uint64_t *ret)
{
    uint32_t i = 0;

    if (t->value.len > 0) {
        OV_TRY(ov_yara_find_string(c->p, t, &i));
        *ret = (uint64_t)i + 1;
        return OV_OK;
    }
    for (size_t n = c->n_loops; n > 0; n--) {
        if (!c->loops[n - 1].is_over_terms)
            continue;
        if (c->loops[n - 1].is_hidden)
            return ov_yara_fault_set(
                &c->p->fault, OV_UNSUPPORTED, t,
                "the loop's string in the places of a set is not taken yet");
        *ret = 0;
        return OV_OK;
    }
    return ov_yara_fail_at(c, t,
                           "a string without a name is only known in "
                           "the body of a loop over strings");
}

/* "$a", "$a at ...", "$a in (...)", "#a", "#a in (...)" */
static enum ov_status read_found(struct ov_yara_condition *c)
{
    struct ov_yara_parser *p = c->p;
    struct ov_yara_token t = p->token;
    struct ov_yara_pending what = {.token = t};
    bool is_count = t.kind == OV_YARA_COUNT;

    OV_TRY(read_string(c, &t, &what.operand));
    OV_TRY(ov_yara_next(p));
    if (p->token.kind == OV_YARA_IN) {
        OV_TRY(ov_yara_next(p));
        OV_TRY(ov_yara_expect(p, OV_YARA_OPEN));
        what.kind = OV_PENDING_IN;
        what.op = is_count ? OV_COND_MATCHES_IN : OV_COND_FOUND_IN;
        return ov_yara_open(c, what);
    }
    if (!is_count && p->token.kind == OV_YARA_AT) {
        OV_TRY(ov_yara_next(p));
        what.kind = OV_PENDING_AT;
        what.precedence = OV_PREC_AT;
        what.op = OV_COND_FOUND_AT;
        return ov_yara_open(c, what);
    }
    ov_yara_emit_with(c, is_count ? OV_COND_MATCHES : OV_COND_FOUND,
                      what.operand);
    return ov_yara_push(c, (struct ov_yara_value){.is_truth = !is_count,
                                                  .needs = !is_count,
                                                  .is_count = is_count,
                                                  .token = t});
}

/* "@a", "@a[...]", "!a", "!a[...]"; without an index it is the first. */
static enum ov_status read_match(struct ov_yara_condition *c)
{
    struct ov_yara_token t = c->p->token;
    struct ov_yara_pending what = {.kind = OV_PENDING_INDEX, .token = t};

    what.op = t.kind == OV_YARA_OFFSET ? OV_COND_OFFSET : OV_COND_LENGTH;
    OV_TRY(read_string(c, &t, &what.operand));
    OV_TRY(ov_yara_next(c->p));
    if (c->p->token.kind == OV_YARA_INDEX_OPEN) {
        OV_TRY(ov_yara_next(c->p));
        return ov_yara_open(c, what);
    }
    ov_yara_emit_with(c, OV_COND_INT, 1);
    ov_yara_emit_with(c, what.op, what.operand);
    return ov_yara_push(c, (struct ov_yara_value){.needs = true, .token = t});
}

static enum ov_status read_name(struct ov_yara_condition *c)
{
    struct ov_yara_token t = c->p->token;
    const struct ov_yara_rule *rule;

    for (size_t n = c->n_loops; n > 0; n--) {
        struct ov_span variable = c->loops[n - 1].variable;

        if (variable.len == 0 || !ov_span_equal(variable, t.value))
            continue;
        ov_yara_emit_with(c, OV_COND_LOOP_VALUE, c->n_loops - n);
        OV_TRY(ov_yara_next(c->p));
        return ov_yara_push(c, (struct ov_yara_value){.token = t});
    }
    rule = ov_yara_find_rule(c->p, t.value);
    if (rule == NULL) {
        OV_TRY(ov_yara_next(c->p));
        if (c->p->token.kind == OV_YARA_DOT)
            return ov_yara_fault_set(&c->p->fault, OV_UNSUPPORTED, &t,
                                     "modules are not taken yet");
        return ov_yara_fail_at(c, &t, "no such rule above, nor loop variable");
    }
    if (rule->is_skipped)
        return ov_yara_fault_set(&c->p->fault, OV_UNSUPPORTED, &t,
                                 "refers to a rule that was left out");
    OV_TRY(ov_yara_refer(c->p, rule));
    OV_TRY(ov_yara_next(c->p));
    return ov_yara_push(c, (struct ov_yara_value){.is_truth = true,
                                                  .needs = rule->needs_match,
                                                  .token = t});
}

static enum ov_status read_number(struct ov_yara_condition *c)
{
    struct ov_yara_value v = {.token = c->p->token};

    switch ((int)v.token.kind) {
    case OV_YARA_FILESIZE:
        ov_yara_emit_with(c, OV_COND_FACT, OV_FACT_FILESIZE);
        break;
    case OV_YARA_ENTRYPOINT:
        ov_yara_emit_with(c, OV_COND_FACT, OV_FACT_ENTRY_POINT);
        break;
    case OV_YARA_TRUE:
    case OV_YARA_FALSE:
        v.is_truth = true;
        ov_yara_emit_with(c, OV_COND_INT, v.token.kind == OV_YARA_TRUE);
        break;
    default:
        v.is_constant = true;
        v.number = v.token.number;
        ov_yara_emit_with(c, OV_COND_INT, (uint64_t)v.number);
        break;
    }
    OV_TRY(ov_yara_next(c->p));
    return ov_yara_push(c, v);
}

/* Behind "of": the set, and then perhaps places for its strings. */
static enum ov_status read_of(struct ov_yara_condition *c,
                              enum ov_quantifier quantifier,
                              const struct ov_yara_token *t)
{
    struct ov_yara_parser *p = c->p;
    struct ov_yara_pending what = {
        .is_of = true, .quantifier = quantifier, .token = *t};

    OV_TRY(ov_yara_read_set(p));
    OV_TRY(ov_yara_enter(c, (struct ov_yara_loop){true, true, {0}}, t));
    if (p->token.kind == OV_YARA_IN) {
        OV_TRY(ov_yara_next(p));
        OV_TRY(ov_yara_expect(p, OV_YARA_OPEN));
        what.kind = OV_PENDING_IN;
        what.op = OV_COND_FOUND_IN;
        return ov_yara_open(c, what);
    }
    if (p->token.kind == OV_YARA_AT) {
        OV_TRY(ov_yara_next(p));
        what.kind = OV_PENDING_AT;
        what.precedence = OV_PREC_AT;
        what.op = OV_COND_FOUND_AT;
        return ov_yara_open(c, what);
    }
    ov_yara_emit_with(c, OV_COND_FOUND, 0);
    OV_TRY(ov_yara_push(c, (struct ov_yara_value){
                               .is_truth = true, .needs = true, .token = *t}));
    return ov_yara_end_loop(c, quantifier, 0);
}

/* Behind the quantifier of "for": a set of strings, or a variable. */
static enum ov_status read_loop(struct ov_yara_condition *c,
                                enum ov_quantifier quantifier,
                                const struct ov_yara_token *t)
{
    struct ov_yara_parser *p = c->p;
    struct ov_yara_pending what = {
        .kind = OV_PENDING_ROUNDS, .quantifier = quantifier, .token = *t};

    if (p->token.kind == OV_YARA_OF) {
        OV_TRY(ov_yara_next(p));
        OV_TRY(ov_yara_read_set(p));
        OV_TRY(ov_yara_enter(c, (struct ov_yara_loop){true, false, {0}}, t));
        OV_TRY(ov_yara_expect(p, OV_YARA_COLON));
        OV_TRY(ov_yara_expect(p, OV_YARA_OPEN));
        what.kind = OV_PENDING_BODY;
        return ov_yara_open(c, what);
    }
    what.variable = p->token.value;
    OV_TRY(ov_yara_expect(p, OV_YARA_NAME));
    OV_TRY(ov_yara_expect(p, OV_YARA_IN));
    if (p->token.kind == OV_YARA_NAME)
        return ov_yara_fail(p, OV_UNSUPPORTED, "modules are not taken yet");
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

static enum ov_status read_for(struct ov_yara_condition *c)
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

static enum ov_status read_quantified(struct ov_yara_condition *c)
{
    struct ov_yara_token t = c->p->token;

    OV_TRY(ov_yara_next(c->p));
    OV_TRY(ov_yara_expect(c->p, OV_YARA_OF));
    return read_of(c, quantifier_of(t.kind), &t);
}

/* Operators before a value, and uint8(...) and its like. */
static enum ov_status read_prefix(struct ov_yara_condition *c)
{
    struct ov_yara_token t = c->p->token;
    struct ov_yara_pending what = {.kind = OV_PENDING_GROUP, .token = t};

    for (size_t i = 0; i < sizeof(unary) / sizeof(unary[0]); i++) {
        if (unary[i].token != t.kind)
            continue;
        what.kind = OV_PENDING_UNARY;
        what.op = unary[i].op;
        what.precedence = unary[i].precedence;
        OV_TRY(ov_yara_next(c->p));
        return ov_yara_open(c, what);
    }
    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        if (reads[i].token != t.kind)
            continue;
        what.kind = OV_PENDING_READ;
        what.op = OV_COND_READ;
        what.operand = reads[i].how;
        OV_TRY(ov_yara_next(c->p));
    }
    if (what.kind == OV_PENDING_GROUP && t.kind != OV_YARA_OPEN)
        return ov_yara_fail(c->p, OV_MALFORMED, "expected a value");
    OV_TRY(ov_yara_expect(c->p, OV_YARA_OPEN));
    return ov_yara_open(c, what);
}

static enum ov_status step_value(struct ov_yara_condition *c)
{
    switch ((int)c->p->token.kind) {
    case OV_YARA_STRING:
    case OV_YARA_COUNT:
        return read_found(c);
    case OV_YARA_OFFSET:
    case OV_YARA_LENGTH:
        return read_match(c);
    case OV_YARA_NAME:
        return read_name(c);
    case OV_YARA_NUMBER:
    case OV_YARA_FILESIZE:
    case OV_YARA_ENTRYPOINT:
    case OV_YARA_TRUE:
    case OV_YARA_FALSE:
        return read_number(c);
    case OV_YARA_ALL:
    case OV_YARA_ANY:
    case OV_YARA_NONE:
        return read_quantified(c);
    case OV_YARA_FOR:
        return read_for(c);
    case OV_YARA_TEXT:
    case OV_YARA_REGEX:
        return ov_yara_fail(c->p, OV_UNSUPPORTED,
                            "text in conditions is not taken yet");
    default:
        return read_prefix(c);
    }
}

/* ---- where an operator is expected ---- */

/* "of" behind a number, or behind a number and "%". */
static enum ov_status step_of(struct ov_yara_condition *c, bool is_percent)
{
    enum ov_quantifier quantifier =
        is_percent ? OV_QUANTIFIER_PERCENT : OV_QUANTIFIER_COUNT;
    struct ov_yara_value k;

    OV_TRY(ov_yara_reduce(c, OV_PREC_BIT_OR));
    OV_TRY(ov_yara_pop_integer(c, &k));
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

static enum ov_status step_variable(struct ov_yara_condition *c)
{
    struct ov_yara_value k;

    OV_TRY(ov_yara_reduce(c, OV_PREC_BIT_OR));
    if (ov_yara_top(c) == NULL || ov_yara_top(c)->kind != OV_PENDING_QUANTIFIER)
        return ov_yara_fail(c->p, OV_MALFORMED, "expected an operator");
    OV_TRY(ov_yara_pop_integer(c, &k));
    OV_TRY(ov_yara_push(c, k));
    c->n_pending--;
    return read_loop(c, OV_QUANTIFIER_COUNT, &k.token);
}

/* "(a..b)" or "(a, b, c)" of a loop is complete. */
static enum ov_status close_rounds(struct ov_yara_condition *c,
                                   struct ov_yara_pending what)
{
    uint32_t n = what.n_items + 1;
    struct ov_yara_value v;

    for (uint32_t i = 0; i < n; i++)
        OV_TRY(ov_yara_pop_integer(c, &v));
    if (what.is_second) {
        ov_yara_emit(c, OV_COND_LOOP_RANGE);
        what.n_items = 0;
    } else {
        ov_yara_emit_with(c, OV_COND_LOOP_VALUES, n);
        what.n_items = n;
        c->n_held += n;
    }
    OV_TRY(ov_yara_enter(c, (struct ov_yara_loop){false, false, what.variable},
                         &what.token));
    OV_TRY(ov_yara_expect(c->p, OV_YARA_COLON));
    OV_TRY(ov_yara_expect(c->p, OV_YARA_OPEN));
    what.kind = OV_PENDING_BODY;
    return ov_yara_open(c, what);
}

static enum ov_status close_number(struct ov_yara_condition *c,
                                   const struct ov_yara_pending *what)
{
    struct ov_yara_value v;

    OV_TRY(ov_yara_pop_integer(c, &v));
    ov_yara_emit_with(c, what->op, what->operand);
    v = (struct ov_yara_value){.needs =
                                   what->kind == OV_PENDING_INDEX || v.needs,
                               .token = what->token};
    return ov_yara_push(c, v);
}

static enum ov_status step_close(struct ov_yara_condition *c)
{
    struct ov_yara_pending what;
    bool is_index = c->p->token.kind == OV_YARA_INDEX_CLOSE;

    OV_TRY(ov_yara_reduce(c, OV_PREC_OR));
    if (c->n_pending == 0 ||
        (ov_yara_top(c)->kind == OV_PENDING_INDEX) != is_index ||
        ov_yara_top(c)->kind == OV_PENDING_QUANTIFIER)
        return ov_yara_fail(c->p, OV_MALFORMED, "nothing is open here");
    what = *ov_yara_top(c);
    if (what.kind == OV_PENDING_IN && !what.is_second)
        return ov_yara_fail(c->p, OV_MALFORMED, "a range is (from..to)");
    c->n_pending--;
    OV_TRY(ov_yara_next(c->p));
    switch (what.kind) {
    case OV_PENDING_READ:
    case OV_PENDING_INDEX:
        return close_number(c, &what);
    case OV_PENDING_IN:
        return ov_yara_apply_place(c, &what);
    case OV_PENDING_ROUNDS:
        return close_rounds(c, what);
    case OV_PENDING_BODY:
        return ov_yara_end_loop(c, what.quantifier, what.n_items);
    case OV_PENDING_GROUP:
    case OV_PENDING_BINARY:
    case OV_PENDING_UNARY:
    case OV_PENDING_AT:
    case OV_PENDING_QUANTIFIER:
        break;
    }
    return OV_OK;
}

/* ".." and "," in the brackets that know them. */
static enum ov_status step_separator(struct ov_yara_condition *c)
{
    bool is_range = c->p->token.kind == OV_YARA_DOTS;
    struct ov_yara_pending *what;

    OV_TRY(ov_yara_reduce(c, OV_PREC_OR));
    what = ov_yara_top(c);
    if (what == NULL || what->is_second ||
        !(what->kind == OV_PENDING_ROUNDS ||
          (is_range && what->kind == OV_PENDING_IN)) ||
        (is_range && what->n_items > 0))
        return ov_yara_fail(c->p, OV_MALFORMED, "expected ) or an operator");
    what->n_items++;
    what->is_second = is_range;
    c->wants_value = true;
    return ov_yara_next(c->p);
}

static enum ov_status step_binary(struct ov_yara_condition *c)
{
    struct ov_yara_token t = c->p->token;

    for (size_t i = 0; i < sizeof(binary) / sizeof(binary[0]); i++) {
        if (binary[i].token != t.kind)
            continue;
        OV_TRY(ov_yara_next(c->p));
        if (t.kind == OV_YARA_PERCENT && c->p->token.kind == OV_YARA_OF)
            return step_of(c, true);
        OV_TRY(ov_yara_reduce(c, binary[i].precedence));
        return ov_yara_open(
            c, (struct ov_yara_pending){.kind = OV_PENDING_BINARY,
                                        .precedence = binary[i].precedence,
                                        .op = binary[i].op,
                                        .token = t});
    }
    OV_TRY(ov_yara_reduce(c, OV_PREC_OR));
    if (c->n_pending > 0)
        return ov_yara_fail(c->p, OV_MALFORMED, "expected ) or an operator");
    c->is_done = true;
    return OV_OK;
}

static enum ov_status step_operator(struct ov_yara_condition *c)
{
    switch ((int)c->p->token.kind) {
    case OV_YARA_OF:
        return step_of(c, false);
    case OV_YARA_NAME:
        return step_variable(c);
    case OV_YARA_CLOSE:
    case OV_YARA_INDEX_CLOSE:
        return step_close(c);
    case OV_YARA_DOTS:
    case OV_YARA_COMMA:
        return step_separator(c);
    case OV_YARA_CONTAINS:
    case OV_YARA_ICONTAINS:
    case OV_YARA_STARTSWITH:
    case OV_YARA_ISTARTSWITH:
    case OV_YARA_ENDSWITH:
    case OV_YARA_IENDSWITH:
    case OV_YARA_IEQUALS:
    case OV_YARA_MATCHES:
        return ov_yara_fail(c->p, OV_UNSUPPORTED,
                            "text in conditions is not taken yet");
    default:
        return step_binary(c);
    }
}

enum ov_status ov_yara_read_condition(struct ov_yara_parser *p)
{
    OV_AUTO_PTR struct ov_yara_condition *c = ov_alloc(sizeof(*c));

    if (c == NULL)
        return OV_NO_MEMORY;
    c->p = p;
    c->wants_value = true;
    while (!c->is_done) {
        OV_TRY(c->wants_value ? step_value(c) : step_operator(c));
        if (p->code.status == OV_LIMIT_SIZE)
            return ov_yara_fail(p, OV_UNSUPPORTED, "the condition is too long");
    }
    p->needs_match =
        c->values[0].needs || (!c->values[0].is_truth && c->values[0].is_count);
    return ov_buf_status(&p->code);
}
