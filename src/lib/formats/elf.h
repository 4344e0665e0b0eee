/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "base/status.h"

/* ELF files, record by record: what ClamAV's rules and YARA's module "elf" are
 * told is made from these. Addresses, offsets and sizes are as the file has
 * them: nothing here says that they lie inside of it.
 *
 * Source: System V ABI, "Object Files"; the 64-bit layout from "ELF-64 Object
 * File Format", version 1.5. */

/* The header. */
struct ov_elf {
    struct ov_span bytes;
    bool is_64;
    bool is_le;
    uint8_t class; /* as it stands there: 1 or 2 if it is right */
    uint8_t data;
    uint8_t abi;
    uint16_t type;
    uint16_t machine;
    uint64_t entry;
    uint64_t segments_at;
    uint64_t sections_at;
    uint16_t segment_size;
    uint16_t n_segments;
    uint16_t section_size;
    uint16_t n_sections;
    uint16_t names_section;
};

struct ov_elf_segment {
    uint32_t type;
    uint32_t flags;
    uint64_t at;
    uint64_t address;
    uint64_t physical;
    uint64_t size;
    uint64_t size_in_memory;
    uint64_t alignment;
};

struct ov_elf_section {
    uint32_t name;
    uint32_t type;
    uint64_t flags;
    uint64_t address;
    uint64_t at;
    uint64_t size;
    uint32_t link;
};

struct ov_elf_symbol {
    uint32_t name;
    uint8_t bind;
    uint8_t type;
    uint8_t visibility;
    uint16_t section;
    uint64_t value;
    uint64_t size;
};

/* An entry of the dynamic section. */
struct ov_elf_dynamic {
    uint64_t tag;
    uint64_t value;
};

/* Reads the header; any four bytes may stand in front. A class other than 32 or
 * 64 bits is OV_MALFORMED, a cut header OV_TRUNCATED. */
OV_MUST_USE enum ov_status ov_elf_open(struct ov_span bytes,
                                       struct ov_elf *ret);

/* How many bytes a record takes in a file of this class. */
uint64_t ov_elf_segment_size(const struct ov_elf *e);
uint64_t ov_elf_section_size(const struct ov_elf *e);
uint64_t ov_elf_symbol_size(const struct ov_elf *e);
uint64_t ov_elf_dynamic_size(const struct ov_elf *e);

/* The i-th record of a table at that offset; false behind the end. */
bool ov_elf_segment(const struct ov_elf *e, uint64_t i,
                    struct ov_elf_segment *ret);
bool ov_elf_section(const struct ov_elf *e, uint64_t i,
                    struct ov_elf_section *ret);
bool ov_elf_symbol(const struct ov_elf *e, uint64_t at, uint64_t i,
                   struct ov_elf_symbol *ret);
bool ov_elf_dynamic(const struct ov_elf *e, uint64_t at, uint64_t i,
                    struct ov_elf_dynamic *ret);
