/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/reputation.h"

/*
 * What the formats of the reputation cloud share: names, bits of a hash, lists
 * of items of one size. Format: docs/protocol-reputation.md, "Hashes".
 *
 * A snapshot with p bits in a bucket's number keeps bits p to p + 127 in the
 * bucket's records, so these are seldom whole bytes of the hash.
 */

static const char *const reputations[OV_N_REPUTATION] = {
#define OV_REPUTATION(id, number, name) [number] = name,
#include "reputation/reputation.def"
#undef OV_REPUTATION
};

static const struct {
    const char *name;
    unsigned bits;
    bool is_good;
} filters[OV_N_FILTER] = {

#define OV_FILTER(id, name, bits, is_good) {name, bits, is_good},
#include "reputation/filters.def"
#undef OV_FILTER
};

const char *ov_reputation_name(enum ov_reputation r)
{
    return (unsigned)r < OV_N_REPUTATION ? reputations[r] : "unknown";
}

bool ov_reputation_parse(struct ov_span name, enum ov_reputation *ret)
{
    for (unsigned i = 0; i < OV_N_REPUTATION; i++) {
        if (ov_span_equal(name, ov_span_str(reputations[i]))) {
            *ret = (enum ov_reputation)i;
            return true;
        }
    }
    return false;
}

const char *ov_filter_name(enum ov_filter f)
{
    return filters[f].name;
}

unsigned ov_filter_bits(enum ov_filter f)
{
    return filters[f].bits;
}

bool ov_filter_is_good(enum ov_filter f)
{
    return filters[f].is_good;
}

bool ov_family_name_is_valid(struct ov_span name)
{
    for (size_t i = 0; i < name.len; i++) {
        int c = ov_span_byte(name, i);

        if (c <= 0x20 || c >= 0x7f)
            return false;
    }
    return name.len > 0 && name.len <= OV_FAMILY_NAME_MAX;
}

uint32_t ov_hash_number(const uint8_t hash[static 32], unsigned bits)
{
    uint32_t first = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 |
                     (uint32_t)hash[2] << 8 | hash[3];

    return bits == 0 ? 0 : first >> (32 - bits);
}

void ov_hash_bits(const uint8_t hash[static 32], unsigned from, uint8_t *ret,
                  size_t len)
{
    size_t at = from / 8;
    unsigned shift = from % 8;

    for (size_t i = 0; i < len; i++) {
        unsigned next = at + i + 1 < 32 ? hash[at + i + 1] : 0;

        ret[i] = (uint8_t)(((unsigned)hash[at + i] << 8 | next) >> (8 - shift));
    }
}

uint64_t ov_hash_key(const uint8_t hash[static 32])
{
    return __builtin_bswap64(ov_load64le(hash + 1));
}

void ov_put_u16be(struct ov_buf *b, uint16_t v)
{
    ov_put_u16(b, __builtin_bswap16(v));
}

void ov_put_u24be(struct ov_buf *b, uint32_t v)
{
    ov_put_u8(b, (uint8_t)(v >> 16));
    ov_put_u16be(b, (uint16_t)v);
}

void ov_put_u32be(struct ov_buf *b, uint32_t v)
{
    ov_put_u32(b, __builtin_bswap32(v));
}

void ov_put_u64be(struct ov_buf *b, uint64_t v)
{
    ov_put_u64(b, __builtin_bswap64(v));
}

uint32_t ov_read_u24be(struct ov_reader *r)
{
    uint32_t high = ov_read_u8(r);

    return high << 16 | ov_read_u16be(r);
}

size_t ov_items_find(struct ov_span all, size_t n, size_t stride,
                     struct ov_span key)
{
    size_t from = 0;
    size_t to = n;

    while (from < to) {
        size_t mid = from + (to - from) / 2;
        struct ov_span item = ov_span_clip(all, mid * stride, key.len);

        if (ov_span_compare(item, key) < 0)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

bool ov_items_rise(struct ov_span all, size_t n, size_t stride, size_t len)
{
    for (size_t i = 1; i < n; i++) {
        struct ov_span before = ov_span_clip(all, (i - 1) * stride, len);

        if (ov_span_compare(before, ov_span_clip(all, i * stride, len)) >= 0)
            return false;
    }
    return true;
}
