/* SPDX-License-Identifier: Apache-2.0 */
#include "match/classes.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/assert.h"

/* Classes of views.
 *
 * The heads are those that most patterns ask for; sizes divide those that have
 * a greatest size into equal parts, for rules mostly say how large an object
 * may be. A view is in the class of the first head that it begins with. So a
 * guard excludes a class whose head contradicts its own, and each class behind
 * a head that its own one implies. What a class cannot tell apart the guard
 * itself does, when one of its patterns is about to be tried. */

/* A head is worth a class of its own for one pattern in so many, sizes are for
 * so many that have a greatest one. */
#define HEAD_SHARE 32
#define SIZE_SHARE 8

uint32_t ov_classes_of_view(const struct ov_classes *c, uint64_t size,
                            uint32_t head)
{
    uint32_t h = 0;
    uint32_t s = 0;

    while (h < c->n_heads && (head & c->heads[h].mask) != c->heads[h].head)
        h++;
    while (s < c->n_sizes && size >= c->sizes[s])
        s++;
    return 2 + h * (c->n_sizes + 1) + s;
}

/* Whether what fits the guard begins with this head. */
static bool implies(const struct ov_guard *g, const struct ov_class_head *h)
{
    return (g->head_mask & h->mask) == h->mask &&
           (g->head & h->mask) == h->head;
}

static bool contradicts(const struct ov_guard *g, const struct ov_class_head *h)
{
    return ((g->head ^ h->head) & g->head_mask & h->mask) != 0;
}

uint64_t ov_classes_of_guard(const struct ov_classes *c,
                             const struct ov_guard *g)
{
    uint64_t classes = (uint64_t)1 << OV_CLASS_ALL;

    for (uint32_t h = 0; h <= c->n_heads; h++) {
        for (uint32_t s = 0; s <= c->n_sizes; s++) {
            uint64_t from = s > 0 ? c->sizes[s - 1] : 0;
            uint64_t to = s < c->n_sizes ? c->sizes[s] - 1 : UINT64_MAX;

            if ((h == c->n_heads || !contradicts(g, &c->heads[h])) &&
                g->min_size <= to && g->max_size >= from)
                classes |= (uint64_t)1 << (2 + h * (c->n_sizes + 1) + s);
        }
        if (h < c->n_heads && implies(g, &c->heads[h]))
            break;
    }
    return classes;
}

static int compare(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_guard(const void *a, const void *b)
{
    const struct ov_guard *x = &((const struct ov_guard_count *)a)->guard;
    const struct ov_guard *y = &((const struct ov_guard_count *)b)->guard;
    int order = compare((uint64_t)x->head_mask << 32 | x->head,
                        (uint64_t)y->head_mask << 32 | y->head);

    if (order == 0)
        order = compare(x->max_size, y->max_size);
    return order != 0 ? order : compare(x->min_size, y->min_size);
}

/* Room doubles where the number is a power of two. */
enum ov_status ov_guards_add(struct ov_guards *g, const struct ov_guard *guard,
                             uint64_t n)
{
    if ((g->n & (g->n - 1)) == 0) {
        struct ov_guard_count *at =
            ov_realloc_array(g->at, g->n == 0 ? 1 : 2 * g->n, sizeof(*at));

        if (at == NULL)
            return OV_NO_MEMORY;
        g->at = at;
    }
    g->at[g->n++] = (struct ov_guard_count){.guard = *guard, .n = n};
    return OV_OK;
}

void ov_guards_finish(struct ov_guards *g)
{
    size_t n = 0;

    if (g->n > 0)
        qsort(g->at, g->n, sizeof(g->at[0]), by_guard);
    for (size_t i = 0; i < g->n; i++)
        if (n > 0 && by_guard(&g->at[i], &g->at[n - 1]) == 0)
            g->at[n - 1].n += g->at[i].n;
        else
            g->at[n++] = g->at[i];
    g->n = n;
}

void ov_guards_done(struct ov_guards *g)
{
    ov_free(g->at);
    *g = (struct ov_guards){0};
}

size_t ov_guards_find(const struct ov_guards *g, const struct ov_guard *guard)
{
    const struct ov_guard_count key = {.guard = *guard};
    const struct ov_guard_count *found =
        bsearch(&key, g->at, g->n, sizeof(g->at[0]), by_guard);

    OV_ASSERT(found != NULL);
    return (size_t)(found - g->at);
}

struct head_count {
    struct ov_class_head head;
    uint64_t n;
};

/* Where h is to be among the most frequent, of which there are *n so far. */
static void offer_head(struct head_count most[static OV_CLASS_HEADS_MAX],
                       uint32_t *n, struct head_count h)
{
    uint32_t at = *n;

    while (at > 0 && most[at - 1].n < h.n)
        at--;
    if (at == OV_CLASS_HEADS_MAX)
        return;
    if (*n < OV_CLASS_HEADS_MAX)
        (*n)++;
    memmove(&most[at + 1], &most[at], (*n - 1 - at) * sizeof(most[0]));
    most[at] = h;
}

/* Guards with the same head lie together. */
static void choose_heads(const struct ov_guards *g, uint64_t n_patterns,
                         struct ov_classes *ret)
{
    struct head_count most[OV_CLASS_HEADS_MAX];
    uint32_t n = 0;

    for (size_t i = 0; i < g->n;) {
        struct head_count h = {{g->at[i].guard.head_mask, g->at[i].guard.head},
                               0};

        for (; i < g->n && g->at[i].guard.head_mask == h.head.mask &&
               g->at[i].guard.head == h.head.head;
             i++)
            h.n += g->at[i].n;
        if (h.head.mask != 0 && h.n > n_patterns / HEAD_SHARE)
            offer_head(most, &n, h);
    }
    ret->n_heads = n;
    for (uint32_t i = 0; i < n; i++)
        ret->heads[i] = most[i].head;
}

static int by_max_size(const void *a, const void *b)
{
    const struct ov_guard_count *x = a;
    const struct ov_guard_count *y = b;

    return compare(x->guard.max_size, y->guard.max_size);
}

/* sorted: by their greatest size. */
static void divide_sizes(const struct ov_guard_count *sorted, size_t n,
                         uint64_t n_bounded, struct ov_classes *ret)
{
    uint32_t n_sizes = ret->n_sizes;
    uint64_t share = n_sizes == 1 ? 8 : 15; /* of 16: not the last few */
    uint64_t so_far = 0;

    ret->n_sizes = 0;
    for (size_t i = 0; i < n && ret->n_sizes < n_sizes; i++) {
        uint64_t begins = sorted[i].guard.max_size;

        if (begins++ == UINT64_MAX)
            break;
        so_far += sorted[i].n;
        if (i + 1 < n && sorted[i + 1].guard.max_size + 1 == begins)
            continue;
        if (16 * so_far * n_sizes >= n_bounded * (ret->n_sizes + 1) * share)
            ret->sizes[ret->n_sizes++] = begins;
    }
}

static enum ov_status choose_sizes(const struct ov_guards *g,
                                   uint64_t n_patterns, struct ov_classes *ret)
{
    OV_AUTO_PTR struct ov_guard_count *sorted = NULL;
    uint64_t n_bounded = 0;

    for (size_t i = 0; i < g->n; i++)
        if (g->at[i].guard.max_size != UINT64_MAX)
            n_bounded += g->at[i].n;
    if (n_bounded <= n_patterns / SIZE_SHARE)
        ret->n_sizes = 0;
    if (ret->n_sizes == 0)
        return OV_OK;
    sorted = ov_alloc_array(g->n, sizeof(*sorted));
    if (sorted == NULL)
        return OV_NO_MEMORY;
    memcpy(sorted, g->at, g->n * sizeof(*sorted));
    qsort(sorted, g->n, sizeof(*sorted), by_max_size);
    divide_sizes(sorted, g->n, n_bounded, ret);
    return OV_OK;
}

enum ov_status ov_classes_choose(const struct ov_guards *g, uint64_t n_patterns,
                                 uint32_t max, struct ov_classes *ret)
{
    *ret = (struct ov_classes){.n_sizes = OV_CLASS_SIZES_MAX};
    choose_heads(g, n_patterns, ret);
    while (ov_classes_count(ret) > max && ret->n_heads + ret->n_sizes > 0)
        if (ret->n_sizes > 1 || ret->n_heads == 0)
            ret->n_sizes--;
        else
            ret->n_heads--;
    return choose_sizes(g, n_patterns, ret);
}
