/* SPDX-License-Identifier: Apache-2.0 */
#include "compile_help.h"

#define LIT(text)                                                              \
    {                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                              \
    }
#include "rules/notes.h"

static const struct ov_source sources[] = {
    {.name = LIT("a.yar"), .text = LIT("x")},
};

static const struct ov_span names[] = {LIT("$a"), LIT("$")};

static const struct ov_rule_note notes[] = {
    {LIT(""), LIT("trojan"), OV_NOTE_TEXT},
    {LIT("author"), LIT("me"), OV_NOTE_TEXT},
    {LIT("author"), LIT("3"), OV_NOTE_NUMBER},
};

static const uint8_t forms[] = {0, OV_TERM_FORM_HEX};

/* Rules 0 to 29; of those that 3 divides the notes are known. */
static struct compiled compile_rules(void)
{
    static const struct ov_term terms[2] = {
        {.kind = OV_TERM_PATTERN,
         .pattern = {.cells = some_cells, .n_cells = 2}},
        {.kind = OV_TERM_PATTERN,
         .pattern = {.cells = some_cells, .n_cells = 2}},
    };
    struct ov_part *part = ov_part_new(0);
    struct compiled c;

    assert_non_null(part);
    for (uint32_t i = 0; i < 30; i++) {
        struct ov_rule *r = add_rule(part, "r", i + 1);

        r->terms = terms;
        r->n_terms = 2;
        if (i % 3 != 0)
            continue;
        r->term_names = names;
        r->term_forms = forms;
        r->n_term_names = 2;
        r->notes = notes;
        r->n_notes = i % 4;
    }
    c = compile_parts(sources, 1, &part, 1);
    ov_part_free(part);
    return c;
}

static void notes_come_back_for_the_rules_that_have_some(void **state)
{
    struct compiled c = compile_rules();
    struct ov_notes got;

    (void)state;
    for (uint32_t i = 0; i < 31; i++) {
        bool has = i < 30 && i % 3 == 0;

        assert_int_equal(ov_notes_find(c.image, i, c.arena, &got), OV_OK);
        assert_int_equal(got.n_term_names, has ? 2 : 0);
        assert_int_equal(got.n_notes, has ? i % 4 : 0);
        if (has)
            assert_true(ov_span_equal(got.term_names[1], names[1]));
        if (has)
            assert_int_equal(got.term_forms[1], OV_TERM_FORM_HEX);
        for (size_t k = 0; k < got.n_notes; k++) {
            assert_true(ov_span_equal(got.notes[k].key, notes[k].key));
            assert_true(ov_span_equal(got.notes[k].value, notes[k].value));
            assert_int_equal(got.notes[k].kind, notes[k].kind);
        }
    }
    compiled_done(&c);
}

static void damaged_notes_are_told(void **state)
{
    struct compiled c = compile_rules();
    uint64_t at = c.image->sections[OV_SECTION_NOTES].at;
    struct ov_notes got;

    (void)state;
    assert_int_equal(c.file.ptr[at], 10);
    /* Once its digest was compared the page is believed. */
    assert_int_equal(ov_notes_find(c.image, 0, c.arena, &got), OV_OK);
    assert_int_equal(got.n_term_names, 2);
    at += 8 + 120; /* how many names the first one has */
    c.file.ptr[at] = 99;
    assert_int_equal(ov_notes_find(c.image, 0, c.arena, &got), OV_MALFORMED);
    assert_int_equal(got.n_term_names, 0);
    compiled_done(&c);
}

OV_TEST_MAIN(OV_TEST(notes_come_back_for_the_rules_that_have_some),
             OV_TEST(damaged_notes_are_told))
