/* SPDX-License-Identifier: Apache-2.0 */
#include "compile_help.h"

static const struct ov_source source = {.name = {(const uint8_t *)"a.hdb", 5}};

static bool find(struct compiled *c, uint64_t n, uint64_t size, size_t nth,
                 struct ov_hash_view *ret)
{
    uint8_t digest[OV_DIGEST_MAX];
    struct ov_hash_key key = {.of = OV_HASH_OF_OBJECT,
                              .kind = OV_MD5,
                              .digest = digest,
                              .size = size};

    make_digest(n, digest);
    return ov_lookup_hash(c->image, &key, nth, c->arena, ret);
}

static void a_digest_of_the_right_size_is_found(void **state)
{
    struct ov_part *part = ov_part_new(0);
    struct ov_hash_view view;
    struct compiled c;

    (void)state;
    add_hash(part, 1, 100, "One-100", 3)->flags = OV_RULE_OFFICIAL;
    add_hash(part, 2, 200, "Two", 4);
    c = compile_parts(&source, 1, &part, 1);
    ov_part_free(part);
    assert_true(find(&c, 1, 100, 0, &view));
    assert_text(view.name, "One-100");
    assert_text(view.source, "a.hdb");
    assert_int_equal(view.line, 3);
    assert_int_equal(view.flags, OV_RULE_OFFICIAL);
    assert_false(view.is_allowed);
    assert_false(find(&c, 1, 100, 1, &view));
    assert_false(find(&c, 1, 101, 0, &view));
    assert_false(find(&c, 3, 100, 0, &view));
    compiled_done(&c);
}

static void a_hash_of_any_size_is_found_for_every_size(void **state)
{
    struct ov_part *part = ov_part_new(0);
    struct ov_hash_view view;
    struct compiled c;

    (void)state;
    add_hash(part, 1, OV_SIZE_ANY, "Any", 1)->is_allowed = true;
    c = compile_parts(&source, 1, &part, 1);
    ov_part_free(part);
    assert_true(find(&c, 1, 0, 0, &view));
    assert_true(view.is_allowed);
    assert_true(find(&c, 1, UINT64_MAX - 1, 0, &view));
    assert_int_equal(ov_lookup_wanted(c.image, OV_HASH_OF_OBJECT, 12345),
                     1 << OV_MD5);
    assert_int_equal(ov_lookup_wanted(c.image, OV_HASH_OF_SECTION, 12345), 0);
    compiled_done(&c);
}

static void several_rules_come_in_the_order_of_sources(void **state)
{
    struct ov_part *part = ov_part_new(0);
    struct ov_hash_view view;
    struct compiled c;

    (void)state;
    add_hash(part, 1, 5, "C", 1);
    add_hash(part, 2, 5, "X", 2);
    add_hash(part, 1, OV_SIZE_ANY, "A", 3);
    add_hash(part, 1, 6, "Other size", 4);
    add_hash(part, 1, 5, "B", 5);
    c = compile_parts(&source, 1, &part, 1);
    ov_part_free(part);
    assert_true(find(&c, 1, 5, 0, &view));
    assert_text(view.name, "C");
    assert_true(find(&c, 1, 5, 1, &view));
    assert_text(view.name, "A");
    assert_true(find(&c, 1, 5, 2, &view));
    assert_text(view.name, "B");
    assert_false(find(&c, 1, 5, 3, &view));
    compiled_done(&c);
}

static void odd_sizes_are_kept(void **state)
{
    static const uint64_t sizes[] = {0,
                                     1,
                                     253,
                                     254,
                                     255,
                                     65533,
                                     65534,
                                     65535,
                                     1u << 24,
                                     UINT32_MAX,
                                     (uint64_t)1 << 40,
                                     UINT64_MAX - 1,
                                     512,
                                     513};
    const size_t n = sizeof(sizes) / sizeof(sizes[0]);
    struct ov_part *part = ov_part_new(0);
    struct ov_hash_view view;
    struct compiled c;

    (void)state;
    for (uint64_t i = 0; i < 100; i++)
        add_hash(part, 1000 + i, i * 512, "Filler", 1);
    for (size_t i = 0; i < n; i++)
        add_hash(part, i, sizes[i], "Odd", 1);
    c = compile_parts(&source, 1, &part, 1);
    ov_part_free(part);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            assert_int_equal(find(&c, i, sizes[k], 0, &view), i == k);
    compiled_done(&c);
}

static void a_size_that_no_rule_has_is_rarely_wanted(void **state)
{
    struct ov_part *part = ov_part_new(0);
    unsigned in_vain = 0;
    struct compiled c;

    (void)state;
    for (uint64_t i = 0; i < 3000; i++)
        add_hash(part, i, i * 7, "A", 1);
    c = compile_parts(&source, 1, &part, 1);
    ov_part_free(part);
    for (uint64_t size = 0; size < 21000; size++) {
        uint32_t wanted = ov_lookup_wanted(c.image, OV_HASH_OF_OBJECT, size);

        if (size % 7 == 0)
            assert_int_equal(wanted, 1 << OV_MD5);
        else
            in_vain += wanted != 0;
    }
    assert_true(in_vain < 18000 / 15);
    compiled_done(&c);
}

static void a_large_table_is_searched_by_two_bytes(void **state)
{
    const uint32_t n = 140000;
    struct ov_part *part = ov_part_new(0);
    struct ov_hash_view view;
    struct compiled c;
    const uint8_t *table;

    (void)state;
    for (uint32_t i = 0; i < n; i++)
        add_hash(part, i, i, "A", i + 1);
    c = compile_parts(&source, 1, &part, 1);
    ov_part_free(part);
    table = c.file.ptr + c.image->sections[OV_SECTION_HASHES].at;
    assert_int_equal(ov_load32le(table), n);
    assert_int_equal(table[4], 2);
    for (uint32_t i = 0; i < n; i += 13) {
        assert_true(find(&c, i, i, 0, &view));
        assert_int_equal(view.line, i + 1);
        assert_false(find(&c, i, i + 1, 0, &view));
        assert_false(find(&c, n + i, i, 0, &view));
        ov_arena_reset(c.arena, 1 << 20);
    }
    compiled_done(&c);
}

static void a_damaged_page_is_no_answer(void **state)
{
    struct ov_part *part = ov_part_new(0);
    struct ov_hash_view view;
    struct compiled c;

    (void)state;
    add_hash(part, 1, 100, "One", 3);
    c = compile_parts(&source, 1, &part, 1);
    ov_part_free(part);
    c.file.ptr[c.image->sections[OV_SECTION_HASH_DATA].at] ^= 1;
    assert_false(find(&c, 1, 100, 0, &view));
    assert_true(c.image->store.is_damaged);
    compiled_done(&c);
}

OV_TEST_MAIN(OV_TEST(a_digest_of_the_right_size_is_found),
             OV_TEST(a_hash_of_any_size_is_found_for_every_size),
             OV_TEST(several_rules_come_in_the_order_of_sources),
             OV_TEST(odd_sizes_are_kept),
             OV_TEST(a_size_that_no_rule_has_is_rarely_wanted),
             OV_TEST(a_large_table_is_searched_by_two_bytes),
             OV_TEST(a_damaged_page_is_no_answer))
