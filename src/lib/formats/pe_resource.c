/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pe_resource.h"

/* Walks a PE's resources: three levels of directories (type, name, language),
 * each a header that tells how many entries have a text for a name, and how
 * many a number; those with a text come first. An entry is a name and an
 * offset, whose highest bit tells a directory from a leaf.
 *
 * Offsets may lead anywhere, also to a directory that was seen before: levels
 * are counted, so that there is no loop, and entries, so that a file of a few
 * KB cannot make us look at billions. The first entry of the type that is asked
 * for counts; what cannot be read ends the walk: so clamscan.
 *
 * Source: Microsoft "PE Format", "The .rsrc Section". */

#define IS_DIRECTORY 0x80000000u
#define MAX_ENTRIES 65536

static bool directory_at(const struct ov_pe_resources *r, uint32_t offset,
                         uint64_t *at, uint16_t *n_named, uint16_t *n_numbered)
{
    if (!ov_pe_offset(r->pe, r->root + offset, at) ||
        !ov_span_u16le(r->pe->bytes, *at + 12, n_named) ||
        !ov_span_u16le(r->pe->bytes, *at + 14, n_numbered))
        return false;
    *at += 16;
    return true;
}

/* Reads the entry at *at and goes past it. */
static bool read_entry(struct ov_pe_resources *r, uint64_t *at, uint32_t *name,
                       uint32_t *offset)
{
    if (r->n_entries == MAX_ENTRIES ||
        !ov_span_u32le(r->pe->bytes, *at, name) ||
        !ov_span_u32le(r->pe->bytes, *at + 4, offset))
        return false;
    r->n_entries++;
    *at += 8;
    return true;
}

static void open_names(struct ov_pe_resources *r, uint32_t offset)
{
    uint16_t named, numbered;

    if (!directory_at(r, offset, &r->names_at, &named, &numbered))
        return;
    r->n_names = (uint32_t)named + numbered;
    if (r->name != OV_PE_ANY_NAME) {
        r->names_at += 8ull * named;
        r->n_names = numbered;
    }
}

void ov_pe_resources_open(const struct ov_pe *pe, uint32_t type, uint32_t name,
                          struct ov_pe_resources *ret)
{
    struct ov_pe_resources r = {.pe = pe, .name = name};
    uint16_t named, numbered;
    uint64_t at;

    r.root = pe->directories[OV_PE_DIR_RESOURCE].address;
    *ret = r;
    if (pe->n_directories <= OV_PE_DIR_RESOURCE ||
        !directory_at(&r, 0, &at, &named, &numbered))
        return;
    at += 8ull * named;
    for (uint32_t i = 0; i < numbered; i++) {
        uint32_t found, offset;

        if (!read_entry(&r, &at, &found, &offset))
            break;
        if (found == type && (offset & IS_DIRECTORY)) {
            open_names(&r, offset & ~IS_DIRECTORY);
            break;
        }
    }
    *ret = r;
}

/* Goes on to the next name that has languages; false if there is none. */
static bool open_languages(struct ov_pe_resources *r)
{
    while (r->n_names > 0) {
        uint16_t named, numbered;
        uint32_t offset;

        if (!read_entry(r, &r->names_at, &r->current, &offset))
            return false;
        r->n_names--;
        if ((r->name != OV_PE_ANY_NAME && r->current != r->name) ||
            (offset & IS_DIRECTORY) == 0)
            continue;
        if (!directory_at(r, offset & ~IS_DIRECTORY, &r->languages_at, &named,
                          &numbered))
            return false;
        r->n_languages = (uint32_t)named + numbered;
        return true;
    }
    return false;
}

bool ov_pe_resources_next(struct ov_pe_resources *r, struct ov_pe_leaf *ret)
{
    for (;;) {
        uint32_t language, offset;

        if (r->n_languages == 0) {
            if (!open_languages(r))
                break;
            continue;
        }
        if (!read_entry(r, &r->languages_at, &language, &offset))
            break;
        r->n_languages--;
        if (offset & IS_DIRECTORY)
            continue;
        *ret = (struct ov_pe_leaf){r->current, r->root + offset};
        return true;
    }
    r->n_names = 0;
    r->n_languages = 0;
    return false;
}
