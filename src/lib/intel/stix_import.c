/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "intel/intel_sources.h"
#include "intel/stix_pattern.h"
#include "intel/stix_time.h"
#include "intel/uuid.h"

/* Indicators of STIX 2.0 and 2.1: section 4.7 of the standard; versions 3.6,
 * markings 7.2 and 7.3. All objects of a source are sorted by id and time of
 * change: of each the newest counts, and a marking is found by its id, wherever
 * it stands.
 *
 * A marking of a part of an object (granular) counts for all of it. Who is not
 * told by what a marking says, as the marking is not here, may not see. */

struct stix {
    const struct ov_intel_import *i;
    const struct ov_intel_sink *sink;
    struct ov_intel_object **all; /* by id, then by time, then by order */
    uint32_t n;
    struct ov_intel_item item; /* of the indicator that is being read */
};

struct tlp_id {
    const char *id;
    enum ov_tlp level;
};

static const struct tlp_id tlp_ids[] = {
#define OV_TLP(id, name, marking, older)                                       \
    {marking, OV_TLP_##id}, {older, OV_TLP_##id},
#include "intel/tlp.def"
#undef OV_TLP
};

/* ---- objects ---- */

enum ov_status ov_stix_import_add(struct ov_intel_import *i,
                                  const struct ov_json *v)
{
    struct ov_intel_object *o = ov_arena_alloc(i->arena, sizeof(*o));

    if (o == NULL)
        return OV_NO_MEMORY;
    o->v = v;
    o->id = ov_intel_text(v, OV_SPAN_LIT("id"));
    if (!ov_stix_time_parse(ov_intel_text(v, OV_SPAN_LIT("modified")),
                            &o->modified))
        o->modified = 0;
    o->order = i->n_objects++;
    o->next = i->objects;
    i->objects = o;
    return OV_OK;
}

static int compare_objects(const void *a, const void *b)
{
    const struct ov_intel_object *left = *(struct ov_intel_object *const *)a;
    const struct ov_intel_object *right = *(struct ov_intel_object *const *)b;
    int order = ov_span_compare(left->id, right->id);

    if (order != 0)
        return order;
    if (left->modified != right->modified)
        return left->modified < right->modified ? -1 : 1;
    return (left->order > right->order) - (left->order < right->order);
}

static enum ov_status sort_objects(struct stix *s)
{
    struct ov_intel_object *o = s->i->objects;

    s->all = ov_arena_array(s->i->arena, (size_t)s->i->n_objects + 1,
                            sizeof(struct ov_intel_object *));
    if (s->all == NULL)
        return OV_NO_MEMORY;
    for (; o != NULL; o = o->next)
        s->all[s->n++] = o;
    if (s->n > 0)
        qsort(s->all, s->n, sizeof(struct ov_intel_object *), compare_objects);
    return OV_OK;
}

/* The newest version of an object; NULL if it is not here. */
static const struct ov_json *find_object(const struct stix *s,
                                         struct ov_span id)
{
    uint32_t low = 0;
    uint32_t high = s->n;

    while (low < high) { /* behind the last that is not above id */
        uint32_t middle = low + (high - low) / 2;

        if (ov_span_compare(s->all[middle]->id, id) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && ov_span_equal(s->all[low - 1]->id, id)
               ? s->all[low - 1]->v
               : NULL;
}

/* ---- markings ---- */

static bool is_known_tlp(struct ov_span ref, enum ov_tlp *ret)
{
    struct ov_span type = OV_SPAN_LIT("marking-definition--");
    struct ov_span id = ov_span_clip(ref, type.len, ref.len);

    if (!ov_span_starts(ref, type) || id.len == 0)
        return false;
    for (size_t n = 0; n < sizeof(tlp_ids) / sizeof(tlp_ids[0]); n++) {
        if (ov_span_equal_nocase(id, ov_span_str(tlp_ids[n].id))) {
            *ret = tlp_ids[n].level;
            return true;
        }
    }
    return false;
}

/* What a marking that is here says: of TLP, or of something else that keeps
 * nobody from seeing it. */
static bool read_marking(const struct ov_json *v, enum ov_tlp *ret)
{
    struct ov_span kind = ov_intel_text(v, OV_SPAN_LIT("definition_type"));
    const struct ov_json *more = ov_json_get(v, OV_SPAN_LIT("extensions"));
    struct ov_span level;

    *ret = OV_TLP_CLEAR;
    if (ov_span_equal(kind, OV_SPAN_LIT("statement")))
        return true;
    if (ov_span_equal(kind, OV_SPAN_LIT("tlp")))
        return ov_tlp_parse(
            ov_intel_text(ov_json_get(v, OV_SPAN_LIT("definition")),
                          OV_SPAN_LIT("tlp")),
            ret);
    if (ov_json_is(more, OV_JSON_OBJECT) != OV_OK)
        return false;
    for (const struct ov_json *e = more->first; e != NULL; e = e->next) {
        level = ov_intel_text(e, OV_SPAN_LIT("tlp_2_0"));
        if (level.len > 0)
            return ov_tlp_parse(level, ret);
    }
    return false;
}

/* Whether a marking lets it be seen here; else the reason. */
static bool is_seen_by(const struct stix *s, struct ov_span ref,
                       enum ov_intel_skip *ret)
{
    const struct ov_json *v;
    enum ov_tlp level;

    if (!is_known_tlp(ref, &level)) {
        v = find_object(s, ref);
        *ret = OV_INTEL_SKIP_UNKNOWN_MARK;
        if (v == NULL || !read_marking(v, &level))
            return false;
    }
    *ret = OV_INTEL_SKIP_MARKED;
    return level <= s->i->options->most;
}

static bool is_seen(const struct stix *s, const struct ov_json *v,
                    enum ov_intel_skip *ret)
{
    const struct ov_json *refs =
        ov_json_get(v, OV_SPAN_LIT("object_marking_refs"));
    const struct ov_json *parts =
        ov_json_get(v, OV_SPAN_LIT("granular_markings"));
    const struct ov_json *one = NULL;

    if (ov_json_is(refs, OV_JSON_ARRAY) == OV_OK)
        one = refs->first;
    for (; one != NULL; one = one->next) {
        if (!is_seen_by(s, one->text, ret))
            return false;
    }
    if (ov_json_is(parts, OV_JSON_ARRAY) == OV_OK)
        one = parts->first;
    for (; one != NULL; one = one->next) {
        struct ov_span ref = ov_intel_text(one, OV_SPAN_LIT("marking_ref"));

        if (ref.len > 0 && !is_seen_by(s, ref, ret))
            return false;
    }
    return true;
}

/* ---- indicators ---- */

static bool has_word(const struct ov_json *list, struct ov_span word)
{
    const struct ov_json *one = NULL;

    if (ov_json_is(list, OV_JSON_ARRAY) == OV_OK)
        one = list->first;
    for (; one != NULL; one = one->next) {
        if (one->kind == OV_JSON_STRING &&
            ov_span_equal_nocase(one->text, word))
            return true;
    }
    return false;
}

/* What is said of the file; false: that it is harmless. STIX 2.0 has as labels
 * what 2.1 has as types. */
static bool read_reputation(const struct ov_json *v, enum ov_reputation *ret)
{
    const struct ov_json *labels = ov_json_get(v, OV_SPAN_LIT("labels"));
    const struct ov_json *types =
        ov_json_get(v, OV_SPAN_LIT("indicator_types"));

    *ret = OV_REPUTATION_MALICIOUS;
    if (has_word(labels, OV_SPAN_LIT("test")))
        *ret = OV_REPUTATION_TEST;
    else if (has_word(labels, OV_SPAN_LIT("unwanted")))
        *ret = OV_REPUTATION_UNWANTED;
    else if (has_word(labels, OV_SPAN_LIT("suspicious")))
        *ret = OV_REPUTATION_SUSPICIOUS;
    else
        return !has_word(types, OV_SPAN_LIT("benign")) &&
               !has_word(labels, OV_SPAN_LIT("benign"));
    return true;
}

/* Whether a time that need not be there is one; *ret: it, or the other. */
static bool read_time(const struct ov_json *v, struct ov_span name,
                      uint64_t other, uint64_t *ret)
{
    *ret = other;
    return ov_json_get(v, name) == NULL ||
           ov_stix_time_parse(ov_intel_text(v, name), ret);
}

/* Whether an indicator counts at all; else the reason. */
static bool is_fine(const struct stix *s, const struct ov_json *v,
                    enum ov_reputation *ret_reputation, enum ov_intel_skip *ret)
{
    struct ov_span language = ov_intel_text(v, OV_SPAN_LIT("pattern_type"));
    uint64_t now = s->i->options->now;
    uint64_t from;
    uint64_t until;

    *ret = OV_INTEL_SKIP_REVOKED;
    if (ov_intel_is_set(v, OV_SPAN_LIT("revoked")))
        return false;
    *ret = OV_INTEL_SKIP_DAMAGED;
    if (!read_time(v, OV_SPAN_LIT("valid_from"), 0, &from) ||
        !read_time(v, OV_SPAN_LIT("valid_until"), UINT64_MAX, &until))
        return false;
    *ret = OV_INTEL_SKIP_NOT_VALID;
    if (from > now || until <= now)
        return false;
    if (!is_seen(s, v, ret))
        return false;
    *ret = OV_INTEL_SKIP_OTHER_LANGUAGE;
    if (language.len > 0 && !ov_span_equal(language, OV_SPAN_LIT("stix")))
        return false;
    *ret = OV_INTEL_SKIP_HARMLESS;
    return read_reputation(v, ret_reputation);
}

static enum ov_status take_file(void *data, const struct ov_stix_file *f)
{
    struct stix *s = data;

    s->item.kind = f->kind;
    memcpy(s->item.digest, f->digest, sizeof(f->digest));
    s->item.size = f->size;
    return s->sink->take(s->sink->data, &s->item);
}

static enum ov_status read_indicator(struct stix *s,
                                     const struct ov_intel_object *o)
{
    struct ov_span pattern = ov_intel_text(o->v, OV_SPAN_LIT("pattern"));
    enum ov_intel_skip why = OV_INTEL_SKIP_OTHER_PATTERN;
    enum ov_status status;
    size_t n_others = 0;

    s->item = (struct ov_intel_item){
        .id = o->id, .name = ov_intel_text(o->v, OV_SPAN_LIT("name"))};
    if (!is_fine(s, o->v, &s->item.reputation, &why)) {
        s->sink->skip(s->sink->data, why, o->id);
        return OV_OK;
    }
    status = ov_stix_pattern_read(pattern, take_file, s, &n_others);
    if (status == OV_MALFORMED)
        s->sink->skip(s->sink->data, OV_INTEL_SKIP_DAMAGED, o->id);
    else if (status == OV_UNSUPPORTED || (status == OV_OK && n_others > 0))
        s->sink->skip(s->sink->data, OV_INTEL_SKIP_OTHER_PATTERN, o->id);
    else
        return status;
    return OV_OK;
}

enum ov_status ov_stix_import_run(struct ov_intel_import *i,
                                  const struct ov_intel_sink *sink)
{
    struct stix s = {.i = i, .sink = sink};

    OV_TRY(sort_objects(&s));
    for (uint32_t n = 0; n < s.n; n++) {
        const struct ov_intel_object *o = s.all[n];
        struct ov_span type = ov_intel_text(o->v, OV_SPAN_LIT("type"));

        if (!ov_span_equal(type, OV_SPAN_LIT("indicator")))
            sink->skip(sink->data,
                       type.len > 0 ? OV_INTEL_SKIP_OTHER_OBJECT
                                    : OV_INTEL_SKIP_DAMAGED,
                       o->id);
        else if (o->id.len > 0 && n + 1 < s.n &&
                 ov_span_equal(o->id, s.all[n + 1]->id))
            sink->skip(sink->data, OV_INTEL_SKIP_OLD_VERSION, o->id);
        else
            OV_TRY(read_indicator(&s, o));
    }
    return OV_OK;
}
