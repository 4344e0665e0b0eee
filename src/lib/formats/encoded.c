/* SPDX-License-Identifier: Apache-2.0
 *
 * Small wrappings of files: uuencode and base64 (one member, in text), BinHex
 * 4.0 (two: the forks of a Macintosh file) and TNEF (winmail.dat: a mail's
 * body and attachments).
 *
 * All members are found when the file is opened; each is a span of the file
 * or, for BinHex, of what it was decoded to. No library: those for TNEF write
 * files, and the others are a few lines.
 *
 * Limits: TNEF's MAPI properties are one member, not taken apart.
 * Formats: POSIX.1-2017 uuencode, RFC 4648, RFC 1741 appendix A (BinHex),
 * [MS-OXTNEF] section 2.1. */
#include "base/reader.h"
#include "formats/codec.h"
#include "formats/textcodec.h"
#include "formats/unpacker.h"

#define PARTS_MAX 1024
#define BINHEX_MAX ((size_t)256 << 20)
#define BINHEX_REPEAT 0x90
#define TNEF_MAGIC 0x223e9f78u

enum tnef_attribute {
    TNEF_BODY = 0x0002800c,
    TNEF_ATTACH_BEGIN = 0x00069002,
    TNEF_ATTACH_TITLE = 0x00018010,
    TNEF_ATTACH_DATA = 0x0006800f,
    TNEF_ATTACH_PROPERTIES = 0x00069005,
    TNEF_MAIL_PROPERTIES = 0x00069003,
};

struct part {
    struct ov_span name;
    struct ov_span bytes;
    enum ov_textcodec codec;
};

struct encoded {
    struct ov_budget *budget;
    struct part *parts;
    size_t n;
    size_t at;
    size_t n_before;       /* parts before the attachment that we are in */
    struct ov_buf decoded; /* BinHex only */
    enum ov_status status; /* told after the last part */
};

static void free_encoded(void *state)
{
    struct encoded *e = state;

    ov_buf_done(&e->decoded);
    ov_free(e->parts);
    ov_free(e);
}

/* Nothing is added beyond PARTS_MAX, or without bytes. */
static void add(struct encoded *e, struct ov_span name, struct ov_span bytes,
                enum ov_textcodec codec)
{
    if (e->n == PARTS_MAX)
        e->status = OV_LIMIT_COUNT;
    else if (bytes.len > 0)
        e->parts[e->n++] = (struct part){name, bytes, codec};
}

/* BinHex */

static int binhex_value(uint8_t c)
{
    static const char alphabet[] =
        "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
    const char *hit = c ? strchr(alphabet, c) : NULL;

    return hit ? (int)(hit - alphabet) : -1;
}

/* Undoes the repeats: 0x90 n is the last byte n times in all, 0x90 0 itself. */
struct repeats {
    uint8_t last;
    bool is_count_next;
};

static void put_repeated(struct ov_buf *into, struct repeats *r, uint8_t byte)
{
    if (r->is_count_next) {
        r->is_count_next = false;
        if (byte == 0) {
            r->last = BINHEX_REPEAT;
            ov_put_u8(into, BINHEX_REPEAT);
        }
        for (unsigned i = 1; i < byte; i++)
            ov_put_u8(into, r->last);
    } else if (byte == BINHEX_REPEAT) {
        r->is_count_next = true;
    } else {
        r->last = byte;
        ov_put_u8(into, byte);
    }
}

static enum ov_status decode_binhex(struct encoded *e, struct ov_span text)
{
    struct repeats repeats = {0};
    struct ov_reader r;
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t begin = ov_span_find(text, OV_SPAN_LIT("BinHex 4.0"), 0);

    begin = ov_span_find_byte(text, ':', begin == SIZE_MAX ? 0 : begin);
    r = ov_reader_over(ov_span_clip(text, begin, text.len));
    ov_reader_skip(&r, 1);
    while (ov_reader_more(&r)) {
        uint8_t c = ov_read_u8(&r);
        int value = binhex_value(c);

        if (c == ':')
            break;
        if (value < 0)
            continue;
        bits = bits << 6 | (uint32_t)value;
        n_bits += 6;
        if (n_bits < 8)
            continue;
        n_bits -= 8;
        put_repeated(&e->decoded, &repeats, (uint8_t)(bits >> n_bits));
    }
    OV_TRY(ov_buf_status(&e->decoded));
    return ov_budget_spend(e->budget, OV_COST_BYTES, e->decoded.len);
}

static enum ov_status open_binhex(struct encoded *e, struct ov_span text)
{
    struct ov_reader r;
    struct ov_span name;
    uint32_t data_len;
    uint32_t resource_len;
    uint64_t left = ov_budget_left(e->budget, OV_COST_BYTES);

    e->decoded.max = left < BINHEX_MAX ? (size_t)left : BINHEX_MAX;
    OV_TRY(decode_binhex(e, text));
    r = ov_reader_over(ov_buf_span(&e->decoded));
    name = ov_read_span(&r, ov_read_u8(&r));
    ov_reader_skip(&r, 1 + 4 + 4 + 2);
    data_len = ov_read_u32be(&r);
    resource_len = ov_read_u32be(&r);
    ov_reader_skip(&r, 2);
    OV_TRY(ov_reader_status(&r));
    if (data_len > r.all.len - r.at)
        e->status = OV_TRUNCATED;
    add(e, name, ov_span_clip(r.all, r.at, data_len), OV_TEXT_PLAIN);
    ov_reader_skip(&r, (uint64_t)data_len + 2);
    if (ov_reader_status(&r) == OV_OK)
        add(e, name, ov_span_clip(r.all, r.at, resource_len), OV_TEXT_PLAIN);
    return OV_OK;
}

/* TNEF */

static void read_attribute(struct encoded *e, uint32_t id, struct ov_span value,
                           struct ov_span *title)
{
    switch (id) {
    case TNEF_ATTACH_BEGIN:
        *title = (struct ov_span){NULL, 0};
        e->n_before = e->n;
        break;
    case TNEF_ATTACH_TITLE:
        (void)ov_span_cut(&value, 0, title);
        /* The title may come behind the data. */
        if (e->n > e->n_before && e->parts[e->n - 1].name.len == 0)
            e->parts[e->n - 1].name = *title;
        break;
    case TNEF_BODY:
    case TNEF_ATTACH_DATA:
    case TNEF_ATTACH_PROPERTIES:
    case TNEF_MAIL_PROPERTIES:
        add(e, *title, value, OV_TEXT_PLAIN);
        break;
    default:
        break;
    }
}

static enum ov_status open_tnef(struct encoded *e, struct ov_span bytes)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_span title = {NULL, 0};

    ov_reader_require(&r, ov_read_u32le(&r) == TNEF_MAGIC, OV_MALFORMED);
    ov_reader_skip(&r, 2);
    while (ov_reader_more(&r)) {
        uint32_t id;
        uint32_t len;
        struct ov_span value;

        ov_reader_skip(&r, 1);
        id = ov_read_u32le(&r);
        len = ov_read_u32le(&r);
        value = ov_span_clip(r.all, r.at, len);
        ov_reader_skip(&r, (uint64_t)len + 2);
        if (value.len > 0)
            read_attribute(e, id, value, &title);
    }
    e->status = ov_reader_status(&r);
    return e->n > 0 ? OV_OK : e->status;
}

static enum ov_status find_parts(struct encoded *e, enum ov_type type,
                                 struct ov_span bytes)
{
    if (type == OV_TYPE_BINHEX)
        return open_binhex(e, bytes);
    if (type == OV_TYPE_TNEF)
        return open_tnef(e, bytes);
    if (type == OV_TYPE_UUENCODED) {
        struct ov_span rest = bytes;
        struct ov_span line = {NULL, 0};
        struct ov_span name = {NULL, 0};

        if (ov_next_line(&rest, &line))
            (void)ov_is_uu_begin(line, &name);
        add(e, name, bytes, OV_TEXT_UUENCODE);
    } else {
        add(e, (struct ov_span){NULL, 0}, bytes, OV_TEXT_BASE64);
    }
    return OV_OK;
}

static enum ov_status open_encoded(const struct ov_unpack_job *job,
                                   void **ret_state)
{
    struct encoded *e = ov_alloc(sizeof(*e));
    enum ov_status status;

    if (e == NULL)
        return OV_NO_MEMORY;
    e->budget = job->budget;
    e->decoded = ov_buf_with_max(0);
    e->parts = ov_alloc_array(PARTS_MAX, sizeof(*e->parts));
    status =
        e->parts == NULL ? OV_NO_MEMORY : find_parts(e, job->type, job->bytes);
    if (status != OV_OK) {
        free_encoded(e);
        return status;
    }
    *ret_state = e;
    return OV_OK;
}

static enum ov_status next_encoded(void *state, struct ov_member *ret)
{
    struct encoded *e = state;

    if (e->at == e->n) {
        ret->is_end = true;
        return e->status;
    }
    ret->name = e->parts[e->at].name;
    ret->packed_size = e->parts[e->at].bytes.len;
    e->at++;
    return OV_OK;
}

static enum ov_status read_encoded(void *state, struct ov_buf *into)
{
    struct encoded *e = state;
    const struct part *p = &e->parts[e->at - 1];

    return ov_decode_text(p->codec, p->bytes, e->budget, into);
}

const struct ov_unpack_ops ov_unpack_encoded = {
    .open = open_encoded,
    .next = next_encoded,
    .read = read_encoded,
    .free = free_encoded,
};
