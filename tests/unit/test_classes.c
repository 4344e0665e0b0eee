/* SPDX-License-Identifier: Apache-2.0 */
#include "match/classes.h"
#include "test.h"
#include "torture.h"

#define MZ 0x5a4du
#define ELF 0x464c457fu

static const struct ov_guard any = {.max_size = UINT64_MAX};
static const struct ov_guard mz = {
    .max_size = 999, .head_mask = 0xffff, .head = MZ};
static const struct ov_guard elf = {
    .max_size = UINT64_MAX, .head_mask = 0xffffffff, .head = ELF};
static const struct ov_guard small = {.max_size = 99};
static const struct ov_guard large = {.min_size = 5000, .max_size = UINT64_MAX};

static void choose(const struct ov_guard *const *of, const uint64_t *counts,
                   size_t n, uint32_t max, struct ov_classes *ret)
{
    struct ov_guards g = {0};
    uint64_t all = 0;

    for (size_t i = 0; i < n; i++) {
        assert_int_equal(ov_guards_add(&g, of[i], counts[i]), OV_OK);
        all += counts[i];
    }
    ov_guards_finish(&g);
    for (size_t i = 0; i < n; i++)
        assert_true(ov_guards_find(&g, of[i]) < g.n);
    assert_int_equal(ov_classes_choose(&g, all, max, ret), OV_OK);
    ov_guards_done(&g);
}

static bool is_in(const struct ov_classes *c, const struct ov_guard *g,
                  uint64_t size, uint32_t head)
{
    return ov_classes_of_guard(c, g) >> ov_classes_of_view(c, size, head) & 1;
}

static const struct ov_guard *const all[] = {&any, &mz, &elf, &small, &large};
static const uint64_t counts[] = {100, 400, 200, 300, 100};

static void guards_leave_out_views_that_cannot_fit(void **state)
{
    struct ov_classes c;

    (void)state;
    choose(all, counts, 5, OV_CLASSES_MAX, &c);
    assert_int_equal(c.n_heads, 2);
    assert_int_equal(c.heads[0].head, MZ);
    assert_true(is_in(&c, &any, 10, MZ));
    assert_true(is_in(&c, &mz, 10, MZ | 0x123 << 16));
    assert_false(is_in(&c, &mz, 10, ELF));
    assert_false(is_in(&c, &mz, 10, 0));
    assert_false(is_in(&c, &mz, 1000, MZ));
    assert_true(is_in(&c, &small, 99, ELF));
    assert_false(is_in(&c, &small, 5000, ELF));
    assert_true(is_in(&c, &elf, 5000, ELF));
    assert_false(is_in(&c, &elf, 5000, MZ));
}

/* Whatever is chosen, no view is without a pattern that fits it. */
static void a_view_that_fits_is_never_left_out(void **state)
{
    static const uint64_t sizes[] = {0, 2, 99, 100, 999, 1000, 5000, 1 << 30};
    static const uint32_t heads[] = {0, MZ, ELF, 0x7f, MZ | 1u << 31};

    (void)state;
    for (uint32_t max = 3; max <= OV_CLASSES_MAX; max++) {
        struct ov_classes c;

        choose(all, counts, 5, max, &c);
        assert_in_range(ov_classes_count(&c), 3, max);
        for (size_t i = 0; i < 5; i++)
            for (size_t s = 0; s < 8; s++)
                for (size_t h = 0; h < 5; h++)
                    if (ov_guard_fits(all[i], sizes[s], heads[h]))
                        assert_true(is_in(&c, all[i], sizes[s], heads[h]));
    }
}

static void patterns_that_ask_for_nothing_need_no_classes(void **state)
{
    static const struct ov_guard *const one[] = {&any, &mz, &small};
    static const uint64_t few[] = {1000, 10, 10};
    struct ov_classes c;

    (void)state;
    choose(one, few, 3, OV_CLASSES_MAX, &c);
    assert_int_equal(ov_classes_count(&c), 3);
    assert_true(ov_classes_of_guard(&c, &any) >> OV_CLASS_ALL & 1);
    assert_false(ov_classes_of_guard(&c, &any) >> OV_CLASS_NONE & 1);
}

static void the_most_frequent_heads_get_a_class(void **state)
{
    struct ov_guard g[OV_CLASS_HEADS_MAX + 3];
    const struct ov_guard *of[OV_CLASS_HEADS_MAX + 3];
    uint64_t n[OV_CLASS_HEADS_MAX + 3];
    struct ov_classes c;

    (void)state;
    for (uint32_t i = 0; i < OV_CLASS_HEADS_MAX + 3; i++) {
        g[i] = (struct ov_guard){
            .max_size = UINT64_MAX, .head_mask = 0xffff, .head = 100 + i};
        of[i] = &g[i];
        n[i] = 50 + i;
    }
    choose(of, n, OV_CLASS_HEADS_MAX + 3, OV_CLASSES_MAX, &c);
    assert_int_equal(c.n_heads, OV_CLASS_HEADS_MAX);
    for (uint32_t i = 0; i < c.n_heads; i++)
        assert_int_equal(c.heads[i].head, 100 + OV_CLASS_HEADS_MAX + 2 - i);
}

static enum ov_status choose_again(void *arg)
{
    struct ov_classes *c = arg;
    struct ov_guards g = {0};
    enum ov_status s = OV_OK;

    for (size_t i = 0; i < 5 && s == OV_OK; i++)
        s = ov_guards_add(&g, all[i], counts[i]);
    ov_guards_finish(&g);
    if (s == OV_OK)
        s = ov_classes_choose(&g, 1100, OV_CLASSES_MAX, c);
    ov_guards_done(&g);
    return s;
}

static void survives_without_memory(void **state)
{
    struct ov_classes c;

    (void)state;
    assert_true(ov_torture(choose_again, &c) > 1);
}

OV_TEST_MAIN(OV_TEST(guards_leave_out_views_that_cannot_fit),
             OV_TEST(a_view_that_fits_is_never_left_out),
             OV_TEST(patterns_that_ask_for_nothing_need_no_classes),
             OV_TEST(the_most_frequent_heads_get_a_class),
             OV_TEST(survives_without_memory))
