/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/matcher.h"

/* Mach-O files, record by record: what ClamAV's rules and YARA's module "macho"
 * are told is made from these. Universal binaries (OV_TYPE_MACHO_FAT) hold one
 * Mach-O per architecture.
 *
 * Source: Apple "OS X ABI Mach-O File Format Reference"; mach-o/loader.h and
 * mach-o/fat.h of Darwin. */

#define OV_MACHO_SEGMENT 0x1u
#define OV_MACHO_THREAD 0x4u
#define OV_MACHO_UNIXTHREAD 0x5u
#define OV_MACHO_SEGMENT_64 0x19u
#define OV_MACHO_MAIN 0x80000028u

/* The header. */
struct ov_macho {
    struct ov_span bytes;
    bool is_64;
    bool is_le;
    uint32_t magic; /* read as little-endian */
    uint32_t cpu;
    uint32_t subtype;
    uint32_t file_type;
    uint32_t n_commands;
    uint32_t size_of_commands;
    uint32_t flags;
    uint32_t reserved; /* 64 bits only */
};

struct ov_macho_command {
    uint32_t type;
    struct ov_span bytes; /* all of it, type and size among them */
    uint64_t at;
};

struct ov_macho_segment {
    struct ov_span name; /* up to 16 bytes, without zeros behind it */
    uint64_t address;
    uint64_t size_in_memory;
    uint64_t at;
    uint64_t size;
    uint32_t max_protection;
    uint32_t protection;
    uint32_t n_sections;
    uint32_t flags;
};

struct ov_macho_section {
    struct ov_span name;
    struct ov_span segment;
    uint64_t address;
    uint64_t size;
    uint32_t at;
    uint32_t align;
    uint32_t relocations_at;
    uint32_t n_relocations;
    uint32_t flags;
    uint32_t reserved[3]; /* the third: 64 bits only */
};

/* An entry of a universal binary's table. */
struct ov_macho_arch {
    uint32_t cpu;
    uint32_t subtype;
    uint64_t at;
    uint64_t size;
    uint32_t align;
    uint32_t reserved; /* 64 bits only */
};

/* Reads the header, whatever the magic is; OV_TRUNCATED. */
OV_MUST_USE enum ov_status ov_macho_open(struct ov_span bytes,
                                         struct ov_macho *ret);

/* The command at that offset, behind which *at is then (0: the first one);
 * false if it is not there whole. */
bool ov_macho_next(const struct ov_macho *m, uint64_t *at,
                   struct ov_macho_command *ret);

/* The segment that begins at an offset of bytes, and how long it is without its
 * sections. */
bool ov_macho_segment(const struct ov_macho *m, struct ov_span bytes,
                      bool is_64, struct ov_macho_segment *ret);
uint64_t ov_macho_segment_size(bool is_64);

/* The section that begins at an offset of bytes, and how long it is. */
bool ov_macho_section(const struct ov_macho *m, struct ov_span bytes,
                      uint64_t at, bool is_64, struct ov_macho_section *ret);
uint64_t ov_macho_section_size(bool is_64);

/* Numbers of a command in the file's byte order; 0 behind its end. */
uint32_t ov_macho_u32(const struct ov_macho *m, struct ov_span bytes,
                      uint64_t at);
uint64_t ov_macho_u64(const struct ov_macho *m, struct ov_span bytes,
                      uint64_t at);

/* The i-th entry of a universal binary's table of 32-bit or 64-bit entries;
 * false behind the end. */
bool ov_macho_arch_entry(struct ov_span bytes, uint32_t i, bool is_64,
                         struct ov_macho_arch *ret);

/* How many there are; 0 if it is not one. */
uint32_t ov_macho_n_arches(struct ov_span bytes);

/* Where number i (from 0) lies, cut at the end of the file; false if there is
 * none, or it begins behind the end. */
bool ov_macho_fat_arch(struct ov_span bytes, uint32_t i, struct ov_extent *ret);
