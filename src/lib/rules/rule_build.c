/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/rule_build.h"

#include "base/assert.h"
#include "base/reader.h"
#include "rules/layout.h"
#include "rules/notes.h"
#include "rules/slots.h"
#include "rules/terms.h"

/* A rule's record is 16 bytes: where its data is, the ID of its first pattern,
 * its targets, and its flags with the number of terms. Its data are the
 * condition and the terms, both with a length before them. Most rules are a
 * single pattern anywhere, and many conditions are "0 and 1 and 2": equal data
 * is stored once. Pattern IDs count through all rules in their order, so the
 * next record tells how many a rule has. */

#define SECTION_MAX ((size_t)UINT32_MAX)

struct member {
    uint32_t group;
    uint32_t pattern;
};

struct always {
    uint32_t id;
    struct ov_guard guard;
};

struct ov_rule_builder {
    uint32_t n_rules;
    struct ov_buf records;
    struct ov_buf data;
    struct ov_buf terms;   /* of one rule */
    struct ov_buf scratch; /* all data of one rule */
    struct ov_slots slots; /* offsets in data */
    struct ov_buf note_index;
    struct ov_buf notes;
    OV_LIST(struct ov_match_input, patterns);
    OV_LIST(struct always, always);
    OV_LIST(struct member, members);
    uint32_t n_groups;
};

struct ov_rule_builder *ov_rule_builder_new(void)
{
    OV_AUTO(rule_builder) b = ov_alloc(sizeof(*b));

    if (b == NULL)
        return NULL;
    b->records = ov_buf_with_max(SECTION_MAX);
    b->data = ov_buf_with_max(SECTION_MAX);
    b->terms = ov_buf_with_max(SECTION_MAX);
    b->scratch = ov_buf_with_max(SECTION_MAX);
    b->note_index = ov_buf_with_max(SECTION_MAX);
    b->notes = ov_buf_with_max(SECTION_MAX);
    return OV_STEAL(b);
}

void ov_rule_builder_free(struct ov_rule_builder *b)
{
    if (b == NULL)
        return;
    ov_buf_done(&b->records);
    ov_buf_done(&b->data);
    ov_buf_done(&b->terms);
    ov_buf_done(&b->scratch);
    ov_buf_done(&b->note_index);
    ov_buf_done(&b->notes);
    ov_slots_done(&b->slots);
    ov_free(b->patterns.items);
    ov_free(b->always.items);
    ov_free(b->members.items);
    ov_free(b);
}

/* ---- data, each once ---- */

/* The data's own length is in it, so that its bytes can be found again:
 * whoever reads block, block knows where it ends. */
static struct ov_span data_at(const struct ov_rule_builder *b, uint32_t at)
{
    struct ov_reader r = ov_reader_over(ov_buf_span(&b->data));

    ov_reader_seek(&r, at);
    (void)ov_read_block(&r);
    (void)ov_read_block(&r);
    OV_ASSERT(ov_reader_status(&r) == OV_OK);
    return ov_span_clip(r.all, at, r.at - at);
}

static enum ov_status put_data(struct ov_rule_builder *b, uint32_t *ret_at)
{
    struct ov_span data = ov_buf_span(&b->scratch);
    uint32_t hash = ov_slots_hash(0, data);
    uint32_t at = hash;

    while (ov_slots_next(&b->slots, hash, &at, ret_at))
        if (ov_span_equal(data_at(b, *ret_at), data))
            return OV_OK;
    *ret_at = (uint32_t)b->data.len;
    ov_put_span(&b->data, data);
    OV_TRY(ov_buf_status(&b->data));
    return ov_slots_add(&b->slots, hash, *ret_at);
}

/* ---- one rule ---- */

static enum ov_status add_pattern(struct ov_rule_builder *b,
                                  const struct ov_pattern *p,
                                  const struct ov_rule *rule)
{
    uint32_t id = (uint32_t)b->patterns.n;
    struct ov_match_input *in = ov_part_add(&b->patterns);
    struct member *m;

    if (in == NULL)
        return OV_NO_MEMORY;
    in->pattern = *p;
    in->rule = b->n_rules;
    in->targets = rule->targets;
    in->has_guard = (rule->flags & OV_RULE_RAW_VIEW) != 0;
    in->guard = rule->has_guard ? rule->guard
                                : (struct ov_guard){.max_size = UINT64_MAX};
    if (p->place.kind != OV_PLACE_MACRO)
        return OV_OK;
    if (p->place.at < 0 || p->place.at >= OV_RULES_MAX_GROUPS)
        return OV_UNSUPPORTED;
    m = ov_part_add(&b->members);
    if (m == NULL)
        return OV_NO_MEMORY;
    m->group = (uint32_t)p->place.at;
    m->pattern = id;
    if (m->group >= b->n_groups)
        b->n_groups = m->group + 1;
    return OV_OK;
}

static enum ov_status add_terms(struct ov_rule_builder *b,
                                const struct ov_rule *rule)
{
    ov_buf_clear(&b->terms);
    for (uint32_t i = 0; i < rule->n_terms; i++) {
        const struct ov_term *t = &rule->terms[i];

        ov_terms_put(&b->terms, t);
        if (t->kind == OV_TERM_PATTERN)
            OV_TRY(add_pattern(b, &t->pattern, rule));
    }
    OV_TRY(ov_buf_status(&b->terms));
    ov_buf_clear(&b->scratch);
    ov_put_block(&b->scratch, rule->condition);
    ov_put_block(&b->scratch, ov_buf_span(&b->terms));
    return ov_buf_status(&b->scratch);
}

static enum ov_status add_always(struct ov_rule_builder *b,
                                 const struct ov_rule *rule)
{
    struct always *a = ov_part_add(&b->always);

    if (a == NULL)
        return OV_NO_MEMORY;
    *a = (struct always){b->n_rules, {.max_size = UINT64_MAX}};
    if (rule->has_guard)
        a->guard = rule->guard;
    return OV_OK;
}

enum ov_status ov_rule_builder_add(struct ov_rule_builder *b,
                                   struct ov_names_writer *names,
                                   uint32_t source, const struct ov_rule *rule,
                                   struct ov_diag *diag)
{
    struct ov_names_entry e = {
        .name = rule->name, .source = source, .line = rule->line};
    size_t first = b->patterns.n;
    uint32_t at;
    enum ov_status s;

    if (rule->name.len > OV_NAME_MAX || rule->n_terms > OV_RULES_MAX_TERMS ||
        rule->flags > 0xff)
        return ov_diag_set(diag, OV_UNSUPPORTED, rule->line,
                           "a rule's name or its list of terms is too long");
    s = add_terms(b, rule);
    if (s != OV_OK)
        return ov_diag_set(diag, s, rule->line,
                           "a rule of %u terms does not fit", rule->n_terms);
    OV_TRY(put_data(b, &at));
    OV_TRY(ov_names_add(names, OV_NAMES_OF_RULES, &e));
    if (rule->flags & OV_RULE_ALWAYS)
        OV_TRY(add_always(b, rule));
    ov_put_u32(&b->records, at);
    ov_put_u32(&b->records, (uint32_t)first);
    ov_put_u32(&b->records, rule->targets);
    ov_put_u32(&b->records,
               rule->flags << OV_RULES_FLAGS_SHIFT | rule->n_terms);
    ov_notes_put(&b->note_index, &b->notes, b->n_rules, rule);
    b->n_rules++;
    return ov_buf_status(&b->records);
}

const struct ov_match_input *
ov_rule_builder_patterns(const struct ov_rule_builder *b, size_t *ret_n)
{
    *ret_n = b->patterns.n;
    return b->patterns.items;
}

/* ---- the sections ---- */

/* Members sorted by group, by counting; within a group they keep their order.
 */
static enum ov_status put_groups(const struct ov_rule_builder *b,
                                 struct ov_buf *ret)
{
    OV_AUTO_PTR uint32_t *starts = NULL;
    OV_AUTO_PTR uint32_t *sorted = NULL;
    size_t n = b->n_groups;

    starts = ov_alloc_array(n + 2, sizeof(*starts));
    sorted = ov_alloc_array(b->members.n + 1, sizeof(*sorted));
    if (starts == NULL || sorted == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < b->members.n; i++)
        starts[b->members.items[i].group + 1]++;
    for (size_t g = 0; g < n; g++)
        starts[g + 1] += starts[g];
    for (size_t g = 0; g <= n; g++)
        ov_put_u32(ret, starts[g]);
    for (size_t i = 0; i < b->members.n; i++)
        sorted[starts[b->members.items[i].group]++] =
            b->members.items[i].pattern;
    for (size_t i = 0; i < b->members.n; i++)
        ov_put_u32(ret, sorted[i]);
    return ov_buf_status(ret);
}

static void put_always(struct ov_buf *b, const struct always *a)
{
    ov_put_u32(b, a->id);
    ov_put_u32(b, a->guard.head_mask);
    ov_put_u32(b, a->guard.head);
    ov_put_u32(b, 0);
    ov_put_u64(b, a->guard.min_size);
    ov_put_u64(b, a->guard.max_size);
}

enum ov_status ov_rule_builder_write(struct ov_rule_builder *b,
                                     struct ov_buf *ret_rules,
                                     struct ov_buf *ret_data,
                                     struct ov_buf *ret_notes)
{
    ov_put_u32(ret_rules, b->n_rules);
    ov_put_u32(ret_rules, (uint32_t)b->always.n);
    ov_put_u32(ret_rules, b->n_groups);
    ov_put_u32(ret_rules, (uint32_t)b->members.n);
    ov_put_span(ret_rules, ov_buf_span(&b->records));
    ov_put_u32(ret_rules, 0);
    ov_put_u32(ret_rules, (uint32_t)b->patterns.n);
    ov_put_u64(ret_rules, 0);
    for (size_t i = 0; i < b->always.n; i++)
        put_always(ret_rules, &b->always.items[i]);
    OV_TRY(put_groups(b, ret_rules));
    ov_put_span(ret_data, ov_buf_span(&b->data));
    ov_notes_write(&b->note_index, &b->notes, ret_notes);
    OV_TRY(ov_buf_status(ret_notes));
    return ov_buf_status(ret_data);
}
