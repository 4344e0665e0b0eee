/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "elf" (YARA documentation, "ELF module"; YARA-X documentation,
 * "elf"): header, sections, segments, the dynamic section and both symbol
 * tables, as formats/elf.c reads them; telfhash() and import_md5().
 *
 * What is damaged is taken as yara takes it: a table that does not lie inside
 * of the file is not there at all, of several dynamic segments or symbol tables
 * the last one is told. Of a symbol table the first 262,144 entries have
 * values, of the dynamic section the first 65,536; the hashes see all. Every
 * record costs some steps.
 *
 * Source of telfhash: Trend Micro, "telfhash" (names of global functions that
 * are not the C library's usual ones, lower-case, sorted, as TLSH). import_md5
 * is the MD5 of the names of undefined symbols in the same form. */
#include "base/text.h"
#include "formats/elf.h"
#include "modules/module.h"
#include "modules/tlsh.h"

#define MAX_SYMBOLS (1u << 18)
#define MAX_DYNAMIC (1u << 16)
#define RECORD_STEPS 20

#define SECTION_SYMTAB 2
#define SECTION_STRTAB 3
#define SECTION_NOBITS 8
#define SECTION_DYNSYM 11
#define SEGMENT_DYNAMIC 2
#define TYPE_EXECUTABLE 2
#define SYMBOL_FUNCTION 2
#define SYMBOL_GLOBAL 1

enum section_field {
    SECTION_FIELD_TYPE,
    SECTION_FIELD_FLAGS,
    SECTION_FIELD_ADDRESS,
    SECTION_FIELD_NAME,
    SECTION_FIELD_SIZE,
    SECTION_FIELD_OFFSET
};

static const struct ov_field section_fields[] = {
    [SECTION_FIELD_TYPE] = OV_FIELD_INTEGER("type"),
    [SECTION_FIELD_FLAGS] = OV_FIELD_INTEGER("flags"),
    [SECTION_FIELD_ADDRESS] = OV_FIELD_INTEGER("address"),
    [SECTION_FIELD_NAME] = OV_FIELD_TEXT("name"),
    [SECTION_FIELD_SIZE] = OV_FIELD_INTEGER("size"),
    [SECTION_FIELD_OFFSET] = OV_FIELD_INTEGER("offset"),
};
static const struct ov_structure section = OV_STRUCTURE(section_fields);

enum segment_field {
    SEGMENT_FIELD_TYPE,
    SEGMENT_FIELD_FLAGS,
    SEGMENT_FIELD_OFFSET,
    SEGMENT_FIELD_VIRTUAL_ADDRESS,
    SEGMENT_FIELD_PHYSICAL_ADDRESS,
    SEGMENT_FIELD_FILE_SIZE,
    SEGMENT_FIELD_MEMORY_SIZE,
    SEGMENT_FIELD_ALIGNMENT
};

static const struct ov_field segment_fields[] = {
    [SEGMENT_FIELD_TYPE] = OV_FIELD_INTEGER("type"),
    [SEGMENT_FIELD_FLAGS] = OV_FIELD_INTEGER("flags"),
    [SEGMENT_FIELD_OFFSET] = OV_FIELD_INTEGER("offset"),
    [SEGMENT_FIELD_VIRTUAL_ADDRESS] = OV_FIELD_INTEGER("virtual_address"),
    [SEGMENT_FIELD_PHYSICAL_ADDRESS] = OV_FIELD_INTEGER("physical_address"),
    [SEGMENT_FIELD_FILE_SIZE] = OV_FIELD_INTEGER("file_size"),
    [SEGMENT_FIELD_MEMORY_SIZE] = OV_FIELD_INTEGER("memory_size"),
    [SEGMENT_FIELD_ALIGNMENT] = OV_FIELD_INTEGER("alignment"),
};
static const struct ov_structure segment = OV_STRUCTURE(segment_fields);

enum dynamic_field {
    DYNAMIC_FIELD_TYPE,
    DYNAMIC_FIELD_VAL
};

static const struct ov_field dynamic_fields[] = {
    [DYNAMIC_FIELD_TYPE] = OV_FIELD_INTEGER("type"),
    [DYNAMIC_FIELD_VAL] = OV_FIELD_INTEGER("val"),
};
static const struct ov_structure dynamic = OV_STRUCTURE(dynamic_fields);

enum symbol_field {
    SYMBOL_FIELD_NAME,
    SYMBOL_FIELD_VALUE,
    SYMBOL_FIELD_SIZE,
    SYMBOL_FIELD_TYPE,
    SYMBOL_FIELD_BIND,
    SYMBOL_FIELD_SHNDX,
    SYMBOL_FIELD_VISIBILITY
};

static const struct ov_field symbol_fields[] = {
    [SYMBOL_FIELD_NAME] = OV_FIELD_TEXT("name"),
    [SYMBOL_FIELD_VALUE] = OV_FIELD_INTEGER("value"),
    [SYMBOL_FIELD_SIZE] = OV_FIELD_INTEGER("size"),
    [SYMBOL_FIELD_TYPE] = OV_FIELD_INTEGER("type"),
    [SYMBOL_FIELD_BIND] = OV_FIELD_INTEGER("bind"),
    [SYMBOL_FIELD_SHNDX] = OV_FIELD_INTEGER("shndx"),
    [SYMBOL_FIELD_VISIBILITY] = OV_FIELD_INTEGER("visibility"),
};
static const struct ov_structure symbol = OV_STRUCTURE(symbol_fields);

enum root_field {
#define OV_CONSTANT(word, value) ROOT_##word,
#define OV_INTEGER(id, word, in_group) ROOT_##id,
#define OV_LIST(id, word, of, in_group) ROOT_##id,
#define OV_CALL(id, word, forms) ROOT_##id,
#include "modules/elf_fields.def"
#undef OV_CONSTANT
#undef OV_INTEGER
#undef OV_LIST
#undef OV_CALL
};

enum root_group {
    GROUP_HEADER,
    GROUP_SECTIONS,
    GROUP_SEGMENTS,
    GROUP_SYMTAB,
    GROUP_DYNSYM
};

static struct ov_datum number(uint64_t value)
{
    return ov_datum_integer((int64_t)value);
}

/* ---- tables inside of the file ---- */

static bool is_inside(const struct ov_elf *e, uint64_t at, uint64_t n,
                      uint64_t size)
{
    struct ov_span table;

    return at < e->bytes.len && ov_span_array(e->bytes, at, n, size, &table);
}

static bool has_sections(const struct ov_elf *e)
{
    return e->n_sections < 0xff00 && e->names_section < e->n_sections &&
           is_inside(e, e->sections_at, e->n_sections, ov_elf_section_size(e));
}

static bool has_segments(const struct ov_elf *e)
{
    return e->n_segments > 0 && e->n_segments < 0xffff &&
           is_inside(e, e->segments_at, e->n_segments, ov_elf_segment_size(e));
}

/* The string at an offset in a table of strings, which begins with an empty
 * one; false if it does not end in the table. */
static bool string_at(struct ov_span table, uint64_t at, struct ov_span *ret)
{
    size_t end;

    if (ov_span_byte(table, 0) != 0 || at >= table.len)
        return false;
    end = ov_span_find_byte(table, 0, (size_t)at);
    return end != SIZE_MAX && ov_span_sub(table, at, end - at, ret);
}

/* ---- header ---- */

static bool entry_by_segments(const struct ov_elf *e, uint64_t *ret)
{
    uint64_t mask = e->is_64 ? UINT64_MAX : UINT32_MAX;
    struct ov_elf_segment s;

    if (e->segments_at == 0 || e->n_segments == 0 ||
        !is_inside(e, e->segments_at, e->n_segments, ov_elf_segment_size(e)))
        return false;
    for (uint64_t i = 0; i < e->n_segments; i++) {
        if (!ov_elf_segment(e, i, &s) || e->entry < s.address ||
            e->entry >= ((s.address + s.size_in_memory) & mask))
            continue;
        *ret = s.at + (e->entry - s.address);
        return true;
    }
    return false;
}

static bool entry_by_sections(const struct ov_elf *e, uint64_t *ret)
{
    uint64_t mask = e->is_64 ? UINT64_MAX : UINT32_MAX;
    struct ov_elf_section s;

    if (e->sections_at == 0 || e->n_sections == 0 ||
        !is_inside(e, e->sections_at, e->n_sections, ov_elf_section_size(e)))
        return false;
    for (uint64_t i = 0; i < e->n_sections; i++) {
        if (!ov_elf_section(e, i, &s) || s.type == 0 ||
            s.type == SECTION_NOBITS || e->entry < s.address ||
            e->entry >= ((s.address + s.size) & mask))
            continue;
        *ret = s.at + (e->entry - s.address);
        return true;
    }
    return false;
}

static enum ov_status fill_header(struct ov_module_run *run,
                                  const struct ov_elf *e)
{
    struct ov_datum *f = run->fields;
    uint64_t entry;

    f[ROOT_TYPE] = number(e->type);
    f[ROOT_MACHINE] = number(e->machine);
    f[ROOT_OSABI] = number(e->abi);
    f[ROOT_SH_OFFSET] = number(e->sections_at);
    f[ROOT_SH_ENTRY_SIZE] = number(e->section_size);
    f[ROOT_NUMBER_OF_SECTIONS] = number(e->n_sections);
    f[ROOT_PH_OFFSET] = number(e->segments_at);
    f[ROOT_PH_ENTRY_SIZE] = number(e->segment_size);
    f[ROOT_NUMBER_OF_SEGMENTS] = number(e->n_segments);
    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS,
                           RECORD_STEPS *
                               ((uint64_t)e->n_segments + e->n_sections)));
    if (run->in->address != 0) /* a process: yara adds them up, whatever the
                                   entry is counted from */
        f[ROOT_ENTRY_POINT] = number(run->in->address + e->entry);
    else if (e->entry != 0 &&
             (e->type == TYPE_EXECUTABLE ? entry_by_segments(e, &entry)
                                         : entry_by_sections(e, &entry)))
        f[ROOT_ENTRY_POINT] = number(entry);
    return OV_OK;
}

/* ---- sections, segments ---- */

/* The strings that sections are named by; empty if there are none. */
static struct ov_span section_names(const struct ov_elf *e)
{
    struct ov_elf_section names;

    if (!ov_elf_section(e, e->names_section, &names) || names.at == 0)
        return (struct ov_span){0};
    return ov_span_clip(e->bytes, names.at, UINT64_MAX);
}

static enum ov_status fill_sections(struct ov_module_run *run,
                                    const struct ov_elf *e)
{
    struct ov_span names, name;
    struct ov_elf_section s;
    struct ov_datum *values;

    if (!has_sections(e))
        return OV_OK;
    names = section_names(e);
    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS,
                           (uint64_t)RECORD_STEPS * e->n_sections));
    OV_TRY(ov_datum_array(run, &section, e->n_sections,
                          &run->fields[ROOT_SECTIONS], &values));
    for (uint32_t i = 0; i < e->n_sections; i++) {
        struct ov_datum *f = values[i].fields;

        if (!ov_elf_section(e, i, &s))
            break;
        f[SECTION_FIELD_TYPE] = number(s.type);
        f[SECTION_FIELD_FLAGS] = number(s.flags);
        f[SECTION_FIELD_ADDRESS] = number(s.address);
        f[SECTION_FIELD_SIZE] = number(s.size);
        f[SECTION_FIELD_OFFSET] = number(s.at);
        if (!string_at(names, s.name, &name))
            continue;
        OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS, name.len));
        f[SECTION_FIELD_NAME] = ov_datum_text(name);
    }
    return OV_OK;
}

/* How many entries a dynamic section has, its end among them. */
static enum ov_status count_dynamic(struct ov_module_run *run,
                                    const struct ov_elf *e, uint64_t at,
                                    uint64_t *ret)
{
    struct ov_elf_dynamic d;
    uint64_t n = 0;

    while (ov_elf_dynamic(e, at, n, &d)) {
        n++;
        if (d.tag == 0)
            break;
    }
    *ret = n;
    return ov_budget_spend(run->in->budget, OV_COST_STEPS, RECORD_STEPS * n);
}

static enum ov_status fill_dynamic(struct ov_module_run *run,
                                   const struct ov_elf *e, uint64_t at)
{
    struct ov_elf_dynamic d;
    struct ov_datum *values;
    uint64_t n;

    OV_TRY(count_dynamic(run, e, at, &n));
    run->fields[ROOT_DYNAMIC_SECTION_ENTRIES] = number(n);
    if (n > MAX_DYNAMIC)
        n = MAX_DYNAMIC;
    OV_TRY(ov_datum_array(run, &dynamic, (uint32_t)n,
                          &run->fields[ROOT_DYNAMIC], &values));
    for (uint32_t i = 0; i < n && ov_elf_dynamic(e, at, i, &d); i++) {
        values[i].fields[DYNAMIC_FIELD_TYPE] = number(d.tag);
        values[i].fields[DYNAMIC_FIELD_VAL] = number(d.value);
    }
    return OV_OK;
}

static enum ov_status fill_segments(struct ov_module_run *run,
                                    const struct ov_elf *e)
{
    uint64_t dynamic_at = 0;
    bool has_dynamic = false;
    struct ov_elf_segment s;
    struct ov_datum *values;

    if (!has_segments(e))
        return OV_OK;
    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS,
                           (uint64_t)RECORD_STEPS * e->n_segments));
    OV_TRY(ov_datum_array(run, &segment, e->n_segments,
                          &run->fields[ROOT_SEGMENTS], &values));
    for (uint32_t i = 0; i < e->n_segments; i++) {
        struct ov_datum *f = values[i].fields;

        if (!ov_elf_segment(e, i, &s))
            break;
        f[SEGMENT_FIELD_TYPE] = number(s.type);
        f[SEGMENT_FIELD_FLAGS] = number(s.flags);
        f[SEGMENT_FIELD_OFFSET] = number(s.at);
        f[SEGMENT_FIELD_VIRTUAL_ADDRESS] = number(s.address);
        f[SEGMENT_FIELD_PHYSICAL_ADDRESS] = number(s.physical);
        f[SEGMENT_FIELD_FILE_SIZE] = number(s.size);
        f[SEGMENT_FIELD_MEMORY_SIZE] = number(s.size_in_memory);
        f[SEGMENT_FIELD_ALIGNMENT] = number(s.alignment);
        if (s.type == SEGMENT_DYNAMIC) {
            dynamic_at = s.at;
            has_dynamic = true;
        }
    }
    return has_dynamic ? fill_dynamic(run, e, dynamic_at) : OV_OK;
}

/* ---- symbols ---- */

struct symbols {
    uint64_t at;
    uint64_t n;
    struct ov_span names;
};

/* The last symbol table of that type whose strings are a table of strings;
 * false if there is none, or it does not lie inside of the file. */
static bool find_symbols(const struct ov_elf *e, uint32_t type,
                         struct symbols *ret)
{
    struct ov_elf_section s, strings, table = {0}, names = {0};
    struct ov_span bytes;
    bool is_found = false;

    if (!has_sections(e))
        return false;
    for (uint32_t i = 0; i < e->n_sections; i++) {
        if (!ov_elf_section(e, i, &s) || s.type != type ||
            s.link >= e->n_sections || !ov_elf_section(e, s.link, &strings) ||
            strings.type != SECTION_STRTAB)
            continue;
        table = s;
        names = strings;
        is_found = true;
    }
    if (!is_found ||
        !ov_span_sub(e->bytes, names.at, names.size, &ret->names) ||
        !ov_span_sub(e->bytes, table.at, table.size, &bytes))
        return false;
    ret->at = table.at;
    ret->n = table.size / ov_elf_symbol_size(e);
    return true;
}

static enum ov_status fill_symbols(struct ov_module_run *run,
                                   const struct ov_elf *e, uint32_t type,
                                   enum root_field count, enum root_field list)
{
    struct ov_datum *values;
    struct ov_elf_symbol s;
    struct symbols table;
    struct ov_span name;
    uint32_t n;

    if (!find_symbols(e, type, &table))
        return OV_OK;
    run->fields[count] = number(table.n);
    n = table.n < MAX_SYMBOLS ? (uint32_t)table.n : MAX_SYMBOLS;
    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS,
                           (uint64_t)RECORD_STEPS * n));
    OV_TRY(ov_datum_array(run, &symbol, n, &run->fields[list], &values));
    for (uint32_t i = 0; i < n && ov_elf_symbol(e, table.at, i, &s); i++) {
        struct ov_datum *f = values[i].fields;

        f[SYMBOL_FIELD_VALUE] = number(s.value);
        f[SYMBOL_FIELD_SIZE] = number(s.size);
        f[SYMBOL_FIELD_TYPE] = number(s.type);
        f[SYMBOL_FIELD_BIND] = number(s.bind);
        f[SYMBOL_FIELD_SHNDX] = number(s.section);
        f[SYMBOL_FIELD_VISIBILITY] = number(s.visibility);
        if (!string_at(table.names, s.name, &name))
            continue;
        OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS, name.len));
        f[SYMBOL_FIELD_NAME] = ov_datum_text(name);
    }
    return OV_OK;
}

/* yara looks at files whose header says what they are, and which are longer
 * than that. */
static bool open_elf(const struct ov_module_run *run, struct ov_elf *ret)
{
    struct ov_span bytes = run->in->bytes;

    return ov_span_starts(bytes, OV_SPAN_LIT("\x7f"
                                             "ELF")) &&
           ov_elf_open(bytes, ret) == OV_OK &&
           (ret->data == 1 || ret->data == 2) &&
           bytes.len > (ret->is_64 ? 64 : 52);
}

static enum ov_status fill(struct ov_module_run *run, unsigned group)
{
    struct ov_elf e;

    if (!open_elf(run, &e))
        return OV_OK;
    if (group == GROUP_HEADER)
        return fill_header(run, &e);
    if (group == GROUP_SECTIONS)
        return fill_sections(run, &e);
    if (group == GROUP_SEGMENTS)
        return fill_segments(run, &e);
    if (group == GROUP_SYMTAB)
        return fill_symbols(run, &e, SECTION_SYMTAB, ROOT_SYMTAB_ENTRIES,
                            ROOT_SYMTAB);
    return fill_symbols(run, &e, SECTION_DYNSYM, ROOT_DYNSYM_ENTRIES,
                        ROOT_DYNSYM);
}

/* ---- hashes ---- */

/* Names that telfhash leaves out, as almost every program has them. */
static bool is_usual(struct ov_span name)
{
    static const char *const words[] = {
        "__libc_start_main", "main", "abort", "cachectl",
        "cacheflush",        "puts", "atol",  "malloc_trim"};
    int first = ov_span_byte(name, 0);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (ov_span_equal(name, ov_span_str(words[i])))
            return true;
    }
    return first == '.' || first == '_' ||
           ov_span_starts(name, OV_SPAN_LIT("mem")) ||
           ov_span_starts(name, OV_SPAN_LIT("str")) ||
           ov_span_ends(name, OV_SPAN_LIT("64"));
}

static bool is_in_telfhash(const struct ov_elf_symbol *s, struct ov_span name)
{
    return s->type == SYMBOL_FUNCTION && s->bind == SYMBOL_GLOBAL &&
           s->visibility == 0 && !is_usual(name);
}

static bool is_import(const struct ov_elf_symbol *s, struct ov_span name)
{
    return s->section == 0 && name.len > 0;
}

static int compare_names(const void *a, const void *b)
{
    return ov_span_compare(*(const struct ov_span *)a,
                           *(const struct ov_span *)b);
}

static enum ov_status lower_copy(struct ov_module_run *run, struct ov_span name,
                                 struct ov_span *ret)
{
    uint8_t *copy = ov_arena_alloc(run->in->arena, name.len);

    if (copy == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < name.len; i++)
        copy[i] = ov_lower((uint8_t)ov_span_byte(name, i));
    *ret = ov_span_of(copy, name.len);
    return OV_OK;
}

/* The names of the chosen symbols, lower-case and sorted, with commas between
 * them. Symbols are the dynamic ones if there are any. OV_UNSUPPORTED: this is
 * no ELF. */
static enum ov_status join_names(struct ov_module_run *run,
                                 bool (*is_in)(const struct ov_elf_symbol *,
                                               struct ov_span),
                                 struct ov_buf *out)
{
    struct symbols table = {0};
    struct ov_elf_symbol s;
    struct ov_span *names;
    struct ov_span name;
    struct ov_elf e;
    size_t n = 0;

    if (!open_elf(run, &e))
        return OV_UNSUPPORTED;
    if ((!find_symbols(&e, SECTION_DYNSYM, &table) || table.n == 0) &&
        !find_symbols(&e, SECTION_SYMTAB, &table))
        return OV_OK;
    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS,
                           RECORD_STEPS * 10 * table.n));
    names = ov_arena_array(run->in->arena, table.n, sizeof(*names));
    if (names == NULL && table.n > 0)
        return OV_NO_MEMORY;
    for (uint64_t i = 0; i < table.n; i++) {
        if (!ov_elf_symbol(&e, table.at, i, &s) ||
            !string_at(table.names, s.name, &name))
            continue;
        OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS, name.len));
        if (is_in(&s, name))
            OV_TRY(lower_copy(run, name, &names[n++]));
    }
    if (n > 0)
        qsort(names, n, sizeof(*names), compare_names);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            ov_put_u8(out, ',');
        ov_put_span(out, names[i]);
    }
    return ov_buf_status(out);
}

static enum ov_status make_telfhash(struct ov_module_run *run,
                                    struct ov_span names, struct ov_buf *out)
{
    char hash[OV_TLSH_CHARS];

    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS, 20 * names.len));
    if (ov_tlsh(names, hash))
        ov_put_span(out, ov_span_of(hash, sizeof(hash)));
    return ov_buf_status(out);
}

static enum ov_status make_md5(struct ov_module_run *run, struct ov_span names,
                               struct ov_buf *out)
{
    uint8_t digest[OV_DIGEST_MAX];

    (void)run;
    OV_TRY(ov_digest(OV_MD5, names, digest));
    ov_put_hex(out, ov_span_of(digest, ov_digest_len(OV_MD5)));
    return ov_buf_status(out);
}

/* What calls have made already. */
enum made {
    MADE_TELFHASH,
    MADE_IMPORT_MD5,
    N_MADE
};

struct elf_state {
    bool is_made[N_MADE];
    struct ov_datum made[N_MADE];
};

static enum ov_status make_hash(struct ov_module_run *run, enum made kind,
                                struct ov_datum *ret)
{
    OV_AUTO_DONE(buf) names = ov_buf_with_max(UINT32_MAX);
    OV_AUTO_DONE(buf) hash = ov_buf_with_max(OV_TLSH_CHARS);
    struct ov_span kept;

    if (kind == MADE_TELFHASH) {
        OV_TRY(join_names(run, is_in_telfhash, &names));
        OV_TRY(make_telfhash(run, ov_buf_span(&names), &hash));
    } else {
        OV_TRY(join_names(run, is_import, &names));
        OV_TRY(make_md5(run, ov_buf_span(&names), &hash));
    }
    if (hash.len == 0)
        return OV_UNSUPPORTED;
    if (!ov_arena_copy(run->in->arena, ov_buf_span(&hash), &kept))
        return OV_NO_MEMORY;
    *ret = ov_datum_text(kept);
    return OV_OK;
}

static enum ov_status give_hash(struct ov_module_run *run, enum made kind,
                                struct ov_datum *ret)
{
    struct elf_state *state = run->state;

    if (state == NULL)
        state = run->state = ov_arena_alloc(run->in->arena, sizeof(*state));
    if (state == NULL)
        return OV_NO_MEMORY;
    if (!state->is_made[kind]) {
        enum ov_status status = make_hash(run, kind, &state->made[kind]);

        if (status != OV_OK && status != OV_UNSUPPORTED)
            return status;
        state->is_made[kind] = true;
    }
    *ret = state->made[kind];
    return OV_OK;
}

static enum ov_status call_telfhash(struct ov_module_call *call,
                                    struct ov_datum *ret)
{
    return give_hash(call->run, MADE_TELFHASH, ret);
}

static enum ov_status call_import_md5(struct ov_module_call *call,
                                      struct ov_datum *ret)
{
    return give_hash(call->run, MADE_IMPORT_MD5, ret);
}

static const struct ov_function telfhash[] = {
    {.arguments = "", .result = OV_DATUM_STRING, .call = call_telfhash},
};
static const struct ov_function import_md5[] = {
    {.arguments = "", .result = OV_DATUM_STRING, .call = call_import_md5},
};

/* clang-format off */
static const struct ov_field fields[] = {
#define OV_CONSTANT(word, value) OV_FIELD_CONSTANT(#word, value),
#define OV_INTEGER(id, word, in_group)                                         \
    {.name = (word), .kind = OV_DATUM_INTEGER, .group = (in_group)},
#define OV_LIST(id, word, of, in_group)                                        \
    {.name = (word), .kind = OV_DATUM_ARRAY, .item = OV_DATUM_STRUCTURE,       \
     .structure = &(of), .group = (in_group)},
#define OV_CALL(id, word, forms) OV_FIELD_FUNCTION(word, forms),
#include "modules/elf_fields.def"
#undef OV_CONSTANT
#undef OV_INTEGER
#undef OV_LIST
#undef OV_CALL
};
/* clang-format on */

extern const struct ov_module ov_module_elf;
const struct ov_module ov_module_elf = {
    .name = "elf",
    .root = OV_STRUCTURE(fields),
    .fill = fill,
};
