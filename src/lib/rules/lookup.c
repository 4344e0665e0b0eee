/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/lookup.h"

#include "base/reader.h"
#include "rules/layout.h"
#include "rules/names.h"
#include "rules/terms.h"

/* Reads rule records, their data, and sources. The layouts are in layout.h and
 * docs/protocol-image.md. Everything is read anew with each call and checked
 * against its section: an image may hold anything. */

/* ---- rules ---- */

struct rules_header {
    uint32_t n_rules;
    uint32_t n_always;
    uint32_t n_groups;
    uint32_t n_members;
};

static bool read_header(struct ov_image *image, struct rules_header *ret)
{
    struct ov_span s;

    if (!ov_image_at(image, OV_SECTION_RULES, 0, OV_RULES_HEADER, &s))
        return false;
    ret->n_rules = ov_load32le(s.ptr);
    ret->n_always = ov_load32le(s.ptr + 4);
    ret->n_groups = ov_load32le(s.ptr + 8);
    ret->n_members = ov_load32le(s.ptr + 12);
    return true;
}

/* Where the lists behind the records begin. */
static uint64_t always_at(const struct rules_header *h)
{
    return OV_RULES_HEADER + ((uint64_t)h->n_rules + 1) * OV_RULES_RECORD;
}

uint32_t ov_lookup_n_rules(struct ov_image *image)
{
    struct rules_header h;

    return read_header(image, &h) ? h.n_rules : 0;
}

/* The condition and terms of a rule, which lie at `at`. Their length is not
 * known before they are read, so the view grows until they fit. */
static bool read_data(struct ov_image *image, uint64_t at,
                      struct ov_rule_view *ret)
{
    uint64_t rest = image->sections[OV_SECTION_RULE_DATA].len;
    uint64_t len = 64;

    if (at > rest)
        return false;
    rest -= at;
    for (;;) {
        struct ov_reader r;
        struct ov_span s;

        if (len > rest)
            len = rest;
        if (!ov_image_at(image, OV_SECTION_RULE_DATA, at, len, &s))
            return false;
        r = ov_reader_over(s);
        ret->condition = ov_read_block(&r);
        ret->terms = ov_read_block(&r);
        if (ov_reader_status(&r) == OV_OK)
            return true;
        if (len == rest)
            return false;
        len *= 4;
    }
}

static bool read_name(struct ov_image *image, uint32_t id,
                      struct ov_arena *arena, struct ov_rule_view *ret)
{
    struct ov_names_entry e;
    struct ov_source_view source;

    if (!ov_names_at(image, OV_NAMES_OF_RULES, id, arena, &e) ||
        !ov_lookup_source(image, e.source, &source))
        return false;
    ret->name = e.name;
    ret->line = e.line;
    ret->source = source.name;
    return true;
}

bool ov_lookup_rule(struct ov_image *image, uint32_t id, struct ov_arena *arena,
                    struct ov_rule_view *ret)
{
    struct rules_header h;
    struct ov_rule_view view = {0};
    struct ov_span s;
    uint32_t next_pattern;

    if (!read_header(image, &h) || id >= h.n_rules ||
        !ov_image_at(image, OV_SECTION_RULES,
                     OV_RULES_HEADER + id * OV_RULES_RECORD,
                     2 * OV_RULES_RECORD, &s))
        return false;
    view.first_pattern = ov_load32le(s.ptr + 4);
    view.targets = ov_load32le(s.ptr + 8);
    view.flags = ov_load32le(s.ptr + 12) >> OV_RULES_FLAGS_SHIFT;
    view.n_terms = ov_load32le(s.ptr + 12) & OV_RULES_MAX_TERMS;
    next_pattern = ov_load32le(s.ptr + OV_RULES_RECORD + 4);
    if (next_pattern < view.first_pattern ||
        next_pattern - view.first_pattern > view.n_terms ||
        !read_data(image, ov_load32le(s.ptr), &view) ||
        view.n_terms > view.terms.len)
        return false;
    view.n_patterns = next_pattern - view.first_pattern;
    if (arena != NULL && !read_name(image, id, arena, &view))
        return false;
    *ret = view;
    return true;
}

const struct ov_term *ov_lookup_terms(struct ov_image *image,
                                      const struct ov_rule_view *rule,
                                      struct ov_arena *arena)
{
    struct ov_term *terms =
        ov_arena_array(arena, (size_t)rule->n_terms + 1, sizeof(*terms));
    struct ov_reader r = ov_reader_over(rule->terms);
    uint32_t n_patterns = 0;

    (void)image;
    if (terms == NULL)
        return NULL;
    for (uint32_t i = 0; i < rule->n_terms; i++) {
        ov_terms_read(&r, &terms[i]);
        if (ov_reader_status(&r) != OV_OK)
            return NULL;
        n_patterns += terms[i].kind == OV_TERM_PATTERN;
    }
    if (ov_reader_end(&r) != OV_OK || n_patterns != rule->n_patterns)
        return NULL;
    return terms;
}

bool ov_lookup_always(struct ov_image *image, const uint8_t **ret_records,
                      size_t *ret_n)
{
    struct rules_header h;
    struct ov_span s;

    if (!read_header(image, &h) ||
        !ov_image_at(image, OV_SECTION_RULES, always_at(&h),
                     (uint64_t)h.n_always * OV_RULES_ALWAYS, &s))
        return false;
    *ret_records = s.ptr;
    *ret_n = h.n_always;
    return true;
}

bool ov_lookup_macro(struct ov_image *image, uint32_t group,
                     struct ov_span *ret_ids_le32)
{
    struct rules_header h;
    struct ov_span s;
    uint64_t starts;
    uint32_t from;
    uint32_t to;

    if (!read_header(image, &h) || group >= h.n_groups)
        return false;
    starts = always_at(&h) + (uint64_t)h.n_always * OV_RULES_ALWAYS;
    if (!ov_image_at(image, OV_SECTION_RULES, starts + (uint64_t)group * 4, 8,
                     &s))
        return false;
    from = ov_load32le(s.ptr);
    to = ov_load32le(s.ptr + 4);
    starts += ((uint64_t)h.n_groups + 1) * 4;
    return from <= to && to <= h.n_members &&
           ov_image_at(image, OV_SECTION_RULES, starts + (uint64_t)from * 4,
                       (uint64_t)(to - from) * 4, ret_ids_le32);
}

/* ---- sources ---- */

uint32_t ov_lookup_n_sources(struct ov_image *image)
{
    struct ov_span s;

    if (!ov_image_at(image, OV_SECTION_SOURCES, 0, OV_SOURCES_HEADER, &s))
        return 0;
    return ov_load32le(s.ptr);
}

bool ov_lookup_source(struct ov_image *image, uint32_t n,
                      struct ov_source_view *ret)
{
    struct ov_source_view view = {0};
    struct ov_span s;

    if (n >= ov_lookup_n_sources(image) ||
        !ov_image_at(image, OV_SECTION_SOURCES,
                     OV_SOURCES_HEADER + n * OV_SOURCES_RECORD,
                     OV_SOURCES_RECORD, &s))
        return false;
    memcpy(view.sha256, s.ptr, sizeof(view.sha256));
    view.size = ov_load64le(s.ptr + 32);
    view.n_rules = ov_load64le(s.ptr + 40);
    view.n_skipped = ov_load64le(s.ptr + 48);
    if (!ov_image_at(image, OV_SECTION_SOURCES, ov_load32le(s.ptr + 56),
                     ov_load32le(s.ptr + 60), &view.name))
        return false;
    *ret = view;
    return true;
}
