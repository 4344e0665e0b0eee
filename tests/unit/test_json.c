/* SPDX-License-Identifier: Apache-2.0 */
#include "json/canonical.h"
#include "json/json.h"
#include "test.h"
#include "torture.h"

#define ARENA (1 << 20)

static enum ov_status parse_status(const char *text)
{
    OV_AUTO(arena) a = ov_arena_new(ARENA);
    const struct ov_json *v = NULL;

    return ov_json_parse(a, ov_span_str(text), 1000, &v);
}

static void plain_values_are_read(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(ARENA);
    struct ov_span text = OV_SPAN_LIT(
        " { \"b\" : [ 1 , -2, true,false ,null, \"x\" ] , \"a\":{} }\r\n\t");
    const struct ov_json *v = NULL;
    const struct ov_json *list;
    int64_t number = 0;
    bool yes = false;
    struct ov_span s = {NULL, 0};

    (void)state;
    assert_int_equal(ov_json_parse(a, text, text.len, &v), OV_OK);
    assert_int_equal(v->kind, OV_JSON_OBJECT);
    assert_int_equal(v->count, 2);
    assert_true(ov_span_equal(v->first->name, OV_SPAN_LIT("a")));
    list = ov_json_get(v, OV_SPAN_LIT("b"));
    assert_int_equal(ov_json_is(list, OV_JSON_ARRAY), OV_OK);
    assert_int_equal(list->count, 6);
    assert_int_equal(ov_json_int(list->first, 1, 1, &number), OV_OK);
    assert_int_equal(number, 1);
    assert_int_equal(ov_json_int(list->first->next, -2, 0, &number), OV_OK);
    assert_int_equal(number, -2);
    assert_int_equal(ov_json_int(list->first, 2, 9, &number), OV_MALFORMED);
    assert_int_equal(ov_json_bool(list->first->next->next, &yes), OV_OK);
    assert_true(yes);
    assert_int_equal(ov_json_string(list->first, &s), OV_MALFORMED);
    assert_int_equal(ov_json_string(ov_json_get(v, OV_SPAN_LIT("c")), &s),
                     OV_MALFORMED);
    assert_null(ov_json_get(list, OV_SPAN_LIT("a")));
}

static void strings_lose_their_escapes(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(ARENA);
    struct ov_span text = OV_SPAN_LIT(
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00"
        "\xc3\xa9\"");
    const struct ov_json *v = NULL;

    (void)state;
    assert_int_equal(ov_json_parse(a, text, text.len, &v), OV_OK);
    assert_true(ov_span_equal(v->text,
                              OV_SPAN_LIT("\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac"
                                          "\xf0\x9f\x98\x80\xc3\xa9")));
}

static void what_two_readers_could_read_in_two_ways_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "}",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1]]",
        "[1}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"x\":{\"a\":1,\"b\":2,\"a\":3}}",
        "1.0",
        "1e3",
        "1E3",
        "1.",
        ".5",
        "-",
        "-0",
        "+1",
        "01",
        "00",
        "0x10",
        "NaN",
        "Infinity",
        "-Infinity",
        "9007199254740993",
        "-9007199254740993",
        "99999999999999999999999",
        "tru",
        "True",
        "nul",
        "nullx",
        "truefalse",
        "1 2",
        "{} {}",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800x\"",
        "\"\x01\"",
        "\"\n\"",
        "\"\x80\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xf5\x80\x80\x80\"",
        "\"\\\xc3\xa9\"",
        "\xef\xbb\xbf{}",
        "//x\n1",
        "/* */1",
        "[1]\v",
        "\f1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (parse_status(bad[i]) != OV_MALFORMED)
            fail_msg("taken: %s", bad[i]);
}

static void a_zero_byte_is_no_end(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(ARENA);
    const struct ov_json *v = NULL;

    (void)state;
    assert_int_equal(ov_json_parse(a, ov_span_of("1\0", 2), 9, &v),
                     OV_MALFORMED);
    assert_int_equal(ov_json_parse(a, ov_span_of("\"\0\"", 3), 9, &v),
                     OV_MALFORMED);
}

static void borders_are_taken(void **state)
{
    static const char *const good[] = {
        "0",
        "-1",
        "9007199254740992",
        "-9007199254740992",
        "[]",
        "{}",
        "[[]]",
        "[{}]",
        "{\"\":{\"\":[]}}",
        "\"\"",
        "null",
        "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (parse_status(good[i]) != OV_OK)
            fail_msg("refused: %s", good[i]);
    assert_int_equal(parse_status("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"),
                     OV_LIMIT_DEPTH);
}

static void the_size_is_bounded(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(ARENA);
    const struct ov_json *v = NULL;

    (void)state;
    assert_int_equal(ov_json_parse(a, OV_SPAN_LIT("[1]"), 3, &v), OV_OK);
    assert_int_equal(ov_json_parse(a, OV_SPAN_LIT("[1]"), 2, &v),
                     OV_LIMIT_SIZE);
}

static void expect_canonical(const char *text, const char *want)
{
    OV_AUTO(arena) a = ov_arena_new(ARENA);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1000);
    const struct ov_json *v = NULL;

    assert_int_equal(ov_json_parse(a, ov_span_str(text), 1000, &v), OV_OK);
    ov_put_canonical(&b, v);
    assert_int_equal(ov_buf_status(&b), OV_OK);
    if (!ov_span_equal(ov_buf_span(&b), ov_span_str(want)))
        fail_msg("%s: %.*s", text, (int)b.len, (const char *)b.ptr);
}

static void the_canonical_form_has_one_way_to_say_it(void **state)
{
    (void)state;
    expect_canonical(" [ ] ", "[]");
    expect_canonical("{ }", "{}");
    expect_canonical(" -5", "-5");
    expect_canonical("[ 1, true ,false,null, {} , [ ]]",
                     "[1,true,false,null,{},[]]");
    expect_canonical("{\"b\":[{\"z\":1,\"y\":[[2]]}],\"a\":{\"k\":\"v\"}}",
                     "{\"a\":{\"k\":\"v\"},\"b\":[{\"y\":[[2]],\"z\":1}]}");
    expect_canonical("{\"aa\":1,\"a\":2,\"B\":3,\"\":4}",
                     "{\"\":4,\"B\":3,\"a\":2,\"aa\":1}");
    expect_canonical("\"a\\\"b\\\\c\\/d\\n\\u00e9\"",
                     "\"a\\\"b\\\\c/d\n\xc3\xa9\"");
}

static void a_part_is_written_as_a_whole(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(ARENA);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1000);
    const struct ov_json *v = NULL;

    (void)state;
    assert_int_equal(
        ov_json_parse(a, OV_SPAN_LIT("{\"a\":[1,{}],\"b\":2}"), 99, &v), OV_OK);
    ov_put_canonical(&b, v->first);
    ov_put_canonical(&b, v->first->next);
    assert_true(ov_span_equal(ov_buf_span(&b), OV_SPAN_LIT("[1,{}]2")));
}

static enum ov_status parse_all(void *arg)
{
    OV_AUTO(arena) a = ov_arena_new(ARENA);
    const struct ov_json *v = NULL;

    (void)arg;
    if (a == NULL)
        return OV_NO_MEMORY;
    return ov_json_parse(
        a, OV_SPAN_LIT("{\"a\":[1,\"\\n\",{\"b\":null,\"c\":[]}]}"), 99, &v);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_true(ov_torture(parse_all, NULL) > 0);
}

static void a_full_arena_ends_it(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(200);
    const struct ov_json *v = NULL;

    (void)state;
    assert_int_equal(ov_json_parse(a, OV_SPAN_LIT("[1,2,3,4,5,6,7,8]"), 99, &v),
                     OV_NO_MEMORY);
}

static void documents_of_others_may_be_less_strict(void **state)
{
    static const char text[] =
        "{\"a\": 1.5e-3, \"b\": [-0, 1E+9, 5, 99999999999999999999],"
        " \"a\": 2, \"z\": \"x\\u0000y\"}";
    static const char *const wrong[] = {
        "{\"a\": 1.}", "[.5]", "[1e]", "[-]", "[1,]", "{\"a\" 1}", "[1] 2"};
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    const struct ov_json *v = NULL;
    struct ov_span z;

    (void)state;
    assert_int_equal(ov_json_parse(a, ov_span_str(text), 1000, &v),
                     OV_MALFORMED);
    assert_int_equal(ov_json_parse_any(a, ov_span_str(text), 1000, &v), OV_OK);
    assert_int_equal(v->count, 4);
    assert_non_null(ov_json_get(v, OV_SPAN_LIT("a")));
    assert_int_equal(ov_json_get(v, OV_SPAN_LIT("b"))->first->kind,
                     OV_JSON_REAL);
    assert_int_equal(
        ov_json_get(v, OV_SPAN_LIT("b"))->first->next->next->number, 5);
    assert_int_equal(ov_json_string(ov_json_get(v, OV_SPAN_LIT("z")), &z),
                     OV_OK);
    assert_int_equal(z.len, 3);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(ov_json_parse_any(a, ov_span_str(wrong[i]), 100, &v),
                         OV_MALFORMED);
}

OV_TEST_MAIN(OV_TEST(documents_of_others_may_be_less_strict),
             OV_TEST(plain_values_are_read),
             OV_TEST(strings_lose_their_escapes),
             OV_TEST(what_two_readers_could_read_in_two_ways_is_refused),
             OV_TEST(a_zero_byte_is_no_end), OV_TEST(borders_are_taken),
             OV_TEST(the_size_is_bounded),
             OV_TEST(the_canonical_form_has_one_way_to_say_it),
             OV_TEST(a_part_is_written_as_a_whole), OV_TEST(memory_may_run_out),
             OV_TEST(a_full_arena_ends_it))
