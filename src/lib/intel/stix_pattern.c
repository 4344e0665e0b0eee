/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/stix_pattern.h"

#include <string.h>

#include "base/text.h"

/* A tokenizer and two loops: AND binds closer than OR inside of brackets, and
 * between brackets only OR leaves each side enough by itself. So a pattern is
 * read as a list of ways, each a conjunction; a way with anything that is not a
 * file's hash, size or name is counted as another one. Parentheses, NOT, other
 * comparisons, AND and FOLLOWEDBY between observations and qualifiers (WITHIN,
 * REPEATS, START) make a pattern unsupported as a whole.
 *
 * A pattern is read twice, first without telling anybody, so that nothing is
 * told of one that turns out to be unsupported. */

enum token {
    END,
    OPEN,   /* [ */
    CLOSE,  /* ] */
    EQUALS, /* = or == */
    WORD,   /* file:hashes.'SHA-256', AND, 12 */
    TEXT,   /* '...' */
    OTHER,
};

struct reader {
    struct ov_span left;
    enum token token;
    struct ov_span text; /* of a WORD; of a TEXT, without its quotes */
    bool has_escape;
};

struct way {
    bool has_hash;
    bool is_other;
    struct ov_stix_file file;
};

static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_of_word(int c)
{
    return c >= 0 && (ov_is_alnum((uint8_t)c) || c == '_' || c == '-' ||
                      c == ':' || c == '.' || c == '*');
}

/* The length of a text with both its quotes, at `at`; 0: it has no end. */
static size_t text_len(struct ov_span s, size_t at, bool *ret_has_escape)
{
    for (size_t i = at + 1; i < s.len; i++) {
        int c = ov_span_byte(s, i);

        if (c == '\'')
            return i + 1 - at;
        if (c == '\\') {
            *ret_has_escape = true;
            i++;
        }
    }
    return 0;
}

/* Words may have quoted parts: file:hashes.'SHA-256'. */
static size_t word_len(struct ov_span s)
{
    bool has_escape;
    size_t at = 0;

    while (at < s.len) {
        int c = ov_span_byte(s, at);

        if (is_of_word(c)) {
            at++;
        } else if (c == '\'' && at > 0 && ov_span_byte(s, at - 1) == '.') {
            size_t len = text_len(s, at, &has_escape);

            if (len == 0)
                return 0;
            at += len;
        } else {
            break;
        }
    }
    return at;
}

static void advance(struct reader *r, enum token token, size_t len)
{
    r->token = token;
    r->text = ov_span_clip(r->left, 0, len);
    r->left = ov_span_clip(r->left, len, r->left.len);
}

static void next(struct reader *r)
{
    size_t len;
    int c;

    r->has_escape = false;
    while (is_space(ov_span_byte(r->left, 0)))
        r->left = ov_span_clip(r->left, 1, r->left.len);
    c = ov_span_byte(r->left, 0);
    if (c < 0) {
        advance(r, END, 0);
    } else if (c == '[' || c == ']') {
        advance(r, c == '[' ? OPEN : CLOSE, 1);
    } else if (c == '=') {
        advance(r, EQUALS, ov_span_byte(r->left, 1) == '=' ? 2 : 1);
    } else if (c == '\'') {
        len = text_len(r->left, 0, &r->has_escape);
        advance(r, len > 0 ? TEXT : OTHER, len > 0 ? len : 1);
        if (len > 0)
            r->text = ov_span_clip(r->text, 1, len - 2);
    } else {
        len = word_len(r->left);
        advance(r, len > 0 ? WORD : OTHER, len > 0 ? len : 1);
    }
}

static bool is_word(const struct reader *r, struct ov_span word)
{
    return r->token == WORD && ov_span_equal(r->text, word);
}

/* ---- comparisons ---- */

bool ov_stix_hash_parse(struct ov_span name, enum ov_digest_kind *ret)
{
    static const struct {
        const char *name;
        enum ov_digest_kind kind;
    } kinds[] = {
        {"MD5", OV_MD5},        {"SHA-1", OV_SHA1},    {"SHA1", OV_SHA1},
        {"SHA-256", OV_SHA256}, {"SHA256", OV_SHA256},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (ov_span_equal_nocase(name, ov_span_str(kinds[i].name))) {
            *ret = kinds[i].kind;
            return true;
        }
    }
    return false;
}

static void take_hash(struct way *w, enum ov_digest_kind kind,
                      const struct reader *r)
{
    struct ov_stix_file f = {.kind = kind, .size = w->file.size};

    if (r->token != TEXT ||
        !ov_hex_decode(r->text, f.digest, ov_digest_len(kind))) {
        w->is_other = true;
        return;
    }
    if (w->has_hash && w->file.kind == kind &&
        memcmp(w->file.digest, f.digest, sizeof(f.digest)) != 0)
        w->is_other = true; /* no file has both */
    if (!w->has_hash || w->file.kind < kind)
        w->file = f;
    w->has_hash = true;
}

static struct ov_span unquote(struct ov_span s)
{
    if (s.len >= 2 && ov_span_byte(s, 0) == '\'')
        return ov_span_clip(s, 1, s.len - 2);
    return s;
}

/* "OBJECT = VALUE", where r is at the object; behind it after. */
static enum ov_status read_comparison(struct reader *r, struct way *w)
{
    struct ov_span hashes = OV_SPAN_LIT("file:hashes.");
    struct ov_span object = r->text;
    enum ov_digest_kind kind;
    uint64_t size;

    if (r->token != WORD)
        return r->token == OTHER ? OV_UNSUPPORTED : OV_MALFORMED;
    next(r);
    if (r->token != EQUALS)
        return OV_UNSUPPORTED;
    next(r);
    if (r->token != TEXT && r->token != WORD)
        return r->token == OTHER ? OV_UNSUPPORTED : OV_MALFORMED;
    if (ov_span_starts(object, hashes)) {
        /* another kind of hash says no more of a file than ours does */
        if (ov_stix_hash_parse(
                unquote(ov_span_clip(object, hashes.len, object.len)), &kind))
            take_hash(w, kind, r);
    } else if (ov_span_equal(object, OV_SPAN_LIT("file:size")) &&
               r->token == WORD && ov_parse_uint(r->text, INT64_MAX, &size) &&
               size > 0) {
        w->file.size = size;
    } else if (!ov_span_equal(object, OV_SPAN_LIT("file:name"))) {
        w->is_other = true;
    }
    next(r);
    return OV_OK;
}

struct job {
    enum ov_status (*take)(void *data, const struct ov_stix_file *f);
    void *data;
    size_t others;
};

static enum ov_status end_way(struct job *j, const struct way *w)
{
    if (!w->has_hash || w->is_other) {
        j->others++;
        return OV_OK;
    }
    return j->take != NULL ? j->take(j->data, &w->file) : OV_OK;
}

/* "[...]", where r is at the bracket; behind it after. */
static enum ov_status read_observation(struct reader *r, struct job *j)
{
    struct way w = {.is_other = false};

    if (r->token != OPEN)
        return r->token == OTHER ? OV_UNSUPPORTED : OV_MALFORMED;
    for (;;) {
        next(r);
        OV_TRY(read_comparison(r, &w));
        if (is_word(r, OV_SPAN_LIT("AND")))
            continue;
        OV_TRY(end_way(j, &w));
        w = (struct way){.is_other = false};
        if (!is_word(r, OV_SPAN_LIT("OR")))
            break;
    }
    if (r->token != CLOSE)
        return r->token == END ? OV_MALFORMED : OV_UNSUPPORTED;
    next(r);
    return OV_OK;
}

static enum ov_status read_all(struct ov_span pattern, struct job *j)
{
    struct reader r = {.left = pattern};

    for (;;) {
        next(&r);
        OV_TRY(read_observation(&r, j));
        if (r.token == END)
            return OV_OK;
        if (!is_word(&r, OV_SPAN_LIT("OR")))
            return OV_UNSUPPORTED;
    }
}

enum ov_status ov_stix_pattern_read(
    struct ov_span pattern,
    enum ov_status (*take)(void *data, const struct ov_stix_file *f),
    void *data, size_t *ret_others)
{
    struct job j = {.take = NULL};

    OV_TRY(read_all(pattern, &j));
    j = (struct job){.take = take, .data = data};
    OV_TRY(read_all(pattern, &j));
    *ret_others = j.others;
    return OV_OK;
}
