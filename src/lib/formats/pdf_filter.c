/* SPDX-License-Identifier: Apache-2.0
 *
 * Names, strings and filters of PDF.
 *
 * A dictionary is looked at as text: the first "/Name" in it counts. That is
 * less than a parser would know and more than a parser gets out of a dictionary
 * that was broken on purpose.
 *
 * Deflate is read behind its two-byte header, so that its checksum, which many
 * writers get wrong, does not matter.
 *
 * Limits: predictors are not undone; FILTERS_MAX filters.
 * Format: ISO 32000-1 sections 7.3.4, 7.3.5 and 7.4. */
#include "formats/pdf_filter.h"

#include "base/reader.h"
#include "base/text.h"
#include "formats/codec.h"
#include "formats/textcodec.h"

#define FILTERS_MAX 8
#define NAME_MAX_LEN 32
#define STRING_MAX ((size_t)1 << 20)
#define LZW_CLEAR 256
#define LZW_END 257
#define LZW_CODES 4096
#define RUN_END 128

enum filter {
    FILTER_NONE,
    FILTER_FLATE,
    FILTER_HEX,
    FILTER_ASCII85,
    FILTER_LZW,
    FILTER_RUN_LENGTH,
    FILTER_CRYPT, /* changes nothing that we could undo */
};

static const struct {
    const char *name;
    enum filter filter;
} filters[] = {
    {"FlateDecode", FILTER_FLATE},
    {"Fl", FILTER_FLATE},
    {"ASCIIHexDecode", FILTER_HEX},
    {"AHx", FILTER_HEX},
    {"ASCII85Decode", FILTER_ASCII85},
    {"A85", FILTER_ASCII85},
    {"LZWDecode", FILTER_LZW},
    {"LZW", FILTER_LZW},
    {"RunLengthDecode", FILTER_RUN_LENGTH},
    {"RL", FILTER_RUN_LENGTH},
    {"Crypt", FILTER_CRYPT},
};

static bool is_space(int c)
{
    return c == ' ' || c == 0 || (c >= '\t' && c <= '\r');
}

static bool is_delimiter(int c)
{
    return c < 0 || is_space(c) || strchr("()<>[]{}/%", c) != NULL;
}

/* A name without its "/"; of a longer one the beginning. */
struct name {
    uint8_t bytes[NAME_MAX_LEN];
    size_t len;
};

static bool is_name(const struct name *name, const char *word)
{
    return ov_span_equal(ov_span_of(name->bytes, name->len), ov_span_str(word));
}

/* Cuts the name behind a "/" off text, with #XX decoded (7.3.5). */
static void cut_name(struct ov_span *text, struct name *ret)
{
    ret->len = 0;
    while (!is_delimiter(ov_span_byte(*text, 0))) {
        uint8_t c = (uint8_t)ov_span_byte(*text, 0);
        struct ov_span pair;

        *text = ov_span_clip(*text, 1, text->len);
        if (c == '#' && ov_span_sub(*text, 0, 2, &pair) &&
            ov_hex_decode(pair, &c, 1))
            *text = ov_span_clip(*text, 2, text->len);
        if (ret->len < sizeof(ret->bytes))
            ret->bytes[ret->len++] = c;
    }
}

/* The next name in text, and text behind it; false if there is none. */
static bool next_name(struct ov_span *text, struct name *ret)
{
    size_t at = ov_span_find_byte(*text, '/', 0);

    if (at == SIZE_MAX)
        return false;
    *text = ov_span_clip(*text, at + 1, text->len);
    cut_name(text, ret);
    return true;
}

static void skip_space(struct ov_span *text)
{
    while (is_space(ov_span_byte(*text, 0)))
        *text = ov_span_clip(*text, 1, text->len);
}

struct ov_span ov_pdf_value(struct ov_span dictionary, const char *name)
{
    struct name found;

    while (next_name(&dictionary, &found)) {
        if (!is_name(&found, name))
            continue;
        skip_space(&dictionary);
        return dictionary;
    }
    return (struct ov_span){NULL, 0};
}

/* Strings */

static uint8_t escaped(uint8_t c)
{
    static const char from[] = "nrtbf";
    static const char to[] = "\n\r\t\b\f";
    const char *hit = c ? strchr(from, c) : NULL;

    return hit ? (uint8_t)to[hit - from] : c;
}

/* Behind a backslash in a literal string (7.3.4.2). */
static void put_escape(struct ov_reader *r, struct ov_buf *into)
{
    uint8_t c = ov_read_u8(r);
    unsigned value = 0;
    int n = 0;

    while (n < 3 && c >= '0' && c <= '7') {
        value = value * 8 + c - '0';
        c = ++n < 3 ? ov_read_u8(r) : 0;
    }
    if (n > 0) {
        ov_put_u8(into, (uint8_t)value);
        if (n < 3 && r->status == OV_OK)
            r->at--;
    } else if (c != '\n' && c != '\r') {
        ov_put_u8(into, escaped(c));
    }
}

static void put_literal(struct ov_reader *r, struct ov_buf *into)
{
    unsigned depth = 1;

    while (ov_reader_more(r)) {
        uint8_t c = ov_read_u8(r);

        if (c == '\\' && ov_reader_more(r)) {
            put_escape(r, into);
            continue;
        }
        depth += c == '(';
        depth -= c == ')';
        if (depth == 0)
            break;
        ov_put_u8(into, c);
    }
}

enum ov_status ov_pdf_string(struct ov_span text, struct ov_budget *budget,
                             struct ov_buf *into, size_t *ret_len)
{
    struct ov_reader r = ov_reader_over(ov_span_clip(text, 1, STRING_MAX));
    size_t before = into->len;
    size_t end;

    *ret_len = 0;
    OV_TRY(ov_budget_spend(budget, OV_COST_STEPS, 1));
    if (ov_span_byte(text, 0) == '(') {
        put_literal(&r, into);
        *ret_len = r.at + 1;
        OV_TRY(ov_budget_spend(budget, OV_COST_STEPS, r.at));
        OV_TRY(ov_buf_status(into));
        return ov_budget_spend(budget, OV_COST_BYTES, into->len - before);
    }
    if (ov_span_byte(text, 0) != '<' || ov_span_byte(text, 1) == '<')
        return OV_OK;
    end = ov_span_find_byte(r.all, '>', 0);
    *ret_len = 2 + (end == SIZE_MAX ? r.all.len : end);
    return ov_decode_text(OV_TEXT_HEX, ov_span_clip(r.all, 0, end), budget,
                          into);
}

/* Filters */

static enum ov_status unflate(struct ov_span in, struct ov_budget *budget,
                              struct ov_buf *into)
{
    struct ov_decode_job job = {.codec = OV_CODEC_DEFLATE,
                                .in = in,
                                .size_hint = OV_DECODE_NO_HINT,
                                .budget = budget};
    uint16_t head = 0;

    /* Line ends that don't belong to the stream. */
    while (job.in.len > 0 &&
           (ov_span_byte(job.in, 0) == '\r' || ov_span_byte(job.in, 0) == '\n'))
        job.in = ov_span_clip(job.in, 1, job.in.len);
    if (ov_span_u16be(job.in, 0, &head) && (head & 0x0f00) == 0x0800 &&
        head % 31 == 0)
        job.in = ov_span_clip(job.in, 2, job.in.len);
    return ov_decode(&job, into, NULL);
}

struct lzw {
    uint16_t prefix[LZW_CODES];
    uint8_t last[LZW_CODES];
    uint16_t len[LZW_CODES];
    uint8_t text[LZW_CODES];
    unsigned n; /* codes in use */
};

/* The string of a code, first byte first, in text. */
static struct ov_span lzw_string(struct lzw *l, unsigned code)
{
    size_t len = code < LZW_CLEAR ? 1 : l->len[code];

    for (size_t i = len; i > 1; i--) {
        l->text[i - 1] = l->last[code];
        code = l->prefix[code];
    }
    l->text[0] = (uint8_t)code;
    return ov_span_of(l->text, len);
}

static uint8_t first_byte(struct ov_span s)
{
    return (uint8_t)ov_span_byte(s, 0);
}

static void lzw_add(struct lzw *l, unsigned before, uint8_t byte)
{
    if (l->n >= LZW_CODES)
        return;
    l->prefix[l->n] = (uint16_t)before;
    l->last[l->n] = byte;
    l->len[l->n] = (uint16_t)(before < LZW_CLEAR ? 2 : l->len[before] + 1);
    l->n++;
}

/* 7.4.4, with the early change that is its default: codes grow one code before
 * they must. */
static enum ov_status unlzw(struct ov_span in, struct ov_budget *budget,
                            struct ov_buf *into)
{
    OV_AUTO_PTR struct lzw *l = ov_alloc(sizeof(*l));
    struct ov_reader r = ov_reader_over(in);
    uint32_t bits = 0;
    unsigned n_bits = 0;
    unsigned width = 9;
    unsigned before = LZW_CLEAR;

    if (l == NULL)
        return OV_NO_MEMORY;
    l->n = LZW_END + 1;
    for (;;) {
        unsigned code;
        struct ov_span s;

        while (n_bits < width) {
            if (!ov_reader_more(&r))
                return OV_TRUNCATED;
            bits = bits << 8 | ov_read_u8(&r);
            n_bits += 8;
        }
        code = bits >> (n_bits - width) & ((1u << width) - 1);
        n_bits -= width;
        if (code == LZW_END)
            return OV_OK;
        if (code == LZW_CLEAR) {
            l->n = LZW_END + 1;
            width = 9;
            before = LZW_CLEAR;
            continue;
        }
        if (code > l->n || (code == l->n && before == LZW_CLEAR))
            return OV_MALFORMED;
        if (before != LZW_CLEAR && code == l->n)
            lzw_add(l, before, first_byte(lzw_string(l, before)));
        else if (before != LZW_CLEAR)
            lzw_add(l, before, first_byte(lzw_string(l, code)));
        s = lzw_string(l, code);
        OV_TRY(ov_produce(into, budget, s));
        OV_TRY(ov_budget_spend(budget, OV_COST_STEPS, 2 * s.len));
        before = code;
        while (width < 12 && l->n + 1 >= 1u << width)
            width++;
    }
}

/* 7.4.5. */
static enum ov_status unrun(struct ov_span in, struct ov_budget *budget,
                            struct ov_buf *into)
{
    struct ov_reader r = ov_reader_over(in);

    while (ov_reader_more(&r)) {
        uint8_t n = ov_read_u8(&r);
        uint8_t run[RUN_END];

        if (n == RUN_END)
            return OV_OK;
        if (n < RUN_END) {
            OV_TRY(ov_produce(into, budget,
                              ov_span_clip(in, r.at, (uint64_t)n + 1)));
            ov_reader_skip(&r, (uint64_t)n + 1);
        } else {
            memset(run, ov_read_u8(&r), sizeof(run));
            OV_TRY(ov_produce(into, budget, ov_span_of(run, 257u - n)));
        }
    }
    return OV_TRUNCATED;
}

static enum ov_status apply(enum filter filter, struct ov_span in,
                            struct ov_budget *budget, struct ov_buf *into)
{
    switch (filter) {
    case FILTER_FLATE:
        return unflate(in, budget, into);
    case FILTER_HEX:
        return ov_decode_text(OV_TEXT_HEX, in, budget, into);
    case FILTER_ASCII85:
        return ov_decode_text(OV_TEXT_ASCII85, in, budget, into);
    case FILTER_LZW:
        return unlzw(in, budget, into);
    case FILTER_RUN_LENGTH:
        return unrun(in, budget, into);
    case FILTER_NONE:
    case FILTER_CRYPT:
        break;
    }
    return ov_produce(into, budget, in);
}

static enum filter filter_named(const struct name *name)
{
    for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++)
        if (is_name(name, filters[i].name))
            return filters[i].filter;
    return FILTER_NONE;
}

/* The filters of a dictionary that are codecs, in their order. */
static size_t list_filters(struct ov_span dictionary,
                           enum filter list[static FILTERS_MAX])
{
    struct name name;
    struct ov_span value = ov_pdf_value(dictionary, "Filter");
    bool is_array;
    size_t n = 0;

    if (value.len == 0)
        value = ov_pdf_value(dictionary, "F");
    is_array = ov_span_byte(value, 0) == '[';
    if (is_array)
        value.len = ov_span_find_byte(value, ']', 0) != SIZE_MAX
                        ? ov_span_find_byte(value, ']', 0)
                        : value.len;
    else if (ov_span_byte(value, 0) != '/')
        return 0;
    while (n < FILTERS_MAX && next_name(&value, &name)) {
        enum filter filter = filter_named(&name);

        if (filter == FILTER_NONE)
            break;
        list[n++] = filter;
        if (!is_array)
            break;
    }
    return n;
}

enum ov_status ov_pdf_unfilter(struct ov_span dictionary, struct ov_span packed,
                               struct ov_budget *budget, struct ov_buf *into)
{
    OV_AUTO_DONE(buf) from = ov_buf_with_max(into->max);
    OV_AUTO_DONE(buf) to = ov_buf_with_max(into->max);
    enum filter list[FILTERS_MAX];
    size_t n = list_filters(dictionary, list);
    enum ov_status worst = OV_OK;

    for (size_t i = 0; i + 1 < n; i++) {
        struct ov_buf spare = from;
        enum ov_status status;

        ov_buf_clear(&to);
        status = apply(list[i], packed, budget, &to);
        if (status != OV_OK && ov_status_class(status) != OV_CLASS_BYTES)
            return status;
        worst = status != OV_OK ? status : worst;
        from = to;
        to = spare;
        packed = ov_buf_span(&from);
    }
    OV_TRY(apply(n > 0 ? list[n - 1] : FILTER_NONE, packed, budget, into));
    return worst;
}
