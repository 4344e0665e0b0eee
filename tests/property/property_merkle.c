/* SPDX-License-Identifier: Apache-2.0 */
#include "log/merkle.h"
#include "random.h"
#include "test.h"

/* The loops of merkle.c against the RFC's definitions, which recurse. */
#define MAX_SIZE 300

struct leaves {
    uint8_t hash[MAX_SIZE][OV_MERKLE_HASH];
};

static size_t half_of(size_t n)
{
    size_t k = 1;

    while (k * 2 < n)
        k *= 2;
    return k;
}

/* RFC 6962 section 2.1: MTH. */
static void plain_root(const struct leaves *l, size_t start, size_t n,
                       uint8_t ret[static OV_MERKLE_HASH])
{
    uint8_t left[OV_MERKLE_HASH];
    uint8_t right[OV_MERKLE_HASH];
    size_t k = half_of(n);

    if (n == 0) {
        ov_merkle_empty(ret);
        return;
    }
    if (n == 1) {
        memcpy(ret, l->hash[start], OV_MERKLE_HASH);
        return;
    }
    plain_root(l, start, k, left);
    plain_root(l, start + k, n - k, right);
    ov_merkle_node(left, right, ret);
}

struct path {
    uint8_t hash[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    size_t n;
};

static void plain_add(const struct leaves *l, size_t start, size_t n,
                      struct path *p)
{
    plain_root(l, start, n, p->hash[p->n++]);
}

/* Section 2.1.1: PATH. */
static void plain_path(const struct leaves *l, size_t m, size_t start, size_t n,
                       struct path *p)
{
    size_t k = half_of(n);

    if (n == 1)
        return;
    if (m < k) {
        plain_path(l, m, start, k, p);
        plain_add(l, start + k, n - k, p);
    } else {
        plain_path(l, m - k, start + k, n - k, p);
        plain_add(l, start, k, p);
    }
}

/* Section 2.1.2: SUBPROOF. */
static void plain_subproof(const struct leaves *l, size_t m, size_t start,
                           size_t n, struct path *p)
{
    size_t k = half_of(n);

    if (m == n) {
        if (start != 0)
            plain_add(l, start, n, p);
        return;
    }
    if (m <= k) {
        plain_subproof(l, m, start, k, p);
        plain_add(l, start + k, n - k, p);
    } else {
        plain_subproof(l, m - k, start + k, n - k, p);
        plain_add(l, start, k, p);
    }
}

static enum ov_status node(void *data, unsigned level, uint64_t index,
                           uint8_t ret[static OV_MERKLE_HASH])
{
    plain_root(data, (size_t)index << level, (size_t)1 << level, ret);
    return OV_OK;
}

static struct leaves *make_leaves(struct ov_random *r)
{
    struct leaves *l = ov_alloc(sizeof(*l));

    assert_non_null(l);
    ov_random_fill(r, &l->hash[0][0], sizeof(l->hash));
    return l;
}

static void inclusion_is_that_of_the_definition(void **state)
{
    struct ov_random r = ov_random_seeded();
    OV_AUTO_PTR struct leaves *l = make_leaves(&r);
    const struct ov_merkle_source source = {l, node};
    uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    uint8_t root[OV_MERKLE_HASH];
    uint8_t wanted[OV_MERKLE_HASH];
    size_t n;

    (void)state;
    for (size_t size = 1; size <= MAX_SIZE; size++) {
        size_t step = size < 40 ? 1 : 1 + ov_random_below(&r, 16);

        plain_root(l, 0, size, wanted);
        assert_int_equal(ov_merkle_root(&source, size, root), OV_OK);
        assert_memory_equal(root, wanted, sizeof(root));
        for (size_t m = 0; m < size; m += step) {
            struct path p = {.n = 0};

            plain_path(l, m, 0, size, &p);
            assert_int_equal(
                ov_merkle_prove_inclusion(&source, m, size, proof, &n), OV_OK);
            assert_int_equal(n, p.n);
            assert_memory_equal(proof, p.hash, n * OV_MERKLE_HASH);
            assert_int_equal(
                ov_merkle_check_inclusion(l->hash[m], m, size, proof, n, root),
                OV_OK);
        }
    }
}

static void consistency_is_that_of_the_definition(void **state)
{
    struct ov_random r = ov_random_seeded();
    OV_AUTO_PTR struct leaves *l = make_leaves(&r);
    const struct ov_merkle_source source = {l, node};
    uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    uint8_t root[OV_MERKLE_HASH];
    uint8_t old[OV_MERKLE_HASH];
    size_t n;

    (void)state;
    for (size_t size = 1; size <= MAX_SIZE; size++) {
        size_t step = size < 40 ? 1 : 1 + ov_random_below(&r, 16);

        plain_root(l, 0, size, root);
        for (size_t m = 1; m <= size; m += step) {
            struct path p = {.n = 0};

            plain_subproof(l, m, 0, size, &p);
            assert_int_equal(
                ov_merkle_prove_consistency(&source, m, size, proof, &n),
                OV_OK);
            assert_int_equal(n, p.n);
            assert_memory_equal(proof, p.hash, n * OV_MERKLE_HASH);
            plain_root(l, 0, m, old);
            assert_int_equal(
                ov_merkle_check_consistency(m, old, size, root, proof, n),
                OV_OK);
        }
    }
}

/* Every bit of proof, leaf and root, one hash more, one less, and each other
 * index and size. */
static void a_changed_inclusion_is_refused(void **state)
{
    struct ov_random r = ov_random_seeded();
    OV_AUTO_PTR struct leaves *l = make_leaves(&r);
    const struct ov_merkle_source source = {l, node};

    struct {
        uint8_t root[OV_MERKLE_HASH];
        uint8_t leaf[OV_MERKLE_HASH];
        uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    } c = {0};

    size_t n;

    (void)state;
    for (size_t round = 0; round < 60; round++) {
        size_t size = 1 + ov_random_below(&r, MAX_SIZE);
        size_t m = ov_random_below(&r, size);
        uint8_t *all = c.root;

        plain_root(l, 0, size, c.root);
        memcpy(c.leaf, l->hash[m], sizeof(c.leaf));
        assert_int_equal(
            ov_merkle_prove_inclusion(&source, m, size, c.proof, &n), OV_OK);
        for (size_t bit = 0; bit < (n + 2) * OV_MERKLE_HASH * 8; bit++) {
            all[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(
                ov_merkle_check_inclusion(c.leaf, m, size, c.proof, n, c.root),
                OV_BAD_PROOF);
            all[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_int_equal(
            ov_merkle_check_inclusion(c.leaf, m, size, c.proof, n + 1, c.root),
            OV_BAD_PROOF);
        if (n > 0)
            assert_int_equal(ov_merkle_check_inclusion(c.leaf, m, size, c.proof,
                                                       n - 1, c.root),
                             OV_BAD_PROOF);
        for (size_t other = 0; other < size; other++) {
            if (other != m)
                assert_int_equal(ov_merkle_check_inclusion(c.leaf, other, size,
                                                           c.proof, n, c.root),
                                 OV_BAD_PROOF);
        }
    }
}

static void a_changed_consistency_is_refused(void **state)
{
    struct ov_random r = ov_random_seeded();
    OV_AUTO_PTR struct leaves *l = make_leaves(&r);
    const struct ov_merkle_source source = {l, node};

    struct {
        uint8_t old[OV_MERKLE_HASH];
        uint8_t root[OV_MERKLE_HASH];
        uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    } c = {0};

    size_t n;

    (void)state;
    for (size_t round = 0; round < 60; round++) {
        size_t size = 2 + ov_random_below(&r, MAX_SIZE - 1);
        size_t m = 1 + ov_random_below(&r, size - 1);
        uint8_t *all = c.old;

        plain_root(l, 0, m, c.old);
        plain_root(l, 0, size, c.root);
        assert_int_equal(
            ov_merkle_prove_consistency(&source, m, size, c.proof, &n), OV_OK);
        for (size_t bit = 0; bit < (n + 2) * OV_MERKLE_HASH * 8; bit++) {
            all[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(
                ov_merkle_check_consistency(m, c.old, size, c.root, c.proof, n),
                OV_BAD_PROOF);
            all[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_int_equal(
            ov_merkle_check_consistency(m, c.old, size, c.root, c.proof, n + 1),
            OV_BAD_PROOF);
        assert_int_equal(
            ov_merkle_check_consistency(m, c.old, size, c.root, c.proof, n - 1),
            OV_BAD_PROOF);
    }
}

OV_TEST_MAIN(OV_TEST(inclusion_is_that_of_the_definition),
             OV_TEST(consistency_is_that_of_the_definition),
             OV_TEST(a_changed_inclusion_is_refused),
             OV_TEST(a_changed_consistency_is_refused))
