/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/ruleset.h"

#define PART_ARENA_MAX ((size_t)8 << 30)

struct ov_part *ov_part_new(uint32_t source)
{
    OV_AUTO(part) part = ov_alloc(sizeof(*part));

    if (part == NULL)
        return NULL;
    part->source = source;
    part->arena = ov_arena_new(PART_ARENA_MAX);
    if (part->arena == NULL)
        return NULL;
    return OV_STEAL(part);
}

void ov_part_free(struct ov_part *p)
{
    if (p == NULL)
        return;
    ov_free(p->rules.items);
    for (int of = 0; of < OV_N_HASH_OF; of++)
        for (int kind = 0; kind < OV_N_DIGEST; kind++)
            ov_free(p->hashes[of][kind].items);
    ov_free(p->members.items);
    ov_free(p->magics.items);
    ov_free(p->passwords.items);
    ov_free(p->ignores.items);
    ov_free(p->icons.items);
    ov_free(p->skips.items);
    ov_free(p->warnings.items);
    ov_free(p->imports.items);
    ov_arena_free(p->arena);
    ov_free(p);
}

void *ov_list_grow(void **items, size_t *n, size_t *cap, size_t size)
{
    uint8_t *item;

    if (*n == *cap) {
        size_t more = *cap < 8 ? 16 : *cap + *cap / 2;
        void *grown = ov_realloc_array(*items, more, size);

        if (grown == NULL)
            return NULL;
        *items = grown;
        *cap = more;
    }
    item = (uint8_t *)*items + *n * size;
    memset(item, 0, size);
    *n += 1;
    return item;
}

uint32_t ov_part_fault_source(const struct ov_part *p)
{
    for (size_t i = 0; i < p->skips.n; i++)
        if (p->skips.items[i].is_error)
            return ov_part_source(p, p->skips.items[i].source);
    return p->source;
}
