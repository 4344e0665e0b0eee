/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/evaluate.h"

#include "base/assert.h"
#include "engine/machine.h"

/* The stack machine for conditions (rules/condition.def).
 *
 * ClamAV's logical expressions work on groups: whether the part holds, how
 * often its terms matched, and which terms did. "(0|1|2)>4,2" holds if the
 * terms matched more than 4 times in all and at least 2 different ones did.
 * A part that does not hold adds nothing to the count of what it is in (ClamAV
 * manual, "Logical signatures"; details found by comparing with clamscan). */
#define STEPS_PER_OPERATION 4

void ov_machine_push(struct ov_machine *m, struct ov_value v)
{
    if (m->depth == OV_COND_STACK_MAX) {
        m->is_bad = true;
        return;
    }
    m->stack[m->depth++] = v;
}

void ov_machine_push_bool(struct ov_machine *m, bool is_true)
{
    ov_machine_push(
        m, (struct ov_value){.kind = OV_VALUE_BOOL, .is_true = is_true});
}

void ov_machine_push_int(struct ov_machine *m, int64_t number)
{
    ov_machine_push(m,
                    (struct ov_value){.kind = OV_VALUE_INT, .number = number});
}

struct ov_value ov_machine_pop(struct ov_machine *m)
{
    if (m->depth == 0) {
        m->is_bad = true;
        return (struct ov_value){.kind = OV_VALUE_UNDEFINED};
    }
    return m->stack[--m->depth];
}

static enum ov_status run_term(struct ov_machine *m)
{
    uint64_t term = ov_read_varint(&m->code);
    struct ov_value v = {.kind = OV_VALUE_GROUP};

    OV_TRY(ov_terms_count(m->terms, term, &v.group.count));
    v.is_true = v.group.count > 0;
    v.is_unsure = ov_terms_is_unsure(m->terms, term);
    v.group.distinct = 1ull << (term < 63 ? term : 63);
    ov_machine_push(m, v);
    return OV_OK;
}

/* Joins the n groups on top of the stack. */
static void run_join(struct ov_machine *m, bool is_all)
{
    uint64_t n = ov_read_varint(&m->code);
    struct ov_value v = {
        .kind = OV_VALUE_GROUP, .is_true = is_all, .is_joined = true};

    if (n == 0 || n > m->depth) {
        m->is_bad = true;
        return;
    }
    for (uint64_t i = 0; i < n; i++) {
        struct ov_value part = ov_machine_pop(m);

        v.is_true =
            is_all ? v.is_true && part.is_true : v.is_true || part.is_true;
        if (part.kind == OV_VALUE_GROUP && part.is_true) {
            v.group.count += part.group.count;
            v.is_unsure |= part.is_unsure;
            v.group.distinct |= part.group.distinct;
        }
    }
    if (!v.is_true) {
        v.group.count = 0;
        v.group.distinct = 0;
    }
    ov_machine_push(m, v);
}

static enum ov_status run_count(struct ov_machine *m, enum ov_cond op)
{
    uint64_t k = ov_read_varint(&m->code);
    uint64_t distinct = ov_read_varint(&m->code);
    struct ov_value v = ov_machine_pop(m);

    if (v.is_unsure)
        return OV_LIMIT_COUNT;
    if (op == OV_COND_COUNT_EQ)
        v.is_true = v.group.count == k;
    else if (op == OV_COND_COUNT_GT)
        v.is_true = v.group.count > k;
    else
        v.is_true = v.group.count < k;
    if (distinct > (uint64_t)__builtin_popcountll(v.group.distinct))
        v.is_true = false;
    /* A counted group brings its count to the group around it, but none of its
     * terms: so clamscan. */
    if (v.is_joined)
        v.group.distinct = 0;
    ov_machine_push(m, v);
    return OV_OK;
}

static enum ov_status run_fact(struct ov_machine *m)
{
    const struct ov_evaluation *e = m->terms->e;
    uint64_t fact = ov_read_varint(&m->code);
    struct ov_value v = {.kind = OV_VALUE_UNDEFINED};
    const struct ov_facts *facts = NULL;

    if (fact >= OV_N_FACTS)
        return OV_MALFORMED;
    if (fact == OV_FACT_FILESIZE && e->object->regions != NULL) {
        ov_machine_push(m, v);
        return OV_OK;
    }
    if (fact == OV_FACT_FILESIZE) {
        v.kind = OV_VALUE_INT;
        v.number = (int64_t)e->object->bytes.len;
        ov_machine_push(m, v);
        return OV_OK;
    }
    OV_TRY(ov_object_facts(e->object, e->arena, e->budget, &facts));
    if (facts->facts[fact].is_known) {
        v.kind = OV_VALUE_INT;
        v.number = facts->facts[fact].value;
    }
    ov_machine_push(m, v);
    return OV_OK;
}

static void run_in_range(struct ov_machine *m, bool is_one)
{
    uint64_t low = ov_read_varint(&m->code);
    uint64_t high = is_one ? low : ov_read_varint(&m->code);
    struct ov_value v = ov_machine_pop(m);

    ov_machine_push_bool(m, v.kind == OV_VALUE_INT && v.number >= 0 &&
                                (uint64_t)v.number >= low &&
                                (uint64_t)v.number <= high);
}

static void run_logic(struct ov_machine *m, enum ov_cond op)
{
    struct ov_value right = ov_machine_pop(m);
    struct ov_value left;

    if (op == OV_COND_NOT) {
        if (right.kind == OV_VALUE_UNDEFINED)
            ov_machine_push(m, right);
        else
            ov_machine_push_bool(m, !ov_value_is_true(right));
        return;
    }
    left = ov_machine_pop(m);
    if (op == OV_COND_AND)
        ov_machine_push_bool(m,
                             ov_value_is_true(left) && ov_value_is_true(right));
    else
        ov_machine_push_bool(m,
                             ov_value_is_true(left) || ov_value_is_true(right));
}

/* For objects that cannot satisfy the rest, the rest is passed over. */
static void run_guard(struct ov_machine *m)
{
    const struct ov_object *o = m->terms->e->object;
    uint64_t min = ov_read_varint(&m->code);
    uint64_t max = ov_read_varint(&m->code);
    uint64_t mask = ov_read_varint(&m->code);
    uint64_t head = ov_read_varint(&m->code);

    if (ov_object_fits(o, min, max, (uint32_t)mask, (uint32_t)head))
        return;
    ov_machine_push_bool(m, false);
    ov_reader_skip(&m->code, ov_reader_rest(&m->code).len);
}

/* The right operand of and, or: passed over if the left one settles it. */
static void run_skip(struct ov_machine *m, enum ov_cond op)
{
    uint64_t len = ov_read_varint(&m->code);
    bool is_true = ov_value_is_true(ov_machine_pop(m));

    if (is_true != (op == OV_COND_UNLESS))
        return;
    ov_machine_push_bool(m, is_true);
    ov_reader_skip(&m->code, len);
}

/* The container `up` levels above the object (1: its own). */
static bool has_container(const struct ov_object *o, uint64_t up, uint64_t type)
{
    for (; up > 0 && o != NULL; up--)
        o = o->parent;
    if (o == NULL)
        return false;
    return type == OV_TYPE_ANY || (uint64_t)o->type == type;
}

static void run_container(struct ov_machine *m, enum ov_cond op)
{
    const struct ov_object *o = m->terms->e->object;
    uint64_t up = op == OV_COND_INTERMEDIATE ? ov_read_varint(&m->code) : 1;
    uint64_t type = ov_read_varint(&m->code);

    /* "Container:CL_TYPE_ANY" holds outside of all containers: so clamscan. */
    if (op == OV_COND_CONTAINER && type == OV_TYPE_ANY)
        ov_machine_push_bool(m, o->parent == NULL);
    else
        ov_machine_push_bool(m, has_container(o, up, type));
}

/* Only asked where a type is found out: clamscan forgets it behind that. */
static void run_type(struct ov_machine *m)
{
    const struct ov_evaluation *e = m->terms->e;
    uint64_t type = ov_read_varint(&m->code);

    ov_machine_push_bool(m,
                         !e->view->is_raw && type == (uint64_t)e->object->type);
}

static void run_handler(struct ov_machine *m)
{
    uint64_t type = ov_read_varint(&m->code);

    if (type >= OV_N_TYPES) {
        m->is_bad = true;
        return;
    }
    m->result->has_handler = true;
    m->result->handler = (enum ov_type)type;
    ov_machine_push_bool(m, true);
}

/* Icons are only looked at where all else holds. */
static enum ov_status run_icon(struct ov_machine *m)
{
    uint64_t keys[OV_ICON_GROUPS];
    struct ov_value v = ov_machine_pop(m);
    bool is_found = false;

    for (size_t i = 0; i < OV_ICON_GROUPS; i++)
        keys[i] = ov_read_varint(&m->code);
    if (ov_value_is_true(v))
        OV_TRY(ov_evaluate_icons(m->terms->e, keys, &is_found));
    ov_machine_push_bool(m, is_found);
    return OV_OK;
}

/* What YARA adds. */
static enum ov_status run_added(struct ov_machine *m, enum ov_cond op)
{
    if (op >= OV_COND_LOOP_TERMS && op <= OV_COND_LOOP_END)
        return ov_machine_run_loop(m, op);
    if (op >= OV_COND_TEXT && op <= OV_COND_LEN)
        return ov_machine_run_text(m, op);
    if (op >= OV_COND_MODULE && op <= OV_COND_FILE_VALUE)
        return ov_machine_run_module(m, op);
    return ov_machine_run_yara(m, op);
}

static enum ov_status run_one(struct ov_machine *m, enum ov_cond op)
{
    switch ((int)op) {
    case OV_COND_INT:
        ov_machine_push(
            m, (struct ov_value){.kind = OV_VALUE_INT,
                                 .number = (int64_t)ov_read_varint(&m->code)});
        return OV_OK;
    case OV_COND_FACT:
        return run_fact(m);
    case OV_COND_IN_RANGE:
    case OV_COND_EQUAL:
        run_in_range(m, op == OV_COND_EQUAL);
        return OV_OK;
    case OV_COND_AND:
    case OV_COND_OR:
    case OV_COND_NOT:
        run_logic(m, op);
        return OV_OK;
    case OV_COND_GUARD:
        run_guard(m);
        return OV_OK;
    case OV_COND_IF:
    case OV_COND_UNLESS:
        run_skip(m, op);
        return OV_OK;
    case OV_COND_TRUTH:
        ov_machine_push_bool(m, ov_value_is_true(ov_machine_pop(m)));
        return OV_OK;
    case OV_COND_TERM:
        return run_term(m);
    case OV_COND_ALL:
    case OV_COND_ANY:
        run_join(m, op == OV_COND_ALL);
        return OV_OK;
    case OV_COND_COUNT_EQ:
    case OV_COND_COUNT_GT:
    case OV_COND_COUNT_LT:
        return run_count(m, op);
    case OV_COND_CONTAINER:
    case OV_COND_INTERMEDIATE:
        run_container(m, op);
        return OV_OK;
    case OV_COND_TYPE:
        run_type(m);
        return OV_OK;
    case OV_COND_HANDLER:
        run_handler(m);
        return OV_OK;
    case OV_COND_ICON:
        return run_icon(m);
    default:
        return run_added(m, op);
    }
}

static enum ov_status run_all_terms(struct ov_terms *t, bool *ret)
{
    for (uint32_t i = 0; i < t->rule->n_terms; i++) {
        uint64_t count;

        OV_TRY(ov_terms_count(t, i, &count));
        if (count == 0) {
            *ret = false;
            return OV_OK;
        }
    }
    *ret = t->rule->n_terms > 0;
    return OV_OK;
}

static enum ov_status run_all(struct ov_machine *m)
{
    struct ov_budget *budget = m->terms->e->budget;

    while (ov_reader_more(&m->code)) {
        uint8_t op = ov_read_u8(&m->code);

        OV_TRY(ov_budget_spend(budget, OV_COST_STEPS, STEPS_PER_OPERATION));
        if (op >= OV_N_COND)
            return OV_MALFORMED;
        OV_TRY(run_one(m, (enum ov_cond)op));
        if (m->is_bad)
            return OV_MALFORMED;
    }
    if (ov_reader_status(&m->code) != OV_OK || m->depth != 1 || m->n_loops > 0)
        return OV_MALFORMED;
    return OV_OK;
}

/* A machine is large, so it is made once for each level and used again: a PCRE
 * may have a condition of its own that is to be run within another. */
static struct ov_machine *take_machine(const struct ov_evaluation *e)
{
    struct ov_machines *machines = e->machines;

    if (machines->n_used == OV_MACHINES_MAX)
        return NULL;
    if (machines->items[machines->n_used] == NULL)
        machines->items[machines->n_used] =
            ov_arena_alloc(e->arena, sizeof(struct ov_machine));
    return machines->items[machines->n_used];
}

static enum ov_status run_code(struct ov_terms *t, struct ov_span code,
                               struct ov_evaluation_result *ret)
{
    struct ov_machine *m = take_machine(t->e);
    enum ov_status status;

    if (m == NULL)
        return OV_NO_MEMORY;
    m->terms = t;
    m->code = ov_reader_over(code);
    m->depth = 0;
    m->first_term = 0;
    m->n_loops = 0;
    for (size_t i = 0; i < OV_MACHINE_LAST; i++)
        m->last_match[i].hit = NULL;
    m->result = ret;
    m->is_bad = false;
    t->e->machines->n_used++;
    status = run_all(m);
    t->e->machines->n_used--;
    OV_TRY(status);
    ret->holds = ov_value_is_true(m->stack[0]);
    return OV_OK;
}

enum ov_status ov_condition_run(struct ov_terms *t, struct ov_span code,
                                struct ov_evaluation_result *ret)
{
    struct ov_evaluation_result result = {0};

    if (code.len == 0)
        OV_TRY(run_all_terms(t, &result.holds));
    else
        OV_TRY(run_code(t, code, &result));
    *ret = result;
    return OV_OK;
}

enum ov_status ov_evaluate(const struct ov_evaluation *e,
                           const struct ov_rule_view *rule,
                           struct ov_evaluation_result *ret)
{
    struct ov_terms terms;

    OV_TRY(ov_terms_init(e, rule, &terms));
    return ov_condition_run(&terms, rule->condition, ret);
}
