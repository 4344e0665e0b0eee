/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/clamav_tdb.h"

#include "formats/facts.h"
#include "rules/clamav_type.h"
#include "rules/condition.h"
#include "rules/icon_rule.h"

/* Target description blocks: attributes between commas, in order.
 *
 *   Engine:51-255        functionality levels; the first attribute, if any
 *   Target:1             needed
 *   FileSize:1-100 EntryPoint:0-9 NumberOfSections:2-3
 *   Container:CL_TYPE_ZIP
 *   Intermediates:CL_TYPE_ZIP>CL_TYPE_RAR   the last is the nearest
 *   HandlerType:CL_TYPE_ZIP
 *   IconGroup1:NAME IconGroup2:NAME
 *
 * All behind Target need an Engine of at least 51. An attribute or a file type
 * that is not known leaves the line out, since it may be for a later engine;
 * what is wrong before it refuses the database.
 *
 * Source: ClamAV manual, "Logical signatures", "Target description block";
 * clamscan 1.4.6. */

#define N_TARGETS 15
#define NEW_ATTRIBUTE_LEVEL 51
#define MAX_INTERMEDIATES 64
#define PE_TARGET 1
#define CODE_TARGETS (1u << 1 | 1u << 6 | 1u << 9)

struct reader {
    struct ov_clam_tdb tdb;
    struct ov_buf *code;
    struct ov_clam_fault *fault;
    size_t n_read; /* attributes before this one */
    bool is_other_level;
    bool needs_level;
    bool needs_code;
    bool has_icon;
    uint64_t icon_groups[OV_ICON_GROUPS];
};

static enum ov_status leave_out(struct ov_clam_fault *fault, const char *why,
                                struct ov_span what)
{
    *fault = (struct ov_clam_fault){why, what};
    return OV_UNSUPPORTED;
}

static enum ov_status range(const struct reader *r, struct ov_span value,
                            struct ov_range *ret)
{
    struct ov_span max = value;
    struct ov_span min;

    if (!ov_span_cut(&max, '-', &min))
        return ov_clam_fault(r->fault, "expected a range, low-high", value);
    if (!ov_clam_is_number(min) || !ov_clam_is_number(max))
        return ov_clam_fault(r->fault, "a range is of two numbers", value);
    ret->min = (uint64_t)ov_clam_number(min);
    ret->max = (uint64_t)ov_clam_number(max);
    return OV_OK;
}

static enum ov_status read_engine(struct reader *r, struct ov_span value)
{
    struct ov_range levels = {0};

    if (r->n_read > 0)
        return ov_clam_fault(r->fault, "Engine must be the first attribute",
                             value);
    OV_TRY(range(r, value, &levels));
    r->is_other_level =
        levels.min > OV_CLAM_LEVEL || levels.max < OV_CLAM_LEVEL;
    r->tdb.has_engine = true;
    r->tdb.engine_min = levels.min;
    return OV_OK;
}

static enum ov_status read_target(struct reader *r, struct ov_span value)
{
    if (!ov_clam_is_number(value))
        return ov_clam_fault(r->fault, "the target is a number", value);
    if (ov_clam_number(value) >= N_TARGETS)
        return leave_out(r->fault, "unknown target", value);
    r->tdb.has_target = true;
    r->tdb.target = (uint32_t)ov_clam_number(value);
    return OV_OK;
}

static enum ov_status read_fact(struct reader *r, enum ov_fact fact,
                                struct ov_span value)
{
    struct ov_range limits = {0};

    OV_TRY(range(r, value, &limits));
    ov_cond_put1(r->code, OV_COND_FACT, fact);
    ov_cond_put2(r->code, OV_COND_IN_RANGE, limits.min, limits.max);
    ov_cond_put(r->code, OV_COND_AND);
    if (fact != OV_FACT_FILESIZE)
        r->needs_code = true;
    return OV_OK;
}

static enum ov_status type_of(const struct reader *r, struct ov_span name,
                              uint32_t *ret)
{
    switch (ov_clam_type_of(name, ret)) {
    case OV_CLAM_TYPE_KNOWN:
        return OV_OK;
    case OV_CLAM_TYPE_NOT_TOLD:
        return leave_out(r->fault, "file type that is not told apart", name);
    case OV_CLAM_TYPE_UNKNOWN:
        break;
    }
    return leave_out(r->fault, "unknown file type", name);
}

static enum ov_status read_container(struct reader *r, struct ov_span value)
{
    uint32_t type = 0;

    OV_TRY(type_of(r, value, &type));
    r->tdb.container = type;
    ov_cond_put1(r->code, OV_COND_CONTAINER, type);
    ov_cond_put(r->code, OV_COND_AND);
    return OV_OK;
}

static enum ov_status read_intermediates(struct reader *r, struct ov_span value)
{
    struct ov_span names[MAX_INTERMEDIATES + 1];
    uint32_t types[MAX_INTERMEDIATES];
    uint64_t up = 0;
    size_t n = ov_clam_split(value, '>', names, MAX_INTERMEDIATES + 1);

    if (n > MAX_INTERMEDIATES)
        return leave_out(r->fault, "too many intermediate types", value);
    for (size_t i = 0; i < n; i++)
        OV_TRY(type_of(r, names[i], &types[i]));
    /* clamscan does not go up a level for CL_TYPE_ANY; it only asks whether
     * there are so many levels. */
    for (size_t i = n; i-- > 0;) {
        if (types[i] == OV_TYPE_ANY)
            continue;
        ov_cond_put2(r->code, OV_COND_INTERMEDIATE, ++up, types[i]);
        ov_cond_put(r->code, OV_COND_AND);
    }
    if (up < n) {
        ov_cond_put2(r->code, OV_COND_INTERMEDIATE, n, OV_TYPE_ANY);
        ov_cond_put(r->code, OV_COND_AND);
    }
    return OV_OK;
}

static enum ov_status read_handler(struct reader *r, struct ov_span value)
{
    uint32_t type = 0;

    OV_TRY(type_of(r, value, &type));
    if (type == OV_TYPE_ANY)
        return OV_OK;
    ov_cond_put1(r->code, OV_COND_HANDLER, type);
    ov_cond_put(r->code, OV_COND_AND);
    return OV_OK;
}

static enum ov_status read_icon_group(struct reader *r, size_t which,
                                      struct ov_span value)
{
    r->has_icon = true;
    r->icon_groups[which] = ov_span_equal(value, OV_SPAN_LIT("*"))
                                ? OV_ICON_ANY_GROUP
                                : ov_icon_group_key(value);
    return OV_OK;
}

static enum ov_status read_new(struct reader *r, struct ov_span name,
                               struct ov_span value)
{
    r->needs_level = true;
    if (ov_span_equal(name, OV_SPAN_LIT("FileSize")))
        return read_fact(r, OV_FACT_FILESIZE, value);
    if (ov_span_equal(name, OV_SPAN_LIT("EntryPoint")))
        return read_fact(r, OV_FACT_ENTRY_POINT, value);
    if (ov_span_equal(name, OV_SPAN_LIT("NumberOfSections")))
        return read_fact(r, OV_FACT_N_SECTIONS, value);
    if (ov_span_equal(name, OV_SPAN_LIT("Container")))
        return read_container(r, value);
    if (ov_span_equal(name, OV_SPAN_LIT("Intermediates")))
        return read_intermediates(r, value);
    if (ov_span_equal(name, OV_SPAN_LIT("HandlerType")))
        return read_handler(r, value);
    if (ov_span_equal(name, OV_SPAN_LIT("IconGroup1")))
        return read_icon_group(r, 0, value);
    if (ov_span_equal(name, OV_SPAN_LIT("IconGroup2")))
        return read_icon_group(r, 1, value);
    return leave_out(r->fault, "unknown attribute", name);
}

static enum ov_status read_attribute(struct reader *r, struct ov_span one)
{
    struct ov_span value = one;
    struct ov_span name;

    if (!ov_span_cut(&value, ':', &name))
        return ov_clam_fault(r->fault, "an attribute is Name:value", one);
    if (ov_span_equal(name, OV_SPAN_LIT("Engine")))
        return read_engine(r, value);
    if (ov_span_equal(name, OV_SPAN_LIT("Target")))
        return read_target(r, value);
    return read_new(r, name, value);
}

/* What only the whole block tells. */
static enum ov_status check(const struct reader *r, struct ov_span text)
{
    bool is_code = CODE_TARGETS >> r->tdb.target & 1;

    if (r->needs_level &&
        (!r->tdb.has_engine || r->tdb.engine_min < NEW_ATTRIBUTE_LEVEL))
        return ov_clam_fault(
            r->fault,
            "this attribute needs Engine with at least 51: begin with "
            "'Engine:51-255'",
            text);
    if (r->is_other_level)
        return leave_out(r->fault, "for another functionality level", text);
    if (r->has_icon && r->tdb.target != PE_TARGET)
        return ov_clam_fault(r->fault, "IconGroup needs Target:1", text);
    if (r->needs_code && !is_code)
        return ov_clam_fault(
            r->fault, "EntryPoint and NumberOfSections need Target 1, 6 or 9",
            text);
    return OV_OK;
}

enum ov_status ov_clam_tdb(struct ov_span text, struct ov_buf *code,
                           struct ov_clam_tdb *ret, struct ov_clam_fault *fault)
{
    struct reader r = {
        .tdb.container = OV_TYPE_ANY, .code = code, .fault = fault};
    struct ov_span rest = text;
    struct ov_span one;
    bool more = true;

    while (more) {
        more = ov_span_cut(&rest, ',', &one);
        OV_TRY(read_attribute(&r, one));
        r.n_read++;
    }
    OV_TRY(check(&r, text));
    if (r.has_icon)
        ov_cond_put2(code, OV_COND_ICON, r.icon_groups[0], r.icon_groups[1]);
    OV_TRY(ov_buf_status(code));
    *ret = r.tdb;
    return OV_OK;
}
