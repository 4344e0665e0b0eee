/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine.h"

/* Loops of YARA's conditions (rules/condition.def): over strings, ranges of
 * integers, values, and what modules give; "with" is one over one value. The
 * code between the operation that begins a loop and the matching loop-end runs
 * once a round; a loop ends as soon as its outcome is known. One without a
 * round is false, whatever its quantifier, as YARA has it. Every round costs
 * steps, so that a loop ends when the budget does. */

static bool begins_loop(enum ov_cond op)
{
    return op == OV_COND_LOOP_TERMS || op == OV_COND_LOOP_RANGE ||
           op == OV_COND_LOOP_VALUES || op == OV_COND_LOOP_ITEMS;
}

/* The next term, from this range or the next one; false if there is none. */
static bool next_term(struct ov_machine *m, struct ov_loop *loop)
{
    struct ov_reader code = m->code;

    if (loop->n_terms_left > 0) {
        loop->term++;
        loop->n_terms_left--;
        return true;
    }
    if (loop->n_ranges_left == 0)
        return false;
    ov_reader_seek(&code, loop->next_range);
    if (ov_read_u8(&code) != OV_COND_TERMS) {
        m->is_bad = true;
        return false;
    }
    loop->term = m->first_term + ov_read_varint(&code);
    loop->n_terms_left = ov_read_varint(&code);
    loop->next_range = code.at;
    loop->n_ranges_left--;
    if (loop->n_terms_left == 0 || ov_reader_status(&code) != OV_OK) {
        m->is_bad = true;
        return false;
    }
    loop->n_terms_left--;
    return true;
}

/* Whether there is another round, which is then set up. */
static bool next_round(struct ov_machine *m, struct ov_loop *loop)
{
    switch ((int)loop->kind) {
    case OV_COND_LOOP_TERMS:
        return next_term(m, loop);
    case OV_COND_LOOP_RANGE:
        if (loop->n_rounds > 0) {
            if (loop->value >= loop->last)
                return false;
            loop->value++;
        }
        return loop->value <= loop->last;
    case OV_COND_LOOP_ITEMS:
        return loop->over.kind != OV_VALUE_UNDEFINED &&
               loop->n_rounds < loop->over.part.items->n;
    default:
        return loop->n_rounds < loop->n_values;
    }
}

/* Whether the rounds so far settle it, and how. More rounds may come. */
static bool is_settled(enum ov_quantifier quantifier,
                       const struct ov_loop *loop, bool *ret_holds)
{
    switch (quantifier) {
    case OV_QUANTIFIER_ALL:
        *ret_holds = false;
        return loop->n_held < loop->n_rounds;
    case OV_QUANTIFIER_ANY:
        *ret_holds = true;
        return loop->n_held > 0;
    case OV_QUANTIFIER_NONE:
        *ret_holds = false;
        return loop->n_held > 0;
    case OV_QUANTIFIER_COUNT:
    case OV_QUANTIFIER_COUNT_OF:
    case OV_QUANTIFIER_PERCENT:
    case OV_N_QUANTIFIERS:
        break;
    }
    return false;
}

bool ov_quantifier_holds(enum ov_quantifier quantifier, uint64_t n_held,
                         uint64_t n_rounds, struct ov_value k)
{
    switch (quantifier) {
    case OV_QUANTIFIER_ALL:
        return n_held == n_rounds;
    case OV_QUANTIFIER_ANY:
        return n_held > 0;
    case OV_QUANTIFIER_NONE:
        return n_held == 0;
    case OV_QUANTIFIER_COUNT_OF:
        if (k.kind == OV_VALUE_INT && k.number == 0)
            return n_held == 0;
        __attribute__((fallthrough));
    case OV_QUANTIFIER_COUNT:
        if (k.kind != OV_VALUE_INT)
            return n_held == n_rounds;
        return k.number <= 0 || n_held >= (uint64_t)k.number;
    case OV_QUANTIFIER_PERCENT:
        return k.kind == OV_VALUE_INT && k.number >= 0 && k.number <= 100 &&
               n_held * 100 >= n_rounds * (uint64_t)k.number;
    case OV_N_QUANTIFIERS:
        break;
    }
    return false;
}

static void leave(struct ov_machine *m, enum ov_quantifier quantifier,
                  bool is_settled, bool holds)
{
    struct ov_loop *loop = &m->loops[m->n_loops - 1];
    struct ov_value k = {.kind = OV_VALUE_UNDEFINED};

    if (loop->kind == OV_COND_LOOP_VALUES) {
        if (loop->first_value > m->depth) {
            m->is_bad = true;
            return;
        }
        m->depth = loop->first_value;
    }
    if (quantifier >= OV_QUANTIFIER_COUNT)
        k = ov_machine_pop(m);
    if (!is_settled)
        holds =
            loop->n_rounds > 0 &&
            ov_quantifier_holds(quantifier, loop->n_held, loop->n_rounds, k);
    m->n_loops--;
    ov_machine_push_bool(m, holds);
}

static bool read_quantifier(struct ov_machine *m, enum ov_quantifier *ret,
                            bool *ret_is_strict)
{
    uint64_t quantifier = ov_read_varint(&m->code);

    *ret_is_strict = (quantifier & OV_QUANTIFIER_STRICT) != 0;
    quantifier &= ~(uint64_t)OV_QUANTIFIER_STRICT;
    if (quantifier >= OV_N_QUANTIFIERS || m->n_loops == 0) {
        m->is_bad = true;
        return false;
    }
    *ret = (enum ov_quantifier)quantifier;
    return true;
}

/* Passes over the body of a loop that has no round, up to its end. */
static enum ov_status skip_body(struct ov_machine *m)
{
    size_t from = m->code.at;
    enum ov_quantifier quantifier;
    bool is_strict;
    unsigned n_open = 1;

    while (ov_reader_more(&m->code)) {
        uint8_t op = ov_read_u8(&m->code);

        if (op >= OV_N_COND)
            return OV_MALFORMED;
        if (begins_loop((enum ov_cond)op))
            n_open++;
        if (op == OV_COND_LOOP_END && --n_open == 0) {
            if (read_quantifier(m, &quantifier, &is_strict))
                leave(m, quantifier, true, false);
            return ov_budget_spend(m->terms->e->budget, OV_COST_STEPS,
                                   m->code.at - from);
        }
        ov_cond_skip(&m->code, op);
    }
    return OV_MALFORMED;
}

static bool set_up(struct ov_machine *m, struct ov_loop *loop)
{
    struct ov_value high;
    struct ov_value low;

    switch ((int)loop->kind) {
    case OV_COND_LOOP_TERMS:
        loop->n_ranges_left = ov_read_varint(&m->code);
        loop->next_range = m->code.at;
        for (uint64_t i = 0; i < loop->n_ranges_left; i++) {
            if (ov_read_u8(&m->code) != OV_COND_TERMS)
                return false;
            (void)ov_read_varint(&m->code);
            (void)ov_read_varint(&m->code);
        }
        return true;
    case OV_COND_LOOP_RANGE:
        high = ov_machine_pop(m);
        low = ov_machine_pop(m);
        loop->value = low.number;
        loop->last = high.number;
        if (low.kind != OV_VALUE_INT || high.kind != OV_VALUE_INT) {
            loop->value = 1;
            loop->last = 0;
        }
        return true;
    case OV_COND_LOOP_ITEMS:
        loop->over = ov_machine_pop(m);
        return loop->over.kind == OV_VALUE_ARRAY ||
               loop->over.kind == OV_VALUE_DICTIONARY ||
               loop->over.kind == OV_VALUE_UNDEFINED;
    default:
        loop->n_values = ov_read_varint(&m->code);
        if (loop->n_values > m->depth)
            return false;
        loop->first_value = m->depth - (size_t)loop->n_values;
        return true;
    }
}

static enum ov_status begin(struct ov_machine *m, enum ov_cond op)
{
    struct ov_loop *loop = &m->loops[m->n_loops];

    if (m->n_loops == OV_LOOPS_MAX)
        return OV_MALFORMED;
    *loop = (struct ov_loop){.kind = op};
    if (!set_up(m, loop))
        return OV_MALFORMED;
    m->n_loops++;
    loop->body = m->code.at;
    return next_round(m, loop) ? OV_OK : skip_body(m);
}

static void end(struct ov_machine *m)
{
    enum ov_quantifier quantifier;
    struct ov_value v;
    struct ov_loop *loop;
    bool is_strict;
    bool is_over;
    bool holds = false;

    if (!read_quantifier(m, &quantifier, &is_strict))
        return;
    loop = &m->loops[m->n_loops - 1];
    loop->n_rounds++;
    v = ov_machine_pop(m);
    loop->n_held += ov_value_is_true(v);
    is_strict = is_strict && v.kind == OV_VALUE_UNDEFINED;
    is_over = is_strict || is_settled(quantifier, loop, &holds);
    if (!is_over && next_round(m, loop)) {
        ov_reader_seek(&m->code, loop->body);
        return;
    }
    leave(m, quantifier, is_over, holds);
    if (is_strict && m->depth > 0)
        m->stack[m->depth - 1] = ov_value_undefined();
}

static void push_key(struct ov_machine *m, const struct ov_loop *loop)
{
    const struct ov_items *items = loop->over.part.items;

    if (loop->kind != OV_COND_LOOP_ITEMS ||
        loop->over.kind != OV_VALUE_DICTIONARY || items->keys == NULL) {
        m->is_bad = true;
        return;
    }
    ov_machine_push(m, (struct ov_value){.kind = OV_VALUE_TEXT,
                                         .text = items->keys[loop->n_rounds]});
}

static void push_value(struct ov_machine *m, const struct ov_loop *loop)
{
    const struct ov_part_of_module *part = &loop->over.part;

    if (loop->kind == OV_COND_LOOP_RANGE)
        ov_machine_push_int(m, loop->value);
    else if (loop->kind == OV_COND_LOOP_VALUES &&
             loop->first_value + loop->n_rounds < m->depth)
        ov_machine_push(m, m->stack[loop->first_value + loop->n_rounds]);
    else if (loop->kind == OV_COND_LOOP_ITEMS)
        ov_machine_push(m,
                        ov_value_of_datum(&part->items->values[loop->n_rounds],
                                          part->of, part->run));
    else
        m->is_bad = true;
}

enum ov_status ov_machine_run_loop(struct ov_machine *m, enum ov_cond op)
{
    const struct ov_loop *loop;
    uint64_t up;

    if (begins_loop(op))
        return begin(m, op);
    if (op == OV_COND_TERMS) /* only behind loop-terms */
        return OV_MALFORMED;
    if (op == OV_COND_LOOP_END) {
        end(m);
        return OV_OK;
    }
    up = ov_read_varint(&m->code);
    if (up >= m->n_loops)
        return OV_MALFORMED;
    loop = &m->loops[m->n_loops - 1 - up];
    if (op == OV_COND_LOOP_KEY)
        push_key(m, loop);
    else
        push_value(m, loop);
    return OV_OK;
}
