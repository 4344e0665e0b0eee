/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/fuse_filter.h"

#include "base/assert.h"
#include "crypto/digest.h"
#include "reputation/reputation.h"

/*
 * Binary fuse filters with three places a key (T. M. Graf, D. Lemire: Binary
 * Fuse Filters: Fast and Smaller Than Xor Filters, ACM JEA 27, 2022; sections 3
 * and 4 have the construction, and the sizes used here).
 *
 * An array of fingerprints is cut into segments. A key has one place in each of
 * three neighbouring segments, and is in the set if the three fingerprints
 * there XOR to the key's own:
 *
 *        segment i       segment i + 1     segment i + 2
 *     [ . . a . . . ]  [ . . . . b . ]  [ c . . . . . ]     a ^ b ^ c == f(key)
 *
 * To build it, a place that only one key has is taken with its key, again and
 * again, until no key is left; backward in that order every key finds a place
 * that it may set. If keys are left the next seed is tried.
 *
 * Everybody must get the same bytes from the same keys, so the first seed is a
 * digest of the keys, sizes are reckoned in whole numbers (no libm), and the
 * order of work is that of the array.
 */

#define MAGIC 0x4f564631U /* "OVF1" */
#define MAX_KEYS ((size_t)1 << 28)
#define ATTEMPTS 100
#define MAX_SEGMENT_LOG 18

/* 4 * 3.33^x keys want segments twice as long as a third of them would:
 * 2^floor(log(n) / log(3.33) + 2.25). [i]: the least n for 2^(i + 3). */
static const uint32_t segment_steps[MAX_SEGMENT_LOG - 2] = {
    3,     9,      28,     92,      304,     1010,     3362,     11193,
    37273, 124118, 413310, 1376322, 4583150, 15261887, 50822082, 169237530,
};

/* ---- where a key is ---- */

/* The finalizer of MurmurHash3 (Austin Appleby, public domain): a permutation,
 * so that no two keys become one. */
static uint64_t mix(uint64_t h)
{
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdU;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53U;
    return h ^ h >> 33;
}

static void places_of(const struct ov_fuse *f, uint64_t hash, uint32_t ret[3])
{
    uint64_t starts = (uint64_t)f->segment_count * f->segment_length;
    uint32_t mask = f->segment_length - 1;

    ret[0] = (uint32_t)(((hash >> 32) * starts) >> 32);
    ret[1] = (ret[0] + f->segment_length) ^ ((uint32_t)(hash >> 18) & mask);
    ret[2] = (ret[0] + 2 * f->segment_length) ^ ((uint32_t)hash & mask);
}

static unsigned fingerprint_of(const struct ov_fuse *f, uint64_t hash)
{
    uint64_t folded = hash ^ hash >> 32;

    return f->bits == 8 ? (uint8_t)folded : (uint16_t)folded;
}

static uint64_t array_length(const struct ov_fuse *f)
{
    return ((uint64_t)f->segment_count + 2) * f->segment_length;
}

/* How many places n keys get, in 1/1024 each: max(1.125, 0.875 + 0.25 *
 * log(10^6) / log(n)), with the logarithm to base 2 interpolated between
 * powers of two, where it is a bit too small and the array a bit too large. */
static uint64_t places_wanted(uint64_t n)
{
    unsigned whole = n < 2 ? 1 : 63 - (unsigned)__builtin_clzll(n);
    uint64_t log2 = 1024 * (uint64_t)whole;
    uint64_t factor;

    if (n >= 2)
        log2 += ((n - (UINT64_C(1) << whole)) << 10) >> whole;
    factor = 896 + 256 * 20410 / log2;
    return (n * (factor < 1152 ? 1152 : factor) + 1023) / 1024;
}

static void choose_sizes(struct ov_fuse *f)
{
    unsigned log = 2;
    uint64_t segments;

    while (log < MAX_SEGMENT_LOG && f->count >= segment_steps[log - 2])
        log++;
    f->segment_length = 1U << log;
    segments = (places_wanted(f->count) + f->segment_length - 1) >> log;
    f->segment_count = segments < 3 ? 1 : (uint32_t)(segments - 2);
}

/* ---- asking ---- */

static bool is_header_right(const struct ov_fuse *f)
{
    struct ov_fuse want = {.count = f->count};

    if ((f->bits != 8 && f->bits != 16) || f->count > MAX_KEYS)
        return false;
    choose_sizes(&want);
    return f->segment_length == want.segment_length &&
           f->segment_count == want.segment_count;
}

enum ov_status ov_fuse_open(struct ov_span bytes, struct ov_fuse *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_fuse f = {0};

    ov_reader_require(&r, ov_read_u32be(&r) == MAGIC, OV_MALFORMED);
    f.bits = ov_read_u8(&r);
    f.shard = ov_read_u8(&r);
    ov_reader_require(&r, ov_read_u16be(&r) == 0, OV_MALFORMED);
    f.count = ov_read_u64be(&r);
    f.seed = ov_read_u64be(&r);
    f.segment_length = ov_read_u32be(&r);
    f.segment_count = ov_read_u32be(&r);
    OV_TRY(ov_reader_status(&r));
    if (!is_header_right(&f))
        return OV_MALFORMED;
    f.fingerprints = ov_read_span(&r, array_length(&f) * (f.bits / 8));
    OV_TRY(ov_reader_end(&r));
    *ret = f;
    return OV_OK;
}

static unsigned stored_at(const struct ov_fuse *f, uint32_t place)
{
    const uint8_t *p = f->fingerprints.ptr;

    /* places_of gives nothing beyond array_length, which open compared */
    return f->bits == 8
               ? p[place]
               : (unsigned)p[2 * (size_t)place] << 8 | p[2 * (size_t)place + 1];
}

bool ov_fuse_has(const struct ov_fuse *f, uint64_t key)
{
    uint64_t hash = mix(key + f->seed);
    uint32_t at[3];

    if (f->count == 0)
        return false;
    places_of(f, hash, at);
    return (stored_at(f, at[0]) ^ stored_at(f, at[1]) ^ stored_at(f, at[2])) ==
           fingerprint_of(f, hash);
}

bool ov_fuse_has_hash(const struct ov_fuse *f, const uint8_t hash[static 32])
{
    return f->shard == hash[0] && ov_fuse_has(f, ov_hash_key(hash));
}

void ov_fuse_fetch(const struct ov_fuse *f, const uint8_t hash[static 32])
{
    size_t width = f->bits / 8;
    uint32_t at[3];

    if (f->count == 0)
        return;
    places_of(f, mix(ov_hash_key(hash) + f->seed), at);
    for (unsigned i = 0; i < 3; i++)
        __builtin_prefetch(f->fingerprints.ptr + width * at[i]);
}

/* ---- building ---- */

/* What is known of a place: how many keys have it, and the XOR of their
 * hashes, which is the hash of the last one that is left. */
struct work {
    uint8_t *counts;  /* [array_length] */
    uint64_t *hashes; /* [array_length] */
    uint32_t *alone;  /* [array_length]: places to take */
    uint64_t *taken;  /* [count]: hashes in the order they were taken */
    uint32_t *places; /* [count]: and the place of each */
};

static void work_done(struct work *w)
{
    ov_free(w->counts);
    ov_free(w->hashes);
    ov_free(w->alone);
    ov_free(w->taken);
    ov_free(w->places);
}

static enum ov_status work_new(const struct ov_fuse *f, struct work *w)
{
    size_t places = (size_t)array_length(f);
    size_t keys = (size_t)f->count;

    w->counts = ov_alloc(places);
    w->hashes = ov_alloc_array(places, sizeof(*w->hashes));
    w->alone = ov_alloc_array(places, sizeof(*w->alone));
    w->taken = ov_alloc_array(keys, sizeof(*w->taken));
    w->places = ov_alloc_array(keys, sizeof(*w->places));
    if (w->counts == NULL || w->hashes == NULL || w->alone == NULL ||
        w->taken == NULL || w->places == NULL)
        return OV_NO_MEMORY;
    return OV_OK;
}

/* false if so many keys share a place that they can't be counted. */
static bool put_keys(const struct ov_fuse *f, const uint64_t *keys,
                     struct work *w)
{
    memset(w->counts, 0, (size_t)array_length(f));
    memset(w->hashes, 0, (size_t)array_length(f) * sizeof(*w->hashes));
    for (size_t i = 0; i < f->count; i++) {
        uint64_t hash = mix(keys[i] + f->seed);
        uint32_t at[3];

        places_of(f, hash, at);
        for (unsigned k = 0; k < 3; k++) {
            if (++w->counts[at[k]] == 0)
                return false;
            w->hashes[at[k]] ^= hash;
        }
    }
    return true;
}

/* Takes keys until none has a place for itself; whether none is left. */
static bool take_keys(const struct ov_fuse *f, struct work *w)
{
    size_t n_taken = 0;
    size_t n_alone = 0;

    for (uint32_t i = 0; i < array_length(f); i++) {
        w->alone[n_alone] = i;
        n_alone += w->counts[i] == 1;
    }
    while (n_alone > 0) {
        uint32_t place = w->alone[--n_alone];
        uint64_t hash = w->hashes[place];
        uint32_t at[3];

        if (w->counts[place] != 1)
            continue;
        w->taken[n_taken] = hash;
        w->places[n_taken++] = place;
        places_of(f, hash, at);
        for (unsigned k = 0; k < 3; k++) {
            w->hashes[at[k]] ^= hash;
            if (--w->counts[at[k]] == 1)
                w->alone[n_alone++] = at[k];
        }
    }
    return n_taken == f->count;
}

static void set_fingerprints(const struct ov_fuse *f, const struct work *w,
                             uint8_t *to)
{
    size_t width = f->bits / 8;

    for (size_t i = (size_t)f->count; i-- > 0;) {
        unsigned value = fingerprint_of(f, w->taken[i]);
        uint32_t at[3];

        /* its own place is still zero */
        places_of(f, w->taken[i], at);
        for (unsigned k = 0; k < 3; k++)
            value ^= stored_at(f, at[k]);
        if (width == 2)
            to[2 * (size_t)w->places[i]] = (uint8_t)(value >> 8);
        to[width * w->places[i] + width - 1] = (uint8_t)value;
    }
}

#define DIGEST_BLOCK 512

/* A digest of what the filter is made from. */
static enum ov_status first_seed(struct ov_fuse *f, const uint64_t *keys)
{
    struct ov_digest_stream *d = NULL;
    uint8_t digest[OV_DIGEST_MAX];
    uint64_t block[DIGEST_BLOCK];
    enum ov_status s;

    OV_TRY(ov_digest_stream_new(OV_SHA256, &d));
    block[0] = (uint64_t)f->bits << 8 | f->shard;
    block[0] = __builtin_bswap64(block[0]);
    s = ov_digest_stream_add(d, ov_span_of(block, sizeof(block[0])));
    for (size_t i = 0; s == OV_OK && i < f->count; i += DIGEST_BLOCK) {
        size_t n = 0;

        for (; n < DIGEST_BLOCK && i + n < f->count; n++)
            block[n] = __builtin_bswap64(keys[i + n]);
        s = ov_digest_stream_add(d, ov_span_of(block, n * sizeof(block[0])));
    }
    if (s == OV_OK)
        s = ov_digest_stream_end(d, digest);
    ov_digest_stream_free(d);
    if (s == OV_OK)
        f->seed = __builtin_bswap64(ov_load64le(digest));
    return s;
}

static enum ov_status find_seed(struct ov_fuse *f, const uint64_t *keys,
                                struct work *w)
{
    OV_TRY(first_seed(f, keys));
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        if (put_keys(f, keys, w) && take_keys(f, w))
            return OV_OK;
        f->seed = mix(f->seed + 1);
    }
    return OV_LIMIT_WORK;
}

static bool keys_rise(const uint64_t *keys, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (keys[i - 1] >= keys[i])
            return false;
    }
    return true;
}

static void put_header(struct ov_buf *b, const struct ov_fuse *f)
{
    ov_put_u32be(b, MAGIC);
    ov_put_u8(b, (uint8_t)f->bits);
    ov_put_u8(b, f->shard);
    ov_put_u16be(b, 0);
    ov_put_u64be(b, f->count);
    ov_put_u64be(b, f->seed);
    ov_put_u32be(b, f->segment_length);
    ov_put_u32be(b, f->segment_count);
}

static enum ov_status build(struct ov_fuse *f, const uint64_t *keys,
                            struct work *w, struct ov_buf *ret)
{
    size_t len = (size_t)array_length(f) * (f->bits / 8);
    uint8_t *room;

    OV_TRY(work_new(f, w));
    OV_TRY(find_seed(f, keys, w));
    put_header(ret, f);
    room = ov_buf_room(ret, len);
    if (room == NULL)
        return ov_buf_status(ret);
    memset(room, 0, len);
    f->fingerprints = ov_span_of(room, len);
    set_fingerprints(f, w, room);
    ov_buf_added(ret, len);
    return ov_buf_status(ret);
}

enum ov_status ov_fuse_build(unsigned bits, uint8_t shard, const uint64_t *keys,
                             size_t n, struct ov_buf *ret)
{
    struct ov_fuse f = {.bits = bits, .shard = shard, .count = n};
    struct work w = {0};
    enum ov_status s;

    OV_ASSERT(bits == 8 || bits == 16);
    if (n > MAX_KEYS)
        return OV_LIMIT_COUNT;
    if (!keys_rise(keys, n))
        return OV_USAGE;
    choose_sizes(&f);
    s = build(&f, keys, &w, ret);
    work_done(&w);
    return s;
}
