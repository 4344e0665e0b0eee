/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of the module "pe" over headers, resources and exports. They
 * work on the module's own values, so that they agree with them. Of a file that
 * is no PE all are undefined. */
#include "match/re.h"
#include "modules/pe_module.h"

#define CHECKSUM_AT 64 /* in the optional header */
#define IMAGE_IS_DLL 0x2000

static enum ov_status field_of(struct ov_module_call *call, enum pe_field field,
                               struct ov_datum *ret)
{
    return ov_module_get(call->run, field, ret);
}

/* A top-level array's items, none if it is undefined. */
static enum ov_status items_of(struct ov_module_call *call, enum pe_field field,
                               struct ov_items *ret)
{
    struct ov_datum datum;

    OV_TRY(field_of(call, field, &datum));
    *ret = (struct ov_items){0};
    if (datum.kind == OV_DATUM_ARRAY)
        *ret = *datum.items;
    return ov_budget_spend(call->run->in->budget, OV_COST_STEPS,
                           (uint64_t)ret->n * 10);
}

static bool is_text(const struct ov_datum *datum, struct ov_span text)
{
    return datum->kind == OV_DATUM_STRING &&
           ov_span_equal_nocase(datum->text, text);
}

static bool is_integer(const struct ov_datum *datum, int64_t number)
{
    return datum->kind == OV_DATUM_INTEGER && datum->number == number;
}

static enum ov_status call_checksum(struct ov_module_call *call,
                                    struct ov_datum *ret)
{
    struct pe_state *state;
    struct ov_span bytes = call->run->in->bytes;
    uint64_t sum = 0;

    *ret = (struct ov_datum){0};
    OV_TRY(ov_pe_state(call->run, &state));
    if (!state->is_pe)
        return OV_OK;
    if (!state->has_checksum) {
        OV_TRY(ov_budget_spend(call->run->in->budget, OV_COST_STEPS,
                               bytes.len / 2));
        for (uint64_t i = 0; i < bytes.len; i += 2) {
            uint16_t word = (uint8_t)ov_span_byte(bytes, i);

            (void)ov_span_u16le(bytes, i, &word);
            if (i / 4 * 4 != state->pe.optional_at + CHECKSUM_AT)
                sum += word;
        }
        while (sum >> 16 != 0)
            sum = (sum & 0xffff) + (sum >> 16);
        state->checksum = (int64_t)(sum + bytes.len);
        state->has_checksum = true;
    }
    *ret = ov_datum_integer(state->checksum);
    return OV_OK;
}

/* -1: not found. */
static enum ov_status find_section(struct ov_module_call *call, int64_t *ret,
                                   bool by_name)
{
    const struct ov_datum *wanted = &call->arguments[0];
    struct ov_items sections;

    OV_TRY(items_of(call, PE_SECTIONS, &sections));
    *ret = -1;
    for (uint32_t i = 0; i < sections.n && *ret < 0; i++) {
        const struct ov_datum *fields = sections.values[i].fields;
        int64_t at = fields[PE_SECTION_RAW_DATA_OFFSET].number;
        int64_t size = fields[PE_SECTION_RAW_DATA_SIZE].number;

        if (by_name ? ov_span_equal(fields[PE_SECTION_NAME].text, wanted->text)
                    : wanted->number >= at && wanted->number < at + size)
            *ret = i;
    }
    return OV_OK;
}

static enum ov_status call_section_name(struct ov_module_call *call,
                                        struct ov_datum *ret)
{
    int64_t i;

    *ret = (struct ov_datum){0};
    OV_TRY(find_section(call, &i, true));
    if (i >= 0)
        *ret = ov_datum_integer(i);
    return OV_OK;
}

static enum ov_status call_section_offset(struct ov_module_call *call,
                                          struct ov_datum *ret)
{
    int64_t i;

    *ret = (struct ov_datum){0};
    OV_TRY(find_section(call, &i, false));
    if (i >= 0)
        *ret = ov_datum_integer(i);
    return OV_OK;
}

static enum ov_status is_export(struct ov_module_call *call,
                                const struct ov_datum *fields, bool *ret)
{
    const struct ov_datum *wanted = &call->arguments[0];
    const struct ov_datum *name = &fields[PE_EXPORT_NAME];

    *ret = false;
    if (wanted->kind == OV_DATUM_INTEGER)
        *ret = is_integer(&fields[PE_EXPORT_ORDINAL], wanted->number);
    else if (wanted->kind == OV_DATUM_STRING)
        *ret = is_text(name, wanted->text);
    else if (name->kind == OV_DATUM_STRING)
        return ov_re_search(wanted->text, name->text, call->run->in->budget,
                            ret);
    return OV_OK;
}

/* The first export with this name or number; numbers are looked for only up
 * to how many there are. -1: none, -2: no PE. */
static enum ov_status find_export(struct ov_module_call *call, int64_t *ret)
{
    const struct ov_datum *wanted = &call->arguments[0];
    struct ov_items exports;
    struct pe_state *state;

    OV_TRY(ov_pe_state(call->run, &state));
    *ret = state->is_pe ? -1 : -2;
    OV_TRY(items_of(call, PE_EXPORT_DETAILS, &exports));
    if (wanted->kind == OV_DATUM_INTEGER &&
        (wanted->number == 0 || wanted->number > exports.n))
        return OV_OK;
    for (uint32_t i = 0; i < exports.n && *ret < 0; i++) {
        bool is_it;

        OV_TRY(is_export(call, exports.values[i].fields, &is_it));
        if (is_it)
            *ret = i;
    }
    return OV_OK;
}

static enum ov_status call_exports(struct ov_module_call *call,
                                   struct ov_datum *ret)
{
    int64_t i;

    *ret = (struct ov_datum){0};
    OV_TRY(find_export(call, &i));
    if (i != -2)
        *ret = ov_datum_integer(i >= 0);
    return OV_OK;
}

static enum ov_status call_exports_index(struct ov_module_call *call,
                                         struct ov_datum *ret)
{
    int64_t i;

    *ret = (struct ov_datum){0};
    OV_TRY(find_export(call, &i));
    if (i >= 0)
        *ret = ov_datum_integer(i);
    return OV_OK;
}

/* Whether a resource has this language, of whose number mask counts. */
static enum ov_status find_language(struct ov_module_call *call, int64_t mask,
                                    struct ov_datum *ret)
{
    struct ov_items resources;
    struct pe_state *state;
    bool is_found = false;

    *ret = (struct ov_datum){0};
    OV_TRY(ov_pe_state(call->run, &state));
    if (!state->is_pe)
        return OV_OK;
    OV_TRY(items_of(call, PE_RESOURCES, &resources));
    for (uint32_t i = 0; i < resources.n && !is_found; i++) {
        const struct ov_datum *language =
            &resources.values[i].fields[PE_RESOURCE_LANGUAGE];

        is_found = language->kind == OV_DATUM_INTEGER &&
                   (language->number & mask) == call->arguments[0].number;
    }
    *ret = ov_datum_integer(is_found);
    return OV_OK;
}

static enum ov_status call_locale(struct ov_module_call *call,
                                  struct ov_datum *ret)
{
    return find_language(call, 0xffff, ret);
}

static enum ov_status call_language(struct ov_module_call *call,
                                    struct ov_datum *ret)
{
    return find_language(call, 0xff, ret);
}

static enum ov_status call_is_dll(struct ov_module_call *call,
                                  struct ov_datum *ret)
{
    struct ov_datum flags;

    *ret = (struct ov_datum){0};
    OV_TRY(field_of(call, PE_CHARACTERISTICS, &flags));
    if (flags.kind == OV_DATUM_INTEGER)
        *ret = ov_datum_integer(flags.number & IMAGE_IS_DLL);
    return OV_OK;
}

static enum ov_status call_is_bits(struct ov_module_call *call, bool is_64,
                                   struct ov_datum *ret)
{
    struct pe_state *state;

    *ret = (struct ov_datum){0};
    OV_TRY(ov_pe_state(call->run, &state));
    if (state->is_pe)
        *ret = ov_datum_integer(state->pe.is_64 == is_64);
    return OV_OK;
}

static enum ov_status call_is_32bit(struct ov_module_call *call,
                                    struct ov_datum *ret)
{
    return call_is_bits(call, false, ret);
}

static enum ov_status call_is_64bit(struct ov_module_call *call,
                                    struct ov_datum *ret)
{
    return call_is_bits(call, true, ret);
}

static enum ov_status call_rva_to_offset(struct ov_module_call *call,
                                         struct ov_datum *ret)
{
    struct pe_state *state;
    uint64_t at;

    *ret = (struct ov_datum){0};
    OV_TRY(ov_budget_spend(call->run->in->budget, OV_COST_STEPS, 100));
    OV_TRY(ov_pe_state(call->run, &state));
    if (state->is_pe &&
        ov_pe_find(&state->pe, (uint64_t)call->arguments[0].number, &at))
        *ret = ov_datum_integer((int64_t)at);
    return OV_OK;
}

#define FORM(letters, function)                                                \
    {                                                                          \
        .arguments = (letters), .result = OV_DATUM_INTEGER, .call = (function) \
    }

const struct ov_function ov_pe_calculate_checksum[1] = {
    FORM("", call_checksum),
};
const struct ov_function ov_pe_section_index[2] = {
    FORM("s", call_section_name),
    FORM("i", call_section_offset),
};
const struct ov_function ov_pe_exports[3] = {
    FORM("s", call_exports),
    FORM("i", call_exports),
    FORM("r", call_exports),
};
const struct ov_function ov_pe_exports_index[3] = {
    FORM("s", call_exports_index),
    FORM("i", call_exports_index),
    FORM("r", call_exports_index),
};
const struct ov_function ov_pe_locale[1] = {FORM("i", call_locale)};
const struct ov_function ov_pe_language[1] = {FORM("i", call_language)};
const struct ov_function ov_pe_is_dll[1] = {FORM("", call_is_dll)};
const struct ov_function ov_pe_is_32bit[1] = {FORM("", call_is_32bit)};
const struct ov_function ov_pe_is_64bit[1] = {FORM("", call_is_64bit)};
const struct ov_function ov_pe_rva_to_offset[1] = {
    FORM("i", call_rva_to_offset),
};
