/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "pe": exports. Functions are numbered; a second table gives some
 * of them names by way of a third, which says which function each name is for.
 * An address inside of the export directory is a forwarder: it is that of the
 * name of a function elsewhere.
 *
 * Source: Microsoft "PE Format", "The .edata Section"; limits and corner cases
 * by comparison with yara (tests/oracle). */
#include "modules/pe_module.h"

#define DIRECTORY_SIZE 40
#define MAX_EXPORTS 8192
#define MAX_NAME 512
#define EXPORT_STEPS 200

struct exports {
    const struct ov_pe *pe;
    uint64_t start; /* of the directory, in the file */
    uint64_t size;
    uint32_t base; /* of numbers */
    uint32_t n;
    uint32_t n_names;
    uint64_t addresses; /* three tables in the file */
    uint64_t names;
    uint64_t numbers;
};

static uint32_t word_of(const struct exports *ex, uint64_t at)
{
    uint32_t word = 0;

    (void)ov_span_u32le(ex->pe->bytes, at, &word);
    return word;
}

/* Finds the tables; false if one is not there in full. */
static bool find_tables(struct exports *ex, uint64_t name_at)
{
    uint64_t size = ex->pe->bytes.len;
    uint32_t n_names = word_of(ex, ex->start + 24);
    struct ov_span all;

    /* YARA compares with what is left behind the library's name. */
    if (ex->n * 4ull > size - name_at)
        return false;
    if (n_names > 0 &&
        (!ov_pe_find(ex->pe, word_of(ex, ex->start + 32), &ex->names) ||
         n_names * 4ull > size - ex->names))
        return false;
    ex->n_names = n_names < ex->n ? n_names : ex->n;
    return ov_pe_find(ex->pe, word_of(ex, ex->start + 36), &ex->numbers) &&
           ov_span_sub(ex->pe->bytes, ex->numbers, 2ull * ex->n, &all) &&
           ov_pe_find(ex->pe, word_of(ex, ex->start + 28), &ex->addresses) &&
           ov_span_sub(ex->pe->bytes, ex->addresses, 4ull * ex->n, &all);
}

static void fill_target(const struct exports *ex, uint32_t address,
                        struct ov_datum *fields)
{
    uint64_t at;

    fields[PE_EXPORT_RVA] = ov_datum_integer(address);
    if (!ov_pe_find(ex->pe, address, &at))
        return;
    if (at > ex->start && at - ex->start < ex->size)
        fields[PE_EXPORT_FORWARD_NAME] =
            ov_datum_text(ov_pe_text_at(ex->pe, at, MAX_NAME));
    else
        fields[PE_EXPORT_OFFSET] = ov_datum_integer((int64_t)at);
}

/* Names, last to first: the first one for a function counts. */
static void fill_names(const struct exports *ex, struct ov_datum *values)
{
    uint64_t at;

    for (uint32_t i = ex->n_names; i-- > 0;) {
        uint16_t number = 0;
        struct ov_datum *name;

        (void)ov_span_u16le(ex->pe->bytes, ex->numbers + 2ull * i, &number);
        if (number >= ex->n)
            continue;
        name = &values[number].fields[PE_EXPORT_NAME];
        *name = (struct ov_datum){0};
        if (ov_pe_find(ex->pe, word_of(ex, ex->names + 4ull * i), &at) &&
            at != 0)
            *name = ov_datum_text(ov_pe_text_at(ex->pe, at, MAX_NAME));
    }
}

static enum ov_status fill_exports(struct ov_module_run *run,
                                   const struct exports *ex)
{
    struct ov_datum *values;

    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS,
                           (uint64_t)ex->n * EXPORT_STEPS));
    OV_TRY(ov_datum_array(run, &ov_pe_export_item, ex->n,
                          &run->fields[PE_EXPORT_DETAILS], &values));
    for (uint32_t i = 0; i < ex->n; i++) {
        values[i].fields[PE_EXPORT_ORDINAL] =
            ov_datum_integer((uint32_t)(ex->base + i));
        fill_target(ex, word_of(ex, ex->addresses + 4ull * i),
                    values[i].fields);
    }
    fill_names(ex, values);
    run->fields[PE_NUMBER_OF_EXPORTS] = ov_datum_integer(ex->n);
    return OV_OK;
}

enum ov_status ov_pe_fill_exports(struct ov_module_run *run,
                                  const struct ov_pe *pe)
{
    struct exports ex = {.pe = pe};
    struct ov_datum *root = run->fields;
    struct ov_datum *none;
    struct ov_span directory;
    uint64_t name_at;

    root[PE_NUMBER_OF_EXPORTS] = ov_datum_integer(0);
    OV_TRY(ov_datum_array(run, &ov_pe_export_item, 0, &root[PE_EXPORT_DETAILS],
                          &none));
    if (!ov_pe_find_table(pe, OV_PE_DIR_EXPORT, &ex.start) ||
        !ov_span_sub(pe->bytes, ex.start, DIRECTORY_SIZE, &directory))
        return OV_OK;
    ex.size = pe->directories[OV_PE_DIR_EXPORT].size;
    ex.base = word_of(&ex, ex.start + 16);
    ex.n = word_of(&ex, ex.start + 20);
    if (ex.n > MAX_EXPORTS)
        ex.n = MAX_EXPORTS;
    root[PE_EXPORT_TIMESTAMP] = ov_datum_integer(word_of(&ex, ex.start + 4));
    if (!ov_pe_find(pe, word_of(&ex, ex.start + 12), &name_at))
        name_at = 0;
    if (name_at != 0)
        root[PE_DLL_NAME] = ov_datum_text(ov_pe_text_at(pe, name_at, SIZE_MAX));
    return find_tables(&ex, name_at) ? fill_exports(run, &ex) : OV_OK;
}
