/* SPDX-License-Identifier: Apache-2.0 */
#include "match/matcher.h"
#include "rules/yara_parser.h"
#include "rules/yara_pattern.h"

/* The "strings:" section of a YARA rule: each string becomes a term of the
 * common form, in order, so that string i is term i. Modifiers are flags of the
 * pattern. "private" only concerns output: it is kept beside the name. */

#define MODIFIER_PRIVATE (1u << 31)

static const struct {
    enum ov_yara_token_kind token;
    uint32_t flag; /* enum ov_pattern_flag; 0: not taken yet */
} modifiers[] = {
    {OV_YARA_NOCASE, OV_PATTERN_NOCASE},
    {OV_YARA_WIDE, OV_PATTERN_WIDE},
    {OV_YARA_ASCII, OV_PATTERN_ASCII},
    {OV_YARA_FULLWORD, OV_PATTERN_FULLWORD},
    {OV_YARA_PRIVATE, MODIFIER_PRIVATE},
    {OV_YARA_XOR, 0},
    {OV_YARA_BASE64, 0},
    {OV_YARA_BASE64WIDE, 0},
};

#define ALL_FLAGS                                                              \
    (OV_PATTERN_NOCASE | OV_PATTERN_WIDE | OV_PATTERN_ASCII |                  \
     OV_PATTERN_FULLWORD)

/* The flag of the modifier that comes next; false if none does. */
static bool modifier_of(enum ov_yara_token_kind kind, uint32_t *ret)
{
    for (size_t i = 0; i < sizeof(modifiers) / sizeof(modifiers[0]); i++) {
        if (modifiers[i].token == kind) {
            *ret = modifiers[i].flag;
            return true;
        }
    }
    return false;
}

static enum ov_status read_modifiers(struct ov_yara_parser *p, bool is_hex,
                                     uint32_t *ret_flags)
{
    uint32_t flags = 0;
    uint32_t flag;

    while (modifier_of(p->token.kind, &flag)) {
        if (flag == 0)
            return ov_yara_fail(p, OV_UNSUPPORTED,
                                "xor and base64 are not taken yet");
        if (is_hex && (flag & ALL_FLAGS) != 0)
            return ov_yara_fail(p, OV_MALFORMED,
                                "a hexadecimal string can only be private");
        if ((flags & flag) != 0)
            return ov_yara_fail(p, OV_MALFORMED, "modifier is given twice");
        flags |= flag;
        OV_TRY(ov_yara_next(p));
    }
    flags &= ALL_FLAGS | MODIFIER_PRIVATE;
    if ((flags & OV_PATTERN_WIDE) == 0)
        flags &= ~(uint32_t)OV_PATTERN_ASCII;
    *ret_flags = flags;
    return OV_OK;
}

static enum ov_status read_text(struct ov_yara_parser *p,
                                struct ov_pattern *ret)
{
    struct ov_span bytes = {0};

    OV_TRY(ov_yara_unescape(&p->token, p->part->arena, &p->fault, &bytes));
    if (bytes.len == 0)
        return ov_yara_fail(p, OV_MALFORMED, "the string is empty");
    if (bytes.len > UINT16_MAX)
        return ov_yara_fail(p, OV_MALFORMED, "the string is too long");
    OV_TRY(ov_yara_text_cells(bytes, p->part->arena, ret));
    OV_TRY(ov_yara_next(p));
    return read_modifiers(p, false, &ret->flags);
}

/* The lexer stands behind the "{" that is p->token. */
static enum ov_status read_hex(struct ov_yara_parser *p, struct ov_pattern *ret)
{
    struct ov_span inside;
    struct ov_yara_place place;

    OV_TRY(ov_yara_lex_hex(&p->lexer, &inside, &place));
    OV_TRY(ov_yara_hex_cells(inside, place, p->part->arena, &p->fault, ret));
    OV_TRY(ov_yara_next(p));
    OV_TRY(read_modifiers(p, true, &ret->flags));
    ret->flags |= OV_PATTERN_EACH_START;
    return OV_OK;
}

static enum ov_status read_value(struct ov_yara_parser *p,
                                 struct ov_pattern *ret)
{
    switch ((int)p->token.kind) {
    case OV_YARA_TEXT:
        return read_text(p, ret);
    case OV_YARA_BRACE_OPEN:
        return read_hex(p, ret);
    case OV_YARA_REGEX:
        return ov_yara_fail(p, OV_UNSUPPORTED,
                            "regular expressions are not taken yet");
    default:
        return ov_yara_fail(p, OV_MALFORMED, "expected \"text\" or { hex }");
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
    struct ov_term *term;

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
    OV_TRY(read_value(p, &term->pattern));
    if ((term->pattern.flags & MODIFIER_PRIVATE) != 0)
        string->form |= OV_TERM_FORM_PRIVATE;
    term->pattern.flags &= ~MODIFIER_PRIVATE;
    switch (ov_match_check(&term->pattern)) {
    case OV_MATCH_UNKNOWN:
        return OV_NO_MEMORY;
    case OV_MATCH_NONE:
        return ov_yara_fault_set(&p->fault, OV_UNSUPPORTED, &token,
                                 "the string's alternatives nest too deep or "
                                 "its jumps are too long");
    case OV_MATCH_SLOW:
    case OV_MATCH_STRONG:
    case OV_MATCH_SHORT:
    case OV_MATCH_COMMON:
        break;
    }
    return OV_OK;
}

enum ov_status ov_yara_read_strings(struct ov_yara_parser *p)
{
    if (p->token.kind != OV_YARA_STRING)
        return ov_yara_fail(p, OV_MALFORMED, "expected $name = ...");
    while (p->token.kind == OV_YARA_STRING)
        OV_TRY(read_string(p));
    return OV_OK;
}
