/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/atoms.h"
#include "match/classes.h"
#include "match/compiled.h"
#include "match/form.h"
#include "match/matcher.h"

/* What the files share that compile patterns: match_build.c makes programs and
 * entries of patterns, match_sets.c what is looked at in the pass. */

/* Which views a program is looked for in: bit t of targets, bit c of classes.
 */
struct ov_where {
    uint64_t classes;
    uint32_t targets;
};

/* A byte at one distance from the atom in every match; 0: none is known. */
struct ov_near {
    int8_t distance;
    uint8_t value; /* folded */
};

struct ov_atom_entry {
    uint64_t hash;
    uint64_t key;
    struct ov_where where;
    uint32_t program;
    struct ov_near near;
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
    struct ov_where where;
};

/* Each once, in order. */
struct ov_wheres {
    struct ov_where *at;
    size_t n;
    size_t cap;
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
    uint32_t n_patterns;
    struct ov_guards guards;
    struct ov_classes classes;
    struct ov_wheres wheres;
    struct ov_where where;           /* of the pattern that is being added */
    uint32_t guard;                  /* its number, if it has one */
    enum ov_match_weakness weakness; /* of its forms the worst */
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

/* Of one form of the pattern that is being added. */
void ov_builder_note_weakness(struct ov_builder *b, enum ov_match_weakness w);

/* A program of the pattern that is being added is found by an atom; or, tried
 * at each byte of a class. */
OV_MUST_USE enum ov_status ov_builder_add_atom(struct ov_builder *b,
                                               const struct ov_atom *atom,
                                               struct ov_near near,
                                               uint32_t program);
OV_MUST_USE enum ov_status ov_builder_add_slow(struct ov_builder *b,
                                               const struct ov_class *bytes,
                                               uint32_t program);

/* ---- re_build.c ---- */

/* Adds the program of one form of a pattern that is a regular expression. */
OV_MUST_USE enum ov_status ov_builder_add_regex(struct ov_builder *b,
                                                const struct ov_match_input *in,
                                                bool is_wide);

/* Whether such a pattern can be compiled. */
OV_MUST_USE enum ov_status ov_builder_try_regex(const struct ov_pattern *p);

/* What ov_match_check says of such a form. */
enum ov_match_weakness ov_builder_check_regex(const struct ov_pattern *p,
                                              bool is_wide);

/* ---- match_where.c ---- */

/* Chooses the classes of views for n patterns. */
OV_MUST_USE enum ov_status
ov_builder_choose_classes(struct ov_builder *b, const struct ov_match_input *in,
                          size_t n);

/* The pattern that is added next: b->where, b->guard. */
OV_MUST_USE enum ov_status
ov_builder_begin_pattern(struct ov_builder *b, const struct ov_match_input *in);

/* A target and a class of views. */
struct ov_cell_of_views {
    uint32_t target;
    uint32_t in_class;
};

/* Gives each target and class a set: its own, an earlier one's, or none
 * (OV_COMPILED_NO_SET). first[s] is what set s was made for. Returns how many
 * there are. */
uint32_t
ov_builder_share_sets(const struct ov_builder *b, uint8_t *sets,
                      struct ov_cell_of_views first[static OV_SETS_MAX]);

static inline bool ov_where_has(const struct ov_where *w,
                                struct ov_cell_of_views at)
{
    return (w->targets >> at.target & 1) && (w->classes >> at.in_class & 1);
}

/* ---- match_groups.c ---- */

/* Deals n atoms of a kind (indexes into b->atoms) into the groups of a screen.
 * ret_groups: n entries. */
OV_MUST_USE enum ov_status ov_builder_deal(const struct ov_builder *b,
                                           enum ov_atom_kind kind,
                                           const uint32_t *picked, size_t n,
                                           uint8_t *ret_groups);

/* ---- match_sets.c ---- */

/* Appends the sets, and writes where they are into the header at base. */
OV_MUST_USE enum ov_status ov_builder_put_sets(struct ov_builder *b,
                                               struct ov_buf *ret, size_t base);
