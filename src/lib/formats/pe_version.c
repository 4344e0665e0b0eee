/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the strings of a PE's version information lie: rules anchored at VI
 * match at the first byte of a key such as "CompanyName" (in UTF-16).
 *
 * Of resources of type 16 all names and languages are followed, up to 16
 * leaves. In a leaf VS_VERSIONINFO holds StringFileInfo (perhaps behind
 * VarFileInfo), that holds string tables, and these the strings; each block
 * begins with its length and is padded to 4 bytes. A string whose padded length
 * exceeds what its table has left ends the leaf, and so does one that is too
 * short to hold a value; a string that is nothing but a key is passed over.
 *
 * Source: Microsoft "PE Format", "The .rsrc Section"; Win32 "VS_VERSIONINFO",
 * "StringFileInfo", "StringTable", "String"; what ends a walk was found by
 * comparison with clamscan (tests/oracle).
 */
#include "formats/pe_version.h"

#include "formats/pe_resource.h"

#define MAX_LEAVES 16
#define BLOCK_HEADER 6    /* length, value length, type */
#define VERSION_HEADER 92 /* header, key, padding, VS_FIXEDFILEINFO */
#define FIXED_INFO_SIZE 52
#define FIXED_INFO_AT 0x28
#define FIXED_INFO_MAGIC 0xfeef04bd
#define STRING_TABLE_HEADER 24 /* header, key of 8 characters, padding */
#define STRING_MIN 16          /* header, key's end, value */

struct version {
    const struct ov_pe *pe;
    const struct ov_exe_job *job;
    struct ov_pe_resources resources;
    uint32_t leaves[MAX_LEAVES];
    unsigned n_leaves;
    struct ov_extent_list strings;
};

/* Keys as UTF-16LE with their end. */
#define KEY(text) ((struct ov_span){(const uint8_t *)(text), sizeof(text)})
#define KEY_VERSION KEY("V\0S\0_\0V\0E\0R\0S\0I\0O\0N\0_\0I\0N\0F\0O\0\0")
#define KEY_VAR KEY("V\0a\0r\0F\0i\0l\0e\0I\0n\0f\0o\0\0")
#define KEY_STRING KEY("S\0t\0r\0i\0n\0g\0F\0i\0l\0e\0I\0n\0f\0o\0\0")

static void find_leaves(struct version *v)
{
    struct ov_pe_leaf leaf;

    ov_pe_resources_open(v->pe, OV_PE_RESOURCE_VERSION, OV_PE_ANY_NAME,
                         &v->resources);
    while (v->n_leaves < MAX_LEAVES &&
           ov_pe_resources_next(&v->resources, &leaf))
        v->leaves[v->n_leaves++] = leaf.address;
}

/* The length of the block at `at`, if it is within left. */
static bool block_at(const struct version *v, uint64_t at, uint32_t left,
                     uint32_t *ret)
{
    uint16_t len;

    if (!ov_span_u16le(v->pe->bytes, at, &len) || len > left)
        return false;
    *ret = len;
    return true;
}

static bool has_key(const struct version *v, uint64_t at, uint32_t len,
                    struct ov_span key)
{
    return len > BLOCK_HEADER + key.len &&
           ov_span_has_at(v->pe->bytes, at + BLOCK_HEADER, key);
}

/* Where the value of the string at `at` begins, from there; len if its key
 * does not end. */
static uint32_t value_offset(const struct version *v, uint64_t at, uint32_t len)
{
    uint32_t i = BLOCK_HEADER;

    for (; i + 1 < len; i += 2) {
        uint16_t c = 1;

        (void)ov_span_u16le(v->pe->bytes, at + i, &c);
        if (c == 0) {
            i += 2;
            break;
        }
    }
    return (i + 3) & ~3u;
}

/* False if the leaf ends here. */
static enum ov_status read_table(struct version *v, uint64_t at, uint32_t left,
                                 bool *ret_goes_on)
{
    *ret_goes_on = true;
    while (left > BLOCK_HEADER) {
        uint16_t raw;
        uint32_t len, value;

        OV_TRY(ov_budget_spend(v->job->budget, OV_COST_STEPS, 50));
        if (!ov_span_u16le(v->pe->bytes, at, &raw))
            raw = 0;
        len = ((uint32_t)raw + 3) & ~3u;
        if (len > left || len <= STRING_MIN) {
            *ret_goes_on = false;
            return OV_OK;
        }
        value = value_offset(v, at, len);
        if (value < len)
            OV_TRY(ov_extent_add(v->job, &v->strings, at + BLOCK_HEADER,
                                 len - BLOCK_HEADER));
        at += len;
        left -= len;
    }
    return OV_OK;
}

static enum ov_status read_tables(struct version *v, uint64_t at, uint32_t left)
{
    bool goes_on = true;

    while (goes_on && left > BLOCK_HEADER) {
        uint32_t len;

        if (!block_at(v, at, left, &len) || len <= STRING_TABLE_HEADER)
            break;
        OV_TRY(read_table(v, at + STRING_TABLE_HEADER,
                          len - STRING_TABLE_HEADER, &goes_on));
        at += len;
        left -= len;
    }
    return OV_OK;
}

static enum ov_status read_version_block(struct version *v, uint64_t at,
                                         uint32_t left)
{
    uint32_t len;
    uint16_t value_len = 0;
    uint32_t magic = 0;

    if (!block_at(v, at, left, &len) || len <= VERSION_HEADER)
        return OV_OK;
    (void)ov_span_u16le(v->pe->bytes, at + 2, &value_len);
    (void)ov_span_u32le(v->pe->bytes, at + FIXED_INFO_AT, &magic);
    if (value_len != FIXED_INFO_SIZE || magic != FIXED_INFO_MAGIC ||
        !has_key(v, at, len, KEY_VERSION))
        return OV_OK;
    at += VERSION_HEADER;
    left = len - VERSION_HEADER;
    if (left <= BLOCK_HEADER || !block_at(v, at, left, &len))
        return OV_OK;
    if (has_key(v, at, len, KEY_VAR)) {
        at += len;
        left -= len;
        if (left <= BLOCK_HEADER || !block_at(v, at, left, &len))
            return OV_OK;
    }
    if (!has_key(v, at, len, KEY_STRING))
        return OV_OK;
    return read_tables(v, at + BLOCK_HEADER + KEY_STRING.len,
                       len - BLOCK_HEADER - (uint32_t)KEY_STRING.len);
}

static enum ov_status read_leaf(struct version *v, uint32_t leaf)
{
    uint32_t address, size;
    struct ov_span data;
    uint64_t at;

    if (!ov_pe_offset(v->pe, leaf, &at) ||
        !ov_span_u32le(v->pe->bytes, at, &address) ||
        !ov_span_u32le(v->pe->bytes, at + 4, &size) ||
        !ov_pe_offset(v->pe, address, &at) ||
        !ov_span_sub(v->pe->bytes, at, size, &data) || size <= 4)
        return OV_OK;
    return read_version_block(v, at, size);
}

enum ov_status ov_pe_read_version(const struct ov_pe *pe,
                                  const struct ov_exe_job *job)
{
    struct version v = {.pe = pe, .job = job};

    if (pe->directories[OV_PE_DIR_RESOURCE].size == 0)
        return OV_OK;
    find_leaves(&v);
    OV_TRY(ov_budget_spend(job->budget, OV_COST_STEPS,
                           10ull * v.resources.n_entries));
    for (unsigned i = 0; i < v.n_leaves; i++)
        OV_TRY(read_leaf(&v, v.leaves[i]));
    job->facts->layout.version_info = v.strings.items;
    job->facts->layout.n_version_info = v.strings.n;
    return OV_OK;
}
