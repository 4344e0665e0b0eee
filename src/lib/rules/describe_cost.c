/* SPDX-License-Identifier: Apache-2.0
 *
 * What each rule takes of an image: what compiling it has made, in bytes. The
 * same on any machine and with any number of threads, as images are. */
#include <stdlib.h>

#include "base/alloc.h"
#include "rules/describe_out.h"

struct cost {
    uint32_t rule;
    uint32_t n_patterns;
    uint32_t n_programs; /* a pattern has one for each form of it */
    uint64_t programs;   /* bytes; automata of regular expressions included */
    uint64_t largest;    /* of these the most of one program */
    uint64_t condition;  /* bytes, with the terms */
};

static uint64_t bytes_of(const struct cost *c)
{
    return c->programs + c->condition;
}

/* The dearest first; then in the order of rules. */
static int dearest_first(const void *a, const void *b)
{
    const struct cost *x = a;
    const struct cost *y = b;

    if (bytes_of(x) != bytes_of(y))
        return bytes_of(x) > bytes_of(y) ? -1 : 1;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

/* Adds the programs of the rule's patterns: both come in the order of IDs. *id
 * and *len are of the program that was read last; len 0: there is none. */
static void add_programs(struct ov_describe *d, const struct ov_rule_view *rule,
                         struct cost *c, uint32_t *id, uint64_t *len)
{
    while (*len != 0 && *id < rule->first_pattern + rule->n_patterns) {
        c->n_programs++;
        c->programs += *len;
        c->largest = *len > c->largest ? *len : c->largest;
        if (!ov_describe_next_program(d, id, len))
            *len = 0;
    }
}

static enum ov_status gather(struct ov_describe *d, struct cost *costs,
                             uint32_t n)
{
    uint32_t id = 0;
    uint64_t len = 0;

    if (!ov_describe_next_program(d, &id, &len))
        len = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct ov_rule_view rule;

        if (!ov_lookup_rule(d->image, i, NULL, &rule))
            return OV_BAD_DIGEST;
        costs[i] =
            (struct cost){.rule = i,
                          .n_patterns = rule.n_patterns,
                          .condition = rule.condition.len + rule.terms.len};
        add_programs(d, &rule, &costs[i], &id, &len);
    }
    return d->status;
}

static void put_cost(struct ov_describe *d, const struct cost *c)
{
    ov_put_format(&d->text, "%10llu  %8u  %8u  %10llu  %9llu  ",
                  (unsigned long long)bytes_of(c), c->n_patterns, c->n_programs,
                  (unsigned long long)c->largest,
                  (unsigned long long)c->condition);
    ov_describe_put_rule(d, c->rule);
    ov_put_u8(&d->text, '\n');
}

enum ov_status ov_describe_costs(struct ov_image *image,
                                 const struct ov_text_out *out)
{
    uint32_t n = ov_lookup_n_rules(image);
    OV_AUTO_PTR struct cost *costs =
        ov_alloc((n > 0 ? n : (size_t)1) * sizeof(*costs));
    struct ov_describe d;

    if (costs == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_describe_begin(&d, image, out));
    d.status = gather(&d, costs, n);
    if (d.status == OV_OK && n > 0) {
        qsort(costs, n, sizeof(*costs), dearest_first);
        ov_put_str(&d.text, "     bytes  patterns  searches     largest  "
                            "condition  rule\n");
    }
    for (uint32_t i = 0; i < n && ov_describe_pass(&d); i++)
        put_cost(&d, &costs[i]);
    return ov_describe_end(&d);
}
