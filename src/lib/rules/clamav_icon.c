/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "rules/clamav_job.h"
#include "rules/icon_rule.h"

/* Icon signatures:
 *
 *   .idb   name:group 1:group 2:hash
 *
 * The hash is 124 hexadecimal digits: the icon's side (10, 18 or 20: 16, 24 or
 * 32), three areas of each kind in the order of enum ov_icon_kind, each a mean
 * (three digits for colour and gray, else two), x and y (two digits each); then
 * the shares of red, green and blue and the percentage of coloured pixels.
 * Nothing else looks for icons than logical rules with IconGroup1 or 2.
 *
 * Source: ClamAV manual, "Icon signatures for PE files"; bounds: clamscan
 * 1.4.6. */

#define FIELDS 4
#define HASH_DIGITS 124
#define COLOR_MAX 4072
#define SHARES_MAX 103 /* red, green and blue together */
#define PERCENT_MAX 100
#define FNV_BASIS 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

uint64_t ov_icon_group_key(struct ov_span name)
{
    uint64_t key = FNV_BASIS;

    for (size_t i = 0; i < name.len; i++)
        key = (key ^ (uint64_t)ov_span_byte(name, i)) * FNV_PRIME;
    return key == OV_ICON_ANY_GROUP ? 1 : key;
}

/* The digits' values, and how far they were read. */
struct digits {
    uint8_t values[HASH_DIGITS];
    size_t at;
};

static bool read_digits(struct ov_span hex, struct digits *ret)
{
    ret->at = 0;
    if (hex.len != HASH_DIGITS)
        return false;
    for (size_t i = 0; i < HASH_DIGITS; i++) {
        int digit = ov_hex_digit((uint8_t)ov_span_byte(hex, i));

        if (digit < 0)
            return false;
        ret->values[i] = (uint8_t)digit;
    }
    return true;
}

/* The number in the next n digits. */
static uint32_t take(struct digits *d, size_t n)
{
    uint32_t value = 0;

    for (size_t i = 0; i < n; i++)
        value = value << 4 | d->values[d->at++];
    return value;
}

/* The three areas of one kind; false if one is out of bounds. */
static bool take_areas(struct digits *d, enum ov_icon_kind kind,
                       struct ov_icon *icon)
{
    bool is_color = kind == OV_ICON_COLOR || kind == OV_ICON_GRAY;

    for (size_t i = 0; i < OV_ICON_AREAS; i++) {
        struct ov_icon_area *a = &icon->areas[kind][i];
        uint32_t last = icon->side - icon->side / 8;

        a->mean = take(d, is_color ? 3 : 2);
        a->x = take(d, 2);
        a->y = take(d, 2);
        if (a->mean > COLOR_MAX || a->x > last || a->y > last)
            return false;
    }
    return true;
}

bool ov_icon_parse(struct ov_span hex, struct ov_icon *ret,
                   const char **ret_why)
{
    struct ov_icon icon = {0};
    struct digits d;

    *ret_why = "the hash of an icon has 124 hexadecimal digits";
    if (!read_digits(hex, &d))
        return false;
    icon.side = take(&d, 2);
    *ret_why = "the side of an icon is 10, 18 or 20";
    if (icon.side != 16 && icon.side != 24 && icon.side != 32)
        return false;
    *ret_why = "an area of the icon is out of bounds";
    for (int kind = 0; kind < OV_N_ICON_KINDS; kind++)
        if (!take_areas(&d, (enum ov_icon_kind)kind, &icon))
            return false;
    icon.red = take(&d, 2);
    icon.green = take(&d, 2);
    icon.blue = take(&d, 2);
    icon.colored = take(&d, 2);
    *ret_why = "shares of colours are out of bounds";
    if (icon.red + icon.green + icon.blue > SHARES_MAX ||
        icon.colored > PERCENT_MAX)
        return false;
    *ret = icon;
    return true;
}

enum ov_status ov_clam_idb_line(struct ov_clam_job *job)
{
    struct ov_span f[FIELDS + 1];
    size_t n = ov_clam_split(job->text, ':', f, FIELDS + 1);
    struct ov_icon_rule rule = {.line = job->line};
    struct ov_icon_rule *slot;
    const char *why;

    if (n != FIELDS)
        return ov_clam_refuse(job, "expected name:group1:group2:hash",
                              job->text);
    if (!ov_icon_parse(f[3], &rule.icon, &why))
        return ov_clam_refuse(job, why, f[3]);
    rule.name = f[0];
    rule.groups[0] = f[1];
    rule.groups[1] = f[2];
    slot = ov_part_add(&job->part->icons);
    if (slot == NULL)
        return OV_NO_MEMORY;
    *slot = rule;
    return OV_OK;
}
