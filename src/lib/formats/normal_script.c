/* SPDX-License-Identifier: Apache-2.0
 *
 * The normalised view of a script in a page.
 *
 * Malware renames variables and cuts strings, so clamscan gives every declared
 * name a number and joins strings, and signatures are written against that:
 *
 *   var Foo = 'a' + "b"; f(Foo)   becomes   var n000="ab";f(n000)
 *
 * Two passes over the tokens: the first finds what is declared in which
 * function, the second writes. A name belongs to the innermost function that
 * declares it. clamscan's habits are kept: after "var" a name behind any comma
 * is declared up to the semicolon, also in a call's arguments; a function's
 * name gets a number where it is declared only; "//" ends at white space, since
 * lines are gone by then.
 *
 * The facts come from `sigtool --html-normalise`.
 *
 * Limits: packers and eval() are not undone; beyond TOKENS_MAX tokens a script
 * is written as far as it was read; of numbers only zeros are normalised. */
#include "formats/normal_script.h"

#include "base/reader.h"
#include "base/text.h"

#define TOKENS_MAX ((size_t)1 << 20)
#define SCOPES_MAX 4096
#define BUCKETS 1024
#define NONE UINT32_MAX

enum token_kind {
    TOKEN_NAME,
    TOKEN_KEYWORD,
    TOKEN_NUMBER,
    TOKEN_STRING,
    TOKEN_SIGN, /* one other character */
};

struct token {
    enum token_kind kind;
    uint32_t scope;
    uint32_t declared; /* number of the function that is named here, or NONE */
    struct ov_span text;
};

/* A declared name; names of one hash are a chain. */
struct name {
    struct ov_span text;
    uint32_t scope;
    uint32_t number;
    uint32_t next;
};

struct script {
    struct ov_budget *budget;
    struct token *tokens;
    size_t n_tokens;
    size_t cap_tokens;
    struct name *names;
    size_t n_names;
    size_t cap_names;
    uint32_t parents[SCOPES_MAX];
    uint32_t n_scopes;
    uint32_t buckets[BUCKETS];
    uint32_t n_numbers;
};

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_name_byte(uint8_t c)
{
    return ov_is_alnum(c) || c == '_' || c == '$';
}

/* Tokens */

static bool is_keyword(struct ov_span s)
{
    static const char *const words[] = {
        "break",  "case", "catch",      "continue", "default", "delete",
        "do",     "else", "false",      "finally",  "for",     "function",
        "if",     "in",   "instanceof", "new",      "null",    "return",
        "switch", "this", "throw",      "true",     "try",     "typeof",
        "var",    "void", "while",      "with",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (ov_span_equal(s, ov_span_str(words[i])))
            return true;
    return false;
}

static enum ov_status add_token(struct script *s, enum token_kind kind,
                                struct ov_span text)
{
    if (s->n_tokens == TOKENS_MAX)
        return OV_LIMIT_SIZE;
    if (s->n_tokens == s->cap_tokens) {
        size_t cap = s->cap_tokens ? 2 * s->cap_tokens : 256;
        struct token *more = ov_realloc_array(s->tokens, cap, sizeof(*more));

        if (more == NULL)
            return OV_NO_MEMORY;
        s->tokens = more;
        s->cap_tokens = cap;
    }
    s->tokens[s->n_tokens++] = (struct token){kind, 0, NONE, text};
    return OV_OK;
}

/* How many bytes a string that begins s takes, with its quotes. */
static size_t string_len(struct ov_span s)
{
    struct ov_reader r = ov_reader_over(s);
    uint8_t quote = ov_read_u8(&r);

    while (ov_reader_more(&r)) {
        uint8_t c = ov_read_u8(&r);

        if (c == '\\')
            ov_reader_skip(&r, ov_reader_more(&r));
        else if (c == quote)
            break;
    }
    return r.at;
}

static size_t run_len(struct ov_span s, bool (*is_part)(uint8_t c))
{
    size_t n = 0;

    while (n < s.len && is_part((uint8_t)ov_span_byte(s, n)))
        n++;
    return n;
}

static bool is_digit_or_dot(uint8_t c)
{
    return ov_is_digit(c) || c == '.';
}

static bool is_no_space(uint8_t c)
{
    return !is_space(c);
}

static size_t comment_len(struct ov_span s)
{
    size_t end;

    if (ov_span_starts(s, OV_SPAN_LIT("//")))
        return run_len(s, is_no_space);
    if (!ov_span_starts(s, OV_SPAN_LIT("/*")))
        return 0;
    end = ov_span_find(s, OV_SPAN_LIT("*/"), 2);
    return end == SIZE_MAX ? s.len : end + 2;
}

/* The token that begins rest; *ret_len is what it takes. */
static enum ov_status take_token(struct script *s, struct ov_span rest,
                                 size_t *ret_len)
{
    uint8_t c = (uint8_t)ov_span_byte(rest, 0);
    enum token_kind kind = TOKEN_SIGN;
    size_t len = 1;

    if (c == '"' || c == '\'') {
        kind = TOKEN_STRING;
        len = string_len(rest);
    } else if (ov_is_digit(c)) {
        kind = TOKEN_NUMBER;
        len = run_len(rest, is_digit_or_dot);
    } else if (is_name_byte(c)) {
        len = run_len(rest, is_name_byte);
        kind =
            is_keyword(ov_span_clip(rest, 0, len)) ? TOKEN_KEYWORD : TOKEN_NAME;
    }
    *ret_len = len;
    if (c < ' ' || c >= 0x7f)
        return OV_OK;
    return add_token(s, kind, ov_span_clip(rest, 0, len));
}

static enum ov_status tokenize(struct script *s, struct ov_span source)
{
    while (source.len > 0) {
        size_t len = comment_len(source);

        if (len == 0 && is_space((uint8_t)ov_span_byte(source, 0)))
            len = 1;
        if (len == 0)
            OV_TRY(take_token(s, source, &len));
        source = ov_span_clip(source, len, source.len);
    }
    return OV_OK;
}

/* Names */

static uint32_t bucket_of(struct ov_span text, uint32_t scope)
{
    uint32_t hash = 2166136261u ^ scope;

    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (uint32_t)ov_span_byte(text, i)) * 16777619u;
    return (hash ^ hash >> 15) % BUCKETS;
}

static struct name *find_in(struct script *s, struct ov_span text,
                            uint32_t scope)
{
    uint32_t at = s->buckets[bucket_of(text, scope)];

    while (at != NONE) {
        struct name *n = &s->names[at];

        if (n->scope == scope && ov_span_equal(n->text, text))
            return n;
        at = n->next;
    }
    return NULL;
}

/* A name that is declared again gets a new number, everywhere. Chains are short
 * in what people write; what is not people's costs steps. */
static enum ov_status declare(struct script *s, const struct token *t)
{
    struct name *n = find_in(s, t->text, t->scope);
    uint32_t bucket = bucket_of(t->text, t->scope);

    OV_TRY(
        ov_budget_spend(s->budget, OV_COST_STEPS, 10 + s->n_names / BUCKETS));
    if (n != NULL) {
        n->number = s->n_numbers++;
        return OV_OK;
    }
    if (s->n_names == s->cap_names) {
        size_t cap = s->cap_names ? 2 * s->cap_names : 64;
        struct name *more = ov_realloc_array(s->names, cap, sizeof(*more));

        if (more == NULL)
            return OV_NO_MEMORY;
        s->names = more;
        s->cap_names = cap;
    }
    s->names[s->n_names] =
        (struct name){t->text, t->scope, s->n_numbers++, s->buckets[bucket]};
    s->buckets[bucket] = (uint32_t)s->n_names++;
    return OV_OK;
}

static bool is_sign(const struct token *t, char c)
{
    return t->kind == TOKEN_SIGN && ov_span_byte(t->text, 0) == c;
}

static bool is_word(const struct token *t, const char *word)
{
    return t->kind == TOKEN_KEYWORD &&
           ov_span_equal(t->text, ov_span_str(word));
}

struct walk {
    uint32_t scope;
    uint32_t depth;              /* of braces */
    uint32_t opened[SCOPES_MAX]; /* at which depth a scope's body began */
    bool is_declaring;           /* between var and its semicolon */
    bool is_name_next;
    bool is_function_next; /* its name */
    bool is_parameters;
};

static void open_scope(struct script *s, struct walk *w)
{
    if (s->n_scopes == SCOPES_MAX)
        return;
    s->parents[s->n_scopes] = w->scope;
    w->scope = s->n_scopes++;
    w->opened[w->scope] = w->depth;
}

static void walk_sign(struct script *s, struct walk *w, const struct token *t)
{
    if (is_sign(t, '{')) {
        w->depth++;
    } else if (is_sign(t, '}')) {
        w->depth -= w->depth > 0;
        if (w->scope > 0 && w->depth <= w->opened[w->scope])
            w->scope = s->parents[w->scope];
    } else if (is_sign(t, '(') && w->is_function_next) {
        w->is_function_next = false;
        w->is_parameters = true;
    } else if (is_sign(t, ')')) {
        w->is_parameters = false;
    } else if (is_sign(t, ';')) {
        w->is_declaring = false;
    }
    w->is_name_next = is_sign(t, ',') && w->is_declaring;
}

/* What is declared where. */
static enum ov_status find_names(struct script *s)
{
    OV_AUTO_PTR struct walk *w = ov_alloc(sizeof(*w));

    if (w == NULL)
        return OV_NO_MEMORY;
    s->n_scopes = 1;
    for (size_t i = 0; i < s->n_tokens; i++) {
        struct token *t = &s->tokens[i];

        if (is_word(t, "function")) {
            open_scope(s, w);
            w->is_function_next = true;
        }
        t->scope = w->scope;
        if (t->kind == TOKEN_SIGN) {
            walk_sign(s, w, t);
        } else if (is_word(t, "var")) {
            w->is_declaring = true;
            w->is_name_next = true;
        } else if (t->kind == TOKEN_NAME) {
            if (w->is_function_next)
                t->declared = s->n_numbers++;
            else if (w->is_name_next || w->is_parameters)
                OV_TRY(declare(s, t));
            w->is_name_next = false;
        }
    }
    return OV_OK;
}

/* The number of a name where it stands, or NONE. */
static enum ov_status number_of(struct script *s, const struct token *t,
                                uint32_t *ret)
{
    uint32_t scope = t->scope;
    const struct name *n = NULL;

    *ret = t->declared;
    while (*ret == NONE) {
        OV_TRY(ov_budget_spend(s->budget, OV_COST_STEPS,
                               5 + s->n_names / BUCKETS));
        n = find_in(s, t->text, scope);
        if (n != NULL)
            *ret = n->number;
        if (n != NULL || scope == 0)
            break;
        scope = s->parents[scope];
    }
    return OV_OK;
}

/* Writing */

static void put_escape(struct ov_reader *r, struct ov_buf *into)
{
    uint8_t c = ov_read_u8(r);
    uint64_t n_digits = c == 'x' ? 2 : c == 'u' ? 4 : 0;
    struct ov_span digits;
    uint8_t code[2] = {0, 0};

    if (n_digits > 0 && ov_span_sub(r->all, r->at, n_digits, &digits) &&
        ov_hex_decode(digits, code, n_digits / 2)) {
        ov_reader_skip(r, n_digits);
        c = code[n_digits / 2 - 1];
    } else if (c == 'n' || c == 't' || c == 'r') {
        c = ' ';
    }
    ov_put_u8(into, c);
}

/* A string's inside, decoded. */
static void put_inside(struct ov_span text, struct ov_buf *into)
{
    struct ov_reader r = ov_reader_over(ov_span_clip(text, 1, text.len));
    uint8_t quote = (uint8_t)ov_span_byte(text, 0);

    if (r.all.len > 0 && ov_span_byte(r.all, r.all.len - 1) == quote)
        r.all.len--;
    while (ov_reader_more(&r)) {
        uint8_t c = ov_read_u8(&r);

        if (c == '\\' && ov_reader_more(&r))
            put_escape(&r, into);
        else
            ov_put_u8(into, c);
    }
}

/* "%41" within unescape("..."). */
static void put_unescaped(struct ov_span text, struct ov_buf *into)
{
    struct ov_reader r = ov_reader_over(text);

    while (ov_reader_more(&r)) {
        uint8_t c = ov_read_u8(&r);
        struct ov_span pair;

        if (c == '%' && ov_span_sub(text, r.at, 2, &pair) &&
            ov_hex_decode(pair, &c, 1))
            ov_reader_skip(&r, 2);
        ov_put_u8(into, c);
    }
}

/* The string at token i and those joined to it by "+"; returns the last. */
static size_t put_strings(const struct script *s, size_t i, struct ov_buf *into)
{
    ov_put_u8(into, '"');
    put_inside(s->tokens[i].text, into);
    while (i + 2 < s->n_tokens && is_sign(&s->tokens[i + 1], '+') &&
           s->tokens[i + 2].kind == TOKEN_STRING) {
        i += 2;
        put_inside(s->tokens[i].text, into);
    }
    ov_put_u8(into, '"');
    return i;
}

static bool is_unescape(const struct script *s, size_t i)
{
    return i + 3 < s->n_tokens && s->tokens[i].kind == TOKEN_NAME &&
           ov_span_equal(s->tokens[i].text, OV_SPAN_LIT("unescape")) &&
           is_sign(&s->tokens[i + 1], '(') &&
           s->tokens[i + 2].kind == TOKEN_STRING &&
           is_sign(&s->tokens[i + 3], ')');
}

static void put_number(struct ov_span text, struct ov_buf *into)
{
    while (text.len > 1 && ov_span_byte(text, 0) == '0' &&
           ov_span_byte(text, 1) != '.')
        text = ov_span_clip(text, 1, text.len);
    if (ov_span_find_byte(text, '.', 0) != SIZE_MAX) {
        while (ov_span_byte(text, text.len - 1) == '0')
            text.len--;
        if (ov_span_byte(text, text.len - 1) == '.')
            text.len--;
    }
    ov_put_span(into, text);
}

static bool is_wordlike(const struct token *t)
{
    return t->kind != TOKEN_SIGN && t->kind != TOKEN_STRING;
}

static enum ov_status put_word(struct script *s, const struct token *t,
                               struct ov_buf *into)
{
    uint32_t number = NONE;

    if (t->kind == TOKEN_NUMBER) {
        put_number(t->text, into);
        return OV_OK;
    }
    /* Behind a dot it is a member's name. */
    if (t->kind == TOKEN_NAME && (t == s->tokens || !is_sign(t - 1, '.')))
        OV_TRY(number_of(s, t, &number));
    if (number == NONE)
        ov_put_span(into, t->text);
    else
        ov_put_format(into, "n%03u", number);
    return OV_OK;
}

static enum ov_status write_tokens(struct script *s, struct ov_buf *into)
{
    for (size_t i = 0; i < s->n_tokens; i++) {
        const struct token *t = &s->tokens[i];

        if (i > 0 && is_wordlike(t) && is_wordlike(t - 1))
            ov_put_u8(into, ' ');
        if (is_unescape(s, i)) {
            OV_AUTO_DONE(buf)
            inside = ov_buf_with_max(s->tokens[i + 2].text.len);

            put_inside(s->tokens[i + 2].text, &inside);
            ov_put_u8(into, '"');
            put_unescaped(ov_buf_span(&inside), into);
            ov_put_u8(into, '"');
            i += 3;
        } else if (t->kind == TOKEN_STRING) {
            i = put_strings(s, i, into);
        } else if (t->kind == TOKEN_SIGN) {
            ov_put_span(into, t->text);
        } else {
            OV_TRY(put_word(s, t, into));
        }
        OV_TRY(ov_buf_status(into));
    }
    return OV_OK;
}

static void lower(struct ov_buf *b, size_t from)
{
    uint8_t *p = b->ptr;

    for (size_t i = from; i < b->len; i++)
        p[i] = ov_lower(p[i]);
}

enum ov_status ov_normal_script(struct ov_span source, struct ov_budget *budget,
                                struct ov_buf *into)
{
    OV_AUTO_PTR struct script *s = ov_alloc(sizeof(*s));
    enum ov_status status;
    enum ov_status read;
    size_t begin;

    OV_TRY(ov_budget_spend(budget, OV_COST_STEPS, 4 * (uint64_t)source.len));
    if (s == NULL)
        return OV_NO_MEMORY;
    s->budget = budget;
    memset(s->buckets, 0xff, sizeof(s->buckets));
    read = tokenize(s, source);
    status = read == OV_NO_MEMORY ? read : find_names(s);
    if (status == OV_OK) {
        if (into->len > 0)
            ov_put_u8(into, '\n');
        ov_put_str(into, "<script>");
        begin = into->len;
        status = write_tokens(s, into);
        lower(into, begin);
        ov_put_str(into, "</script>");
    }
    ov_free(s->tokens);
    ov_free(s->names);
    OV_TRY(status);
    OV_TRY(ov_buf_status(into));
    return read;
}
