/* SPDX-License-Identifier: Apache-2.0 */
#include "cells.h"
#include "match/atoms.h"

static struct ov_form form;
static struct ov_atoms atoms;

static void make(const char *text, uint32_t flags)
{
    static struct cells cells;
    struct ov_pattern p = cells_pattern(&cells, text, flags);

    assert_int_equal(ov_form_make(&form, &p, false), OV_OK);
}

static bool choose(const char *text, uint32_t flags)
{
    make(text, flags);
    return ov_atoms_choose(&form, NULL, NULL, &atoms);
}

static bool has_key(uint64_t key)
{
    for (uint32_t i = 0; i < atoms.n; i++)
        if (atoms.at[i].key == key)
            return true;
    return false;
}

static void takes_one_good_atom(void **state)
{
    (void)state;
    assert_true(choose("d7??61d713e9a45b8cf2", 0));
    assert_int_equal(atoms.n, 1);
    assert_false(atoms.is_spread);
    ov_form_done(&form);
}

static void spells_out_the_bits_that_are_not_known(void **state)
{
    (void)state;
    assert_true(choose("b?5a", 0));
    assert_int_equal(atoms.n, 16);
    assert_true(has_key(0x7ab0));
    assert_true(has_key(0x7abf));
    assert_true(choose("(74|75)eb??", 0));
    assert_int_equal(atoms.n, 2);
    assert_true(has_key(0xeb75));
    ov_form_done(&form);
}

static void spells_out_folded_letters_once(void **state)
{
    (void)state;
    /* 41, 49, 61, 69 ... : of two letters that differ in case one is enough */
    assert_true(choose("(41|61|42|62|63)??", 0) == false);
    assert_true(choose("(41|61|42|62)(43|63)", 0));
    assert_int_equal(atoms.n, 2);
    assert_true(has_key(0x6361));
    assert_true(has_key(0x6362));
    ov_form_done(&form);
}

static void takes_one_of_each_alternative(void **state)
{
    (void)state;
    assert_true(choose("{1}(6a406802|{1}b80010a0)", 0));
    assert_int_equal(atoms.n, 2);
    assert_true(atoms.is_spread);
    assert_true(has_key(0x0268406a));
    assert_true(has_key(0xa01000b8));
    assert_true(choose("{1}(6a406802|b80010a0)", 0));
    assert_false(atoms.is_spread);
    ov_form_done(&form);
}

static void has_none_if_an_alternative_has_none(void **state)
{
    (void)state;
    assert_false(choose("{1}(6a406802|ff)??", 0));
    assert_false(choose("{1}!(6a40|6802)??", 0));
    assert_false(choose("ff??ff??", 0));
    ov_form_done(&form);
}

static void tells_the_lengths_before_a_cell_in_brackets(void **state)
{
    struct ov_extent_range r;

    (void)state;
    make("00{1-3}(aa|bb(cc|ddee))", 0);
    r = ov_atoms_before(&form, 0, 10);
    assert_int_equal(form.cells[10].value, 0xee);
    assert_int_equal(r.min, 4);
    assert_int_equal(r.max, 6);
    ov_form_done(&form);
}

static void chooses_the_class_that_lets_the_least_through(void **state)
{
    struct ov_class c;

    (void)state;
    make("00??d7??20", 0);
    ov_class_choose(&form, &c);
    assert_int_equal(c.cell, 2);
    assert_true(ov_class_has(&c, 0xd7));
    assert_false(ov_class_has(&c, 0));
    make("61??", OV_PATTERN_NOCASE);
    ov_class_choose(&form, &c);
    assert_true(ov_class_has(&c, 'a'));
    assert_true(ov_class_has(&c, 'A'));
    assert_false(ov_class_has(&c, 'b'));
    make("????", 0);
    ov_class_choose(&form, &c);
    assert_true(ov_class_has(&c, 0));
    assert_true(ov_class_has(&c, 255));
    ov_form_done(&form);
}

OV_TEST_MAIN(OV_TEST(takes_one_good_atom),
             OV_TEST(spells_out_the_bits_that_are_not_known),
             OV_TEST(spells_out_folded_letters_once),
             OV_TEST(takes_one_of_each_alternative),
             OV_TEST(has_none_if_an_alternative_has_none),
             OV_TEST(tells_the_lengths_before_a_cell_in_brackets),
             OV_TEST(chooses_the_class_that_lets_the_least_through))
