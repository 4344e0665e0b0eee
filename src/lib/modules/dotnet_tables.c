/* SPDX-License-Identifier: Apache-2.0
 *
 * .NET metadata. A PE's 15th data directory leads to a header, that to the
 * metadata: a version and streams. "#~" holds tables without any directory:
 * which there are is a bit mask, how many rows each has is a list, and they
 * follow each other; so one has to know every table's columns to find the next.
 * Columns that refer to a heap or a table are 2 bytes wide, or 4 if that is
 * large; one that may refer to several tables has the number of the table in
 * its low bits.
 *
 * A table of more than 15,000 rows, or one that nobody knows, ends the
 * measuring, as YARA does it.
 *
 * Source: ECMA-335, partition II, sections 22 (tables), 24.2.4 (heaps), 24.2.6
 * (table stream), 25.3.3 (CLI header). */
#include "modules/dotnet_tables.h"

#include "base/reader.h"

#define CLI_HEADER_SIZE 72
#define METADATA_MAGIC 0x424a5342u
#define METADATA_SIZE 16
#define VERSION_MAX 255
#define STREAM_NAME_MAX 32
#define TABLES_HEADER_SIZE 24
#define MAX_ROWS 15000
#define STRING_MAX 1024
#define MAX_COLUMNS 9
#define HEAP_STRINGS 1
#define HEAP_GUIDS 2
#define HEAP_BLOBS 4
#define HEAP_EXTRA 0x40 /* 4 more bytes before the tables */

/* A column is one of these or, below, the number of a table. */
enum column {
    END = 0x40, /* of a row */
    U2,
    U4,
    STR,
    GUID,
    BLOB,
    TYPE_DEF_OR_REF,
    HAS_CONSTANT,
    HAS_ATTRIBUTE,
    HAS_MARSHAL,
    HAS_SECURITY,
    MEMBER_PARENT,
    HAS_SEMANTICS,
    METHOD_OR_REF,
    FORWARDED,
    IMPLEMENTATION,
    ATTRIBUTE_TYPE,
    RESOLUTION,
    TYPE_OR_METHOD
};

static const uint8_t columns[DOTNET_N_TABLES][MAX_COLUMNS + 1] = {
    /* 00 Module */ {U2, STR, GUID, GUID, GUID, END},
    /* 01 TypeRef */ {RESOLUTION, STR, STR, END},
    /* 02 TypeDef */ {U4, STR, STR, TYPE_DEF_OR_REF, 0x04, 0x06, END},
    /* 03 FieldPtr */ {0x04, END},
    /* 04 Field */ {U2, STR, BLOB, END},
    /* 05 MethodPtr */ {0x06, END},
    /* 06 MethodDef */ {U4, U2, U2, STR, BLOB, 0x08, END},
    /* 07 ParamPtr */ {0x08, END},
    /* 08 Param */ {U2, U2, STR, END},
    /* 09 InterfaceImpl */ {0x02, TYPE_DEF_OR_REF, END},
    /* 0a MemberRef */ {MEMBER_PARENT, STR, BLOB, END},
    /* 0b Constant */ {U2, HAS_CONSTANT, BLOB, END},
    /* 0c CustomAttribute */ {HAS_ATTRIBUTE, ATTRIBUTE_TYPE, BLOB, END},
    /* 0d FieldMarshal */ {HAS_MARSHAL, BLOB, END},
    /* 0e DeclSecurity */ {U2, HAS_SECURITY, BLOB, END},
    /* 0f ClassLayout */ {U2, U4, 0x02, END},
    /* 10 FieldLayout */ {U4, 0x04, END},
    /* 11 StandAloneSig */ {BLOB, END},
    /* 12 EventMap */ {0x02, 0x14, END},
    /* 13 EventPtr */ {0x14, END},
    /* 14 Event */ {U2, STR, TYPE_DEF_OR_REF, END},
    /* 15 PropertyMap */ {0x02, 0x17, END},
    /* 16 PropertyPtr */ {0x17, END},
    /* 17 Property */ {U2, STR, BLOB, END},
    /* 18 MethodSemantics */ {U2, 0x06, HAS_SEMANTICS, END},
    /* 19 MethodImpl */ {0x02, METHOD_OR_REF, METHOD_OR_REF, END},
    /* 1a ModuleRef */ {STR, END},
    /* 1b TypeSpec */ {BLOB, END},
    /* 1c ImplMap */ {U2, FORWARDED, STR, 0x1a, END},
    /* 1d FieldRVA */ {U4, 0x04, END},
    /* 1e ENCLog */ {U4, U4, END},
    /* 1f ENCMap */ {U4, END},
    /* 20 Assembly */ {U4, U2, U2, U2, U2, U4, BLOB, STR, STR, END},
    /* 21 AssemblyProcessor */ {U4, END},
    /* 22 AssemblyOS */ {U4, U4, U4, END},
    /* 23 AssemblyRef */ {U2, U2, U2, U2, U4, BLOB, STR, STR, BLOB, END},
    /* 24 AssemblyRefProcessor */ {U4, 0x23, END},
    /* 25 AssemblyRefOS */ {U4, U4, U4, 0x23, END},
    /* 26 File */ {U4, STR, BLOB, END},
    /* 27 ExportedType */ {U4, U4, STR, STR, IMPLEMENTATION, END},
    /* 28 ManifestResource */ {U4, U4, STR, IMPLEMENTATION, END},
    /* 29 NestedClass */ {0x02, 0x02, END},
    /* 2a GenericParam */ {U2, U2, TYPE_OR_METHOD, STR, END},
    /* 2b MethodSpec */ {METHOD_OR_REF, BLOB, END},
    /* 2c GenericParamConstraint */ {0x2a, TYPE_DEF_OR_REF, END},
};

/* Columns that refer to several tables: bits for which, and these. */
static const struct {
    uint8_t bits;
    uint64_t tables; /* a bit each */
} coded[] = {

#define TABLE(n) (1ull << (n))
    [TYPE_DEF_OR_REF] = {2, TABLE(0x02) | TABLE(0x01) | TABLE(0x1b)},
    [HAS_CONSTANT] = {2, TABLE(0x04) | TABLE(0x08) | TABLE(0x17)},
    [HAS_ATTRIBUTE] = {5, TABLE(0x06) | TABLE(0x04) | TABLE(0x01) |
                              TABLE(0x02) | TABLE(0x08) | TABLE(0x09) |
                              TABLE(0x0a) | TABLE(0x00) | TABLE(0x0e) |
                              TABLE(0x17) | TABLE(0x14) | TABLE(0x11) |
                              TABLE(0x1a) | TABLE(0x1b) | TABLE(0x20) |
                              TABLE(0x23) | TABLE(0x26) | TABLE(0x27) |
                              TABLE(0x28) | TABLE(0x2a) | TABLE(0x2c) |
                              TABLE(0x2b)},
    [HAS_MARSHAL] = {1, TABLE(0x04) | TABLE(0x08)},
    [HAS_SECURITY] = {2, TABLE(0x02) | TABLE(0x06) | TABLE(0x20)},
    [MEMBER_PARENT] = {3, TABLE(0x02) | TABLE(0x01) | TABLE(0x1a) |
                              TABLE(0x06) | TABLE(0x1b)},
    [HAS_SEMANTICS] = {1, TABLE(0x14) | TABLE(0x17)},
    [METHOD_OR_REF] = {1, TABLE(0x06) | TABLE(0x0a)},
    [FORWARDED] = {1, TABLE(0x04) | TABLE(0x06)},
    [IMPLEMENTATION] = {2, TABLE(0x26) | TABLE(0x23) | TABLE(0x27)},
    [ATTRIBUTE_TYPE] = {3, TABLE(0x06) | TABLE(0x0a)},
    [RESOLUTION] = {2, TABLE(0x00) | TABLE(0x1a) | TABLE(0x23) | TABLE(0x01)},
    [TYPE_OR_METHOD] = {1, TABLE(0x02) | TABLE(0x06)},
};

static uint32_t u32_at(struct ov_span bytes, uint64_t at)
{
    uint32_t v = 0;

    (void)ov_span_u32le(bytes, at, &v);
    return v;
}

static bool find_header(struct dotnet *d, uint64_t *ret)
{
    struct ov_span header;

    return ov_pe_find_table(&d->pe, OV_PE_DIR_DOTNET, ret) &&
           ov_span_sub(d->pe.bytes, *ret, CLI_HEADER_SIZE, &header) &&
           u32_at(header, 0) == CLI_HEADER_SIZE &&
           ov_pe_find(&d->pe, u32_at(header, 8), &d->root);
}

bool ov_dotnet_open(struct ov_span bytes, struct dotnet *ret)
{
    struct ov_span head, version;
    uint64_t header, resources;
    uint32_t len;
    int n_streams;

    *ret = (struct dotnet){.resources = -1};
    if (ov_pe_open(bytes, &ret->pe) != OV_OK || !find_header(ret, &header) ||
        !ov_span_sub(bytes, ret->root, METADATA_SIZE, &head) ||
        u32_at(head, 0) != METADATA_MAGIC)
        return false;
    len = u32_at(head, 12);
    if (len == 0 || len > VERSION_MAX || len % 4 != 0 ||
        !ov_span_sub(bytes, ret->root + METADATA_SIZE, len, &version) ||
        (ret->pe.is_64 && ret->pe.n_directories < OV_PE_DIR_DOTNET))
        return false;
    if (!ov_span_cut(&version, '\0', &ret->version))
        ret->version = (struct ov_span){NULL, 0};
    ret->streams_at = ret->root + METADATA_SIZE + len + 4;
    n_streams = ov_span_byte(bytes, ret->streams_at - 2);
    ret->n_streams = (uint8_t)(n_streams < 0 ? 0 : n_streams);
    if (ov_pe_find(&ret->pe, u32_at(bytes, header + 24), &resources))
        ret->resources = (int64_t)resources;
    return true;
}

bool ov_dotnet_stream(const struct dotnet *d, uint64_t at,
                      struct dotnet_stream_header *ret)
{
    struct ov_span rest;

    if (!ov_span_sub(d->pe.bytes, at + 8, STREAM_NAME_MAX, &rest) ||
        !ov_span_cut(&rest, '\0', &ret->name))
        return false;
    ret->offset = u32_at(d->pe.bytes, at);
    ret->size = u32_at(d->pe.bytes, at + 4);
    ret->next = at + 8 + ret->name.len + 4 - ret->name.len % 4;
    return true;
}

/* Of several streams with a name the first counts. */
static void keep_stream(const struct dotnet *d, const char *name,
                        const struct dotnet_stream_header *h,
                        struct dotnet_stream *stream)
{
    if (!stream->is_there && ov_span_starts(h->name, ov_span_str(name)))
        *stream = (struct dotnet_stream){d->root + h->offset, h->size, true};
}

static void find_streams(struct dotnet *d)
{
    struct dotnet_stream_header h;
    uint64_t at = d->streams_at;

    for (unsigned i = 0; i < d->n_streams && ov_dotnet_stream(d, at, &h); i++) {
        keep_stream(d, "#~", &h, &d->tables_stream);
        keep_stream(d, "#-", &h, &d->tables_stream);
        keep_stream(d, "#Strings", &h, &d->strings);
        keep_stream(d, "#Blob", &h, &d->blobs);
        keep_stream(d, "#US", &h, &d->user_strings);
        if (ov_span_starts(h.name, OV_SPAN_LIT("#GUID"))) {
            d->guids.is_there = false; /* of these the last */
            keep_stream(d, "#GUID", &h, &d->guids);
        }
        at = h.next;
    }
}

static uint8_t heap_width(const struct dotnet *d, unsigned bit)
{
    return (d->heap_sizes & bit) != 0 ? 4 : 2;
}

static uint8_t coded_width(const struct dotnet *d, uint8_t column)
{
    for (unsigned i = 0; i < DOTNET_N_TABLES; i++)
        if ((coded[column].tables >> i & 1) != 0 &&
            d->tables[i].stated_rows > 0xffffu >> coded[column].bits)
            return 4;
    return 2;
}

static uint8_t width_of(const struct dotnet *d, uint8_t column)
{
    if (column < DOTNET_N_TABLES)
        return d->tables[column].stated_rows > 0xffff ? 4 : 2;
    if (column == U2)
        return 2;
    if (column == U4)
        return 4;
    if (column == STR)
        return heap_width(d, HEAP_STRINGS);
    if (column == GUID)
        return heap_width(d, HEAP_GUIDS);
    if (column == BLOB)
        return heap_width(d, HEAP_BLOBS);
    return coded_width(d, column);
}

/* How many rows each table says it has; *ret is behind that list. */
static void count_rows(struct dotnet *d, uint64_t *ret)
{
    struct ov_span bytes = d->pe.bytes;
    uint64_t at = d->tables_stream.at;
    uint64_t valid = 0;

    (void)ov_span_u64le(bytes, at + 8, &valid);
    at += TABLES_HEADER_SIZE;
    d->has_all_tables = valid >> DOTNET_N_TABLES == 0;
    for (unsigned i = 0; i < DOTNET_N_TABLES; i++) {
        if ((valid >> i & 1) == 0)
            continue;
        d->tables[i].is_there =
            ov_span_u32le(bytes, at, &d->tables[i].stated_rows);
        d->has_all_tables = d->has_all_tables && d->tables[i].is_there;
        at += 4;
    }
    for (unsigned i = DOTNET_N_TABLES; i < 64; i++)
        at += 4 * (valid >> i & 1);
    *ret = at + ((d->heap_sizes & HEAP_EXTRA) != 0 ? 4 : 0);
}

static void measure_tables(struct dotnet *d, uint64_t at)
{
    for (unsigned i = 0; i < DOTNET_N_TABLES; i++) {
        if (!d->tables[i].is_there)
            continue;
        if (d->tables[i].stated_rows > MAX_ROWS) {
            d->has_all_tables = false;
            for (; i < DOTNET_N_TABLES; i++)
                d->tables[i].is_there = false;
            return;
        }
        for (const uint8_t *c = columns[i]; *c != END; c++)
            d->tables[i].row_size += width_of(d, *c);
        d->tables[i].at = at;
        d->tables[i].n_rows = d->tables[i].stated_rows;
        at += (uint64_t)d->tables[i].row_size * d->tables[i].n_rows;
    }
}

void ov_dotnet_read(struct dotnet *d)
{
    struct ov_span header;
    uint64_t at;

    find_streams(d);
    if (!d->tables_stream.is_there || !d->strings.is_there ||
        !d->blobs.is_there ||
        !ov_span_sub(d->pe.bytes, d->tables_stream.at, TABLES_HEADER_SIZE,
                     &header))
        return;
    d->heap_sizes = (uint8_t)(ov_span_byte(header, 6) & 0xff);
    count_rows(d, &at);
    measure_tables(d, at);
}

bool ov_dotnet_has_row(const struct dotnet *d, enum dotnet_table table,
                       uint32_t row)
{
    struct ov_span bytes;

    return row >= 1 && row <= d->tables[table].n_rows &&
           ov_span_sub(d->pe.bytes,
                       d->tables[table].at +
                           (uint64_t)d->tables[table].row_size * (row - 1),
                       d->tables[table].row_size, &bytes);
}

uint32_t ov_dotnet_cell(const struct dotnet *d, enum dotnet_table table,
                        uint32_t row, unsigned column)
{
    uint64_t at =
        d->tables[table].at + (uint64_t)d->tables[table].row_size * (row - 1);
    uint16_t narrow = 0;

    for (unsigned i = 0; i < column; i++)
        at += width_of(d, columns[table][i]);
    if (width_of(d, columns[table][column]) == 4)
        return u32_at(d->pe.bytes, at);
    (void)ov_span_u16le(d->pe.bytes, at, &narrow);
    return narrow;
}

bool ov_dotnet_string(const struct dotnet *d, uint32_t index,
                      struct ov_span *ret)
{
    struct ov_span rest;

    if (index >= d->strings.size)
        return false;
    rest = ov_span_clip(d->pe.bytes, d->strings.at + index, STRING_MAX + 1);
    return ov_span_cut(&rest, '\0', ret);
}

struct ov_span ov_dotnet_text_at(const struct dotnet *d,
                                 enum dotnet_table table, uint32_t row,
                                 unsigned column)
{
    struct ov_span text;

    if (!ov_dotnet_string(d, ov_dotnet_cell(d, table, row, column), &text))
        text = (struct ov_span){NULL, 0};
    return text;
}

bool ov_dotnet_blob_at(const struct dotnet *d, uint64_t at, uint64_t *ret_next,
                       struct ov_span *ret)
{
    struct ov_reader r = ov_reader_over(d->pe.bytes);
    uint32_t len;

    ov_reader_seek(&r, at);
    len = ov_read_u8(&r);
    if ((len & 0xc0) == 0x80)
        len = (len & 0x3f) << 8 | ov_read_u8(&r);
    else if ((len & 0xe0) == 0xc0)
        len = (len & 0x1f) << 24 | (uint32_t)ov_read_u8(&r) << 16 |
              ov_read_u16be(&r);
    else if ((len & 0x80) != 0)
        return false;
    *ret_next = r.at;
    *ret = ov_read_span(&r, len);
    return ov_reader_status(&r) == OV_OK;
}

bool ov_dotnet_blob(const struct dotnet *d, uint32_t index, struct ov_span *ret)
{
    uint64_t next;

    return ov_dotnet_blob_at(d, d->blobs.at + index, &next, ret);
}
