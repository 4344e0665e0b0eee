/* SPDX-License-Identifier: Apache-2.0 */
#include "delta_make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "family_names.h"
#include "log_act.h"
#include "reputation/snapshot.h"
#include "reputation/verdict_delta.h"
#include "sys/fd.h"
#include "sys/file.h"

/*
 * A segment says what changes for clients, not what was written down: of each
 * hash the last verdict, and nothing if it is what was told before. What was
 * told before is in the newest snapshot's buckets and in the segments behind
 * it; these are read into one sorted list.
 */

#define MAX_SEGMENT_BYTES ((size_t)65 << 20)
#define MAX_NOTE ((size_t)1 << 20)
/* A segment ends before it could become too long. */
#define MOST_CHANGES (OV_VERDICT_DELTA_MAX - JOURNAL_BATCH_MAX)

/* What is said of a hash; later ones of the same hash have a larger order. */
struct said {
    uint8_t hash[32]; /* of old ones only the first 20 bytes */
    uint32_t order;
    uint32_t family;
    uint32_t reputation; /* or JOURNAL_WITHDRAWN */
};

struct list {
    struct said *all;
    size_t n;
    size_t room;
};

struct maker {
    const struct cloud *c;
    struct list old;  /* by segments behind the snapshot */
    struct list news; /* by the journal behind the position */
    struct ov_snapshot snapshot;
    bool has_snapshot;
    int pack;
    uint64_t seq; /* of the last segment */
    uint8_t previous[32];
    struct position position;
    struct family_names families;
    struct ov_verdict_change *changes;
    size_t n_changes;
};

static bool out_of_memory(void)
{
    (void)cloud_say("out of memory");
    return false;
}

static bool list_add(struct list *l, const struct said *s)
{
    if (l->n == l->room) {
        size_t room = l->room == 0 ? 1024 : 2 * l->room;
        struct said *more = ov_realloc_array(l->all, room, sizeof(*more));

        if (more == NULL)
            return out_of_memory();
        l->all = more;
        l->room = room;
    }
    l->all[l->n] = *s;
    l->all[l->n].order = (uint32_t)l->n;
    l->n++;
    return true;
}

static int compare_said(const void *a, const void *b)
{
    const struct said *left = a;
    const struct said *right = b;
    int order = memcmp(left->hash, right->hash, sizeof(left->hash));

    if (order != 0)
        return order;
    return (left->order > right->order) - (left->order < right->order);
}

/* Sorts, and keeps the last of each hash. */
static void list_settle(struct list *l)
{
    size_t n = 0;

    if (l->n > 0)
        qsort(l->all, l->n, sizeof(*l->all), compare_said);
    for (size_t i = 0; i < l->n; i++) {
        if (i + 1 == l->n ||
            memcmp(l->all[i].hash, l->all[i + 1].hash, 32) != 0)
            l->all[n++] = l->all[i];
    }
    l->n = n;
}

/* ---- what was told before ---- */

static bool open_snapshot(struct maker *m, uint64_t epoch)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(MAX_NOTE);
    struct ov_entry *e = ov_alloc(sizeof(*e));
    char path[CLOUD_PATH_MAX];
    size_t end;
    bool ok;

    if (e == NULL)
        return out_of_memory();
    ok = tree_read(m->c, &note, "snap/%llu/statement",
                   (unsigned long long)epoch);
    end = ok ? ov_span_find(ov_buf_span(&note), OV_SPAN_LIT("\n\n"), 0) : 0;
    ok = ok && end != SIZE_MAX &&
         ov_entry_parse(ov_span_clip(ov_buf_span(&note), 0, end + 1), e,
                        NULL) == OV_OK &&
         ov_snapshot_read(e, &m->snapshot) == OV_OK;
    ov_free(e);
    if (!ok || !cloud_path(m->c, path, "tree/v1/snap/%llu/buckets.pack",
                           (unsigned long long)epoch))
        return false;
    m->has_snapshot = true;
    m->pack = open(path, O_RDONLY | O_CLOEXEC);
    if (m->pack < 0)
        (void)cloud_say("%s: %s", path, strerror(errno));
    return m->pack >= 0;
}

static bool add_segment(struct maker *m, uint64_t seq)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_SEGMENT_BYTES);
    struct ov_verdict_delta d;

    if (!tree_read(m->c, &bytes, "delta/%llu", (unsigned long long)seq))
        return false;
    if (ov_verdict_delta_read(ov_buf_span(&bytes), &d) != OV_OK) {
        (void)cloud_say("tree/v1/delta/%llu: damaged; restore it",
                        (unsigned long long)seq);
        return false;
    }
    for (size_t i = 0; i < d.n; i++) {
        struct ov_verdict_change change;
        struct said s = {0};

        ov_verdict_delta_at(&d, i, &change);
        memcpy(s.hash, change.prefix, sizeof(change.prefix));
        s.reputation = change.op == OV_VERDICT_WITHDRAW
                           ? JOURNAL_WITHDRAWN
                           : (uint32_t)change.reputation;
        s.family = change.family;
        if (!list_add(&m->old, &s))
            return false;
    }
    return true;
}

static bool read_old(struct maker *m)
{
    uint64_t from = 1;
    uint64_t epoch;

    if (!head_read(m->c, &epoch, &m->seq) ||
        (epoch > 0 && !open_snapshot(m, epoch)) ||
        !tree_digest(m->c, "delta", m->seq, "", m->previous))
        return false;
    if (m->has_snapshot)
        from = m->snapshot.delta_from;
    for (; from <= m->seq; from++) {
        if (!add_segment(m, from))
            return false;
    }
    list_settle(&m->old);
    return true;
}

/* In the snapshot's bucket; false after words. */
static bool find_in_pack(struct maker *m, const struct said *s,
                         struct said *ret)
{
    const struct ov_bucket_shape *shape = &m->snapshot.shape;
    uint64_t number = ov_hash_number(s->hash, shape->prefix_bits);
    OV_AUTO_PTR uint8_t *bytes = ov_alloc(shape->size);
    uint8_t prefix[OV_BUCKET_PREFIX];
    struct ov_bucket_record record;
    struct ov_bucket bucket;
    size_t got;

    if (bytes == NULL)
        return out_of_memory();
    if (ov_read_at(m->pack, number * ov_bucket_stride(shape), bytes,
                   shape->size, &got) != OV_OK ||
        ov_bucket_open(ov_span_of(bytes, got), shape, &bucket) != OV_OK) {
        (void)cloud_say("bucket %llu of epoch %u: damaged; restore it",
                        (unsigned long long)number, m->snapshot.epoch);
        return false;
    }
    ov_bucket_prefix(shape, s->hash, prefix);
    if (ov_bucket_find(&bucket, prefix, &record)) {
        ret->reputation = (uint32_t)record.reputation;
        ret->family = record.family;
    }
    return true;
}

/* Withdrawn if nothing was said. */
static bool find_old(struct maker *m, const struct said *s, struct said *ret)
{
    struct said key = {0};
    size_t at;

    memcpy(key.hash, s->hash, OV_VERDICT_DELTA_PREFIX);
    *ret = (struct said){.reputation = JOURNAL_WITHDRAWN};
    at = ov_items_find(ov_span_of(m->old.all, m->old.n * sizeof(key)), m->old.n,
                       sizeof(key), ov_span_of(key.hash, sizeof(key.hash)));
    if (at < m->old.n && memcmp(m->old.all[at].hash, key.hash, 32) == 0) {
        *ret = m->old.all[at];
        return true;
    }
    return !m->has_snapshot || find_in_pack(m, s, ret);
}

/* ---- what is to be told ---- */

/* The journal from the position on, as much as one segment can take. */
static bool read_news(struct maker *m, struct verdict_journal *j)
{
    struct journal_batch b;
    enum ov_status s = OV_OK;

    m->news.n = 0;
    while (m->news.n < MOST_CHANGES &&
           (s = journal_read(j, &m->position.journal, &b)) == OV_OK) {
        for (size_t i = 0; i < b.n; i++) {
            struct journal_verdict v;
            struct said said = {0};

            journal_at(&b, i, &v);
            memcpy(said.hash, v.hash, sizeof(said.hash));
            said.reputation = v.reputation;
            said.family = v.family;
            if (!list_add(&m->news, &said))
                return false;
        }
    }
    if (s != OV_OK && s != OV_NOT_FOUND)
        (void)cloud_say("journal: %s", ov_status_name(s));
    list_settle(&m->news);
    return s == OV_OK || s == OV_NOT_FOUND;
}

static enum ov_verdict_op op_of(const struct said *old, const struct said *now)
{
    if (now->reputation == JOURNAL_WITHDRAWN)
        return OV_VERDICT_WITHDRAW;
    if (now->reputation == OV_REPUTATION_RECALLED)
        return OV_VERDICT_RECALL;
    return old->reputation == JOURNAL_WITHDRAWN ? OV_VERDICT_ADD
                                                : OV_VERDICT_CHANGE;
}

static bool find_changes(struct maker *m)
{
    m->n_changes = 0;
    for (size_t i = 0; i < m->news.n; i++) {
        const struct said *now = &m->news.all[i];
        struct ov_verdict_change *change = &m->changes[m->n_changes];
        struct said old;

        if (!find_old(m, now, &old))
            return false;
        if (old.reputation == now->reputation &&
            (old.family == now->family || now->reputation == JOURNAL_WITHDRAWN))
            continue;
        change->op = op_of(&old, now);
        memcpy(change->prefix, now->hash, sizeof(change->prefix));
        change->reputation = change->op == OV_VERDICT_WITHDRAW
                                 ? OV_REPUTATION_GOOD
                                 : (enum ov_reputation)now->reputation;
        change->family = change->op == OV_VERDICT_WITHDRAW ? 0 : now->family;
        /* the same prefix twice takes 2^80 trials to make */
        m->n_changes +=
            m->n_changes == 0 || memcmp(change[-1].prefix, change->prefix,
                                        sizeof(change->prefix)) != 0;
    }
    return true;
}

static bool put_segment(struct maker *m, struct ov_buf *b)
{
    uint64_t n = m->families.n - m->position.families;
    OV_AUTO_PTR struct ov_family *families = NULL;
    struct ov_verdict_delta_parts p = {.seq = m->seq + 1,
                                       .time = m->c->now,
                                       .changes = m->changes,
                                       .n = m->n_changes};

    if (n > OV_VERDICT_DELTA_MAX_FAMILIES)
        n = OV_VERDICT_DELTA_MAX_FAMILIES;
    families = ov_alloc_array((size_t)n + 1, sizeof(*families));
    if (families == NULL)
        return out_of_memory();
    for (uint64_t i = 0; i < n; i++) {
        families[i].number = (uint32_t)(m->position.families + i + 1);
        families[i].name = family_names_of(&m->families, families[i].number);
    }
    memcpy(p.previous, m->previous, sizeof(p.previous));
    p.families = families;
    p.n_families = (size_t)n;
    m->position.families += n;
    if (ov_put_verdict_delta(b, &p) == OV_OK)
        return true;
    (void)cloud_say("delta: cannot be made");
    return false;
}

static bool publish(struct maker *m, struct ov_span segment)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_NOTE);
    OV_AUTO_DONE(buf) note = ov_buf_with_max(MAX_NOTE);
    OV_AUTO_DONE(buf) position = ov_buf_with_max(MAX_NOTE);
    struct ov_delta_entry e = {.instance = ov_span_str(m->c->name),
                               .seq = m->seq + 1,
                               .time = m->c->now};
    struct pending p = {.number = e.seq, .segment = segment};

    memcpy(e.previous, m->previous, sizeof(e.previous));
    if (ov_blob_of(segment, &e.file) != OV_OK)
        return out_of_memory();
    ov_put_delta_entry(&text, &e);
    put_position(&position, &m->position);
    if (!sign_entry(m->c, ov_buf_span(&text), &note))
        return false;
    p.note = ov_buf_span(&note);
    p.position = ov_buf_span(&position);
    if (!pending_begin(m->c, &p) || !pending_finish(m->c))
        return false;
    m->seq++;
    memcpy(m->previous, e.file.digest, sizeof(m->previous));
    return true;
}

/* What the segment has said is old now. */
static bool remember(struct maker *m)
{
    for (size_t i = 0; i < m->n_changes; i++) {
        const struct ov_verdict_change *change = &m->changes[i];
        struct said s = {.family = change->family};

        memcpy(s.hash, change->prefix, sizeof(change->prefix));
        s.reputation = change->op == OV_VERDICT_WITHDRAW
                           ? JOURNAL_WITHDRAWN
                           : (uint32_t)change->reputation;
        if (!list_add(&m->old, &s))
            return false;
    }
    for (size_t i = 0; i < m->old.n; i++)
        m->old.all[i].order = (uint32_t)i;
    list_settle(&m->old);
    return true;
}

static bool make_one(struct maker *m, struct verdict_journal *j,
                     uint64_t *ret_n)
{
    OV_AUTO_DONE(buf) segment = ov_buf_with_max(MAX_SEGMENT_BYTES);

    if (!read_news(m, j) || !find_changes(m))
        return false;
    if (m->n_changes == 0)
        return true;
    if (!put_segment(m, &segment) || !publish(m, ov_buf_span(&segment)))
        return false;
    ++*ret_n;
    return remember(m);
}

static bool make_all(struct maker *m, struct verdict_journal *j,
                     uint64_t *ret_n)
{
    bool is_there;

    if (!position_read(m->c, &m->position, &is_there) || !read_old(m) ||
        !family_names_open(m->c, &m->families))
        return false;
    if (!is_there)
        m->position.journal = JOURNAL_START;
    m->changes = ov_alloc_array(OV_VERDICT_DELTA_MAX + 1, sizeof(*m->changes));
    if (m->changes == NULL)
        return out_of_memory();
    while (m->position.journal < journal_end(j)) {
        if (!make_one(m, j, ret_n))
            return false;
    }
    return true;
}

bool delta_make_all(const struct cloud *c, struct verdict_journal *j,
                    uint64_t *ret_n)
{
    struct maker *m = ov_alloc(sizeof(*m));
    bool ok;

    if (m == NULL)
        return out_of_memory();
    m->c = c;
    m->pack = -1;
    *ret_n = 0;
    ok = make_all(m, j, ret_n);
    ov_fd_cleanup(&m->pack);
    ov_free(m->old.all);
    ov_free(m->news.all);
    ov_free(m->changes);
    family_names_done(&m->families);
    ov_free(m);
    return ok;
}
