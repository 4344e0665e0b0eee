/* SPDX-License-Identifier: Apache-2.0
 *
 * Rich text: embedded objects, which are hexadecimal digits behind "\objdata".
 *
 * A reader of RTF takes digits wherever they are, whatever stands between them,
 * and malware puts control words, groups and white space there. So from
 * "\objdata" to the end of its group every digit that is not part of a control
 * word counts. What comes out is an OLE 1.0 object: its header is skipped, and
 * its data is the member; what does not look like one is a member as it is.
 *
 * Format: RTF 1.9.1, "Objects"; [MS-OLEDS] sections 2.2.4 and 2.2.5. */
#include "base/reader.h"
#include "base/text.h"
#include "formats/codec.h"
#include "formats/ole2_inner.h"
#include "formats/unpacker.h"

#define MARK OV_SPAN_LIT("\\objdata")
#define OBJECT_MAX ((size_t)64 << 20)
#define FORMAT_EMBEDDED 2

struct rtf {
    struct ov_span all;
    struct ov_budget *budget;
    size_t at;
    struct ov_buf object;       /* the bytes behind a mark */
    struct ov_ole2_inner inner; /* the file of a package in it */
    struct ov_span data;        /* of the current member */
    struct ov_span name;
};

static void free_rtf(void *state)
{
    struct rtf *r = state;

    ov_buf_done(&r->object);
    ov_ole2_inner_done(&r->inner);
    ov_free(r);
}

static enum ov_status open_rtf(const struct ov_unpack_job *job,
                               void **ret_state)
{
    struct rtf *r = ov_alloc(sizeof(*r));

    if (r == NULL)
        return OV_NO_MEMORY;
    r->all = job->bytes;
    r->budget = job->budget;
    r->object = ov_buf_with_max(OBJECT_MAX);
    *ret_state = r;
    return OV_OK;
}

/* Behind a backslash: a control word with its number, or one character. */
static void skip_control(struct ov_reader *r)
{
    size_t n = 0;

    while (ov_reader_more(r)) {
        uint8_t c = ov_read_u8(r);
        bool is_word = ov_is_alnum(c) || (c == '-' && n > 0);

        if (!is_word) {
            /* A space belongs to the word, a single character is it. */
            if (n > 0 && c != ' ')
                r->at--;
            return;
        }
        n++;
    }
}

/* Decodes the digits at `at` up to the end of their group. */
static enum ov_status read_digits(struct rtf *rtf, struct ov_span text,
                                  size_t *ret_len)
{
    struct ov_reader r = ov_reader_over(text);
    unsigned depth = 1;
    int high = -1;

    ov_buf_clear(&rtf->object);
    while (depth > 0 && ov_reader_more(&r)) {
        uint8_t c = ov_read_u8(&r);
        int digit = ov_hex_digit(c);

        depth += c == '{';
        depth -= c == '}';
        if (c == '\\') {
            skip_control(&r);
        } else if (digit >= 0 && high >= 0) {
            ov_put_u8(&rtf->object, (uint8_t)(high << 4 | digit));
            high = -1;
        } else if (digit >= 0) {
            high = digit;
        }
    }
    *ret_len = r.at;
    OV_TRY(ov_budget_spend(rtf->budget, OV_COST_STEPS, 4 * (uint64_t)r.at));
    return ov_buf_status(&rtf->object);
}

/* [MS-OLEDS] 2.2.5: version, format, three counted strings, the data. */
static void find_data(struct rtf *rtf)
{
    struct ov_reader r = ov_reader_over(ov_buf_span(&rtf->object));
    struct ov_span class_name;
    struct ov_span data;
    uint32_t format;

    ov_reader_skip(&r, 4);
    format = ov_read_u32le(&r);
    class_name = ov_read_span(&r, ov_read_u32le(&r));
    (void)ov_read_span(&r, ov_read_u32le(&r));
    (void)ov_read_span(&r, ov_read_u32le(&r));
    ov_reader_skip(&r, 4);
    data = ov_reader_rest(&r);
    rtf->name = (struct ov_span){NULL, 0};
    if (ov_reader_status(&r) != OV_OK || format != FORMAT_EMBEDDED ||
        data.len == 0) {
        rtf->data = ov_buf_span(&rtf->object);
        return;
    }
    while (class_name.len > 0 &&
           ov_span_byte(class_name, class_name.len - 1) == 0)
        class_name.len--;
    rtf->name = class_name;
    rtf->data = data;
}

/* A package's data is that of "\1Ole10Native" without the first length. */
static enum ov_status open_package(struct rtf *rtf)
{
    OV_AUTO_DONE(buf) stream = ov_buf_with_max(OBJECT_MAX);

    if (!ov_span_equal(rtf->name, OV_SPAN_LIT("Package")))
        return OV_OK;
    ov_put_u32(&stream, (uint32_t)rtf->data.len);
    ov_put_span(&stream, rtf->data);
    OV_TRY(ov_buf_status(&stream));
    OV_TRY(ov_ole2_inner_find(&rtf->inner, OV_SPAN_LIT("\1Ole10Native"),
                              ov_buf_span(&stream), rtf->budget));
    if (rtf->inner.n > 0) {
        rtf->name = rtf->inner.parts[0].name;
        rtf->data = ov_buf_span(&rtf->inner.parts[0].bytes);
    }
    return OV_OK;
}

static enum ov_status next_rtf(void *state, struct ov_member *ret)
{
    struct rtf *rtf = state;
    size_t found = ov_span_find(rtf->all, MARK, rtf->at);
    size_t len;

    ov_ole2_inner_clear(&rtf->inner);
    rtf->data = (struct ov_span){NULL, 0};
    while (found != SIZE_MAX && rtf->data.len == 0) {
        struct ov_span text =
            ov_span_clip(rtf->all, found + MARK.len, rtf->all.len);

        OV_TRY(read_digits(rtf, text, &len));
        rtf->at = found + MARK.len + len;
        find_data(rtf);
        found = ov_span_find(rtf->all, MARK, rtf->at);
    }
    if (rtf->data.len == 0) {
        rtf->at = rtf->all.len;
        ret->is_end = true;
        return OV_OK;
    }
    OV_TRY(open_package(rtf));
    ret->name = rtf->name;
    ret->packed_size = len;
    ret->real_size = rtf->data.len;
    return OV_OK;
}

static enum ov_status read_rtf(void *state, struct ov_buf *into)
{
    const struct rtf *rtf = state;

    return ov_produce(into, rtf->budget, rtf->data);
}

const struct ov_unpack_ops ov_unpack_rtf = {
    .open = open_rtf,
    .next = next_rtf,
    .read = read_rtf,
    .free = free_rtf,
};
