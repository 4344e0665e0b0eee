/* SPDX-License-Identifier: Apache-2.0 */

/* make_cloud FOLDER EPOCH NOW [WORD]...: a cloud's tree, in the log and by the
 * keys of make_repo. 2000 made-up hashes are malicious.
 *
 *   bad=HEX good=HEX   hashes of the snapshot
 *   hot=HEX            and of its hot list, too
 *   add=HEX recall=HEX each a delta of its own, in their order
 *   keys=FILE          a manifest of keys, signed by two people
 *   keys-of-one=FILE   by one of them only
 *   submissions=REGION:SIZE:ROOT   what a region was sent; the entry and proof
 *                      are SIZE.entry and SIZE.proof
 *   log=FOLDER         the log is that of make_repo's folder, which goes on
 * with what is added here; else it is another with its name expired the
 * snapshot's time is over one-builder unlogged   faults */

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "log/checkpoint.h"
#include "log/proof.h"
#include "log/tile.h"
#include "make_repo.h"
#include "reputation/fuse_filter.h"
#include "reputation/hot_list.h"
#include "reputation/shard_list.h"
#include "reputation/snapshot.h"
#include "reputation/verdict_delta.h"
#include "sys/file.h"

#define N_MADE 2000
#define MAX_RECORDS (N_MADE + 100)
#define DAY 86400

struct record {
    uint8_t hash[32];
    enum ov_reputation reputation;
    bool is_hot;
};

struct cloud {
    struct repo *r;
    uint32_t epoch;
    uint64_t now;
    struct record records[MAX_RECORDS];
    size_t n;
    struct ov_snapshot s;
    bool is_expired;
    bool has_one_builder;
    bool is_unlogged;
    uint64_t seq;
    uint8_t last[32];
    const char *log; /* make_repo's folder, or NULL */
    uint64_t statement_index;
    uint64_t delta_indices[100];
    uint64_t keys; /* version of the manifest of keys; 0: none */
    uint64_t keys_index;
    uint64_t submissions; /* their number; 0: none */
    uint64_t submissions_index;
};

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static void add(struct cloud *c, const uint8_t hash[static 32],
                enum ov_reputation reputation, bool is_hot)
{
    struct record *r = &c->records[c->n++];

    if (c->n == MAX_RECORDS)
        fail("too many");
    memcpy(r->hash, hash, 32);
    r->reputation = reputation;
    r->is_hot = is_hot;
}

static void write_snap(struct cloud *c, const char *name, struct ov_span bytes)
{
    char path[100];

    (void)!snprintf(path, sizeof(path), "v1/snap/%u/%s", c->epoch, name);
    write_file(c->r, path, bytes);
}

/* ---- the snapshot's files ---- */

static void write_filter(struct cloud *c, enum ov_filter f)
{
    struct ov_shard_list *list = ov_alloc(sizeof(*list));
    struct ov_buf text_of_list = text();
    size_t at = 0;

    list->filter = f;
    for (unsigned shard = 0; shard < OV_SHARDS; shard++) {
        static uint64_t keys[MAX_RECORDS];
        struct ov_buf b = text();
        size_t n = 0;
        char name[40];

        for (; at < c->n && c->records[at].hash[0] == shard; at++)
            if ((c->records[at].reputation == OV_REPUTATION_GOOD) ==
                ov_filter_is_good(f))
                keys[n++] = ov_hash_key(c->records[at].hash);
        must(ov_fuse_build(ov_filter_bits(f), (uint8_t)shard, keys, n, &b),
             "filter");
        list->shards[shard].len = (uint32_t)b.len;
        digest_of(ov_buf_span(&b), list->shards[shard].digest);
        (void)!snprintf(name, sizeof(name), "f/%s/%02x", ov_filter_name(f),
                        shard);
        write_snap(c, name, ov_buf_span(&b));
        ov_buf_done(&b);
    }
    ov_put_shard_list(&text_of_list, list);
    must(ov_blob_of(ov_buf_span(&text_of_list), &c->s.filters[f]), "list");
    {
        char name[40];

        (void)!snprintf(name, sizeof(name), "f/%s/list", ov_filter_name(f));
        write_snap(c, name, ov_buf_span(&text_of_list));
    }
    ov_buf_done(&text_of_list);
    ov_free(list);
}

static void write_hot(struct cloud *c)
{
    struct ov_buf b = text();
    uint32_t n = 0;

    for (size_t i = 0; i < c->n; i++)
        n += c->records[i].is_hot;
    ov_put_hot_head(&b, c->epoch, n);
    for (size_t i = 0; i < c->n; i++) {
        struct ov_hot_record r = {.reputation = c->records[i].reputation,
                                  .family = 1};

        memcpy(r.prefix, c->records[i].hash, sizeof(r.prefix));
        if (c->records[i].is_hot)
            ov_put_hot_record(&b, &r);
    }
    must(ov_blob_of(ov_buf_span(&b), &c->s.hot), "hot");
    write_snap(c, "hot", ov_buf_span(&b));
    ov_buf_done(&b);
}

static void write_families(struct cloud *c)
{
    const struct ov_span list = OV_SPAN_LIT("1 Example.Family\n");

    must(ov_blob_of(list, &c->s.families), "families");
    write_snap(c, "families", list);
}

/* ---- buckets ---- */

static size_t count_in(const struct cloud *c, uint32_t number)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n; i++)
        n += ov_hash_number(c->records[i].hash, c->s.shape.prefix_bits) ==
             number;
    return n;
}

static void put_bucket(struct cloud *c, uint32_t number, struct ov_buf *b)
{
    static struct ov_bucket_record records[MAX_RECORDS];
    size_t n = 0;

    for (size_t i = 0; i < c->n; i++) {
        if (ov_hash_number(c->records[i].hash, c->s.shape.prefix_bits) !=
            number)
            continue;
        ov_bucket_prefix(&c->s.shape, c->records[i].hash, records[n].prefix);
        records[n].reputation = c->records[i].reputation;
        records[n++].family = 1;
    }
    must(ov_put_bucket(b, &c->s.shape, c->epoch, number, records, n), "bucket");
}

/* Nodes of the whole tree, level by level. */
static void write_buckets(struct cloud *c)
{
    unsigned p = ov_bucket_bits_for(c->n);
    uint32_t count = 1u << p;
    uint8_t(*nodes)[32] = ov_alloc_array((size_t)2 * count, 32);
    struct ov_buf all = text();
    struct ov_buf pack = text();
    size_t most = 0;
    uint32_t size;

    c->s.shape.prefix_bits = p;
    for (uint32_t i = 0; i < count; i++)
        most = count_in(c, i) > most ? count_in(c, i) : most;
    c->s.shape.size = size = ov_bucket_size_for(c->n, p, most);
    for (uint32_t i = 0; i < count; i++) {
        put_bucket(c, i, &all);
        ov_merkle_leaf(
            ov_span_clip(ov_buf_span(&all), (uint64_t)i * size, size),
            nodes[count + i]);
    }
    for (uint32_t i = count - 1; i > 0; i--)
        ov_merkle_node(nodes[2 * i], nodes[2 * i + 1], nodes[i]);
    memcpy(c->s.buckets_root, nodes[1], 32);
    for (uint32_t i = 0; i < count; i++) {
        ov_put_span(&pack,
                    ov_span_clip(ov_buf_span(&all), (uint64_t)i * size, size));
        for (uint32_t at = count + i; at > 1; at /= 2)
            ov_put_span(&pack, ov_span_of(nodes[at ^ 1], 32));
    }
    must(ov_buf_status(&pack), "buckets");
    write_snap(c, "buckets.pack", ov_buf_span(&pack));
    ov_buf_done(&all);
    ov_buf_done(&pack);
    ov_free(nodes);
}

/* ---- entries ---- */

static uint64_t sign_and_add(struct cloud *c, struct ov_buf *b)
{
    ov_put_u8(b, '\n');
    sign_note(b, B1);
    if (!c->has_one_builder)
        sign_note(b, B2);
    return add_entry(c->r, b);
}

static void write_entry(struct cloud *c, uint64_t index, const char *note,
                        const char *proof)
{
    char from[200];
    char to[200];
    uint8_t digest[32];
    struct ov_buf hex = text();

    write_file(c->r, note, c->r->entries[index]);
    write_file(c->r, proof, OV_SPAN_LIT(""));
    write_proof(c->r, c->r->entries[index],
                c->is_unlogged && index == c->statement_index ? index + 1
                                                              : index,
                false, c->r->n);
    digest_of(c->r->entries[index], digest);
    ov_put_hex(&hex, ov_span_of(digest, 32));
    ov_put_u8(&hex, 0);
    (void)!snprintf(from, sizeof(from), "%s/proof/%s.tlog-proof", c->r->folder,
                    (char *)hex.ptr);
    (void)!snprintf(to, sizeof(to), "%s/%s", c->r->folder, proof);
    if (rename(from, to) != 0)
        fail("rename");
    ov_buf_done(&hex);
}

static void make_snapshot(struct cloud *c)
{
    struct ov_buf b = text();

    qsort(c->records, c->n, sizeof(c->records[0]), compare);
    c->s.instance = OV_SPAN_LIT(INSTANCE);
    c->s.epoch = c->epoch;
    for (unsigned f = 0; f < OV_N_FILTER; f++)
        write_filter(c, (enum ov_filter)f);
    write_hot(c);
    write_families(c);
    write_buckets(c);
    for (size_t i = 0; i < c->n; i++)
        c->s.counts[c->records[i].reputation]++;
    c->s.delta_from = 1;
    c->s.builder = OV_SPAN_LIT("make_cloud");
    c->s.time = c->is_expired ? c->now - 20 * DAY : c->now - 60;
    c->s.expires = c->s.time + 14 * DAY;
    ov_put_snapshot(&b, &c->s);
    c->statement_index = sign_and_add(c, &b);
}

static void make_delta(struct cloud *c, enum ov_verdict_op op,
                       const uint8_t hash[static 32])
{
    struct ov_verdict_change change = {
        .op = op,
        .reputation = op == OV_VERDICT_RECALL ? OV_REPUTATION_RECALLED
                                              : OV_REPUTATION_MALICIOUS,
        .family = 2};
    const struct ov_family family = {2, OV_SPAN_LIT("Newer.Family")};
    struct ov_verdict_delta_parts parts = {.seq = ++c->seq,
                                           .time = c->now,
                                           .changes = &change,
                                           .n = 1,
                                           .families = &family,
                                           .n_families = c->seq == 1};
    struct ov_delta_entry entry = {
        .instance = OV_SPAN_LIT(INSTANCE), .seq = c->seq, .time = c->now};
    struct ov_buf b = text();
    struct ov_buf note = text();
    char path[40];

    memcpy(change.prefix, hash, sizeof(change.prefix));
    memcpy(parts.previous, c->last, 32);
    memcpy(entry.previous, c->last, 32);
    must(ov_put_verdict_delta(&b, &parts), "delta");
    must(ov_blob_of(ov_buf_span(&b), &entry.file), "delta");
    memcpy(c->last, entry.file.digest, 32);
    (void)!snprintf(path, sizeof(path), "v1/delta/%u", (unsigned)c->seq);
    write_file(c->r, path, ov_buf_span(&b));
    ov_put_delta_entry(&note, &entry);
    c->delta_indices[c->seq] = sign_and_add(c, &note);
    ov_buf_done(&b);
}

static void write_entries(struct cloud *c)
{
    char note[60];
    char proof[60];
    char head[60];

    (void)!snprintf(note, sizeof(note), "v1/snap/%u/statement", c->epoch);
    (void)!snprintf(proof, sizeof(proof), "v1/snap/%u/proof", c->epoch);
    write_entry(c, c->statement_index, note, proof);
    for (unsigned i = 1; i <= c->seq; i++) {
        (void)!snprintf(note, sizeof(note), "v1/delta/%u.entry", i);
        (void)!snprintf(proof, sizeof(proof), "v1/delta/%u.proof", i);
        write_entry(c, c->delta_indices[i], note, proof);
    }
    (void)!snprintf(head, sizeof(head), "epoch %u\ndelta %u\n", c->epoch,
                    (unsigned)c->seq);
    if (c->submissions > 0) {
        (void)!snprintf(note, sizeof(note), "%u.entry",
                        (unsigned)c->submissions);
        (void)!snprintf(proof, sizeof(proof), "%u.proof",
                        (unsigned)c->submissions);
        write_entry(c, c->submissions_index, note, proof);
    }
    if (c->keys > 0) {
        size_t len = strlen(head);

        (void)!snprintf(head + len, sizeof(head) - len, "keys %u\n",
                        (unsigned)c->keys);
        (void)!snprintf(note, sizeof(note), "v1/keys/%u.entry",
                        (unsigned)c->keys);
        (void)!snprintf(proof, sizeof(proof), "v1/keys/%u.proof",
                        (unsigned)c->keys);
        write_entry(c, c->keys_index, note, proof);
    }
    write_file(c->r, "v1/head", ov_span_str(head));
}

/* Of the version that the file's second line names. */
static void make_keys(struct cloud *c, const char *file, bool is_of_one)
{
    static char bytes[1 << 16];
    FILE *f = fopen(file, "rb");
    size_t len = f != NULL ? fread(bytes, 1, sizeof(bytes) - 1, f) : 0;
    struct ov_span manifest = ov_span_of(bytes, len);
    struct ov_buf b = text();
    struct ov_blob blob;
    struct ov_span rest = manifest;
    struct ov_span line;
    char path[40];

    if (f == NULL || !ov_span_cut(&rest, '\n', &line) ||
        !ov_span_cut(&rest, ' ', &line) || !ov_span_cut(&rest, '\n', &line) ||
        !ov_parse_uint(line, UINT32_MAX, &c->keys))
        fail(file);
    (void)!fclose(f);
    must(ov_blob_of(manifest, &blob), "keys");
    ov_put_entry_head(&b, INSTANCE, OV_ENTRY_KEY_MANIFEST);
    ov_put_entry_line(&b, "version", "%u", (unsigned)c->keys);
    ov_put_str(&b, "file ");
    ov_put_blob(&b, &blob);
    ov_put_u8(&b, '\n');
    ov_put_entry_line(&b, "author", "p-1");
    ov_put_str(&b, "time ");
    ov_put_time(&b, c->now);
    ov_put_str(&b, "\n\n");
    sign_note(&b, P1);
    if (!is_of_one)
        sign_note(&b, P2);
    c->keys_index = add_entry(c->r, &b);
    (void)!snprintf(path, sizeof(path), "v1/keys/%u", (unsigned)c->keys);
    write_file(c->r, path, manifest);
}

static void make_submissions(struct cloud *c, const char *word)
{
    struct ov_span root = ov_span_str(word);
    struct ov_span region;
    struct ov_span size;
    struct ov_buf b = text();

    if (!ov_span_cut(&root, ':', &region) || !ov_span_cut(&root, ':', &size) ||
        !ov_parse_uint(size, UINT32_MAX, &c->submissions))
        fail(word);
    ov_put_entry_head(&b, INSTANCE, OV_ENTRY_SUBMISSIONS);
    ov_put_str(&b, "region ");
    ov_put_span(&b, region);
    ov_put_str(&b, "\nsize ");
    ov_put_span(&b, size);
    ov_put_str(&b, "\nroot ");
    ov_put_span(&b, root);
    ov_put_u8(&b, '\n');
    ov_put_str(&b, "time ");
    ov_put_time(&b, c->now);
    ov_put_u8(&b, '\n');
    c->submissions_index = sign_and_add(c, &b);
}

/* ---- the log of make_repo ---- */

static void read_bundle(struct cloud *c, struct ov_span bytes)
{
    struct ov_reader r = ov_reader_over(bytes);

    while (ov_reader_more(&r) && c->r->n < MAX_ENTRIES) {
        struct ov_span entry = ov_read_span(&r, ov_read_u16be(&r));

        if (!ov_arena_copy(c->r->arena, entry, &c->r->entries[c->r->n++]))
            fail("no memory");
    }
    must(ov_reader_end(&r), "bundle");
}

static void read_log(struct cloud *c)
{
    struct ov_buf b = text();
    struct ov_checkpoint last;
    struct ov_note note;
    char path[600];

    (void)!snprintf(path, sizeof(path), "%s/log/checkpoint", c->log);
    must(ov_file_read(path, &b), path);
    must(ov_note_parse(c->r->arena, ov_buf_span(&b), &note), path);
    must(ov_checkpoint_parse(note.text, &last), path);
    for (uint64_t i = 0; i << 8 < last.size; i++) {
        struct ov_tile t = {true, 0, i, ov_tile_width(last.size, 0, i)};
        struct ov_buf name = text();
        struct ov_buf bytes = text();

        ov_put_format(&name, "%s/log/", c->log);
        ov_put_tile_path(&name, &t);
        ov_put_u8(&name, 0);
        must(ov_file_read((char *)name.ptr, &bytes), (char *)name.ptr);
        read_bundle(c, ov_buf_span(&bytes));
        ov_buf_done(&bytes);
        ov_buf_done(&name);
    }
    ov_buf_done(&b);
}

static void go_on_with_log(struct cloud *c)
{
    const char *folder = c->r->folder;

    c->r->folder = c->log;
    write_log(c->r);
    c->r->folder = folder;
}

/* ---- words ---- */

static bool hash_of(const char *word, const char *name, uint8_t ret[static 32])
{
    struct ov_span s = ov_span_str(word);

    return ov_span_starts(s, ov_span_str(name)) &&
           ov_hex_decode(ov_span_clip(s, strlen(name), s.len), ret, 32);
}

static void take_word(struct cloud *c, const char *word, bool is_delta)
{
    uint8_t hash[32];

    if (hash_of(word, "add=", hash) && is_delta)
        make_delta(c, OV_VERDICT_ADD, hash);
    else if (hash_of(word, "recall=", hash) && is_delta)
        make_delta(c, OV_VERDICT_RECALL, hash);
    if (is_delta && strncmp(word, "keys=", 5) == 0)
        make_keys(c, word + 5, false);
    if (is_delta && strncmp(word, "keys-of-one=", 12) == 0)
        make_keys(c, word + 12, true);
    if (is_delta && strncmp(word, "submissions=", 12) == 0)
        make_submissions(c, word + 12);
    if (is_delta)
        return;
    if (hash_of(word, "bad=", hash))
        add(c, hash, OV_REPUTATION_MALICIOUS, false);
    else if (hash_of(word, "good=", hash))
        add(c, hash, OV_REPUTATION_GOOD, false);
    else if (hash_of(word, "hot=", hash))
        add(c, hash, OV_REPUTATION_MALICIOUS, true);
    if (strncmp(word, "log=", 4) == 0)
        c->log = word + 4;
    c->is_expired |= strcmp(word, "expired") == 0;
    c->has_one_builder |= strcmp(word, "one-builder") == 0;
    c->is_unlogged |= strcmp(word, "unlogged") == 0;
}

int main(int argc, char **argv)
{
    struct repo *r = ov_alloc(sizeof(*r));
    struct cloud *c = ov_alloc(sizeof(*c));
    uint64_t n;

    if (r == NULL || c == NULL || argc < 4)
        return 2;
    c->r = r;
    r->folder = argv[1];
    r->arena = ov_arena_new((size_t)256 << 20);
    if (!ov_parse_uint(ov_span_str(argv[2]), UINT32_MAX, &n) ||
        !ov_parse_uint(ov_span_str(argv[3]), INT64_MAX, &r->now))
        return 2;
    c->epoch = (uint32_t)n;
    c->now = r->now;
    for (unsigned i = 0; i < N_MADE; i++) {
        char name[20];
        uint8_t hash[32];

        (void)!snprintf(name, sizeof(name), "bad %u", i);
        digest_of(ov_span_str(name), hash);
        add(c, hash, OV_REPUTATION_MALICIOUS, false);
    }
    for (int i = 4; i < argc; i++)
        take_word(c, argv[i], false);
    if (c->log != NULL)
        read_log(c);
    make_snapshot(c);
    for (int i = 4; i < argc; i++)
        take_word(c, argv[i], true);
    write_entries(c);
    if (c->log != NULL)
        go_on_with_log(c);
    return 0;
}
