/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "pe": headers, data directories, sections, overlay.
 *
 * Fields that are numbers at a fixed place are rows of a table. Places are
 * counted from the "PE" that begins the headers; PE32 and PE32+ differ from the
 * base of data on. A section's full name is the one in the string table, behind
 * the symbols, if its short one is a slash and a number.
 *
 * Source: Microsoft "PE Format": "COFF File Header", "Optional Header",
 * "Section Table (Section Headers)", "COFF String Table". */
#include "modules/pe_module.h"

#define HEADERS_BEFORE_OPTIONAL 24
#define SYMBOL_SIZE 18
#define SHORT_NAME 8
#define LONG_NAME_MAX 4096

#define NOWHERE 0xffff
#define WHOLE 0xff

struct number_field {
    uint16_t field;
    uint16_t at;
    uint16_t at_plus; /* PE32+ */
    uint8_t size;
    uint8_t size_plus;
    uint8_t part; /* of a structure, or WHOLE */
};

#define SAME(id, at, size)                                                     \
    {                                                                          \
        PE_##id, at, at, size, size, WHOLE                                     \
    }
#define PART(id, part, at, size)                                               \
    {                                                                          \
        PE_##id, at, at, size, size, PE_VERSION_##part                         \
    }
#define MOVED(id, at, at_plus, size, size_plus)                                \
    {                                                                          \
        PE_##id, at, at_plus, size, size_plus, WHOLE                           \
    }

static const struct number_field numbers[] = {
    SAME(MACHINE, 4, 2),
    SAME(NUMBER_OF_SECTIONS, 6, 2),
    SAME(TIMESTAMP, 8, 4),
    SAME(POINTER_TO_SYMBOL_TABLE, 12, 4),
    SAME(NUMBER_OF_SYMBOLS, 16, 4),
    SAME(SIZE_OF_OPTIONAL_HEADER, 20, 2),
    SAME(CHARACTERISTICS, 22, 2),
    SAME(OPTHDR_MAGIC, 24, 2),
    PART(LINKER_VERSION, MAJOR, 26, 1),
    PART(LINKER_VERSION, MINOR, 27, 1),
    SAME(SIZE_OF_CODE, 28, 4),
    SAME(SIZE_OF_INITIALIZED_DATA, 32, 4),
    SAME(SIZE_OF_UNINITIALIZED_DATA, 36, 4),
    SAME(ENTRY_POINT_RAW, 40, 4),
    SAME(BASE_OF_CODE, 44, 4),
    MOVED(BASE_OF_DATA, 48, NOWHERE, 4, 0),
    MOVED(IMAGE_BASE, 52, 48, 4, 8),
    SAME(SECTION_ALIGNMENT, 56, 4),
    SAME(FILE_ALIGNMENT, 60, 4),
    PART(OS_VERSION, MAJOR, 64, 2),
    PART(OS_VERSION, MINOR, 66, 2),
    PART(IMAGE_VERSION, MAJOR, 68, 2),
    PART(IMAGE_VERSION, MINOR, 70, 2),
    PART(SUBSYSTEM_VERSION, MAJOR, 72, 2),
    PART(SUBSYSTEM_VERSION, MINOR, 74, 2),
    SAME(WIN32_VERSION_VALUE, 76, 4),
    SAME(SIZE_OF_IMAGE, 80, 4),
    SAME(SIZE_OF_HEADERS, 84, 4),
    SAME(CHECKSUM, 88, 4),
    SAME(SUBSYSTEM, 92, 2),
    SAME(DLL_CHARACTERISTICS, 94, 2),
    MOVED(SIZE_OF_STACK_RESERVE, 96, 96, 4, 8),
    MOVED(SIZE_OF_STACK_COMMIT, 100, 104, 4, 8),
    MOVED(SIZE_OF_HEAP_RESERVE, 104, 112, 4, 8),
    MOVED(SIZE_OF_HEAP_COMMIT, 108, 120, 4, 8),
    MOVED(LOADER_FLAGS, 112, 128, 4, 4),
    MOVED(NUMBER_OF_RVA_AND_SIZES, 116, 132, 4, 4),
};

/* Little-endian; 0 past the end, which the headers' reader has excluded. */
static int64_t number_at(struct ov_span bytes, uint64_t at, unsigned size)
{
    uint64_t number = 0;

    for (unsigned i = size; i-- > 0;) {
        int byte = ov_span_byte(bytes, at + i);

        number = number << 8 | (byte < 0 ? 0 : (uint8_t)byte);
    }
    return (int64_t)number;
}

static void fill_numbers(struct ov_datum *fields, const struct ov_pe *pe)
{
    uint64_t from = pe->optional_at - HEADERS_BEFORE_OPTIONAL;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const struct number_field *n = &numbers[i];
        struct ov_datum *datum = &fields[n->field];
        uint16_t at = pe->is_64 ? n->at_plus : n->at;

        if (at == NOWHERE)
            continue;
        if (n->part != WHOLE)
            datum = &datum->fields[n->part];
        *datum = ov_datum_integer(number_at(
            pe->bytes, from + at, pe->is_64 ? n->size_plus : n->size));
    }
}

static enum ov_status fill_directories(struct ov_module_run *run,
                                       const struct ov_pe *pe)
{
    uint32_t n = pe->n_directories;
    struct ov_datum *values;

    if (n > OV_PE_N_DIRECTORIES)
        n = OV_PE_N_DIRECTORIES;
    OV_TRY(ov_datum_array(run, &ov_pe_directory_item, n,
                          &run->fields[PE_DATA_DIRECTORIES], &values));
    for (uint32_t i = 0; i < n; i++) {
        struct ov_datum *fields = values[i].fields;

        fields[PE_DIRECTORY_ADDRESS] =
            ov_datum_integer(pe->directories[i].address);
        fields[PE_DIRECTORY_SIZE] = ov_datum_integer(pe->directories[i].size);
    }
    return OV_OK;
}

/* Without the NULs at its end; those inside stay. */
static struct ov_span short_name(const struct ov_pe *pe, uint64_t header_at)
{
    struct ov_span name = ov_span_clip(pe->bytes, header_at, SHORT_NAME);

    while (name.len > 0 && ov_span_byte(name, name.len - 1) == 0)
        name.len--;
    return name;
}

static struct ov_datum full_name(const struct ov_pe *pe, struct ov_span name)
{
    uint64_t from = pe->optional_at - HEADERS_BEFORE_OPTIONAL;
    uint64_t symbols = (uint64_t)number_at(pe->bytes, from + 12, 4);
    uint64_t n_symbols = (uint64_t)number_at(pe->bytes, from + 16, 4);
    uint64_t index = 0;
    struct ov_span text;
    bool has_end;

    if (symbols == 0 || ov_span_byte(name, 0) != '/')
        return ov_datum_text(name);
    for (size_t i = 1; i < name.len; i++) {
        uint8_t c = (uint8_t)ov_span_byte(name, i);

        if (!ov_is_digit(c))
            break;
        index = index * 10 + (uint8_t)(c - '0');
    }
    name = ov_span_clip(pe->bytes, symbols + n_symbols * SYMBOL_SIZE + index,
                        LONG_NAME_MAX);
    has_end = ov_span_cut(&name, '\0', &text);
    for (size_t i = 0; i < text.len; i++) {
        int c = ov_span_byte(text, i);

        has_end = has_end && c >= 0x20 && c < 0x7f;
    }
    return has_end ? ov_datum_text(text) : (struct ov_datum){0};
}

static void fill_section(const struct ov_pe *pe, const struct ov_pe_section *s,
                         struct ov_datum *fields)
{
    struct ov_span name = short_name(pe, s->header_at);

    fields[PE_SECTION_NAME] = ov_datum_text(name);
    fields[PE_SECTION_FULL_NAME] = full_name(pe, name);
    fields[PE_SECTION_VIRTUAL_SIZE] = ov_datum_integer(s->virtual_size);
    fields[PE_SECTION_VIRTUAL_ADDRESS] = ov_datum_integer(s->declared_address);
    fields[PE_SECTION_RAW_DATA_SIZE] = ov_datum_integer(s->declared_len);
    fields[PE_SECTION_RAW_DATA_OFFSET] = ov_datum_integer(s->declared_at);
    fields[PE_SECTION_POINTER_TO_RELOCATIONS] =
        ov_datum_integer(number_at(pe->bytes, s->header_at + 24, 4));
    fields[PE_SECTION_POINTER_TO_LINE_NUMBERS] =
        ov_datum_integer(number_at(pe->bytes, s->header_at + 28, 4));
    fields[PE_SECTION_NUMBER_OF_RELOCATIONS] =
        ov_datum_integer(number_at(pe->bytes, s->header_at + 32, 2));
    fields[PE_SECTION_NUMBER_OF_LINE_NUMBERS] =
        ov_datum_integer(number_at(pe->bytes, s->header_at + 34, 2));
    fields[PE_SECTION_CHARACTERISTICS] =
        ov_datum_integer(number_at(pe->bytes, s->header_at + 36, 4));
}

static enum ov_status fill_sections(struct ov_module_run *run,
                                    const struct ov_pe *pe)
{
    struct ov_datum *values;

    OV_TRY(ov_datum_array(run, &ov_pe_section_item, pe->n_sections,
                          &run->fields[PE_SECTIONS], &values));
    for (unsigned i = 0; i < pe->n_sections; i++)
        fill_section(pe, &pe->sections[i], values[i].fields);
    return OV_OK;
}

/* What lies behind the section that ends last; a section's end wraps around at
 * 4 GiB, as YARA has it. */
static void fill_overlay(struct ov_datum *overlay, const struct ov_pe *pe)
{
    uint64_t end = 0;
    uint64_t size = 0;

    for (unsigned i = 0; i < pe->n_sections; i++) {
        const struct ov_pe_section *s = &pe->sections[i];

        if ((uint32_t)(s->declared_at + s->declared_len) > end)
            end = (uint64_t)s->declared_at + s->declared_len;
    }
    if (end != 0 && end < pe->bytes.len)
        size = pe->bytes.len - end;
    else
        end = 0;
    overlay->fields[PE_OVERLAY_OFFSET] = ov_datum_integer((int64_t)end);
    overlay->fields[PE_OVERLAY_SIZE] = ov_datum_integer((int64_t)size);
}

enum ov_status ov_pe_fill_headers(struct ov_module_run *run,
                                  const struct ov_pe *pe)
{
    uint64_t entry;

    fill_numbers(run->fields, pe);
    if (run->in->address != 0)
        run->fields[PE_ENTRY_POINT] =
            ov_datum_integer((int64_t)(run->in->address + pe->entry_address));
    else
        run->fields[PE_ENTRY_POINT] = ov_datum_integer(
            ov_pe_find(pe, pe->entry_address, &entry) ? (int64_t)entry : -1);
    OV_TRY(fill_directories(run, pe));
    OV_TRY(fill_sections(run, pe));
    fill_overlay(&run->fields[PE_OVERLAY], pe);
    return OV_OK;
}
