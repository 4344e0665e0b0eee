/* SPDX-License-Identifier: Apache-2.0 */
#include "base/store.h"
#include "test.h"

#define N_PAGES 4
#define LEN ((N_PAGES - 1) * OV_STORE_PAGE + 100)

struct fixture {
    struct ov_store store;
    uint8_t bytes[LEN];
    _Atomic uint8_t is_checked[N_PAGES];
    size_t n_checks;
    size_t bad_page; /* N_PAGES: none */
};

static bool check(const struct ov_store *s, size_t page)
{
    struct fixture *f = (struct fixture *)(uintptr_t)s->check_data;

    f->n_checks++;
    return page != f->bad_page;
}

static struct fixture fixture;

static struct ov_store *fresh(size_t bad_page)
{
    memset(&fixture, 0, sizeof(fixture));
    fixture.bad_page = bad_page;
    fixture.store = (struct ov_store){.all = ov_span_of(fixture.bytes, LEN),
                                      .is_checked = fixture.is_checked,
                                      .check = check,
                                      .check_data = &fixture};
    return &fixture.store;
}

static void a_page_is_checked_once_and_before_use(void **state)
{
    struct ov_store *s = fresh(N_PAGES);
    struct ov_span part;

    (void)state;
    assert_true(ov_store_at(s, 0, 10, &part));
    assert_int_equal(fixture.n_checks, 1);
    assert_true(ov_store_at(s, 100, 1000, &part));
    assert_int_equal(fixture.n_checks, 1);
    assert_true(ov_store_at(s, OV_STORE_PAGE - 1, 2, &part));
    assert_int_equal(fixture.n_checks, 2);
    assert_true(ov_store_at(s, 0, LEN, &part));
    assert_int_equal(fixture.n_checks, N_PAGES);
    assert_ptr_equal(part.ptr, fixture.bytes);
}

static void a_part_that_touches_a_bad_page_is_refused(void **state)
{
    struct ov_store *s = fresh(2);
    struct ov_span part = {NULL, 77};

    (void)state;
    assert_true(ov_store_at(s, OV_STORE_PAGE, OV_STORE_PAGE, &part));
    assert_false(s->is_damaged);
    part.len = 77;
    assert_false(ov_store_at(s, OV_STORE_PAGE, OV_STORE_PAGE + 1, &part));
    assert_true(s->is_damaged);
    assert_int_equal(part.len, 77);
    assert_false(ov_store_at(s, 2 * OV_STORE_PAGE + 5, 1, &part));
}

static void outside_is_refused_and_costs_no_check(void **state)
{
    struct ov_store *s = fresh(N_PAGES);
    struct ov_span part;

    (void)state;
    assert_false(ov_store_at(s, LEN, 1, &part));
    assert_false(ov_store_at(s, UINT64_MAX, 1, &part));
    assert_false(ov_store_at(s, 1, UINT64_MAX, &part));
    assert_true(ov_store_at(s, LEN, 0, &part));
    assert_int_equal(part.len, 0);
    assert_int_equal(fixture.n_checks, 0);
    assert_false(s->is_damaged);
}

static void without_a_table_nothing_is_checked(void **state)
{
    struct ov_store s = {.all = OV_SPAN_LIT("abc")};
    struct ov_store empty = {.all = {NULL, 0}};
    struct ov_span part;

    (void)state;
    assert_true(ov_store_at(&s, 1, 2, &part));
    assert_true(ov_span_equal(part, OV_SPAN_LIT("bc")));
    assert_true(ov_store_at(&empty, 0, 0, &part));
    assert_false(ov_store_at(&empty, 0, 1, &part));
}

OV_TEST_MAIN(OV_TEST(a_page_is_checked_once_and_before_use),
             OV_TEST(a_part_that_touches_a_bad_page_is_refused),
             OV_TEST(outside_is_refused_and_costs_no_check),
             OV_TEST(without_a_table_nothing_is_checked))
