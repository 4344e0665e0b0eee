/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/notes.h"

#include "base/reader.h"

/* Only some rules have notes, and only a report asks for them: an index of
 * rising rule IDs, each with place and length of its notes, and behind it the
 * notes one after the other. */
#define HEADER ((uint64_t)8)
#define RECORD ((uint64_t)12)

static bool has_notes(const struct ov_rule *rule)
{
    return rule->n_term_names > 0 || rule->n_notes > 0;
}

void ov_notes_put(struct ov_buf *index, struct ov_buf *data, uint32_t id,
                  const struct ov_rule *rule)
{
    size_t at = data->len;

    if (!has_notes(rule))
        return;
    ov_put_varint(data, rule->n_term_names);
    for (uint32_t i = 0; i < rule->n_term_names; i++)
        ov_put_block(data, rule->term_names[i]);
    ov_put_varint(data, rule->n_notes);
    for (uint32_t i = 0; i < rule->n_notes; i++) {
        ov_put_block(data, rule->notes[i].key);
        ov_put_block(data, rule->notes[i].value);
    }
    ov_put_u32(index, id);
    ov_put_u32(index, (uint32_t)at);
    ov_put_u32(index, (uint32_t)(data->len - at));
}

void ov_notes_write(const struct ov_buf *index, const struct ov_buf *data,
                    struct ov_buf *ret)
{
    ov_put_u32(ret, (uint32_t)(index->len / RECORD));
    ov_put_u32(ret, 0);
    ov_put_span(ret, ov_buf_span(index));
    ov_put_span(ret, ov_buf_span(data));
    if (ov_buf_status(index) != OV_OK)
        ret->status = ov_buf_status(index);
    if (ov_buf_status(data) != OV_OK)
        ret->status = ov_buf_status(data);
}

/* The bytes of a rule's notes, by halving the index. */
static bool find_bytes(struct ov_image *image, uint32_t id, struct ov_span *ret)
{
    struct ov_span s;
    uint64_t low = 0;
    uint64_t high;
    uint64_t n;

    if (!ov_image_at(image, OV_SECTION_NOTES, 0, HEADER, &s))
        return false;
    n = high = ov_load32le(s.ptr);
    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        uint32_t at;

        if (!ov_image_at(image, OV_SECTION_NOTES, HEADER + mid * RECORD, RECORD,
                         &s))
            return false;
        at = ov_load32le(s.ptr);
        if (at == id)
            return ov_image_at(image, OV_SECTION_NOTES,
                               HEADER + n * RECORD + ov_load32le(s.ptr + 4),
                               ov_load32le(s.ptr + 8), ret);
        if (at < id)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

/* A count of things of at least so many bytes each. */
static size_t read_count(struct ov_reader *r, size_t least)
{
    uint64_t n = ov_read_varint(r);

    ov_reader_require(r, n <= ov_reader_rest(r).len / least, OV_MALFORMED);
    return ov_reader_status(r) == OV_OK ? (size_t)n : 0;
}

enum ov_status ov_notes_find(struct ov_image *image, uint32_t id,
                             struct ov_arena *arena, struct ov_notes *ret)
{
    struct ov_notes notes = {0};
    struct ov_rule_note *list;
    struct ov_span *names;
    struct ov_span bytes;
    struct ov_reader r;

    *ret = notes;
    if (!find_bytes(image, id, &bytes))
        return OV_OK;
    r = ov_reader_over(bytes);
    notes.n_term_names = read_count(&r, 1);
    names = ov_arena_array(arena, notes.n_term_names + 1, sizeof(*names));
    if (names == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < notes.n_term_names; i++)
        names[i] = ov_read_block(&r);
    notes.n_notes = read_count(&r, 2);
    list = ov_arena_array(arena, notes.n_notes + 1, sizeof(*list));
    if (list == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < notes.n_notes; i++) {
        list[i].key = ov_read_block(&r);
        list[i].value = ov_read_block(&r);
    }
    if (ov_reader_end(&r) != OV_OK)
        return OV_MALFORMED;
    notes.term_names = names;
    notes.notes = list;
    *ret = notes;
    return OV_OK;
}
