/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/reader.h"
#include "base/span.h"

/* Dalvik executables: the tables that the header tells, and strings. As YARA's
 * module "dex" reads them, so a table that does not lie inside of the file ends
 * the reading: it and those behind it are empty.
 *
 * Source: Android Open Source Project, "Dalvik executable format". */

enum ov_dex_table {
    OV_DEX_STRINGS,
    OV_DEX_TYPES,
    OV_DEX_PROTOS,
    OV_DEX_FIELDS,
    OV_DEX_METHODS,
    OV_DEX_CLASSES,
    OV_N_DEX_TABLE
};

/* Numbers of strings, types and so on beyond this one are not followed. */
#define OV_DEX_MAX_ITEMS 0x80000u

struct ov_dex {
    struct ov_span bytes;
    struct ov_span tables[OV_N_DEX_TABLE];
    uint32_t n[OV_N_DEX_TABLE];
    uint32_t map_at;
    bool has_map; /* all tables but the classes are there */
    bool is_map_right;
    bool has_classes;
};

/* Version 35 to 39; false if it is none. */
bool ov_dex_open(struct ov_span bytes, struct ov_dex *ret);

/* The i-th record of a table; empty if there is none. */
struct ov_span ov_dex_record(const struct ov_dex *d, enum ov_dex_table table,
                             uint64_t i);

/* Numbers of a record; 0 behind its end. */
uint32_t ov_dex_u32(struct ov_span bytes, uint64_t at);
uint16_t ov_dex_u16(struct ov_span bytes, uint64_t at);

/* A number of one to five bytes with seven bits each, the lowest first; false
 * at the end of the bytes. */
bool ov_dex_uleb128(struct ov_reader *r, uint32_t *ret);

/* A string and its length in UTF-16 units; false if it does not lie inside of
 * the file. The value begins one byte behind the string's offset and has as
 * many bytes as units, as in yara. */
bool ov_dex_string(const struct ov_dex *d, uint64_t i, uint32_t *ret_size,
                   struct ov_span *ret);

/* The string that a type, or the short form of a prototype, is named by. */
bool ov_dex_type_name(const struct ov_dex *d, uint64_t i, struct ov_span *ret);
bool ov_dex_proto_name(const struct ov_dex *d, uint64_t i, struct ov_span *ret);
