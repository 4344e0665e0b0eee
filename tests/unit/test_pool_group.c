/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/pool_group.h"
#include "test.h"

struct told {
    size_t n_detections;
    size_t n_others;
    uint8_t last; /* first byte of the last detection's body */
};

static enum ov_status tell(void *data, enum ov_msg type, struct ov_span body)
{
    struct told *t = data;

    if (type == OV_MSG_DETECTION) {
        t->n_detections++;
        t->last = body.ptr[0];
    } else {
        t->n_others++;
    }
    return OV_OK;
}

static void add(struct ov_pool_group *g, const char *body, uint64_t order)
{
    ov_pool_group_add(g, OV_MSG_DETECTION, ov_span_str(body), order);
}

static void end_shard(struct ov_pool_group *g, enum ov_verdict verdict,
                      uint64_t bytes)
{
    const struct ov_wire_outcome o = {
        .verdict = verdict, .n_bytes = bytes, .spent = {bytes, 1, 1, 1}};

    ov_pool_group_done(g, &o);
}

static void the_first_detection_counts_whoever_was_faster(void **state)
{
    const struct ov_wire_open open = {0};
    struct ov_pool_group *g = ov_pool_group_new(2, &open);
    struct ov_wire_outcome o;
    struct told told = {0};

    (void)state;
    add(g, "later", 9);
    end_shard(g, OV_DETECTED, 10);
    add(g, "first", 3);
    ov_pool_group_add(g, OV_MSG_INCONCLUSIVE, OV_SPAN_LIT("x"), 0);
    end_shard(g, OV_DETECTED, 5);
    assert_int_equal(g->n_left, 0);
    assert_false(g->is_void);
    assert_int_equal(ov_pool_group_tell(g, tell, &told), OV_OK);
    assert_int_equal(told.n_detections, 1);
    assert_int_equal(told.n_others, 1);
    assert_int_equal(told.last, 'f');
    ov_pool_group_outcome(g, &o);
    assert_int_equal(o.verdict, OV_DETECTED);
    assert_int_equal(o.n_bytes, 15);
    ov_pool_group_free(g);
}

static void all_detections_are_told_if_all_are_wanted(void **state)
{
    const struct ov_wire_open open = {.flags = OV_SCAN_ALL_MATCHES};
    struct ov_pool_group *g = ov_pool_group_new(1, &open);
    struct told told = {0};

    (void)state;
    add(g, "later", 9);
    add(g, "first", 3);
    end_shard(g, OV_DETECTED, 1);
    assert_int_equal(ov_pool_group_tell(g, tell, &told), OV_OK);
    assert_int_equal(told.n_detections, 2);
    ov_pool_group_free(g);
}

static void what_exceeds_a_limit_together_is_void(void **state)
{
    const struct ov_wire_open open = {.limits = {100}};
    struct ov_pool_group *g = ov_pool_group_new(2, &open);

    (void)state;
    end_shard(g, OV_CLEAN, 60);
    assert_false(g->is_void);
    end_shard(g, OV_CLEAN, 41);
    assert_true(g->is_void);
    ov_pool_group_free(g);
}

static void the_worst_shard_decides(void **state)
{
    const struct ov_wire_open open = {0};

    static const struct {
        enum ov_verdict a, b, both;
    } cases[] = {
        {OV_CLEAN, OV_CLEAN, OV_CLEAN},
        {OV_CLEAN, OV_TRUSTED, OV_TRUSTED},
        {OV_TRUSTED, OV_INCONCLUSIVE, OV_INCONCLUSIVE},
        {OV_DETECTED, OV_INCONCLUSIVE, OV_DETECTED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ov_pool_group *g = ov_pool_group_new(2, &open);
        struct ov_wire_outcome o;

        end_shard(g, cases[i].a, 1);
        end_shard(g, cases[i].b, 1);
        ov_pool_group_outcome(g, &o);
        assert_int_equal(o.verdict, cases[i].both);
        ov_pool_group_free(g);
    }
}

OV_TEST_MAIN(OV_TEST(the_first_detection_counts_whoever_was_faster),
             OV_TEST(all_detections_are_told_if_all_are_wanted),
             OV_TEST(what_exceeds_a_limit_together_is_void),
             OV_TEST(the_worst_shard_decides))
