/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "dex" (YARA's sources, docs and libyara/modules/dex): header,
 * tables, map, classes, fields and methods of a Dalvik executable;
 * has_method(), has_class().
 *
 * As in yara, a table that does not lie inside of the file ends the reading:
 * what comes behind it in the order string_ids, type_ids, proto_ids, field_ids,
 * method_ids, map_list, class_defs is undefined. A string's value begins one
 * byte behind its offset, also where its length takes two bytes. Tables have
 * values for their first 524,288 entries, fields and methods of classes for
 * the first 131,072; each record costs some steps.
 *
 * Source: Android Open Source Project, "Dalvik executable format". */
#include "modules/dex_module.h"

#include "match/re.h"

/* ---- tables of fields ---- */

static const struct ov_field string_fields[] = {
    OV_FIELD_INTEGER("offset"),
    OV_FIELD_INTEGER("size"),
    OV_FIELD_TEXT("value"),
};
static const struct ov_structure string_id = OV_STRUCTURE(string_fields);

static const struct ov_field type_fields[] = {
    OV_FIELD_INTEGER("descriptor_idx"),
};
static const struct ov_structure type_id = OV_STRUCTURE(type_fields);

static const struct ov_field proto_fields[] = {
    OV_FIELD_INTEGER("shorty_idx"),
    OV_FIELD_INTEGER("return_type_idx"),
    OV_FIELD_INTEGER("parameters_offset"),
};
static const struct ov_structure proto_id = OV_STRUCTURE(proto_fields);

static const struct ov_field field_id_fields[] = {
    OV_FIELD_INTEGER("class_idx"),
    OV_FIELD_INTEGER("type_idx"),
    OV_FIELD_INTEGER("name_idx"),
};
static const struct ov_structure field_id = OV_STRUCTURE(field_id_fields);

static const struct ov_field method_id_fields[] = {
    OV_FIELD_INTEGER("class_idx"),
    OV_FIELD_INTEGER("proto_idx"),
    OV_FIELD_INTEGER("name_idx"),
};
static const struct ov_structure method_id = OV_STRUCTURE(method_id_fields);

static const struct ov_field map_item_fields[] = {
    OV_FIELD_INTEGER("type"),
    OV_FIELD_INTEGER("unused"),
    OV_FIELD_INTEGER("size"),
    OV_FIELD_INTEGER("offset"),
};
static const struct ov_structure map_item = OV_STRUCTURE(map_item_fields);

static const struct ov_field map_list_fields[] = {
    OV_FIELD_INTEGER("size"),
    OV_FIELD_ARRAY("map_item", &map_item),
};
static const struct ov_structure map_list = OV_STRUCTURE(map_list_fields);

static const struct ov_field header_fields[] = {
    OV_FIELD_TEXT("magic"),
    OV_FIELD_INTEGER("checksum"),
    OV_FIELD_TEXT("signature"),
    OV_FIELD_INTEGER("file_size"),
    OV_FIELD_INTEGER("header_size"),
    OV_FIELD_INTEGER("endian_tag"),
    OV_FIELD_INTEGER("link_size"),
    OV_FIELD_INTEGER("link_offset"),
    OV_FIELD_INTEGER("map_offset"),
    OV_FIELD_INTEGER("string_ids_size"),
    OV_FIELD_INTEGER("string_ids_offset"),
    OV_FIELD_INTEGER("type_ids_size"),
    OV_FIELD_INTEGER("type_ids_offset"),
    OV_FIELD_INTEGER("proto_ids_size"),
    OV_FIELD_INTEGER("proto_ids_offset"),
    OV_FIELD_INTEGER("field_ids_size"),
    OV_FIELD_INTEGER("field_ids_offset"),
    OV_FIELD_INTEGER("method_ids_size"),
    OV_FIELD_INTEGER("method_ids_offset"),
    OV_FIELD_INTEGER("class_defs_size"),
    OV_FIELD_INTEGER("class_defs_offset"),
    OV_FIELD_INTEGER("data_size"),
    OV_FIELD_INTEGER("data_offset"),
};
static const struct ov_structure header = OV_STRUCTURE(header_fields);

#define HEADER_FIELDS (sizeof(header_fields) / sizeof(header_fields[0]))

enum root_group {
    GROUP_HEADER,
    GROUP_STRINGS,
    GROUP_TYPES,
    GROUP_PROTOS,
    GROUP_FIELDS,
    GROUP_METHODS,
    GROUP_MAP,
    GROUP_CLASSES
};

/* ---- header, tables, map ---- */

/* Up to the first zero. */
static struct ov_datum text_field(struct ov_span bytes, uint64_t at,
                                  uint64_t size)
{
    struct ov_span text = ov_span_clip(bytes, at, size);
    size_t end = ov_span_find_byte(text, 0, 0);

    return ov_datum_text(end == SIZE_MAX ? text : ov_span_clip(text, 0, end));
}

static enum ov_status fill_header(struct ov_module_run *run,
                                  const struct ov_dex *d)
{
    struct ov_datum *f = run->fields[OV_DEX_ROOT_HEADER].fields;

    f[0] = text_field(d->bytes, 0, 8);
    f[1] = ov_datum_integer(ov_dex_u32(d->bytes, 8));
    f[2] = text_field(d->bytes, 12, 20);
    for (uint64_t i = 3; i < HEADER_FIELDS; i++)
        f[i] = ov_datum_integer(ov_dex_u32(d->bytes, 0x20 + 4 * (i - 3)));
    return OV_OK;
}

enum ov_status ov_dex_new_records(struct ov_module_run *run, uint64_t n,
                                  const struct ov_structure *of,
                                  struct ov_datum *ret,
                                  struct ov_datum **ret_values)
{
    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS,
                           OV_DEX_RECORD_STEPS * n));
    return ov_datum_array(run, of, (uint32_t)n, ret, ret_values);
}

static uint32_t n_records(const struct ov_dex *d, enum ov_dex_table table)
{
    return d->n[table] < OV_DEX_MAX_ITEMS ? d->n[table] : OV_DEX_MAX_ITEMS;
}

static enum ov_status fill_strings(struct ov_module_run *run,
                                   const struct ov_dex *d)
{
    uint32_t n = n_records(d, OV_DEX_STRINGS);
    struct ov_datum *values;

    OV_TRY(ov_dex_new_records(run, n, &string_id,
                              &run->fields[OV_DEX_ROOT_STRING_IDS], &values));
    for (uint32_t i = 0; i < n; i++) {
        struct ov_span value;
        uint32_t size;

        if (!ov_dex_string(d, i, &size, &value)) {
            values[i].kind = OV_DATUM_UNDEFINED;
            continue;
        }
        values[i].fields[0] = ov_datum_integer(
            ov_dex_u32(ov_dex_record(d, OV_DEX_STRINGS, i), 0));
        values[i].fields[1] = ov_datum_integer(size);
        values[i].fields[2] = ov_datum_text(value);
    }
    return OV_OK;
}

/* Records of numbers only; narrow: the first two have 16 bits. */
static enum ov_status fill_numbers(struct ov_module_run *run,
                                   const struct ov_dex *d,
                                   enum ov_dex_table table,
                                   const struct ov_structure *of,
                                   enum ov_dex_root list, bool is_narrow)
{
    uint32_t n = n_records(d, table);
    struct ov_datum *values;

    OV_TRY(ov_dex_new_records(run, n, of, &run->fields[list], &values));
    for (uint32_t i = 0; i < n; i++) {
        struct ov_span bytes = ov_dex_record(d, table, i);

        for (uint64_t k = 0; k < of->n_fields; k++) {
            uint32_t value = ov_dex_u32(bytes, 4 * k);

            if (is_narrow)
                value =
                    k == 2 ? ov_dex_u32(bytes, 4) : ov_dex_u16(bytes, 2 * k);
            values[i].fields[k] = ov_datum_integer(value);
        }
    }
    return OV_OK;
}

/* Of a map that is cut the items that are there, unless its length is nonsense:
 * more items than bytes. */
static enum ov_status fill_map(struct ov_module_run *run,
                               const struct ov_dex *d)
{
    struct ov_datum *f = run->fields[OV_DEX_ROOT_MAP_LIST].fields;
    struct ov_datum *values;
    uint64_t fit;
    uint32_t n;

    if (!d->has_map || d->map_at == 0 ||
        !ov_span_u32le(d->bytes, d->map_at, &n))
        return OV_OK;
    f[0] = ov_datum_integer(n);
    fit = d->bytes.len - d->map_at - 4;
    if (n > fit)
        return OV_OK;
    fit /= 12;
    n = n < fit ? n : (uint32_t)fit;
    n = n < OV_DEX_MAX_ITEMS ? n : OV_DEX_MAX_ITEMS;
    OV_TRY(ov_dex_new_records(run, n, &map_item, &f[1], &values));
    for (uint32_t i = 0; i < n; i++) {
        struct ov_span bytes =
            ov_span_clip(d->bytes, d->map_at + 4 + 12 * (uint64_t)i, 12);

        values[i].fields[0] = ov_datum_integer(ov_dex_u16(bytes, 0));
        values[i].fields[1] = ov_datum_integer(ov_dex_u16(bytes, 2));
        values[i].fields[2] = ov_datum_integer(ov_dex_u32(bytes, 4));
        values[i].fields[3] = ov_datum_integer(ov_dex_u32(bytes, 8));
    }
    return OV_OK;
}

static enum ov_status fill(struct ov_module_run *run, unsigned group)
{
    struct ov_dex d;

    if (group == GROUP_HEADER) {
        for (int i = 0; i < 5; i++)
            run->fields[OV_DEX_ROOT_MAGIC_035 + i] = ov_datum_text(
                ov_span_clip(OV_SPAN_LIT("dex\n035dex\n036dex\n037"
                                         "dex\n038dex\n039"),
                             (uint64_t)i * 7, 7));
    }
    if (!ov_dex_open(run->in->bytes, &d))
        return OV_OK;
    switch ((enum root_group)group) {
    case GROUP_HEADER:
        return fill_header(run, &d);
    case GROUP_STRINGS:
        return fill_strings(run, &d);
    case GROUP_TYPES:
        return fill_numbers(run, &d, OV_DEX_TYPES, &type_id,
                            OV_DEX_ROOT_TYPE_IDS, false);
    case GROUP_PROTOS:
        return fill_numbers(run, &d, OV_DEX_PROTOS, &proto_id,
                            OV_DEX_ROOT_PROTO_IDS, false);
    case GROUP_FIELDS:
        return fill_numbers(run, &d, OV_DEX_FIELDS, &field_id,
                            OV_DEX_ROOT_FIELD_IDS, true);
    case GROUP_METHODS:
        return fill_numbers(run, &d, OV_DEX_METHODS, &method_id,
                            OV_DEX_ROOT_METHOD_IDS, true);
    case GROUP_MAP:
        return fill_map(run, &d);
    case GROUP_CLASSES:
        break;
    }
    return ov_dex_fill_classes(run, &d);
}

/* ---- functions ---- */

/* Whether a name is the one that is asked for: a string, or a regular
 * expression. Bytes behind a zero do not count, as in yara. */
static enum ov_status is_named(struct ov_module_call *call,
                               const struct ov_datum *wanted,
                               struct ov_span name, bool *ret)
{
    size_t end = ov_span_find_byte(name, 0, 0);

    if (end != SIZE_MAX)
        name = ov_span_clip(name, 0, end);
    OV_TRY(ov_budget_spend(call->run->in->budget, OV_COST_STEPS,
                           OV_DEX_RECORD_STEPS));
    if (wanted->kind == OV_DATUM_REGEX)
        return ov_re_search(wanted->text, name, call->run->in->budget, ret);
    *ret = ov_span_equal(wanted->text, name);
    return OV_OK;
}

/* Whether a method has that class (NULL: any; one without class has any) and
 * that name (NULL: any). */
static enum ov_status is_method(struct ov_module_call *call,
                                const struct ov_datum *f,
                                const struct ov_datum *of_class,
                                const struct ov_datum *name, bool *ret)
{
    bool is_right = true;

    if (of_class != NULL && f[OV_DEX_MEMBER_CLASS_NAME].kind == OV_DATUM_STRING)
        OV_TRY(is_named(call, of_class, f[OV_DEX_MEMBER_CLASS_NAME].text,
                        &is_right));
    else if (of_class != NULL && name == NULL)
        is_right = false;
    if (is_right && name != NULL) {
        is_right = false;
        if (f[OV_DEX_MEMBER_NAME].kind == OV_DATUM_STRING)
            OV_TRY(is_named(call, name, f[OV_DEX_MEMBER_NAME].text, &is_right));
    }
    *ret = is_right;
    return OV_OK;
}

static enum ov_status find_method(struct ov_module_call *call,
                                  const struct ov_datum *of_class,
                                  const struct ov_datum *name,
                                  struct ov_datum *ret)
{
    struct ov_datum n, methods;
    bool is_found = false;

    *ret = (struct ov_datum){0};
    OV_TRY(ov_module_get(call->run, OV_DEX_ROOT_NUMBER_OF_METHODS, &n));
    OV_TRY(ov_module_get(call->run, OV_DEX_ROOT_METHOD, &methods));
    if (n.kind != OV_DATUM_INTEGER || methods.kind != OV_DATUM_ARRAY)
        return OV_OK;
    for (uint32_t i = 0; i < methods.items->n && i < n.number && !is_found; i++)
        OV_TRY(is_method(call, methods.items->values[i].fields, of_class, name,
                         &is_found));
    *ret = ov_datum_integer(is_found);
    return OV_OK;
}

static enum ov_status call_has_method(struct ov_module_call *call,
                                      struct ov_datum *ret)
{
    return find_method(call, NULL, &call->arguments[0], ret);
}

static enum ov_status call_has_class_method(struct ov_module_call *call,
                                            struct ov_datum *ret)
{
    return find_method(call, &call->arguments[0], &call->arguments[1], ret);
}

static enum ov_status call_has_class(struct ov_module_call *call,
                                     struct ov_datum *ret)
{
    return find_method(call, &call->arguments[0], NULL, ret);
}

static const struct ov_function has_method[] = {
    {.arguments = "s", .result = OV_DATUM_INTEGER, .call = call_has_method},
    {.arguments = "ss",
     .result = OV_DATUM_INTEGER,
     .call = call_has_class_method},
    {.arguments = "r", .result = OV_DATUM_INTEGER, .call = call_has_method},
    {.arguments = "rr",
     .result = OV_DATUM_INTEGER,
     .call = call_has_class_method},
};
static const struct ov_function has_class[] = {
    {.arguments = "s", .result = OV_DATUM_INTEGER, .call = call_has_class},
    {.arguments = "r", .result = OV_DATUM_INTEGER, .call = call_has_class},
};

/* clang-format off */
static const struct ov_field fields[] = {
#define OV_CONSTANT(word, value) OV_FIELD_CONSTANT(#word, value),
#define OV_FIELD(id, word, of_kind, of, in_group)                              \
    {.name = (word), .kind = OV_DATUM_##of_kind,                               \
     .item = OV_DATUM_##of_kind == OV_DATUM_ARRAY ? OV_DATUM_STRUCTURE         \
                                                  : OV_DATUM_UNDEFINED,        \
     .structure = (of), .group = (in_group)},
#define OV_CALL(id, word, forms) OV_FIELD_FUNCTION(word, forms),
#include "modules/dex_fields.def"
#undef OV_CONSTANT
#undef OV_FIELD
#undef OV_CALL
};
/* clang-format on */

extern const struct ov_module ov_module_dex;
const struct ov_module ov_module_dex = {
    .name = "dex",
    .root = OV_STRUCTURE(fields),
    .fill = fill,
};
