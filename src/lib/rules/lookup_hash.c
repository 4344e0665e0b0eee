/* SPDX-License-Identifier: Apache-2.0 */
#include "base/assert.h"
#include "rules/bits.h"
#include "rules/hash_entry.h"
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
    unsigned size_bits;
    unsigned size_shift;
    unsigned ref_bits;
    uint64_t heads_at;
    uint64_t prints_at;
    uint64_t filter_at;
    uint64_t rests_at;
    uint64_t details_at;
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
           t->size_bits <= 32 && t->size_shift < 64 && t->ref_bits <= 32 &&
           t->heads_at < far && t->prints_at < far && t->filter_at < far &&
           t->rests_at < far && t->details_at < far && t->exceptions_at < far &&
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
        .size_bits = s.ptr[5],
        .size_shift = s.ptr[6],
        .ref_bits = s.ptr[7],
        .heads_at = ov_load64le(s.ptr + 8),
        .prints_at = ov_load64le(s.ptr + 16),
        .filter_at = ov_load64le(s.ptr + 24),
        .rests_at = ov_load64le(s.ptr + 32),
        .details_at = ov_load64le(s.ptr + 40),
        .exceptions_at = ov_load64le(s.ptr + 48),
        .n_exceptions = ov_load32le(s.ptr + 56),
        .filter_log = s.ptr[60],
        .has_any = s.ptr[61] != 0,
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

/* Size (OV_SIZE_ANY) and place in the order of sources of entry `index`. */
static bool read_details(struct ov_image *image, const struct table *t,
                         uint32_t index, uint64_t *ret_size, uint32_t *ret_ref)
{
    unsigned width = t->size_bits + t->ref_bits;
    uint64_t at = (uint64_t)index * width;
    uint64_t escape = ((uint64_t)1 << t->size_bits) - 1;
    uint64_t both;
    uint64_t code;
    struct ov_span s;

    if (!ov_image_at(image, OV_SECTION_HASH_DATA, t->details_at + at / 8,
                     (at % 8 + width + 7) / 8, &s))
        return false;
    both = ov_bits_get(s, at % 8, width);
    code = both & escape;
    *ret_ref = (uint32_t)(both >> t->size_bits);
    if (code == escape)
        return find_exception(image, t, index, ret_size);
    *ret_size = code == escape - 1 ? OV_SIZE_ANY : code << t->size_shift;
    return true;
}

/* What is behind the print of entry `index`. */
static bool read_rest(struct ov_image *image, const struct table *t,
                      enum ov_digest_kind kind, uint32_t index,
                      struct ov_span *ret)
{
    size_t len = ov_digest_len(kind) - t->bucket_len - OV_HASHES_PRINT;

    return ov_image_at(image, OV_SECTION_HASH_DATA,
                       t->rests_at + (uint64_t)index * len, len, ret);
}

/* Whether the entry's digest and size are the wanted ones, and its place in
 * the order of sources. */
static bool check_cold(struct ov_image *image, const struct table *t,
                       uint32_t index, const struct ov_hash_key *key,
                       uint32_t *ret_ref)
{
    size_t skip = t->bucket_len + OV_HASHES_PRINT;
    struct ov_span rest;
    uint64_t size;

    return read_rest(image, t, key->kind, index, &rest) &&
           memcmp(rest.ptr, key->digest + skip, rest.len) == 0 &&
           read_details(image, t, index, &size, ret_ref) &&
           (size == OV_SIZE_ANY || size == key->size);
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

/* ---- the way back ---- */

/* The bucket that entry `index` is in, by bisection of the heads. */
static bool find_bucket_of(struct ov_image *image, const struct table *t,
                           uint32_t index, uint32_t *ret)
{
    uint32_t from = 0;
    uint32_t to = (uint32_t)1 << (8 * t->bucket_len);
    struct ov_span s;

    while (to - from > 1) {
        uint32_t mid = from + (to - from) / 2;

        if (!ov_image_at(image, OV_SECTION_HASHES,
                         t->heads_at + (uint64_t)mid * 4, 4, &s))
            return false;
        if (ov_load32le(s.ptr) <= index)
            from = mid;
        else
            to = mid;
    }
    *ret = from;
    return true;
}

static bool read_digest(struct ov_image *image, const struct table *t,
                        enum ov_digest_kind kind, uint32_t index,
                        uint8_t ret[static OV_DIGEST_MAX])
{
    struct ov_span print;
    struct ov_span rest;
    uint32_t bucket;

    if (!find_bucket_of(image, t, index, &bucket) ||
        !ov_image_at(image, OV_SECTION_HASHES,
                     t->prints_at + (uint64_t)index * OV_HASHES_PRINT,
                     OV_HASHES_PRINT, &print) ||
        !read_rest(image, t, kind, index, &rest))
        return false;
    for (size_t i = 0; i < t->bucket_len; i++)
        ret[i] = (uint8_t)(bucket >> (8 * (t->bucket_len - 1 - i)));
    for (size_t i = 0; i < OV_HASHES_PRINT; i++)
        ret[t->bucket_len + i] = print.ptr[OV_HASHES_PRINT - 1 - i];
    memcpy(ret + t->bucket_len + OV_HASHES_PRINT, rest.ptr, rest.len);
    return true;
}

bool ov_hash_entry_at(struct ov_image *image, enum ov_hash_of of,
                      enum ov_digest_kind kind, uint32_t index,
                      struct ov_hash_entry *ret)
{
    struct table t;
    uint32_t ref;

    return read_table(image, of, kind, &t) && index < t.n &&
           read_details(image, &t, index, &ret->size, &ref) &&
           read_digest(image, &t, kind, index, ret->digest);
}

enum ov_status ov_hash_entry_order(struct ov_image *image, enum ov_hash_of of,
                                   enum ov_digest_kind kind, uint32_t **ret,
                                   size_t *ret_n)
{
    OV_AUTO_PTR uint32_t *order = NULL;
    struct table t;
    struct ov_span details;

    /* Details may take no bits at all, prints take some: there cannot be more
     * entries than there is room for. */
    if (!read_table(image, of, kind, &t) ||
        t.n > image->sections[OV_SECTION_HASHES].len / OV_HASHES_PRINT ||
        !ov_image_at(image, OV_SECTION_HASH_DATA, t.details_at,
                     ((uint64_t)t.n * (t.size_bits + t.ref_bits) + 7) / 8,
                     &details))
        return OV_MALFORMED;
    order = ov_alloc_array(t.n, sizeof(*order));
    if (order == NULL)
        return OV_NO_MEMORY;
    for (uint32_t i = 0; i < t.n; i++) {
        uint64_t size;
        uint32_t ref;

        if (!read_details(image, &t, i, &size, &ref) || ref >= t.n)
            return OV_MALFORMED;
        order[ref] = i;
    }
    *ret = OV_STEAL(order);
    *ret_n = t.n;
    return OV_OK;
}
