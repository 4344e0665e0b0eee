/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/object.h"

uint32_t ov_object_head(struct ov_span bytes)
{
    uint32_t head = 0;

    for (unsigned i = 0; i < 4 && i < bytes.len; i++)
        head |= (uint32_t)ov_span_byte(bytes, i) << (8 * i);
    return head;
}

bool ov_object_fits(const struct ov_object *o, uint64_t min, uint64_t max,
                    uint32_t mask, uint32_t head)
{
    if (o->regions != NULL)
        return min == 0 && max == UINT64_MAX && mask == 0;
    return o->bytes.len >= min && o->bytes.len <= max &&
           (o->head & mask) == head;
}

struct ov_span ov_object_bytes_at(const struct ov_object *o,
                                  struct ov_span view, uint64_t at,
                                  uint64_t len)
{
    struct ov_span bytes = {NULL, 0};

    if (o->regions == NULL)
        return ov_span_clip(view, at, len);
    return ov_regions_range(o->regions, at, len, &bytes)
               ? bytes
               : ov_span_clip(view, 0, 0);
}

const uint8_t *ov_object_digest(struct ov_object *o, enum ov_digest_kind kind)
{
    if ((o->known_digests & 1u << kind) == 0) {
        if (ov_digest(kind, o->bytes, o->digests[kind]) != OV_OK)
            return NULL;
        o->known_digests |= 1u << kind;
    }
    return o->digests[kind];
}

enum ov_status ov_object_facts(struct ov_object *o, struct ov_arena *arena,
                               struct ov_budget *budget,
                               const struct ov_facts **ret)
{
    if (!o->has_facts) {
        if (o->regions != NULL)
            ov_process_facts(o, &o->facts);
        else
            OV_TRY(ov_facts_read(o->type, o->bytes, arena, budget, &o->facts));
        o->has_facts = true;
    }
    *ret = &o->facts;
    return OV_OK;
}

enum ov_status ov_object_icons(struct ov_object *o, struct ov_arena *arena,
                               struct ov_budget *budget, uint64_t max,
                               const struct ov_icon_list **ret)
{
    const struct ov_facts *facts = NULL;

    if (!o->has_icons) {
        OV_TRY(ov_object_facts(o, arena, budget, &facts));
        o->icons = (struct ov_icon_list){0};
        if (facts->pe != NULL) {
            struct ov_exe_job job = {o->bytes, arena, budget, &o->facts};

            OV_TRY(ov_pe_icons(facts->pe, &job, max, &o->icons));
        }
        o->has_icons = true;
    }
    *ret = &o->icons;
    return OV_OK;
}

/* Modules look at the object through this. */
struct ov_object_modules {
    struct ov_object *object;
    struct ov_module_input input;
    struct ov_module_run *runs[]; /* by their number; NULL: not begun */
};

static enum ov_status facts_for(void *object, const struct ov_facts **ret)
{
    const struct ov_object_modules *modules = object;

    return ov_object_facts(modules->object, modules->input.arena,
                           modules->input.budget, ret);
}

static const uint8_t *digest_for(void *object, enum ov_digest_kind kind)
{
    const struct ov_object_modules *modules = object;

    return ov_object_digest(modules->object, kind);
}

static struct ov_object_modules *
begin_modules(struct ov_object *o, const struct ov_surroundings *around)
{
    struct ov_object_modules *modules = ov_arena_alloc(
        around->arena,
        sizeof(*modules) + ov_module_count() * sizeof(*modules->runs));

    if (modules == NULL)
        return NULL;
    modules->object = o;
    modules->input = (struct ov_module_input){
        .bytes = o->regions != NULL ? (struct ov_span){NULL, 0} : o->bytes,
        .regions = o->regions,
        .address = o->address,
        .type = o->type,
        .arena = around->arena,
        .budget = around->budget,
        .now = around->now,
        .reports = around->reports,
        .console = around->console,
        .identify = around->identify,
        .identify_data = around->identify_data,
        .object = modules,
        .facts = facts_for,
        .digest = o->regions != NULL ? NULL : digest_for,
    };
    return modules;
}

enum ov_status ov_object_module(struct ov_object *o, uint32_t i,
                                const struct ov_surroundings *around,
                                struct ov_module_run **ret)
{
    if (o->regions != NULL)
        OV_TRY(ov_process_object(o, i, around->arena, &o));
    if (o->modules == NULL)
        o->modules = begin_modules(o, around);
    if (o->modules == NULL)
        return OV_NO_MEMORY;
    if (o->modules->runs[i] == NULL)
        OV_TRY(ov_module_begin(ov_module_at(i), &o->modules->input,
                               &o->modules->runs[i]));
    *ret = o->modules->runs[i];
    return OV_OK;
}

enum ov_status ov_object_image_hash(struct ov_object *o,
                                    struct ov_budget *budget,
                                    const uint8_t **ret)
{
    if (!o->has_image_hash) {
        o->image_hash_status =
            ov_image_hash(o->type, o->bytes, budget, o->image_hash);
        o->has_image_hash = true;
    }
    if (o->image_hash_status == OV_NO_MEMORY ||
        o->image_hash_status == OV_LIMIT_WORK)
        return o->image_hash_status;
    *ret = o->image_hash_status == OV_OK ? o->image_hash : NULL;
    return OV_OK;
}
