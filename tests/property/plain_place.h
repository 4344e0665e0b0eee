/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/matcher.h"

/* Where pattern.h lets a match begin; the plain twin of match/place.c. */
static inline bool plain_placed(const struct ov_place *p, uint64_t len,
                                const struct ov_layout *l, uint64_t at)
{
    int64_t s = (int64_t)at;
    int64_t base;

    switch (p->kind) {
    case OV_PLACE_ANY:
    case OV_PLACE_MACRO:
        return true;
    case OV_PLACE_START:
        base = p->at;
        break;
    case OV_PLACE_END:
        base = (int64_t)len - p->at;
        break;
    case OV_PLACE_ENTRY:
        if (!l->has_entry)
            return false;
        base = (int64_t)l->entry + p->at;
        break;
    case OV_PLACE_SECTION:
    case OV_PLACE_IN_SECTION:
        if (p->section >= l->n_sections)
            return false;
        base = (int64_t)l->sections[p->section].at;
        if (p->kind == OV_PLACE_IN_SECTION)
            return s >= base && at <= l->sections[p->section].at +
                                          l->sections[p->section].len +
                                          p->shift;
        base += p->at;
        break;
    case OV_PLACE_LAST_SECTION:
        if (l->n_sections == 0)
            return false;
        base = (int64_t)l->sections[l->n_sections - 1].at + p->at;
        break;
    case OV_PLACE_VERSION_INFO:
        for (uint32_t i = 0; i < l->n_version_info; i++)
            if (at >= l->version_info[i].at &&
                at <= l->version_info[i].at + p->shift)
                return true;
        return false;
    default:
        return false;
    }
    return base >= 0 && s >= base && s <= base + (int64_t)p->shift;
}
