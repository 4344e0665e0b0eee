/* SPDX-License-Identifier: Apache-2.0 */
#include "match/matcher.h"
#include "rules/compile.h"
#include "rules/describe.h"
#include "rules/image.h"
#include "test.h"
#include "torture.h"

/* Text about an image whose patterns are really compiled. */

static const struct ov_source source = {.name = {(const uint8_t *)"a\n.ldb", 6},
                                        .text = {(const uint8_t *)"x", 1}};

static bool keep(void *data, struct ov_span text)
{
    struct ov_buf *all = data;

    ov_put_span(all, text);
    return ov_buf_status(all) == OV_OK;
}

static const struct ov_cell cells[] = {
    {.kind = OV_CELL_BYTE, .value = 0x68, .mask = 0xff},
    {.kind = OV_CELL_BYTE, .value = 0x65, .mask = 0xff},
    {.kind = OV_CELL_BYTE, .value = 0x6c, .mask = 0xff},
    {.kind = OV_CELL_BYTE, .value = 0x6c, .mask = 0xff},
    {.kind = OV_CELL_BYTE, .value = 0x6f, .mask = 0xff},
    {.kind = OV_CELL_BYTE, .value = 0x05, .mask = 0x0f},
    {.kind = OV_CELL_GAP, .gap_min = 2, .gap_max = 3},
    {.kind = OV_CELL_ALT_OPEN},
    {.kind = OV_CELL_BYTE, .value = 0x41, .mask = 0xff},
    {.kind = OV_CELL_ALT_NEXT},
    {.kind = OV_CELL_BYTE, .value = 0x42, .mask = 0xff},
    {.kind = OV_CELL_ALT_CLOSE},
    {.kind = OV_CELL_GAP, .gap_min = 0, .gap_max = OV_GAP_INF},
    {.kind = OV_CELL_BYTE, .value = 0x77, .mask = 0xff},
    {.kind = OV_CELL_BYTE, .value = 0x78, .mask = 0xff},
    {.kind = OV_CELL_BYTE, .value = 0x79, .mask = 0xff},
    {.kind = OV_CELL_BYTE, .value = 0x7a, .mask = 0xff},
};

static const struct ov_cell short_cells[] = {
    {.kind = OV_CELL_BYTE, .value = 0x68, .mask = 0xff},
    {.kind = OV_CELL_BYTE, .value = 0x65, .mask = 0xff},
};

#define N_CELLS (sizeof(cells) / sizeof(cells[0]))

static const struct ov_term terms[] = {
    {.kind = OV_TERM_PATTERN,
     .pattern = {.cells = cells,
                 .n_cells = N_CELLS,
                 .place = {.kind = OV_PLACE_ENTRY, .at = 4, .shift = 16}}},
    {.kind = OV_TERM_REGEX,
     .regex = {.source = {(const uint8_t *)"a.b", 3},
               .flags = OV_REGEX_CASELESS | OV_REGEX_DOTALL,
               .trigger = {(const uint8_t *)"\x07\x00", 2}}},
    {.kind = OV_TERM_PATTERN, .pattern = {.cells = short_cells, .n_cells = 2}},
};

static void add_hash(struct ov_part *part, const char *name, uint8_t byte,
                     uint64_t size)
{
    struct ov_hash_rule *h = ov_part_add(&part->hashes[0][OV_MD5]);

    assert_non_null(h);
    h->name = ov_span_str(name);
    h->size = size;
    h->line = 5;
    memset(h->digest, byte, 16);
}

static void add_member(struct ov_part *part)
{
    struct ov_member_rule *m = ov_part_add(&part->members);

    assert_non_null(m);
    m->name = OV_SPAN_LIT("Member");
    m->line = 8;
}

static struct ov_image *make_image(struct ov_buf *ret)
{
    struct ov_part *part = ov_part_new(0);
    struct ov_rule *r = ov_part_add(&part->rules);
    struct ov_skip *skip = ov_part_add(&part->skips);
    struct ov_compile_job job = {
        .sources = &source, .n_sources = 1, .parts = &part, .n_parts = 1};
    struct ov_image *image = NULL;

    *r = (struct ov_rule){.name = OV_SPAN_LIT("Win.Logical-1"),
                          .line = 2,
                          .flags = OV_RULE_UNWANTED,
                          .targets = 2,
                          .terms = terms,
                          .n_terms = 3,
                          .condition = OV_SPAN_LIT("\x07\x00\x07\x02\x08\x02")};
    *skip = (struct ov_skip){.line = 9,
                             .is_error = true,
                             .why = OV_SPAN_LIT("no colon"),
                             .what = OV_SPAN_LIT("abc\x1b")};
    add_member(part);
    add_hash(part, "Win.Hash-7", 0xab, 123);
    add_hash(part, "Win.Hash-8", 0x12, OV_SIZE_ANY);
    add_hash(part, "Plain", 0xcd, 5);
    *ret = ov_buf_with_max(SIZE_MAX);
    assert_int_equal(ov_compile(&job, ret, NULL, NULL), OV_OK);
    assert_int_equal(ov_image_open(ov_buf_span(ret), &image, NULL), OV_OK);
    ov_part_free(part);
    return image;
}

/* The text of one of the four, NUL-terminated. */
static char *text_of(struct ov_buf *all,
                     enum ov_status (*describe)(struct ov_image *,
                                                const struct ov_text_out *))
{
    OV_AUTO_DONE(buf) file = {0};
    const struct ov_text_out out = {.write = keep, .data = all};
    struct ov_image *image = make_image(&file);

    *all = ov_buf_with_max(SIZE_MAX);
    assert_int_equal(describe(image, &out), OV_OK);
    ov_put_u8(all, 0);
    ov_image_free(image);
    return (char *)all->ptr;
}

static void a_list_has_a_line_for_each_rule(void **state)
{
    OV_AUTO_DONE(buf) all = {0};

    (void)state;
    assert_string_equal(text_of(&all, ov_describe_list),
                        "Win.Logical-1\tlogical\ta\\x0a.ldb:2\n"
                        "Win.Hash-7\thash\ta\\x0a.ldb:5\n"
                        "Win.Hash-8\thash\ta\\x0a.ldb:5\n"
                        "Plain\thash\ta\\x0a.ldb:5\n"
                        "Member\tmember\ta\\x0a.ldb:8\n");
}

static void counts_tell_kinds_and_reasons(void **state)
{
    OV_AUTO_DONE(buf) all = {0};
    const char *text = text_of(&all, ov_describe_counts);

    (void)state;
    assert_non_null(strstr(text, "1  logical\n"));
    assert_non_null(strstr(text, "3  hash\n"));
    assert_non_null(strstr(text, "1  refused: no colon\n"));
    assert_non_null(strstr(text, "first at a\\x0a.ldb:9: abc\\x1b\n"));
    assert_non_null(strstr(text, "cost more than others: 1\n"));
    assert_non_null(strstr(text, "Win.Logical-1 (a\\x0a.ldb:2): no four"));
}

static void slow_patterns_are_named_with_their_rule(void **state)
{
    OV_AUTO_DONE(buf) all = {0};
    const char *text = text_of(&all, ov_describe_slow);

    (void)state;
    assert_string_equal(text, "a\\x0a.ldb:2: rule Win.Logical-1: no four fixed "
                              "bytes in a row\n");
}

static void costs_are_those_of_each_record(void **state)
{
    OV_AUTO_DONE(buf) all = {0};
    const char *text = text_of(&all, ov_describe_costs);
    const char *line = strchr(text, '\n') + 1;

    (void)state;
    assert_memory_equal(line - 5, "rule\n", 5);
    /* Two patterns, each searched for in one form; hashes have no line. */
    assert_memory_equal(line + 10, "         2         2  ", 21);
    assert_string_equal(strstr(line, "Win."), "Win.Logical-1 (a\\x0a.ldb:2)\n");
}

static void sections_are_listed_with_the_sources(void **state)
{
    OV_AUTO_DONE(buf) all = {0};
    const char *text = text_of(&all, ov_describe_sections);

    (void)state;
    assert_non_null(strstr(text, "  rule-data\n"));
    /* SHA-256 of "x" */
    assert_non_null(strstr(text, "  2d711642b726b044"));
    assert_non_null(strstr(text, "1 bytes, 5 rules, 1 left out  a\\x0a.ldb\n"));
}

static enum ov_status describe_logical(struct ov_image *image,
                                       const struct ov_text_out *out)
{
    return ov_describe_rule(image, OV_SPAN_LIT("Win.Logical-1"), out);
}

static void a_rule_is_shown_with_its_terms(void **state)
{
    OV_AUTO_DONE(buf) all = {0};

    (void)state;
    assert_string_equal(text_of(&all, describe_logical),
                        "rule Win.Logical-1\n"
                        "  source  a\\x0a.ldb:2\n"
                        "  kind    logical\n"
                        "  flags   unwanted\n"
                        "  targets 1\n"
                        "  condition\n"
                        "       0  term 0\n"
                        "       2  term 2\n"
                        "       4  all 2\n"
                        "  terms\n"
                        "      0  pattern 0 at EP+4,16\n"
                        "         68656c6c6f?5{2-3}(41|42)*7778797a\n"
                        "      1  regex at * /a.b/is\n"
                        "         if\n"
                        "           0  term 0\n"
                        "      2  pattern 1 at *\n"
                        "         6865  \"he\"\n");
}

/* ---- what patterns and places look like ---- */

#define BYTE(v)                                                                \
    {                                                                          \
        .kind = OV_CELL_BYTE, .value = (v), .mask = 0xff                       \
    }
#define MASKED(m, v)                                                           \
    {                                                                          \
        .kind = OV_CELL_BYTE, .value = (v), .mask = (m)                        \
    }
#define ATOM BYTE('a'), BYTE('b'), BYTE('c'), BYTE('d'), BYTE('e')

/* Compiles a rule of these terms and gives its description. */
static const char *describe_terms(const struct ov_term *of, uint32_t n,
                                  struct ov_buf *ret)
{
    OV_AUTO_DONE(buf) file = ov_buf_with_max(SIZE_MAX);
    struct ov_part *part = ov_part_new(0);
    struct ov_rule *r = ov_part_add(&part->rules);
    struct ov_compile_job job = {
        .sources = &source, .n_sources = 1, .parts = &part, .n_parts = 1};
    const struct ov_text_out out = {.write = keep, .data = ret};
    struct ov_image *image = NULL;

    *r = (struct ov_rule){.name = OV_SPAN_LIT("R"),
                          .targets = UINT32_MAX,
                          .flags = 15,
                          .terms = of,
                          .n_terms = n};
    *ret = ov_buf_with_max(SIZE_MAX);
    assert_int_equal(ov_compile(&job, &file, NULL, NULL), OV_OK);
    assert_int_equal(ov_image_open(ov_buf_span(&file), &image, NULL), OV_OK);
    assert_int_equal(ov_describe_rule(image, OV_SPAN_LIT("R"), &out), OV_OK);
    ov_image_free(image);
    ov_part_free(part);
    ov_put_u8(ret, 0);
    return (const char *)ret->ptr;
}

static void every_cell_has_its_words(void **state)
{
    static const struct ov_cell all[] = {
        ATOM,
        MASKED(0, 0),
        MASKED(0xf0, 0x40),
        MASKED(0x3c, 0x04),
        {.kind = OV_CELL_GAP, .gap_min = 3, .gap_max = 3},
        {.kind = OV_CELL_GAP, .gap_min = 9, .gap_max = 9},
        {.kind = OV_CELL_BYTE, .value = 7, .mask = 0xff, .is_negated = true},
        {.kind = OV_CELL_ALT_OPEN, .is_negated = true},
        BYTE(1),
        {.kind = OV_CELL_ALT_NEXT},
        BYTE(2),
        {.kind = OV_CELL_ALT_CLOSE},
        {.kind = OV_CELL_BOUNDARY, .value = OV_BOUNDARY_LINE},
        {.kind = OV_CELL_GAP, .gap_min = 5, .gap_max = OV_GAP_INF},
        BYTE('x'),
        {.kind = OV_CELL_BOUNDARY,
         .value = OV_BOUNDARY_WORD,
         .is_negated = true}};
    const struct ov_term term = {
        .kind = OV_TERM_PATTERN,
        .pattern = {.cells = all, .n_cells = sizeof(all) / sizeof(all[0])}};
    OV_AUTO_DONE(buf) text = {0};
    const char *shown = describe_terms(&term, 1, &text);

    (void)state;
    assert_non_null(strstr(shown, "  kind    body\n"));
    assert_non_null(
        strstr(shown, "  flags   unwanted official always macro-member\n"));
    assert_non_null(strstr(shown, "6162636465??4?[mask 3c value 04]{12}!(07)"
                                  "!(01|02)(L){5-}78!(W)\n"));
}

static void every_place_has_its_words(void **state)
{
    static const struct {
        struct ov_place place;
        const char *words;
    } rows[] = {
        {{.kind = OV_PLACE_START, .at = 3}, "at 3\n"},
        {{.kind = OV_PLACE_END, .at = 9, .shift = 4}, "at EOF-9,4\n"},
        {{.kind = OV_PLACE_ENTRY, .at = -7}, "at EP-7\n"},
        {{.kind = OV_PLACE_SECTION, .section = 2, .at = 5}, "at S2+5\n"},
        {{.kind = OV_PLACE_LAST_SECTION, .at = 1}, "at SL+1\n"},
        {{.kind = OV_PLACE_IN_SECTION, .section = 4}, "at SE4\n"},
        {{.kind = OV_PLACE_VERSION_INFO}, "at VI\n"},
        {{.kind = OV_PLACE_MACRO, .at = 6}, "at $6\n"},
    };
    static const struct ov_cell atom[] = {ATOM};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct ov_term term = {
            .kind = OV_TERM_PATTERN,
            .pattern = {.cells = atom,
                        .n_cells = 5,
                        .flags = OV_PATTERN_NOCASE | OV_PATTERN_FULLWORD,
                        .place = rows[i].place}};
        OV_AUTO_DONE(buf) text = {0};
        const char *shown = describe_terms(&term, 1, &text);

        assert_non_null(strstr(shown, rows[i].words));
        assert_non_null(
            strstr(shown, "6162636465  \"abcde\"  nocase  fullword\n"));
    }
}

static void other_terms_have_their_words(void **state)
{
    static const struct ov_term others[] = {
        {.kind = OV_TERM_BYTECMP,
         .bytecmp = {.trigger = 1,
                     .offset = -4,
                     .base = 'd',
                     .is_little = true,
                     .n_bytes = 2,
                     .n_compare = 2,
                     .compare = {{'>', 5}, {'<', -6}}}},
        {.kind = OV_TERM_FUZZY, .fuzzy = {{1, 2, 3, 4, 5, 6, 7, 8}, 2}},
        {.kind = OV_TERM_MACRO, .macro = {3, 0, 5, 10}}};
    OV_AUTO_DONE(buf) text = {0};
    const char *shown = describe_terms(others, 3, &text);

    (void)state;
    assert_non_null(strstr(shown, "number at -4 from term 1: base d, little, "
                                  "2 bytes: > 5 and < -6\n"));
    assert_non_null(strstr(shown, "image hash 0102030405060708, distance 2\n"));
    assert_non_null(strstr(shown, "macro group 3, 5 to 10 behind term 0\n"));
}

static enum ov_status describe_hash(struct ov_image *image,
                                    const struct ov_text_out *out)
{
    OV_TRY(ov_describe_rule(image, OV_SPAN_LIT("Win.Hash-8"), out));
    return ov_describe_rule(image, OV_SPAN_LIT("Plain"), out);
}

static void a_hash_is_shown_with_its_digest(void **state)
{
    OV_AUTO_DONE(buf) all = {0};

    (void)state;
    assert_string_equal(text_of(&all, describe_hash),
                        "rule Win.Hash-8\n"
                        "  source  a\\x0a.ldb:5\n"
                        "  kind    hash\n"
                        "  flags   none\n"
                        "  md5     12121212121212121212121212121212\n"
                        "  size    any\n"
                        "rule Plain\n"
                        "  source  a\\x0a.ldb:5\n"
                        "  kind    hash\n"
                        "  flags   none\n"
                        "  md5     cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\n"
                        "  size    5\n");
}

static void an_unknown_name_is_not_found(void **state)
{
    static const char *const names[] = {"", "Win.Logical-2", "Win.Hash-6",
                                        "Win.Hash-", "Plain-1"};
    OV_AUTO_DONE(buf) file = {0};
    OV_AUTO_DONE(buf) all = ov_buf_with_max(SIZE_MAX);
    const struct ov_text_out out = {.write = keep, .data = &all};
    struct ov_image *image = make_image(&file);

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(ov_describe_rule(image, ov_span_str(names[i]), &out),
                         OV_NOT_FOUND);
    assert_int_equal(all.len, 0);
    ov_image_free(image);
}

static bool refuse(void *data, struct ov_span text)
{
    (void)data;
    (void)text;
    return false;
}

static void a_refused_piece_ends_the_text(void **state)
{
    OV_AUTO_DONE(buf) file = {0};
    const struct ov_text_out out = {.write = refuse};
    struct ov_image *image = make_image(&file);

    (void)state;
    assert_int_equal(ov_describe_list(image, &out), OV_IO);
    ov_image_free(image);
}

static enum ov_status describe_all(void *arg)
{
    struct ov_image *image = arg;
    OV_AUTO_DONE(buf) all = ov_buf_with_max(SIZE_MAX);
    const struct ov_text_out out = {.write = keep, .data = &all};
    enum ov_status s = ov_describe_list(image, &out);

    if (s == OV_OK)
        s = ov_describe_counts(image, &out);
    if (s == OV_OK)
        s = ov_describe_slow(image, &out);
    if (s == OV_OK)
        s = ov_describe_costs(image, &out);
    if (s == OV_OK)
        s = describe_logical(image, &out);
    if (s == OV_OK)
        s = describe_hash(image, &out);
    /* the buffer that keeps the text fails too */
    return ov_buf_status(&all) != OV_OK ? ov_buf_status(&all) : s;
}

static void a_failed_allocation_ends_well(void **state)
{
    OV_AUTO_DONE(buf) file = {0};
    struct ov_image *image = make_image(&file);

    (void)state;
    assert_true(ov_torture(describe_all, image) > 5);
    ov_image_free(image);
}

OV_TEST_MAIN(OV_TEST(a_list_has_a_line_for_each_rule),
             OV_TEST(counts_tell_kinds_and_reasons),
             OV_TEST(slow_patterns_are_named_with_their_rule),
             OV_TEST(costs_are_those_of_each_record),
             OV_TEST(sections_are_listed_with_the_sources),
             OV_TEST(a_rule_is_shown_with_its_terms),
             OV_TEST(every_cell_has_its_words),
             OV_TEST(every_place_has_its_words),
             OV_TEST(other_terms_have_their_words),
             OV_TEST(a_hash_is_shown_with_its_digest),
             OV_TEST(an_unknown_name_is_not_found),
             OV_TEST(a_refused_piece_ends_the_text),
             OV_TEST(a_failed_allocation_ends_well))
