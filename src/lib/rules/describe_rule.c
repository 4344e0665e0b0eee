/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "base/text.h"
#include "rules/condition.h"
#include "rules/describe_out.h"
#include "rules/hash_entry.h"
#include "rules/notes.h"
#include "rules/terms.h"

/* One rule with all that the image has of it. */

#define NOTES_MAX ((size_t)16 << 20)

/* ---- conditions ---- */

void ov_describe_put_condition(struct ov_buf *b, struct ov_span code,
                               const char *indent)
{
    struct ov_reader r = ov_reader_over(code);

    while (ov_reader_more(&r)) {
        size_t at = r.at;

        ov_put_format(b, "%s%4zu  ", indent, at);
        ov_cond_show_one(b, &r);
        ov_put_u8(b, '\n');
    }
}

/* ---- terms ---- */

static void put_regex(struct ov_describe *d, const struct ov_regex *x)
{
    static const char letters[] = "greismxAEU";

    ov_put_str(&d->text, "regex at ");
    ov_describe_put_offset(&d->text, &x->place);
    ov_put_str(&d->text, " /");
    ov_put_escaped(&d->text, x->source);
    ov_put_u8(&d->text, '/');
    for (unsigned i = 0; letters[i] != '\0'; i++)
        if (x->flags >> i & 1)
            ov_put_u8(&d->text, (uint8_t)letters[i]);
    ov_put_u8(&d->text, '\n');
    if (x->trigger.len > 0)
        ov_put_str(&d->text, "         if\n");
    ov_describe_put_condition(&d->text, x->trigger, "        ");
}

static void put_bytecmp(struct ov_buf *b, const struct ov_bytecmp *c)
{
    ov_put_format(b, "number at %+lld from term %u: base %c, %s%s, %u bytes",
                  (long long)c->offset, c->trigger,
                  c->base >= 'a' && c->base <= 'z' ? c->base : '?',
                  c->is_little ? "little" : "big", c->is_exact ? ", exact" : "",
                  c->n_bytes);
    for (unsigned i = 0; i < c->n_compare && i < 2; i++) {
        ov_put_str(b, i == 0 ? ": " : " and ");
        ov_put_escaped(b, ov_span_of(&c->compare[i].op, 1));
        ov_put_format(b, " %lld", (long long)c->compare[i].value);
    }
    ov_put_u8(b, '\n');
}

static void put_term(struct ov_describe *d, const struct ov_term *t,
                     uint32_t pattern)
{
    switch (t->kind) {
    case OV_TERM_PATTERN:
        ov_put_format(&d->text, "pattern %u at ", pattern);
        ov_describe_put_offset(&d->text, &t->pattern.place);
        ov_put_u8(&d->text, '\n');
        ov_describe_put_pattern(d, pattern, "         ");
        return;
    case OV_TERM_REGEX:
        put_regex(d, &t->regex);
        return;
    case OV_TERM_BYTECMP:
        put_bytecmp(&d->text, &t->bytecmp);
        return;
    case OV_TERM_FUZZY:
        ov_put_str(&d->text, "image hash ");
        ov_put_hex(&d->text, ov_span_of(t->fuzzy.hash, sizeof(t->fuzzy.hash)));
        ov_put_format(&d->text, ", distance %u\n", t->fuzzy.distance);
        return;
    case OV_TERM_MACRO:
        ov_put_format(&d->text, "macro group %u, %u to %u behind term %u\n",
                      t->macro.group, t->macro.min, t->macro.max,
                      t->macro.lead);
        return;
    }
}

static void put_notes(struct ov_describe *d, const struct ov_notes *notes)
{
    for (size_t i = 0; i < notes->n_notes; i++) {
        const struct ov_rule_note *note = &notes->notes[i];

        ov_put_str(&d->text, note->key.len > 0 ? "  meta    " : "  tag     ");
        ov_put_escaped(&d->text, note->key);
        ov_put_str(&d->text, note->key.len > 0 ? ": " : "");
        ov_put_escaped(&d->text, note->value);
        ov_put_u8(&d->text, '\n');
    }
}

static void put_terms(struct ov_describe *d, const struct ov_rule_view *rule,
                      const struct ov_notes *notes)
{
    struct ov_reader r = ov_reader_over(rule->terms);
    uint32_t pattern = rule->first_pattern;

    ov_put_str(&d->text, "  terms\n");
    for (uint32_t i = 0; ov_reader_more(&r); i++) {
        struct ov_term term;

        ov_terms_read(&r, &term);
        if (ov_reader_status(&r) != OV_OK)
            break;
        ov_put_format(&d->text, "   %4u  ", i);
        if (i < notes->n_term_names) {
            ov_put_escaped(&d->text, notes->term_names[i]);
            ov_put_str(&d->text, "  ");
        }
        put_term(d, &term, pattern);
        pattern += term.kind == OV_TERM_PATTERN;
    }
    if (ov_reader_end(&r) != OV_OK)
        ov_describe_damaged(d);
}

/* ---- rules ---- */

static void put_flags(struct ov_describe *d, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *word;
    } words[] = {
        {OV_RULE_UNWANTED, "unwanted"},
        {OV_RULE_OFFICIAL, "official"},
        {OV_RULE_ALWAYS, "always"},
        {OV_RULE_MACRO_MEMBER, "macro-member"},
        {OV_RULE_RAW_VIEW, "raw-view"},
        {OV_RULE_MAGIC, "magic"},
        {OV_RULE_SUSPICIOUS, "suspicious"},
    };

    ov_put_str(&d->text, flags == 0 ? "  flags   none" : "  flags  ");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (flags & words[i].flag)
            ov_put_format(&d->text, " %s", words[i].word);
    ov_put_u8(&d->text, '\n');
}

static void put_head(struct ov_describe *d, const struct ov_names_entry *e,
                     const char *kind)
{
    ov_put_str(&d->text, "rule ");
    ov_put_escaped(&d->text, e->name);
    ov_put_str(&d->text, "\n  source  ");
    ov_describe_put_place(d, e->source, e->line);
    ov_put_format(&d->text, "\n  kind    %s\n", kind);
}

static void put_targets(struct ov_describe *d, uint32_t targets)
{
    ov_put_str(&d->text, "  targets");
    if (targets == UINT32_MAX)
        ov_put_str(&d->text, " any");
    for (unsigned t = 0; t < 32 && targets != UINT32_MAX; t++)
        if (targets >> t & 1)
            ov_put_format(&d->text, " %u", t);
    ov_put_u8(&d->text, '\n');
}

static void put_rule(struct ov_describe *d, uint64_t index,
                     const struct ov_names_entry *e)
{
    OV_AUTO(arena) arena = ov_arena_new(NOTES_MAX);
    struct ov_notes notes;
    struct ov_rule_view rule;
    enum ov_status status;

    if (arena == NULL) {
        d->status = OV_NO_MEMORY;
        return;
    }
    if (!ov_lookup_rule(d->image, (uint32_t)index, NULL, &rule)) {
        ov_describe_damaged(d);
        return;
    }
    put_head(d, e, ov_rule_kind_name(ov_describe_kind(&rule)));
    put_flags(d, rule.flags);
    put_targets(d, rule.targets);
    status = ov_notes_find(d->image, (uint32_t)index, arena, &notes);
    if (status == OV_MALFORMED)
        ov_describe_damaged(d);
    else if (status != OV_OK)
        d->status = status;
    put_notes(d, &notes);
    ov_put_str(&d->text, rule.condition.len > 0 ? "  condition\n"
                                                : "  condition: all terms\n");
    ov_describe_put_condition(&d->text, rule.condition, "    ");
    put_terms(d, &rule, &notes);
}

/* Makes d->order that of this hash table. */
static bool need_order(struct ov_describe *d, enum ov_hash_of of,
                       enum ov_digest_kind kind)
{
    enum ov_status s;

    if (d->order != NULL)
        return true;
    s = ov_hash_entry_order(d->image, of, kind, &d->order, &d->n_order);
    if (s == OV_MALFORMED)
        ov_describe_damaged(d);
    else if (d->status == OV_OK)
        d->status = s;
    return s == OV_OK;
}

static void put_hash(struct ov_describe *d, int list, uint64_t index,
                     const struct ov_names_entry *e)
{
    enum ov_hash_of of = (enum ov_hash_of)((list - 1) / (int)OV_N_DIGEST);
    enum ov_digest_kind kind =
        (enum ov_digest_kind)((list - 1) % (int)OV_N_DIGEST);
    struct ov_hash_entry entry;

    if (!need_order(d, of, kind))
        return;
    put_head(d, e,
             ov_rule_kind_name(
                 e->is_allowed
                     ? OV_RULE_KIND_ALLOWED
                     : (enum ov_rule_kind)(OV_RULE_KIND_HASH + (int)of)));
    put_flags(d, e->flags);
    if (index >= d->n_order ||
        !ov_hash_entry_at(d->image, of, kind, d->order[index], &entry)) {
        ov_describe_damaged(d);
        return;
    }
    ov_put_format(&d->text, "  %-7s ", ov_digest_name(kind));
    ov_put_hex(&d->text, ov_span_of(entry.digest, ov_digest_len(kind)));
    if (entry.size == OV_SIZE_ANY)
        ov_put_str(&d->text, "\n  size    any\n");
    else
        ov_put_format(&d->text, "\n  size    %llu\n",
                      (unsigned long long)entry.size);
}

/* name and key are the same. */
static bool try_block(struct ov_describe *d, int list, uint64_t block,
                      struct ov_span name, const struct ov_names_key *key)
{
    struct ov_names_block names;
    bool is_found = false;

    if (!ov_names_block_at(d->image, list, block, &names)) {
        ov_describe_damaged(d);
        return false;
    }
    for (size_t i = 0; i < names.n; i++) {
        uint64_t index = block * OV_NAMES_BLOCK + i;
        struct ov_names_entry e;

        if (names.stem[i] != key->stem ||
            (key->has_number && names.number[i] != key->number))
            continue;
        if (!ov_names_at(d->image, list, index, NULL, &e)) {
            ov_describe_damaged(d);
            return false;
        }
        e.name = name;
        is_found = true;
        if (list == OV_NAMES_OF_RULES)
            put_rule(d, index, &e);
        else
            put_hash(d, list, index, &e);
    }
    return is_found;
}

enum ov_status ov_describe_rule(struct ov_image *image, struct ov_span name,
                                const struct ov_text_out *out)
{
    struct ov_describe d;
    bool is_found = false;
    struct ov_names_key key;

    if (!ov_names_find(image, name, &key))
        return image->store.is_damaged ? OV_BAD_DIGEST : OV_NOT_FOUND;
    OV_TRY(ov_describe_begin(&d, image, out));
    for (int list = 0; list < OV_N_NAME_LISTS; list++) {
        uint64_t n = ov_names_count(image, list);

        ov_free(d.order);
        d.order = NULL;
        for (uint64_t block = 0; block * OV_NAMES_BLOCK < n; block++) {
            is_found |= try_block(&d, list, block, name, &key);
            if (!ov_describe_pass(&d))
                return ov_describe_end(&d);
        }
    }
    OV_TRY(ov_describe_end(&d));
    return is_found ? OV_OK : OV_NOT_FOUND;
}
