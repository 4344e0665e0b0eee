/* SPDX-License-Identifier: Apache-2.0 */
#include "match/sweep.h"

/* Block by block and kind by kind of atom, the prefilter names offsets; each
 * stands for one to four places where an atom may begin. The bytes there are
 * hashed and looked up in the buckets, several at a time so that the memory's
 * delays overlap; a fingerprint that agrees, with a byte nearby, is told. What
 * is looked at of the view is a block and the few bytes around it: so any
 * stretch of blocks can be swept apart from the others. */

/* Places to look up together. */
#define BATCH 32

_Static_assert(-OV_NEAR_MIN + OV_START_BIAS <= (int)OV_BLOCK_BEFORE,
               "bytes before a block");
_Static_assert(OV_NEAR_MAX < OV_BLOCK_AFTER, "bytes behind a block");

/* Atoms to tell together. */
#define FOUND_MAX 32

struct probe {
    uint64_t at;
    uint64_t hash;
    const uint8_t *bytes; /* there, folded */
};

/* One tier in one block. */
struct turn {
    const struct ov_sweep *s;
    const struct ov_sweep_tier *tier;
    struct ov_sweeper *w;
    size_t n_found;
    struct ov_found found[FOUND_MAX];
};

/* What is found goes out a little later, when its program is at hand. */
static enum ov_status tell_all(struct turn *t)
{
    size_t n = t->n_found;

    t->n_found = 0;
    for (size_t i = 0; i < n; i++)
        OV_TRY(t->s->found(t->s->data, &t->found[i]));
    return OV_OK;
}

/* Anything else than an atom, behind what was found before. */
static enum ov_status tell(struct turn *t, enum ov_found_kind kind, uint64_t at)
{
    const struct ov_found f = {at, 0, t->tier->number, (uint16_t)kind};

    OV_TRY(tell_all(t));
    return t->s->found(t->s->data, &f);
}

static enum ov_status find(struct turn *t, uint32_t ref, uint64_t at)
{
    const struct ov_sweep_tier *tier = t->tier;
    uint64_t off = ref & ~OV_REF_LIST;

    if (off < tier->programs_len)
        __builtin_prefetch(tier->store->all.ptr + tier->programs + off);
    if (t->n_found == FOUND_MAX)
        OV_TRY(tell_all(t));
    t->found[t->n_found++] =
        (struct ov_found){at, ref, tier->number, OV_FOUND_ATOM};
    return OV_OK;
}

/* Whether the byte near an atom is the right one, if there is one. */
static bool is_near(const uint8_t *near, const uint8_t *bytes)
{
    int8_t distance = (int8_t)near[0];

    return distance == 0 ||
           (distance >= OV_NEAR_MIN && distance <= OV_NEAR_MAX &&
            bytes[distance] == near[1]);
}

/* Looks one hash up; a bucket that is full goes on in the next one. */
static enum ov_status look_up(struct turn *t, const struct probe *p)
{
    const struct ov_sweep_tier *tier = t->tier;
    uint64_t b = ov_bucket_of(p->hash, tier->n_buckets);
    uint16_t print = (uint16_t)p->hash;

    for (uint64_t turn = 0; turn < tier->n_buckets; turn++) {
        struct ov_span bucket;
        const uint8_t *refs;
        uint8_t used;

        if (!ov_store_at(tier->store, tier->buckets + b * OV_BUCKET_SIZE,
                         OV_BUCKET_SIZE, &bucket))
            return tell(t, OV_FOUND_DAMAGE, p->at);
        refs = bucket.ptr + OV_BUCKET_REFS;
        used = bucket.ptr[OV_BUCKET_USED];
        for (uint8_t i = 0; i < used && i < OV_BUCKET_WAYS; i++)
            if (ov_load16le(bucket.ptr + 2 * i) == print &&
                is_near(bucket.ptr + OV_BUCKET_NEAR + 2 * i, p->bytes))
                OV_TRY(find(t, ov_load32le(refs + 4 * i), p->at));
        if (bucket.ptr[OV_BUCKET_MORE] == 0)
            break;
        OV_TRY(tell(t, OV_FOUND_STEP, p->at));
        b = b + 1 < tier->n_buckets ? b + 1 : 0;
    }
    return OV_OK;
}

/* Notes that an atom of this kind may begin at `at` of the block. */
static inline size_t add_probe(const struct turn *t, enum ov_atom_kind kind,
                               int32_t at, struct probe *ret)
{
    const struct ov_sweep_tier *tier = t->tier;
    const uint8_t *buckets = tier->store->all.ptr + tier->buckets;
    uint32_t len = ov_atom_len(kind);
    uint64_t mask = ~(uint64_t)0 >> (64 - 8 * len);
    uint64_t key = ov_load64le(ov_block_bytes(&t->w->block) + at) & mask;
    uint64_t start = t->w->block.at + (uint64_t)(int64_t)at;

    /* Before the view's start this wraps around. */
    if (start >= t->s->view.len || len > t->s->view.len - start)
        return 0;
    ret->at = start;
    ret->bytes = ov_block_bytes(&t->w->block) + at;
    ret->hash = ov_atom_hash(key, kind);
    __builtin_prefetch(buckets + OV_BUCKET_SIZE *
                                     ov_bucket_of(ret->hash, tier->n_buckets));
    return 1;
}

/* Looks up places: n of them, each `bias` too large. */
static enum ov_status resolve(struct turn *t, enum ov_atom_kind kind,
                              const uint16_t *at, size_t n, int32_t bias)
{
    struct probe probes[BATCH];

    for (size_t i = 0; i < n;) {
        size_t n_probes = 0;

        for (; i < n && n_probes < BATCH; i++)
            n_probes += add_probe(t, kind, at[i] - bias, probes + n_probes);
        for (size_t k = 0; k < n_probes; k++)
            OV_TRY(look_up(t, &probes[k]));
    }
    return tell_all(t);
}

/* One kind of atom in the block. */
static enum ov_status pass_kind(struct turn *t, enum ov_atom_kind kind)
{
    const struct ov_filter *filter = &t->tier->filters[kind];
    struct ov_sweeper *w = t->w;
    size_t n;

    if (filter->log == 0)
        return OV_OK;
    n = ov_prefilter(t->s->way, kind, filter, &w->block, w->offsets);
    w->n_survivors += n;
    if (kind != OV_ATOM_LONG)
        return resolve(t, kind, w->offsets, n, 0);
    n = ov_prefilter_starts(t->s->way, t->tier->check, &w->block, w->offsets, n,
                            w->starts);
    return resolve(t, kind, w->starts, n, OV_START_BIAS);
}

static enum ov_status pass_block(struct turn *t)
{
    OV_TRY(pass_kind(t, OV_ATOM_LONG));
    OV_TRY(pass_kind(t, OV_ATOM_MID));
    OV_TRY(pass_kind(t, OV_ATOM_SHORT));
    if (t->tier->tells_blocks)
        OV_TRY(tell(t, OV_FOUND_BLOCK, t->w->block.at));
    t->w->n_bytes += t->w->block.len;
    return OV_OK;
}

/* Each block is folded once, and in the nearest memory for all tiers. */
enum ov_status ov_sweep(const struct ov_sweep *s, struct ov_sweeper *w,
                        uint64_t from, uint64_t to)
{
    struct turn turn = {.s = s, .w = w};

    if (to > s->view.len)
        to = s->view.len;
    for (uint64_t at = from; at < to; at += OV_BLOCK) {
        ov_block_load(&w->block, s->way, s->view, at);
        for (size_t i = 0; i < s->n_tiers; i++) {
            turn.tier = &s->tiers[i];
            OV_TRY(pass_block(&turn));
        }
    }
    return OV_OK;
}
