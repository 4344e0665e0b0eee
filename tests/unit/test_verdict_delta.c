/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/verdict_delta.h"
#include "test.h"

#define MAX ((size_t)1 << 16)

static const struct ov_verdict_change changes[] = {
    {OV_VERDICT_ADD, {1}, OV_REPUTATION_MALICIOUS, 3},
    {OV_VERDICT_CHANGE, {2}, OV_REPUTATION_UNWANTED, 0},
    {OV_VERDICT_RECALL, {3}, OV_REPUTATION_RECALLED, 9},
    {OV_VERDICT_WITHDRAW, {4}, OV_REPUTATION_GOOD, 0},
};

static struct ov_verdict_delta_parts parts_of(const struct ov_family *families)
{
    return (struct ov_verdict_delta_parts){
        .seq = 58811204,
        .time = 1795341600,
        .previous = {1, 2, 3},
        .changes = changes,
        .n = 4,
        .families = families,
        .n_families = 2,
    };
}

static const struct ov_family families[] = {
    {3, {(const uint8_t *)"Win.Trojan.Agent", 16}},
    {9, {(const uint8_t *)"Linux.Miner", 11}},
};

static void a_segment_comes_back(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    struct ov_verdict_delta_parts p = parts_of(families);
    struct ov_verdict_delta d;
    struct ov_family f;
    struct ov_span rest;

    (void)state;
    assert_int_equal(ov_put_verdict_delta(&b, &p), OV_OK);
    assert_int_equal(b.len, 60 + 4 * 25 + 4 + 16 + 4 + 11);
    assert_int_equal(ov_verdict_delta_read(ov_buf_span(&b), &d), OV_OK);
    assert_true(d.seq == p.seq && d.time == p.time && d.n == 4);
    assert_memory_equal(d.previous, p.previous, 32);
    for (size_t i = 0; i < 4; i++) {
        struct ov_verdict_change c;

        ov_verdict_delta_at(&d, i, &c);
        assert_int_equal(c.op, changes[i].op);
        assert_memory_equal(c.prefix, changes[i].prefix, sizeof(c.prefix));
        assert_int_equal(c.reputation, changes[i].reputation);
        assert_int_equal(c.family, changes[i].family);
    }
    rest = d.families;
    for (size_t i = 0; i < 2; i++) {
        assert_true(ov_verdict_delta_family(&rest, &f));
        assert_int_equal(f.number, families[i].number);
        assert_true(ov_span_equal(f.name, families[i].name));
    }
    assert_false(ov_verdict_delta_family(&rest, &f));
}

static void a_change_is_found_by_its_hash(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    struct ov_verdict_delta_parts p = parts_of(families);
    struct ov_verdict_change c;
    struct ov_verdict_delta d;
    uint8_t hash[32] = {0};

    (void)state;
    assert_int_equal(ov_put_verdict_delta(&b, &p), OV_OK);
    assert_int_equal(ov_verdict_delta_read(ov_buf_span(&b), &d), OV_OK);
    for (unsigned i = 0; i < 256; i++) {
        hash[0] = (uint8_t)i;
        hash[31] = (uint8_t)i; /* behind the prefix */
        assert_int_equal(ov_verdict_delta_find(&d, hash, &c), i >= 1 && i <= 4);
    }
    hash[0] = 3;
    assert_true(ov_verdict_delta_find(&d, hash, &c));
    assert_int_equal(c.op, OV_VERDICT_RECALL);
    hash[19] = 1;
    assert_false(ov_verdict_delta_find(&d, hash, &c));
}

static void a_chain_is_followed_link_by_link(void **state)
{
    struct ov_verdict_delta d = {.seq = 5, .previous = {1}};
    uint8_t right[32] = {1};
    uint8_t wrong[32] = {2};

    (void)state;
    assert_int_equal(ov_verdict_delta_follows(&d, 5, right), OV_OK);
    assert_int_equal(ov_verdict_delta_follows(&d, 5, wrong), OV_SPLIT_VIEW);
    assert_int_equal(ov_verdict_delta_follows(&d, 6, right), OV_ROLLBACK);
    assert_int_equal(ov_verdict_delta_follows(&d, 4, right), OV_MISMATCH);
}

static void wrong_parts_are_refused(void **state)
{
    static const struct ov_verdict_change bad[][2] = {
        {{OV_VERDICT_ADD, {2}, OV_REPUTATION_TEST, 0},
         {OV_VERDICT_ADD, {1}, OV_REPUTATION_TEST, 0}},
        {{OV_VERDICT_ADD, {1}, OV_REPUTATION_TEST, 0},
         {OV_VERDICT_ADD, {1}, OV_REPUTATION_TEST, 0}},
        {{OV_VERDICT_ADD, {1}, OV_REPUTATION_RECALLED, 0},
         {OV_VERDICT_ADD, {2}, OV_REPUTATION_TEST, 0}},
        {{OV_VERDICT_RECALL, {1}, OV_REPUTATION_TEST, 0},
         {OV_VERDICT_ADD, {2}, OV_REPUTATION_TEST, 0}},
        {{OV_VERDICT_WITHDRAW, {1}, OV_REPUTATION_GOOD, 1},
         {OV_VERDICT_ADD, {2}, OV_REPUTATION_TEST, 0}},
        {{(enum ov_verdict_op)9, {1}, OV_REPUTATION_GOOD, 1},
         {OV_VERDICT_ADD, {2}, OV_REPUTATION_TEST, 0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
        struct ov_verdict_delta_parts p = {.seq = 1, .changes = bad[i], .n = 2};

        assert_int_equal(ov_put_verdict_delta(&b, &p), OV_USAGE);
    }
}

/* Whatever byte is changed: refused, or a segment that is written so. */
static void a_changed_segment_is_refused_or_another_one(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    struct ov_verdict_delta_parts p = parts_of(families);
    struct ov_verdict_delta d;

    (void)state;
    assert_int_equal(ov_put_verdict_delta(&b, &p), OV_OK);
    for (size_t len = 0; len < b.len; len++)
        assert_int_not_equal(ov_verdict_delta_read(ov_span_of(b.ptr, len), &d),
                             OV_OK);
    for (size_t i = 52; i < 60; i++) { /* counts */
        b.ptr[i] ^= 1;
        assert_int_not_equal(ov_verdict_delta_read(ov_buf_span(&b), &d), OV_OK);
        b.ptr[i] ^= 1;
    }
    b.ptr[60] = 0; /* what is done */
    assert_int_equal(ov_verdict_delta_read(ov_buf_span(&b), &d), OV_MALFORMED);
    b.ptr[60] = OV_VERDICT_ADD;
    ov_put_u8(&b, 0);
    assert_int_equal(ov_verdict_delta_read(ov_buf_span(&b), &d), OV_MALFORMED);
}

OV_TEST_MAIN(OV_TEST(a_segment_comes_back),
             OV_TEST(a_change_is_found_by_its_hash),
             OV_TEST(a_chain_is_followed_link_by_link),
             OV_TEST(wrong_parts_are_refused),
             OV_TEST(a_changed_segment_is_refused_or_another_one))
