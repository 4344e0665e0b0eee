/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/terms.h"

#include "base/assert.h"

/* A term is a byte for its kind and then its fields as varints, in the order
 * of their struct. The low four bits of the first byte are the kind; for
 * patterns and regular expressions the high four bits are the place's kind, so
 * that the commonest term of all, a pattern anywhere, is a single byte. */

#define KIND_BITS 4

_Static_assert(OV_PLACE_MACRO < 16, "place kinds fit four bits");
_Static_assert(OV_TERM_MACRO < 16, "term kinds fit four bits");

void ov_put_signed(struct ov_buf *b, int64_t v)
{
    ov_put_varint(b, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

int64_t ov_read_signed(struct ov_reader *r)
{
    uint64_t v = ov_read_varint(r);

    return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}

uint32_t ov_read_varint32(struct ov_reader *r)
{
    uint64_t v = ov_read_varint(r);

    ov_reader_require(r, v <= UINT32_MAX, OV_MALFORMED);
    return (uint32_t)v;
}

static void put_head(struct ov_buf *b, enum ov_term_kind kind,
                     enum ov_place_kind place)
{
    ov_put_u8(b, (uint8_t)((unsigned)kind | (unsigned)place << KIND_BITS));
}

static void put_place(struct ov_buf *b, const struct ov_place *p)
{
    if (p->kind == OV_PLACE_ANY)
        return;
    ov_put_signed(b, p->at);
    ov_put_varint(b, p->shift);
    ov_put_varint(b, p->section);
}

static struct ov_place read_place(struct ov_reader *r, unsigned kind)
{
    struct ov_place p = {0};

    ov_reader_require(r, kind <= OV_PLACE_MACRO, OV_MALFORMED);
    if (kind == OV_PLACE_ANY || ov_reader_status(r) != OV_OK)
        return p;
    p.kind = (enum ov_place_kind)kind;
    p.at = ov_read_signed(r);
    p.shift = ov_read_varint32(r);
    p.section = (uint16_t)ov_read_varint32(r);
    return p;
}

static void put_regex(struct ov_buf *b, const struct ov_regex *x)
{
    put_head(b, OV_TERM_REGEX, x->place.kind);
    put_place(b, &x->place);
    ov_put_varint(b, x->flags);
    ov_put_block(b, x->source);
    ov_put_block(b, x->trigger);
}

static void put_bytecmp(struct ov_buf *b, const struct ov_bytecmp *c)
{
    OV_ASSERT(c->n_compare <= 2);
    put_head(b, OV_TERM_BYTECMP, OV_PLACE_ANY);
    ov_put_varint(b, c->trigger);
    ov_put_signed(b, c->offset);
    ov_put_u8(b, c->base);
    ov_put_u8(b, (uint8_t)(c->is_little | c->is_exact << 1));
    ov_put_u8(b, c->n_bytes);
    ov_put_u8(b, c->n_compare);
    for (int i = 0; i < c->n_compare; i++) {
        ov_put_u8(b, (uint8_t)c->compare[i].op);
        ov_put_signed(b, c->compare[i].value);
    }
}

static void read_bytecmp(struct ov_reader *r, struct ov_bytecmp *ret)
{
    uint8_t flags;

    ret->trigger = ov_read_varint32(r);
    ret->offset = ov_read_signed(r);
    ret->base = ov_read_u8(r);
    flags = ov_read_u8(r);
    ret->is_little = (flags & 1) != 0;
    ret->is_exact = (flags & 2) != 0;
    ret->n_bytes = ov_read_u8(r);
    ret->n_compare = ov_read_u8(r);
    ov_reader_require(r, ret->n_compare <= 2, OV_MALFORMED);
    for (int i = 0; ov_reader_status(r) == OV_OK && i < ret->n_compare; i++) {
        ret->compare[i].op = (char)ov_read_u8(r);
        ret->compare[i].value = ov_read_signed(r);
    }
}

void ov_terms_put(struct ov_buf *b, const struct ov_term *t)
{
    switch (t->kind) {
    case OV_TERM_PATTERN:
        put_head(b, t->kind, t->pattern.place.kind);
        put_place(b, &t->pattern.place);
        return;
    case OV_TERM_REGEX:
        put_regex(b, &t->regex);
        return;
    case OV_TERM_BYTECMP:
        put_bytecmp(b, &t->bytecmp);
        return;
    case OV_TERM_FUZZY:
        put_head(b, t->kind, OV_PLACE_ANY);
        ov_put_span(b, ov_span_of(t->fuzzy.hash, sizeof(t->fuzzy.hash)));
        ov_put_u8(b, t->fuzzy.distance);
        return;
    case OV_TERM_MACRO:
        put_head(b, t->kind, OV_PLACE_ANY);
        ov_put_varint(b, t->macro.group);
        ov_put_varint(b, t->macro.lead);
        ov_put_varint(b, t->macro.min);
        ov_put_varint(b, t->macro.max);
        return;
    }
    OV_UNREACHABLE();
}

static void read_fuzzy(struct ov_reader *r, struct ov_fuzzy *ret)
{
    struct ov_span hash = ov_read_span(r, sizeof(ret->hash));

    if (hash.len == sizeof(ret->hash))
        memcpy(ret->hash, hash.ptr, sizeof(ret->hash));
    ret->distance = ov_read_u8(r);
}

void ov_terms_read(struct ov_reader *r, struct ov_term *ret)
{
    uint8_t head = ov_read_u8(r);
    struct ov_place place = read_place(r, head >> KIND_BITS);

    *ret = (struct ov_term){0};
    ov_reader_require(r, (head & 15) <= OV_TERM_MACRO, OV_MALFORMED);
    if (ov_reader_status(r) != OV_OK)
        return;
    ret->kind = (enum ov_term_kind)(head & 15);
    switch (ret->kind) {
    case OV_TERM_PATTERN:
        ret->pattern.place = place;
        return;
    case OV_TERM_REGEX:
        ret->regex.place = place;
        ret->regex.flags = ov_read_varint32(r);
        ret->regex.source = ov_read_block(r);
        ret->regex.trigger = ov_read_block(r);
        return;
    case OV_TERM_BYTECMP:
        read_bytecmp(r, &ret->bytecmp);
        return;
    case OV_TERM_FUZZY:
        read_fuzzy(r, &ret->fuzzy);
        return;
    case OV_TERM_MACRO:
        ret->macro.group = ov_read_varint32(r);
        ret->macro.lead = ov_read_varint32(r);
        ret->macro.min = ov_read_varint32(r);
        ret->macro.max = ov_read_varint32(r);
        return;
    }
}
