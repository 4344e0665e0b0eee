/* SPDX-License-Identifier: Apache-2.0 */
#include "match/builder.h"
#include "match/re_atoms.h"

/* Patterns that are regular expressions: from the source to a program and how
 * it is found. ov_match_check asks the same questions without a builder. */

/* One form, compiled. */
struct compiled {
    struct ov_re_tree tree;
    uint16_t *nodes; /* of each item */
    struct ov_buf code;
    struct ov_re re; /* over the code */
    struct ov_re_cut cut;
};

#define CODE_MAX ((size_t)8 << 20)

static enum ov_status compile(struct compiled *c, const struct ov_pattern *p)
{
    uint32_t flags = OV_RE_ONE_GREED;

    flags |= p->flags & OV_PATTERN_NOCASE ? OV_RE_NOCASE : 0u;
    flags |= p->flags & OV_PATTERN_DOT_ALL ? OV_RE_DOT_ALL : 0u;
    c->code = ov_buf_with_max(CODE_MAX);
    OV_TRY(ov_re_parse(p->regex, flags, &c->tree, NULL));
    c->nodes = ov_alloc_array(c->tree.n_items, sizeof(*c->nodes));
    if (c->nodes == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_re_write(&c->tree, &c->code, c->nodes));
    return ov_re_open(ov_buf_span(&c->code), &c->re) ? OV_OK : OV_UNSUPPORTED;
}

static enum ov_status choose(struct compiled *c, bool is_wide)
{
    return ov_re_cut_choose(&c->tree, c->nodes, &c->re, is_wide, &c->cut);
}

static void compiled_done(struct compiled *c)
{
    ov_re_tree_done(&c->tree);
    ov_free(c->nodes);
    ov_buf_done(&c->code);
    ov_free(c);
}

static uint32_t flags_of(const struct compiled *c,
                         const struct ov_match_input *in, bool is_wide)
{
    uint32_t given = in->pattern.flags;
    uint32_t flags = OV_PROGRAM_REGEX;

    flags |= given & OV_PATTERN_NOCASE ? OV_PROGRAM_NOCASE : 0u;
    flags |= given & OV_PATTERN_FULLWORD ? OV_PROGRAM_FULLWORD : 0u;
    flags |= given & OV_PATTERN_DOT_ALL ? OV_PROGRAM_DOT_ALL : 0u;
    flags |= is_wide ? OV_PROGRAM_WIDE : 0u;
    flags |= in->pattern.place.kind != OV_PLACE_ANY ? OV_PROGRAM_PLACED : 0u;
    flags |= in->has_guard ? OV_PROGRAM_GUARDED : 0u;
    flags |= given & OV_PATTERN_PLACES ? OV_PROGRAM_PLACES : 0u;
    flags |= c->tree.has_greedy ? OV_PROGRAM_GREEDY : 0u;
    flags |= c->cut.n_atoms == 0 ? OV_PROGRAM_SLOW : 0u;
    return flags;
}

static enum ov_status write_program(struct ov_builder *b,
                                    const struct compiled *c,
                                    const struct ov_match_input *in,
                                    bool is_wide)
{
    struct ov_program p = {.flags = flags_of(c, in, is_wide),
                           .targets = in->targets,
                           .id = b->n_patterns,
                           .rule = in->rule,
                           .guard = b->guard,
                           .place = in->pattern.place,
                           .n_parts = 1};

    ov_buf_clear(&b->parts);
    ov_put_block(&b->parts, in->pattern.regex);
    ov_put_varint(&b->parts, c->cut.n_nodes);
    for (uint32_t i = 0; i < c->cut.n_nodes; i++)
        ov_put_varint(&b->parts, c->cut.nodes[i]);
    ov_put_span(&b->parts, ov_buf_span(&c->code));
    OV_TRY(ov_buf_status(&b->parts));
    p.parts = ov_buf_span(&b->parts);
    ov_program_write(&b->programs, &p);
    return ov_buf_status(&b->programs);
}

static enum ov_match_weakness weakness_of(const struct ov_re_cut *cut)
{
    if (cut->n_atoms == 0)
        return OV_MATCH_SLOW;
    for (uint32_t i = 0; i < cut->n_atoms; i++)
        if (cut->atoms[i].kind == OV_ATOM_SHORT)
            return OV_MATCH_SHORT;
    return cut->bits < OV_ATOM_RARE ? OV_MATCH_COMMON : OV_MATCH_STRONG;
}

static enum ov_status add(struct ov_builder *b, const struct compiled *c,
                          const struct ov_match_input *in, bool is_wide)
{
    uint32_t program = (uint32_t)b->programs.len;

    ov_builder_note_weakness(b, weakness_of(&c->cut));
    OV_TRY(write_program(b, c, in, is_wide));
    if (c->cut.n_atoms == 0)
        return ov_builder_add_slow(b, &c->cut.bytes, program);
    for (uint32_t i = 0; i < c->cut.n_atoms; i++)
        OV_TRY(ov_builder_add_atom(b, &c->cut.atoms[i], (struct ov_near){0},
                                   program));
    return OV_OK;
}

enum ov_status ov_builder_add_regex(struct ov_builder *b,
                                    const struct ov_match_input *in,
                                    bool is_wide)
{
    struct compiled *c = ov_alloc(sizeof(*c));
    enum ov_status status;

    if (c == NULL)
        return OV_NO_MEMORY;
    status = compile(c, &in->pattern);
    if (status == OV_OK)
        status = choose(c, is_wide);
    if (status == OV_OK)
        status = add(b, c, in, is_wide);
    compiled_done(c);
    return status == OV_MALFORMED ? OV_UNSUPPORTED : status;
}

enum ov_status ov_builder_try_regex(const struct ov_pattern *p)
{
    struct compiled *c = ov_alloc(sizeof(*c));
    enum ov_status status;

    if (c == NULL)
        return OV_NO_MEMORY;
    status = compile(c, p);
    compiled_done(c);
    return status;
}

enum ov_match_weakness ov_builder_check_regex(const struct ov_pattern *p,
                                              bool is_wide)
{
    struct compiled *c = ov_alloc(sizeof(*c));
    enum ov_match_weakness ret = OV_MATCH_NONE;
    enum ov_status status;

    if (c == NULL)
        return OV_MATCH_UNKNOWN;
    status = compile(c, p);
    if (status == OV_OK)
        status = choose(c, is_wide);
    if (status == OV_NO_MEMORY)
        ret = OV_MATCH_UNKNOWN;
    else if (status == OV_OK)
        ret = weakness_of(&c->cut);
    compiled_done(c);
    return ret;
}
