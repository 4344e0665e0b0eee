/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "rules/sources.h"
#include "test.h"

/* The warnings of one source, a line each: "rule:line text". */
static void warnings_of(const char *text, char *ret, size_t size)
{
    const struct ov_clamav_trust trust = {0};
    OV_AUTO(sources) sources = ov_sources_new(&trust);
    OV_AUTO(part) part = NULL;
    const struct ov_piece *pieces;
    struct ov_diag diag = {0};
    size_t n_pieces;
    size_t len = 0;

    ret[0] = '\0';
    ov_sources_want_warnings(sources);
    assert_int_equal(
        ov_sources_add(sources, OV_SPAN_LIT("a.yar"), ov_span_str(text), &diag),
        OV_OK);
    assert_int_equal(
        ov_sources_cut(sources, (size_t)1 << 20, &pieces, &n_pieces), OV_OK);
    assert_int_equal(n_pieces, 1);
    if (ov_sources_parse(sources, &pieces[0], &part, &diag) != OV_OK)
        fail_msg("line %u: %s", diag.line, diag.text);
    for (size_t i = 0; i < part->warnings.n; i++) {
        const struct ov_warning *w = &part->warnings.items[i];

        len += (size_t)snprintf(ret + len, size - len, "%.*s:%u %.*s\n",
                                (int)w->rule.len, (const char *)w->rule.ptr,
                                w->line, (int)w->text.len,
                                (const char *)w->text.ptr);
        assert_true(len < size);
    }
}

static bool is_slow(const char *string)
{
    char text[256];
    char told[1024];

    (void)snprintf(text, sizeof(text),
                   "rule r { strings: $a = %s condition: $a }", string);
    warnings_of(text, told, sizeof(told));
    return strstr(told, "r:1 string \"$a\" may slow down scanning") != NULL;
}

/* As yara 4.2.3 has it, one for each rule of how points are given. */
static void strings_are_slow_that_yara_calls_so(void **state)
{
    static const char *const slow[] = {
        "\"a\"",
        "\"a \"",
        "{ 00 01 }",
        "{ 90 90 }",
        "{ 61 ?? 62 }",
        "{ 20 20 20 20 }",
        "{ 61 8? }",
        "/abc|d/",
        "/a.*b/",
        "/a[bc]d/",
        "/1+2/",
        "/\\x90{2}1/",
        "/(ab|)d/",
        "/1(2|3)/",
        "\"ab\" xor",
        "\"  \" wide",
        "{ 31 32 [-] 33 }",
        "{ 31 (32 33 | 34) 35 }",
        "\"\\x00\\x00bZ\" wide",
    };
    static const char *const quick[] = {
        "\"ab\"",          "\"a b\"",
        "{ 0A 90 }",       "{ 90 90 90 90 }",
        "{ 31 ?? 32 8? }", "{ ?? 61 62 ?? }",
        "/ab|cd/",         "/ab.*c/",
        "/1{2,3}2/",       "/(ab|cd)e/",
        "/ab/i",           "\"abc\" xor",
        "\"ab\" xor wide", "\"ab\" xor(1-2)",
        "\"   x\" wide",   "{ 31 32 [0-200] 33 }",
        "\"ab\" base64",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
        if (!is_slow(slow[i]))
            fail_msg("not slow: %s", slow[i]);
    for (size_t i = 0; i < sizeof(quick) / sizeof(quick[0]); i++)
        if (is_slow(quick[i]))
            fail_msg("slow: %s", quick[i]);
}

static void warnings_have_rule_and_line(void **state)
{
    char told[2048];

    (void)state;
    warnings_of("rule a {\n strings:\n  $a = \"a\"\n  $b = /bcde.+/\n"
                "  $ = /(fg.*|h)ijk/\n condition:\n  any of them and\n"
                "  entrypoint > 0 }\n"
                "rule b { strings: $c = \"good\" condition: $c }\n",
                told, sizeof(told));
    assert_string_equal(
        told, "a:3 string \"$a\" may slow down scanning\n"
              "a:4 $b contains .*, .+ or .{x,} consider using .{,N}, .{1,N} or "
              "{x,N} with a reasonable value for N\n"
              "a:8 Using deprecated \"entrypoint\" keyword. Use the "
              "\"entry_point\" function from PE module instead.\n");
}

OV_TEST_MAIN(OV_TEST(strings_are_slow_that_yara_calls_so),
             OV_TEST(warnings_have_rule_and_line))
