/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "dotnet": classes, what they derive from, their methods and
 * parameters. Rows of the tables of interfaces and generic parameters say which
 * class or method they belong to: one pass over each makes chains of them, so
 * that all of it is linear. A class's methods are those from the first one it
 * names to the next class's first. A method whose types can't be read is passed
 * over, as YARA does.
 *
 * Source: ECMA-335, partition II, sections 22.37 (TypeDef), 22.26 (MethodDef),
 * 22.33 (Param), 22.20 (GenericParam), 22.23 (InterfaceImpl), 23.1.10, 23.1.15
 * (flags), 23.2.1 (signatures of methods). */
#include "modules/dotnet_types.h"

#define METHODS_MAX 20000    /* of a class */
#define PARAMETERS_MAX 2000  /* of a method */
#define ALL_PARAMETERS 65536 /* of all methods */
#define ROW_STEPS 300

#define CLASS_INTERFACE 0x20
#define CLASS_ABSTRACT 0x80
#define CLASS_SEALED 0x100
#define METHOD_STATIC 0x10
#define METHOD_FINAL 0x20
#define METHOD_VIRTUAL 0x40
#define METHOD_ABSTRACT 0x400
#define SIGNATURE_GENERIC 0x10
#define FLAGS_ACCESS 7

enum parameter_field {
    PARAMETER_NAME,
    PARAMETER_TYPE
};

static const struct ov_field parameter_fields[] = {
    [PARAMETER_NAME] = OV_FIELD_TEXT("name"),
    [PARAMETER_TYPE] = OV_FIELD_TEXT("type"),
};
static const struct ov_structure parameter = OV_STRUCTURE(parameter_fields);

enum method_field {
    METHOD_GENERICS,
    METHOD_N_GENERICS,
    METHOD_PARAMETERS,
    METHOD_N_PARAMETERS,
    METHOD_RETURN_TYPE,
    METHOD_IS_ABSTRACT,
    METHOD_IS_FINAL,
    METHOD_IS_VIRTUAL,
    METHOD_IS_STATIC,
    METHOD_VISIBILITY,
    METHOD_NAME
};

static const struct ov_field method_fields[] = {
    [METHOD_GENERICS] = OV_FIELD_LIST("generic_parameters", OV_DATUM_STRING),
    [METHOD_N_GENERICS] = OV_FIELD_INTEGER("number_of_generic_parameters"),
    [METHOD_PARAMETERS] = OV_FIELD_ARRAY("parameters", &parameter),
    [METHOD_N_PARAMETERS] = OV_FIELD_INTEGER("number_of_parameters"),
    [METHOD_RETURN_TYPE] = OV_FIELD_TEXT("return_type"),
    [METHOD_IS_ABSTRACT] = OV_FIELD_INTEGER("abstract"),
    [METHOD_IS_FINAL] = OV_FIELD_INTEGER("final"),
    [METHOD_IS_VIRTUAL] = OV_FIELD_INTEGER("virtual"),
    [METHOD_IS_STATIC] = OV_FIELD_INTEGER("static"),
    [METHOD_VISIBILITY] = OV_FIELD_TEXT("visibility"),
    [METHOD_NAME] = OV_FIELD_TEXT("name"),
};
static const struct ov_structure method = OV_STRUCTURE(method_fields);

enum class_field {
    CLASS_FULLNAME,
    CLASS_NAME,
    CLASS_NAMESPACE,
    CLASS_VISIBILITY,
    CLASS_TYPE,
    CLASS_IS_ABSTRACT,
    CLASS_IS_SEALED,
    CLASS_N_GENERICS,
    CLASS_GENERICS,
    CLASS_N_BASES,
    CLASS_BASES,
    CLASS_N_METHODS,
    CLASS_METHODS
};

static const struct ov_field class_fields[] = {
    [CLASS_FULLNAME] = OV_FIELD_TEXT("fullname"),
    [CLASS_NAME] = OV_FIELD_TEXT("name"),
    [CLASS_NAMESPACE] = OV_FIELD_TEXT("namespace"),
    [CLASS_VISIBILITY] = OV_FIELD_TEXT("visibility"),
    [CLASS_TYPE] = OV_FIELD_TEXT("type"),
    [CLASS_IS_ABSTRACT] = OV_FIELD_INTEGER("abstract"),
    [CLASS_IS_SEALED] = OV_FIELD_INTEGER("sealed"),
    [CLASS_N_GENERICS] = OV_FIELD_INTEGER("number_of_generic_parameters"),
    [CLASS_GENERICS] = OV_FIELD_LIST("generic_parameters", OV_DATUM_STRING),
    [CLASS_N_BASES] = OV_FIELD_INTEGER("number_of_base_types"),
    [CLASS_BASES] = OV_FIELD_LIST("base_types", OV_DATUM_STRING),
    [CLASS_N_METHODS] = OV_FIELD_INTEGER("number_of_methods"),
    [CLASS_METHODS] = OV_FIELD_ARRAY("methods", &method),
};
const struct ov_structure ov_dotnet_class_item = OV_STRUCTURE(class_fields);

static const char *const class_visibilities[] = {
    "internal",
    "public",
    "public",
    "private",
    "protected",
    "internal",
    "private protected",
    "protected internal",
};
static const char *const method_visibilities[] = {
    "private",  "private",   "private protected",
    "internal", "protected", "protected internal",
    "public",   "private",
};

/* Rows that belong to others: the first one of each, and the next of each. */
struct chain {
    uint32_t *first;
    uint32_t *next;
    uint32_t n_owners;
};

struct classes {
    struct ov_module_run *run;
    const struct dotnet *d;
    struct dotnet_types types;
    struct chain interfaces;
    struct chain class_generics;
    struct chain method_generics;
    uint32_t n_parameters; /* of all methods so far */
};

static enum ov_status open_chain(struct classes *c, uint32_t n_owners,
                                 uint32_t n_rows, struct chain *ret)
{
    struct ov_arena *arena = c->run->in->arena;

    ret->n_owners = n_owners;
    ret->first = ov_arena_array(arena, (size_t)n_owners + 1, sizeof(uint32_t));
    ret->next = ov_arena_array(arena, (size_t)n_rows + 1, sizeof(uint32_t));
    return ret->first == NULL || ret->next == NULL ? OV_NO_MEMORY : OV_OK;
}

/* To be called for the last row first. */
static void link_row(struct chain *chain, uint32_t owner, uint32_t row)
{
    if (owner > chain->n_owners)
        return;
    chain->next[row] = chain->first[owner];
    chain->first[owner] = row;
}

static enum ov_status make_chains(struct classes *c)
{
    const struct dotnet *d = c->d;
    uint32_t n_classes = d->tables[DOTNET_TYPE_DEF].n_rows;
    uint32_t n_interfaces = d->tables[DOTNET_INTERFACE].n_rows;
    uint32_t n_generics = d->tables[DOTNET_GENERIC_PARAM].n_rows;

    OV_TRY(open_chain(c, n_classes, n_interfaces, &c->interfaces));
    OV_TRY(open_chain(c, n_classes, n_generics, &c->class_generics));
    OV_TRY(open_chain(c, d->tables[DOTNET_METHOD].n_rows, n_generics,
                      &c->method_generics));
    for (uint32_t i = n_interfaces; i > 0; i--)
        if (ov_dotnet_has_row(d, DOTNET_INTERFACE, i))
            link_row(&c->interfaces, ov_dotnet_cell(d, DOTNET_INTERFACE, i, 0),
                     i);
    for (uint32_t i = n_generics; i > 0; i--) {
        uint32_t owner;

        if (!ov_dotnet_has_row(d, DOTNET_GENERIC_PARAM, i))
            continue;
        owner = ov_dotnet_cell(d, DOTNET_GENERIC_PARAM, i, 2);
        link_row((owner & 1) != 0 ? &c->method_generics : &c->class_generics,
                 owner >> 1, i);
    }
    return OV_OK;
}

static struct ov_datum text_or_none(struct ov_span text)
{
    return text.ptr == NULL ? (struct ov_datum){0} : ov_datum_text(text);
}

/* Names of generic parameters; none if one of them has none. */
static enum ov_status read_generics(struct classes *c,
                                    const struct chain *chain, uint32_t owner,
                                    struct dotnet_generics *ret)
{
    uint32_t n = 0;

    *ret = (struct dotnet_generics){NULL, 0};
    for (uint32_t i = chain->first[owner]; i != 0; i = chain->next[i])
        n++;
    if (n == 0)
        return OV_OK;
    ret->names = ov_arena_array(c->run->in->arena, n, sizeof(*ret->names));
    if (ret->names == NULL)
        return OV_NO_MEMORY;
    for (uint32_t i = chain->first[owner]; i != 0; i = chain->next[i]) {
        struct ov_span name =
            ov_dotnet_text_at(c->d, DOTNET_GENERIC_PARAM, i, 3);

        if (name.len == 0) {
            *ret = (struct dotnet_generics){NULL, 0};
            return OV_OK;
        }
        ret->names[ret->n++] = name;
    }
    return OV_OK;
}

static enum ov_status fill_generics(struct classes *c,
                                    const struct dotnet_generics *g,
                                    struct ov_datum *ret_number,
                                    struct ov_datum *ret)
{
    struct ov_datum *values;

    *ret_number = ov_datum_integer(g->n);
    OV_TRY(ov_datum_array(c->run, NULL, g->n, ret, &values));
    for (uint32_t i = 0; i < g->n; i++)
        values[i] = ov_datum_text(g->names[i]);
    return OV_OK;
}

static enum ov_status add_base(struct classes *c, uint32_t coded,
                               const struct dotnet_generics *generics,
                               struct ov_items *bases)
{
    struct ov_span name;

    OV_TRY(ov_dotnet_type_of(&c->types, coded, generics, &name));
    if (name.ptr != NULL)
        bases->values[bases->n++] = ov_datum_text(name);
    return OV_OK;
}

/* The class it extends, then its interfaces. */
static enum ov_status fill_bases(struct classes *c, uint32_t row,
                                 const struct dotnet_generics *generics,
                                 struct ov_datum *fields)
{
    const uint32_t *next = c->interfaces.next;
    uint32_t first = c->interfaces.first[row];
    struct ov_items *bases;
    struct ov_datum datum, *values;
    uint32_t n = 1;

    for (uint32_t i = first; i != 0; i = next[i])
        n++;
    OV_TRY(ov_datum_array(c->run, NULL, n, &datum, &values));
    bases = ov_arena_alloc(c->run->in->arena, sizeof(*bases));
    if (bases == NULL)
        return OV_NO_MEMORY;
    bases->values = values;
    OV_TRY(add_base(c, ov_dotnet_cell(c->d, DOTNET_TYPE_DEF, row, 3), generics,
                    bases));
    for (uint32_t i = first; i != 0; i = next[i])
        OV_TRY(add_base(c, ov_dotnet_cell(c->d, DOTNET_INTERFACE, i, 1),
                        generics, bases));
    fields[CLASS_BASES] =
        (struct ov_datum){.kind = OV_DATUM_ARRAY, .items = bases};
    fields[CLASS_N_BASES] = ov_datum_integer(bases->n);
    return OV_OK;
}

/* A method while it is read. */
struct method_job {
    uint32_t row;
    struct ov_span rest; /* of its signature */
    const struct dotnet_generics *of_class;
    struct dotnet_generics of_method;
    uint32_t n_parameters;
    struct ov_span return_type;
};

static enum ov_status name_parameter(struct classes *c, uint32_t row,
                                     uint32_t i, struct ov_datum *ret)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(32);
    struct ov_span copy;

    if (ov_dotnet_has_row(c->d, DOTNET_PARAM, row)) {
        *ret = text_or_none(ov_dotnet_text_at(c->d, DOTNET_PARAM, row, 2));
        return OV_OK;
    }
    ov_put_format(&text, "P_%u", (unsigned)i);
    OV_TRY(ov_buf_status(&text));
    if (!ov_arena_copy(c->run->in->arena, ov_buf_span(&text), &copy))
        return OV_NO_MEMORY;
    *ret = ov_datum_text(copy);
    return OV_OK;
}

static enum ov_status fill_parameters(struct classes *c, struct method_job *job,
                                      struct ov_datum *fields, bool *ret_ok)
{
    uint32_t first = ov_dotnet_cell(c->d, DOTNET_METHOD, job->row, 5);
    struct ov_datum *values;

    *ret_ok = true;
    if (first == 0)
        return OV_OK;
    *ret_ok = job->n_parameters <= ALL_PARAMETERS - c->n_parameters;
    if (!*ret_ok)
        return OV_OK;
    c->n_parameters += job->n_parameters;
    OV_TRY(ov_datum_array(c->run, &parameter, job->n_parameters,
                          &fields[METHOD_PARAMETERS], &values));
    for (uint32_t i = 0; i < job->n_parameters && *ret_ok; i++) {
        struct ov_span type;

        OV_TRY(
            name_parameter(c, first + i, i, &values[i].fields[PARAMETER_NAME]));
        OV_TRY(ov_dotnet_read_type(&c->types, &job->rest, job->of_class,
                                   &job->of_method, &type));
        values[i].fields[PARAMETER_TYPE] = text_or_none(type);
        *ret_ok = type.ptr != NULL;
    }
    fields[METHOD_N_PARAMETERS] = ov_datum_integer(job->n_parameters);
    return OV_OK;
}

/* The head of a method's signature: flags, how many parameters, what it
 * returns. */
static enum ov_status read_head(struct classes *c, struct method_job *job,
                                bool *ret_ok)
{
    uint32_t blob = ov_dotnet_cell(c->d, DOTNET_METHOD, job->row, 4);
    int flags;

    *ret_ok = ov_dotnet_blob(c->d, blob, &job->rest) && job->rest.len >= 3;
    if (!*ret_ok)
        return OV_OK;
    flags = ov_span_byte(job->rest, 0);
    job->rest = ov_span_clip(job->rest, 1, job->rest.len);
    if ((flags & SIGNATURE_GENERIC) != 0)
        (void)ov_dotnet_read_number(&job->rest);
    job->n_parameters = ov_dotnet_read_number(&job->rest);
    OV_TRY(ov_dotnet_read_type(&c->types, &job->rest, job->of_class,
                               &job->of_method, &job->return_type));
    *ret_ok =
        job->return_type.ptr != NULL && job->n_parameters <= PARAMETERS_MAX;
    return OV_OK;
}

static bool is_constructor(struct ov_span name)
{
    return ov_span_equal(name, OV_SPAN_LIT(".ctor")) ||
           ov_span_equal(name, OV_SPAN_LIT(".cctor"));
}

static void fill_flags(uint32_t flags, struct ov_datum *fields)
{
    fields[METHOD_VISIBILITY] =
        ov_datum_text(ov_span_str(method_visibilities[flags & FLAGS_ACCESS]));
    fields[METHOD_IS_STATIC] = ov_datum_integer((flags & METHOD_STATIC) != 0);
    fields[METHOD_IS_FINAL] = ov_datum_integer((flags & METHOD_FINAL) != 0);
    fields[METHOD_IS_VIRTUAL] = ov_datum_integer((flags & METHOD_VIRTUAL) != 0);
    fields[METHOD_IS_ABSTRACT] =
        ov_datum_integer((flags & METHOD_ABSTRACT) != 0);
}

/* *ret_ok: whether it counts. */
static enum ov_status fill_method(struct classes *c, uint32_t row,
                                  const struct dotnet_generics *of_class,
                                  struct ov_datum *fields, bool *ret_ok)
{
    struct method_job job = {.row = row, .of_class = of_class};
    struct ov_span name = ov_dotnet_text_at(c->d, DOTNET_METHOD, row, 3);

    *ret_ok = name.len > 0;
    if (!*ret_ok)
        return OV_OK;
    OV_TRY(read_generics(c, &c->method_generics, row, &job.of_method));
    OV_TRY(read_head(c, &job, ret_ok));
    if (*ret_ok)
        OV_TRY(fill_parameters(c, &job, fields, ret_ok));
    if (!*ret_ok)
        return OV_OK;
    fields[METHOD_NAME] = ov_datum_text(name);
    fill_flags(ov_dotnet_cell(c->d, DOTNET_METHOD, row, 2), fields);
    if (!is_constructor(name))
        fields[METHOD_RETURN_TYPE] = ov_datum_text(job.return_type);
    return fill_generics(c, &job.of_method, &fields[METHOD_N_GENERICS],
                         &fields[METHOD_GENERICS]);
}

/* How many methods a class has from its first on. */
static uint32_t count_methods(const struct dotnet *d, uint32_t row,
                              uint32_t first)
{
    uint32_t n_rows = d->tables[DOTNET_METHOD].n_rows;
    uint32_t next = n_rows + 1;

    if (row < d->tables[DOTNET_TYPE_DEF].n_rows)
        next = ov_dotnet_has_row(d, DOTNET_TYPE_DEF, row + 1)
                   ? ov_dotnet_cell(d, DOTNET_TYPE_DEF, row + 1, 5)
                   : 0;
    return next > first ? next - first : 0;
}

static enum ov_status fill_methods(struct classes *c, uint32_t row,
                                   const struct dotnet_generics *generics,
                                   struct ov_datum *fields)
{
    uint32_t first = ov_dotnet_cell(c->d, DOTNET_TYPE_DEF, row, 5);
    uint32_t n = count_methods(c->d, row, first);
    uint32_t n_rows = c->d->tables[DOTNET_METHOD].n_rows;
    struct ov_items *methods;
    struct ov_datum datum, *values;

    if (first == 0 || n > METHODS_MAX)
        return OV_OK;
    if (first > n_rows)
        n = 0;
    else if (n > n_rows + 1 - first)
        n = n_rows + 1 - first;
    OV_TRY(ov_datum_array(c->run, &method, n, &datum, &values));
    methods = ov_arena_alloc(c->run->in->arena, sizeof(*methods));
    if (methods == NULL)
        return OV_NO_MEMORY;
    methods->values = values;
    for (uint32_t i = 0; i < n && !ov_dotnet_types_over(&c->types); i++) {
        bool ok;

        OV_TRY(ov_budget_spend(c->run->in->budget, OV_COST_STEPS, ROW_STEPS));
        if (!ov_dotnet_has_row(c->d, DOTNET_METHOD, first + i))
            continue;
        OV_TRY(fill_method(c, first + i, generics, values[methods->n].fields,
                           &ok));
        for (uint32_t k = 0; !ok && k < method.n_fields; k++)
            values[methods->n].fields[k] = (struct ov_datum){0};
        methods->n += ok;
    }
    fields[CLASS_METHODS] =
        (struct ov_datum){.kind = OV_DATUM_ARRAY, .items = methods};
    fields[CLASS_N_METHODS] = ov_datum_integer(methods->n);
    return OV_OK;
}

static enum ov_status fill_names(struct classes *c, uint32_t row,
                                 struct ov_span name, struct ov_datum *fields)
{
    struct ov_span space, full, head;

    OV_TRY(ov_dotnet_namespace(&c->types, row, &space));
    OV_TRY(ov_dotnet_join(&c->types, name, space, &full));
    (void)ov_span_cut(&name, '`', &head);
    fields[CLASS_NAME] = ov_datum_text(head);
    fields[CLASS_NAMESPACE] = text_or_none(space);
    fields[CLASS_FULLNAME] = text_or_none(full);
    return OV_OK;
}

static enum ov_status fill_class(struct classes *c, uint32_t row,
                                 struct ov_span name, struct ov_datum *fields)
{
    uint32_t flags = ov_dotnet_cell(c->d, DOTNET_TYPE_DEF, row, 0);
    struct dotnet_generics generics;

    OV_TRY(fill_names(c, row, name, fields));
    fields[CLASS_VISIBILITY] =
        ov_datum_text(ov_span_str(class_visibilities[flags & FLAGS_ACCESS]));
    fields[CLASS_TYPE] =
        ov_datum_text((flags & CLASS_INTERFACE) != 0 ? OV_SPAN_LIT("interface")
                                                     : OV_SPAN_LIT("class"));
    fields[CLASS_IS_ABSTRACT] = ov_datum_integer((flags & CLASS_ABSTRACT) != 0);
    fields[CLASS_IS_SEALED] = ov_datum_integer((flags & CLASS_SEALED) != 0);
    OV_TRY(read_generics(c, &c->class_generics, row, &generics));
    OV_TRY(fill_generics(c, &generics, &fields[CLASS_N_GENERICS],
                         &fields[CLASS_GENERICS]));
    OV_TRY(fill_bases(c, row, &generics, fields));
    return fill_methods(c, row, &generics, fields);
}

/* The pseudo class of what is in no class is none, nor is one without a name.
 */
static bool is_class(struct ov_span name)
{
    return name.len > 0 && ov_span_byte(name, 0) != '`' &&
           !ov_span_equal(name, OV_SPAN_LIT("<Module>"));
}

static enum ov_status fill_all(struct classes *c, struct ov_datum *ret_classes,
                               struct ov_datum *ret_number)
{
    uint32_t n = c->d->tables[DOTNET_TYPE_DEF].n_rows;
    struct ov_items *items;
    struct ov_datum datum, *values;

    OV_TRY(make_chains(c));
    OV_TRY(ov_datum_array(c->run, &ov_dotnet_class_item, n, &datum, &values));
    items = ov_arena_alloc(c->run->in->arena, sizeof(*items));
    if (items == NULL)
        return OV_NO_MEMORY;
    items->values = values;
    for (uint32_t i = 1; i <= n && !ov_dotnet_types_over(&c->types); i++) {
        struct ov_span name;

        OV_TRY(ov_budget_spend(c->run->in->budget, OV_COST_STEPS, ROW_STEPS));
        if (!ov_dotnet_has_row(c->d, DOTNET_TYPE_DEF, i))
            continue;
        name = ov_dotnet_text_at(c->d, DOTNET_TYPE_DEF, i, 1);
        if (is_class(name))
            OV_TRY(fill_class(c, i, name, values[items->n++].fields));
    }
    *ret_classes = (struct ov_datum){.kind = OV_DATUM_ARRAY, .items = items};
    *ret_number = ov_datum_integer(items->n);
    return OV_OK;
}

enum ov_status ov_dotnet_fill_classes(struct ov_module_run *run,
                                      const struct dotnet *d,
                                      struct ov_datum *ret_classes,
                                      struct ov_datum *ret_number)
{
    struct classes c = {.run = run, .d = d};
    enum ov_status status;

    if (!d->has_all_tables)
        return OV_OK;
    OV_TRY(ov_dotnet_types_open(run, d, &c.types));
    status = fill_all(&c, ret_classes, ret_number);
    ov_dotnet_types_done(&c.types);
    return status;
}
