/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scan_state.h"

/* Rules about members of containers: names, sizes, positions, checksums as the
 * container's headers tell them. Format: ClamAV manual, "Container metadata
 * signatures". They hold also for members whose content cannot be read. */

/* In what the rules ask about clamscan differs from one container to the next
 * (it tells with --debug, in lines "CDBNAME"), and asks about those of no
 * other. */
static const struct container_form {
    enum ov_type type;

    enum packed {
        AS_TOLD,
        AS_REAL, /* the real size */
        NOT_TOLD /* 0 */
    } packed;

    enum position {
        FROM_ONE,
        FROM_ZERO,
        NONE /* 0 for all */
    } position;
} forms[] = {
    {OV_TYPE_ZIP, AS_TOLD, FROM_ONE},
    {OV_TYPE_RAR, AS_TOLD, FROM_ONE},
    {OV_TYPE_7Z, NOT_TOLD, FROM_ZERO},
    {OV_TYPE_TAR, AS_REAL, FROM_ONE},
    {OV_TYPE_OLD_TAR, AS_REAL, FROM_ONE},
    {OV_TYPE_CPIO_OLD, AS_REAL, FROM_ONE},
    {OV_TYPE_CPIO_ODC, AS_REAL, FROM_ONE},
    {OV_TYPE_CPIO_NEWC, AS_REAL, FROM_ONE},
    {OV_TYPE_CPIO_CRC, AS_REAL, FROM_ONE},
    {OV_TYPE_CAB, NOT_TOLD, FROM_ZERO},
    {OV_TYPE_CHM, NOT_TOLD, FROM_ZERO},
    {OV_TYPE_ISO9660, AS_REAL, NONE},
    {OV_TYPE_MAIL, AS_REAL, NONE},
};

static const struct container_form *form_of(enum ov_type type)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (forms[i].type == type)
            return &forms[i];
    return NULL;
}

/* The member as clamscan would see it. */
static struct ov_member seen_as(const struct container_form *form,
                                const struct ov_member *member,
                                const struct ov_object *o)
{
    struct ov_member seen = *member;

    if (seen.real_size == OV_SIZE_UNKNOWN)
        seen.real_size = o->bytes.len;
    if (form->packed == AS_REAL)
        seen.packed_size = seen.real_size;
    else if (form->packed == NOT_TOLD)
        seen.packed_size = 0;
    if (form->position == FROM_ZERO)
        seen.position--;
    else if (form->position == NONE)
        seen.position = 0;
    return seen;
}

static bool is_in(const struct ov_range *range, uint64_t value)
{
    return value >= range->min && value <= range->max;
}

static bool is_any(const struct ov_range *range)
{
    return range->min == 0 && range->max == UINT64_MAX;
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
           is_in(&rule->packed_size, member->packed_size) &&
           is_in(&rule->real_size, member->real_size) &&
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
    const struct container_form *form = form_of(o->parent->type);
    struct ov_member seen;

    if (form == NULL)
        return;
    seen = seen_as(form, member, o);
    for (size_t i = 0; i < scan->scanner->n_member_rules && !scan->is_stopped;
         i++) {
        const struct ov_member_rule *rule = &scan->scanner->member_rules[i];
        struct ov_detection d = {.rule = rule->name,
                                 .source = rule->source,
                                 .line = rule->line,
                                 .flags = rule->flags,
                                 .kind = "member"};

        if (fits_headers(rule, o->parent, &seen) &&
            fits_name(scan, rule, o->name))
            ov_report_detection(scan, &d);
    }
}
