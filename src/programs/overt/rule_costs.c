/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_costs.h"

#include <stdlib.h>

/* A table with open places, twice as large as it must be. Rules are told by
 * name, source and line. */
#define FIRST_SLOTS 1024

static uint64_t hash_span(uint64_t h, struct ov_span s)
{
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ s.ptr[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    return h;
}

static size_t slot_of(const struct rule_costs *r, const struct ov_rule_cost *c)
{
    uint64_t h = hash_span(UINT64_C(0xcbf29ce484222325), c->rule);
    size_t at;

    h = hash_span(h, c->source) ^ c->line;
    at = (size_t)h & (r->n_slots - 1);
    while (r->slots[at] != NULL) {
        const struct ov_rule_cost *other = &r->slots[at]->cost;

        if (other->line == c->line && ov_span_equal(other->rule, c->rule) &&
            ov_span_equal(other->source, c->source))
            return at;
        at = (at + 1) & (r->n_slots - 1);
    }
    return at;
}

static bool grow(struct rule_costs *r)
{
    struct rule_costs larger = *r;

    larger.n_slots = r->n_slots == 0 ? FIRST_SLOTS : 2 * r->n_slots;
    larger.slots = ov_alloc_array(larger.n_slots, sizeof(*larger.slots));
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < r->n_slots; i++)
        if (r->slots[i] != NULL)
            larger.slots[slot_of(&larger, &r->slots[i]->cost)] = r->slots[i];
    ov_free(r->slots);
    *r = larger;
    return true;
}

static struct rule_costs_entry *new_entry(const struct ov_rule_cost *c)
{
    struct rule_costs_entry *e = ov_alloc(sizeof(*e));

    if (e == NULL)
        return NULL;
    e->text = ov_buf_with_max(SIZE_MAX);
    ov_put_span(&e->text, c->rule);
    ov_put_span(&e->text, c->source);
    if (ov_buf_status(&e->text) != OV_OK) {
        ov_buf_done(&e->text);
        ov_free(e);
        return NULL;
    }
    e->cost.rule = ov_span_clip(ov_buf_span(&e->text), 0, c->rule.len);
    e->cost.source =
        ov_span_clip(ov_buf_span(&e->text), c->rule.len, c->source.len);
    e->cost.line = c->line;
    return e;
}

void rule_costs_add(struct rule_costs *r, const struct ov_rule_cost *c)
{
    struct rule_costs_entry *e;
    size_t at;

    if (2 * r->n >= r->n_slots && !grow(r)) {
        r->is_cut = true;
        return;
    }
    at = slot_of(r, c);
    e = r->slots[at];
    if (e == NULL) {
        e = r->slots[at] = new_entry(c);
        r->n += e != NULL;
    }
    if (e == NULL) {
        r->is_cut = true;
        return;
    }
    e->n_files++;
    e->cost.n_tried += c->n_tried;
    e->cost.n_evaluated += c->n_evaluated;
    e->cost.steps += c->steps;
    r->steps += c->steps;
}

void rule_costs_done(struct rule_costs *r)
{
    for (size_t i = 0; i < r->n_slots; i++) {
        if (r->slots[i] == NULL)
            continue;
        ov_buf_done(&r->slots[i]->text);
        ov_free(r->slots[i]);
    }
    ov_free(r->slots);
    *r = (struct rule_costs){0};
}

static int compare(const void *a, const void *b)
{
    const struct rule_costs_entry *x = *(struct rule_costs_entry *const *)a;
    const struct rule_costs_entry *y = *(struct rule_costs_entry *const *)b;

    if (x->cost.steps != y->cost.steps)
        return x->cost.steps < y->cost.steps ? 1 : -1;
    return ov_span_compare(ov_buf_span(&x->text), ov_buf_span(&y->text));
}

struct rule_costs_entry **rule_costs_sorted(struct rule_costs *r)
{
    struct rule_costs_entry **list =
        ov_alloc_array(r->n, sizeof(struct rule_costs_entry *));
    size_t n = 0;

    if (list == NULL) {
        r->is_cut = true;
        return NULL;
    }
    for (size_t i = 0; i < r->n_slots; i++)
        if (r->slots[i] != NULL)
            list[n++] = r->slots[i];
    qsort(list, n, sizeof(struct rule_costs_entry *), compare);
    return list;
}
