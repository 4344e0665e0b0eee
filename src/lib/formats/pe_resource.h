/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/pe.h"

#define OV_PE_RESOURCE_ICON 3
#define OV_PE_RESOURCE_ICON_GROUP 14
#define OV_PE_RESOURCE_VERSION 16

#define OV_PE_ANY_NAME UINT32_MAX

/* The leaves of one type of resources, one after the other: of all names or of
 * one number, in all languages. */
struct ov_pe_resources {
    const struct ov_pe *pe;
    uint32_t root; /* address of the resource directory */
    uint32_t name; /* that was asked for */
    uint64_t names_at;
    uint32_t n_names; /* still to be looked at */
    uint32_t current; /* name of the leaves that come now */
    uint64_t languages_at;
    uint32_t n_languages;
    uint32_t n_entries; /* looked at so far, of all directories */
};

/* One leaf: what it is called, and the address of its description (address and
 * size of the data). */
struct ov_pe_leaf {
    uint32_t name;
    uint32_t address;
};

/* Finds the directory of a type (a number). Without one there are no leaves. */
void ov_pe_resources_open(const struct ov_pe *pe, uint32_t type, uint32_t name,
                          struct ov_pe_resources *ret);

/* The next leaf; false after the last one, or where the directories are
 * damaged. */
bool ov_pe_resources_next(struct ov_pe_resources *r, struct ov_pe_leaf *ret);
