/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/cloud_client.h"

#include <stdio.h>

#include "base/text.h"
#include "log/proof.h"
#include "reputation/cloud_keys.h"
#include "reputation/cloud_run.h"
#include "reputation/fuse_filter.h"
#include "reputation/hot_list.h"
#include "trust/record.h"

/* An update: where the cloud stands (head, a hint), its newest statement with
 * its proof, the files that the statement names by digest and that are not here
 * yet, and the deltas behind it, of which the log vouches for the last (which
 * is asked for first), and that for all before it. One file is written at the
 * end: until then, and if anything fails, what was known goes on. */

#define MAX_HEAD 128
#define MAX_FAMILIES ((size_t)1 << 30)

struct news {
    struct ov_cloud *c;
    size_t server;
    struct ov_cloud_report *report;
    uint64_t epoch; /* of the head */
    uint64_t seq;
    uint64_t keys; /* version of the manifest of keys; 0: none */
    struct ov_cloud_state next;
    struct ov_snapshot snapshot;
    struct ov_buf note;
    struct ov_buf proof;
    struct ov_buf changes[2]; /* merged by turns */
    struct ov_buf families;
    struct ov_buf file;
    uint8_t (*keep)[32]; /* files of the next snapshot */
    size_t n_keep;
};

#define EXPECT_STEP 32U /* as many as one sync of the ledger is for */
#define MAX_KEEP (OV_N_FILTER * (OV_SHARDS + 1) + 2)

static enum ov_status get(struct news *n, const char *path, uint64_t max,
                          struct ov_buf *into)
{
    enum ov_status status;

    ov_buf_done(into);
    into->max = max;
    status = n->c->io->get(n->c->io->data, n->server, path, max, into);
    if (status != OV_OK)
        return ov_diag_set(n->c->diag, status, 0, "%s: %s", path,
                           ov_status_name(status));
    return OV_OK;
}

/* ---- where the cloud stands ---- */

static bool read_number(struct ov_reader *r, const char *name, uint64_t max,
                        uint64_t *ret)
{
    struct ov_span line = ov_read_line(r);
    struct ov_span word = ov_line_word(&line);

    return ov_span_equal(word, ov_span_str(name)) &&
           ov_parse_plain(line, max, ret);
}

static enum ov_status get_head(struct news *n)
{
    struct ov_reader r;

    OV_TRY(get(n, "v1/head", MAX_HEAD, &n->file));
    r = ov_reader_over(ov_buf_span(&n->file));
    n->keys = 0;
    if (!read_number(&r, "epoch", UINT32_MAX, &n->epoch) ||
        !read_number(&r, "delta", INT64_MAX, &n->seq) ||
        (ov_reader_more(&r) &&
         (!read_number(&r, "keys", INT64_MAX, &n->keys) || n->keys == 0)) ||
        ov_reader_end(&r) != OV_OK)
        return ov_diag_set(n->c->diag, OV_MALFORMED, 0,
                           "v1/head is not the head of a cloud");
    return OV_OK;
}

/* ---- the statement ---- */

static enum ov_status check_statement(struct news *n)
{
    struct ov_cloud *c = n->c;
    struct ov_entry *e = ov_arena_alloc(c->arena, sizeof(*e));

    if (e == NULL)
        return OV_NO_MEMORY;
    OV_TRY(
        ov_cloud_believe(c, ov_buf_span(&n->note), ov_buf_span(&n->proof), e));
    OV_TRY(ov_snapshot_read(e, &n->snapshot));
    if (n->snapshot.epoch != n->epoch)
        return OV_MISMATCH;
    return OV_OK;
}

static enum ov_status get_statement(struct news *n)
{
    char path[64];
    enum ov_status status;

    (void)snprintf(path, sizeof(path), "v1/snap/%llu/statement",
                   (unsigned long long)n->epoch); /* has room */
    OV_TRY(get(n, path, OV_ENTRY_MAX, &n->note));
    (void)snprintf(path, sizeof(path), "v1/snap/%llu/proof",
                   (unsigned long long)n->epoch); /* has room */
    OV_TRY(get(n, path, OV_PROOF_MAX_SIZE, &n->proof));
    status = check_statement(n);
    if (status != OV_OK)
        return ov_cloud_refuse(n->c, status, "statement",
                               ov_buf_span(&n->note));
    OV_TRY(ov_cloud_keep_checkpoint(n->c, ov_buf_span(&n->proof)));
    n->next.note = ov_buf_span(&n->note);
    n->next.proof = ov_buf_span(&n->proof);
    n->report->is_new = true;
    return OV_OK;
}

/* ---- its files ---- */

static enum ov_status compare_file(struct news *n,
                                   const uint8_t digest[static 32])
{
    uint8_t have[OV_DIGEST_MAX];

    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(&n->file), have));
    if (memcmp(have, digest, 32) != 0)
        return OV_BAD_DIGEST;
    return OV_OK;
}

/* n->file becomes it; it is here afterwards. */
static enum ov_status have_file(struct news *n, const char *path,
                                const char *what,
                                const uint8_t digest[static 32], uint64_t len)
{
    struct ov_cloud *c = n->c;
    char name[OV_CLOUD_NAME_SIZE];
    enum ov_status status;

    if (len > OV_CLOUD_MAX_FILE || n->n_keep == MAX_KEEP)
        return ov_diag_set(c->diag, OV_LIMIT_SIZE, 0, "%s is too large", path);
    memcpy(n->keep[n->n_keep++], digest, 32);
    if (ov_cloud_kept(c, digest, len, &n->file) == OV_OK)
        return OV_OK;
    OV_TRY(get(n, path, len, &n->file));
    status = compare_file(n, digest);
    if (status != OV_OK)
        return ov_cloud_refuse(c, status, what, ov_buf_span(&n->file));
    ov_cloud_file_name(digest, name);
    return c->io->state_put(c->io->data, name, ov_buf_span(&n->file));
}

#define SHARD_PATH 96

static void put_shard_path(const struct news *n, enum ov_filter f, unsigned i,
                           char ret[static SHARD_PATH])
{
    (void)snprintf(ret, SHARD_PATH, "v1/snap/%u/f/%s/%02x", n->snapshot.epoch,
                   ov_filter_name(f), i); /* has room */
}

/* Those of the next shards that are not here: requests that are known together
 * are announced together. */
static void expect_shards(struct news *n, enum ov_filter f,
                          const struct ov_shard_list *list, unsigned from)
{
    const struct ov_cloud_io *io = n->c->io;

    if (io->expect == NULL)
        return;
    for (unsigned i = from; i < from + EXPECT_STEP && i < OV_SHARDS; i++) {
        char path[SHARD_PATH];

        if (ov_cloud_kept(n->c, list->shards[i].digest, list->shards[i].len,
                          &n->file) == OV_OK)
            continue;
        put_shard_path(n, f, i, path);
        io->expect(io->data, n->server, path, list->shards[i].len);
    }
}

static enum ov_status get_shards(struct news *n, enum ov_filter f,
                                 const struct ov_shard_list *list)
{
    for (unsigned i = 0; i < OV_SHARDS; i++) {
        struct ov_fuse fuse;
        char path[SHARD_PATH];

        if (i % EXPECT_STEP == 0)
            expect_shards(n, f, list, i);
        put_shard_path(n, f, i, path);
        OV_TRY(have_file(n, path, "filter", list->shards[i].digest,
                         list->shards[i].len));
        if (ov_fuse_open(ov_buf_span(&n->file), &fuse) != OV_OK ||
            fuse.shard != i)
            return ov_cloud_refuse(n->c, OV_MALFORMED, "filter",
                                   ov_buf_span(&n->file));
    }
    return OV_OK;
}

static enum ov_status get_filter(struct news *n, enum ov_filter f)
{
    OV_AUTO_PTR struct ov_shard_list *list = ov_alloc(sizeof(*list));
    const struct ov_blob *b = &n->snapshot.filters[f];
    char path[96];

    if (list == NULL)
        return OV_NO_MEMORY;
    (void)snprintf(path, sizeof(path), "v1/snap/%u/f/%s/list",
                   n->snapshot.epoch, ov_filter_name(f)); /* has room */
    OV_TRY(have_file(n, path, "filter", b->digest, b->len));
    if (ov_shard_list_read(ov_buf_span(&n->file), f, list) != OV_OK)
        return ov_cloud_refuse(n->c, OV_MALFORMED, "filter",
                               ov_buf_span(&n->file));
    return get_shards(n, f, list);
}

static enum ov_status get_hot(struct news *n)
{
    const struct ov_blob *b = &n->snapshot.hot;
    struct ov_hot hot;
    char path[64];

    (void)snprintf(path, sizeof(path), "v1/snap/%u/hot",
                   n->snapshot.epoch); /* has room */
    OV_TRY(have_file(n, path, "hot", b->digest, b->len));
    if (ov_hot_open(ov_buf_span(&n->file), &hot) != OV_OK ||
        ov_hot_check(&hot) != OV_OK)
        return ov_cloud_refuse(n->c, OV_MALFORMED, "hot",
                               ov_buf_span(&n->file));
    return OV_OK;
}

static enum ov_status get_files(struct news *n)
{
    const struct ov_blob *b = &n->snapshot.families;
    char path[64];

    OV_TRY(get_hot(n));
    (void)snprintf(path, sizeof(path), "v1/snap/%u/families",
                   n->snapshot.epoch); /* has room */
    OV_TRY(have_file(n, path, "families", b->digest, b->len));
    if (ov_family_list_check(ov_buf_span(&n->file)) != OV_OK)
        return ov_cloud_refuse(n->c, OV_MALFORMED, "families",
                               ov_buf_span(&n->file));
    for (unsigned f = 0; f < OV_N_FILTER; f++)
        if (ov_cloud_tier_has(n->next.tier, (enum ov_filter)f))
            OV_TRY(get_filter(n, (enum ov_filter)f));
    return OV_OK;
}

/* ---- deltas ---- */

static void count_recalls(struct news *n, const struct ov_verdict_delta *d)
{
    for (size_t i = 0; i < d->n; i++) {
        struct ov_verdict_change change;

        ov_verdict_delta_at(d, i, &change);
        n->report->n_recalls += change.op == OV_VERDICT_RECALL;
    }
}

static enum ov_status add_families(struct news *n,
                                   const struct ov_verdict_delta *d)
{
    struct ov_span rest = d->families;
    struct ov_family f;

    while (ov_verdict_delta_family(&rest, &f)) {
        ov_put_format(&n->families, "%u ", f.number);
        ov_put_span(&n->families, f.name);
        ov_put_u8(&n->families, '\n');
    }
    return ov_buf_status(&n->families);
}

static enum ov_status take_delta(struct news *n, struct ov_span bytes)
{
    struct ov_verdict_delta d;
    struct ov_buf *to = &n->changes[(n->next.seq + 1) % 2];

    OV_TRY(ov_verdict_delta_read(bytes, &d));
    OV_TRY(ov_verdict_delta_follows(&d, n->next.seq + 1, n->next.last));
    ov_buf_clear(to);
    ov_cloud_merge(n->next.changes, &d, to);
    OV_TRY(ov_buf_status(to));
    OV_TRY(add_families(n, &d));
    OV_TRY(ov_digest(OV_SHA256, bytes, n->next.last));
    n->next.changes = ov_buf_span(to);
    n->next.families = ov_buf_span(&n->families);
    n->next.delta_time = d.time;
    n->next.seq++;
    n->report->is_new = true;
    count_recalls(n, &d);
    return OV_OK;
}

static enum ov_status read_entry(struct news *n, struct ov_span note,
                                 struct ov_span proof,
                                 struct ov_delta_entry *ret)
{
    struct ov_entry *e = ov_arena_alloc(n->c->arena, sizeof(*e));

    if (e == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_cloud_believe(n->c, note, proof, e));
    OV_TRY(ov_delta_entry_read(e, ret));
    ret->instance = (struct ov_span){NULL, 0}; /* would not outlive note */
    return ret->seq == n->seq ? OV_OK : OV_MISMATCH;
}

/* The last one's entry vouches for all before it. It comes first: the head is
 * signed by nobody, and may name any number. */
static enum ov_status prove_last(struct news *n, struct ov_delta_entry *ret)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_ENTRY_MAX);
    OV_AUTO_DONE(buf) proof = ov_buf_with_max(OV_PROOF_MAX_SIZE);
    char path[64];
    enum ov_status status;

    (void)snprintf(path, sizeof(path), "v1/delta/%llu.entry",
                   (unsigned long long)n->seq); /* has room */
    OV_TRY(get(n, path, OV_ENTRY_MAX, &note));
    (void)snprintf(path, sizeof(path), "v1/delta/%llu.proof",
                   (unsigned long long)n->seq); /* has room */
    OV_TRY(get(n, path, OV_PROOF_MAX_SIZE, &proof));
    status = read_entry(n, ov_buf_span(&note), ov_buf_span(&proof), ret);
    if (status != OV_OK)
        return ov_cloud_refuse(n->c, status, "delta", ov_buf_span(&note));
    return ov_cloud_keep_checkpoint(n->c, ov_buf_span(&proof));
}

/* The next one; *left: how many bytes may still come. */
static enum ov_status get_delta(struct news *n, uint64_t *left)
{
    uint64_t max = *left < OV_VERDICT_DELTA_MAX_SIZE
                       ? *left
                       : (uint64_t)OV_VERDICT_DELTA_MAX_SIZE;
    char path[64];
    enum ov_status status;

    (void)snprintf(path, sizeof(path), "v1/delta/%llu",
                   (unsigned long long)n->next.seq + 1); /* has room */
    if (max < OV_VERDICT_DELTA_HEADER)
        return ov_diag_set(n->c->diag, OV_LIMIT_SIZE, 0,
                           "%s: all deltas behind the snapshot are too large",
                           path);
    OV_TRY(get(n, path, max, &n->file));
    *left -= n->file.len;
    status = take_delta(n, ov_buf_span(&n->file));
    if (status != OV_OK)
        return ov_cloud_refuse(n->c, status, "delta", ov_buf_span(&n->file));
    return OV_OK;
}

static enum ov_status get_deltas(struct news *n)
{
    uint64_t left = OV_CLOUD_MAX_DELTA_BYTES;
    struct ov_delta_entry last;

    if (n->seq <= n->next.seq)
        return OV_OK;
    OV_TRY(prove_last(n, &last));
    if (n->seq - n->next.seq > OV_CLOUD_MAX_DELTAS)
        return ov_diag_set(n->c->diag, OV_LIMIT_COUNT, 0,
                           "delta %llu is too far behind the snapshot",
                           (unsigned long long)n->seq);
    while (n->next.seq < n->seq)
        OV_TRY(get_delta(n, &left));
    if (last.file.len != n->file.len ||
        memcmp(last.file.digest, n->next.last, 32) != 0)
        return ov_cloud_refuse(n->c, OV_MISMATCH, "delta",
                               ov_buf_span(&n->file));
    return OV_OK;
}

/* ---- the whole ---- */

/* Deltas that a snapshot has in it are not needed beside it. */
static void begin_deltas(struct news *n)
{
    n->next.seq = n->snapshot.delta_from - 1;
    memcpy(n->next.last, n->snapshot.delta_previous, sizeof(n->next.last));
    n->next.delta_time = 0;
    n->next.changes = (struct ov_span){NULL, 0};
    n->next.families = (struct ov_span){NULL, 0};
    ov_buf_clear(&n->families);
}

static bool is_kept(const struct news *n, const uint8_t digest[static 32])
{
    for (size_t i = 0; i < n->n_keep; i++)
        if (memcmp(n->keep[i], digest, 32) == 0)
            return true;
    return false;
}

static void forget(struct news *n, const uint8_t digest[static 32])
{
    char name[OV_CLOUD_NAME_SIZE];

    if (is_kept(n, digest))
        return;
    ov_cloud_file_name(digest, name);
    (void)!n->c->io->state_remove(n->c->io->data, name); /* only takes room */
}

/* What the snapshot before had and this one does not. */
static void tidy_up(struct news *n)
{
    const struct ov_snapshot *old = &n->c->snapshot;
    OV_AUTO_PTR struct ov_shard_list *list = ov_alloc(sizeof(*list));

    if (!n->c->has_state || list == NULL || n->n_keep == 0)
        return;
    for (unsigned f = 0; f < OV_N_FILTER; f++) {
        const struct ov_blob *b = &old->filters[f];

        if (!ov_cloud_tier_has(n->c->state.tier, (enum ov_filter)f) ||
            ov_cloud_kept(n->c, b->digest, b->len, &n->file) != OV_OK ||
            ov_shard_list_read(ov_buf_span(&n->file), (enum ov_filter)f,
                               list) != OV_OK)
            continue;
        for (unsigned i = 0; i < OV_SHARDS; i++)
            forget(n, list->shards[i].digest);
        forget(n, b->digest);
    }
    forget(n, old->hot.digest);
    forget(n, old->families.digest);
}

static enum ov_status put_state(struct news *n)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_CLOUD_MAX_CURRENT);

    n->next.checked = n->c->options->now;
    ov_put_cloud_state(&b, &n->next);
    OV_TRY(ov_buf_status(&b));
    return n->c->io->state_put(n->c->io->data, OV_CLOUD_CURRENT,
                               ov_buf_span(&b));
}

static void fill_report(struct ov_cloud_report *r, const struct ov_snapshot *s,
                        const struct ov_cloud_state *state, uint64_t now)
{
    r->epoch = s->epoch;
    r->seq = state->seq;
    r->time = state->delta_time > s->time ? state->delta_time : s->time;
    r->expires = s->expires;
    r->n_bad =
        s->counts[OV_REPUTATION_MALICIOUS] + s->counts[OV_REPUTATION_UNWANTED] +
        s->counts[OV_REPUTATION_SUSPICIOUS] + s->counts[OV_REPUTATION_TEST];
    r->is_stale = ov_snapshot_is_fresh(s, now) != OV_OK;
}

static enum ov_status run(struct news *n)
{
    struct ov_cloud *c = n->c;

    n->next = c->state;
    n->snapshot = c->snapshot;
    n->next.tier = c->options->tier;
    OV_TRY(get_head(n));
    if (!c->has_state || n->epoch > c->snapshot.epoch) {
        OV_TRY(get_statement(n));
        begin_deltas(n);
        OV_TRY(get_files(n));
    } else {
        ov_put_span(&n->families, c->state.families);
        if (c->state.tier != n->next.tier)
            OV_TRY(get_files(n));
    }
    OV_TRY(get_deltas(n));
    OV_TRY(put_state(n));
    tidy_up(n);
    fill_report(n->report, &n->snapshot, &n->next, c->options->now);
    return ov_cloud_keys_bring(c, n->server, n->keys);
}

static enum ov_status run_from(struct ov_cloud *c, size_t server,
                               struct ov_cloud_report *report)
{
    OV_AUTO_PTR uint8_t(*keep)[32] = ov_alloc_array(MAX_KEEP, 32);
    struct news n = {.c = c,
                     .server = server,
                     .report = report,
                     .note = ov_buf_with_max(OV_ENTRY_MAX),
                     .proof = ov_buf_with_max(OV_PROOF_MAX_SIZE),
                     .changes = {ov_buf_with_max(OV_CLOUD_MAX_CURRENT),
                                 ov_buf_with_max(OV_CLOUD_MAX_CURRENT)},
                     .families = ov_buf_with_max(MAX_FAMILIES),
                     .keep = keep};
    enum ov_status status;

    *report = (struct ov_cloud_report){.epoch = 0}; /* of a server before */
    status = keep != NULL ? run(&n) : OV_NO_MEMORY;
    ov_buf_done(&n.note);
    ov_buf_done(&n.proof);
    ov_buf_done(&n.changes[0]);
    ov_buf_done(&n.changes[1]);
    ov_buf_done(&n.families);
    ov_buf_done(&n.file);
    return status;
}

static bool is_refusal(enum ov_status status)
{
    return ov_status_class(status) == OV_CLASS_PROOF ||
           ov_status_class(status) == OV_CLASS_BYTES;
}

/* One server after the other; that one lied is told even if the next does not
 * answer. */
static enum ov_status run_from_any(struct ov_cloud *c,
                                   struct ov_cloud_report *report)
{
    enum ov_status worst = OV_IO;
    struct ov_diag first = {0};

    for (size_t i = 0; i < c->options->n_servers; i++) {
        enum ov_status status = run_from(c, i, report);

        if (status == OV_OK)
            return OV_OK;
        if (i == 0 || (is_refusal(status) && !is_refusal(worst))) {
            worst = status;
            if (c->diag != NULL)
                first = *c->diag;
        }
    }
    if (c->diag != NULL && first.text[0] != '\0')
        *c->diag = first;
    return worst;
}

enum ov_status ov_cloud_update(const struct ov_cloud_io *io,
                               const struct ov_cloud_options *options,
                               struct ov_cloud_report *ret,
                               struct ov_diag *diag)
{
    OV_AUTO_PTR struct ov_cloud *c = ov_alloc(sizeof(*c));
    enum ov_status status;

    if (c == NULL)
        return OV_NO_MEMORY;
    *ret = (struct ov_cloud_report){.epoch = 0};
    status = ov_cloud_begin(c, io, options, diag);
    if (status == OV_OK)
        status = run_from_any(c, ret);
    ov_cloud_end(c);
    return status;
}

enum ov_status ov_cloud_status(const struct ov_cloud_io *io,
                               const struct ov_cloud_options *options,
                               struct ov_cloud_report *ret,
                               struct ov_diag *diag)
{
    OV_AUTO_PTR struct ov_cloud *c = ov_alloc(sizeof(*c));
    enum ov_status status;

    if (c == NULL)
        return OV_NO_MEMORY;
    *ret = (struct ov_cloud_report){.epoch = 0};
    status = ov_cloud_begin(c, io, options, diag);
    if (status == OV_OK && !c->has_state)
        status = ov_diag_set(diag, OV_NOT_FOUND, 0,
                             "nothing is here yet: overt cloud update");
    if (status == OV_OK)
        fill_report(ret, &c->snapshot, &c->state, options->now);
    ov_cloud_end(c);
    return status;
}
