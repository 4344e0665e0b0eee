/* SPDX-License-Identifier: Apache-2.0 */
#include "match/re_run.h"

#include "base/alloc.h"

/* A simulation of the automaton (K. Thompson, "Regular Expression Search
 * Algorithm", CACM 1968; with priorities as in R. Pike's sam).
 *
 * All nodes that are about to take the next byte stand in a list, the preferred
 * ones first, each at most once: so a step costs no more than the nodes there
 * are, whatever the text. A node that takes the byte puts those that follow it
 * into the list of the next place; a condition that holds there is replaced by
 * those that follow it. Once the end is met in the list, what stands
 * behind it is less preferred and dropped; what stands before may still lead to
 * a match that is preferred.
 *
 * Backward the same nodes are gone through by the lists of those before, and
 * every meeting with the start counts. */

/* A list of nodes in order. */
struct chain {
    uint16_t *nodes;
    uint32_t n;
    uint32_t *seen; /* = turn: is in the list, or was a condition */
    uint32_t turn;
};

/* What is left of a list of the code. */
struct cursor {
    uint32_t at;
    uint32_t end;
};

struct ov_re_runner {
    struct chain chains[2];
    struct cursor *stack;
    uint32_t cap; /* nodes there is room for */
    uint64_t work;
    uint64_t starts[OV_RE_REACH + 1];
};

/* One run. */
struct run {
    struct ov_re_runner *r;
    const struct ov_re *re;
    struct ov_span view;
    uint64_t at;
    uint32_t width;
    bool is_backward;
    bool is_bad; /* the code is damaged */
};

struct ov_re_runner *ov_re_runner_new(void)
{
    return ov_alloc(sizeof(struct ov_re_runner));
}

static void drop_room(struct ov_re_runner *r)
{
    for (size_t i = 0; i < 2; i++) {
        ov_free(r->chains[i].nodes);
        ov_free(r->chains[i].seen);
        r->chains[i] = (struct chain){0};
    }
    ov_free(r->stack);
    r->stack = NULL;
    r->cap = 0;
}

void ov_re_runner_free(struct ov_re_runner *r)
{
    if (r == NULL)
        return;
    drop_room(r);
    ov_free(r);
}

uint64_t ov_re_runner_work(struct ov_re_runner *r)
{
    uint64_t work = r->work;

    r->work = 0;
    return work;
}

bool ov_re_open(struct ov_span code, struct ov_re *ret)
{
    struct ov_re re;
    uint64_t len;

    if (code.len < OV_RE_HEADER)
        return false;
    len = ov_load32le(code.ptr);
    re.n_nodes = ov_load16le(code.ptr + 4);
    re.n_sets = ov_load16le(code.ptr + 6);
    re.n_lists = ov_load32le(code.ptr + 8);
    re.nodes = code.ptr + OV_RE_HEADER;
    re.sets = re.nodes + (size_t)re.n_nodes * OV_RE_NODE_SIZE;
    re.lists = re.sets + (size_t)re.n_sets * OV_RE_SET_SIZE;
    if (re.n_nodes < 2 || len > code.len ||
        len != OV_RE_HEADER + (uint64_t)re.n_nodes * OV_RE_NODE_SIZE +
                   (uint64_t)re.n_sets * OV_RE_SET_SIZE +
                   2 * (uint64_t)re.n_lists)
        return false;
    *ret = re;
    return true;
}

/* Room for n nodes. */
static bool reserve(struct ov_re_runner *r, uint32_t n)
{
    if (n <= r->cap)
        return true;
    drop_room(r);
    for (size_t i = 0; i < 2; i++) {
        struct chain *c = &r->chains[i];

        c->nodes = ov_alloc_array(n, sizeof(*c->nodes));
        c->seen = ov_alloc_array(n, sizeof(*c->seen));
        if (c->nodes == NULL || c->seen == NULL)
            return false;
    }
    r->stack = ov_alloc_array(n, sizeof(*r->stack));
    if (r->stack == NULL)
        return false;
    r->cap = n;
    return true;
}

static void chain_clear(struct chain *c, uint32_t cap)
{
    c->n = 0;
    if (++c->turn == 0) {
        memset(c->seen, 0, cap * sizeof(*c->seen));
        c->turn = 1;
    }
}

static inline const uint8_t *node_at(const struct ov_re *re, uint32_t node)
{
    return re->nodes + (size_t)node * OV_RE_NODE_SIZE;
}

/* The list of what follows the node, or comes before it. */
static struct cursor list_of(struct run *run, uint32_t node)
{
    const struct ov_re *re = run->re;
    uint32_t at = ov_load32le(node_at(re, node) + (run->is_backward ? 8 : 4));
    uint32_t n = 0;

    if (at < re->n_lists)
        n = ov_load16le(re->lists + 2 * (size_t)at);
    if (at >= re->n_lists || n >= re->n_lists - at) {
        run->is_bad = true;
        return (struct cursor){0, 0};
    }
    run->r->work += 4 * (uint64_t)n;
    return (struct cursor){at + 1, at + 1 + n};
}

static bool is_word(const struct run *run, uint64_t at)
{
    uint8_t c = run->view.ptr[at];

    return (ov_is_alnum(c) || c == '_') &&
           (run->width == 1 || run->view.ptr[at + 1] == 0);
}

/* What has nothing before or behind it stands at a word's edge, as in YARA. */
static bool is_word_edge(const struct run *run, uint64_t at)
{
    if (at < run->width || run->view.len - at < run->width)
        return true;
    return is_word(run, at - run->width) != is_word(run, at);
}

static bool holds(const struct run *run, uint32_t which, uint64_t at)
{
    if (which == OV_RE_AT_START)
        return at == 0;
    if (which == OV_RE_AT_END)
        return at == run->view.len;
    return is_word_edge(run, at) == (which == OV_RE_AT_WORD);
}

/* Appends what follows the node (or comes before it) to the chain of the place
 * `at`, in order. A condition that holds there is replaced by what follows it.
 * Each is met once, so the stack is no deeper than there are nodes. */
static void append(struct run *run, struct chain *c, uint32_t node, uint64_t at)
{
    const struct ov_re *re = run->re;
    struct cursor *stack = run->r->stack;
    uint32_t depth = 1;

    stack[0] = list_of(run, node);
    while (depth > 0) {
        struct cursor *top = &stack[depth - 1];
        uint32_t target;
        uint32_t what;

        if (top->at == top->end) {
            depth--;
            continue;
        }
        target = ov_load16le(re->lists + 2 * (size_t)top->at++);
        if (target >= re->n_nodes) {
            run->is_bad = true;
            return;
        }
        if (c->seen[target] == c->turn)
            continue;
        c->seen[target] = c->turn;
        what = ov_load16le(node_at(re, target));
        if (what - OV_RE_NODE_ASSERT >= OV_RE_N_ASSERTS)
            c->nodes[c->n++] = (uint16_t)target;
        else if (holds(run, what - OV_RE_NODE_ASSERT, at) &&
                 depth < run->r->cap)
            stack[depth++] = list_of(run, target);
    }
}

/* The byte that is taken next, or -1. */
static int next_byte(const struct run *run)
{
    uint64_t at = run->at;

    if (run->is_backward) {
        if (at < run->width)
            return -1;
        at -= run->width;
    } else if (run->view.len - at < run->width) {
        return -1;
    }
    if (run->width == 2 && run->view.ptr[at + 1] != 0)
        return -1;
    return run->view.ptr[at];
}

static inline bool takes(const struct run *run, uint32_t set, int byte)
{
    const uint8_t *bits = run->re->sets + (size_t)set * OV_RE_SET_SIZE;

    return byte >= 0 && set < run->re->n_sets &&
           bits[byte >> 3] >> (byte & 7) & 1;
}

/* One place: moves the nodes of `now` that take the byte on to `then`, that of
 * the next place. True if the end (backward: the start) was met; is_first: and
 * nothing behind it counts. */
static bool step(struct run *run, const struct chain *now, struct chain *then,
                 int byte, bool is_first)
{
    uint32_t goal = run->is_backward ? OV_RE_NODE_START : OV_RE_NODE_END;
    uint64_t next =
        run->is_backward ? run->at - run->width : run->at + run->width;
    bool is_met = false;

    run->r->work += 8 + 8 * (uint64_t)now->n; /* about nanoseconds */
    for (uint32_t i = 0; i < now->n; i++) {
        uint32_t what = ov_load16le(node_at(run->re, now->nodes[i]));

        if (takes(run, what, byte)) {
            append(run, then, now->nodes[i], next);
        } else if (what == goal) {
            is_met = true;
            if (is_first)
                break;
        }
    }
    return is_met;
}

static enum ov_status begin(struct run *run, const struct ov_re_from *from)
{
    if (from->at > run->view.len || from->node >= run->re->n_nodes ||
        (from->width != 1 && from->width != 2))
        return OV_MALFORMED;
    if (!reserve(run->r, run->re->n_nodes))
        return OV_NO_MEMORY;
    chain_clear(&run->r->chains[0], run->r->cap);
    return OV_OK;
}

enum ov_status ov_re_forward(struct ov_re_runner *r, const struct ov_re *re,
                             const struct ov_re_from *from, uint64_t *ret_end)
{
    struct run run = {r, re, from->view, from->at, from->width, false, false};
    struct chain *now = &r->chains[0];
    struct chain *then = &r->chains[1];
    uint64_t end = UINT64_MAX;

    OV_TRY(begin(&run, from));
    if (from->node == 0)
        append(&run, now, 0, run.at);
    else
        now->nodes[now->n++] = (uint16_t)from->node;
    while (now->n > 0 && !run.is_bad && !(from->is_any && end != UINT64_MAX)) {
        bool is_far = run.at - from->at + run.width > OV_RE_REACH;
        struct chain *old = now;

        chain_clear(then, r->cap);
        if (step(&run, now, then, is_far ? -1 : next_byte(&run), true))
            end = run.at;
        run.at += run.width;
        now = then;
        then = old;
    }
    if (run.is_bad)
        return OV_MALFORMED;
    *ret_end = end;
    return OV_OK;
}

enum ov_status ov_re_backward(struct ov_re_runner *r, const struct ov_re *re,
                              const struct ov_re_from *from,
                              const uint64_t **ret_starts, size_t *ret_n)
{
    struct run run = {r, re, from->view, from->at, from->width, true, false};
    struct chain *now = &r->chains[0];
    struct chain *then = &r->chains[1];
    size_t n = 0;

    OV_TRY(begin(&run, from));
    append(&run, now, from->node, run.at);
    while (now->n > 0 && !run.is_bad) {
        bool is_far = from->at - run.at + run.width > OV_RE_REACH;
        struct chain *old = now;

        chain_clear(then, r->cap);
        if (step(&run, now, then, is_far ? -1 : next_byte(&run), false))
            r->starts[n++] = run.at;
        run.at -= run.width;
        now = then;
        then = old;
    }
    if (run.is_bad)
        return OV_MALFORMED;
    *ret_starts = r->starts;
    *ret_n = n;
    return OV_OK;
}

/* Steps that are paid for together. */
#define PAY_EVERY 4096

static enum ov_status search(struct run *run, struct ov_budget *budget,
                             bool *ret_is_found)
{
    struct ov_re_runner *r = run->r;
    struct chain *now = &r->chains[0];
    struct chain *then = &r->chains[1];
    bool is_found = false;

    chain_clear(now, r->cap);
    for (; run->at <= run->view.len && !is_found; run->at++) {
        struct chain *old = now;

        chain_clear(then, r->cap);
        append(run, now, 0, run->at);
        is_found = step(run, now, then, next_byte(run), true);
        if (run->is_bad)
            return OV_MALFORMED;
        if (r->work >= PAY_EVERY)
            OV_TRY(
                ov_budget_spend(budget, OV_COST_STEPS, ov_re_runner_work(r)));
        now = then;
        then = old;
    }
    *ret_is_found = is_found;
    return ov_budget_spend(budget, OV_COST_STEPS, ov_re_runner_work(r));
}

enum ov_status ov_re_search(struct ov_span code, struct ov_span text,
                            struct ov_budget *budget, bool *ret_is_found)
{
    OV_AUTO(re_runner) r = ov_re_runner_new();
    struct ov_re re;
    struct run run = {r, &re, text, 0, 1, false, false};
    bool is_found = false;

    if (r == NULL)
        return OV_NO_MEMORY;
    if (!ov_re_open(code, &re))
        return OV_MALFORMED;
    if (!reserve(r, re.n_nodes))
        return OV_NO_MEMORY;
    OV_TRY(search(&run, budget, &is_found));
    *ret_is_found = is_found;
    return OV_OK;
}
