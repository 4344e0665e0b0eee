/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/exe.h"

#define OV_PE_MAX_SECTIONS 96
#define OV_PE_N_DIRECTORIES 16

enum ov_pe_directory {
    OV_PE_DIR_IMPORT = 1,
    OV_PE_DIR_RESOURCE = 2,
    OV_PE_DIR_SECURITY = 4,
    OV_PE_DIR_DELAY_IMPORT = 13,
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
};

/* What the parts of the PE reader share. */
struct ov_pe {
    struct ov_span bytes;
    bool is_64; /* PE32+ */
    uint16_t machine;
    uint16_t n_sections;
    uint16_t optional_size;
    uint64_t optional_at;
    uint32_t entry_address;
    uint32_t headers_size; /* rounded up to the section alignment */
    uint32_t section_alignment;
    uint32_t file_alignment;
    uint32_t n_directories;

    struct {
        uint32_t address;
        uint32_t size;
    } directories[OV_PE_N_DIRECTORIES];

    struct ov_pe_section sections[OV_PE_MAX_SECTIONS];
};

/* File offset of an address in memory; false if it is in no part of the
 * file. */
bool ov_pe_offset(const struct ov_pe *pe, uint32_t address, uint64_t *ret);
