/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_review.h"

#include <string.h>

#include "feed_import.h"

/* Manifests are sorted by record id, so that two of them are compared by
 * walking both. */

struct counts {
    size_t n_new;
    size_t n_changed;
    size_t n_gone;
};

static struct ov_span next_id(struct ov_span rest)
{
    struct ov_span id;

    (void)ov_span_cut(&rest, ' ', &id);
    return id;
}

static struct counts compare(struct ov_span old, struct ov_span new)
{
    struct counts c = {0};

    while (old.len > 0 || new.len > 0) {
        struct ov_span a = {0};
        struct ov_span b = {0};
        int order = old.len == 0 ? 1
                    : new.len == 0
                        ? -1
                        : ov_span_compare(next_id(old), next_id(new));

        if (order <= 0)
            (void)ov_span_cut(&old, '\n', &a);
        if (order >= 0)
            (void)ov_span_cut(&new, '\n', &b);
        c.n_gone += order < 0;
        c.n_new += order > 0;
        c.n_changed += order == 0 && !ov_span_equal(a, b);
    }
    return c;
}

/* The manifest of the entry that this one replaces; empty for the first. */
static bool old_manifest(struct instance *in, const struct ov_entry *e,
                         struct ov_span *ret)
{
    struct ov_opened *o = ov_arena_alloc(in->arena, sizeof(*o));
    struct ov_people people;
    struct history h;
    struct ov_span name;
    uint64_t index;

    *ret = (struct ov_span){0};
    if (!ov_entry_number(e, "replaces", &index))
        return true;
    if (o == NULL || !history_read(in, &h) || !people_read(in, &people))
        return false;
    if (index >= h.n ||
        ov_entry_open(in->arena, h.entries[index], &people, index, o, NULL) !=
            OV_OK ||
        !ov_entry_value(&o->entry, "manifest", 0, &name))
        return tell_error("it replaces entry %llu, which is no feed",
                          (unsigned long long)index);
    return blob_get(in, name, ret);
}

bool feed_review(struct instance *in, const struct ov_entry *e)
{
    const char *source = option_get(&in->args, OPT_source);
    struct feed_import f;
    struct ov_span id;
    struct ov_span name;
    struct ov_span manifest;
    struct ov_span old;
    struct counts c;
    bool is_same;

    if (!ov_entry_value(e, "id", 0, &id) ||
        !ov_entry_value(e, "manifest", 0, &name) ||
        !blob_get(in, name, &manifest) || !old_manifest(in, e, &old))
        return false;
    c = compare(old, manifest);
    tell("records: %zu new, %zu changed, %zu gone", c.n_new, c.n_changed,
         c.n_gone);
    if (source == NULL)
        return tell_error("say --source: the upstream file that you have "
                          "fetched yourself from the entry's URL");
    if (!feed_import_run(in, text_of(in, id), source, &f))
        return false;
    is_same = ov_span_equal(ov_buf_span(&f.manifest), manifest) &&
              ov_entry_is(e, "upstream", f.upstream);
    feed_import_done(&f);
    return is_same ||
           tell_error("%s is not what the author took: do not sign", source);
}
