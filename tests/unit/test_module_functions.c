/* SPDX-License-Identifier: Apache-2.0 */
#include "module_help.h"
#include "torture.h"

/* Functions of math, hash, string and console; their values are compared with
 * yara's in tests/oracle/modules_functions.py. */

static int64_t to_int(const char *text, int64_t base, bool *ret_defined)
{
    struct module_case c = {0};
    struct ov_datum arguments[] = {ov_datum_text(ov_span_str(text)),
                                   ov_datum_integer(base)};
    struct ov_datum value;

    open_module(&c, "string", OV_SPAN_LIT(""));
    assert_int_equal(
        call_form(&c, "to_int", base == 0 ? "s" : "si", arguments, &value),
        OV_OK);
    close_module(&c);
    *ret_defined = value.kind == OV_DATUM_INTEGER;
    return *ret_defined ? value.number : 0;
}

static void reads_numbers_as_documented(void **state)
{
    static const struct {
        const char *text;
        int64_t base;
        bool is_defined;
        int64_t value;
    } cases[] = {
        {"1234", 0, true, 1234},
        {"-10", 0, true, -10},
        {"-010", 0, true, -8},
        {"0x10", 0, true, 16},
        {"0X1f", 0, true, 31},
        {"0x", 0, true, 0},
        {"0xg", 16, true, 0},
        {"0x1f", 16, true, 31},
        {" \t\n+1", 0, true, 1},
        {"10A20", 0, true, 10},
        {"011", 8, true, 9},
        {"zz", 36, true, 35 * 36 + 35},
        {"09", 0, true, 0},
        {"", 0, false, 0},
        {"-", 0, false, 0},
        {"x", 0, false, 0},
        {"8", 8, false, 0},
        {"1", 1, false, 0},
        {"1", 37, false, 0},
        {"1", -1, false, 0},
        {"9223372036854775807", 0, true, INT64_MAX},
        {"-9223372036854775808", 0, true, INT64_MIN},
        {"9223372036854775808", 0, false, 0},
        {"-9223372036854775809", 0, false, 0},
        {"99999999999999999999999", 0, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool is_defined;
        int64_t value = to_int(cases[i].text, cases[i].base, &is_defined);

        if (is_defined != cases[i].is_defined || value != cases[i].value)
            fail_msg("\"%s\", base %d", cases[i].text, (int)cases[i].base);
    }
}

static void counts_every_byte_of_a_string(void **state)
{
    struct module_case c = {0};
    struct ov_datum text = ov_datum_text(OV_SPAN_LIT("AXS\0ERS"));
    struct ov_datum value;

    (void)state;
    open_module(&c, "string", OV_SPAN_LIT(""));
    assert_int_equal(call_form(&c, "length", "s", &text, &value), OV_OK);
    assert_number(value, 7);
    close_module(&c);
}

static void writes_numbers_in_three_bases(void **state)
{
    struct module_case c = {0};
    struct ov_datum arguments[] = {ov_datum_integer(-1), ov_datum_integer(16)};
    struct ov_datum value;

    (void)state;
    open_module(&c, "math", OV_SPAN_LIT(""));
    assert_int_equal(call_form(&c, "to_string", "i", arguments, &value), OV_OK);
    assert_text(value, "-1");
    assert_int_equal(call_form(&c, "to_string", "ii", arguments, &value),
                     OV_OK);
    assert_text(value, "ffffffffffffffff");
    arguments[0].number = 64;
    arguments[1].number = 8;
    assert_int_equal(call_form(&c, "to_string", "ii", arguments, &value),
                     OV_OK);
    assert_text(value, "100");
    arguments[1].number = 2;
    assert_int_equal(call_form(&c, "to_string", "ii", arguments, &value),
                     OV_OK);
    assert_int_equal(value.kind, OV_DATUM_UNDEFINED);
    assert_true(value_at(&c, "MEAN_BYTES").real == 127.5);
    close_module(&c);
}

static void statistics_cost_what_they_look_at(void **state)
{
    struct module_case c = {0};
    struct ov_datum arguments[] = {ov_datum_integer(0), ov_datum_integer(100)};
    struct ov_datum value;

    (void)state;
    open_module(&c, "math", OV_SPAN_LIT("abcdefgh"));
    assert_int_equal(call_form(&c, "entropy", "ii", arguments, &value), OV_OK);
    assert_true(value.real == 3.0);
    assert_int_equal(c.budget.spent[OV_COST_STEPS] >= 8, 1);
    c.budget.limit[OV_COST_STEPS] = c.budget.spent[OV_COST_STEPS];
    assert_int_equal(call_form(&c, "entropy", "ii", arguments, &value), OV_OK);
    assert_int_equal(
        call_form(&c, "serial_correlation", "ii", arguments, &value),
        OV_LIMIT_WORK);
    close_module(&c);
}

static const uint8_t *one_digest(void *object, enum ov_digest_kind kind)
{
    static const uint8_t bytes[OV_DIGEST_MAX] = {0xab, 0xcd};

    (void)kind;
    ++*(unsigned *)object;
    return bytes;
}

static void asks_for_the_digest_of_the_whole_once(void **state)
{
    unsigned n_asked = 0;
    struct module_case c = {.in = {.object = &n_asked, .digest = one_digest}};
    struct ov_datum arguments[] = {ov_datum_integer(0), ov_datum_integer(3)};
    struct ov_datum value;

    (void)state;
    open_module(&c, "hash", OV_SPAN_LIT("abc"));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(call_form(&c, "md5", "ii", arguments, &value), OV_OK);
        assert_text(value, "abcd0000000000000000000000000000");
    }
    assert_int_equal(n_asked, 1);
    arguments[1].number = 0;
    assert_int_equal(call_form(&c, "md5", "ii", arguments, &value), OV_OK);
    assert_text(value, "d41d8cd98f00b204e9800998ecf8427e");
    arguments[0].number = 3;
    assert_int_equal(call_form(&c, "md5", "ii", arguments, &value), OV_OK);
    assert_int_equal(value.kind, OV_DATUM_UNDEFINED);
    close_module(&c);
}

static void lines_of_rules_are_safe_to_print(void **state)
{
    static const char expected[] = "a\\x0ab\\\n"
                                   "w\\x1b: -5\n"
                                   "0.500000\n"
                                   "0xfffffffffffffffb\n";
    struct ov_buf lines = ov_buf_with_max(1 << 16);
    struct module_case c = {.in = {.console = &lines}};
    struct ov_datum words[] = {ov_datum_text(OV_SPAN_LIT("w\x1b: ")),
                               ov_datum_integer(-5)};
    struct ov_datum text = ov_datum_text(OV_SPAN_LIT("a\nb\\"));
    struct ov_datum real = ov_datum_float(0.5);
    struct ov_datum value;

    (void)state;
    open_module(&c, "console", OV_SPAN_LIT(""));
    assert_int_equal(call_form(&c, "log", "s", &text, &value), OV_OK);
    assert_number(value, 1);
    assert_int_equal(call_form(&c, "log", "si", words, &value), OV_OK);
    assert_int_equal(call_form(&c, "log", "f", &real, &value), OV_OK);
    assert_int_equal(call_form(&c, "hex", "i", words + 1, &value), OV_OK);
    assert_int_equal(lines.len, sizeof(expected) - 1);
    assert_memory_equal(lines.ptr, expected, lines.len);
    close_module(&c);
    ov_buf_done(&lines);
}

static void a_full_console_changes_no_match(void **state)
{
    struct ov_buf lines = ov_buf_with_max(4);
    struct module_case c = {.in = {.console = &lines}};
    struct ov_datum text = ov_datum_text(OV_SPAN_LIT("longer than that"));
    struct ov_datum value;

    (void)state;
    open_module(&c, "console", OV_SPAN_LIT(""));
    assert_int_equal(call_form(&c, "log", "s", &text, &value), OV_OK);
    assert_number(value, 1);
    c.in.console = NULL;
    assert_int_equal(call_form(&c, "log", "s", &text, &value), OV_OK);
    assert_number(value, 1);
    close_module(&c);
    ov_buf_done(&lines);
}

static bool identify(void *data, struct ov_span bytes, bool is_mime,
                     struct ov_span *ret)
{
    ++*(unsigned *)data;
    *ret = is_mime ? OV_SPAN_LIT("text/plain") : OV_SPAN_LIT("some text");
    return bytes.len > 0;
}

static void whoever_scans_says_who_knows_types(void **state)
{
    unsigned n_asked = 0;
    struct module_case c = {
        .in = {.identify = identify, .identify_data = &n_asked}};
    struct ov_datum value;

    (void)state;
    open_module(&c, "magic", OV_SPAN_LIT("abc"));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(call_form(&c, "type", "", NULL, &value), OV_OK);
        assert_text(value, "some text");
        assert_int_equal(call_form(&c, "mime_type", "", NULL, &value), OV_OK);
        assert_text(value, "text/plain");
    }
    assert_int_equal(n_asked, 2);
    close_module(&c);
    open_module(&c, "magic", OV_SPAN_LIT(""));
    assert_int_equal(call_form(&c, "type", "", NULL, &value), OV_OK);
    assert_int_equal(value.kind, OV_DATUM_UNDEFINED);
    close_module(&c);
    c.in.identify = NULL;
    open_module(&c, "magic", OV_SPAN_LIT("abc"));
    assert_int_equal(call_form(&c, "mime_type", "", NULL, &value), OV_OK);
    assert_int_equal(value.kind, OV_DATUM_UNDEFINED);
    close_module(&c);
}

static enum ov_status run_functions(void *arg)
{
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_module_input in = {
        .bytes = OV_SPAN_LIT("abc"), .arena = arena, .budget = &budget};
    struct ov_datum arguments[] = {ov_datum_integer(0), ov_datum_integer(3)};
    struct ov_datum value;
    struct module_case c = {0};

    (void)arg;
    if (arena == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_module_begin(ov_module_find(OV_SPAN_LIT("hash")), &in, &c.run));
    OV_TRY(call_form(&c, "sha256", "ii", arguments, &value));
    OV_TRY(ov_module_begin(ov_module_find(OV_SPAN_LIT("math")), &in, &c.run));
    OV_TRY(call_form(&c, "mode", "", arguments, &value));
    return call_form(&c, "to_string", "i", arguments, &value);
}

static void each_failed_allocation_ends_well(void **state)
{
    (void)state;
    assert_true(ov_torture(run_functions, NULL) > 0);
}

OV_TEST_MAIN(OV_TEST(reads_numbers_as_documented),
             OV_TEST(counts_every_byte_of_a_string),
             OV_TEST(writes_numbers_in_three_bases),
             OV_TEST(statistics_cost_what_they_look_at),
             OV_TEST(asks_for_the_digest_of_the_whole_once),
             OV_TEST(lines_of_rules_are_safe_to_print),
             OV_TEST(a_full_console_changes_no_match),
             OV_TEST(whoever_scans_says_who_knows_types),
             OV_TEST(each_failed_allocation_ends_well))
