/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "formats/icon.h"
#include "rules/image.h"

#define OV_ICON_GROUPS 2

/* One line of an .idb: what an icon looks like, and the groups that logical
 * rules know it by (IconGroup1, IconGroup2). */
struct ov_icon_rule {
    struct ov_span name;
    struct ov_span source; /* its source's name; set by ov_lookup_icons */
    uint32_t line;
    struct ov_span groups[OV_ICON_GROUPS];
    uint64_t keys[OV_ICON_GROUPS]; /* of the groups; set by ov_lookup_icons */
    struct ov_icon icon;
};

/* Any group: what a condition says for "*" or for no group. */
#define OV_ICON_ANY_GROUP 0

/* What stands for a group's name in conditions: FNV-1a of 64 bits. Two groups
 * with one key are taken for one. */
uint64_t ov_icon_group_key(struct ov_span name);

/* The bytes of an .idb's hash: side, areas (mean, x, y) by kind, shares. ret is
 * false if it is none. */
OV_MUST_USE bool ov_icon_parse(struct ov_span hex, struct ov_icon *ret,
                               const char **ret_why);

/* Writes and reads a rule in the section "icons" (as rules/few.h). */
void ov_icon_rule_put(struct ov_buf *b, uint32_t source,
                      const struct ov_icon_rule *rule);
const struct ov_icon_rule *
ov_lookup_icons(struct ov_image *image, struct ov_arena *arena, size_t *ret_n);
