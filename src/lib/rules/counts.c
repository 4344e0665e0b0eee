/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/counts.h"

#include "base/assert.h"
#include "base/reader.h"
#include "rules/slots.h"
#include "rules/terms.h"

/* Counts skips by reason, and writes and reads the counts section. */

const char *ov_rule_kind_name(enum ov_rule_kind k)
{
    static const char *const names[OV_N_RULE_KINDS] = {
#define OV_RULE_KIND(id, word) [id] = word,
#include "rules/rule_kind.def"
#undef OV_RULE_KIND
    };

    OV_ASSERT(k < OV_N_RULE_KINDS);
    return names[k];
}

/* ---- counting ---- */

struct ov_skip_counter {
    OV_LIST(struct ov_skip_count, reasons);
    struct ov_slots slots; /* indices of reasons */
};

struct ov_skip_counter *ov_skip_counter_new(void)
{
    return ov_alloc(sizeof(struct ov_skip_counter));
}

void ov_skip_counter_free(struct ov_skip_counter *c)
{
    if (c == NULL)
        return;
    ov_free(c->reasons.items);
    ov_slots_done(&c->slots);
    ov_free(c);
}

enum ov_status ov_skip_counter_add(struct ov_skip_counter *c, uint32_t source,
                                   const struct ov_skip *skip)
{
    uint32_t hash = ov_slots_hash(skip->is_error, skip->why);
    uint32_t at = hash;
    uint64_t n = skip->n == 0 ? 1 : skip->n;
    uint32_t i;
    struct ov_skip_count *reason;

    while (ov_slots_next(&c->slots, hash, &at, &i)) {
        reason = &c->reasons.items[i];
        if (reason->is_error != skip->is_error ||
            !ov_span_equal(reason->why, skip->why))
            continue;
        reason->n += n;
        return OV_OK;
    }
    reason = ov_part_add(&c->reasons);
    if (reason == NULL)
        return OV_NO_MEMORY;
    *reason = (struct ov_skip_count){.why = skip->why,
                                     .is_error = skip->is_error,
                                     .n = n,
                                     .source = source,
                                     .line = skip->line,
                                     .what = skip->what};
    return ov_slots_add(&c->slots, hash, (uint32_t)(c->reasons.n - 1));
}

const struct ov_skip_count *ov_skip_counter_all(const struct ov_skip_counter *c,
                                                size_t *ret_n)
{
    *ret_n = c->reasons.n;
    return c->reasons.items;
}

/* ---- writing ---- */

/* An example is for people: its first bytes are enough. */
#define WHAT_MAX 80

void ov_counts_put(struct ov_buf *b, const struct ov_counts *c)
{
    uint32_t last = 0;

    ov_put_varint(b, OV_N_RULE_KINDS);
    for (int k = 0; k < OV_N_RULE_KINDS; k++)
        ov_put_varint(b, c->kinds[k]);
    ov_put_varint(b, c->n_ignored);
    ov_put_varint(b, c->n_skips);
    for (size_t i = 0; i < c->n_skips; i++) {
        const struct ov_skip_count *s = &c->skips[i];

        ov_put_block(b, s->why);
        ov_put_u8(b, s->is_error);
        ov_put_varint(b, s->n);
        ov_put_varint(b, s->source);
        ov_put_varint(b, s->line);
        ov_put_block(b, ov_span_clip(s->what, 0, WHAT_MAX));
    }
    ov_put_varint(b, c->n_weak);
    for (size_t i = 0; i < c->n_weak; i++) {
        OV_ASSERT(c->weak[i].id >= last);
        ov_put_varint(b, c->weak[i].id - last);
        ov_put_u8(b, c->weak[i].weakness);
        last = c->weak[i].id;
    }
}

/* ---- reading ---- */

/* A count of things that take at least `least` bytes each, and room for them;
 * NULL if there are none, or on failure. */
static void *read_room(struct ov_reader *r, struct ov_arena *arena,
                       size_t least, size_t size, size_t *ret_n)
{
    uint64_t n = ov_read_varint(r);
    void *room;

    *ret_n = 0;
    ov_reader_require(r, n <= ov_reader_rest(r).len / least, OV_MALFORMED);
    if (ov_reader_status(r) != OV_OK || n == 0)
        return NULL;
    room = ov_arena_array(arena, (size_t)n, size);
    ov_reader_require(r, room != NULL, OV_NO_MEMORY);
    *ret_n = room == NULL ? 0 : (size_t)n;
    return room;
}

static void read_skip(struct ov_reader *r, struct ov_skip_count *ret)
{
    ret->why = ov_read_block(r);
    ret->is_error = ov_read_u8(r) != 0;
    ret->n = ov_read_varint(r);
    ret->source = ov_read_varint32(r);
    ret->line = ov_read_varint32(r);
    ret->what = ov_read_block(r);
}

enum ov_status ov_counts_read(struct ov_image *image, struct ov_arena *arena,
                              struct ov_counts *ret)
{
    struct ov_counts c = {0};
    struct ov_skip_count *skips;
    struct ov_weak_pattern *weak;
    struct ov_reader r;
    struct ov_span s;
    uint32_t id = 0;

    if (!ov_image_at(image, OV_SECTION_COUNTS, 0,
                     image->sections[OV_SECTION_COUNTS].len, &s))
        return OV_BAD_DIGEST;
    r = ov_reader_over(s);
    ov_reader_require(&r, ov_read_varint(&r) == OV_N_RULE_KINDS, OV_MALFORMED);
    for (int k = 0; k < OV_N_RULE_KINDS; k++)
        c.kinds[k] = ov_read_varint(&r);
    c.n_ignored = ov_read_varint(&r);
    skips = read_room(&r, arena, 6, sizeof(*skips), &c.n_skips);
    for (size_t i = 0; i < c.n_skips; i++)
        read_skip(&r, &skips[i]);
    weak = read_room(&r, arena, 2, sizeof(*weak), &c.n_weak);
    for (size_t i = 0; i < c.n_weak; i++) {
        id += ov_read_varint32(&r);
        weak[i].id = id;
        weak[i].weakness = ov_read_u8(&r);
    }
    c.skips = skips;
    c.weak = weak;
    OV_TRY(ov_reader_end(&r));
    *ret = c;
    return OV_OK;
}
