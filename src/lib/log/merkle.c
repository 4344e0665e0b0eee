/* SPDX-License-Identifier: Apache-2.0 */
#include "log/merkle.h"

/* SHA256_Init and so on are deprecated for being no providers. They can not
 * fail and need no memory, and a tree of a million entries needs two million
 * hashes of two blocks, where looking a digest up costs more than the digest.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

/* A tree over n entries: the left part is the largest power of two below n, the
 * right part the rest. So the tree is a row of full subtrees, one per bit of n,
 * the largest first, folded from the right:
 *
 *     7 entries:   h(h4, h(h2, h1))
 *
 * Each range that occurs in a proof is such a row again, and begins at a
 * multiple of its largest subtree. That makes every function here a loop; none
 * takes more than 64 turns, whatever sizes an attacker states.
 *
 * Sources: RFC 6962 section 2.1 (hashes, paths, consistency proofs), RFC 9162
 * sections 2.1.3.2 and 2.1.4.2 (checking them with two counters). */

static void hash(const uint8_t *prefix, const uint8_t *bytes, size_t len,
                 uint8_t ret[static OV_MERKLE_HASH])
{
    SHA256_CTX ctx;

    (void)SHA256_Init(&ctx); /* none of the three has a way to fail */
    if (prefix != NULL)
        (void)SHA256_Update(&ctx, prefix, 1);
    if (len > 0)
        (void)SHA256_Update(&ctx, bytes, len);
    (void)SHA256_Final(ret, &ctx);
}

void ov_merkle_empty(uint8_t ret[static OV_MERKLE_HASH])
{
    hash(NULL, NULL, 0, ret);
}

void ov_merkle_leaf(struct ov_span entry, uint8_t ret[static OV_MERKLE_HASH])
{
    static const uint8_t prefix = 0;

    hash(&prefix, entry.ptr, entry.len, ret);
}

void ov_merkle_node(const uint8_t left[static OV_MERKLE_HASH],
                    const uint8_t right[static OV_MERKLE_HASH],
                    uint8_t ret[static OV_MERKLE_HASH])
{
    static const uint8_t prefix = 1;
    uint8_t both[2 * OV_MERKLE_HASH];

    memcpy(both, left, OV_MERKLE_HASH);
    memcpy(both + OV_MERKLE_HASH, right, OV_MERKLE_HASH);
    hash(&prefix, both, sizeof(both), ret);
}

static bool same(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, OV_MERKLE_HASH) == 0;
}

enum ov_status
ov_merkle_check_inclusion(const uint8_t leaf[static OV_MERKLE_HASH],
                          uint64_t index, uint64_t size,
                          uint8_t (*proof)[OV_MERKLE_HASH], size_t n,
                          const uint8_t root[static OV_MERKLE_HASH])
{
    uint8_t at[OV_MERKLE_HASH];
    uint64_t node = index;
    uint64_t last = size - 1;

    if (index >= size || size > OV_MERKLE_MAX_SIZE)
        return OV_BAD_PROOF;
    memcpy(at, leaf, OV_MERKLE_HASH);
    for (size_t i = 0; i < n; i++) {
        if (last == 0)
            return OV_BAD_PROOF;
        if ((node & 1) != 0 || node == last) {
            ov_merkle_node(proof[i], at, at);
            /* A node without a sibling is the same one level up. */
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            ov_merkle_node(at, proof[i], at);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && same(at, root) ? OV_OK : OV_BAD_PROOF;
}

struct tree {
    uint64_t size;
    const uint8_t *root;
};

/* 0 < old < new. The first hash of the proof is left out where it is the old
 * root itself. */
static bool is_prefix(const struct tree *old, const struct tree *new,
                      uint8_t (*proof)[OV_MERKLE_HASH], size_t n)
{
    bool is_full = (old->size & (old->size - 1)) == 0;
    uint64_t node = old->size - 1;
    uint64_t last = new->size - 1;
    uint8_t of_old[OV_MERKLE_HASH];
    uint8_t of_new[OV_MERKLE_HASH];

    if (!is_full && n == 0)
        return false;
    memcpy(of_old, is_full ? old->root : proof[0], OV_MERKLE_HASH);
    memcpy(of_new, of_old, OV_MERKLE_HASH);
    while ((node & 1) != 0) {
        node >>= 1;
        last >>= 1;
    }
    for (size_t i = is_full ? 0 : 1; i < n; i++) {
        if (last == 0)
            return false;
        if ((node & 1) != 0 || node == last) {
            ov_merkle_node(proof[i], of_old, of_old);
            ov_merkle_node(proof[i], of_new, of_new);
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            ov_merkle_node(of_new, proof[i], of_new);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && same(of_old, old->root) && same(of_new, new->root);
}

static bool is_empty_root(const uint8_t *root)
{
    uint8_t empty[OV_MERKLE_HASH];

    ov_merkle_empty(empty);
    return same(root, empty);
}

enum ov_status ov_merkle_check_consistency(
    uint64_t old, const uint8_t old_root[static OV_MERKLE_HASH], uint64_t size,
    const uint8_t root[static OV_MERKLE_HASH], uint8_t (*proof)[OV_MERKLE_HASH],
    size_t n)
{
    const struct tree from = {old, old_root};
    const struct tree to = {size, root};
    bool is_good;

    if (old > size || size > OV_MERKLE_MAX_SIZE)
        return OV_BAD_PROOF;
    if (size == 0 && !is_empty_root(root))
        return OV_BAD_PROOF;
    if (old == 0)
        is_good = n == 0 && is_empty_root(old_root);
    else if (old == size)
        is_good = n == 0 && same(old_root, root);
    else
        is_good = is_prefix(&from, &to, proof, n);
    return is_good ? OV_OK : OV_BAD_PROOF;
}

/* The tree over entries [start, start + n), n > 0, where start is a multiple of
 * n's largest power of two. */
static enum ov_status root_of_range(const struct ov_merkle_source *source,
                                    uint64_t start, uint64_t n,
                                    uint8_t ret[static OV_MERKLE_HASH])
{
    uint8_t right[OV_MERKLE_HASH];
    uint8_t left[OV_MERKLE_HASH];
    bool is_first = true;

    for (uint64_t rest = n; rest > 0; rest &= rest - 1) {
        unsigned level = (unsigned)__builtin_ctzll(rest);
        uint64_t at = start + (rest & (rest - 1));

        if (is_first) {
            OV_TRY(source->node(source->data, level, at >> level, right));
            is_first = false;
            continue;
        }
        OV_TRY(source->node(source->data, level, at >> level, left));
        ov_merkle_node(left, right, right);
    }
    memcpy(ret, right, OV_MERKLE_HASH);
    return OV_OK;
}

enum ov_status ov_merkle_root(const struct ov_merkle_source *source,
                              uint64_t size, uint8_t ret[static OV_MERKLE_HASH])
{
    if (size > OV_MERKLE_MAX_SIZE)
        return OV_USAGE;
    if (size > 0)
        return root_of_range(source, 0, size, ret);
    ov_merkle_empty(ret);
    return OV_OK;
}

/* A part of the tree: entries [start, start + n). */
struct part {
    uint64_t start;
    uint64_t n;
};

/* Splits p, n > 1, as the RFC does. */
static void split(const struct part *p, struct part *left, struct part *right)
{
    uint64_t half = UINT64_C(1) << (63 - __builtin_clzll(p->n - 1));

    *left = (struct part){p->start, half};
    *right = (struct part){p->start + half, p->n - half};
}

/* Hashes the parts found on the way down, and puts them in the order of the way
 * up. */
static enum ov_status
hash_parts(const struct ov_merkle_source *source, const struct part *parts,
           size_t n, uint8_t ret_proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH])
{
    for (size_t i = 0; i < n; i++)
        OV_TRY(root_of_range(source, parts[i].start, parts[i].n,
                             ret_proof[n - 1 - i]));
    return OV_OK;
}

enum ov_status ov_merkle_prove_inclusion(
    const struct ov_merkle_source *source, uint64_t index, uint64_t size,
    uint8_t ret_proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH], size_t *ret_n)
{
    struct part parts[OV_MERKLE_MAX_PROOF];
    struct part at = {0, size};
    struct part left;
    struct part right;
    size_t n = 0;

    if (index >= size || size > OV_MERKLE_MAX_SIZE)
        return OV_USAGE;
    while (at.n > 1) {
        split(&at, &left, &right);
        at = index < right.start ? left : right;
        parts[n++] = index < right.start ? right : left;
    }
    OV_TRY(hash_parts(source, parts, n, ret_proof));
    *ret_n = n;
    return OV_OK;
}

enum ov_status ov_merkle_prove_consistency(
    const struct ov_merkle_source *source, uint64_t old, uint64_t size,
    uint8_t ret_proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH], size_t *ret_n)
{
    struct part parts[OV_MERKLE_MAX_PROOF];
    struct part at = {0, size};
    struct part left;
    struct part right;
    size_t n = 0;

    if (old > size || size > OV_MERKLE_MAX_SIZE)
        return OV_USAGE;
    /* Down to the subtree that ends where the old tree does. */
    while (old > 0 && at.start + at.n != old) {
        split(&at, &left, &right);
        at = old <= right.start ? left : right;
        parts[n++] = old <= right.start ? right : left;
    }
    /* If that is the old tree itself, its root is known. */
    if (old > 0 && at.start > 0)
        parts[n++] = at;
    OV_TRY(hash_parts(source, parts, n, ret_proof));
    *ret_n = n;
    return OV_OK;
}

enum ov_status
ov_merkle_stack_add_full(struct ov_merkle_stack *s, unsigned level,
                         const uint8_t hash[static OV_MERKLE_HASH])
{
    uint8_t at[OV_MERKLE_HASH];
    uint64_t count;

    if (level >= 63)
        return OV_USAGE;
    count = UINT64_C(1) << level;
    if (s->size % count != 0 || s->size > OV_MERKLE_MAX_SIZE - count)
        return OV_USAGE;
    memcpy(at, hash, OV_MERKLE_HASH);
    for (; (s->size >> level & 1) != 0; level++)
        ov_merkle_node(s->full[level], at, at);
    memcpy(s->full[level], at, OV_MERKLE_HASH);
    s->size += count;
    return OV_OK;
}

void ov_merkle_stack_add(struct ov_merkle_stack *s,
                         const uint8_t leaf[static OV_MERKLE_HASH])
{
    (void)!ov_merkle_stack_add_full(s, 0, leaf); /* 2^63 leaves never come */
}

/* RFC 9162 section 2.1.3.2: the same way up as where the proof is checked. A
 * hash from the left is that of the full subtree that a bit of index counts. */
enum ov_status ov_merkle_stack_of_proof(uint64_t index, uint64_t size,
                                        uint8_t (*proof)[OV_MERKLE_HASH],
                                        size_t n, struct ov_merkle_stack *ret)
{
    struct ov_merkle_stack s = {.size = index};
    uint64_t last = size - 1;
    uint64_t at = index;
    unsigned level = 0;

    if (index >= size || size > OV_MERKLE_MAX_SIZE)
        return OV_BAD_PROOF;
    for (size_t i = 0; i < n; i++) {
        if (last == 0)
            return OV_BAD_PROOF;
        for (; at == last && (at & 1) == 0; level++, at >>= 1, last >>= 1)
            ;
        if ((at & 1) != 0)
            memcpy(s.full[level], proof[i], OV_MERKLE_HASH);
        level++;
        at >>= 1;
        last >>= 1;
    }
    if (last != 0)
        return OV_BAD_PROOF;
    *ret = s;
    return OV_OK;
}

bool ov_merkle_stack_equal(const struct ov_merkle_stack *a,
                           const struct ov_merkle_stack *b)
{
    if (a->size != b->size)
        return false;
    for (unsigned level = 0; level < 64; level++) {
        if ((a->size >> level & 1) != 0 &&
            memcmp(a->full[level], b->full[level], OV_MERKLE_HASH) != 0)
            return false;
    }
    return true;
}

static enum ov_status node_of_stack(void *data, unsigned level, uint64_t index,
                                    uint8_t ret[static OV_MERKLE_HASH])
{
    const struct ov_merkle_stack *s = data;

    (void)index; /* one subtree per level */
    memcpy(ret, s->full[level], OV_MERKLE_HASH);
    return OV_OK;
}

void ov_merkle_stack_root(const struct ov_merkle_stack *s,
                          uint8_t ret[static OV_MERKLE_HASH])
{
    struct ov_merkle_stack copy = *s;
    const struct ov_merkle_source source = {&copy, node_of_stack};

    (void)!ov_merkle_root(&source, s->size, ret); /* the source can not fail */
}
