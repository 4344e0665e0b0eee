/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara.h"

#include <inttypes.h>

#include "modules/module.h"
#include "rules/yara_condition.h"
#include "rules/yara_pattern.h"

/* YARA sources to the common form (YARA documentation, "Writing YARA rules").
 * One source is one namespace. A rule is read in one pass: header, meta,
 * strings (yara_strings.c), condition (yara_condition.c). References were
 * resolved by then, since a rule may only refer to rules above it; global rules
 * concern all rules, so they are joined in at the end.
 *
 * After an error the parser goes on at the next line that looks like the
 * beginning of a rule, so that one bad rule costs one rule, and each is
 * reported. */

#define RULES_MAX 100000
/* How much of names and of the source an error shows. */
#define SHOWN_NAME 48
#define SHOWN_TEXT 24

enum ov_status ov_yara_next(struct ov_yara_parser *p)
{
    return ov_yara_lex(&p->lexer, &p->token);
}

enum ov_status ov_yara_fail(struct ov_yara_parser *p, enum ov_status status,
                            const char *why)
{
    return ov_yara_fault_set(&p->fault, status, &p->token, "%s", why);
}

enum ov_status ov_yara_expect(struct ov_yara_parser *p,
                              enum ov_yara_token_kind kind)
{
    if (p->token.kind != kind)
        return ov_yara_fault_set(&p->fault, OV_MALFORMED, &p->token,
                                 "expected %s", ov_yara_token_name(kind));
    return ov_yara_next(p);
}

const struct ov_yara_rule *ov_yara_find_rule(const struct ov_yara_parser *p,
                                             struct ov_span name)
{
    uint32_t number;

    if (!ov_yara_names_find(&p->rule_names, name, &number))
        return NULL;
    return &p->rules.items[number];
}

/* ---- header and meta ---- */

static enum ov_status add_note(struct ov_yara_parser *p,
                               struct ov_rule_note what)
{
    struct ov_rule_note *note = ov_part_add(&p->notes);

    if (note == NULL)
        return OV_NO_MEMORY;
    *note = what;
    return OV_OK;
}

/* Tags come first, and have no key. */
static bool has_tag(const struct ov_yara_parser *p, struct ov_span tag)
{
    for (size_t i = 0; i < p->notes.n; i++)
        if (ov_span_equal(p->notes.items[i].value, tag))
            return true;
    return false;
}

#define TAGS_MAX 1000

static enum ov_status read_tags(struct ov_yara_parser *p,
                                struct ov_yara_rule *rule)
{
    if (p->token.kind != OV_YARA_COLON)
        return OV_OK;
    OV_TRY(ov_yara_next(p));
    do {
        if (ov_span_equal(p->token.value, OV_SPAN_LIT("unwanted")))
            rule->flags |= OV_RULE_UNWANTED;
        if (p->notes.n == TAGS_MAX)
            return ov_yara_fail(p, OV_MALFORMED, "more than 1000 tags");
        if (has_tag(p, p->token.value))
            return ov_yara_fail(p, OV_MALFORMED, "the rule has this tag");
        OV_TRY(add_note(p, (struct ov_rule_note){.value = p->token.value}));
        OV_TRY(ov_yara_expect(p, OV_YARA_NAME));
    } while (p->token.kind == OV_YARA_NAME);
    return OV_OK;
}

/* A number in decimal, however the source has it. */
static enum ov_status put_number(struct ov_yara_parser *p, bool is_negative,
                                 struct ov_rule_note *note)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(32);
    uint64_t number = (uint64_t)p->token.number;

    ov_put_format(&text, "%" PRId64,
                  (int64_t)(is_negative ? 0 - number : number));
    OV_TRY(ov_buf_status(&text));
    note->kind = OV_NOTE_NUMBER;
    return ov_arena_copy(p->part->arena, ov_buf_span(&text), &note->value)
               ? OV_OK
               : OV_NO_MEMORY;
}

static enum ov_status read_meta_value(struct ov_yara_parser *p,
                                      struct ov_rule_note *note)
{
    bool is_negative = p->token.kind == OV_YARA_MINUS;

    if (is_negative)
        OV_TRY(ov_yara_next(p));
    note->value = p->token.text;
    if (p->token.kind == OV_YARA_NUMBER) {
        OV_TRY(put_number(p, is_negative, note));
    } else if (is_negative) {
        return ov_yara_fail(p, OV_MALFORMED, "expected a number");
    } else if (p->token.kind == OV_YARA_TEXT) {
        OV_TRY(ov_yara_unescape(&p->token, p->part->arena, &p->fault,
                                &note->value));
    } else if (p->token.kind == OV_YARA_TRUE ||
               p->token.kind == OV_YARA_FALSE) {
        note->kind = OV_NOTE_TRUTH;
    } else {
        return ov_yara_fail(p, OV_MALFORMED,
                            "expected a text, number, true or false");
    }
    return ov_yara_next(p);
}

/* verdict = "suspicious" */
static bool is_verdict_suspicious(const struct ov_rule_note *note)
{
    return note->kind == OV_NOTE_TEXT &&
           ov_span_equal(note->key, OV_SPAN_LIT("verdict")) &&
           ov_span_equal(note->value, OV_SPAN_LIT("suspicious"));
}

static enum ov_status read_meta(struct ov_yara_parser *p,
                                struct ov_yara_rule *rule)
{
    if (p->token.kind != OV_YARA_META)
        return OV_OK;
    OV_TRY(ov_yara_next(p));
    OV_TRY(ov_yara_expect(p, OV_YARA_COLON));
    do {
        struct ov_span key = p->token.value;
        bool is_unwanted = ov_span_equal(key, OV_SPAN_LIT("unwanted"));
        struct ov_rule_note note = {.key = key};

        OV_TRY(ov_yara_expect(p, OV_YARA_NAME));
        OV_TRY(ov_yara_expect(p, OV_YARA_ASSIGN));
        if (is_unwanted && p->token.kind == OV_YARA_TRUE)
            rule->flags |= OV_RULE_UNWANTED;
        OV_TRY(read_meta_value(p, &note));
        if (is_verdict_suspicious(&note))
            rule->flags |= OV_RULE_SUSPICIOUS;
        OV_TRY(add_note(p, note));
    } while (p->token.kind == OV_YARA_NAME);
    return OV_OK;
}

static enum ov_status read_header(struct ov_yara_parser *p,
                                  struct ov_yara_rule *rule)
{
    rule->line = p->token.place.line;
    rule->source = p->source + 1;
    while (p->token.kind == OV_YARA_GLOBAL ||
           p->token.kind == OV_YARA_PRIVATE) {
        rule->is_global |= p->token.kind == OV_YARA_GLOBAL;
        rule->is_private |= p->token.kind == OV_YARA_PRIVATE;
        OV_TRY(ov_yara_next(p));
    }
    if (p->token.kind != OV_YARA_RULE)
        return ov_yara_fail(p, OV_MALFORMED, "expected rule");
    rule->line = p->token.place.line;
    OV_TRY(ov_yara_next(p));
    if (p->token.kind != OV_YARA_NAME)
        return ov_yara_fail(p, OV_MALFORMED, "expected the rule's name");
    rule->name = p->rule_name = p->token.value;
    if (ov_yara_find_rule(p, rule->name) != NULL)
        return ov_yara_fail(p, OV_MALFORMED, "there is a rule of this name");
    for (size_t i = 0; i < p->wildcards.n; i++)
        if (ov_span_starts(rule->name, p->wildcards.items[i]))
            return ov_yara_fail(p, OV_MALFORMED,
                                "a set of rules above takes this name");
    OV_TRY(ov_yara_next(p));
    return read_tags(p, rule);
}

/* ---- one rule ---- */

static enum ov_status check_used(struct ov_yara_parser *p)
{
    for (size_t i = 0; i < p->strings.n; i++) {
        const struct ov_yara_string *s = &p->strings.items[i];

        if (!s->is_used && ov_span_byte(s->name, 0) != '_')
            return ov_yara_fault_set(&p->fault, OV_MALFORMED, &s->token,
                                     "the condition does not use this string");
    }
    return OV_OK;
}

#define DEFAULT_SPACE "default"

/* Its namespace, if it has one that somebody has given, and then tags and meta
 * data. */
static enum ov_status copy_notes(struct ov_yara_parser *p,
                                 struct ov_yara_rule *rule)
{
    struct ov_rule_note *notes =
        ov_arena_array(p->part->arena, p->notes.n + 1, sizeof(*notes));
    struct ov_span space = p->options->space;
    uint32_t n = 0;

    if (notes == NULL)
        return OV_NO_MEMORY;
    if (space.len > 0 && !ov_span_equal(space, OV_SPAN_LIT(DEFAULT_SPACE)))
        notes[n++] = (struct ov_rule_note){OV_SPAN_LIT("namespace"), space,
                                           OV_NOTE_SPACE};
    for (size_t i = 0; i < p->notes.n; i++)
        notes[n++] = p->notes.items[i];
    rule->notes = notes;
    rule->n_notes = n;
    return OV_OK;
}

/* What it calls its strings, and says of itself. */
static enum ov_status keep_notes(struct ov_yara_parser *p,
                                 struct ov_yara_rule *rule)
{
    struct ov_span *names =
        ov_arena_array(p->part->arena, p->strings.n + 1, sizeof(*names));
    uint8_t *forms =
        ov_arena_array(p->part->arena, p->strings.n + 1, sizeof(*forms));

    if (names == NULL || forms == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < p->strings.n; i++) {
        names[i] = p->strings.items[i].token.text;
        forms[i] = p->strings.items[i].form;
    }
    rule->term_names = names;
    rule->term_forms = forms;
    rule->n_term_names = (uint32_t)p->strings.n;
    return copy_notes(p, rule);
}

/* What was read of the rule, from the parser's lists into the arena. */
static enum ov_status keep(struct ov_yara_parser *p, struct ov_yara_rule *rule)
{
    struct ov_term *terms =
        ov_arena_array(p->part->arena, p->terms.n, sizeof(*terms));

    if (p->code.len > p->code_left)
        return ov_yara_fail(p, OV_UNSUPPORTED,
                            "the conditions of all rules are too long");
    p->code_left -= p->code.len;
    if (terms == NULL ||
        !ov_arena_copy(p->part->arena, ov_buf_span(&p->code), &rule->code))
        return OV_NO_MEMORY;
    for (size_t i = 0; i < p->terms.n; i++)
        terms[i] = p->terms.items[i];
    rule->terms = terms;
    rule->n_terms = (uint32_t)p->terms.n;
    rule->needs_match = p->needs_match;
    rule->is_costly = p->is_costly;
    rule->guard = p->guard;
    rule->max_values = p->max_values;
    rule->max_loops = p->max_loops;
    return OV_OK;
}

static enum ov_status read_rule(struct ov_yara_parser *p,
                                struct ov_yara_rule *rule)
{
    p->strings.n = 0;
    p->terms.n = 0;
    p->uses.n = 0;
    p->notes.n = 0;
    ov_yara_names_clear(&p->string_names);
    ov_buf_clear(&p->code);
    OV_TRY(read_header(p, rule));
    OV_TRY(ov_yara_expect(p, OV_YARA_BRACE_OPEN));
    OV_TRY(read_meta(p, rule));
    if (p->token.kind == OV_YARA_SECTION_STRINGS) {
        OV_TRY(ov_yara_next(p));
        OV_TRY(ov_yara_expect(p, OV_YARA_COLON));
        OV_TRY(ov_yara_read_strings(p));
    }
    OV_TRY(ov_yara_expect(p, OV_YARA_CONDITION));
    OV_TRY(ov_yara_expect(p, OV_YARA_COLON));
    OV_TRY(ov_yara_read_condition(p));
    if (p->token.kind != OV_YARA_BRACE_CLOSE)
        return ov_yara_fail(p, OV_MALFORMED, "expected an operator or }");
    OV_TRY(check_used(p));
    OV_TRY(keep_notes(p, rule));
    return keep(p, rule);
}

/* ---- the source ---- */

/* "rule r, column 9: '$b'" */
static void put_place(const struct ov_yara_parser *p, struct ov_span rule,
                      struct ov_buf *b)
{
    const struct ov_yara_fault *f = &p->fault;

    if (rule.len > 0) {
        ov_put_str(b, "rule ");
        ov_put_span(b, ov_span_clip(rule, 0, SHOWN_NAME));
        ov_put_str(b, ", ");
    }
    ov_put_format(b, "column %u: '", f->place.column);
    ov_put_span(b, ov_span_clip(f->near, 0, SHOWN_TEXT));
    ov_put_str(b, "'");
}

/* Notes a rule that is left out, and why. */
static enum ov_status skip(struct ov_yara_parser *p,
                           const struct ov_yara_rule *rule)
{
    struct ov_skip *s = ov_part_add(&p->part->skips);
    OV_AUTO_DONE(buf) place = ov_buf_with_max(SIZE_MAX);

    put_place(p, rule->name, &place);
    if (s == NULL || ov_buf_status(&place) != OV_OK ||
        !ov_arena_copy(p->part->arena, ov_span_str(p->fault.why), &s->why) ||
        !ov_arena_copy(p->part->arena, ov_buf_span(&place), &s->what))
        return OV_NO_MEMORY;
    s->line = p->fault.place.line;
    s->source = p->source + 1;
    s->n = 1;
    s->is_error = p->fault.status == OV_MALFORMED;
    return OV_OK;
}

static void fill_diag(const struct ov_yara_parser *p, struct ov_span rule,
                      struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) place = ov_buf_with_max(SIZE_MAX);

    put_place(p, rule, &place);
    (void)ov_diag_set(diag, p->fault.status, p->fault.place.line, "%.*s: %s",
                      (int)place.len, (const char *)place.ptr, p->fault.why);
    if (diag != NULL)
        diag->offset = p->fault.place.at;
}

/* What is imported is known to the rules behind it. A module of YARA's that is
 * not here costs the rules that use it. */
static enum ov_status import(struct ov_yara_parser *p, uint32_t module)
{
    uint8_t *added;

    if ((p->imports & 1ull << module) != 0)
        return OV_OK;
    added = ov_part_add(&p->part->imports);
    if (added == NULL)
        return OV_NO_MEMORY;
    *added = (uint8_t)module;
    p->imports |= 1ull << module;
    return OV_OK;
}

static enum ov_status read_import(struct ov_yara_parser *p)
{
    OV_TRY(ov_yara_next(p));
    for (uint32_t i = 0; i < ov_module_count(); i++)
        if (p->token.kind == OV_YARA_TEXT &&
            ov_span_equal(p->token.value, ov_span_str(ov_module_at(i)->name)))
            OV_TRY(import(p, i));
    if (p->token.kind == OV_YARA_TEXT && !ov_yara_is_module(p->token.value))
        return ov_yara_fail(p, OV_MALFORMED, "there is no module of this name");
    return ov_yara_expect(p, OV_YARA_TEXT);
}

static enum ov_status read_item(struct ov_yara_parser *p,
                                struct ov_yara_rule *rule)
{
    if (p->token.kind == OV_YARA_IMPORT)
        return read_import(p);
    if (p->token.kind == OV_YARA_INCLUDE) {
        OV_TRY(ov_yara_next(p));
        return ov_yara_include(p);
    }
    if (p->rules.n == RULES_MAX)
        return ov_yara_fail(p, OV_UNSUPPORTED,
                            "the source has more than 100000 rules");
    return read_rule(p, rule);
}

static enum ov_status add_global(struct ov_yara_parser *p, uint32_t number)
{
    uint32_t *added = ov_part_add(&p->globals);

    if (added == NULL)
        return OV_NO_MEMORY;
    *added = number;
    return OV_OK;
}

static enum ov_status add_rule(struct ov_yara_parser *p,
                               const struct ov_yara_rule *rule)
{
    struct ov_yara_rule *added;

    if (rule->name.len == 0 || ov_yara_find_rule(p, rule->name) != NULL)
        return OV_OK;
    added = ov_part_add(&p->rules);
    if (added == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_yara_names_add(&p->rule_names, rule->name,
                             (uint32_t)p->rules.n - 1));
    *added = *rule;
    if (rule->is_global && !rule->is_skipped)
        return add_global(p, (uint32_t)p->rules.n - 1);
    return OV_OK;
}

/* After a fault: notes it, and moves to where reading can go on. A global rule
 * that is left out would change what all others mean, so that is an error. */
static enum ov_status recover(struct ov_yara_parser *p,
                              struct ov_yara_rule *rule, enum ov_status *first,
                              struct ov_diag *diag)
{
    if (p->fault.status == OV_NO_MEMORY)
        return OV_NO_MEMORY;
    if (rule->is_global)
        p->fault.status = OV_MALFORMED;
    if (p->fault.status == OV_MALFORMED && *first == OV_OK) {
        *first = OV_MALFORMED;
        fill_diag(p, rule->name, diag);
    }
    OV_TRY(skip(p, rule));
    rule->is_skipped = true;
    p->fault = (struct ov_yara_fault){0};
    ov_yara_lex_resume(&p->lexer);
    return OV_OK;
}

static enum ov_status read_source(struct ov_yara_parser *p,
                                  struct ov_diag *diag)
{
    enum ov_status first = OV_OK;
    enum ov_status status = ov_yara_next(p);

    for (;;) {
        struct ov_yara_rule rule = {0};

        if (status == OV_OK && p->token.kind == OV_YARA_END) {
            if (!ov_yara_leave_file(p))
                return first;
            status = ov_yara_next(p);
            continue;
        }
        if (status == OV_OK)
            status = read_item(p, &rule);
        if (status == OV_OK && rule.name.len > 0) {
            OV_TRY(add_rule(p, &rule));
            status = ov_yara_next(p);
            rule = (struct ov_yara_rule){0};
        }
        if (status == OV_OK)
            continue;
        if (p->fault.status == OV_OK || p->fault.status == OV_NO_MEMORY)
            return status;
        OV_TRY(recover(p, &rule, &first, diag));
        OV_TRY(add_rule(p, &rule));
        status = ov_yara_next(p);
    }
}

/* Appends a condition to what is in the code: both must hold, and if that does
 * not the other is not looked at. */
static enum ov_status join(struct ov_yara_parser *p, struct ov_span code,
                           const struct ov_yara_rule *rule)
{
    OV_AUTO_DONE(buf) jump = ov_buf_with_max(16);
    size_t at = p->code.len;

    if (rule != NULL)
        OV_TRY(ov_yara_refer(p, rule));
    else
        ov_put_span(&p->code, code);
    if (at == 0)
        return ov_buf_status(&p->code);
    ov_put_u8(&p->code, OV_COND_TRUTH);
    ov_cond_put1(&jump, OV_COND_IF, p->code.len - at);
    OV_TRY(ov_buf_status(&jump));
    ov_buf_insert(&p->code, at, ov_buf_span(&jump));
    return ov_buf_status(&p->code);
}

/* Joins the global rules to one that will be reported. They come first: they
 * often are cheap, and rule out many files. */
static enum ov_status join_globals(struct ov_yara_parser *p,
                                   struct ov_yara_rule *rule)
{
    p->uses.n = 0;
    p->terms.n = 0;
    ov_buf_clear(&p->code);
    p->needs_match = rule->needs_match;
    p->is_costly = rule->is_costly;
    p->guard = rule->guard;
    for (uint32_t i = 0; i < rule->n_terms; i++) {
        struct ov_term *term = ov_part_add(&p->terms);

        if (term == NULL)
            return OV_NO_MEMORY;
        *term = rule->terms[i];
    }
    for (size_t i = 0; i < p->globals.n; i++) {
        const struct ov_yara_rule *other = &p->rules.items[p->globals.items[i]];

        if (ov_span_equal(other->name, rule->name))
            continue;
        OV_TRY(join(p, (struct ov_span){NULL, 0}, other));
        p->needs_match = p->needs_match || other->needs_match;
        p->is_costly = p->is_costly || other->is_costly;
        p->guard = ov_yara_guard_both(p->guard, other->guard);
    }
    if (p->uses.n == 0)
        return OV_OK;
    OV_TRY(join(p, rule->code, NULL));
    return keep(p, rule);
}

/* With the global rules its condition is longer than one may be. */
static enum ov_status skip_too_long(struct ov_yara_parser *p,
                                    const struct ov_yara_rule *rule)
{
    struct ov_skip *s = ov_part_add(&p->part->skips);

    if (s == NULL)
        return OV_NO_MEMORY;
    s->line = rule->line;
    s->source = rule->source;
    s->n = 1;
    s->why = OV_SPAN_LIT("the condition is too long");
    s->what = rule->name;
    return OV_OK;
}

/* In front of a condition that is not cheap and is only run after a match: of
 * others, whoever lists them has looked at the guard. */
static enum ov_status put_guard(struct ov_yara_parser *p,
                                const struct ov_yara_rule *rule,
                                struct ov_span *code)
{
    OV_AUTO_DONE(buf) all = ov_buf_with_max(OV_YARA_CODE_MAX + 64);

    if (!rule->needs_match || !rule->is_costly ||
        ov_yara_guard_is_any(&rule->guard))
        return OV_OK;
    ov_put_u8(&all, OV_COND_GUARD);
    ov_put_varint(&all, rule->guard.min_size);
    ov_put_varint(&all, rule->guard.max_size);
    ov_put_varint(&all, rule->guard.head_mask);
    ov_put_varint(&all, rule->guard.head);
    ov_put_span(&all, rule->code);
    OV_TRY(ov_buf_status(&all));
    return ov_arena_copy(p->part->arena, ov_buf_span(&all), code)
               ? OV_OK
               : OV_NO_MEMORY;
}

static enum ov_status emit_rule(struct ov_yara_parser *p,
                                struct ov_yara_rule *rule)
{
    struct ov_yara_rule joined = *rule;
    enum ov_status status;
    struct ov_rule *out;

    if (rule->is_skipped || rule->is_private)
        return OV_OK;
    status = join_globals(p, &joined);
    if (status == OV_LIMIT_SIZE || status == OV_UNSUPPORTED)
        return skip_too_long(p, rule);
    OV_TRY(status);
    out = ov_part_add(&p->part->rules);
    if (out == NULL)
        return OV_NO_MEMORY;
    out->name = rule->name;
    out->line = rule->line;
    out->source = rule->source;
    out->flags = rule->flags | p->options->rule_flags | OV_RULE_RAW_VIEW;
    if (!joined.needs_match)
        out->flags |= OV_RULE_ALWAYS;
    out->targets = UINT32_MAX;
    out->terms = joined.terms;
    out->n_terms = joined.n_terms;
    out->condition = joined.code;
    out->has_guard = !ov_yara_guard_is_any(&joined.guard);
    out->guard = joined.guard;
    OV_TRY(put_guard(p, &joined, &out->condition));
    out->term_names = rule->term_names;
    out->term_forms = rule->term_forms;
    out->n_term_names = rule->n_term_names;
    out->notes = rule->notes;
    out->n_notes = rule->n_notes;
    return OV_OK;
}

static void done(struct ov_yara_parser *p)
{
    ov_free(p->inclusions.items);
    ov_free(p->rules.items);
    ov_free(p->globals.items);
    ov_free(p->wildcards.items);
    ov_free(p->strings.items);
    ov_free(p->terms.items);
    ov_free(p->uses.items);
    ov_free(p->notes.items);
    ov_yara_names_done(&p->rule_names);
    ov_yara_names_done(&p->string_names);
    ov_buf_done(&p->code);
}

enum ov_status ov_yara_parse(struct ov_span text,
                             const struct ov_yara_options *options,
                             struct ov_part *part, struct ov_diag *diag)
{
    struct ov_yara_parser p = {.part = part,
                               .options = options,
                               .source = part->source,
                               .code_left = OV_YARA_ALL_CODE_MAX,
                               .code = ov_buf_with_max(OV_YARA_CODE_MAX)};
    enum ov_status first;
    enum ov_status status = OV_OK;

    p.lexer = (struct ov_yara_lexer){
        .text = text, .place = {0, 1, 1}, .fault = &p.fault};
    first = read_source(&p, diag);
    if (first == OV_OK || first == OV_MALFORMED)
        for (size_t i = 0; i < p.rules.n && status == OV_OK; i++)
            status = emit_rule(&p, &p.rules.items[i]);
    done(&p);
    return status != OV_OK ? status : first;
}
