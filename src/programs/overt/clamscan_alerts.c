/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "clamscan.h"
#include "host/option.h"

/* clamscan's options about its alerts: what the engine looks for beside rules.
 */

const char *clamscan_heuristics(struct clamscan *c, const char *value)
{
    bool is_on;

    if (!clamscan_flag(value, &is_on))
        return "not yes or no";
    c->has_no_heuristics = !is_on;
    return NULL;
}

const char *clamscan_precedence(struct clamscan *c, const char *value)
{
    return clamscan_set_bit(&c->open.flags, OV_SCAN_ALERTS_FIRST, value);
}

const char *clamscan_alert_encrypted(struct clamscan *c, const char *value)
{
    bool is_on;

    if (!clamscan_flag(value, &is_on))
        return "not yes or no";
    c->alerts_archives = c->alerts_documents = is_on;
    return NULL;
}

const char *clamscan_alert_broken(struct clamscan *c, const char *value)
{
    return clamscan_set_bit(&c->open.alerts, 1u << OV_ALERT_BROKEN, value);
}

const char *clamscan_alert_media(struct clamscan *c, const char *value)
{
    return clamscan_set_bit(&c->open.alerts, 1u << OV_ALERT_MEDIA, value);
}

const char *clamscan_alert_macros(struct clamscan *c, const char *value)
{
    return clamscan_set_bit(&c->open.alerts, 1u << OV_ALERT_MACROS, value);
}

const char *clamscan_alert_partitions(struct clamscan *c, const char *value)
{
    return clamscan_set_bit(&c->open.alerts, 1u << OV_ALERT_PARTITIONS, value);
}

const char *clamscan_images(struct clamscan *c, const char *value)
{
    bool is_on;

    if (!clamscan_flag(value, &is_on))
        return "not yes or no";
    c->has_no_images = !is_on;
    return NULL;
}

const char *clamscan_structured(struct clamscan *c, const char *value)
{
    return clamscan_set_bit(&c->open.alerts, 1u << OV_ALERT_NUMBERS, value);
}

/* How many are an alert. */
static const char *set_number(uint64_t *field, const char *value)
{
    uint64_t n;

    if (!option_number(value, UINT32_MAX, &n))
        return "not a number";
    *field = n == 0 ? 1 : n;
    return NULL;
}

const char *clamscan_card_count(struct clamscan *c, const char *value)
{
    return set_number(&c->open.bounds[OV_BOUND_CARDS], value);
}

const char *clamscan_security_count(struct clamscan *c, const char *value)
{
    return set_number(&c->open.bounds[OV_BOUND_SECURITY], value);
}

const char *clamscan_card_mode(struct clamscan *c, const char *value)
{
    if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
        return "not 0 (cards of all kinds) or 1 (credit cards)";
    return clamscan_set_bit(&c->open.alerts, 1u << OV_ALERT_CREDIT_CARDS,
                            value);
}

const char *clamscan_security_format(struct clamscan *c, const char *value)
{
    if (value[0] < '0' || value[0] > '2' || value[1] != '\0')
        return "not 0 (with dashes), 1 (without) or 2 (both)";
    c->security_format = (unsigned)(value[0] - '0');
    return NULL;
}

void clamscan_choose_alerts(struct clamscan *c)
{
    if (!c->has_no_heuristics)
        c->open.alerts |= 1u << OV_ALERT_ENGINE;
    if (c->has_no_heuristics || c->has_no_images)
        c->open.alerts &= ~(1u << OV_ALERT_MEDIA);
    if (c->has_no_images)
        c->open.flags |= OV_SCAN_NO_IMAGE_HASH;
    if ((c->open.alerts & 1u << OV_ALERT_NUMBERS) == 0)
        return;
    if (c->security_format != 1)
        c->open.alerts |= 1u << OV_ALERT_SECURITY_DASHES;
    if (c->security_format != 0)
        c->open.alerts |= 1u << OV_ALERT_SECURITY_PLAIN;
}
