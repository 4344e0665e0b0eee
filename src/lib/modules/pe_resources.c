/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "pe": resources and version information.
 *
 * Resources are three levels of directories: type, name, language. An entry of
 * the first two may also be data itself; then what the levels below would say
 * is as the entry before left it (YARA has it so, and rules rely on counts).
 * Directories may lie anywhere and lead into each other; the levels bound the
 * depth, and there is a limit on entries in all. The first entry that leads
 * outside of the file ends everything.
 *
 * A version resource holds blocks (length, length of value, type, key as wide
 * text, padding to 4): VS_VERSION_INFO, in it VarFileInfo and StringFileInfo,
 * in that string tables, in those strings. Keys and values are taken down to
 * one byte a character, up to the first that is 0, keys up to 63 of them,
 * values up to 255.
 *
 * Source: Microsoft "PE Format", "The .rsrc Section"; Win32 "VS_VERSIONINFO";
 * limits and what ends a walk by comparison with yara (tests/oracle). */
#include "modules/pe_module.h"

#define DIRECTORY_SIZE 16
#define ENTRY_SIZE 8
#define DATA_SIZE 16
#define N_LEVELS 3
#define HIGH_BIT 0x80000000u
#define MAX_RESOURCES 65536
#define MAX_PER_DIRECTORY 32768
#define MAX_ENTRIES (1u << 20)
#define ENTRY_STEPS 20
#define TYPE_VERSION 16

#define MAX_INFOS 4096
#define MAX_WIDE (1u << 20) /* characters looked at for version information */
#define MAX_KEY 63
#define MAX_VALUE 255
#define BLOCK_HEADER 6

struct resource {
    uint32_t address;
    uint32_t size;
    int32_t number[N_LEVELS]; /* type, id, language */
    struct ov_span text[N_LEVELS];
    bool has_text[N_LEVELS];
};

struct version_info {
    struct ov_span key;
    struct ov_span value;
};

/* An open directory. */
struct level {
    uint64_t at; /* of the next entry */
    uint32_t n_left;
};

struct walk {
    struct ov_module_run *run;
    const struct ov_pe *pe;
    uint64_t root;
    struct level levels[N_LEVELS];
    unsigned n_levels;
    struct resource now; /* what the entries on the way say */
    uint32_t n_entries;
    bool is_over;
    struct resource *list;
    uint32_t n;
    uint32_t cap;
    struct version_info *infos;
    uint32_t n_infos;
    uint32_t n_wide; /* characters looked at */
};

/* Opens the directory at `at`; a strange one is empty. False: outside. */
static bool open_directory(struct walk *w, uint64_t at)
{
    struct ov_span head;
    uint32_t flags = 0;
    uint16_t named = 0, numbered = 0;

    if (!ov_span_sub(w->pe->bytes, at, DIRECTORY_SIZE, &head))
        return false;
    (void)ov_span_u32le(head, 0, &flags);
    (void)ov_span_u16le(head, 12, &named);
    (void)ov_span_u16le(head, 14, &numbered);
    if (flags != 0 || named > MAX_PER_DIRECTORY || numbered > MAX_PER_DIRECTORY)
        named = numbered = 0;
    w->levels[w->n_levels++] =
        (struct level){at + DIRECTORY_SIZE, (uint32_t)named + numbered};
    return true;
}

/* The name or number of the entry on its level. */
static void name_entry(struct walk *w, unsigned level, uint32_t name)
{
    struct resource *now = &w->now;
    uint64_t at = w->root + (name & ~HIGH_BIT);
    uint16_t len;

    now->number[level] = (int32_t)name;
    now->has_text[level] =
        (name & HIGH_BIT) != 0 && ov_span_u16le(w->pe->bytes, at, &len) &&
        ov_span_sub(w->pe->bytes, at + 2, 2ull * len, &now->text[level]);
    for (unsigned i = level + 1; i < N_LEVELS; i++)
        now->has_text[i] = false;
}

static enum ov_status more_room(struct walk *w)
{
    uint32_t cap = w->cap == 0 ? 32 : w->cap * 2;
    struct resource *list;

    if (w->n < w->cap)
        return OV_OK;
    list = ov_arena_array(w->run->in->arena, cap, sizeof(*list));
    if (list == NULL)
        return OV_NO_MEMORY;
    for (uint32_t i = 0; i < w->n; i++)
        list[i] = w->list[i];
    w->list = list;
    w->cap = cap;
    return OV_OK;
}

static bool is_key(const struct walk *w, uint64_t block, const char *key)
{
    uint64_t at = block + BLOCK_HEADER;
    struct ov_span whole;
    uint16_t c = 0;

    if (!ov_span_sub(w->pe->bytes, at, 2 * (strlen(key) + 1), &whole))
        return false;
    do {
        (void)ov_span_u16le(w->pe->bytes, at, &c);
        if (c != (uint8_t)*key)
            return false;
        at += 2;
    } while (*key++ != '\0');
    return true;
}

/* Bytes of the wide text at `at` with its end; false if it has none. */
static bool wide_size(struct walk *w, uint64_t at, uint32_t *ret)
{
    uint32_t size = 0;
    uint16_t c = 1;

    while (c != 0 && w->n_wide++ < MAX_WIDE &&
           ov_span_u16le(w->pe->bytes, at + size, &c))
        size += 2;
    *ret = size;
    return c == 0;
}

/* The low bytes of wide text up to one that is 0, or max of them. */
static bool narrow(struct walk *w, uint64_t at, size_t max, struct ov_span *ret)
{
    uint8_t text[MAX_VALUE];
    size_t n = 0;

    while (n < max) {
        int c = ov_span_byte(w->pe->bytes, at + 2 * n);

        if (c <= 0)
            break;
        text[n++] = (uint8_t)c;
    }
    return ov_arena_copy(w->run->in->arena, ov_span_of(text, n), ret);
}

/* What block lengths and offsets in blocks are rounded up to. */
static uint32_t padded(uint32_t n)
{
    return (n + 3) & ~3u;
}

/* A block's length, if it has a key and begins before end. */
static bool read_block(struct walk *w, uint64_t block, uint64_t end,
                       uint32_t *ret_len, uint32_t *ret_head)
{
    uint16_t len = 0;
    uint32_t key;

    if (block >= end || !ov_span_u16le(w->pe->bytes, block, &len) || len == 0 ||
        !wide_size(w, block + BLOCK_HEADER, &key))
        return false;
    *ret_len = padded(len);
    *ret_head = padded(BLOCK_HEADER + key);
    return true;
}

static enum ov_status read_string(struct walk *w, uint64_t string,
                                  uint32_t head)
{
    struct version_info *info = &w->infos[w->n_infos];
    uint16_t value_len = 0;
    uint32_t value;

    if (!wide_size(w, string + head, &value))
        return OV_OK;
    (void)ov_span_u16le(w->pe->bytes, string + 2, &value_len);
    if (!narrow(w, string + BLOCK_HEADER, MAX_KEY, &info->key) ||
        !narrow(w, string + head, value_len == 0 ? 0 : MAX_VALUE, &info->value))
        return OV_NO_MEMORY;
    w->n_infos++;
    return OV_OK;
}

/* All string tables in [table, end). */
static enum ov_status read_tables(struct walk *w, uint64_t table, uint64_t end)
{
    uint32_t len, head;

    while (read_block(w, table, end, &len, &head)) {
        uint64_t string = table + head;

        table += len;
        while (w->n_infos < MAX_INFOS &&
               read_block(w, string, table, &len, &head)) {
            OV_TRY(ov_budget_spend(w->run->in->budget, OV_COST_STEPS, 500));
            OV_TRY(read_string(w, string, head));
            string += len;
        }
    }
    return OV_OK;
}

static bool find_key(struct walk *w, uint64_t block, const char *key,
                     uint64_t *ret_next)
{
    uint16_t len = 0;

    if (!is_key(w, block, key) || w->n_wide++ >= MAX_WIDE)
        return false;
    (void)ov_span_u16le(w->pe->bytes, block, &len);
    *ret_next = block + padded(len);
    return len != 0;
}

static enum ov_status read_version(struct walk *w, uint64_t at)
{
    uint64_t next;

    if (!is_key(w, at, "VS_VERSION_INFO"))
        return OV_OK;
    if (w->infos == NULL)
        w->infos =
            ov_arena_array(w->run->in->arena, MAX_INFOS + 1, sizeof(*w->infos));
    if (w->infos == NULL)
        return OV_NO_MEMORY;
    at += padded(BLOCK_HEADER + 86);
    while (find_key(w, at, "VarFileInfo", &next))
        at = next;
    while (find_key(w, at, "StringFileInfo", &next)) {
        OV_TRY(read_tables(w, at + padded(BLOCK_HEADER + 30), next));
        at = next;
    }
    return OV_OK;
}

static enum ov_status add_resource(struct walk *w, uint64_t at)
{
    uint64_t found;

    if (w->n > MAX_RESOURCES) {
        w->is_over = true;
        return OV_OK;
    }
    OV_TRY(more_room(w));
    (void)ov_span_u32le(w->pe->bytes, at, &w->now.address);
    (void)ov_span_u32le(w->pe->bytes, at + 4, &w->now.size);
    w->list[w->n++] = w->now;
    if (w->now.number[0] == TYPE_VERSION &&
        ov_pe_find(w->pe, w->now.address, &found))
        return read_version(w, found);
    return OV_OK;
}

static enum ov_status walk_entry(struct walk *w, struct level *top)
{
    unsigned level = w->n_levels - 1;
    struct ov_span entry, data;
    uint32_t name = 0, offset = 0;

    OV_TRY(ov_budget_spend(w->run->in->budget, OV_COST_STEPS, ENTRY_STEPS));
    if (++w->n_entries > MAX_ENTRIES ||
        !ov_span_sub(w->pe->bytes, top->at, ENTRY_SIZE, &entry)) {
        w->is_over = true;
        return OV_OK;
    }
    top->n_left--;
    top->at += ENTRY_SIZE;
    (void)ov_span_u32le(entry, 0, &name);
    (void)ov_span_u32le(entry, 4, &offset);
    name_entry(w, level, name);
    if ((offset & HIGH_BIT) != 0 && w->n_levels < N_LEVELS) {
        w->is_over = !open_directory(w, w->root + (offset & ~HIGH_BIT));
        return OV_OK;
    }
    offset &= ~HIGH_BIT;
    if (!ov_span_sub(w->pe->bytes, w->root + offset, DATA_SIZE, &data)) {
        w->is_over = true;
        return OV_OK;
    }
    return add_resource(w, w->root + offset);
}

static enum ov_status walk(struct walk *w)
{
    while (w->n_levels > 0 && !w->is_over) {
        struct level *top = &w->levels[w->n_levels - 1];

        if (top->n_left == 0)
            w->n_levels--;
        else
            OV_TRY(walk_entry(w, top));
    }
    return OV_OK;
}

static void fill_resource(const struct ov_pe *pe, const struct resource *r,
                          struct ov_datum *fields)
{
    uint64_t at;

    fields[PE_RESOURCE_RVA] = ov_datum_integer(r->address);
    if (ov_pe_find(pe, r->address, &at))
        fields[PE_RESOURCE_OFFSET] = ov_datum_integer((int64_t)at);
    fields[PE_RESOURCE_LENGTH] = ov_datum_integer(r->size);
    for (unsigned i = 0; i < N_LEVELS; i++) {
        if (r->has_text[i])
            fields[PE_RESOURCE_TYPE_STRING + i] = ov_datum_text(r->text[i]);
        else
            fields[PE_RESOURCE_TYPE + i] = ov_datum_integer(r->number[i]);
    }
}

static enum ov_status fill_resources(const struct walk *w)
{
    struct ov_datum *values;
    struct ov_datum *root = w->run->fields;

    OV_TRY(ov_datum_array(w->run, &ov_pe_resource_item, w->n,
                          &root[PE_RESOURCES], &values));
    for (uint32_t i = 0; i < w->n; i++)
        fill_resource(w->pe, &w->list[i], values[i].fields);
    root[PE_NUMBER_OF_RESOURCES] = ov_datum_integer(w->n);
    return OV_OK;
}

/* The place of a key among the first n, or n. */
static uint32_t find_info(const struct ov_span *keys, uint32_t n,
                          struct ov_span key)
{
    uint32_t i = 0;

    while (i < n && !ov_span_equal(keys[i], key))
        i++;
    return i;
}

/* The last value of a key counts. */
static enum ov_status fill_dictionary(const struct walk *w)
{
    struct ov_datum *values;
    struct ov_span *keys;
    struct ov_items *items;
    uint32_t n = 0;

    OV_TRY(ov_datum_dictionary(w->run, NULL, w->n_infos,
                               &w->run->fields[PE_VERSION_INFO], &values,
                               &keys));
    for (uint32_t i = 0; i < w->n_infos; i++) {
        uint32_t place = find_info(keys, n, w->infos[i].key);

        OV_TRY(ov_budget_spend(w->run->in->budget, OV_COST_STEPS, n));
        keys[place] = w->infos[i].key;
        values[place] = ov_datum_text(w->infos[i].value);
        n += place == n;
    }
    items = ov_arena_alloc(w->run->in->arena, sizeof(*items));
    if (items == NULL)
        return OV_NO_MEMORY;
    *items = (struct ov_items){n, values, keys};
    w->run->fields[PE_VERSION_INFO].items = items;
    return OV_OK;
}

static enum ov_status fill_version(const struct walk *w)
{
    struct ov_datum *values;
    struct ov_datum *root = w->run->fields;

    OV_TRY(ov_datum_array(w->run, &ov_pe_info_item, w->n_infos,
                          &root[PE_VERSION_INFO_LIST], &values));
    for (uint32_t i = 0; i < w->n_infos; i++) {
        values[i].fields[PE_INFO_KEY] = ov_datum_text(w->infos[i].key);
        values[i].fields[PE_INFO_VALUE] = ov_datum_text(w->infos[i].value);
    }
    root[PE_NUMBER_OF_VERSION_INFOS] = ov_datum_integer(w->n_infos);
    return fill_dictionary(w);
}

/* What the first directory says of itself. */
static void fill_root(struct ov_datum *root, const struct ov_pe *pe,
                      uint64_t at)
{
    struct ov_datum *version = root[PE_RESOURCE_VERSION].fields;
    uint32_t timestamp = 0;
    uint16_t major = 0, minor = 0;

    (void)ov_span_u32le(pe->bytes, at + 4, &timestamp);
    (void)ov_span_u16le(pe->bytes, at + 8, &major);
    (void)ov_span_u16le(pe->bytes, at + 10, &minor);
    root[PE_RESOURCE_TIMESTAMP] = ov_datum_integer(timestamp);
    version[PE_VERSION_MAJOR] = ov_datum_integer(major);
    version[PE_VERSION_MINOR] = ov_datum_integer(minor);
}

enum ov_status ov_pe_fill_resources(struct ov_module_run *run,
                                    const struct ov_pe *pe)
{
    struct walk w = {.run = run, .pe = pe, .now = {.number = {-1, -1, -1}}};

    if (ov_pe_find_table(pe, OV_PE_DIR_RESOURCE, &w.root) &&
        open_directory(&w, w.root)) {
        fill_root(run->fields, pe, w.root);
        OV_TRY(walk(&w));
    }
    OV_TRY(fill_resources(&w));
    return fill_version(&w);
}
