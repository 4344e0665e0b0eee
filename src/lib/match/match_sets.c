/* SPDX-License-Identifier: Apache-2.0 */
#include "match/builder.h"
#include "match/compiled.h"
#include "match/prefilter.h"

/* What the pass looks at, for each set of patterns that some targets share:
 * filters and the check, made of the atoms; the programs with a place of their
 * own; and the slow ones. */

/* Where a set's description is, and the header. */
struct place_of_set {
    size_t base;
    size_t set;
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

/* Entries lie in the order of their bytes, so that those of a group are alike
 * in their first byte at least. */
static uint32_t group_of(uint64_t nth, uint64_t n)
{
    return (uint32_t)(nth * OV_SCREEN_GROUPS / n);
}

/* Fills a filter's bytes, n atoms with this salt. */
static struct ov_filter fill_filter(const struct ov_builder *b, uint32_t t,
                                    enum ov_atom_kind kind, uint64_t n,
                                    uint8_t *bytes, uint32_t salt)
{
    uint32_t log = ov_filter_log(kind, n);
    size_t size = (size_t)ov_filter_size(kind, log);
    struct ov_filter f =
        ov_filter_over(ov_span_of(bytes, size), kind, log, salt);
    uint64_t nth = 0;

    memset(bytes, 0, size);
    for (size_t i = 0; i < b->atoms.n; i++) {
        const struct ov_atom_entry *e = &b->atoms.at[i];

        if (e->kind == kind && e->targets >> t & 1)
            ov_filter_add(bytes, &f, kind, e->key, group_of(nth++, n));
    }
    return f;
}

/* Salts that are tried, and the chance that is good enough: a byte in 2^13. */
#define SALTS 8
#define CHANCE_FINE ((uint64_t)1 << 19)

/* The filter of one kind for the patterns of target t. */
static enum ov_status put_filter(const struct ov_builder *b, struct ov_buf *ret,
                                 struct place_of_set at, uint32_t t,
                                 enum ov_atom_kind kind)
{
    uint64_t least = UINT64_MAX;
    uint32_t best = 0;
    uint64_t n = 0;
    uint64_t off;
    struct ov_filter f = {0};
    uint8_t *bytes;

    for (size_t i = 0; i < b->atoms.n; i++)
        n += b->atoms.at[i].kind == kind && b->atoms.at[i].targets >> t & 1;
    if (n == 0)
        return OV_OK;
    bytes = ov_builder_room(ret, ov_filter_size(kind, ov_filter_log(kind, n)),
                            &off);
    if (bytes == NULL)
        return ov_buf_status(ret);
    for (uint32_t salt = 0; salt < SALTS && least > CHANCE_FINE; salt++) {
        uint64_t chance = 0;

        f = fill_filter(b, t, kind, n, bytes, salt * OV_FILTER_MIX_2);
        if (kind == OV_ATOM_LONG)
            chance = ov_filter_chance(&f);
        if (chance < least) {
            least = chance;
            best = f.salt;
        }
    }
    if (f.salt != best)
        f = fill_filter(b, t, kind, n, bytes, best);
    ov_put_le64(ret->ptr + at.set + 16 * (size_t)kind, off - at.base);
    ov_put_le32(ret->ptr + at.set + 16 * (size_t)kind + 8, f.log);
    ov_put_le32(ret->ptr + at.set + 16 * (size_t)kind + 12, f.salt);
    return OV_OK;
}

/* The check of LONG atoms. */
static enum ov_status put_check(const struct ov_builder *b, struct ov_buf *ret,
                                struct place_of_set at, uint32_t t)
{
    uint64_t n = 0;
    uint64_t off;
    uint32_t log;
    uint8_t *words;

    for (size_t i = 0; i < b->atoms.n; i++)
        n += b->atoms.at[i].kind == OV_ATOM_LONG &&
             b->atoms.at[i].targets >> t & 1;
    if (n == 0)
        return OV_OK;
    log = ov_check_log(n);
    words = ov_builder_room(ret, (uint64_t)8 << log, &off);
    if (words == NULL)
        return ov_buf_status(ret);
    for (size_t i = 0; i < b->atoms.n; i++) {
        const struct ov_atom_entry *e = &b->atoms.at[i];

        if (e->kind == OV_ATOM_LONG && e->targets >> t & 1)
            ov_check_add(words, log, e->key);
    }
    ov_put_le64(ret->ptr + at.set + OV_SET_CHECK, off - at.base);
    ov_put_le32(ret->ptr + at.set + OV_SET_CHECK + 8, log);
    return OV_OK;
}

/* The slow programs, and at which bytes each is tried. */
static enum ov_status put_slow(const struct ov_builder *b, struct ov_buf *ret,
                               struct place_of_set at, uint32_t t)
{
    uint64_t n = 0;
    uint64_t off;
    uint64_t n_groups;
    uint8_t *groups;

    for (size_t i = 0; i < b->n_slow; i++)
        n += b->slow[i].targets >> t & 1;
    n_groups = (n + OV_SLOW_GROUP - 1) / OV_SLOW_GROUP;
    if (n == 0)
        return OV_OK;
    groups = ov_builder_room(ret, n_groups * OV_SLOW_SIZE, &off);
    if (groups == NULL)
        return ov_buf_status(ret);
    ov_put_le64(ret->ptr + at.set + OV_SET_SLOW, off - at.base);
    ov_put_le32(ret->ptr + at.set + OV_SET_SLOW + 8, (uint32_t)n_groups);
    n = 0;
    for (size_t i = 0; i < b->n_slow; i++) {
        const struct ov_slow *s = &b->slow[i];
        uint8_t *group = groups + n / OV_SLOW_GROUP * OV_SLOW_SIZE;
        uint32_t nth = n % OV_SLOW_GROUP;

        if (!(s->targets >> t & 1))
            continue;
        for (size_t byte = 0; byte < 256; byte++)
            if (ov_class_has(&s->bytes, (uint8_t)byte))
                group[8 * byte + nth / 8] |= (uint8_t)(1u << nth % 8);
        ov_put_le32(group + OV_SLOW_REFS + 4 * (size_t)nth, s->program);
        n++;
    }
    return OV_OK;
}

/* The set of patterns of target t, described at `set`. */
static enum ov_status put_set(const struct ov_builder *b, struct ov_buf *ret,
                              struct place_of_set at, uint32_t t)
{
    uint32_t n = 0;
    size_t off;

    for (size_t k = 0; k < OV_N_ATOM_KINDS; k++)
        OV_TRY(put_filter(b, ret, at, t, (enum ov_atom_kind)k));
    OV_TRY(put_check(b, ret, at, t));
    OV_TRY(put_slow(b, ret, at, t));
    ov_put_align(ret, 64);
    off = ret->len;
    for (size_t i = 0; i < b->fixed.n; i++) {
        if (!(b->fixed.at[i].targets >> t & 1))
            continue;
        ov_put_u32(ret, b->fixed.at[i].program);
        n++;
    }
    OV_TRY(ov_buf_status(ret));
    ov_put_le64(ret->ptr + at.set + OV_SET_FIXED, off - at.base);
    ov_put_le32(ret->ptr + at.set + OV_SET_FIXED + 8, n);
    return OV_OK;
}

static bool is_wanted(const struct ov_builder *b, uint32_t t)
{
    for (size_t i = 0; i < b->atoms.n; i++)
        if (b->atoms.at[i].targets >> t & 1)
            return true;
    for (size_t i = 0; i < b->fixed.n; i++)
        if (b->fixed.at[i].targets >> t & 1)
            return true;
    for (size_t i = 0; i < b->n_slow; i++)
        if (b->slow[i].targets >> t & 1)
            return true;
    return false;
}

/* Gives each target a set: its own, an earlier target's, or none. first[s] is
 * the target that set s was made for. */
static uint32_t share_sets(const struct ov_builder *b,
                           uint8_t sets[static OV_COMPILED_TARGETS],
                           uint32_t first[static OV_COMPILED_TARGETS])
{
    uint32_t n = 0;

    for (uint32_t t = 0; t < OV_COMPILED_TARGETS; t++) {
        uint32_t like = ~b->unlike[t] & (((uint32_t)1 << t) - 1);

        sets[t] = OV_COMPILED_NO_SET;
        if (like != 0) {
            sets[t] = sets[__builtin_ctz(like)];
        } else if (is_wanted(b, t)) {
            first[n] = t;
            sets[t] = (uint8_t)n++;
        }
    }
    return n;
}

enum ov_status ov_builder_put_sets(struct ov_builder *b, struct ov_buf *ret,
                                   size_t base)
{
    uint8_t sets[OV_COMPILED_TARGETS];
    uint32_t first[OV_COMPILED_TARGETS];
    uint32_t n = share_sets(b, sets, first);
    uint64_t at;

    if (ov_builder_room(ret, (uint64_t)n * OV_SET_SIZE + 1, &at) == NULL)
        return ov_buf_status(ret);
    ov_put_le32(ret->ptr + base + 12, n);
    ov_put_le64(ret->ptr + base + 48, at - base);
    memcpy(ret->ptr + base + 64, sets, sizeof(sets));
    sort_by_key(b);
    for (uint32_t s = 0; s < n; s++) {
        struct place_of_set set = {base, (size_t)at + s * (size_t)OV_SET_SIZE};

        OV_TRY(put_set(b, ret, set, first[s]));
    }
    return OV_OK;
}
