/* SPDX-License-Identifier: Apache-2.0 */
#include "log/policy.h"
#include "random.h"
#include "test.h"

/* Quorums of random policies against a tree of members that is walked as the
 * specification words it. */
#define ROUNDS 2000
#define MAX_NODES 24

struct member_node {
    bool is_group;
    unsigned threshold;
    size_t members[MAX_NODES];
    size_t n_members;
    bool is_taken;
    size_t witness; /* its bit, if no group */
};

struct plain_policy {
    struct member_node nodes[MAX_NODES];
    size_t n_nodes;
    size_t n_witnesses;
};

/* tlog-policy, "Defining a witness group". Members come before their group, so
 * each node is done when it is needed. */
static bool plain_quorum(const struct plain_policy *p, size_t quorum,
                         uint64_t witnesses)
{
    bool done[MAX_NODES] = {false};

    for (size_t i = 0; i < p->n_nodes; i++) {
        const struct member_node *n = &p->nodes[i];
        unsigned count = 0;

        for (size_t m = 0; m < n->n_members; m++)
            count += done[n->members[m]];
        done[i] = n->is_group ? count >= n->threshold
                              : (witnesses >> n->witness & 1) != 0;
    }
    return done[quorum];
}

static void put_witness(struct ov_buf *b, struct plain_policy *p)
{
    struct member_node *n = &p->nodes[p->n_nodes];
    uint8_t key[32] = {(uint8_t)p->n_nodes, 1};
    struct ov_vkey k;

    *n = (struct member_node){.witness = p->n_witnesses++};
    assert_int_equal(ov_vkey_make("w.example", OV_NOTE_COSIGN_ED25519, key, &k),
                     OV_OK);
    ov_put_format(b, "witness n%zu ", p->n_nodes++);
    ov_put_vkey(b, &k);
    ov_put_u8(b, '\n');
}

/* A group of some of the nodes that are in none yet. */
static void put_group(struct ov_buf *b, struct plain_policy *p,
                      struct ov_random *r)
{
    struct member_node *n = &p->nodes[p->n_nodes];

    *n = (struct member_node){.is_group = true};
    for (size_t i = 0; i < p->n_nodes; i++) {
        if (!p->nodes[i].is_taken && ov_random_below(r, 2) == 0) {
            p->nodes[i].is_taken = true;
            n->members[n->n_members++] = i;
        }
    }
    if (n->n_members == 0)
        return;
    n->threshold = 1 + (unsigned)ov_random_below(r, n->n_members);
    ov_put_format(b, "group n%zu %u", p->n_nodes++, n->threshold);
    for (size_t i = 0; i < n->n_members; i++)
        ov_put_format(b, " n%zu", n->members[i]);
    ov_put_u8(b, '\n');
}

static void one_random_policy(struct ov_random *r)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 20);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct plain_policy plain = {.n_nodes = 0};
    struct ov_diag diag = {.line = 0};
    struct ov_policy p;
    size_t quorum;

    put_witness(&b, &plain);
    while (plain.n_nodes < MAX_NODES && ov_random_below(r, 12) != 0) {
        if (ov_random_below(r, 3) == 0)
            put_group(&b, &plain, r);
        else
            put_witness(&b, &plain);
    }
    quorum = ov_random_below(r, plain.n_nodes);
    ov_put_format(&b, "quorum n%zu\n", quorum);
    if (ov_policy_parse(a, ov_buf_span(&b), &p, &diag) != OV_OK)
        fail_msg("line %u: %s", diag.line, diag.text);
    assert_int_equal(p.n_witnesses, plain.n_witnesses);
    for (int i = 0; i < 50; i++) {
        uint64_t which = ov_random_u64(r) & ov_random_u64(r);

        assert_int_equal(ov_policy_quorum(&p, which),
                         plain_quorum(&plain, quorum, which));
    }
}

static void quorums_are_as_worded(void **state)
{
    struct ov_random r = ov_random_seeded();

    (void)state;
    for (int i = 0; i < ROUNDS; i++)
        one_random_policy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quorums_are_as_worded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
