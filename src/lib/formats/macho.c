/* SPDX-License-Identifier: Apache-2.0
 *
 * Mach-O, 32 and 64 bits, both byte orders: its records, and the table of a
 * universal binary; and from them what the facts say, sections and the entry
 * point.
 *
 * In the facts section sizes are rounded up to the section's alignment, as
 * clamscan does it. It takes an entry point only from the thread state of
 * PowerPC files; in others EP+n counts from the start of the file. So does the
 * layout here; the fact entry_point is known for PowerPC only.
 */
#include "formats/macho.h"

#include "base/reader.h"
#include "formats/exe.h"

#define FAT_MAGIC 0xcafebabeu
#define FAT_MAGIC_64 0xcafebabfu
#define FAT_MAX_ARCHES 32
#define MACHO_MAX_COMMANDS 1024
#define MACHO_MAX_SECTIONS 255
#define MACHO_MAX_ALIGN 30
#define MACHO_CPU_POWERPC 18u
#define MACHO_CPU_X86 7u
#define MACHO_CPU_64 0x1000000u
#define NAME_SIZE 16

/* A record being read. */
struct cursor {
    struct ov_reader r;
    bool is_64;
    bool is_le;
};

static uint32_t read_u32(struct cursor *c)
{
    return c->is_le ? ov_read_u32le(&c->r) : ov_read_u32be(&c->r);
}

static uint64_t read_u64(struct cursor *c)
{
    return c->is_le ? ov_read_u64le(&c->r) : ov_read_u64be(&c->r);
}

static uint64_t read_word(struct cursor *c)
{
    return c->is_64 ? read_u64(c) : read_u32(c);
}

static struct ov_span read_name(struct cursor *c)
{
    struct ov_span name = ov_read_span(&c->r, NAME_SIZE);
    size_t end = ov_span_find_byte(name, 0, 0);

    return end == SIZE_MAX ? name : ov_span_clip(name, 0, end);
}

static bool open_record(const struct ov_macho *m, struct ov_span bytes,
                        uint64_t at, bool is_64, struct cursor *ret)
{
    uint64_t size = ov_macho_section_size(is_64);
    struct ov_span record;

    if (!ov_span_sub(bytes, at, size, &record))
        return false;
    *ret = (struct cursor){ov_reader_over(record), is_64, m->is_le};
    return true;
}

/* A magic that begins or ends with ce belongs to 32 bits. */
enum ov_status ov_macho_open(struct ov_span bytes, struct ov_macho *ret)
{
    struct cursor c = {.r = ov_reader_over(bytes), .is_le = true};
    struct ov_macho m = {.bytes = bytes};

    m.magic = read_u32(&c);
    m.is_64 = (m.magic & 0xff) != 0xce && m.magic >> 24 != 0xce;
    m.is_le = c.is_le = m.magic != 0xcefaedfe && m.magic != 0xcffaedfe &&
                        m.magic != 0xbebafeca && m.magic != 0xbfbafeca;
    m.cpu = read_u32(&c);
    m.subtype = read_u32(&c);
    m.file_type = read_u32(&c);
    m.n_commands = read_u32(&c);
    m.size_of_commands = read_u32(&c);
    m.flags = read_u32(&c);
    if (m.is_64)
        m.reserved = read_u32(&c);
    OV_TRY(ov_reader_status(&c.r));
    *ret = m;
    return OV_OK;
}

bool ov_macho_next(const struct ov_macho *m, uint64_t *at,
                   struct ov_macho_command *ret)
{
    struct cursor c = {.r = ov_reader_over(m->bytes), .is_le = m->is_le};
    uint64_t from = *at != 0 ? *at : m->is_64 ? 32u : 28u;
    uint32_t type, size;
    struct ov_span bytes;

    ov_reader_seek(&c.r, from);
    type = read_u32(&c);
    size = read_u32(&c);
    if (ov_reader_status(&c.r) != OV_OK || size < 8 ||
        !ov_span_sub(m->bytes, from, size, &bytes))
        return false;
    *ret = (struct ov_macho_command){type, bytes, from};
    *at = from + size;
    return true;
}

uint64_t ov_macho_segment_size(bool is_64)
{
    return is_64 ? 72 : 56;
}

uint64_t ov_macho_section_size(bool is_64)
{
    return is_64 ? 80 : 68;
}

bool ov_macho_segment(const struct ov_macho *m, struct ov_span bytes,
                      bool is_64, struct ov_macho_segment *ret)
{
    struct cursor c = {ov_reader_over(bytes), is_64, m->is_le};

    ov_reader_skip(&c.r, 8);
    ret->name = read_name(&c);
    ret->address = read_word(&c);
    ret->size_in_memory = read_word(&c);
    ret->at = read_word(&c);
    ret->size = read_word(&c);
    ret->max_protection = read_u32(&c);
    ret->protection = read_u32(&c);
    ret->n_sections = read_u32(&c);
    ret->flags = read_u32(&c);
    return ov_reader_status(&c.r) == OV_OK;
}

bool ov_macho_section(const struct ov_macho *m, struct ov_span bytes,
                      uint64_t at, bool is_64, struct ov_macho_section *ret)
{
    struct cursor c;

    if (!open_record(m, bytes, at, is_64, &c))
        return false;
    ret->name = read_name(&c);
    ret->segment = read_name(&c);
    ret->address = read_word(&c);
    ret->size = read_word(&c);
    ret->at = read_u32(&c);
    ret->align = read_u32(&c);
    ret->relocations_at = read_u32(&c);
    ret->n_relocations = read_u32(&c);
    ret->flags = read_u32(&c);
    for (int i = 0; i < 3; i++)
        ret->reserved[i] = i < 2 || is_64 ? read_u32(&c) : 0;
    return true;
}

uint32_t ov_macho_u32(const struct ov_macho *m, struct ov_span bytes,
                      uint64_t at)
{
    struct cursor c = {ov_reader_over(bytes), false, m->is_le};

    ov_reader_seek(&c.r, at);
    return read_u32(&c);
}

uint64_t ov_macho_u64(const struct ov_macho *m, struct ov_span bytes,
                      uint64_t at)
{
    struct cursor c = {ov_reader_over(bytes), true, m->is_le};

    ov_reader_seek(&c.r, at);
    return read_u64(&c);
}

/* ---- universal binaries ---- */

bool ov_macho_arch_entry(struct ov_span bytes, uint32_t i, bool is_64,
                         struct ov_macho_arch *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_macho_arch arch = {0};

    ov_reader_seek(&r, 8 + (uint64_t)i * (is_64 ? 32 : 20));
    arch.cpu = ov_read_u32be(&r);
    arch.subtype = ov_read_u32be(&r);
    arch.at = is_64 ? ov_read_u64be(&r) : ov_read_u32be(&r);
    arch.size = is_64 ? ov_read_u64be(&r) : ov_read_u32be(&r);
    arch.align = ov_read_u32be(&r);
    if (is_64)
        arch.reserved = ov_read_u32be(&r);
    if (ov_reader_status(&r) != OV_OK)
        return false;
    *ret = arch;
    return true;
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
    struct ov_macho_arch arch;
    uint32_t magic = 0;

    if (i >= ov_macho_n_arches(bytes) || !ov_span_u32be(bytes, 0, &magic) ||
        !ov_macho_arch_entry(bytes, i, magic == FAT_MAGIC_64, &arch) ||
        arch.at >= bytes.len)
        return false;
    if (arch.size > bytes.len - arch.at)
        arch.size = bytes.len - arch.at;
    *ret = (struct ov_extent){.at = arch.at, .len = arch.size};
    return true;
}

/* ---- facts ---- */

struct layout_job {
    struct ov_macho m;
    const struct ov_exe_job *job;
    uint64_t entry; /* address; 0: none */
    bool is_entry_found;
    struct ov_extent_list sections;
};

/* Its size in the file, rounded up. */
static enum ov_status rounded(const struct ov_macho_section *s, uint64_t *ret)
{
    uint64_t mask;

    if (s->align > MACHO_MAX_ALIGN)
        return OV_MALFORMED;
    mask = (1ull << s->align) - 1;
    *ret = s->size <= UINT64_MAX - mask ? (s->size + mask) & ~mask : s->size;
    return OV_OK;
}

/* The entry's address is known by now or later: the thread command may stand
 * before or behind the segment, so sections are gone through once more. */
static enum ov_status read_segment(struct layout_job *l, uint64_t at,
                                   bool is_second)
{
    bool is_64 = l->m.is_64;
    struct ov_span bytes = ov_span_clip(l->m.bytes, at, UINT64_MAX);
    struct ov_macho_segment segment;

    if (!ov_macho_segment(&l->m, bytes, is_64, &segment))
        return OV_TRUNCATED;
    if (segment.n_sections > MACHO_MAX_SECTIONS)
        return OV_MALFORMED;
    for (uint32_t i = 0; i < segment.n_sections; i++) {
        struct ov_layout *layout = &l->job->facts->layout;
        struct ov_macho_section s;
        uint64_t size;

        if (!ov_macho_section(&l->m, bytes,
                              ov_macho_segment_size(is_64) +
                                  i * ov_macho_section_size(is_64),
                              is_64, &s))
            return OV_TRUNCATED;
        OV_TRY(rounded(&s, &size));
        if (!is_second) {
            OV_TRY(ov_extent_add(l->job, &l->sections, s.at, size));
        } else if (!l->is_entry_found && l->entry >= s.address &&
                   l->entry - s.address < size) {
            l->is_entry_found = true;
            layout->entry = l->entry - s.address + s.at;
        }
    }
    return OV_OK;
}

/* flavor, count, then srr0, which is the program counter. All of the state must
 * be there, as for clamscan. */
#define THREAD_SIZE 160
#define THREAD_SIZE_64 304
#define THREAD_SIZE_X86 64

static enum ov_status read_thread(struct layout_job *l, uint64_t at)
{
    bool is_64 = l->m.cpu == (MACHO_CPU_POWERPC | MACHO_CPU_64);
    struct ov_span state;

    if (l->m.cpu == MACHO_CPU_X86)
        return ov_span_sub(l->m.bytes, at, 16 + THREAD_SIZE_X86, &state)
                   ? OV_OK
                   : OV_TRUNCATED;
    if (l->m.cpu != MACHO_CPU_POWERPC && !is_64)
        return OV_OK;
    if (!ov_span_sub(l->m.bytes, at,
                     16 + (is_64 ? THREAD_SIZE_64 : THREAD_SIZE), &state))
        return OV_TRUNCATED;
    l->entry =
        is_64 ? ov_macho_u64(&l->m, state, 16) : ov_macho_u32(&l->m, state, 16);
    return OV_OK;
}

static enum ov_status read_commands(struct layout_job *l, bool is_second)
{
    uint64_t at = l->m.is_64 ? 32 : 28;
    uint32_t segment = l->m.is_64 ? OV_MACHO_SEGMENT_64 : OV_MACHO_SEGMENT;

    for (uint32_t i = 0; i < l->m.n_commands; i++) {
        struct ov_span head;
        uint32_t type, size;

        OV_TRY(ov_budget_spend(l->job->budget, OV_COST_STEPS, 10));
        if (!ov_span_sub(l->m.bytes, at, 8, &head))
            return OV_TRUNCATED;
        type = ov_macho_u32(&l->m, head, 0);
        size = ov_macho_u32(&l->m, head, 4);
        if (type == segment)
            OV_TRY(read_segment(l, at, is_second));
        else if (type == OV_MACHO_THREAD || type == OV_MACHO_UNIXTHREAD)
            OV_TRY(read_thread(l, at));
        at += size > 8 ? size : 8;
    }
    return OV_OK;
}

enum ov_status ov_macho_read(const struct ov_exe_job *job)
{
    struct ov_facts *facts = job->facts;
    struct layout_job l = {.job = job};

    OV_TRY(ov_macho_open(job->bytes, &l.m));
    ov_facts_set(facts, OV_FACT_MACHINE, l.m.cpu);
    ov_facts_set(facts, OV_FACT_IS_64BIT, l.m.is_64);
    if (l.m.n_commands == 0 || l.m.n_commands > MACHO_MAX_COMMANDS)
        return OV_MALFORMED;
    OV_TRY(read_commands(&l, false));
    ov_facts_set(facts, OV_FACT_N_SECTIONS, l.sections.n);
    facts->layout.has_entry = true;
    facts->layout.sections = l.sections.items;
    facts->layout.n_sections = l.sections.n;
    if (l.entry == 0)
        return OV_OK;
    facts->layout.entry = l.entry;
    if (l.sections.n > 0) {
        OV_TRY(read_commands(&l, true));
        if (!l.is_entry_found)
            return OV_UNSUPPORTED; /* not broken, but of no use */
    }
    ov_facts_set_u64(facts, OV_FACT_ENTRY_POINT, facts->layout.entry);
    return OV_OK;
}
