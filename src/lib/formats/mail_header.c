/* SPDX-License-Identifier: Apache-2.0
 *
 * Headers of mails and of their parts: which type, which encoding, which
 * boundary, which name.
 *
 * Malware hides where readers of mail differ, so this reads as liberally as
 * the most liberal of them: comments anywhere, also in a field's name; blanks
 * before the colon; a boundary in any field that can have parameters, in
 * pieces ("boundary*0="), or percent-encoded; the first of several wins.
 *
 * Limits: of a field FIELD_MAX bytes are read.
 * Formats: RFC 5322 sections 2.2 and 3.2.2, RFC 2045 section 5, RFC 2231
 * sections 3 and 4. */
#include "formats/mail_header.h"

#include "base/reader.h"
#include "base/text.h"

#define FIELD_MAX ((size_t)64 << 10)
#define TEXT_MAX ((size_t)4 << 10)

void ov_mail_header_done(struct ov_mail_header *h)
{
    ov_buf_done(&h->text);
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t';
}

static struct ov_span trim(struct ov_span s)
{
    while (s.len > 0 && is_blank(ov_span_byte(s, 0)))
        s = ov_span_clip(s, 1, s.len);
    while (s.len > 0 && is_blank(ov_span_byte(s, s.len - 1)))
        s.len--;
    return s;
}

/* Appends line without its comments; depth and quotes go on over lines. */
struct scan {
    unsigned depth;
    bool is_quoted;
};

static void put_without_comments(struct ov_buf *field, struct ov_span line,
                                 struct scan *scan)
{
    struct ov_reader r = ov_reader_over(line);

    while (ov_reader_more(&r)) {
        uint8_t c = ov_read_u8(&r);
        bool is_escape = c == '\\' && ov_reader_more(&r);

        if (scan->depth == 0 && c == '"')
            scan->is_quoted = !scan->is_quoted;
        if (!scan->is_quoted && c == '(')
            scan->depth++;
        if (scan->depth == 0)
            ov_put_u8(field, c);
        if (is_escape) {
            c = ov_read_u8(&r);
            if (scan->depth == 0)
                ov_put_u8(field, c);
        } else if (scan->depth > 0 && c == ')') {
            scan->depth--;
        }
    }
}

/* A quoted string's content, or the word as it is, appended to the text. */
static struct ov_span keep(struct ov_mail_header *h, struct ov_span value)
{
    size_t began = h->text.len;
    struct ov_reader r = ov_reader_over(value);
    bool is_quoted = ov_span_byte(value, 0) == '"';

    ov_reader_skip(&r, is_quoted);
    while (ov_reader_more(&r)) {
        uint8_t c = ov_read_u8(&r);

        if (is_quoted && c == '"')
            break;
        if (is_quoted && c == '\\' && ov_reader_more(&r))
            c = ov_read_u8(&r);
        ov_put_u8(&h->text, c);
    }
    return ov_span_clip(ov_buf_span(&h->text), began, h->text.len);
}

/* RFC 2231 section 4: charset'language'value with %XX. */
static struct ov_span keep_extended(struct ov_mail_header *h,
                                    struct ov_span value)
{
    size_t began = h->text.len;
    struct ov_span plain = keep(h, value);
    struct ov_span rest = plain;
    struct ov_span head;
    struct ov_reader r;

    if (ov_span_find_byte(plain, '\'', 0) != SIZE_MAX) {
        (void)ov_span_cut(&rest, '\'', &head);
        if (ov_span_cut(&rest, '\'', &head))
            plain = rest;
    }
    /* What is decoded is shorter than what is read, so it can go in place. */
    r = ov_reader_over(plain);
    h->text.len = began;
    while (ov_reader_more(&r)) {
        uint8_t c = ov_read_u8(&r);
        struct ov_span pair;
        uint8_t byte;

        if (c == '%' && ov_span_sub(plain, r.at, 2, &pair) &&
            ov_hex_decode(pair, &byte, 1)) {
            ov_reader_skip(&r, 2);
            c = byte;
        }
        ov_put_u8(&h->text, c);
    }
    return ov_span_clip(ov_buf_span(&h->text), began, h->text.len);
}

/* The next "; name=value" of a field; semicolons in quotes don't count. */
static bool next_parameter(struct ov_span *rest, struct ov_span *ret_name,
                           struct ov_span *ret_value)
{
    struct ov_reader r = ov_reader_over(*rest);
    struct ov_span parameter;
    bool is_quoted = false;
    size_t len = 0;

    if (rest->len == 0)
        return false;
    while (ov_reader_more(&r)) {
        uint8_t c = ov_read_u8(&r);

        if (c == '"')
            is_quoted = !is_quoted;
        if (c == '\\')
            ov_reader_skip(&r, 1);
        if (c == ';' && !is_quoted)
            break;
        len = r.at;
    }
    parameter = ov_span_clip(*rest, 0, len);
    *rest = ov_span_clip(*rest, len + 1, rest->len);
    (void)ov_span_cut(&parameter, '=', ret_name);
    *ret_name = trim(*ret_name);
    *ret_value = trim(parameter);
    return true;
}

/* Joins "word", "word*", "word*0", "word*1*" and so on of the field. */
static void read_parameter(struct ov_mail_header *h, struct ov_span field,
                           struct ov_span word, struct ov_span *into)
{
    struct ov_span name;
    struct ov_span value;
    size_t began = h->text.len;

    if (into->len > 0)
        return;
    while (next_parameter(&field, &name, &value)) {
        struct ov_span base = ov_span_clip(name, 0, word.len);
        struct ov_span tail = ov_span_clip(name, word.len, name.len);

        if (!ov_span_equal_nocase(base, word) ||
            (tail.len > 0 && ov_span_byte(tail, 0) != '*'))
            continue;
        if (tail.len == 0 && h->text.len > began)
            continue;
        if (ov_span_ends(tail, OV_SPAN_LIT("*")))
            (void)keep_extended(h, value);
        else
            (void)keep(h, value);
    }
    *into = ov_span_clip(ov_buf_span(&h->text), began, h->text.len);
}

static void read_encoding(struct ov_mail_header *h, struct ov_span value)
{
    static const struct {
        struct ov_span word;
        enum ov_textcodec codec;
    } words[] = {
        {{(const uint8_t *)"base64", 6}, OV_TEXT_BASE64},
        {{(const uint8_t *)"quoted-printable", 16}, OV_TEXT_QUOTED},
        {{(const uint8_t *)"x-uuencode", 10}, OV_TEXT_UUENCODE},
        {{(const uint8_t *)"uuencode", 8}, OV_TEXT_UUENCODE},
        {{(const uint8_t *)"x-uue", 5}, OV_TEXT_UUENCODE},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (ov_span_equal_nocase(ov_span_clip(value, 0, words[i].word.len),
                                 words[i].word))
            h->encoding = words[i].codec;
    h->is_binhex |= ov_span_equal_nocase(value, OV_SPAN_LIT("x-binhex"));
}

static bool is_field(struct ov_span name, struct ov_span word)
{
    return ov_span_equal_nocase(trim(name), word);
}

static void read_field(struct ov_mail_header *h, struct ov_span field)
{
    struct ov_span name;

    if (!ov_span_cut(&field, ':', &name))
        return;
    field = trim(field);
    if (is_field(name, OV_SPAN_LIT("content-type"))) {
        struct ov_span type = field;

        (void)ov_span_cut(&type, ';', &name);
        if (h->type.len == 0)
            h->type = keep(h, trim(name));
        read_parameter(h, field, OV_SPAN_LIT("boundary"), &h->boundary);
        read_parameter(h, field, OV_SPAN_LIT("name"), &h->name);
        h->is_binhex |= ov_span_equal_nocase(
            h->type, OV_SPAN_LIT("application/mac-binhex40"));
    } else if (is_field(name, OV_SPAN_LIT("content-disposition"))) {
        read_parameter(h, field, OV_SPAN_LIT("boundary"), &h->boundary);
        read_parameter(h, field, OV_SPAN_LIT("filename"), &h->name);
    } else if (is_field(name, OV_SPAN_LIT("content-transfer-encoding"))) {
        read_encoding(h, field);
    }
}

/* A line that can begin a field: printable up to a colon. */
static bool begins_field(struct ov_span line)
{
    size_t colon = ov_span_find_byte(line, ':', 0);

    return colon != SIZE_MAX && colon > 0 &&
           !ov_span_starts(line, OV_SPAN_LIT("--"));
}

enum ov_status ov_mail_header_read(struct ov_span *rest,
                                   struct ov_mail_header *ret)
{
    OV_AUTO_DONE(buf) field = ov_buf_with_max(FIELD_MAX);
    struct ov_mail_header h = {.text = ov_buf_with_max(TEXT_MAX)};
    struct scan scan = {0};
    struct ov_span after = *rest;
    struct ov_span line;
    bool is_out = false; /* of memory */

    /* One block for good: spans point into it. */
    if (ov_buf_room(&h.text, TEXT_MAX) == NULL)
        return ov_buf_status(&h.text);
    while (ov_next_line(&after, &line) && line.len > 0) {
        if (!is_blank(ov_span_byte(line, 0))) {
            if (!begins_field(line) && scan.depth == 0)
                break;
            read_field(&h, ov_buf_span(&field));
            is_out |= ov_buf_status(&field) == OV_NO_MEMORY;
            ov_buf_clear(&field);
            scan = (struct scan){0};
            h.is_any = true;
        }
        put_without_comments(&field, line, &scan);
        *rest = after;
    }
    read_field(&h, ov_buf_span(&field));
    if (line.len == 0)
        *rest = after;
    if (is_out || ov_buf_status(&field) == OV_NO_MEMORY) {
        ov_mail_header_done(&h);
        return OV_NO_MEMORY;
    }
    *ret = h;
    return OV_OK;
}
