/* SPDX-License-Identifier: Apache-2.0
 *
 * ELF, 32 and 64 bits, both byte orders: the entry point as a file offset (by
 * the program headers) and the extents of sections.
 *
 * The limits are clamscan's, because rules were written against it: more than
 * 128 program headers or 256 sections, headers of another size than the
 * specification's, or an entry point in no segment, and the file has no layout.
 * A file without program headers or entry (an object file) has its entry at
 * offset 0.
 *
 * Source: System V ABI, "ELF header", "Sections", "Program header"; the 64-bit
 * layout from "ELF-64 Object File Format", version 1.5.
 */
#include "base/reader.h"
#include "formats/exe.h"

#define ELF_CLASS_64 2
#define ELF_DATA_LSB 1
#define ELF_MAX_SEGMENTS 128
#define ELF_MAX_SECTIONS 256

struct elf {
    struct ov_reader r;
    bool is_64;
    bool is_le;
    uint64_t entry;
    uint64_t segments_at;
    uint64_t sections_at;
    uint16_t machine;
    uint16_t segment_size;
    uint16_t n_segments;
    uint16_t section_size;
    uint16_t n_sections;
};

static uint16_t read_u16(struct elf *e)
{
    return e->is_le ? ov_read_u16le(&e->r) : ov_read_u16be(&e->r);
}

static uint32_t read_u32(struct elf *e)
{
    return e->is_le ? ov_read_u32le(&e->r) : ov_read_u32be(&e->r);
}

/* An address or offset: as wide as the file's class. */
static uint64_t read_word(struct elf *e)
{
    if (!e->is_64)
        return read_u32(e);
    return e->is_le ? ov_read_u64le(&e->r) : ov_read_u64be(&e->r);
}

static enum ov_status read_header(struct elf *e)
{
    uint8_t class;

    ov_reader_skip(&e->r, 4);
    class = ov_read_u8(&e->r);
    e->is_64 = class == ELF_CLASS_64;
    e->is_le = ov_read_u8(&e->r) == ELF_DATA_LSB;
    ov_reader_skip(&e->r, 10 + 2); /* rest of e_ident, e_type */
    e->machine = read_u16(e);
    ov_reader_skip(&e->r, 4); /* e_version */
    e->entry = read_word(e);
    e->segments_at = read_word(e);
    e->sections_at = read_word(e);
    ov_reader_skip(&e->r, 4 + 2); /* e_flags, e_ehsize */
    e->segment_size = read_u16(e);
    e->n_segments = read_u16(e);
    e->section_size = read_u16(e);
    e->n_sections = read_u16(e);
    ov_reader_skip(&e->r, 2); /* e_shstrndx */
    ov_reader_require(&e->r, class == 1 || class == ELF_CLASS_64, OV_MALFORMED);
    return ov_reader_status(&e->r);
}

/* One program header: file offset, address and size in memory. */
static void read_segment(struct elf *e, uint64_t *at, uint64_t *address,
                         uint64_t *size)
{
    ov_reader_skip(&e->r, e->is_64 ? 8 : 4); /* p_type, 64: p_flags */
    *at = read_word(e);
    *address = read_word(e);
    (void)read_word(e); /* p_paddr */
    (void)read_word(e); /* p_filesz */
    *size = read_word(e);
    ov_reader_skip(&e->r, 8); /* 32: p_flags, p_align; 64: p_align */
}

static enum ov_status find_entry(struct elf *e, struct ov_layout *layout)
{
    bool is_found = false;

    if (e->n_segments > ELF_MAX_SEGMENTS)
        return OV_MALFORMED;
    layout->has_entry = true;
    if (e->n_segments == 0 || e->entry == 0)
        return OV_OK;
    if (e->segment_size != (e->is_64 ? 56 : 32))
        return OV_MALFORMED;
    ov_reader_seek(&e->r, e->segments_at);
    for (unsigned i = 0; i < e->n_segments; i++) {
        uint64_t at, address, size;

        read_segment(e, &at, &address, &size);
        if (ov_reader_status(&e->r) != OV_OK)
            return ov_reader_status(&e->r);
        if (is_found || e->entry < address || e->entry - address >= size)
            continue;
        is_found = true;
        if (__builtin_add_overflow(e->entry - address, at, &layout->entry))
            return OV_MALFORMED;
    }
    return is_found ? OV_OK : OV_MALFORMED;
}

static enum ov_status read_sections(struct elf *e, const struct ov_exe_job *job)
{
    struct ov_extent *sections;

    if (e->n_sections > ELF_MAX_SECTIONS ||
        e->section_size != (e->is_64 ? 64 : 40))
        return OV_MALFORMED;
    if (e->n_sections == 0)
        return OV_OK;
    OV_TRY(ov_extents_new(job, e->n_sections, &sections));
    ov_reader_seek(&e->r, e->sections_at);
    for (unsigned i = 0; i < e->n_sections; i++) {
        ov_reader_skip(&e->r, 8); /* sh_name, sh_type */
        (void)read_word(e);       /* sh_flags */
        (void)read_word(e);       /* sh_addr */
        sections[i].at = read_word(e);
        sections[i].len = read_word(e);
        ov_reader_skip(&e->r, 8); /* sh_link, sh_info */
        (void)read_word(e);       /* sh_addralign */
        (void)read_word(e);       /* sh_entsize */
    }
    OV_TRY(ov_reader_status(&e->r));
    job->facts->layout.sections = sections;
    job->facts->layout.n_sections = e->n_sections;
    return OV_OK;
}

enum ov_status ov_elf_read(const struct ov_exe_job *job)
{
    struct elf e = {.r = ov_reader_over(job->bytes)};
    struct ov_facts *facts = job->facts;

    OV_TRY(read_header(&e));
    ov_facts_set(facts, OV_FACT_IS_64BIT, e.is_64);
    ov_facts_set(facts, OV_FACT_MACHINE, e.machine);
    ov_facts_set(facts, OV_FACT_N_SECTIONS, e.n_sections);
    OV_TRY(ov_budget_spend(job->budget, OV_COST_STEPS, e.n_segments));
    OV_TRY(find_entry(&e, &facts->layout));
    ov_facts_set_u64(facts, OV_FACT_ENTRY_POINT, facts->layout.entry);
    return read_sections(&e, job);
}
