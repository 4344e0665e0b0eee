/* SPDX-License-Identifier: Apache-2.0 */
#include "match/matcher.h"
#include "rules/yara_modifiers.h"
#include "rules/yara_parser.h"
#include "rules/yara_pattern.h"
#include "rules/yara_regex.h"

/* The "strings:" section of a YARA rule: each string becomes a term of the
 * common form, in order, so that string i is term i. Modifiers
 * (yara_modifiers.c) are flags of the pattern, or change its cells. "private"
 * only concerns output: it is kept beside the name. */

static enum ov_status read_text(struct ov_yara_parser *p,
                                struct ov_yara_modifiers *m,
                                struct ov_pattern *ret)
{
    struct ov_span bytes = {0};

    OV_TRY(ov_yara_unescape(&p->token, p->part->arena, &p->fault, &bytes));
    if (bytes.len == 0)
        return ov_yara_fail(p, OV_MALFORMED, "the string is empty");
    if (bytes.len > UINT16_MAX)
        return ov_yara_fail(p, OV_MALFORMED, "the string is too long");
    OV_TRY(ov_yara_next(p));
    OV_TRY(ov_yara_read_modifiers(p, OV_YARA_MODIFIERS_OF_TEXT, m));
    if ((m->set & (OV_YARA_IS_BASE64 | OV_YARA_IS_BASE64WIDE)) != 0)
        return ov_yara_base64_cells(bytes, m, p->part->arena, ret);
    OV_TRY(ov_yara_text_cells(bytes, p->part->arena, ret));
    ret->flags = ov_yara_pattern_flags(m);
    if ((m->set & OV_YARA_IS_XOR) != 0)
        ret->flags |= OV_PATTERN_XOR;
    ret->xor_min = m->xor_min;
    ret->xor_max = m->xor_max;
    return OV_OK;
}

/* The lexer stands behind the "{" that is p->token. */
static enum ov_status read_hex(struct ov_yara_parser *p,
                               struct ov_yara_modifiers *m,
                               struct ov_pattern *ret)
{
    struct ov_span inside;
    struct ov_yara_place place;

    OV_TRY(ov_yara_lex_hex(&p->lexer, &inside, &place));
    OV_TRY(ov_yara_hex_cells(inside, place, p->part->arena, &p->fault, ret));
    OV_TRY(ov_yara_next(p));
    OV_TRY(ov_yara_read_modifiers(p, OV_YARA_MODIFIERS_OF_HEX, m));
    return OV_OK;
}

static enum ov_status read_regex(struct ov_yara_parser *p,
                                 struct ov_yara_modifiers *m,
                                 struct ov_pattern *ret)
{
    OV_TRY(ov_yara_regex_pattern(&p->token, p->part->arena, &p->fault, ret));
    OV_TRY(ov_yara_next(p));
    OV_TRY(ov_yara_read_modifiers(p, OV_YARA_MODIFIERS_OF_REGEX, m));
    ret->flags |= ov_yara_pattern_flags(m);
    return OV_OK;
}

static enum ov_status read_value(struct ov_yara_parser *p,
                                 struct ov_yara_modifiers *m,
                                 struct ov_pattern *ret)
{
    switch ((int)p->token.kind) {
    case OV_YARA_TEXT:
        return read_text(p, m, ret);
    case OV_YARA_BRACE_OPEN:
        return read_hex(p, m, ret);
    case OV_YARA_REGEX:
        return read_regex(p, m, ret);
    default:
        return ov_yara_fail(p, OV_MALFORMED,
                            "expected \"text\", { hex } or /regex/");
    }
}

static enum ov_status add_name(struct ov_yara_parser *p)
{
    uint32_t number;

    if (ov_yara_names_find(&p->string_names, p->token.value, &number))
        return ov_yara_fail(p, OV_MALFORMED,
                            "the rule has a string of this name");
    if (p->strings.n == OV_YARA_STRINGS_MAX)
        return ov_yara_fail(p, OV_MALFORMED,
                            "the rule has more than 10000 strings");
    if (p->token.value.len == 0)
        return OV_OK;
    return ov_yara_names_add(&p->string_names, p->token.value,
                             (uint32_t)p->strings.n);
}

static enum ov_status read_string(struct ov_yara_parser *p)
{
    struct ov_yara_string *string;
    struct ov_yara_token token = p->token;
    struct ov_yara_modifiers m = {0};
    struct ov_term *term;
    enum ov_status status;

    OV_TRY(add_name(p));
    string = ov_part_add(&p->strings);
    term = ov_part_add(&p->terms);
    if (string == NULL || term == NULL)
        return OV_NO_MEMORY;
    string->name = token.value;
    string->token = token;
    term->kind = OV_TERM_PATTERN;
    OV_TRY(ov_yara_next(p));
    OV_TRY(ov_yara_expect(p, OV_YARA_ASSIGN));
    string->form = p->token.kind == OV_YARA_BRACE_OPEN ? OV_TERM_FORM_HEX : 0;
    OV_TRY(read_value(p, &m, &term->pattern));
    term->pattern.flags |= OV_PATTERN_EACH_START;
    if ((m.set & OV_YARA_IS_PRIVATE) != 0)
        string->form |= OV_TERM_FORM_PRIVATE;
    status = ov_match_try(&term->pattern);
    if (status == OV_UNSUPPORTED)
        return ov_yara_fault_set(&p->fault, OV_UNSUPPORTED, &token,
                                 "the string's alternatives nest too deep or "
                                 "its jumps are too long");
    if (status != OV_OK)
        return status;
    if ((m.set & (OV_YARA_IS_BASE64 | OV_YARA_IS_BASE64WIDE)) != 0)
        return OV_OK; /* yara never warns of these */
    return ov_yara_warn_of_string(p, &token, &term->pattern);
}

enum ov_status ov_yara_read_strings(struct ov_yara_parser *p)
{
    if (p->token.kind != OV_YARA_STRING)
        return ov_yara_fail(p, OV_MALFORMED, "expected $name = ...");
    while (p->token.kind == OV_YARA_STRING)
        OV_TRY(read_string(p));
    return OV_OK;
}
