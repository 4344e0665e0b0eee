/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds modules and their fields by name, and makes the values that modules
 * fill in. Tables of a module are short and names are only looked up when rules
 * are compiled, so they are searched from front to back. */
#include "modules/module.h"

/* How deep structures directly inside of structures may lie: the tables are our
 * own, this only bounds the loop. */
#define NESTED_MAX 8

#define OV_MODULE(word) extern const struct ov_module ov_module_##word;
#include "modules/modules.def"
#undef OV_MODULE

static const struct ov_module *const modules[] = {
#define OV_MODULE(word) &ov_module_##word,
#include "modules/modules.def"
#undef OV_MODULE
};

uint32_t ov_module_count(void)
{
    return (uint32_t)(sizeof(modules) / sizeof(modules[0]));
}

const struct ov_module *ov_module_at(uint32_t i)
{
    return i < ov_module_count() ? modules[i] : NULL;
}

const struct ov_module *ov_module_find(struct ov_span name)
{
    for (uint32_t i = 0; i < ov_module_count(); i++) {
        if (ov_span_equal(name, ov_span_str(modules[i]->name)))
            return modules[i];
    }
    return NULL;
}

int64_t ov_field_find(const struct ov_structure *s, struct ov_span name)
{
    for (uint32_t i = 0; i < s->n_fields; i++) {
        if (ov_span_equal(name, ov_span_str(s->fields[i].name)))
            return i;
    }
    return -1;
}

bool ov_module_range(const struct ov_module_input *in, int64_t at, int64_t len,
                     struct ov_span *ret)
{
    if (at < 0 || len < 0)
        return false;
    if (in->regions != NULL)
        return ov_regions_range(in->regions, (uint64_t)at, (uint64_t)len, ret);
    if ((uint64_t)at >= in->bytes.len)
        return false;
    *ret = ov_span_clip(in->bytes, (uint64_t)at, (uint64_t)len);
    return true;
}

/* The fields of n structures in one piece of memory. */
static enum ov_status new_fields(struct ov_module_run *run,
                                 const struct ov_structure *s, uint32_t n,
                                 struct ov_datum **ret)
{
    uint64_t count = (uint64_t)s->n_fields * n;

    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS, count));
    *ret = ov_arena_array(run->in->arena, count, sizeof(**ret));
    return *ret == NULL ? OV_NO_MEMORY : OV_OK;
}

/* A structure whose own structures are still to be made. */
struct unfinished {
    const struct ov_structure *s;
    struct ov_datum *fields;
    uint32_t next;
};

static enum ov_status fill_structure(struct ov_module_run *run,
                                     const struct ov_structure *s,
                                     struct ov_datum *fields)
{
    struct unfinished stack[NESTED_MAX] = {{s, fields, 0}};
    size_t n = 1;

    while (n > 0) {
        struct unfinished *top = &stack[n - 1];
        const struct ov_field *field;
        struct ov_datum *datum;

        if (top->next == top->s->n_fields) {
            n--;
            continue;
        }
        field = &top->s->fields[top->next];
        datum = &top->fields[top->next++];
        if (field->kind == OV_DATUM_CONSTANT)
            *datum = ov_datum_integer(field->number);
        if (field->kind != OV_DATUM_STRUCTURE || n == NESTED_MAX)
            continue;
        datum->kind = OV_DATUM_STRUCTURE;
        OV_TRY(new_fields(run, field->structure, 1, &datum->fields));
        stack[n++] = (struct unfinished){field->structure, datum->fields, 0};
    }
    return OV_OK;
}

enum ov_status ov_datum_structure(struct ov_module_run *run,
                                  const struct ov_structure *s,
                                  struct ov_datum *ret)
{
    struct ov_datum *fields;

    OV_TRY(new_fields(run, s, 1, &fields));
    OV_TRY(fill_structure(run, s, fields));
    *ret = (struct ov_datum){.kind = OV_DATUM_STRUCTURE, .fields = fields};
    return OV_OK;
}

static enum ov_status new_items(struct ov_module_run *run,
                                const struct ov_structure *s, uint32_t n,
                                struct ov_items **ret)
{
    struct ov_items *items = ov_arena_alloc(run->in->arena, sizeof(*items));
    struct ov_datum *fields = NULL;

    if (items == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS, n));
    items->n = n;
    items->values = ov_arena_array(run->in->arena, n, sizeof(*items->values));
    if (items->values == NULL && n > 0)
        return OV_NO_MEMORY;
    if (s != NULL)
        OV_TRY(new_fields(run, s, n, &fields));
    for (uint32_t i = 0; i < n && s != NULL; i++) {
        items->values[i].kind = OV_DATUM_STRUCTURE;
        items->values[i].fields = fields + (size_t)i * s->n_fields;
        OV_TRY(fill_structure(run, s, items->values[i].fields));
    }
    *ret = items;
    return OV_OK;
}

enum ov_status ov_datum_array(struct ov_module_run *run,
                              const struct ov_structure *s, uint32_t n,
                              struct ov_datum *ret,
                              struct ov_datum **ret_values)
{
    struct ov_items *items;

    OV_TRY(new_items(run, s, n, &items));
    *ret = (struct ov_datum){.kind = OV_DATUM_ARRAY, .items = items};
    *ret_values = items->values;
    return OV_OK;
}

enum ov_status ov_datum_dictionary(struct ov_module_run *run,
                                   const struct ov_structure *s, uint32_t n,
                                   struct ov_datum *ret,
                                   struct ov_datum **ret_values,
                                   struct ov_span **ret_keys)
{
    struct ov_items *items;

    OV_TRY(new_items(run, s, n, &items));
    items->keys = ov_arena_array(run->in->arena, n, sizeof(*items->keys));
    if (items->keys == NULL && n > 0)
        return OV_NO_MEMORY;
    *ret = (struct ov_datum){.kind = OV_DATUM_DICTIONARY, .items = items};
    *ret_values = items->values;
    *ret_keys = items->keys;
    return OV_OK;
}

enum ov_status ov_module_begin(const struct ov_module *module,
                               const struct ov_module_input *in,
                               struct ov_module_run **ret)
{
    struct ov_module_run *run = ov_arena_alloc(in->arena, sizeof(*run));
    struct ov_datum root;

    if (run == NULL)
        return OV_NO_MEMORY;
    run->module = module;
    run->in = in;
    OV_TRY(ov_datum_structure(run, &module->root, &root));
    run->fields = root.fields;
    *ret = run;
    return OV_OK;
}

enum ov_status ov_module_get(struct ov_module_run *run, uint32_t field,
                             struct ov_datum *ret)
{
    const struct ov_structure *root = &run->module->root;
    unsigned group;

    if (field >= root->n_fields)
        return OV_MALFORMED;
    group = root->fields[field].group;
    if (run->module->fill != NULL && (run->filled & 1u << group) == 0) {
        run->filled |= 1u << group;
        OV_TRY(run->module->fill(run, group));
    }
    *ret = run->fields[field];
    return OV_OK;
}
