/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of the module "pe" over imports: imports(), import_rva(),
 * delayed_import_rva(), imphash().
 *
 * The import hash is MD5 over "library.function" of every import in lower case,
 * joined by commas. Unlike ClamAV's (formats/pe_imports.c) it goes over the
 * imports as this module lists them, and an extension counts only at the first
 * dot of a library's name; of files as linkers write them both are the same.
 *
 * Source: YARA documentation, "PE module"; Mandiant, "Tracking Malware with
 * Import Hashing", 2014. */
#include "base/buf.h"
#include "base/text.h"
#include "match/re.h"
#include "modules/pe_module.h"

#define KIND_STANDARD 1
#define KIND_DELAYED 2
#define TEXT_MAX (64u << 20)

/* What to look for: a library, and in it a function by name or number, or
 * any; or both by expressions. */
struct wanted {
    const struct ov_datum *library;
    const struct ov_datum *name;
    const struct ov_datum *number;
    bool is_regex;
};

struct found {
    int64_t n;
    struct ov_datum address; /* of the first */
};

/* Whether a name is the one that is wanted. */
static enum ov_status is_name(struct ov_module_call *call,
                              const struct wanted *w,
                              const struct ov_datum *name,
                              const struct ov_datum *wanted, bool *ret)
{
    if (w->is_regex)
        return ov_re_search(wanted->text, name->text, call->run->in->budget,
                            ret);
    *ret = ov_span_equal_nocase(name->text, wanted->text);
    return OV_OK;
}

static bool is_number(const struct wanted *w, const struct ov_datum *fields)
{
    if (w->number != NULL)
        return fields[PE_IMPORT_ORDINAL].kind == OV_DATUM_INTEGER &&
               fields[PE_IMPORT_ORDINAL].number == w->number->number;
    return true;
}

static enum ov_status find_functions(struct ov_module_call *call,
                                     const struct wanted *w,
                                     const struct ov_items *functions,
                                     struct found *found)
{
    OV_TRY(ov_budget_spend(call->run->in->budget, OV_COST_STEPS,
                           (uint64_t)functions->n * 10));
    for (uint32_t i = 0; i < functions->n; i++) {
        const struct ov_datum *fields = functions->values[i].fields;
        bool is_it = w->name == NULL && is_number(w, fields);

        if (w->name != NULL)
            OV_TRY(is_name(call, w, &fields[PE_IMPORT_NAME], w->name, &is_it));
        if (!is_it)
            continue;
        if (found->n++ == 0)
            found->address = fields[PE_IMPORT_ADDRESS];
    }
    return OV_OK;
}

/* Adds what is in one of the two lists. */
static enum ov_status find_in(struct ov_module_call *call, enum pe_field field,
                              const struct wanted *w, struct found *found)
{
    struct ov_datum list;

    OV_TRY(ov_module_get(call->run, field, &list));
    if (list.kind != OV_DATUM_ARRAY)
        return OV_OK;
    OV_TRY(ov_budget_spend(call->run->in->budget, OV_COST_STEPS,
                           (uint64_t)list.items->n * 10));
    for (uint32_t i = 0; i < list.items->n; i++) {
        const struct ov_datum *fields = list.items->values[i].fields;
        bool is_it;

        OV_TRY(is_name(call, w, &fields[PE_LIBRARY_NAME], w->library, &is_it));
        if (is_it)
            OV_TRY(find_functions(call, w, fields[PE_LIBRARY_FUNCTIONS].items,
                                  found));
    }
    return OV_OK;
}

/* Undefined if it is no PE; how many there are if all of a library's, or those
 * of an expression, were asked for, else whether there is one. */
static enum ov_status count(struct ov_module_call *call, int64_t kinds,
                            const struct wanted *w, struct ov_datum *ret)
{
    struct found found = {0};
    struct pe_state *state;

    *ret = (struct ov_datum){0};
    OV_TRY(ov_pe_state(call->run, &state));
    if (!state->is_pe)
        return OV_OK;
    if ((kinds & KIND_STANDARD) != 0)
        OV_TRY(find_in(call, PE_IMPORT_DETAILS, w, &found));
    if ((kinds & KIND_DELAYED) != 0)
        OV_TRY(find_in(call, PE_DELAYED_IMPORT_DETAILS, w, &found));
    if (!w->is_regex && (w->name != NULL || w->number != NULL))
        found.n = found.n > 0;
    *ret = ov_datum_integer(found.n);
    return OV_OK;
}

static enum ov_status call_name(struct ov_module_call *call,
                                struct ov_datum *ret)
{
    const struct ov_datum *a = call->arguments;
    struct wanted w = {.library = &a[0], .name = &a[1]};

    return count(call, KIND_STANDARD, &w, ret);
}

static enum ov_status call_number(struct ov_module_call *call,
                                  struct ov_datum *ret)
{
    const struct ov_datum *a = call->arguments;
    struct wanted w = {.library = &a[0], .number = &a[1]};

    return count(call, KIND_STANDARD, &w, ret);
}

static enum ov_status call_library(struct ov_module_call *call,
                                   struct ov_datum *ret)
{
    struct wanted w = {.library = &call->arguments[0]};

    return count(call, KIND_STANDARD, &w, ret);
}

static enum ov_status call_regex(struct ov_module_call *call,
                                 struct ov_datum *ret)
{
    const struct ov_datum *a = call->arguments;
    struct wanted w = {.library = &a[0], .name = &a[1], .is_regex = true};

    return count(call, KIND_STANDARD, &w, ret);
}

static enum ov_status call_kind_regex(struct ov_module_call *call,
                                      struct ov_datum *ret)
{
    const struct ov_datum *a = call->arguments;
    struct wanted w = {.library = &a[1], .name = &a[2], .is_regex = true};

    return count(call, a[0].number, &w, ret);
}

static enum ov_status call_kind_name(struct ov_module_call *call,
                                     struct ov_datum *ret)
{
    const struct ov_datum *a = call->arguments;
    struct wanted w = {.library = &a[1], .name = &a[2]};

    return count(call, a[0].number, &w, ret);
}

static enum ov_status call_kind_number(struct ov_module_call *call,
                                       struct ov_datum *ret)
{
    const struct ov_datum *a = call->arguments;
    struct wanted w = {.library = &a[1], .number = &a[2]};

    return count(call, a[0].number, &w, ret);
}

static enum ov_status call_kind_library(struct ov_module_call *call,
                                        struct ov_datum *ret)
{
    struct wanted w = {.library = &call->arguments[1]};

    return count(call, call->arguments[0].number, &w, ret);
}

static enum ov_status find_address(struct ov_module_call *call,
                                   enum pe_field field, bool by_name,
                                   struct ov_datum *ret)
{
    struct wanted w = {.library = &call->arguments[0]};
    struct found found = {0};

    if (by_name)
        w.name = &call->arguments[1];
    else
        w.number = &call->arguments[1];
    OV_TRY(find_in(call, field, &w, &found));
    *ret = found.address;
    return OV_OK;
}

static enum ov_status call_rva_name(struct ov_module_call *call,
                                    struct ov_datum *ret)
{
    return find_address(call, PE_IMPORT_DETAILS, true, ret);
}

static enum ov_status call_rva_number(struct ov_module_call *call,
                                      struct ov_datum *ret)
{
    return find_address(call, PE_IMPORT_DETAILS, false, ret);
}

static enum ov_status call_delayed_rva_name(struct ov_module_call *call,
                                            struct ov_datum *ret)
{
    return find_address(call, PE_DELAYED_IMPORT_DETAILS, true, ret);
}

static enum ov_status call_delayed_rva_number(struct ov_module_call *call,
                                              struct ov_datum *ret)
{
    return find_address(call, PE_DELAYED_IMPORT_DETAILS, false, ret);
}

static void put_lower(struct ov_buf *out, struct ov_span text)
{
    for (size_t i = 0; i < text.len; i++)
        ov_put_u8(out, ov_lower((uint8_t)ov_span_byte(text, i)));
}

/* A library's name up to an extension that is left out. */
static struct ov_span stem(struct ov_span name)
{
    static const char *const extensions[] = {".dll", ".ocx", ".sys"};
    size_t dot = ov_span_find_byte(name, '.', 0);

    if (dot == SIZE_MAX)
        return name;
    for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
        if (ov_span_equal_nocase(ov_span_clip(name, dot, 4),
                                 ov_span_str(extensions[i])))
            return ov_span_clip(name, 0, dot);
    return name;
}

static enum ov_status put_imports(struct ov_module_call *call,
                                  const struct ov_items *libraries,
                                  struct ov_buf *out)
{
    for (uint32_t i = 0; i < libraries->n; i++) {
        const struct ov_datum *library = libraries->values[i].fields;
        const struct ov_items *functions = library[PE_LIBRARY_FUNCTIONS].items;
        struct ov_span name = stem(library[PE_LIBRARY_NAME].text);

        for (uint32_t k = 0; k < functions->n; k++) {
            if (out->len > 0)
                ov_put_u8(out, ',');
            put_lower(out, name);
            ov_put_u8(out, '.');
            put_lower(out, functions->values[k].fields[PE_IMPORT_NAME].text);
            OV_TRY(ov_budget_spend(call->run->in->budget, OV_COST_STEPS,
                                   name.len + 100));
        }
    }
    return ov_buf_status(out);
}

static enum ov_status call_imphash(struct ov_module_call *call,
                                   struct ov_datum *ret)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(TEXT_MAX);
    OV_AUTO_DONE(buf) hex = ov_buf_with_max(2 * OV_DIGEST_MAX);
    uint8_t digest[OV_DIGEST_MAX];
    struct ov_datum libraries;
    struct ov_span copy;

    *ret = (struct ov_datum){0};
    OV_TRY(ov_module_get(call->run, PE_IMPORT_DETAILS, &libraries));
    if (libraries.kind != OV_DATUM_ARRAY)
        return OV_OK;
    OV_TRY(put_imports(call, libraries.items, &text));
    OV_TRY(ov_digest(OV_MD5, ov_buf_span(&text), digest));
    ov_put_hex(&hex, ov_span_of(digest, ov_digest_len(OV_MD5)));
    OV_TRY(ov_buf_status(&hex));
    if (!ov_arena_copy(call->run->in->arena, ov_buf_span(&hex), &copy))
        return OV_NO_MEMORY;
    *ret = ov_datum_text(copy);
    return OV_OK;
}

#define FORM(letters, function)                                                \
    {                                                                          \
        .arguments = (letters), .result = OV_DATUM_INTEGER, .call = (function) \
    }

const struct ov_function ov_pe_imports[8] = {
    FORM("rr", call_regex),        FORM("irr", call_kind_regex),
    FORM("ss", call_name),         FORM("si", call_number),
    FORM("s", call_library),       FORM("iss", call_kind_name),
    FORM("isi", call_kind_number), FORM("is", call_kind_library),
};
const struct ov_function ov_pe_import_rva[2] = {
    FORM("ss", call_rva_name),
    FORM("si", call_rva_number),
};
const struct ov_function ov_pe_delayed_import_rva[2] = {
    FORM("ss", call_delayed_rva_name),
    FORM("si", call_delayed_rva_number),
};
const struct ov_function ov_pe_imphash[1] = {
    {.arguments = "", .result = OV_DATUM_STRING, .call = call_imphash},
};
