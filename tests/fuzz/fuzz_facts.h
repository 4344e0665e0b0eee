/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/facts.h"
#include "formats/icon.h"
#include "fuzz.h"

#define FUZZ_MAX_ICONS 100

/* The icons of an executable have sizes and places within bounds, and each
 * looks like itself. */
static inline void fuzz_icons(const struct ov_exe_job *job)
{
    struct ov_icon_list list;

    if (job->facts->pe == NULL ||
        ov_pe_icons(job->facts->pe, job, FUZZ_MAX_ICONS, &list) != OV_OK)
        return;
    for (size_t i = 0; i < list.n; i++) {
        FUZZ_CHECK(list.items[i].side >= OV_ICON_SIDE_MIN &&
                   list.items[i].side <= OV_ICON_SIDE_MAX);
        FUZZ_CHECK(ov_icon_is_like(&list.items[i], &list.items[i]));
    }
}

/* Reads the bytes as an executable of that type. Whatever they are, there is an
 * answer, it is the same twice, and a damaged file has no layout. */
static inline void fuzz_facts(enum ov_type type, struct ov_span bytes)
{
    OV_AUTO(arena) arena = ov_arena_new(16 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_facts first, second;

    enum ov_status status;

    if (arena == NULL)
        return;
    status = ov_facts_read(type, bytes, arena, &budget, &first);
    if (status == OV_OK)
        status = ov_facts_read(type, bytes, arena, &budget, &second);
    if (status == OV_NO_MEMORY)
        return;
    FUZZ_CHECK(status == OV_OK);
    for (unsigned i = 0; i < OV_N_FACTS; i++)
        FUZZ_CHECK(first.facts[i].is_known == second.facts[i].is_known &&
                   first.facts[i].value == second.facts[i].value);
    FUZZ_CHECK(first.layout.n_sections == second.layout.n_sections);
    if (first.facts[OV_FACT_IS_DAMAGED].value != 0)
        FUZZ_CHECK(first.layout.n_sections == 0 && !first.layout.has_entry);
    for (unsigned i = 0; i < first.layout.n_sections; i++)
        FUZZ_CHECK(
            first.layout.sections[i].at == second.layout.sections[i].at &&
            first.layout.sections[i].len == second.layout.sections[i].len);
    FUZZ_CHECK(first.overlay_at <= bytes.len);
    fuzz_icons(&(struct ov_exe_job){bytes, arena, &budget, &first});
}
