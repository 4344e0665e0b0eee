/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_words.h"

#include <stdlib.h>
#include <string.h>

/* A manifest tells only what has changed: so a client that has the records of a
 * set can say all lines of it but those of records that are gone, and an update
 * of a large feed costs no more than what is new in it. */

struct reader {
    struct instance *in;
    const char *id;
    struct feed_words words;
    size_t room;
};

static bool add_word(struct reader *r, const struct feed_word *word)
{
    if (r->words.n == r->room) {
        size_t room = r->room < 64 ? 64 : r->room * 2;
        struct feed_word *all =
            ov_realloc_array(r->words.all, room, sizeof(*all));

        if (all == NULL)
            return tell_error("out of memory");
        r->words.all = all;
        r->room = room;
    }
    r->words.all[r->words.n++] = *word;
    return true;
}

static bool add_manifest(struct reader *r, struct ov_span manifest,
                         uint64_t index)
{
    struct ov_span line;

    while (ov_span_cut(&manifest, '\n', &line)) {
        struct feed_word word = {.line = line, .index = index};
        struct ov_span rest = line;

        if (!ov_span_cut(&rest, ' ', &word.id))
            return tell_error("entry %llu: its manifest is damaged",
                              (unsigned long long)index);
        word.is_put = !ov_span_equal(rest, OV_SPAN_LIT("-"));
        if (!add_word(r, &word))
            return false;
    }
    return true;
}

/* All that it had goes. */
static bool add_retired(struct reader *r, struct ov_span id, uint64_t index)
{
    const char *prefix =
        text(r->in, "%.*s/", (int)id.len, (const char *)id.ptr);
    size_t n = r->words.n;

    for (size_t i = 0; i < n; i++) {
        const struct feed_word word = {.id = r->words.all[i].id,
                                       .index = index};

        if (r->words.all[i].is_put &&
            ov_span_starts(word.id, ov_span_str(prefix)) && !add_word(r, &word))
            return false;
    }
    return true;
}

static bool add_entry(struct reader *r, const struct ov_entry *e,
                      uint64_t index)
{
    struct ov_span id;
    struct ov_span name;
    struct ov_span manifest;

    if (e->type != OV_ENTRY_FEED || !ov_entry_value(e, "id", 0, &id) ||
        (r->id != NULL && !ov_span_equal(id, ov_span_str(r->id))))
        return true;
    if (ov_entry_is(e, "op", "retire"))
        return add_retired(r, id, index);
    return ov_entry_value(e, "manifest", 0, &name) &&
           blob_get(r->in, name, &manifest) && add_manifest(r, manifest, index);
}

static int compare_words(const void *a, const void *b)
{
    const struct feed_word *x = a;
    const struct feed_word *y = b;
    int order = ov_span_compare(x->id, y->id);

    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

static bool is_feed(struct instance *in, struct ov_span entry)
{
    struct ov_note *n = ov_arena_alloc(in->arena, sizeof(*n));
    struct ov_entry *e = ov_arena_alloc(in->arena, sizeof(*e));

    return n != NULL && e != NULL &&
           ov_note_parse(in->arena, entry, n) == OV_OK &&
           ov_entry_parse(n->text, e, NULL) == OV_OK &&
           e->type == OV_ENTRY_FEED;
}

bool feed_words_read(struct instance *in, const struct history *h,
                     const char *id, struct feed_words *ret)
{
    struct reader r = {.in = in, .id = id};
    struct ov_opened *o = ov_arena_alloc(in->arena, sizeof(*o));
    struct ov_people people;
    bool ok = o != NULL && people_read(in, &people);
    size_t n;

    for (uint64_t i = 0; ok && i < h->n; i++) {
        if (is_feed(in, h->entries[i]) &&
            ov_entry_open(in->arena, h->entries[i], &people, i, o, NULL) ==
                OV_OK)
            ok = add_entry(&r, &o->entry, i);
    }
    n = r.words.n;
    *ret = (struct feed_words){
        .all = ov_arena_array(in->arena, n + 1, sizeof(*ret->all)), .n = n};
    if (ok && ret->all == NULL)
        ok = tell_error("out of memory");
    if (ok && n > 0) {
        memcpy(ret->all, r.words.all, n * sizeof(*ret->all));
        qsort(ret->all, n, sizeof(*ret->all), compare_words);
    }
    ov_free(r.words.all);
    return ok;
}

bool feed_word_is_last(const struct feed_words *w, size_t i)
{
    return i + 1 == w->n || !ov_span_equal(w->all[i].id, w->all[i + 1].id);
}

/* The next record that the feed has by its words. */
static const struct feed_word *next_there(const struct feed_words *w, size_t *i)
{
    while (*i < w->n && !(w->all[*i].is_put && feed_word_is_last(w, *i)))
        ++*i;
    return *i < w->n ? &w->all[*i] : NULL;
}

static void put_line(struct ov_buf *b, struct ov_span line)
{
    ov_put_span(b, line);
    ov_put_u8(b, '\n');
}

void feed_words_put_change(struct ov_buf *b, const struct feed_words *w,
                           struct ov_span full)
{
    size_t i = 0;

    for (;;) {
        const struct feed_word *old = next_there(w, &i);
        struct ov_span rest = full;
        struct ov_span line = {0};
        struct ov_span id = {0};
        bool is_more = ov_span_cut(&rest, '\n', &line);
        struct ov_span tail = line;
        int order;

        (void)ov_span_cut(&tail, ' ', &id);
        if (old == NULL && !is_more)
            return;
        order = old == NULL ? 1 : !is_more ? -1 : ov_span_compare(old->id, id);
        if (order < 0) {
            ov_put_span(b, old->id);
            ov_put_str(b, " -\n");
        } else if (order > 0 || !ov_span_equal(old->line, line)) {
            put_line(b, line);
        }
        i += order <= 0;
        if (order >= 0)
            full = rest;
    }
}
