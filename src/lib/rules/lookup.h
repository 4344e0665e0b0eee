/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "rules/image.h"
#include "rules/ruleset.h"

/* What a scan asks of an opened image. Everything is read straight from the
 * mapped pages; spans that come back point into the image. A false result with
 * image->store.is_damaged set means that a page is damaged. */

/* One rule. Names of ClamAV hash rules are stored in compressed form, so the
 * name is written into the arena. */
struct ov_rule_view {
    struct ov_span name;
    struct ov_span source; /* its source's name */
    uint32_t line;
    uint32_t flags; /* enum ov_rule_flag */
    uint32_t targets;
    uint32_t n_terms;
    uint32_t first_pattern; /* pattern ID of the first OV_TERM_PATTERN term;
                               the others follow in the order of terms */
    uint32_t n_patterns;
    struct ov_span condition; /* empty: all terms must match */
    struct ov_span terms;     /* encoded, for ov_lookup_terms */
};

/* Rule `id` (what struct ov_hit calls rule). name and source are set only if
 * arena is not NULL. */
bool ov_lookup_rule(struct ov_image *image, uint32_t id, struct ov_arena *arena,
                    struct ov_rule_view *ret);
uint32_t ov_lookup_n_rules(struct ov_image *image);

/* Decodes the terms of a rule into the arena. For OV_TERM_PATTERN only the kind
 * and pattern.place are set (the matcher has the rest). NULL on damage. */
const struct ov_term *ov_lookup_terms(struct ov_image *image,
                                      const struct ov_rule_view *rule,
                                      struct ov_arena *arena);

/* The rules that may hold without any match (OV_RULE_ALWAYS), rising: n records
 * for ov_always_fits. */
bool ov_lookup_always(struct ov_image *image, const uint8_t **ret_records,
                      size_t *ret_n);

/* Whether rule *ret_id of a record may hold for an object of this size that
 * begins with these four bytes (the first the lowest; 0 for those that are not
 * there). */
static inline bool ov_always_fits(const uint8_t *record, uint64_t size,
                                  uint32_t head, uint32_t *ret_id)
{
    *ret_id = ov_load32le(record);
    return (head & ov_load32le(record + 4)) == ov_load32le(record + 8) &&
           size >= ov_load64le(record + 16) && size <= ov_load64le(record + 24);
}

/* Whether it may hold for what has neither a size nor a begin: a process. */
static inline bool ov_always_fits_any(const uint8_t *record, uint32_t *ret_id)
{
    *ret_id = ov_load32le(record);
    return ov_load32le(record + 4) == 0 && ov_load64le(record + 16) == 0 &&
           ov_load64le(record + 24) == UINT64_MAX;
}

/* Patterns that are members of a macro group: [first, first + n) index a list
 * of pattern IDs. */
bool ov_lookup_macro(struct ov_image *image, uint32_t group,
                     struct ov_span *ret_ids_le32);

/* Which digests of an object (section, import list) of this size some rule
 * knows: bit enum ov_digest_kind. 0 for most sizes, and then nothing needs to
 * be hashed. Only the hot table is read. */
uint32_t ov_lookup_wanted(struct ov_image *image, enum ov_hash_of of,
                          uint64_t size);

/* A hash rule that a digest and size satisfy. */
struct ov_hash_view {
    struct ov_span name;
    struct ov_span source;
    uint32_t line;
    uint8_t flags;
    bool is_allowed;
};

/* What a digest was taken of, how, and from how many bytes. */
struct ov_hash_key {
    enum ov_hash_of of;
    enum ov_digest_kind kind;
    const uint8_t *digest;
    uint64_t size;
};

/* The nth (from 0) rule for this digest and size, in the order of sources;
 * false when there are no more. Touches the cold table only if the fingerprint
 * is found. The name is left out if arena is NULL; one that cannot be read is
 * replaced by words, so that a detection is never lost. */
bool ov_lookup_hash(struct ov_image *image, const struct ov_hash_key *key,
                    size_t nth, struct ov_arena *arena,
                    struct ov_hash_view *ret);

/* .cdb, .ftm and .pwdb entries are few: all at once, in the arena. NULL and
 * *ret_n 0 if there are none. */
const struct ov_member_rule *ov_lookup_members(struct ov_image *image,
                                               struct ov_arena *arena,
                                               size_t *ret_n);
const struct ov_magic_rule *
ov_lookup_magics(struct ov_image *image, struct ov_arena *arena, size_t *ret_n);
const struct ov_password *ov_lookup_passwords(struct ov_image *image,
                                              struct ov_arena *arena,
                                              size_t *ret_n);

/* Sources, in the order in which they were given to the compiler. */
struct ov_source_view {
    struct ov_span name;
    uint8_t sha256[32];
    uint64_t size;
    uint64_t n_rules;   /* compiled from it */
    uint64_t n_skipped; /* counted and named in the counts section */
};

uint32_t ov_lookup_n_sources(struct ov_image *image);
bool ov_lookup_source(struct ov_image *image, uint32_t n,
                      struct ov_source_view *ret);
