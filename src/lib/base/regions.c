/* SPDX-License-Identifier: Apache-2.0 */
#include "base/regions.h"

/* Addresses of a process, and the bytes that were there. Regions lie in rising
 * order, so that one is found by halving. */

bool ov_regions_are_sound(const struct ov_regions *r)
{
    uint64_t at = 0;
    uint64_t address = 0;

    for (size_t i = 0; i < r->n; i++) {
        const struct ov_region *one = &r->list[i];

        if (one->len == 0 || one->at != at || one->address < address ||
            one->len > r->bytes.len - at ||
            one->len > UINT64_MAX - one->address)
            return false;
        at += one->len;
        address = one->address + one->len;
    }
    return at == r->bytes.len;
}

struct ov_span ov_regions_at(const struct ov_regions *r, size_t i)
{
    return ov_span_clip(r->bytes, r->list[i].at, r->list[i].len);
}

/* The region that has the address; n: none. */
static size_t find(const struct ov_regions *r, uint64_t address)
{
    size_t from = 0;
    size_t to = r->n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct ov_region *one = &r->list[middle];

        if (address < one->address)
            to = middle;
        else if (address - one->address < one->len)
            return middle;
        else
            from = middle + 1;
    }
    return r->n;
}

bool ov_regions_sub(const struct ov_regions *r, uint64_t address, uint64_t len,
                    struct ov_span *ret)
{
    size_t i = find(r, address);

    return i < r->n && ov_span_sub(ov_regions_at(r, i),
                                   address - r->list[i].address, len, ret);
}

bool ov_regions_range(const struct ov_regions *r, uint64_t address,
                      uint64_t len, struct ov_span *ret)
{
    size_t i = find(r, address);
    uint64_t offset;
    uint64_t have;

    if (i == r->n)
        return false;
    offset = address - r->list[i].address;
    have = r->list[i].len - offset;
    offset += r->list[i].at;
    for (; have < len && i + 1 < r->n; i++) {
        if (r->list[i].address + r->list[i].len != r->list[i + 1].address)
            return false;
        have += r->list[i + 1].len;
    }
    *ret = ov_span_clip(r->bytes, offset, len);
    return true;
}
