/* SPDX-License-Identifier: Apache-2.0
 *
 * PDF: every stream is a member, decoded; so is every script that stands in a
 * string.
 *
 * Readers of PDF repair what is broken, so its tables of objects mean little to
 * malware. This walks the bytes instead: from one "stream" to its "endstream",
 * with what stands before it since the last stream as its dictionary. Each byte
 * is looked at a few times, whatever the file claims. Strings behind "/JS" are
 * looked for between streams and in object streams, once these were read.
 *
 * No library: qpdf and poppler want documents that they can repair, and are
 * larger than all of this engine.
 *
 * Limits: encrypted documents' streams are is_encrypted, also where the
 * password is empty.
 * Format: ISO 32000-1 sections 7.3.8, 7.5.7 and 12.6.4.16. */
#include "base/reader.h"
#include "base/text.h"
#include "formats/codec.h"
#include "formats/pdf_filter.h"
#include "formats/unpacker.h"

#define SCRIPT_MAX ((size_t)16 << 20)
#define OBJECTS_MAX ((size_t)16 << 20)

struct pdf {
    struct ov_span all;
    struct ov_budget *budget;
    size_t at; /* behind the last stream */
    bool is_encrypted;
    bool has_stream; /* found, to be given after the scripts */
    bool is_sealed;  /* the current stream is encrypted */
    struct ov_span dictionary;
    struct ov_span packed;
    struct ov_span name;    /* "12 0" */
    struct ov_span scripts; /* text whose scripts are to be given next */
    struct ov_buf objects;  /* a decoded object stream */
    struct ov_buf script;   /* the current member, if it is one */
    bool is_script;
    bool is_cut; /* a stream had no end */
};

static void free_pdf(void *state)
{
    struct pdf *p = state;

    ov_buf_done(&p->objects);
    ov_buf_done(&p->script);
    ov_free(p);
}

static enum ov_status open_pdf(const struct ov_unpack_job *job,
                               void **ret_state)
{
    struct pdf *p = ov_alloc(sizeof(*p));

    if (p == NULL)
        return OV_NO_MEMORY;
    p->all = job->bytes;
    p->budget = job->budget;
    p->objects = ov_buf_with_max(OBJECTS_MAX);
    p->script = ov_buf_with_max(SCRIPT_MAX);
    p->is_encrypted =
        ov_span_find(job->bytes, OV_SPAN_LIT("/Encrypt"), 0) != SIZE_MAX;
    *ret_state = p;
    return OV_OK;
}

/* Scripts: the string, or the text of one, behind each "/JS". */

static enum ov_status next_script(struct pdf *p, bool *ret_is_found)
{
    struct ov_span mark = OV_SPAN_LIT("/JS");
    size_t at = ov_span_find(p->scripts, mark, 0);

    *ret_is_found = false;
    while (at != SIZE_MAX) {
        struct ov_span rest =
            ov_span_clip(p->scripts, at + mark.len, p->scripts.len);
        size_t len;

        while (rest.len > 0 && ov_span_byte(rest, 0) <= ' ')
            rest = ov_span_clip(rest, 1, rest.len);
        ov_buf_clear(&p->script);
        OV_TRY(ov_pdf_string(rest, p->budget, &p->script, &len));
        p->scripts = ov_span_clip(rest, len, rest.len);
        if (p->script.len > 0) {
            *ret_is_found = true;
            return OV_OK;
        }
        at = ov_span_find(p->scripts, mark, 0);
    }
    p->scripts = (struct ov_span){NULL, 0};
    return OV_OK;
}

/* Streams */

/* "12 0" of the last "12 0 obj" in text, and what follows it. */
static void split_object(struct ov_span text, struct ov_span *ret_name,
                         struct ov_span *ret_dictionary)
{
    struct ov_span mark = OV_SPAN_LIT("obj");
    size_t at = ov_span_find(text, mark, 0);
    size_t last = SIZE_MAX;
    size_t begin;

    while (at != SIZE_MAX) {
        /* Not that of "endobj". */
        if (at == 0 || ov_span_byte(text, at - 1) != 'd')
            last = at;
        at = ov_span_find(text, mark, at + mark.len);
    }
    *ret_name = (struct ov_span){NULL, 0};
    *ret_dictionary = text;
    if (last == SIZE_MAX)
        return;
    *ret_dictionary = ov_span_clip(text, last + mark.len, text.len);
    begin = last;
    while (begin > 0 && last - begin < 20 &&
           (ov_is_digit((uint8_t)ov_span_byte(text, begin - 1)) ||
            ov_span_byte(text, begin - 1) == ' '))
        begin--;
    *ret_name = ov_span_clip(text, begin, last - begin);
    while (ret_name->len > 0 &&
           ov_span_byte(*ret_name, ret_name->len - 1) == ' ')
        ret_name->len--;
}

/* Where the next stream's bytes begin; *ret_key is where "stream" stands. */
static size_t find_stream(const struct pdf *p, size_t from, size_t *ret_key)
{
    struct ov_span mark = OV_SPAN_LIT("stream");
    size_t at = ov_span_find(p->all, mark, from);

    while (at != SIZE_MAX) {
        int c = ov_span_byte(p->all, at + mark.len);
        int before = at > 0 ? ov_span_byte(p->all, at - 1) : ' ';

        if ((c == '\r' || c == '\n' || c == ' ') && before != 'd') {
            size_t begin = at + mark.len;

            begin += ov_span_byte(p->all, begin) == ' ';
            begin += ov_span_byte(p->all, begin) == '\r';
            begin += ov_span_byte(p->all, begin) == '\n';
            *ret_key = at;
            return begin;
        }
        at = ov_span_find(p->all, mark, at + mark.len);
    }
    return SIZE_MAX;
}

/* Digits that begin s. */
static bool read_number(struct ov_span s, uint64_t *ret)
{
    size_t n = 0;

    while (n < s.len && ov_is_digit((uint8_t)ov_span_byte(s, n)))
        n++;
    return ov_parse_uint(ov_span_clip(s, 0, n), UINT32_MAX, ret);
}

/* The stream's bytes: of its declared length if "endstream" follows there,
 * else up to the next one. */
static struct ov_span stream_bytes(struct pdf *p, size_t begin)
{
    struct ov_span mark = OV_SPAN_LIT("endstream");
    uint64_t len = 0;
    size_t end;

    if (read_number(ov_pdf_value(p->dictionary, "Length"), &len)) {
        for (uint64_t gap = 0; gap <= 2; gap++)
            if (ov_span_has_at(p->all, begin + len + gap, mark))
                return ov_span_clip(p->all, begin, len);
    }
    end = ov_span_find(p->all, mark, begin);
    if (end == SIZE_MAX) {
        p->is_cut = true;
        return ov_span_clip(p->all, begin, p->all.len);
    }
    return ov_span_clip(p->all, begin, end - begin);
}

static bool has_type(struct ov_span dictionary, const char *type)
{
    struct ov_span value = ov_pdf_value(dictionary, "Type");
    struct ov_span word = ov_span_str(type);

    return ov_span_has_at(value, 0, word);
}

/* Walks to the next stream, or to the end. */
static enum ov_status find_next(struct pdf *p)
{
    size_t key = p->all.len;
    size_t begin = find_stream(p, p->at, &key);
    struct ov_span before = ov_span_clip(p->all, p->at, key - p->at);

    OV_TRY(ov_budget_spend(p->budget, OV_COST_STEPS, 1 + before.len));
    p->scripts = before;
    p->has_stream = begin != SIZE_MAX;
    if (!p->has_stream) {
        p->at = p->all.len;
        return OV_OK;
    }
    split_object(before, &p->name, &p->dictionary);
    p->packed = stream_bytes(p, begin);
    p->at = begin + p->packed.len;
    return OV_OK;
}

static enum ov_status next_pdf(void *state, struct ov_member *ret)
{
    struct pdf *p = state;

    for (;;) {
        OV_TRY(next_script(p, &p->is_script));
        if (p->is_script) {
            ret->name = OV_SPAN_LIT("JavaScript");
            ret->packed_size = p->script.len;
            return OV_OK;
        }
        if (p->has_stream)
            break;
        if (p->at >= p->all.len) {
            ret->is_end = true;
            return p->is_cut ? OV_TRUNCATED : OV_OK;
        }
        OV_TRY(find_next(p));
    }
    p->has_stream = false;
    p->is_sealed = p->is_encrypted && !has_type(p->dictionary, "/XRef");
    ret->name = p->name;
    ret->packed_size = p->packed.len;
    ret->is_encrypted = p->is_sealed;
    return OV_OK;
}

static enum ov_status read_pdf(void *state, struct ov_buf *into)
{
    struct pdf *p = state;
    size_t before = into->len;
    enum ov_status status;

    if (p->is_script)
        return ov_produce(into, p->budget, ov_buf_span(&p->script));
    if (p->is_sealed)
        return OV_ENCRYPTED;
    status = ov_pdf_unfilter(p->dictionary, p->packed, p->budget, into);
    if (has_type(p->dictionary, "/ObjStm")) {
        ov_buf_clear(&p->objects);
        ov_put_span(&p->objects,
                    ov_span_clip(ov_buf_span(into), before, OBJECTS_MAX));
        if (ov_buf_status(&p->objects) == OV_NO_MEMORY)
            return OV_NO_MEMORY;
        p->scripts = ov_buf_span(&p->objects);
    }
    return status;
}

const struct ov_unpack_ops ov_unpack_pdf = {
    .open = open_pdf,
    .next = next_pdf,
    .read = read_pdf,
    .free = free_pdf,
};
