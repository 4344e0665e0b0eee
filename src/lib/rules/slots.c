/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/slots.h"

#define FIRST_LOG 8
#define MAX_LOG 31

/* Open addressing, at most half full. The hash is FNV-1a of 64 bits, folded
 * (Fowler, Noll, Vo): inputs are rule sources, whose authors could also write a
 * slow rule. */

void ov_slots_done(struct ov_slots *s)
{
    ov_free(s->items);
    *s = (struct ov_slots){0};
}

static void put(struct ov_slots *s, struct ov_slot slot)
{
    uint32_t mask = ((uint32_t)1 << s->log) - 1;
    uint32_t at = slot.hash & mask;

    while (s->items[at].value != 0)
        at = (at + 1) & mask;
    s->items[at] = slot;
}

static enum ov_status grow(struct ov_slots *s)
{
    struct ov_slots more = {.n = s->n};

    more.log = s->items == NULL ? FIRST_LOG : s->log + 1;
    if (more.log > MAX_LOG)
        return OV_LIMIT_COUNT;
    more.items = ov_alloc_array((size_t)1 << more.log, sizeof(*more.items));
    if (more.items == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; s->items != NULL && i < (size_t)1 << s->log; i++)
        if (s->items[i].value != 0)
            put(&more, s->items[i]);
    ov_free(s->items);
    *s = more;
    return OV_OK;
}

enum ov_status ov_slots_add(struct ov_slots *s, uint32_t hash, uint32_t value)
{
    if (s->items == NULL || s->n >= ((uint32_t)1 << s->log) / 2)
        OV_TRY(grow(s));
    put(s, (struct ov_slot){hash, value + 1});
    s->n++;
    return OV_OK;
}

bool ov_slots_next(const struct ov_slots *s, uint32_t hash, uint32_t *at,
                   uint32_t *ret_value)
{
    uint32_t mask = ((uint32_t)1 << s->log) - 1;

    if (s->items == NULL)
        return false;
    for (;;) {
        struct ov_slot slot = s->items[*at & mask];

        if (slot.value == 0)
            return false;
        *at += 1;
        if (slot.hash != hash)
            continue;
        *ret_value = slot.value - 1;
        return true;
    }
}

uint32_t ov_slots_hash(uint32_t seed, struct ov_span s)
{
    uint64_t h = 0xcbf29ce484222325u ^ seed;

    for (size_t i = 0; i < s.len; i++)
        h = (h ^ s.ptr[i]) * 0x100000001b3u;
    return (uint32_t)(h ^ h >> 32);
}
