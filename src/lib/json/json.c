/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json.h"

#include <stdlib.h>

#include "base/reader.h"
#include "base/text.h"

/* A strict reader of JSON (RFC 8259) for metadata whose meaning is signed.
 *
 * Readers of JSON disagree about duplicate names, large numbers, fractions and
 * broken text; an attacker who owns a server picks two readers and a file that
 * means one thing to each. So whatever is not plain is refused, and a person
 * who writes such metadata by hand finds out at once.
 *
 * One pass over the bytes, and a stack of the containers that are open instead
 * of recursion. Items are linked as they come; at the end of an object its
 * members are sorted by name, which finds duplicates, lets ov_json_get halve,
 * and is the order that the canonical form wants.
 *
 * Why no library: jansson, the one at hand, keeps its allocator and hash seed
 * in globals, reads /dev/urandom on first use (which ends a process in the
 * jail), recurses, and its lexer goes on with cut tokens when memory is out. A
 * test compares us with it. */

struct parser {
    struct ov_arena *arena;
    struct ov_reader in;
    bool is_any;                                 /* not strict */
    struct ov_json *open[OV_JSON_MAX_ANY_DEPTH]; /* outermost first */
    size_t depth;
    struct ov_json *last; /* the newest child of the innermost one */
    struct ov_json *top;
};

static int peek(const struct parser *p)
{
    return ov_span_byte(p->in.all, p->in.at);
}

static void skip_space(struct parser *p)
{
    int c = peek(p);

    while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ov_reader_skip(&p->in, 1);
        c = peek(p);
    }
}

/* Takes lit if it is what comes next. */
static bool take(struct parser *p, struct ov_span lit)
{
    if (!ov_span_has_at(p->in.all, p->in.at, lit))
        return false;
    ov_reader_skip(&p->in, lit.len);
    return true;
}

/* The four digits of \uXXXX. */
static enum ov_status read_unit(struct parser *p, uint32_t *ret)
{
    uint8_t bytes[2];

    if (!ov_hex_decode(ov_read_span(&p->in, 4), bytes, sizeof(bytes)))
        return OV_MALFORMED;
    *ret = (uint32_t)bytes[0] << 8 | bytes[1];
    return OV_OK;
}

/* A code point behind \u, of one unit or of two (section 7). */
static enum ov_status read_escaped_point(struct parser *p, uint32_t *ret)
{
    uint32_t high = 0;
    uint32_t low = 0;

    OV_TRY(read_unit(p, &high));
    if ((high == 0 && !p->is_any) || (high >= 0xdc00 && high <= 0xdfff))
        return OV_MALFORMED;
    if (high < 0xd800 || high > 0xdfff) {
        *ret = high;
        return OV_OK;
    }
    if (!take(p, OV_SPAN_LIT("\\u")))
        return OV_MALFORMED;
    OV_TRY(read_unit(p, &low));
    if (low < 0xdc00 || low > 0xdfff)
        return OV_MALFORMED;
    *ret = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return OV_OK;
}

static size_t put_utf8(uint8_t *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (uint8_t)(0xc0 | c >> 6);
        to[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (uint8_t)(0xe0 | c >> 12);
        to[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        to[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = (uint8_t)(0xf0 | c >> 18);
    to[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    to[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    to[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

/* What a backslash and a byte stand for. */
static enum ov_status read_escape(struct parser *p, uint32_t *ret)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    uint8_t c = ov_read_u8(&p->in);
    const char *found = c != 0 ? strchr(from, c) : NULL;

    if (c == 'u')
        return read_escaped_point(p, ret);
    if (found == NULL)
        return OV_MALFORMED;
    *ret = (uint32_t)to[found - from];
    return OV_OK;
}

/* Where the string that begins at p->in ends, whether it has escapes, and that
 * it is valid text without control characters. */
static enum ov_status measure_string(struct parser *p, struct ov_span *ret_raw,
                                     bool *ret_has_escape)
{
    size_t start = p->in.at;

    *ret_has_escape = false;
    while (ov_reader_more(&p->in) && peek(p) != '"') {
        int c = peek(p);
        size_t len = ov_utf8_len(ov_reader_rest(&p->in));

        if (c < 0x20 || len == 0)
            return OV_MALFORMED;
        if (c == '\\') {
            *ret_has_escape = true;
            len = 2;
        }
        ov_reader_skip(&p->in, len);
    }
    *ret_raw = ov_span_clip(p->in.all, start, p->in.at - start);
    if (ov_read_u8(&p->in) != '"')
        return OV_MALFORMED;
    return ov_reader_status(&p->in);
}

/* A copy of raw without escapes; never longer than raw. */
static enum ov_status unescape(struct parser *p, struct ov_span raw,
                               struct ov_span *ret)
{
    uint8_t *to = ov_arena_alloc(p->arena, raw.len);
    struct parser inner = {
        .arena = p->arena, .in = ov_reader_over(raw), .is_any = p->is_any};
    size_t len = 0;

    if (to == NULL)
        return OV_NO_MEMORY;
    while (ov_reader_more(&inner.in)) {
        uint32_t c = ov_read_u8(&inner.in);

        if (c == '\\') {
            OV_TRY(read_escape(&inner, &c));
            len += put_utf8(to + len, c);
        } else {
            to[len++] = (uint8_t)c;
        }
    }
    *ret = ov_span_of(to, len);
    return ov_reader_status(&inner.in);
}

/* A string, whose opening quotation mark comes next. */
static enum ov_status read_string(struct parser *p, struct ov_span *ret)
{
    struct ov_span raw = {NULL, 0};
    bool has_escape = false;

    if (!take(p, OV_SPAN_LIT("\"")))
        return OV_MALFORMED;
    OV_TRY(measure_string(p, &raw, &has_escape));
    if (has_escape)
        return unescape(p, raw, ret);
    *ret = raw;
    return OV_OK;
}

/* Section 6, integers only. */
static enum ov_status read_int(struct parser *p, int64_t *ret)
{
    bool is_negative = take(p, OV_SPAN_LIT("-"));
    size_t start = p->in.at;
    struct ov_span digits;
    uint64_t value = 0;

    while (peek(p) >= '0' && peek(p) <= '9')
        ov_reader_skip(&p->in, 1);
    digits = ov_span_clip(p->in.all, start, p->in.at - start);
    if (!ov_parse_uint(digits, (uint64_t)OV_JSON_MAX_INT, &value))
        return OV_MALFORMED;
    if (ov_span_byte(digits, 0) == '0' && (digits.len > 1 || is_negative))
        return OV_MALFORMED;
    *ret = is_negative ? -(int64_t)value : (int64_t)value;
    return OV_OK;
}

static size_t skip_digits(struct parser *p)
{
    size_t from = p->in.at;

    while (peek(p) >= '0' && peek(p) <= '9')
        ov_reader_skip(&p->in, 1);
    return p->in.at - from;
}

/* Section 6, whole: an integer of ours, or a number whose value is not kept. */
static enum ov_status read_number(struct parser *p, struct ov_json *v)
{
    struct ov_reader before = p->in;

    v->kind = OV_JSON_INT;
    if (read_int(p, &v->number) == OV_OK && peek(p) != '.' &&
        (peek(p) | 0x20) != 'e')
        return OV_OK;
    v->kind = OV_JSON_REAL;
    v->number = 0;
    p->in = before;
    (void)take(p, OV_SPAN_LIT("-"));
    if (skip_digits(p) == 0 ||
        (take(p, OV_SPAN_LIT(".")) && skip_digits(p) == 0))
        return OV_MALFORMED;
    if (!take(p, OV_SPAN_LIT("e")) && !take(p, OV_SPAN_LIT("E")))
        return OV_OK;
    if (!take(p, OV_SPAN_LIT("-")))
        (void)take(p, OV_SPAN_LIT("+"));
    return skip_digits(p) > 0 ? OV_OK : OV_MALFORMED;
}

static enum ov_status read_scalar(struct parser *p, struct ov_json *v)
{
    if (peek(p) == '"') {
        v->kind = OV_JSON_STRING;
        return read_string(p, &v->text);
    }
    if (take(p, OV_SPAN_LIT("null")))
        return OV_OK;
    v->kind = OV_JSON_BOOL;
    if (take(p, OV_SPAN_LIT("false")))
        return OV_OK;
    v->number = 1;
    if (take(p, OV_SPAN_LIT("true")))
        return OV_OK;
    if (p->is_any)
        return read_number(p, v);
    v->kind = OV_JSON_INT;
    return read_int(p, &v->number);
}

static int by_name(const void *a, const void *b)
{
    const struct ov_json *const *left = a;
    const struct ov_json *const *right = b;

    return ov_span_compare((*left)->name, (*right)->name);
}

/* Members of an object that ends: in the order of names, none twice. */
static enum ov_status sort_members(struct parser *p, struct ov_json *v)
{
    struct ov_json **all;
    size_t n = 0;

    if (v->count == 0)
        return OV_OK;
    all = ov_arena_array(p->arena, v->count, sizeof(*all));
    if (all == NULL)
        return OV_NO_MEMORY;
    for (struct ov_json *m = v->first; m != NULL; m = m->next)
        all[n++] = m;
    qsort(all, n, sizeof(*all), by_name);
    for (size_t i = 1; i < n; i++) {
        if (!p->is_any && ov_span_equal(all[i - 1]->name, all[i]->name))
            return OV_MALFORMED;
        all[i - 1]->next = all[i];
    }
    all[n - 1]->next = NULL;
    v->first = all[0];
    v->members = all;
    return OV_OK;
}

static struct ov_json *innermost(const struct parser *p)
{
    return p->depth > 0 ? p->open[p->depth - 1] : NULL;
}

/* A new value where the parser stands. */
static enum ov_status add_value(struct parser *p, struct ov_span name,
                                struct ov_json **ret)
{
    struct ov_json *v = ov_arena_alloc(p->arena, sizeof(*v));
    struct ov_json *parent = innermost(p);

    if (v == NULL)
        return OV_NO_MEMORY;
    v->name = name;
    v->parent = parent;
    if (parent == NULL)
        p->top = v;
    else if (p->last == NULL)
        parent->first = v;
    else
        p->last->next = v;
    if (parent != NULL)
        parent->count++;
    p->last = v;
    *ret = v;
    return OV_OK;
}

static enum ov_status begin_container(struct parser *p, struct ov_json *v,
                                      enum ov_json_kind kind)
{
    if (p->depth == (p->is_any ? OV_JSON_MAX_ANY_DEPTH : OV_JSON_MAX_DEPTH))
        return OV_LIMIT_DEPTH;
    v->kind = kind;
    p->open[p->depth++] = v;
    p->last = NULL;
    return OV_OK;
}

/* Ends the innermost container if its bracket comes next. */
static enum ov_status end_container(struct parser *p, bool *ret_has_ended)
{
    struct ov_json *v = p->open[p->depth - 1];
    bool is_object = v->kind == OV_JSON_OBJECT;

    *ret_has_ended = take(p, is_object ? OV_SPAN_LIT("}") : OV_SPAN_LIT("]"));
    if (!*ret_has_ended)
        return OV_OK;
    if (is_object)
        OV_TRY(sort_members(p, v));
    p->last = v;
    p->depth--;
    return OV_OK;
}

/* "name" : */
static enum ov_status read_name(struct parser *p, struct ov_span *ret)
{
    OV_TRY(read_string(p, ret));
    skip_space(p);
    if (!take(p, OV_SPAN_LIT(":")))
        return OV_MALFORMED;
    skip_space(p);
    return OV_OK;
}

/* A scalar, an empty container, or the start of one that has something in it:
 * then *ret_has_begun. */
static enum ov_status read_value(struct parser *p, bool *ret_has_begun)
{
    struct ov_json *parent = innermost(p);
    struct ov_span name = {NULL, 0};
    struct ov_json *v = NULL;
    bool has_ended = false;

    *ret_has_begun = false;
    skip_space(p);
    if (parent != NULL && parent->kind == OV_JSON_OBJECT)
        OV_TRY(read_name(p, &name));
    OV_TRY(add_value(p, name, &v));
    if (take(p, OV_SPAN_LIT("{")))
        OV_TRY(begin_container(p, v, OV_JSON_OBJECT));
    else if (take(p, OV_SPAN_LIT("[")))
        OV_TRY(begin_container(p, v, OV_JSON_ARRAY));
    else
        return read_scalar(p, v);
    skip_space(p);
    OV_TRY(end_container(p, &has_ended));
    *ret_has_begun = !has_ended;
    return OV_OK;
}

/* What stands behind a value: ends of containers, then a comma, or nothing. */
static enum ov_status read_behind(struct parser *p)
{
    while (p->depth > 0) {
        bool has_ended = false;

        skip_space(p);
        if (take(p, OV_SPAN_LIT(",")))
            return OV_OK;
        OV_TRY(end_container(p, &has_ended));
        if (!has_ended)
            return OV_MALFORMED;
    }
    skip_space(p);
    return ov_reader_end(&p->in);
}

static enum ov_status parse(struct parser *p, size_t max,
                            const struct ov_json **ret)
{
    struct ov_span bytes = p->in.all;

    if (bytes.len > max || bytes.len > UINT32_MAX)
        return OV_LIMIT_SIZE;
    do {
        bool has_begun = false;
        enum ov_status status = read_value(p, &has_begun);

        if (status == OV_OK && !has_begun)
            status = read_behind(p);
        if (status != OV_OK)
            return status == OV_TRUNCATED ? OV_MALFORMED : status;
    } while (p->depth > 0);
    *ret = p->top;
    return OV_OK;
}

enum ov_status ov_json_parse(struct ov_arena *a, struct ov_span bytes,
                             size_t max, const struct ov_json **ret)
{
    struct parser p = {.arena = a, .in = ov_reader_over(bytes)};

    return parse(&p, max, ret);
}

enum ov_status ov_json_parse_any(struct ov_arena *a, struct ov_span bytes,
                                 size_t max, const struct ov_json **ret)
{
    struct parser p = {.arena = a, .in = ov_reader_over(bytes), .is_any = true};

    return parse(&p, max, ret);
}

const struct ov_json *ov_json_get(const struct ov_json *v, struct ov_span name)
{
    size_t low = 0;
    size_t high;

    if (v == NULL || v->kind != OV_JSON_OBJECT)
        return NULL;
    high = v->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = ov_span_compare(name, v->members[middle]->name);

        if (order == 0)
            return v->members[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

enum ov_status ov_json_is(const struct ov_json *v, enum ov_json_kind kind)
{
    return v != NULL && v->kind == kind ? OV_OK : OV_MALFORMED;
}

enum ov_status ov_json_string(const struct ov_json *v, struct ov_span *ret)
{
    OV_TRY(ov_json_is(v, OV_JSON_STRING));
    *ret = v->text;
    return OV_OK;
}

enum ov_status ov_json_bool(const struct ov_json *v, bool *ret)
{
    OV_TRY(ov_json_is(v, OV_JSON_BOOL));
    *ret = v->number != 0;
    return OV_OK;
}

enum ov_status ov_json_int(const struct ov_json *v, int64_t min, int64_t max,
                           int64_t *ret)
{
    OV_TRY(ov_json_is(v, OV_JSON_INT));
    if (v->number < min || v->number > max)
        return OV_MALFORMED;
    *ret = v->number;
    return OV_OK;
}
