/* SPDX-License-Identifier: Apache-2.0 */
#include "match/place.h"

/* Places as ranges of offsets. A place that would lie before the start of the
 * view is nowhere, also if its shift would reach into the view. */

/* base + at .. + shift */
static bool around(uint64_t base, int64_t at, uint64_t shift,
                   struct ov_place_range *ret)
{
    uint64_t first;

    if (at < 0) {
        uint64_t back = (uint64_t)0 - (uint64_t)at;

        if (back > base)
            return false;
        first = base - back;
    } else if (__builtin_add_overflow(base, (uint64_t)at, &first)) {
        return false;
    }
    ret->first = first;
    if (__builtin_add_overflow(first, shift, &ret->last))
        ret->last = UINT64_MAX;
    return true;
}

/* Anywhere in the section, and shift bytes behind it. */
static bool inside(const struct ov_extent *e, uint32_t shift,
                   struct ov_place_range *ret)
{
    struct ov_place_range r;
    uint64_t len;

    if (__builtin_add_overflow(e->len, (uint64_t)shift, &len) ||
        !around(e->at, 0, len, &r))
        return false;
    *ret = r;
    return true;
}

static bool layout_range(const struct ov_place *p,
                         const struct ov_layout *layout, uint32_t nth,
                         struct ov_place_range *ret)
{
    if (p->kind == OV_PLACE_VERSION_INFO)
        return nth < layout->n_version_info &&
               around(layout->version_info[nth].at, p->at, p->shift, ret);
    if (nth > 0)
        return false;
    if (p->kind == OV_PLACE_ENTRY)
        return layout->has_entry && around(layout->entry, p->at, p->shift, ret);
    if (p->kind == OV_PLACE_LAST_SECTION)
        return layout->n_sections > 0 &&
               around(layout->sections[layout->n_sections - 1].at, p->at,
                      p->shift, ret);
    if (p->section >= layout->n_sections)
        return false;
    if (p->kind == OV_PLACE_IN_SECTION)
        return inside(&layout->sections[p->section], p->shift, ret);
    return around(layout->sections[p->section].at, p->at, p->shift, ret);
}

bool ov_place_range(const struct ov_place *p, uint64_t view_len,
                    const struct ov_layout *layout, uint32_t nth,
                    struct ov_place_range *ret)
{
    if (ov_place_needs_layout(p))
        return layout != NULL && layout_range(p, layout, nth, ret);
    if (nth > 0)
        return false;
    if (p->kind == OV_PLACE_START)
        return around(0, p->at, p->shift, ret);
    if (p->kind == OV_PLACE_END)
        return p->at >= 0 && around(view_len, -p->at, p->shift, ret);
    *ret = (struct ov_place_range){0, UINT64_MAX};
    return true;
}

bool ov_place_allows(const struct ov_place *p, uint64_t view_len,
                     const struct ov_layout *layout, uint64_t at)
{
    struct ov_place_range r;

    for (uint32_t n = 0; ov_place_range(p, view_len, layout, n, &r); n++)
        if (at >= r.first && at <= r.last)
            return true;
    return false;
}
