/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/taxii_request.h"

#include <string.h>

#include "base/text.h"
#include "intel/intel_index.h"
#include "intel/stix_time.h"

/* TAXII 2.1: content negotiation 1.6.8, paging 3.4, filters 3.5, endpoints 4
 * and 5. Times are read strictly: who asks for "added_after=yesterday" is told
 * so, and does not get everything.
 *
 * Limits: one API root; 128 ids in a filter. */

#define MAX_PARTS 6

/* ---- Accept ---- */

static struct ov_span trim(struct ov_span s)
{
    while (s.len > 0 && (ov_span_byte(s, 0) == ' ' || ov_span_byte(s, 0) == 9))
        s = ov_span_clip(s, 1, s.len);
    while (s.len > 0 && (ov_span_byte(s, s.len - 1) == ' ' ||
                         ov_span_byte(s, s.len - 1) == 9))
        s.len--;
    return s;
}

/* "version=2.1", perhaps quoted; other parameters say nothing about it. */
static bool is_version_fine(struct ov_span parameters)
{
    while (parameters.len > 0) {
        struct ov_span value;
        struct ov_span name;

        (void)ov_span_cut(&parameters, ';', &value);
        (void)ov_span_cut(&value, '=', &name);
        if (!ov_span_equal_nocase(trim(name), OV_SPAN_LIT("version")))
            continue;
        value = trim(value);
        if (!ov_span_equal(value, OV_SPAN_LIT("2.1")) &&
            !ov_span_equal(value, OV_SPAN_LIT("\"2.1\"")))
            return false;
    }
    return true;
}

bool ov_taxii_is_acceptable(struct ov_span accept)
{
    while (accept.len > 0) {
        struct ov_span parameters;
        struct ov_span type;

        (void)ov_span_cut(&accept, ',', &parameters);
        (void)ov_span_cut(&parameters, ';', &type);
        type = trim(type);
        if (ov_span_equal(type, OV_SPAN_LIT("*/*")) ||
            ov_span_equal_nocase(type, OV_SPAN_LIT("application/*")) ||
            (ov_span_equal_nocase(type,
                                  OV_SPAN_LIT("application/taxii+json")) &&
             is_version_fine(parameters)))
            return true;
    }
    return false;
}

/* ---- paths ---- */

static bool parse_objects(const struct ov_span *parts, size_t n,
                          struct ov_taxii_path *ret)
{
    bool is_objects = n >= 3 && ov_span_equal(parts[2], OV_SPAN_LIT("objects"));

    ret->collection = parts[1];
    if (n == 2)
        ret->what = OV_TAXII_COLLECTION;
    else if (n == 3 && ov_span_equal(parts[2], OV_SPAN_LIT("manifest")))
        ret->what = OV_TAXII_MANIFEST;
    else if (n == 3 && is_objects)
        ret->what = OV_TAXII_OBJECTS;
    else if (n == 4 && is_objects)
        ret->what = OV_TAXII_OBJECT;
    else if (n == 5 && is_objects &&
             ov_span_equal(parts[4], OV_SPAN_LIT("versions")))
        ret->what = OV_TAXII_VERSIONS;
    else
        return false;
    if (n >= 4)
        ret->object = parts[3];
    return true;
}

bool ov_taxii_path_parse(struct ov_span path, struct ov_taxii_path *ret)
{
    struct ov_span root = OV_SPAN_LIT(OV_TAXII_ROOT);
    struct ov_span parts[MAX_PARTS];
    size_t n = 0;

    *ret = (struct ov_taxii_path){.what = OV_TAXII_DISCOVERY};
    if (ov_span_equal(path, OV_SPAN_LIT("/taxii2/")))
        return true;
    if (!ov_span_starts(path, root))
        return false;
    path = ov_span_clip(path, root.len, path.len);
    ret->what = OV_TAXII_API_ROOT;
    while (path.len > 0) {
        if (n == MAX_PARTS || !ov_span_cut(&path, '/', &parts[n]) ||
            parts[n].len == 0)
            return false; /* all of them end with a slash */
        n++;
    }
    if (n == 0)
        return true;
    if (n == 2 && ov_span_equal(parts[0], OV_SPAN_LIT("status"))) {
        ret->what = OV_TAXII_STATUS;
        return true;
    }
    if (!ov_span_equal(parts[0], OV_SPAN_LIT("collections")))
        return false;
    ret->what = OV_TAXII_COLLECTIONS;
    return n == 1 || parse_objects(parts, n, ret);
}

bool ov_taxii_id_parse(struct ov_span text, struct ov_taxii_object_id *ret)
{
    size_t at = ov_span_find(text, OV_SPAN_LIT("--"), 0);
    struct ov_taxii_object_id id;

    if (at == SIZE_MAX)
        return false;
    id.type = ov_stix_type_parse(ov_span_clip(text, 0, at));
    if (id.type == OV_STIX_NONE ||
        !ov_uuid_parse(ov_span_clip(text, at + 2, text.len), &id.id))
        return false;
    *ret = id;
    return true;
}

/* ---- the query ---- */

static enum ov_status take_id(struct ov_taxii_query *q, struct ov_span one)
{
    struct ov_taxii_object_id id;

    q->has_ids = true;
    if (one.len == 0)
        return OV_MALFORMED;
    if (!ov_taxii_id_parse(one, &id))
        return OV_OK; /* nothing here has it */
    if (q->n_ids == OV_TAXII_IDS_MAX)
        return OV_LIMIT_SIZE;
    q->ids[q->n_ids++] = id;
    return OV_OK;
}

static enum ov_status take_type(struct ov_taxii_query *q, struct ov_span one)
{
    q->has_types = true;
    if (one.len == 0)
        return OV_MALFORMED;
    q->types |= UINT32_C(1) << ov_stix_type_parse(one);
    return OV_OK;
}

static enum ov_status take_version(struct ov_taxii_query *q, struct ov_span one)
{
    q->has_versions = true;
    if (ov_span_equal(one, OV_SPAN_LIT("all")))
        q->is_all = true;
    else if (ov_span_equal(one, OV_SPAN_LIT("first")))
        q->is_first = true;
    else if (ov_span_equal(one, OV_SPAN_LIT("last")))
        q->is_last = true;
    else if (q->n_times == OV_TAXII_TIMES_MAX)
        return OV_LIMIT_SIZE;
    else if (ov_stix_time_parse(one, &q->times[q->n_times]))
        q->n_times++;
    else
        return OV_MALFORMED;
    return OV_OK;
}

static enum ov_status take_spec_version(struct ov_taxii_query *q,
                                        struct ov_span one)
{
    if (ov_span_equal(one, OV_SPAN_LIT("2.1")))
        q->is_nothing = false;
    return one.len > 0 ? OV_OK : OV_MALFORMED;
}

static enum ov_status take_list(struct ov_taxii_query *q, struct ov_span value,
                                enum ov_status (*take)(struct ov_taxii_query *q,
                                                       struct ov_span one))
{
    do {
        struct ov_span one;

        (void)ov_span_cut(&value, ',', &one);
        OV_TRY(take(q, one));
    } while (value.ptr != NULL);
    return OV_OK;
}

static enum ov_status take_match(struct ov_taxii_query *q, struct ov_span field,
                                 struct ov_span value)
{
    if (ov_span_equal(field, OV_SPAN_LIT("id]")))
        return take_list(q, value, take_id);
    if (ov_span_equal(field, OV_SPAN_LIT("type]")))
        return take_list(q, value, take_type);
    if (ov_span_equal(field, OV_SPAN_LIT("version]")))
        return take_list(q, value, take_version);
    if (!ov_span_equal(field, OV_SPAN_LIT("spec_version]")))
        return OV_UNSUPPORTED;
    q->is_nothing = true; /* until 2.1 is among them */
    return take_list(q, value, take_spec_version);
}

enum ov_status ov_taxii_query_add(struct ov_taxii_query *q, struct ov_span name,
                                  struct ov_span value)
{
    struct ov_span match = OV_SPAN_LIT("match[");
    uint64_t limit;

    if (ov_span_starts(name, match))
        return take_match(q, ov_span_clip(name, match.len, name.len), value);
    if (ov_span_equal(name, OV_SPAN_LIT("added_after"))) {
        q->has_after = true;
        return ov_stix_time_parse(value, &q->after) ? OV_OK : OV_MALFORMED;
    }
    if (ov_span_equal(name, OV_SPAN_LIT("next"))) {
        q->has_next = true;
        return ov_parse_uint(value, INT64_MAX, &q->next) ? OV_OK : OV_MALFORMED;
    }
    if (!ov_span_equal(name, OV_SPAN_LIT("limit")))
        return OV_OK;
    if (!ov_parse_uint(value, UINT32_MAX, &limit) || limit == 0)
        return OV_MALFORMED;
    q->limit = (uint32_t)limit;
    return OV_OK;
}

bool ov_taxii_is_wanted(const struct ov_taxii_query *q, unsigned type,
                        unsigned flags, uint64_t version)
{
    if (q->is_nothing)
        return false;
    if (q->has_types && (type >= 32 || (q->types >> type & 1) == 0))
        return false;
    if (!q->has_versions)
        return (flags & OV_INTEL_LAST) != 0;
    if (q->is_all || (q->is_first && (flags & OV_INTEL_FIRST) != 0) ||
        (q->is_last && (flags & OV_INTEL_LAST) != 0))
        return true;
    for (size_t i = 0; i < q->n_times; i++) {
        if (q->times[i] == version)
            return true;
    }
    return false;
}
