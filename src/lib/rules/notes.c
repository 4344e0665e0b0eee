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
    for (uint32_t i = 0; i < rule->n_term_names; i++) {
        ov_put_u8(data, rule->term_forms[i]);
        ov_put_block(data, rule->term_names[i]);
    }
    ov_put_varint(data, rule->n_notes);
    for (uint32_t i = 0; i < rule->n_notes; i++) {
        ov_put_u8(data, (uint8_t)rule->notes[i].kind);
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

static enum ov_status read_names(struct ov_reader *r, struct ov_arena *arena,
                                 struct ov_notes *notes)
{
    size_t n = read_count(r, 2);
    struct ov_span *names = ov_arena_array(arena, n + 1, sizeof(*names));
    uint8_t *forms = ov_arena_array(arena, n + 1, sizeof(*forms));

    if (names == NULL || forms == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        forms[i] = ov_read_u8(r);
        names[i] = ov_read_block(r);
    }
    notes->term_names = names;
    notes->term_forms = forms;
    notes->n_term_names = n;
    return OV_OK;
}

static enum ov_status read_notes(struct ov_reader *r, struct ov_arena *arena,
                                 struct ov_notes *notes)
{
    size_t n = read_count(r, 3);
    struct ov_rule_note *list = ov_arena_array(arena, n + 1, sizeof(*list));

    if (list == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        uint8_t kind = ov_read_u8(r);

        ov_reader_require(r, kind < OV_N_NOTE_KINDS, OV_MALFORMED);
        list[i].kind = (enum ov_note_kind)kind;
        list[i].key = ov_read_block(r);
        list[i].value = ov_read_block(r);
    }
    notes->notes = list;
    notes->n_notes = n;
    return OV_OK;
}

enum ov_status ov_notes_find(struct ov_image *image, uint32_t id,
                             struct ov_arena *arena, struct ov_notes *ret)
{
    struct ov_notes notes = {0};
    struct ov_span bytes;
    struct ov_reader r;

    *ret = notes;
    if (!find_bytes(image, id, &bytes))
        return OV_OK;
    r = ov_reader_over(bytes);
    OV_TRY(read_names(&r, arena, &notes));
    OV_TRY(read_notes(&r, arena, &notes));
    if (ov_reader_end(&r) != OV_OK)
        return OV_MALFORMED;
    *ret = notes;
    return OV_OK;
}
