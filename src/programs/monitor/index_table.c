/* SPDX-License-Identifier: Apache-2.0 */
#include "index_table.h"

#include "base/alloc.h"
#include "log/merkle.h"

/* Open addressing; names are hashed by SHA-256, so that nobody can choose them
 * to collide. */

#define FIRST_SIZE 1024

struct slot {
    bool is_used;
    uint8_t key[OV_MERKLE_HASH];
    struct index_item item;
};

struct index_table {
    struct slot *slots;
    size_t size; /* a power of two */
    size_t n;
};

struct index_table *index_table_new(void)
{
    struct index_table *t = ov_alloc(sizeof(*t));

    if (t == NULL)
        return NULL;
    t->size = FIRST_SIZE;
    t->slots = ov_alloc_array(t->size, sizeof(*t->slots));
    if (t->slots == NULL) {
        ov_free(t);
        return NULL;
    }
    return t;
}

void index_table_free(struct index_table *t)
{
    if (t == NULL)
        return;
    ov_free(t->slots);
    ov_free(t);
}

static void make_key(char space, struct ov_span name,
                     uint8_t ret[static OV_MERKLE_HASH])
{
    uint8_t name_hash[OV_MERKLE_HASH];
    uint8_t space_hash[OV_MERKLE_HASH] = {(uint8_t)space};

    ov_merkle_leaf(name, name_hash);
    ov_merkle_node(space_hash, name_hash, ret);
}

/* The slot of a key, or the free one where it belongs. */
static struct slot *look_up(struct slot *slots, size_t size, const uint8_t *key)
{
    size_t at = (size_t)ov_load64le(key) & (size - 1);

    while (slots[at].is_used && memcmp(slots[at].key, key, OV_MERKLE_HASH) != 0)
        at = (at + 1) & (size - 1);
    return &slots[at];
}

struct index_item *index_table_find(struct index_table *t, char space,
                                    struct ov_span name)
{
    uint8_t key[OV_MERKLE_HASH];
    struct slot *slot;

    make_key(space, name, key);
    slot = look_up(t->slots, t->size, key);
    return slot->is_used ? &slot->item : NULL;
}

static enum ov_status grow(struct index_table *t)
{
    size_t size = t->size * 2;
    struct slot *slots = ov_alloc_array(size, sizeof(*slots));

    if (slots == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < t->size; i++) {
        if (t->slots[i].is_used)
            *look_up(slots, size, t->slots[i].key) = t->slots[i];
    }
    ov_free(t->slots);
    t->slots = slots;
    t->size = size;
    return OV_OK;
}

enum ov_status index_table_put(struct index_table *t, char space,
                               struct ov_span name,
                               const struct index_item *item)
{
    uint8_t key[OV_MERKLE_HASH];
    struct slot *slot;

    if (t->n >= t->size / 2)
        OV_TRY(grow(t));
    make_key(space, name, key);
    slot = look_up(t->slots, t->size, key);
    if (!slot->is_used) {
        slot->is_used = true;
        memcpy(slot->key, key, OV_MERKLE_HASH);
        t->n++;
    }
    slot->item = *item;
    return OV_OK;
}
