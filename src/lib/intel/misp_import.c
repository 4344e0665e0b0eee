/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "intel/intel_sources.h"
#include "intel/stix_pattern.h"

/* Events of MISP's (draft of misp-core-format, misp-standard.org): attributes,
 * alone or in objects. An object "file" with several hashes is one file, and
 * its strongest hash is taken, with its size if it has one. Tags "tlp:..." of
 * the event count for all that is in it.
 *
 * Limits: an event's distribution says who of a MISP server's users gets it,
 * and says nothing to who has the file; sharing groups are not known here. */

struct misp {
    const struct ov_intel_import *i;
    const struct ov_intel_sink *sink;
    struct ov_span info; /* the event's */
    const struct ov_json *event;
};

/* A file's hashes, as they come. */
struct best {
    bool is_there;
    struct ov_intel_item item;
};

enum ov_status ov_misp_import_add(struct ov_intel_import *i,
                                  const struct ov_json *event)
{
    struct ov_intel_event *e = ov_arena_alloc(i->arena, sizeof(*e));

    if (e == NULL)
        return OV_NO_MEMORY;
    if (ov_json_get(event, OV_SPAN_LIT("info")) == NULL &&
        ov_json_get(event, OV_SPAN_LIT("Attribute")) == NULL)
        return OV_UNSUPPORTED;
    e->v = event;
    e->next = i->events;
    i->events = e;
    i->n_events++;
    return OV_OK;
}

static const struct ov_json *first_of(const struct ov_json *v,
                                      struct ov_span name)
{
    const struct ov_json *list = ov_json_get(v, name);

    return ov_json_is(list, OV_JSON_ARRAY) == OV_OK ? list->first : NULL;
}

/* ---- tags ---- */

static bool is_tag_fine(const struct misp *m, struct ov_span tag,
                        enum ov_intel_skip *ret)
{
    struct ov_span prefix = OV_SPAN_LIT("tlp:");
    struct ov_span level = ov_span_clip(tag, prefix.len, tag.len);
    enum ov_tlp tlp;

    if (!ov_span_equal_nocase(ov_span_clip(tag, 0, prefix.len), prefix))
        return true;
    *ret = OV_INTEL_SKIP_UNKNOWN_MARK;
    if (!ov_tlp_parse(level, &tlp))
        return false;
    *ret = OV_INTEL_SKIP_MARKED;
    return tlp <= m->i->options->most;
}

/* Tags stand in a list as such or, in older exports, one level deeper. */
static bool are_tags_fine(const struct misp *m, const struct ov_json *v,
                          enum ov_intel_skip *ret)
{
    static const struct ov_span lists[] = {
        {(const uint8_t *)"Tag", 3},
        {(const uint8_t *)"EventTag", 8},
        {(const uint8_t *)"AttributeTag", 12},
    };

    for (size_t n = 0; n < sizeof(lists) / sizeof(lists[0]); n++) {
        const struct ov_json *t = first_of(v, lists[n]);

        for (; t != NULL; t = t->next) {
            const struct ov_json *inner = ov_json_get(t, OV_SPAN_LIT("Tag"));

            if (!is_tag_fine(m,
                             ov_intel_text(inner != NULL ? inner : t,
                                           OV_SPAN_LIT("name")),
                             ret))
                return false;
        }
    }
    return true;
}

/* ---- attributes ---- */

static bool read_type(struct ov_span type, enum ov_digest_kind *ret)
{
    struct ov_span name = OV_SPAN_LIT("filename|");

    if (ov_span_equal(type, OV_SPAN_LIT("malware-sample"))) {
        *ret = OV_MD5;
        return true;
    }
    if (ov_span_starts(type, name))
        type = ov_span_clip(type, name.len, type.len);
    return ov_stix_hash_parse(type, ret);
}

/* What is behind the last '|': names may have one, hashes don't. */
static struct ov_span read_value(const struct ov_json *a)
{
    struct ov_span left = ov_intel_text(a, OV_SPAN_LIT("value"));
    struct ov_span part;

    while (ov_span_find_byte(left, '|', 0) != SIZE_MAX)
        (void)ov_span_cut(&left, '|', &part);
    return left;
}

/* Whether an attribute is a hash that counts; else the reason. */
static bool read_attribute(const struct misp *m, const struct ov_json *a,
                           struct ov_intel_item *ret, enum ov_intel_skip *why)
{
    struct ov_span value = read_value(a);

    *why = OV_INTEL_SKIP_OTHER_ATTRIBUTE;
    *ret = (struct ov_intel_item){.id = ov_intel_text(a, OV_SPAN_LIT("uuid")),
                                  .name = m->info,
                                  .reputation = OV_REPUTATION_MALICIOUS};
    if (!read_type(ov_intel_text(a, OV_SPAN_LIT("type")), &ret->kind))
        return false;
    *why = OV_INTEL_SKIP_REVOKED;
    if (ov_intel_is_set(a, OV_SPAN_LIT("deleted")))
        return false;
    *why = OV_INTEL_SKIP_NOT_FOR_DETECTION;
    if (!ov_intel_is_set(a, OV_SPAN_LIT("to_ids")))
        return false;
    if (!are_tags_fine(m, m->event, why) || !are_tags_fine(m, a, why))
        return false;
    *why = OV_INTEL_SKIP_DAMAGED;
    return ov_hex_decode(value, ret->digest, ov_digest_len(ret->kind));
}

static void skip(const struct misp *m, enum ov_intel_skip why,
                 const struct ov_json *a)
{
    m->sink->skip(m->sink->data, why, ov_intel_text(a, OV_SPAN_LIT("uuid")));
}

static enum ov_status read_attributes(const struct misp *m)
{
    const struct ov_json *a = first_of(m->event, OV_SPAN_LIT("Attribute"));

    for (; a != NULL; a = a->next) {
        struct ov_intel_item item;
        enum ov_intel_skip why;

        if (read_attribute(m, a, &item, &why))
            OV_TRY(m->sink->take(m->sink->data, &item));
        else
            skip(m, why, a);
    }
    return OV_OK;
}

/* ---- objects ---- */

static uint64_t size_of(const struct ov_json *object)
{
    const struct ov_json *a = first_of(object, OV_SPAN_LIT("Attribute"));
    uint64_t size;

    for (; a != NULL; a = a->next) {
        if (ov_span_equal(ov_intel_text(a, OV_SPAN_LIT("type")),
                          OV_SPAN_LIT("size-in-bytes")) &&
            ov_parse_uint(ov_intel_text(a, OV_SPAN_LIT("value")), INT64_MAX,
                          &size))
            return size;
    }
    return 0;
}

/* Takes the better one, and tells of the other. */
static void take_better(const struct misp *m, struct best *b,
                        const struct ov_intel_item *item)
{
    struct ov_span worse = item->id;

    if (!b->is_there || b->item.kind < item->kind) {
        worse = b->item.id;
        b->item = *item;
        if (!b->is_there) {
            b->is_there = true;
            return;
        }
    }
    m->sink->skip(m->sink->data, OV_INTEL_SKIP_SAME_FILE, worse);
}

static enum ov_status read_object(const struct misp *m,
                                  const struct ov_json *object)
{
    bool is_file = ov_span_equal(ov_intel_text(object, OV_SPAN_LIT("name")),
                                 OV_SPAN_LIT("file"));
    bool is_deleted = ov_intel_is_set(object, OV_SPAN_LIT("deleted"));
    const struct ov_json *a = first_of(object, OV_SPAN_LIT("Attribute"));
    struct best best = {.is_there = false};

    for (; a != NULL; a = a->next) {
        struct ov_intel_item item;
        enum ov_intel_skip why;

        if (!read_attribute(m, a, &item, &why))
            skip(m, why, a);
        else if (is_deleted)
            skip(m, OV_INTEL_SKIP_REVOKED, a);
        else if (is_file)
            take_better(m, &best, &item);
        else
            OV_TRY(m->sink->take(m->sink->data, &item));
    }
    if (!best.is_there)
        return OV_OK;
    best.item.size = size_of(object);
    return m->sink->take(m->sink->data, &best.item);
}

enum ov_status ov_misp_import_run(struct ov_intel_import *i,
                                  const struct ov_intel_sink *sink)
{
    for (struct ov_intel_event *e = i->events; e != NULL; e = e->next) {
        const struct misp m = {.i = i,
                               .sink = sink,
                               .info = ov_intel_text(e->v, OV_SPAN_LIT("info")),
                               .event = e->v};
        const struct ov_json *o = first_of(e->v, OV_SPAN_LIT("Object"));

        OV_TRY(read_attributes(&m));
        for (; o != NULL; o = o->next)
            OV_TRY(read_object(&m, o));
    }
    return OV_OK;
}
