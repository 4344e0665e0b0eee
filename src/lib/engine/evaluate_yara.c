/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>

#include "engine/machine.h"

/* The operations that YARA's conditions add (rules/condition.def; YARA
 * documentation, "Conditions"). What is undefined - a read past the end, a
 * match that is not there, a division by zero - stays so through arithmetic
 * and comparisons and counts as false at last. Integers wrap around.
 *
 * Matches of a string are a list in order of offset. Walking it costs a step a
 * match, so that a condition cannot be made to take more than its budget. */

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

/* Equal are floating point numbers that differ by less than rounding does, as
 * YARA has it. */
static bool compare_real(enum ov_cond op, double left, double right)
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
        return fabs(left - right) < DBL_EPSILON;
    default:
        return fabs(left - right) >= DBL_EPSILON;
    }
}

static struct ov_value calculate_real(enum ov_cond op, double left,
                                      double right)
{
    struct ov_value v = {.kind = OV_VALUE_FLOAT};

    switch ((int)op) {
    case OV_COND_ADD:
        v.real = left + right;
        return v;
    case OV_COND_SUBTRACT:
        v.real = left - right;
        return v;
    case OV_COND_MULTIPLY:
        v.real = left * right;
        return v;
    case OV_COND_DIVIDE:
        v.real = left / right;
        return v;
    default:
        return ov_value_undefined();
    }
}

static bool is_number(struct ov_value v)
{
    return v.kind == OV_VALUE_INT || v.kind == OV_VALUE_FLOAT;
}

static double real_of(struct ov_value v)
{
    return v.kind == OV_VALUE_INT ? (double)v.number : v.real;
}

static void run_real(struct ov_machine *m, enum ov_cond op, double left,
                     double right)
{
    if (op >= OV_COND_LESS)
        ov_machine_push_bool(m, compare_real(op, left, right));
    else
        ov_machine_push(m, calculate_real(op, left, right));
}

static enum ov_status run_texts(struct ov_machine *m, enum ov_cond op,
                                struct ov_span left, struct ov_span right)
{
    if (op < OV_COND_LESS) {
        ov_machine_push(m, ov_value_undefined());
        return OV_OK;
    }
    OV_TRY(ov_budget_spend(m->terms->e->budget, OV_COST_STEPS,
                           left.len < right.len ? left.len : right.len));
    ov_machine_push_bool(m, compare(op, ov_span_compare(left, right), 0));
    return OV_OK;
}

static enum ov_status run_binary(struct ov_machine *m, enum ov_cond op)
{
    struct ov_value right = ov_machine_pop(m);
    struct ov_value left = ov_machine_pop(m);
    int64_t number = 0;

    if (left.kind == OV_VALUE_TEXT && right.kind == OV_VALUE_TEXT)
        return run_texts(m, op, left.text, right.text);
    if (!is_number(left) || !is_number(right))
        ov_machine_push(m, ov_value_undefined());
    else if (left.kind == OV_VALUE_FLOAT || right.kind == OV_VALUE_FLOAT)
        run_real(m, op, real_of(left), real_of(right));
    else if (op >= OV_COND_LESS)
        ov_machine_push_bool(m, compare(op, left.number, right.number));
    else if (calculate(op, left.number, right.number, &number))
        ov_machine_push_int(m, number);
    else
        ov_machine_push(m, ov_value_undefined());
    return OV_OK;
}

static void run_unary(struct ov_machine *m, enum ov_cond op)
{
    struct ov_value v = ov_machine_pop(m);

    if (op == OV_COND_DEFINED) {
        ov_machine_push_bool(m, v.kind != OV_VALUE_UNDEFINED);
        return;
    }
    if (op == OV_COND_NEGATE && v.kind == OV_VALUE_FLOAT)
        v.real = -v.real;
    else if (v.kind != OV_VALUE_INT)
        v = ov_value_undefined();
    else
        v.number = op == OV_COND_BIT_NOT ? ~v.number
                                         : (int64_t)(0 - (uint64_t)v.number);
    ov_machine_push(m, v);
}

/* ---- bytes ---- */

static void push_number(struct ov_machine *m, uint64_t how, uint64_t number)
{
    uint64_t size = how & OV_READ_SIZE_MASK;
    struct ov_value v = {.kind = OV_VALUE_FLOAT};
    uint32_t bits = (uint32_t)number;
    float single;

    if ((how & OV_READ_FLOAT) == 0) {
        if ((how & OV_READ_SIGNED) != 0 && number >> (8 * size - 1) != 0)
            number |= ~0ull << (8 * size - 1);
        ov_machine_push_int(m, (int64_t)number);
        return;
    }
    if (size == sizeof(single)) {
        memcpy(&single, &bits, sizeof(single));
        v.real = single;
    } else {
        memcpy(&v.real, &number, sizeof(v.real));
    }
    ov_machine_push(m, v);
}

static void run_read(struct ov_machine *m)
{
    const struct ov_object *o = m->terms->e->object;
    struct ov_span bytes;
    uint64_t how = ov_read_varint(&m->code);
    uint64_t size = how & OV_READ_SIZE_MASK;
    struct ov_value at = ov_machine_pop(m);
    uint64_t number = 0;

    if (size == 0 || size > 8 || ((how & OV_READ_FLOAT) != 0 && size < 4)) {
        m->is_bad = true;
        return;
    }
    if (at.kind != OV_VALUE_INT || at.number < 0 ||
        !(o->regions != NULL
              ? ov_regions_sub(o->regions, (uint64_t)at.number, size, &bytes)
              : ov_span_sub(o->bytes, (uint64_t)at.number, size, &bytes))) {
        ov_machine_push(m, ov_value_undefined());
        return;
    }
    for (size_t i = 0; i < size; i++) {
        size_t next = (how & OV_READ_BIG_ENDIAN) != 0 ? i : size - 1 - i;

        number = number << 8 | (uint64_t)ov_span_byte(bytes, next);
    }
    push_number(m, how, number);
}

static void run_float(struct ov_machine *m)
{
    uint64_t bits = ov_read_varint(&m->code);
    struct ov_value v = {.kind = OV_VALUE_FLOAT};

    memcpy(&v.real, &bits, sizeof(v.real));
    ov_machine_push(m, v);
}

/* ---- rules ---- */

static void run_tally(struct ov_machine *m)
{
    bool is_true = ov_value_is_true(ov_machine_pop(m));
    struct ov_value n = ov_machine_pop(m);

    if (n.kind != OV_VALUE_INT)
        m->is_bad = true;
    else
        ov_machine_push_int(m, (int64_t)((uint64_t)n.number + is_true));
}

static void run_enough(struct ov_machine *m)
{
    uint64_t n = ov_read_varint(&m->code);
    uint64_t quantifier = ov_read_varint(&m->code);
    struct ov_value held = ov_machine_pop(m);
    struct ov_value k = ov_value_undefined();

    if (quantifier >= OV_N_QUANTIFIERS || held.kind != OV_VALUE_INT ||
        n > INT64_MAX / 100 || held.number < 0 || (uint64_t)held.number > n) {
        m->is_bad = true;
        return;
    }
    if (quantifier >= OV_QUANTIFIER_COUNT)
        k = ov_machine_pop(m);
    ov_machine_push_bool(m, ov_quantifier_holds((enum ov_quantifier)quantifier,
                                                (uint64_t)held.number, n, k));
}

/* Terms of a rule that is referred to lie behind those of the one that refers
 * to it. */
static void run_terms(struct ov_machine *m, enum ov_cond op)
{
    uint64_t n = ov_read_varint(&m->code);
    uint64_t n_terms = m->terms->rule->n_terms;

    if (n > n_terms || (op == OV_COND_TERMS_BACK && n > m->first_term) ||
        (op == OV_COND_TERMS_FROM && n > n_terms - m->first_term))
        m->is_bad = true;
    else if (op == OV_COND_TERMS_FROM)
        m->first_term += n;
    else
        m->first_term -= n;
}

/* ---- strings ---- */

/* The hit of the string that the next operand means; NULL if it was not found
 * or there is no such string. */
static const struct ov_hit *read_hit(struct ov_machine *m)
{
    uint64_t t = ov_read_varint(&m->code);
    const struct ov_loop *loop = NULL;

    if (t > 0 && t <= m->terms->rule->n_terms)
        t += m->first_term;
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
        ov_machine_push(m, ov_value_undefined());
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

/* Match number index (from 1) of a hit, going on from the last one asked: a
 * loop that compares the places of two strings goes through each once. */
static enum ov_status find_match(struct ov_machine *m, const struct ov_hit *hit,
                                 uint64_t index, const struct ov_match **ret)
{
    const struct ov_match *match = hit->first;
    uint64_t at = 1;
    size_t i = 0;

    while (i < OV_MACHINE_LAST && m->last_match[i].hit != hit)
        i++;
    if (i == OV_MACHINE_LAST)
        i = m->next_last++ % OV_MACHINE_LAST;
    else if (m->last_match[i].index <= index) {
        match = m->last_match[i].match;
        at = m->last_match[i].index;
    }
    OV_TRY(ov_budget_spend(m->terms->e->budget, OV_COST_STEPS, index - at));
    for (; match != NULL && at < index; at++)
        match = match->next;
    if (match != NULL) {
        m->last_match[i].hit = hit;
        m->last_match[i].match = match;
        m->last_match[i].index = index;
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
        ov_machine_push(m, ov_value_undefined());
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
    if (op >= OV_COND_ADD && op <= OV_COND_DIFFERENT)
        return run_binary(m, op);
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
    case OV_COND_FLOAT:
        run_float(m);
        return OV_OK;
    case OV_COND_TALLY:
        run_tally(m);
        return OV_OK;
    case OV_COND_ENOUGH:
        run_enough(m);
        return OV_OK;
    case OV_COND_TERMS_FROM:
    case OV_COND_TERMS_BACK:
        run_terms(m, op);
        return OV_OK;
    default:
        return OV_MALFORMED;
    }
}
