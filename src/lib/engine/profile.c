/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/profile.h"

#include "engine/scan_state.h"

/* Counts what each rule costs while a file is scanned, and tells it at the end.
 * A counter for each rule of each image, made on the first request; only those
 * that were touched are looked at again. */

struct cost {
    uint64_t n_tried;
    uint64_t n_evaluated;
    uint64_t steps;
};

struct touched {
    size_t tier;
    uint32_t rule;
};

struct ov_profile {
    struct cost *costs[OV_MAX_TIERS];
    uint32_t n_rules[OV_MAX_TIERS];
    struct touched *touched;
    size_t n_touched;
    size_t cap;
    bool is_cut; /* memory was out: what some rule has cost is not known */
};

static struct ov_profile *new_profile(struct ov_scanner *s)
{
    struct ov_profile *p = ov_alloc(sizeof(*p));

    for (size_t i = 0; p != NULL && i < s->n_tiers; i++) {
        p->n_rules[i] = ov_lookup_n_rules(s->images[i]);
        p->costs[i] = ov_alloc_array(p->n_rules[i], sizeof(*p->costs[i]));
        if (p->costs[i] == NULL && p->n_rules[i] > 0) {
            ov_profile_free(p);
            return NULL;
        }
    }
    return p;
}

void ov_profile_free(struct ov_profile *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < OV_MAX_TIERS; i++)
        ov_free(p->costs[i]);
    ov_free(p->touched);
    ov_free(p);
}

enum ov_status ov_profile_begin(struct ov_scan *scan)
{
    struct ov_scanner *s = scan->scanner;

    if ((scan->flags & OV_SCAN_PROFILE) == 0)
        return OV_OK;
    if (s->profile == NULL)
        s->profile = new_profile(s);
    return s->profile != NULL ? OV_OK : OV_NO_MEMORY;
}

/* The rule's counters, or NULL: then its cost is not told. */
static struct cost *touch(struct ov_profile *p, size_t tier, uint32_t rule)
{
    struct cost *c;

    if (rule >= p->n_rules[tier])
        return NULL;
    c = &p->costs[tier][rule];
    if (c->n_tried + c->n_evaluated == 0) {
        struct touched *t = ov_list_grow((void **)&p->touched, &p->n_touched,
                                         &p->cap, sizeof(*t));

        if (t == NULL) {
            p->is_cut = true;
            return NULL;
        }
        *t = (struct touched){tier, rule};
    }
    return c;
}

void ov_profile_tried(void *data, size_t tier, uint32_t rule, uint64_t steps)
{
    struct ov_scan *scan = data;
    struct cost *c = touch(scan->scanner->profile, tier, rule);

    if (c == NULL)
        return;
    c->n_tried++;
    c->steps += steps;
}

void ov_profile_evaluated(struct ov_scan *scan, size_t tier, uint32_t rule,
                          uint64_t steps)
{
    struct cost *c;

    if ((scan->flags & OV_SCAN_PROFILE) == 0)
        return;
    c = touch(scan->scanner->profile, tier, rule);
    if (c == NULL)
        return;
    c->n_evaluated++;
    c->steps += steps;
}

static void tell(struct ov_scan *scan, const struct touched *t,
                 const struct cost *c)
{
    struct ov_scanner *s = scan->scanner;
    struct ov_rule_view rule;
    struct ov_rule_cost told = {.n_tried = c->n_tried,
                                .n_evaluated = c->n_evaluated,
                                .steps = c->steps};

    if (!ov_lookup_rule(s->images[t->tier], t->rule, s->scratch, &rule))
        return;
    told.rule = rule.name;
    told.source = rule.source;
    told.line = rule.line;
    if (scan->findings->cost != NULL)
        scan->findings->cost(scan->findings->data, &told);
}

void ov_profile_end(struct ov_scan *scan)
{
    struct ov_profile *p = scan->scanner->profile;

    if ((scan->flags & OV_SCAN_PROFILE) == 0 || p == NULL)
        return;
    for (size_t i = 0; i < p->n_touched; i++) {
        const struct touched *t = &p->touched[i];
        struct cost *c = &p->costs[t->tier][t->rule];

        tell(scan, t, c);
        *c = (struct cost){0};
    }
    p->n_touched = 0;
    if (p->is_cut)
        ov_report_status(scan, OV_NO_MEMORY, "profile", 0);
    p->is_cut = false;
}
