/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <unistd.h>

#include "../../src/programs/guard/guard_queue.h"
#include "../../src/programs/guard/guard_rules.h"
#include "test.h"

static struct waiting one(void)
{
    return (struct waiting){.fd = open("/dev/null", O_RDONLY | O_CLOEXEC)};
}

static uint32_t add(struct guard_queue *q)
{
    const struct waiting w = one();

    return queue_add(q, &w);
}

static void keeps_the_order_of_arrival(void **state)
{
    struct guard_queue q;
    uint32_t at[3];

    (void)state;
    assert_int_equal(queue_make(&q), OV_OK);
    for (size_t i = 0; i < 3; i++)
        at[i] = add(&q);
    assert_int_equal(q.oldest, at[0]);
    queue_remove(&q, at[1]);
    queue_remove(&q, at[0]);
    assert_int_equal(q.oldest, at[2]);
    assert_int_equal(q.newest, at[2]);
    queue_remove(&q, at[2]);
    assert_int_equal(q.oldest, QUEUE_NONE);
    assert_int_equal(q.unasked, QUEUE_NONE);
    assert_int_equal(q.n_free, QUEUE_SLOTS);
    ov_free(q.slots);
}

static void an_answer_fits_only_whom_it_is_for(void **state)
{
    struct guard_queue q;
    uint32_t first;
    uint32_t again;
    uint32_t name;

    (void)state;
    assert_int_equal(queue_make(&q), OV_OK);
    first = add(&q);
    name = queue_name(&q, first);
    assert_int_equal(queue_find(&q, name), QUEUE_NONE); /* not asked yet */
    queue_asked(&q);
    assert_int_equal(queue_find(&q, name), first);
    queue_remove(&q, first);
    assert_int_equal(queue_find(&q, name), QUEUE_NONE);
    again = add(&q);
    queue_asked(&q);
    assert_int_equal(again, first); /* the same slot */
    assert_int_equal(queue_find(&q, name), QUEUE_NONE);
    assert_int_equal(queue_find(&q, UINT32_MAX), QUEUE_NONE);
    queue_remove(&q, again);
    ov_free(q.slots);
}

static void asks_each_once_from_the_oldest_on(void **state)
{
    struct guard_queue q;
    uint32_t at[3];

    (void)state;
    assert_int_equal(queue_make(&q), OV_OK);
    for (size_t i = 0; i < 3; i++)
        at[i] = add(&q);
    assert_int_equal(q.unasked, at[0]);
    queue_asked(&q);
    assert_int_equal(q.unasked, at[1]);
    queue_remove(&q, at[1]); /* its time was over before it was asked about */
    assert_int_equal(q.unasked, at[2]);
    queue_asked(&q);
    assert_int_equal(q.unasked, QUEUE_NONE);
    queue_remove(&q, at[0]);
    queue_remove(&q, at[2]);
    ov_free(q.slots);
}

static void holds_as_many_as_it_has_slots(void **state)
{
    struct guard_queue q;
    uint32_t n = 0;

    (void)state;
    assert_int_equal(queue_make(&q), OV_OK);
    while (q.n_free > QUEUE_SLOTS - 200) {
        (void)add(&q);
        n++;
    }
    assert_int_equal(n, 200);
    while (q.oldest != QUEUE_NONE)
        queue_remove(&q, q.oldest);
    assert_int_equal(q.n_free, QUEUE_SLOTS);
    ov_free(q.slots);
}

static void a_path_is_below_whole_names_only(void **state)
{
    (void)state;
    assert_true(path_is_below(OV_SPAN_LIT("/a/b"), "/a"));
    assert_true(path_is_below(OV_SPAN_LIT("/a"), "/a"));
    assert_true(path_is_below(OV_SPAN_LIT("/a"), "/"));
    assert_true(path_is_below(OV_SPAN_LIT("/"), "/"));
    assert_false(path_is_below(OV_SPAN_LIT("/ab"), "/a"));
    assert_false(path_is_below(OV_SPAN_LIT("/"), "/a"));
}

static enum ov_status add_place(struct guard_rules *r, uint32_t kind,
                                const char *text)
{
    const struct ov_wire_guard_place p = {kind, ov_span_str(text)};

    return guard_rules_add(r, &p);
}

static void takes_only_what_can_be_meant(void **state)
{
    static struct guard_rules r; /* large */

    (void)state;
    assert_int_equal(add_place(&r, OV_GUARD_PATH, "/home//"), OV_OK);
    assert_string_equal(r.places[0].text, "/home");
    assert_int_equal(add_place(&r, OV_GUARD_PATH, "home"), OV_MALFORMED);
    assert_int_equal(add_place(&r, OV_GUARD_PATH, ""), OV_MALFORMED);
    assert_int_equal(add_place(&r, OV_GUARD_SKIP_USER, "1000"), OV_OK);
    assert_int_equal(r.places[1].uid, 1000);
    assert_int_equal(add_place(&r, OV_GUARD_SKIP_USER, "root"), OV_MALFORMED);
    assert_int_equal(add_place(&r, OV_N_GUARD_PLACE, "/a"), OV_MALFORMED);
    assert_true(is_skipped_path(&r, OV_SPAN_LIT("/x"), true) == false);
    assert_int_equal(add_place(&r, OV_GUARD_SKIP_PATH, "/x"), OV_OK);
    assert_true(is_skipped_path(&r, OV_SPAN_LIT("/x/y"), true));
    assert_false(is_skipped_path(&r, OV_SPAN_LIT("/x/y"), false));
    while (r.n_places < MAX_PLACES)
        assert_int_equal(add_place(&r, OV_GUARD_PATH, "/a"), OV_OK);
    assert_int_equal(add_place(&r, OV_GUARD_PATH, "/a"), OV_LIMIT_COUNT);
    while (r.n_places > 0)
        ov_free(r.places[--r.n_places].text);
}

static void knows_itself_by_number_and_session(void **state)
{
    static struct guard_rules r; /* large */
    static struct guard_rules other;

    (void)state;
    r.self = getpid();
    other.session = getsid(0);
    assert_true(is_own_process(&r, getpid()));
    assert_true(is_own_process(&other, getpid()));
    assert_false(is_own_process(&r, 0));
    assert_false(is_own_process(&r, -1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_order_of_arrival),
        cmocka_unit_test(an_answer_fits_only_whom_it_is_for),
        cmocka_unit_test(asks_each_once_from_the_oldest_on),
        cmocka_unit_test(holds_as_many_as_it_has_slots),
        cmocka_unit_test(a_path_is_below_whole_names_only),
        cmocka_unit_test(takes_only_what_can_be_meant),
        cmocka_unit_test(knows_itself_by_number_and_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
