/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_condition.h"

/* Types, emission, and what can hold without a match: the half of YARA's
 * condition compiler that does not look at tokens (see yara_condition.c).
 * Types: YARA documentation, "Conditions"; what is undefined is the machine's
 * affair. */

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

enum ov_status ov_yara_push(struct ov_yara_condition *c, struct ov_yara_value v)
{
    if (c->n_values + c->n_held >= OV_YARA_VALUES_MAX)
        return ov_yara_fail_at(c, &v.token,
                               "the condition nests too deep; split it");
    c->values[c->n_values++] = v;
    c->wants_value = false;
    return OV_OK;
}

/* The parser sees to it that there is one. */
static struct ov_yara_value pop(struct ov_yara_condition *c)
{
    return c->values[--c->n_values];
}

enum ov_status ov_yara_pop_integer(struct ov_yara_condition *c,
                                   struct ov_yara_value *ret)
{
    *ret = pop(c);
    if (ret->is_truth)
        return ov_yara_fail_at(c, &ret->token,
                               "expected a number, not true or false");
    return OV_OK;
}

/* An integer counts as true unless it is 0. */
static struct ov_yara_value pop_truth(struct ov_yara_condition *c)
{
    struct ov_yara_value v = pop(c);

    v.needs = v.needs || (!v.is_truth && v.is_count);
    v.is_truth = true;
    return v;
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
    if (c->n_loops == OV_YARA_LOOPS_MAX)
        return ov_yara_fail_at(c, t, "loops nest more than 8 deep");
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

static uint8_t mirrored(uint8_t op)
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

static enum ov_status apply_logic(struct ov_yara_condition *c, uint8_t op)
{
    struct ov_yara_value right = pop_truth(c);
    struct ov_yara_value left = pop_truth(c);

    left.needs = op == OV_COND_AND ? left.needs || right.needs
                                   : left.needs && right.needs;
    left.is_constant = false;
    ov_yara_emit(c, op);
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

static enum ov_status apply_numbers(struct ov_yara_condition *c, uint8_t op)
{
    struct ov_yara_value right;
    struct ov_yara_value left;
    struct ov_yara_value v;

    OV_TRY(ov_yara_pop_integer(c, &right));
    OV_TRY(ov_yara_pop_integer(c, &left));
    OV_TRY(check_constants(c, op, &right));
    v = (struct ov_yara_value){.needs = left.needs || right.needs,
                               .token = left.token};
    if (op >= OV_COND_LESS && op <= OV_COND_DIFFERENT) {
        v.is_truth = true;
        if (left.is_count && right.is_constant)
            v.needs = v.needs || is_above_zero(op, right.number);
        if (right.is_count && left.is_constant)
            v.needs = v.needs || is_above_zero(mirrored(op), left.number);
    }
    ov_yara_emit(c, op);
    return ov_yara_push(c, v);
}

static enum ov_status apply_unary(struct ov_yara_condition *c, uint8_t op)
{
    struct ov_yara_value v;

    if (op == OV_COND_NOT) {
        v = pop_truth(c);
        v.needs = false;
        v.is_constant = false;
    } else if (op == OV_COND_DEFINED) {
        v = pop(c);
        v.needs = v.needs && !v.is_truth;
        v.is_truth = true;
        v.is_constant = false;
    } else {
        OV_TRY(ov_yara_pop_integer(c, &v));
        v.is_count = false;
        v.is_constant = v.is_constant && op == OV_COND_NEGATE &&
                        !__builtin_sub_overflow(0, v.number, &v.number);
    }
    ov_yara_emit(c, op);
    return ov_yara_push(c, v);
}

/* Ends the innermost loop, whose body or test is the value on top. */
enum ov_status ov_yara_end_loop(struct ov_yara_condition *c,
                                enum ov_quantifier quantifier, uint32_t n_held)
{
    struct ov_yara_value v = pop_truth(c);

    ov_yara_emit_with(c, OV_COND_LOOP_END, quantifier);
    c->n_loops--;
    c->n_held -= n_held;
    v.is_constant = false;
    if (quantifier == OV_QUANTIFIER_NONE)
        v.needs = false;
    if (quantifier == OV_QUANTIFIER_COUNT ||
        quantifier == OV_QUANTIFIER_COUNT_OF) {
        struct ov_yara_value k;

        OV_TRY(ov_yara_pop_integer(c, &k));
        v.needs = v.needs && k.is_constant && k.number > 0;
    } else if (quantifier == OV_QUANTIFIER_PERCENT) {
        (void)pop(c);
    }
    return ov_yara_push(c, v);
}

/* $a at ..., any of them at ..., and the same with "in": the places have been
 * emitted. */
enum ov_status ov_yara_apply_place(struct ov_yara_condition *c,
                                   const struct ov_yara_pending *what)
{
    struct ov_yara_value v;

    OV_TRY(ov_yara_pop_integer(c, &v));
    if (what->kind == OV_PENDING_IN)
        OV_TRY(ov_yara_pop_integer(c, &v));
    v = (struct ov_yara_value){.is_truth = what->op != OV_COND_MATCHES_IN,
                               .needs = what->op != OV_COND_MATCHES_IN,
                               .is_count = what->op == OV_COND_MATCHES_IN,
                               .token = what->token};
    ov_yara_emit_with(c, what->op, what->operand);
    OV_TRY(ov_yara_push(c, v));
    if (what->is_of)
        return ov_yara_end_loop(c, what->quantifier, 0);
    return OV_OK;
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
        else if (what.precedence <= OV_PREC_AND)
            OV_TRY(apply_logic(c, what.op));
        else
            OV_TRY(apply_numbers(c, what.op));
    }
    return OV_OK;
}
