/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "trust/update_recalled.h"

/* Whether what is installed still is what was made public: each file is checked
 * against what vouches for it, from the policy down to the images, with nothing
 * but what lies here. Lines say what was looked at; a fault ends the look.
 *
 * With OV_VERIFY_DEEP and mirrors, the entry of each record as well: that it is
 * in the log that the witnesses saw, that those who may have signed it, and
 * that it speaks of just this source. */

#define MAX_IMAGE ((size_t)8 << 30)
#define MAX_RECORDS ((size_t)8 << 30)

struct verify {
    struct ov_update *u;
    struct ov_buf *out;
    struct ov_arena *arena;
    struct ov_buf records;
    struct ov_buf delta_bytes;
    struct ov_delta delta;
    struct ov_record_set *base; /* with records */
    struct ov_record_set *set;
};

static enum ov_status bad(struct verify *v, const char *what,
                          enum ov_status status, const char *words)
{
    ov_put_format(v->out, "BAD %s: %s\n", what,
                  words != NULL && words[0] != '\0' ? words
                                                    : ov_status_name(status));
    return ov_update_refuse(v->u, OV_REFUSED_INSTALLED, status, "%s", what);
}

static void good(struct verify *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void good(struct verify *v, const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ov_put_format(v->out, "ok %s\n", text);
}

/* ---- metadata, policy, checkpoint ---- */

static enum ov_status check_file(struct verify *v, const char *name)
{
    struct ov_update *u = v->u;
    OV_AUTO_DONE(buf) path = ov_buf_with_max(128);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_UPDATE_MAX_TRUST);
    struct ov_diag diag = {0};
    struct ov_tuf_target t;
    uint8_t digest[OV_DIGEST_MAX];
    enum ov_status status;

    ov_put_format(&path, "trust/%s", name);
    status = ov_tuf_find_target(u->tuf, ov_buf_span(&path), &diag, &t);
    ov_put_u8(&path, 0);
    if (status == OV_OK)
        status = u->io->state_get(u->io->data, (char *)path.ptr, &bytes);
    if (status == OV_OK)
        status = ov_digest(OV_SHA256, ov_buf_span(&bytes), digest);
    if (status == OV_OK && memcmp(digest, t.sha256, sizeof(t.sha256)) != 0)
        status = OV_BAD_DIGEST;
    if (status != OV_OK)
        return bad(v, name, status, diag.text);
    good(v, "%s: as the role targets signed it", name);
    return OV_OK;
}

static enum ov_status check_metadata(struct verify *v)
{
    static const struct ov_tuf_options limits = {.version_ahead = 300};
    struct ov_update *u = v->u;
    struct ov_diag diag = {0};
    enum ov_status status;

    ov_update_set_tuf_io(u);
    status = ov_tuf_load(&u->tuf_io, (int64_t)u->now, &limits, &diag, &u->tuf);
    if (status == OV_EXPIRED) {
        ov_put_format(v->out, "stale metadata: %s\n", diag.text);
        return ov_update_refuse(u, OV_REFUSED_EXPIRED, status, "%s", diag.text);
    }
    if (status != OV_OK)
        return bad(v, "metadata", status, diag.text);
    good(v, "metadata: root version %lld, signed by a threshold of each role",
         (long long)ov_tuf_client_root(u->tuf)->meta.version);
    OV_TRY(check_file(v, "policy"));
    OV_TRY(check_file(v, "people"));
    return check_file(v, "limits");
}

static enum ov_status check_checkpoint(struct verify *v)
{
    struct ov_update *u = v->u;
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_UPDATE_MAX_CHECKPOINT);
    struct ov_note *note = ov_arena_alloc(u->arena, sizeof(*note));
    struct ov_policy_result *r = ov_arena_alloc(u->arena, sizeof(*r));
    enum ov_status status =
        u->io->state_get(u->io->data, "trust/checkpoint", &bytes);

    if (note == NULL || r == NULL)
        return OV_NO_MEMORY;
    if (status == OV_OK)
        status = ov_note_parse(u->arena, ov_buf_span(&bytes), note);
    if (status == OV_OK)
        status = ov_policy_check(&u->policy, note, NULL, r);
    if (status == OV_OK && (r->checkpoint.size != u->client.size ||
                            memcmp(r->checkpoint.root, u->client.root,
                                   sizeof(u->client.root)) != 0))
        status = OV_MISMATCH;
    if (status != OV_OK)
        return bad(v, "checkpoint", status, NULL);
    good(v, "checkpoint: %llu entries, %u of %zu witnesses",
         (unsigned long long)r->checkpoint.size,
         (unsigned)__builtin_popcountll(r->cosigners), u->policy.n_witnesses);
    return OV_OK;
}

/* ---- the release ---- */

static enum ov_status check_release(struct verify *v)
{
    struct ov_update *u = v->u;
    struct ov_policy_result *r = ov_arena_alloc(u->arena, sizeof(*r));
    struct ov_opened *o = ov_arena_alloc(u->arena, sizeof(*o));
    struct ov_diag diag = {0};
    struct ov_proof proof;
    enum ov_status status;

    if (r == NULL || o == NULL)
        return OV_NO_MEMORY;
    status = u->io->release_get(u->io->data, "proof", &u->proof_bytes);
    if (status == OV_OK)
        status = ov_proof_parse(u->arena, ov_buf_span(&u->proof_bytes), &proof);
    if (status == OV_OK)
        status = ov_proof_verify(u->arena, &proof, u->old_head.note, &u->policy,
                                 NULL, r);
    if (status != OV_OK)
        return bad(v, "proof", status, NULL);
    good(v, "proof: entry %llu of the log %.*s",
         (unsigned long long)proof.index, (int)r->checkpoint.origin.len,
         (const char *)r->checkpoint.origin.ptr);
    status = ov_entry_open(u->arena, u->old_head.note, &u->people, proof.index,
                           o, &diag);
    if (status != OV_OK)
        return bad(v, "release", status, diag.text);
    good(v, "release %llu: signed by %u builders",
         (unsigned long long)u->old.seq, o->signers.count[OV_BUILDER]);
    return OV_OK;
}

static enum ov_status get_file(struct verify *v, const char *name,
                               struct ov_buf *into)
{
    enum ov_status status = v->u->io->release_get(v->u->io->data, name, into);

    if (status == OV_OK)
        status = ov_buf_status(into);
    return status == OV_OK ? OV_OK : bad(v, name, status, NULL);
}

static enum ov_status check_set(struct verify *v)
{
    struct ov_update *u = v->u;
    uint8_t root[32];
    size_t n;
    enum ov_status status;

    OV_TRY(get_file(v, "records.0", &v->records));
    OV_TRY(get_file(v, "delta", &v->delta_bytes));
    status = ov_records_read(ov_buf_span(&v->records), &v->base);
    if (status == OV_OK)
        status =
            ov_delta_read(ov_buf_span(&v->delta_bytes), v->arena, &v->delta);
    if (status == OV_OK)
        status = ov_delta_apply(v->base, &v->delta, &v->set);
    if (status != OV_OK)
        return bad(v, "records", status, NULL);
    (void)ov_record_set_list(v->set, &n);
    ov_record_set_root(v->set, root);
    if (n != u->old.n_records ||
        memcmp(root, u->old.set_root, sizeof(root)) != 0)
        return bad(v, "records", OV_BAD_DIGEST, NULL);
    good(v, "records: %zu, with the set's root that the release names", n);
    return OV_OK;
}

static enum ov_status check_image(struct verify *v, const char *name,
                                  const struct ov_blob *want)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_IMAGE);
    struct ov_blob have;

    OV_TRY(get_file(v, name, &bytes));
    OV_TRY(ov_blob_of(ov_buf_span(&bytes), &have));
    if (have.len != want->len ||
        memcmp(have.digest, want->digest, sizeof(have.digest)) != 0)
        return bad(v, name, OV_BAD_DIGEST, NULL);
    good(v, "%s: %llu bytes, with the digest that the release names", name,
         (unsigned long long)have.len);
    return OV_OK;
}

/* ---- each record's entry ---- */

static enum ov_status check_entry(struct verify *v,
                                  const struct ov_record *record)
{
    struct ov_diag diag = {0};
    struct ov_opened *o;
    enum ov_status status = ov_update_record_entry(v->u, record, &o, &diag);

    if (status == OV_OK)
        return OV_OK;
    if (ov_update_is_absence(status))
        return ov_update_refuse(v->u, OV_REFUSED_UNREACHABLE, status,
                                "entry %llu",
                                (unsigned long long)record->index);
    ov_put_str(v->out, "BAD record ");
    ov_put_escaped(v->out, record->id);
    ov_put_format(v->out, ": entry %llu: %s\n",
                  (unsigned long long)record->index,
                  diag.text[0] != '\0' ? diag.text : ov_status_name(status));
    return ov_update_refuse(v->u, OV_REFUSED_INSTALLED, status, "record");
}

static int compare_indices(const void *a, const void *b)
{
    const struct ov_record *x = *(const struct ov_record *const *)a;
    const struct ov_record *y = *(const struct ov_record *const *)b;

    return (x->index > y->index) - (x->index < y->index);
}

/* In the order of the log, so that each tile is fetched once. */
static enum ov_status check_entries(struct verify *v)
{
    size_t n;
    const struct ov_record_entry *list = ov_record_set_list(v->set, &n);
    OV_AUTO_PTR const struct ov_record **records =
        ov_alloc_array(n + 1, sizeof(const struct ov_record *));

    if (records == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        records[i] = &list[i].record;
    qsort(records, n, sizeof(records[0]), compare_indices);
    for (size_t i = 0; i < n; i++)
        OV_TRY(check_entry(v, records[i]));
    good(v,
         "entries: each of %zu records is in one that was signed by those who "
         "may",
         n);
    return OV_OK;
}

/* Each recall is in the log; it is not in the trace, so that without a mirror
 * this stays open. */
static enum ov_status check_recalls(struct verify *v)
{
    struct ov_diag diag = {0};
    enum ov_status status = ov_update_check_recalls(v->u, v->set, &diag);

    if (status == OV_NOT_FOUND) {
        ov_put_str(v->out, "unchecked recalls: give --from\n");
        return OV_OK;
    }
    if (ov_update_is_absence(status))
        return ov_update_refuse(v->u, OV_REFUSED_UNREACHABLE, status,
                                "a recall");
    return status == OV_OK ? OV_OK : bad(v, "recalled", status, diag.text);
}

/* What silences rules must be what the list of them compiles to. */
static enum ov_status check_recalled(struct verify *v)
{
    size_t n = 0;
    enum ov_status status = ov_update_check_recalled(v->u, &n);

    if (status != OV_OK)
        return bad(v, "recalled.image", status, NULL);
    if (n > 0)
        good(v, "recalled: %zu rules are silenced, as %s", n,
             "trust/recalled says");
    return OV_OK;
}

static enum ov_status run(struct verify *v, bool is_deep)
{
    struct ov_update *u = v->u;

    OV_TRY(ov_update_load(u));
    ov_update_read_limits(u);
    u->now = u->options->now > u->client.vouched ? u->options->now
                                                 : u->client.vouched;
    if (!u->has_old || !u->has_policy)
        return ov_update_refuse(u, OV_REFUSED_NOTHING, OV_NOT_FOUND, "%s", "");
    OV_TRY(check_checkpoint(v));
    OV_TRY(check_release(v));
    OV_TRY(check_set(v));
    OV_TRY(check_image(v, "image.0", &u->old.tiers[0]));
    OV_TRY(check_image(v, "image.1", &u->old.tiers[1]));
    OV_TRY(check_recalled(v));
    u->known[0] = v->base;
    u->known[1] = v->set;
    if (is_deep) {
        OV_TRY(check_entries(v));
        OV_TRY(check_recalls(v));
    }
    return check_metadata(v);
}

enum ov_status ov_update_verify(const struct ov_update_io *io,
                                const struct ov_update_options *options,
                                struct ov_update_result *ret,
                                struct ov_buf *into)
{
    OV_AUTO(update) u = ov_update_new(io, options, ret);
    struct verify v = {.u = u,
                       .out = into,
                       .arena = ov_arena_new(SIZE_MAX / 2),
                       .records = ov_buf_with_max(MAX_RECORDS),
                       .delta_bytes = ov_buf_with_max(OV_DELTA_MAX)};
    enum ov_status status = OV_NO_MEMORY;

    *ret = (struct ov_update_result){0};
    if (u != NULL && v.arena != NULL)
        status = run(&v, (options->flags & OV_UPDATE_DEEP) != 0);
    else
        ret->refusal = OV_REFUSED_MEMORY;
    ov_record_set_free(v.base);
    ov_record_set_free(v.set);
    ov_buf_done(&v.records);
    ov_buf_done(&v.delta_bytes);
    ov_arena_free(v.arena);
    return status;
}
