/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "dotnet" (YARA 4.5 documentation, "Dotnet module"): streams,
 * GUIDs, resources, the assembly and what it refers to, user strings,
 * constants, offsets of fields' data; classes are in dotnet_classes.c.
 *
 * Counts are there if their table is: a program without resources has no
 * number_of_resources, as YARA has it. */
#include "modules/dotnet_module.h"

#include "base/buf.h"

#define GUID_SIZE 16
#define MAX_GUIDS 16
#define ROW_STEPS 50
#define TYPE_STRING 0x0e
#define ATTRIBUTE_OF_ASSEMBLY 0x0e
#define ATTRIBUTE_IS_REF 3
#define PARENT_IS_TYPE_REF 1

enum group {
    GROUP_ALL,
    GROUP_CLASSES,
};

enum root_field {
    NET_IS_DOTNET,
    NET_VERSION,
    NET_MODULE_NAME,
    NET_STREAMS,
    NET_NUMBER_OF_STREAMS,
    NET_GUIDS,
    NET_NUMBER_OF_GUIDS,
    NET_RESOURCES,
    NET_NUMBER_OF_RESOURCES,
    NET_CLASSES,
    NET_NUMBER_OF_CLASSES,
    NET_ASSEMBLY_REFS,
    NET_NUMBER_OF_ASSEMBLY_REFS,
    NET_ASSEMBLY,
    NET_MODULEREFS,
    NET_NUMBER_OF_MODULEREFS,
    NET_USER_STRINGS,
    NET_NUMBER_OF_USER_STRINGS,
    NET_TYPELIB,
    NET_CONSTANTS,
    NET_NUMBER_OF_CONSTANTS,
    NET_FIELD_OFFSETS,
    NET_NUMBER_OF_FIELD_OFFSETS
};

enum stream_field {
    STREAM_NAME,
    STREAM_OFFSET,
    STREAM_SIZE
};

static const struct ov_field stream_fields[] = {
    [STREAM_NAME] = OV_FIELD_TEXT("name"),
    [STREAM_OFFSET] = OV_FIELD_INTEGER("offset"),
    [STREAM_SIZE] = OV_FIELD_INTEGER("size"),
};
static const struct ov_structure stream = OV_STRUCTURE(stream_fields);

enum resource_field {
    RESOURCE_OFFSET,
    RESOURCE_LENGTH,
    RESOURCE_NAME
};

static const struct ov_field resource_fields[] = {
    [RESOURCE_OFFSET] = OV_FIELD_INTEGER("offset"),
    [RESOURCE_LENGTH] = OV_FIELD_INTEGER("length"),
    [RESOURCE_NAME] = OV_FIELD_TEXT("name"),
};
static const struct ov_structure resource = OV_STRUCTURE(resource_fields);

static const struct ov_field version_fields[] = {
    OV_FIELD_INTEGER("major"),
    OV_FIELD_INTEGER("minor"),
    OV_FIELD_INTEGER("build_number"),
    OV_FIELD_INTEGER("revision_number"),
};
static const struct ov_structure version = OV_STRUCTURE(version_fields);

enum ref_field {
    REF_VERSION,
    REF_TOKEN,
    REF_NAME
};

static const struct ov_field ref_fields[] = {
    [REF_VERSION] = OV_FIELD_STRUCTURE("version", &version),
    [REF_TOKEN] = OV_FIELD_TEXT("public_key_or_token"),
    [REF_NAME] = OV_FIELD_TEXT("name"),
};
static const struct ov_structure ref = OV_STRUCTURE(ref_fields);

enum assembly_field {
    ASSEMBLY_VERSION,
    ASSEMBLY_NAME,
    ASSEMBLY_CULTURE
};

static const struct ov_field assembly_fields[] = {
    [ASSEMBLY_VERSION] = OV_FIELD_STRUCTURE("version", &version),
    [ASSEMBLY_NAME] = OV_FIELD_TEXT("name"),
    [ASSEMBLY_CULTURE] = OV_FIELD_TEXT("culture"),
};
static const struct ov_structure assembly = OV_STRUCTURE(assembly_fields);

static const struct ov_field root_fields[] = {
    [NET_IS_DOTNET] = OV_FIELD_INTEGER("is_dotnet"),
    [NET_VERSION] = OV_FIELD_TEXT("version"),
    [NET_MODULE_NAME] = OV_FIELD_TEXT("module_name"),
    [NET_STREAMS] = OV_FIELD_ARRAY("streams", &stream),
    [NET_NUMBER_OF_STREAMS] = OV_FIELD_INTEGER("number_of_streams"),
    [NET_GUIDS] = OV_FIELD_LIST("guids", OV_DATUM_STRING),
    [NET_NUMBER_OF_GUIDS] = OV_FIELD_INTEGER("number_of_guids"),
    [NET_RESOURCES] = OV_FIELD_ARRAY("resources", &resource),
    [NET_NUMBER_OF_RESOURCES] = OV_FIELD_INTEGER("number_of_resources"),
    [NET_CLASSES] = {.name = "classes",
                     .kind = OV_DATUM_ARRAY,
                     .item = OV_DATUM_STRUCTURE,
                     .structure = &ov_dotnet_class_item,
                     .group = GROUP_CLASSES},
    [NET_NUMBER_OF_CLASSES] = {.name = "number_of_classes",
                               .kind = OV_DATUM_INTEGER,
                               .group = GROUP_CLASSES},
    [NET_ASSEMBLY_REFS] = OV_FIELD_ARRAY("assembly_refs", &ref),
    [NET_NUMBER_OF_ASSEMBLY_REFS] = OV_FIELD_INTEGER("number_of_assembly_refs"),
    [NET_ASSEMBLY] = OV_FIELD_STRUCTURE("assembly", &assembly),
    [NET_MODULEREFS] = OV_FIELD_LIST("modulerefs", OV_DATUM_STRING),
    [NET_NUMBER_OF_MODULEREFS] = OV_FIELD_INTEGER("number_of_modulerefs"),
    [NET_USER_STRINGS] = OV_FIELD_LIST("user_strings", OV_DATUM_STRING),
    [NET_NUMBER_OF_USER_STRINGS] = OV_FIELD_INTEGER("number_of_user_strings"),
    [NET_TYPELIB] = OV_FIELD_TEXT("typelib"),
    [NET_CONSTANTS] = OV_FIELD_LIST("constants", OV_DATUM_STRING),
    [NET_NUMBER_OF_CONSTANTS] = OV_FIELD_INTEGER("number_of_constants"),
    [NET_FIELD_OFFSETS] = OV_FIELD_LIST("field_offsets", OV_DATUM_INTEGER),
    [NET_NUMBER_OF_FIELD_OFFSETS] = OV_FIELD_INTEGER("number_of_field_offsets"),
};

/* Texts or numbers of which nobody knows beforehand how many there are: room
 * for max, of which n are taken. */
struct list {
    struct ov_items *items;
};

static enum ov_status open_list(struct ov_module_run *run,
                                const struct ov_structure *s, uint32_t max,
                                struct list *ret)
{
    struct ov_datum datum, *values;

    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS,
                           (uint64_t)max * ROW_STEPS));
    OV_TRY(ov_datum_array(run, s, max, &datum, &values));
    ret->items = ov_arena_alloc(run->in->arena, sizeof(*ret->items));
    if (ret->items == NULL)
        return OV_NO_MEMORY;
    ret->items->values = values;
    return OV_OK;
}

static void close_list(struct ov_module_run *run, const struct list *list,
                       enum root_field field, enum root_field number)
{
    run->fields[field] =
        (struct ov_datum){.kind = OV_DATUM_ARRAY, .items = list->items};
    run->fields[number] = ov_datum_integer(list->items->n);
}

static void add(struct list *list, struct ov_datum datum)
{
    list->items->values[list->items->n++] = datum;
}

static struct ov_datum string_or_none(const struct dotnet *d, uint32_t index)
{
    struct ov_span text;

    return ov_dotnet_string(d, index, &text) ? ov_datum_text(text)
                                             : (struct ov_datum){0};
}

static enum ov_status fill_streams(struct ov_module_run *run,
                                   const struct dotnet *d)
{
    struct dotnet_stream_header h;
    uint64_t at = d->streams_at;
    struct list list;

    OV_TRY(open_list(run, &stream, d->n_streams, &list));
    for (unsigned i = 0; i < d->n_streams && ov_dotnet_stream(d, at, &h); i++) {
        struct ov_datum *fields = list.items->values[i].fields;

        fields[STREAM_NAME] = ov_datum_text(h.name);
        fields[STREAM_OFFSET] = ov_datum_integer((int64_t)(d->root + h.offset));
        fields[STREAM_SIZE] = ov_datum_integer(h.size);
        list.items->n++;
        at = h.next;
    }
    close_list(run, &list, NET_STREAMS, NET_NUMBER_OF_STREAMS);
    return OV_OK;
}

static enum ov_status put_guid(struct ov_module_run *run, struct ov_span bytes,
                               struct ov_datum *ret)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(64);
    uint32_t first = 0;
    uint16_t second = 0, third = 0;
    struct ov_span copy;

    (void)ov_span_u32le(bytes, 0, &first);
    (void)ov_span_u16le(bytes, 4, &second);
    (void)ov_span_u16le(bytes, 6, &third);
    ov_put_format(&text, "%08x-%04x-%04x-", first, second, third);
    for (unsigned i = 8; i < GUID_SIZE; i++)
        ov_put_format(&text, i == 10 ? "-%02x" : "%02x",
                      (unsigned)ov_span_byte(bytes, i));
    OV_TRY(ov_buf_status(&text));
    if (!ov_arena_copy(run->in->arena, ov_buf_span(&text), &copy))
        return OV_NO_MEMORY;
    *ret = ov_datum_text(copy);
    return OV_OK;
}

static enum ov_status fill_guids(struct ov_module_run *run,
                                 const struct dotnet *d)
{
    uint32_t n = d->guids.size / GUID_SIZE;
    struct ov_span bytes;
    struct list list;

    if (!d->guids.is_there)
        return OV_OK;
    if (n > MAX_GUIDS)
        n = MAX_GUIDS;
    OV_TRY(open_list(run, NULL, n, &list));
    for (uint32_t i = 0;
         i < n && ov_span_sub(d->pe.bytes, d->guids.at + i * GUID_SIZE,
                              GUID_SIZE, &bytes);
         i++) {
        struct ov_datum datum;

        OV_TRY(put_guid(run, bytes, &datum));
        add(&list, datum);
    }
    close_list(run, &list, NET_GUIDS, NET_NUMBER_OF_GUIDS);
    return OV_OK;
}

/* The texts in programs: each with a byte behind it that says whether there is
 * anything but ASCII in it. */
static uint32_t walk_user_strings(const struct dotnet *d, struct list *list)
{
    uint64_t at = d->user_strings.at;
    uint64_t end = at + d->user_strings.size;
    struct ov_span text;
    uint32_t n = 0;

    if (ov_span_byte(d->pe.bytes, at) != 0)
        return 0;
    at++;
    while (at < end && ov_dotnet_blob_at(d, at, &at, &text)) {
        if (text.len < 2)
            continue;
        text.len--;
        if (list != NULL)
            add(list, ov_datum_text(text));
        at += text.len;
        n++;
    }
    return n;
}

static enum ov_status fill_user_strings(struct ov_module_run *run,
                                        const struct dotnet *d)
{
    struct ov_span all;
    struct list list;

    if (!d->user_strings.is_there || d->user_strings.size == 0 ||
        !ov_span_sub(d->pe.bytes, d->user_strings.at, d->user_strings.size,
                     &all) ||
        ov_span_byte(all, 0) != 0)
        return OV_OK;
    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS,
                           (uint64_t)d->user_strings.size * 10));
    OV_TRY(open_list(run, NULL, walk_user_strings(d, NULL), &list));
    (void)walk_user_strings(d, &list);
    close_list(run, &list, NET_USER_STRINGS, NET_NUMBER_OF_USER_STRINGS);
    return OV_OK;
}

static enum ov_status fill_constants(struct ov_module_run *run,
                                     const struct dotnet *d)
{
    struct ov_span text;
    struct list list;

    if (!d->tables[DOTNET_CONSTANT].is_there)
        return OV_OK;
    OV_TRY(open_list(run, NULL, d->tables[DOTNET_CONSTANT].n_rows, &list));
    for (uint32_t i = 1; ov_dotnet_has_row(d, DOTNET_CONSTANT, i); i++) {
        uint32_t type = ov_dotnet_cell(d, DOTNET_CONSTANT, i, 0);

        if ((type & 0xff) == TYPE_STRING &&
            ov_dotnet_blob(d, ov_dotnet_cell(d, DOTNET_CONSTANT, i, 2), &text))
            add(&list, ov_datum_text(text.len > 0 ? text : OV_SPAN_LIT("")));
    }
    close_list(run, &list, NET_CONSTANTS, NET_NUMBER_OF_CONSTANTS);
    return OV_OK;
}

static enum ov_status fill_modulerefs(struct ov_module_run *run,
                                      const struct dotnet *d)
{
    struct list list;

    if (!d->tables[DOTNET_MODULE_REF].is_there)
        return OV_OK;
    OV_TRY(open_list(run, NULL, d->tables[DOTNET_MODULE_REF].n_rows, &list));
    for (uint32_t i = 1; ov_dotnet_has_row(d, DOTNET_MODULE_REF, i); i++) {
        struct ov_datum name =
            string_or_none(d, ov_dotnet_cell(d, DOTNET_MODULE_REF, i, 0));

        if (name.kind == OV_DATUM_STRING)
            add(&list, name);
    }
    close_list(run, &list, NET_MODULEREFS, NET_NUMBER_OF_MODULEREFS);
    return OV_OK;
}

static enum ov_status fill_field_offsets(struct ov_module_run *run,
                                         const struct dotnet *d)
{
    struct list list;
    uint64_t at;

    if (!d->tables[DOTNET_FIELD_RVA].is_there)
        return OV_OK;
    OV_TRY(open_list(run, NULL, d->tables[DOTNET_FIELD_RVA].n_rows, &list));
    for (uint32_t i = 1; ov_dotnet_has_row(d, DOTNET_FIELD_RVA, i); i++)
        if (ov_pe_find(&d->pe, ov_dotnet_cell(d, DOTNET_FIELD_RVA, i, 0), &at))
            add(&list, ov_datum_integer((int64_t)at));
    close_list(run, &list, NET_FIELD_OFFSETS, NET_NUMBER_OF_FIELD_OFFSETS);
    return OV_OK;
}

/* Four columns from first on. */
static void fill_version(const struct dotnet *d, enum dotnet_table table,
                         uint32_t row, unsigned first, struct ov_datum *fields)
{
    for (unsigned i = 0; i < 4; i++)
        fields[i] = ov_datum_integer(ov_dotnet_cell(d, table, row, first + i));
}

static enum ov_status fill_refs(struct ov_module_run *run,
                                const struct dotnet *d)
{
    const enum dotnet_table table = DOTNET_ASSEMBLY_REF;
    struct ov_span token;
    struct list list;

    if (!d->tables[table].is_there)
        return OV_OK;
    OV_TRY(open_list(run, &ref, d->tables[table].n_rows, &list));
    for (uint32_t i = 1; ov_dotnet_has_row(d, table, i); i++) {
        struct ov_datum *fields = list.items->values[i - 1].fields;

        list.items->n++;
        fill_version(d, table, i, 0, fields[REF_VERSION].fields);
        if (!ov_dotnet_blob(d, ov_dotnet_cell(d, table, i, 5), &token))
            continue;
        if (token.len > 0)
            fields[REF_TOKEN] = ov_datum_text(token);
        fields[REF_NAME] = string_or_none(d, ov_dotnet_cell(d, table, i, 6));
    }
    close_list(run, &list, NET_ASSEMBLY_REFS, NET_NUMBER_OF_ASSEMBLY_REFS);
    return OV_OK;
}

static void fill_assembly(struct ov_datum *root, const struct dotnet *d)
{
    struct ov_datum *fields = root[NET_ASSEMBLY].fields;
    struct ov_datum culture;

    if (ov_dotnet_has_row(d, DOTNET_MODULE, 1))
        root[NET_MODULE_NAME] =
            string_or_none(d, ov_dotnet_cell(d, DOTNET_MODULE, 1, 1));
    if (!ov_dotnet_has_row(d, DOTNET_ASSEMBLY, 1))
        return;
    fill_version(d, DOTNET_ASSEMBLY, 1, 1, fields[ASSEMBLY_VERSION].fields);
    fields[ASSEMBLY_NAME] =
        string_or_none(d, ov_dotnet_cell(d, DOTNET_ASSEMBLY, 1, 7));
    culture = string_or_none(d, ov_dotnet_cell(d, DOTNET_ASSEMBLY, 1, 8));
    if (culture.kind == OV_DATUM_STRING && culture.text.len > 0)
        fields[ASSEMBLY_CULTURE] = culture;
}

static void fill_resource(const struct dotnet *d, uint32_t row,
                          struct ov_datum *fields)
{
    const enum dotnet_table table = DOTNET_RESOURCE;
    int64_t at = d->resources + ov_dotnet_cell(d, table, row, 0);
    uint32_t size;

    fields[RESOURCE_NAME] = string_or_none(d, ov_dotnet_cell(d, table, row, 2));
    if (ov_dotnet_cell(d, table, row, 3) != 0 || at < 0 ||
        !ov_span_u32le(d->pe.bytes, (uint64_t)at, &size))
        return; /* in another file */
    fields[RESOURCE_OFFSET] = ov_datum_integer(at + 4);
    fields[RESOURCE_LENGTH] = ov_datum_integer(size);
}

static enum ov_status fill_resources(struct ov_module_run *run,
                                     const struct dotnet *d)
{
    struct list list;

    if (!d->tables[DOTNET_RESOURCE].is_there)
        return OV_OK;
    OV_TRY(open_list(run, &resource, d->tables[DOTNET_RESOURCE].n_rows, &list));
    for (uint32_t i = 1; ov_dotnet_has_row(d, DOTNET_RESOURCE, i); i++) {
        fill_resource(d, i, list.items->values[i - 1].fields);
        list.items->n++;
    }
    close_list(run, &list, NET_RESOURCES, NET_NUMBER_OF_RESOURCES);
    return OV_OK;
}

/* Whether a custom attribute is the assembly's GuidAttribute. */
static bool is_guid_attribute(const struct dotnet *d, uint32_t row)
{
    const enum dotnet_table table = DOTNET_ATTRIBUTE;
    uint32_t type = ov_dotnet_cell(d, table, row, 1);
    uint32_t member = type >> 3 == 0 ? 1 : type >> 3;
    uint32_t parent, ref_row;
    struct ov_span name;

    if ((ov_dotnet_cell(d, table, row, 0) & 0x1f) != ATTRIBUTE_OF_ASSEMBLY ||
        (type & 7) != ATTRIBUTE_IS_REF ||
        !ov_dotnet_has_row(d, DOTNET_MEMBER_REF, member))
        return false;
    parent = ov_dotnet_cell(d, DOTNET_MEMBER_REF, member, 0);
    ref_row = parent >> 3 == 0 ? 1 : parent >> 3;
    return (parent & 7) == PARENT_IS_TYPE_REF &&
           ov_dotnet_has_row(d, DOTNET_TYPE_REF, ref_row) &&
           ov_dotnet_string(d, ov_dotnet_cell(d, DOTNET_TYPE_REF, ref_row, 1),
                            &name) &&
           ov_span_starts(name, OV_SPAN_LIT("GuidAttribute"));
}

/* The text in an attribute's value: a mark, a length, the text. */
static bool attribute_text(const struct dotnet *d, uint32_t blob,
                           struct ov_span *ret)
{
    struct ov_span value, rest;
    uint16_t mark = 0;
    int len;

    if (blob == 0 || !ov_dotnet_blob(d, blob, &value) || value.len < 3 ||
        !ov_span_u16le(value, 0, &mark) || mark != 1)
        return false;
    len = ov_span_byte(value, 2);
    rest = ov_span_clip(value, 3, (uint64_t)len);
    if (ov_span_byte(rest, 0) == 0xff || rest.len == 0)
        *ret = OV_SPAN_LIT("");
    else
        (void)ov_span_cut(&rest, '\0', ret);
    return true;
}

static enum ov_status fill_typelib(struct ov_module_run *run,
                                   const struct dotnet *d)
{
    struct ov_span text;

    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS,
                           (uint64_t)d->tables[DOTNET_ATTRIBUTE].n_rows *
                               ROW_STEPS));
    for (uint32_t i = 1; ov_dotnet_has_row(d, DOTNET_ATTRIBUTE, i); i++)
        if (is_guid_attribute(d, i) &&
            attribute_text(d, ov_dotnet_cell(d, DOTNET_ATTRIBUTE, i, 2), &text))
            run->fields[NET_TYPELIB] = ov_datum_text(text);
    return OV_OK;
}

/* The metadata, opened once; NULL if it is no .NET program. */
static enum ov_status open_state(struct ov_module_run *run, struct dotnet **ret)
{
    struct dotnet *d = run->state;

    if (d == NULL) {
        d = ov_arena_alloc(run->in->arena, sizeof(*d));
        if (d == NULL)
            return OV_NO_MEMORY;
        if (ov_dotnet_open(run->in->bytes, d))
            ov_dotnet_read(d);
        run->state = d;
    }
    *ret = d->streams_at == 0 ? NULL : d;
    return OV_OK;
}

static enum ov_status fill_all(struct ov_module_run *run,
                               const struct dotnet *d)
{
    if (d->version.ptr != NULL)
        run->fields[NET_VERSION] = ov_datum_text(d->version);
    OV_TRY(fill_streams(run, d));
    OV_TRY(fill_guids(run, d));
    fill_assembly(run->fields, d);
    OV_TRY(fill_resources(run, d));
    OV_TRY(fill_refs(run, d));
    OV_TRY(fill_modulerefs(run, d));
    OV_TRY(fill_user_strings(run, d));
    OV_TRY(fill_typelib(run, d));
    OV_TRY(fill_constants(run, d));
    return fill_field_offsets(run, d);
}

static enum ov_status fill(struct ov_module_run *run, unsigned group)
{
    struct dotnet *d;

    OV_TRY(open_state(run, &d));
    if (group == GROUP_ALL)
        run->fields[NET_IS_DOTNET] = ov_datum_integer(d != NULL);
    if (d == NULL)
        return OV_OK;
    if (group == GROUP_ALL)
        return fill_all(run, d);
    return ov_dotnet_fill_classes(run, d, &run->fields[NET_CLASSES],
                                  &run->fields[NET_NUMBER_OF_CLASSES]);
}

extern const struct ov_module ov_module_dotnet;
const struct ov_module ov_module_dotnet = {
    .name = "dotnet",
    .root = OV_STRUCTURE(root_fields),
    .fill = fill,
};
