/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Small executables, made field by field, for tests. */

static inline void make_zeros(struct ov_buf *b, size_t to)
{
    while (b->len < to)
        ov_put_u8(b, 0);
}

struct make_pe_section {
    uint32_t address, size_in_memory, at, size;
};

struct make_pe {
    bool is_64;
    uint32_t entry;
    uint32_t file_alignment;
    uint32_t section_alignment;
    const struct make_pe_section *sections;
    uint16_t n_sections;
    uint32_t directories[16][2];
};

/* Headers only; the caller writes what lies in the sections. */
static inline void make_pe_headers(struct ov_buf *b, const struct make_pe *m)
{
    ov_put_str(b, "MZ");
    make_zeros(b, 60);
    ov_put_u32(b, 64);
    ov_put_u32(b, 0x4550);
    ov_put_u16(b, m->is_64 ? 0x8664 : 0x14c);
    ov_put_u16(b, m->n_sections);
    make_zeros(b, 64 + 20);
    ov_put_u16(b, m->is_64 ? 240 : 224);
    ov_put_u16(b, 0x102);
    ov_put_u16(b, m->is_64 ? 0x20b : 0x10b);
    make_zeros(b, 88 + 16);
    ov_put_u32(b, m->entry);
    make_zeros(b, 88 + 32);
    ov_put_u32(b, m->section_alignment);
    ov_put_u32(b, m->file_alignment);
    make_zeros(b, 88 + 60);
    ov_put_u32(b, 0x400); /* size of headers */
    make_zeros(b, 88 + 68);
    ov_put_u16(b, 3); /* console */
    make_zeros(b, m->is_64 ? 88 + 108 : 88 + 92);
    ov_put_u32(b, 16);
    for (int i = 0; i < 16; i++) {
        ov_put_u32(b, m->directories[i][0]);
        ov_put_u32(b, m->directories[i][1]);
    }
    for (unsigned i = 0; i < m->n_sections; i++) {
        ov_put_str(b, ".sect\0\0\0");
        ov_put_u8(b, 0);
        ov_put_u16(b, 0);
        ov_put_u32(b, m->sections[i].size_in_memory);
        ov_put_u32(b, m->sections[i].address);
        ov_put_u32(b, m->sections[i].size);
        ov_put_u32(b, m->sections[i].at);
        ov_put_u64(b, 0);
        ov_put_u64(b, 0);
    }
}
