/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/text.h"
#include "match/matcher.h"
#include "rules/compile.h"
#include "rules/lookup.h"
#include "test.h"

/* Parts made by hand, and images of them. The compiler of patterns is replaced
 * by one that writes how many there are, so that these tests are about rules
 * alone; a pattern without cells cannot be compiled, one of a single cell is
 * weak. */
enum ov_status ov_match_build(const struct ov_match_input *in, size_t n,
                              struct ov_buf *ret, uint8_t *ret_weakness,
                              size_t *ret_bad)
{
    ov_put_u64(ret, n);
    for (size_t i = 0; i < n; i++) {
        if (in[i].pattern.n_cells == 0) {
            *ret_bad = i;
            return OV_UNSUPPORTED;
        }
        ret_weakness[i] =
            in[i].pattern.n_cells == 1 ? OV_MATCH_SHORT : OV_MATCH_STRONG;
        ov_put_u32(ret, in[i].rule);
    }
    return ov_buf_status(ret);
}

static const struct ov_cell some_cells[] = {
    {.kind = OV_CELL_BYTE, .value = 1, .mask = 0xff},
    {.kind = OV_CELL_BYTE, .value = 2, .mask = 0xff},
};

/* A term that is a pattern anywhere. */
static inline struct ov_term pattern_term(void)
{
    return (struct ov_term){.kind = OV_TERM_PATTERN,
                            .pattern = {.cells = some_cells, .n_cells = 2}};
}

static inline struct ov_rule *add_rule(struct ov_part *p, const char *name,
                                       uint32_t line)
{
    struct ov_rule *r = ov_part_add(&p->rules);

    assert_non_null(r);
    r->name = ov_span_str(name);
    r->line = line;
    r->targets = UINT32_MAX;
    return r;
}

/* As add_rule, of a single pattern. */
static inline void add_body(struct ov_part *p, const char *name, uint32_t line)
{
    static struct ov_term term;
    struct ov_rule *r = add_rule(p, name, line);

    term = pattern_term();
    r->terms = &term;
    r->n_terms = 1;
}

/* A digest whose bytes follow from a number. */
static inline void make_digest(uint64_t n, uint8_t ret[static OV_DIGEST_MAX])
{
    uint64_t state = n * 2 + 1;

    for (int i = 0; i < OV_DIGEST_MAX; i++) {
        state = state * 0x5851f42d4c957f2du + 0x14057b7ef767814fu;
        ret[i] = (uint8_t)(state >> 56);
    }
}

static inline struct ov_hash_rule *add_hash(struct ov_part *p, uint64_t n,
                                            uint64_t size, const char *name,
                                            uint32_t line)
{
    struct ov_hash_rule *r = ov_part_add(&p->hashes[OV_HASH_OF_OBJECT][OV_MD5]);

    assert_non_null(r);
    r->name = ov_span_str(name);
    r->size = size;
    r->line = line;
    make_digest(n, r->digest);
    return r;
}

/* What was compiled, and the image over it. */
struct compiled {
    struct ov_buf file;
    struct ov_image *image;
    struct ov_arena *arena;
    struct ov_compile_report report;
};

static inline struct compiled compile_parts(const struct ov_source *sources,
                                            size_t n_sources,
                                            struct ov_part *const *parts,
                                            size_t n_parts)
{
    struct ov_compile_job job = {.sources = sources,
                                 .n_sources = n_sources,
                                 .parts = parts,
                                 .n_parts = n_parts};
    struct compiled c = {.file = ov_buf_with_max(SIZE_MAX)};

    assert_int_equal(ov_compile(&job, &c.file, &c.report, NULL), OV_OK);
    assert_int_equal(ov_image_open(ov_buf_span(&c.file), &c.image, NULL),
                     OV_OK);
    c.arena = ov_arena_new((size_t)64 << 20);
    assert_non_null(c.arena);
    return c;
}

static inline void compiled_done(struct compiled *c)
{
    ov_arena_free(c->arena);
    ov_image_free(c->image);
    ov_buf_done(&c->file);
}

static inline void assert_text(struct ov_span s, const char *text)
{
    if (!ov_span_equal(s, ov_span_str(text)))
        fail_msg("\"%.*s\" is not \"%s\"", (int)s.len, (const char *)s.ptr,
                 text);
}
