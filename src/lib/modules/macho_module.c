/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "macho" (YARA documentation, "Mach-O module" in its sources'
 * docs/modules/macho.rst): header, segments, sections and entry point of a
 * Mach-O file, or of each file in a universal binary, as formats/macho.c reads
 * them.
 *
 * As in yara, a file inside of a universal binary is read whatever its magic
 * is, the entry point is an offset in that file, and the last command that
 * gives one counts. The first 256 files of a universal binary have values, and
 * 65,536 segments and sections of each file. Every command costs some steps. */
#include "formats/macho.h"
#include "modules/module.h"

#define MAX_FILES 256
#define MAX_SEGMENTS (1u << 16)
#define MAX_SECTIONS (1u << 16)
#define RECORD_STEPS 20
#define HEADER_MIN 32 /* yara reads no file that is shorter */
#define FAT_HEADER 8
#define THREAD_HEADER UINT64_C(16)

enum section_field {
    SECTION_FIELD_SECTNAME,
    SECTION_FIELD_SEGNAME,
    SECTION_FIELD_ADDR,
    SECTION_FIELD_SIZE,
    SECTION_FIELD_OFFSET,
    SECTION_FIELD_ALIGN,
    SECTION_FIELD_RELOFF,
    SECTION_FIELD_NRELOC,
    SECTION_FIELD_FLAGS,
    SECTION_FIELD_RESERVED1,
    SECTION_FIELD_RESERVED2,
    SECTION_FIELD_RESERVED3
};

static const struct ov_field section_fields[] = {
    [SECTION_FIELD_SECTNAME] = OV_FIELD_TEXT("sectname"),
    [SECTION_FIELD_SEGNAME] = OV_FIELD_TEXT("segname"),
    [SECTION_FIELD_ADDR] = OV_FIELD_INTEGER("addr"),
    [SECTION_FIELD_SIZE] = OV_FIELD_INTEGER("size"),
    [SECTION_FIELD_OFFSET] = OV_FIELD_INTEGER("offset"),
    [SECTION_FIELD_ALIGN] = OV_FIELD_INTEGER("align"),
    [SECTION_FIELD_RELOFF] = OV_FIELD_INTEGER("reloff"),
    [SECTION_FIELD_NRELOC] = OV_FIELD_INTEGER("nreloc"),
    [SECTION_FIELD_FLAGS] = OV_FIELD_INTEGER("flags"),
    [SECTION_FIELD_RESERVED1] = OV_FIELD_INTEGER("reserved1"),
    [SECTION_FIELD_RESERVED2] = OV_FIELD_INTEGER("reserved2"),
    [SECTION_FIELD_RESERVED3] = OV_FIELD_INTEGER("reserved3"),
};
static const struct ov_structure section = OV_STRUCTURE(section_fields);

enum segment_field {
    SEGMENT_FIELD_SEGNAME,
    SEGMENT_FIELD_VMADDR,
    SEGMENT_FIELD_VMSIZE,
    SEGMENT_FIELD_FILEOFF,
    SEGMENT_FIELD_FSIZE,
    SEGMENT_FIELD_MAXPROT,
    SEGMENT_FIELD_INITPROT,
    SEGMENT_FIELD_NSECTS,
    SEGMENT_FIELD_FLAGS,
    SEGMENT_FIELD_SECTIONS,
    SEGMENT_FIELD_FILESIZE
};

static const struct ov_field segment_fields[] = {
    [SEGMENT_FIELD_SEGNAME] = OV_FIELD_TEXT("segname"),
    [SEGMENT_FIELD_VMADDR] = OV_FIELD_INTEGER("vmaddr"),
    [SEGMENT_FIELD_VMSIZE] = OV_FIELD_INTEGER("vmsize"),
    [SEGMENT_FIELD_FILEOFF] = OV_FIELD_INTEGER("fileoff"),
    [SEGMENT_FIELD_FSIZE] = OV_FIELD_INTEGER("fsize"),
    [SEGMENT_FIELD_MAXPROT] = OV_FIELD_INTEGER("maxprot"),
    [SEGMENT_FIELD_INITPROT] = OV_FIELD_INTEGER("initprot"),
    [SEGMENT_FIELD_NSECTS] = OV_FIELD_INTEGER("nsects"),
    [SEGMENT_FIELD_FLAGS] = OV_FIELD_INTEGER("flags"),
    [SEGMENT_FIELD_SECTIONS] = OV_FIELD_ARRAY("sections", &section),
    [SEGMENT_FIELD_FILESIZE] = OV_FIELD_INTEGER("filesize"),
};
static const struct ov_structure segment = OV_STRUCTURE(segment_fields);

enum arch_field {
    ARCH_FIELD_CPUTYPE,
    ARCH_FIELD_CPUSUBTYPE,
    ARCH_FIELD_OFFSET,
    ARCH_FIELD_SIZE,
    ARCH_FIELD_ALIGN,
    ARCH_FIELD_RESERVED
};

static const struct ov_field arch_fields[] = {
    [ARCH_FIELD_CPUTYPE] = OV_FIELD_INTEGER("cputype"),
    [ARCH_FIELD_CPUSUBTYPE] = OV_FIELD_INTEGER("cpusubtype"),
    [ARCH_FIELD_OFFSET] = OV_FIELD_INTEGER("offset"),
    [ARCH_FIELD_SIZE] = OV_FIELD_INTEGER("size"),
    [ARCH_FIELD_ALIGN] = OV_FIELD_INTEGER("align"),
    [ARCH_FIELD_RESERVED] = OV_FIELD_INTEGER("reserved"),
};
static const struct ov_structure fat_arch = OV_STRUCTURE(arch_fields);

enum file_field {
    FILE_FIELD_MAGIC,
    FILE_FIELD_CPUTYPE,
    FILE_FIELD_CPUSUBTYPE,
    FILE_FIELD_FILETYPE,
    FILE_FIELD_NCMDS,
    FILE_FIELD_SIZEOFCMDS,
    FILE_FIELD_FLAGS,
    FILE_FIELD_RESERVED,
    FILE_FIELD_NUMBER_OF_SEGMENTS,
    FILE_FIELD_SEGMENTS,
    FILE_FIELD_ENTRY_POINT,
    FILE_FIELD_STACK_SIZE
};

static const struct ov_field file_fields[] = {
    [FILE_FIELD_MAGIC] = OV_FIELD_INTEGER("magic"),
    [FILE_FIELD_CPUTYPE] = OV_FIELD_INTEGER("cputype"),
    [FILE_FIELD_CPUSUBTYPE] = OV_FIELD_INTEGER("cpusubtype"),
    [FILE_FIELD_FILETYPE] = OV_FIELD_INTEGER("filetype"),
    [FILE_FIELD_NCMDS] = OV_FIELD_INTEGER("ncmds"),
    [FILE_FIELD_SIZEOFCMDS] = OV_FIELD_INTEGER("sizeofcmds"),
    [FILE_FIELD_FLAGS] = OV_FIELD_INTEGER("flags"),
    [FILE_FIELD_RESERVED] = OV_FIELD_INTEGER("reserved"),
    [FILE_FIELD_NUMBER_OF_SEGMENTS] = OV_FIELD_INTEGER("number_of_segments"),
    [FILE_FIELD_SEGMENTS] = OV_FIELD_ARRAY("segments", &segment),
    [FILE_FIELD_ENTRY_POINT] = OV_FIELD_INTEGER("entry_point"),
    [FILE_FIELD_STACK_SIZE] = OV_FIELD_INTEGER("stack_size"),
};
static const struct ov_structure file = OV_STRUCTURE(file_fields);

enum root_field {
#define OV_CONSTANT(word, value) ROOT_##word,
#define OV_INTEGER(id, word) ROOT_FIELD_##id,
#define OV_LIST(id, word, of) ROOT_FIELD_##id,
#define OV_CALL(id, word, forms) ROOT_FIELD_##id,
#include "modules/macho_fields.def"
#undef OV_CONSTANT
#undef OV_INTEGER
#undef OV_LIST
#undef OV_CALL
};

_Static_assert(ROOT_FIELD_STACK_SIZE - ROOT_FIELD_MAGIC ==
                   FILE_FIELD_STACK_SIZE,
               "the root begins with the fields of a file");

static struct ov_datum number(uint64_t value)
{
    return ov_datum_integer((int64_t)value);
}

/* ---- one file ---- */

/* A file while it is read. */
struct file_job {
    struct ov_module_run *run;
    struct ov_macho m;
    struct ov_datum *fields;
    struct ov_datum *segments;
    uint32_t n_segments;
    uint32_t n_seen; /* segments */
    uint32_t n_sections;
    bool is_second; /* entry points are looked for when segments are known */
};

static bool is_segment(uint32_t type)
{
    return type == OV_MACHO_SEGMENT || type == OV_MACHO_SEGMENT_64;
}

static enum ov_status fill_sections(struct file_job *j,
                                    const struct ov_macho_command *c,
                                    uint32_t n, struct ov_datum *ret)
{
    bool is_64 = c->type == OV_MACHO_SEGMENT_64;
    uint64_t at = ov_macho_segment_size(is_64);
    uint64_t step = ov_macho_section_size(is_64);
    uint64_t fit = (c->bytes.len - at) / step;
    struct ov_macho_section s;
    struct ov_datum *values;

    if (n > fit)
        n = (uint32_t)fit;
    if (n > MAX_SECTIONS - j->n_sections)
        n = MAX_SECTIONS - j->n_sections;
    j->n_sections += n;
    OV_TRY(ov_budget_spend(j->run->in->budget, OV_COST_STEPS,
                           (uint64_t)RECORD_STEPS * n));
    OV_TRY(ov_datum_array(j->run, &section, n, ret, &values));
    for (uint32_t i = 0; i < n; i++) {
        struct ov_datum *f = values[i].fields;

        if (!ov_macho_section(&j->m, c->bytes, at + i * step, is_64, &s))
            break;
        f[SECTION_FIELD_SECTNAME] = ov_datum_text(s.name);
        f[SECTION_FIELD_SEGNAME] = ov_datum_text(s.segment);
        f[SECTION_FIELD_ADDR] = number(s.address);
        f[SECTION_FIELD_SIZE] = number(s.size);
        f[SECTION_FIELD_OFFSET] = number(s.at);
        f[SECTION_FIELD_ALIGN] = number(s.align);
        f[SECTION_FIELD_RELOFF] = number(s.relocations_at);
        f[SECTION_FIELD_NRELOC] = number(s.n_relocations);
        f[SECTION_FIELD_FLAGS] = number(s.flags);
        f[SECTION_FIELD_RESERVED1] = number(s.reserved[0]);
        f[SECTION_FIELD_RESERVED2] = number(s.reserved[1]);
        if (is_64)
            f[SECTION_FIELD_RESERVED3] = number(s.reserved[2]);
    }
    return OV_OK;
}

static enum ov_status fill_segment(struct file_job *j,
                                   const struct ov_macho_command *c,
                                   struct ov_datum *f)
{
    bool is_64 = c->type == OV_MACHO_SEGMENT_64;
    struct ov_span rest = ov_span_clip(j->m.bytes, c->at, UINT64_MAX);
    struct ov_macho_segment s;

    if (!ov_macho_segment(&j->m, rest, is_64, &s))
        return OV_OK;
    f[SEGMENT_FIELD_SEGNAME] = ov_datum_text(s.name);
    f[SEGMENT_FIELD_VMADDR] = number(s.address);
    f[SEGMENT_FIELD_VMSIZE] = number(s.size_in_memory);
    f[SEGMENT_FIELD_FILEOFF] = number(s.at);
    f[SEGMENT_FIELD_FSIZE] = number(s.size);
    f[SEGMENT_FIELD_FILESIZE] = number(s.size);
    f[SEGMENT_FIELD_MAXPROT] = number(s.max_protection);
    f[SEGMENT_FIELD_INITPROT] = number(s.protection);
    f[SEGMENT_FIELD_NSECTS] = number(s.n_sections);
    f[SEGMENT_FIELD_FLAGS] = number(s.flags);
    if (c->bytes.len < ov_macho_segment_size(is_64))
        return OV_OK;
    return fill_sections(j, c, s.n_sections, &f[SEGMENT_FIELD_SECTIONS]);
}

/* Where the program counter stands in a processor's thread state, and how long
 * that state is (mach/ARCH/thread_status.h of Darwin and of NeXTSTEP). */
static const struct thread_state {
    uint32_t cpu;
    uint16_t at;
    uint16_t size;
    bool is_64;
} thread_states[] = {
    {6, 68, 72, false},          /* MC680x0: pc */
    {7, 40, 64, false},          /* x86: eip */
    {12, 60, 68, false},         /* ARM: pc */
    {13, 124, 136, false},       /* MC88000: xip */
    {14, 4, 76, false},          /* SPARC: pc */
    {18, 0, 160, false},         /* PowerPC: srr0 */
    {0x1000007, 128, 168, true}, /* x86-64: rip */
    {0x100000c, 256, 272, true}, /* ARM64: pc */
    {0x1000012, 0, 304, true},   /* PowerPC 64: srr0 */
};

static bool read_thread(const struct file_job *j,
                        const struct ov_macho_command *c, uint64_t *ret)
{
    for (size_t i = 0; i < sizeof(thread_states) / sizeof(thread_states[0]);
         i++) {
        const struct thread_state *s = &thread_states[i];

        if (s->cpu != j->m.cpu)
            continue;
        if (c->bytes.len < THREAD_HEADER + s->size)
            return false;
        *ret = s->is_64 ? ov_macho_u64(&j->m, c->bytes, THREAD_HEADER + s->at)
                        : ov_macho_u32(&j->m, c->bytes, THREAD_HEADER + s->at);
        return true;
    }
    return false;
}

/* From an address to an offset in the file, by the segments. */
static bool find_offset(const struct file_job *j, uint64_t address,
                        uint64_t *ret)
{
    for (uint32_t i = 0; i < j->n_segments; i++) {
        const struct ov_datum *f = j->segments[i].fields;
        uint64_t start = (uint64_t)f[SEGMENT_FIELD_VMADDR].number;
        uint64_t end = start + (uint64_t)f[SEGMENT_FIELD_VMSIZE].number;

        if (f[SEGMENT_FIELD_VMADDR].kind != OV_DATUM_INTEGER ||
            address < start || address >= end)
            continue;
        *ret = (uint64_t)f[SEGMENT_FIELD_FILEOFF].number + (address - start);
        return true;
    }
    return false;
}

static enum ov_status fill_entry(struct file_job *j,
                                 const struct ov_macho_command *c)
{
    uint64_t address, offset;

    if (c->type == OV_MACHO_MAIN &&
        ov_span_clip(j->m.bytes, c->at, 24).len == 24) {
        struct ov_span main = ov_span_clip(j->m.bytes, c->at, 24);

        j->fields[FILE_FIELD_ENTRY_POINT] =
            number(ov_macho_u64(&j->m, main, 8));
        j->fields[FILE_FIELD_STACK_SIZE] =
            number(ov_macho_u64(&j->m, main, 16));
    } else if (c->type == OV_MACHO_UNIXTHREAD && read_thread(j, c, &address)) {
        OV_TRY(
            ov_budget_spend(j->run->in->budget, OV_COST_STEPS, j->n_segments));
        if (find_offset(j, address, &offset))
            j->fields[FILE_FIELD_ENTRY_POINT] = number(offset);
    }
    return OV_OK;
}

static enum ov_status fill_command(struct file_job *j,
                                   const struct ov_macho_command *c)
{
    if (j->is_second)
        return fill_entry(j, c);
    if (!is_segment(c->type))
        return OV_OK;
    if (j->segments == NULL || j->n_seen >= j->n_segments) {
        j->n_seen++;
        return OV_OK;
    }
    return fill_segment(j, c, j->segments[j->n_seen++].fields);
}

static enum ov_status walk_commands(struct file_job *j)
{
    struct ov_macho_command c;
    uint64_t at = 0;

    for (uint32_t i = 0; i < j->m.n_commands && ov_macho_next(&j->m, &at, &c);
         i++) {
        OV_TRY(
            ov_budget_spend(j->run->in->budget, OV_COST_STEPS, RECORD_STEPS));
        OV_TRY(fill_command(j, &c));
    }
    return OV_OK;
}

/* Counts segments, fills them in, looks for the entry point. */
static enum ov_status fill_commands(struct file_job *j)
{
    OV_TRY(walk_commands(j));
    j->fields[FILE_FIELD_NUMBER_OF_SEGMENTS] = number(j->n_seen);
    j->n_segments = j->n_seen < MAX_SEGMENTS ? j->n_seen : MAX_SEGMENTS;
    OV_TRY(ov_datum_array(j->run, &segment, j->n_segments,
                          &j->fields[FILE_FIELD_SEGMENTS], &j->segments));
    j->n_seen = 0;
    OV_TRY(walk_commands(j));
    j->is_second = true;
    return walk_commands(j);
}

static enum ov_status fill_file(struct ov_module_run *run, struct ov_span bytes,
                                struct ov_datum *f)
{
    struct file_job j = {.run = run, .fields = f};

    if (bytes.len < HEADER_MIN || ov_macho_open(bytes, &j.m) != OV_OK)
        return OV_OK;
    f[FILE_FIELD_MAGIC] = number(j.m.magic);
    f[FILE_FIELD_CPUTYPE] = number(j.m.cpu);
    f[FILE_FIELD_CPUSUBTYPE] = number(j.m.subtype);
    f[FILE_FIELD_FILETYPE] = number(j.m.file_type);
    f[FILE_FIELD_NCMDS] = number(j.m.n_commands);
    f[FILE_FIELD_SIZEOFCMDS] = number(j.m.size_of_commands);
    f[FILE_FIELD_FLAGS] = number(j.m.flags);
    if (j.m.is_64)
        f[FILE_FIELD_RESERVED] = number(j.m.reserved);
    return fill_commands(&j);
}

/* ---- universal binaries ---- */

static enum ov_status fill_files(struct ov_module_run *run, bool is_64,
                                 uint32_t n, struct ov_datum *archs)
{
    struct ov_span all = run->in->bytes;
    struct ov_macho_arch arch;
    struct ov_datum *files;
    struct ov_span bytes;

    OV_TRY(
        ov_datum_array(run, &file, n, &run->fields[ROOT_FIELD_FILE], &files));
    for (uint32_t i = 0; i < n; i++) {
        struct ov_datum *f = archs[i].fields;

        if (!ov_macho_arch_entry(all, i, is_64, &arch))
            break;
        f[ARCH_FIELD_CPUTYPE] = number(arch.cpu);
        f[ARCH_FIELD_CPUSUBTYPE] = number(arch.subtype);
        f[ARCH_FIELD_OFFSET] = number(arch.at);
        f[ARCH_FIELD_SIZE] = number(arch.size);
        f[ARCH_FIELD_ALIGN] = number(arch.align);
        f[ARCH_FIELD_RESERVED] = number(arch.reserved);
        if (ov_span_sub(all, arch.at, arch.size, &bytes))
            OV_TRY(fill_file(run, bytes, files[i].fields));
        else
            files[i].kind = OV_DATUM_UNDEFINED;
    }
    return OV_OK;
}

static enum ov_status fill_fat(struct ov_module_run *run, uint32_t magic)
{
    struct ov_span all = run->in->bytes, table;
    bool is_64 = (magic & 0xff) != 0xbe;
    struct ov_datum *archs;
    uint32_t n = 0;

    run->fields[ROOT_FIELD_FAT_MAGIC] = number(magic);
    if (!ov_span_u32be(all, 4, &n))
        return OV_OK;
    run->fields[ROOT_FIELD_NFAT_ARCH] = number(n);
    if (!ov_span_array(all, FAT_HEADER, n, is_64 ? 32 : 20, &table))
        return OV_OK;
    if (n > MAX_FILES)
        n = MAX_FILES;
    OV_TRY(ov_datum_array(run, &fat_arch, n, &run->fields[ROOT_FIELD_FAT_ARCH],
                          &archs));
    return fill_files(run, is_64, n, archs);
}

static bool is_fat_magic(uint32_t magic)
{
    return magic == 0xcafebabe || magic == 0xcafebabf || magic == 0xbebafeca ||
           magic == 0xbfbafeca;
}

static bool is_file_magic(uint32_t magic)
{
    return magic == 0xfeedface || magic == 0xfeedfacf || magic == 0xcefaedfe ||
           magic == 0xcffaedfe;
}

static enum ov_status fill(struct ov_module_run *run, unsigned group)
{
    uint32_t magic = 0;

    (void)group;
    if (!ov_span_u32be(run->in->bytes, 0, &magic))
        return OV_OK;
    if (is_file_magic(magic))
        return fill_file(run, run->in->bytes, run->fields + ROOT_FIELD_MAGIC);
    return is_fat_magic(magic) ? fill_fat(run, magic) : OV_OK;
}

/* ---- functions ---- */

/* The first item of a list (files, or entries of the table) for that processor;
 * has_subtype: and that model of it. -1: none. Both lists begin with the same
 * fields but for the magic. */
static enum ov_status find_cpu(struct ov_module_call *call, uint32_t list,
                               bool has_subtype, int64_t *ret)
{
    uint32_t cpu = list == ROOT_FIELD_FILE ? FILE_FIELD_CPUTYPE
                                           : (uint32_t)ARCH_FIELD_CPUTYPE;
    struct ov_datum items;

    *ret = -1;
    OV_TRY(ov_module_get(call->run, list, &items));
    if (items.kind != OV_DATUM_ARRAY)
        return OV_OK;
    for (uint32_t i = 0; i < items.items->n; i++) {
        const struct ov_datum *f = items.items->values[i].fields + cpu;

        if (f[0].kind != OV_DATUM_INTEGER ||
            f[0].number != call->arguments[0].number ||
            (has_subtype && f[1].number != call->arguments[1].number))
            continue;
        *ret = i;
        return OV_OK;
    }
    return OV_OK;
}

/* By what the files say. */
static enum ov_status give_index(struct ov_module_call *call, bool has_subtype,
                                 struct ov_datum *ret)
{
    int64_t i;

    OV_TRY(find_cpu(call, ROOT_FIELD_FILE, has_subtype, &i));
    *ret = i < 0 ? (struct ov_datum){0} : ov_datum_integer(i);
    return OV_OK;
}

/* By what the table says: an offset in the universal binary. */
static enum ov_status give_entry(struct ov_module_call *call, bool has_subtype,
                                 struct ov_datum *ret)
{
    const struct ov_datum *root = call->run->fields;
    const struct ov_datum *file_of, *arch_of;
    int64_t i;

    *ret = (struct ov_datum){0};
    OV_TRY(find_cpu(call, ROOT_FIELD_FAT_ARCH, has_subtype, &i));
    if (i < 0)
        return OV_OK;
    file_of = root[ROOT_FIELD_FILE].items->values[i].fields;
    arch_of = root[ROOT_FIELD_FAT_ARCH].items->values[i].fields;
    if (file_of[FILE_FIELD_ENTRY_POINT].kind == OV_DATUM_INTEGER)
        *ret = number((uint64_t)file_of[FILE_FIELD_ENTRY_POINT].number +
                      (uint64_t)arch_of[ARCH_FIELD_OFFSET].number);
    return OV_OK;
}

static enum ov_status call_index(struct ov_module_call *call,
                                 struct ov_datum *ret)
{
    return give_index(call, false, ret);
}

static enum ov_status call_index_subtype(struct ov_module_call *call,
                                         struct ov_datum *ret)
{
    return give_index(call, true, ret);
}

static enum ov_status call_entry(struct ov_module_call *call,
                                 struct ov_datum *ret)
{
    return give_entry(call, false, ret);
}

static enum ov_status call_entry_subtype(struct ov_module_call *call,
                                         struct ov_datum *ret)
{
    return give_entry(call, true, ret);
}

static const struct ov_function file_index[] = {
    {.arguments = "i", .result = OV_DATUM_INTEGER, .call = call_index},
    {.arguments = "ii", .result = OV_DATUM_INTEGER, .call = call_index_subtype},
};
static const struct ov_function entry_point[] = {
    {.arguments = "i", .result = OV_DATUM_INTEGER, .call = call_entry},
    {.arguments = "ii", .result = OV_DATUM_INTEGER, .call = call_entry_subtype},
};

/* clang-format off */
static const struct ov_field fields[] = {
#define OV_CONSTANT(word, value) OV_FIELD_CONSTANT(#word, value),
#define OV_INTEGER(id, word) OV_FIELD_INTEGER(word),
#define OV_LIST(id, word, of) OV_FIELD_ARRAY(word, &(of)),
#define OV_CALL(id, word, forms) OV_FIELD_FUNCTION(word, forms),
#include "modules/macho_fields.def"
#undef OV_CONSTANT
#undef OV_INTEGER
#undef OV_LIST
#undef OV_CALL
};
/* clang-format on */

extern const struct ov_module ov_module_macho;
const struct ov_module ov_module_macho = {
    .name = "macho",
    .root = OV_STRUCTURE(fields),
    .fill = fill,
};
