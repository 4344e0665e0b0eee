/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "pending.h"
#include "tuf/tuf_build.h"

/* Versions count by one, but for the timestamp's: it is the second of its
 * signing, so that several datacentres sign without talking to each other, and
 * a client can refuse one from the future. Keys of a role are the .pub files of
 * its name in the keys folder; the thresholds are the preset's (roles.def). */

#define DAY 86400
#define MAX_KEYS 32
#define MAX_TARGETS 4096

static const char *const code_paths[] = {"code/*", "code/*/*"};
static const char *const rules_paths[] = {"db/*/*"};
static const char *const recall_paths[] = {"recall/*"};
static const char *const notices_paths[] = {"notice/*"};

static bool paths_of(enum role role, struct ov_tuf_build_role *ret)
{
    ret->n_paths = 1;
    if (role == ROLE_code) {
        ret->paths = code_paths;
        ret->n_paths = 2;
    } else if (role == ROLE_rules) {
        ret->paths = rules_paths;
    } else if (role == ROLE_recall) {
        ret->paths = recall_paths;
    } else {
        ret->paths = notices_paths;
    }
    return true;
}

int64_t metadata_version(struct instance *in, const char *role)
{
    const char *suffix = text(in, ".%s.json", role);
    struct disk_names names = {0};
    uint64_t newest = 0;

    if (!disk_list(path_in(in, "repo/metadata"), suffix, &names))
        return -1;
    for (size_t i = 0; i < names.n; i++) {
        size_t len = strlen(names.names[i]) - strlen(suffix);
        uint64_t version;

        if (ov_parse_uint(ov_span_of(names.names[i], len), INT64_MAX,
                          &version) &&
            version > newest)
            newest = version;
    }
    disk_names_done(&names);
    return (int64_t)newest;
}

static const char *file_of(struct instance *in, const char *role,
                           int64_t version)
{
    return path_in(in, "repo/metadata/%lld.%s.json", (long long)version, role);
}

bool metadata_read(struct instance *in, const char *role, struct ov_span *ret)
{
    int64_t version = metadata_version(in, role);

    if (strcmp(role, "timestamp") == 0)
        return read_in(in, path_in(in, "repo/metadata/timestamp.json"), ret);
    if (version < 1)
        return tell_error("%s: no metadata of role %s",
                          path_in(in, "repo/metadata"), role);
    return read_in(in, file_of(in, role, version), ret);
}

static bool failed(const char *what, enum ov_status status)
{
    return tell_error("%s: %s", what, ov_status_name(status));
}

/* -- keys of roles -- */

static bool build_role(struct instance *in, enum role role,
                       struct ov_tuf_build_role *ret)
{
    struct ov_tuf_build_key *keys =
        ov_arena_array(in->arena, MAX_KEYS, sizeof(*keys));
    struct disk_names names;
    bool ok = keys != NULL && role_keys(in, role, &names);

    if (!ok)
        return false;
    for (size_t i = 0; ok && i < names.n && i < MAX_KEYS; i++) {
        struct ov_vkey vkey;

        ok = key_read_public(in, names.names[i], &vkey);
        if (ok)
            memcpy(keys[i].bytes, vkey.key, sizeof(keys[i].bytes));
    }
    *ret = (struct ov_tuf_build_role){
        .name = roles[role].name,
        .keys = keys,
        .n_keys = names.n < MAX_KEYS ? names.n : MAX_KEYS,
        .threshold = role_threshold(in, role),
        .is_terminating = true,
    };
    if (ok && names.n < role_threshold(in, role))
        ok = tell_error("%s: %zu keys of role %s, %u must sign",
                        path_in(in, "keys"), names.n, roles[role].name,
                        role_threshold(in, role));
    disk_names_done(&names);
    return ok;
}

/* One more signature on *file, which is replaced. */
static bool sign_with(struct instance *in, const char *name,
                      struct ov_buf *file)
{
    OV_AUTO_DONE(key) key = {0};
    OV_AUTO_DONE(buf) more = ov_buf_with_max(1 << 22);
    enum ov_status status;

    if (!key_read(in, name, &key))
        return false;
    status = ov_tuf_add_signature(&more, ov_buf_span(file), key.seed);
    if (status == OV_OK)
        status = ov_buf_status(&more);
    if (status != OV_OK)
        return failed(name, status);
    ov_buf_clear(file);
    ov_put_span(file, ov_buf_span(&more));
    return true;
}

/* Signs with every private key of the role that is here. */
static bool sign(struct instance *in, enum role role, struct ov_buf *file)
{
    struct disk_names names;
    unsigned n = 0;
    bool ok = role_keys(in, role, &names);

    for (size_t i = 0; ok && i < names.n; i++) {
        if (!key_has_private(in, names.names[i]))
            continue;
        ok = sign_with(in, names.names[i], file);
        n++;
    }
    disk_names_done(&names);
    if (ok && n < role_threshold(in, role))
        return tell_error("role %s: %u keys are here, %u must sign; bring the "
                          "others, or give --keys FOLDER",
                          roles[role].name, n, role_threshold(in, role));
    return ok;
}

/* Wraps a signed part, signs it, writes it. */
static bool finish(struct instance *in, enum role role, const char *path,
                   const struct ov_buf *part)
{
    OV_AUTO_DONE(buf) file = ov_buf_with_max(1 << 22);

    if (ov_buf_status(part) != OV_OK)
        return failed(path, ov_buf_status(part));
    ov_put_tuf_file(&file, ov_buf_span(part));
    return sign(in, role, &file) && disk_write(path, ov_buf_span(&file), 0644);
}

static struct ov_tuf_build_head head_of(struct instance *in, enum role role,
                                        int64_t version)
{
    return (struct ov_tuf_build_head){
        .version = version,
        .expires = (int64_t)in->now + (int64_t)roles[role].days * DAY,
    };
}

/* -- root -- */

/* A new root is signed by the keys of the old one, too (5.3.4): those that have
 * gone from the role are in keys/retired. */
static bool sign_as_before(struct instance *in, struct ov_buf *file)
{
    const char *folder = path_in(in, "keys/retired");
    struct disk_names names;
    bool ok = disk_list(folder, ".key", &names);

    for (size_t i = 0; ok && i < names.n; i++) {
        if (strncmp(names.names[i], "root-", 5) != 0)
            continue;
        names.names[i][strlen(names.names[i]) - 4] = '\0';
        ok = sign_with(in, text(in, "retired/%s", names.names[i]), file);
    }
    disk_names_done(&names);
    return ok;
}

bool metadata_root(struct instance *in, struct ov_span *ret_file)
{
    static const enum role order[OV_TUF_N_TYPE] = {
        [OV_TUF_ROOT] = ROLE_root,
        [OV_TUF_TIMESTAMP] = ROLE_timestamp,
        [OV_TUF_SNAPSHOT] = ROLE_snapshot,
        [OV_TUF_TARGETS] = ROLE_targets,
    };
    struct ov_tuf_build_role build[OV_TUF_N_TYPE];
    OV_AUTO_DONE(buf) part = ov_buf_with_max(1 << 22);
    OV_AUTO_DONE(buf) file = ov_buf_with_max(1 << 22);
    int64_t version = metadata_version(in, "root") + 1;
    const char *path;
    enum ov_status status;

    for (size_t i = 0; i < OV_TUF_N_TYPE; i++) {
        if (!build_role(in, order[i], &build[i]))
            return false;
    }
    status = ov_put_tuf_root(&part, head_of(in, ROLE_root, version), build);
    if (status != OV_OK)
        return failed("root", status);
    ov_put_tuf_file(&file, ov_buf_span(&part));
    path =
        version == 1
            ? file_of(in, "root", version)
            : pending_path(in, text(in, "%lld.root.json", (long long)version));
    if (disk_exists(path))
        return tell_error("%s: waits to be in the log; let it, then rotate "
                          "again",
                          path);
    if (!sign(in, ROLE_root, &file) || !sign_as_before(in, &file) ||
        !disk_write(path, ov_buf_span(&file), 0644))
        return false;
    return ov_arena_copy(in->arena, ov_buf_span(&file), ret_file) ||
           tell_error("out of memory");
}

/* -- targets -- */

static const char *target_path(struct instance *in, const char *path,
                               const uint8_t digest[static 32])
{
    const char *slash = strrchr(path, '/');
    int folder = slash != NULL ? (int)(slash - path) + 1 : 0;

    /* Consistent snapshots: the digest stands before the file's name (6.2). */
    return path_in(in, "repo/targets/%.*s%s.%s", folder, path,
                   hex_of(in, digest), path + folder);
}

struct target_list {
    struct ov_tuf_build_file items[MAX_TARGETS];
    size_t n;
};

static const struct target_change *
find_change(const struct target_change *changes, size_t n, struct ov_span path)
{
    for (size_t i = 0; i < n; i++) {
        if (ov_span_equal(ov_span_str(changes[i].path), path))
            return &changes[i];
    }
    return NULL;
}

/* What the newest version has, without what changes. */
static bool old_targets(struct instance *in, enum role role,
                        const struct target_change *changes, size_t n,
                        struct target_list *list)
{
    struct ov_tuf_targets t;
    struct ov_span bytes;
    enum ov_status status;

    if (metadata_version(in, roles[role].name) == 0)
        return true;
    if (!metadata_read(in, roles[role].name, &bytes))
        return false;
    status = ov_tuf_read_targets(in->arena, bytes, &t);
    if (status != OV_OK)
        return failed(roles[role].name, status);
    for (uint32_t i = 0; i < t.targets->count; i++) {
        struct ov_span path = t.targets->members[i]->name;
        struct ov_tuf_file f;

        if (find_change(changes, n, path) != NULL)
            continue;
        if (list->n == MAX_TARGETS)
            return tell_error("role %s: too many targets", roles[role].name);
        status = ov_tuf_targets_find(&t, path, &f);
        if (status != OV_OK)
            return failed(roles[role].name, status);
        list->items[list->n] = (struct ov_tuf_build_file){
            .name = text_of(in, path), .length = f.length};
        memcpy(list->items[list->n++].sha256, f.sha256, 32);
    }
    return true;
}

static bool new_targets(struct instance *in,
                        const struct target_change *changes, size_t n,
                        struct target_list *list)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t digest[32];

        if (changes[i].bytes.ptr == NULL)
            continue;
        if (list->n == MAX_TARGETS)
            return tell_error("too many targets");
        if (!digest_of(changes[i].bytes, digest) ||
            !disk_write(target_path(in, changes[i].path, digest),
                        changes[i].bytes, 0644))
            return false;
        list->items[list->n++] = (struct ov_tuf_build_file){
            .name = changes[i].path, .bytes = changes[i].bytes};
    }
    return true;
}

bool metadata_targets(struct instance *in, enum role role,
                      const struct target_change *changes, size_t n)
{
    struct target_list *list = ov_arena_alloc(in->arena, sizeof(*list));
    struct ov_tuf_build_role delegated[N_ROLES];
    OV_AUTO_DONE(buf) part = ov_buf_with_max(1 << 22);
    int64_t version = metadata_version(in, roles[role].name) + 1;
    size_t n_delegated = 0;
    enum ov_status status;

    if (list == NULL)
        return tell_error("out of memory");
    if (version < 1 || !old_targets(in, role, changes, n, list) ||
        !new_targets(in, changes, n, list))
        return false;
    for (size_t i = 0; role == ROLE_targets && i < N_ROLES; i++) {
        if (roles[i].kind != KIND_DELEGATED)
            continue;
        if (!build_role(in, (enum role)i, &delegated[n_delegated]) ||
            !paths_of((enum role)i, &delegated[n_delegated++]))
            return false;
    }
    status = ov_put_tuf_targets(&part, head_of(in, role, version), list->items,
                                list->n, delegated, n_delegated);
    if (status != OV_OK)
        return failed(roles[role].name, status);
    return finish(in, role, file_of(in, roles[role].name, version), &part);
}

bool target_read(struct instance *in, enum role role, const char *path,
                 struct ov_span *ret, bool *ret_is_there)
{
    struct ov_tuf_targets t;
    struct ov_tuf_file f;
    struct ov_span bytes;
    enum ov_status status;

    *ret_is_there = false;
    if (metadata_version(in, roles[role].name) == 0)
        return true;
    if (!metadata_read(in, roles[role].name, &bytes))
        return false;
    status = ov_tuf_read_targets(in->arena, bytes, &t);
    if (status != OV_OK)
        return failed(roles[role].name, status);
    if (ov_tuf_targets_find(&t, ov_span_str(path), &f) != OV_OK)
        return true;
    if (!read_in(in, target_path(in, path, f.sha256), ret))
        return false;
    status = ov_tuf_check_file(&f, *ret);
    if (status != OV_OK)
        return tell_error("%s: not the bytes that were signed; fetch it again "
                          "from a mirror",
                          target_path(in, path, f.sha256));
    *ret_is_there = true;
    return true;
}

/* -- snapshot and timestamp -- */

bool metadata_snapshot(struct instance *in)
{
    struct ov_tuf_build_file files[N_ROLES] = {0};
    OV_AUTO_DONE(buf) part = ov_buf_with_max(1 << 22);
    int64_t version = metadata_version(in, "snapshot") + 1;
    size_t n = 0;
    enum ov_status status;

    for (size_t i = 0; i < N_ROLES; i++) {
        if (i != ROLE_targets && roles[i].kind != KIND_DELEGATED)
            continue;
        files[n] = (struct ov_tuf_build_file){
            .name = text(in, "%s.json", roles[i].name),
            .version = metadata_version(in, roles[i].name)};
        if (!metadata_read(in, roles[i].name, &files[n++].bytes))
            return false;
    }
    status = ov_put_tuf_snapshot(&part, head_of(in, ROLE_snapshot, version),
                                 files, n);
    if (status != OV_OK)
        return failed("snapshot", status);
    return finish(in, ROLE_snapshot, file_of(in, "snapshot", version), &part);
}

/* The second of signing, and never less than what is published. */
static bool timestamp_version(struct instance *in, int64_t *ret)
{
    const char *path = path_in(in, "repo/metadata/timestamp.json");
    struct ov_tuf_timestamp t;
    struct ov_span bytes;

    *ret = (int64_t)in->now;
    if (!disk_exists(path))
        return true;
    if (!read_in(in, path, &bytes))
        return false;
    if (ov_tuf_read_timestamp(in->arena, bytes, &t) != OV_OK)
        return tell_error("%s: damaged; fetch it again from a mirror", path);
    if (t.meta.version >= *ret)
        *ret = t.meta.version + 1;
    return true;
}

bool metadata_timestamp(struct instance *in)
{
    struct ov_tuf_build_file snapshot = {.name = "snapshot.json"};
    OV_AUTO_DONE(buf) part = ov_buf_with_max(1 << 22);
    int64_t version;
    enum ov_status status;

    if (!timestamp_version(in, &version) ||
        !metadata_read(in, "snapshot", &snapshot.bytes))
        return false;
    snapshot.version = metadata_version(in, "snapshot");
    status = ov_put_tuf_timestamp(&part, head_of(in, ROLE_timestamp, version),
                                  &snapshot);
    if (status != OV_OK)
        return failed("timestamp", status);
    return finish(in, ROLE_timestamp,
                  path_in(in, "repo/metadata/timestamp.json"), &part);
}
