/* SPDX-License-Identifier: Apache-2.0
 *
 * Packages of Symbian OS, in both layouts that there are.
 *
 * Up to release 8 a header points to records, one after the other: files, and
 * conditions between them, all of whose branches are taken. A file of several
 * languages is one member for each. From release 9 on a package is a tree of
 * fields with type and length; every compressed field outside of the controller
 * is a member. Those have no names of their own.
 *
 * Limits: records of unknown kinds end the list (OV_MALFORMED); fields nest
 * DEPTH_MAX deep, more is OV_LIMIT_DEPTH. Sums and signatures are not compared.
 * Sources: Symbian OS 6 SDK, "PKG and SIS file format" as described by A.
 * Thoukydides, "Psion SIS files"; Symbian OS 9.x "SIS File Format", 1.1. */
#include "base/reader.h"
#include "formats/listing.h"

#define UID_9 0x10201a7au
#define UID_EPOC6 0x10003a12u
#define LANGUAGES_MAX 256
#define NAME_MAX_LEN 1024
#define DEPTH_MAX 16

#define OPTION_UNICODE 1u
#define OPTION_NO_COMPRESS 8u

enum record {
    RECORD_FILE,
    RECORD_LANGUAGES,
    RECORD_OPTIONS,
    RECORD_IF,
    RECORD_ELSE_IF,
    RECORD_ELSE,
    RECORD_END_IF,
};

enum field {
    FIELD_ARRAY = 2,
    FIELD_COMPRESSED = 3,
    FIELD_CONTENTS = 12,
    FIELD_DATA = 30,
    FIELD_DATA_UNIT = 31,
    FIELD_FILE_DATA = 32,
};

struct old {
    struct ov_listing *list;
    struct ov_reader r;
    unsigned n_languages;
    unsigned n_records;
    unsigned options;
    bool is_epoc6;
    struct ov_buf name;
};

/* ---- up to release 8 ---- */

static void read_name(struct old *o, uint32_t at, uint32_t len)
{
    struct ov_span text =
        ov_span_clip(o->r.all, at, len < NAME_MAX_LEN ? len : NAME_MAX_LEN);

    ov_buf_clear(&o->name);
    if (o->options & OPTION_UNICODE)
        ov_put_utf16le(&o->name, text);
    else
        ov_put_span(&o->name, text);
}

/* A file record behind its kind: names, then arrays of lengths, places and
 * unpacked lengths, one for each language. */
static enum ov_status add_files(struct old *o, unsigned n)
{
    bool is_packed = (o->options & OPTION_NO_COMPRESS) == 0;
    uint32_t name_len, name_at;
    struct ov_reader lens, places, sizes;

    ov_reader_skip(&o->r, 16); /* type, details, source name */
    name_len = ov_read_u32le(&o->r);
    name_at = ov_read_u32le(&o->r);
    lens = ov_reader_over(ov_read_span(&o->r, (uint64_t)n * 4));
    places = ov_reader_over(ov_read_span(&o->r, (uint64_t)n * 4));
    sizes = ov_reader_over((struct ov_span){NULL, 0});
    if (o->is_epoc6) {
        sizes = ov_reader_over(ov_read_span(&o->r, (uint64_t)n * 4));
        ov_reader_skip(&o->r, 8); /* MIME type */
    }
    OV_TRY(ov_reader_status(&o->r));
    read_name(o, name_at, name_len);
    OV_TRY(ov_buf_status(&o->name));
    for (unsigned i = 0; i < n; i++) {
        struct ov_listing_entry e = {
            .name = ov_buf_span(&o->name),
            .packed = ov_read_u32le(&lens),
            .real = o->is_epoc6 ? ov_read_u32le(&sizes) : OV_SIZE_UNKNOWN,
            .codec = is_packed ? OV_CODEC_ZLIB : OV_CODEC_STORE,
        };

        if (e.packed == 0) /* made when installed, or a condition's place */
            continue;
        OV_TRY(ov_listing_add(o->list, &e));
        OV_TRY(ov_listing_piece(o->list, ov_read_u32le(&places), e.packed));
    }
    return OV_OK;
}

static enum ov_status read_record(struct old *o)
{
    uint32_t n;

    switch ((enum record)ov_read_u32le(&o->r)) {
    case RECORD_FILE:
        return add_files(o, 1);
    case RECORD_LANGUAGES:
        return add_files(o, o->n_languages);
    case RECORD_OPTIONS:
        n = ov_read_u32le(&o->r);
        ov_reader_skip(&o->r, (uint64_t)n * o->n_languages * 8 + 16);
        return ov_reader_status(&o->r);
    case RECORD_IF:
    case RECORD_ELSE_IF:
        n = ov_read_u32le(&o->r);
        ov_reader_skip(&o->r, n);
        return ov_reader_status(&o->r);
    case RECORD_ELSE:
    case RECORD_END_IF:
        return ov_reader_status(&o->r);
    }
    return OV_MALFORMED;
}

static enum ov_status read_header(struct old *o)
{
    uint32_t files_at;

    ov_reader_seek(&o->r, 4);
    o->is_epoc6 = ov_read_u32le(&o->r) == UID_EPOC6;
    ov_reader_seek(&o->r, 18);
    o->n_languages = ov_read_u16le(&o->r);
    o->n_records = ov_read_u16le(&o->r);
    ov_reader_seek(&o->r, 36);
    o->options = ov_read_u16le(&o->r);
    ov_reader_seek(&o->r, 52);
    files_at = ov_read_u32le(&o->r);
    ov_reader_seek(&o->r, files_at);
    ov_reader_require(&o->r, o->n_languages <= LANGUAGES_MAX, OV_LIMIT_COUNT);
    return ov_reader_status(&o->r);
}

static enum ov_status list_old(struct ov_listing *l)
{
    struct old o = {.list = l,
                    .r = ov_reader_over(l->bytes),
                    .name = ov_buf_with_max(4 * (size_t)NAME_MAX_LEN)};
    enum ov_status status = read_header(&o);

    for (unsigned i = 0; i < o.n_records && status == OV_OK; i++)
        status = read_record(&o);
    ov_buf_done(&o.name);
    return status;
}

/* ---- from release 9 on ---- */

struct level {
    uint64_t end;
    uint32_t element; /* of an array: the type of what is in it; else 0 */
};

struct tree {
    struct ov_listing *list;
    struct ov_reader r;
    struct level levels[DEPTH_MAX];
    size_t depth;
};

static uint64_t read_len(struct ov_reader *r)
{
    uint64_t len = ov_read_u32le(r);

    if (len >> 31 == 0)
        return len;
    return (len & 0x7fffffff) | (uint64_t)ov_read_u32le(r) << 31;
}

/* A field's content: how it is packed, its length, the bytes. */
static enum ov_status add_compressed(struct tree *t, uint64_t end)
{
    uint32_t how = ov_read_u32le(&t->r);
    struct ov_listing_entry e = {
        .name = OV_SPAN_LIT("file"),
        .real = ov_read_u64le(&t->r),
        .codec = how == 0 ? OV_CODEC_STORE : OV_CODEC_ZLIB,
        .is_foreign = how > 1,
    };

    ov_reader_require(&t->r, t->r.at <= end, OV_MALFORMED);
    OV_TRY(ov_reader_status(&t->r));
    e.packed = end - t->r.at;
    OV_TRY(ov_listing_add(t->list, &e));
    return ov_listing_piece(t->list, t->r.at, e.packed);
}

static bool has_fields(uint32_t type)
{
    return type == FIELD_ARRAY || type == FIELD_CONTENTS ||
           type == FIELD_DATA || type == FIELD_DATA_UNIT ||
           type == FIELD_FILE_DATA;
}

/* Into the field that ends at `end`. */
static enum ov_status go_into(struct tree *t, uint32_t type, uint64_t end)
{
    if (t->depth == DEPTH_MAX)
        return OV_LIMIT_DEPTH;
    t->levels[t->depth++] =
        (struct level){end, type == FIELD_ARRAY ? ov_read_u32le(&t->r) : 0};
    return ov_reader_status(&t->r);
}

/* Steps over the padding behind what ended. */
static void go_behind(struct ov_reader *r, uint64_t end)
{
    uint64_t at = (end + 3) & ~(uint64_t)3;

    ov_reader_seek(r, at < r->all.len ? at : r->all.len);
}

static enum ov_status read_field(struct tree *t)
{
    const struct level *up = &t->levels[t->depth - 1];
    uint32_t type = up->element != 0 ? up->element : ov_read_u32le(&t->r);
    uint64_t len = read_len(&t->r);
    uint64_t end;

    OV_TRY(ov_reader_status(&t->r));
    OV_TRY(ov_budget_spend(t->list->budget, OV_COST_STEPS, 16));
    if (len > up->end - t->r.at)
        return OV_TRUNCATED;
    end = t->r.at + len;
    if (has_fields(type))
        return go_into(t, type, end);
    /* The first level's one is the controller: what is to be done, no file. */
    if (type == FIELD_COMPRESSED && t->depth > 2)
        OV_TRY(add_compressed(t, end));
    go_behind(&t->r, end);
    return ov_reader_status(&t->r);
}

static enum ov_status list_tree(struct ov_listing *l)
{
    struct tree t = {.list = l, .r = ov_reader_over(l->bytes)};

    ov_reader_seek(&t.r, 16);
    OV_TRY(ov_reader_status(&t.r));
    t.levels[0].end = l->bytes.len;
    t.depth = 1;
    while (t.depth > 0) {
        struct level *up = &t.levels[t.depth - 1];

        if (t.r.at + 8 > up->end) {
            go_behind(&t.r, up->end);
            t.depth--;
        } else {
            OV_TRY(read_field(&t));
        }
    }
    return OV_OK;
}

/* ---- the unpacker ---- */

static enum ov_status list_sis(struct ov_listing *l)
{
    uint32_t uid = 0;

    (void)ov_span_u32le(l->bytes, 0, &uid);
    return uid == UID_9 ? list_tree(l) : list_old(l);
}

static enum ov_status open_sis(const struct ov_unpack_job *job,
                               void **ret_state)
{
    return ov_listing_open(job, list_sis, ret_state);
}

const struct ov_unpack_ops ov_unpack_sis = OV_LISTING_OPS(open_sis);
