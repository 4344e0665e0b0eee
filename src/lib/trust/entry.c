/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/entry.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

/* Entries: parse, print, ask (docs/protocol-entries.md).
 *
 *     overt.example/rule-change/v1
 *     id R-2026-001234
 *     rev 3
 *     ...
 *
 * entry.def is the grammar: per type the lines in their order, each with a
 * shape and a count. One pass over the lines against one pass over the fields
 * of the type: a line belongs to the current field or to a later one that may
 * be reached, fields without a line must be optional. Each shape accepts one
 * spelling of a value (no leading zero, lower-case digits, single spaces), so
 * there is one text for what an entry says, and its hash names it. */

enum count {
    ONE,
    MAYBE,
    ANY,
    SOME
};

enum shape {
    WORD,             /* letters, digits, '.', '_', '-': at most 100 */
    RECORD_ID,        /* printable ASCII, no space: at most 200 */
    NUMBER,           /* below 2^53, no leading zero */
    TEXT,             /* printable UTF-8, at most 1,000 bytes */
    TIME,             /* 2026-11-22T10:00:00Z */
    DATE,             /* 2026-11-22 */
    HEX32,            /* 64 digits */
    DIGEST,           /* sha256:HEX */
    DIGEST_SIZE,      /* sha256:HEX SIZE */
    NAME_DIGEST_SIZE, /* WORD sha256:HEX SIZE */
    TIER,             /* NUMBER sha256:HEX SIZE */
    NAME_NUMBER,      /* WORD NUMBER */
    NAME_DATE,        /* WORD DATE */
    RANGE,            /* FROM TO, FROM <= TO */
    ROLLOUT,          /* PERCENT:HOURSh ... salt HEX */
    OP,               /* add modify retire */
    NOTICE_KIND,      /* information end-of-service regional */
    REBUILD_RESULT,   /* same different */
    COUNTRY,          /* CH: two capitals, as ISO 3166 has them */
    AUTHORITY,        /* these: request_words.def */
    VIA,
    REQUEST_KIND,
    DATA_TYPE,
    REVIEW,
    DECISION,
    REASON,
    NOTIFIED,           /* yes no barred_until:DATE */
    HEX32_HEX32,        /* two of 64 digits */
    HEX32_HEX32_DIGEST, /* and sha256:HEX */
    PERIOD,             /* 2026H2 */
    DRILL_RESULT,       /* passed partly failed */
    N_SHAPES
};

struct field {
    enum ov_entry_type type;
    const char *name;
    enum shape shape;
    enum count count;
};

static const struct field fields[] = {
#define OV_ENTRY(id, name, people, builders, ci, rebuilders, legal, trustees)
#define OV_FIELD(id, name, shape, count) {OV_ENTRY_##id, name, shape, count},
#include "trust/entry.def"
#undef OV_ENTRY
#undef OV_FIELD
};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static const struct type {
    const char *name;
    struct ov_entry_needs needs;
} types[OV_N_ENTRY] = {

#define OV_ENTRY(id, name, people, builders, ci, rebuilders, legal, trustees)  \
    {name, {people, builders, ci, rebuilders, legal, trustees}},
#define OV_FIELD(id, name, shape, count)
#include "trust/entry.def"
#undef OV_ENTRY
#undef OV_FIELD
};

const char *ov_entry_type_name(enum ov_entry_type type)
{
    return types[type].name;
}

struct ov_entry_needs ov_entry_needs(enum ov_entry_type type)
{
    return types[type].needs;
}

/* -- shapes -- */

#define WORD_MAX 100
#define RECORD_ID_MAX 200 /* as in record.h */
#define TEXT_MAX 1000
#define NUMBER_MAX ((UINT64_C(1) << 53) - 1) /* exact also in JSON */

static bool is_word(struct ov_span s)
{
    if (s.len == 0 || s.len > WORD_MAX ||
        !ov_is_alnum((uint8_t)ov_span_byte(s, 0)))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        int c = ov_span_byte(s, i);

        if (!ov_is_alnum((uint8_t)c) && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

static bool is_record_id(struct ov_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        int c = ov_span_byte(s, i);

        if (c <= 0x20 || c >= 0x7f)
            return false;
    }
    return s.len > 0 && s.len <= RECORD_ID_MAX;
}

static bool parse_number(struct ov_span s, uint64_t *ret)
{
    if (s.len > 1 && ov_span_byte(s, 0) == '0')
        return false;
    return ov_parse_uint(s, NUMBER_MAX, ret);
}

static bool is_number(struct ov_span s)
{
    uint64_t n;

    return parse_number(s, &n);
}

/* No control character, no space at an end, no two in a row. */
static bool is_text(struct ov_span s)
{
    int last = ' ';

    if (s.len == 0 || s.len > TEXT_MAX)
        return false;
    while (s.len > 0) {
        size_t len = ov_utf8_len(s);
        int c = ov_span_byte(s, 0);

        if (len == 0 || c < 0x20 || c == 0x7f || (c == ' ' && last == ' '))
            return false;
        last = c;
        s = ov_span_clip(s, len, s.len);
    }
    return last != ' ';
}

static bool is_hex(struct ov_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = (uint8_t)ov_span_byte(s, i);

        if (ov_hex_digit(c) < 0 || c != ov_lower(c))
            return false;
    }
    return s.len > 0 && s.len % 2 == 0;
}

bool ov_entry_parse_digest(struct ov_span value, uint8_t ret[static 32])
{
    struct ov_span hex = ov_span_clip(value, 7, value.len);

    return ov_span_starts(value, OV_SPAN_LIT("sha256:")) && is_hex(hex) &&
           ov_hex_decode(hex, ret, 32);
}

static bool is_digest(struct ov_span s)
{
    uint8_t digest[32];

    return ov_entry_parse_digest(s, digest);
}

/* Cuts s at its first space, which must be there. */
static bool cut_word(struct ov_span *s, struct ov_span *ret_head)
{
    return ov_span_cut(s, ' ', ret_head);
}

static bool is_digest_size(struct ov_span s)
{
    struct ov_span digest;

    return cut_word(&s, &digest) && is_digest(digest) && is_number(s);
}

static bool is_range(struct ov_span s, uint64_t *ret_from, uint64_t *ret_to)
{
    struct ov_span from;

    return cut_word(&s, &from) && parse_number(from, ret_from) &&
           parse_number(s, ret_to) && *ret_from <= *ret_to;
}

static bool is_word_and(struct ov_span s, bool (*is_first)(struct ov_span),
                        bool (*is_rest)(struct ov_span))
{
    struct ov_span head;

    return cut_word(&s, &head) && is_first(head) && is_rest(s);
}

static bool is_date(struct ov_span s)
{
    uint64_t time;

    return ov_date_parse(s, &time);
}

/* "10:1h": at most 100 percent, and never fewer than the step before. */
static bool is_step(struct ov_span s, uint64_t *percent)
{
    struct ov_span head;
    uint64_t before = *percent;

    return ov_span_cut(&s, ':', &head) && parse_number(head, percent) &&
           *percent > before && *percent <= 100 &&
           ov_span_ends(s, OV_SPAN_LIT("h")) &&
           is_number(ov_span_clip(s, 0, s.len - 1));
}

static bool is_rollout(struct ov_span s)
{
    uint64_t percent = 0;
    struct ov_span word;

    while (cut_word(&s, &word)) {
        if (ov_span_equal(word, OV_SPAN_LIT("salt")))
            return percent > 0 && s.len <= 64 && is_hex(s);
        if (!is_step(word, &percent))
            return false;
    }
    return false;
}

static bool is_country(struct ov_span s)
{
    int a = ov_span_byte(s, 0);
    int b = ov_span_byte(s, 1);

    return s.len == 2 && a >= 'A' && a <= 'Z' && b >= 'A' && b <= 'Z';
}

static bool is_notified(struct ov_span s)
{
    struct ov_span head;

    if (ov_span_equal(s, OV_SPAN_LIT("yes")) ||
        ov_span_equal(s, OV_SPAN_LIT("no")))
        return true;
    return ov_span_cut(&s, ':', &head) &&
           ov_span_equal(head, OV_SPAN_LIT("barred_until")) && is_date(s);
}

static bool is_hex32(struct ov_span s)
{
    return s.len == 64 && is_hex(s);
}

static bool is_two_hex32(struct ov_span s)
{
    return is_word_and(s, is_hex32, is_hex32);
}

static bool is_hex32_digest(struct ov_span s)
{
    return is_word_and(s, is_hex32, is_digest);
}

static bool is_two_hex32_digest(struct ov_span s)
{
    return is_word_and(s, is_hex32, is_hex32_digest);
}

static bool is_name_digest_size(struct ov_span s)
{
    return is_word_and(s, is_word, is_digest_size);
}

static bool is_tier(struct ov_span s)
{
    return is_word_and(s, is_number, is_digest_size);
}

static bool is_name_number(struct ov_span s)
{
    return is_word_and(s, is_word, is_number);
}

static bool is_name_date(struct ov_span s)
{
    return is_word_and(s, is_word, is_date);
}

static bool is_any_range(struct ov_span s)
{
    uint64_t from;
    uint64_t to;

    return is_range(s, &from, &to);
}

static bool is_time(struct ov_span s)
{
    uint64_t time;

    return ov_time_parse(s, &time);
}

static bool is_period(struct ov_span s)
{
    uint64_t from;
    uint64_t to;

    return ov_period_parse(s, &from, &to);
}

/* Shapes that are lists of words. */
static bool is_word_of(struct ov_span s, enum shape shape)
{
    static const struct {
        enum shape shape;
        const char *word;
    } words[] = {
        {OP, "add"},
        {OP, "modify"},
        {OP, "retire"},
        {NOTICE_KIND, "information"},
        {NOTICE_KIND, "end-of-service"},
        {NOTICE_KIND, "regional"},
        {REBUILD_RESULT, "same"},
        {REBUILD_RESULT, "different"},
        {DRILL_RESULT, "passed"},
        {DRILL_RESULT, "partly"},
        {DRILL_RESULT, "failed"},

#define OV_REQUEST_WORD(list, id, word, meaning) {list, word},
#include "trust/request_words.def"
#undef OV_REQUEST_WORD
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (words[i].shape == shape &&
            ov_span_equal(s, ov_span_str(words[i].word)))
            return true;
    }
    return false;
}

static bool has_shape(struct ov_span s, enum shape shape)
{
    static bool (*const is[N_SHAPES])(struct ov_span) = {
        [WORD] = is_word,
        [RECORD_ID] = is_record_id,
        [NUMBER] = is_number,
        [TEXT] = is_text,
        [TIME] = is_time,
        [DATE] = is_date,
        [HEX32] = is_hex32,
        [DIGEST] = is_digest,
        [DIGEST_SIZE] = is_digest_size,
        [NAME_DIGEST_SIZE] = is_name_digest_size,
        [TIER] = is_tier,
        [NAME_NUMBER] = is_name_number,
        [NAME_DATE] = is_name_date,
        [RANGE] = is_any_range,
        [ROLLOUT] = is_rollout,
        [COUNTRY] = is_country,
        [NOTIFIED] = is_notified,
        [HEX32_HEX32] = is_two_hex32,
        [HEX32_HEX32_DIGEST] = is_two_hex32_digest,
        [PERIOD] = is_period,
    };

    return is[shape] != NULL ? is[shape](s) : is_word_of(s, shape);
}

/* -- parse -- */

/* The instance: a schema-less host name, as key names begin with. */
static bool is_instance(struct ov_span s)
{
    if (!is_word(s))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        int c = ov_span_byte(s, i);

        if (c == '_' || (c >= 'A' && c <= 'Z'))
            return false;
    }
    return true;
}

/* "overt.example/rule-change/v1" */
static enum ov_status parse_head(struct ov_span line, struct ov_entry *e,
                                 struct ov_diag *diag)
{
    struct ov_span type;

    if (!ov_span_cut(&line, '/', &e->instance) || !is_instance(e->instance) ||
        !ov_span_cut(&line, '/', &type))
        return ov_diag_set(diag, OV_MALFORMED, 1,
                           "the first line is not INSTANCE/TYPE/v1");
    for (size_t i = 0; i < OV_N_ENTRY; i++) {
        if (ov_span_equal(type, ov_span_str(types[i].name)) &&
            ov_span_equal(line, OV_SPAN_LIT("v1"))) {
            e->type = (enum ov_entry_type)i;
            return OV_OK;
        }
    }
    return ov_diag_set(diag, OV_UNSUPPORTED, 1,
                       "a type or version of entry that is not known here");
}

static enum ov_status split_lines(struct ov_span text, struct ov_entry *e,
                                  struct ov_diag *diag)
{
    while (text.len > 0) {
        struct ov_entry_line *l = &e->lines[e->n_lines];
        unsigned number = (unsigned)e->n_lines + 2;
        struct ov_span line;

        if (e->n_lines == OV_ENTRY_MAX_LINES)
            return ov_diag_set(diag, OV_LIMIT_COUNT, number, "too many lines");
        if (!ov_span_cut(&text, '\n', &line))
            return ov_diag_set(diag, OV_MALFORMED, number,
                               "the last line does not end");
        if (!ov_span_cut(&line, ' ', &l->name))
            return ov_diag_set(diag, OV_MALFORMED, number,
                               "a line is not \"name value\"");
        l->value = line;
        e->n_lines++;
    }
    return OV_OK;
}

static enum ov_status missing(const struct field *f, size_t at,
                              struct ov_diag *diag)
{
    return ov_diag_set(diag, OV_MALFORMED, (unsigned)at + 2,
                       "a line \"%s\" should stand here", f->name);
}

/* The lines that belong to f, from *at on. */
static enum ov_status match_field(const struct ov_entry *e,
                                  const struct field *f, size_t *at,
                                  struct ov_diag *diag)
{
    size_t n = 0;

    while (*at < e->n_lines &&
           ov_span_equal(e->lines[*at].name, ov_span_str(f->name))) {
        if (n > 0 && (f->count == ONE || f->count == MAYBE))
            return ov_diag_set(diag, OV_MALFORMED, (unsigned)*at + 2,
                               "\"%s\" stands twice", f->name);
        if (!has_shape(e->lines[*at].value, f->shape))
            return ov_diag_set(diag, OV_MALFORMED, (unsigned)*at + 2,
                               "the value of \"%s\" is not of its form",
                               f->name);
        n++;
        (*at)++;
    }
    if (n == 0 && (f->count == ONE || f->count == SOME))
        return missing(f, *at, diag);
    return OV_OK;
}

enum ov_status ov_entry_parse(struct ov_span text, struct ov_entry *ret,
                              struct ov_diag *diag)
{
    struct ov_entry e = {0};
    struct ov_span head;
    size_t at = 0;

    if (text.len > OV_ENTRY_MAX)
        return ov_diag_set(diag, OV_LIMIT_SIZE, 0, "longer than 65535 bytes");
    if (!ov_span_cut(&text, '\n', &head))
        return ov_diag_set(diag, OV_MALFORMED, 1, "not an entry");
    OV_TRY(parse_head(head, &e, diag));
    OV_TRY(split_lines(text, &e, diag));
    for (size_t i = 0; i < N_FIELDS; i++) {
        if (fields[i].type == e.type)
            OV_TRY(match_field(&e, &fields[i], &at, diag));
    }
    if (at != e.n_lines)
        return ov_diag_set(diag, OV_MALFORMED, (unsigned)at + 2,
                           "a line that does not belong here");
    *ret = e;
    return OV_OK;
}

/* -- print -- */

void ov_put_entry(struct ov_buf *b, const struct ov_entry *e)
{
    ov_put_span(b, e->instance);
    ov_put_format(b, "/%s/v1\n", ov_entry_type_name(e->type));
    for (size_t i = 0; i < e->n_lines; i++) {
        ov_put_span(b, e->lines[i].name);
        ov_put_u8(b, ' ');
        ov_put_span(b, e->lines[i].value);
        ov_put_u8(b, '\n');
    }
}

void ov_put_entry_head(struct ov_buf *b, const char *instance,
                       enum ov_entry_type type)
{
    ov_put_format(b, "%s/%s/v1\n", instance, ov_entry_type_name(type));
}

void ov_put_entry_line(struct ov_buf *b, const char *name, const char *format,
                       ...)
{
    char value[TEXT_MAX + 8];
    va_list list;

    /* A longer value is cut to a length that no shape accepts. */
    va_start(list, format);
    (void)vsnprintf(value, sizeof(value), format, list);
    va_end(list);
    ov_put_str(b, name);
    ov_put_u8(b, ' ');
    ov_put_str(b, value);
    ov_put_u8(b, '\n');
}

void ov_put_entry_digest(struct ov_buf *b, const uint8_t digest[static 32])
{
    ov_put_str(b, "sha256:");
    ov_put_hex(b, ov_span_of(digest, 32));
}

/* -- ask -- */

bool ov_entry_value(const struct ov_entry *e, const char *name, size_t nth,
                    struct ov_span *ret)
{
    for (size_t i = 0; i < e->n_lines; i++) {
        if (ov_span_equal(e->lines[i].name, ov_span_str(name)) && nth-- == 0) {
            *ret = e->lines[i].value;
            return true;
        }
    }
    return false;
}

bool ov_entry_is(const struct ov_entry *e, const char *name, const char *value)
{
    struct ov_span s;

    return ov_entry_value(e, name, 0, &s) &&
           ov_span_equal(s, ov_span_str(value));
}

bool ov_entry_number(const struct ov_entry *e, const char *name, uint64_t *ret)
{
    struct ov_span s;

    return ov_entry_value(e, name, 0, &s) && parse_number(s, ret);
}

bool ov_entry_digest(const struct ov_entry *e, const char *name,
                     uint8_t ret[static 32], uint64_t *ret_size)
{
    struct ov_span s;
    struct ov_span digest;

    if (!ov_entry_value(e, name, 0, &s))
        return false;
    if (!cut_word(&s, &digest))
        return ret_size == NULL && ov_entry_parse_digest(digest, ret);
    return ov_entry_parse_digest(digest, ret) &&
           (ret_size == NULL || parse_number(s, ret_size));
}

bool ov_entry_range(const struct ov_entry *e, const char *name,
                    uint64_t *ret_from, uint64_t *ret_to)
{
    struct ov_span s;

    return ov_entry_value(e, name, 0, &s) && is_range(s, ret_from, ret_to);
}
