/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_condition.h"

/* What a condition says of the object's size and first bytes, whatever else it
 * says: "uint16(0) == 0x5A4D and filesize < 1MB and pe.is_signed" can only hold
 * for some objects, and the others need not be looked at. The guard of a value
 * tells what must be so if it is true; "and" makes it narrower, "or" wider, and
 * what is not understood leaves it as wide as can be. */

struct ov_guard ov_yara_guard_any(void)
{
    return (struct ov_guard){.max_size = UINT64_MAX};
}

bool ov_yara_guard_is_any(const struct ov_guard *g)
{
    return g->min_size == 0 && g->max_size == UINT64_MAX && g->head_mask == 0;
}

struct ov_guard ov_yara_guard_both(struct ov_guard a, struct ov_guard b)
{
    uint32_t shared = a.head_mask & b.head_mask;
    struct ov_guard g = {
        .min_size = a.min_size > b.min_size ? a.min_size : b.min_size,
        .max_size = a.max_size < b.max_size ? a.max_size : b.max_size,
        .head_mask = a.head_mask | b.head_mask,
        .head = a.head | b.head,
    };

    if (((a.head ^ b.head) & shared) != 0) { /* nothing fits */
        g.min_size = UINT64_MAX;
        g.max_size = 0;
    }
    return g;
}

static bool is_none(const struct ov_guard *g)
{
    return g->min_size > g->max_size;
}

struct ov_guard ov_yara_guard_either(struct ov_guard a, struct ov_guard b)
{
    struct ov_guard g = {
        .min_size = a.min_size < b.min_size ? a.min_size : b.min_size,
        .max_size = a.max_size > b.max_size ? a.max_size : b.max_size,
        .head_mask = a.head_mask & b.head_mask & ~(a.head ^ b.head),
    };

    if (is_none(&a))
        return b;
    if (is_none(&b))
        return a;
    g.head = a.head & g.head_mask;
    return g;
}

/* filesize OP k */
static struct ov_guard guard_of_size(uint8_t op, int64_t k)
{
    struct ov_guard g = ov_yara_guard_any();
    uint64_t size = k < 0 ? 0 : (uint64_t)k;

    if (op == OV_COND_LESS && k > 0)
        g.max_size = size - 1;
    else if (op == OV_COND_LESS_EQUAL && k >= 0)
        g.max_size = size;
    else if (op == OV_COND_GREATER && k >= 0)
        g.min_size = size + 1;
    else if (op == OV_COND_GREATER_EQUAL)
        g.min_size = size;
    else if (op == OV_COND_SAME && k >= 0)
        g.min_size = g.max_size = size;
    return g;
}

/* uint32(0) == k: the first byte is the lowest of the head. */
static struct ov_guard guard_of_head(uint8_t how, int64_t k)
{
    struct ov_guard g = ov_yara_guard_any();
    unsigned size = how & OV_READ_SIZE_MASK;

    if (size > sizeof(g.head) || (how & (OV_READ_SIGNED | OV_READ_FLOAT)) != 0)
        return g;
    g.min_size = size;
    for (unsigned i = 0; i < size; i++) {
        unsigned from = (how & OV_READ_BIG_ENDIAN) != 0 ? size - 1 - i : i;
        uint32_t byte = (uint32_t)((uint64_t)k >> (8 * from)) & 0xff;

        g.head_mask |= (uint32_t)0xff << (8 * i);
        g.head |= byte << (8 * i);
    }
    return g;
}

struct ov_guard ov_yara_guard_of(uint8_t op, const struct ov_yara_value *left,
                                 const struct ov_yara_value *right)
{
    if (left->is_constant) {
        const struct ov_yara_value *other = left;

        left = right;
        right = other;
        op = ov_yara_mirrored(op);
    }
    if (right->is_constant && left->is_size)
        return guard_of_size(op, right->number);
    if (right->is_constant && left->head_how != 0 && op == OV_COND_SAME)
        return guard_of_head(left->head_how, right->number);
    return ov_yara_guard_any();
}
