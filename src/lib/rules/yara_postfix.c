/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/file_value.h"
#include "rules/yara_condition.h"

/* Names in YARA's conditions and what can follow them: fields, indexes and
 * arguments. "pe.sections[1].name" is read from left to right; each step finds
 * its name in the module's tables and emits the operation that takes that step
 * for an object, so the value on top always is what was read so far. */

#define ARGUMENTS_MAX 8

/* Modules of YARA's that are known, and not here. */
static const char *const modules_not_taken[] = {
    "androguard", "cuckoo", "demangle", "dex",        "dotnet", "elf",
    "hash",       "lnk",    "macho",    "magic",      "math",   "pe",
    "console",    "string", "time",     "virustotal", "vt",
};

bool ov_yara_is_module(struct ov_span name)
{
    for (size_t i = 0;
         i < sizeof(modules_not_taken) / sizeof(modules_not_taken[0]); i++)
        if (ov_span_equal(name, ov_span_str(modules_not_taken[i])))
            return true;
    return ov_module_find(name) != NULL;
}

/* ---- names ---- */

static enum ov_status read_variable(struct ov_yara_condition *c,
                                    const struct ov_yara_variable *variable)
{
    struct ov_yara_value v = {
        .type = variable->type, .at = ov_yara_here(c), .token = c->p->token};

    ov_yara_emit_with(c, variable->op, c->n_loops - variable->loop);
    OV_TRY(ov_yara_next(c->p));
    return ov_yara_push(c, v);
}

static enum ov_status read_module(struct ov_yara_condition *c, uint32_t i)
{
    struct ov_yara_value v = {
        .type = {.kind = OV_YARA_IS_STRUCTURE, .of = &ov_module_at(i)->root},
        .at = ov_yara_here(c),
        .token = c->p->token};

    c->p->is_costly = true;
    ov_yara_emit_with(c, OV_COND_MODULE, i);
    OV_TRY(ov_yara_next(c->p));
    return ov_yara_push(c, v);
}

static enum ov_status read_external(struct ov_yara_condition *c, size_t i)
{
    const struct ov_external *external = &c->p->options->externals[i];
    struct ov_yara_value v = {.at = ov_yara_here(c), .token = c->p->token};

    if (external->value.kind == OV_DATUM_FLOAT)
        v.type = ov_yara_type_of(OV_YARA_IS_FLOAT);
    else if (external->value.kind == OV_DATUM_STRING)
        v.type = ov_yara_type_of(OV_YARA_IS_TEXT);
    ov_yara_emit_with(c, OV_COND_EXTERNAL, i);
    OV_TRY(ov_yara_next(c->p));
    return ov_yara_push(c, v);
}

static enum ov_status read_file_value(struct ov_yara_condition *c,
                                      enum ov_file_value value)
{
    struct ov_yara_value v = {.type = ov_yara_type_of(OV_YARA_IS_TEXT),
                              .at = ov_yara_here(c),
                              .token = c->p->token};

    c->p->part->file_values |= 1u << value;
    ov_yara_emit_with(c, OV_COND_FILE_VALUE, value);
    OV_TRY(ov_yara_next(c->p));
    return ov_yara_push(c, v);
}

enum ov_status ov_yara_use_rule(struct ov_yara_condition *c,
                                const struct ov_yara_rule *rule,
                                const struct ov_yara_token *t)
{
    if (rule->is_skipped)
        return ov_yara_fault_set(&c->p->fault, OV_UNSUPPORTED, t,
                                 "refers to a rule that was left out");
    OV_TRY(ov_yara_reserve(c, rule->max_values, rule->max_loops, t));
    c->p->is_costly = c->p->is_costly || rule->is_costly;
    return ov_yara_refer(c->p, rule);
}

static enum ov_status read_rule(struct ov_yara_condition *c,
                                const struct ov_yara_rule *rule)
{
    struct ov_yara_value v = {.type = {.kind = OV_YARA_IS_TRUTH},
                              .needs = rule->needs_match,
                              .has_guard = true,
                              .guard = rule->guard,
                              .at = ov_yara_here(c),
                              .token = c->p->token};

    OV_TRY(ov_yara_use_rule(c, rule, &v.token));
    OV_TRY(ov_yara_next(c->p));
    return ov_yara_push(c, v);
}

/* Reads of floating point numbers are no keywords in YARA 4, so a rule may have
 * these names. */
static const struct {
    const char *name;
    uint8_t how; /* enum ov_read_as */
} float_reads[] = {
    {"float32", 4 | OV_READ_FLOAT},
    {"float32be", 4 | OV_READ_FLOAT | OV_READ_BIG_ENDIAN},
    {"float64", 8 | OV_READ_FLOAT},
    {"float64be", 8 | OV_READ_FLOAT | OV_READ_BIG_ENDIAN},
};

static enum ov_status read_unknown(struct ov_yara_condition *c)
{
    struct ov_yara_parser *p = c->p;
    struct ov_yara_token t = p->token;

    OV_TRY(ov_yara_next(p));
    if (p->token.kind == OV_YARA_NAME &&
        ov_span_equal(t.value, OV_SPAN_LIT("with")))
        return ov_yara_read_with(c);
    for (size_t i = 0; i < sizeof(float_reads) / sizeof(float_reads[0]); i++) {
        if (p->token.kind != OV_YARA_OPEN ||
            !ov_span_equal(t.value, ov_span_str(float_reads[i].name)))
            continue;
        OV_TRY(ov_yara_next(p));
        return ov_yara_open(
            c, (struct ov_yara_pending){.kind = OV_PENDING_READ,
                                        .op = OV_COND_READ,
                                        .operand = float_reads[i].how,
                                        .at = ov_yara_here(c),
                                        .token = t});
    }
    if (p->token.kind == OV_YARA_DOT && ov_module_find(t.value) != NULL)
        return ov_yara_fail_at(c, &t, "import the module first");
    if (p->token.kind == OV_YARA_DOT && ov_yara_is_module(t.value))
        return ov_yara_fault_set(&p->fault, OV_UNSUPPORTED, &t,
                                 "this module is not taken");
    return ov_yara_fail_at(c, &t, "nothing of this name is known here");
}

enum ov_status ov_yara_read_name(struct ov_yara_condition *c)
{
    struct ov_span name = c->p->token.value;
    const struct ov_yara_rule *rule = ov_yara_find_rule(c->p, name);

    for (size_t n = c->n_variables; n > 0; n--)
        if (ov_span_equal(c->variables[n - 1].name, name))
            return read_variable(c, &c->variables[n - 1]);
    if (rule != NULL)
        return read_rule(c, rule);
    for (uint32_t i = 0; i < ov_module_count(); i++)
        if ((c->p->imports & 1ull << i) != 0 &&
            ov_span_equal(name, ov_span_str(ov_module_at(i)->name)))
            return read_module(c, i);
    for (size_t i = 0; i < c->p->options->n_externals; i++)
        if (ov_span_equal(name, c->p->options->externals[i].name))
            return read_external(c, i);
    if (c->p->options->has_file_values &&
        ov_file_value_find(name) != OV_N_FILE_VALUES)
        return read_file_value(c, ov_file_value_find(name));
    return read_unknown(c);
}

/* ---- fields ---- */

/* A constant is a number: what led to it is not needed. */
static void put_constant(struct ov_yara_condition *c, struct ov_yara_value *v,
                         int64_t number)
{
    c->p->code.len = v->at;
    ov_yara_emit_with(c, OV_COND_INT, (uint64_t)number);
    v->is_constant = true;
    v->number = number;
}

static enum ov_status read_len(struct ov_yara_condition *c,
                               struct ov_yara_value v)
{
    OV_TRY(ov_yara_next(c->p));
    OV_TRY(ov_yara_expect(c->p, OV_YARA_OPEN));
    OV_TRY(ov_yara_expect(c->p, OV_YARA_CLOSE));
    ov_yara_emit(c, OV_COND_LEN);
    v.type = ov_yara_type_of(OV_YARA_IS_INTEGER);
    v.is_literal = false;
    return ov_yara_push(c, v);
}

static enum ov_status step_field(struct ov_yara_condition *c)
{
    struct ov_yara_parser *p = c->p;
    struct ov_yara_value v = ov_yara_pop(c);
    int64_t place;

    OV_TRY(ov_yara_next(p));
    if (p->token.kind == OV_YARA_NAME &&
        ov_span_equal(p->token.value, OV_SPAN_LIT("len")) &&
        (v.type.kind == OV_YARA_IS_ARRAY || v.type.kind == OV_YARA_IS_TEXT ||
         v.type.kind == OV_YARA_IS_DICTIONARY))
        return read_len(c, v);
    if (v.type.kind != OV_YARA_IS_STRUCTURE)
        return ov_yara_fail_at(c, &v.token, "this has no fields");
    /* Names of fields may be keywords elsewhere. */
    place = ov_field_find(v.type.of, p->token.text);
    if (place < 0)
        return ov_yara_fail(p, OV_MALFORMED, "there is no field of this name");
    v.type = ov_yara_type_of_field(v.type.of, (uint32_t)place);
    v.token = p->token;
    if (v.type.field->kind == OV_DATUM_CONSTANT)
        put_constant(c, &v, v.type.field->number);
    else if (v.type.kind != OV_YARA_IS_FUNCTION)
        ov_yara_emit_with(c, OV_COND_FIELD, (uint64_t)place);
    OV_TRY(ov_yara_next(p));
    return ov_yara_push(c, v);
}

/* ---- indexes ---- */

static enum ov_status step_index(struct ov_yara_condition *c)
{
    const struct ov_yara_value *v = &c->values[c->n_values - 1];

    if (v->type.kind != OV_YARA_IS_ARRAY &&
        v->type.kind != OV_YARA_IS_DICTIONARY)
        return ov_yara_fail_at(c, &v->token, "this has no items");
    OV_TRY(ov_yara_next(c->p));
    return ov_yara_open(c, (struct ov_yara_pending){.kind = OV_PENDING_ITEM,
                                                    .token = v->token});
}

enum ov_status ov_yara_close_item(struct ov_yara_condition *c,
                                  const struct ov_yara_pending *what)
{
    struct ov_yara_value *of = &c->values[c->n_values - 2];
    bool is_array = of->type.kind == OV_YARA_IS_ARRAY;
    struct ov_yara_value index;
    struct ov_yara_value v;

    OV_TRY(ov_yara_pop_kind(c, is_array ? OV_YARA_IS_INTEGER : OV_YARA_IS_TEXT,
                            &index));
    v = ov_yara_pop(c);
    ov_yara_emit(c, is_array ? OV_COND_ITEM : OV_COND_ENTRY);
    v.needs = v.needs || index.needs;
    v.type = ov_yara_type_of_item(&v.type);
    v.token = what->token;
    return ov_yara_push(c, v);
}

/* ---- calls ---- */

static bool fits_letter(const struct ov_yara_type *type, char letter,
                        bool is_exact)
{
    switch (letter) {
    case 'i':
        return type->kind == OV_YARA_IS_INTEGER;
    case 'f':
        return type->kind == OV_YARA_IS_FLOAT ||
               (!is_exact && type->kind == OV_YARA_IS_INTEGER);
    case 's':
        return type->kind == OV_YARA_IS_TEXT;
    case 'r':
        return type->kind == OV_YARA_IS_REGEX;
    case 'b':
        return type->kind == OV_YARA_IS_TRUTH;
    default:
        return false;
    }
}

/* The form that takes the n last values; field->n_functions: none does. */
static uint8_t find_form(const struct ov_yara_condition *c,
                         const struct ov_field *field, size_t n, bool is_exact)
{
    const struct ov_yara_value *arguments = &c->values[c->n_values - n];
    uint8_t form;

    for (form = 0; form < field->n_functions; form++) {
        const char *letters = field->functions[form].arguments;
        size_t i = 0;

        if (strlen(letters) != n)
            continue;
        while (i < n && fits_letter(&arguments[i].type, letters[i], is_exact))
            i++;
        if (i == n)
            break;
    }
    return form;
}

/* Emits the call of the function below the n last values. */
static enum ov_status call(struct ov_yara_condition *c, size_t n)
{
    struct ov_yara_value v = c->values[c->n_values - n - 1];
    const struct ov_field *field = v.type.field;
    uint8_t form = find_form(c, field, n, true);

    if (form == field->n_functions)
        form = find_form(c, field, n, false);
    if (form == field->n_functions)
        return ov_yara_fail_at(c, &v.token,
                               "the function does not take these arguments");
    for (size_t i = 0; i < n; i++) {
        struct ov_yara_value argument = ov_yara_pop(c);

        v.needs = v.needs ||
                  (argument.needs && argument.type.kind != OV_YARA_IS_TRUTH);
    }
    (void)ov_yara_pop(c);
    ov_yara_emit_with(c, OV_COND_CALL, v.type.place);
    ov_put_varint(&c->p->code, form);
    ov_put_varint(&c->p->code, n);
    v.type = ov_yara_type_of_result(&field->functions[form]);
    return ov_yara_push(c, v);
}

static enum ov_status step_call(struct ov_yara_condition *c)
{
    const struct ov_yara_value *v = &c->values[c->n_values - 1];

    if (v->type.kind != OV_YARA_IS_FUNCTION)
        return ov_yara_fail(c->p, OV_MALFORMED, "expected an operator");
    OV_TRY(ov_yara_next(c->p));
    if (c->p->token.kind == OV_YARA_CLOSE) {
        OV_TRY(ov_yara_next(c->p));
        return call(c, 0);
    }
    return ov_yara_open(c, (struct ov_yara_pending){.kind = OV_PENDING_CALL,
                                                    .token = v->token});
}

enum ov_status ov_yara_close_call(struct ov_yara_condition *c,
                                  const struct ov_yara_pending *what)
{
    if (what->n_items >= ARGUMENTS_MAX)
        return ov_yara_fail_at(c, &what->token,
                               "the function does not take these arguments");
    return call(c, (size_t)what->n_items + 1);
}

enum ov_status ov_yara_step_postfix(struct ov_yara_condition *c)
{
    if (c->p->token.kind == OV_YARA_DOT)
        return step_field(c);
    if (c->p->token.kind == OV_YARA_INDEX_OPEN)
        return step_index(c);
    return step_call(c);
}
