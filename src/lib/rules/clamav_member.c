/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "formats/type.h"
#include "rules/clamav_regex.h"
#include "rules/clamav_type.h"

/* Rules about members of containers:
 *
 *   .cdb        name:container:container size:file name:size in the
 *               container:real size:encrypted:position:checksum:extra
 *               [:minlevel[:maxlevel]]
 *   .zmd .rmd   name:encrypted:file name:real size:size in the container:
 *               checksum:method:position:depth
 *
 * "*" is any; sizes and positions of a .cdb may be ranges, "10-20". The file
 * name is a regular expression. ClamAV checks the old forms' method and depth,
 * and then does not use them.
 *
 * Source: ClamAV manual, "Signatures based on container metadata"; clamscan
 * 1.4.6. */

#define CDB_FIELDS 12
#define CDB_FIELDS_MIN 10
#define MD_FIELDS 9

static const struct ov_range any_range = {0, UINT64_MAX};

static bool is_any(struct ov_span s)
{
    return ov_span_equal(s, OV_SPAN_LIT("*"));
}

static bool number(struct ov_span s, uint64_t *ret)
{
    *ret = 0;
    return s.len == 0 || ov_parse_uint(s, INT64_MAX, ret);
}

static struct ov_span leading_number(struct ov_span s)
{
    size_t n = 0;

    while (n < s.len && ov_is_digit(s.ptr[n]))
        n++;
    return ov_span_clip(s, 0, n);
}

/* "*", n, n-m; what follows the second number is ignored: so clamscan. */
static enum ov_status range(struct ov_span s, struct ov_range *ret,
                            struct ov_clam_fault *fault)
{
    struct ov_span rest = s;
    struct ov_span high;
    struct ov_span low;
    struct ov_range r = any_range;

    if (is_any(s)) {
        *ret = r;
        return OV_OK;
    }
    if (!ov_span_cut(&rest, '-', &low)) {
        if (!number(s, &r.min))
            return ov_clam_fault(fault, "expected *, a number or a range", s);
        r.max = r.min;
    } else {
        (void)ov_span_cut(&rest, '-', &high);
        high = leading_number(high);
        if (low.len == 0 || high.len == 0 || !number(low, &r.min) ||
            !number(high, &r.max))
            return ov_clam_fault(fault, "expected *, a number or a range", s);
    }
    *ret = r;
    return OV_OK;
}

/* Hexadecimal; what is none matches nothing, as with ClamAV. */
static struct ov_range checksum(struct ov_span s)
{
    uint64_t value = 0;

    if (is_any(s))
        return any_range;
    for (size_t i = 0; i < s.len; i++) {
        int digit = ov_hex_digit((uint8_t)ov_span_byte(s, i));

        if (digit < 0 || i == 8)
            return (struct ov_range){1, 0};
        value = value << 4 | (uint64_t)digit;
    }
    return (struct ov_range){value, value};
}

static enum ov_status file_name(struct ov_span s, struct ov_span *ret,
                                struct ov_clam_fault *fault)
{
    if (is_any(s)) {
        *ret = (struct ov_span){0};
        return OV_OK;
    }
    if (s.len == 0)
        return ov_clam_fault(fault, "the file name is empty; write *", s);
    *ret = s;
    return ov_clam_try_regex(s, 0, fault);
}

static enum ov_status container(struct ov_span s, uint32_t *ret,
                                struct ov_clam_fault *fault)
{
    *ret = OV_TYPE_ANY;
    if (is_any(s))
        return OV_OK;
    switch (ov_clam_type_of(s, ret)) {
    case OV_CLAM_TYPE_KNOWN:
        return OV_OK;
    case OV_CLAM_TYPE_NOT_TOLD:
        *fault = (struct ov_clam_fault){"file type that is not told apart", s};
        return OV_UNSUPPORTED;
    case OV_CLAM_TYPE_UNKNOWN:
        break;
    }
    return ov_clam_fault(fault, "unknown file type", s);
}

static enum ov_status read_cdb(const struct ov_span *f,
                               struct ov_member_rule *ret,
                               struct ov_clam_fault *fault)
{
    struct ov_span encrypted = f[6];

    OV_TRY(container(f[1], &ret->container, fault));
    OV_TRY(range(f[2], &ret->container_size, fault));
    OV_TRY(file_name(f[3], &ret->file_name, fault));
    OV_TRY(range(f[4], &ret->packed_size, fault));
    OV_TRY(range(f[5], &ret->real_size, fault));
    ret->is_encrypted = -1;
    if (ov_span_equal(encrypted, OV_SPAN_LIT("1")))
        ret->is_encrypted = 1;
    else if (ov_span_equal(encrypted, OV_SPAN_LIT("0")))
        ret->is_encrypted = 0;
    else if (!is_any(encrypted))
        return ov_clam_fault(fault, "encrypted is 0, 1 or *", encrypted);
    OV_TRY(range(f[7], &ret->position, fault));
    ret->checksum = any_range; /* clamscan does not compare it */
    ret->extra = f[9];
    if (f[0].len == 0)
        return ov_clam_fault(fault, "the name is missing", f[0]);
    return OV_OK;
}

/* A number on its own, or "*". */
static enum ov_status single(struct ov_span s, struct ov_range *ret,
                             struct ov_clam_fault *fault)
{
    *ret = any_range;
    if (is_any(s))
        return OV_OK;
    if (!number(s, &ret->min))
        return ov_clam_fault(fault, "expected * or a number", s);
    ret->max = ret->min;
    return OV_OK;
}

/* Whole bytes, and not all bits set, which ClamAV takes for a failure. */
static enum ov_status old_checksum(struct ov_span s, struct ov_range *ret,
                                   struct ov_clam_fault *fault)
{
    *ret = checksum(s);
    if (!is_any(s) &&
        (s.len % 2 != 0 || ret->min > ret->max || ret->min == UINT32_MAX))
        return ov_clam_fault(fault, "expected * or a checksum", s);
    return OV_OK;
}

static enum ov_status read_md(const struct ov_span *f,
                              struct ov_member_rule *ret,
                              struct ov_clam_fault *fault)
{
    struct ov_range encrypted;
    struct ov_range unused;

    if (f[0].len == 0)
        return ov_clam_fault(fault, "the name is missing", f[0]);
    OV_TRY(single(f[1], &encrypted, fault));
    if (encrypted.max == UINT64_MAX)
        ret->is_encrypted = -1;
    else
        ret->is_encrypted = encrypted.min != 0;
    ret->container_size = any_range;
    OV_TRY(file_name(f[2], &ret->file_name, fault));
    OV_TRY(single(f[3], &ret->real_size, fault));
    OV_TRY(single(f[4], &ret->packed_size, fault));
    OV_TRY(old_checksum(f[5], &ret->checksum, fault));
    OV_TRY(single(f[6], &unused, fault));
    OV_TRY(single(f[7], &ret->position, fault));
    return single(f[8], &unused, fault);
}

static enum ov_status add(struct ov_clam_job *job, enum ov_status s,
                          const struct ov_member_rule *rule,
                          const struct ov_clam_fault *fault)
{
    struct ov_member_rule *slot;

    if (s == OV_UNSUPPORTED)
        return ov_clam_skip(job, fault->why, fault->what);
    if (s == OV_MALFORMED)
        return ov_clam_refuse(job, fault->why, fault->what);
    OV_TRY(s);
    slot = ov_part_add(&job->part->members);
    if (slot == NULL)
        return OV_NO_MEMORY;
    *slot = *rule;
    slot->line = job->line;
    slot->flags = job->rule_flags;
    return OV_OK;
}

enum ov_status ov_clam_cdb_line(struct ov_clam_job *job)
{
    struct ov_span f[CDB_FIELDS + 1];
    size_t n = ov_clam_split(job->text, ':', f, CDB_FIELDS + 1);
    struct ov_clam_fault fault = {0};
    struct ov_member_rule rule = {.name = f[0]};

    if (n < CDB_FIELDS_MIN || n > CDB_FIELDS)
        return ov_clam_refuse(job, "expected 10 to 12 fields between colons",
                              job->text);
    for (size_t i = CDB_FIELDS_MIN; i < n; i++)
        if (!ov_clam_is_number(f[i]))
            return ov_clam_refuse(job, "a functionality level is a number",
                                  f[i]);
    if (!ov_clam_in_level(f + CDB_FIELDS_MIN, n - CDB_FIELDS_MIN))
        return ov_clam_skip(job, "for another functionality level", f[0]);
    return add(job, read_cdb(f, &rule, &fault), &rule, &fault);
}

enum ov_status ov_clam_md_line(struct ov_clam_job *job)
{
    struct ov_span f[MD_FIELDS + 1];
    size_t n = ov_clam_split(job->text, ':', f, MD_FIELDS + 1);
    struct ov_clam_fault fault = {0};
    struct ov_member_rule rule = {.name = f[0]};

    if (n != MD_FIELDS)
        return ov_clam_refuse(job, "expected 9 fields between colons",
                              job->text);
    rule.container = job->format == OV_CLAMAV_RMD ? OV_TYPE_RAR : OV_TYPE_ZIP;
    return add(job, read_md(f, &rule, &fault), &rule, &fault);
}
