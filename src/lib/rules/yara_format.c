/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_format.h"

#include "rules/yara_lex.h"

/* Goes through the tokens of a source and decides what is between two of them:
 * nothing, a space, a line break, an empty line. Comments are what the lexer
 * passes over, so they are found in the gaps between tokens. Nothing is parsed
 * beyond where sections begin and which brackets are open: a source with a
 * mistake is laid out as well as one without. */
#define INDENT 4
#define DEPTH_MAX 24 /* deeper brackets are indented no further */

enum context {
    AT_TOP,    /* between rules */
    IN_HEADER, /* of a rule */
    IN_BODY,   /* before its first section */
    IN_META,
    IN_STRINGS,
    IN_CONDITION,
};

enum gap {
    GAP_NONE,
    GAP_SPACE,
    GAP_LINE,
    GAP_EMPTY_LINE,
};

struct format {
    struct ov_span source;
    struct ov_buf *out;
    enum context context;
    unsigned depth; /* of brackets in the condition */
    struct ov_yara_token last;
    struct ov_yara_token before_last;
    size_t end;       /* of the last token or comment in the source */
    bool is_first;    /* nothing was written yet */
    bool ends_line;   /* a comment ended with the line */
    bool has_comment; /* one stands above the next token */
    bool is_unary;    /* the last token is a sign that binds to the next */
};

/* ---- white space ---- */

static void put_gap(struct format *f, enum gap gap, unsigned indent)
{
    if (f->is_first)
        return;
    if (gap == GAP_SPACE)
        ov_put_u8(f->out, ' ');
    if (gap < GAP_LINE)
        return;
    ov_put_u8(f->out, '\n');
    if (gap == GAP_EMPTY_LINE)
        ov_put_u8(f->out, '\n');
    for (unsigned i = 0; i < indent; i++)
        ov_put_u8(f->out, ' ');
}

static unsigned count_lines(struct ov_span s)
{
    unsigned n = 0;

    for (size_t i = 0; i < s.len; i++)
        n += s.ptr[i] == '\n';
    return n;
}

static enum gap gap_of_lines(unsigned n)
{
    if (n == 0)
        return GAP_NONE;
    return n == 1 ? GAP_LINE : GAP_EMPTY_LINE;
}

static unsigned indent_of(const struct format *f)
{
    unsigned depth = f->depth < DEPTH_MAX ? f->depth : DEPTH_MAX;

    if (f->context == AT_TOP || f->context == IN_HEADER)
        return 0;
    if (f->context == IN_BODY)
        return INDENT;
    return 2 * INDENT + depth * INDENT;
}

/* ---- between two tokens ---- */

/* What ends a value, so that a sign behind it is an operator. */
static bool ends_value(enum ov_yara_token_kind kind)
{
    switch ((int)kind) {
    case OV_YARA_NAME:
    case OV_YARA_STRING:
    case OV_YARA_STRINGS:
    case OV_YARA_COUNT:
    case OV_YARA_OFFSET:
    case OV_YARA_LENGTH:
    case OV_YARA_NUMBER:
    case OV_YARA_TEXT:
    case OV_YARA_REGEX:
    case OV_YARA_CLOSE:
    case OV_YARA_INDEX_CLOSE:
    case OV_YARA_FILESIZE:
    case OV_YARA_ENTRYPOINT:
    case OV_YARA_TRUE:
    case OV_YARA_FALSE:
        return true;
    default:
        return false;
    }
}

/* Words that are written like functions: "uint16(0)", "xor(1-2)". */
static bool is_called(enum ov_yara_token_kind kind)
{
    switch ((int)kind) {
    case OV_YARA_NAME:
    case OV_YARA_INT8:
    case OV_YARA_INT8BE:
    case OV_YARA_INT16:
    case OV_YARA_INT16BE:
    case OV_YARA_INT32:
    case OV_YARA_INT32BE:
    case OV_YARA_UINT8:
    case OV_YARA_UINT8BE:
    case OV_YARA_UINT16:
    case OV_YARA_UINT16BE:
    case OV_YARA_UINT32:
    case OV_YARA_UINT32BE:
    case OV_YARA_XOR:
    case OV_YARA_BASE64:
    case OV_YARA_BASE64WIDE:
        return true;
    default:
        return false;
    }
}

static bool is_sign(const struct format *f, enum ov_yara_token_kind kind)
{
    return kind == OV_YARA_BIT_NOT ||
           (kind == OV_YARA_MINUS && !ends_value(f->last.kind));
}

/* "rule_*" and "50%" are written without a space. */
static bool is_suffix(const struct format *f, const struct ov_yara_token *t)
{
    return (t->kind == OV_YARA_STAR || t->kind == OV_YARA_PERCENT) &&
           t->place.at == f->end && ends_value(f->last.kind);
}

/* Ranges of modifiers, "xor(1-0x20)", have no spaces. */
static bool is_in_modifier(const struct format *f,
                           const struct ov_yara_token *t)
{
    return f->context == IN_STRINGS &&
           (t->kind == OV_YARA_MINUS || f->last.kind == OV_YARA_MINUS);
}

static bool is_tight(const struct format *f, const struct ov_yara_token *t)
{
    switch ((int)f->last.kind) {
    case OV_YARA_OPEN:
    case OV_YARA_INDEX_OPEN:
    case OV_YARA_DOT:
    case OV_YARA_DOTS:
        return true;
    default:
        break;
    }
    switch ((int)t->kind) {
    case OV_YARA_CLOSE:
    case OV_YARA_INDEX_OPEN:
    case OV_YARA_INDEX_CLOSE:
    case OV_YARA_COMMA:
    case OV_YARA_DOT:
    case OV_YARA_DOTS:
        return true;
    case OV_YARA_OPEN:
        return is_called(f->last.kind);
    case OV_YARA_COLON:
        return f->context == IN_META || f->context == IN_STRINGS ||
               (f->context == IN_CONDITION &&
                f->last.kind == OV_YARA_CONDITION);
    default:
        return f->is_unary || is_suffix(f, t) || is_in_modifier(f, t);
    }
}

static bool begins_section(const struct format *f,
                           const struct ov_yara_token *t)
{
    return f->context >= IN_BODY && f->context <= IN_STRINGS &&
           (t->kind == OV_YARA_META || t->kind == OV_YARA_SECTION_STRINGS ||
            t->kind == OV_YARA_CONDITION);
}

/* A new entry of a list: "key = value", "$a = ...". */
static bool begins_entry(const struct format *f, const struct ov_yara_token *t)
{
    if (f->context == IN_META)
        return t->kind == OV_YARA_NAME;
    if (f->context == IN_STRINGS)
        return t->kind == OV_YARA_STRING;
    return f->context == IN_CONDITION && f->last.kind == OV_YARA_COLON &&
           f->before_last.kind == OV_YARA_CONDITION;
}

/* At the top: what begins a rule, an import, an include. */
static bool begins_item(const struct format *f, const struct ov_yara_token *t)
{
    if (f->context != AT_TOP)
        return false;
    return t->kind != OV_YARA_TEXT && t->kind != OV_YARA_END;
}

/* How far apart items at the top are: imports stand together, rules do not. */
static enum gap gap_of_item(const struct format *f,
                            const struct ov_yara_token *t, unsigned n_lines)
{
    bool is_rule = t->kind != OV_YARA_IMPORT && t->kind != OV_YARA_INCLUDE;

    if (is_rule || f->last.kind == OV_YARA_BRACE_CLOSE)
        return GAP_EMPTY_LINE;
    return n_lines > 1 ? GAP_EMPTY_LINE : GAP_LINE;
}

/* n_lines: line breaks in the source between the last token or comment and t.
 */
static enum gap gap_before(const struct format *f,
                           const struct ov_yara_token *t, unsigned n_lines)
{
    if (begins_item(f, t))
        return gap_of_item(f, t, n_lines);
    if (t->kind == OV_YARA_BRACE_CLOSE ||
        (t->kind == OV_YARA_BRACE_OPEN && f->context == IN_HEADER))
        return GAP_LINE;
    if (begins_section(f, t) || begins_entry(f, t)) {
        if (n_lines > 1 && f->last.kind != OV_YARA_BRACE_OPEN &&
            f->last.kind != OV_YARA_COLON)
            return GAP_EMPTY_LINE;
        return GAP_LINE;
    }
    if (f->context == IN_CONDITION && n_lines > 0)
        return gap_of_lines(n_lines);
    return is_tight(f, t) ? GAP_NONE : GAP_SPACE;
}

static unsigned indent_before(const struct format *f,
                              const struct ov_yara_token *t)
{
    if (t->kind == OV_YARA_BRACE_CLOSE)
        return 0;
    if (begins_section(f, t))
        return INDENT;
    if (f->context == IN_CONDITION && t->kind == OV_YARA_CLOSE && f->depth > 0)
        return indent_of(f) - (f->depth <= DEPTH_MAX ? INDENT : 0);
    return indent_of(f);
}

/* ---- comments ---- */

/* The comment that begins at the start of s: up to its end. */
static size_t comment_len(struct ov_span s)
{
    size_t end;

    if (ov_span_byte(s, 1) == '/') {
        end = ov_span_find_byte(s, '\n', 0);
        if (end == SIZE_MAX)
            end = s.len;
        while (end > 0 && s.ptr[end - 1] <= ' ')
            end--;
        return end;
    }
    end = ov_span_find(s, OV_SPAN_LIT("*/"), 2);
    return end == SIZE_MAX ? s.len : end + 2;
}

static unsigned indent_of_comment(const struct format *f,
                                  const struct ov_yara_token *next)
{
    if (next->kind == OV_YARA_BRACE_CLOSE)
        return indent_of(f);
    return indent_before(f, next);
}

/* Writes the comments between the last token and the next. Returns how many
 * line breaks stand between the last of them and the next. */
static unsigned put_comments(struct format *f, const struct ov_yara_token *next)
{
    unsigned n_lines = 0;
    size_t at = f->end;

    while (at < next->place.at) {
        struct ov_span rest = ov_span_clip(f->source, at, next->place.at - at);
        size_t len;

        if (ov_span_byte(rest, 0) != '/') {
            n_lines += ov_span_byte(rest, 0) == '\n';
            at++;
            continue;
        }
        len = comment_len(rest);
        if (f->ends_line && n_lines == 0)
            n_lines = 1;
        put_gap(f, n_lines == 0 ? GAP_SPACE : gap_of_lines(n_lines),
                indent_of_comment(f, next));
        ov_put_span(f->out, ov_span_clip(rest, 0, len));
        f->ends_line = ov_span_byte(rest, 1) == '/';
        f->has_comment |= n_lines > 0 || f->last.text.len == 0;
        f->is_first = false;
        at += len;
        f->end = at;
        n_lines = 0;
    }
    return n_lines;
}

/* ---- hexadecimal strings ---- */

static bool is_hex_digit(int c)
{
    return c == '?' || (c >= 0 && ov_is_digit((uint8_t)c)) ||
           (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static size_t jump_len(struct ov_span s)
{
    for (size_t i = 1; i < s.len; i++) {
        if (s.ptr[i] == ']')
            return i + 1;
        if (s.ptr[i] > ' ' && s.ptr[i] != '-' && !ov_is_digit(s.ptr[i]))
            return 0;
    }
    return 0;
}

/* One element of a hexadecimal string: a byte, a jump, a bracket, a comment. 0
 * if it is none of these. */
static size_t element_len(struct ov_span s)
{
    size_t n = ov_span_byte(s, 0) == '~';

    switch (ov_span_byte(s, 0)) {
    case '(':
    case ')':
    case '|':
        return 1;
    case '[':
        return jump_len(s);
    case '/':
        n = ov_span_byte(s, 1) == '/' || ov_span_byte(s, 1) == '*';
        return n > 0 ? comment_len(s) : 0;
    default:
        return is_hex_digit(ov_span_byte(s, n)) &&
                       is_hex_digit(ov_span_byte(s, n + 1))
                   ? n + 2
                   : 0;
    }
}

static void put_element(struct format *f, struct ov_span s)
{
    bool is_comment = s.ptr[0] == '/';

    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];

        if (!is_comment && c <= ' ')
            continue;
        if (!is_comment && c >= 'a' && c <= 'f')
            c = (uint8_t)(c - 'a' + 'A');
        ov_put_u8(f->out, c);
    }
}

/* The lexer stands behind the "{" that was written. */
static enum ov_status put_hex(struct format *f, struct ov_yara_lexer *l,
                              const struct ov_yara_token *t)
{
    struct ov_yara_place place;
    struct ov_span inside;
    bool has_lines;
    bool is_line_over = false;
    bool is_first = true;
    size_t at = 0;

    OV_TRY(ov_yara_lex_hex(l, &inside, &place));
    has_lines = count_lines(inside) > 0;
    for (unsigned n_lines = 0; at < inside.len;) {
        struct ov_span rest = ov_span_clip(inside, at, inside.len - at);
        size_t len;

        if (rest.ptr[0] <= ' ') {
            n_lines += rest.ptr[0] == '\n';
            at++;
            continue;
        }
        len = element_len(rest);
        if (len == 0)
            return ov_yara_fault_set(l->fault, OV_MALFORMED, t,
                                     "not a hexadecimal string");
        is_line_over |= n_lines > 0 || (is_first && has_lines);
        put_gap(f, is_line_over ? GAP_LINE : GAP_SPACE, 3 * INDENT);
        put_element(f, ov_span_clip(rest, 0, len));
        is_line_over = len > 1 && rest.ptr[0] == '/' && rest.ptr[1] == '/';
        is_first = false;
        n_lines = 0;
        at += len;
    }
    put_gap(f, has_lines ? GAP_LINE : GAP_SPACE, 2 * INDENT);
    ov_put_u8(f->out, '}');
    return OV_OK;
}

/* ---- tokens ---- */

static void enter(struct format *f, const struct ov_yara_token *t)
{
    switch ((int)t->kind) {
    case OV_YARA_RULE:
    case OV_YARA_GLOBAL:
        if (f->context == AT_TOP)
            f->context = IN_HEADER;
        break;
    case OV_YARA_PRIVATE:
        if (f->context == AT_TOP)
            f->context = IN_HEADER;
        break;
    case OV_YARA_BRACE_OPEN:
        f->context = IN_BODY;
        break;
    case OV_YARA_BRACE_CLOSE:
        f->context = AT_TOP;
        f->depth = 0;
        break;
    case OV_YARA_OPEN:
        f->depth += f->context == IN_CONDITION;
        break;
    case OV_YARA_CLOSE:
        f->depth -= f->context == IN_CONDITION && f->depth > 0;
        break;
    default:
        break;
    }
}

static void enter_section(struct format *f, const struct ov_yara_token *t)
{
    if (t->kind == OV_YARA_META)
        f->context = IN_META;
    else if (t->kind == OV_YARA_SECTION_STRINGS)
        f->context = IN_STRINGS;
    else
        f->context = IN_CONDITION;
    f->depth = 0;
}

static enum ov_status put_token(struct format *f, struct ov_yara_lexer *l,
                                const struct ov_yara_token *t)
{
    bool is_section = begins_section(f, t);
    bool is_sign_here = is_sign(f, t->kind);
    unsigned n_lines = put_comments(f, t);
    enum gap gap = gap_before(f, t, n_lines);

    /* A "//" comment ends with its line; and comments of a rule stay with it.
     */
    if (f->ends_line && gap < GAP_LINE)
        gap = GAP_LINE;
    if (f->has_comment && gap == GAP_EMPTY_LINE && n_lines < 2)
        gap = GAP_LINE;
    put_gap(f, gap, indent_before(f, t));
    ov_put_span(f->out, t->text);
    if (is_section)
        enter_section(f, t);
    f->is_first = false;
    f->ends_line = false;
    f->has_comment = false;
    f->is_unary = is_sign_here;
    if (t->kind == OV_YARA_BRACE_OPEN && f->context == IN_STRINGS)
        OV_TRY(put_hex(f, l, t));
    else
        enter(f, t);
    f->before_last = f->last;
    f->last = *t;
    f->end = l->place.at;
    return ov_buf_status(f->out);
}

static enum ov_status put_all(struct format *f, struct ov_yara_lexer *l)
{
    for (;;) {
        struct ov_yara_token t;

        OV_TRY(ov_yara_lex(l, &t));
        if (t.kind == OV_YARA_END) {
            (void)put_comments(f, &t);
            if (!f->is_first)
                ov_put_u8(f->out, '\n');
            return ov_buf_status(f->out);
        }
        OV_TRY(put_token(f, l, &t));
    }
}

enum ov_status ov_yara_format(struct ov_span source, struct ov_buf *ret,
                              struct ov_diag *diag)
{
    struct ov_yara_fault fault = {0};
    struct ov_yara_lexer lexer = {
        .text = source, .place = {0, 1, 1}, .fault = &fault};
    struct format f = {.source = source, .out = ret, .is_first = true};
    enum ov_status status = put_all(&f, &lexer);

    if (fault.status != OV_OK)
        return ov_diag_set(diag, OV_MALFORMED, fault.place.line,
                           "column %u: %s", fault.place.column, fault.why);
    return status;
}
