/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "rules/externals.h"
#include "rules/sources.h"
#include "rules/yara.h"
#include "test.h"

/* Sources that are made of several files: includes and namespaces; and the
 * values that users give. tests/e2e/rules_include_name_and_define.sh has the
 * same with files. */

struct file {
    const char *name;
    const char *text;
};

/* Adds the first file, gives what is wanted of the others, and parses. */
static enum ov_status parse(struct ov_sources *s, const struct file *files,
                            size_t n, struct ov_part **ret)
{
    struct ov_sources_wanted wanted;
    const struct ov_piece *pieces;
    struct ov_diag diag = {0};
    size_t n_pieces;
    bool is_wanted;

    assert_int_equal(ov_sources_add(s, ov_span_str(files[0].name),
                                    ov_span_str(files[0].text), &diag),
                     OV_OK);
    for (;;) {
        size_t i = 1;

        assert_int_equal(ov_sources_wants(s, &wanted, &is_wanted), OV_OK);
        if (!is_wanted)
            break;
        while (i < n && !ov_span_equal(wanted.name, ov_span_str(files[i].name)))
            i++;
        if (i < n)
            assert_int_equal(ov_sources_give(s, ov_span_str(files[i].text)),
                             OV_OK);
        else
            ov_sources_refuse(s);
    }
    assert_int_equal(ov_sources_cut(s, 100, &pieces, &n_pieces), OV_OK);
    assert_int_equal(n_pieces, 1);
    return ov_sources_parse(s, &pieces[0], ret, &diag);
}

static struct ov_sources *open_sources(void)
{
    const struct ov_clamav_trust trust = {0};
    struct ov_sources *s = ov_sources_new(&trust);

    assert_non_null(s);
    return s;
}

static void an_included_file_is_read_in_its_place(void **state)
{
    static const struct file files[] = {
        {"top/main.yar", "rule a { condition: true }\n"
                         "include \"../b.yar\"\n"
                         "rule c { condition: b and d }"},
        {"b.yar", "include \"./x/d.yar\"\n\nrule b { condition: a and d }"},
        {"x/d.yar", "rule d { condition: a }"},
    };
    OV_AUTO(sources) s = open_sources();
    OV_AUTO(part) part = NULL;
    const struct ov_source *list;
    size_t n;

    (void)state;
    assert_int_equal(parse(s, files, 3, &part), OV_OK);
    list = ov_sources_list(s, &n);
    assert_int_equal(n, 3);
    assert_int_equal(part->rules.n, 4);
    for (size_t i = 0; i < 4; i++) {
        static const struct {
            const char *rule;
            const char *source;
            unsigned line;
        } want[] = {{"a", "top/main.yar", 1},
                    {"d", "x/d.yar", 1},
                    {"b", "b.yar", 3},
                    {"c", "top/main.yar", 3}};
        const struct ov_rule *r = &part->rules.items[i];
        uint32_t source = ov_part_source(part, r->source);

        assert_true(ov_span_equal(r->name, ov_span_str(want[i].rule)));
        assert_true(
            ov_span_equal(list[source].name, ov_span_str(want[i].source)));
        assert_int_equal(r->line, want[i].line);
    }
}

/* The first skip's words and place: "main.yar:2: why". */
static void expect_fault(const struct file *files, size_t n, const char *want)
{
    OV_AUTO(sources) s = open_sources();
    OV_AUTO(part) part = NULL;
    const struct ov_source *list;
    const struct ov_skip *skip;
    char text[300];
    size_t n_sources;

    assert_int_equal(parse(s, files, n, &part), OV_MALFORMED);
    list = ov_sources_list(s, &n_sources);
    skip = &part->skips.items[0];
    (void)snprintf(text, sizeof(text), "%s:%u: %.*s",
                   (const char *)list[ov_part_fault_source(part)].name.ptr,
                   skip->line, (int)skip->why.len, (const char *)skip->why.ptr);
    assert_string_equal(text, want);
}

static void what_cannot_be_included_is_an_error_at_its_place(void **state)
{
    static const struct file gone[] = {{"m.yar", "\ninclude \"gone.yar\""}};
    static const struct file no_path[] = {{"m.yar", "include 5"}};

    (void)state;
    expect_fault(gone, 1, "m.yar:2: the file cannot be read");
    expect_fault(no_path, 1, "m.yar:1: expected the file in quotes");
}

static void a_file_that_includes_itself_is_found_out(void **state)
{
    static const struct file loop[] = {{"m.yar", "include \"m.yar\""}};

    (void)state;
    expect_fault(loop, 1, "m.yar:1: the file includes itself");
}

static void a_file_is_included_so_many_times(void **state)
{
    static const char line[] = "include \"e.yar\"\n";
    static char text[257 * (sizeof(line) - 1) + 1];
    const struct file often[] = {{"m.yar", text}, {"e.yar", "/* none */"}};

    (void)state;
    for (size_t i = 0; i < 257; i++)
        memcpy(text + i * (sizeof(line) - 1), line, sizeof(line));
    expect_fault(often, 2,
                 "m.yar:257: the file is included more than 256 times");
}

static void includes_are_found_among_other_tokens(void **state)
{
    struct ov_span text = OV_SPAN_LIT(
        "// include \"no\"\n/* include \"no\" */\n"
        "rule r { strings: $a = \"include \\\"no\\\"\" $h = { 4D 5A ?? ~?0 }\n"
        " $r = /include \"no/ condition: any of them }\n"
        "include \"yes.yar\"\n include\n \"too.yar\" include 3 \"no\"");
    struct ov_span path;
    size_t at = 0;

    (void)state;
    assert_true(ov_yara_next_include(text, &at, &path));
    assert_true(ov_span_equal(path, OV_SPAN_LIT("yes.yar")));
    assert_true(ov_yara_next_include(text, &at, &path));
    assert_true(ov_span_equal(path, OV_SPAN_LIT("too.yar")));
    assert_false(ov_yara_next_include(text, &at, &path));
}

static void files_of_one_namespace_know_each_other(void **state)
{
    OV_AUTO(sources) s = open_sources();
    OV_AUTO(part) part = NULL;
    const struct ov_piece *pieces;
    struct ov_diag diag = {0};
    size_t n;

    (void)state;
    assert_int_equal(
        ov_sources_add_yara(s, OV_SPAN_LIT("a"), OV_SPAN_LIT("one"),
                            OV_SPAN_LIT("rule a { condition: true }")),
        OV_OK);
    assert_int_equal(
        ov_sources_add_yara(s, OV_SPAN_LIT("b"), OV_SPAN_LIT("two"),
                            OV_SPAN_LIT("global rule a { condition: true }")),
        OV_OK);
    assert_int_equal(
        ov_sources_add_yara(s, OV_SPAN_LIT("c"), OV_SPAN_LIT("one"),
                            OV_SPAN_LIT("rule b { condition: a }")),
        OV_OK);
    assert_int_equal(ov_sources_cut(s, 100, &pieces, &n), OV_OK);
    assert_int_equal(n, 2);
    assert_int_equal(ov_sources_parse(s, &pieces[0], &part, &diag), OV_OK);
    assert_int_equal(part->rules.n, 2);
    assert_int_equal(ov_part_source(part, part->rules.items[1].source), 2);
}

static void values_have_kinds(void **state)
{
    OV_AUTO(arena) arena = ov_arena_new((size_t)1 << 20);
    struct ov_external *list;
    struct ov_external *other;
    struct ov_diag diag = {0};
    size_t n;
    size_t n_other;

    (void)state;
    assert_int_equal(
        ov_externals_parse(OV_SPAN_LIT("a=1\0b=-2.5\0c=true\0d=x=y\0e=\0a=7\0"),
                           arena, &list, &n, &diag),
        OV_OK);
    assert_int_equal(n, 5);
    assert_int_equal(list[0].value.number, 7);
    assert_int_equal(list[1].value.kind, OV_DATUM_FLOAT);
    assert_true(list[1].value.real < -2.4 && list[1].value.real > -2.6);
    assert_true(list[2].is_truth && list[2].value.number == 1);
    assert_true(ov_span_equal(list[3].value.text, OV_SPAN_LIT("x=y")));
    assert_int_equal(list[4].value.kind, OV_DATUM_STRING);

    assert_int_equal(ov_externals_parse(OV_SPAN_LIT("b=3\0zz=1\0"), arena,
                                        &other, &n_other, &diag),
                     OV_OK);
    assert_int_equal(ov_externals_replace(list, n, other, n_other, &diag),
                     OV_OK);
    assert_true(list[1].value.real > 2.9);
    assert_int_equal(ov_externals_parse(OV_SPAN_LIT("a=x\0"), arena, &other,
                                        &n_other, &diag),
                     OV_OK);
    assert_int_equal(ov_externals_replace(list, n, other, n_other, &diag),
                     OV_USAGE);
    assert_int_equal(
        ov_externals_parse(OV_SPAN_LIT("=1"), arena, &list, &n, &diag),
        OV_MALFORMED);
    assert_int_equal(
        ov_externals_parse(OV_SPAN_LIT("a"), arena, &list, &n, &diag),
        OV_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_included_file_is_read_in_its_place),
        cmocka_unit_test(what_cannot_be_included_is_an_error_at_its_place),
        cmocka_unit_test(a_file_that_includes_itself_is_found_out),
        cmocka_unit_test(a_file_is_included_so_many_times),
        cmocka_unit_test(includes_are_found_among_other_tokens),
        cmocka_unit_test(files_of_one_namespace_know_each_other),
        cmocka_unit_test(values_have_kinds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
