/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/intel_import.h"

#include "base/text.h"
#include "intel/intel_sources.h"

/* Which of the forms a document has is told by its members, as files of all of
 * them end in ".json": a STIX bundle has the type "bundle", a TAXII envelope
 * "objects", an event of MISP's "Event", a search's answer "response".
 *
 * Documents are parsed as a whole into the caller's arena, which bounds them;
 * what is kept of them is a list of objects and one of events.
 *
 * Limits: 64 MiB a document; names of rules are the sources' names, cut. */

static const char *const tlp_names[] = {
#define OV_TLP(id, name, marking, older) name,
#include "intel/tlp.def"
#undef OV_TLP
};

static const char *const skip_words[] = {
#define OV_INTEL_SKIP(id, words) words,
#include "intel/intel_skip.def"
#undef OV_INTEL_SKIP
};

bool ov_tlp_parse(struct ov_span name, enum ov_tlp *ret)
{
    if (ov_span_equal_nocase(name, OV_SPAN_LIT("white"))) {
        *ret = OV_TLP_CLEAR;
        return true;
    }
    for (unsigned i = 0; i < OV_N_TLP; i++) {
        if (ov_span_equal_nocase(name, ov_span_str(tlp_names[i]))) {
            *ret = (enum ov_tlp)i;
            return true;
        }
    }
    return false;
}

const char *ov_intel_skip_words(enum ov_intel_skip s)
{
    return skip_words[s];
}

/* ---- values ---- */

struct ov_span ov_intel_text(const struct ov_json *v, struct ov_span name)
{
    struct ov_span text = {NULL, 0};

    if (ov_json_string(ov_json_get(v, name), &text) != OV_OK)
        return ov_span_of(NULL, 0);
    return text;
}

bool ov_intel_is_set(const struct ov_json *v, struct ov_span name)
{
    const struct ov_json *m = ov_json_get(v, name);

    if (m == NULL)
        return false;
    if (m->kind == OV_JSON_STRING)
        return ov_span_equal(m->text, OV_SPAN_LIT("1"));
    return (m->kind == OV_JSON_BOOL || m->kind == OV_JSON_INT) &&
           m->number == 1;
}

void ov_put_intel_name(struct ov_buf *b, struct ov_span name)
{
    size_t n = 0;
    bool is_gap = false;

    for (size_t i = 0; i < name.len && n < OV_INTEL_NAME_MAX; i++) {
        int c = ov_span_byte(name, i);

        if (!ov_is_alnum((uint8_t)c) && c != '.' && c != '-' && c != '_') {
            is_gap = n > 0;
            continue;
        }
        if (is_gap) {
            ov_put_u8(b, '_');
            n++;
        }
        is_gap = false;
        ov_put_u8(b, (uint8_t)c);
        n++;
    }
    if (n == 0)
        ov_put_str(b, "Unnamed");
}

/* ---- documents ---- */

struct ov_intel_import *ov_intel_import_new(struct ov_arena *arena,
                                            const struct ov_intel_options *o)
{
    struct ov_intel_import *i = ov_arena_alloc(arena, sizeof(*i));

    if (i == NULL)
        return NULL;
    i->arena = arena;
    i->options = o;
    return i;
}

/* An element of a list of events: {"Event": ...}, or the event. */
static enum ov_status add_event(struct ov_intel_import *i,
                                const struct ov_json *v)
{
    const struct ov_json *event = ov_json_get(v, OV_SPAN_LIT("Event"));

    if (event == NULL)
        event = v;
    return event->kind == OV_JSON_OBJECT ? ov_misp_import_add(i, event)
                                         : OV_UNSUPPORTED;
}

static enum ov_status add_all(struct ov_intel_import *i,
                              const struct ov_json *list,
                              enum ov_status (*add)(struct ov_intel_import *i,
                                                    const struct ov_json *v))
{
    if (list->kind != OV_JSON_ARRAY)
        return OV_UNSUPPORTED;
    for (const struct ov_json *v = list->first; v != NULL; v = v->next)
        OV_TRY(add(i, v));
    return OV_OK;
}

static enum ov_status add_object(struct ov_intel_import *i,
                                 const struct ov_json *v)
{
    struct ov_span type = ov_intel_text(v, OV_SPAN_LIT("type"));
    const struct ov_json *list = ov_json_get(v, OV_SPAN_LIT("objects"));
    const struct ov_json *answer = ov_json_get(v, OV_SPAN_LIT("response"));

    if (ov_json_get(v, OV_SPAN_LIT("Event")) != NULL)
        return add_event(i, v);
    if (answer != NULL)
        return add_all(i, answer, add_event);
    if (ov_span_equal(type, OV_SPAN_LIT("bundle")) || type.len == 0) {
        if (list != NULL)
            return add_all(i, list, ov_stix_import_add);
        /* an envelope or a bundle without objects */
        return type.len > 0 || ov_json_get(v, OV_SPAN_LIT("more")) != NULL
                   ? OV_OK
                   : OV_UNSUPPORTED;
    }
    return ov_json_get(v, OV_SPAN_LIT("id")) != NULL ? ov_stix_import_add(i, v)
                                                     : OV_UNSUPPORTED;
}

enum ov_status ov_intel_import_add(struct ov_intel_import *i,
                                   struct ov_span document)
{
    const struct ov_json *v;

    OV_TRY(ov_json_parse_any(i->arena, document, OV_INTEL_DOCUMENT_MAX, &v));
    if (v->kind == OV_JSON_ARRAY)
        return add_all(i, v, add_event);
    return v->kind == OV_JSON_OBJECT ? add_object(i, v) : OV_UNSUPPORTED;
}

enum ov_status ov_intel_import_run(struct ov_intel_import *i,
                                   const struct ov_intel_sink *sink)
{
    OV_TRY(ov_stix_import_run(i, sink));
    return ov_misp_import_run(i, sink);
}
