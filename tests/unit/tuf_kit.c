/* SPDX-License-Identifier: Apache-2.0 */
#include "tuf_kit.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/ed25519.h"

/* See tuf_kit.h. */

void kit_seed(unsigned key, uint8_t ret[static 32])
{
    memset(ret, 0, 32);
    ret[0] = (uint8_t)key;
}

struct kit_file *kit_find(struct kit_store *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->files[i].name, name) == 0)
            return &s->files[i];
    return NULL;
}

/* A file that must be there. */
struct kit_file *kit_need(struct kit_store *s, const char *name)
{
    struct kit_file *f = kit_find(s, name);

    if (f == NULL)
        abort();
    return f;
}

struct ov_span kit_bytes(struct kit_store *s, const char *name)
{
    struct kit_file *f = kit_need(s, name);

    return ov_span_of(f->bytes, f->len);
}

void kit_put(struct kit_store *s, const char *name, struct ov_span bytes)
{
    struct kit_file *f = kit_find(s, name);

    if (f == NULL) {
        assert_true(s->n < KIT_MAX_FILES);
        f = &s->files[s->n++];
        (void)snprintf(f->name, sizeof(f->name), "%s", name);
        f->bytes = NULL;
    }
    free(f->bytes);
    f->bytes = malloc(bytes.len + 1);
    assert_non_null(f->bytes);
    if (bytes.len > 0)
        memcpy(f->bytes, bytes.ptr, bytes.len);
    f->len = bytes.len;
}

void kit_remove(struct kit_store *s, const char *name)
{
    struct kit_file *f = kit_find(s, name);

    if (f == NULL)
        return;
    free(f->bytes);
    *f = s->files[--s->n];
}

void kit_clear(struct kit_store *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->files[i].bytes);
    s->n = 0;
}

static enum ov_status kit_copy(struct kit_store *s, const char *name,
                               struct ov_buf *ret)
{
    struct kit_file *f = kit_find(s, name);

    if (f == NULL)
        return OV_NOT_FOUND;
    ov_put_span(ret, ov_span_of(f->bytes, f->len));
    return ov_buf_status(ret);
}

static enum ov_status kit_get(void *data, const char *name, size_t max,
                              struct ov_buf *ret)
{
    struct kit *k = data;
    size_t len = strlen(k->asked);

    (void)snprintf(k->asked + len, sizeof(k->asked) - len, "%s%s",
                   len > 0 ? " " : "", name);
    len = strlen(k->asked);
    if (len > 5 && strcmp(k->asked + len - 5, ".json") == 0)
        k->asked[len - 5] = 0;
    assert_true(max > 0);
    if (k->bad_get != NULL && strcmp(k->bad_get, name) == 0)
        return k->bad_get_status;
    return kit_copy(&k->server, name, ret);
}

static enum ov_status kit_state_get(void *data, const char *name,
                                    struct ov_buf *ret)
{
    return kit_copy(&((struct kit *)data)->state, name, ret);
}

static enum ov_status kit_state_put(void *data, const char *name,
                                    struct ov_span bytes)
{
    struct kit *k = data;

    if (k->bad_put != NULL && strcmp(k->bad_put, name) == 0)
        return OV_IO;
    kit_put(&k->state, name, bytes);
    return OV_OK;
}

static enum ov_status kit_state_remove(void *data, const char *name)
{
    kit_remove(&((struct kit *)data)->state, name);
    return OV_OK;
}

static enum ov_status kit_new_root(void *data, int64_t version,
                                   struct ov_span bytes)
{
    struct kit *k = data;

    assert_true(bytes.len > 0);
    return version == k->refused_root ? OV_BAD_PROOF : OV_OK;
}

/* A file around part, signed by the keys in signers, under name. */
void kit_sign(struct kit *k, const char *name, struct ov_span part,
              const unsigned *signers)
{
    OV_AUTO_DONE(buf) file = ov_buf_with_max(1 << 22);

    ov_put_tuf_file(&file, part);
    for (size_t i = 0; i < KIT_MAX_KEYS && signers[i] != 0; i++) {
        OV_AUTO_DONE(buf) more = ov_buf_with_max(1 << 22);
        uint8_t seed[32];

        kit_seed(signers[i], seed);
        assert_int_equal(ov_tuf_add_signature(&more, ov_buf_span(&file), seed),
                         OV_OK);
        ov_buf_clear(&file);
        ov_put_span(&file, ov_buf_span(&more));
    }
    assert_int_equal(ov_buf_status(&file), OV_OK);
    kit_put(&k->server, name, ov_buf_span(&file));
}

static void kit_role(const struct kit_keys *from, struct ov_tuf_build_key *keys,
                     struct ov_tuf_build_role *ret)
{
    ret->keys = keys;
    ret->threshold = from->threshold;
    ret->n_keys = 0;
    while (ret->n_keys < KIT_MAX_KEYS && from->keys[ret->n_keys] != 0) {
        uint8_t seed[32];

        kit_seed(from->keys[ret->n_keys], seed);
        assert_int_equal(ov_ed25519_public(seed, keys[ret->n_keys].bytes),
                         OV_OK);
        ret->n_keys++;
    }
}

static const unsigned *kit_signers(const struct kit_keys *k)
{
    return k->signers[0] != 0 ? k->signers : k->keys;
}

void kit_publish_root(struct kit *k)
{
    OV_AUTO_DONE(buf) part = ov_buf_with_max(1 << 20);
    struct ov_tuf_build_key keys[OV_TUF_N_TYPE][KIT_MAX_KEYS];
    struct ov_tuf_build_role roles[OV_TUF_N_TYPE] = {{0}};
    char name[40];

    for (enum ov_tuf_type t = OV_TUF_ROOT; t < OV_TUF_N_TYPE; t++)
        kit_role(&k->roles[t], keys[t], &roles[t]);
    assert_int_equal(
        ov_put_tuf_root(&part,
                        (struct ov_tuf_build_head){k->version[OV_TUF_ROOT],
                                                   k->expires[OV_TUF_ROOT]},
                        roles),
        OV_OK);
    (void)snprintf(name, sizeof(name), "%d.root.json",
                   (int)k->version[OV_TUF_ROOT]);
    kit_sign(k, name, ov_buf_span(&part), kit_signers(&k->roles[OV_TUF_ROOT]));
}

void kit_publish_targets(struct kit *k, const struct kit_targets *t)
{
    OV_AUTO_DONE(buf) part = ov_buf_with_max(1 << 20);
    struct ov_tuf_build_file files[8] = {{0}};
    struct ov_tuf_build_key keys[8][KIT_MAX_KEYS];
    struct ov_tuf_build_role roles[8] = {{0}};
    struct ov_tuf_name name;
    size_t n = 0;
    size_t n_roles = 0;

    for (; n < 8 && t->paths[n] != NULL; n++) {
        files[n].name = t->paths[n];
        files[n].bytes = ov_span_str(t->paths[n]);
    }
    for (; n_roles < 8 && t->delegations[n_roles].name != NULL; n_roles++) {
        const struct kit_delegation *d = &t->delegations[n_roles];

        kit_role(&d->by, keys[n_roles], &roles[n_roles]);
        roles[n_roles].name = d->name;
        roles[n_roles].paths = &d->path;
        roles[n_roles].n_paths = 1;
        roles[n_roles].is_terminating = d->is_terminating;
    }
    assert_int_equal(
        ov_put_tuf_targets(&part,
                           (struct ov_tuf_build_head){t->version, t->expires},
                           files, n, roles, n_roles),
        OV_OK);
    assert_int_equal(ov_tuf_file_name(ov_span_str(t->name), t->version, &name),
                     OV_OK);
    kit_sign(k, name.text, ov_buf_span(&part),
             t->signers[0] != 0 ? t->signers
                                : kit_signers(&k->roles[OV_TUF_TARGETS]));
}

/* How metadata that is on the server is described. */
static void kit_describe(struct kit *k, const char *listed,
                         const char *on_server, int64_t version,
                         struct ov_tuf_build_file *ret)
{
    struct kit_file *f = kit_find(&k->server, on_server);

    ret->name = listed;
    ret->version = version;
    if (f != NULL)
        ret->bytes = ov_span_of(f->bytes, f->len);
}

/* Drops lengths and digests of what is described. */
static void kit_drop_hashes(struct ov_buf *part)
{
    struct ov_span from = OV_SPAN_LIT("\"hashes\":");
    OV_AUTO_DONE(buf) to = ov_buf_with_max(1 << 20);
    struct ov_span s = ov_buf_span(part);
    size_t at = 0;

    for (size_t i = ov_span_find(s, from, 0); i != SIZE_MAX;
         i = ov_span_find(s, from, at)) {
        ov_put_span(&to, ov_span_clip(s, at, i - at));
        at = ov_span_find(s, OV_SPAN_LIT("\"version\""), i);
    }
    ov_put_span(&to, ov_span_clip(s, at, s.len));
    ov_buf_clear(part);
    ov_put_span(part, ov_buf_span(&to));
}

void kit_publish_snapshot(struct kit *k)
{
    OV_AUTO_DONE(buf) part = ov_buf_with_max(1 << 20);
    struct ov_tuf_build_file files[KIT_MAX_ROLES] = {{0}};
    char listed[KIT_MAX_ROLES][100];
    char name[40];

    for (size_t i = 0; i < k->n_targets; i++) {
        const struct kit_targets *t = &k->targets[i];
        struct ov_tuf_name on_server;

        (void)snprintf(listed[i], sizeof(listed[i]), "%s.json", t->name);
        assert_int_equal(
            ov_tuf_file_name(ov_span_str(t->name), t->version, &on_server),
            OV_OK);
        kit_describe(k, listed[i], on_server.text, t->version, &files[i]);
    }
    assert_int_equal(ov_put_tuf_snapshot(&part,
                                         (struct ov_tuf_build_head){
                                             k->version[OV_TUF_SNAPSHOT],
                                             k->expires[OV_TUF_SNAPSHOT]},
                                         files, k->n_targets),
                     OV_OK);
    if (k->without_hashes)
        kit_drop_hashes(&part);
    (void)snprintf(name, sizeof(name), "%d.snapshot.json",
                   (int)k->version[OV_TUF_SNAPSHOT]);
    kit_sign(k, name, ov_buf_span(&part),
             kit_signers(&k->roles[OV_TUF_SNAPSHOT]));
}

void kit_publish_timestamp(struct kit *k)
{
    OV_AUTO_DONE(buf) part = ov_buf_with_max(1 << 20);
    struct ov_tuf_build_file file = {0};
    char name[40];

    (void)snprintf(name, sizeof(name), "%d.snapshot.json",
                   (int)k->version[OV_TUF_SNAPSHOT]);
    kit_describe(k, "snapshot.json", name, k->version[OV_TUF_SNAPSHOT], &file);
    assert_int_equal(ov_put_tuf_timestamp(&part,
                                          (struct ov_tuf_build_head){
                                              k->version[OV_TUF_TIMESTAMP],
                                              k->expires[OV_TUF_TIMESTAMP]},
                                          &file),
                     OV_OK);
    if (k->without_hashes)
        kit_drop_hashes(&part);
    kit_sign(k, "timestamp.json", ov_buf_span(&part),
             kit_signers(&k->roles[OV_TUF_TIMESTAMP]));
}

/* All but the root. */
void kit_publish(struct kit *k)
{
    for (size_t i = 0; i < k->n_targets; i++)
        kit_publish_targets(k, &k->targets[i]);
    kit_publish_snapshot(k);
    kit_publish_timestamp(k);
}

/* Next versions of the snapshot, the timestamp and the top-level targets. */
void kit_publish_next(struct kit *k)
{
    k->targets[0].version++;
    k->version[OV_TUF_SNAPSHOT]++;
    k->version[OV_TUF_TIMESTAMP]++;
    kit_publish(k);
}

void kit_publish_next_root(struct kit *k)
{
    k->version[OV_TUF_ROOT]++;
    kit_publish_root(k);
}

/* A delegated role, known to the snapshot. */
struct kit_targets *kit_add_role(struct kit *k, const char *name, unsigned key)
{
    struct kit_targets *t = &k->targets[k->n_targets++];

    *t = (struct kit_targets){.name = name,
                              .version = 1,
                              .expires = KIT_NOW + 30 * KIT_DAY,
                              .signers = {key}};
    return t;
}

void kit_delegate(struct kit_targets *from, const char *to, const char *path,
                  unsigned key)
{
    size_t n = 0;

    while (from->delegations[n].name != NULL)
        n++;
    from->delegations[n] = (struct kit_delegation){
        .name = to, .path = path, .by = {.keys = {key}, .threshold = 1}};
}

/* A repository of version 1 with keys 1 to 4, and a client that trusts it. */
struct kit *kit_new(void)
{
    struct kit *k = calloc(1, sizeof(*k));

    assert_non_null(k);
    k->now = KIT_NOW;
    for (enum ov_tuf_type t = OV_TUF_ROOT; t < OV_TUF_N_TYPE; t++) {
        k->roles[t] =
            (struct kit_keys){.keys = {(unsigned)t + 1}, .threshold = 1};
        k->version[t] = 1;
        k->expires[t] = KIT_NOW + 30 * KIT_DAY;
    }
    k->targets[0] = (struct kit_targets){.name = "targets",
                                         .version = 1,
                                         .expires = KIT_NOW + 30 * KIT_DAY,
                                         .paths = {"a.txt"}};
    k->n_targets = 1;
    kit_publish_root(k);
    kit_publish(k);
    kit_put(&k->state, "root.json",
            ov_span_of(k->server.files[0].bytes, k->server.files[0].len));
    return k;
}

void kit_free(struct kit *k)
{
    kit_clear(&k->server);
    kit_clear(&k->state);
    free(k);
}

struct ov_tuf_io kit_io(struct kit *k)
{
    return (struct ov_tuf_io){.data = k,
                              .get = kit_get,
                              .state_get = kit_state_get,
                              .state_put = kit_state_put,
                              .state_remove = kit_state_remove,
                              .new_root = kit_new_root};
}

enum ov_status kit_update(struct kit *k)
{
    struct ov_tuf_io io = kit_io(k);
    OV_AUTO(tuf_client) c = NULL;

    k->asked[0] = 0;
    return ov_tuf_update(&io, k->now, &k->options, &k->diag, &c);
}

/* An update, and a search for path. */
enum ov_status kit_search(struct kit *k, const char *path)
{
    struct ov_tuf_io io = kit_io(k);
    OV_AUTO(tuf_client) c = NULL;
    struct ov_tuf_target target = {0};
    enum ov_status status;

    k->asked[0] = 0;
    status = ov_tuf_update(&io, k->now, &k->options, &k->diag, &c);
    if (status != OV_OK)
        return status;
    status = ov_tuf_find_target(c, ov_span_str(path), &k->diag, &target);
    if (status == OV_OK)
        assert_int_equal(target.length, strlen(path));
    return status;
}

/* The version of what is persisted, 0 if nothing is. */
int64_t kit_state_version(struct kit *k, const char *name)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 24);
    struct kit_file *f = kit_find(&k->state, name);
    const struct ov_json *v = NULL;
    int64_t version = 0;

    if (f == NULL)
        return 0;
    assert_int_equal(
        ov_json_parse(a, ov_span_of(f->bytes, f->len), 1 << 22, &v), OV_OK);
    v = ov_json_get(ov_json_get(v, OV_SPAN_LIT("signed")),
                    OV_SPAN_LIT("version"));
    assert_int_equal(ov_json_int(v, 1, OV_JSON_MAX_INT, &version), OV_OK);
    return version;
}

/* What the client has: versions of root, timestamp, snapshot, targets. */
void kit_expect_state(struct kit *k, int root, int timestamp, int snapshot,
                      int targets)
{
    assert_int_equal(kit_state_version(k, "root.json"), root);
    assert_int_equal(kit_state_version(k, "timestamp.json"), timestamp);
    assert_int_equal(kit_state_version(k, "snapshot.json"), snapshot);
    assert_int_equal(kit_state_version(k, "targets.json"), targets);
}
