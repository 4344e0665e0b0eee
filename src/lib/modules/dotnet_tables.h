/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/pe.h"

/* The metadata of .NET programs (ECMA-335, partition II, chapters 22 and 24):
 * streams, and tables of which columns are as wide as other tables are long. */

enum dotnet_table {
    DOTNET_MODULE = 0x00,
    DOTNET_TYPE_REF = 0x01,
    DOTNET_TYPE_DEF = 0x02,
    DOTNET_FIELD = 0x04,
    DOTNET_METHOD = 0x06,
    DOTNET_PARAM = 0x08,
    DOTNET_INTERFACE = 0x09,
    DOTNET_MEMBER_REF = 0x0a,
    DOTNET_CONSTANT = 0x0b,
    DOTNET_ATTRIBUTE = 0x0c,
    DOTNET_EVENT = 0x14,
    DOTNET_PROPERTY = 0x17,
    DOTNET_MODULE_REF = 0x1a,
    DOTNET_TYPE_SPEC = 0x1b,
    DOTNET_FIELD_RVA = 0x1d,
    DOTNET_ASSEMBLY = 0x20,
    DOTNET_ASSEMBLY_REF = 0x23,
    DOTNET_FILE = 0x26,
    DOTNET_EXPORTED_TYPE = 0x27,
    DOTNET_RESOURCE = 0x28,
    DOTNET_NESTED = 0x29,
    DOTNET_GENERIC_PARAM = 0x2a,
    DOTNET_N_TABLES = 0x2d
};

struct dotnet_stream {
    uint64_t at; /* in the file */
    uint32_t size;
    bool is_there;
};

#define DOTNET_MAX_STREAMS 255

struct dotnet {
    struct ov_pe pe;
    uint64_t root;       /* of the metadata, in the file */
    uint64_t streams_at; /* of the streams' headers */
    uint8_t n_streams;   /* as stated */
    int64_t resources;   /* in the file, or -1 */
    struct ov_span version;
    struct dotnet_stream tables_stream;
    struct dotnet_stream strings;
    struct dotnet_stream blobs;
    struct dotnet_stream guids;
    struct dotnet_stream user_strings;
    uint8_t heap_sizes;
    bool has_all_tables; /* all could be measured */

    struct {
        uint64_t at;
        uint32_t n_rows; /* 0: not there, or not measured */
        uint32_t row_size;
        uint32_t stated_rows;
        bool is_there;
    } tables[DOTNET_N_TABLES];
};

/* One stream's header. */
struct dotnet_stream_header {
    struct ov_span name;
    uint32_t offset; /* from the root */
    uint32_t size;
    uint64_t next; /* header, in the file */
};

/* Finds the metadata; false if it is no .NET program. */
bool ov_dotnet_open(struct ov_span bytes, struct dotnet *ret);

/* The header at `at`; false if it is not there in full. */
bool ov_dotnet_stream(const struct dotnet *d, uint64_t at,
                      struct dotnet_stream_header *ret);

/* Finds the streams that others refer to, and measures the tables. */
void ov_dotnet_read(struct dotnet *d);

/* Whether a row, from 1, is in the file. */
bool ov_dotnet_has_row(const struct dotnet *d, enum dotnet_table table,
                       uint32_t row);

/* A column's value in a row that is there. */
uint32_t ov_dotnet_cell(const struct dotnet *d, enum dotnet_table table,
                        uint32_t row, unsigned column);

/* A text by its place in the heap; false if it is not there, or longer than
 * 1024 bytes. */
bool ov_dotnet_string(const struct dotnet *d, uint32_t index,
                      struct ov_span *ret);

/* The text that a column of a row names; empty with ptr NULL if it is not
 * there. */
struct ov_span ov_dotnet_text_at(const struct dotnet *d,
                                 enum dotnet_table table, uint32_t row,
                                 unsigned column);

/* Bytes that begin with their length, at a place in the file; *ret_next is
 * behind the length. */
bool ov_dotnet_blob_at(const struct dotnet *d, uint64_t at, uint64_t *ret_next,
                       struct ov_span *ret);

/* The same by their place in the heap. */
bool ov_dotnet_blob(const struct dotnet *d, uint32_t index,
                    struct ov_span *ret);
