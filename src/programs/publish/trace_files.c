/* SPDX-License-Identifier: Apache-2.0 */
#include "trace_files.h"

#include <stdlib.h>
#include <string.h>

#include "trust/delta.h"
#include "trust/pack.h"
#include "trust/trace.h"

/* A step has all changes between two releases' entries. The way to a base has
 * of each rule the newest change that the base consumed, and all feeds; what
 * came behind the changes that a release consumed belongs to the next one, and
 * stays as well. What else is kept costs bytes, never truth: clients check the
 * hashes, and look for the index that a record names. */

struct logged {
    uint64_t seq;
    uint64_t index;
    uint64_t base;
    uint64_t consumed; /* changes below this index */
};

struct traces {
    struct instance *in;
    const struct history *h;
    const char *channel;
    struct logged *releases; /* [seq - 1] */
    uint64_t n;
    bool *is_kept; /* of each entry */
};

static bool take_release(struct traces *t, const struct ov_entry *e,
                         uint64_t index)
{
    struct logged l = {.index = index};
    uint64_t from;

    if (!ov_entry_is(e, "channel", t->channel) ||
        !ov_entry_number(e, "seq", &l.seq) || l.seq != t->n + 1 ||
        !ov_entry_number(e, "base", &l.base) || l.base > l.seq || l.base == 0 ||
        !ov_entry_range(e, "changes", &from, &l.consumed) || l.consumed > index)
        return true; /* nobody can install it */
    t->releases[t->n++] = l;
    return true;
}

/* All changes are kept, for the steps. */
static bool read_log(struct traces *t)
{
    struct ov_entry *e = ov_arena_alloc(t->in->arena, sizeof(*e));
    struct ov_note *n = ov_arena_alloc(t->in->arena, sizeof(*n));

    if (e == NULL || n == NULL)
        return tell_error("out of memory");
    for (uint64_t i = 0; i < t->h->n; i++) {
        if (ov_note_parse(t->in->arena, t->h->entries[i], n) != OV_OK ||
            ov_entry_parse(n->text, e, NULL) != OV_OK)
            continue;
        t->is_kept[i] =
            e->type == OV_ENTRY_RULE_CHANGE || e->type == OV_ENTRY_FEED;
        if (e->type == OV_ENTRY_RELEASE && !take_release(t, e, i))
            return false;
    }
    return true;
}

/* -- the way to a base -- */

struct change {
    struct ov_span id;
    uint64_t index;
    bool is_retired;
};

static int compare_changes(const void *a, const void *b)
{
    const struct change *x = a;
    const struct change *y = b;
    int order = ov_span_compare(x->id, y->id);

    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

/* The rule changes below end that have their signatures. */
static bool list_changes(struct traces *t, uint64_t end, struct change **ret,
                         size_t *ret_n)
{
    struct change *all = ov_arena_array(t->in->arena, end + 1, sizeof(*all));
    struct ov_opened *o = ov_arena_alloc(t->in->arena, sizeof(*o));
    struct ov_people people;
    size_t n = 0;

    if (all == NULL || o == NULL)
        return tell_error("out of memory");
    if (!people_read(t->in, &people))
        return false;
    for (uint64_t i = 0; i < end; i++) {
        struct change c = {.index = i};

        if (!t->is_kept[i] ||
            ov_entry_open(t->in->arena, t->h->entries[i], &people, i, o,
                          NULL) != OV_OK ||
            o->entry.type != OV_ENTRY_RULE_CHANGE ||
            !ov_entry_value(&o->entry, "id", 0, &c.id))
            continue;
        c.is_retired = ov_entry_is(&o->entry, "op", "retire");
        all[n++] = c;
    }
    *ret = all;
    *ret_n = n;
    return true;
}

static bool drop_old(struct traces *t, uint64_t end, bool *is_kept)
{
    struct change *all;
    size_t n;

    if (!list_changes(t, end, &all, &n))
        return false;
    qsort(all, n, sizeof(*all), compare_changes);
    for (size_t i = 0; i < n; i++) {
        bool is_last = i + 1 == n || !ov_span_equal(all[i].id, all[i + 1].id);

        if (!is_last || all[i].is_retired)
            is_kept[all[i].index] = false;
    }
    return true;
}

/* -- files -- */

static bool write_trace(struct traces *t, const char *path,
                        struct ov_span bytes)
{
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(MAX_FILE);

    if (ov_pack(bytes, &packed) != OV_OK)
        return tell_error("out of memory");
    (void)t;
    return disk_write(path, ov_buf_span(&packed), 0644);
}

static const char *path_of(struct traces *t, const struct ov_delta_tile *tile)
{
    OV_AUTO_DONE(buf) rest = ov_buf_with_max(256);

    ov_put_trace_path(&rest, t->channel, tile);
    return path_in(t->in, "repo/%.*s", (int)rest.len, (const char *)rest.ptr);
}

static bool write_range(struct traces *t, const char *path, uint64_t from,
                        uint64_t to, const bool *is_kept)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_TRACE_MAX);

    if (ov_put_trace(&bytes, from, to, &t->h->entries[from], &is_kept[from]) !=
        OV_OK)
        return tell_error("the trace is too large");
    return write_trace(t, path, ov_buf_span(&bytes));
}

static bool write_base(struct traces *t, const struct logged *base)
{
    OV_AUTO_DONE(buf) rest = ov_buf_with_max(256);
    bool *is_kept =
        ov_arena_array(t->in->arena, base->index + 1, sizeof(*is_kept));
    const char *path;

    ov_put_trace_base_path(&rest, t->channel, base->seq);
    path = path_in(t->in, "repo/%.*s", (int)rest.len, (const char *)rest.ptr);
    if (is_kept == NULL)
        return tell_error("out of memory");
    if (disk_exists(path))
        return true;
    memcpy(is_kept, t->is_kept, base->index * sizeof(*is_kept));
    return drop_old(t, base->consumed, is_kept) &&
           write_range(t, path, 0, base->index, is_kept);
}

/* Sixteen steps, one behind the other. */
static bool merge_steps(struct traces *t, const struct ov_delta_tile *tile)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_TRACE_MAX);
    const char *path = path_of(t, tile);

    if (disk_exists(path))
        return true;
    for (unsigned i = 0; i < OV_DELTA_MERGE; i++) {
        const struct ov_delta_tile part = {.level = tile->level - 1,
                                           .n = tile->n * OV_DELTA_MERGE + i};
        OV_AUTO_DONE(buf) packed = ov_buf_with_max(MAX_FILE);

        if (!disk_read(path_of(t, &part), &packed))
            return false;
        if (ov_unpack_any(ov_buf_span(&packed), &bytes) != OV_OK)
            return tell_error("%s: damaged; remove it", path_of(t, &part));
    }
    return write_trace(t, path, ov_buf_span(&bytes));
}

static bool write_steps(struct traces *t, const struct logged *l)
{
    const struct ov_delta_tile step = {.n = l->seq - 1};
    uint64_t from = l->seq > 1 ? t->releases[l->seq - 2].index : 0;
    uint64_t end = l->seq;
    const char *path = path_of(t, &step);

    if (!disk_exists(path) && !write_range(t, path, from, l->index, t->is_kept))
        return false;
    for (unsigned level = 1;
         level < OV_DELTA_LEVELS && end % OV_DELTA_MERGE == 0; level++) {
        end /= OV_DELTA_MERGE;
        if (!merge_steps(t, &(struct ov_delta_tile){level, end - 1}))
            return false;
    }
    return true;
}

bool trace_publish(struct instance *in, const struct history *h,
                   const char *channel)
{
    struct traces t = {
        .in = in,
        .h = h,
        .channel = channel,
        .releases = ov_arena_array(in->arena, h->n + 1, sizeof(struct logged)),
        .is_kept = ov_arena_array(in->arena, h->n + 1, sizeof(bool))};

    if (t.releases == NULL || t.is_kept == NULL)
        return tell_error("out of memory");
    if (!read_log(&t))
        return false;
    for (uint64_t i = 0; i < t.n; i++) {
        if (!write_steps(&t, &t.releases[i]))
            return false;
    }
    return t.n == 0 ||
           write_base(&t, &t.releases[t.releases[t.n - 1].base - 1]);
}
