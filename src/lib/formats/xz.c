/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams of .xz as nearly all of them are: blocks of LZMA2 without another
 * filter, checked by CRC-32 or CRC-64 or not at all.
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

#include "base/reader.h"
#include "formats/lzma2.h"

#define HEADER_LEN 12
#define BLOCKS_MAX 256
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

struct record {
    uint64_t packed; /* header and check included, padding not */
    uint64_t real;
};

struct xz {
    struct ov_reader r;
    struct ov_budget *budget;
    struct ov_buf *into;
    enum check check;
    size_t n_blocks;
    struct record blocks[BLOCKS_MAX];
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

struct block {
    bool has_packed;
    bool has_real;
    uint64_t packed;
    uint64_t real;
    uint64_t dict_size;
};

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
    b->dict_size = dict_size_of(bits);
    return ov_reader_status(&r) == OV_OK && b->dict_size <= MEMORY_MAX;
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

static bool is_checked(struct xz *x, struct ov_span made)
{
    if (x->check == CHECK_CRC32)
        return is_crc32(made, ov_read_u32le(&x->r));
    if (x->check == CHECK_CRC64)
        return lzma_crc64(made.ptr, made.len, 0) == ov_read_u64le(&x->r);
    return true;
}

static bool read_block(struct xz *x)
{
    struct block b = {0};
    struct record *record = &x->blocks[x->n_blocks];
    size_t from = x->r.at;
    size_t before = x->into->len;
    struct ov_span made;
    uint64_t packed;
    size_t used;

    if (x->n_blocks == BLOCKS_MAX || !read_block_header(x, &b) ||
        !ov_lzma2_decode(ov_reader_rest(&x->r), b.dict_size, x->budget, x->into,
                         &used))
        return false;
    made = ov_span_clip(ov_buf_span(x->into), before, x->into->len);
    ov_reader_skip(&x->r, used);
    packed = x->r.at - from;
    skip_padding(&x->r);
    from = x->r.at;
    if (!is_checked(x, made))
        return false;
    record->packed = packed + (x->r.at - from);
    record->real = made.len;
    x->n_blocks++;
    return ov_reader_status(&x->r) == OV_OK &&
           (!b.has_packed || b.packed == used) &&
           (!b.has_real || b.real == made.len);
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
        ov_reader_require(r, ov_read_varint(r) == x->blocks[i].packed,
                          OV_MALFORMED);
        ov_reader_require(r, ov_read_varint(r) == x->blocks[i].real,
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

static bool read_stream(struct xz *x)
{
    if (!read_header(x))
        return false;
    while (ov_reader_more(&x->r)) {
        if (ov_span_byte(x->r.all, x->r.at) == 0)
            return read_end(x, x->r.at);
        if (!read_block(x))
            return false;
    }
    return false;
}

bool ov_xz_decode(struct ov_span in, struct ov_budget *budget,
                  struct ov_buf *into, size_t *ret_used)
{
    OV_AUTO_PTR struct xz *x = ov_alloc(sizeof(*x));
    struct ov_budget budget_before = *budget;
    size_t before = into->len;

    if (x == NULL)
        return false;
    x->r = ov_reader_over(in);
    x->budget = budget;
    x->into = into;
    if (!read_stream(x) ||
        ov_budget_spend(budget, OV_COST_STEPS, x->r.at) != OV_OK) {
        *budget = budget_before;
        ov_buf_clear(into);
        into->len = before;
        return false;
    }
    *ret_used = x->r.at;
    return true;
}
