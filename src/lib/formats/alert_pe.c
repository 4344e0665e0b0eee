/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "formats/alert.h"
#include "formats/pe.h"

/* PE files that could be read, but that no linker makes: alignments that are
 * none, or sections that do not follow each other in memory. Native programs
 * (drivers) may be otherwise.
 *
 * Source: Microsoft "PE Format", "Optional Header", "Section Table"; which of
 * it counts: clamscan 1.4.6 with --alert-broken (tests/oracle/alerts.py). */

#define SUBSYSTEM_AT 68
#define SUBSYSTEM_NATIVE 1
#define PAGE 0x1000
#define SECTOR 0x200
#define SECTION_SIZE 40

static uint32_t aligned(uint32_t v, uint32_t to)
{
    return to == 0 || v % to == 0 ? v : v - v % to + to;
}

static bool is_native(const struct ov_pe *pe)
{
    uint16_t subsystem = 0;

    return ov_span_u16le(pe->bytes, pe->optional_at + SUBSYSTEM_AT,
                         &subsystem) &&
           subsystem == SUBSYSTEM_NATIVE;
}

/* Whether each section begins where the one before it ends. */
static bool is_in_a_row(const struct ov_pe *pe)
{
    struct ov_reader r = ov_reader_over(pe->bytes);
    uint32_t end = pe->headers_size;

    ov_reader_seek(&r, pe->optional_at + pe->optional_size);
    for (unsigned i = 0; i < pe->n_sections; i++) {
        uint32_t size, address, raw_size;

        ov_reader_skip(&r, 8);
        size = ov_read_u32le(&r);
        address = ov_read_u32le(&r);
        raw_size = ov_read_u32le(&r);
        ov_reader_skip(&r, SECTION_SIZE - 20);
        if (raw_size != 0 && pe->sections[i].len == 0)
            continue; /* not in the file: as if it were not there */
        if (address != end)
            return false;
        end = address +
              aligned(size != 0 ? size : raw_size, pe->section_alignment);
    }
    return true;
}

bool ov_alert_pe(const struct ov_pe *pe)
{
    if (!is_native(pe) &&
        (pe->section_alignment == 0 || pe->section_alignment % PAGE != 0 ||
         pe->declared_alignment == 0 || pe->declared_alignment % SECTOR != 0))
        return true;
    return !is_in_a_row(pe);
}
