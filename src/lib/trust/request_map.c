/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/request_map.h"

#include <string.h>

/* Open addressing with linear steps, at most half full. What is outgrown stays
 * in the arena: less than is in use. */

#define FIRST_CAP 64

struct slot {
    uint8_t key[32];
    size_t number; /* and one; 0: free */
};

struct ov_request_map {
    struct ov_arena *arena;
    struct slot *slots;
    size_t cap; /* a power of two */
    size_t n;
};

struct ov_request_map *ov_request_map_new(struct ov_arena *a)
{
    struct ov_request_map *m = ov_arena_alloc(a, sizeof(*m));

    if (m == NULL)
        return NULL;
    m->arena = a;
    m->cap = FIRST_CAP;
    m->slots = ov_arena_array(a, m->cap, sizeof(*m->slots));
    return m->slots != NULL ? m : NULL;
}

/* The slot of the key, or the free one where it would be. */
static struct slot *find(struct slot *slots, size_t cap,
                         const uint8_t key[static 32])
{
    size_t at = (size_t)ov_load64le(key) & (cap - 1);

    while (slots[at].number != 0 &&
           memcmp(slots[at].key, key, sizeof(slots[at].key)) != 0)
        at = (at + 1) & (cap - 1);
    return &slots[at];
}

bool ov_request_map_get(const struct ov_request_map *m,
                        const uint8_t key[static 32], size_t *ret)
{
    const struct slot *s = find(m->slots, m->cap, key);

    if (s->number == 0)
        return false;
    *ret = s->number - 1;
    return true;
}

static enum ov_status grow(struct ov_request_map *m)
{
    size_t cap = m->cap * 2;
    struct slot *slots = ov_arena_array(m->arena, cap, sizeof(*slots));

    if (slots == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < m->cap; i++) {
        if (m->slots[i].number != 0)
            *find(slots, cap, m->slots[i].key) = m->slots[i];
    }
    m->slots = slots;
    m->cap = cap;
    return OV_OK;
}

enum ov_status ov_request_map_put(struct ov_request_map *m,
                                  const uint8_t key[static 32], size_t number)
{
    struct slot *s;

    if (m->n * 2 >= m->cap)
        OV_TRY(grow(m));
    s = find(m->slots, m->cap, key);
    m->n += s->number == 0;
    memcpy(s->key, key, sizeof(s->key));
    s->number = number + 1;
    return OV_OK;
}
