/* SPDX-License-Identifier: Apache-2.0 */
#include "trace_files.h"

#include <stdlib.h>
#include <string.h>

#include "feed_words.h"
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
    bool *is_feed;
    bool has_words;
    struct feed_words words; /* once they are needed */
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
        t->is_feed[i] = e->type == OV_ENTRY_FEED;
        t->is_kept[i] = t->is_feed[i] || e->type == OV_ENTRY_RULE_CHANGE;
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

/* -- lines of manifests -- */

/* A client that has the set says the lines of its records itself. The others
 * are those that took a record away, and those of records that are gone: due
 * with the entry that made them so. */

static int compare_due(const void *a, const void *b)
{
    const struct ov_trace_lines *x = a;
    const struct ov_trace_lines *y = b;

    if (x->due != y->due)
        return x->due < y->due ? -1 : 1;
    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return ov_span_compare(x->bytes, y->bytes);
}

static size_t list_due(const struct feed_words *w,
                       const struct ov_trace_source *s,
                       struct ov_trace_lines *lines)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n; i++) {
        const struct feed_word *word = &w->all[i];
        uint64_t due = word->index;

        if (word->line.len == 0 || (word->is_put && feed_word_is_last(w, i)))
            continue;
        if (word->is_put)
            due = w->all[i + 1].index;
        if (due >= s->from && due < s->to)
            lines[n++] = (struct ov_trace_lines){due, word->index, word->line};
    }
    qsort(lines, n, sizeof(*lines), compare_due);
    return n;
}

/* Lines of the same feed that are due together become one piece. */
static bool join_lines(struct traces *t, struct ov_trace_lines *lines,
                       size_t *n)
{
    size_t done = 0;

    for (size_t i = 0; i < *n;) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_TRACE_MAX);
        struct ov_trace_lines piece = lines[i];

        for (; i < *n && lines[i].due == piece.due &&
               lines[i].index == piece.index;
             i++) {
            ov_put_span(&b, lines[i].bytes);
            ov_put_u8(&b, '\n');
        }
        if (ov_buf_status(&b) != OV_OK ||
            !ov_arena_copy(t->in->arena, ov_buf_span(&b), &piece.bytes))
            return tell_error("out of memory");
        lines[done++] = piece;
    }
    *n = done;
    return true;
}

static bool has_feed(const struct traces *t, uint64_t from, uint64_t to)
{
    while (from < to && !t->is_feed[from])
        from++;
    return from < to;
}

static bool add_lines(struct traces *t, struct ov_trace_source *s)
{
    struct ov_trace_lines *lines;

    if (!has_feed(t, s->from, s->to))
        return true;
    if (!t->has_words && !feed_words_read(t->in, t->h, NULL, &t->words))
        return false;
    t->has_words = true;
    lines = ov_arena_array(t->in->arena, t->words.n + 1, sizeof(*lines));
    if (lines == NULL)
        return tell_error("out of memory");
    s->lines = lines;
    s->n_lines = list_due(&t->words, s, lines);
    return join_lines(t, lines, &s->n_lines);
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
    struct ov_trace_source source = {.from = from,
                                     .to = to,
                                     .entries = &t->h->entries[from],
                                     .is_kept = &is_kept[from]};

    if (!add_lines(t, &source))
        return false;
    if (ov_put_trace(&bytes, &source) != OV_OK)
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
        .is_kept = ov_arena_array(in->arena, h->n + 1, sizeof(bool)),
        .is_feed = ov_arena_array(in->arena, h->n + 1, sizeof(bool))};

    if (t.releases == NULL || t.is_kept == NULL || t.is_feed == NULL)
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
