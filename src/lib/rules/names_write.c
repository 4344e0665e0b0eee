/* SPDX-License-Identifier: Apache-2.0 */
#include "base/assert.h"
#include "rules/bits.h"
#include "rules/names.h"
#include "rules/slots.h"

/* Writes the names section.
 *
 * Rules of one family differ in a number: Win.Trojan.Agent-123, -124 and so on.
 * So a name is cut into a number (its longest run of digits,
 * ov_names_number) and a stem (the
 * rest, with the number's place), and an entry stores the stem's ID and the
 * number. Stems are numbered as they first occur and front-coded in blocks of
 * 16. Entries are kept in blocks of 64, in columns: stem, step of the number,
 * step of the line, source, flags. A column is its least value and, in as few
 * bits as its range needs, what the others have above it: where names and lines
 * count up one by one that is nothing at all.
 *
 * Everything is in the order of sources, so that the bytes do not depend on how
 * the sources were cut into parts. Limit: 4 GiB a list. */

#define STEMS_BLOCK 16
#define SECTION_MAX ((size_t)UINT32_MAX)

struct stem {
    struct ov_span name; /* the first that has it */
    uint32_t at;         /* of the number */
    uint32_t len;        /* of the number; 0: none */
    uint32_t hash;
};

struct list {
    uint64_t n;
    struct ov_buf index;
    struct ov_buf blocks;
};

struct ov_names_writer {
    OV_LIST(struct stem, stems);
    struct ov_slots slots; /* indices of stems */
    struct list lists[OV_N_NAME_LISTS];
    int current;
    struct ov_names_block block; /* of the current list, not yet written */
};

struct ov_names_writer *ov_names_writer_new(void)
{
    OV_AUTO(names_writer) w = ov_alloc(sizeof(*w));

    if (w == NULL)
        return NULL;
    for (int i = 0; i < OV_N_NAME_LISTS; i++) {
        w->lists[i].index = ov_buf_with_max(SECTION_MAX);
        w->lists[i].blocks = ov_buf_with_max(SECTION_MAX);
    }
    return OV_STEAL(w);
}

void ov_names_writer_free(struct ov_names_writer *w)
{
    if (w == NULL)
        return;
    ov_free(w->stems.items);
    ov_slots_done(&w->slots);
    for (int i = 0; i < OV_N_NAME_LISTS; i++) {
        ov_buf_done(&w->lists[i].index);
        ov_buf_done(&w->lists[i].blocks);
    }
    ov_free(w);
}

/* ---- stems ---- */

static struct ov_span head_of(const struct stem *s)
{
    return ov_span_clip(s->name, 0, s->len == 0 ? s->name.len : s->at);
}

static struct ov_span tail_of(const struct stem *s)
{
    if (s->len == 0)
        return (struct ov_span){NULL, 0};
    return ov_span_clip(s->name, s->at + s->len, s->name.len);
}

static bool is_same_stem(const struct stem *a, const struct stem *b)
{
    return a->hash == b->hash && (a->len == 0) == (b->len == 0) &&
           ov_span_equal(head_of(a), head_of(b)) &&
           ov_span_equal(tail_of(a), tail_of(b));
}

static enum ov_status find_stem(struct ov_names_writer *w, struct ov_span name,
                                uint32_t *ret, uint64_t *ret_number)
{
    struct stem s = {.name = name};
    struct stem *added;
    uint32_t at;

    *ret_number = ov_names_number(name, &s.at, &s.len);
    s.hash = ov_slots_hash(ov_slots_hash(s.len != 0, head_of(&s)), tail_of(&s));
    at = s.hash;
    while (ov_slots_next(&w->slots, s.hash, &at, ret))
        if (is_same_stem(&w->stems.items[*ret], &s))
            return OV_OK;
    added = ov_part_add(&w->stems);
    if (added == NULL)
        return OV_NO_MEMORY;
    *added = s;
    *ret = (uint32_t)(w->stems.n - 1);
    return ov_slots_add(&w->slots, s.hash, *ret);
}

/* ---- columns ---- */

static void put_bits(struct ov_buf *b, const uint64_t *values, size_t n,
                     unsigned width)
{
    size_t len = (n * width + 7) / 8;
    uint8_t *room = ov_buf_room(b, len);

    if (room == NULL)
        return;
    memset(room, 0, len);
    for (size_t i = 0; i < n; i++)
        ov_bits_set(room, i * width, width, values[i]);
    ov_buf_added(b, len);
}

static uint64_t zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

/* The least value as a zigzag varint, the width, then the differences. */
static void put_column(struct ov_buf *b, const int64_t *values, size_t n)
{
    uint64_t above[OV_NAMES_BLOCK];
    int64_t least = n > 0 ? values[0] : 0;
    uint64_t all = 0;
    unsigned width;

    for (size_t i = 1; i < n; i++)
        least = values[i] < least ? values[i] : least;
    for (size_t i = 0; i < n; i++) {
        above[i] = (uint64_t)values[i] - (uint64_t)least;
        all |= above[i];
    }
    width = ov_bits_in(all);
    ov_put_varint(b, zigzag(least));
    ov_put_u8(b, (uint8_t)width);
    if (width > 0)
        put_bits(b, above, n, width);
}

static enum ov_status flush(struct ov_names_writer *w)
{
    struct list *l = &w->lists[w->current];
    const struct ov_names_block *k = &w->block;
    int64_t column[OV_NAMES_BLOCK] = {0};

    if (k->n == 0)
        return OV_OK;
    ov_put_u32(&l->index, (uint32_t)l->blocks.len);
    ov_put_varint(&l->blocks, k->number[0]);
    ov_put_varint(&l->blocks, k->line[0]);
    for (size_t i = 0; i < k->n; i++)
        column[i] = k->stem[i];
    put_column(&l->blocks, column, k->n);
    for (size_t i = 1; i < k->n; i++)
        column[i - 1] = (int64_t)(k->number[i] - k->number[i - 1]);
    put_column(&l->blocks, column, k->n - 1);
    for (size_t i = 1; i < k->n; i++)
        column[i - 1] = (int64_t)k->line[i] - k->line[i - 1];
    put_column(&l->blocks, column, k->n - 1);
    for (size_t i = 0; i < k->n; i++)
        column[i] = k->source[i];
    put_column(&l->blocks, column, k->n);
    for (size_t i = 0; i < k->n; i++)
        column[i] = k->flags[i];
    put_column(&l->blocks, column, k->n);
    w->block.n = 0;
    OV_TRY(ov_buf_status(&l->index));
    return ov_buf_status(&l->blocks);
}

enum ov_status ov_names_add(struct ov_names_writer *w, int list,
                            const struct ov_names_entry *e)
{
    struct ov_names_block *k = &w->block;
    uint32_t stem;
    uint64_t number;

    OV_ASSERT(list >= 0 && list < OV_N_NAME_LISTS);
    OV_ASSERT((e->flags & OV_NAMES_ALLOWED) == 0);
    if (e->name.len > OV_NAME_MAX)
        return OV_LIMIT_SIZE;
    if (list != w->current || k->n == OV_NAMES_BLOCK)
        OV_TRY(flush(w));
    w->current = list;
    OV_TRY(find_stem(w, e->name, &stem, &number));
    if (w->stems.items[stem].len == 0 && k->n > 0)
        number = k->number[k->n - 1]; /* unused; a step of 0 costs nothing */
    k->stem[k->n] = stem;
    k->number[k->n] = number;
    k->line[k->n] = e->line;
    k->source[k->n] = e->source;
    k->flags[k->n] =
        (uint8_t)(e->flags | (e->is_allowed ? OV_NAMES_ALLOWED : 0));
    k->n++;
    w->lists[list].n++;
    return OV_OK;
}

/* ---- the section ---- */

static size_t common_prefix(struct ov_span a, struct ov_span b)
{
    size_t n = 0;

    while (n < a.len && n < b.len && a.ptr[n] == b.ptr[n])
        n++;
    return n;
}

static void put_stems(const struct ov_names_writer *w, struct ov_buf *index,
                      struct ov_buf *data)
{
    uint8_t last[OV_NAME_MAX];
    uint8_t text[OV_NAME_MAX];
    size_t last_len = 0;

    for (size_t i = 0; i < w->stems.n; i++) {
        const struct stem *s = &w->stems.items[i];
        struct ov_span head = head_of(s);
        struct ov_span tail = tail_of(s);
        size_t len = head.len + tail.len;
        size_t shared;

        OV_ASSERT(len <= OV_NAME_MAX);
        if (head.len > 0)
            memcpy(text, head.ptr, head.len);
        if (tail.len > 0)
            memcpy(text + head.len, tail.ptr, tail.len);
        if (i % STEMS_BLOCK == 0) {
            ov_put_u32(index, (uint32_t)data->len);
            last_len = 0;
        }
        shared =
            common_prefix(ov_span_of(last, last_len), ov_span_of(text, len));
        ov_put_varint(data, s->len == 0 ? 0 : s->at + 1);
        ov_put_varint(data, shared);
        ov_put_block(data, ov_span_of(text + shared, len - shared));
        memcpy(last, text, len);
        last_len = len;
    }
}

/* The header: number of stems, place of their index, place and length of their
 * text; then for each list its length, and the same three. */
static void put_header(const struct ov_names_writer *w, size_t stems_index,
                       size_t stems_data, struct ov_buf *ret)
{
    uint64_t at = 32 + (uint64_t)OV_N_NAME_LISTS * 32;

    ov_put_u64(ret, w->stems.n);
    ov_put_u64(ret, at);
    at += stems_index;
    ov_put_u64(ret, at);
    ov_put_u64(ret, stems_data);
    at += stems_data;
    for (int i = 0; i < OV_N_NAME_LISTS; i++) {
        ov_put_u64(ret, w->lists[i].n);
        ov_put_u64(ret, at);
        at += w->lists[i].index.len;
        ov_put_u64(ret, at);
        ov_put_u64(ret, w->lists[i].blocks.len);
        at += w->lists[i].blocks.len;
    }
}

enum ov_status ov_names_write(struct ov_names_writer *w, struct ov_buf *ret)
{
    OV_AUTO_DONE(buf) index = ov_buf_with_max(SECTION_MAX);
    OV_AUTO_DONE(buf) data = ov_buf_with_max(SECTION_MAX);

    OV_TRY(flush(w));
    put_stems(w, &index, &data);
    OV_TRY(ov_buf_status(&index));
    OV_TRY(ov_buf_status(&data));
    put_header(w, index.len, data.len, ret);
    ov_put_span(ret, ov_buf_span(&index));
    ov_put_span(ret, ov_buf_span(&data));
    for (int i = 0; i < OV_N_NAME_LISTS; i++) {
        ov_put_span(ret, ov_buf_span(&w->lists[i].index));
        ov_put_span(ret, ov_buf_span(&w->lists[i].blocks));
    }
    return ov_buf_status(ret);
}
