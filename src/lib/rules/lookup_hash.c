/* SPDX-License-Identifier: Apache-2.0 */
#include "base/assert.h"
#include "rules/layout.h"
#include "rules/lookup.h"
#include "rules/names.h"

/* Looks digests up in the tables that hash_build.c writes and describes. All
 * numbers in an image are hostile: a place outside of its section, or a bucket
 * that ends before it begins, is "not there". But a digest that was found stays
 * found though its name cannot be read. */

#define FILTER_LOG_MAX 40
#define NO_NAME OV_SPAN_LIT("(unreadable)")

struct table {
    uint32_t n;
    size_t bucket_len;
    unsigned size_width;
    unsigned size_shift;
    unsigned ref_width;
    uint64_t heads_at;
    uint64_t prints_at;
    uint64_t filter_at;
    uint64_t cold_at;
    uint64_t exceptions_at;
    uint32_t n_exceptions;
    unsigned filter_log;
    bool has_any;
};

/* Places are far below 2^63 where the record is sound; then sums with them
 * cannot overflow. */
static bool is_sound(const struct table *t)
{
    const uint64_t far = (uint64_t)1 << 62;

    return t->n > 0 && t->bucket_len <= OV_HASHES_MAX_BUCKET &&
           t->size_width <= 5 && t->size_width > 0 && t->size_shift < 64 &&
           t->ref_width <= 4 && t->heads_at < far && t->prints_at < far &&
           t->filter_at < far && t->cold_at < far && t->exceptions_at < far &&
           t->filter_log < FILTER_LOG_MAX;
}

static bool read_table(struct ov_image *image, enum ov_hash_of of,
                       enum ov_digest_kind kind, struct table *ret)
{
    struct ov_span s;

    OV_ASSERT(of < OV_N_HASH_OF && kind < OV_N_DIGEST);
    if (!ov_image_at(image, OV_SECTION_HASHES, OV_HASHES_TABLE(of, kind),
                     OV_HASHES_RECORD, &s))
        return false;
    *ret = (struct table){
        .n = ov_load32le(s.ptr),
        .bucket_len = s.ptr[4],
        .size_width = s.ptr[5],
        .size_shift = s.ptr[6],
        .ref_width = s.ptr[7],
        .heads_at = ov_load64le(s.ptr + 8),
        .prints_at = ov_load64le(s.ptr + 16),
        .filter_at = ov_load64le(s.ptr + 24),
        .cold_at = ov_load64le(s.ptr + 32),
        .exceptions_at = ov_load64le(s.ptr + 40),
        .n_exceptions = ov_load32le(s.ptr + 48),
        .filter_log = s.ptr[52],
        .has_any = s.ptr[53] != 0,
    };
    return is_sound(ret);
}

static bool is_size_known(struct ov_image *image, const struct table *t,
                          uint64_t size)
{
    uint64_t mixed = ov_hashes_mix(size);
    uint64_t word = mixed & (((uint64_t)1 << t->filter_log) - 1);
    struct ov_span s;

    if (t->has_any)
        return true;
    return ov_image_at(image, OV_SECTION_HASHES, t->filter_at + word * 8, 8,
                       &s) &&
           (ov_load64le(s.ptr) & ov_hashes_bits(mixed)) ==
               ov_hashes_bits(mixed);
}

uint32_t ov_lookup_wanted(struct ov_image *image, enum ov_hash_of of,
                          uint64_t size)
{
    uint32_t wanted = 0;

    for (unsigned kind = 0; kind < OV_N_DIGEST; kind++) {
        struct table t;

        if (read_table(image, of, (enum ov_digest_kind)kind, &t) &&
            is_size_known(image, &t, size))
            wanted |= (uint32_t)1 << kind;
    }
    return wanted;
}

/* ---- one digest ---- */

/* Entries [*ret_from, *ret_to) may have the digest. */
static bool find_bucket(struct ov_image *image, const struct table *t,
                        const uint8_t *digest, uint32_t *ret_from,
                        uint32_t *ret_to)
{
    uint64_t bucket = 0;
    struct ov_span s;

    for (size_t i = 0; i < t->bucket_len; i++)
        bucket = bucket << 8 | digest[i];
    if (!ov_image_at(image, OV_SECTION_HASHES, t->heads_at + bucket * 4, 8, &s))
        return false;
    *ret_from = ov_load32le(s.ptr);
    *ret_to = ov_load32le(s.ptr + 4);
    return *ret_from < *ret_to && *ret_to <= t->n;
}

/* The first entry whose print is not below `print`, by bisection. */
static size_t lower_bound(struct ov_span prints, uint32_t print)
{
    size_t from = 0;
    size_t n = prints.len / OV_HASHES_PRINT;

    while (n > 0) {
        size_t half = n / 2;

        if (ov_load32le(prints.ptr + (from + half) * OV_HASHES_PRINT) < print) {
            from += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return from;
}

static uint64_t load_le(const uint8_t *p, unsigned width)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < width; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

/* The size of entry `index` whose stored code is the escape code. */
static bool find_exception(struct ov_image *image, const struct table *t,
                           uint32_t index, uint64_t *ret)
{
    uint32_t from = 0;
    uint32_t to = t->n_exceptions;
    struct ov_span s;

    while (from < to) {
        uint32_t mid = from + (to - from) / 2;

        if (!ov_image_at(image, OV_SECTION_HASH_DATA,
                         t->exceptions_at + mid * OV_HASHES_EXCEPTION,
                         OV_HASHES_EXCEPTION, &s))
            return false;
        if (ov_load32le(s.ptr) == index) {
            *ret = ov_load64le(s.ptr + 4);
            return true;
        }
        if (ov_load32le(s.ptr) < index)
            from = mid + 1;
        else
            to = mid;
    }
    return false;
}

/* Whether the entry's digest and size are the wanted ones, and its place in
 * the order of sources. */
static bool check_cold(struct ov_image *image, const struct table *t,
                       uint32_t index, const struct ov_hash_key *key,
                       uint32_t *ret_ref)
{
    size_t skip = t->bucket_len + OV_HASHES_PRINT;
    size_t rest = ov_digest_len(key->kind) - skip;
    size_t len = rest + t->size_width + t->ref_width;
    uint64_t escape = ((uint64_t)1 << (8 * t->size_width)) - 1;
    uint64_t code;
    uint64_t size;
    struct ov_span s;

    if (!ov_image_at(image, OV_SECTION_HASH_DATA,
                     t->cold_at + (uint64_t)index * len, len, &s) ||
        memcmp(s.ptr, key->digest + skip, rest) != 0)
        return false;
    code = load_le(s.ptr + rest, t->size_width);
    *ret_ref = (uint32_t)load_le(s.ptr + rest + t->size_width, t->ref_width);
    if (code == escape - 1)
        return true;
    size = code << t->size_shift;
    if (code == escape && !find_exception(image, t, index, &size))
        return false;
    return size == key->size;
}

static bool find_entry(struct ov_image *image, const struct table *t,
                       const struct ov_hash_key *key, size_t nth,
                       uint32_t *ret_ref)
{
    const uint8_t *p = key->digest + t->bucket_len;
    uint32_t print = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
                     (uint32_t)p[2] << 8 | p[3];
    uint32_t from;
    uint32_t to;
    struct ov_span prints;

    if (!find_bucket(image, t, key->digest, &from, &to) ||
        !ov_image_at(image, OV_SECTION_HASHES,
                     t->prints_at + (uint64_t)from * OV_HASHES_PRINT,
                     (uint64_t)(to - from) * OV_HASHES_PRINT, &prints))
        return false;
    for (size_t i = lower_bound(prints, print);
         i < to - from &&
         ov_load32le(prints.ptr + i * OV_HASHES_PRINT) == print;
         i++)
        if (check_cold(image, t, from + (uint32_t)i, key, ret_ref) &&
            nth-- == 0)
            return true;
    return false;
}

bool ov_lookup_hash(struct ov_image *image, const struct ov_hash_key *key,
                    size_t nth, struct ov_arena *arena,
                    struct ov_hash_view *ret)
{
    int list = OV_NAMES_OF_HASHES(key->of, key->kind);
    struct table t;
    struct ov_names_entry e;
    struct ov_source_view source;
    uint32_t ref;

    if (!read_table(image, key->of, key->kind, &t) ||
        !find_entry(image, &t, key, nth, &ref))
        return false;
    if (!ov_names_at(image, list, ref, arena, &e))
        e = (struct ov_names_entry){.name = NO_NAME, .source = UINT32_MAX};
    if (!ov_lookup_source(image, e.source, &source))
        source.name = NO_NAME;
    *ret = (struct ov_hash_view){.name = e.name,
                                 .source = source.name,
                                 .line = e.line,
                                 .flags = e.flags,
                                 .is_allowed = e.is_allowed};
    return true;
}
