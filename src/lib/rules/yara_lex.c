/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_lex.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

/* The lexer of YARA sources (YARA documentation, "Writing YARA rules"). It has
 * no state but its place: what a character means never depends on what was
 * read before, except for "{", which the parser asks to be taken as a
 * hexadecimal string. "/" begins a regular expression or a comment; division
 * is written "\". */

/* The rule language's own limit for names. */
#define NAME_MAX_LEN 128

static const char *const token_names[] = {
#define OV_YARA_TOKEN(id, text) text,
#define OV_YARA_WORD(id, text) text,
#include "rules/yara_tokens.def"
#undef OV_YARA_TOKEN
#undef OV_YARA_WORD
};

static const struct {
    const char *text;
    enum ov_yara_token_kind kind;
} words[] = {

#define OV_YARA_TOKEN(id, text)
#define OV_YARA_WORD(id, text) {text, id},
#include "rules/yara_tokens.def"
#undef OV_YARA_TOKEN
#undef OV_YARA_WORD
};

/* Longer ones first where one begins another. */
static const struct {
    char text[3];
    enum ov_yara_token_kind kind;
} marks[] = {
    {"..", OV_YARA_DOTS},        {"==", OV_YARA_EQ},
    {"!=", OV_YARA_NE},          {"<=", OV_YARA_LE},
    {">=", OV_YARA_GE},          {"<<", OV_YARA_SHIFT_LEFT},
    {">>", OV_YARA_SHIFT_RIGHT}, {"(", OV_YARA_OPEN},
    {")", OV_YARA_CLOSE},        {"{", OV_YARA_BRACE_OPEN},
    {"}", OV_YARA_BRACE_CLOSE},  {"[", OV_YARA_INDEX_OPEN},
    {"]", OV_YARA_INDEX_CLOSE},  {":", OV_YARA_COLON},
    {"=", OV_YARA_ASSIGN},       {",", OV_YARA_COMMA},
    {".", OV_YARA_DOT},          {"<", OV_YARA_LT},
    {">", OV_YARA_GT},           {"|", OV_YARA_BIT_OR},
    {"^", OV_YARA_BIT_XOR},      {"&", OV_YARA_BIT_AND},
    {"+", OV_YARA_PLUS},         {"-", OV_YARA_MINUS},
    {"*", OV_YARA_STAR},         {"\\", OV_YARA_DIVIDE},
    {"%", OV_YARA_PERCENT},      {"~", OV_YARA_BIT_NOT},
};

const char *ov_yara_token_name(enum ov_yara_token_kind kind)
{
    return kind < OV_N_YARA_TOKENS ? token_names[kind] : "?";
}

enum ov_status ov_yara_fault_set(struct ov_yara_fault *f, enum ov_status status,
                                 const struct ov_yara_token *token,
                                 const char *format, ...)
{
    va_list args;

    if (f->status != OV_OK)
        return f->status;
    f->status = status;
    f->place = token->place;
    f->near = token->text;
    if (token->kind == OV_YARA_END && token->text.len == 0)
        f->near = OV_SPAN_LIT("end of the file");
    va_start(args, format);
    (void)vsnprintf(f->why, sizeof(f->why), format, args);
    va_end(args);
    return status;
}

static int peek(const struct ov_yara_lexer *l, size_t ahead)
{
    return ov_span_byte(l->text, l->place.at + ahead);
}

static void advance(struct ov_yara_lexer *l, size_t n)
{
    for (; n > 0; n--) {
        if (peek(l, 0) == '\n') {
            l->place.line++;
            l->place.column = 0;
        }
        l->place.at++;
        l->place.column++;
    }
}

static bool is_name_byte(int c)
{
    return c == '_' || (c >= 0 && ov_is_alnum((uint8_t)c));
}

/* The token from place to where the lexer is. */
static void set_text(const struct ov_yara_lexer *l, struct ov_yara_token *t)
{
    t->text = ov_span_clip(l->text, t->place.at, l->place.at - t->place.at);
}

static enum ov_status fail(struct ov_yara_lexer *l, struct ov_yara_token *t,
                           const char *why)
{
    if (t->text.len == 0)
        t->text = ov_span_clip(l->text, t->place.at, 1);
    return ov_yara_fault_set(l->fault, OV_MALFORMED, t, "%s", why);
}

static enum ov_status skip_comment(struct ov_yara_lexer *l)
{
    struct ov_yara_token start = {.place = l->place};
    size_t end;

    if (peek(l, 1) == '/') {
        end = ov_span_find_byte(l->text, '\n', l->place.at);
        if (end == SIZE_MAX)
            end = l->text.len;
        advance(l, end - l->place.at);
        return OV_OK;
    }
    end = ov_span_find(l->text, OV_SPAN_LIT("*/"), l->place.at + 2);
    if (end == SIZE_MAX)
        return fail(l, &start, "comment has no end; add */");
    advance(l, end + 2 - l->place.at);
    return OV_OK;
}

static enum ov_status skip_spaces(struct ov_yara_lexer *l)
{
    for (;;) {
        int c = peek(l, 0);

        if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
            advance(l, 1);
        else if (c == '/' && (peek(l, 1) == '/' || peek(l, 1) == '*'))
            OV_TRY(skip_comment(l));
        else
            return OV_OK;
    }
}

static enum ov_status lex_name(struct ov_yara_lexer *l, struct ov_yara_token *t)
{
    while (is_name_byte(peek(l, 0)))
        advance(l, 1);
    set_text(l, t);
    t->value = t->text;
    t->kind = OV_YARA_NAME;
    if (t->text.len > NAME_MAX_LEN)
        return fail(l, t, "name is longer than 128 characters");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if ((uint8_t)words[i].text[0] == t->text.ptr[0] &&
            ov_span_equal(t->text, ov_span_str(words[i].text)))
            t->kind = words[i].kind;
    return OV_OK;
}

/* $a $a* $ #a @a !a */
static enum ov_status lex_string_name(struct ov_yara_lexer *l,
                                      struct ov_yara_token *t)
{
    int first = peek(l, 0);

    advance(l, 1);
    while (is_name_byte(peek(l, 0)))
        advance(l, 1);
    set_text(l, t);
    t->value = ov_span_clip(t->text, 1, t->text.len);
    t->kind = first == '#'   ? OV_YARA_COUNT
              : first == '@' ? OV_YARA_OFFSET
              : first == '!' ? OV_YARA_LENGTH
                             : OV_YARA_STRING;
    if (first == '$' && peek(l, 0) == '*') {
        advance(l, 1);
        t->kind = OV_YARA_STRINGS;
        set_text(l, t);
    }
    if (t->text.len > NAME_MAX_LEN)
        return fail(l, t, "name is longer than 128 characters");
    return OV_OK;
}

static int digit_of(int c, unsigned base)
{
    int digit = c < 0 ? -1 : ov_hex_digit((uint8_t)c);

    return digit < (int)base ? digit : -1;
}

/* "0x" or "0o" is passed over; 10 without. */
static unsigned lex_base(struct ov_yara_lexer *l)
{
    unsigned base = peek(l, 1) == 'x' ? 16 : peek(l, 1) == 'o' ? 8 : 10;

    if (peek(l, 0) != '0')
        base = 10;
    if (base != 10)
        advance(l, 2);
    return base;
}

/* How many digits of a fraction count: powers of ten up to this one are exact,
 * and what is behind them does not show. */
#define FRACTION_MAX 18

/* Behind the whole part of "1.25". */
static void lex_fraction(struct ov_yara_lexer *l, struct ov_yara_token *t)
{
    double fraction = 0;
    double unit = 1;

    advance(l, 1);
    for (int n = 0; digit_of(peek(l, 0), 10) >= 0; n++) {
        if (n < FRACTION_MAX) {
            fraction = fraction * 10 + digit_of(peek(l, 0), 10);
            unit *= 10;
        }
        advance(l, 1);
    }
    t->kind = OV_YARA_FLOAT;
    t->real = ((double)t->number * unit + fraction) / unit;
}

static enum ov_status end_number(struct ov_yara_lexer *l,
                                 struct ov_yara_token *t, bool is_big)
{
    set_text(l, t);
    if (is_big)
        return fail(l, t, "number is larger than 9223372036854775807");
    if (is_name_byte(peek(l, 0)))
        return fail(l, t, "number runs into a name; put a space between");
    return OV_OK;
}

static enum ov_status lex_number(struct ov_yara_lexer *l,
                                 struct ov_yara_token *t)
{
    unsigned base = lex_base(l);
    int64_t unit = 1;
    bool is_big = false;

    t->kind = OV_YARA_NUMBER;
    if (digit_of(peek(l, 0), base) < 0)
        return fail(l, t, "number has no digits");
    while (digit_of(peek(l, 0), base) >= 0) {
        is_big |= __builtin_mul_overflow(t->number, base, &t->number) ||
                  __builtin_add_overflow(t->number, digit_of(peek(l, 0), base),
                                         &t->number);
        advance(l, 1);
    }
    if (base == 10 && peek(l, 1) == 'B' &&
        (peek(l, 0) == 'K' || peek(l, 0) == 'M')) {
        unit = peek(l, 0) == 'K' ? 1 << 10 : 1 << 20;
        advance(l, 2);
    } else if (base == 10 && peek(l, 0) == '.' &&
               digit_of(peek(l, 1), 10) >= 0) {
        lex_fraction(l, t);
    }
    is_big |= __builtin_mul_overflow(t->number, unit, &t->number);
    return end_number(l, t, is_big);
}

/* "text" and /regex/: to the closing character that no backslash precedes. */
static enum ov_status lex_quoted(struct ov_yara_lexer *l,
                                 struct ov_yara_token *t)
{
    int quote = peek(l, 0);

    advance(l, 1);
    while (peek(l, 0) >= 0 && peek(l, 0) != quote && peek(l, 0) != '\n')
        advance(l, peek(l, 0) == '\\' && peek(l, 1) >= 0 ? 2 : 1);
    set_text(l, t);
    t->value = ov_span_clip(t->text, 1, t->text.len);
    if (peek(l, 0) != quote)
        return fail(l, t, "text has no end on its line; close it");
    advance(l, 1);
    t->kind = quote == '"' ? OV_YARA_TEXT : OV_YARA_REGEX;
    while (quote == '/' && (peek(l, 0) == 'i' || peek(l, 0) == 's'))
        advance(l, 1);
    set_text(l, t);
    return OV_OK;
}

static enum ov_status lex_mark(struct ov_yara_lexer *l, struct ov_yara_token *t)
{
    struct ov_span rest = ov_span_clip(l->text, l->place.at, 2);

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        struct ov_span mark;

        if ((uint8_t)marks[i].text[0] != rest.ptr[0])
            continue;
        mark = ov_span_str(marks[i].text);
        if (ov_span_starts(rest, mark)) {
            advance(l, mark.len);
            set_text(l, t);
            t->kind = marks[i].kind;
            return OV_OK;
        }
    }
    return fail(l, t, "no token begins with this character");
}

enum ov_status ov_yara_lex(struct ov_yara_lexer *l, struct ov_yara_token *ret)
{
    struct ov_yara_token t = {0};
    enum ov_status status;
    int c;

    OV_TRY(skip_spaces(l));
    t.place = l->place;
    c = peek(l, 0);
    if (c < 0)
        status = OV_OK;
    else if (ov_is_digit((uint8_t)c))
        status = lex_number(l, &t);
    else if (is_name_byte(c))
        status = lex_name(l, &t);
    else if (c == '"' || c == '/')
        status = lex_quoted(l, &t);
    else if (c == '$' || c == '#' || c == '@' ||
             (c == '!' && peek(l, 1) != '='))
        status = lex_string_name(l, &t);
    else
        status = lex_mark(l, &t);
    if (status == OV_OK)
        *ret = t;
    return status;
}

enum ov_status ov_yara_lex_hex(struct ov_yara_lexer *l, struct ov_span *ret,
                               struct ov_yara_place *ret_place)
{
    struct ov_yara_token t = {.place = l->place};

    while (peek(l, 0) >= 0 && peek(l, 0) != '}') {
        if (peek(l, 0) == '/' && (peek(l, 1) == '/' || peek(l, 1) == '*'))
            OV_TRY(skip_comment(l));
        else
            advance(l, 1);
    }
    set_text(l, &t);
    if (peek(l, 0) != '}')
        return fail(l, &t, "hexadecimal string has no end; add }");
    advance(l, 1);
    *ret = t.text;
    *ret_place = t.place;
    return OV_OK;
}

static bool begins_rule(struct ov_span line)
{
    static const char *const starts[] = {"rule ",   "rule\t",  "private ",
                                         "global ", "import ", "include "};

    while (line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t'))
        line = ov_span_clip(line, 1, line.len);
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (ov_span_starts(line, ov_span_str(starts[i])))
            return true;
    return false;
}

void ov_yara_lex_resume(struct ov_yara_lexer *l)
{
    size_t end;

    do {
        end = ov_span_find_byte(l->text, '\n', l->place.at);
        if (end == SIZE_MAX) {
            l->place.at = l->text.len;
            return;
        }
        advance(l, end + 1 - l->place.at);
    } while (!begins_rule(ov_span_clip(l->text, l->place.at, 64)));
}
