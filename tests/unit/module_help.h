/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "modules/module.h"
#include "test.h"

/* An object and the module that looks at it. */
struct module_case {
    struct ov_arena *arena;
    struct ov_budget budget;
    struct ov_module_input in;
    struct ov_module_run *run;
    const struct ov_datum *self; /* for functions inside of structures */
};

static inline void open_module(struct module_case *c, const char *name,
                               struct ov_span bytes)
{
    const struct ov_module *module = ov_module_find(ov_span_str(name));

    assert_non_null(module);
    c->arena = ov_arena_new(64 << 20);
    assert_non_null(c->arena);
    c->budget = ov_budget_default();
    c->in.bytes = bytes;
    c->in.type = ov_type_identify(bytes);
    c->in.arena = c->arena;
    c->in.budget = &c->budget;
    assert_int_equal(ov_module_begin(module, &c->in, &c->run), OV_OK);
}

static inline void close_module(struct module_case *c)
{
    ov_arena_free(c->arena);
    c->arena = NULL;
}

/* The value at a path of names and numbers: "sections[1].name". */
static inline struct ov_datum value_at(struct module_case *c, const char *path)
{
    const struct ov_structure *s = &c->run->module->root;
    const struct ov_field *field = NULL;
    const struct ov_datum *fields = c->run->fields;
    struct ov_datum value = {0};

    while (*path != '\0') {
        size_t len = strcspn(path, ".[");
        int64_t at = ov_field_find(s, ov_span_of(path, len));

        assert_true(at >= 0);
        field = &s->fields[at];
        if (s == &c->run->module->root)
            assert_int_equal(ov_module_get(c->run, (uint32_t)at, &value),
                             OV_OK);
        value = fields[at];
        path += len;
        if (*path == '[') {
            char *end;
            unsigned long i = 0;

            for (end = (char *)(uintptr_t)path + 1; *end != ']'; end++)
                i = i * 10 + (unsigned long)(*end - '0');
            path = end + 1;
            if (value.kind != OV_DATUM_ARRAY || i >= value.items->n)
                return (struct ov_datum){0};
            value = value.items->values[i];
        }
        if (*path == '.') {
            path++;
            assert_int_equal(value.kind, OV_DATUM_STRUCTURE);
            fields = value.fields;
            s = field->structure;
        }
    }
    return value;
}

/* Calls a top-level function in the form that has these argument letters. */
static inline enum ov_status call_form(struct module_case *c, const char *name,
                                       const char *letters,
                                       const struct ov_datum *arguments,
                                       struct ov_datum *ret)
{
    const struct ov_structure *s = &c->run->module->root;
    struct ov_module_call call = {
        .run = c->run, .self = c->run->fields, .arguments = arguments};
    int64_t at = ov_field_find(s, ov_span_str(name));

    assert_true(at >= 0);
    for (unsigned i = 0; i < s->fields[at].n_functions; i++) {
        const struct ov_function *f = &s->fields[at].functions[i];

        if (strcmp(f->arguments, letters) == 0)
            return f->call(&call, ret);
    }
    fail_msg("%s has no form (%s)", name, letters);
    return OV_UNSUPPORTED;
}

static inline void assert_text(struct ov_datum value, const char *expected)
{
    assert_int_equal(value.kind, OV_DATUM_STRING);
    assert_int_equal(value.text.len, strlen(expected));
    assert_memory_equal(value.text.ptr, expected, value.text.len);
}

static inline void assert_number(struct ov_datum value, int64_t expected)
{
    assert_int_equal(value.kind, OV_DATUM_INTEGER);
    assert_int_equal(value.number, expected);
}
