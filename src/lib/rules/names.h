/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "rules/image.h"
#include "rules/ruleset.h"

/* The names section: for each list of rules (the rule records, and every hash
 * table) the name, source, line and flags of each entry, in the order of
 * sources. docs/protocol-image.md, "names". */

/* Lists: 0 for rule records, then one per hash table. */
#define OV_NAMES_OF_RULES 0
#define OV_NAMES_OF_HASHES(of, kind) (1 + (int)(of)*OV_N_DIGEST + (int)(kind))
#define OV_N_NAME_LISTS (1 + (int)OV_N_HASH_OF * OV_N_DIGEST)

/* The longest name of a rule, in bytes. */
#define OV_NAME_MAX 1024

/* Entries that are stored together. */
#define OV_NAMES_BLOCK 64

/* ---- writing ---- */

struct ov_names_writer;

/* Returns owned; NULL if memory is out. */
struct ov_names_writer *ov_names_writer_new(void) OV_ALLOC;
void ov_names_writer_free(struct ov_names_writer *w);
OV_DEFINE_AUTO(names_writer)

struct ov_names_entry {
    struct ov_span name; /* borrowed until the section is written */
    uint32_t source;
    uint32_t line;
    uint8_t flags; /* enum ov_rule_flag */
    bool is_allowed;
};

/* Appends one entry to a list. All of a list before the next list. OV_NO_MEMORY
 * and OV_LIMIT_SIZE. */
OV_MUST_USE enum ov_status ov_names_add(struct ov_names_writer *w, int list,
                                        const struct ov_names_entry *e);

/* Appends the section to ret. */
OV_MUST_USE enum ov_status ov_names_write(struct ov_names_writer *w,
                                          struct ov_buf *ret);

/* ---- reading ---- */

/* How many entries a list has; 0 if the section is damaged. */
uint64_t ov_names_count(struct ov_image *image, int list);

/* Entry `index` of a list, its name in the arena (left out if arena is NULL);
 * false if it is not there, on damage, or without memory. */
bool ov_names_at(struct ov_image *image, int list, uint64_t index,
                 struct ov_arena *arena, struct ov_names_entry *ret);

/* OV_NAMES_BLOCK entries at once, undecoded. */
struct ov_names_block {
    size_t n;
    uint32_t stem[OV_NAMES_BLOCK];
    uint64_t number[OV_NAMES_BLOCK];
    uint32_t line[OV_NAMES_BLOCK];
    uint32_t source[OV_NAMES_BLOCK];
    uint8_t flags[OV_NAMES_BLOCK]; /* OV_NAMES_ALLOWED or enum ov_rule_flag */
};

#define OV_NAMES_ALLOWED 0x80

bool ov_names_block_at(struct ov_image *image, int list, uint64_t block,
                       struct ov_names_block *ret);

/* The name that a stem and a number make, into room for OV_NAME_MAX bytes. */
bool ov_names_spell(struct ov_image *image, uint32_t stem, uint64_t number,
                    uint8_t ret[static OV_NAME_MAX], size_t *ret_len);

/* What a name comes to in an image. Entries whose stem has no number have any
 * number. */
struct ov_names_key {
    uint32_t stem;
    bool has_number;
    uint64_t number;
};

/* False if no entry has this name, or on damage. Reads all stems. */
bool ov_names_find(struct ov_image *image, struct ov_span name,
                   struct ov_names_key *ret);

/* The number in a name: its longest run of at most 18 digits that prints back
 * as it is, the last of equals; where it is, and 0 for *ret_len if there is
 * none. */
uint64_t ov_names_number(struct ov_span name, uint32_t *ret_at,
                         uint32_t *ret_len);
