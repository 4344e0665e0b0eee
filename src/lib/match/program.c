/* SPDX-License-Identifier: Apache-2.0 */
#include "match/program.h"

/* The head of a pattern's program and the frame of its parts, written and read.
 * The bytes come from an image that may be damaged: whatever they are, reading
 * ends with false or with spans inside of them. */

/* Most numbers are small, and a program is read each time it is tried. */
static inline uint64_t read_number(struct ov_reader *r)
{
    if (r->status == OV_OK && r->at < r->all.len && r->all.ptr[r->at] < 0x80)
        return r->all.ptr[r->at++];
    return ov_read_varint(r);
}

static uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t v)
{
    return (int64_t)((v >> 1) ^ (v & 1 ? UINT64_MAX : 0));
}

/* Both one target and all of them become a small number. */
static uint64_t fold_targets(uint32_t targets)
{
    return targets >> 31 ? (uint64_t)(uint32_t)~targets << 1 | 1
                         : (uint64_t)targets << 1;
}

static uint32_t unfold_targets(uint64_t v)
{
    uint32_t half = (uint32_t)(v >> 1);

    return v & 1 ? ~half : half;
}

static void read_place(struct ov_reader *r, struct ov_place *ret)
{
    uint64_t kind = read_number(r);
    int64_t at = unzigzag(read_number(r));
    uint64_t shift = read_number(r);
    uint64_t section = read_number(r);

    ov_reader_require(r,
                      kind <= OV_PLACE_MACRO && shift <= UINT32_MAX &&
                          section <= UINT16_MAX,
                      OV_MALFORMED);
    *ret = (struct ov_place){(enum ov_place_kind)kind, at, (uint32_t)shift,
                             (uint16_t)section};
}

bool ov_program_read(struct ov_span body, struct ov_program *ret)
{
    struct ov_reader r = ov_reader_over(body);
    struct ov_program p = {.n_parts = 1};
    uint64_t flags = read_number(&r);
    uint64_t id;
    uint64_t rule;
    uint64_t guard = 0;

    ov_reader_require(&r, flags <= OV_PROGRAM_FLAGS_MAX, OV_MALFORMED);
    p.flags = (uint32_t)flags;
    p.targets = unfold_targets(read_number(&r));
    id = read_number(&r);
    rule = read_number(&r);
    if (p.flags & OV_PROGRAM_GUARDED)
        guard = read_number(&r);
    if (p.flags & OV_PROGRAM_XOR) {
        p.xor_min = ov_read_u8(&r);
        p.xor_max = ov_read_u8(&r);
    }
    if (p.flags & OV_PROGRAM_PLACED)
        read_place(&r, &p.place);
    if (p.flags & OV_PROGRAM_BACKWARD)
        p.backward = ov_read_block(&r);
    else
        p.atom_at = read_number(&r);
    if (p.flags & OV_PROGRAM_PARTS) {
        uint64_t n = read_number(&r);
        uint64_t lead = read_number(&r);

        ov_reader_require(&r, n >= 2 && n <= OV_PARTS_MAX && lead < n,
                          OV_MALFORMED);
        p.n_parts = (uint32_t)n;
        p.lead = (uint32_t)lead;
    }
    ov_reader_require(
        &r, id <= UINT32_MAX && rule <= UINT32_MAX && guard <= UINT32_MAX,
        OV_MALFORMED);
    if (ov_reader_status(&r) != OV_OK)
        return false;
    p.id = (uint32_t)id;
    p.rule = (uint32_t)rule;
    p.guard = (uint32_t)guard;
    p.parts = ov_reader_rest(&r);
    *ret = p;
    return true;
}

bool ov_program_part(const struct ov_program *p, struct ov_reader *r,
                     uint32_t n, struct ov_program_part *ret)
{
    struct ov_program_part part = {0};
    uint64_t len;

    if (p->flags & OV_PROGRAM_PARTS) {
        if (n > 0)
            part.gap_min = read_number(r);
        part.needle_at = read_number(r);
        part.needle = ov_read_block(r);
    }
    len = read_number(r);
    part.code = ov_read_span(r, len >> 1);
    part.is_straight = len & 1;
    if (ov_reader_status(r) != OV_OK)
        return false;
    *ret = part;
    return true;
}

static void put_head(struct ov_buf *b, const struct ov_program *p)
{
    ov_put_varint(b, p->flags);
    ov_put_varint(b, fold_targets(p->targets));
    ov_put_varint(b, p->id);
    ov_put_varint(b, p->rule);
    if (p->flags & OV_PROGRAM_GUARDED)
        ov_put_varint(b, p->guard);
    if (p->flags & OV_PROGRAM_XOR) {
        ov_put_u8(b, p->xor_min);
        ov_put_u8(b, p->xor_max);
    }
    if (p->flags & OV_PROGRAM_PLACED) {
        ov_put_varint(b, (uint64_t)p->place.kind);
        ov_put_varint(b, zigzag(p->place.at));
        ov_put_varint(b, p->place.shift);
        ov_put_varint(b, p->place.section);
    }
    if (p->flags & OV_PROGRAM_BACKWARD)
        ov_put_block(b, p->backward);
    else
        ov_put_varint(b, p->atom_at);
    if (p->flags & OV_PROGRAM_PARTS) {
        ov_put_varint(b, p->n_parts);
        ov_put_varint(b, p->lead);
    }
}

static size_t varint_len(uint64_t v)
{
    size_t n = 1;

    for (; v >= 0x80; v >>= 7)
        n++;
    return n;
}

void ov_program_write(struct ov_buf *b, const struct ov_program *p)
{
    size_t start = b->len;
    size_t len;
    size_t prefix;
    uint8_t *room;

    put_head(b, p);
    ov_put_span(b, p->parts);
    if (ov_buf_status(b) != OV_OK)
        return;

    /* The length goes in front once it is known. */
    len = b->len - start;
    prefix = varint_len(len);
    room = ov_buf_room(b, prefix);
    if (room == NULL)
        return;
    memmove(b->ptr + start + prefix, b->ptr + start, len);
    b->len = start;
    ov_put_varint(b, len);
    b->len += len;
}

void ov_program_write_part(struct ov_buf *b, const struct ov_program *p,
                           uint32_t n, const struct ov_program_part *part)
{
    if (p->flags & OV_PROGRAM_PARTS) {
        if (n > 0)
            ov_put_varint(b, part->gap_min);
        ov_put_varint(b, part->needle_at);
        ov_put_block(b, part->needle);
    }
    ov_put_varint(b, (uint64_t)part->code.len << 1 | part->is_straight);
    ov_put_span(b, part->code);
}
