/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/names.h"

#include "base/assert.h"
#include "base/reader.h"
#include "rules/bits.h"

/* Reads the names section (names_write.c tells the idea, and
 * docs/protocol-image.md, "names", the layout). Nothing in it is believed: a
 * number that leads outside of the section, or a column that is too short,
 * makes the entry unreadable. */

#define STEMS_BLOCK 16
#define MAX_DIGITS 18
#define HEADER_AT(list) ((uint64_t)32 * (uint64_t)((list) + 1))

struct place {
    uint64_t n;
    uint64_t index_at;
    uint64_t data_at;
    uint64_t data_len;
};

/* Row -1 is that of the stems. */
static bool read_place(struct ov_image *image, int list, struct place *ret)
{
    struct ov_span s;

    if (!ov_image_at(image, OV_SECTION_NAMES, HEADER_AT(list), 32, &s))
        return false;
    ret->n = ov_load64le(s.ptr);
    ret->index_at = ov_load64le(s.ptr + 8);
    ret->data_at = ov_load64le(s.ptr + 16);
    ret->data_len = ov_load64le(s.ptr + 24);
    return true;
}

/* The bytes of block `block` of n_blocks. */
static bool read_block(struct ov_image *image, const struct place *p,
                       uint64_t block, uint64_t n_blocks, struct ov_span *ret)
{
    struct ov_span index;
    uint64_t from;
    uint64_t to = p->data_len;
    bool is_last = block + 1 == n_blocks;

    if (block >= n_blocks || block > UINT32_MAX ||
        p->index_at > image->sections[OV_SECTION_NAMES].len ||
        p->data_at > image->sections[OV_SECTION_NAMES].len ||
        !ov_image_at(image, OV_SECTION_NAMES, p->index_at + block * 4,
                     is_last ? 4 : 8, &index))
        return false;
    from = ov_load32le(index.ptr);
    if (!is_last)
        to = ov_load32le(index.ptr + 4);
    return from <= to && to <= p->data_len &&
           ov_image_at(image, OV_SECTION_NAMES, p->data_at + from, to - from,
                       ret);
}

uint64_t ov_names_count(struct ov_image *image, int list)
{
    struct place p;

    return read_place(image, list, &p) ? p.n : 0;
}

static int64_t unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}

static void read_column(struct ov_reader *r, size_t n, uint64_t *ret)
{
    uint64_t least = (uint64_t)unzigzag(ov_read_varint(r));
    unsigned width = ov_read_u8(r);
    struct ov_span bits;

    ov_reader_require(r, width <= 64, OV_MALFORMED);
    bits = ov_read_span(r, (n * (uint64_t)width + 7) / 8);
    if (ov_reader_status(r) != OV_OK)
        return;
    for (size_t i = 0; i < n; i++)
        ret[i] = least + ov_bits_get(bits, i * width, width);
}

static void add_up(const uint64_t *steps, uint64_t first, size_t n,
                   uint64_t *ret)
{
    ret[0] = first;
    for (size_t i = 1; i < n; i++)
        ret[i] = ret[i - 1] + steps[i - 1];
}

bool ov_names_block_at(struct ov_image *image, int list, uint64_t block,
                       struct ov_names_block *ret)
{
    struct place p;
    struct ov_span s;
    struct ov_reader r;
    uint64_t column[OV_NAMES_BLOCK] = {0};
    uint64_t lines[OV_NAMES_BLOCK];
    uint64_t first_number;
    uint64_t first_line;

    OV_ASSERT(list >= 0 && list < OV_N_NAME_LISTS);
    if (!read_place(image, list, &p) ||
        !read_block(image, &p, block,
                    p.n / OV_NAMES_BLOCK + (p.n % OV_NAMES_BLOCK != 0), &s))
        return false;
    ret->n = OV_NAMES_BLOCK;
    if (p.n - block * OV_NAMES_BLOCK < OV_NAMES_BLOCK)
        ret->n = (size_t)(p.n - block * OV_NAMES_BLOCK);
    r = ov_reader_over(s);
    first_number = ov_read_varint(&r);
    first_line = ov_read_varint(&r);
    read_column(&r, ret->n, column);
    for (size_t i = 0; i < ret->n; i++)
        ret->stem[i] = (uint32_t)column[i];
    read_column(&r, ret->n - 1, column);
    add_up(column, first_number, ret->n, ret->number);
    read_column(&r, ret->n - 1, column);
    add_up(column, first_line, ret->n, lines);
    for (size_t i = 0; i < ret->n; i++)
        ret->line[i] = (uint32_t)lines[i];
    read_column(&r, ret->n, column);
    for (size_t i = 0; i < ret->n; i++)
        ret->source[i] = (uint32_t)column[i];
    read_column(&r, ret->n, column);
    for (size_t i = 0; i < ret->n; i++)
        ret->flags[i] = (uint8_t)column[i];
    return ov_reader_status(&r) == OV_OK;
}

static size_t put_digits(uint64_t number, uint8_t ret[static 20])
{
    uint8_t digits[20];
    size_t n = 0;

    do {
        digits[n++] = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    for (size_t i = 0; i < n; i++)
        ret[i] = digits[n - 1 - i];
    return n;
}

/* Walks the stem's block up to it; the text is left in ret. */
static bool read_stem(struct ov_span block, uint32_t nth,
                      uint8_t ret[static OV_NAME_MAX], size_t *ret_len,
                      uint64_t *ret_number_at)
{
    struct ov_reader r = ov_reader_over(block);
    size_t len = 0;

    for (uint32_t i = 0; i <= nth; i++) {
        uint64_t shared;
        struct ov_span rest;

        *ret_number_at = ov_read_varint(&r);
        shared = ov_read_varint(&r);
        rest = ov_read_block(&r);
        if (ov_reader_status(&r) != OV_OK || shared > len ||
            rest.len > OV_NAME_MAX - shared)
            return false;
        if (rest.len > 0)
            memcpy(ret + shared, rest.ptr, rest.len);
        len = (size_t)shared + rest.len;
    }
    *ret_len = len;
    return *ret_number_at <= len + 1;
}

bool ov_names_spell(struct ov_image *image, uint32_t stem, uint64_t number,
                    uint8_t ret[static OV_NAME_MAX], size_t *ret_len)
{
    struct place p;
    struct ov_span block;
    uint8_t digits[20];
    uint64_t number_at;
    size_t len;
    size_t n_digits;
    size_t at;

    if (!read_place(image, -1, &p) || stem >= p.n ||
        !read_block(image, &p, stem / STEMS_BLOCK,
                    p.n / STEMS_BLOCK + (p.n % STEMS_BLOCK != 0), &block) ||
        !read_stem(block, stem % STEMS_BLOCK, ret, &len, &number_at))
        return false;
    *ret_len = len;
    if (number_at == 0)
        return true;
    at = (size_t)number_at - 1;
    n_digits = put_digits(number, digits);
    if (n_digits > OV_NAME_MAX - len)
        return false;
    memmove(ret + at + n_digits, ret + at, len - at);
    memcpy(ret + at, digits, n_digits);
    *ret_len = len + n_digits;
    return true;
}

uint64_t ov_names_number(struct ov_span name, uint32_t *ret_at,
                         uint32_t *ret_len)
{
    size_t at = 0;
    uint64_t value = 0;

    *ret_at = 0;
    *ret_len = 0;
    while (at < name.len) {
        size_t end = at;

        while (end < name.len && ov_is_digit(name.ptr[end]))
            end++;
        if (end - at >= *ret_len && end > at && end - at <= MAX_DIGITS &&
            (name.ptr[at] != '0' || end - at == 1)) {
            *ret_at = (uint32_t)at;
            *ret_len = (uint32_t)(end - at);
        }
        at = end + 1;
    }
    for (uint32_t i = 0; i < *ret_len; i++)
        value = value * 10 + (uint64_t)(name.ptr[*ret_at + i] - '0');
    return value;
}

/* Whether what is left of a name without its number is this stem. */
static bool is_stem(struct ov_span name, uint32_t at, uint32_t len,
                    struct ov_span stem, uint64_t number_at)
{
    if (len == 0)
        return number_at == 0 && ov_span_equal(name, stem);
    return number_at == (uint64_t)at + 1 && stem.len == name.len - len &&
           ov_span_equal(ov_span_clip(name, 0, at),
                         ov_span_clip(stem, 0, at)) &&
           ov_span_equal(ov_span_clip(name, at + len, name.len),
                         ov_span_clip(stem, at, stem.len));
}

bool ov_names_find(struct ov_image *image, struct ov_span name,
                   struct ov_names_key *ret)
{
    struct place p;
    uint32_t at;
    uint32_t len;
    uint64_t number = ov_names_number(name, &at, &len);

    if (name.len > OV_NAME_MAX || !read_place(image, -1, &p) ||
        p.n > UINT32_MAX)
        return false;
    for (uint64_t i = 0; i < p.n; i++) {
        uint8_t text[OV_NAME_MAX];
        struct ov_span block;
        uint64_t number_at;
        size_t stem_len;

        if (!read_block(image, &p, i / STEMS_BLOCK,
                        p.n / STEMS_BLOCK + (p.n % STEMS_BLOCK != 0), &block) ||
            !read_stem(block, i % STEMS_BLOCK, text, &stem_len, &number_at))
            return false;
        if (!is_stem(name, at, len, ov_span_of(text, stem_len), number_at))
            continue;
        *ret = (struct ov_names_key){
            .stem = (uint32_t)i, .has_number = len > 0, .number = number};
        return true;
    }
    return false;
}

bool ov_names_at(struct ov_image *image, int list, uint64_t index,
                 struct ov_arena *arena, struct ov_names_entry *ret)
{
    struct ov_names_block block;
    size_t i = (size_t)(index % OV_NAMES_BLOCK);
    uint8_t name[OV_NAME_MAX];
    size_t len;

    if (!ov_names_block_at(image, list, index / OV_NAMES_BLOCK, &block) ||
        i >= block.n)
        return false;
    ret->name = (struct ov_span){NULL, 0};
    ret->source = block.source[i];
    ret->line = block.line[i];
    ret->flags = block.flags[i] & (uint8_t)~OV_NAMES_ALLOWED;
    ret->is_allowed = (block.flags[i] & OV_NAMES_ALLOWED) != 0;
    if (arena == NULL)
        return true;
    return ov_names_spell(image, block.stem[i], block.number[i], name, &len) &&
           ov_arena_copy(arena, ov_span_of(name, len), &ret->name);
}
