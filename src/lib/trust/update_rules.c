/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/segment.h"
#include "trust/update_run.h"

/* The content: from what is installed and what can be fetched to the two images
 * that the note names. docs/protocol-rules.md, "What a client does".
 *
 * Nothing that is fetched here is vouched for. Deltas and segments only have to
 * lead to the right set-root, records to the right images; so every way there
 * is as good, and the cheap ones are tried first: what is installed, then the
 * few tiles since, then the whole delta, then segments. */

#define MAX_LIST ((size_t)16 << 20)
#define MAX_INDEX ((size_t)1 << 30)
#define MAX_RECORDS ((size_t)8 << 30)
#define MAX_TILES (30 * OV_DELTA_LEVELS + 1)
/* Packed bytes may be more than the plain ones, by a little. */
#define PACKED(len) ((len) + (len) / 64 + 4096)

struct content {
    struct ov_arena *arena;
    struct ov_buf list;    /* of segments */
    struct ov_buf records; /* of the base's set, if it had to be put together */
    struct ov_buf index;   /* of the base's set */
    struct ov_buf delta;   /* from the base */
    struct ov_record_set *base; /* by index */
    bool is_same_base;
};

static void done(struct content *c)
{
    ov_record_set_free(c->base);
    ov_buf_done(&c->list);
    ov_buf_done(&c->records);
    ov_buf_done(&c->index);
    ov_buf_done(&c->delta);
    ov_arena_free(c->arena);
}

static enum ov_status from_release(struct ov_update *u, const char *name,
                                   struct ov_buf *into)
{
    ov_buf_clear(into);
    return u->io->release_get(u->io->data, name, into);
}

/* ---- blobs ---- */

struct wanted {
    const struct ov_blob *blob;
    struct ov_buf *into; /* appended, once it is right */
};

static enum ov_status check_blob(struct ov_update *u, void *data,
                                 struct ov_span bytes)
{
    const struct wanted *w = data;
    size_t before = w->into->len;
    enum ov_status status = ov_unpack(bytes, w->blob, w->into);

    (void)u;
    if (status != OV_OK && w->into->status == OV_OK)
        w->into->len = before;
    return status;
}

static enum ov_status get_blob(struct ov_update *u, const struct ov_blob *blob,
                               struct ov_buf *into)
{
    struct wanted w = {blob, into};
    const struct ov_update_check check = {check_blob, &w};
    OV_AUTO_DONE(buf) path = ov_buf_with_max(128);
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(PACKED(blob->len));

    ov_put_blob_path(&path, blob);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    return ov_update_get(u, (char *)path.ptr, PACKED(blob->len), &packed,
                         &check);
}

static bool is_blob(struct ov_span bytes, const struct ov_blob *want)
{
    struct ov_blob have;

    return bytes.len == want->len && ov_blob_of(bytes, &have) == OV_OK &&
           memcmp(have.digest, want->digest, sizeof(have.digest)) == 0;
}

static enum ov_status refuse_content(struct ov_update *u, const char *what,
                                     enum ov_status status)
{
    return ov_update_refuse(u,
                            ov_update_is_absence(status) ? OV_REFUSED_CONTENT
                                                         : OV_REFUSED_SET_ROOT,
                            status, "%s: %s", what, ov_status_name(status));
}

/* ---- the base's set ---- */

/* Segments of the installed base by their digests: where they are in its
 * records. */
struct old_segments {
    struct ov_buf list;
    struct ov_buf records;
    struct ov_blob *blobs;
    size_t n;
};

static void old_done(struct old_segments *o)
{
    ov_buf_done(&o->list);
    ov_buf_done(&o->records);
    ov_free(o->blobs);
}

static void load_old(struct ov_update *u, struct old_segments *o)
{
    o->list = ov_buf_with_max(MAX_LIST);
    o->records = ov_buf_with_max(MAX_RECORDS);
    if (!u->has_old || from_release(u, "segments", &o->list) != OV_OK ||
        from_release(u, "records.0", &o->records) != OV_OK ||
        ov_segment_list_read(ov_buf_span(&o->list), &o->blobs, &o->n) != OV_OK)
        o->n = 0; /* all of them will be fetched */
}

static bool take_old(const struct old_segments *o, const struct ov_blob *want,
                     struct ov_buf *into)
{
    uint64_t at = 0;

    for (size_t i = 0; i < o->n; i++) {
        const struct ov_blob *b = &o->blobs[i];

        if (b->len == want->len &&
            memcmp(b->digest, want->digest, sizeof(b->digest)) == 0) {
            struct ov_span bytes =
                ov_span_clip(ov_buf_span(&o->records), at, b->len);

            if (!is_blob(bytes, want))
                return false;
            ov_put_span(into, bytes);
            return true;
        }
        at += b->len;
    }
    return false;
}

static enum ov_status gather(struct ov_update *u, struct content *c,
                             const struct old_segments *old)
{
    struct ov_blob *blobs = NULL;
    size_t n = 0;
    enum ov_status status =
        ov_segment_list_read(ov_buf_span(&c->list), &blobs, &n);

    for (size_t i = 0; i < n && status == OV_OK; i++) {
        if (!take_old(old, &blobs[i], &c->records))
            status = get_blob(u, &blobs[i], &c->records);
        if (status == OV_OK)
            status = ov_buf_status(&c->records);
    }
    ov_free(blobs);
    return status;
}

/* Puts the base's records together, as its list of segments has them. */
static enum ov_status get_records(struct ov_update *u, struct content *c)
{
    struct old_segments old = {.n = 0};
    enum ov_status status = get_blob(u, &u->head.segments, &c->list);

    if (status != OV_OK)
        return refuse_content(u, "list of segments", status);
    load_old(u, &old);
    status = gather(u, c, &old);
    old_done(&old);
    return status == OV_OK ? OV_OK : refuse_content(u, "segments", status);
}

enum ov_status ov_records_read(struct ov_span bytes, struct ov_record_set **ret)
{
    OV_AUTO(record_set) set = ov_record_set_new();
    struct ov_reader r = ov_reader_over(bytes);

    if (set == NULL)
        return OV_NO_MEMORY;
    while (ov_reader_more(&r)) {
        struct ov_record record;

        OV_TRY(ov_record_read(&r, &record));
        OV_TRY(ov_record_set_add(set, &record));
    }
    OV_TRY(ov_reader_end(&r));
    OV_TRY(ov_record_set_seal(set));
    *ret = OV_STEAL(set);
    return OV_OK;
}

/* Whether the release was made by a newer program than this one, as far as that
 * is known. An older one may compile to the same images, so that only those
 * decide. */
static bool is_engine_older(const struct ov_update *u)
{
    return u->options->engine != 0 && u->release.compiler > u->options->engine;
}

static enum ov_status refuse_image(struct ov_update *u, unsigned tier)
{
    if (is_engine_older(u))
        return ov_update_refuse(u, OV_REFUSED_ENGINE, OV_UNSUPPORTED,
                                "made by the programs of entry %llu, these are "
                                "of entry %llu",
                                (unsigned long long)u->release.compiler,
                                (unsigned long long)u->options->engine);
    if (u->options->engine == 0 && u->release.compiler != 0)
        return ov_update_refuse(
            u, OV_REFUSED_IMAGE, OV_BAD_DIGEST,
            "tier %u; the programs of entry %llu made it, and overt verify "
            "--self tells whether these are others",
            tier, (unsigned long long)u->release.compiler);
    return ov_update_refuse(u, OV_REFUSED_IMAGE, OV_BAD_DIGEST, "tier %u",
                            tier);
}

static enum ov_status compile(struct ov_update *u,
                              const struct ov_update_tier *tier)
{
    const struct ov_blob *want = &u->release.tiers[tier->number];
    struct ov_diag diag = {0};
    uint8_t digest[32];
    uint64_t len;
    enum ov_status status =
        u->io->compile(u->io->data, tier, digest, &len, &diag);

    if (status != OV_OK && status != OV_IO && is_engine_older(u))
        return refuse_image(u, tier->number);
    if (status != OV_OK)
        return ov_update_refuse(
            u, status == OV_IO ? OV_REFUSED_DISK : OV_REFUSED_COMPILE, status,
            "tier %u: %s", tier->number, diag.text);
    if (len != want->len || memcmp(digest, want->digest, sizeof(digest)) != 0)
        return refuse_image(u, tier->number);
    return OV_OK;
}

/* Tier 0 is all records of the base's set. */
static enum ov_status compile_base(struct ov_update *u,
                                   const struct ov_record_set *set)
{
    size_t n;
    const struct ov_record_entry *list = ov_record_set_list(set, &n);
    OV_AUTO_PTR struct ov_record *records =
        ov_alloc_array(n + 1, sizeof(*records));
    const struct ov_update_tier tier = {.records = records, .n = n};

    if (records == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        records[i] = list[i].record;
    return compile(u, &tier);
}

static enum ov_status put(struct ov_update *u, const char *name,
                          const struct ov_buf *bytes)
{
    if (ov_buf_status(bytes) == OV_OK &&
        u->io->stage_put(u->io->data, name, ov_buf_span(bytes)) == OV_OK)
        return OV_OK;
    return ov_update_refuse(u, OV_REFUSED_DISK, OV_IO, "%s", name);
}

/* A base that is not the installed one's. */
static enum ov_status build_base(struct ov_update *u, struct content *c)
{
    OV_AUTO(record_set) set = NULL;
    enum ov_status status;

    OV_TRY(get_records(u, c));
    status = ov_records_read(ov_buf_span(&c->records), &set);
    if (status != OV_OK)
        return refuse_content(u, "records", status);
    OV_TRY(compile_base(u, set));
    ov_buf_clear(&c->index);
    ov_put_record_index(&c->index, set);
    OV_TRY(put(u, "segments", &c->list));
    OV_TRY(put(u, "records.0", &c->records));
    OV_TRY(put(u, "index.0", &c->index));
    return ov_record_index_read(ov_buf_span(&c->index), &c->base);
}

static enum ov_status reuse(struct ov_update *u, const char *name)
{
    enum ov_status status = u->io->stage_reuse(u->io->data, name);

    if (status == OV_OK || status == OV_NOT_FOUND)
        return status;
    return ov_update_refuse(u, OV_REFUSED_DISK, status, "%s", name);
}

static bool same_tier(const struct ov_blob *a, const struct ov_blob *b)
{
    return a->len == b->len && memcmp(a->digest, b->digest, 32) == 0;
}

/* The installed base, if it is the right one and all there. */
static bool has_base(struct ov_update *u, struct content *c)
{
    static const char *const names[] = {"segments", "records.0", "index.0",
                                        "image.0"};

    if (!u->has_old || u->old.base != u->release.base ||
        !same_tier(&u->old.tiers[0], &u->release.tiers[0]) ||
        from_release(u, "index.0", &c->index) != OV_OK ||
        ov_record_index_read(ov_buf_span(&c->index), &c->base) != OV_OK)
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (reuse(u, names[i]) != OV_OK) {
            u->result->refusal = OV_REFUSED_NOT; /* it is made anew */
            ov_record_set_free(c->base);
            c->base = NULL;
            return false;
        }
    }
    return true;
}

/* ---- the delta from the base ---- */

/* One tile, unpacked; owned by the arena's copy. */
static enum ov_status get_tile(struct ov_update *u, struct content *c,
                               const struct ov_delta_tile *t,
                               struct ov_delta *ret)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(128);
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(PACKED(OV_DELTA_MAX));
    OV_AUTO_DONE(buf) plain = ov_buf_with_max(OV_DELTA_MAX);
    struct ov_span kept;

    ov_put_delta_path(&path, t);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    OV_TRY(ov_update_get(u, (char *)path.ptr, PACKED(OV_DELTA_MAX), &packed,
                         NULL));
    OV_TRY(ov_unpack_any(ov_buf_span(&packed), &plain));
    if (!ov_arena_copy(c->arena, ov_buf_span(&plain), &kept))
        return OV_NO_MEMORY;
    return ov_delta_read(kept, c->arena, ret);
}

/* From the installed release to the new one, behind the installed delta. */
static enum ov_status get_tiles(struct ov_update *u, struct content *c,
                                const struct ov_delta *first,
                                struct ov_delta *ret)
{
    struct ov_delta *deltas =
        ov_arena_array(c->arena, MAX_TILES + 1, sizeof(*deltas));
    uint64_t at = u->old.seq;
    struct ov_delta_tile t;
    size_t n = 1;

    if (deltas == NULL)
        return OV_NO_MEMORY;
    deltas[0] = *first;
    while (ov_delta_next_tile(at, u->release.seq, &t) && n <= MAX_TILES) {
        OV_TRY(get_tile(u, c, &t, &deltas[n++]));
        at = ov_delta_tile_end(&t);
    }
    if (at != u->release.seq)
        return OV_NOT_FOUND;
    return ov_delta_merge(deltas, n, c->arena, ret);
}

/* The cheap way: a tile for each step since the installed release. */
static enum ov_status extend_delta(struct ov_update *u, struct content *c)
{
    OV_AUTO_DONE(buf) old = ov_buf_with_max(OV_DELTA_MAX);
    struct ov_delta first;
    struct ov_delta merged;
    struct ov_delta trimmed;

    OV_TRY(from_release(u, "delta", &old));
    OV_TRY(ov_delta_read(ov_buf_span(&old), c->arena, &first));
    OV_TRY(get_tiles(u, c, &first, &merged));
    OV_TRY(ov_delta_trim(&merged, c->base, c->arena, &trimmed));
    ov_put_delta(&c->delta, &trimmed);
    OV_TRY(ov_buf_status(&c->delta));
    return is_blob(ov_buf_span(&c->delta), &u->head.delta) ? OV_OK
                                                           : OV_BAD_DIGEST;
}

static enum ov_status get_delta(struct ov_update *u, struct content *c)
{
    enum ov_status status = OV_NOT_FOUND;

    if (c->is_same_base && u->old.seq < u->release.seq)
        status = extend_delta(u, c);
    if (status == OV_OK)
        return OV_OK;
    ov_buf_clear(&c->delta);
    status = get_blob(u, &u->head.delta, &c->delta);
    return status == OV_OK ? OV_OK : refuse_content(u, "delta", status);
}

/* What the delta takes out of tier 0: IDs of the base that are deleted, or put
 * with other content. */
static enum ov_status list_withdrawn(struct content *c,
                                     const struct ov_delta *d,
                                     struct ov_update_tier *tier)
{
    struct ov_span *ids =
        ov_arena_array(c->arena, d->n_deletes + d->n_puts + 1, sizeof(*ids));
    size_t i = 0;
    size_t j = 0;
    size_t n = 0;

    if (ids == NULL)
        return OV_NO_MEMORY;
    while (i < d->n_deletes || j < d->n_puts) {
        bool is_delete = j == d->n_puts ||
                         (i < d->n_deletes &&
                          ov_span_compare(d->deletes[i], d->puts[j].id) < 0);
        struct ov_span id = is_delete ? d->deletes[i++] : d->puts[j++].id;

        if (ov_record_set_find(c->base, id) != NULL)
            ids[n++] = id;
    }
    tier->withdrawn = ids;
    tier->n_withdrawn = n;
    return OV_OK;
}

static enum ov_status check_set(struct ov_update *u, struct content *c,
                                const struct ov_delta *d)
{
    OV_AUTO(record_set) set = NULL;
    uint8_t root[32];
    size_t n;
    enum ov_status status = ov_delta_apply(c->base, d, &set);

    if (status != OV_OK)
        return refuse_content(u, "delta", status);
    (void)ov_record_set_list(set, &n);
    ov_record_set_root(set, root);
    if (n != u->release.n_records ||
        memcmp(root, u->release.set_root, sizeof(root)) != 0)
        return ov_update_refuse(u, OV_REFUSED_SET_ROOT, OV_BAD_DIGEST,
                                "%zu records", n);
    return OV_OK;
}

static enum ov_status build_changes(struct ov_update *u, struct content *c)
{
    struct ov_update_tier tier = {.number = 1};
    struct ov_delta d;
    enum ov_status status = ov_delta_read(ov_buf_span(&c->delta), c->arena, &d);

    if (status != OV_OK)
        return refuse_content(u, "delta", status);
    OV_TRY(check_set(u, c, &d));
    OV_TRY(list_withdrawn(c, &d, &tier));
    tier.records = d.puts;
    tier.n = d.n_puts;
    return compile(u, &tier);
}

static enum ov_status build(struct ov_update *u, struct content *c)
{
    if (u->io->stage(u->io->data) != OV_OK)
        return ov_update_refuse(u, OV_REFUSED_DISK, OV_IO, "releases");
    c->is_same_base = has_base(u, c);
    if (!c->is_same_base)
        OV_TRY(build_base(u, c));
    OV_TRY(get_delta(u, c));
    OV_TRY(build_changes(u, c));
    OV_TRY(put(u, "delta", &c->delta));
    OV_TRY(put(u, "proof", &u->proof_bytes));
    ov_update_fetch_trace(u, c->is_same_base);
    return put(u, "head", &u->head_bytes);
}

enum ov_status ov_update_content(struct ov_update *u)
{
    struct content c = {.arena = ov_arena_new(SIZE_MAX / 2)};
    enum ov_status status;

    ov_update_step(u, OV_STEP_CONTENT);
    if (c.arena == NULL)
        return OV_NO_MEMORY;
    c.list = ov_buf_with_max(MAX_LIST);
    c.records = ov_buf_with_max(MAX_RECORDS);
    c.index = ov_buf_with_max(MAX_INDEX);
    c.delta = ov_buf_with_max(OV_DELTA_MAX);
    status = build(u, &c);
    done(&c);
    return status;
}
