/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/exe.h"

#define OV_PE_MAX_SECTIONS 96
#define OV_PE_N_DIRECTORIES 16

enum ov_pe_directory {
    OV_PE_DIR_EXPORT = 0,
    OV_PE_DIR_IMPORT = 1,
    OV_PE_DIR_RESOURCE = 2,
    OV_PE_DIR_SECURITY = 4,
    OV_PE_DIR_DEBUG = 6,
    OV_PE_DIR_DELAY_IMPORT = 13,
    OV_PE_DIR_DOTNET = 14,
};

/* One section as it lies in the file and in memory. at and len are rounded
 * and cut as clamscan does it; address is rounded down to the section
 * alignment. */
struct ov_pe_section {
    uint32_t address;
    uint32_t at;
    uint32_t len;
    uint32_t declared_at; /* from the header, unchanged */
    uint32_t declared_len;
    uint32_t declared_address;
    uint32_t virtual_size;
    uint64_t header_at; /* of its 40 bytes */
};

/* What the parts of the PE reader share. */
struct ov_pe {
    struct ov_span bytes;
    bool is_64; /* PE32+ */
    bool has_all_sections;
    uint16_t machine;
    uint16_t n_sections;
    uint16_t optional_size;
    uint64_t optional_at;
    uint32_t entry_address;
    uint32_t headers_size; /* rounded up to the section alignment */
    uint32_t section_alignment;
    uint32_t file_alignment;     /* corrected */
    uint32_t declared_alignment; /* of the file, from the header */
    uint32_t n_directories;

    struct {
        uint32_t address;
        uint32_t size;
    } directories[OV_PE_N_DIRECTORIES];

    struct ov_pe_section sections[OV_PE_MAX_SECTIONS];
};

/* The readers of headers. They judge nothing: what damaged headers mean is for
 * those who use them to say. */

/* The file header behind "PE"; its place in optional_at. OV_TRUNCATED,
 * OV_MALFORMED without "PE". */
OV_MUST_USE enum ov_status ov_pe_file_header(struct ov_pe *pe);

/* The fixed part of the optional header, and where its data directories begin;
 * n_directories as it is stated. OV_TRUNCATED. */
OV_MUST_USE enum ov_status ov_pe_optional_header(struct ov_pe *pe,
                                                 uint64_t *ret_directories_at);

/* The i-th section's declared values. OV_TRUNCATED. */
OV_MUST_USE enum ov_status ov_pe_section_header(const struct ov_pe *pe,
                                                unsigned i,
                                                struct ov_pe_section *ret);

/* All of that as YARA reads it: a file with "MZ", "PE" and room for a whole
 * optional header with all data directories, whatever n_directories says.
 * Sections that are not there are left out: n_sections is then less than what
 * is stated and has_all_sections false. OV_TRUNCATED, OV_MALFORMED: not a PE to
 * YARA. */
OV_MUST_USE enum ov_status ov_pe_open(struct ov_span bytes, struct ov_pe *ret);

/* File offset of an address in memory as YARA has it: sections as they are
 * declared, the highest one that holds the address. */
bool ov_pe_find(const struct ov_pe *pe, uint64_t address, uint64_t *ret);

/* Where a data directory's table lies, by that mapping; false if there is
 * none. */
bool ov_pe_find_table(const struct ov_pe *pe, enum ov_pe_directory which,
                      uint64_t *ret);

/* File offset of an address in memory; false if it is in no part of the
 * file. */
bool ov_pe_offset(const struct ov_pe *pe, uint32_t address, uint64_t *ret);
