/* SPDX-License-Identifier: Apache-2.0
 *
 * The classes of the module "dex": their fields and methods, one class's behind
 * the other's, with what their numbers stand for.
 *
 * Numbers of members are differences to the one before. A member whose number
 * has no record ends its list; its first values are told all the same if
 * nothing comes behind it, as in yara. Classes are gone through twice: to
 * count, and to fill in. Many classes may share their data, so each member
 * costs. */
#include "modules/dex_module.h"

#define MAX_MEMBERS (1u << 17)

static const struct ov_field class_fields[] = {
    OV_FIELD_INTEGER("class_idx"),
    OV_FIELD_INTEGER("access_flags"),
    OV_FIELD_INTEGER("super_class_idx"),
    OV_FIELD_INTEGER("interfaces_offset"),
    OV_FIELD_INTEGER("source_file_idx"),
    OV_FIELD_INTEGER("annotations_offset"),
    OV_FIELD_INTEGER("class_data_offset"),
    OV_FIELD_INTEGER("static_values_offset"),
};
const struct ov_structure ov_dex_class_def = OV_STRUCTURE(class_fields);

enum {
    CLASS_DATA_OFFSET = 6
};

static const struct ov_field class_data_fields[] = {
    OV_FIELD_INTEGER("static_fields_size"),
    OV_FIELD_INTEGER("instance_fields_size"),
    OV_FIELD_INTEGER("direct_methods_size"),
    OV_FIELD_INTEGER("virtual_methods_size"),
};
const struct ov_structure ov_dex_class_data = OV_STRUCTURE(class_data_fields);

enum field_field {
    FIELD_IDX_DIFF = OV_DEX_MEMBER_PROTO + 1,
    FIELD_ACCESS_FLAGS,
    FIELD_STATIC,
    FIELD_INSTANCE
};

static const struct ov_field member_fields[] = {
    [OV_DEX_MEMBER_CLASS_NAME] = OV_FIELD_TEXT("class_name"),
    [OV_DEX_MEMBER_NAME] = OV_FIELD_TEXT("name"),
    [OV_DEX_MEMBER_PROTO] = OV_FIELD_TEXT("proto"),
    [FIELD_IDX_DIFF] = OV_FIELD_INTEGER("field_idx_diff"),
    [FIELD_ACCESS_FLAGS] = OV_FIELD_INTEGER("access_flags"),
    [FIELD_STATIC] = OV_FIELD_INTEGER("static"),
    [FIELD_INSTANCE] = OV_FIELD_INTEGER("instance"),
};
const struct ov_structure ov_dex_member = OV_STRUCTURE(member_fields);

static const struct ov_structure nothing = {NULL, 0};

enum code_field {
    CODE_REGISTERS_SIZE,
    CODE_INS_SIZE,
    CODE_OUTS_SIZE,
    CODE_TRIES_SIZE,
    CODE_DEBUG_INFO_OFF,
    CODE_INSNS_SIZE,
    CODE_INSNS
};

static const struct ov_field code_fields[] = {
    [CODE_REGISTERS_SIZE] = OV_FIELD_INTEGER("registers_size"),
    [CODE_INS_SIZE] = OV_FIELD_INTEGER("ins_size"),
    [CODE_OUTS_SIZE] = OV_FIELD_INTEGER("outs_size"),
    [CODE_TRIES_SIZE] = OV_FIELD_INTEGER("tries_size"),
    [CODE_DEBUG_INFO_OFF] = OV_FIELD_INTEGER("debug_info_off"),
    [CODE_INSNS_SIZE] = OV_FIELD_INTEGER("insns_size"),
    [CODE_INSNS] = OV_FIELD_TEXT("insns"),
    OV_FIELD_INTEGER("padding"),
    OV_FIELD_STRUCTURE("tries", &nothing),
    OV_FIELD_ARRAY("handlers", &nothing),
};
static const struct ov_structure code_item = OV_STRUCTURE(code_fields);

enum method_field {
    METHOD_DIRECT = OV_DEX_MEMBER_PROTO + 1,
    METHOD_VIRTUAL,
    METHOD_IDX_DIFF,
    METHOD_ACCESS_FLAGS,
    METHOD_CODE_OFF,
    METHOD_CODE_ITEM
};

static const struct ov_field method_fields[] = {
    [OV_DEX_MEMBER_CLASS_NAME] = OV_FIELD_TEXT("class_name"),
    [OV_DEX_MEMBER_NAME] = OV_FIELD_TEXT("name"),
    [OV_DEX_MEMBER_PROTO] = OV_FIELD_TEXT("proto"),
    [METHOD_DIRECT] = OV_FIELD_INTEGER("direct"),
    [METHOD_VIRTUAL] = OV_FIELD_INTEGER("virtual"),
    [METHOD_IDX_DIFF] = OV_FIELD_INTEGER("method_idx_diff"),
    [METHOD_ACCESS_FLAGS] = OV_FIELD_INTEGER("access_flags"),
    [METHOD_CODE_OFF] = OV_FIELD_INTEGER("code_off"),
    [METHOD_CODE_ITEM] = OV_FIELD_STRUCTURE("code_item", &code_item),
};
const struct ov_structure ov_dex_method = OV_STRUCTURE(method_fields);

/* ---- classes ---- */

/* A text, or undefined. */
static struct ov_datum text_if(bool is_there, struct ov_span text)
{
    return is_there ? ov_datum_text(text) : (struct ov_datum){0};
}

static struct ov_datum string_at(const struct ov_dex *d, uint64_t i)
{
    struct ov_span text = {0};
    uint32_t size;
    bool is_there = i <= OV_DEX_MAX_ITEMS && ov_dex_string(d, i, &size, &text);

    return text_if(is_there, text);
}

static struct ov_datum type_name(const struct ov_dex *d, uint64_t i)
{
    struct ov_span text = {0};
    bool is_there = ov_dex_type_name(d, i, &text);

    return text_if(is_there, text);
}

static struct ov_datum proto_name(const struct ov_dex *d, uint64_t i)
{
    struct ov_span text = {0};
    bool is_there = ov_dex_proto_name(d, i, &text);

    return text_if(is_there, text);
}

static uint32_t n_classes(const struct ov_dex *d)
{
    return d->n[OV_DEX_CLASSES] < OV_DEX_MAX_ITEMS ? d->n[OV_DEX_CLASSES]
                                                   : OV_DEX_MAX_ITEMS;
}

/* Going through all classes: once to count, then to fill in. */
struct class_job {
    struct ov_module_run *run;
    const struct ov_dex *d;
    bool is_counting;
    bool is_damaged; /* a class is: then nobody knows how many members */
    uint32_t n_data;
    uint32_t n_fields;
    uint32_t n_methods;
    uint32_t max_fields; /* one more than n_fields where one was begun */
    uint32_t max_methods;
    struct ov_datum *data;
    struct ov_datum *fields;
    struct ov_datum *methods;
    uint32_t room_data;
    uint32_t room_fields;
    uint32_t room_methods;
};

static struct ov_datum *fields_of(struct ov_datum *values, uint32_t i,
                                  uint32_t room)
{
    return values != NULL && i < room ? values[i].fields : NULL;
}

/* One field of a class; *idx is the last one's number. False: the class ends
 * here. */
static bool read_field(struct class_job *j, struct ov_reader *r, uint32_t *idx,
                       bool is_static)
{
    const struct ov_dex *d = j->d;
    struct ov_datum *f = fields_of(j->fields, j->n_fields, j->room_fields);
    struct ov_span head, id;
    uint32_t diff, flags;

    if (!ov_span_sub(d->bytes, r->at, 8, &head) || !ov_dex_uleb128(r, &diff) ||
        !ov_dex_uleb128(r, &flags))
        return false;
    *idx += diff;
    j->max_fields = j->n_fields + 1;
    if (f != NULL) {
        f[FIELD_IDX_DIFF] = ov_datum_integer(diff);
        f[FIELD_ACCESS_FLAGS] = ov_datum_integer(flags);
        f[FIELD_STATIC] = ov_datum_integer(is_static);
        f[FIELD_INSTANCE] = ov_datum_integer(!is_static);
    }
    if (*idx >= d->n[OV_DEX_FIELDS] || *idx > OV_DEX_MAX_ITEMS)
        return false;
    id = ov_dex_record(d, OV_DEX_FIELDS, *idx);
    if (f != NULL) {
        f[OV_DEX_MEMBER_NAME] = string_at(d, ov_dex_u32(id, 4));
        f[OV_DEX_MEMBER_CLASS_NAME] = type_name(d, ov_dex_u16(id, 0));
        f[OV_DEX_MEMBER_PROTO] = type_name(d, ov_dex_u16(id, 2));
    }
    j->n_fields++;
    return true;
}

static void fill_code(const struct ov_dex *d, uint64_t at, struct ov_datum *f)
{
    struct ov_span bytes;

    if (at == 0 || !ov_span_sub(d->bytes, at, 16, &bytes))
        return;
    f[CODE_REGISTERS_SIZE] = ov_datum_integer(ov_dex_u16(bytes, 0));
    f[CODE_INS_SIZE] = ov_datum_integer(ov_dex_u16(bytes, 2));
    f[CODE_OUTS_SIZE] = ov_datum_integer(ov_dex_u16(bytes, 4));
    f[CODE_TRIES_SIZE] = ov_datum_integer(ov_dex_u16(bytes, 6));
    f[CODE_DEBUG_INFO_OFF] = ov_datum_integer(ov_dex_u32(bytes, 8));
    f[CODE_INSNS_SIZE] = ov_datum_integer(ov_dex_u32(bytes, 12));
    if (ov_span_array(d->bytes, at + 16, ov_dex_u32(bytes, 12), 2, &bytes))
        f[CODE_INSNS] = ov_datum_text(bytes);
}

static void fill_method(const struct ov_dex *d, struct ov_span id,
                        struct ov_datum *f)
{
    f[OV_DEX_MEMBER_NAME] = string_at(d, ov_dex_u32(id, 4));
    f[OV_DEX_MEMBER_CLASS_NAME] = type_name(d, ov_dex_u16(id, 0));
    f[OV_DEX_MEMBER_PROTO] = proto_name(d, ov_dex_u16(id, 2));
    fill_code(d, (uint64_t)f[METHOD_CODE_OFF].number,
              f[METHOD_CODE_ITEM].fields);
}

static bool read_method(struct class_job *j, struct ov_reader *r, uint32_t *idx,
                        bool is_direct)
{
    const struct ov_dex *d = j->d;
    struct ov_datum *f = fields_of(j->methods, j->n_methods, j->room_methods);
    struct ov_span head;
    uint32_t diff, flags, code;

    if (!ov_span_sub(d->bytes, r->at, 12, &head) || !ov_dex_uleb128(r, &diff) ||
        !ov_dex_uleb128(r, &flags) || !ov_dex_uleb128(r, &code))
        return false;
    *idx += diff;
    j->max_methods = j->n_methods + 1;
    if (f != NULL) {
        f[METHOD_IDX_DIFF] = ov_datum_integer(diff);
        f[METHOD_ACCESS_FLAGS] = ov_datum_integer(flags);
        f[METHOD_CODE_OFF] = ov_datum_integer(code);
        f[METHOD_DIRECT] = ov_datum_integer(is_direct);
        f[METHOD_VIRTUAL] = ov_datum_integer(!is_direct);
    }
    if (*idx >= d->n[OV_DEX_METHODS] || *idx > OV_DEX_MAX_ITEMS)
        return false;
    if (f != NULL)
        fill_method(d, ov_dex_record(d, OV_DEX_METHODS, *idx), f);
    j->n_methods++;
    return true;
}

/* Static fields, instance fields, direct methods, virtual methods. A list that
 * ends early ends in front of the member it could not read. */
static enum ov_status read_members(struct class_job *j, struct ov_reader *r,
                                   const uint32_t n[static 4])
{
    for (int which = 0; which < 4; which++) {
        uint32_t idx = 0;

        for (uint32_t i = 0; i < n[which]; i++) {
            struct ov_reader before = *r;

            OV_TRY(ov_budget_spend(j->run->in->budget, OV_COST_STEPS,
                                   OV_DEX_RECORD_STEPS));
            if (which < 2 ? read_field(j, r, &idx, which == 0)
                          : read_method(j, r, &idx, which == 2))
                continue;
            *r = before;
            break;
        }
    }
    return OV_OK;
}

static enum ov_status read_class_data(struct class_job *j, uint32_t at)
{
    struct ov_reader r = ov_reader_over(j->d->bytes);
    struct ov_datum *f = fields_of(j->data, j->n_data, j->room_data);
    struct ov_span head;
    uint32_t n[4] = {0};

    ov_reader_seek(&r, at);
    j->is_damaged = !ov_span_sub(j->d->bytes, at, 16, &head);
    for (int i = 0; i < 4 && !j->is_damaged; i++)
        j->is_damaged = !ov_dex_uleb128(&r, &n[i]);
    if (j->is_damaged)
        return OV_OK;
    for (int i = 0; i < 4 && f != NULL; i++)
        f[i] = ov_datum_integer(n[i]);
    OV_TRY(read_members(j, &r, n));
    j->n_data++;
    return OV_OK;
}

static enum ov_status walk_classes(struct class_job *j, uint32_t *ret_n)
{
    uint32_t n = n_classes(j->d);
    uint32_t i;

    j->n_data = j->n_fields = j->n_methods = 0;
    for (i = 0; i < n && !j->is_damaged; i++) {
        uint32_t at = ov_dex_u32(ov_dex_record(j->d, OV_DEX_CLASSES, i),
                                 4 * (uint64_t)CLASS_DATA_OFFSET);

        if (at != 0)
            OV_TRY(read_class_data(j, at));
    }
    *ret_n = i;
    return OV_OK;
}

static enum ov_status fill_class_defs(struct ov_module_run *run,
                                      const struct ov_dex *d, uint32_t n)
{
    struct ov_datum *values;

    OV_TRY(ov_dex_new_records(run, n, &ov_dex_class_def,
                              &run->fields[OV_DEX_ROOT_CLASS_DEFS], &values));
    for (uint32_t i = 0; i < n; i++) {
        struct ov_span bytes = ov_dex_record(d, OV_DEX_CLASSES, i);

        for (uint64_t k = 0; k < ov_dex_class_def.n_fields; k++)
            values[i].fields[k] = ov_datum_integer(ov_dex_u32(bytes, 4 * k));
    }
    return OV_OK;
}

enum ov_status ov_dex_fill_classes(struct ov_module_run *run,
                                   const struct ov_dex *d)
{
    struct class_job j = {.run = run, .d = d};
    uint32_t n;

    if (!d->has_classes)
        return OV_OK;
    OV_TRY(walk_classes(&j, &n));
    OV_TRY(fill_class_defs(run, d, n));
    if (!j.is_damaged) {
        run->fields[OV_DEX_ROOT_NUMBER_OF_FIELDS] =
            ov_datum_integer(j.n_fields);
        run->fields[OV_DEX_ROOT_NUMBER_OF_METHODS] =
            ov_datum_integer(j.n_methods);
    }
    j.room_data = j.n_data;
    j.room_fields = j.max_fields < MAX_MEMBERS ? j.max_fields : MAX_MEMBERS;
    j.room_methods = j.max_methods < MAX_MEMBERS ? j.max_methods : MAX_MEMBERS;
    OV_TRY(ov_dex_new_records(run, j.room_data, &ov_dex_class_data,
                              &run->fields[OV_DEX_ROOT_CLASS_DATA_ITEM],
                              &j.data));
    OV_TRY(ov_dex_new_records(run, j.room_fields, &ov_dex_member,
                              &run->fields[OV_DEX_ROOT_FIELD], &j.fields));
    OV_TRY(ov_dex_new_records(run, j.room_methods, &ov_dex_method,
                              &run->fields[OV_DEX_ROOT_METHOD], &j.methods));
    j.is_damaged = false;
    return walk_classes(&j, &n);
}
