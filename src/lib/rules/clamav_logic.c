/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/clamav_logic.h"

#include "rules/condition.h"

/* Logical expressions over subsignatures to condition bytecode.
 *
 *   0&1|2        operators have no precedence: this is 0&(1|2)
 *   (0&1|2)      but in parentheses the last one splits: (0&1)|2
 *   0>2  0=0     how often a subsignature matched
 *   (0|1)>2,2    how often a group did, and how many distinct ones of it
 *
 * An expression is looked at from the left until its first operator outside of
 * parentheses, which splits it in two. If there is none, the last operator at
 * the first level of parentheses does, and behind them there may be a count.
 * If there is none either, it is a single subsignature, with parentheses around
 * it or a comparison behind it; other characters there are ignored. The halves
 * wait on a stack of work, so nothing recurses. Equal operators in a row become
 * one operation.
 *
 * Source: ClamAV manual, "Logical signatures"; that this is what clamscan 1.4.6
 * does was confirmed by evaluating some forty expressions over all counts of
 * three subsignatures. */

/* More characters looked at than this is not an expression, but an attack. */
#define MAX_WORK ((size_t)1 << 20)

/* Where an expression splits. */
struct split {
    char op; /* '&', '|', or 0: a single subsignature */
    size_t at;
    size_t from; /* of the left half */
    size_t to;   /* end of the right half */
    char count_op;
    uint64_t count;
    uint64_t distinct;
    char mod; /* of a single subsignature: its last comparison, or ')', which
                 ClamAV takes for one that never holds */
    size_t mod_at;
};

enum task_kind {
    TASK_COMPILE, /* what: the expression; op: of the join it belongs to, if it
                     is that join's right half */
    TASK_JOIN,    /* n parts by op, then the count */
};

struct task {
    enum task_kind kind;
    struct ov_span what;
    struct split split;
    char op;
    uint32_t n;
};

/* What is known of a part when no subsignature matched. */
struct idle {
    bool is_true;
    uint64_t ids;
};

struct compiler {
    OV_LIST(struct task, tasks);
    OV_LIST(struct idle, values);
    struct ov_buf *code;
    struct ov_clam_logic result;
    uint64_t ids;
    size_t work;
    struct ov_clam_fault *fault;
};

static void compiler_done(struct compiler *c)
{
    ov_free(c->tasks.items);
    ov_free(c->values.items);
}

static bool is_comparison(int c)
{
    return c == '>' || c == '<' || c == '=';
}

/* As sscanf's %u: blanks and a sign before it. */
static bool take_number(struct ov_span s, size_t at, uint64_t *ret,
                        size_t *ret_end)
{
    struct ov_span digits;
    bool is_negative;
    int64_t value;
    size_t n = 0;

    while (ov_span_byte(s, at) == ' ')
        at++;
    is_negative = ov_span_byte(s, at) == '-';
    if (is_negative || ov_span_byte(s, at) == '+')
        at++;
    digits = ov_span_clip(s, at, s.len);
    while (n < digits.len && ov_is_digit((uint8_t)ov_span_byte(digits, n)))
        n++;
    if (n == 0)
        return false;
    value = ov_clam_number(ov_span_clip(digits, 0, n));
    *ret = value > UINT32_MAX ? UINT32_MAX : (uint64_t)value;
    if (is_negative)
        *ret = (uint32_t) - *ret;
    *ret_end = at + n;
    return true;
}

/* "op number[,number]" at `at`, behind a group; *ret_end is behind it. */
static bool read_count(struct ov_span s, size_t at, struct split *ret,
                       size_t *ret_end)
{
    size_t end;

    ret->count_op = (char)ov_span_byte(s, at);
    ret->distinct = 0;
    if (!take_number(s, at + 1, &ret->count, &end))
        return false;
    if (ov_span_byte(s, end) == ',')
        (void)take_number(s, end + 1, &ret->distinct, &end);
    while (end < s.len && (ov_is_digit((uint8_t)ov_span_byte(s, end)) ||
                           ov_span_byte(s, end) == ','))
        end++;
    *ret_end = end;
    return true;
}

/* A group has just been closed at i: maybe a count follows. True if that is
 * the end of the expression, so that the group is all of it. */
static enum ov_status close_group(struct ov_span s, size_t *i,
                                  struct split *ret, bool *ret_is_all,
                                  struct ov_clam_fault *fault)
{
    size_t end = *i + 1;

    ret->to = *i;
    if (is_comparison(ov_span_byte(s, end)) && !read_count(s, end, ret, &end))
        return ov_clam_fault(fault, "missing number behind the comparison", s);
    *i = end - 1;
    *ret_is_all = end == s.len;
    if (!*ret_is_all)
        ret->count_op = 0;
    return OV_OK;
}

static enum ov_status find_split(struct ov_span s, struct split *ret,
                                 struct ov_clam_fault *fault)
{
    struct split split = {.to = s.len};
    struct split inner = {0};
    size_t depth = 0;
    size_t i;

    for (i = 0; i < s.len; i++) {
        int c = ov_span_byte(s, i);
        bool is_all = false;

        if (c == ')' && depth == 0)
            return ov_clam_fault(fault, "missing (", s);
        depth += c == '(';
        depth -= c == ')';
        if (is_comparison(c) || c == ')') {
            split.mod = (char)c;
            split.mod_at = i;
        } else if ((c == '&' || c == '|') && depth == 0) {
            split.op = (char)c;
            split.at = i;
            break;
        } else if ((c == '&' || c == '|') && depth == 1) {
            inner.op = (char)c;
            inner.at = i;
        }
        if (inner.op != 0 && depth == 0) {
            OV_TRY(close_group(s, &i, &inner, &is_all, fault));
            if (is_all)
                break;
        }
    }
    if (depth != 0)
        return ov_clam_fault(fault, "missing )", s);
    if (split.op == 0 && inner.op != 0) {
        split = inner;
        split.from = 1;
    }
    *ret = split;
    return OV_OK;
}

static enum ov_status push_task(struct compiler *c, struct task task)
{
    struct task *slot = ov_part_add(&c->tasks);

    if (slot == NULL)
        return OV_NO_MEMORY;
    *slot = task;
    return OV_OK;
}

static enum ov_status push_value(struct compiler *c, struct idle value)
{
    struct idle *slot = ov_part_add(&c->values);

    if (slot == NULL)
        return OV_NO_MEMORY;
    *slot = value;
    return OV_OK;
}

static void put_count(struct compiler *c, char op, uint64_t count,
                      uint64_t distinct)
{
    enum ov_cond code = op == '='   ? OV_COND_COUNT_EQ
                        : op == '>' ? OV_COND_COUNT_GT
                                    : OV_COND_COUNT_LT;

    if (op == ')')
        count = 0;
    ov_cond_put2(c->code, code, count, distinct);
    c->result.is_plain = false;
}

/* Whether a count of none satisfies the comparison. */
static bool holds_idle(char op, uint64_t count)
{
    return (op == '=' && count == 0) || (op == '<' && count > 0);
}

static enum ov_status compile_single(struct compiler *c, struct ov_span s,
                                     const struct split *split)
{
    struct idle value = {0};
    uint64_t id;
    uint64_t count;
    size_t end;

    if (!take_number(s, 0, &id, &end))
        return ov_clam_fault(c->fault, "expected a subsignature's number", s);
    if (id >= OV_CLAM_MAX_SUBSIGS)
        return ov_clam_fault(c->fault, "more than 64 subsignatures", s);
    ov_cond_put1(c->code, OV_COND_TERM, id);
    if (c->ids >> id & 1)
        c->result.is_plain = false;
    c->ids |= 1ull << id;
    value.ids = 1ull << id;
    if (id >= c->result.n_ids)
        c->result.n_ids = (uint32_t)id + 1;
    if (split->mod != 0) {
        if (!take_number(s, split->mod_at + 1, &count, &end))
            return ov_clam_fault(c->fault,
                                 "missing number behind the comparison", s);
        put_count(c, split->mod, count, 0);
        value.is_true = holds_idle(split->mod, count);
    }
    return push_value(c, value);
}

/* The right half of a join that splits by the same operator, and is not
 * counted, belongs to that join. */
static enum ov_status compile(struct compiler *c, struct task task)
{
    struct ov_span s = task.what;
    struct split split = {0};
    struct task *join;

    c->work += s.len + 1;
    if (c->work > MAX_WORK)
        return ov_clam_fault(c->fault, "the expression is too complicated", s);
    OV_TRY(find_split(s, &split, c->fault));
    if (split.op == 0 && ov_span_byte(s, 0) == '(')
        return push_task(c,
                         (struct task){.kind = TASK_COMPILE,
                                       .op = task.op,
                                       .what = ov_span_clip(s, 1, s.len - 2)});
    if (split.op == 0)
        return compile_single(c, s, &split);
    if (split.at == 0 || split.at + 1 == s.len)
        return ov_clam_fault(c->fault, "an operator needs both sides", s);
    join = c->tasks.n > 0 ? &c->tasks.items[c->tasks.n - 1] : NULL;
    if (join != NULL && task.op == split.op && split.count_op == 0) {
        join->n++;
    } else {
        OV_TRY(push_task(
            c, (struct task){.kind = TASK_JOIN, .split = split, .n = 2}));
    }
    OV_TRY(push_task(
        c, (struct task){.kind = TASK_COMPILE,
                         .op = split.op,
                         .what = ov_span_clip(s, split.at + 1,
                                              split.to - split.at - 1)}));
    return push_task(
        c, (struct task){
               .kind = TASK_COMPILE,
               .what = ov_span_clip(s, split.from, split.at - split.from)});
}

static enum ov_status join(struct compiler *c, const struct task *task)
{
    bool is_all = task->split.op == '&';
    struct idle value = {.is_true = is_all};

    for (uint32_t i = 0; i < task->n; i++) {
        struct idle part = c->values.items[--c->values.n];

        value.is_true = is_all ? value.is_true && part.is_true
                               : value.is_true || part.is_true;
        if (part.is_true)
            value.ids |= part.ids;
    }
    ov_cond_put1(c->code, is_all ? OV_COND_ALL : OV_COND_ANY, task->n);
    if (!is_all)
        c->result.is_plain = false;
    if (!value.is_true)
        value.ids = 0;
    if (task->split.count_op != 0) {
        put_count(c, task->split.count_op, task->split.count,
                  task->split.distinct);
        value.is_true =
            holds_idle(task->split.count_op, task->split.count) &&
            task->split.distinct <= (uint64_t)__builtin_popcountll(value.ids);
        value.ids = 0;
    }
    return push_value(c, value);
}

static enum ov_status run(struct compiler *c, struct ov_span expression)
{
    OV_TRY(
        push_task(c, (struct task){.kind = TASK_COMPILE, .what = expression}));
    while (c->tasks.n > 0) {
        struct task task = c->tasks.items[--c->tasks.n];

        if (task.kind == TASK_COMPILE)
            OV_TRY(compile(c, task));
        else
            OV_TRY(join(c, &task));
    }
    c->result.may_be_idle = c->values.items[0].is_true;
    if (c->ids != UINT64_MAX >> (64 - c->result.n_ids))
        c->result.is_plain = false;
    return ov_buf_status(c->code);
}

enum ov_status ov_clam_logic(struct ov_span expression, struct ov_buf *code,
                             struct ov_clam_logic *ret,
                             struct ov_clam_fault *fault)
{
    struct compiler c = {.code = code, .result.is_plain = true, .fault = fault};
    enum ov_status s = run(&c, expression);

    if (s == OV_OK)
        *ret = c.result;
    compiler_done(&c);
    return s;
}
