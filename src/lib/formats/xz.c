/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams of .xz as nearly all of them are: blocks of LZMA2 without another
 * filter, checked by CRC-32 or CRC-64 or not at all.
 *
 * All blocks are found first, by the heads of their chunks, and held to the
 * stream's index. So what comes out has its place before it is made, and each
 * block is a piece of work of its own: with a crew, whoever is free takes the
 * next one. Without, the caller does all.
 *
 * Only what is right down to the last byte of its footer is decoded here, by
 * lzma2.c. Whatever else comes (a damaged file, other filters, a limit) makes
 * all of it undone, and liblzma decodes it again and says what is wrong. So
 * there is one place that knows about damage, and a hostile file costs twice
 * at most.
 *
 * Format: the .xz file format 1.1, sections 2 to 4. */
#include "formats/xz.h"

#include <lzma.h>
#include <stdatomic.h>

#include "base/reader.h"
#include "formats/lzma2.h"

#define HEADER_LEN 12
#define BLOCKS_MAX 1024
#define HANDS_MAX 64
/* So many bytes are worth a helper's while. */
#define WORTH ((uint64_t)1 << 20)
#define MEMORY_MAX ((uint64_t)256 << 20)
#define FILTER_LZMA2 0x21
#define DICT_BITS_MAX 40

enum check {
    CHECK_NONE = 0,
    CHECK_CRC32 = 1,
    CHECK_CRC64 = 4,
};

enum block_flag {
    BLOCK_FILTERS = 0x3f, /* number of filters - 1, and reserved bits */
    BLOCK_PACKED_SIZE = 0x40,
    BLOCK_REAL_SIZE = 0x80,
};

struct block {
    bool has_packed;
    bool has_real;
    uint64_t packed; /* as its header says, if it does */
    uint64_t real;
    uint64_t dict_size;
    struct ov_span in;
    struct ov_span sum; /* of what comes out */
    uint64_t unpadded;  /* header and sum included */
    size_t at;          /* in what comes out */
    size_t size;
};

struct xz {
    struct ov_reader r;
    enum check check;
    size_t n_blocks;
    size_t size; /* of all that comes out */
    uint8_t *out;
    atomic_size_t next; /* block to be taken */
    atomic_bool is_unsound;
    struct block blocks[BLOCKS_MAX];
};

/* Who decodes blocks. */
struct hand {
    struct xz *x;
    struct ov_lzma2 *lzma2;
    bool is_given;
};

static const uint8_t magic[] = {0xfd, '7', 'z', 'X', 'Z', 0};

static bool is_crc32(struct ov_span bytes, uint32_t crc)
{
    return lzma_crc32(bytes.ptr, bytes.len, 0) == crc;
}

/* Zeros up to the next multiple of four from the stream's start. */
static void skip_padding(struct ov_reader *r)
{
    while (r->at % 4 != 0 && ov_reader_status(r) == OV_OK)
        ov_reader_require(r, ov_read_u8(r) == 0, OV_MALFORMED);
}

/* Section 2.1.1. */
static bool read_header(struct xz *x)
{
    struct ov_span head = ov_read_span(&x->r, sizeof(magic));
    struct ov_span flags = ov_read_span(&x->r, 2);
    uint32_t crc = ov_read_u32le(&x->r);

    x->check = (enum check)ov_span_byte(flags, 1);
    return ov_reader_status(&x->r) == OV_OK &&
           ov_span_equal(head, ov_span_of(magic, sizeof(magic))) &&
           ov_span_byte(flags, 0) == 0 && is_crc32(flags, crc) &&
           (x->check == CHECK_NONE || x->check == CHECK_CRC32 ||
            x->check == CHECK_CRC64);
}

/* Section 5.3.1: 2^n or 3 * 2^n, up to 4 GiB. */
static uint64_t dict_size_of(uint8_t bits)
{
    return (uint64_t)(2 | (bits & 1)) << (bits / 2 + 11);
}

/* Section 3.1; all of the header is there and has the right sum. */
static bool read_block_fields(struct ov_span header, struct block *b)
{
    struct ov_reader r = ov_reader_over(header);
    uint8_t flags;
    uint8_t bits;

    ov_reader_skip(&r, 1);
    flags = ov_read_u8(&r);
    b->has_packed = (flags & BLOCK_PACKED_SIZE) != 0;
    b->has_real = (flags & BLOCK_REAL_SIZE) != 0;
    if (b->has_packed)
        b->packed = ov_read_varint(&r);
    if (b->has_real)
        b->real = ov_read_varint(&r);
    ov_reader_require(&r, (flags & BLOCK_FILTERS) == 0, OV_UNSUPPORTED);
    ov_reader_require(&r, ov_read_varint(&r) == FILTER_LZMA2, OV_UNSUPPORTED);
    ov_reader_require(&r, ov_read_varint(&r) == 1, OV_MALFORMED);
    bits = ov_read_u8(&r);
    ov_reader_require(&r, bits <= DICT_BITS_MAX, OV_MALFORMED);
    while (ov_reader_more(&r))
        ov_reader_require(&r, ov_read_u8(&r) == 0, OV_MALFORMED);
    if (ov_reader_status(&r) != OV_OK)
        return false;
    b->dict_size = dict_size_of(bits); /* bits are few enough */
    return b->dict_size <= MEMORY_MAX;
}

static bool read_block_header(struct xz *x, struct block *b)
{
    size_t at = x->r.at;
    size_t len = ((size_t)ov_read_u8(&x->r) + 1) * 4;
    struct ov_span header;

    if (!ov_span_sub(x->r.all, at, len - 4, &header))
        return false;
    ov_reader_seek(&x->r, at + header.len);
    return is_crc32(header, ov_read_u32le(&x->r)) &&
           ov_reader_status(&x->r) == OV_OK && read_block_fields(header, b);
}

static size_t sum_len(enum check check)
{
    return check == CHECK_CRC64 ? 8 : check == CHECK_CRC32 ? 4 : 0;
}

/* Where the next block and its output lie. */
static bool plan_block(struct xz *x)
{
    struct block *b = &x->blocks[x->n_blocks];
    size_t from = x->r.at;
    size_t packed;

    if (x->n_blocks == BLOCKS_MAX || !read_block_header(x, b) ||
        !ov_lzma2_measure(ov_reader_rest(&x->r), &packed, &b->size))
        return false;
    b->in = ov_read_span(&x->r, packed);
    b->unpadded = x->r.at - from + sum_len(x->check);
    skip_padding(&x->r);
    b->sum = ov_read_span(&x->r, sum_len(x->check));
    b->at = x->size;
    x->n_blocks++;
    return ov_reader_status(&x->r) == OV_OK &&
           (!b->has_packed || b->packed == packed) &&
           (!b->has_real || b->real == b->size) &&
           !__builtin_add_overflow(x->size, b->size, &x->size);
}

/* Sections 2.1.2 and 4: the index repeats what the blocks were, the footer
 * says how long the index is. */
static bool read_end(struct xz *x, size_t from)
{
    struct ov_reader *r = &x->r;
    struct ov_span footer;
    struct ov_span index;
    uint32_t crc;

    ov_reader_skip(r, 1);
    if (ov_read_varint(r) != x->n_blocks)
        return false;
    for (size_t i = 0; i < x->n_blocks; i++) {
        ov_reader_require(r, ov_read_varint(r) == x->blocks[i].unpadded,
                          OV_MALFORMED);
        ov_reader_require(r, ov_read_varint(r) == x->blocks[i].size,
                          OV_MALFORMED);
    }
    skip_padding(r);
    if (!ov_span_sub(r->all, from, r->at - from, &index) ||
        !is_crc32(index, ov_read_u32le(r)))
        return false;
    crc = ov_read_u32le(r);
    footer = ov_read_span(r, 6);
    ov_reader_require(r, ov_read_u16le(r) == 0x5a59, OV_MALFORMED); /* "YZ" */
    return ov_reader_status(r) == OV_OK && is_crc32(footer, crc) &&
           ov_span_u32le(footer, 0, &crc) && crc == index.len / 4 &&
           ov_span_byte(footer, 4) == 0 &&
           ov_span_byte(footer, 5) == (int)x->check;
}

static bool plan(struct xz *x)
{
    if (!read_header(x))
        return false;
    while (ov_reader_more(&x->r)) {
        if (ov_span_byte(x->r.all, x->r.at) == 0)
            return read_end(x, x->r.at);
        if (!plan_block(x))
            return false;
    }
    return false;
}

/* ---- decoding ---- */

static bool has_sum(const struct block *b, struct ov_span made)
{
    struct ov_reader r = ov_reader_over(b->sum);

    if (b->sum.len == 4)
        return is_crc32(made, ov_read_u32le(&r));
    return b->sum.len == 0 ||
           lzma_crc64(made.ptr, made.len, 0) == ov_read_u64le(&r);
}

/* Blocks as long as there are any; it matters to nobody who does which. */
static void work(void *data)
{
    const struct hand *hand = data;
    struct xz *x = hand->x;
    size_t i;

    while ((i = atomic_fetch_add(&x->next, 1)) < x->n_blocks &&
           !atomic_load(&x->is_unsound)) {
        const struct block *b = &x->blocks[i];
        uint8_t *out = x->out + b->at;

        if (!ov_lzma2_decode(hand->lzma2, b->in, b->dict_size, out, b->size) ||
            !has_sum(b, ov_span_of(out, b->size)))
            atomic_store(&x->is_unsound, true);
    }
}

/* How many of the crew, and the caller. */
static size_t n_hands(const struct xz *x, const struct ov_crew *crew)
{
    uint64_t worth = crew == NULL || crew->stretch == 0 ? WORTH : crew->stretch;
    size_t n = crew == NULL || x->size < worth ? 1 : (size_t)crew->n + 1;

    n = n < HANDS_MAX ? n : HANDS_MAX;
    return n < x->n_blocks ? n : x->n_blocks;
}

/* The last hand is the caller's. A helper for whom there is no memory rests. */
static bool decode_blocks(struct xz *x, struct ov_crew *crew)
{
    struct hand hands[HANDS_MAX] = {0};
    size_t n = n_hands(x, crew);
    bool is_done = true;

    for (unsigned i = 0; i < n; i++) {
        struct hand *h = &hands[i];
        bool is_ours = i == n - 1;

        if (!is_ours && !crew->is_idle(crew, i))
            continue;
        *h = (struct hand){.x = x, .lzma2 = ov_lzma2_new()};
        h->is_given = !is_ours && h->lzma2 != NULL;
        if (h->is_given)
            crew->start(crew, i, work, h);
        else if (is_ours && h->lzma2 != NULL)
            work(h);
        else if (is_ours)
            is_done = false;
    }
    for (unsigned i = 0; i < n; i++) {
        if (hands[i].is_given)
            crew->wait(crew, i);
        ov_lzma2_free(hands[i].lzma2);
    }
    return is_done && !atomic_load(&x->is_unsound);
}

static bool decode(struct xz *x, struct ov_budget *budget, struct ov_crew *crew,
                   struct ov_buf *into)
{
    if (!plan(x) || ov_budget_spend(budget, OV_COST_STEPS, x->r.at) != OV_OK ||
        ov_budget_spend(budget, OV_COST_BYTES, x->size) != OV_OK)
        return false;
    x->out = ov_buf_room(into, x->size);
    if (x->out == NULL || !decode_blocks(x, crew))
        return false;
    ov_buf_added(into, x->size);
    return true;
}

bool ov_xz_decode(struct ov_span in, struct ov_budget *budget,
                  struct ov_crew *crew, struct ov_buf *into, size_t *ret_used)
{
    OV_AUTO_PTR struct xz *x = ov_alloc(sizeof(*x));
    struct ov_budget budget_before = *budget;
    size_t before = into->len;

    if (x == NULL)
        return false;
    x->r = ov_reader_over(in);
    if (!decode(x, budget, crew, into)) {
        *budget = budget_before;
        ov_buf_clear(into);
        into->len = before;
        return false;
    }
    *ret_used = x->r.at;
    return true;
}
