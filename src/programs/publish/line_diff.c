/* SPDX-License-Identifier: Apache-2.0 */
#include "line_diff.h"

/* The longest common run of lines, by the textbook's table; what both texts
 * begin and end with is left out first, so that the table stays small. A change
 * that is too large for it is shown as all old and all new lines. */

#define MAX_CELLS ((size_t)1 << 24)

struct lines {
    struct ov_span *items;
    size_t n;
};

static bool split(struct instance *in, struct ov_span s, struct lines *ret)
{
    struct ov_span rest = s;
    struct ov_span line;
    size_t n = 1;

    while (ov_span_cut(&rest, '\n', &line))
        n++;
    ret->items = ov_arena_array(in->arena, n, sizeof(*ret->items));
    ret->n = 0;
    if (ret->items == NULL)
        return tell_error("out of memory");
    while (s.len > 0) {
        (void)ov_span_cut(&s, '\n', &line);
        ret->items[ret->n++] = line;
    }
    return true;
}

static void tell_line(char sign, struct ov_span line)
{
    tell("  %c %.*s", sign, (int)(line.len < 1000 ? line.len : 1000),
         line.len > 0 ? (const char *)line.ptr : "");
}

/* table[i][j]: length of the longest common run of a[i..] and b[j..]. */
static void tell_table(const struct lines *a, const struct lines *b,
                       uint32_t *table)
{
    size_t width = b->n + 1;
    size_t i = 0;
    size_t j = 0;

    for (size_t x = a->n; x-- > 0;) {
        for (size_t y = b->n; y-- > 0;) {
            uint32_t down = table[(x + 1) * width + y];
            uint32_t right = table[x * width + y + 1];

            table[x * width + y] = ov_span_equal(a->items[x], b->items[y])
                                       ? table[(x + 1) * width + y + 1] + 1
                                   : down > right ? down
                                                  : right;
        }
    }
    while (i < a->n || j < b->n) {
        if (i < a->n && j < b->n && ov_span_equal(a->items[i], b->items[j])) {
            i++;
            j++;
        } else if (j == b->n || (i < a->n && table[(i + 1) * width + j] >=
                                                 table[i * width + j + 1])) {
            tell_line('-', a->items[i++]);
        } else {
            tell_line('+', b->items[j++]);
        }
    }
}

/* Cuts off what both begin and end with. */
static void trim(struct lines *a, struct lines *b)
{
    while (a->n > 0 && b->n > 0 && ov_span_equal(*a->items, *b->items)) {
        a->items++;
        b->items++;
        a->n--;
        b->n--;
    }
    while (a->n > 0 && b->n > 0 &&
           ov_span_equal(a->items[a->n - 1], b->items[b->n - 1])) {
        a->n--;
        b->n--;
    }
}

bool tell_diff(struct instance *in, struct ov_span old, struct ov_span new)
{
    struct lines a;
    struct lines b;
    uint32_t *table;

    if (!split(in, old, &a) || !split(in, new, &b))
        return false;
    trim(&a, &b);
    tell("what changes, without the lines that stay:");
    if (a.n + 1 > MAX_CELLS / (b.n + 1)) {
        for (size_t i = 0; i < a.n; i++)
            tell_line('-', a.items[i]);
        for (size_t i = 0; i < b.n; i++)
            tell_line('+', b.items[i]);
        return true;
    }
    table = ov_arena_array(in->arena, (a.n + 1) * (b.n + 1), sizeof(*table));
    if (table == NULL)
        return tell_error("out of memory");
    tell_table(&a, &b, table);
    return true;
}
