/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/hash_build.h"

#include "base/assert.h"
#include "rules/bits.h"
#include "rules/layout.h"

/* Writes the tables of known digests: one for each pair of what is hashed and
 * how, each in two parts.
 *
 * A table's entries are sorted by digest. Its first bytes (none, one, or two,
 * by how many entries there are) choose a bucket; the heads say where each
 * bucket begins, so these bytes are not stored. The next four are the entry's
 * print. Heads and prints are the hot part: a digest that no rule knows costs
 * two cache lines there, 4.3 bytes an entry. The cold part has the rest of the
 * digest; and, in as few bits as the table needs, the size and the entry's
 * place in the order of sources, by which the names section knows its name. A
 * size is stored in units of 2^shift and in so many bits as pay for most sizes
 * of the table; the others are in a list of exceptions. A filter of the sizes
 * that occur (a blocked Bloom filter of two bits, at most a fifth of the bits
 * set: one size in 25 passes in vain) tells whether an object must be hashed at
 * all.
 *
 * Limits: 2^32 - 1 entries a table; a lookup is linear in how many entries have
 * the same first four to six bytes. */

#define MAX_SIZE_BITS 32
#define MAX_SIZE_SHIFT 12

struct entry {
    uint64_t key; /* the first six bytes of the digest */
    uint32_t ref;
};

struct table {
    const struct ov_hash_rule *const *rules;
    size_t n;
    size_t digest_len;
    struct entry *sorted;
    size_t bucket_len;
    unsigned size_bits;
    unsigned size_shift;
    unsigned ref_bits;
    unsigned filter_log; /* of words */
    uint32_t n_exceptions;
    bool has_any;
    uint64_t heads_at;
    uint64_t prints_at;
    uint64_t filter_at;
    uint64_t rests_at;
    uint64_t details_at;
    uint64_t exceptions_at;
};

void ov_hash_tables_begin(struct ov_buf *hot)
{
    static const uint8_t zero[OV_HASHES_DIRECTORY];

    OV_ASSERT(hot->len == 0);
    ov_put_span(hot, ov_span_of(zero, sizeof(zero)));
}

/* ---- order ---- */

static uint64_t key_of(const struct ov_hash_rule *r)
{
    uint64_t key = 0;

    for (int i = 0; i < 6; i++)
        key = key << 8 | r->digest[i];
    return key;
}

/* One stable pass of a radix sort by 16 bits of the key. */
static void sort_pass(const struct entry *from, struct entry *to, size_t n,
                      unsigned shift, uint32_t *counts)
{
    uint32_t sum = 0;

    memset(counts, 0, ((size_t)1 << 16) * sizeof(*counts));
    for (size_t i = 0; i < n; i++)
        counts[from[i].key >> shift & 0xffff]++;
    for (size_t i = 0; i < (size_t)1 << 16; i++) {
        uint32_t count = counts[i];

        counts[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[counts[from[i].key >> shift & 0xffff]++] = from[i];
}

/* By the first six bytes; entries with the same stay in the order of sources,
 * whatever their other bytes are. */
static enum ov_status sort_entries(struct table *t)
{
    OV_AUTO_PTR struct entry *other = NULL;
    OV_AUTO_PTR uint32_t *counts = NULL;

    t->sorted = ov_alloc_array(t->n, sizeof(*t->sorted));
    other = ov_alloc_array(t->n, sizeof(*other));
    counts = ov_alloc_array((size_t)1 << 16, sizeof(*counts));
    if (t->sorted == NULL || other == NULL || counts == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < t->n; i++) {
        other[i].key = key_of(t->rules[i]);
        other[i].ref = (uint32_t)i;
    }
    sort_pass(other, t->sorted, t->n, 0, counts);
    sort_pass(t->sorted, other, t->n, 16, counts);
    sort_pass(other, t->sorted, t->n, 32, counts);
    return OV_OK;
}

/* ---- hot ---- */

static void put_heads(struct table *t, struct ov_buf *hot)
{
    uint64_t n_buckets = (uint64_t)1 << (8 * t->bucket_len);
    unsigned shift = (unsigned)(48 - 8 * t->bucket_len);
    size_t at = 0;

    t->heads_at = hot->len;
    for (uint64_t b = 0; b < n_buckets; b++) {
        while (at < t->n && t->sorted[at].key >> shift < b)
            at++;
        ov_put_u32(hot, (uint32_t)at);
    }
    ov_put_u32(hot, (uint32_t)t->n);
}

static void put_prints(struct table *t, struct ov_buf *hot)
{
    unsigned shift = (unsigned)(16 - 8 * t->bucket_len);

    t->prints_at = hot->len;
    for (size_t i = 0; i < t->n; i++)
        ov_put_u32(hot, (uint32_t)(t->sorted[i].key >> shift));
}

static size_t fold_filter(uint64_t *words, size_t n)
{
    while (n > 1) {
        size_t bits = 0;

        for (size_t i = 0; i < n / 2; i++)
            bits += (size_t)__builtin_popcountll(words[i] | words[i + n / 2]);
        if (bits > n / 2 * 64 / 5)
            break;
        for (size_t i = 0; i < n / 2; i++)
            words[i] |= words[i + n / 2];
        n /= 2;
    }
    return n;
}

/* Begins with room for as many sizes as entries, then halves it as often as
 * what really occurs allows. */
static enum ov_status put_filter(struct table *t, struct ov_buf *hot)
{
    OV_AUTO_PTR uint64_t *words = NULL;
    size_t n = 1;

    while (n * 4 < t->n)
        n *= 2;
    words = ov_alloc_array(n, sizeof(*words));
    if (words == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < t->n; i++) {
        uint64_t mixed = ov_hashes_mix(t->rules[i]->size);

        if (t->rules[i]->size == OV_SIZE_ANY)
            t->has_any = true;
        else
            words[mixed & (n - 1)] |= ov_hashes_bits(mixed);
    }
    n = fold_filter(words, n);
    t->filter_log = (unsigned)__builtin_ctzll(n);
    ov_put_align(hot, 8);
    t->filter_at = hot->len;
    for (size_t i = 0; i < n; i++)
        ov_put_u64(hot, words[i]);
    return OV_OK;
}

/* ---- cold ---- */

static uint64_t escape_code(const struct table *t)
{
    return ((uint64_t)1 << t->size_bits) - 1;
}

/* How a size is stored: its code, or the escape code for an exception. */
static uint64_t size_code(const struct table *t, uint64_t size)
{
    uint64_t escape = escape_code(t);
    uint64_t units = size >> t->size_shift;

    if (size == OV_SIZE_ANY)
        return escape - 1;
    if (units << t->size_shift != size || units >= escape - 1)
        return escape;
    return units;
}

/* Bits that a table takes for sizes if they are stored like this; counts has
 * how many sizes end in so many zero bits and are so many bits long. */
static uint64_t size_cost(uint64_t counts[MAX_SIZE_SHIFT + 1][65], size_t n,
                          unsigned shift, unsigned bits)
{
    uint64_t n_exceptions = 0;

    for (unsigned zeros = 0; zeros <= MAX_SIZE_SHIFT; zeros++)
        for (unsigned len = 0; len <= 64; len++)
            if (zeros < shift || len > shift + bits)
                n_exceptions += counts[zeros][len];
    return (uint64_t)n * bits + 8 * OV_HASHES_EXCEPTION * n_exceptions;
}

/* Picks unit and width for which sizes and exceptions take the least room. */
static void choose_size_form(struct table *t)
{
    uint64_t counts[MAX_SIZE_SHIFT + 1][65] = {{0}};
    uint64_t best = UINT64_MAX;

    for (size_t i = 0; i < t->n; i++) {
        uint64_t size = t->rules[i]->size;
        int zeros = size == 0 ? MAX_SIZE_SHIFT : __builtin_ctzll(size);

        if (size == OV_SIZE_ANY)
            continue;
        if (zeros > MAX_SIZE_SHIFT)
            zeros = MAX_SIZE_SHIFT;
        counts[zeros][ov_bits_in(size)]++;
    }
    for (unsigned shift = 0; shift <= MAX_SIZE_SHIFT; shift++)
        for (unsigned bits = 2; bits <= MAX_SIZE_BITS; bits++) {
            uint64_t cost = size_cost(counts, t->n, shift, bits);

            if (cost >= best)
                continue;
            best = cost;
            t->size_shift = shift;
            t->size_bits = bits;
        }
}

static void put_rests(struct table *t, struct ov_buf *cold)
{
    size_t skip = t->bucket_len + OV_HASHES_PRINT;

    t->rests_at = cold->len;
    for (size_t i = 0; i < t->n; i++)
        ov_put_span(cold, ov_span_of(t->rules[t->sorted[i].ref]->digest + skip,
                                     t->digest_len - skip));
}

static void put_details(struct table *t, struct ov_buf *cold)
{
    unsigned width;
    size_t len;
    uint8_t *room;

    t->ref_bits = ov_bits_in(t->n - 1);
    t->details_at = cold->len;
    width = t->size_bits + t->ref_bits;
    len = (t->n * width + 7) / 8;
    room = ov_buf_room(cold, len);
    if (room == NULL)
        return;
    memset(room, 0, len);
    for (size_t i = 0; i < t->n; i++) {
        uint32_t ref = t->sorted[i].ref;
        uint64_t code = size_code(t, t->rules[ref]->size);

        ov_bits_set(room, i * width, width,
                    code | (uint64_t)ref << t->size_bits);
    }
    ov_buf_added(cold, len);
}

static void put_exceptions(struct table *t, struct ov_buf *cold)
{
    t->exceptions_at = cold->len;
    for (size_t i = 0; i < t->n; i++) {
        uint64_t size = t->rules[t->sorted[i].ref]->size;

        if (size_code(t, size) != escape_code(t))
            continue;
        ov_put_u32(cold, (uint32_t)i);
        ov_put_u64(cold, size);
        t->n_exceptions++;
    }
}

/* ---- table ---- */

static void put_record(const struct table *t, struct ov_buf *b)
{
    ov_put_u32(b, (uint32_t)t->n);
    ov_put_u8(b, (uint8_t)t->bucket_len);
    ov_put_u8(b, (uint8_t)t->size_bits);
    ov_put_u8(b, (uint8_t)t->size_shift);
    ov_put_u8(b, (uint8_t)t->ref_bits);
    ov_put_u64(b, t->heads_at);
    ov_put_u64(b, t->prints_at);
    ov_put_u64(b, t->filter_at);
    ov_put_u64(b, t->rests_at);
    ov_put_u64(b, t->details_at);
    ov_put_u64(b, t->exceptions_at);
    ov_put_u32(b, t->n_exceptions);
    ov_put_u8(b, (uint8_t)t->filter_log);
    ov_put_u8(b, t->has_any);
    ov_put_align(b, OV_HASHES_RECORD);
}

static enum ov_status put_table(struct table *t, struct ov_buf *hot,
                                struct ov_buf *cold)
{
    OV_TRY(sort_entries(t));
    t->bucket_len = t->n < 256 ? 0 : t->n < 131072 ? 1 : OV_HASHES_MAX_BUCKET;
    choose_size_form(t);
    put_heads(t, hot);
    ov_put_align(hot, 64);
    put_prints(t, hot);
    OV_TRY(put_filter(t, hot));
    put_rests(t, cold);
    put_details(t, cold);
    put_exceptions(t, cold);
    OV_TRY(ov_buf_status(hot));
    return ov_buf_status(cold);
}

enum ov_status ov_hash_tables_add(struct ov_buf *hot, struct ov_buf *cold,
                                  enum ov_hash_of of, enum ov_digest_kind kind,
                                  const struct ov_hash_rule *const *rules,
                                  size_t n)
{
    struct table t = {
        .rules = rules, .n = n, .digest_len = ov_digest_len(kind)};
    OV_AUTO_DONE(buf) record = ov_buf_with_max(OV_HASHES_RECORD);
    enum ov_status s;

    if (n == 0)
        return OV_OK;
    if (n > UINT32_MAX)
        return OV_LIMIT_COUNT;
    OV_ASSERT(hot->len >= OV_HASHES_DIRECTORY);
    s = put_table(&t, hot, cold);
    ov_free(t.sorted);
    OV_TRY(s);
    put_record(&t, &record);
    OV_TRY(ov_buf_status(&record));
    memcpy(hot->ptr + OV_HASHES_TABLE(of, kind), record.ptr, record.len);
    return OV_OK;
}
