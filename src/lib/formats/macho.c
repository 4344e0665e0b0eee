/* SPDX-License-Identifier: Apache-2.0
 *
 * Mach-O, 32 and 64 bits, both byte orders: sections and the entry point; and
 * the table of a universal binary.
 *
 * Section sizes are rounded up to the section's alignment, as clamscan does it.
 * It takes an entry point only from the thread state of PowerPC files; in
 * others EP+n counts from the start of the file. So does the layout here; the
 * fact entry_point is known for PowerPC only.
 *
 * Source: Apple "OS X ABI Mach-O File Format Reference": mach_header,
 * segment_command, section, thread_command, fat_header, fat_arch.
 */
#include "formats/macho.h"

#include "base/reader.h"
#include "formats/exe.h"

#define MACHO_MAGIC_32 0xfeedfaceu
#define MACHO_MAGIC_64 0xfeedfacfu
#define FAT_MAGIC 0xcafebabeu
#define FAT_MAGIC_64 0xcafebabfu
#define FAT_MAX_ARCHES 32
#define MACHO_MAX_COMMANDS 1024
#define MACHO_MAX_SECTIONS 255
#define MACHO_MAX_ALIGN 30
#define MACHO_CPU_POWERPC 18u
#define MACHO_CPU_64 0x1000000u
#define LC_SEGMENT 1u
#define LC_THREAD 4u
#define LC_UNIXTHREAD 5u
#define LC_SEGMENT_64 0x19u

struct macho {
    struct ov_reader r;
    const struct ov_exe_job *job;
    bool is_64;
    bool is_le;
    uint32_t cpu;
    uint32_t n_commands;
    uint64_t entry; /* address; 0: none */
    bool is_entry_found;
    struct ov_extent_list sections;
};

static uint32_t read_u32(struct macho *m)
{
    return m->is_le ? ov_read_u32le(&m->r) : ov_read_u32be(&m->r);
}

static uint64_t read_word(struct macho *m)
{
    if (!m->is_64)
        return read_u32(m);
    return m->is_le ? ov_read_u64le(&m->r) : ov_read_u64be(&m->r);
}

static enum ov_status read_header(struct macho *m)
{
    uint32_t magic = ov_read_u32be(&m->r);

    m->is_le = magic != MACHO_MAGIC_32 && magic != MACHO_MAGIC_64;
    m->is_64 = magic == MACHO_MAGIC_64 || magic == 0xcffaedfe;
    m->cpu = read_u32(m);
    ov_reader_skip(&m->r, 8); /* subtype, file type */
    m->n_commands = read_u32(m);
    ov_reader_skip(&m->r, m->is_64 ? 12 : 8); /* size, flags, reserved */
    return ov_reader_status(&m->r);
}

static enum ov_status read_section(struct macho *m, uint64_t *address,
                                   struct ov_extent *ret)
{
    uint32_t align;
    uint64_t mask;

    ov_reader_skip(&m->r, 32); /* names */
    *address = read_word(m);
    ret->len = read_word(m);
    ret->at = read_u32(m);
    align = read_u32(m);
    ov_reader_skip(&m->r, m->is_64 ? 24 : 20);
    ov_reader_require(&m->r, align <= MACHO_MAX_ALIGN, OV_MALFORMED);
    OV_TRY(ov_reader_status(&m->r));
    mask = (1ull << align) - 1;
    if (ret->len <= UINT64_MAX - mask)
        ret->len = (ret->len + mask) & ~mask;
    return OV_OK;
}

/* The entry's address is known by now or later: the thread command may stand
 * before or behind the segment, so sections are gone through once more. */
static enum ov_status read_segment(struct macho *m, bool is_second)
{
    uint32_t n;

    ov_reader_skip(&m->r, 16); /* name */
    for (int i = 0; i < 4; i++)
        (void)read_word(m);
    ov_reader_skip(&m->r, 8); /* protection */
    n = read_u32(m);
    ov_reader_skip(&m->r, 4); /* flags */
    ov_reader_require(&m->r, n <= MACHO_MAX_SECTIONS, OV_MALFORMED);
    OV_TRY(ov_reader_status(&m->r));
    for (uint32_t i = 0; i < n; i++) {
        struct ov_layout *layout = &m->job->facts->layout;
        struct ov_extent s;
        uint64_t address;

        OV_TRY(read_section(m, &address, &s));
        if (!is_second) {
            OV_TRY(ov_extent_add(m->job, &m->sections, s.at, s.len));
        } else if (!m->is_entry_found && m->entry >= address &&
                   m->entry - address < s.len) {
            m->is_entry_found = true;
            layout->entry = m->entry - address + s.at;
        }
    }
    return OV_OK;
}

/* flavor, count, then srr0, which is the program counter. */
static void read_thread(struct macho *m)
{
    if (m->cpu == MACHO_CPU_POWERPC) {
        ov_reader_skip(&m->r, 8);
        m->entry = read_u32(m);
    } else if (m->cpu == (MACHO_CPU_POWERPC | MACHO_CPU_64)) {
        ov_reader_skip(&m->r, 8);
        m->entry = m->is_le ? ov_read_u64le(&m->r) : ov_read_u64be(&m->r);
    }
}

static enum ov_status read_commands(struct macho *m, bool is_second)
{
    uint64_t at = m->is_64 ? 32 : 28;
    uint32_t segment = m->is_64 ? LC_SEGMENT_64 : LC_SEGMENT;

    for (uint32_t i = 0; i < m->n_commands; i++) {
        uint32_t command, size;

        OV_TRY(ov_budget_spend(m->job->budget, OV_COST_STEPS, 10));
        ov_reader_seek(&m->r, at);
        command = read_u32(m);
        size = read_u32(m);
        OV_TRY(ov_reader_status(&m->r));
        if (command == segment)
            OV_TRY(read_segment(m, is_second));
        else if (command == LC_THREAD || command == LC_UNIXTHREAD)
            read_thread(m);
        OV_TRY(ov_reader_status(&m->r));
        at += size > 8 ? size : 8;
    }
    return OV_OK;
}

enum ov_status ov_macho_read(const struct ov_exe_job *job)
{
    struct macho m = {.r = ov_reader_over(job->bytes), .job = job};
    struct ov_facts *facts = job->facts;

    OV_TRY(read_header(&m));
    ov_facts_set(facts, OV_FACT_MACHINE, m.cpu);
    ov_facts_set(facts, OV_FACT_IS_64BIT, m.is_64);
    if (m.n_commands == 0 || m.n_commands > MACHO_MAX_COMMANDS)
        return OV_MALFORMED;
    OV_TRY(read_commands(&m, false));
    ov_facts_set(facts, OV_FACT_N_SECTIONS, m.sections.n);
    facts->layout.has_entry = true;
    facts->layout.sections = m.sections.items;
    facts->layout.n_sections = m.sections.n;
    if (m.entry == 0)
        return OV_OK;
    facts->layout.entry = m.entry;
    if (m.sections.n > 0) {
        OV_TRY(read_commands(&m, true));
        if (!m.is_entry_found)
            return OV_MALFORMED;
    }
    ov_facts_set_u64(facts, OV_FACT_ENTRY_POINT, facts->layout.entry);
    return OV_OK;
}

uint32_t ov_macho_n_arches(struct ov_span bytes)
{
    uint32_t magic = 0;
    uint32_t n = 0;

    if (!ov_span_u32be(bytes, 0, &magic) || !ov_span_u32be(bytes, 4, &n) ||
        (magic != FAT_MAGIC && magic != FAT_MAGIC_64) || n > FAT_MAX_ARCHES)
        return 0;
    return n;
}

bool ov_macho_fat_arch(struct ov_span bytes, uint32_t i, struct ov_extent *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_extent arch;
    bool is_64 = ov_read_u32be(&r) == FAT_MAGIC_64;

    if (i >= ov_macho_n_arches(bytes))
        return false;
    ov_reader_seek(&r, 8 + (uint64_t)i * (is_64 ? 32 : 20) + 8);
    arch.at = is_64 ? ov_read_u64be(&r) : ov_read_u32be(&r);
    arch.len = is_64 ? ov_read_u64be(&r) : ov_read_u32be(&r);
    if (ov_reader_status(&r) != OV_OK || arch.at >= bytes.len)
        return false;
    if (arch.len > bytes.len - arch.at)
        arch.len = bytes.len - arch.at;
    *ret = arch;
    return true;
}
