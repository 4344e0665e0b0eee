/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints what functions of YARA's modules give for a file, for the comparisons
 * in this folder.
 *
 * usage: functions_probe FILE <CALLS
 *
 * A call is a line of words separated by tabs: the function's path
 * (math.entropy), then its arguments: i:5, f:500000 (millionths), b:1, s:616263
 * (a string as hexadecimal digits). The answer is a line: the value as
 * console.log prints it, or "undefined". */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "modules/module.h"
#include "read_file.h"

#define ARGUMENTS_MAX 8

struct probe {
    struct ov_buf bytes;
    struct ov_buf console;
    struct ov_arena *arena;
    struct ov_budget budget;
    struct ov_facts facts;
    uint8_t digest[OV_DIGEST_MAX];
    struct ov_module_input in;
};

static enum ov_status read_facts(void *object, const struct ov_facts **ret)
{
    struct probe *p = object;

    OV_TRY(ov_facts_read(p->in.type, p->in.bytes, p->arena, &p->budget,
                         &p->facts));
    *ret = &p->facts;
    return OV_OK;
}

static const uint8_t *digest(void *object, enum ov_digest_kind kind)
{
    struct probe *p = object;

    return ov_digest(kind, p->in.bytes, p->digest) == OV_OK ? p->digest : NULL;
}

static bool open_probe(struct probe *p, const char *path)
{
    *p = (struct probe){.bytes = ov_buf_with_max(1u << 30),
                        .console = ov_buf_with_max(1u << 20),
                        .arena = ov_arena_new(512 << 20),
                        .budget = ov_budget_default()};
    if (p->arena == NULL || !read_file(path, &p->bytes)) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    p->in = (struct ov_module_input){.bytes = ov_buf_span(&p->bytes),
                                     .arena = p->arena,
                                     .budget = &p->budget,
                                     .console = &p->console,
                                     .object = p,
                                     .facts = read_facts,
                                     .digest = digest};
    p->in.type = ov_type_identify(p->in.bytes);
    return true;
}

static void close_probe(struct probe *p)
{
    ov_buf_done(&p->bytes);
    ov_buf_done(&p->console);
    ov_arena_free(p->arena);
}

static bool read_argument(struct ov_span word, struct ov_arena *arena,
                          char *kind, struct ov_datum *ret)
{
    struct ov_span value = ov_span_clip(word, 2, word.len);
    uint8_t *text;

    *kind = (char)ov_span_byte(word, 0);
    if (*kind == 's' || *kind == 'r') {
        text = ov_arena_alloc(arena, value.len / 2 + 1);
        if (text == NULL || !ov_hex_decode(value, text, value.len / 2))
            return false;
        *ret = ov_datum_text(ov_span_of(text, value.len / 2));
        return true;
    }
    *ret = ov_datum_integer(0);
    if (!ov_parse_int(value, &ret->number))
        return false;
    if (*kind == 'f')
        *ret = ov_datum_float((double)ret->number / 1e6);
    return true;
}

static const struct ov_field *find_function(struct ov_module_run *run,
                                            struct ov_span path,
                                            const struct ov_datum **ret_self)
{
    const struct ov_structure *s = &run->module->root;
    const struct ov_field *field = NULL;
    const struct ov_datum *self = run->fields;
    struct ov_span name;
    struct ov_datum datum;

    while (path.len > 0) {
        int64_t at;

        (void)ov_span_cut(&path, '.', &name);
        at = ov_field_find(s, name);
        if (at < 0)
            return NULL;
        field = &s->fields[at];
        if (s == &run->module->root &&
            ov_module_get(run, (uint32_t)at, &datum) != OV_OK)
            return NULL;
        if (field->kind == OV_DATUM_STRUCTURE) {
            self = self[at].fields;
            s = field->structure;
        }
    }
    *ret_self = self;
    return field != NULL && field->kind == OV_DATUM_FUNCTION ? field : NULL;
}

static void print_value(const struct ov_datum *value)
{
    if (value->kind == OV_DATUM_INTEGER)
        printf("%" PRId64 "\n", value->number);
    else if (value->kind == OV_DATUM_FLOAT)
        printf("%f\n", value->real);
    else if (value->kind == OV_DATUM_STRING)
        printf("%.*s\n", (int)value->text.len, (const char *)value->text.ptr);
    else
        printf("undefined\n");
}

static bool call_line(struct probe *p, struct ov_module_run **runs,
                      struct ov_span line)
{
    struct ov_datum arguments[ARGUMENTS_MAX];
    char kinds[ARGUMENTS_MAX + 1] = "";
    struct ov_module_call call = {.arguments = arguments};
    const struct ov_field *field;
    struct ov_span path, word, name;
    struct ov_datum value;
    size_t n = 0;

    (void)ov_span_cut(&line, '\t', &path);
    while (line.len > 0 && n < ARGUMENTS_MAX) {
        (void)ov_span_cut(&line, '\t', &word);
        if (!read_argument(word, p->arena, &kinds[n], &arguments[n]))
            return false;
        n++;
    }
    (void)ov_span_cut(&path, '.', &name);
    for (uint32_t i = 0; i < ov_module_count(); i++) {
        if (ov_module_find(name) == ov_module_at(i))
            call.run = runs[i];
    }
    if (call.run == NULL)
        return false;
    field = find_function(call.run, path, &call.self);
    for (unsigned i = 0; field != NULL && i < field->n_functions; i++) {
        if (strcmp(field->functions[i].arguments, kinds) != 0)
            continue;
        if (field->functions[i].call(&call, &value) != OV_OK)
            return false;
        print_value(&value);
        return true;
    }
    return false;
}

static int call_all(const char *path)
{
    struct ov_module_run *runs[64];
    char *line = NULL;
    size_t size = 0;
    struct probe p;
    int failed = 0;

    if (!open_probe(&p, path))
        return 1;
    for (uint32_t i = 0; i < ov_module_count(); i++) {
        if (ov_module_begin(ov_module_at(i), &p.in, &runs[i]) != OV_OK)
            return 1;
    }
    while (failed == 0 && getline(&line, &size, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (!call_line(&p, runs, ov_span_str(line))) {
            fprintf(stderr, "functions_probe: cannot call: %s\n", line);
            failed = 1;
        }
    }
    free(line);
    close_probe(&p);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: functions_probe FILE <CALLS\n");
        return 2;
    }
    return call_all(argv[1]);
}
