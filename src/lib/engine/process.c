/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "engine/object.h"

/* What rules can ask of a process beside the bytes at its addresses. YARA's
 * modules look at its regions one by one, and those about programs take the
 * first that begins as one that can be started by itself: a PE that is no DLL,
 * an ELF file of the kind ET_EXEC. (So it has nothing to say of
 * position-independent programs.) They read it as if the region were the file;
 * its other parts lie elsewhere in memory and are not seen. The module "magic"
 * gets the first region (YARA documentation, "entrypoint", modules "pe",
 * "elf"; details found by comparing with yara). */

enum program {
    PROGRAM_PE,
    PROGRAM_ELF,
    N_PROGRAMS
};

#define IMAGE_FILE_DLL 0x2000u
#define ET_EXEC 2

static bool is_pe(struct ov_span bytes, uint64_t *ret_entry)
{
    uint32_t header, mark, entry;
    uint16_t flags;

    if (!ov_span_starts(bytes, OV_SPAN_LIT("MZ")) ||
        !ov_span_u32le(bytes, 60, &header) ||
        !ov_span_u32le(bytes, header, &mark) || mark != 0x4550 ||
        !ov_span_u16le(bytes, (uint64_t)header + 22, &flags) ||
        !ov_span_u32le(bytes, (uint64_t)header + 40, &entry))
        return false;
    *ret_entry = entry;
    return (flags & IMAGE_FILE_DLL) == 0;
}

static bool is_elf(struct ov_span bytes, uint64_t *ret_entry)
{
    struct ov_reader r = ov_reader_over(bytes);
    bool is_64, is_little;
    uint16_t type;

    if (!ov_span_starts(bytes, OV_SPAN_LIT("\x7f"
                                           "ELF")))
        return false;
    is_64 = ov_span_byte(bytes, 4) == 2;
    is_little = ov_span_byte(bytes, 5) == 1;
    ov_reader_skip(&r, 16);
    type = is_little ? ov_read_u16le(&r) : ov_read_u16be(&r);
    ov_reader_skip(&r, 6);
    if (is_64)
        *ret_entry = is_little ? ov_read_u64le(&r) : ov_read_u64be(&r);
    else
        *ret_entry = is_little ? ov_read_u32le(&r) : ov_read_u32be(&r);
    return ov_reader_status(&r) == OV_OK && type == ET_EXEC;
}

static bool is_program(enum program which, struct ov_span bytes,
                       uint64_t *ret_entry)
{
    return which == PROGRAM_PE ? is_pe(bytes, ret_entry)
                               : is_elf(bytes, ret_entry);
}

/* The first region with such a program; n: none. */
static size_t find(const struct ov_regions *r, enum program which,
                   uint64_t *ret_entry)
{
    size_t i = 0;

    while (i < r->n && !is_program(which, ov_regions_at(r, i), ret_entry))
        i++;
    return i;
}

/* An object that is one region, or nothing at all. */
static struct ov_object *make_part(const struct ov_object *o, size_t i,
                                   struct ov_arena *arena)
{
    struct ov_object *part = ov_arena_alloc(arena, sizeof(*part));

    if (part == NULL)
        return NULL;
    if (i < o->regions->n) {
        part->bytes = ov_regions_at(o->regions, i);
        part->address = o->regions->list[i].address;
    }
    part->head = ov_object_head(part->bytes);
    part->type = ov_type_identify(part->bytes);
    return part;
}

static enum ov_status part_for(struct ov_object *o, enum ov_process_part which,
                               struct ov_arena *arena, struct ov_object **ret)
{
    uint64_t entry;
    size_t i = 0;

    if (o->parts[which] == NULL) {
        if (which != OV_PROCESS_START)
            i = find(o->regions,
                     which == OV_PROCESS_PE ? PROGRAM_PE : PROGRAM_ELF, &entry);
        o->parts[which] = make_part(o, i, arena);
    }
    *ret = o->parts[which];
    return *ret == NULL ? OV_NO_MEMORY : OV_OK;
}

enum ov_status ov_process_object(struct ov_object *o, uint32_t i,
                                 struct ov_arena *arena, struct ov_object **ret)
{
    static const struct {
        const char *module;
        enum ov_process_part part;
    } parts[] = {{"pe", OV_PROCESS_PE},
                 {"dotnet", OV_PROCESS_PE},
                 {"elf", OV_PROCESS_ELF},
                 {"magic", OV_PROCESS_START}};
    struct ov_span name = ov_span_str(ov_module_at(i)->name);

    for (size_t n = 0; n < sizeof(parts) / sizeof(parts[0]); n++)
        if (ov_span_equal(name, ov_span_str(parts[n].module)))
            return part_for(o, parts[n].part, arena, ret);
    *ret = o;
    return OV_OK;
}

void ov_process_facts(const struct ov_object *o, struct ov_facts *ret)
{
    const struct ov_regions *r = o->regions;
    uint64_t entry = 0;
    size_t elf = find(r, PROGRAM_ELF, &entry);
    uint64_t pe_entry = 0;
    size_t pe = find(r, PROGRAM_PE, &pe_entry);

    *ret = (struct ov_facts){0};
    if (pe < elf)
        entry = r->list[pe].address + pe_entry;
    ret->facts[OV_FACT_ENTRY_POINT].is_known = pe < r->n || elf < r->n;
    ret->facts[OV_FACT_ENTRY_POINT].value = (int64_t)entry;
}
