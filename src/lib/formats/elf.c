/* SPDX-License-Identifier: Apache-2.0
 *
 * ELF, 32 and 64 bits, both byte orders: its records; and from them what the
 * facts say, the entry point as a file offset (by the program headers) and the
 * extents of sections.
 *
 * The limits of facts are clamscan's, because rules were written against it:
 * more than 128 program headers or 256 sections, headers of another size than
 * the specification's, or an entry point in no segment, and the file has no
 * layout. A file without program headers or entry (an object file) has its
 * entry at offset 0.
 */
#include "formats/elf.h"

#include "base/reader.h"
#include "formats/exe.h"

#define ELF_CLASS_64 2
#define ELF_DATA_LSB 1
#define ELF_MAX_SEGMENTS 128
#define ELF_MAX_SECTIONS 256

/* A record being read. */
struct cursor {
    struct ov_reader r;
    bool is_64;
    bool is_le;
};

static uint16_t read_u16(struct cursor *c)
{
    return c->is_le ? ov_read_u16le(&c->r) : ov_read_u16be(&c->r);
}

static uint32_t read_u32(struct cursor *c)
{
    return c->is_le ? ov_read_u32le(&c->r) : ov_read_u32be(&c->r);
}

/* An address or offset: as wide as the file's class. */
static uint64_t read_word(struct cursor *c)
{
    if (!c->is_64)
        return read_u32(c);
    return c->is_le ? ov_read_u64le(&c->r) : ov_read_u64be(&c->r);
}

enum ov_status ov_elf_open(struct ov_span bytes, struct ov_elf *ret)
{
    struct cursor c = {.r = ov_reader_over(bytes)};
    struct ov_elf e = {.bytes = bytes};

    ov_reader_skip(&c.r, 4);
    e.class = ov_read_u8(&c.r);
    e.data = ov_read_u8(&c.r);
    e.is_64 = c.is_64 = e.class == ELF_CLASS_64;
    e.is_le = c.is_le = e.data == ELF_DATA_LSB;
    ov_reader_skip(&c.r, 1); /* version */
    e.abi = ov_read_u8(&c.r);
    ov_reader_skip(&c.r, 8); /* rest of e_ident */
    e.type = read_u16(&c);
    e.machine = read_u16(&c);
    ov_reader_skip(&c.r, 4); /* e_version */
    e.entry = read_word(&c);
    e.segments_at = read_word(&c);
    e.sections_at = read_word(&c);
    ov_reader_skip(&c.r, 4 + 2); /* e_flags, e_ehsize */
    e.segment_size = read_u16(&c);
    e.n_segments = read_u16(&c);
    e.section_size = read_u16(&c);
    e.n_sections = read_u16(&c);
    e.names_section = read_u16(&c);
    ov_reader_require(&c.r, e.class == 1 || e.class == ELF_CLASS_64,
                      OV_MALFORMED);
    OV_TRY(ov_reader_status(&c.r));
    *ret = e;
    return OV_OK;
}

uint64_t ov_elf_segment_size(const struct ov_elf *e)
{
    return e->is_64 ? 56 : 32;
}

uint64_t ov_elf_section_size(const struct ov_elf *e)
{
    return e->is_64 ? 64 : 40;
}

uint64_t ov_elf_symbol_size(const struct ov_elf *e)
{
    return e->is_64 ? 24 : 16;
}

uint64_t ov_elf_dynamic_size(const struct ov_elf *e)
{
    return e->is_64 ? 16 : 8;
}

/* A cursor over the i-th record of a table, and nothing behind it. */
static bool open_record(const struct ov_elf *e, uint64_t at, uint64_t i,
                        uint64_t size, struct cursor *ret)
{
    struct ov_span record;
    uint64_t before;

    if (__builtin_mul_overflow(i, size, &before) ||
        __builtin_add_overflow(before, at, &at) ||
        !ov_span_sub(e->bytes, at, size, &record))
        return false;
    *ret = (struct cursor){ov_reader_over(record), e->is_64, e->is_le};
    return true;
}

bool ov_elf_segment(const struct ov_elf *e, uint64_t i,
                    struct ov_elf_segment *ret)
{
    struct cursor c;

    if (!open_record(e, e->segments_at, i, ov_elf_segment_size(e), &c))
        return false;
    ret->type = read_u32(&c);
    if (e->is_64)
        ret->flags = read_u32(&c);
    ret->at = read_word(&c);
    ret->address = read_word(&c);
    ret->physical = read_word(&c);
    ret->size = read_word(&c);
    ret->size_in_memory = read_word(&c);
    if (!e->is_64)
        ret->flags = read_u32(&c);
    ret->alignment = read_word(&c);
    return true;
}

bool ov_elf_section(const struct ov_elf *e, uint64_t i,
                    struct ov_elf_section *ret)
{
    struct cursor c;

    if (!open_record(e, e->sections_at, i, ov_elf_section_size(e), &c))
        return false;
    ret->name = read_u32(&c);
    ret->type = read_u32(&c);
    ret->flags = read_word(&c);
    ret->address = read_word(&c);
    ret->at = read_word(&c);
    ret->size = read_word(&c);
    ret->link = read_u32(&c);
    return true;
}

bool ov_elf_symbol(const struct ov_elf *e, uint64_t at, uint64_t i,
                   struct ov_elf_symbol *ret)
{
    struct cursor c;
    uint8_t info;

    if (!open_record(e, at, i, ov_elf_symbol_size(e), &c))
        return false;
    ret->name = read_u32(&c);
    if (!e->is_64) {
        ret->value = read_u32(&c);
        ret->size = read_u32(&c);
    }
    info = ov_read_u8(&c.r);
    ret->bind = info >> 4;
    ret->type = info & 15;
    ret->visibility = ov_read_u8(&c.r) & 3;
    ret->section = read_u16(&c);
    if (e->is_64) {
        ret->value = read_word(&c);
        ret->size = read_word(&c);
    }
    return true;
}

bool ov_elf_dynamic(const struct ov_elf *e, uint64_t at, uint64_t i,
                    struct ov_elf_dynamic *ret)
{
    struct cursor c;

    if (!open_record(e, at, i, ov_elf_dynamic_size(e), &c))
        return false;
    ret->tag = read_word(&c);
    ret->value = read_word(&c);
    return true;
}

/* ---- facts ---- */

static enum ov_status find_entry(const struct ov_elf *e,
                                 struct ov_layout *layout)
{
    bool is_found = false;

    if (e->n_segments > ELF_MAX_SEGMENTS)
        return OV_MALFORMED;
    layout->has_entry = true;
    if (e->n_segments == 0 || e->entry == 0)
        return OV_OK;
    if (e->segment_size != ov_elf_segment_size(e))
        return OV_MALFORMED;
    for (unsigned i = 0; i < e->n_segments; i++) {
        struct ov_elf_segment s;

        if (!ov_elf_segment(e, i, &s))
            return OV_TRUNCATED;
        if (is_found || e->entry < s.address ||
            e->entry - s.address >= s.size_in_memory)
            continue;
        is_found = true;
        if (__builtin_add_overflow(e->entry - s.address, s.at, &layout->entry))
            return OV_MALFORMED;
    }
    return is_found ? OV_OK : OV_MALFORMED;
}

static enum ov_status read_sections(const struct ov_elf *e,
                                    const struct ov_exe_job *job)
{
    struct ov_extent *sections;

    if (e->n_sections > ELF_MAX_SECTIONS ||
        e->section_size != ov_elf_section_size(e))
        return OV_MALFORMED;
    if (e->n_sections == 0)
        return OV_OK;
    OV_TRY(ov_extents_new(job, e->n_sections, &sections));
    for (unsigned i = 0; i < e->n_sections; i++) {
        struct ov_elf_section s;

        if (!ov_elf_section(e, i, &s))
            return OV_TRUNCATED;
        sections[i] = (struct ov_extent){.at = s.at, .len = s.size};
    }
    job->facts->layout.sections = sections;
    job->facts->layout.n_sections = e->n_sections;
    return OV_OK;
}

enum ov_status ov_elf_read(const struct ov_exe_job *job)
{
    struct ov_facts *facts = job->facts;
    struct ov_elf e;

    OV_TRY(ov_elf_open(job->bytes, &e));
    ov_facts_set(facts, OV_FACT_IS_64BIT, e.is_64);
    ov_facts_set(facts, OV_FACT_MACHINE, e.machine);
    ov_facts_set(facts, OV_FACT_N_SECTIONS, e.n_sections);
    OV_TRY(ov_budget_spend(job->budget, OV_COST_STEPS, e.n_segments));
    OV_TRY(find_entry(&e, &facts->layout));
    ov_facts_set_u64(facts, OV_FACT_ENTRY_POINT, facts->layout.entry);
    return read_sections(&e, job);
}
