/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine.h"

/* The operations that YARA's conditions add (rules/condition.def; YARA
 * documentation, "Conditions"). What is undefined - a read past the end, a
 * match that is not there, a division by zero - stays so through arithmetic
 * and comparisons and counts as false at last. Integers wrap around.
 *
 * Matches of a string are a list in order of offset. Walking it costs a step a
 * match, so that a condition cannot be made to take more than its budget. */

static struct ov_value undefined(void)
{
    return (struct ov_value){.kind = OV_VALUE_UNDEFINED};
}

/* Shifting by 64 or more leaves nothing, by less than 0 is undefined. */
static bool shift(enum ov_cond op, int64_t left, int64_t right, int64_t *ret)
{
    if (right < 0)
        return false;
    if (right >= 64)
        *ret = 0;
    else if (op == OV_COND_SHIFT_LEFT)
        *ret = (int64_t)((uint64_t)left << right);
    else
        *ret = left >> right;
    return true;
}

static bool divide(enum ov_cond op, int64_t left, int64_t right, int64_t *ret)
{
    if (right == 0 || (left == INT64_MIN && right == -1))
        return false;
    *ret = op == OV_COND_DIVIDE ? left / right : left % right;
    return true;
}

/* False: undefined. */
static bool calculate(enum ov_cond op, int64_t left, int64_t right,
                      int64_t *ret)
{
    switch ((int)op) {
    case OV_COND_ADD:
        (void)__builtin_add_overflow(left, right, ret);
        return true;
    case OV_COND_SUBTRACT:
        (void)__builtin_sub_overflow(left, right, ret);
        return true;
    case OV_COND_MULTIPLY:
        (void)__builtin_mul_overflow(left, right, ret);
        return true;
    case OV_COND_DIVIDE:
    case OV_COND_REMAINDER:
        return divide(op, left, right, ret);
    case OV_COND_BIT_AND:
        *ret = left & right;
        return true;
    case OV_COND_BIT_OR:
        *ret = left | right;
        return true;
    case OV_COND_BIT_XOR:
        *ret = left ^ right;
        return true;
    default:
        return shift(op, left, right, ret);
    }
}

static bool compare(enum ov_cond op, int64_t left, int64_t right)
{
    switch ((int)op) {
    case OV_COND_LESS:
        return left < right;
    case OV_COND_LESS_EQUAL:
        return left <= right;
    case OV_COND_GREATER:
        return left > right;
    case OV_COND_GREATER_EQUAL:
        return left >= right;
    case OV_COND_SAME:
        return left == right;
    default:
        return left != right;
    }
}

static void run_binary(struct ov_machine *m, enum ov_cond op)
{
    struct ov_value right = ov_machine_pop(m);
    struct ov_value left = ov_machine_pop(m);
    int64_t number = 0;
    bool are_numbers = left.kind == OV_VALUE_INT && right.kind == OV_VALUE_INT;

    if (are_numbers && op >= OV_COND_LESS)
        ov_machine_push_bool(m, compare(op, left.number, right.number));
    else if (are_numbers && calculate(op, left.number, right.number, &number))
        ov_machine_push_int(m, number);
    else
        ov_machine_push(m, undefined());
}

static void run_unary(struct ov_machine *m, enum ov_cond op)
{
    struct ov_value v = ov_machine_pop(m);

    if (op == OV_COND_DEFINED)
        ov_machine_push_bool(m, v.kind != OV_VALUE_UNDEFINED);
    else if (v.kind != OV_VALUE_INT)
        ov_machine_push(m, undefined());
    else if (op == OV_COND_BIT_NOT)
        ov_machine_push_int(m, ~v.number);
    else
        ov_machine_push_int(m, (int64_t)(0 - (uint64_t)v.number));
}

static void run_read(struct ov_machine *m)
{
    struct ov_span bytes = m->terms->e->object->bytes;
    uint64_t how = ov_read_varint(&m->code);
    uint64_t size = how & OV_READ_SIZE;
    struct ov_value at = ov_machine_pop(m);
    uint64_t number = 0;

    if (size == 0 || at.kind != OV_VALUE_INT || at.number < 0 ||
        !ov_span_sub(bytes, (uint64_t)at.number, size, &bytes)) {
        ov_machine_push(m, undefined());
        return;
    }
    for (size_t i = 0; i < size; i++) {
        size_t next = (how & OV_READ_BIG_ENDIAN) != 0 ? i : size - 1 - i;

        number = number << 8 | (uint64_t)ov_span_byte(bytes, next);
    }
    if ((how & OV_READ_SIGNED) != 0 && (number >> (8 * size - 1)) != 0)
        number |= ~0ull << (8 * size);
    ov_machine_push_int(m, (int64_t)number);
}

/* ---- strings ---- */

/* The hit of the string that the next operand means; NULL if it was not found
 * or there is no such string. */
static const struct ov_hit *read_hit(struct ov_machine *m)
{
    uint64_t t = ov_read_varint(&m->code);
    const struct ov_loop *loop = NULL;

    if (t == 0) {
        for (size_t i = m->n_loops; i > 0 && loop == NULL; i--)
            if (m->loops[i - 1].kind == OV_COND_LOOP_TERMS)
                loop = &m->loops[i - 1];
        if (loop != NULL)
            t = loop->term + 1;
    }
    if (t == 0 || t > m->terms->rule->n_terms) {
        m->is_bad = true;
        return NULL;
    }
    return m->terms->states[t - 1].hit;
}

/* Matches that begin in [low, high], of those that are listed. */
static enum ov_status count_in(struct ov_machine *m, const struct ov_hit *hit,
                               int64_t low, int64_t high, int64_t *ret)
{
    const struct ov_match *match = hit != NULL ? hit->first : NULL;
    uint64_t walked = 0;
    int64_t n = 0;

    for (; match != NULL && high >= 0 && match->at <= (uint64_t)high;
         match = match->next) {
        walked++;
        n += low < 0 || match->at >= (uint64_t)low;
    }
    *ret = n;
    return ov_budget_spend(m->terms->e->budget, OV_COST_STEPS, walked);
}

/* Whether matches that are not listed may begin in [low, high]. */
static bool may_lack(const struct ov_hit *hit, int64_t low, int64_t high)
{
    return hit != NULL && high >= 0 && (uint64_t)high >= hit->listed_to &&
           (low < 0 || (uint64_t)low <= hit->last_at);
}

static enum ov_status run_places(struct ov_machine *m, enum ov_cond op)
{
    const struct ov_hit *hit = read_hit(m);
    struct ov_value high = ov_machine_pop(m);
    struct ov_value low = op == OV_COND_FOUND_AT ? high : ov_machine_pop(m);
    int64_t n;

    if (low.kind != OV_VALUE_INT || high.kind != OV_VALUE_INT) {
        ov_machine_push(m, undefined());
        return OV_OK;
    }
    OV_TRY(count_in(m, hit, low.number, high.number, &n));
    if ((n == 0 || op == OV_COND_MATCHES_IN) &&
        may_lack(hit, low.number, high.number))
        return OV_LIMIT_COUNT;
    if (op == OV_COND_MATCHES_IN)
        ov_machine_push_int(m, n);
    else
        ov_machine_push_bool(m, n > 0);
    return OV_OK;
}

/* Match number index (from 1) of a hit, going on from the last one asked. */
static enum ov_status find_match(struct ov_machine *m, const struct ov_hit *hit,
                                 uint64_t index, const struct ov_match **ret)
{
    const struct ov_match *match = hit->first;
    uint64_t at = 1;

    if (m->last_match.hit == hit && m->last_match.index <= index) {
        match = m->last_match.match;
        at = m->last_match.index;
    }
    OV_TRY(ov_budget_spend(m->terms->e->budget, OV_COST_STEPS, index - at));
    for (; match != NULL && at < index; at++)
        match = match->next;
    if (match != NULL) {
        m->last_match.hit = hit;
        m->last_match.match = match;
        m->last_match.index = index;
    }
    *ret = match;
    return OV_OK;
}

static enum ov_status run_match(struct ov_machine *m, enum ov_cond op)
{
    const struct ov_hit *hit = read_hit(m);
    struct ov_value index = ov_machine_pop(m);
    const struct ov_match *match = NULL;
    bool is_asked = hit != NULL && index.kind == OV_VALUE_INT &&
                    index.number > 0 &&
                    (uint64_t)index.number <= hit->n_matches;

    if (is_asked)
        OV_TRY(find_match(m, hit, (uint64_t)index.number, &match));
    if (is_asked && (match == NULL || match->at >= hit->listed_to))
        return OV_LIMIT_COUNT;
    if (match == NULL)
        ov_machine_push(m, undefined());
    else
        ov_machine_push_int(
            m, (int64_t)(op == OV_COND_OFFSET ? match->at : match->len));
    return OV_OK;
}

static enum ov_status run_matches(struct ov_machine *m, enum ov_cond op)
{
    const struct ov_hit *hit = read_hit(m);
    int64_t n = hit != NULL ? (int64_t)hit->n_matches : 0;

    if (op == OV_COND_FOUND)
        ov_machine_push_bool(m, n > 0);
    else if (hit != NULL && hit->is_count_unsure)
        return OV_LIMIT_COUNT;
    else
        ov_machine_push_int(m, n);
    return OV_OK;
}

enum ov_status ov_machine_run_yara(struct ov_machine *m, enum ov_cond op)
{
    if (op >= OV_COND_ADD && op <= OV_COND_DIFFERENT) {
        run_binary(m, op);
        return OV_OK;
    }
    switch ((int)op) {
    case OV_COND_NEGATE:
    case OV_COND_BIT_NOT:
    case OV_COND_DEFINED:
        run_unary(m, op);
        return OV_OK;
    case OV_COND_FOUND:
    case OV_COND_MATCHES:
        return run_matches(m, op);
    case OV_COND_FOUND_AT:
    case OV_COND_FOUND_IN:
    case OV_COND_MATCHES_IN:
        return run_places(m, op);
    case OV_COND_OFFSET:
    case OV_COND_LENGTH:
        return run_match(m, op);
    case OV_COND_READ:
        run_read(m);
        return OV_OK;
    default:
        return OV_MALFORMED;
    }
}
