/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/describe.h"

#include "base/text.h"
#include "match/matcher.h"
#include "rules/describe_out.h"
#include "rules/notes.h"

/* Lists and counts. Names are spelled one by one and passed on by the piece. */

#define PIECE ((size_t)64 << 10)
#define ARENA_MAX ((size_t)1 << 30)
#define ARENA_KEEP ((size_t)1 << 20)

enum ov_status ov_describe_begin(struct ov_describe *d, struct ov_image *image,
                                 const struct ov_text_out *out)
{
    *d = (struct ov_describe){.image = image, .out = out};
    d->text = ov_buf_with_max(ARENA_MAX);
    d->arena = ov_arena_new(ARENA_MAX);
    return d->arena == NULL ? OV_NO_MEMORY : OV_OK;
}

static void flush(struct ov_describe *d)
{
    if (d->status == OV_OK)
        d->status = ov_buf_status(&d->text);
    if (d->status == OV_OK && d->text.len > 0 &&
        !d->out->write(d->out->data, ov_buf_span(&d->text)))
        d->status = OV_IO;
    ov_buf_clear(&d->text);
}

bool ov_describe_pass(struct ov_describe *d)
{
    if (d->text.len >= PIECE || ov_buf_status(&d->text) != OV_OK)
        flush(d);
    ov_arena_reset(d->arena, ARENA_KEEP);
    return d->status == OV_OK;
}

enum ov_status ov_describe_end(struct ov_describe *d)
{
    flush(d);
    ov_buf_done(&d->text);
    ov_arena_free(d->arena);
    ov_free(d->order);
    return d->status;
}

void ov_describe_damaged(struct ov_describe *d)
{
    if (d->status == OV_OK)
        d->status = d->image->store.is_damaged ? OV_BAD_DIGEST : OV_MALFORMED;
}

enum ov_rule_kind ov_describe_kind(const struct ov_rule_view *rule)
{
    bool is_body =
        rule->n_terms == 1 && rule->n_patterns == 1 && rule->condition.len == 0;

    if ((rule->flags & OV_RULE_MAGIC) != 0)
        return OV_RULE_KIND_MAGIC;
    if ((rule->flags & OV_RULE_RAW_VIEW) != 0)
        return OV_RULE_KIND_YARA;
    return is_body ? OV_RULE_KIND_BODY : OV_RULE_KIND_LOGICAL;
}

void ov_describe_put_place(struct ov_describe *d, uint32_t source,
                           uint32_t line)
{
    struct ov_source_view view;

    if (!ov_lookup_source(d->image, source, &view)) {
        ov_describe_damaged(d);
        return;
    }
    ov_put_escaped(&d->text, view.name);
    ov_put_format(&d->text, ":%u", line);
}

/* ---- list ---- */

static const char *kind_in_list(struct ov_describe *d, int list, uint64_t index,
                                uint8_t flags)
{
    struct ov_rule_view rule;

    if (flags & OV_NAMES_ALLOWED)
        return ov_rule_kind_name(OV_RULE_KIND_ALLOWED);
    if (list != OV_NAMES_OF_RULES)
        return ov_rule_kind_name((enum ov_rule_kind)(
            OV_RULE_KIND_HASH + (list - 1) / (int)OV_N_DIGEST));
    if (!ov_lookup_rule(d->image, (uint32_t)index, NULL, &rule)) {
        ov_describe_damaged(d);
        return "?";
    }
    return ov_rule_kind_name(ov_describe_kind(&rule));
}

static void list_block(struct ov_describe *d, int list, uint64_t block)
{
    struct ov_names_block names;

    if (!ov_names_block_at(d->image, list, block, &names)) {
        ov_describe_damaged(d);
        return;
    }
    for (size_t i = 0; i < names.n; i++) {
        uint8_t name[OV_NAME_MAX];
        size_t len;

        if (!ov_names_spell(d->image, names.stem[i], names.number[i], name,
                            &len)) {
            ov_describe_damaged(d);
            return;
        }
        ov_put_escaped(&d->text, ov_span_of(name, len));
        ov_put_format(
            &d->text, "\t%s\t",
            kind_in_list(d, list, block * OV_NAMES_BLOCK + i, names.flags[i]));
        ov_describe_put_place(d, names.source[i], names.line[i]);
        ov_put_u8(&d->text, '\n');
    }
}

static void list_members(struct ov_describe *d)
{
    size_t n;
    const struct ov_member_rule *m = ov_lookup_members(d->image, d->arena, &n);

    for (size_t i = 0; i < n; i++) {
        ov_put_escaped(&d->text, m[i].name);
        ov_put_format(&d->text, "\t%s\t",
                      ov_rule_kind_name(OV_RULE_KIND_MEMBER));
        ov_put_escaped(&d->text, m[i].source);
        ov_put_format(&d->text, ":%u\n", m[i].line);
    }
    if (m != NULL || d->image->sections[OV_SECTION_MEMBERS].len == 0)
        return;
    /* where the digests hold, only memory can be short */
    if (d->status == OV_OK)
        d->status = d->image->store.is_damaged ? OV_BAD_DIGEST : OV_NO_MEMORY;
}

enum ov_status ov_describe_list(struct ov_image *image,
                                const struct ov_text_out *out)
{
    struct ov_describe d;

    OV_TRY(ov_describe_begin(&d, image, out));
    for (int list = 0; list < OV_N_NAME_LISTS; list++) {
        uint64_t n = ov_names_count(image, list);

        for (uint64_t block = 0; block * OV_NAMES_BLOCK < n; block++) {
            list_block(&d, list, block);
            if (!ov_describe_pass(&d))
                return ov_describe_end(&d);
        }
    }
    list_members(&d);
    return ov_describe_end(&d);
}

/* ---- counts ---- */

static void put_skips(struct ov_describe *d, const struct ov_counts *c)
{
    for (size_t i = 0; i < c->n_skips; i++) {
        const struct ov_skip_count *s = &c->skips[i];

        ov_put_format(&d->text, "%12llu  %s: ", (unsigned long long)s->n,
                      s->is_error ? "refused" : "left out");
        ov_put_escaped(&d->text, s->why);
        ov_put_str(&d->text, "\n              first at ");
        ov_describe_put_place(d, s->source, s->line);
        if (s->what.len > 0) {
            ov_put_str(&d->text, ": ");
            ov_put_escaped(&d->text, s->what);
        }
        ov_put_u8(&d->text, '\n');
    }
}

/* The rule that has this pattern: the last one whose first pattern is not
 * behind it. */
static bool find_owner(struct ov_image *image, uint32_t pattern, uint32_t *ret)
{
    uint32_t from = 0;
    uint32_t to = ov_lookup_n_rules(image);

    while (to - from > 1) {
        uint32_t mid = from + (to - from) / 2;
        struct ov_rule_view rule;

        if (!ov_lookup_rule(image, mid, NULL, &rule))
            return false;
        if (rule.first_pattern <= pattern)
            from = mid;
        else
            to = mid;
    }
    *ret = from;
    return from < to;
}

static const char *weakness_word(uint8_t weakness)
{
    switch (weakness) {
    case OV_MATCH_SHORT:
        return "no four fixed bytes in a row";
    case OV_MATCH_COMMON:
        return "only bytes that are common in clean files";
    default:
        return "no two bytes in a row are known";
    }
}

/* The names that the rule's own is among, and its place there. False after
 * telling that the image is damaged. */
static bool find_name(struct ov_describe *d, uint32_t rule,
                      struct ov_names_block *ret, size_t *ret_i)
{
    *ret_i = rule % OV_NAMES_BLOCK;
    if (ov_names_block_at(d->image, OV_NAMES_OF_RULES, rule / OV_NAMES_BLOCK,
                          ret) &&
        *ret_i < ret->n)
        return true;
    ov_describe_damaged(d);
    return false;
}

static void put_name(struct ov_describe *d, const struct ov_names_block *names,
                     size_t i)
{
    uint8_t name[OV_NAME_MAX];
    size_t len;

    if (!ov_names_spell(d->image, names->stem[i], names->number[i], name, &len))
        ov_describe_damaged(d);
    else
        ov_put_escaped(&d->text, ov_span_of(name, len));
}

void ov_describe_put_rule(struct ov_describe *d, uint32_t rule)
{
    struct ov_names_block names;
    size_t i;

    if (!find_name(d, rule, &names, &i))
        return;
    put_name(d, &names, i);
    ov_put_str(&d->text, " (");
    ov_describe_put_place(d, names.source[i], names.line[i]);
    ov_put_str(&d->text, ")");
}

static void put_weak(struct ov_describe *d, const struct ov_weak_pattern *w)
{
    uint32_t rule;

    if (!find_owner(d->image, w->id, &rule)) {
        ov_describe_damaged(d);
        return;
    }
    ov_put_str(&d->text, "  ");
    ov_describe_put_rule(d, rule);
    ov_put_format(&d->text, ": %s\n", weakness_word(w->weakness));
    ov_describe_put_pattern(d, w->id, "    ");
}

/* What the rule calls the pattern; only YARA's rules have such names. */
static enum ov_status put_string_name(struct ov_describe *d, uint32_t rule,
                                      uint32_t pattern, struct ov_arena *arena)
{
    struct ov_rule_view view;
    struct ov_notes notes;

    OV_TRY(ov_notes_find(d->image, rule, arena, &notes));
    if (!ov_lookup_rule(d->image, rule, NULL, &view) ||
        pattern - view.first_pattern >= notes.n_term_names)
        return OV_OK;
    ov_put_str(&d->text, ", string ");
    ov_put_escaped(&d->text, notes.term_names[pattern - view.first_pattern]);
    return OV_OK;
}

static enum ov_status put_slow(struct ov_describe *d,
                               const struct ov_weak_pattern *w,
                               struct ov_arena *arena)
{
    struct ov_names_block names;
    uint32_t rule;
    size_t i;

    if (!find_owner(d->image, w->id, &rule)) {
        ov_describe_damaged(d);
        return OV_OK;
    }
    if (!find_name(d, rule, &names, &i))
        return OV_OK;
    ov_describe_put_place(d, names.source[i], names.line[i]);
    ov_put_str(&d->text, ": rule ");
    put_name(d, &names, i);
    OV_TRY(put_string_name(d, rule, w->id, arena));
    ov_put_format(&d->text, ": %s\n", weakness_word(w->weakness));
    return OV_OK;
}

static void put_counts(struct ov_describe *d, const struct ov_counts *c)
{
    ov_put_str(&d->text, "rules\n");
    for (int k = 0; k < OV_N_RULE_KINDS; k++)
        if (c->kinds[k] != 0)
            ov_put_format(&d->text, "%12llu  %s\n",
                          (unsigned long long)c->kinds[k],
                          ov_rule_kind_name((enum ov_rule_kind)k));
    if (c->n_ignored + c->n_skips != 0)
        ov_put_str(&d->text, "not in the image\n");
    if (c->n_ignored != 0)
        ov_put_format(&d->text, "%12llu  silenced by .ign and .ign2 lines\n",
                      (unsigned long long)c->n_ignored);
    put_skips(d, c);
    if (c->n_weak != 0)
        ov_put_format(&d->text, "patterns that cost more than others: %zu\n",
                      c->n_weak);
}

/* Which of two accounts of the costly patterns. */
enum account {
    ACCOUNT_ALL,
    ACCOUNT_SLOW
};

static enum ov_status describe_weak(struct ov_image *image, enum account which,
                                    const struct ov_text_out *out)
{
    OV_AUTO(arena) arena = ov_arena_new(ARENA_MAX);
    struct ov_describe d;
    struct ov_counts c;

    if (arena == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_counts_read(image, arena, &c));
    OV_TRY(ov_describe_begin(&d, image, out));
    if (which == ACCOUNT_ALL)
        put_counts(&d, &c);
    for (size_t i = 0; i < c.n_weak && ov_describe_pass(&d); i++) {
        enum ov_status status = OV_OK;

        if (which == ACCOUNT_ALL)
            put_weak(&d, &c.weak[i]);
        else
            status = put_slow(&d, &c.weak[i], arena);
        if (status != OV_OK && d.status == OV_OK)
            d.status = status;
    }
    return ov_describe_end(&d);
}

enum ov_status ov_describe_counts(struct ov_image *image,
                                  const struct ov_text_out *out)
{
    return describe_weak(image, ACCOUNT_ALL, out);
}

enum ov_status ov_describe_slow(struct ov_image *image,
                                const struct ov_text_out *out)
{
    return describe_weak(image, ACCOUNT_SLOW, out);
}

/* ---- sections ---- */

static void put_source(struct ov_describe *d, uint32_t n)
{
    struct ov_source_view s;

    if (!ov_lookup_source(d->image, n, &s)) {
        ov_describe_damaged(d);
        return;
    }
    ov_put_str(&d->text, "  ");
    ov_put_hex(&d->text, ov_span_of(s.sha256, sizeof(s.sha256)));
    ov_put_format(&d->text, "  %llu bytes, %llu rules, %llu left out  ",
                  (unsigned long long)s.size, (unsigned long long)s.n_rules,
                  (unsigned long long)s.n_skipped);
    ov_put_escaped(&d->text, s.name);
    ov_put_u8(&d->text, '\n');
}

enum ov_status ov_describe_sections(struct ov_image *image,
                                    const struct ov_text_out *out)
{
    struct ov_describe d;
    uint32_t n = ov_lookup_n_sources(image);

    OV_TRY(ov_describe_begin(&d, image, out));
    ov_put_str(&d.text, "image ");
    ov_put_hex(&d.text, ov_span_of(image->digest, 32));
    ov_put_str(&d.text, "\nsections\n");
    for (int i = 0; i < OV_N_SECTIONS; i++)
        ov_put_format(&d.text, "%12llu  %s\n",
                      (unsigned long long)image->sections[i].len,
                      ov_section_name((enum ov_section)i));
    ov_put_str(&d.text, "sources\n");
    for (uint32_t i = 0; i < n && ov_describe_pass(&d); i++)
        put_source(&d, i);
    return ov_describe_end(&d);
}
