/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/text.h"
#include "reputation/cloud_run.h"
#include "reputation/fuse_filter.h"
#include "reputation/hot_list.h"

/* A look-up: deltas first, as they are newest, then the hot list, then the
 * filter of all that is bad. Only if that says "perhaps" is a server asked, for
 * a bucket: by a number that is the first bits of the hash and no more than
 * OV_CLOUD_MAX_BITS of them, as whole neighborhoods are asked for where buckets
 * are smaller. The answer is proven to the root that the log has, whether the
 * hash is in it or not. */

static const char *const sources[] = {"delta", "hot", "filter", "good",
                                      "bucket"};

const char *ov_cloud_source_name(enum ov_cloud_source s)
{
    return s < OV_N_CLOUD_SOURCES ? sources[s] : "?";
}

struct look {
    struct ov_cloud *c;
    const uint8_t *hash;
    struct ov_cloud_answer *ret;
    struct ov_buf file;
};

static void set_family(struct look *l, uint32_t number)
{
    const struct ov_blob *b = &l->c->snapshot.families;
    struct ov_span name;

    if (number == 0)
        return;
    name = ov_family_list_find(l->c->state.families, number);
    if (name.len == 0 &&
        ov_cloud_kept(l->c, b->digest, b->len, &l->file) == OV_OK)
        name = ov_family_list_find(ov_buf_span(&l->file), number);
    if (name.len > 0 && name.len < sizeof(l->ret->family))
        memcpy(l->ret->family, name.ptr, name.len);
}

static void say(struct look *l, enum ov_cloud_source source,
                enum ov_reputation reputation, uint32_t family)
{
    l->ret->is_known = true;
    l->ret->source = source;
    l->ret->reputation = reputation;
    set_family(l, family);
}

static bool look_at_deltas(struct look *l)
{
    struct ov_verdict_change change;

    if (!ov_cloud_changed(l->c->state.changes, l->hash, &change))
        return false;
    say(l, OV_CLOUD_BY_DELTA, change.reputation, change.family);
    l->ret->is_known = change.op != OV_VERDICT_WITHDRAW;
    return true;
}

static bool look_at_hot(struct look *l)
{
    const struct ov_blob *b = &l->c->snapshot.hot;
    struct ov_hot_record record;
    struct ov_hot hot;

    if (ov_cloud_kept(l->c, b->digest, b->len, &l->file) != OV_OK ||
        ov_hot_open(ov_buf_span(&l->file), &hot) != OV_OK ||
        !ov_hot_find(&hot, l->hash, &record))
        return false;
    say(l, OV_CLOUD_BY_HOT, record.reputation, record.family);
    return true;
}

/* Whether a filter has it. OV_NOT_FOUND: the filter is not here. */
static enum ov_status ask_filter(struct look *l, enum ov_filter f,
                                 bool *ret_has)
{
    OV_AUTO_PTR struct ov_shard_list *list = ov_alloc(sizeof(*list));
    const struct ov_blob *b = &l->c->snapshot.filters[f];
    const struct ov_shard *shard;
    struct ov_fuse fuse;

    if (list == NULL)
        return OV_NO_MEMORY;
    if (!ov_cloud_tier_has(l->c->state.tier, f))
        return OV_NOT_FOUND;
    OV_TRY(ov_cloud_kept(l->c, b->digest, b->len, &l->file));
    OV_TRY(ov_shard_list_read(ov_buf_span(&l->file), f, list));
    shard = &list->shards[l->hash[0]];
    OV_TRY(ov_cloud_kept(l->c, shard->digest, shard->len, &l->file));
    OV_TRY(ov_fuse_open(ov_buf_span(&l->file), &fuse));
    *ret_has = ov_fuse_has_hash(&fuse, l->hash);
    return OV_OK;
}

/* Without a filter every hash may be in a bucket. */
static bool may_be_bad(struct look *l)
{
    bool has = false;

    if (ask_filter(l, OV_FILTER_FUSE16, &has) == OV_OK ||
        ask_filter(l, OV_FILTER_FUSE8, &has) == OV_OK)
        return has;
    return true;
}

static void look_at_good(struct look *l)
{
    bool has = false;

    l->ret->source = OV_CLOUD_BY_FILTER;
    if (l->ret->is_stale || ask_filter(l, OV_FILTER_GOOD16, &has) != OV_OK ||
        !has)
        return;
    l->ret->is_known = true;
    l->ret->reputation = OV_REPUTATION_GOOD;
    l->ret->source = OV_CLOUD_BY_GOOD;
}

/* ---- a bucket ---- */

static enum ov_status read_bucket(struct look *l, struct ov_span answer,
                                  uint32_t number)
{
    const struct ov_snapshot *s = &l->c->snapshot;
    uint8_t prefix[OV_BUCKET_PREFIX];
    struct ov_bucket_record record;
    struct ov_bucket bucket;

    OV_TRY(ov_bucket_verify(answer, &s->shape, s->epoch, number,
                            s->buckets_root, &bucket));
    l->ret->source = OV_CLOUD_BY_BUCKET;
    ov_bucket_prefix(&s->shape, l->hash, prefix);
    if (ov_bucket_find(&bucket, prefix, &record))
        say(l, OV_CLOUD_BY_BUCKET, record.reputation, record.family);
    return OV_OK;
}

static enum ov_status ask_server(struct look *l, size_t server)
{
    struct ov_cloud *c = l->c;
    const struct ov_bucket_shape *shape = &c->snapshot.shape;
    uint64_t stride = ov_bucket_stride(shape);
    uint32_t number = ov_hash_number(l->hash, shape->prefix_bits);
    unsigned more = shape->prefix_bits > OV_CLOUD_MAX_BITS
                        ? shape->prefix_bits - OV_CLOUD_MAX_BITS
                        : 0;
    uint64_t first = (uint64_t)number >> more << more;
    uint64_t len = stride << more;
    OV_AUTO_DONE(buf) answer = ov_buf_with_max(len);
    char path[64];
    enum ov_status status;

    (void)snprintf(path, sizeof(path), "v1/snap/%u/buckets.pack",
                   c->snapshot.epoch); /* has room */
    l->ret->bits_told = shape->prefix_bits - more;
    status = c->io->get_part(c->io->data, server, path, first * stride, len,
                             &answer);
    if (status != OV_OK)
        return ov_diag_set(c->diag, status, 0, "%s: %s", path,
                           ov_status_name(status));
    status = read_bucket(
        l,
        ov_span_clip(ov_buf_span(&answer), (number - first) * stride, stride),
        number);
    if (status != OV_OK)
        return ov_cloud_refuse(c, status, "bucket", ov_buf_span(&answer));
    return OV_OK;
}

static enum ov_status ask_servers(struct look *l)
{
    enum ov_status status = OV_PEER_GONE;

    for (size_t i = 0; i < l->c->options->n_servers; i++) {
        status = ask_server(l, i);
        if (status == OV_OK)
            break;
    }
    return status;
}

static enum ov_status look(struct look *l)
{
    struct ov_cloud *c = l->c;

    if (!c->has_state)
        return ov_diag_set(c->diag, OV_NOT_FOUND, 0,
                           "nothing is here yet: overt cloud update");
    l->ret->epoch = c->snapshot.epoch;
    l->ret->seq = c->state.seq;
    l->ret->is_stale =
        ov_snapshot_is_fresh(&c->snapshot, c->options->now) != OV_OK;
    if (look_at_deltas(l) || look_at_hot(l))
        return OV_OK;
    if (may_be_bad(l))
        return ask_servers(l);
    look_at_good(l);
    return OV_OK;
}

enum ov_status ov_cloud_lookup(const struct ov_cloud_io *io,
                               const struct ov_cloud_options *options,
                               const uint8_t hash[static 32],
                               struct ov_cloud_answer *ret,
                               struct ov_diag *diag)
{
    OV_AUTO_PTR struct ov_cloud *c = ov_alloc(sizeof(*c));
    struct look l = {.c = c, .hash = hash, .ret = ret};
    enum ov_status status;

    if (c == NULL)
        return OV_NO_MEMORY;
    *ret = (struct ov_cloud_answer){.is_known = false};
    status = ov_cloud_begin(c, io, options, diag);
    if (status == OV_OK)
        status = look(&l);
    ov_buf_done(&l.file);
    ov_cloud_end(c);
    return status;
}
