/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "epoch.h"
#include "reputation/fuse_filter.h"
#include "sys/fd.h"
#include "sys/file.h"

/*
 * The journal is read once, from its start to its end, and each verdict goes to
 * one of 256 files by the first byte of its hash. Then each part is read,
 * sorted by hash and by order, and of each hash the last verdict is kept,
 * unless it was withdrawn. That is what a snapshot says; the parts are the
 * shards of its filters, and as its buckets are made of the hash's first bits,
 * too, the parts one behind the other are the buckets in their order.
 *
 * A part of a hundred million is 400,000 verdicts: 19 MB, as much again to sort
 * them, 10 MB for a filter.
 */

#define BUFFER_ITEMS 1024
#define DAY 86400
#define FILTER_MAX ((size_t)1 << 30)

bool epoch_path(const struct epoch *e, char ret[static CLOUD_PATH_MAX],
                const char *format, ...)
{
    char name[256];
    va_list list;
    int len;

    va_start(list, format);
    len = vsnprintf(name, sizeof(name), format, list);
    va_end(list);
    return len >= 0 && (size_t)len < sizeof(name) &&
           cloud_path(e->c, ret, "work/%s", name);
}

/* ---- threads ---- */

static void work(void *data)
{
    struct epoch *e = data;

    while (!atomic_load(&e->is_failed)) {
        unsigned shard = atomic_fetch_add(&e->next, 1);

        if (shard >= OV_SHARDS)
            return;
        if (!e->step(e, shard))
            atomic_store(&e->is_failed, true);
    }
}

bool epoch_run(struct epoch *e, bool (*step)(struct epoch *e, unsigned shard))
{
    unsigned n = e->crew != NULL ? e->crew->n : 0;

    e->step = step;
    atomic_store(&e->next, 0);
    atomic_store(&e->is_failed, false);
    for (unsigned i = 0; i < n; i++)
        e->crew->start(e->crew, i, work, e);
    work(e);
    for (unsigned i = 0; i < n; i++)
        e->crew->wait(e->crew, i);
    return !atomic_load(&e->is_failed);
}

/* ---- cutting the journal ---- */

struct part {
    int fd;
    uint32_t n;      /* items so far */
    unsigned n_held; /* in items */
    struct epoch_item items[BUFFER_ITEMS];
};

static bool write_part(struct part *p)
{
    struct ov_span bytes =
        ov_span_of(p->items, p->n_held * sizeof(p->items[0]));

    if (ov_write_all(p->fd, bytes) != OV_OK) {
        (void)cloud_say("work: %s", strerror(errno));
        return false;
    }
    p->n_held = 0;
    return true;
}

static bool add_batch(struct part *parts, const struct journal_batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        struct journal_verdict v;
        struct epoch_item *item;
        struct part *p;

        journal_at(b, i, &v);
        p = &parts[v.hash[0]];
        item = &p->items[p->n_held++];
        memcpy(item->hash, v.hash, sizeof(item->hash));
        item->order = p->n++;
        item->time = (uint32_t)b->time;
        item->family = v.family;
        item->reputation = v.reputation;
        if (p->n_held == BUFFER_ITEMS && !write_part(p))
            return false;
    }
    return true;
}

static bool open_parts(struct epoch *e, struct part *parts)
{
    char path[CLOUD_PATH_MAX];

    for (unsigned i = 0; i < OV_SHARDS; i++) {
        if (!epoch_path(e, path, "part.%02x", i))
            return false;
        parts[i].fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (parts[i].fd < 0) {
            (void)cloud_say("%s: %s", path, strerror(errno));
            return false;
        }
    }
    return true;
}

static bool cut(struct verdict_journal *j, struct part *parts)
{
    uint64_t at = JOURNAL_START;
    struct journal_batch b;
    enum ov_status s;

    while ((s = journal_read(j, &at, &b)) == OV_OK) {
        if (!add_batch(parts, &b))
            return false;
    }
    for (unsigned i = 0; s == OV_NOT_FOUND && i < OV_SHARDS; i++) {
        if (!write_part(&parts[i]))
            return false;
    }
    if (s != OV_NOT_FOUND)
        (void)cloud_say("journal, byte %llu: %s", (unsigned long long)at,
                        ov_status_name(s));
    return s == OV_NOT_FOUND;
}

static bool cut_journal(struct epoch *e, struct verdict_journal *j)
{
    struct part *parts = ov_alloc_array(OV_SHARDS, sizeof(*parts));
    bool ok;

    if (parts == NULL) {
        (void)cloud_say("out of memory");
        return false;
    }
    for (unsigned i = 0; i < OV_SHARDS; i++)
        parts[i].fd = -1;
    ok = open_parts(e, parts) && cut(j, parts);
    for (unsigned i = 0; i < OV_SHARDS; i++)
        ov_fd_cleanup(&parts[i].fd);
    ov_free(parts);
    return ok;
}

/* ---- one part ---- */

static bool read_part(const struct epoch *e, unsigned shard, const char *suffix,
                      struct epoch_item **ret, size_t *ret_n)
{
    OV_AUTO_PTR struct epoch_item *items = NULL;
    char path[CLOUD_PATH_MAX];
    struct stat st;
    size_t got = 0;

    if (!epoch_path(e, path, "part.%02x%s", shard, suffix))
        return false;
    OV_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0) {
        items = ov_alloc_array((size_t)st.st_size / sizeof(*items) + 1,
                               sizeof(*items));
        if (items != NULL &&
            ov_read_at(fd, 0, (uint8_t *)items, (size_t)st.st_size, &got) ==
                OV_OK &&
            got == (size_t)st.st_size) {
            *ret_n = got / sizeof(*items);
            *ret = OV_STEAL(items);
            return true;
        }
    }
    (void)cloud_say("%s: %s", path, strerror(errno));
    return false;
}

bool epoch_items(const struct epoch *e, unsigned shard, struct epoch_item **ret)
{
    size_t n;

    return read_part(e, shard, ".true", ret, &n) && n == e->shards[shard].n;
}

static int compare_items(const void *a, const void *b)
{
    const struct epoch_item *left = a;
    const struct epoch_item *right = b;
    int order = memcmp(left->hash, right->hash, sizeof(left->hash));

    if (order != 0)
        return order;
    return (left->order > right->order) - (left->order < right->order);
}

/* Keeps the last of each hash, and no withdrawn one; how many. */
static size_t keep_true(struct epoch_item *items, size_t n)
{
    size_t n_kept = 0;

    for (size_t i = 0; i < n; i++) {
        bool is_last =
            i + 1 == n || memcmp(items[i].hash, items[i + 1].hash, 32) != 0;

        if (is_last && items[i].reputation < OV_N_REPUTATION) {
            items[n_kept] = items[i];
            items[n_kept++].order = 0;
        }
    }
    return n_kept;
}

/* What is counted of a part for what all parts decide together. */
static void count_part(const struct epoch *e, struct epoch_shard *s,
                       const struct epoch_item *items)
{
    uint64_t now = e->c->now;

    for (size_t i = 0; i < s->n; i++) {
        uint64_t age = items[i].time < now ? (now - items[i].time) / DAY : 0;

        s->counts[items[i].reputation]++;
        if (items[i].reputation != OV_REPUTATION_GOOD && age < EPOCH_HOT_DAYS)
            s->days[age]++;
    }
    for (unsigned bits = OV_BUCKET_MIN_BITS; bits <= OV_BUCKET_MAX_BITS;
         bits++) {
        uint32_t run = 0;

        for (size_t i = 0; i < s->n; i++) {
            bool is_same = i > 0 && ov_hash_number(items[i].hash, bits) ==
                                        ov_hash_number(items[i - 1].hash, bits);

            run = is_same ? run + 1 : 1;
            if (run > s->most[bits])
                s->most[bits] = run;
        }
    }
}

bool epoch_write(const struct epoch *e, const char *name, struct ov_span bytes,
                 struct ov_blob *ret)
{
    struct ov_diag diag = {0};
    char path[CLOUD_PATH_MAX];

    if (!epoch_path(e, path, "epoch/%s", name))
        return false;
    ov_folders_make(path);
    if (ov_blob_of(bytes, ret) != OV_OK ||
        ov_file_write(path, bytes, 0644, &diag) != OV_OK) {
        (void)cloud_say("%s: %s", path, diag.text);
        return false;
    }
    return true;
}

/* The keys of all items that are good, or are not; each once. */
static size_t list_keys(const struct epoch_item *items, size_t n, bool is_good,
                        uint64_t *keys)
{
    size_t n_keys = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t key = ov_hash_key(items[i].hash);

        if ((items[i].reputation == OV_REPUTATION_GOOD) == is_good &&
            (n_keys == 0 || keys[n_keys - 1] != key))
            keys[n_keys++] = key;
    }
    return n_keys;
}

static bool make_filters(struct epoch *e, unsigned shard,
                         const struct epoch_item *items)
{
    struct epoch_shard *s = &e->shards[shard];
    OV_AUTO_PTR uint64_t *keys =
        ov_alloc_array((size_t)s->n + 1, sizeof(*keys));

    if (keys == NULL) {
        (void)cloud_say("out of memory");
        return false;
    }
    for (unsigned i = 0; i < OV_N_FILTER; i++) {
        enum ov_filter f = (enum ov_filter)i;
        OV_AUTO_DONE(buf) bytes = ov_buf_with_max(FILTER_MAX);
        size_t n = list_keys(items, (size_t)s->n, ov_filter_is_good(f), keys);
        enum ov_status status =
            ov_fuse_build(ov_filter_bits(f), (uint8_t)shard, keys, n, &bytes);
        struct ov_blob blob;
        char name[64];

        (void)snprintf(name, sizeof(name), "f/%s/%02x", ov_filter_name(f),
                       shard);
        if (status != OV_OK) {
            (void)cloud_say("%s: %s", name, ov_status_name(status));
            return false;
        }
        if (!epoch_write(e, name, ov_buf_span(&bytes), &blob))
            return false;
        s->filters[i].len = (uint32_t)blob.len;
        memcpy(s->filters[i].digest, blob.digest, 32);
    }
    return true;
}

static bool make_part(struct epoch *e, unsigned shard)
{
    OV_AUTO_PTR struct epoch_item *items = NULL;
    struct epoch_shard *s = &e->shards[shard];
    struct ov_diag diag = {0};
    char path[CLOUD_PATH_MAX];
    size_t n;

    if (!read_part(e, shard, "", &items, &n))
        return false;
    if (epoch_path(e, path, "part.%02x", shard))
        (void)!unlink(path); /* room for the next; all go in the end */
    qsort(items, n, sizeof(*items), compare_items);
    s->n = keep_true(items, n);
    count_part(e, s, items);
    if (!epoch_path(e, path, "part.%02x.true", shard))
        return false;
    if (ov_file_write(path, ov_span_of(items, (size_t)s->n * sizeof(*items)),
                      0600, &diag) != OV_OK) {
        (void)cloud_say("%s", diag.text);
        return false;
    }
    return make_filters(e, shard, items);
}

bool epoch_make_parts(struct epoch *e, struct verdict_journal *j)
{
    return cut_journal(e, j) && epoch_run(e, make_part);
}
