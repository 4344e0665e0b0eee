/* SPDX-License-Identifier: Apache-2.0 */
#include "tuf/tuf_metadata.h"

#include "base/text.h"

/* Reads TUF metadata (specification 1.0.34, section 4) into structures.
 *
 * The form of a whole file is checked before anything in it is used: a field is
 * of its type or the file is malformed. Unknown members are left alone; they
 * are in the tree, so the signature covers them. What the specification leaves
 * open is decided against the sender: a key id twice in a role or twice among
 * the signatures, a threshold below one (GHSA-fphv-w9fq-2525), a delegated role
 * named as a top-level one, are malformed.
 *
 * That a key id is the digest of its key is custom only and not relied on:
 * signatures are looked up by id, and counted by public key (tuf_verify.c). */

#define MAX_SIGNATURES 256

const char *ov_tuf_type_name(enum ov_tuf_type type)
{
    static const char *const names[OV_TUF_N_TYPE] = {
        [OV_TUF_ROOT] = "root",
        [OV_TUF_TIMESTAMP] = "timestamp",
        [OV_TUF_SNAPSHOT] = "snapshot",
        [OV_TUF_TARGETS] = "targets",
    };

    return type < OV_TUF_N_TYPE ? names[type] : "";
}

#define MEMBER(v, name) ov_json_get((v), OV_SPAN_LIT(name))

/* An object of at most max members. */
static enum ov_status check_count(const struct ov_json *v,
                                  enum ov_json_kind kind, size_t max)
{
    OV_TRY(ov_json_is(v, kind));
    return v->count <= max ? OV_OK : OV_LIMIT_COUNT;
}

/* 4.2: objects with "keyid" and "sig"; no id twice. What sig is depends on the
 * key's kind. */
static enum ov_status check_signatures(const struct ov_json *all)
{
    OV_TRY(check_count(all, OV_JSON_ARRAY, MAX_SIGNATURES));
    for (const struct ov_json *s = all->first; s != NULL; s = s->next) {
        struct ov_span id = {NULL, 0};
        struct ov_span sig = {NULL, 0};

        OV_TRY(ov_json_string(MEMBER(s, "keyid"), &id));
        OV_TRY(ov_json_string(MEMBER(s, "sig"), &sig));
        for (const struct ov_json *t = all->first; t != s; t = t->next)
            if (ov_span_equal(MEMBER(t, "keyid")->text, id))
                return OV_MALFORMED;
    }
    return OV_OK;
}

/* TAP 6: any version 1 of the specification. */
static enum ov_status check_spec_version(const struct ov_json *v)
{
    struct ov_span text = {NULL, 0};
    struct ov_span part = {NULL, 0};
    uint64_t number = 0;
    bool more = true;

    OV_TRY(ov_json_string(v, &text));
    if (!ov_span_starts(text, OV_SPAN_LIT("1.")))
        return OV_UNSUPPORTED;
    while (more) {
        more = ov_span_cut(&text, '.', &part);
        if (!ov_parse_uint(part, UINT32_MAX, &number))
            return OV_MALFORMED;
    }
    return OV_OK;
}

/* What all files have. */
static enum ov_status read_meta(struct ov_arena *a, struct ov_span bytes,
                                enum ov_tuf_type type, struct ov_tuf_meta *ret)
{
    const struct ov_json *all = NULL;
    struct ov_span text = {NULL, 0};

    OV_TRY(ov_json_parse(a, bytes, OV_TUF_MAX_FILE, &all));
    ret->type = type;
    ret->part = MEMBER(all, "signed");
    ret->signatures = MEMBER(all, "signatures");
    OV_TRY(ov_json_is(ret->part, OV_JSON_OBJECT));
    OV_TRY(check_signatures(ret->signatures));
    OV_TRY(ov_json_string(MEMBER(ret->part, "_type"), &text));
    if (!ov_span_equal(text, ov_span_str(ov_tuf_type_name(type))))
        return OV_MALFORMED;
    OV_TRY(check_spec_version(MEMBER(ret->part, "spec_version")));
    OV_TRY(ov_json_int(MEMBER(ret->part, "version"), 1, OV_JSON_MAX_INT,
                       &ret->version));
    OV_TRY(ov_json_string(MEMBER(ret->part, "expires"), &text));
    return ov_tuf_parse_time(text, &ret->expires);
}

/* One KEY of 4.2. Kinds that we don't know are carried. */
static enum ov_status read_key(const struct ov_json *v, struct ov_tuf_key *ret)
{
    struct ov_span type = {NULL, 0};
    struct ov_span scheme = {NULL, 0};
    struct ov_span public = {NULL, 0};

    OV_TRY(ov_json_string(MEMBER(v, "keytype"), &type));
    OV_TRY(ov_json_string(MEMBER(v, "scheme"), &scheme));
    OV_TRY(ov_json_is(MEMBER(v, "keyval"), OV_JSON_OBJECT));
    OV_TRY(ov_json_string(MEMBER(MEMBER(v, "keyval"), "public"), &public));
    ret->id = v->name;
    ret->value = v;
    ret->is_usable = ov_span_equal(type, OV_SPAN_LIT("ed25519")) &&
                     ov_span_equal(scheme, OV_SPAN_LIT("ed25519")) &&
                     ov_hex_decode(public, ret->bytes, sizeof(ret->bytes));
    return OV_OK;
}

/* "keys": an object of keys by id. *ret is in the order of ids. */
static enum ov_status read_keys(struct ov_arena *a, const struct ov_json *v,
                                struct ov_tuf_key **ret, size_t *ret_n)
{
    struct ov_tuf_key *keys;
    size_t n = 0;

    OV_TRY(check_count(v, OV_JSON_OBJECT, OV_TUF_MAX_KEYS));
    keys = ov_arena_array(a, v->count + 1u, sizeof(*keys));
    if (keys == NULL)
        return OV_NO_MEMORY;
    for (const struct ov_json *k = v->first; k != NULL; k = k->next)
        OV_TRY(read_key(k, &keys[n++]));
    *ret = keys;
    *ret_n = n;
    return OV_OK;
}

static const struct ov_tuf_key *find_key(const struct ov_tuf_key *keys,
                                         size_t n, struct ov_span id)
{
    for (size_t i = 0; i < n; i++)
        if (ov_span_equal(keys[i].id, id))
            return &keys[i];
    return NULL;
}

/* "keyids" and "threshold". An id without a key can't sign and is left out. */
static enum ov_status read_role(struct ov_arena *a, const struct ov_json *v,
                                const struct ov_tuf_key *keys, size_t n_keys,
                                struct ov_tuf_role *ret)
{
    const struct ov_json *ids = MEMBER(v, "keyids");

    OV_TRY(check_count(ids, OV_JSON_ARRAY, OV_TUF_MAX_KEYS));
    OV_TRY(ov_json_int(MEMBER(v, "threshold"), 1, OV_TUF_MAX_KEYS,
                       &ret->threshold));
    ret->keys = ov_arena_array(a, ids->count + 1u, sizeof(*ret->keys));
    if (ret->keys == NULL)
        return OV_NO_MEMORY;
    for (const struct ov_json *i = ids->first; i != NULL; i = i->next) {
        const struct ov_tuf_key *key;
        struct ov_span id = {NULL, 0};

        OV_TRY(ov_json_string(i, &id));
        for (const struct ov_json *j = ids->first; j != i; j = j->next)
            if (ov_span_equal(j->text, id))
                return OV_MALFORMED;
        key = find_key(keys, n_keys, id);
        if (key != NULL)
            ret->keys[ret->n_keys++] = key;
    }
    return OV_OK;
}

enum ov_status ov_tuf_read_root(struct ov_arena *a, struct ov_span bytes,
                                struct ov_tuf_root *ret)
{
    struct ov_tuf_root root = {0};
    const struct ov_json *roles;
    const struct ov_json *consistent;

    OV_TRY(read_meta(a, bytes, OV_TUF_ROOT, &root.meta));
    consistent = MEMBER(root.meta.part, "consistent_snapshot");
    if (consistent != NULL)
        OV_TRY(ov_json_bool(consistent, &root.is_consistent));
    OV_TRY(
        read_keys(a, MEMBER(root.meta.part, "keys"), &root.keys, &root.n_keys));
    roles = MEMBER(root.meta.part, "roles");
    for (enum ov_tuf_type t = OV_TUF_ROOT; t < OV_TUF_N_TYPE; t++) {
        struct ov_tuf_role *role = &root.roles[t];

        role->name = ov_span_str(ov_tuf_type_name(t));
        OV_TRY(read_role(a, ov_json_get(roles, role->name), root.keys,
                         root.n_keys, role));
    }
    *ret = root;
    return OV_OK;
}

/* "length" and "hashes" of METAFILES or TARGETS. */
static enum ov_status read_length_and_hashes(const struct ov_json *v,
                                             struct ov_tuf_file *ret)
{
    const struct ov_json *length = MEMBER(v, "length");
    const struct ov_json *hashes = MEMBER(v, "hashes");
    struct ov_span hex = {NULL, 0};

    ret->name = v->name;
    ret->length = -1;
    if (length != NULL)
        OV_TRY(ov_json_int(length, 0, OV_JSON_MAX_INT, &ret->length));
    if (hashes == NULL)
        return OV_OK;
    OV_TRY(ov_json_is(hashes, OV_JSON_OBJECT));
    for (const struct ov_json *h = hashes->first; h != NULL; h = h->next)
        OV_TRY(ov_json_is(h, OV_JSON_STRING));
    if (MEMBER(hashes, "sha256") == NULL)
        return OV_UNSUPPORTED;
    OV_TRY(ov_json_string(MEMBER(hashes, "sha256"), &hex));
    if (!ov_hex_decode(hex, ret->sha256, sizeof(ret->sha256)))
        return OV_MALFORMED;
    ret->has_sha256 = true;
    return OV_OK;
}

/* An entry of METAFILES (4.4). */
static enum ov_status read_meta_file(const struct ov_json *v,
                                     struct ov_tuf_file *ret)
{
    struct ov_tuf_file file = {0};

    OV_TRY(ov_json_is(v, OV_JSON_OBJECT));
    OV_TRY(read_length_and_hashes(v, &file));
    OV_TRY(
        ov_json_int(MEMBER(v, "version"), 1, OV_JSON_MAX_INT, &file.version));
    *ret = file;
    return OV_OK;
}

enum ov_status ov_tuf_read_timestamp(struct ov_arena *a, struct ov_span bytes,
                                     struct ov_tuf_timestamp *ret)
{
    struct ov_tuf_timestamp timestamp = {0};
    const struct ov_json *files;

    OV_TRY(read_meta(a, bytes, OV_TUF_TIMESTAMP, &timestamp.meta));
    /* 4.6: it describes the snapshot and nothing else. */
    files = MEMBER(timestamp.meta.part, "meta");
    OV_TRY(ov_json_is(files, OV_JSON_OBJECT));
    if (files->count != 1)
        return OV_MALFORMED;
    OV_TRY(read_meta_file(MEMBER(files, "snapshot.json"), &timestamp.snapshot));
    *ret = timestamp;
    return OV_OK;
}

enum ov_status ov_tuf_read_snapshot(struct ov_arena *a, struct ov_span bytes,
                                    struct ov_tuf_snapshot *ret)
{
    struct ov_tuf_snapshot snapshot = {0};
    struct ov_tuf_file file;

    OV_TRY(read_meta(a, bytes, OV_TUF_SNAPSHOT, &snapshot.meta));
    snapshot.files = MEMBER(snapshot.meta.part, "meta");
    OV_TRY(ov_json_is(snapshot.files, OV_JSON_OBJECT));
    OV_TRY(read_meta_file(MEMBER(snapshot.files, "targets.json"), &file));
    for (const struct ov_json *f = snapshot.files->first; f != NULL;
         f = f->next)
        OV_TRY(read_meta_file(f, &file));
    *ret = snapshot;
    return OV_OK;
}

enum ov_status ov_tuf_snapshot_find(const struct ov_tuf_snapshot *s,
                                    struct ov_span name,
                                    struct ov_tuf_file *ret)
{
    const struct ov_json *v = ov_json_get(s->files, name);

    return v != NULL ? read_meta_file(v, ret) : OV_NOT_FOUND;
}

/* An entry of TARGETS (4.5). */
static enum ov_status read_target(const struct ov_json *v,
                                  struct ov_tuf_file *ret)
{
    struct ov_tuf_file file = {0};

    OV_TRY(ov_json_is(v, OV_JSON_OBJECT));
    OV_TRY(read_length_and_hashes(v, &file));
    if (file.length < 0 || !file.has_sha256)
        return OV_MALFORMED;
    file.custom = MEMBER(v, "custom");
    if (file.custom != NULL)
        OV_TRY(ov_json_is(file.custom, OV_JSON_OBJECT));
    *ret = file;
    return OV_OK;
}

enum ov_status ov_tuf_targets_find(const struct ov_tuf_targets *t,
                                   struct ov_span path, struct ov_tuf_file *ret)
{
    const struct ov_json *v = ov_json_get(t->targets, path);

    return v != NULL ? read_target(v, ret) : OV_NOT_FOUND;
}

static enum ov_status check_strings(const struct ov_json *v)
{
    OV_TRY(ov_json_is(v, OV_JSON_ARRAY));
    for (const struct ov_json *s = v->first; s != NULL; s = s->next)
        OV_TRY(ov_json_is(s, OV_JSON_STRING));
    return OV_OK;
}

/* A role's name becomes the name of a file: it may not be that of a top-level
 * one. */
static enum ov_status check_role_name(struct ov_span name)
{
    if (name.len == 0 || name.len > OV_TUF_MAX_NAME)
        return OV_MALFORMED;
    for (enum ov_tuf_type t = OV_TUF_ROOT; t < OV_TUF_N_TYPE; t++)
        if (ov_span_equal_nocase(name, ov_span_str(ov_tuf_type_name(t))))
            return OV_MALFORMED;
    return OV_OK;
}

static enum ov_status read_delegation(struct ov_arena *a,
                                      const struct ov_json *v,
                                      const struct ov_tuf_targets *targets,
                                      struct ov_tuf_delegation *ret)
{
    const struct ov_json *terminating = MEMBER(v, "terminating");

    OV_TRY(ov_json_string(MEMBER(v, "name"), &ret->role.name));
    OV_TRY(check_role_name(ret->role.name));
    OV_TRY(read_role(a, v, targets->keys, targets->n_keys, &ret->role));
    ret->paths = MEMBER(v, "paths");
    ret->prefixes = MEMBER(v, "path_hash_prefixes");
    if (ret->paths != NULL && ret->prefixes != NULL)
        return OV_MALFORMED;
    if (ret->paths != NULL)
        OV_TRY(check_strings(ret->paths));
    if (ret->prefixes != NULL)
        OV_TRY(check_strings(ret->prefixes));
    if (terminating != NULL)
        OV_TRY(ov_json_bool(terminating, &ret->is_terminating));
    return OV_OK;
}

/* 4.5: no role twice in one list. */
static enum ov_status check_unique_names(const struct ov_tuf_targets *t)
{
    for (size_t i = 0; i < t->n_delegations; i++)
        for (size_t j = 0; j < i; j++)
            if (ov_span_equal(t->delegations[i].role.name,
                              t->delegations[j].role.name))
                return OV_MALFORMED;
    return OV_OK;
}

static enum ov_status read_delegations(struct ov_arena *a,
                                       const struct ov_json *v,
                                       struct ov_tuf_targets *ret)
{
    const struct ov_json *roles = MEMBER(v, "roles");

    OV_TRY(ov_json_is(v, OV_JSON_OBJECT));
    OV_TRY(read_keys(a, MEMBER(v, "keys"), &ret->keys, &ret->n_keys));
    /* TAP 15 */
    if (roles == NULL && MEMBER(v, "succinct_roles") != NULL)
        return OV_UNSUPPORTED;
    OV_TRY(check_count(roles, OV_JSON_ARRAY, OV_TUF_MAX_ROLES));
    ret->delegations =
        ov_arena_array(a, roles->count + 1u, sizeof(*ret->delegations));
    if (ret->delegations == NULL)
        return OV_NO_MEMORY;
    for (const struct ov_json *r = roles->first; r != NULL; r = r->next)
        OV_TRY(read_delegation(a, r, ret,
                               &ret->delegations[ret->n_delegations++]));
    return check_unique_names(ret);
}

enum ov_status ov_tuf_read_targets(struct ov_arena *a, struct ov_span bytes,
                                   struct ov_tuf_targets *ret)
{
    struct ov_tuf_targets targets = {0};
    const struct ov_json *delegations;

    OV_TRY(read_meta(a, bytes, OV_TUF_TARGETS, &targets.meta));
    targets.targets = MEMBER(targets.meta.part, "targets");
    OV_TRY(ov_json_is(targets.targets, OV_JSON_OBJECT));
    for (const struct ov_json *t = targets.targets->first; t != NULL;
         t = t->next) {
        struct ov_tuf_file file;

        OV_TRY(read_target(t, &file));
    }
    delegations = MEMBER(targets.meta.part, "delegations");
    if (delegations != NULL)
        OV_TRY(read_delegations(a, delegations, &targets));
    *ret = targets;
    return OV_OK;
}
