/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/record_set.h"

#include "base/assert.h"

/*
 * A sorted array. The tree over it (RFC 6962 section 2.1) is never stored: its
 * root is folded from the leaves, and a proof's inner nodes are folded from the
 * leaves below them, which costs as much as one root.
 *
 * The index of a set is a line and for each record its ID as a block and its
 * leaf, 32 bytes: "overt-record-index/v1\n". It never travels, each client
 * makes its own, and believes it no further than the root over it.
 */

struct ov_record_set {
    struct ov_record_entry *items;
    size_t n;
    size_t cap;
    bool is_open; /* something was added since the last seal */
};

struct ov_record_set *ov_record_set_new(void)
{
    return ov_alloc(sizeof(struct ov_record_set));
}

void ov_record_set_free(struct ov_record_set *s)
{
    if (s == NULL)
        return;
    ov_free(s->items);
    ov_free(s);
}

enum ov_status ov_record_set_add_entry(struct ov_record_set *s,
                                       const struct ov_record_entry *e)
{
    if (!ov_record_id_is_valid(e->record.id))
        return OV_MALFORMED;
    if (s->n == s->cap) {
        size_t more = s->cap < 8 ? 16 : s->cap + s->cap / 2;
        void *grown = ov_realloc_array(s->items, more, sizeof(*s->items));

        if (grown == NULL)
            return OV_NO_MEMORY;
        s->items = grown;
        s->cap = more;
    }
    s->items[s->n++] = *e;
    s->is_open = true;
    return OV_OK;
}

enum ov_status ov_record_set_add(struct ov_record_set *s,
                                 const struct ov_record *r)
{
    struct ov_record_entry e = {.record = *r, .has_record = true};

    OV_TRY(ov_record_check(r));
    OV_TRY(ov_record_leaf(r, e.leaf));
    return ov_record_set_add_entry(s, &e);
}

static int compare(const void *a, const void *b)
{
    const struct ov_record_entry *x = a;
    const struct ov_record_entry *y = b;

    return ov_span_compare(x->record.id, y->record.id);
}

enum ov_status ov_record_set_seal(struct ov_record_set *s)
{
    size_t n = 0;

    if (s->n > 0)
        qsort(s->items, s->n, sizeof(*s->items), compare);
    for (size_t i = 0; i < s->n; i++) {
        if (n == 0 || compare(&s->items[n - 1], &s->items[i]) != 0)
            s->items[n++] = s->items[i];
        else if (memcmp(s->items[n - 1].leaf, s->items[i].leaf,
                        OV_MERKLE_HASH) != 0)
            return OV_MALFORMED;
    }
    s->n = n;
    s->is_open = false;
    return OV_OK;
}

const struct ov_record_entry *ov_record_set_list(const struct ov_record_set *s,
                                                 size_t *ret_n)
{
    OV_ASSERT(!s->is_open);
    *ret_n = s->n;
    return s->items;
}

const struct ov_record_entry *ov_record_set_find(const struct ov_record_set *s,
                                                 struct ov_span id)
{
    struct ov_record_entry key = {.record.id = id};

    OV_ASSERT(!s->is_open);
    return s->n == 0
               ? NULL
               : bsearch(&key, s->items, s->n, sizeof(*s->items), compare);
}

void ov_record_set_root(const struct ov_record_set *s,
                        uint8_t ret[static OV_MERKLE_HASH])
{
    struct ov_merkle_stack stack = {0};

    OV_ASSERT(!s->is_open);
    for (size_t i = 0; i < s->n; i++)
        ov_merkle_stack_add(&stack, s->items[i].leaf);
    ov_merkle_stack_root(&stack, ret);
}

static enum ov_status fold(void *data, unsigned level, uint64_t index,
                           uint8_t ret[static OV_MERKLE_HASH])
{
    const struct ov_record_set *s = data;
    struct ov_merkle_stack stack = {0};
    uint64_t from = index << level;
    uint64_t to = from + ((uint64_t)1 << level);

    for (uint64_t i = from; i < to && i < s->n; i++)
        ov_merkle_stack_add(&stack, s->items[i].leaf);
    ov_merkle_stack_root(&stack, ret);
    return OV_OK;
}

enum ov_status
ov_record_set_prove(const struct ov_record_set *s, size_t index,
                    uint8_t ret_proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH],
                    size_t *ret_n)
{
    /* fold only reads */
    struct ov_record_set view = *s;
    struct ov_merkle_source source = {.data = &view, .node = fold};

    OV_ASSERT(!s->is_open);
    return ov_merkle_prove_inclusion(&source, index, s->n, ret_proof, ret_n);
}

/* ---- the index ---- */

#define INDEX_LINE "overt-record-index/v1\n"

void ov_put_record_index(struct ov_buf *b, const struct ov_record_set *s)
{
    OV_ASSERT(!s->is_open);
    ov_put_str(b, INDEX_LINE);
    for (size_t i = 0; i < s->n; i++) {
        ov_put_block(b, s->items[i].record.id);
        ov_put_span(b, ov_span_of(s->items[i].leaf, OV_MERKLE_HASH));
    }
}

static enum ov_status read_entries(struct ov_reader *r, struct ov_record_set *s)
{
    while (ov_reader_more(r)) {
        struct ov_record_entry e = {.record.id = ov_read_block(r)};
        struct ov_span leaf = ov_read_span(r, OV_MERKLE_HASH);

        OV_TRY(ov_reader_status(r));
        for (size_t i = 0; i < OV_MERKLE_HASH; i++)
            e.leaf[i] = (uint8_t)ov_span_byte(leaf, i);
        if (s->n > 0 && compare(&s->items[s->n - 1], &e) >= 0)
            return OV_MALFORMED;
        OV_TRY(ov_record_set_add_entry(s, &e));
    }
    return ov_reader_end(r);
}

enum ov_status ov_record_index_read(struct ov_span bytes,
                                    struct ov_record_set **ret)
{
    OV_AUTO(record_set) s = ov_record_set_new();
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_span line = ov_read_span(&r, strlen(INDEX_LINE));

    if (s == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_reader_status(&r));
    if (!ov_span_equal(line, OV_SPAN_LIT(INDEX_LINE)))
        return OV_MALFORMED;
    OV_TRY(read_entries(&r, s));
    s->is_open = false;
    *ret = OV_STEAL(s);
    return OV_OK;
}
