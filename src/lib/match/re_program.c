/* SPDX-License-Identifier: Apache-2.0 */
#include "match/re_program.h"

#include "base/alloc.h"

/* From items to the automaton (re_program.h has its layout).
 *
 * Items are read from the last to the first with a place to go on to, `next`:
 * an item that takes a byte becomes a node that goes on there, and is itself
 * where what stands before it goes on. Operators come before their operands in
 * this order, so that they say where an operand goes on; when its first item
 * is done they join. Repeats and alternatives become forks, in order of
 * preference: a greedy repeat tries its operand first, a lazy one the rest.
 *
 *   ab*c   c -> END   fork: b, c   b -> fork   a -> fork
 *
 * Then each node's forks are followed to the nodes that take a byte, test the
 * place or end: its list. Lists of nodes that go on at the same place are the
 * same, so they are written once. The lists of those that come before are these
 * turned around. */

#define NONE UINT32_MAX

enum node_kind {
    NODE_SET,
    NODE_ASSERT,
    NODE_FORK,
    NODE_START,
    NODE_END,
};

struct node {
    uint8_t kind;
    uint16_t set;
    uint32_t next;
    uint32_t other; /* FORK: second choice */
    uint32_t mark;  /* the walk that saw it last */
    uint32_t list;  /* where the list of what follows it is */
    uint16_t id;    /* in the compiled form */
};

/* An operator whose operand is being read. */
struct frame {
    size_t item;
    size_t boundary; /* it begins here */
    uint32_t next;   /* where it goes on in the end */
    uint32_t fork;   /* its node, or for ALT the right side's first */
};

struct writer {
    const struct ov_re_tree *tree;
    struct node *nodes;
    size_t n_nodes;
    struct frame *frames;
    size_t n_frames;
    uint32_t *stack;
    uint16_t *lists;
    size_t n_lists;
    size_t cap_lists;
    uint32_t *before; /* of each node: list of those before */
    uint32_t walk;
    uint16_t n_ids;
};

static uint32_t add_node(struct writer *w, enum node_kind kind, uint32_t next)
{
    struct node *n = &w->nodes[w->n_nodes];

    *n = (struct node){.kind = (uint8_t)kind, .next = next, .list = NONE};
    return (uint32_t)w->n_nodes++;
}

/* A fork into the operand and the rest; the operand may not be known yet. */
static uint32_t add_fork(struct writer *w, uint32_t operand, uint32_t rest,
                         bool is_lazy)
{
    uint32_t fork = add_node(w, NODE_FORK, is_lazy ? rest : operand);

    w->nodes[fork].other = is_lazy ? operand : rest;
    return fork;
}

static void set_operand(struct writer *w, uint32_t fork, uint32_t operand,
                        bool is_lazy)
{
    if (is_lazy)
        w->nodes[fork].other = operand;
    else
        w->nodes[fork].next = operand;
}

/* An operator, met before its operand: where that goes on. */
static uint32_t open_operator(struct writer *w, size_t i, uint32_t next)
{
    const struct ov_re_item *item = &w->tree->items[i];
    bool is_loop = item->op == OV_RE_STAR || item->op == OV_RE_PLUS;
    struct frame *f = &w->frames[w->n_frames++];

    *f = (struct frame){i, item->op == OV_RE_ALT ? item->mid : item->from, next,
                        NONE};
    if (!is_loop)
        return next;
    f->fork = add_fork(w, NONE, next, item->is_lazy);
    return f->fork;
}

/* The operand of the innermost operator is read and begins at `first`: what
 * stands before goes on at the result. *ret_done: false if there is another
 * operand. */
static uint32_t close_operand(struct writer *w, uint32_t first, bool *ret_done)
{
    struct frame *f = &w->frames[w->n_frames - 1];
    const struct ov_re_item *item = &w->tree->items[f->item];

    *ret_done = true;
    switch ((enum ov_re_op)item->op) {
    case OV_RE_ALT:
        if (f->fork == NONE) {
            f->fork = first;
            f->boundary = item->from;
            *ret_done = false;
            return f->next;
        }
        return add_fork(w, first, f->fork, false);
    case OV_RE_OPT:
        return add_fork(w, first, f->next, item->is_lazy);
    case OV_RE_STAR:
        set_operand(w, f->fork, first, item->is_lazy);
        return f->fork;
    case OV_RE_PLUS:
        set_operand(w, f->fork, first, item->is_lazy);
        return first;
    case OV_RE_SET:
    case OV_RE_ASSERT:
    case OV_RE_EMPTY:
        break;
    }
    return first;
}

/* All operands that begin at item i. An alternative on the left may be empty of
 * items only as EMPTY, so that each has an item to begin with. */
static uint32_t close_operands(struct writer *w, size_t i, uint32_t first)
{
    bool is_done = true;

    while (is_done && w->n_frames > 0 &&
           w->frames[w->n_frames - 1].boundary == i) {
        first = close_operand(w, first, &is_done);
        w->n_frames -= is_done;
    }
    return first;
}

static void make_nodes(struct writer *w, uint16_t *ret_nodes)
{
    const struct ov_re_tree *t = w->tree;
    uint32_t next = add_node(w, NODE_END, NONE);

    for (size_t i = t->n_items; i-- > 0;) {
        const struct ov_re_item *item = &t->items[i];

        if (ret_nodes != NULL)
            ret_nodes[i] = 0;
        if (item->op == OV_RE_SET || item->op == OV_RE_ASSERT) {
            next = add_node(w, item->op == OV_RE_SET ? NODE_SET : NODE_ASSERT,
                            next);
            w->nodes[next].set = item->set;
        } else if (item->op != OV_RE_EMPTY) {
            next = open_operator(w, i, next);
            continue;
        }
        next = close_operands(w, i, next);
    }
    (void)add_node(w, NODE_START, next);
}

/* Numbers the nodes in the order in which they are written. */
static enum ov_status number_nodes(struct writer *w, uint16_t *ret_nodes)
{
    size_t item = 0;
    uint32_t id = 0;

    for (size_t i = w->n_nodes; i-- > 0;) {
        struct node *n = &w->nodes[i];

        if (n->kind == NODE_FORK)
            continue;
        if (id == UINT16_MAX)
            return OV_UNSUPPORTED;
        n->id = (uint16_t)id++;
        if (ret_nodes == NULL || n->kind == NODE_START || n->kind == NODE_END)
            continue;
        while (w->tree->items[item].op != OV_RE_SET &&
               w->tree->items[item].op != OV_RE_ASSERT)
            item++;
        ret_nodes[item++] = n->id;
    }
    w->n_ids = (uint16_t)id;
    return OV_OK;
}

static enum ov_status reserve_lists(struct writer *w, size_t more)
{
    size_t cap = w->cap_lists < 64 ? 64 : w->cap_lists;
    uint16_t *lists;

    if (w->n_lists + more > OV_RE_LISTS_MAX)
        return OV_UNSUPPORTED;
    while (cap < w->n_lists + more)
        cap *= 2;
    if (cap == w->cap_lists)
        return OV_OK;
    lists = ov_realloc_array(w->lists, cap, sizeof(*lists));
    if (lists == NULL)
        return OV_NO_MEMORY;
    w->lists = lists;
    w->cap_lists = cap;
    return OV_OK;
}

/* The list of what is reached from `from` without taking a byte. */
static enum ov_status follow(struct writer *w, uint32_t from, uint32_t *ret)
{
    size_t start = w->n_lists;
    size_t depth = 0;

    w->walk++;
    OV_TRY(reserve_lists(w, 1));
    w->n_lists++;
    w->stack[depth++] = from;
    while (depth > 0) {
        struct node *n = &w->nodes[w->stack[--depth]];

        if (n->mark == w->walk)
            continue;
        n->mark = w->walk;
        if (n->kind == NODE_FORK) {
            w->stack[depth++] = n->other;
            w->stack[depth++] = n->next;
            continue;
        }
        OV_TRY(reserve_lists(w, 1));
        w->lists[w->n_lists++] = n->id;
    }
    w->lists[start] = (uint16_t)(w->n_lists - start - 1);
    *ret = (uint32_t)start;
    return OV_OK;
}

/* The lists of what follows, one for each place to go on to. */
static enum ov_status make_lists(struct writer *w)
{
    for (size_t i = 0; i < w->n_nodes; i++) {
        struct node *n = &w->nodes[i];

        if (n->kind != NODE_FORK && n->next != NONE &&
            w->nodes[n->next].list == NONE)
            OV_TRY(follow(w, n->next, &w->nodes[n->next].list));
    }
    return OV_OK;
}

static const uint16_t *list_of(const struct writer *w, const struct node *n)
{
    static const uint16_t empty = 0;

    return n->next == NONE ? &empty : &w->lists[w->nodes[n->next].list];
}

/* Turns the lists around: counts first, then places. */
static enum ov_status make_lists_before(struct writer *w)
{
    size_t sum = 0;
    size_t at;

    for (size_t i = w->n_nodes; i-- > 0;) {
        const uint16_t *list = list_of(w, &w->nodes[i]);

        if (w->nodes[i].kind == NODE_FORK)
            continue;
        for (size_t k = 1; k <= list[0]; k++)
            w->before[list[k]]++;
        sum += list[0];
    }
    OV_TRY(reserve_lists(w, sum + w->n_ids));
    at = w->n_lists;
    w->n_lists += sum + w->n_ids;
    for (size_t i = 0; i < w->n_ids; i++) {
        size_t n = w->before[i];

        w->before[i] = (uint32_t)at;
        w->lists[at] = 0;
        at += n + 1;
    }
    for (size_t i = w->n_nodes; i-- > 0;) {
        const uint16_t *list = list_of(w, &w->nodes[i]);

        for (size_t k = 1; w->nodes[i].kind != NODE_FORK && k <= list[0]; k++) {
            uint16_t *to = &w->lists[w->before[list[k]]];

            to[++to[0]] = w->nodes[i].id;
        }
    }
    return OV_OK;
}

static uint16_t what_of(const struct node *n)
{
    switch ((enum node_kind)n->kind) {
    case NODE_ASSERT:
        return (uint16_t)(OV_RE_NODE_ASSERT + n->set);
    case NODE_START:
        return OV_RE_NODE_START;
    case NODE_END:
        return OV_RE_NODE_END;
    case NODE_SET:
    case NODE_FORK:
        break;
    }
    return n->set;
}

static void put_all(const struct writer *w, struct ov_buf *code)
{
    const struct ov_re_tree *t = w->tree;
    size_t len = OV_RE_HEADER + w->n_ids * (size_t)OV_RE_NODE_SIZE +
                 t->n_sets * OV_RE_SET_SIZE + 2 * w->n_lists;

    ov_put_u32(code, (uint32_t)len);
    ov_put_u16(code, w->n_ids);
    ov_put_u16(code, (uint16_t)t->n_sets);
    ov_put_u32(code, (uint32_t)w->n_lists);
    for (size_t i = w->n_nodes; i-- > 0;) {
        const struct node *n = &w->nodes[i];

        if (n->kind == NODE_FORK)
            continue;
        ov_put_u16(code, what_of(n));
        ov_put_u16(code, 0);
        /* The end's list is never read. */
        ov_put_u32(code, n->next == NONE ? 0 : w->nodes[n->next].list);
        ov_put_u32(code, w->before[n->id]);
    }
    for (size_t i = 0; i < t->n_sets; i++)
        for (size_t k = 0; k < 4; k++)
            ov_put_u64(code, t->sets[i].bits[k]);
    for (size_t i = 0; i < w->n_lists; i++)
        ov_put_u16(code, w->lists[i]);
}

static void writer_done(struct writer *w)
{
    ov_free(w->nodes);
    ov_free(w->frames);
    ov_free(w->stack);
    ov_free(w->lists);
    ov_free(w->before);
}

static enum ov_status write_tree(struct writer *w, struct ov_buf *code,
                                 uint16_t *ret_nodes)
{
    size_t n = w->tree->n_items + 2;

    w->nodes = ov_alloc_array(n, sizeof(*w->nodes));
    w->frames = ov_alloc_array(n, sizeof(*w->frames));
    w->stack = ov_alloc_array(2 * n, sizeof(*w->stack));
    w->before = ov_alloc_array(n, sizeof(*w->before));
    if (w->nodes == NULL || w->frames == NULL || w->stack == NULL ||
        w->before == NULL)
        return OV_NO_MEMORY;
    make_nodes(w, ret_nodes);
    OV_TRY(number_nodes(w, ret_nodes));
    OV_TRY(make_lists(w));
    OV_TRY(make_lists_before(w));
    put_all(w, code);
    return ov_buf_status(code);
}

enum ov_status ov_re_write(const struct ov_re_tree *t, struct ov_buf *code,
                           uint16_t *ret_nodes)
{
    struct writer w = {.tree = t};
    enum ov_status status = write_tree(&w, code, ret_nodes);

    writer_done(&w);
    return status;
}

enum ov_status ov_re_compile(struct ov_span source, uint32_t flags,
                             struct ov_buf *code, struct ov_re_fault *fault)
{
    struct ov_re_tree tree = {0};
    enum ov_status status = ov_re_parse(source, flags, &tree, fault);

    if (status != OV_OK)
        return status;
    status = ov_re_write(&tree, code, NULL);
    ov_re_tree_done(&tree);
    if (status == OV_UNSUPPORTED && fault != NULL)
        *fault = (struct ov_re_fault){0, "the regular expression is too large"};
    return status;
}
