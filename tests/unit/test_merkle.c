/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "log/merkle.h"
#include "test.h"

/* The tree that the tests of Certificate Transparency's first implementations
 * share: eight entries, the root after each of them, and proofs. RFC 6962
 * section 2.1.3 draws the tree of seven. */
static const char *const entries[] = {
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
};

static const char *const roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

struct proof {
    uint64_t first; /* index, or old size */
    uint64_t size;
    size_t n;
    const char *hashes[4];
};

static const struct proof inclusions[] = {
    {0, 1, 0, {NULL}},
    {0,
     8,
     3,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {5,
     8,
     3,
     {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {2,
     3,
     1,
     {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
    {1,
     5,
     3,
     {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
};

static const struct proof consistencies[] = {
    {1, 1, 0, {NULL}},
    {1,
     8,
     3,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {6,
     8,
     3,
     {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {2,
     5,
     2,
     {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void decode(const char *hex, uint8_t ret[static OV_MERKLE_HASH])
{
    assert_true(ov_hex_decode(ov_span_str(hex), ret, OV_MERKLE_HASH));
}

static void leaf_of(size_t index, uint8_t ret[static OV_MERKLE_HASH])
{
    uint8_t bytes[16];
    size_t len = strlen(entries[index]) / 2;

    assert_true(ov_hex_decode(ov_span_str(entries[index]), bytes, len));
    ov_merkle_leaf(ov_span_of(bytes, len), ret);
}

/* Full subtrees of the eight entries, computed where they are asked for. */
static enum ov_status node(void *data, unsigned level, uint64_t index,
                           uint8_t ret[static OV_MERKLE_HASH])
{
    struct ov_merkle_stack s = {0};
    uint8_t leaf[OV_MERKLE_HASH];

    (void)data;
    for (uint64_t i = index << level; i < (index + 1) << level; i++) {
        assert_true(i < COUNT(entries));
        leaf_of((size_t)i, leaf);
        ov_merkle_stack_add(&s, leaf);
    }
    ov_merkle_stack_root(&s, ret);
    return OV_OK;
}

static const struct ov_merkle_source source = {NULL, node};

static void roots_are_those_of_the_vectors(void **state)
{
    struct ov_merkle_stack s = {0};
    uint8_t root[OV_MERKLE_HASH];
    uint8_t leaf[OV_MERKLE_HASH];
    uint8_t wanted[OV_MERKLE_HASH];

    (void)state;
    for (size_t size = 0; size <= COUNT(entries); size++) {
        decode(roots[size], wanted);
        ov_merkle_stack_root(&s, root);
        assert_memory_equal(root, wanted, sizeof(root));
        assert_int_equal(ov_merkle_root(&source, size, root), OV_OK);
        assert_memory_equal(root, wanted, sizeof(root));
        if (size == COUNT(entries))
            break;
        leaf_of(size, leaf);
        ov_merkle_stack_add(&s, leaf);
    }
}

static void inclusion_proofs_are_those_of_the_vectors(void **state)
{
    uint8_t made[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    uint8_t wanted[OV_MERKLE_HASH];
    uint8_t root[OV_MERKLE_HASH];
    uint8_t leaf[OV_MERKLE_HASH];
    size_t n = 77;

    (void)state;
    for (size_t i = 0; i < COUNT(inclusions); i++) {
        const struct proof *p = &inclusions[i];

        assert_int_equal(
            ov_merkle_prove_inclusion(&source, p->first, p->size, made, &n),
            OV_OK);
        assert_int_equal(n, p->n);
        for (size_t k = 0; k < n; k++) {
            decode(p->hashes[k], wanted);
            assert_memory_equal(made[k], wanted, OV_MERKLE_HASH);
        }
        decode(roots[p->size], root);
        leaf_of((size_t)p->first, leaf);
        assert_int_equal(
            ov_merkle_check_inclusion(leaf, p->first, p->size, made, n, root),
            OV_OK);
    }
}

static void consistency_proofs_are_those_of_the_vectors(void **state)
{
    uint8_t made[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    uint8_t wanted[OV_MERKLE_HASH];
    uint8_t old[OV_MERKLE_HASH];
    uint8_t root[OV_MERKLE_HASH];
    size_t n = 77;

    (void)state;
    for (size_t i = 0; i < COUNT(consistencies); i++) {
        const struct proof *p = &consistencies[i];

        assert_int_equal(
            ov_merkle_prove_consistency(&source, p->first, p->size, made, &n),
            OV_OK);
        assert_int_equal(n, p->n);
        for (size_t k = 0; k < n; k++) {
            decode(p->hashes[k], wanted);
            assert_memory_equal(made[k], wanted, OV_MERKLE_HASH);
        }
        decode(roots[p->first], old);
        decode(roots[p->size], root);
        assert_int_equal(
            ov_merkle_check_consistency(p->first, old, p->size, root, made, n),
            OV_OK);
    }
}

static void what_needs_no_proof_takes_none(void **state)
{
    uint8_t root[OV_MERKLE_HASH];
    uint8_t other[OV_MERKLE_HASH];
    uint8_t empty[OV_MERKLE_HASH];
    uint8_t proof[1][OV_MERKLE_HASH] = {{0}};

    (void)state;
    decode(roots[5], root);
    decode(roots[6], other);
    ov_merkle_empty(empty);
    assert_int_equal(ov_merkle_check_consistency(0, empty, 5, root, NULL, 0),
                     OV_OK);
    assert_int_equal(ov_merkle_check_consistency(0, empty, 5, root, proof, 1),
                     OV_BAD_PROOF);
    assert_int_equal(ov_merkle_check_consistency(0, other, 5, root, NULL, 0),
                     OV_BAD_PROOF);
    assert_int_equal(ov_merkle_check_consistency(0, empty, 0, empty, NULL, 0),
                     OV_OK);
    assert_int_equal(ov_merkle_check_consistency(0, empty, 0, root, NULL, 0),
                     OV_BAD_PROOF);
    assert_int_equal(ov_merkle_check_consistency(5, root, 5, root, NULL, 0),
                     OV_OK);
    assert_int_equal(ov_merkle_check_consistency(5, root, 5, other, NULL, 0),
                     OV_BAD_PROOF);
    assert_int_equal(ov_merkle_check_consistency(5, root, 5, root, proof, 1),
                     OV_BAD_PROOF);
}

static void sizes_that_cannot_be_are_refused(void **state)
{
    uint8_t root[OV_MERKLE_HASH] = {0};
    uint8_t made[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    const uint64_t huge = OV_MERKLE_MAX_SIZE + 1;
    size_t n = 77;

    (void)state;
    assert_int_equal(ov_merkle_check_inclusion(root, 0, 0, NULL, 0, root),
                     OV_BAD_PROOF);
    assert_int_equal(ov_merkle_check_inclusion(root, 3, 3, NULL, 0, root),
                     OV_BAD_PROOF);
    assert_int_equal(ov_merkle_check_inclusion(root, 0, huge, NULL, 0, root),
                     OV_BAD_PROOF);
    assert_int_equal(ov_merkle_check_consistency(6, root, 5, root, NULL, 0),
                     OV_BAD_PROOF);
    assert_int_equal(ov_merkle_check_consistency(1, root, huge, root, NULL, 0),
                     OV_BAD_PROOF);
    assert_int_equal(ov_merkle_prove_inclusion(&source, 4, 4, made, &n),
                     OV_USAGE);
    assert_int_equal(ov_merkle_prove_consistency(&source, 5, 4, made, &n),
                     OV_USAGE);
    assert_int_equal(ov_merkle_root(&source, huge, root), OV_USAGE);
    assert_int_equal(n, 77);
}

static enum ov_status failing(void *data, unsigned level, uint64_t index,
                              uint8_t ret[static OV_MERKLE_HASH])
{
    (void)data;
    (void)level;
    (void)index;
    (void)ret;
    return OV_IO;
}

static void a_source_that_fails_is_passed_on(void **state)
{
    const struct ov_merkle_source broken = {NULL, failing};
    uint8_t made[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    uint8_t root[OV_MERKLE_HASH];
    size_t n;

    (void)state;
    assert_int_equal(ov_merkle_root(&broken, 5, root), OV_IO);
    assert_int_equal(ov_merkle_prove_inclusion(&broken, 1, 5, made, &n), OV_IO);
    assert_int_equal(ov_merkle_prove_consistency(&broken, 3, 5, made, &n),
                     OV_IO);
}

OV_TEST_MAIN(OV_TEST(roots_are_those_of_the_vectors),
             OV_TEST(inclusion_proofs_are_those_of_the_vectors),
             OV_TEST(consistency_proofs_are_those_of_the_vectors),
             OV_TEST(what_needs_no_proof_takes_none),
             OV_TEST(sizes_that_cannot_be_are_refused),
             OV_TEST(a_source_that_fails_is_passed_on))
