/* SPDX-License-Identifier: Apache-2.0 */
#include "cells.h"
#include "match/atom.h"
#include "match/matcher.h"

static struct ov_form form;

static bool choose(const char *text, struct ov_atom *ret)
{
    static struct cells cells;
    struct ov_pattern p = cells_pattern(&cells, text, 0);

    assert_int_equal(ov_form_make(&form, &p, false), OV_OK);
    return ov_atom_choose(&form, NULL, NULL, ret);
}

static void prefers_what_is_rare_in_clean_files(void **state)
{
    struct ov_atom a;

    (void)state;
    /* Zeros, then bytes that look random, then zeros. */
    assert_true(choose("00000000000000000000d713e9a45b8cf20000000000", &a));
    assert_int_equal(a.kind, OV_ATOM_LONG);
    assert_in_range(a.cell, 9, 11);
    assert_true(a.bits > OV_ATOM_RARE);
    ov_form_done(&form);
}

static void takes_the_longest_kind_there_is(void **state)
{
    struct ov_atom a;

    (void)state;
    assert_true(choose("61626364656667", &a));
    assert_int_equal(a.kind, OV_ATOM_LONG);
    assert_true(choose("616263646566", &a));
    assert_int_equal(a.kind, OV_ATOM_MID);
    assert_true(choose("616263", &a));
    assert_int_equal(a.kind, OV_ATOM_SHORT);
    assert_false(choose("61??62", &a));
    assert_false(choose("61(6263646566)62", &a));
    ov_form_done(&form);
}

static void looks_into_every_part(void **state)
{
    struct ov_atom a;

    (void)state;
    assert_true(choose("6161*d713e9a45b8cf2*6161", &a));
    assert_int_equal(a.part, 1);
    ov_form_done(&form);
}

static void words_are_common_though_their_pairs_are_not(void **state)
{
    static const struct {
        const char *text;
        uint32_t most;
    } words[] = {{"http", 13}, {"tps:", 16}, {"s://", 16}};
    struct ov_atom a;

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        assert_in_range(ov_atom_bits((const uint8_t *)words[i].text, 4), 8,
                        words[i].most);
    assert_true(ov_atom_bits((const uint8_t *)"qzxj", 4) > 20);
    /* "https://abc.numoco" */
    assert_true(choose("68747470733a2f2f6162632e6e756d6f636f", &a));
    assert_in_range(a.cell, 7, 11); /* past "https:/" */
    ov_form_done(&form);
}

static void keys_are_folded(void **state)
{
    struct ov_atom a;

    (void)state;
    assert_true(choose("4d5a415b", &a));
    assert_int_equal(a.key, 0x5b617a6d);
    assert_int_equal(ov_fold64(0x5b415a4d40607a61), 0x5b617a6d40607a61);
    assert_int_equal(ov_fold64(0xc1dac1dac1dac1da), 0xc1dac1dac1dac1da);
    ov_form_done(&form);
}

static uint32_t crowded(const void *data, uint64_t key)
{
    return key == *(const uint64_t *)data ? 1u << 20 : 0;
}

static void avoids_a_crowd(void **state)
{
    struct ov_atom first;
    struct ov_atom other;

    (void)state;
    assert_true(choose("d713e9a45b8cf27731", &first));
    assert_true(ov_atom_choose(&form, crowded, &first.key, &other));
    assert_int_not_equal(first.key, other.key);
    ov_form_done(&form);
}

static void tells_what_costs_more(void **state)
{
    static struct cells cells;
    struct ov_pattern p = cells_pattern(&cells, "d713e9a45b8cf2", 0);

    (void)state;
    assert_int_equal(ov_match_check(&p), OV_MATCH_STRONG);
    p = cells_pattern(&cells, "00000000000000", 0);
    assert_int_equal(ov_match_check(&p), OV_MATCH_COMMON);
    p = cells_pattern(&cells, "d713e9", 0);
    assert_int_equal(ov_match_check(&p), OV_MATCH_SHORT);
    p = cells_pattern(&cells, "d7?3", 0);
    assert_int_equal(ov_match_check(&p), OV_MATCH_SHORT);
    p = cells_pattern(&cells, "d7??e9", 0);
    assert_int_equal(ov_match_check(&p), OV_MATCH_SLOW);
}

OV_TEST_MAIN(OV_TEST(prefers_what_is_rare_in_clean_files),
             OV_TEST(takes_the_longest_kind_there_is),
             OV_TEST(looks_into_every_part),
             OV_TEST(words_are_common_though_their_pairs_are_not),
             OV_TEST(keys_are_folded), OV_TEST(avoids_a_crowd),
             OV_TEST(tells_what_costs_more))
