/* SPDX-License-Identifier: Apache-2.0 */
#include "modules/module.h"
#include "modules/module_show.h"
#include "test.h"
#include "torture.h"

/* A module of every shape there is. */
enum part_field {
    PART_NAME,
    PART_SIZE
};

static const struct ov_field part_fields[] = {
    [PART_NAME] = OV_FIELD_TEXT("name"),
    [PART_SIZE] = OV_FIELD_INTEGER("size"),
};
static const struct ov_structure part = OV_STRUCTURE(part_fields);

static const struct ov_field inner_fields[] = {
    OV_FIELD_STRUCTURE("part", &part),
};
static const struct ov_structure inner = OV_STRUCTURE(inner_fields);

enum toy_field {
    TOY_MAX,
    TOY_INNER,
    TOY_PARTS,
    TOY_WORDS,
    TOY_MEAN,
    TOY_LATE
};

static const struct ov_field toy_fields[] = {
    [TOY_MAX] = OV_FIELD_CONSTANT("MAX", 7),
    [TOY_INNER] = OV_FIELD_STRUCTURE("inner", &inner),
    [TOY_PARTS] = OV_FIELD_ARRAY("parts", &part),
    [TOY_WORDS] = OV_FIELD_DICTIONARY("words", OV_DATUM_STRING),
    [TOY_MEAN] = OV_FIELD_FLOAT("mean"),
    [TOY_LATE] = {.name = "late", .kind = OV_DATUM_INTEGER, .group = 1},
};

static unsigned n_fills[2];

static enum ov_status fill(struct ov_module_run *run, unsigned group)
{
    struct ov_datum *values;
    struct ov_span *keys;

    n_fills[group]++;
    if (group == 1) {
        run->fields[TOY_LATE] = ov_datum_integer(-3);
        return OV_OK;
    }
    run->fields[TOY_INNER].fields[0].fields[PART_SIZE] = ov_datum_integer(5);
    OV_TRY(ov_datum_array(run, &part, 2, &run->fields[TOY_PARTS], &values));
    values[1].fields[PART_NAME] = ov_datum_text(OV_SPAN_LIT("a\"\n"));
    OV_TRY(ov_datum_dictionary(run, NULL, 1, &run->fields[TOY_WORDS], &values,
                               &keys));
    keys[0] = OV_SPAN_LIT("k");
    values[0] = ov_datum_text(OV_SPAN_LIT("v"));
    run->fields[TOY_MEAN] = ov_datum_float(0.5);
    return OV_OK;
}

static const struct ov_module toy = {
    .name = "toy",
    .root = OV_STRUCTURE(toy_fields),
    .fill = fill,
};

static enum ov_status show_toy(void *arg)
{
    struct ov_buf *out = arg;
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_module_input in = {.arena = arena, .budget = &budget};
    struct ov_module_run *run;

    ov_buf_done(out);
    *out = ov_buf_with_max(1 << 20);
    if (arena == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_module_begin(&toy, &in, &run));
    return ov_module_show(out, run);
}

static void shows_every_kind_of_value(void **state)
{
    static const char expected[] = "toy\n"
                                   "\tlate = -3\n"
                                   "\tmean = 0.500000\n"
                                   "\twords\n"
                                   "\t\tk = \"v\"\n"
                                   "\tparts\n"
                                   "\t\t[0]\n"
                                   "\t\t\tname = YR_UNDEFINED\n"
                                   "\t\t\tsize = YR_UNDEFINED\n"
                                   "\t\t[1]\n"
                                   "\t\t\tname = \"a\"\\x0a\"\n"
                                   "\t\t\tsize = YR_UNDEFINED\n"
                                   "\tinner\n"
                                   "\t\tpart\n"
                                   "\t\t\tsize = 5\n"
                                   "\t\t\tname = YR_UNDEFINED\n"
                                   "\tMAX = 7\n";
    struct ov_buf out = ov_buf_with_max(1 << 20);

    (void)state;
    assert_int_equal(show_toy(&out), OV_OK);
    assert_int_equal(out.len, sizeof(expected) - 1);
    assert_memory_equal(out.ptr, expected, out.len);
    ov_buf_done(&out);
}

static void each_failed_allocation_ends_well(void **state)
{
    struct ov_buf out = ov_buf_with_max(1 << 20);

    (void)state;
    assert_true(ov_torture(show_toy, &out) > 0);
    ov_buf_done(&out);
}

static void a_group_is_filled_when_it_is_asked_for(void **state)
{
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_module_input in = {.arena = arena, .budget = &budget};
    struct ov_module_run *run;
    struct ov_datum datum;

    (void)state;
    n_fills[0] = n_fills[1] = 0;
    assert_int_equal(ov_module_begin(&toy, &in, &run), OV_OK);
    assert_int_equal(ov_module_get(run, TOY_LATE, &datum), OV_OK);
    assert_int_equal(datum.number, -3);
    assert_int_equal(ov_module_get(run, TOY_LATE, &datum), OV_OK);
    assert_int_equal(n_fills[0], 0);
    assert_int_equal(n_fills[1], 1);
    assert_int_equal(ov_module_get(run, 6, &datum), OV_MALFORMED);
}

static void tells_the_time_it_was_given(void **state)
{
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_module_input in = {
        .arena = arena, .budget = &budget, .now = 1700000000};
    const struct ov_module *module = ov_module_find(OV_SPAN_LIT("time"));
    struct ov_module_call call = {0};
    struct ov_datum datum;
    int64_t field;

    (void)state;
    assert_non_null(module);
    assert_null(ov_module_find(OV_SPAN_LIT("tim")));
    assert_int_equal(ov_module_begin(module, &in, &call.run), OV_OK);
    field = ov_field_find(&module->root, OV_SPAN_LIT("now"));
    assert_true(field >= 0);
    assert_int_equal(
        module->root.fields[field].functions[0].call(&call, &datum), OV_OK);
    assert_int_equal(datum.number, 1700000000);
    assert_int_equal(ov_field_find(&module->root, OV_SPAN_LIT("then")), -1);
}

OV_TEST_MAIN(OV_TEST(shows_every_kind_of_value),
             OV_TEST(each_failed_allocation_ends_well),
             OV_TEST(a_group_is_filled_when_it_is_asked_for),
             OV_TEST(tells_the_time_it_was_given))
