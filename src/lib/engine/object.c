/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/object.h"

const uint8_t *ov_object_digest(struct ov_object *o, enum ov_digest_kind kind)
{
    if ((o->known_digests & 1u << kind) == 0) {
        if (ov_digest(kind, o->bytes, o->digests[kind]) != OV_OK)
            return NULL;
        o->known_digests |= 1u << kind;
    }
    return o->digests[kind];
}

const struct ov_facts *ov_object_facts(struct ov_object *o,
                                       struct ov_arena *arena,
                                       struct ov_budget *budget)
{
    if (!o->has_facts) {
        if (ov_facts_read(o->type, o->bytes, arena, budget, &o->facts) != OV_OK)
            return NULL;
        o->has_facts = true;
    }
    return &o->facts;
}
