/* SPDX-License-Identifier: Apache-2.0 */
#include "top.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* "Space saving" (Metwally, Agrawal, El Abbadi 2005): while there is room each
 * name has a place; then a new one takes that of the cheapest, and its recent
 * cost, so that it is never told as cheaper than it was. What costs more than a
 * TOP_MAXth of all is always among them. Totals begin anew with the name. */

static struct top_entry *find(struct top *t, enum top_kind kind,
                              struct ov_span name)
{
    for (size_t i = 0; i < t->n[kind]; i++) {
        struct top_entry *e = &t->items[kind][i];

        if (ov_span_equal(ov_span_of(e->name, e->len), name))
            return e;
    }
    return NULL;
}

static struct top_entry *make(struct top *t, enum top_kind kind,
                              struct ov_span name)
{
    struct top_entry *e = &t->items[kind][0];
    uint64_t recent = 0;

    if (t->n[kind] < TOP_MAX) {
        e = &t->items[kind][t->n[kind]++];
    } else {
        for (size_t i = 1; i < TOP_MAX; i++)
            if (t->items[kind][i].recent_us < e->recent_us)
                e = &t->items[kind][i];
        recent = e->recent_us;
    }
    *e = (struct top_entry){.len = (uint16_t)name.len, .recent_us = recent};
    if (name.len > 0) /* an empty name has no address */
        memcpy(e->name, name.ptr, name.len);
    return e;
}

void top_count(struct top *t, enum top_kind kind, struct ov_span name,
               const struct top_cost *cost)
{
    struct top_entry *e;

    if (name.len == 0)
        return;
    if (name.len > TOP_NAME)
        name = ov_span_clip(name, name.len - TOP_NAME, TOP_NAME);
    e = find(t, kind, name);
    if (e == NULL)
        e = make(t, kind, name);
    e->n += cost->n;
    e->bytes += cost->bytes;
    e->cost_us += cost->us;
    e->recent_us += cost->us;
}

void top_age(struct top *t)
{
    for (size_t kind = 0; kind < TOP_N_KINDS; kind++)
        for (size_t i = 0; i < t->n[kind]; i++)
            t->items[kind][i].recent_us /= 2;
}

static int dearer(const void *a, const void *b)
{
    const struct top_entry *x = a;
    const struct top_entry *y = b;

    if (x->recent_us != y->recent_us)
        return x->recent_us < y->recent_us ? 1 : -1;
    if (x->cost_us != y->cost_us)
        return x->cost_us < y->cost_us ? 1 : -1;
    return 0;
}

void top_put_json(struct ov_buf *b, struct top *t,
                  const struct ov_wire_guard_counts *guard)
{
    static const char *const names[TOP_N_KINDS] = {"processes", "folders",
                                                   "formats", "rules"};

    for (size_t kind = 0; kind < TOP_N_KINDS; kind++) {
        qsort(t->items[kind], t->n[kind], sizeof(t->items[kind][0]), dearer);
        ov_put_format(b, "%c\"%s\":[", kind == 0 ? '{' : ',', names[kind]);
        for (size_t i = 0; i < t->n[kind]; i++) {
            const struct top_entry *e = &t->items[kind][i];

            ov_put_format(b, "%s{\"name\":\"", i > 0 ? "," : "");
            ov_put_json(b, ov_span_of(e->name, e->len));
            ov_put_format(b,
                          "\",\"n\":%llu,\"bytes\":%llu,\"us\":%llu,"
                          "\"recent_us\":%llu}",
                          (unsigned long long)e->n,
                          (unsigned long long)e->bytes,
                          (unsigned long long)e->cost_us,
                          (unsigned long long)e->recent_us);
        }
        ov_put_u8(b, ']');
    }
    ov_put_format(b,
                  ",\"guard\":{\"ignored\":%llu,\"allowed\":%llu,"
                  "\"denied\":%llu,\"written\":%llu}}\n",
                  (unsigned long long)guard->n_ignored,
                  (unsigned long long)guard->n_allowed,
                  (unsigned long long)guard->n_denied,
                  (unsigned long long)guard->n_written);
}
