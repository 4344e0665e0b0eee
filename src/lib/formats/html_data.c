/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that pages carry in addresses: "data:application/zip;base64,...".
 *
 * Each "data:" followed by a type and a comma is a member, up to the quote,
 * blank or bracket that ends the address; its name is the type. Behind these
 * come the members that lie in the page as they are (embedded.c).
 *
 * Format: RFC 2397, RFC 3986 section 2.1. */
#include "base/reader.h"
#include "base/text.h"
#include "formats/codec.h"
#include "formats/textcodec.h"
#include "formats/unpacker.h"

#define HEAD_MAX 256
/* Shorter ones are a dot or a line that a page draws. */
#define DATA_MIN 16

struct page {
    struct ov_span all;
    struct ov_budget *budget;
    size_t at;
    struct ov_span head; /* between "data:" and the comma */
    struct ov_span data;
    void *parts;   /* state of embedded.c, opened behind the last address */
    bool is_parts; /* the current member is one of its */
    struct ov_unpack_job job;
};

static void free_page(void *state)
{
    struct page *p = state;

    if (p->parts != NULL)
        ov_unpack_parts.free(p->parts);
    ov_free(p);
}

static enum ov_status open_page(const struct ov_unpack_job *job,
                                void **ret_state)
{
    struct page *p = ov_alloc(sizeof(*p));

    if (p == NULL)
        return OV_NO_MEMORY;
    p->all = job->bytes;
    p->budget = job->budget;
    p->job = *job;
    *ret_state = p;
    return OV_OK;
}

static bool ends_address(int c)
{
    return c < 0 || c <= ' ' || strchr("\"'<>()", c) != NULL;
}

/* Reads the address whose colon is at `colon`; false if it is none with data.
 */
static bool read_address(struct page *p, size_t colon)
{
    struct ov_span word = OV_SPAN_LIT("data");
    struct ov_span before;
    struct ov_span rest = ov_span_clip(p->all, colon + 1, p->all.len);
    size_t n = 0;

    if (colon < word.len ||
        !ov_span_sub(p->all, colon - word.len, word.len, &before) ||
        !ov_span_equal_nocase(before, word))
        return false;
    while (n < HEAD_MAX && ov_span_byte(rest, n) != ',' &&
           !ends_address(ov_span_byte(rest, n)))
        n++;
    if (ov_span_byte(rest, n) != ',')
        return false;
    p->head = ov_span_clip(rest, 0, n);
    rest = ov_span_clip(rest, n + 1, rest.len);
    n = 0;
    while (!ends_address(ov_span_byte(rest, n)))
        n++;
    p->data = ov_span_clip(rest, 0, n);
    p->at = colon + 2 + p->head.len + n;
    return n >= DATA_MIN;
}

static bool is_base64(const struct page *p)
{
    struct ov_span word = OV_SPAN_LIT(";base64");
    struct ov_span tail;

    return p->head.len >= word.len &&
           ov_span_sub(p->head, p->head.len - word.len, word.len, &tail) &&
           ov_span_equal_nocase(tail, word);
}

static enum ov_status next_page(void *state, struct ov_member *ret)
{
    struct page *p = state;

    while (p->at < p->all.len) {
        size_t from = p->at;
        size_t colon = ov_span_find_byte(p->all, ':', from);
        bool is_found;

        p->at = colon == SIZE_MAX ? p->all.len : colon + 1;
        is_found = colon != SIZE_MAX && read_address(p, colon);
        OV_TRY(ov_budget_spend(p->budget, OV_COST_STEPS, p->at - from));
        if (!is_found)
            continue;
        ret->name = p->head;
        ret->packed_size = p->data.len;
        return OV_OK;
    }
    p->is_parts = true;
    if (p->parts == NULL)
        OV_TRY(ov_unpack_parts.open(&p->job, &p->parts));
    return ov_unpack_parts.next(p->parts, ret);
}

static enum ov_status read_percent(const struct page *p, struct ov_buf *into)
{
    OV_AUTO_DONE(buf) plain = ov_buf_with_max(p->data.len);
    struct ov_reader r = ov_reader_over(p->data);

    while (ov_reader_more(&r)) {
        uint8_t c = ov_read_u8(&r);
        struct ov_span pair;

        if (c == '%' && ov_span_sub(p->data, r.at, 2, &pair) &&
            ov_hex_decode(pair, &c, 1))
            ov_reader_skip(&r, 2);
        ov_put_u8(&plain, c);
    }
    OV_TRY(ov_buf_status(&plain));
    return ov_produce(into, p->budget, ov_buf_span(&plain));
}

static enum ov_status read_page(void *state, struct ov_buf *into)
{
    struct page *p = state;

    if (p->is_parts)
        return ov_unpack_parts.read(p->parts, into);
    if (is_base64(p))
        return ov_decode_text(OV_TEXT_BASE64, p->data, p->budget, into);
    return read_percent(p, into);
}

const struct ov_unpack_ops ov_unpack_page = {
    .open = open_page,
    .next = next_page,
    .read = read_page,
    .free = free_page,
};
