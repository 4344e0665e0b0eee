/* SPDX-License-Identifier: Apache-2.0
 *
 * The import hash of a PE: MD5 over "library.function" of every import, in
 * lower case and in the order of the tables, joined by commas; a library's name
 * without .dll, .ocx or .sys; an import by number under the function's name if
 * the library is one of those that export by number (pe_ordinals.def), else as
 * "ord" and the number. ClamAV's .imp rules also state how long that text is.
 *
 * Tables may overlap, so what a few bytes can make us read is limited by the
 * number of functions; a file with more has no hash.
 *
 * Source: Microsoft "PE Format", "The .idata Section"; Mandiant, "Tracking
 * Malware with Import Hashing", 2014.
 */
#include "formats/pe_imports.h"

#include "crypto/digest.h"

#define IMPORT_DESCRIPTOR_SIZE 20
#define IMPORT_MAX_LIBRARIES 1024
#define IMPORT_MAX_FUNCTIONS 32768
#define IMPORT_MAX_NAME 256
#define IMPORT_MAX_TEXT (2u << 20)
#define IMPORT_STEPS 200 /* of a function */

struct imports {
    const struct ov_pe *pe;
    const struct ov_exe_job *job;
    struct ov_buf text;
    uint32_t n_functions;
};

enum library {
    LIBRARY_WS2_32,
    LIBRARY_OLEAUT32,
};

static const struct {
    uint8_t library;
    uint16_t number;
    const char *name;
} ordinals[] = {

#define OV_PE_ORDINAL(library, number, name) {LIBRARY_##library, number, name},
#include "formats/pe_ordinals.def"
#undef OV_PE_ORDINAL
};

static const struct {
    const char *file;
    enum library library;
} libraries[] = {
    {"ws2_32.dll", LIBRARY_WS2_32},
    {"wsock32.dll", LIBRARY_WS2_32},
    {"oleaut32.dll", LIBRARY_OLEAUT32},
};

static const char *find_ordinal(enum library library, uint16_t number)
{
    size_t low = 0;
    size_t high = sizeof(ordinals) / sizeof(*ordinals);

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (ordinals[middle].library == library &&
            ordinals[middle].number == number)
            return ordinals[middle].name;
        if (ordinals[middle].library < library ||
            (ordinals[middle].library == library &&
             ordinals[middle].number < number))
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const char *ov_pe_ordinal_name(struct ov_span library, uint16_t ordinal)
{
    for (size_t i = 0; i < sizeof(libraries) / sizeof(*libraries); i++)
        if (ov_span_equal_nocase(library, ov_span_str(libraries[i].file)))
            return find_ordinal(libraries[i].library, ordinal);
    return NULL;
}

/* The text at an address up to its NUL, or the longest that counts. */
static bool name_at(const struct ov_pe *pe, uint32_t address, unsigned skip,
                    struct ov_span *ret)
{
    uint64_t at;
    struct ov_span name;

    if (!ov_pe_offset(pe, address, &at))
        return false;
    name = ov_span_clip(pe->bytes, at + skip, IMPORT_MAX_NAME);
    (void)ov_span_cut(&name, '\0', ret);
    return true;
}

static void put_lower(struct ov_buf *b, struct ov_span s)
{
    for (size_t i = 0; i < s.len; i++)
        ov_put_u8(b, ov_lower((uint8_t)ov_span_byte(s, i)));
}

static struct ov_span without_extension(struct ov_span name)
{
    static const char *const extensions[] = {".dll", ".ocx", ".sys"};
    struct ov_span end;

    if (name.len < 4)
        return name;
    end = ov_span_clip(name, name.len - 4, 4);
    for (size_t i = 0; i < 3; i++)
        if (ov_span_equal_nocase(end, ov_span_str(extensions[i])))
            return ov_span_clip(name, 0, name.len - 4);
    return name;
}

static void put_function(struct imports *in, struct ov_span library,
                         uint64_t thunk)
{
    uint64_t by_number = in->pe->is_64 ? 1ull << 63 : 1u << 31;
    struct ov_span name = {NULL, 0};
    const char *known;

    if (!(thunk & by_number) &&
        !name_at(in->pe, (uint32_t)thunk, 2 /* hint */, &name))
        return;
    if (in->text.len > 0)
        ov_put_u8(&in->text, ',');
    put_lower(&in->text, without_extension(library));
    ov_put_u8(&in->text, '.');
    if (!(thunk & by_number)) {
        put_lower(&in->text, name);
        return;
    }
    known = ov_pe_ordinal_name(library, (uint16_t)thunk);
    if (known != NULL)
        put_lower(&in->text, ov_span_str(known));
    else
        ov_put_format(&in->text, "ord%u", (unsigned)(uint16_t)thunk);
}

static bool thunk_at(const struct ov_pe *pe, uint64_t at, uint64_t *ret)
{
    uint32_t narrow = 0;

    if (pe->is_64)
        return ov_span_u64le(pe->bytes, at, ret);
    if (!ov_span_u32le(pe->bytes, at, &narrow))
        return false;
    *ret = narrow;
    return true;
}

static enum ov_status read_functions(struct imports *in, struct ov_span library,
                                     uint64_t at)
{
    uint64_t thunk;

    while (thunk_at(in->pe, at, &thunk) && thunk != 0) {
        at += in->pe->is_64 ? 8 : 4;
        if (++in->n_functions > IMPORT_MAX_FUNCTIONS)
            return OV_MALFORMED;
        OV_TRY(ov_budget_spend(in->job->budget, OV_COST_STEPS, IMPORT_STEPS));
        put_function(in, library, thunk);
    }
    return ov_buf_status(&in->text);
}

/* One descriptor: the original table of names, or (bound images, some linkers)
 * the one that the loader overwrites. */
static enum ov_status read_library(struct imports *in, uint64_t descriptor)
{
    struct ov_span bytes = in->pe->bytes;
    struct ov_span library;
    uint32_t original = 0, name = 0, first = 0;
    uint64_t at;

    (void)ov_span_u32le(bytes, descriptor, &original);
    (void)ov_span_u32le(bytes, descriptor + 12, &name);
    (void)ov_span_u32le(bytes, descriptor + 16, &first);
    if (!name_at(in->pe, name, 0, &library))
        return OV_MALFORMED;
    if (original == 0 || !ov_pe_offset(in->pe, original, &at))
        if (!ov_pe_offset(in->pe, first, &at))
            return OV_MALFORMED;
    return read_functions(in, library, at);
}

static enum ov_status read_libraries(struct imports *in, uint64_t at)
{
    for (unsigned i = 0; i < IMPORT_MAX_LIBRARIES; i++) {
        uint32_t name;

        if (!ov_span_u32le(in->pe->bytes, at + 12, &name) || name == 0)
            break;
        OV_TRY(read_library(in, at));
        at += IMPORT_DESCRIPTOR_SIZE;
    }
    return OV_OK;
}

static enum ov_status publish(struct imports *in)
{
    uint8_t digest[OV_DIGEST_MAX];
    struct ov_facts *facts = in->job->facts;

    OV_TRY(ov_digest(OV_MD5, ov_buf_span(&in->text), digest));
    for (size_t i = 0; i < sizeof(facts->imphash); i++)
        facts->imphash[i] = digest[i];
    facts->imports_size = in->text.len;
    facts->has_imphash = true;
    return OV_OK;
}

enum ov_status ov_pe_read_imports(const struct ov_pe *pe,
                                  const struct ov_exe_job *job)
{
    struct imports in = {pe, job, ov_buf_with_max(IMPORT_MAX_TEXT), 0};
    uint64_t at;
    enum ov_status status;

    if (pe->directories[OV_PE_DIR_IMPORT].address == 0 ||
        pe->directories[OV_PE_DIR_IMPORT].size == 0 ||
        !ov_pe_offset(pe, pe->directories[OV_PE_DIR_IMPORT].address, &at))
        return OV_OK;
    status = read_libraries(&in, at);
    if (status == OV_OK && in.text.len > 0)
        status = publish(&in);
    ov_buf_done(&in.text);
    if (status == OV_NO_MEMORY || status == OV_LIMIT_WORK)
        return status;
    return OV_OK;
}
