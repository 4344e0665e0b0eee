/* SPDX-License-Identifier: Apache-2.0 */
#include "log/proof.h"
#include "log_help.h"
#include "torture.h"

#define MAX ((size_t)64 << 10)
#define HASH "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"
#define ENTRIES 11

/* A proof for one of eleven entries, and the policy it satisfies. */
struct logged {
    struct ov_arena *a;
    struct ov_buf file;
    struct ov_buf policy_text;
    struct ov_policy policy;
    struct ov_span entry;
};

static const char *const entries[ENTRIES] = {"a", "b", "c", "d", "e", "f",
                                             "g", "h", "i", "j", ""};

static enum ov_status node(void *data, unsigned level, uint64_t index,
                           uint8_t ret[static 32])
{
    struct ov_merkle_stack s = {.size = 0};

    (void)data;
    for (uint64_t i = index << level; i < (index + 1) << level; i++) {
        uint8_t leaf[32];

        ov_merkle_leaf(ov_span_str(entries[i]), leaf);
        ov_merkle_stack_add(&s, leaf);
    }
    ov_merkle_stack_root(&s, ret);
    return OV_OK;
}

static void logged_new(struct logged *l, uint64_t index)
{
    const struct ov_merkle_source source = {.node = node};
    OV_AUTO_DONE(buf) checkpoint = ov_buf_with_max(MAX);
    struct test_signer log = test_log();
    struct test_signer w = test_witness(1);
    uint8_t hashes[64][32];
    struct ov_proof p = {.index = index, .hashes = hashes};
    uint8_t root[32];

    *l = (struct logged){.a = ov_arena_new(1 << 20),
                         .file = ov_buf_with_max(MAX),
                         .policy_text = ov_buf_with_max(MAX),
                         .entry = ov_span_str(entries[index])};
    assert_int_equal(ov_merkle_root(&source, ENTRIES, root), OV_OK);
    assert_int_equal(
        ov_merkle_prove_inclusion(&source, index, ENTRIES, hashes, &p.n_hashes),
        OV_OK);
    test_put_checkpoint(&checkpoint, ENTRIES, root);
    test_put_cosignature(&checkpoint, 1, 1000);
    p.checkpoint = ov_buf_span(&checkpoint);
    ov_put_proof(&l->file, &p);
    ov_put_str(&l->policy_text, "log ");
    ov_put_vkey(&l->policy_text, &log.key);
    ov_put_str(&l->policy_text, "\nwitness w ");
    ov_put_vkey(&l->policy_text, &w.key);
    ov_put_str(&l->policy_text, "\nquorum w\n");
    assert_int_equal(
        ov_policy_parse(l->a, ov_buf_span(&l->policy_text), &l->policy, NULL),
        OV_OK);
}

static void logged_done(struct logged *l)
{
    ov_arena_free(l->a);
    ov_buf_done(&l->file);
    ov_buf_done(&l->policy_text);
}

static enum ov_status verify(struct logged *l,
                             const struct ov_policy_clock *clock)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    struct ov_policy_result r;
    struct ov_proof p;

    if (a == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_proof_parse(a, ov_buf_span(&l->file), &p));
    return ov_proof_verify(a, &p, l->entry, &l->policy, clock, &r);
}

static void each_entry_is_proven(void **state)
{
    const struct ov_policy_clock late = {.now = 3000, .max_age = 1000};

    (void)state;
    for (uint64_t i = 0; i < ENTRIES; i++) {
        struct logged l;

        logged_new(&l, i);
        assert_int_equal(verify(&l, NULL), OV_OK);
        assert_int_equal(verify(&l, &late), OV_EXPIRED);
        l.entry = OV_SPAN_LIT("x");
        assert_int_equal(verify(&l, NULL), OV_BAD_PROOF);
        logged_done(&l);
    }
}

/* Whatever byte changes, the proof is refused. */
static void any_changed_byte_is_refused(void **state)
{
    struct logged l;

    (void)state;
    logged_new(&l, 4);
    for (size_t i = 0; i < l.file.len; i++) {
        l.file.ptr[i] ^= 1;
        assert_int_not_equal(verify(&l, NULL), OV_OK);
        l.file.ptr[i] ^= 1;
    }
    assert_int_equal(verify(&l, NULL), OV_OK);
    logged_done(&l);
}

static void extra_data_is_carried(void **state)
{
    static const char text[] = "c2sp.org/tlog-proof@v1\n"
                               "extra YWdlLXYx\n"
                               "index 73894\n" HASH HASH "\nnote\n";
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    struct ov_proof p;

    (void)state;
    assert_int_equal(ov_proof_parse(a, ov_span_str(text), &p), OV_OK);
    assert_true(ov_span_equal(p.extra, OV_SPAN_LIT("age-v1")));
    assert_int_equal(p.index, 73894);
    assert_int_equal(p.n_hashes, 2);
    assert_int_equal(p.hashes[1][0], 0x81);
    assert_true(ov_span_equal(p.checkpoint, OV_SPAN_LIT("note\n")));
    ov_put_proof(&b, &p);
    assert_true(ov_span_equal(ov_buf_span(&b), ov_span_str(text)));
}

static void what_is_no_proof_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "c2sp.org/tlog-proof@v2\nindex 1\n\nx\n",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v1 \nindex 1\n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex 01\n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex \n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex -1\n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex 9223372036854775808\n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex 1\nextra AAAA\n\nx\n",
        "c2sp.org/tlog-proof@v1\nextra \nindex 1\n\nx\n",
        "c2sp.org/tlog-proof@v1\nextra A\nindex 1\n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nx\n",
        "c2sp.org/tlog-proof@v1\nindex 1\n" HASH,
        "c2sp.org/tlog-proof@v1\nindex 1\n" HASH "\n",
        "c2sp.org/tlog-proof@v1\nindex 1\n\n",
    };
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    struct ov_proof p;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(ov_proof_parse(a, ov_span_str(bad[i]), &p),
                         OV_MALFORMED);
}

static void more_hashes_than_a_tree_has_levels_are_refused(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX);
    struct ov_proof p;

    (void)state;
    ov_put_str(&b, "c2sp.org/tlog-proof@v1\nindex 1\n");
    for (int i = 0; i <= OV_PROOF_MAX_HASHES; i++)
        ov_put_str(&b, HASH);
    ov_put_str(&b, "\nx\n");
    assert_int_equal(ov_proof_parse(a, ov_buf_span(&b), &p), OV_LIMIT_COUNT);
}

static enum ov_status verify_with_less_memory(void *arg)
{
    return verify(arg, NULL);
}

static void every_failed_allocation_ends_well(void **state)
{
    struct logged l;

    (void)state;
    logged_new(&l, 7);
    assert_true(ov_torture(verify_with_less_memory, &l) > 1);
    logged_done(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_entry_is_proven),
        cmocka_unit_test(any_changed_byte_is_refused),
        cmocka_unit_test(extra_data_is_carried),
        cmocka_unit_test(what_is_no_proof_is_refused),
        cmocka_unit_test(more_hashes_than_a_tree_has_levels_are_refused),
        cmocka_unit_test(every_failed_allocation_ends_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
