/* SPDX-License-Identifier: Apache-2.0
 *
 * PE32 and PE32+: headers, data directories, sections, entry point, overlay.
 *
 * Rules that speak of sections (offsets S0+n, hashes of sections) were made
 * with ClamAV's tools, so extents are what those compute: the raw address
 * rounded down to the file alignment, the raw size rounded up, then cut at the
 * end of the file; an alignment that a section contradicts counts as 512; a
 * section that begins behind the end of the file has size 0. A file with no or
 * more than 96 sections, an optional header that is too small, addresses from
 * 2 GiB on, or an entry point outside of headers and sections has no layout.
 *
 * Source: Microsoft "PE Format": "COFF File Header", "Optional Header",
 * "Section Table (Section Headers)"; the rounding was found by comparison with
 * clamscan and sigtool (tests/oracle).
 */
#include "formats/pe.h"

#include "base/reader.h"
#include "formats/pe_imports.h"
#include "formats/pe_version.h"

#define PE_SECTOR 512

static uint32_t round_down(uint32_t v, uint32_t to)
{
    return to == 0 ? v : v - v % to;
}

/* Wraps around as 32-bit arithmetic does; what comes out is only compared. */
static uint32_t round_up(uint32_t v, uint32_t to)
{
    return to == 0 || v % to == 0 ? v : v - v % to + to;
}

static enum ov_status read_directories(struct ov_pe *pe)
{
    struct ov_reader r = ov_reader_over(pe->bytes);
    uint64_t at;

    OV_TRY(ov_pe_optional_header(pe, &at));
    pe->headers_size = round_up(pe->headers_size, pe->section_alignment);
    if (pe->n_directories > OV_PE_N_DIRECTORIES)
        pe->n_directories = OV_PE_N_DIRECTORIES;
    ov_reader_seek(&r, at);
    ov_reader_require(
        &r, pe->optional_size >= at - pe->optional_at + 8 * pe->n_directories,
        OV_MALFORMED);
    for (uint32_t i = 0; i < pe->n_directories; i++) {
        pe->directories[i].address = ov_read_u32le(&r);
        pe->directories[i].size = ov_read_u32le(&r);
    }
    return ov_reader_status(&r);
}

/* A section that lies on a multiple of 512, but not of the file alignment,
 * shows that the linker took 512. */
static void correct_alignment(struct ov_pe *pe)
{
    for (unsigned i = 0; i < pe->n_sections; i++) {
        const struct ov_pe_section *s = &pe->sections[i];

        if (pe->file_alignment != 0 && s->declared_len != 0 &&
            s->declared_at % pe->file_alignment != 0 &&
            s->declared_at % PE_SECTOR == 0)
            pe->file_alignment = PE_SECTOR;
    }
}

static void place_section(const struct ov_pe *pe, struct ov_pe_section *s)
{
    uint64_t size = pe->bytes.len;

    s->address = round_down(s->address, pe->section_alignment);
    s->at = round_down(s->declared_at, pe->file_alignment);
    s->len = round_up(s->declared_len, pe->file_alignment);
    if (s->len == 0)
        return;
    if (s->at >= size || s->declared_at >= size)
        s->len = 0;
    else if (s->len > size - s->at)
        s->len = (uint32_t)(size - s->at);
}

static enum ov_status read_sections(struct ov_pe *pe)
{
    uint32_t all_bits = 0;

    for (unsigned i = 0; i < pe->n_sections; i++) {
        struct ov_pe_section *s = &pe->sections[i];

        OV_TRY(ov_pe_section_header(pe, i, s));
        all_bits |= s->virtual_size | s->address;
    }
    correct_alignment(pe);
    for (unsigned i = 0; i < pe->n_sections; i++) {
        struct ov_pe_section *s = &pe->sections[i];

        place_section(pe, s);
        if (s->len != 0)
            all_bits |= s->declared_at;
    }
    return all_bits >> 31 ? OV_MALFORMED : OV_OK;
}

bool ov_pe_offset(const struct ov_pe *pe, uint32_t address, uint64_t *ret)
{
    if (address < pe->headers_size) {
        *ret = address;
        return address < pe->bytes.len;
    }
    for (unsigned i = pe->n_sections; i-- > 0;) {
        const struct ov_pe_section *s = &pe->sections[i];

        if (s->len == 0 || address < s->address ||
            address - s->address >= s->len)
            continue;
        *ret = (uint64_t)s->at + (address - s->address);
        return true;
    }
    return false;
}

/* What lies behind the last section's bytes. */
static void find_overlay(const struct ov_pe *pe, struct ov_facts *facts)
{
    uint64_t end = 0;

    for (unsigned i = 0; i < pe->n_sections; i++) {
        const struct ov_pe_section *s = &pe->sections[i];
        uint64_t section_end = (uint64_t)s->declared_at + s->declared_len;

        if (s->declared_len != 0 && section_end > end)
            end = section_end;
    }
    if (end == 0 || end >= pe->bytes.len) {
        ov_facts_set(facts, OV_FACT_OVERLAY_SIZE, 0);
        return;
    }
    facts->overlay_at = end;
    ov_facts_set_u64(facts, OV_FACT_OVERLAY_SIZE, pe->bytes.len - end);
}

static enum ov_status publish_layout(const struct ov_pe *pe,
                                     const struct ov_exe_job *job)
{
    struct ov_layout *layout = &job->facts->layout;
    struct ov_extent *sections;

    OV_TRY(ov_extents_new(job, pe->n_sections, &sections));
    for (unsigned i = 0; i < pe->n_sections; i++) {
        sections[i].at = pe->sections[i].at;
        sections[i].len = pe->sections[i].len;
    }
    find_overlay(pe, job->facts);
    if (!ov_pe_offset(pe, pe->entry_address, &layout->entry))
        return OV_MALFORMED;
    layout->has_entry = true;
    layout->sections = sections;
    layout->n_sections = pe->n_sections;
    ov_facts_set_u64(job->facts, OV_FACT_ENTRY_POINT, layout->entry);
    return OV_OK;
}

static bool has_signature(const struct ov_pe *pe)
{
    return pe->directories[OV_PE_DIR_SECURITY].address != 0 &&
           pe->directories[OV_PE_DIR_SECURITY].size != 0;
}

enum ov_status ov_pe_read(const struct ov_exe_job *job)
{
    struct ov_facts *facts = job->facts;
    struct ov_pe *pe = ov_arena_alloc(job->arena, sizeof(*pe));

    if (pe == NULL)
        return OV_NO_MEMORY;
    pe->bytes = job->bytes;
    OV_TRY(ov_pe_file_header(pe));
    ov_facts_set(facts, OV_FACT_MACHINE, pe->machine);
    ov_facts_set(facts, OV_FACT_N_SECTIONS, pe->n_sections);
    if (pe->n_sections == 0 || pe->n_sections > OV_PE_MAX_SECTIONS)
        return OV_MALFORMED;
    OV_TRY(read_directories(pe));
    ov_facts_set(facts, OV_FACT_IS_64BIT, pe->is_64);
    ov_facts_set(facts, OV_FACT_HAS_SIGNATURE, has_signature(pe));
    OV_TRY(read_sections(pe));
    OV_TRY(publish_layout(pe, job));
    facts->pe = pe;
    OV_TRY(ov_pe_read_version(pe, job));
    return ov_pe_read_imports(pe, job);
}
