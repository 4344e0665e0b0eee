/* SPDX-License-Identifier: Apache-2.0 */
#include "tuf/tuf_client.h"

#include "tuf/tuf_name.h"
#include "tuf/tuf_state.h"

/* The client workflow of TUF 1.0.34, section 5, step by step; the numbers in
 * comments are the specification's.
 *
 * What is on disk is not trusted because it is there: persisted metadata is
 * read and verified as if a server had sent it, under the keys that count now.
 * If it does not verify (keys were rotated, or the disk is damaged), it is as
 * if it were not there. If it does, what a server sends is compared with it
 * before anything is written: versions go only up (CVE-2022-29173).
 *
 * A persisted file that is what the role above announces now, is not asked for
 * again. So an update that was interrupted anywhere goes on where it ended. */

#define DEFAULT_MAX_ROOT (64u << 10)
#define DEFAULT_MAX_TIMESTAMP (8u << 10)
#define DEFAULT_MAX_SNAPSHOT (64u << 10)
#define DEFAULT_MAX_TARGETS (256u << 10)
#define DEFAULT_MAX_NEW_ROOTS 256
#define DEFAULT_MAX_VISITED 32
#define MAX_ARENA ((size_t)1 << 30)

/* Says which file could not be believed and why. */
enum ov_status ov_tuf_refuse(struct ov_tuf_client *c, enum ov_status status,
                             const char *file, const char *why)
{
    return ov_diag_set(c->diag, status, 0, "%s: %s%s%s", file,
                       ov_status_name(status), why[0] != 0 ? ": " : "", why);
}

/* The content of b, kept as long as the client. */
static enum ov_status keep(struct ov_tuf_client *c, const struct ov_buf *b,
                           struct ov_span *ret)
{
    return ov_arena_copy(c->arena, ov_buf_span(b), ret) ? OV_OK : OV_NO_MEMORY;
}

/* 5.3.3 and so on: at most max bytes of a file. */
static enum ov_status fetch(struct ov_tuf_client *c, const char *name,
                            size_t max, struct ov_span *ret)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(max);

    if (c->is_offline)
        return OV_NOT_FOUND;
    OV_TRY(c->io->get(c->io->data, name, max, &b));
    OV_TRY(ov_buf_status(&b));
    return keep(c, &b, ret);
}

static enum ov_status load(struct ov_tuf_client *c, const char *name,
                           struct ov_span *ret)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_TUF_MAX_FILE);

    OV_TRY(c->io->state_get(c->io->data, name, &b));
    OV_TRY(ov_buf_status(&b));
    return keep(c, &b, ret);
}

static enum ov_status persist(struct ov_tuf_client *c, const char *name,
                              struct ov_span bytes)
{
    enum ov_status status = c->io->state_put(c->io->data, name, bytes);

    return status == OV_OK ? OV_OK
                           : ov_tuf_refuse(c, status, name, "not written");
}

/* What may be wrong with a persisted file without stopping an update: all but
 * the machine's faults. */
static bool is_no_use(enum ov_status status)
{
    return status != OV_OK && (status == OV_NOT_FOUND ||
                               ov_status_class(status) != OV_CLASS_MACHINE);
}

static bool is_expired(const struct ov_tuf_client *c,
                       const struct ov_tuf_meta *meta)
{
    return meta->expires <= c->now;
}

static enum ov_status verify(const struct ov_tuf_client *c,
                             const struct ov_tuf_role *role,
                             const struct ov_tuf_meta *meta)
{
    return ov_tuf_verify(role, meta, c->options.others);
}

static const struct ov_tuf_role *role_of(const struct ov_tuf_client *c,
                                         enum ov_tuf_type type)
{
    return &c->root.roles[type];
}

/* Whether each key of the old role is one of the new role. */
static bool has_all_keys(const struct ov_tuf_role *old,
                         const struct ov_tuf_role *new)
{
    for (size_t i = 0; i < old->n_keys; i++) {
        size_t j = 0;

        while (j < new->n_keys &&
               !ov_span_equal(old->keys[i]->id, new->keys[j]->id))
            j++;
        if (j == new->n_keys)
            return false;
    }
    return true;
}

/* 5.3.11, before the new root is persisted: an update that is killed in between
 * does not keep versions that an attacker has driven up. A key that is taken
 * away is a rotation; one that is only added is none. */
static enum ov_status forget_if_rotated(struct ov_tuf_client *c,
                                        const struct ov_tuf_root *new)
{
    static const enum ov_tuf_type types[] = {OV_TUF_TIMESTAMP, OV_TUF_SNAPSHOT};

    bool is_rotated = false;

    for (size_t i = 0; i < 2; i++)
        if (!has_all_keys(role_of(c, types[i]), &new->roles[types[i]]))
            is_rotated = true;
    if (!is_rotated)
        return OV_OK;
    OV_TRY(c->io->state_remove(c->io->data, "timestamp.json"));
    return c->io->state_remove(c->io->data, "snapshot.json");
}

/* 5.3.4 to 5.3.8 for the bytes of version N+1. *ret_is_same: 5.3.5's equal
 * versions, where the update goes on with version N. */
static enum ov_status admit_root(struct ov_tuf_client *c, struct ov_span bytes,
                                 bool *ret_is_same)
{
    struct ov_tuf_root new = {0};
    int64_t version = c->root.meta.version;

    OV_TRY(ov_tuf_read_root(c->arena, bytes, &new));
    OV_TRY(verify(c, role_of(c, OV_TUF_ROOT), &new.meta));
    OV_TRY(verify(c, &new.roles[OV_TUF_ROOT], &new.meta));
    *ret_is_same = new.meta.version == version;
    if (*ret_is_same)
        return OV_OK;
    if (new.meta.version < version)
        return OV_ROLLBACK;
    if (new.meta.version != version + 1)
        return OV_MISMATCH;
    if (c->io->new_root != NULL)
        OV_TRY(c->io->new_root(c->io->data, new.meta.version, bytes));
    OV_TRY(forget_if_rotated(c, &new));
    OV_TRY(persist(c, "root.json", bytes));
    c->root = new;
    return OV_OK;
}

/* 5.2: the trusted root; its own signatures must hold. */
static enum ov_status load_root(struct ov_tuf_client *c)
{
    struct ov_span bytes = {NULL, 0};
    enum ov_status status = load(c, "root.json", &bytes);

    if (status == OV_OK)
        status = ov_tuf_read_root(c->arena, bytes, &c->root);
    if (status == OV_OK)
        status = verify(c, role_of(c, OV_TUF_ROOT), &c->root.meta);
    return status == OV_OK
               ? OV_OK
               : ov_tuf_refuse(c, status, "root.json", "trusted root");
}

/* 5.3 */
static enum ov_status update_root(struct ov_tuf_client *c)
{
    bool is_last = false;

    for (size_t n = 0; n < c->options.max_new_roots && !is_last; n++) {
        struct ov_tuf_name name;
        struct ov_span bytes = {NULL, 0};
        enum ov_status status;

        OV_TRY(ov_tuf_file_name(OV_SPAN_LIT("root"), c->root.meta.version + 1,
                                &name));
        status = fetch(c, name.text, c->options.max_root, &bytes);
        if (status == OV_NOT_FOUND)
            break;
        if (status == OV_OK)
            status = admit_root(c, bytes, &is_last);
        if (status != OV_OK)
            return ov_tuf_refuse(c, status, name.text, "");
    }
    if (is_expired(c, &c->root.meta))
        return ov_tuf_refuse(c, OV_EXPIRED, "root.json",
                             "no newer one was offered");
    return OV_OK;
}

/* The persisted timestamp, if it verifies. */
static enum ov_status load_timestamp(struct ov_tuf_client *c,
                                     struct ov_tuf_timestamp *ret)
{
    struct ov_span bytes = {NULL, 0};

    OV_TRY(load(c, "timestamp.json", &bytes));
    OV_TRY(ov_tuf_read_timestamp(c->arena, bytes, ret));
    return verify(c, role_of(c, OV_TUF_TIMESTAMP), &ret->meta);
}

/* 5.4.2 to 5.4.4. old: what is trusted, or NULL. */
static enum ov_status admit_timestamp(struct ov_tuf_client *c,
                                      struct ov_span bytes,
                                      const struct ov_tuf_timestamp *old)
{
    struct ov_tuf_timestamp new = {0};
    int64_t ahead = c->options.version_ahead;

    OV_TRY(ov_tuf_read_timestamp(c->arena, bytes, &new));
    OV_TRY(verify(c, role_of(c, OV_TUF_TIMESTAMP), &new.meta));
    if (old != NULL && new.meta.version < old->meta.version)
        return OV_ROLLBACK;
    if (old != NULL && new.meta.version == old->meta.version) {
        c->timestamp = *old;
        return is_expired(c, &old->meta) ? OV_EXPIRED : OV_OK;
    }
    if (old != NULL && new.snapshot.version < old->snapshot.version)
        return OV_ROLLBACK;
    if (ahead > 0 &&
        new.meta.version > c->now &&new.meta.version - c->now > ahead)
        return OV_FUTURE;
    if (is_expired(c, &new.meta))
        return OV_EXPIRED;
    OV_TRY(persist(c, "timestamp.json", bytes));
    c->timestamp = new;
    return OV_OK;
}

/* 5.4 */
static enum ov_status update_timestamp(struct ov_tuf_client *c)
{
    struct ov_tuf_timestamp old = {0};
    struct ov_span bytes = {NULL, 0};
    enum ov_status status = load_timestamp(c, &old);
    bool has_old = status == OV_OK;

    if (status != OV_OK && !is_no_use(status))
        return ov_tuf_refuse(c, status, "timestamp.json", "persisted");
    if (c->is_offline) {
        c->timestamp = old;
        if (has_old && is_expired(c, &old.meta))
            status = OV_EXPIRED;
    } else {
        status = fetch(c, "timestamp.json", c->options.max_timestamp, &bytes);
        if (status == OV_OK)
            status = admit_timestamp(c, bytes, has_old ? &old : NULL);
    }
    return status == OV_OK ? OV_OK
                           : ov_tuf_refuse(c, status, "timestamp.json", "");
}

/* What a file that another names must be. */
struct wanted {
    const char *state_name;
    const char *url_name;
    struct ov_tuf_file file;
    size_t max; /* where file has no length */
};

/* How many bytes to ask for. */
static enum ov_status wanted_bytes(const struct wanted *w, size_t *ret)
{
    *ret = w->max;
    if (w->file.length > OV_TUF_MAX_FILE)
        return OV_LIMIT_SIZE;
    if (w->file.length >= 0)
        *ret = (size_t)w->file.length;
    return OV_OK;
}

static enum ov_status fetch_wanted(struct ov_tuf_client *c,
                                   const struct wanted *w, struct ov_span *ret)
{
    size_t max = 0;

    OV_TRY(wanted_bytes(w, &max));
    return fetch(c, w->url_name, max, ret);
}

/* 5.5.4, 5.6.4 and 5.5.6, 5.6.5. */
static enum ov_status check_meta(const struct ov_tuf_client *c,
                                 const struct ov_tuf_meta *meta,
                                 const struct ov_tuf_file *announced)
{
    if (meta->version != announced->version)
        return OV_MISMATCH;
    return is_expired(c, meta) ? OV_EXPIRED : OV_OK;
}

static enum ov_status load_snapshot(struct ov_tuf_client *c,
                                    struct ov_span *ret_bytes,
                                    struct ov_tuf_snapshot *ret)
{
    OV_TRY(load(c, "snapshot.json", ret_bytes));
    OV_TRY(ov_tuf_read_snapshot(c->arena, *ret_bytes, ret));
    return verify(c, role_of(c, OV_TUF_SNAPSHOT), &ret->meta);
}

/* 5.5.5: nothing that was listed is gone or older. */
static enum ov_status check_no_rollback(const struct ov_tuf_snapshot *old,
                                        const struct ov_tuf_snapshot *new)
{
    for (const struct ov_json *f = old->files->first; f != NULL; f = f->next) {
        struct ov_tuf_file before = {0};
        struct ov_tuf_file after = {0};

        OV_TRY(ov_tuf_snapshot_find(old, f->name, &before));
        if (ov_tuf_snapshot_find(new, f->name, &after) != OV_OK)
            return OV_ROLLBACK;
        if (after.version < before.version)
            return OV_ROLLBACK;
    }
    return OV_OK;
}

static enum ov_status fetch_snapshot(struct ov_tuf_client *c,
                                     const struct wanted *w,
                                     const struct ov_tuf_snapshot *old)
{
    struct ov_tuf_snapshot new = {0};
    struct ov_span bytes = {NULL, 0};

    OV_TRY(fetch_wanted(c, w, &bytes));
    OV_TRY(ov_tuf_check_file(&w->file, bytes));
    OV_TRY(ov_tuf_read_snapshot(c->arena, bytes, &new));
    OV_TRY(verify(c, role_of(c, OV_TUF_SNAPSHOT), &new.meta));
    if (new.meta.version != w->file.version)
        return OV_MISMATCH;
    if (old != NULL)
        OV_TRY(check_no_rollback(old, &new));
    OV_TRY(check_meta(c, &new.meta, &w->file));
    OV_TRY(persist(c, w->state_name, bytes));
    c->snapshot = new;
    return OV_OK;
}

/* 5.5 */
static enum ov_status update_snapshot(struct ov_tuf_client *c)
{
    struct ov_tuf_name name;
    struct wanted w = {.state_name = "snapshot.json",
                       .url_name = name.text,
                       .file = c->timestamp.snapshot,
                       .max = c->options.max_snapshot};
    struct ov_tuf_snapshot old = {0};
    struct ov_span bytes = {NULL, 0};
    enum ov_status status = load_snapshot(c, &bytes, &old);
    bool has_old = status == OV_OK;

    OV_TRY(ov_tuf_file_name(OV_SPAN_LIT("snapshot"),
                            c->root.is_consistent ? w.file.version : 0, &name));
    if (status != OV_OK && !is_no_use(status))
        return ov_tuf_refuse(c, status, w.state_name, "persisted");
    if (has_old && ov_tuf_check_file(&w.file, bytes) == OV_OK &&
        check_meta(c, &old.meta, &w.file) == OV_OK) {
        c->snapshot = old;
        return OV_OK;
    }
    status = fetch_snapshot(c, &w, has_old ? &old : NULL);
    return status == OV_OK ? OV_OK : ov_tuf_refuse(c, status, name.text, "");
}

/* 5.6.2 to 5.6.5, for bytes from the disk or from a server. */
static enum ov_status admit_targets(struct ov_tuf_client *c,
                                    const struct ov_tuf_role *role,
                                    const struct wanted *w,
                                    struct ov_span bytes,
                                    struct ov_tuf_targets *ret)
{
    OV_TRY(ov_tuf_check_file(&w->file, bytes));
    OV_TRY(ov_tuf_read_targets(c->arena, bytes, ret));
    OV_TRY(verify(c, role, &ret->meta));
    return check_meta(c, &ret->meta, &w->file);
}

static enum ov_status load_or_fetch_targets(struct ov_tuf_client *c,
                                            const struct ov_tuf_role *role,
                                            const struct wanted *w,
                                            struct ov_tuf_targets *ret)
{
    struct ov_span bytes = {NULL, 0};
    enum ov_status status = load(c, w->state_name, &bytes);

    if (status == OV_OK)
        status = admit_targets(c, role, w, bytes, ret);
    if (status == OV_OK || !is_no_use(status))
        return status;
    status = fetch_wanted(c, w, &bytes);
    /* A server that does not give a file that is listed says nothing about what
     * the role says: that nobody knows a target is another answer. */
    if (status == OV_NOT_FOUND && !c->is_offline)
        status = OV_IO;
    OV_TRY(status);
    OV_TRY(admit_targets(c, role, w, bytes, ret));
    return persist(c, w->state_name, bytes);
}

/* 5.6 for one targets role, top-level or delegated, under the keys of whoever
 * it is reached through. A copy on the disk gets no other treatment: it may
 * have been believed under another delegator's keys. */
enum ov_status ov_tuf_update_targets(struct ov_tuf_client *c,
                                     const struct ov_tuf_role *role,
                                     struct ov_tuf_targets *ret)
{
    struct ov_tuf_name state_name;
    struct ov_tuf_name url_name;
    struct wanted w = {.state_name = state_name.text,
                       .url_name = url_name.text,
                       .max = c->options.max_targets};
    OV_AUTO_DONE(buf) listed = ov_buf_with_max(2 * OV_TUF_MAX_NAME);
    struct ov_tuf_targets targets = {0};
    enum ov_status status;

    OV_TRY(ov_tuf_file_name(role->name, 0, &state_name));
    ov_put_span(&listed, role->name);
    ov_put_str(&listed, ".json");
    OV_TRY(ov_buf_status(&listed));
    status = ov_tuf_snapshot_find(&c->snapshot, ov_buf_span(&listed), &w.file);
    /* 4.4: it lists all of them. */
    if (status != OV_OK)
        return ov_tuf_refuse(c, OV_MISMATCH, state_name.text,
                             "not in the snapshot");
    OV_TRY(ov_tuf_file_name(
        role->name, c->root.is_consistent ? w.file.version : 0, &url_name));
    status = load_or_fetch_targets(c, role, &w, &targets);
    if (status != OV_OK)
        return ov_tuf_refuse(c, status, url_name.text, "");
    *ret = targets;
    return OV_OK;
}

/* Zeros become defaults. */
static struct ov_tuf_options complete(const struct ov_tuf_options *given)
{
    struct ov_tuf_options o =
        given != NULL ? *given : (struct ov_tuf_options){0};

    o.max_root = o.max_root != 0 ? o.max_root : DEFAULT_MAX_ROOT;
    o.max_timestamp =
        o.max_timestamp != 0 ? o.max_timestamp : DEFAULT_MAX_TIMESTAMP;
    o.max_snapshot =
        o.max_snapshot != 0 ? o.max_snapshot : DEFAULT_MAX_SNAPSHOT;
    o.max_targets = o.max_targets != 0 ? o.max_targets : DEFAULT_MAX_TARGETS;
    o.max_new_roots =
        o.max_new_roots != 0 ? o.max_new_roots : DEFAULT_MAX_NEW_ROOTS;
    o.max_visited = o.max_visited != 0 ? o.max_visited : DEFAULT_MAX_VISITED;
    return o;
}

/* 5.2 to 5.6.6. c->is_offline: from the disk alone. */
static enum ov_status update_all(struct ov_tuf_client *c)
{
    OV_TRY(load_root(c));
    OV_TRY(update_root(c));
    OV_TRY(update_timestamp(c));
    OV_TRY(update_snapshot(c));
    return ov_tuf_update_targets(c, role_of(c, OV_TUF_TARGETS), &c->targets);
}

static enum ov_status run(const struct ov_tuf_io *io, int64_t now,
                          const struct ov_tuf_options *options,
                          struct ov_diag *diag, struct ov_tuf_client *c)
{
    c->io = io;
    c->now = now;
    c->options = complete(options);
    c->diag = diag;
    c->arena = ov_arena_new(MAX_ARENA);
    if (c->arena == NULL)
        return OV_NO_MEMORY;
    OV_TRY(update_all(c));
    c->diag = NULL;
    return OV_OK;
}

enum ov_status ov_tuf_update(const struct ov_tuf_io *io, int64_t now,
                             const struct ov_tuf_options *options,
                             struct ov_diag *diag, struct ov_tuf_client **ret)
{
    OV_AUTO(tuf_client) c = ov_alloc(sizeof(*c));

    if (c == NULL)
        return OV_NO_MEMORY;
    OV_TRY(run(io, now, options, diag, c));
    *ret = OV_STEAL(c);
    return OV_OK;
}

enum ov_status ov_tuf_load(const struct ov_tuf_io *io, int64_t now,
                           const struct ov_tuf_options *options,
                           struct ov_diag *diag, struct ov_tuf_client **ret)
{
    OV_AUTO(tuf_client) c = ov_alloc(sizeof(*c));

    if (c == NULL)
        return OV_NO_MEMORY;
    c->is_offline = true;
    OV_TRY(run(io, now, options, diag, c));
    *ret = OV_STEAL(c);
    return OV_OK;
}

void ov_tuf_client_free(struct ov_tuf_client *c)
{
    if (c == NULL)
        return;
    ov_arena_free(c->arena);
    ov_free(c);
}

void ov_put_tuf_target_url(struct ov_buf *b, const struct ov_tuf_client *c,
                           struct ov_span path, const uint8_t sha256[static 32])
{
    ov_put_tuf_target_name(b, path, c->root.is_consistent ? sha256 : NULL);
}

const struct ov_tuf_root *ov_tuf_client_root(const struct ov_tuf_client *c)
{
    return &c->root;
}

const struct ov_tuf_timestamp *
ov_tuf_client_timestamp(const struct ov_tuf_client *c)
{
    return &c->timestamp;
}

const struct ov_tuf_snapshot *
ov_tuf_client_snapshot(const struct ov_tuf_client *c)
{
    return &c->snapshot;
}

const struct ov_tuf_targets *
ov_tuf_client_targets(const struct ov_tuf_client *c)
{
    return &c->targets;
}
