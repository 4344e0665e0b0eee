/* SPDX-License-Identifier: Apache-2.0 */
#include "base/budget.h"

#include "base/assert.h"

/* Counting what a scan costs. Saturating: a sum that would overflow is the
 * largest number, which is over every limit. */

static const struct {
    const char *word;
    uint64_t initial;
    enum ov_status status;
} table[OV_N_COST] = {

#define OV_COST(name, word, initial, status) [name] = {word, initial, status},
#include <overt/limits.def>
#undef OV_COST
};

struct ov_budget ov_budget_default(void)
{
    struct ov_budget b = {0};

    for (int i = 0; i < OV_N_COST; i++)
        b.limit[i] = table[i].initial;
    return b;
}

enum ov_status ov_budget_spend(struct ov_budget *b, enum ov_cost what,
                               uint64_t n)
{
    OV_ASSERT(what < OV_N_COST);
    if (__builtin_add_overflow(b->spent[what], n, &b->spent[what]))
        b->spent[what] = UINT64_MAX;
    if (b->limit[what] != 0 && b->spent[what] > b->limit[what])
        return table[what].status;
    return OV_OK;
}

uint64_t ov_budget_left(const struct ov_budget *b, enum ov_cost what)
{
    OV_ASSERT(what < OV_N_COST);
    if (b->limit[what] == 0)
        return UINT64_MAX;
    if (b->spent[what] >= b->limit[what])
        return 0;
    return b->limit[what] - b->spent[what];
}

const char *ov_cost_name(enum ov_cost what)
{
    OV_ASSERT(what < OV_N_COST);
    return table[what].word;
}
