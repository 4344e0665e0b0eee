/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/wire.h"

#include "sys/wire_fields.h"
#include "sys/wire_sample.h"

/* Numbers are fixed-size little-endian or varints, texts are blocks (a varint
 * length, then the bytes). Long texts are cut when they are put, so that the
 * message fits its maximum in ipc.def: a text for a person loses its middle or
 * end, a decision never depends on one. */

/* No text is longer on the wire. All of a detection's: rule, source, 32 names,
 * 24 pieces of evidence, its notes, must stay below OV_MSG_MAX_BODY. */
#define MAX_TEXT 4000
#define MAX_NAME 1000
#define MAX_EVIDENCE 256
#define MAX_NOTE 4000
#define MAX_NOTES_LEN 12000 /* of all notes; those behind are left out */
#define MAX_WORD 64

static void put_text(struct ov_buf *b, struct ov_span text, size_t max)
{
    ov_put_block(b, ov_span_clip(text, 0, max));
}

static struct ov_span read_text(struct ov_reader *r, size_t max)
{
    struct ov_span text = ov_read_block(r);

    ov_reader_require(r, text.len <= max, OV_MALFORMED);
    return text;
}

static uint32_t read_u32(struct ov_reader *r)
{
    uint64_t v = ov_read_varint(r);

    ov_reader_require(r, v <= UINT32_MAX, OV_MALFORMED);
    return (uint32_t)v;
}

static bool read_bool(struct ov_reader *r)
{
    uint8_t v = ov_read_u8(r);

    ov_reader_require(r, v <= 1, OV_MALFORMED);
    return v == 1;
}

void ov_wire_put_jail(struct ov_buf *b, const struct ov_jail *jail)
{
    ov_put_u64(b, jail->fingerprint);
    ov_put_u32(b, jail->steps);
    ov_put_u32(b, jail->landlock_abi);
}

enum ov_status ov_wire_read_jail(struct ov_span body, struct ov_jail *ret)
{
    struct ov_reader r = ov_reader_over(body);
    struct ov_jail jail = {0};

    jail.fingerprint = ov_read_u64le(&r);
    jail.steps = ov_read_u32le(&r);
    jail.landlock_abi = ov_read_u32le(&r);
    OV_TRY(ov_reader_end(&r));
    *ret = jail;
    return OV_OK;
}

void ov_wire_put_tier(struct ov_buf *b, uint64_t image_len)
{
    ov_put_u64(b, image_len);
}

enum ov_status ov_wire_read_tier(struct ov_span body, uint64_t *ret)
{
    struct ov_reader r = ov_reader_over(body);
    uint64_t len = ov_read_u64le(&r);

    OV_TRY(ov_reader_end(&r));
    *ret = len;
    return OV_OK;
}

void ov_wire_put_open(struct ov_buf *b, const struct ov_wire_open *o)
{
    ov_put_u64(b, o->image_len);
    ov_put_u32(b, o->flags);
    ov_put_u32(b, o->max_depth);
    for (size_t i = 0; i < OV_N_COST; i++)
        ov_put_u64(b, o->limits[i]);
    ov_put_u64(b, o->max_object);
    ov_put_u64(b, o->skip_types[0]);
    ov_put_u64(b, o->skip_types[1]);
    for (size_t i = 0; i < OV_N_BOUNDS; i++)
        ov_put_u64(b, o->bounds[i]);
    ov_put_u32(b, o->alerts);
    ov_put_block(b, ov_span_of(o->unwanted, o->unwanted_len));
    put_text(b, o->defines, OV_WIRE_MAX_DEFINES);
}

enum ov_status ov_wire_read_open(struct ov_span body, struct ov_wire_open *ret)
{
    struct ov_reader r = ov_reader_over(body);
    struct ov_wire_open o = {0};
    struct ov_span unwanted;

    o.image_len = ov_read_u64le(&r);
    o.flags = ov_read_u32le(&r);
    o.max_depth = ov_read_u32le(&r);
    for (size_t i = 0; i < OV_N_COST; i++)
        o.limits[i] = ov_read_u64le(&r);
    o.max_object = ov_read_u64le(&r);
    o.skip_types[0] = ov_read_u64le(&r);
    o.skip_types[1] = ov_read_u64le(&r);
    for (size_t i = 0; i < OV_N_BOUNDS; i++)
        o.bounds[i] = ov_read_u64le(&r);
    o.alerts = ov_read_u32le(&r);
    unwanted = ov_read_block(&r);
    ov_reader_require(&r, unwanted.len <= sizeof(o.unwanted), OV_MALFORMED);
    o.defines = read_text(&r, OV_WIRE_MAX_DEFINES);
    OV_TRY(ov_reader_end(&r));
    o.unwanted_len = (uint32_t)unwanted.len;
    for (size_t i = 0; i < unwanted.len; i++)
        o.unwanted[i] = (uint8_t)ov_span_byte(unwanted, i);
    *ret = o;
    return OV_OK;
}

void ov_wire_put_digest(struct ov_buf *b, const uint8_t *digest)
{
    ov_put_span(b, ov_span_of(digest, OV_WIRE_DIGEST));
}

enum ov_status ov_wire_read_digest(struct ov_span body,
                                   uint8_t ret[static OV_WIRE_DIGEST])
{
    struct ov_reader r = ov_reader_over(body);
    struct ov_span digest = ov_read_span(&r, OV_WIRE_DIGEST);

    OV_TRY(ov_reader_end(&r));
    memcpy(ret, digest.ptr, OV_WIRE_DIGEST);
    return OV_OK;
}

#define AT(member) offsetof(struct ov_wire_task, member)
static const struct ov_wire_field task_fields[] = {
    {OV_WIRE_FIELD_U64, AT(len), 0},
    {OV_WIRE_FIELD_U32, AT(n_shards), 0},
    {OV_WIRE_FIELD_U32, AT(shard), 0},
    {OV_WIRE_FIELD_U64, AT(now), 0},
    {OV_WIRE_FIELD_U32, AT(n_regions), 0},
    {OV_WIRE_FIELD_U32, AT(flags), 0},
    {OV_WIRE_FIELD_TEXT, AT(path), OV_WIRE_MAX_FILE_PATH},
    {OV_WIRE_FIELD_TEXT, AT(owner), MAX_WORD},
};
#undef AT
OV_FIELDS_MESSAGE(task)

void ov_wire_put_two(struct ov_buf *b, uint64_t first, uint64_t second)
{
    ov_put_u64(b, first);
    ov_put_u64(b, second);
}

enum ov_status ov_wire_read_two(struct ov_span body, uint64_t ret[static 2])
{
    struct ov_reader r = ov_reader_over(body);
    uint64_t first = ov_read_u64le(&r);
    uint64_t second = ov_read_u64le(&r);

    OV_TRY(ov_reader_end(&r));
    ret[0] = first;
    ret[1] = second;
    return OV_OK;
}

static void put_path(struct ov_buf *b, const struct ov_wire_path *path)
{
    ov_put_varint(b, path->n);
    for (size_t i = 0; i < path->n; i++)
        put_text(b, path->names[i], MAX_NAME);
}

static void read_path(struct ov_reader *r, struct ov_wire_path *ret)
{
    uint64_t n = ov_read_varint(r);

    ov_reader_require(r, n <= OV_WIRE_MAX_PATH, OV_MALFORMED);
    for (size_t i = 0; i < n && ov_reader_more(r); i++)
        ret->names[ret->n++] = read_text(r, MAX_NAME);
    ov_reader_require(r, ret->n == n, OV_MALFORMED);
}

static void put_evidence(struct ov_buf *b, const struct ov_wire_evidence *e)
{
    ov_put_varint(b, e->term);
    ov_put_varint(b, e->at);
    ov_put_varint(b, e->len);
    put_text(b, e->bytes, MAX_EVIDENCE);
    put_text(b, e->view, MAX_WORD);
    put_text(b, e->name, MAX_WORD);
}

static void read_evidence(struct ov_reader *r, struct ov_wire_detection *d)
{
    uint64_t n = ov_read_varint(r);

    ov_reader_require(r, n <= OV_WIRE_MAX_EVIDENCE, OV_MALFORMED);
    for (size_t i = 0; i < n && ov_reader_more(r); i++) {
        struct ov_wire_evidence *e = &d->evidence[d->n_evidence++];

        e->term = read_u32(r);
        e->at = ov_read_varint(r);
        e->len = ov_read_varint(r);
        e->bytes = read_text(r, MAX_EVIDENCE);
        e->view = read_text(r, MAX_WORD);
        e->name = read_text(r, MAX_WORD);
    }
    ov_reader_require(r, d->n_evidence == n, OV_MALFORMED);
}

/* How many notes a message has room for. */
static size_t count_notes(const struct ov_wire_detection *d)
{
    size_t len = 0;
    size_t n = 0;

    while (n < d->n_notes) {
        struct ov_span value = ov_span_clip(d->notes[n].value, 0, MAX_NOTE);

        len += MAX_WORD + value.len;
        if (len > MAX_NOTES_LEN)
            break;
        n++;
    }
    return n;
}

static void put_notes(struct ov_buf *b, const struct ov_wire_detection *d)
{
    size_t n = count_notes(d);

    ov_put_varint(b, n);
    for (size_t i = 0; i < n; i++) {
        ov_put_u8(b, (uint8_t)d->notes[i].kind);
        put_text(b, d->notes[i].key, MAX_WORD);
        put_text(b, d->notes[i].value, MAX_NOTE);
    }
}

static void read_notes(struct ov_reader *r, struct ov_wire_detection *d)
{
    uint64_t n = ov_read_varint(r);

    ov_reader_require(r, n <= OV_WIRE_MAX_NOTES, OV_MALFORMED);
    for (size_t i = 0; i < n && ov_reader_more(r); i++) {
        struct ov_rule_note *note = &d->notes[d->n_notes++];
        uint8_t kind = ov_read_u8(r);

        ov_reader_require(r, kind < OV_N_NOTE_KINDS, OV_MALFORMED);
        note->kind = (enum ov_note_kind)kind;
        note->key = read_text(r, MAX_WORD);
        note->value = read_text(r, MAX_NOTE);
    }
    ov_reader_require(r, d->n_notes == n, OV_MALFORMED);
}

void ov_wire_put_detection(struct ov_buf *b, const struct ov_wire_detection *d)
{
    put_text(b, d->rule, MAX_TEXT);
    put_text(b, d->source, MAX_TEXT);
    ov_put_varint(b, d->line);
    ov_put_varint(b, d->flags);
    put_text(b, d->kind, MAX_WORD);
    put_text(b, d->type, MAX_WORD);
    ov_put_varint(b, d->object_len);
    ov_put_varint(b, d->order);
    put_path(b, &d->path);
    ov_put_varint(b, d->n_evidence);
    for (size_t i = 0; i < d->n_evidence; i++)
        put_evidence(b, &d->evidence[i]);
    put_notes(b, d);
}

enum ov_status ov_wire_read_detection(struct ov_span body,
                                      struct ov_wire_detection *ret)
{
    struct ov_reader r = ov_reader_over(body);

    *ret = (struct ov_wire_detection){.rule = read_text(&r, MAX_TEXT)};
    ret->source = read_text(&r, MAX_TEXT);
    ret->line = read_u32(&r);
    ret->flags = read_u32(&r);
    ret->kind = read_text(&r, MAX_WORD);
    ret->type = read_text(&r, MAX_WORD);
    ret->object_len = ov_read_varint(&r);
    ret->order = ov_read_varint(&r);
    read_path(&r, &ret->path);
    read_evidence(&r, ret);
    read_notes(&r, ret);
    return ov_reader_end(&r);
}

void ov_wire_put_match(struct ov_buf *b, const struct ov_string_match *m)
{
    put_text(b, m->name, MAX_WORD);
    ov_put_u8(b, m->is_hex);
    ov_put_varint(b, m->at);
    ov_put_varint(b, m->len);
    put_text(b, m->bytes, OV_MATCH_BYTES_MAX);
}

bool ov_wire_read_match(struct ov_reader *r, struct ov_string_match *ret)
{
    if (!ov_reader_more(r))
        return false;
    *ret = (struct ov_string_match){.name = read_text(r, MAX_WORD)};
    ret->is_hex = read_bool(r);
    ret->at = ov_read_varint(r);
    ret->len = ov_read_varint(r);
    ret->bytes = read_text(r, OV_MATCH_BYTES_MAX);
    return ov_reader_status(r) == OV_OK;
}

void ov_wire_put_cost(struct ov_buf *b, const struct ov_rule_cost *c)
{
    put_text(b, c->rule, MAX_TEXT);
    put_text(b, c->source, MAX_TEXT);
    ov_put_varint(b, c->line);
    ov_put_varint(b, c->n_tried);
    ov_put_varint(b, c->n_evaluated);
    ov_put_varint(b, c->steps);
}

bool ov_wire_read_cost(struct ov_reader *r, struct ov_rule_cost *ret)
{
    if (!ov_reader_more(r))
        return false;
    *ret = (struct ov_rule_cost){.rule = read_text(r, MAX_TEXT)};
    ret->source = read_text(r, MAX_TEXT);
    ret->line = read_u32(r);
    ret->n_tried = ov_read_varint(r);
    ret->n_evaluated = ov_read_varint(r);
    ret->steps = ov_read_varint(r);
    return ov_reader_status(r) == OV_OK;
}

void ov_wire_put_inconclusive(struct ov_buf *b,
                              const struct ov_wire_inconclusive *i)
{
    put_text(b, i->reason, MAX_WORD);
    put_text(b, i->detail, MAX_TEXT);
    ov_put_varint(b, i->at);
    put_path(b, &i->path);
}

enum ov_status ov_wire_read_inconclusive(struct ov_span body,
                                         struct ov_wire_inconclusive *ret)
{
    struct ov_reader r = ov_reader_over(body);

    *ret = (struct ov_wire_inconclusive){.reason = read_text(&r, MAX_WORD)};
    ret->detail = read_text(&r, MAX_TEXT);
    ret->at = ov_read_varint(&r);
    read_path(&r, &ret->path);
    return ov_reader_end(&r);
}

void ov_wire_put_outcome(struct ov_buf *b, const struct ov_wire_outcome *o)
{
    ov_put_varint(b, o->verdict);
    put_text(b, o->type, MAX_WORD);
    ov_put_varint(b, o->n_objects);
    ov_put_varint(b, o->n_bytes);
    for (size_t i = 0; i < OV_N_COST; i++)
        ov_put_varint(b, o->spent[i]);
}

enum ov_status ov_wire_read_outcome(struct ov_span body,
                                    struct ov_wire_outcome *ret)
{
    struct ov_reader r = ov_reader_over(body);
    struct ov_wire_outcome o = {.verdict = read_u32(&r)};

    o.type = read_text(&r, MAX_WORD);
    o.n_objects = ov_read_varint(&r);
    o.n_bytes = ov_read_varint(&r);
    for (size_t i = 0; i < OV_N_COST; i++)
        o.spent[i] = ov_read_varint(&r);
    OV_TRY(ov_reader_end(&r));
    *ret = o;
    return OV_OK;
}

#define AT(member) offsetof(struct ov_wire_failure, member)
static const struct ov_wire_field failure_fields[] = {
    {OV_WIRE_FIELD_U32, AT(status), 0},
    {OV_WIRE_FIELD_U32, AT(line), 0},
    {OV_WIRE_FIELD_TEXT, AT(source), MAX_TEXT},
    {OV_WIRE_FIELD_TEXT, AT(text), MAX_EVIDENCE},
};
#undef AT
OV_FIELDS_MESSAGE(failure)

#define AT(member) offsetof(struct ov_wire_sample_facts, member)
static const struct ov_wire_field sample_facts_fields[] = {
    {OV_WIRE_FIELD_U32, AT(class), 0},
    {OV_WIRE_FIELD_FLAG, AT(has_marker), 0},
    {OV_WIRE_FIELD_TEXT, AT(type), 64},
};
#undef AT
OV_FIELDS_MESSAGE(sample_facts)

#define AT(member) offsetof(struct ov_wire_compile, member)
static const struct ov_wire_field compile_fields[] = {
    {OV_WIRE_FIELD_U32, AT(n_threads), 0},
    {OV_WIRE_FIELD_FLAG, AT(allow_unsigned), 0},
    {OV_WIRE_FIELD_FLAG, AT(skip_errors), 0},
    {OV_WIRE_FIELD_FLAG, AT(wants_warnings), 0},
    {OV_WIRE_FIELD_FLAG, AT(has_file_values), 0},
    {OV_WIRE_FIELD_FLAG, AT(is_tier), 0},
    {OV_WIRE_FIELD_TEXT, AT(key), MAX_TEXT},
    {OV_WIRE_FIELD_TEXT, AT(defines), OV_WIRE_MAX_DEFINES},
};
#undef AT
OV_FIELDS_MESSAGE(compile)

void ov_wire_put_export(struct ov_buf *b, uint32_t as)
{
    ov_put_varint(b, as);
}

enum ov_status ov_wire_read_export(struct ov_span body, uint32_t *ret)
{
    struct ov_reader r = ov_reader_over(body);
    uint32_t as = read_u32(&r);

    OV_TRY(ov_reader_end(&r));
    *ret = as;
    return OV_OK;
}

void ov_wire_put_file(struct ov_buf *b, const struct ov_wire_file *f)
{
    put_text(b, f->name, MAX_TEXT);
    ov_put_block(b, f->piece);
}

enum ov_status ov_wire_read_file(struct ov_span body, struct ov_wire_file *ret)
{
    struct ov_reader r = ov_reader_over(body);
    struct ov_wire_file f = {.name = read_text(&r, MAX_TEXT)};

    f.piece = ov_read_block(&r);
    OV_TRY(ov_reader_end(&r));
    *ret = f;
    return OV_OK;
}

#define AT(member) offsetof(struct ov_wire_show, member)
static const struct ov_wire_field show_fields[] = {
    {OV_WIRE_FIELD_U32, AT(what), 0},
    {OV_WIRE_FIELD_U64, AT(image_len), 0},
    {OV_WIRE_FIELD_TEXT, AT(name), MAX_TEXT},
};
#undef AT
OV_FIELDS_MESSAGE(show)

#define AT(member) offsetof(struct ov_wire_proof, member)
static const struct ov_wire_field proof_fields[] = {
    {OV_WIRE_FIELD_U64, AT(now), 0},
    {OV_WIRE_FIELD_U64, AT(max_age), 0},
    {OV_WIRE_FIELD_TEXT, AT(policy), OV_WIRE_PROOF_MAX},
    {OV_WIRE_FIELD_TEXT, AT(entry), OV_WIRE_PROOF_MAX},
    {OV_WIRE_FIELD_TEXT, AT(proof), OV_WIRE_PROOF_MAX},
};
#undef AT
OV_FIELDS_MESSAGE(proof)

#define AT(member) offsetof(struct ov_wire_source, member)
static const struct ov_wire_field source_fields[] = {
    {OV_WIRE_FIELD_U64, AT(len), 0},
    {OV_WIRE_FIELD_TEXT, AT(name), MAX_TEXT},
    {OV_WIRE_FIELD_TEXT, AT(space), MAX_TEXT},
};
#undef AT
OV_FIELDS_MESSAGE(source)

#define AT(member) offsetof(struct ov_wire_include, member)
static const struct ov_wire_field include_fields[] = {
    {OV_WIRE_FIELD_U32, AT(file), 0},
    {OV_WIRE_FIELD_TEXT, AT(path), MAX_TEXT},
};
#undef AT
OV_FIELDS_MESSAGE(include)

#define AT(member) offsetof(struct ov_wire_skip, member)
static const struct ov_wire_field skip_fields[] = {
    {OV_WIRE_FIELD_TEXT, AT(source), MAX_TEXT},
    {OV_WIRE_FIELD_U32, AT(line), 0},
    {OV_WIRE_FIELD_U32, AT(n), 0},
    {OV_WIRE_FIELD_FLAG, AT(is_error), 0},
    {OV_WIRE_FIELD_TEXT, AT(why), MAX_NAME},
    {OV_WIRE_FIELD_TEXT, AT(what), MAX_NAME},
};
#undef AT
OV_FIELDS_MESSAGE(skip)

#define AT(member) offsetof(struct ov_wire_compiled, member)
static const struct ov_wire_field compiled_fields[] = {
    {OV_WIRE_FIELD_U64, AT(image_len), 0},
    {OV_WIRE_FIELD_BYTES, AT(digest), OV_WIRE_DIGEST},
    {OV_WIRE_FIELD_U64, AT(n_rules), 0},
    {OV_WIRE_FIELD_U64, AT(n_hashes), 0},
    {OV_WIRE_FIELD_U64, AT(n_patterns), 0},
    {OV_WIRE_FIELD_U64, AT(n_skipped), 0},
    {OV_WIRE_FIELD_U64, AT(n_ignored), 0},
    {OV_WIRE_FIELD_U64, AT(n_weak), 0},
};
#undef AT
OV_FIELDS_MESSAGE(compiled)
