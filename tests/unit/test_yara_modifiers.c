/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "rules/yara.h"
#include "test.h"

/* Strings with modifiers become patterns; what does not go together is told. */

static struct ov_part *parse(const char *string, enum ov_status want,
                             struct ov_diag *diag)
{
    char text[500];
    struct ov_yara_options options = {0};
    struct ov_part *part = ov_part_new(0);

    assert_non_null(part);
    (void)snprintf(text, sizeof(text),
                   "rule r { strings: $a = %s condition: $a }", string);
    assert_int_equal(ov_yara_parse(ov_span_str(text), &options, part, diag),
                     want);
    return part;
}

/* The pattern's bytes; '(', '|', ')' for brackets. */
static void expect_cells(const char *string, uint32_t flags, const char *want)
{
    OV_AUTO(part) part = parse(string, OV_OK, NULL);
    const struct ov_pattern *p = &part->rules.items[0].terms[0].pattern;
    char text[200];

    assert_int_equal(p->flags, flags | OV_PATTERN_EACH_START);
    assert_in_range(p->n_cells, 1, sizeof(text) - 1);
    for (uint32_t i = 0; i < p->n_cells; i++)
        text[i] = p->cells[i].kind == OV_CELL_BYTE
                      ? (char)p->cells[i].value
                      : "(|)"[p->cells[i].kind - OV_CELL_ALT_OPEN];
    text[p->n_cells] = 0;
    assert_string_equal(text, want);
}

static void expect_error(const char *string, const char *words)
{
    struct ov_diag diag = {0};

    ov_part_free(parse(string, OV_MALFORMED, &diag));
    if (strstr(diag.text, words) == NULL)
        fail_msg("\"%s\" has no \"%s\"", diag.text, words);
}

static void modifiers_are_flags(void **state)
{
    (void)state;
    expect_cells("\"abc\"", 0, "abc");
    expect_cells("\"abc\" ascii", 0, "abc");
    expect_cells("\"abc\" nocase fullword",
                 OV_PATTERN_NOCASE | OV_PATTERN_FULLWORD, "abc");
    expect_cells("\"abc\" ascii private wide",
                 OV_PATTERN_ASCII | OV_PATTERN_WIDE, "abc");
}

static void base64_leaves_out_what_depends_on_neighbors(void **state)
{
    (void)state;
    expect_cells("\"abc\" base64", 0, "(YWJj|FiY|hYm)");
    expect_cells("\"abcd\" base64", 0, "(YWJjZ|FiY2|hYmNk)");
    expect_cells("\"a\" base64", 0, "(Y|h)");
    expect_cells("\"This program cannot\" base64", 0,
                 "(VGhpcyBwcm9ncmFtIGNhbm5vd|RoaXMgcHJvZ3JhbSBjYW5ub3|"
                 "UaGlzIHByb2dyYW0gY2Fubm90)");
}

static void base64_encodes_the_wide_form_if_that_is_wanted(void **state)
{
    (void)state;
    expect_cells("\"abcd\" wide base64", 0,
                 "(YQBiAGMAZA|EAYgBjAGQA|hAGIAYwBkA)");
    expect_cells("\"abcd\" wide ascii base64", 0,
                 "(YWJjZ|FiY2|hYmNk|YQBiAGMAZA|EAYgBjAGQA|hAGIAYwBkA)");
    expect_cells("\"abc\" base64wide", OV_PATTERN_WIDE, "(YWJj|FiY|hYm)");
    expect_cells("\"abc\" base64 base64wide",
                 OV_PATTERN_WIDE | OV_PATTERN_ASCII, "(YWJj|FiY|hYm)");
}

static void base64_takes_an_alphabet(void **state)
{
    (void)state;
    expect_cells("\"abc\" base64(\"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQR"
                 "STUVWXYZ0123456789+\\x2f\")",
                 0, "(ywjJ|fIy|HyM)");
    expect_error("\"abc\" base64(\"abc\")", "must be 64");
    expect_error(
        "\"abc\" base64wide base64(\"abcdefghijklmnopqrstuvwxyzABCDEFGH"
        "IJKLMNOPQRSTUVWXYZ0123456789+/\")",
        "multiple alphabets");
}

static void expect_keys(const char *string, uint8_t min, uint8_t max)
{
    OV_AUTO(part) part = parse(string, OV_OK, NULL);
    const struct ov_pattern *p = &part->rules.items[0].terms[0].pattern;

    assert_true(p->flags & OV_PATTERN_XOR);
    assert_int_equal(p->xor_min, min);
    assert_int_equal(p->xor_max, max);
}

static void xor_has_a_range_of_keys(void **state)
{
    (void)state;
    expect_keys("\"abc\" xor", 0, 255);
    expect_keys("\"abc\" xor(7)", 7, 7);
    expect_keys("\"abc\" wide xor(0x01-0x0f) fullword", 1, 15);
    expect_error("\"abc\" xor(256)", "invalid xor range");
    expect_error("\"abc\" xor(1-256)", "max: 255");
    expect_error("\"abc\" xor(3-1)", "lower bound exceeds");
}

static void what_does_not_go_together_is_told(void **state)
{
    (void)state;
    expect_error("\"abc\" nocase xor", "xor nocase");
    expect_error("\"abc\" base64 nocase", "base64 nocase");
    expect_error("\"abc\" fullword base64wide", "base64wide fullword");
    expect_error("\"abc\" xor base64", "base64 xor");
    expect_error("\"abc\" wide wide", "duplicated modifier");
    expect_error("{ 41 42 } wide", "");
    expect_error("\"\" xor", "empty");
}

static void jumps_are_checked(void **state)
{
    (void)state;
    expect_error("{ 41 [0] 42 }", "[0-0]");
    expect_error("{ 41 [3-2] 42 }", "larger");
    expect_error("{ [3] 42 }", "begin");
    expect_error("{ 42 [3] }", "end");
    expect_error("{ (41 [1-] 42 | 43) }", "upper bound");
    expect_error("{ (41 [1-201] 42 | 43) }", "200");
}

OV_TEST_MAIN(OV_TEST(modifiers_are_flags),
             OV_TEST(base64_leaves_out_what_depends_on_neighbors),
             OV_TEST(base64_encodes_the_wide_form_if_that_is_wanted),
             OV_TEST(base64_takes_an_alphabet),
             OV_TEST(xor_has_a_range_of_keys),
             OV_TEST(what_does_not_go_together_is_told),
             OV_TEST(jumps_are_checked))
