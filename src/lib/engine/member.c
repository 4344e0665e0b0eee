/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scan_state.h"

/* Rules about members of containers: names, sizes, positions, checksums as the
 * container's headers tell them. Format: ClamAV manual, "Container metadata
 * signatures". They hold also for members whose content cannot be read. */

static bool is_in(const struct ov_range *range, uint64_t value)
{
    return value >= range->min && value <= range->max;
}

static bool is_any(const struct ov_range *range)
{
    return range->min == 0 && range->max == UINT64_MAX;
}

/* A size that the container does not tell satisfies only "any". */
static bool fits_size(const struct ov_range *range, uint64_t value)
{
    return is_any(range) || (value != OV_SIZE_UNKNOWN && is_in(range, value));
}

static bool fits_checksum(const struct ov_member_rule *rule,
                          const struct ov_member *member)
{
    return is_any(&rule->checksum) ||
           (member->has_checksum && is_in(&rule->checksum, member->checksum));
}

static bool fits_headers(const struct ov_member_rule *rule,
                         const struct ov_object *container,
                         const struct ov_member *member)
{
    return (rule->container == OV_TYPE_ANY ||
            rule->container == (uint32_t)container->type) &&
           is_in(&rule->container_size, container->bytes.len) &&
           fits_size(&rule->packed_size, member->packed_size) &&
           fits_size(&rule->real_size, member->real_size) &&
           (rule->is_encrypted < 0 ||
            (rule->is_encrypted != 0) == member->is_encrypted) &&
           is_in(&rule->position, member->position) &&
           fits_checksum(rule, member);
}

static bool fits_name(struct ov_scan *scan, const struct ov_member_rule *rule,
                      struct ov_span name)
{
    struct ov_regex regex = {.source = rule->file_name};
    uint64_t n = 0;
    enum ov_status status;

    if (rule->file_name.len == 0)
        return true;
    status =
        ov_regex_count(scan->scanner->regexes, &regex, name, &scan->budget, &n);
    if (status != OV_OK)
        ov_report_status(scan, status, "member name", 0);
    return n > 0;
}

void ov_examine_member(struct ov_scan *scan, const struct ov_member *member)
{
    const struct ov_object *o = &scan->scanner->frames[scan->top].object;

    for (size_t i = 0; i < scan->scanner->n_member_rules && !scan->is_stopped;
         i++) {
        const struct ov_member_rule *rule = &scan->scanner->member_rules[i];
        struct ov_detection d = {.rule = rule->name,
                                 .source = rule->source,
                                 .line = rule->line,
                                 .flags = rule->flags,
                                 .kind = "member"};

        if (fits_headers(rule, o->parent, member) &&
            fits_name(scan, rule, o->name))
            ov_report_detection(scan, &d);
    }
}
