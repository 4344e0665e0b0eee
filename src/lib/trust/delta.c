/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/delta.h"

#include "base/assert.h"

/*
 * A delta is two sorted lists, and all work on deltas is merging of sorted
 * lists. Its bytes:
 *
 *     overt-delta/v1 FROM TO DELETES\n
 *     delete ID\n           (as many as the line says)
 *     <records>             (to the end)
 *
 * Merging several lets the last word about an ID count. The result may then say
 * more than it must, as "delete" of a record that an earlier part of it put, or
 * "put" of one that is there already: applying does not mind, and trimming
 * against the set it starts from makes it canonical.
 */

#define FIRST_WORD "overt-delta/v1"

/* ---- between two sets ---- */

struct lists {
    struct ov_record *puts;
    struct ov_span *deletes;
};

static bool new_lists(struct ov_arena *arena, size_t n_puts, size_t n_deletes,
                      struct lists *ret)
{
    ret->puts = ov_arena_array(arena, n_puts + 1, sizeof(*ret->puts));
    ret->deletes = ov_arena_array(arena, n_deletes + 1, sizeof(*ret->deletes));
    return ret->puts != NULL && ret->deletes != NULL;
}

/* One step through two sorted lists: <0 the first has the lower ID. */
static int compare_next(const struct ov_record_entry *a, size_t n_a,
                        const struct ov_record_entry *b, size_t n_b)
{
    if (n_a == 0)
        return 1;
    return n_b == 0 ? -1 : ov_span_compare(a->record.id, b->record.id);
}

/* Writes into lists, or only counts where it is NULL. */
static void compare_sets(const struct ov_record_set *old,
                         const struct ov_record_set *set, struct lists *lists,
                         struct ov_delta *d)
{
    size_t n_a;
    size_t n_b;
    const struct ov_record_entry *a = ov_record_set_list(old, &n_a);
    const struct ov_record_entry *b = ov_record_set_list(set, &n_b);

    d->n_puts = 0;
    d->n_deletes = 0;
    while (n_a > 0 || n_b > 0) {
        int order = compare_next(a, n_a, b, n_b);

        if (order < 0) {
            if (lists != NULL)
                lists->deletes[d->n_deletes] = a->record.id;
            d->n_deletes++;
        } else if (order > 0 || memcmp(a->leaf, b->leaf, OV_MERKLE_HASH) != 0) {
            if (lists != NULL)
                lists->puts[d->n_puts] = b->record;
            d->n_puts++;
        }
        if (order <= 0)
            a++, n_a--;
        if (order >= 0)
            b++, n_b--;
    }
}

enum ov_status ov_delta_between(const struct ov_record_set *old,
                                const struct ov_record_set *set,
                                struct ov_arena *arena, struct ov_delta *ret)
{
    struct ov_delta d = {0};
    struct lists lists;

    compare_sets(old, set, NULL, &d);
    if (!new_lists(arena, d.n_puts, d.n_deletes, &lists))
        return OV_NO_MEMORY;
    compare_sets(old, set, &lists, &d);
    d.puts = lists.puts;
    d.deletes = lists.deletes;
    *ret = d;
    return OV_OK;
}

/* ---- bytes ---- */

void ov_put_delta(struct ov_buf *b, const struct ov_delta *d)
{
    ov_put_format(b, FIRST_WORD " %llu %llu %zu\n", (unsigned long long)d->from,
                  (unsigned long long)d->to, d->n_deletes);
    for (size_t i = 0; i < d->n_deletes; i++) {
        ov_put_str(b, "delete ");
        ov_put_span(b, d->deletes[i]);
        ov_put_u8(b, '\n');
    }
    for (size_t i = 0; i < d->n_puts; i++)
        ov_put_record(b, &d->puts[i]);
}

static enum ov_status read_first_line(struct ov_reader *r, struct ov_delta *d)
{
    struct ov_span line = ov_read_line(r);
    uint64_t n_deletes;

    OV_TRY(ov_reader_status(r));
    if (!ov_span_equal(ov_line_word(&line), OV_SPAN_LIT(FIRST_WORD)) ||
        !ov_parse_plain(ov_line_word(&line), UINT64_MAX, &d->from) ||
        !ov_parse_plain(ov_line_word(&line), UINT64_MAX, &d->to) ||
        !ov_parse_plain(line, SIZE_MAX, &n_deletes) || d->from > d->to)
        return OV_MALFORMED;
    /* a line for each of them must follow */
    if (n_deletes > ov_reader_rest(r).len / strlen("delete I\n"))
        return OV_TRUNCATED;
    d->n_deletes = (size_t)n_deletes;
    return OV_OK;
}

static enum ov_status read_deletes(struct ov_reader *r, struct ov_span *to,
                                   size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ov_span line = ov_read_line(r);

        OV_TRY(ov_reader_status(r));
        if (!ov_span_equal(ov_line_word(&line), OV_SPAN_LIT("delete")) ||
            !ov_record_id_is_valid(line) ||
            (i > 0 && ov_span_compare(to[i - 1], line) >= 0))
            return OV_MALFORMED;
        to[i] = line;
    }
    return OV_OK;
}

static enum ov_status count_records(struct ov_reader r, size_t *ret)
{
    size_t n = 0;

    while (ov_reader_more(&r)) {
        struct ov_record record;

        OV_TRY(ov_record_read(&r, &record));
        n++;
    }
    *ret = n;
    return ov_reader_status(&r);
}

/* IDs rise, and none is deleted, too. */
static bool is_in_order(const struct ov_delta *d)
{
    size_t k = 0;

    for (size_t i = 0; i < d->n_puts; i++) {
        if (i > 0 && ov_span_compare(d->puts[i - 1].id, d->puts[i].id) >= 0)
            return false;
        while (k < d->n_deletes &&
               ov_span_compare(d->deletes[k], d->puts[i].id) < 0)
            k++;
        if (k < d->n_deletes && ov_span_equal(d->deletes[k], d->puts[i].id))
            return false;
    }
    return true;
}

enum ov_status ov_delta_read(struct ov_span bytes, struct ov_arena *arena,
                             struct ov_delta *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_delta d = {0};
    struct lists lists;

    if (bytes.len > OV_DELTA_MAX)
        return OV_LIMIT_SIZE;
    OV_TRY(read_first_line(&r, &d));
    if (!new_lists(arena, 0, d.n_deletes, &lists))
        return OV_NO_MEMORY;
    OV_TRY(read_deletes(&r, lists.deletes, d.n_deletes));
    OV_TRY(count_records(r, &d.n_puts));
    lists.puts = ov_arena_array(arena, d.n_puts + 1, sizeof(*lists.puts));
    if (lists.puts == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < d.n_puts; i++)
        OV_TRY(ov_record_read(&r, &lists.puts[i]));
    d.puts = lists.puts;
    d.deletes = lists.deletes;
    if (!is_in_order(&d))
        return OV_MALFORMED;
    *ret = d;
    return OV_OK;
}

/* ---- applying ---- */

/* Whether a sorted list has this ID; *at moves on to it. */
static bool meets_delete(const struct ov_delta *d, size_t *at,
                         struct ov_span id)
{
    while (*at < d->n_deletes && ov_span_compare(d->deletes[*at], id) < 0)
        ++*at;
    return *at < d->n_deletes && ov_span_equal(d->deletes[*at], id);
}

static bool meets_put(const struct ov_delta *d, size_t *at, struct ov_span id)
{
    while (*at < d->n_puts && ov_span_compare(d->puts[*at].id, id) < 0)
        ++*at;
    return *at < d->n_puts && ov_span_equal(d->puts[*at].id, id);
}

enum ov_status ov_delta_apply(const struct ov_record_set *set,
                              const struct ov_delta *d,
                              struct ov_record_set **ret)
{
    OV_AUTO(record_set) result = ov_record_set_new();
    size_t n;
    const struct ov_record_entry *items = ov_record_set_list(set, &n);
    size_t at_delete = 0;
    size_t at_put = 0;

    if (result == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        struct ov_span id = items[i].record.id;

        if (!meets_delete(d, &at_delete, id) && !meets_put(d, &at_put, id))
            OV_TRY(ov_record_set_add_entry(result, &items[i]));
    }
    for (size_t i = 0; i < d->n_puts; i++)
        OV_TRY(ov_record_set_add(result, &d->puts[i]));
    OV_TRY(ov_record_set_seal(result));
    *ret = OV_STEAL(result);
    return OV_OK;
}

/* ---- merging ---- */

/* The word of one delta about an ID. */
struct word {
    struct ov_span id;
    const struct ov_record *put; /* NULL: delete */
    size_t age;                  /* the larger, the later */
};

static int compare_words(const void *a, const void *b)
{
    const struct word *x = a;
    const struct word *y = b;
    int order = ov_span_compare(x->id, y->id);

    if (order != 0)
        return order;
    return x->age < y->age ? -1 : x->age > y->age;
}

static struct word *gather_words(const struct ov_delta *deltas, size_t n,
                                 size_t *ret_n)
{
    struct word *words;
    size_t n_words = 0;

    for (size_t i = 0; i < n; i++)
        n_words += deltas[i].n_puts + deltas[i].n_deletes;
    words = ov_alloc_array(n_words + 1, sizeof(*words));
    if (words == NULL)
        return NULL;
    n_words = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < deltas[i].n_puts; k++)
            words[n_words++] =
                (struct word){deltas[i].puts[k].id, &deltas[i].puts[k], i};
        for (size_t k = 0; k < deltas[i].n_deletes; k++)
            words[n_words++] = (struct word){deltas[i].deletes[k], NULL, i};
    }
    *ret_n = n_words;
    return words;
}

static void keep_last_words(const struct word *words, size_t n,
                            struct lists *lists, struct ov_delta *d)
{
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && ov_span_equal(words[i].id, words[i + 1].id))
            continue;
        if (words[i].put != NULL)
            lists->puts[d->n_puts++] = *words[i].put;
        else
            lists->deletes[d->n_deletes++] = words[i].id;
    }
}

enum ov_status ov_delta_merge(const struct ov_delta *deltas, size_t n,
                              struct ov_arena *arena, struct ov_delta *ret)
{
    OV_AUTO_PTR struct word *words = NULL;
    struct ov_delta d = {0};
    struct lists lists;
    size_t n_words;

    OV_ASSERT(n > 0);
    for (size_t i = 1; i < n; i++)
        if (deltas[i].from != deltas[i - 1].to)
            return OV_USAGE;
    words = gather_words(deltas, n, &n_words);
    if (words == NULL || !new_lists(arena, n_words, n_words, &lists))
        return OV_NO_MEMORY;
    qsort(words, n_words, sizeof(*words), compare_words);
    d.from = deltas[0].from;
    d.to = deltas[n - 1].to;
    keep_last_words(words, n_words, &lists, &d);
    d.puts = lists.puts;
    d.deletes = lists.deletes;
    *ret = d;
    return OV_OK;
}

enum ov_status ov_delta_trim(const struct ov_delta *d,
                             const struct ov_record_set *set,
                             struct ov_arena *arena, struct ov_delta *ret)
{
    struct ov_delta trimmed = {.from = d->from, .to = d->to};
    struct lists lists;

    if (!new_lists(arena, d->n_puts, d->n_deletes, &lists))
        return OV_NO_MEMORY;
    for (size_t i = 0; i < d->n_puts; i++) {
        const struct ov_record_entry *e =
            ov_record_set_find(set, d->puts[i].id);
        uint8_t leaf[OV_MERKLE_HASH];

        OV_TRY(ov_record_leaf(&d->puts[i], leaf));
        if (e == NULL || memcmp(e->leaf, leaf, OV_MERKLE_HASH) != 0)
            lists.puts[trimmed.n_puts++] = d->puts[i];
    }
    for (size_t i = 0; i < d->n_deletes; i++)
        if (ov_record_set_find(set, d->deletes[i]) != NULL)
            lists.deletes[trimmed.n_deletes++] = d->deletes[i];
    trimmed.puts = lists.puts;
    trimmed.deletes = lists.deletes;
    *ret = trimmed;
    return OV_OK;
}

/* ---- tiles ---- */

static uint64_t tile_span(unsigned level)
{
    return (uint64_t)1 << (4 * level);
}

_Static_assert(OV_DELTA_MERGE == 16, "a level is four bits of a release");

bool ov_delta_next_tile(uint64_t from, uint64_t to, struct ov_delta_tile *ret)
{
    if (from >= to)
        return false;
    for (unsigned level = OV_DELTA_LEVELS; level-- > 0;) {
        uint64_t span = tile_span(level);

        if (from % span == 0 && to - from >= span) {
            *ret = (struct ov_delta_tile){.level = level, .n = from / span};
            return true;
        }
    }
    OV_UNREACHABLE();
}

uint64_t ov_delta_tile_end(const struct ov_delta_tile *t)
{
    return (t->n + 1) * tile_span(t->level);
}

void ov_put_delta_path(struct ov_buf *b, const struct ov_delta_tile *t)
{
    ov_put_format(b, "delta/%u/%llu", t->level, (unsigned long long)t->n);
}
