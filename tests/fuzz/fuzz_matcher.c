/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "fuzz.h"
#include "match/compiled.h"
#include "match/matcher.h"

/* Scans with a damaged compiled form. The input begins with edits of the form
 * of a few patterns of every kind: count, then each an offset (u16, the top bit
 * set: from the start, else among the programs), a length, and bytes. What is
 * left is the view. Whatever the form says, the scan ends within its budget,
 * and matches lie in the view or end where a program says. */
#define MAX_EDITS 16
#define MAX_RUN 32
#define MAX_STEPS (1u << 22)

#define BYTE(v)                                                                \
    {                                                                          \
        .kind = OV_CELL_BYTE, .value = (v), .mask = 0xff                       \
    }
#define GAP(min, max)                                                          \
    {                                                                          \
        .kind = OV_CELL_GAP, .gap_min = (min), .gap_max = (max)                \
    }

static const struct ov_cell literal[] = {
    BYTE('m'), BYTE('a'), BYTE('t'), BYTE('c'),
    BYTE('h'), BYTE('e'), BYTE('r'), BYTE('s'),
};

static const struct ov_cell wild[] = {
    BYTE('a'),
    {.kind = OV_CELL_ALT_OPEN},
    BYTE('b'),
    {.kind = OV_CELL_ALT_NEXT},
    {.kind = OV_CELL_ALT_OPEN, .is_negated = true},
    BYTE('c'),
    {.kind = OV_CELL_ALT_NEXT},
    {.kind = OV_CELL_BYTE, .value = 0x40, .mask = 0xf0},
    {.kind = OV_CELL_ALT_CLOSE},
    BYTE('d'),
    {.kind = OV_CELL_ALT_CLOSE},
    GAP(1, 40),
    {.kind = OV_CELL_BYTE, .value = 'x', .mask = 0xff, .is_negated = true},
    BYTE('e'),
    BYTE('f'),
    BYTE('g'),
    BYTE('h'),
    {.kind = OV_CELL_BOUNDARY, .value = OV_BOUNDARY_BREAK, .mask = 1},
};

static const struct ov_cell parts[] = {
    BYTE('o'), BYTE('n'), BYTE('e'),          GAP(2, OV_GAP_INF), BYTE('t'),
    BYTE('w'), BYTE('o'), GAP(0, OV_GAP_INF), BYTE('3'),
};

#define PATTERN(list)                                                          \
    .pattern.cells = (list), .pattern.n_cells = sizeof(list) / sizeof(*(list))

static const struct ov_match_input patterns[] = {
    {PATTERN(literal), .targets = UINT32_MAX},
    {PATTERN(literal), .pattern.flags = 15, .targets = 2},
    {PATTERN(wild), .targets = UINT32_MAX},
    {PATTERN(wild), .pattern.flags = OV_PATTERN_NOCASE, .targets = UINT32_MAX},
    {PATTERN(parts), .targets = UINT32_MAX},
    {PATTERN(parts), .targets = 3, .pattern.place = {.kind = OV_PLACE_START}},
    {.pattern = {.cells = literal,
                 .n_cells = 3,
                 .place = {.kind = OV_PLACE_ENTRY, .at = 3, .shift = 5}},
     .targets = UINT32_MAX},
    {.pattern = {.cells = literal, .n_cells = 2}, .targets = 1},
};

static void make_form(struct ov_buf *ret)
{
    if (ov_match_build(patterns, sizeof(patterns) / sizeof(patterns[0]), ret,
                       NULL, NULL) != OV_OK)
        abort();
}

static void edit(struct ov_buf *form, struct ov_reader *r)
{
    uint64_t programs = ov_load64le(form->ptr + 32);
    uint8_t n = ov_read_u8(r);

    for (uint8_t i = 0; i < n % MAX_EDITS && ov_reader_more(r); i++) {
        uint16_t off = ov_read_u16le(r);
        struct ov_span run = ov_read_span(r, ov_read_u8(r) % MAX_RUN);
        uint64_t at = off & 0x8000 ? off & 0x7fff : programs + off % 512;

        for (size_t k = 0; k < run.len && at + k < form->len; k++)
            form->ptr[at + k] = run.ptr[k];
    }
}

static const struct ov_layout *layout_of(void *data)
{
    static const struct ov_extent extents[] = {{4, 40}, {50, UINT64_MAX}};
    static const struct ov_layout layout = {.has_entry = true,
                                            .entry = 7,
                                            .sections = extents,
                                            .n_sections = 2,
                                            .version_info = extents,
                                            .n_version_info = 2};

    (void)data;
    return &layout;
}

static void scan(struct ov_matcher *m, struct ov_span view, uint32_t target)
{
    struct ov_arena *arena = ov_arena_new(1 << 22);
    struct ov_budget budget = ov_budget_default();
    struct ov_hits hits = {0};
    struct ov_match_job job = {.view = view,
                               .target = target,
                               .layout = layout_of,
                               .budget = &budget,
                               .arena = arena};

    if (arena == NULL)
        abort();
    budget.limit[OV_COST_STEPS] = MAX_STEPS;
    budget.limit[OV_COST_MATCHES] = 10000;
    (void)!ov_matcher_scan(m, &job, &hits); /* any status will do */
    for (size_t i = 0; i < hits.n_hits; i++)
        for (const struct ov_match *k = hits.hits[i]->first; k != NULL;
             k = k->next)
            FUZZ_CHECK(k->at <= view.len && k->len <= view.len - k->at);
    ov_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_reader r = ov_reader_over(ov_span_of(data, len));
    struct ov_buf form = ov_buf_with_max(1 << 24);
    struct ov_matcher *m = NULL;
    struct ov_store store = {0};

    make_form(&form);
    edit(&form, &r);
    store.all = ov_buf_span(&form);
    if (ov_matcher_open(&store, 0, form.len, &m) == OV_OK) {
        scan(m, ov_reader_rest(&r), 0);
        scan(m, ov_reader_rest(&r), 1);
    }
    ov_matcher_free(m);
    ov_buf_done(&form);
    return 0;
}
