/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "epoch.h"
#include "log/merkle.h"
#include "reputation/hot_list.h"
#include "sys/fd.h"
#include "sys/file.h"

/*
 * What all parts decide together: how many bits a bucket's number has, how
 * large a bucket is, how old something hot may be. Then each part writes its
 * buckets at their places in the pack and notes the hashes of these leaves; the
 * tree above them is made; and each part writes the proofs behind its buckets.
 * A part has 2^(p - 8) whole buckets, as p is at least 8.
 */

#define ROOM_BUCKETS 64
#define HOT_BUFFER ((size_t)1 << 16)

static bool disk_says(const char *what)
{
    (void)cloud_say("%s: %s", what, strerror(errno));
    return false;
}

/* ---- deciding ---- */

static void choose_shape(struct epoch *e)
{
    size_t most = 0;
    unsigned bits;

    for (unsigned i = 0; i < OV_SHARDS; i++) {
        e->n += e->shards[i].n;
        for (unsigned k = 0; k < OV_N_REPUTATION; k++)
            e->counts[k] += e->shards[i].counts[k];
    }
    bits = ov_bucket_bits_for(e->n);
    for (unsigned i = 0; i < OV_SHARDS; i++) {
        if (e->shards[i].most[bits] > most)
            most = e->shards[i].most[bits];
    }
    e->shape.prefix_bits = bits;
    e->shape.size = ov_bucket_size_for(e->n, bits, most);
}

/* As many days as fit, so that who is in depends on days, not on order. */
static void choose_hot(struct epoch *e)
{
    uint64_t n = 0;

    for (; e->hot_days < EPOCH_HOT_DAYS; e->hot_days++) {
        uint64_t day = 0;

        for (unsigned i = 0; i < OV_SHARDS; i++)
            day += e->shards[i].days[e->hot_days];
        if (n + day > EPOCH_HOT_MOST)
            break;
        n += day;
    }
    e->n_hot = n;
    n = 0;
    for (unsigned i = 0; i < OV_SHARDS; i++) {
        e->shards[i].first_hot = n;
        for (unsigned k = 0; k < e->hot_days; k++)
            e->shards[i].n_hot += e->shards[i].days[k];
        n += e->shards[i].n_hot;
    }
}

static bool is_hot(const struct epoch *e, const struct epoch_item *item)
{
    uint64_t now = e->c->now;
    uint64_t age = item->time < now ? (now - item->time) / 86400 : 0;

    return item->reputation != OV_REPUTATION_GOOD && age < e->hot_days;
}

/* ---- buckets ---- */

static size_t fill_records(const struct epoch *e,
                           const struct epoch_item *items, size_t n,
                           uint32_t number, struct ov_bucket_record *records)
{
    size_t i = 0;

    for (;
         i < n && ov_hash_number(items[i].hash, e->shape.prefix_bits) == number;
         i++) {
        ov_bucket_prefix(&e->shape, items[i].hash, records[i].prefix);
        records[i].reputation = (enum ov_reputation)items[i].reputation;
        records[i].family = items[i].family;
    }
    return i;
}

/* Two files that differ first behind bit p + 127 would need 2^74 trials to
 * make; the first of them is kept. */
static size_t drop_twins(struct ov_bucket_record *records, size_t n)
{
    size_t n_kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (n_kept == 0 || memcmp(records[n_kept - 1].prefix, records[i].prefix,
                                  OV_BUCKET_PREFIX) != 0)
            records[n_kept++] = records[i];
    }
    return n_kept;
}

/* Appends zeros for the proof; the leaf's hash goes into the tree. */
static bool put_bucket(struct epoch *e, struct ov_buf *b, uint32_t number,
                       const struct ov_bucket_record *records, size_t n)
{
    size_t at = b->len;
    size_t proof = 32 * e->shape.prefix_bits;
    uint8_t *room;

    if (ov_put_bucket(b, &e->shape, e->number, number, records, n) != OV_OK)
        return false;
    ov_merkle_leaf(ov_span_of(b->ptr + at, e->shape.size),
                   e->nodes[((size_t)1 << e->shape.prefix_bits) + number]);
    room = ov_buf_room(b, proof);
    if (room == NULL)
        return false;
    memset(room, 0, proof);
    ov_buf_added(b, proof);
    return true;
}

static bool write_pack(struct epoch *e, struct ov_buf *b, uint64_t *at)
{
    if (pwrite(e->pack, b->ptr, b->len, (off_t)*at) != (ssize_t)b->len)
        return disk_says("buckets.pack");
    *at += b->len;
    b->len = 0;
    return true;
}

static bool put_buckets(struct epoch *e, unsigned shard,
                        const struct epoch_item *items,
                        struct ov_bucket_record *records)
{
    uint64_t stride = ov_bucket_stride(&e->shape);
    uint32_t per_shard = 1U << (e->shape.prefix_bits - 8);
    uint32_t number = shard * per_shard;
    OV_AUTO_DONE(buf) b = ov_buf_with_max(ROOM_BUCKETS * stride);
    uint64_t at = number * stride;
    size_t n = 0;

    for (uint32_t i = 0; i < per_shard; i++, number++) {
        size_t here = fill_records(e, items + n, (size_t)e->shards[shard].n - n,
                                   number, records);

        n += here;
        if (!put_bucket(e, &b, number, records, drop_twins(records, here))) {
            (void)cloud_say("bucket %u cannot be made", number);
            return false;
        }
        if ((i % ROOM_BUCKETS == ROOM_BUCKETS - 1 || i + 1 == per_shard) &&
            !write_pack(e, &b, &at))
            return false;
    }
    return true;
}

static bool put_hot(struct epoch *e, unsigned shard,
                    const struct epoch_item *items)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(HOT_BUFFER + OV_HOT_RECORD);
    struct epoch_shard *s = &e->shards[shard];
    uint64_t at = OV_HOT_HEADER + s->first_hot * OV_HOT_RECORD;

    for (size_t i = 0; i <= s->n; i++) {
        struct ov_hot_record r = {0};

        if (b.len >= HOT_BUFFER || i == s->n) {
            if (b.len > 0 &&
                pwrite(e->hot, b.ptr, b.len, (off_t)at) != (ssize_t)b.len)
                return disk_says("hot");
            at += b.len;
            b.len = 0;
        }
        if (i == s->n || !is_hot(e, &items[i]))
            continue;
        memcpy(r.prefix, items[i].hash, sizeof(r.prefix));
        r.reputation = (enum ov_reputation)items[i].reputation;
        r.family = items[i].family;
        ov_put_hot_record(&b, &r);
    }
    return ov_buf_status(&b) == OV_OK;
}

static bool pack_part(struct epoch *e, unsigned shard)
{
    OV_AUTO_PTR struct epoch_item *items = NULL;
    OV_AUTO_PTR struct ov_bucket_record *records =
        ov_alloc_array(e->shape.size / OV_BUCKET_RECORD, sizeof(*records));

    if (records == NULL) {
        (void)cloud_say("out of memory");
        return false;
    }
    return epoch_items(e, shard, &items) &&
           put_buckets(e, shard, items, records) && put_hot(e, shard, items);
}

static void make_tree(struct epoch *e)
{
    for (size_t i = ((size_t)1 << e->shape.prefix_bits) - 1; i > 0; i--)
        ov_merkle_node(e->nodes[2 * i], e->nodes[2 * i + 1], e->nodes[i]);
}

static bool prove_part(struct epoch *e, unsigned shard)
{
    uint64_t stride = ov_bucket_stride(&e->shape);
    uint32_t per_shard = 1U << (e->shape.prefix_bits - 8);
    uint32_t number = shard * per_shard;

    for (uint32_t i = 0; i < per_shard; i++, number++) {
        uint8_t proof[OV_BUCKET_MAX_BITS][32];
        size_t n = 0;

        for (size_t at = ((size_t)1 << e->shape.prefix_bits) + number; at > 1;
             at /= 2)
            memcpy(proof[n++], e->nodes[at ^ 1], 32);
        if (pwrite(e->pack, proof, 32 * n,
                   (off_t)(number * stride + e->shape.size)) !=
            (ssize_t)(32 * n))
            return disk_says("buckets.pack");
    }
    return true;
}

/* ---- lists ---- */

static bool put_lists(struct epoch *e)
{
    struct ov_shard_list *l = ov_alloc(sizeof(*l));
    bool ok = l != NULL;

    for (unsigned f = 0; ok && f < OV_N_FILTER; f++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_SHARD_LIST_SIZE);
        char name[64];

        l->filter = (enum ov_filter)f;
        for (unsigned i = 0; i < OV_SHARDS; i++)
            l->shards[i] = e->shards[i].filters[f];
        ov_put_shard_list(&b, l);
        (void)snprintf(name, sizeof(name), "f/%s/list",
                       ov_filter_name((enum ov_filter)f));
        ok = ov_buf_status(&b) == OV_OK &&
             epoch_write(e, name, ov_buf_span(&b), &e->filters[f]);
    }
    ov_free(l);
    return ok;
}

static bool put_families(struct epoch *e)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max((size_t)256 << 20);
    char path[CLOUD_PATH_MAX];
    enum ov_status s;

    if (!cloud_path(e->c, path, "families"))
        return false;
    s = ov_file_read(path, &b);
    if (s != OV_OK && s != OV_NOT_FOUND)
        return disk_says(path);
    /* what a crash has left of a last line */
    while (b.len > 0 && ov_span_byte(ov_buf_span(&b), b.len - 1) != '\n')
        b.len--;
    return epoch_write(e, "families", ov_buf_span(&b), &e->families_blob);
}

/* The file is as large as the room for it in memory would be: by pieces. */
static bool digest_hot(struct epoch *e)
{
    struct ov_digest_stream *d = NULL;
    uint8_t block[4096];
    size_t got = sizeof(block);
    enum ov_status s = ov_digest_stream_new(OV_SHA256, &d);

    while (s == OV_OK && got == sizeof(block)) {
        s = ov_read_at(e->hot, e->hot_blob.len, block, sizeof(block), &got);
        if (s == OV_OK)
            s = ov_digest_stream_add(d, ov_span_of(block, got));
        if (s == OV_OK)
            e->hot_blob.len += got;
    }
    if (s == OV_OK)
        s = ov_digest_stream_end(d, e->hot_blob.digest);
    ov_digest_stream_free(d);
    return s == OV_OK || disk_says("hot");
}

static int create(const struct epoch *e, const char *name)
{
    char path[CLOUD_PATH_MAX];
    int fd;

    if (!epoch_path(e, path, "epoch/%s", name))
        return -1;
    ov_folders_make(path);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        (void)disk_says(path);
    return fd;
}

static bool put_hot_head(struct epoch *e)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_HOT_HEADER);

    ov_put_hot_head(&b, e->number, (uint32_t)e->n_hot);
    return pwrite(e->hot, b.ptr, b.len, 0) == (ssize_t)b.len ||
           disk_says("hot");
}

static bool make_files(struct epoch *e)
{
    return put_hot_head(e) && epoch_run(e, pack_part) && digest_hot(e) &&
           (make_tree(e), epoch_run(e, prove_part)) && put_lists(e) &&
           put_families(e);
}

bool epoch_make_pack(struct epoch *e)
{
    bool ok;

    choose_shape(e);
    choose_hot(e);
    e->nodes =
        ov_alloc_array((size_t)2 << e->shape.prefix_bits, sizeof(*e->nodes));
    if (e->nodes == NULL) {
        (void)cloud_say("out of memory");
        return false;
    }
    e->pack = create(e, "buckets.pack");
    e->hot = create(e, "hot");
    ok = e->pack >= 0 && e->hot >= 0 && make_files(e);
    ov_fd_cleanup(&e->pack);
    ov_fd_cleanup(&e->hot);
    return ok;
}
