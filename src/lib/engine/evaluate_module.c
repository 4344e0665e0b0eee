/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "engine/machine.h"
#include "rules/file_value.h"

/* What modules say about the object (modules/module.h), in conditions. Code
 * names fields by their place in the module's tables: "pe.sections[1].name" is
 *
 *   module pe, field sections, int 1, item, field name
 *
 * so that nothing is looked up by name in a scan. A module is only asked when
 * a condition comes to it, and then for the one group of fields. The code may
 * be of any image, so every place is checked against the tables. */

#define ARGUMENTS_MAX 8

struct ov_value ov_value_of_datum(const struct ov_datum *datum,
                                  const struct ov_structure *of,
                                  struct ov_module_run *run)
{
    struct ov_value v = {.kind = OV_VALUE_UNDEFINED};

    switch (datum->kind) {
    case OV_DATUM_INTEGER:
        v.kind = OV_VALUE_INT;
        v.number = datum->number;
        return v;
    case OV_DATUM_FLOAT:
        v.kind = OV_VALUE_FLOAT;
        v.real = datum->real;
        return v;
    case OV_DATUM_STRING:
        v.kind = OV_VALUE_TEXT;
        v.text = datum->text;
        return v;
    case OV_DATUM_STRUCTURE:
        v.kind = OV_VALUE_STRUCTURE;
        v.part.fields = datum->fields;
        break;
    case OV_DATUM_ARRAY:
    case OV_DATUM_DICTIONARY:
        v.kind = datum->kind == OV_DATUM_ARRAY ? OV_VALUE_ARRAY
                                               : OV_VALUE_DICTIONARY;
        v.part.items = datum->items;
        break;
    case OV_DATUM_UNDEFINED:
    case OV_DATUM_REGEX:
    case OV_DATUM_FUNCTION:
    case OV_DATUM_CONSTANT:
        return v;
    }
    v.part.of = of;
    v.part.run = run;
    if (v.part.fields == NULL || (v.kind == OV_VALUE_STRUCTURE && of == NULL))
        return ov_value_undefined();
    return v;
}

static enum ov_status run_module(struct ov_machine *m)
{
    const struct ov_evaluation *e = m->terms->e;
    struct ov_value v = {.kind = OV_VALUE_STRUCTURE};
    uint64_t i = ov_read_varint(&m->code);

    if (i >= ov_module_count())
        return OV_MALFORMED;
    OV_TRY(ov_object_module(e->object, (uint32_t)i, &e->around, &v.part.run));
    v.part.fields = v.part.run->fields;
    v.part.of = &v.part.run->module->root;
    ov_machine_push(m, v);
    return OV_OK;
}

/* The field of a structure that is the next operand; NULL: the code is bad. */
static const struct ov_field *field_of(struct ov_machine *m,
                                       const struct ov_value *v, uint64_t place)
{
    if (v->kind == OV_VALUE_STRUCTURE && place < v->part.of->n_fields)
        return &v->part.of->fields[place];
    m->is_bad = true;
    return NULL;
}

static enum ov_status run_field(struct ov_machine *m)
{
    uint64_t place = ov_read_varint(&m->code);
    struct ov_value v = ov_machine_pop(m);
    const struct ov_field *field;
    struct ov_datum datum;

    if (v.kind == OV_VALUE_UNDEFINED) {
        ov_machine_push(m, v);
        return OV_OK;
    }
    field = field_of(m, &v, place);
    if (field == NULL)
        return OV_MALFORMED;
    if (v.part.fields == v.part.run->fields)
        OV_TRY(ov_module_get(v.part.run, (uint32_t)place, &datum));
    else
        datum = v.part.fields[place];
    ov_machine_push(m, ov_value_of_datum(&datum, field->structure, v.part.run));
    return OV_OK;
}

static void run_item(struct ov_machine *m)
{
    struct ov_value index = ov_machine_pop(m);
    struct ov_value v = ov_machine_pop(m);

    if (v.kind != OV_VALUE_ARRAY || index.kind != OV_VALUE_INT ||
        index.number < 0 || index.number >= v.part.items->n) {
        ov_machine_push(m, ov_value_undefined());
        return;
    }
    ov_machine_push(m, ov_value_of_datum(&v.part.items->values[index.number],
                                         v.part.of, v.part.run));
}

static enum ov_status run_entry(struct ov_machine *m)
{
    struct ov_value key = ov_machine_pop(m);
    struct ov_value v = ov_machine_pop(m);
    struct ov_value found = {.kind = OV_VALUE_UNDEFINED};

    if (v.kind == OV_VALUE_DICTIONARY && key.kind == OV_VALUE_TEXT &&
        v.part.items->keys != NULL) {
        const struct ov_items *items = v.part.items;

        OV_TRY(ov_budget_spend(m->terms->e->budget, OV_COST_STEPS, items->n));
        for (uint32_t i = 0; i < items->n; i++) {
            if (!ov_span_equal(items->keys[i], key.text))
                continue;
            found = ov_value_of_datum(&items->values[i], v.part.of, v.part.run);
            break;
        }
    }
    ov_machine_push(m, found);
    return OV_OK;
}

/* ---- functions ---- */

/* A value as an argument of this letter (struct ov_function); false if it is
 * another one. */
static bool as_argument(struct ov_value v, char letter, struct ov_datum *ret)
{
    *ret = (struct ov_datum){.kind = OV_DATUM_INTEGER, .number = v.is_true};
    switch (letter) {
    case 'i':
        ret->number = v.number;
        return v.kind == OV_VALUE_INT;
    case 'f':
        *ret =
            ov_datum_float(v.kind == OV_VALUE_INT ? (double)v.number : v.real);
        return v.kind == OV_VALUE_INT || v.kind == OV_VALUE_FLOAT;
    case 'b':
        ret->number = ov_value_is_true(v);
        return true;
    case 's':
        *ret = ov_datum_text(v.text);
        return v.kind == OV_VALUE_TEXT;
    case 'r':
        *ret = (struct ov_datum){.kind = OV_DATUM_REGEX, .text = v.text};
        return v.kind == OV_VALUE_REGEX;
    default:
        return false;
    }
}

/* The form of a function, with so many arguments; NULL: the code is bad. */
static const struct ov_function *form_of(const struct ov_field *field,
                                         uint64_t form, uint64_t n_arguments)
{
    if (field == NULL || field->kind != OV_DATUM_FUNCTION ||
        form >= field->n_functions ||
        strlen(field->functions[form].arguments) != n_arguments)
        return NULL;
    return &field->functions[form];
}

static enum ov_status call(struct ov_machine *m, const struct ov_function *form,
                           const struct ov_value *self,
                           const struct ov_value *values)
{
    struct ov_datum arguments[ARGUMENTS_MAX];
    struct ov_datum result = {.kind = OV_DATUM_UNDEFINED};
    struct ov_module_call what = {.run = self->part.run,
                                  .self = self->part.fields,
                                  .arguments = arguments};

    for (size_t i = 0; form->arguments[i] != '\0'; i++) {
        if (values[i].kind == OV_VALUE_UNDEFINED) {
            ov_machine_push(m, ov_value_undefined());
            return OV_OK;
        }
        if (!as_argument(values[i], form->arguments[i], &arguments[i]))
            return OV_MALFORMED;
    }
    OV_TRY(form->call(&what, &result));
    ov_machine_push(
        m, ov_value_of_datum(&result, form->of_result, self->part.run));
    return OV_OK;
}

static enum ov_status run_call(struct ov_machine *m)
{
    uint64_t place = ov_read_varint(&m->code);
    uint64_t number = ov_read_varint(&m->code);
    uint64_t n = ov_read_varint(&m->code);
    struct ov_value values[ARGUMENTS_MAX];
    const struct ov_function *form;
    struct ov_value self;

    if (n > ARGUMENTS_MAX || n >= m->depth)
        return OV_MALFORMED;
    for (uint64_t i = n; i > 0; i--)
        values[i - 1] = ov_machine_pop(m);
    self = ov_machine_pop(m);
    if (self.kind == OV_VALUE_UNDEFINED) {
        ov_machine_push(m, self);
        return OV_OK;
    }
    form = form_of(field_of(m, &self, place), number, n);
    if (form == NULL)
        return OV_MALFORMED;
    return call(m, form, &self, values);
}

static void run_external(struct ov_machine *m)
{
    const struct ov_surroundings *around = &m->terms->e->around;
    uint64_t i = ov_read_varint(&m->code);

    if (i >= around->n_externals)
        m->is_bad = true;
    else
        ov_machine_push(m,
                        ov_value_of_datum(&around->externals[i], NULL, NULL));
}

static enum ov_status lower(const struct ov_evaluation *e, struct ov_span text,
                            struct ov_span *ret)
{
    uint8_t *copy = ov_arena_alloc(e->arena, text.len + 1);

    if (copy == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < text.len; i++)
        copy[i] = ov_lower((uint8_t)ov_span_byte(text, i));
    *ret = ov_span_of(copy, text.len);
    return OV_OK;
}

/* A member of an archive has the name that it has there; its folder and its
 * owner are those of the file. */
static enum ov_status file_value(const struct ov_evaluation *e, uint64_t which,
                                 struct ov_span *ret)
{
    struct ov_span path = e->around.path;

    if (e->object->depth > 0)
        path = e->object->name;
    switch (which) {
    case OV_FILE_NAME:
        *ret = ov_file_value_name(path);
        return OV_OK;
    case OV_FILE_PATH:
        *ret = ov_file_value_folder(e->around.path);
        return OV_OK;
    case OV_FILE_EXTENSION:
        return lower(e, ov_file_value_extension(path), ret);
    case OV_FILE_TYPE:
        *ret = ov_span_str(ov_file_value_type(e->object->type));
        return OV_OK;
    case OV_FILE_OWNER:
        *ret = e->around.owner;
        return OV_OK;
    default:
        return OV_MALFORMED;
    }
}

static enum ov_status run_file_value(struct ov_machine *m)
{
    struct ov_value v = {.kind = OV_VALUE_TEXT};

    OV_TRY(file_value(m->terms->e, ov_read_varint(&m->code), &v.text));
    ov_machine_push(m, v);
    return OV_OK;
}

enum ov_status ov_machine_run_module(struct ov_machine *m, enum ov_cond op)
{
    switch ((int)op) {
    case OV_COND_MODULE:
        return run_module(m);
    case OV_COND_FIELD:
        return run_field(m);
    case OV_COND_ITEM:
        run_item(m);
        return OV_OK;
    case OV_COND_ENTRY:
        return run_entry(m);
    case OV_COND_CALL:
        return run_call(m);
    case OV_COND_FILE_VALUE:
        return run_file_value(m);
    default:
        run_external(m);
        return OV_OK;
    }
}
