/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of members that are pieces of their container. Holes cost what bytes
 * do. A list has at most ENTRIES_MAX members and PIECES_MAX pieces; what has
 * more ends with OV_LIMIT_COUNT behind those. */
#include "formats/listing.h"

#define ARENA_MAX ((size_t)64 << 20)
#define ENTRIES_MAX ((size_t)1 << 18)
#define PIECES_MAX ((size_t)1 << 20)
#define STEPS_PER_ENTRY 100
#define STEPS_PER_PIECE 10

void ov_listing_free(void *state)
{
    struct ov_listing *l = state;

    ov_arena_free(l->arena);
    ov_free(l->entries);
    ov_free(l->pieces);
    ov_free(l);
}

enum ov_status ov_listing_open(const struct ov_unpack_job *job,
                               ov_listing_fill *fill, void **ret_state)
{
    struct ov_listing *l = ov_alloc(sizeof(*l));

    if (l == NULL)
        return OV_NO_MEMORY;
    l->bytes = job->bytes;
    l->budget = job->budget;
    l->arena = ov_arena_new(ARENA_MAX);
    l->status = l->arena != NULL ? fill(l) : OV_NO_MEMORY;
    if (l->status == OV_NO_MEMORY) {
        ov_listing_free(l);
        return OV_NO_MEMORY;
    }
    *ret_state = l;
    return OV_OK;
}

/* Room for one more of n; *list may move. */
static enum ov_status grow(void **list, size_t *cap, size_t n, size_t size)
{
    size_t more = *cap < 16 ? 16 : *cap * 2;
    void *moved;

    if (n < *cap)
        return OV_OK;
    moved = ov_realloc_array(*list, more, size);
    if (moved == NULL)
        return OV_NO_MEMORY;
    *list = moved;
    *cap = more;
    return OV_OK;
}

enum ov_status ov_listing_add(struct ov_listing *l,
                              const struct ov_listing_entry *entry)
{
    void *list = l->entries;
    struct ov_listing_entry *e;
    enum ov_status status;

    if (l->n == ENTRIES_MAX)
        return OV_LIMIT_COUNT;
    OV_TRY(ov_budget_spend(l->budget, OV_COST_STEPS, STEPS_PER_ENTRY));
    status = grow(&list, &l->cap, l->n, sizeof(*l->entries));
    l->entries = list;
    OV_TRY(status);
    e = &l->entries[l->n];
    *e = *entry;
    if (!ov_arena_copy(l->arena, entry->name, &e->name))
        return OV_LIMIT_SIZE;
    e->first_piece = l->n_pieces;
    e->n_pieces = 0;
    l->n++;
    return OV_OK;
}

enum ov_status ov_listing_piece(struct ov_listing *l, uint64_t at, uint64_t len)
{
    void *list = l->pieces;
    struct ov_listing_piece *last;
    enum ov_status status;

    if (l->n == 0)
        return OV_USAGE;
    OV_TRY(ov_budget_spend(l->budget, OV_COST_STEPS, STEPS_PER_PIECE));
    if (l->entries[l->n - 1].n_pieces > 0) {
        last = &l->pieces[l->n_pieces - 1];
        if (at != OV_LISTING_HOLE && last->at != OV_LISTING_HOLE &&
            last->len <= UINT64_MAX - len && last->at + last->len == at) {
            last->len += len;
            return OV_OK;
        }
    }
    if (l->n_pieces == PIECES_MAX)
        return OV_LIMIT_COUNT;
    status = grow(&list, &l->cap_pieces, l->n_pieces, sizeof(*l->pieces));
    l->pieces = list;
    OV_TRY(status);
    l->pieces[l->n_pieces++] = (struct ov_listing_piece){at, len};
    l->entries[l->n - 1].n_pieces++;
    return OV_OK;
}

enum ov_status ov_listing_next(void *state, struct ov_member *ret)
{
    struct ov_listing *l = state;
    const struct ov_listing_entry *e;

    if (l->at == l->n) {
        ret->is_end = true;
        return l->status;
    }
    e = &l->entries[l->at++];
    ret->name = e->name;
    ret->packed_size = e->packed;
    ret->real_size = e->real;
    ret->type = e->type;
    ret->is_encrypted = e->is_encrypted;
    return OV_OK;
}

bool ov_listing_lend(void *state, struct ov_span *ret)
{
    const struct ov_listing *l = state;
    const struct ov_listing_entry *e = &l->entries[l->at - 1];
    const struct ov_listing_piece *p = &l->pieces[e->first_piece];

    return e->codec == OV_CODEC_STORE && !e->is_foreign && !e->is_encrypted &&
           e->n_pieces == 1 && p->at != OV_LISTING_HOLE &&
           p->len >= e->packed && ov_span_sub(l->bytes, p->at, e->packed, ret);
}

/* The member as it is packed: its pieces, one behind the other. */
static enum ov_status join(const struct ov_listing *l,
                           const struct ov_listing_entry *e,
                           struct ov_budget *budget, struct ov_buf *into)
{
    uint64_t left = e->packed;

    for (size_t i = 0; i < e->n_pieces && left > 0; i++) {
        const struct ov_listing_piece *p = &l->pieces[e->first_piece + i];
        uint64_t len = p->len < left ? p->len : left;
        struct ov_span part;

        left -= len;
        if (p->at == OV_LISTING_HOLE) {
            OV_TRY(ov_produce_zeros(into, budget, len));
            continue;
        }
        part = ov_span_clip(l->bytes, p->at, len);
        OV_TRY(ov_produce(into, budget, part));
        if (part.len < len)
            return OV_TRUNCATED;
    }
    return left > 0 ? OV_TRUNCATED : OV_OK;
}

/* What is packed and in one piece is not copied first. */
static enum ov_status unpack_one(const struct ov_listing *l,
                                 const struct ov_listing_entry *e,
                                 struct ov_buf *into)
{
    struct ov_decode_job job = {
        .codec = e->codec, .size_hint = e->real, .budget = l->budget};
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(into->max);

    if (e->n_pieces == 1 && l->pieces[e->first_piece].at != OV_LISTING_HOLE) {
        job.in =
            ov_span_clip(l->bytes, l->pieces[e->first_piece].at, e->packed);
    } else {
        OV_TRY(join(l, e, l->budget, &packed));
        job.in = ov_buf_span(&packed);
    }
    return ov_decode(&job, into, NULL);
}

enum ov_status ov_listing_read(void *state, struct ov_buf *into)
{
    const struct ov_listing *l = state;
    const struct ov_listing_entry *e = &l->entries[l->at - 1];

    if (e->is_encrypted)
        return OV_ENCRYPTED;
    if (e->is_foreign)
        return OV_UNSUPPORTED;
    if (e->codec == OV_CODEC_STORE)
        return join(l, e, l->budget, into);
    return unpack_one(l, e, into);
}

/* ---- names ---- */

static void put_code_point(struct ov_buf *b, uint32_t c)
{
    if (c < 0x80) {
        ov_put_u8(b, (uint8_t)c);
    } else if (c < 0x800) {
        ov_put_u8(b, (uint8_t)(0xc0 | c >> 6));
        ov_put_u8(b, (uint8_t)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        ov_put_u8(b, (uint8_t)(0xe0 | c >> 12));
        ov_put_u8(b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
        ov_put_u8(b, (uint8_t)(0x80 | (c & 0x3f)));
    } else {
        ov_put_u8(b, (uint8_t)(0xf0 | c >> 18));
        ov_put_u8(b, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
        ov_put_u8(b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
        ov_put_u8(b, (uint8_t)(0x80 | (c & 0x3f)));
    }
}

void ov_put_utf16le(struct ov_buf *into, struct ov_span text)
{
    for (uint64_t at = 0; at + 2 <= text.len; at += 2) {
        uint16_t unit = 0;
        uint16_t low = 0;
        uint32_t c;

        (void)ov_span_u16le(text, at, &unit);
        if (unit == 0)
            return;
        c = unit;
        if (unit >= 0xd800 && unit < 0xe000)
            c = 0xfffd;
        if (unit >= 0xd800 && unit < 0xdc00 &&
            ov_span_u16le(text, at + 2, &low) && low >= 0xdc00 &&
            low < 0xe000) {
            c = 0x10000 + ((uint32_t)(unit - 0xd800) << 10 | (low - 0xdc00u));
            at += 2;
        }
        put_code_point(into, c);
    }
}
