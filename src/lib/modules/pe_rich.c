/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "pe": what the tools that made a file left in it: Microsoft's
 * linker lists the compilers ("rich" header), and the path of the debug
 * information.
 *
 * The rich header lies before "PE", in steps of 4 bytes from there: "Rich" and
 * a key end it; before that, going back, is "DanS" under that key, three times
 * the key, then pairs of words under the key: tool (high half: its kind, low
 * half: its version) and how often it was used.
 *
 * Source: Microsoft "PE Format", "Debug Directory"; "Microsoft's Rich
 * Signature (undocumented)", Daniel Pistelli, 2008. */
#include "modules/pe_module.h"

#define LFANEW_AT 60
#define DOS_HEADER_SIZE 64
#define MARK_RICH 0x68636952u
#define MARK_DANS 0x536e6144u
#define RICH_HEADER_SIZE 16
#define RICH_TOOL_SIZE 8

#define DEBUG_ENTRY_SIZE 28
#define DEBUG_CODEVIEW 2
#define PATH_MAX_LEN 260
#define DEBUG_MAX_ENTRIES 65536

/* The last place before `before`, in steps of 4 down from it, where word is. */
static bool find_back(struct ov_span bytes, uint64_t before, uint32_t word,
                      uint64_t *ret)
{
    uint32_t here;

    while (before >= DOS_HEADER_SIZE + 4) {
        before -= 4;
        if (ov_span_u32le(bytes, before, &here) && here == word) {
            *ret = before;
            return true;
        }
    }
    return false;
}

static bool find_rich(struct ov_span bytes, uint32_t lfanew,
                      struct ov_span *ret_raw, uint64_t *ret_at,
                      uint32_t *ret_key)
{
    uint64_t end, start;
    uint32_t key = 0;

    if (!find_back(bytes, lfanew, MARK_RICH, &end) ||
        !ov_span_u32le(bytes, end + 4, &key) || key == 0 ||
        !find_back(bytes, end, MARK_DANS ^ key, &start))
        return false;
    for (unsigned i = 1; i <= 3; i++) {
        uint32_t again;

        if (!ov_span_u32le(bytes, start + 4 * i, &again) || again != key)
            return false;
    }
    *ret_at = start;
    *ret_key = key;
    return ov_span_sub(bytes, start, end - start, ret_raw);
}

/* raw with the key taken off; every second word behind its head, too, in
 * ret_versions. */
static enum ov_status decode(struct ov_module_run *run, struct ov_span raw,
                             uint32_t key, struct ov_span *ret_clear,
                             struct ov_span *ret_versions)
{
    uint8_t *clear = ov_arena_alloc(run->in->arena, raw.len);
    uint8_t *versions = ov_arena_alloc(run->in->arena, raw.len);
    size_t n_versions = 0;

    if (clear == NULL || versions == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < raw.len; i++)
        clear[i] =
            (uint8_t)((unsigned)ov_span_byte(raw, i) ^ key >> (i % 4 * 8));
    for (size_t i = RICH_HEADER_SIZE; i + RICH_TOOL_SIZE <= raw.len;
         i += RICH_TOOL_SIZE)
        for (size_t k = 0; k < 4; k++)
            versions[n_versions++] = clear[i + k];
    *ret_clear = ov_span_of(clear, raw.len);
    *ret_versions = ov_span_of(versions, n_versions);
    return OV_OK;
}

static enum ov_status fill_tools(struct ov_module_run *run,
                                 struct ov_span clear, struct ov_datum *ret)
{
    size_t n = clear.len < RICH_HEADER_SIZE
                   ? 0
                   : (clear.len - RICH_HEADER_SIZE) / RICH_TOOL_SIZE;
    struct ov_datum *values;

    OV_TRY(ov_datum_array(run, &ov_pe_tool_item, (uint32_t)n, ret, &values));
    for (size_t i = 0; i < n; i++) {
        struct ov_datum *fields = values[i].fields;
        uint64_t at = RICH_HEADER_SIZE + i * RICH_TOOL_SIZE;
        uint32_t tool = 0, times = 0;

        (void)ov_span_u32le(clear, at, &tool);
        (void)ov_span_u32le(clear, at + 4, &times);
        fields[PE_TOOL_TOOLID] = ov_datum_integer(tool >> 16);
        fields[PE_TOOL_VERSION] = ov_datum_integer(tool & 0xffff);
        fields[PE_TOOL_TIMES] = ov_datum_integer(times);
    }
    return OV_OK;
}

enum ov_status ov_pe_fill_rich(struct ov_module_run *run,
                               const struct ov_pe *pe)
{
    struct ov_datum *fields = run->fields[PE_RICH_SIGNATURE].fields;
    struct ov_span raw, clear, versions;
    uint32_t lfanew, key;
    uint64_t at;

    if (!ov_span_u32le(pe->bytes, LFANEW_AT, &lfanew))
        return OV_OK;
    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS, lfanew));
    if (!find_rich(pe->bytes, lfanew, &raw, &at, &key))
        return OV_OK;
    OV_TRY(decode(run, raw, key, &clear, &versions));
    fields[PE_RICH_OFFSET] = ov_datum_integer((int64_t)at);
    fields[PE_RICH_LENGTH] = ov_datum_integer((int64_t)raw.len);
    fields[PE_RICH_KEY] = ov_datum_integer(key);
    fields[PE_RICH_RAW_DATA] = ov_datum_text(raw);
    fields[PE_RICH_CLEAR_DATA] = ov_datum_text(clear);
    fields[PE_RICH_VERSION_DATA] = ov_datum_text(versions);
    return fill_tools(run, clear, &fields[PE_RICH_TOOLS]);
}

static bool is_number(const struct ov_datum *datum, uint32_t number)
{
    return datum == NULL || datum->number == number;
}

/* How often tools of this kind and version were used; NULL: of any. */
static struct ov_datum count_tools(const struct ov_datum *fields,
                                   const struct ov_datum *version,
                                   const struct ov_datum *toolid)
{
    struct ov_span clear = fields[PE_RICH_CLEAR_DATA].text;
    int64_t n = 0;

    if (fields[PE_RICH_CLEAR_DATA].kind != OV_DATUM_STRING)
        return (struct ov_datum){0};
    for (uint64_t i = RICH_HEADER_SIZE; i + RICH_TOOL_SIZE <= clear.len;
         i += RICH_TOOL_SIZE) {
        uint32_t tool = 0, times = 0;

        (void)ov_span_u32le(clear, i, &tool);
        (void)ov_span_u32le(clear, i + 4, &times);
        if (is_number(version, tool & 0xffff) && is_number(toolid, tool >> 16))
            n += times;
    }
    return ov_datum_integer(n);
}

static enum ov_status call_version(struct ov_module_call *call,
                                   struct ov_datum *ret)
{
    *ret = count_tools(call->self, &call->arguments[0], NULL);
    return OV_OK;
}

static enum ov_status call_version_toolid(struct ov_module_call *call,
                                          struct ov_datum *ret)
{
    *ret = count_tools(call->self, &call->arguments[0], &call->arguments[1]);
    return OV_OK;
}

static enum ov_status call_toolid(struct ov_module_call *call,
                                  struct ov_datum *ret)
{
    *ret = count_tools(call->self, NULL, &call->arguments[0]);
    return OV_OK;
}

static enum ov_status call_toolid_version(struct ov_module_call *call,
                                          struct ov_datum *ret)
{
    *ret = count_tools(call->self, &call->arguments[1], &call->arguments[0]);
    return OV_OK;
}

const struct ov_function ov_pe_rich_version[2] = {
    {.arguments = "i", .result = OV_DATUM_INTEGER, .call = call_version},
    {.arguments = "ii",
     .result = OV_DATUM_INTEGER,
     .call = call_version_toolid},
};
const struct ov_function ov_pe_rich_toolid[2] = {
    {.arguments = "i", .result = OV_DATUM_INTEGER, .call = call_toolid},
    {.arguments = "ii",
     .result = OV_DATUM_INTEGER,
     .call = call_toolid_version},
};

/* Where the path begins in what a debug entry points to. */
static const struct {
    struct ov_span mark;
    uint8_t path_at;
    uint8_t size; /* with the path's first byte, rounded up to 4 */
} debug_kinds[] = {
    {{(const uint8_t *)"NB10", 4}, 16, 20},
    {{(const uint8_t *)"RSDS", 4}, 24, 28},
    {{(const uint8_t *)"MTOC", 4}, 20, 24},
};

static bool path_at(const struct ov_pe *pe, uint64_t at, struct ov_span *ret)
{
    struct ov_span head;

    for (size_t i = 0; i < sizeof(debug_kinds) / sizeof(debug_kinds[0]); i++) {
        if (!ov_span_has_at(pe->bytes, at, debug_kinds[i].mark) ||
            !ov_span_sub(pe->bytes, at, debug_kinds[i].size, &head))
            continue;
        *ret = ov_pe_text_at(pe, at + debug_kinds[i].path_at, PATH_MAX_LEN);
        return ret->len > 0 && ret->len < PATH_MAX_LEN;
    }
    return false;
}

/* Whether the debug entry at `at` names a path. */
static bool read_debug_entry(const struct ov_pe *pe, uint64_t at,
                             struct ov_span *ret)
{
    uint32_t kind = 0, address = 0, offset = 0;
    uint64_t found = 0;

    (void)ov_span_u32le(pe->bytes, at + 12, &kind);
    (void)ov_span_u32le(pe->bytes, at + 20, &address);
    (void)ov_span_u32le(pe->bytes, at + 24, &offset);
    if (kind != DEBUG_CODEVIEW)
        return false;
    if (address != 0)
        (void)!ov_pe_find(pe, address, &found);
    if (found == 0)
        found = offset;
    return found != 0 && path_at(pe, found, ret);
}

enum ov_status ov_pe_fill_debug(struct ov_module_run *run,
                                const struct ov_pe *pe)
{
    uint32_t size = pe->directories[OV_PE_DIR_DEBUG].size;
    struct ov_span entry, path;
    uint64_t at;

    if (size % DEBUG_ENTRY_SIZE != 0 ||
        !ov_pe_find_table(pe, OV_PE_DIR_DEBUG, &at))
        return OV_OK;
    for (uint32_t i = 0; i < size / DEBUG_ENTRY_SIZE; i++) {
        OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS, 50));
        if (i == DEBUG_MAX_ENTRIES ||
            !ov_span_sub(pe->bytes, at, DEBUG_ENTRY_SIZE, &entry))
            break;
        if (read_debug_entry(pe, at, &path)) {
            run->fields[PE_PDB_PATH] = ov_datum_text(path);
            break;
        }
        at += DEBUG_ENTRY_SIZE;
    }
    return OV_OK;
}
