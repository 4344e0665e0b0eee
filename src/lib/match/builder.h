/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/atoms.h"
#include "match/compiled.h"
#include "match/form.h"
#include "match/matcher.h"

/* What the files share that compile patterns: match_build.c makes programs and
 * entries of patterns, match_sets.c what is looked at in the pass. */

struct ov_atom_entry {
    uint64_t hash;
    uint64_t key;
    uint32_t program;
    uint32_t targets;
    enum ov_atom_kind kind;
};

struct ov_atom_entries {
    struct ov_atom_entry *at;
    size_t n;
    size_t cap;
};

struct ov_slow {
    struct ov_class bytes;
    uint32_t program;
    uint32_t targets;
};

struct ov_builder {
    struct ov_form form;
    struct ov_atoms chosen; /* of the form */
    struct ov_buf programs;
    struct ov_buf code;
    struct ov_buf parts;
    struct ov_atom_entries atoms;
    struct ov_atom_entries fixed;
    struct ov_slow *slow;
    size_t n_slow;
    size_t slow_cap;
    uint32_t *crowds; /* how many atoms have a key, by hash */
    uint32_t unlike[OV_COMPILED_TARGETS]; /* bit u of t: they differ */
    uint32_t n_patterns;
};

static inline void ov_put_le16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void ov_put_le32(uint8_t *p, uint32_t v)
{
    ov_put_le16(p, (uint16_t)v);
    ov_put_le16(p + 2, (uint16_t)(v >> 16));
}

static inline void ov_put_le64(uint8_t *p, uint64_t v)
{
    ov_put_le32(p, (uint32_t)v);
    ov_put_le32(p + 4, (uint32_t)(v >> 32));
}

/* ---- match_build.c ---- */

/* Zeroed room of len bytes at the end of ret; its offset in *ret_off. NULL if
 * there is none. */
uint8_t *ov_builder_room(struct ov_buf *ret, uint64_t len, uint64_t *ret_off);

/* A program is found by an atom; or, tried at each byte of a class. */
OV_MUST_USE enum ov_status ov_builder_add_atom(struct ov_builder *b,
                                               const struct ov_atom *atom,
                                               uint32_t program,
                                               uint32_t targets);
OV_MUST_USE enum ov_status ov_builder_add_slow(struct ov_builder *b,
                                               const struct ov_class *bytes,
                                               uint32_t program,
                                               uint32_t targets);

/* ---- re_build.c ---- */

/* Adds the program of one form of a pattern that is a regular expression. */
OV_MUST_USE enum ov_status ov_builder_add_regex(struct ov_builder *b,
                                                const struct ov_match_input *in,
                                                bool is_wide);

/* What ov_match_check says of such a form. */
enum ov_match_weakness ov_builder_check_regex(const struct ov_pattern *p,
                                              bool is_wide);

/* ---- match_sets.c ---- */

/* Appends the sets, and writes where they are into the header at base. */
OV_MUST_USE enum ov_status ov_builder_put_sets(struct ov_builder *b,
                                               struct ov_buf *ret, size_t base);
