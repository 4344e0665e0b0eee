/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "json/canonical.h"
#include "json/json.h"
#include "random.h"
#include "test.h"

/* The strict reader against jansson: what we take, jansson takes and
 * understands in the same way; and what jansson takes and we don't is one of
 * the things that json.h says are refused. */
#define ROUNDS 60000
#define MAX_TEXT 400
#define ARENA (1 << 20)

static const char *const pieces[] = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"a\"",
    "\"b\"",
    "1",
    "-7",
    "0",
    "-0",
    "1.5",
    "1e2",
    "true",
    "false",
    " ",
    "null",
    "\"\"",
    "\n",
    "\"\\n\"",
    "\"\\u00e9\"",
    "\"\xc3\xa9\"",
    "\"",
    "\\",
    "\\u0061",
    "\x01",
    "\xff",
    "9007199254740992",
    "9007199254740993",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
};

static void put_random_value(struct ov_random *r, struct ov_buf *b);

/* Mostly valid text: a value of random shape, sometimes with a piece put in or
 * left out somewhere. */
static void put_scalar(struct ov_random *r, struct ov_buf *b)
{
    static const char *const scalars[] = {"1",
                                          "-12",
                                          "0",
                                          "true",
                                          "false",
                                          "null",
                                          "\"x\"",
                                          "\"\\\"\\\\\"",
                                          "\"\xe2\x82\xac\"",
                                          "9007199254740992"};

    ov_put_str(b, scalars[ov_random_below(r, 10)]);
}

static void put_members(struct ov_random *r, struct ov_buf *b)
{
    size_t n = ov_random_below(r, 4);

    for (size_t i = 0; i < n; i++) {
        ov_put_str(b, i > 0 ? " ," : "");
        ov_put_format(b, "\"%c\": ", (char)('a' + ov_random_below(r, 8)));
        put_scalar(r, b);
    }
}

static void put_random_value(struct ov_random *r, struct ov_buf *b)
{
    size_t n = ov_random_below(r, 5);

    ov_put_str(b, "[");
    for (size_t i = 0; i < n; i++) {
        ov_put_str(b, i > 0 ? "," : "");
        if (ov_random_below(r, 2) == 0) {
            ov_put_str(b, "{");
            put_members(r, b);
            ov_put_str(b, "}");
        } else {
            put_scalar(r, b);
        }
    }
    ov_put_str(b, "]");
}

static void put_text(struct ov_random *r, struct ov_buf *b)
{
    OV_AUTO_DONE(buf) whole = ov_buf_with_max(MAX_TEXT);
    struct ov_span s;
    size_t at;

    put_random_value(r, &whole);
    s = ov_buf_span(&whole);
    if (ov_random_below(r, 3) == 0) {
        ov_put_span(b, s);
        return;
    }
    at = ov_random_below(r, s.len + 1);
    ov_put_span(b, ov_span_clip(s, 0, at));
    ov_put_str(b, pieces[ov_random_below(r, sizeof(pieces) / sizeof(*pieces))]);
    ov_put_span(b, ov_span_clip(s, at + ov_random_below(r, 3), s.len));
}

static void expect_same(json_t *theirs, const struct ov_json *ours);

static void expect_same_object(json_t *theirs, const struct ov_json *ours)
{
    assert_int_equal(ours->kind, OV_JSON_OBJECT);
    assert_int_equal(json_object_size(theirs), ours->count);
    for (const struct ov_json *m = ours->first; m != NULL; m = m->next) {
        json_t *value =
            json_object_getn(theirs, (const char *)m->name.ptr, m->name.len);

        assert_non_null(value);
        assert_ptr_equal(ov_json_get(ours, m->name), m);
        expect_same(value, m);
    }
}

static void expect_same_array(json_t *theirs, const struct ov_json *ours)
{
    const struct ov_json *item = ours->first;

    assert_int_equal(ours->kind, OV_JSON_ARRAY);
    assert_int_equal(json_array_size(theirs), ours->count);
    for (size_t i = 0; i < ours->count; i++, item = item->next)
        expect_same(json_array_get(theirs, i), item);
    assert_null(item);
}

static void expect_same(json_t *theirs, const struct ov_json *ours)
{
    switch (json_typeof(theirs)) {
    case JSON_OBJECT:
        expect_same_object(theirs, ours);
        break;
    case JSON_ARRAY:
        expect_same_array(theirs, ours);
        break;
    case JSON_STRING:
        assert_int_equal(ours->kind, OV_JSON_STRING);
        assert_true(
            ov_span_equal(ours->text, ov_span_of(json_string_value(theirs),
                                                 json_string_length(theirs))));
        break;
    case JSON_INTEGER:
        assert_int_equal(ours->kind, OV_JSON_INT);
        assert_int_equal(json_integer_value(theirs), ours->number);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        assert_int_equal(ours->kind, OV_JSON_BOOL);
        assert_int_equal(json_is_true(theirs), ours->number);
        break;
    case JSON_NULL:
        assert_int_equal(ours->kind, OV_JSON_NULL);
        break;
    case JSON_REAL:
        fail_msg("a fraction was taken");
        break;
    }
}

/* Whether jansson's tree has a number that we refuse, or the text "-0". */
static bool is_beyond_us(json_t *v, struct ov_span text)
{
    const char *name;
    json_t *member;
    size_t i;

    if (ov_span_find(text, OV_SPAN_LIT("-0"), 0) != SIZE_MAX || json_is_real(v))
        return true;
    if (json_is_integer(v))
        return json_integer_value(v) > OV_JSON_MAX_INT ||
               json_integer_value(v) < -OV_JSON_MAX_INT;
    json_array_foreach(v, i,
                       member) if (is_beyond_us(member, text)) return true;
    json_object_foreach(v, name,
                        member) if (is_beyond_us(member, text)) return true;
    return false;
}

static void we_and_jansson_agree(void **state)
{
    struct ov_random random = ov_random_seeded();
    size_t n_taken = 0;

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        OV_AUTO(arena) a = ov_arena_new(ARENA);
        OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_TEXT * 2);
        const struct ov_json *ours = NULL;
        json_t *theirs;
        struct ov_span text;

        put_text(&random, &b);
        text = ov_buf_span(&b);
        theirs = json_loadb((const char *)text.ptr, text.len,
                            JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
        if (ov_json_parse(a, text, MAX_TEXT * 2, &ours) == OV_OK) {
            assert_non_null(theirs);
            expect_same(theirs, ours);
            n_taken++;
        } else if (theirs != NULL && !is_beyond_us(theirs, text)) {
            fail_msg("refused: %.*s", (int)text.len, (const char *)text.ptr);
        }
        json_decref(theirs);
    }
    assert_true(n_taken > ROUNDS / 4);
}

OV_TEST_MAIN(OV_TEST(we_and_jansson_agree))
