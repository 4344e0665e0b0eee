/* SPDX-License-Identifier: Apache-2.0
 *
 * The headers of PE files, read once for both rule languages, which then
 * disagree about what they mean: ClamAV's extents are rounded and refuse much
 * (pe.c); YARA takes nearly anything, and what it maps addresses with is below.
 *
 * An address lies in the section with the highest start that holds it by the
 * larger of its sizes; its bytes are in the file only as far as the section's
 * size there reaches. Addresses below all sections are offsets. Starts in the
 * file are rounded down to the file alignment, of at most 512; to 512 if
 * sections are aligned to pages.
 *
 * Source: Microsoft "PE Format": "COFF File Header", "Optional Header",
 * "Section Table (Section Headers)"; YARA documentation, "PE module"; corner
 * cases by comparison with yara (tests/oracle/modules.py).
 */
#include "base/reader.h"
#include "formats/pe.h"

#define DOS_HEADER_SIZE 64
#define LFANEW_AT 60
#define FILE_HEADER_SIZE 24
#define MAGIC_PLUS 0x20b
#define SECTION_SIZE 40
#define SECTOR 512
#define PAGE 4096

enum ov_status ov_pe_file_header(struct ov_pe *pe)
{
    struct ov_reader r = ov_reader_over(pe->bytes);
    uint32_t at;

    ov_reader_seek(&r, LFANEW_AT);
    at = ov_read_u32le(&r);
    ov_reader_require(&r, at != 0, OV_MALFORMED);
    ov_reader_seek(&r, at);
    ov_reader_require(&r, ov_read_u32le(&r) == 0x4550, OV_MALFORMED);
    pe->machine = ov_read_u16le(&r);
    pe->n_sections = ov_read_u16le(&r);
    ov_reader_skip(&r, 12); /* time, symbol table */
    pe->optional_size = ov_read_u16le(&r);
    ov_reader_skip(&r, 2); /* characteristics */
    pe->optional_at = (uint64_t)at + FILE_HEADER_SIZE;
    return ov_reader_status(&r);
}

enum ov_status ov_pe_optional_header(struct ov_pe *pe,
                                     uint64_t *ret_directories_at)
{
    struct ov_reader r = ov_reader_over(pe->bytes);

    ov_reader_seek(&r, pe->optional_at);
    pe->is_64 = ov_read_u16le(&r) == MAGIC_PLUS;
    ov_reader_skip(&r, 14);
    pe->entry_address = ov_read_u32le(&r);
    ov_reader_skip(&r, 12); /* bases */
    pe->section_alignment = ov_read_u32le(&r);
    pe->file_alignment = ov_read_u32le(&r);
    pe->declared_alignment = pe->file_alignment;
    ov_reader_skip(&r, 20); /* versions, size of the image */
    pe->headers_size = ov_read_u32le(&r);
    ov_reader_skip(&r, pe->is_64 ? 44 : 28); /* checksum ... loader flags */
    pe->n_directories = ov_read_u32le(&r);
    *ret_directories_at = r.at;
    return ov_reader_status(&r);
}

enum ov_status ov_pe_section_header(const struct ov_pe *pe, unsigned i,
                                    struct ov_pe_section *ret)
{
    struct ov_reader r = ov_reader_over(pe->bytes);
    struct ov_pe_section s = {0};

    s.header_at =
        pe->optional_at + pe->optional_size + (uint64_t)i * SECTION_SIZE;
    ov_reader_seek(&r, s.header_at);
    ov_reader_skip(&r, 8); /* name */
    s.virtual_size = ov_read_u32le(&r);
    s.declared_address = ov_read_u32le(&r);
    s.declared_len = ov_read_u32le(&r);
    s.declared_at = ov_read_u32le(&r);
    ov_reader_skip(&r, SECTION_SIZE - 24);
    s.address = s.declared_address;
    s.at = s.declared_at;
    s.len = s.declared_len;
    OV_TRY(ov_reader_status(&r));
    *ret = s;
    return OV_OK;
}

static enum ov_status read_directories(struct ov_pe *pe, uint64_t at)
{
    struct ov_reader r = ov_reader_over(pe->bytes);

    ov_reader_seek(&r, at);
    for (unsigned i = 0; i < OV_PE_N_DIRECTORIES; i++) {
        pe->directories[i].address = ov_read_u32le(&r);
        pe->directories[i].size = ov_read_u32le(&r);
    }
    return ov_reader_status(&r);
}

static void read_sections(struct ov_pe *pe)
{
    unsigned stated = pe->n_sections;

    if (stated > OV_PE_MAX_SECTIONS)
        stated = OV_PE_MAX_SECTIONS;
    pe->n_sections = 0;
    while (pe->n_sections < stated &&
           ov_pe_section_header(pe, pe->n_sections,
                                &pe->sections[pe->n_sections]) == OV_OK)
        pe->n_sections++;
    pe->has_all_sections = pe->n_sections == stated;
}

enum ov_status ov_pe_open(struct ov_span bytes, struct ov_pe *ret)
{
    uint64_t at;

    if (bytes.len < DOS_HEADER_SIZE)
        return OV_TRUNCATED;
    if (!ov_span_starts(bytes, OV_SPAN_LIT("MZ")))
        return OV_MALFORMED;
    *ret = (struct ov_pe){.bytes = bytes};
    OV_TRY(ov_pe_file_header(ret));
    OV_TRY(ov_pe_optional_header(ret, &at));
    OV_TRY(read_directories(ret, at));
    read_sections(ret);
    return OV_OK;
}

/* What YARA maps addresses to, before the file's end is looked at. */
struct home {
    uint32_t address;
    uint32_t at;
    uint64_t len;
};

/* Of the sizes in memory and in the file. */
static uint32_t larger_size(const struct ov_pe_section *s)
{
    return s->virtual_size > s->declared_len ? s->virtual_size
                                             : s->declared_len;
}

static struct home home_of(const struct ov_pe *pe, uint64_t address)
{
    uint32_t to = pe->file_alignment < SECTOR ? pe->file_alignment : SECTOR;
    uint32_t lowest = UINT32_MAX;
    struct home home = {0};

    for (unsigned i = 0; i < pe->n_sections; i++) {
        const struct ov_pe_section *s = &pe->sections[i];

        if (s->declared_address < lowest)
            lowest = s->declared_address;
        if (address < s->declared_address ||
            address - s->declared_address >= larger_size(s) ||
            home.address > s->declared_address)
            continue;
        home.address = s->declared_address;
        home.at = s->declared_at;
        home.len = s->declared_len;
        if (to != 0)
            home.at -= home.at % to;
        if (pe->section_alignment >= PAGE)
            home.at -= home.at % SECTOR;
    }
    if (address < lowest)
        home = (struct home){0, 0, (uint32_t)pe->bytes.len};
    return home;
}

bool ov_pe_find(const struct ov_pe *pe, uint64_t address, uint64_t *ret)
{
    struct home home;
    uint64_t at;

    if (!pe->has_all_sections)
        return false;
    home = home_of(pe, address);
    if (address - home.address >= home.len)
        return false;
    at = home.at + (address - home.address);
    if (at >= pe->bytes.len)
        return false;
    *ret = at;
    return true;
}

bool ov_pe_find_table(const struct ov_pe *pe, enum ov_pe_directory which,
                      uint64_t *ret)
{
    return pe->directories[which].address != 0 &&
           ov_pe_find(pe, pe->directories[which].address, ret);
}
