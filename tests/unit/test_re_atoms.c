/* SPDX-License-Identifier: Apache-2.0 */
#include "match/re_atoms.h"
#include "test.h"

static struct ov_re_cut cut;

static void choose(const char *text, uint32_t flags, bool is_wide)
{
    OV_AUTO_DONE(buf) code = ov_buf_with_max(1 << 20);
    struct ov_re_tree tree = {0};
    uint16_t nodes[64];
    struct ov_re re;

    assert_int_equal(ov_re_parse(ov_span_str(text), flags, &tree, NULL), OV_OK);
    assert_true(tree.n_items <= 64);
    assert_int_equal(ov_re_write(&tree, &code, nodes), OV_OK);
    assert_true(ov_re_open(ov_buf_span(&code), &re));
    assert_int_equal(ov_re_cut_choose(&tree, nodes, &re, is_wide, &cut), OV_OK);
    ov_re_tree_done(&tree);
}

/* The atoms, each with a blank behind it; '.' is a zero byte. */
static void expect_atoms(const char *text, uint32_t flags, bool is_wide,
                         const char *want)
{
    char got[256] = {0};
    size_t n = 0;

    choose(text, flags, is_wide);
    for (uint32_t i = 0; i < cut.n_atoms; i++) {
        const struct ov_atom *a = &cut.atoms[i];

        for (uint32_t k = 0; k < ov_atom_len(a->kind) && n < 250; k++) {
            char c = (char)(a->key >> 8 * k);

            got[n++] = c == 0 ? '.' : c;
        }
        got[n++] = ' ';
    }
    assert_string_equal(got, want);
}

static void a_fixed_row_gives_one_atom(void **state)
{
    (void)state;
    expect_atoms("x*QxzJvkw", 0, false, "qxzjvkw ");
    expect_atoms("[^x]Qxzj[^\\n]", 0, false, "qxzj ");
    expect_atoms("Qwerty", 0, true, "q.w.e.r ");
    assert_int_equal(cut.n_nodes, 1);
}

static void what_varies_is_spelled_out(void **state)
{
    (void)state;
    expect_atoms("qxz[12]?zxqj", 0, false, "qxz1zxq qxz2zxq qxzzxqj ");
    expect_atoms("(jq|kq)xzvw[78]", 0, false,
                 "jqxzvw7 jqxzvw8 kqxzvw7 kqxzvw8 ");
    expect_atoms("qx[kK]zjvw", OV_RE_NOCASE, false, "qxkzjvw ");
    expect_atoms("(qxzjvkw|wkvjzxq)+", 0, false, "qxzjvkw wkvjzxq ");
}

static void each_alternative_gives_its_own(void **state)
{
    (void)state;
    expect_atoms("(\\w+qxzjvkw|\\s*wkvjzxq)", 0, false, "qxzjvkw wkvjzxq ");
    assert_int_equal(cut.n_nodes, 2);
    choose("(qxzjvkw|\\w)", 0, false);
    assert_int_equal(cut.n_atoms, 0);
}

static void an_optional_part_does_not_count(void **state)
{
    (void)state;
    choose("(qxzjvkw)?[a-z]", 0, false);
    assert_int_equal(cut.n_atoms, 0);
    choose("(qxzjvkw)*", 0, false);
    assert_int_equal(cut.n_atoms, 0);
    assert_int_equal(cut.nodes[0], 0);
}

static void without_atoms_there_is_the_rarest_class(void **state)
{
    (void)state;
    choose("\\w+~\\w+", 0, false);
    if (cut.n_atoms == 0) {
        assert_true(ov_class_has(&cut.bytes, '~'));
        assert_false(ov_class_has(&cut.bytes, 'a'));
    }
    choose("[a-z]{5,}", 0, false);
    assert_int_equal(cut.n_atoms, 0);
    assert_true(ov_class_has(&cut.bytes, 'q'));
    assert_false(ov_class_has(&cut.bytes, '1'));
    choose("^.*", OV_RE_DOT_ALL, false);
    assert_int_equal(cut.n_atoms, 0);
    assert_true(ov_class_has(&cut.bytes, 0));
}

OV_TEST_MAIN(OV_TEST(a_fixed_row_gives_one_atom),
             OV_TEST(what_varies_is_spelled_out),
             OV_TEST(each_alternative_gives_its_own),
             OV_TEST(an_optional_part_does_not_count),
             OV_TEST(without_atoms_there_is_the_rarest_class))
