/* SPDX-License-Identifier: Apache-2.0 */
#include "icap_message.h"

#include "base/text.h"

/* A request of ICAP: a header as HTTP's, then the headers of the HTTP message
 * that it is about, whose lengths follow from offsets in "Encapsulated"
 * (section 4.4.1), then its body in chunks. Debian has no library for servers
 * of it that is not a server itself.
 *
 * Lines end with CRLF; a lone LF is taken too, as most servers do. */

#define MAX_TRAILER 8192

size_t icap_head_len(struct ov_span s)
{
    for (size_t at = ov_span_find_byte(s, '\n', 0); at != SIZE_MAX;
         at = ov_span_find_byte(s, '\n', at + 1)) {
        if (ov_span_byte(s, at + 1) == '\n')
            return at + 2;
        if (ov_span_has_at(s, at + 1, OV_SPAN_LIT("\r\n")))
            return at + 3;
    }
    return 0;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct ov_span trim(struct ov_span s)
{
    while (is_blank(ov_span_byte(s, 0)))
        s = ov_span_clip(s, 1, s.len);
    while (s.len > 0 && is_blank(ov_span_byte(s, s.len - 1)))
        s = ov_span_clip(s, 0, s.len - 1);
    return s;
}

bool icap_field(struct ov_span head, const char *name, struct ov_span *ret)
{
    struct ov_span line;

    (void)ov_span_cut(&head, '\n', &line); /* the first line is no field */
    while (head.len > 0) {
        struct ov_span key;

        (void)ov_span_cut(&head, '\n', &line);
        if (ov_span_cut(&line, ':', &key) &&
            ov_span_equal_nocase(key, ov_span_str(name))) {
            *ret = trim(line);
            return true;
        }
    }
    return false;
}

/* Whether a list of words has one. */
static bool has_word(struct ov_span list, struct ov_span word)
{
    struct ov_span item;

    while (list.len > 0) {
        (void)ov_span_cut(&list, ',', &item);
        if (ov_span_equal_nocase(trim(item), word))
            return true;
    }
    return false;
}

static enum icap_method method_of(struct ov_span word)
{
    static const struct {
        const char *word;
        enum icap_method method;
    } table[] = {
        {"OPTIONS", ICAP_OPTIONS},
        {"REQMOD", ICAP_REQMOD},
        {"RESPMOD", ICAP_RESPMOD},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (ov_span_equal(word, ov_span_str(table[i].word)))
            return table[i].method;
    return ICAP_OTHER;
}

/* "icap://host:1344/service?argument", or "/service" alone. */
static struct ov_span service_of(struct ov_span uri)
{
    size_t scheme = ov_span_find(uri, OV_SPAN_LIT("://"), 0);
    struct ov_span rest = uri;
    struct ov_span skipped;

    if (scheme != SIZE_MAX)
        rest = ov_span_clip(uri, scheme + 3, uri.len);
    if (!ov_span_cut(&rest, '/', &skipped))
        return (struct ov_span){NULL, 0};
    (void)ov_span_cut(&rest, '?', &skipped);
    return skipped;
}

static enum ov_status read_first_line(struct ov_span line,
                                      struct icap_head *ret)
{
    struct ov_span rest = trim(line);
    struct ov_span method;
    struct ov_span uri;

    if (!ov_span_cut(&rest, ' ', &method) || !ov_span_cut(&rest, ' ', &uri))
        return OV_MALFORMED;
    if (!ov_span_starts(trim(rest), OV_SPAN_LIT("ICAP/1.")))
        return OV_UNSUPPORTED;
    ret->method = method_of(method);
    ret->service = service_of(uri);
    return OV_OK;
}

/* What "Encapsulated" tells so far: the part that has begun ends where the next
 * one begins. */
struct parts {
    uint64_t *open; /* its length, or NULL */
    uint64_t at;
    bool is_first;
    bool is_done; /* a body is the last one */
};

static enum ov_status add_part(struct parts *p, struct ov_span name,
                               uint64_t at, struct icap_head *ret)
{
    if (p->is_done || (p->is_first ? at != 0 : at < p->at))
        return OV_MALFORMED;
    if (p->open != NULL)
        *p->open = at - p->at;
    p->open = NULL;
    p->is_first = false;
    p->at = at;
    if (ov_span_equal_nocase(name, OV_SPAN_LIT("req-hdr")))
        p->open = &ret->request_len;
    else if (ov_span_equal_nocase(name, OV_SPAN_LIT("res-hdr")))
        p->open = &ret->response_len;
    else if (ov_span_equal_nocase(name, OV_SPAN_LIT("null-body")))
        p->is_done = true;
    else if (ov_span_ends(name, OV_SPAN_LIT("-body")))
        p->is_done = ret->has_body = true;
    else
        return OV_MALFORMED;
    return OV_OK;
}

static enum ov_status read_encapsulated(struct ov_span list,
                                        struct icap_head *ret)
{
    struct parts parts = {.is_first = true};

    while (list.len > 0) {
        struct ov_span item;
        struct ov_span name;
        uint64_t at;

        (void)ov_span_cut(&list, ',', &item);
        item = trim(item);
        if (!ov_span_cut(&item, '=', &name) ||
            !ov_parse_uint(trim(item), UINT32_MAX, &at))
            return OV_MALFORMED;
        if (at > ICAP_MAX_HTTP)
            return OV_LIMIT_SIZE;
        OV_TRY(add_part(&parts, trim(name), at, ret));
    }
    return parts.is_done ? OV_OK : OV_MALFORMED;
}

enum ov_status icap_read_head(struct ov_span text, struct icap_head *ret)
{
    struct icap_head head = {0};
    struct ov_span rest = text;
    struct ov_span value;

    (void)ov_span_cut(&rest, '\n', &value);
    OV_TRY(read_first_line(value, &head));
    if (icap_field(text, "Connection", &value))
        head.closes = has_word(value, OV_SPAN_LIT("close"));
    if (icap_field(text, "Allow", &value))
        head.allows_204 = has_word(value, OV_SPAN_LIT("204"));
    if (icap_field(text, "Preview", &value)) {
        head.has_preview = true;
        if (!ov_parse_uint(value, UINT32_MAX, &head.preview))
            return OV_MALFORMED;
    }
    if (icap_field(text, "Encapsulated", &value))
        OV_TRY(read_encapsulated(value, &head));
    else if (head.method == ICAP_REQMOD || head.method == ICAP_RESPMOD)
        return OV_MALFORMED;
    *ret = head;
    return OV_OK;
}

/* ---- chunks ---- */

/* "1f", "0; ieof" */
static enum ov_status read_size(struct icap_chunks *c)
{
    struct ov_span line = ov_span_of(c->line, c->n_line);
    struct ov_span digits;
    uint64_t size = 0;

    (void)ov_span_cut(&line, ';', &digits);
    digits = trim(digits);
    if (digits.len == 0 || digits.len > 15)
        return OV_MALFORMED;
    for (size_t i = 0; i < digits.len; i++) {
        int digit = ov_hex_digit((uint8_t)ov_span_byte(digits, i));

        if (digit < 0)
            return OV_MALFORMED;
        size = size << 4 | (unsigned)digit;
    }
    c->left = size;
    c->is_last = ov_span_starts(trim(line), OV_SPAN_LIT("ieof"));
    c->state = size > 0 ? ICAP_CHUNK_DATA : ICAP_CHUNK_TRAILER;
    c->n_line = 0;
    return OV_OK;
}

static enum ov_status take_of_line(struct icap_chunks *c, uint8_t byte)
{
    if (byte != '\n') {
        if (c->n_line == sizeof(c->line))
            return OV_MALFORMED;
        c->line[c->n_line++] = byte;
        return OV_OK;
    }
    return read_size(c);
}

/* Fields behind the body mean nothing to us. */
static enum ov_status take_of_trailer(struct icap_chunks *c, uint8_t byte)
{
    if (++c->n_trailer > MAX_TRAILER)
        return OV_MALFORMED;
    if (byte == '\n' && c->n_line == 0)
        c->state = ICAP_CHUNK_END;
    else if (byte == '\n')
        c->n_line = 0;
    else if (byte != '\r')
        c->n_line = 1;
    return OV_OK;
}

static enum ov_status take_of_data_end(struct icap_chunks *c, uint8_t byte)
{
    if (byte == '\n')
        c->state = ICAP_CHUNK_SIZE;
    else if (byte != '\r')
        return OV_MALFORMED;
    return OV_OK;
}

static enum ov_status take_byte(struct icap_chunks *c, uint8_t byte)
{
    switch (c->state) {
    case ICAP_CHUNK_SIZE:
        return take_of_line(c, byte);
    case ICAP_CHUNK_TRAILER:
        return take_of_trailer(c, byte);
    case ICAP_CHUNK_DATA_END:
        return take_of_data_end(c, byte);
    case ICAP_CHUNK_DATA:
    case ICAP_CHUNK_END:
        break;
    }
    return OV_USAGE; /* not asked for */
}

enum ov_status icap_chunks_take(struct icap_chunks *c, struct ov_span *in,
                                struct ov_span *ret)
{
    *ret = (struct ov_span){NULL, 0};
    while (in->len > 0 && c->state != ICAP_CHUNK_END) {
        if (c->state != ICAP_CHUNK_DATA) {
            OV_TRY(take_byte(c, (uint8_t)ov_span_byte(*in, 0)));
            *in = ov_span_clip(*in, 1, in->len);
            continue;
        }
        *ret = ov_span_clip(*in, 0, c->left);
        *in = ov_span_clip(*in, ret->len, in->len);
        c->left -= ret->len;
        if (c->left == 0)
            c->state = ICAP_CHUNK_DATA_END;
        return OV_OK;
    }
    return OV_OK;
}
