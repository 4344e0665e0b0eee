/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_names.h"

#include "base/assert.h"

/* An open table, at most half full, with FNV-1a (draft-eastlake-fnv, section 2)
 * as its hash. */

#define FIRST_SLOTS 32
#define FNV_BASIS 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

static size_t slot_of(const struct ov_yara_name *slots, size_t n_slots,
                      struct ov_span name)
{
    uint64_t hash = FNV_BASIS;
    size_t at;

    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (uint64_t)ov_span_byte(name, i)) * FNV_PRIME;
    at = (size_t)(hash ^ hash >> 32) & (n_slots - 1);
    while (slots[at].name.len > 0 && !ov_span_equal(slots[at].name, name))
        at = (at + 1) & (n_slots - 1);
    return at;
}

void ov_yara_names_done(struct ov_yara_names *names)
{
    ov_free(names->slots);
    *names = (struct ov_yara_names){0};
}

void ov_yara_names_clear(struct ov_yara_names *names)
{
    if (names->n_slots > FIRST_SLOTS)
        ov_yara_names_done(names);
    for (size_t i = 0; i < names->n_slots; i++)
        names->slots[i] = (struct ov_yara_name){0};
    names->n = 0;
}

static enum ov_status grow(struct ov_yara_names *names)
{
    size_t n_slots = names->n_slots == 0 ? FIRST_SLOTS : names->n_slots * 2;
    struct ov_yara_name *slots = ov_alloc_array(n_slots, sizeof(*slots));

    if (slots == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < names->n_slots; i++) {
        struct ov_span name = names->slots[i].name;

        if (name.len > 0)
            slots[slot_of(slots, n_slots, name)] = names->slots[i];
    }
    ov_free(names->slots);
    names->slots = slots;
    names->n_slots = n_slots;
    return OV_OK;
}

enum ov_status ov_yara_names_add(struct ov_yara_names *names,
                                 struct ov_span name, uint32_t number)
{
    size_t at;

    OV_ASSERT(name.len > 0);
    if (names->n * 2 >= names->n_slots)
        OV_TRY(grow(names));
    at = slot_of(names->slots, names->n_slots, name);
    OV_ASSERT(names->slots[at].name.len == 0);
    names->slots[at] = (struct ov_yara_name){name, number};
    names->n++;
    return OV_OK;
}

bool ov_yara_names_find(const struct ov_yara_names *names, struct ov_span name,
                        uint32_t *ret)
{
    size_t at;

    if (names->n == 0 || name.len == 0)
        return false;
    at = slot_of(names->slots, names->n_slots, name);
    if (names->slots[at].name.len == 0)
        return false;
    *ret = names->slots[at].number;
    return true;
}
