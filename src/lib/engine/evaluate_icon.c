/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/evaluate.h"

/* Icons of an executable against those that rules know (.idb). The executable's
 * icons are measured once, when the first rule asks; then each is compared with
 * every known one of the groups. */

#define STEPS_PER_ICON 2
#define STEPS_PER_COMPARISON 2000

static bool is_in(const struct ov_icon_rule *rule, const uint64_t *keys)
{
    for (size_t i = 0; i < OV_ICON_GROUPS; i++)
        if (keys[i] != OV_ICON_ANY_GROUP && keys[i] != rule->keys[i])
            return false;
    return true;
}

static enum ov_status has_one_like(const struct ov_evaluation *e,
                                   const struct ov_icon_list *seen,
                                   const struct ov_icon *known, bool *ret)
{
    OV_TRY(ov_budget_spend(e->budget, OV_COST_STEPS,
                           STEPS_PER_COMPARISON * seen->n));
    for (size_t i = 0; i < seen->n && !*ret; i++)
        *ret = ov_icon_is_like(&seen->items[i], known);
    return OV_OK;
}

enum ov_status ov_evaluate_icons(const struct ov_evaluation *e,
                                 const uint64_t keys[static OV_ICON_GROUPS],
                                 bool *ret)
{
    const struct ov_icon_list *seen = NULL;
    bool is_found = false;

    OV_TRY(
        ov_budget_spend(e->budget, OV_COST_STEPS, STEPS_PER_ICON * e->n_icons));
    if (e->n_icons > 0)
        OV_TRY(ov_object_icons(e->object, e->arena, e->budget,
                               e->bounds[OV_BOUND_ICONS], &seen));
    for (size_t i = 0; i < e->n_icons && seen->n > 0 && !is_found; i++)
        if (is_in(&e->icons[i], keys))
            OV_TRY(has_one_like(e, seen, &e->icons[i].icon, &is_found));
    *ret = is_found;
    return OV_OK;
}
