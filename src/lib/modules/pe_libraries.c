/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "pe": imports and delayed imports.
 *
 * A descriptor names a library and two tables of functions, one to read names
 * from and one that the loader fills in; an entry is a number (its highest bit
 * set) or the address of a name. Numbers of libraries that are known to export
 * by number get the function's name, others "ord" and the number. A function
 * with a name that no linker writes is passed over, as is a library. Delayed
 * imports of old compilers hold addresses that include the image's base.
 *
 * Tables may overlap: there are limits on entries of one table and in all, on
 * descriptors, and on names.
 *
 * Source: Microsoft "PE Format", "The .idata Section", "Delay-Load Import
 * Tables"; YARA documentation, "PE module"; corner cases by comparison with
 * yara (tests/oracle). */
#include "base/buf.h"
#include "formats/pe_imports.h"
#include "modules/pe_module.h"

#define DESCRIPTOR_SIZE 20
#define DELAYED_SIZE 32
#define DOS_HEADER_SIZE 64
#define MAX_LIBRARIES 16384
#define MAX_OF_LIBRARY 16384
#define MAX_FUNCTIONS 65536 /* entries looked at, in all */
#define MAX_NAME 512
#define MAX_LIBRARY_NAME 4096
#define FUNCTION_STEPS 200

struct function {
    struct ov_span name;
    int32_t number; /* -1: by name */
    uint64_t address;
};

struct library {
    struct ov_span name;
    uint32_t first; /* of functions */
    uint32_t n;
};

struct imports {
    struct ov_module_run *run;
    const struct ov_pe *pe;
    struct library *libraries;
    struct function *functions;
    uint32_t n_libraries;
    uint32_t n_functions;
    uint32_t n_entries; /* looked at */
};

/* Room for n items of size for one more, doubled as needed. */
static enum ov_status more_room(struct ov_arena *arena, void **list, uint32_t n,
                                size_t size)
{
    uint8_t *more;

    if (n != 0 && (n < 16 || (n & (n - 1)) != 0))
        return OV_OK;
    more = ov_arena_array(arena, n == 0 ? 16 : 2 * (size_t)n, size);
    if (more == NULL)
        return OV_NO_MEMORY;
    if (n != 0)
        memcpy(more, *list, n * size);
    *list = more;
    return OV_OK;
}

static enum ov_status add_function(struct imports *in, struct function f)
{
    void *list = in->functions;

    OV_TRY(more_room(in->run->in->arena, &list, in->n_functions, sizeof(f)));
    in->functions = list;
    in->functions[in->n_functions++] = f;
    return OV_OK;
}

static enum ov_status add_library(struct imports *in, struct library l)
{
    void *list = in->libraries;

    OV_TRY(more_room(in->run->in->arena, &list, in->n_libraries, sizeof(l)));
    in->libraries = list;
    in->libraries[in->n_libraries++] = l;
    return OV_OK;
}

/* Windows has no file with other names. */
static bool library_name(const struct imports *in, uint64_t address,
                         struct ov_span *ret)
{
    static const char bad[] = "\"*<>?|";
    struct ov_span rest;
    uint64_t at;

    if (!ov_pe_find(in->pe, address, &at))
        return false;
    rest = ov_span_clip(in->pe->bytes, at, MAX_LIBRARY_NAME);
    if (!ov_span_cut(&rest, '\0', ret) || ret->len == 0)
        return false;
    for (size_t i = 0; i < ret->len; i++) {
        int c = ov_span_byte(*ret, i);

        if (c < ' ' || memchr(bad, c, sizeof(bad) - 1) != NULL)
            return false;
    }
    return true;
}

static bool is_function_name(struct ov_span name)
{
    static const char others[] = "._?@$()<>";

    for (size_t i = 0; i < name.len; i++) {
        int c = ov_span_byte(name, i);

        if (!ov_is_alnum((uint8_t)c) &&
            memchr(others, c, sizeof(others) - 1) == NULL)
            return false;
    }
    return name.len > 0;
}

/* The name of a function that is imported by number. */
static enum ov_status name_number(struct imports *in, struct ov_span library,
                                  struct function *f)
{
    const char *known = ov_pe_ordinal_name(library, (uint16_t)f->number);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(32);

    if (known != NULL) {
        f->name = ov_span_str(known);
        return OV_OK;
    }
    ov_put_format(&text, "ord%u", (unsigned)f->number);
    OV_TRY(ov_buf_status(&text));
    return ov_arena_copy(in->run->in->arena, ov_buf_span(&text), &f->name)
               ? OV_OK
               : OV_NO_MEMORY;
}

/* The entry of a table at a place in the file. */
static bool entry_at(const struct imports *in, uint64_t at, uint64_t *ret)
{
    uint32_t narrow = 0;

    if (in->pe->is_64)
        return ov_span_u64le(in->pe->bytes, at, ret);
    if (!ov_span_u32le(in->pe->bytes, at, &narrow))
        return false;
    *ret = narrow;
    return true;
}

static bool is_by_number(const struct imports *in, uint64_t entry)
{
    return (entry >> (in->pe->is_64 ? 63 : 31) & 1) != 0;
}

static uint64_t entry_size(const struct imports *in)
{
    return in->pe->is_64 ? 8 : 4;
}

static enum ov_status spend_entry(struct imports *in)
{
    in->n_entries++;
    return ov_budget_spend(in->run->in->budget, OV_COST_STEPS, FUNCTION_STEPS);
}

static enum ov_status read_function(struct imports *in, struct ov_span library,
                                    uint64_t entry, uint64_t address)
{
    struct function f = {.number = -1, .address = address};
    struct ov_span head;
    uint64_t at;

    if (is_by_number(in, entry)) {
        f.number = (uint16_t)entry;
        OV_TRY(name_number(in, library, &f));
        return add_function(in, f);
    }
    if (!ov_pe_find(in->pe, entry, &at) ||
        !ov_span_sub(in->pe->bytes, at, 4, &head))
        return OV_OK;
    f.name = ov_pe_text_at(in->pe, at + 2, MAX_NAME);
    return is_function_name(f.name) ? add_function(in, f) : OV_OK;
}

static enum ov_status read_library(struct imports *in, struct ov_span head)
{
    struct library l = {.first = in->n_functions};
    uint32_t original = 0, name = 0, first = 0;
    uint64_t at, entry;

    (void)ov_span_u32le(head, 0, &original);
    (void)ov_span_u32le(head, 12, &name);
    (void)ov_span_u32le(head, 16, &first);
    if (!library_name(in, name, &l.name))
        return OV_OK;
    if ((!ov_pe_find(in->pe, original, &at) || at == 0) &&
        !ov_pe_find(in->pe, first, &at))
        return OV_OK;
    for (uint32_t i = 0; i < MAX_OF_LIBRARY && in->n_entries < MAX_FUNCTIONS &&
                         entry_at(in, at, &entry) && entry != 0;
         i++) {
        uint64_t address = first + entry_size(in) * i;

        OV_TRY(spend_entry(in));
        OV_TRY(read_function(in, l.name, entry,
                             in->pe->is_64 ? address : (uint32_t)address));
        at += entry_size(in);
    }
    l.n = in->n_functions - l.first;
    return l.n > 0 ? add_library(in, l) : OV_OK;
}

static enum ov_status read_libraries(struct imports *in, uint64_t at)
{
    struct ov_span head;

    for (uint32_t i = 0; i < MAX_LIBRARIES; i++) {
        uint32_t name = 0;

        OV_TRY(ov_budget_spend(in->run->in->budget, OV_COST_STEPS, 500));
        if (!ov_span_sub(in->pe->bytes, at, DESCRIPTOR_SIZE, &head) ||
            !ov_span_u32le(head, 12, &name) || name == 0)
            break;
        OV_TRY(read_library(in, head));
        at += DESCRIPTOR_SIZE;
    }
    return OV_OK;
}

static enum ov_status fill_library(const struct imports *in,
                                   const struct library *l,
                                   struct ov_datum *fields)
{
    struct ov_datum *values;

    fields[PE_LIBRARY_NAME] = ov_datum_text(l->name);
    fields[PE_LIBRARY_NUMBER_OF_FUNCTIONS] = ov_datum_integer(l->n);
    OV_TRY(ov_datum_array(in->run, &ov_pe_import_item, l->n,
                          &fields[PE_LIBRARY_FUNCTIONS], &values));
    for (uint32_t i = 0; i < l->n; i++) {
        const struct function *f = &in->functions[l->first + i];

        values[i].fields[PE_IMPORT_NAME] = ov_datum_text(f->name);
        if (f->number >= 0)
            values[i].fields[PE_IMPORT_ORDINAL] = ov_datum_integer(f->number);
        if (f->address != 0)
            values[i].fields[PE_IMPORT_ADDRESS] =
                ov_datum_integer((int64_t)f->address);
    }
    return OV_OK;
}

static enum ov_status fill_libraries(const struct imports *in,
                                     enum pe_field details,
                                     enum pe_field number_of_libraries,
                                     enum pe_field number_of_functions)
{
    struct ov_datum *root = in->run->fields;
    struct ov_datum *values;

    root[number_of_libraries] = ov_datum_integer(in->n_libraries);
    root[number_of_functions] = ov_datum_integer(in->n_functions);
    OV_TRY(ov_datum_array(in->run, &ov_pe_library_item, in->n_libraries,
                          &root[details], &values));
    for (uint32_t i = 0; i < in->n_libraries; i++)
        OV_TRY(fill_library(in, &in->libraries[i], values[i].fields));
    return OV_OK;
}

enum ov_status ov_pe_fill_imports(struct ov_module_run *run,
                                  const struct ov_pe *pe)
{
    struct imports in = {.run = run, .pe = pe};
    uint64_t at;

    if (ov_pe_find_table(pe, OV_PE_DIR_IMPORT, &at))
        OV_TRY(read_libraries(&in, at));
    return fill_libraries(&in, PE_IMPORT_DETAILS, PE_NUMBER_OF_IMPORTS,
                          PE_NUMBER_OF_IMPORTED_FUNCTIONS);
}

/* A descriptor of delayed imports, its addresses without the image's base. */
struct delayed {
    bool is_old; /* addresses in it include the base */
    uint64_t base;
    uint32_t library;
    uint32_t functions;
    uint32_t names;
};

static uint64_t without_base(const struct delayed *d, uint64_t address)
{
    return address > d->base ? address - d->base : address;
}

/* False: the last one, or one that is none. */
static bool read_descriptor(const struct imports *in, uint64_t at,
                            uint32_t image_size, struct delayed *d)
{
    struct ov_span head;
    uint32_t words[DELAYED_SIZE / 4] = {0};
    uint32_t all = 0;

    if (!ov_span_sub(in->pe->bytes, at, DELAYED_SIZE, &head))
        return false;
    for (unsigned i = 0; i < DELAYED_SIZE / 4; i++) {
        (void)ov_span_u32le(head, 4 * i, &words[i]);
        all |= words[i];
    }
    if (all == 0 || words[0] > 1)
        return false;
    d->is_old = words[0] == 0;
    d->library = words[1];
    d->functions = words[3];
    d->names = words[4];
    if (d->is_old && !in->pe->is_64) {
        d->library = (uint32_t)without_base(d, d->library);
        d->functions = (uint32_t)without_base(d, d->functions);
        d->names = (uint32_t)without_base(d, d->names);
    }
    return d->names < image_size && d->functions < image_size &&
           d->library >= DOS_HEADER_SIZE && d->names >= DOS_HEADER_SIZE;
}

static bool entry_of(const struct imports *in, uint64_t address, uint64_t *ret)
{
    uint64_t at;

    return ov_pe_find(in->pe, address, &at) && entry_at(in, at, ret) &&
           *ret != 0;
}

static enum ov_status read_delayed_function(struct imports *in,
                                            const struct delayed *d,
                                            struct ov_span library,
                                            uint64_t entry, uint64_t address)
{
    struct function f = {.number = -1, .address = address};
    uint64_t at;

    if (is_by_number(in, entry)) {
        f.number = (uint16_t)entry;
        OV_TRY(name_number(in, library, &f));
        return add_function(in, f);
    }
    if (d->is_old)
        entry = without_base(d, entry);
    if (ov_pe_find(in->pe, entry + 2, &at))
        f.name = ov_pe_text_at(in->pe, at, MAX_NAME);
    return add_function(in, f);
}

static enum ov_status read_delayed(struct imports *in, const struct delayed *d)
{
    struct library l = {.first = in->n_functions};
    uint64_t name, function;

    if (!library_name(in, d->library, &l.name))
        return OV_OK;
    for (uint64_t i = 0; i < MAX_OF_LIBRARY && in->n_entries < MAX_FUNCTIONS;
         i++) {
        uint64_t address = d->functions + i * entry_size(in);

        OV_TRY(spend_entry(in));
        if (!entry_of(in, d->names + i * entry_size(in), &name) ||
            !entry_of(in, address, &function))
            break;
        OV_TRY(read_delayed_function(in, d, l.name, name, address));
    }
    l.n = in->n_functions - l.first;
    return add_library(in, l);
}

enum ov_status ov_pe_fill_delayed(struct ov_module_run *run,
                                  const struct ov_pe *pe)
{
    struct imports in = {.run = run, .pe = pe};
    struct delayed d = {0};
    uint32_t image_size = 0, base = 0;
    uint64_t at;

    (void)ov_span_u32le(pe->bytes, pe->optional_at + 56, &image_size);
    if (pe->is_64) {
        (void)ov_span_u64le(pe->bytes, pe->optional_at + 24, &d.base);
    } else {
        (void)ov_span_u32le(pe->bytes, pe->optional_at + 28, &base);
        d.base = base;
    }
    if (ov_pe_find_table(pe, OV_PE_DIR_DELAY_IMPORT, &at)) {
        for (uint32_t i = 0;
             i < MAX_LIBRARIES && read_descriptor(&in, at, image_size, &d);
             i++) {
            OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS, 500));
            OV_TRY(read_delayed(&in, &d));
            at += DELAYED_SIZE;
        }
    }
    return fill_libraries(&in, PE_DELAYED_IMPORT_DETAILS,
                          PE_NUMBER_OF_DELAYED_IMPORTS,
                          PE_NUMBER_OF_DELAYED_IMPORTED_FUNCTIONS);
}
