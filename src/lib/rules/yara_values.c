/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_condition.h"

/* Types, emission, and what can hold without a match: the part of YARA's
 * condition compiler that does not look at tokens (see yara_condition.c).
 * Types: YARA documentation, "Conditions"; what is undefined is the machine's
 * affair. */

/* ---- types ---- */

static enum ov_yara_kind kind_of(enum ov_datum_kind kind)
{
    switch (kind) {
    case OV_DATUM_FLOAT:
        return OV_YARA_IS_FLOAT;
    case OV_DATUM_STRING:
        return OV_YARA_IS_TEXT;
    case OV_DATUM_STRUCTURE:
        return OV_YARA_IS_STRUCTURE;
    case OV_DATUM_ARRAY:
        return OV_YARA_IS_ARRAY;
    case OV_DATUM_DICTIONARY:
        return OV_YARA_IS_DICTIONARY;
    case OV_DATUM_FUNCTION:
        return OV_YARA_IS_FUNCTION;
    case OV_DATUM_REGEX:
        return OV_YARA_IS_REGEX;
    case OV_DATUM_INTEGER:
    case OV_DATUM_CONSTANT:
    case OV_DATUM_UNDEFINED:
        break;
    }
    return OV_YARA_IS_INTEGER;
}

struct ov_yara_type ov_yara_type_of_field(const struct ov_structure *s,
                                          uint32_t place)
{
    const struct ov_field *field = &s->fields[place];

    return (struct ov_yara_type){.kind = kind_of(field->kind),
                                 .item = kind_of(field->item),
                                 .of = field->structure,
                                 .field = field,
                                 .place = place};
}

struct ov_yara_type ov_yara_type_of_item(const struct ov_yara_type *type)
{
    return (struct ov_yara_type){.kind = type->item, .of = type->of};
}

struct ov_yara_type ov_yara_type_of_result(const struct ov_function *form)
{
    return (struct ov_yara_type){.kind = kind_of(form->result),
                                 .of = form->of_result};
}

static const char *kind_name(enum ov_yara_kind kind)
{
    static const char *const names[] = {
        [OV_YARA_IS_INTEGER] = "a number",
        [OV_YARA_IS_FLOAT] = "a floating point number",
        [OV_YARA_IS_TEXT] = "a text",
        [OV_YARA_IS_REGEX] = "a regular expression",
        [OV_YARA_IS_TRUTH] = "true or false",
        [OV_YARA_IS_STRUCTURE] = "a structure",
        [OV_YARA_IS_ARRAY] = "an array",
        [OV_YARA_IS_DICTIONARY] = "a dictionary",
        [OV_YARA_IS_FUNCTION] = "a function without its arguments",
    };

    return names[kind];
}

static enum ov_status fail_type(struct ov_yara_condition *c,
                                const struct ov_yara_value *v,
                                const char *expected)
{
    return ov_yara_fault_set(&c->p->fault, OV_MALFORMED, &v->token,
                             "expected %s, not %s", expected,
                             kind_name(v->type.kind));
}

/* ---- emitting ---- */

void ov_yara_emit(struct ov_yara_condition *c, uint8_t op)
{
    ov_put_u8(&c->p->code, op);
}

void ov_yara_emit_with(struct ov_yara_condition *c, uint8_t op,
                       uint64_t operand)
{
    ov_put_u8(&c->p->code, op);
    ov_put_varint(&c->p->code, operand);
}

enum ov_status ov_yara_fail_at(struct ov_yara_condition *c,
                               const struct ov_yara_token *t, const char *why)
{
    return ov_yara_fault_set(&c->p->fault, OV_MALFORMED, t, "%s", why);
}

size_t ov_yara_here(const struct ov_yara_condition *c)
{
    return c->p->code.len;
}

/* Sees to it that the machine can hold so many values and loops more. */
enum ov_status ov_yara_reserve(struct ov_yara_condition *c, size_t n_values,
                               size_t n_loops, const struct ov_yara_token *t)
{
    struct ov_yara_parser *p = c->p;

    n_values += c->n_values + c->n_held;
    n_loops += c->n_loops;
    if (n_values > OV_YARA_VALUES_MAX)
        return ov_yara_fail_at(c, t, "the condition nests too deep; split it");
    if (n_loops > OV_YARA_LOOPS_MAX)
        return ov_yara_fail_at(c, t, "loops nest more than 8 deep");
    if (n_values > p->max_values)
        p->max_values = n_values;
    if (n_loops > p->max_loops)
        p->max_loops = n_loops;
    return OV_OK;
}

enum ov_status ov_yara_push(struct ov_yara_condition *c, struct ov_yara_value v)
{
    OV_TRY(ov_yara_reserve(c, 1, 0, &v.token));
    if (!v.has_guard)
        v.guard = ov_yara_guard_any();
    c->values[c->n_values++] = v;
    c->wants_value = false;
    return OV_OK;
}

struct ov_yara_value ov_yara_pop(struct ov_yara_condition *c)
{
    return c->values[--c->n_values];
}

enum ov_status ov_yara_pop_kind(struct ov_yara_condition *c,
                                enum ov_yara_kind kind,
                                struct ov_yara_value *ret)
{
    *ret = ov_yara_pop(c);
    if (ret->type.kind != kind)
        return fail_type(c, ret, kind_name(kind));
    return OV_OK;
}

static enum ov_status pop_number(struct ov_yara_condition *c,
                                 struct ov_yara_value *ret)
{
    *ret = ov_yara_pop(c);
    if (ret->type.kind > OV_YARA_IS_FLOAT)
        return fail_type(c, ret, "a number");
    return OV_OK;
}

enum ov_status ov_yara_pop_truth(struct ov_yara_condition *c,
                                 struct ov_yara_value *ret)
{
    struct ov_yara_value v = ov_yara_pop(c);

    if (v.type.kind > OV_YARA_IS_TRUTH || v.type.kind == OV_YARA_IS_REGEX)
        return fail_type(c, &v, "true or false");
    v.needs = v.needs || (v.type.kind != OV_YARA_IS_TRUTH && v.is_count);
    v.type = ov_yara_type_of(OV_YARA_IS_TRUTH);
    v.is_constant = false;
    *ret = v;
    return OV_OK;
}

enum ov_status ov_yara_open(struct ov_yara_condition *c,
                            struct ov_yara_pending what)
{
    if (c->n_pending == OV_YARA_PENDING_MAX)
        return ov_yara_fail_at(c, &what.token, "the condition nests too deep");
    c->pending[c->n_pending++] = what;
    c->wants_value = true;
    return OV_OK;
}

struct ov_yara_pending *ov_yara_top(struct ov_yara_condition *c)
{
    return c->n_pending > 0 ? &c->pending[c->n_pending - 1] : NULL;
}

enum ov_status ov_yara_enter(struct ov_yara_condition *c,
                             struct ov_yara_loop loop,
                             const struct ov_yara_token *t)
{
    OV_TRY(ov_yara_reserve(c, 0, 1, t));
    c->p->is_costly = c->p->is_costly || !loop.is_over_terms;
    c->loops[c->n_loops++] = loop;
    return OV_OK;
}

/* ---- operators ---- */

/* Whether "count OP k" cannot hold for a count of 0. */
static bool is_above_zero(uint8_t op, int64_t k)
{
    return (op == OV_COND_GREATER && k >= 0) ||
           (op == OV_COND_GREATER_EQUAL && k > 0) ||
           (op == OV_COND_SAME && k != 0);
}

uint8_t ov_yara_mirrored(uint8_t op)
{
    switch (op) {
    case OV_COND_LESS:
        return OV_COND_GREATER;
    case OV_COND_LESS_EQUAL:
        return OV_COND_GREATER_EQUAL;
    case OV_COND_GREATER:
        return OV_COND_LESS;
    case OV_COND_GREATER_EQUAL:
        return OV_COND_LESS_EQUAL;
    default:
        return op;
    }
}

/* The left side of "and" and "or" may settle it: then the right one, which
 * begins at what->at, is passed over. */
static void put_jump(struct ov_yara_condition *c,
                     const struct ov_yara_pending *what)
{
    struct ov_buf *code = &c->p->code;
    OV_AUTO_DONE(buf) jump = ov_buf_with_max(16);

    ov_yara_emit(c, OV_COND_TRUTH);
    ov_put_u8(&jump, what->op == OV_COND_AND ? OV_COND_IF : OV_COND_UNLESS);
    ov_put_varint(&jump, code->len - what->at);
    if (ov_buf_status(&jump) != OV_OK)
        code->status = OV_NO_MEMORY;
    else
        ov_buf_insert(code, what->at, ov_buf_span(&jump));
}

static enum ov_status apply_logic(struct ov_yara_condition *c,
                                  const struct ov_yara_pending *what)
{
    struct ov_yara_value right;
    struct ov_yara_value left;

    OV_TRY(ov_yara_pop_truth(c, &right));
    OV_TRY(ov_yara_pop_truth(c, &left));
    left.needs = what->op == OV_COND_AND ? left.needs || right.needs
                                         : left.needs && right.needs;
    left.guard = what->op == OV_COND_AND
                     ? ov_yara_guard_both(left.guard, right.guard)
                     : ov_yara_guard_either(left.guard, right.guard);
    left.has_guard = true;
    put_jump(c, what);
    return ov_yara_push(c, left);
}

static enum ov_status check_constants(struct ov_yara_condition *c, uint8_t op,
                                      const struct ov_yara_value *right)
{
    if (!right->is_constant)
        return OV_OK;
    if ((op == OV_COND_DIVIDE || op == OV_COND_REMAINDER) && right->number == 0)
        return ov_yara_fail_at(c, &right->token, "division by zero");
    if ((op == OV_COND_SHIFT_LEFT || op == OV_COND_SHIFT_RIGHT) &&
        right->number < 0)
        return ov_yara_fail_at(c, &right->token, "shift by a negative number");
    return OV_OK;
}

/* The value of an operation on constants. Sums that do not fit 64 bits are
 * errors, as they are to YARA. */
static enum ov_status fold(struct ov_yara_condition *c, uint8_t op,
                           const struct ov_yara_value *left,
                           const struct ov_yara_value *right,
                           struct ov_yara_value *v)
{
    bool is_big = false;

    v->is_constant = true;
    if (op == OV_COND_ADD)
        is_big =
            __builtin_add_overflow(left->number, right->number, &v->number);
    else if (op == OV_COND_SUBTRACT)
        is_big =
            __builtin_sub_overflow(left->number, right->number, &v->number);
    else if (op == OV_COND_MULTIPLY)
        is_big =
            __builtin_mul_overflow(left->number, right->number, &v->number);
    else
        v->is_constant = false;
    if (is_big)
        return ov_yara_fail_at(c, &left->token,
                               "the result does not fit 64 bits");
    return OV_OK;
}

static enum ov_status apply_arithmetic(struct ov_yara_condition *c, uint8_t op)
{
    bool is_real = op >= OV_COND_ADD && op <= OV_COND_DIVIDE;
    struct ov_yara_value right;
    struct ov_yara_value left;
    struct ov_yara_value v;

    if (is_real) {
        OV_TRY(pop_number(c, &right));
        OV_TRY(pop_number(c, &left));
    } else {
        OV_TRY(ov_yara_pop_kind(c, OV_YARA_IS_INTEGER, &right));
        OV_TRY(ov_yara_pop_kind(c, OV_YARA_IS_INTEGER, &left));
    }
    if (left.type.kind == OV_YARA_IS_INTEGER)
        OV_TRY(check_constants(c, op, &right));
    v = (struct ov_yara_value){
        .needs = left.needs || right.needs, .at = left.at, .token = left.token};
    if (left.type.kind == OV_YARA_IS_FLOAT ||
        right.type.kind == OV_YARA_IS_FLOAT)
        v.type = ov_yara_type_of(OV_YARA_IS_FLOAT);
    if (left.is_constant && right.is_constant)
        OV_TRY(fold(c, op, &left, &right, &v));
    ov_yara_emit(c, op);
    return ov_yara_push(c, v);
}

static bool are_comparable(const struct ov_yara_value *left,
                           const struct ov_yara_value *right)
{
    bool is_text = left->type.kind == OV_YARA_IS_TEXT;

    return left->type.kind <= OV_YARA_IS_TEXT &&
           right->type.kind <= OV_YARA_IS_TEXT &&
           is_text == (right->type.kind == OV_YARA_IS_TEXT);
}

static enum ov_status apply_comparison(struct ov_yara_condition *c, uint8_t op)
{
    struct ov_yara_value right = ov_yara_pop(c);
    struct ov_yara_value left = ov_yara_pop(c);
    struct ov_yara_value v = {.type = {.kind = OV_YARA_IS_TRUTH},
                              .needs = left.needs || right.needs,
                              .has_guard = true,
                              .guard = ov_yara_guard_of(op, &left, &right),
                              .at = left.at,
                              .token = left.token};

    if (!are_comparable(&left, &right))
        return ov_yara_fault_set(&c->p->fault, OV_MALFORMED, &left.token,
                                 "%s cannot be compared with %s",
                                 kind_name(left.type.kind),
                                 kind_name(right.type.kind));
    if (left.is_count && right.is_constant)
        v.needs = v.needs || is_above_zero(op, right.number);
    if (right.is_count && left.is_constant)
        v.needs = v.needs || is_above_zero(ov_yara_mirrored(op), left.number);
    ov_yara_emit(c, op);
    return ov_yara_push(c, v);
}

static enum ov_status apply_texts(struct ov_yara_condition *c, uint8_t op)
{
    enum ov_yara_kind kind =
        op == OV_COND_FITS ? OV_YARA_IS_REGEX : OV_YARA_IS_TEXT;
    struct ov_yara_value right;
    struct ov_yara_value left;

    OV_TRY(ov_yara_pop_kind(c, kind, &right));
    OV_TRY(ov_yara_pop_kind(c, OV_YARA_IS_TEXT, &left));
    left.needs = left.needs || right.needs;
    left.type = ov_yara_type_of(OV_YARA_IS_TRUTH);
    left.is_literal = false;
    ov_yara_emit(c, op);
    return ov_yara_push(c, left);
}

/* "not" and "defined". */
static enum ov_status apply_test(struct ov_yara_condition *c, uint8_t op)
{
    struct ov_yara_value v;

    if (op == OV_COND_NOT) {
        OV_TRY(ov_yara_pop_truth(c, &v));
        v.needs = false;
        v.has_guard = false;
    } else {
        v = ov_yara_pop(c);
        if (v.type.kind == OV_YARA_IS_FUNCTION)
            return fail_type(c, &v, "a value");
        v.needs = v.needs && v.type.kind != OV_YARA_IS_TRUTH;
        v.type = ov_yara_type_of(OV_YARA_IS_TRUTH);
        v.is_constant = false;
        v.has_guard = false;
    }
    v.is_count = false;
    ov_yara_emit(c, op);
    return ov_yara_push(c, v);
}

static enum ov_status apply_unary(struct ov_yara_condition *c, uint8_t op)
{
    struct ov_yara_value v;

    if (op == OV_COND_NOT || op == OV_COND_DEFINED)
        return apply_test(c, op);
    if (op == OV_COND_NEGATE)
        OV_TRY(pop_number(c, &v));
    else
        OV_TRY(ov_yara_pop_kind(c, OV_YARA_IS_INTEGER, &v));
    v.is_count = false;
    v.is_size = false;
    v.head_how = 0;
    v.is_constant = v.is_constant && op == OV_COND_NEGATE &&
                    !__builtin_sub_overflow(0, v.number, &v.number);
    ov_yara_emit(c, op);
    return ov_yara_push(c, v);
}

/* ---- loops ---- */

/* Whether k of something, with what is counted below, needs one of it. */
static enum ov_status pop_quantity(struct ov_yara_condition *c,
                                   enum ov_quantifier quantifier,
                                   bool *ret_needs)
{
    struct ov_yara_value k;

    *ret_needs = quantifier != OV_QUANTIFIER_NONE;
    if (quantifier < OV_QUANTIFIER_COUNT)
        return OV_OK;
    OV_TRY(ov_yara_pop_kind(c, OV_YARA_IS_INTEGER, &k));
    if (quantifier != OV_QUANTIFIER_PERCENT)
        *ret_needs = k.is_constant && k.number > 0;
    return OV_OK;
}

/* Ends the innermost loop, whose body or test is the value on top. */
static enum ov_status end_loop(struct ov_yara_condition *c,
                               enum ov_quantifier quantifier, uint32_t n_held,
                               bool is_strict)
{
    struct ov_yara_value v;
    bool needs;

    OV_TRY(ov_yara_pop_truth(c, &v));
    ov_yara_emit_with(c, OV_COND_LOOP_END,
                      quantifier | (is_strict ? OV_QUANTIFIER_STRICT : 0));
    while (c->n_variables > 0 &&
           c->variables[c->n_variables - 1].loop == c->n_loops)
        c->n_variables--;
    c->n_loops--;
    c->n_held -= n_held;
    OV_TRY(pop_quantity(c, quantifier, &needs));
    v.needs = v.needs && needs;
    v.has_guard = false;
    return ov_yara_push(c, v);
}

enum ov_status ov_yara_end_loop(struct ov_yara_condition *c,
                                enum ov_quantifier quantifier, uint32_t n_held)
{
    return end_loop(c, quantifier, n_held, false);
}

enum ov_status ov_yara_end_tally(struct ov_yara_condition *c,
                                 enum ov_quantifier quantifier,
                                 const struct ov_yara_tally *tally,
                                 const struct ov_yara_token *t)
{
    struct ov_yara_value v = {.type = {.kind = OV_YARA_IS_TRUTH}, .token = *t};
    bool needs;

    ov_yara_emit_with(c, OV_COND_ENOUGH, tally->n);
    ov_put_varint(&c->p->code, quantifier);
    OV_TRY(pop_quantity(c, quantifier, &needs));
    v.needs = needs && (quantifier == OV_QUANTIFIER_ALL ? tally->some_needs
                                                        : tally->all_need);
    return ov_yara_push(c, v);
}

/* $a at ..., any of them at ..., and the same with "in": the places have been
 * emitted. */
enum ov_status ov_yara_apply_place(struct ov_yara_condition *c,
                                   const struct ov_yara_pending *what)
{
    bool is_count = what->op == OV_COND_MATCHES_IN;
    struct ov_yara_value v;

    OV_TRY(ov_yara_pop_kind(c, OV_YARA_IS_INTEGER, &v));
    if (what->kind == OV_PENDING_IN)
        OV_TRY(ov_yara_pop_kind(c, OV_YARA_IS_INTEGER, &v));
    v = (struct ov_yara_value){
        .type =
            ov_yara_type_of(is_count ? OV_YARA_IS_INTEGER : OV_YARA_IS_TRUTH),
        .needs = !is_count,
        .is_count = is_count,
        .at = v.at,
        .token = what->token};
    ov_yara_emit_with(c, what->op, what->operand);
    OV_TRY(ov_yara_push(c, v));
    if (!what->is_of)
        return OV_OK;
    /* The places are the same for all strings: undefined ones are so for the
     * whole. */
    return end_loop(c, what->quantifier, 0, true);
}

static enum ov_status apply_binary(struct ov_yara_condition *c,
                                   const struct ov_yara_pending *what)
{
    if (what->op == OV_COND_AND || what->op == OV_COND_OR)
        return apply_logic(c, what);
    if (what->op >= OV_COND_CONTAINS && what->op <= OV_COND_FITS)
        return apply_texts(c, what->op);
    if (what->op >= OV_COND_LESS && what->op <= OV_COND_DIFFERENT)
        return apply_comparison(c, what->op);
    return apply_arithmetic(c, what->op);
}

/* Completes what binds at least as tight as precedence; stops at brackets. */
enum ov_status ov_yara_reduce(struct ov_yara_condition *c, uint8_t precedence)
{
    while (c->n_pending > 0 && ov_yara_top(c)->kind <= OV_PENDING_AT &&
           ov_yara_top(c)->precedence >= precedence) {
        struct ov_yara_pending what = *ov_yara_top(c);

        c->n_pending--;
        if (what.kind == OV_PENDING_AT)
            OV_TRY(ov_yara_apply_place(c, &what));
        else if (what.kind == OV_PENDING_UNARY)
            OV_TRY(apply_unary(c, what.op));
        else
            OV_TRY(apply_binary(c, &what));
    }
    return OV_OK;
}
