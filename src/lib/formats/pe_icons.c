/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/icon.h"
#include "formats/pe_resource.h"

/* The icons of an executable that rules compare.
 *
 * A group (RT_GROUP_ICON) is a header of 6 bytes and entries of 14, which tell
 * the numbers of pictures (RT_ICON). Only the first group is looked at, as the
 * one that people see, but in all its languages; and of each picture all
 * languages. Sizes in the entries are not believed. An entry may name the same
 * picture again and again: what is measured is counted, and every one costs
 * steps.
 *
 * Sources: Microsoft, "Resource File Formats", "Menu, Icon, Cursor";
 * which are looked at: clamscan 1.4.6. */

#define GROUP_HEADER 6
#define ENTRY_SIZE 14
#define ENTRY_NUMBER_AT 12
#define ICONS_MAX 4096 /* pictures measured in one file */
#define STEPS_PER_ICON 400000

struct gathering {
    const struct ov_pe *pe;
    const struct ov_exe_job *job;
    struct ov_icon_canvas *canvas;
    struct ov_icon *icons;
    size_t n;
    size_t cap;
    uint64_t n_left; /* entries still looked at */
};

/* The data that a leaf describes: where it begins, and its size as told. */
static bool data_of(const struct ov_pe *pe, uint32_t leaf, uint64_t *ret_at,
                    uint32_t *ret_size)
{
    uint32_t address;
    uint64_t at;

    return ov_pe_offset(pe, leaf, &at) &&
           ov_span_u32le(pe->bytes, at, &address) &&
           ov_span_u32le(pe->bytes, at + 4, ret_size) &&
           ov_pe_offset(pe, address, ret_at);
}

static struct ov_icon *add(struct gathering *g)
{
    if (g->n == g->cap) {
        size_t cap = g->cap == 0 ? 16 : 2 * g->cap;
        struct ov_icon *icons =
            ov_arena_array(g->job->arena, cap, sizeof(*icons));

        if (icons == NULL)
            return NULL;
        for (size_t i = 0; i < g->n; i++)
            icons[i] = g->icons[i];
        g->icons = icons;
        g->cap = cap;
    }
    return &g->icons[g->n++];
}

static enum ov_status measure(struct gathering *g, uint32_t leaf)
{
    struct ov_icon *icon;
    uint32_t size;
    uint64_t at;
    bool is_one;

    if (!data_of(g->pe, leaf, &at, &size))
        return OV_OK;
    OV_TRY(ov_icon_draw(g->job, at, g->canvas, &is_one));
    if (!is_one)
        return OV_OK;
    OV_TRY(ov_budget_spend(g->job->budget, OV_COST_STEPS, STEPS_PER_ICON));
    if (g->n == ICONS_MAX)
        return OV_LIMIT_WORK;
    icon = add(g);
    if (icon == NULL)
        return OV_NO_MEMORY;
    ov_icon_measure(g->canvas, icon);
    return OV_OK;
}

/* All languages of one picture. */
static enum ov_status gather_picture(struct gathering *g, uint32_t number)
{
    struct ov_pe_resources pictures;
    struct ov_pe_leaf leaf;

    ov_pe_resources_open(g->pe, OV_PE_RESOURCE_ICON, number, &pictures);
    while (ov_pe_resources_next(&pictures, &leaf))
        OV_TRY(measure(g, leaf.address));
    return ov_budget_spend(g->job->budget, OV_COST_STEPS,
                           10ull * pictures.n_entries);
}

static enum ov_status gather_group(struct gathering *g, uint32_t leaf)
{
    struct ov_span group;
    uint32_t size;
    uint16_t n;
    uint64_t at;

    if (!data_of(g->pe, leaf, &at, &size) || size <= GROUP_HEADER ||
        !ov_span_sub(g->pe->bytes, at, size, &group) ||
        !ov_span_u16le(group, 4, &n))
        return OV_OK;
    at = GROUP_HEADER;
    for (; n > 0 && g->n_left > 0; n--, g->n_left--) {
        uint16_t number;

        if (at + ENTRY_SIZE > size ||
            !ov_span_u16le(group, at + ENTRY_NUMBER_AT, &number))
            break;
        OV_TRY(gather_picture(g, number));
        at += ENTRY_SIZE;
    }
    return OV_OK;
}

enum ov_status ov_pe_icons(const struct ov_pe *pe, const struct ov_exe_job *job,
                           uint64_t max, struct ov_icon_list *ret)
{
    struct gathering g = {.pe = pe, .job = job, .n_left = max};
    struct ov_pe_resources groups;
    struct ov_pe_leaf leaf;
    bool is_first = true;
    uint32_t name = 0;

    g.canvas = ov_arena_alloc(job->arena, sizeof(*g.canvas));
    if (g.canvas == NULL)
        return OV_NO_MEMORY;
    ov_pe_resources_open(pe, OV_PE_RESOURCE_ICON_GROUP, OV_PE_ANY_NAME,
                         &groups);
    while (g.n_left > 0 && ov_pe_resources_next(&groups, &leaf)) {
        if (!is_first && leaf.name != name)
            break;
        is_first = false;
        name = leaf.name;
        OV_TRY(gather_group(&g, leaf.address));
    }
    *ret = (struct ov_icon_list){g.icons, g.n};
    return OV_OK;
}
