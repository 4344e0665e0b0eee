/* SPDX-License-Identifier: Apache-2.0 */
#include "match/builder.h"
#include "match/compiled.h"
#include "match/prefilter.h"

/* What the pass looks at, for each set of patterns that some views share:
 * filters and the check, made of the atoms; the programs with a place of their
 * own; and the slow ones. */

/* One that is written. */
struct set {
    const struct ov_builder *b;
    size_t base; /* of the compiled form, and the set's description: in it */
    size_t at;
    struct ov_cell_of_views views; /* that it is for */
    uint32_t *picked;              /* its atoms of one kind, by their bytes */
    uint8_t *groups;               /* and the groups that they are in */
    size_t n;
};

static int by_key(const void *a, const void *b)
{
    const struct ov_atom_entry *x = a;
    const struct ov_atom_entry *y = b;
    uint64_t k = __builtin_bswap64(x->key);
    uint64_t l = __builtin_bswap64(y->key);

    if (k != l)
        return k < l ? -1 : 1;
    return x->program < y->program ? -1 : x->program > y->program;
}

static void sort_by_key(struct ov_builder *b)
{
    if (b->atoms.n > 0)
        qsort(b->atoms.at, b->atoms.n, sizeof(b->atoms.at[0]), by_key);
}

/* Fills a filter's bytes, of the n atoms that are picked, with this salt. */
static struct ov_filter fill_filter(const struct set *s, enum ov_atom_kind kind,
                                    uint8_t *bytes, uint32_t salt)
{
    uint32_t log = ov_filter_log(kind, s->n);
    size_t size = (size_t)ov_filter_size(kind, log);
    struct ov_filter f =
        ov_filter_over(ov_span_of(bytes, size), kind, log, salt);

    memset(bytes, 0, size);
    for (size_t i = 0; i < s->n; i++)
        ov_filter_add(bytes, &f, kind, s->b->atoms.at[s->picked[i]].key,
                      s->groups[i]);
    return f;
}

/* Salts that are tried, and the chance that is good enough: a byte in 2^13. */
#define SALTS 8
#define CHANCE_FINE ((uint64_t)1 << 19)

/* The filter of the atoms that are picked. */
static enum ov_status put_filter(const struct set *s, struct ov_buf *ret,
                                 enum ov_atom_kind kind)
{
    uint64_t least = UINT64_MAX;
    uint32_t best = 0;
    uint64_t off;
    struct ov_filter f = {0};
    uint8_t *desc;
    uint8_t *bytes = ov_builder_room(
        ret, ov_filter_size(kind, ov_filter_log(kind, s->n)), &off);

    if (bytes == NULL)
        return ov_buf_status(ret);
    for (uint32_t salt = 0; salt < SALTS && least > CHANCE_FINE; salt++) {
        uint64_t chance = 0;

        f = fill_filter(s, kind, bytes, salt * OV_FILTER_MIX_2);
        if (kind == OV_ATOM_LONG)
            chance = ov_filter_chance(&f);
        if (chance < least) {
            least = chance;
            best = f.salt;
        }
    }
    if (f.salt != best)
        f = fill_filter(s, kind, bytes, best);
    desc = ret->ptr + s->at + 16 * (size_t)kind;
    ov_put_le64(desc, off - s->base);
    ov_put_le32(desc + 8, f.log);
    ov_put_le32(desc + 12, f.salt);
    return OV_OK;
}

/* The check of the LONG atoms that are picked. */
static enum ov_status put_check(const struct set *s, struct ov_buf *ret)
{
    uint32_t log = ov_check_log(s->n);
    uint64_t off;
    uint8_t *words = ov_builder_room(ret, (uint64_t)8 << log, &off);

    if (words == NULL)
        return ov_buf_status(ret);
    for (size_t i = 0; i < s->n; i++)
        ov_check_add(words, log, s->b->atoms.at[s->picked[i]].key);
    ov_put_le64(ret->ptr + s->at + OV_SET_CHECK, off - s->base);
    ov_put_le32(ret->ptr + s->at + OV_SET_CHECK + 8, log);
    return OV_OK;
}

static enum ov_status put_kind(struct set *s, struct ov_buf *ret,
                               enum ov_atom_kind kind)
{
    const struct ov_atom_entries *atoms = &s->b->atoms;

    s->n = 0;
    for (size_t i = 0; i < atoms->n; i++)
        if (atoms->at[i].kind == kind &&
            ov_where_has(&atoms->at[i].where, s->views))
            s->picked[s->n++] = (uint32_t)i;
    if (s->n == 0)
        return OV_OK;
    if (kind != OV_ATOM_LONG)
        OV_TRY(ov_builder_deal(s->b, kind, s->picked, s->n, s->groups));
    OV_TRY(put_filter(s, ret, kind));
    return kind == OV_ATOM_LONG ? put_check(s, ret) : OV_OK;
}

/* The slow programs, and at which bytes each is tried. */
static enum ov_status put_slow(const struct set *s, struct ov_buf *ret)
{
    const struct ov_builder *b = s->b;
    uint64_t n = 0;
    uint64_t off;
    uint64_t n_groups;
    uint8_t *groups;

    for (size_t i = 0; i < b->n_slow; i++)
        n += ov_where_has(&b->slow[i].where, s->views);
    n_groups = (n + OV_SLOW_GROUP - 1) / OV_SLOW_GROUP;
    if (n == 0)
        return OV_OK;
    groups = ov_builder_room(ret, n_groups * OV_SLOW_SIZE, &off);
    if (groups == NULL)
        return ov_buf_status(ret);
    ov_put_le64(ret->ptr + s->at + OV_SET_SLOW, off - s->base);
    ov_put_le32(ret->ptr + s->at + OV_SET_SLOW + 8, (uint32_t)n_groups);
    n = 0;
    for (size_t i = 0; i < b->n_slow; i++) {
        const struct ov_slow *slow = &b->slow[i];
        uint8_t *group = groups + n / OV_SLOW_GROUP * OV_SLOW_SIZE;
        uint32_t nth = n % OV_SLOW_GROUP;

        if (!ov_where_has(&slow->where, s->views))
            continue;
        for (size_t byte = 0; byte < 256; byte++)
            if (ov_class_has(&slow->bytes, (uint8_t)byte))
                group[8 * byte + nth / 8] |= (uint8_t)(1u << nth % 8);
        ov_put_le32(group + OV_SLOW_REFS + 4 * (size_t)nth, slow->program);
        n++;
    }
    return OV_OK;
}

static enum ov_status put_set(struct set *s, struct ov_buf *ret)
{
    const struct ov_builder *b = s->b;
    uint32_t n = 0;
    size_t off;

    for (size_t k = 0; k < OV_N_ATOM_KINDS; k++)
        OV_TRY(put_kind(s, ret, (enum ov_atom_kind)k));
    OV_TRY(put_slow(s, ret));
    ov_put_align(ret, 64);
    off = ret->len;
    for (size_t i = 0; i < b->fixed.n; i++) {
        if (!ov_where_has(&b->fixed.at[i].where, s->views))
            continue;
        ov_put_u32(ret, b->fixed.at[i].program);
        n++;
    }
    OV_TRY(ov_buf_status(ret));
    ov_put_le64(ret->ptr + s->at + OV_SET_FIXED, off - s->base);
    ov_put_le32(ret->ptr + s->at + OV_SET_FIXED + 8, n);
    return OV_OK;
}

/* Classes, guards and the sets' numbers. */
static enum ov_status put_guards(const struct ov_builder *b,
                                 const uint8_t *sets, struct ov_buf *ret,
                                 size_t base)
{
    const struct ov_classes *c = &b->classes;
    uint8_t *desc;
    size_t off;

    ov_put_align(ret, 64);
    off = ret->len;
    for (uint32_t i = 0; i < c->n_heads; i++) {
        ov_put_u32(ret, c->heads[i].mask);
        ov_put_u32(ret, c->heads[i].head);
    }
    for (uint32_t i = 0; i < c->n_sizes; i++)
        ov_put_u64(ret, c->sizes[i]);
    for (size_t i = 0; i < b->guards.n; i++) {
        const struct ov_guard *g = &b->guards.at[i].guard;

        ov_put_u64(ret, g->min_size);
        ov_put_u64(ret, g->max_size);
        ov_put_u32(ret, g->head_mask);
        ov_put_u32(ret, g->head);
    }
    ov_put_span(ret, ov_span_of(sets, (size_t)OV_COMPILED_TARGETS *
                                          ov_classes_count(c)));
    OV_TRY(ov_buf_status(ret));
    desc = ret->ptr + base + OV_COMPILED_GUARDS;
    ov_put_le64(desc, off - base);
    ov_put_le32(desc + 8, (uint32_t)b->guards.n);
    ov_put_le16(desc + 12, (uint16_t)c->n_heads);
    ov_put_le16(desc + 14, (uint16_t)c->n_sizes);
    return OV_OK;
}

enum ov_status ov_builder_put_sets(struct ov_builder *b, struct ov_buf *ret,
                                   size_t base)
{
    OV_AUTO_PTR uint32_t *picked = NULL;
    OV_AUTO_PTR uint8_t *groups = NULL;
    uint8_t sets[OV_COMPILED_TARGETS * OV_CLASSES_MAX];
    struct ov_cell_of_views first[OV_SETS_MAX];
    uint32_t n = ov_builder_share_sets(b, sets, first);
    uint64_t at;

    picked = ov_alloc_array(b->atoms.n + 1, sizeof(*picked));
    groups = ov_alloc_array(b->atoms.n + 1, sizeof(*groups));
    if (picked == NULL || groups == NULL)
        return OV_NO_MEMORY;
    OV_TRY(put_guards(b, sets, ret, base));
    if (ov_builder_room(ret, (uint64_t)n * OV_SET_SIZE + 1, &at) == NULL)
        return ov_buf_status(ret);
    ov_put_le32(ret->ptr + base + 12, n);
    ov_put_le64(ret->ptr + base + 48, at - base);
    sort_by_key(b);
    for (uint32_t i = 0; i < n; i++) {
        struct set s = {.b = b,
                        .base = base,
                        .at = (size_t)at + i * (size_t)OV_SET_SIZE,
                        .views = first[i],
                        .picked = picked,
                        .groups = groups};

        OV_TRY(put_set(&s, ret));
    }
    return OV_OK;
}
