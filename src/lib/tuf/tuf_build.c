/* SPDX-License-Identifier: Apache-2.0 */
#include "tuf/tuf_build.h"

#include <inttypes.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "json/canonical.h"

/* The publisher's side of TUF 1.0.34: signed parts, files, signatures.
 *
 * A part is written as plain JSON in any order, then read back by the reader
 * that clients have, and given out in canonical form: so what a client would
 * refuse (a threshold of 0, two delegations of one name, a date that is none)
 * is refused here, before anybody signs it. Key ids are made as everybody makes
 * them, the SHA-256 of the key's canonical form (4.2), though nobody may rely
 * on it. */

#define MAX_ARENA ((size_t)1 << 30)
#define MAX_KEY_TEXT 256

static void put_key(struct ov_buf *b, const uint8_t key[static OV_ED25519_KEY])
{
    ov_put_str(b, "{\"keytype\":\"ed25519\",\"keyval\":{\"public\":\"");
    ov_put_hex(b, ov_span_of(key, OV_ED25519_KEY));
    ov_put_str(b, "\"},\"scheme\":\"ed25519\"}");
}

enum ov_status ov_put_tuf_key_id(struct ov_buf *b, const uint8_t key[static 32])
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_KEY_TEXT);
    uint8_t digest[OV_DIGEST_MAX];

    put_key(&text, key);
    OV_TRY(ov_buf_status(&text));
    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(&text), digest));
    ov_put_hex(b, ov_span_of(digest, sizeof(digest)));
    return ov_buf_status(b);
}

/* Whether a key of roles[0 .. role], up to key k of the last, came before. */
static bool is_repeated(const struct ov_tuf_build_role *roles, size_t role,
                        size_t k)
{
    struct ov_span key = ov_span_of(roles[role].keys[k].bytes, OV_ED25519_KEY);

    for (size_t i = 0; i <= role; i++) {
        size_t n = i < role ? roles[i].n_keys : k;

        for (size_t j = 0; j < n; j++)
            if (ov_span_equal(
                    ov_span_of(roles[i].keys[j].bytes, OV_ED25519_KEY), key))
                return true;
    }
    return false;
}

/* "keys": each key of the roles once. */
static enum ov_status put_keys(struct ov_buf *b,
                               const struct ov_tuf_build_role *roles, size_t n)
{
    const char *between = "";

    ov_put_str(b, "\"keys\":{");
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < roles[i].n_keys; j++) {
            if (is_repeated(roles, i, j))
                continue;
            ov_put_format(b, "%s\"", between);
            OV_TRY(ov_put_tuf_key_id(b, roles[i].keys[j].bytes));
            ov_put_str(b, "\":");
            put_key(b, roles[i].keys[j].bytes);
            between = ",";
        }
    ov_put_str(b, "}");
    return OV_OK;
}

/* "keyids" and "threshold" of a role. A threshold that its keys can't reach is
 * a mistake that would end all updates. */
static enum ov_status put_role_keys(struct ov_buf *b,
                                    const struct ov_tuf_build_role *role)
{
    if (role->threshold < 1 || (uint64_t)role->threshold > role->n_keys)
        return OV_USAGE;
    ov_put_str(b, "\"keyids\":[");
    for (size_t i = 0; i < role->n_keys; i++) {
        ov_put_str(b, i > 0 ? ",\"" : "\"");
        OV_TRY(ov_put_tuf_key_id(b, role->keys[i].bytes));
        ov_put_str(b, "\"");
    }
    ov_put_format(b, "],\"threshold\":%" PRId64, role->threshold);
    return OV_OK;
}

/* What all signed parts begin with. */
static void put_head(struct ov_buf *b, enum ov_tuf_type type,
                     struct ov_tuf_build_head head)
{
    ov_put_format(b,
                  "{\"_type\":\"%s\",\"spec_version\":\"" OV_TUF_SPEC
                  "\",\"version\":%" PRId64 ",\"expires\":\"",
                  ov_tuf_type_name(type), head.version);
    ov_put_tuf_time(b, head.expires);
    ov_put_str(b, "\",");
}

void ov_put_tuf_file(struct ov_buf *b, struct ov_span part)
{
    ov_put_str(b, "{\"signatures\":[],\"signed\":");
    ov_put_span(b, part);
    ov_put_str(b, "}");
}

/* Reads file as the type it says it is. */
static enum ov_status read_any(struct ov_arena *a, struct ov_span file,
                               struct ov_tuf_meta *ret)
{
    union {
        struct ov_tuf_root root;
        struct ov_tuf_timestamp timestamp;
        struct ov_tuf_snapshot snapshot;
        struct ov_tuf_targets targets;
    } any = {0};
    const struct ov_json *v = NULL;
    struct ov_span type = {NULL, 0};

    OV_TRY(ov_json_parse(a, file, OV_TUF_MAX_FILE, &v));
    v = ov_json_get(v, OV_SPAN_LIT("signed"));
    OV_TRY(ov_json_string(ov_json_get(v, OV_SPAN_LIT("_type")), &type));
    if (ov_span_equal(type, OV_SPAN_LIT("root"))) {
        OV_TRY(ov_tuf_read_root(a, file, &any.root));
        *ret = any.root.meta;
    } else if (ov_span_equal(type, OV_SPAN_LIT("timestamp"))) {
        OV_TRY(ov_tuf_read_timestamp(a, file, &any.timestamp));
        *ret = any.timestamp.meta;
    } else if (ov_span_equal(type, OV_SPAN_LIT("snapshot"))) {
        OV_TRY(ov_tuf_read_snapshot(a, file, &any.snapshot));
        *ret = any.snapshot.meta;
    } else {
        OV_TRY(ov_tuf_read_targets(a, file, &any.targets));
        *ret = any.targets.meta;
    }
    return OV_OK;
}

/* Appends part, read back as a client would, in canonical form. */
static enum ov_status put_checked(struct ov_buf *b, const struct ov_buf *part)
{
    OV_AUTO_DONE(buf) file = ov_buf_with_max(OV_TUF_MAX_FILE);
    OV_AUTO(arena) a = ov_arena_new(MAX_ARENA);
    struct ov_tuf_meta meta = {0};

    if (a == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_buf_status(part));
    ov_put_tuf_file(&file, ov_buf_span(part));
    OV_TRY(ov_buf_status(&file));
    OV_TRY(read_any(a, ov_buf_span(&file), &meta));
    ov_put_canonical(b, meta.part);
    return ov_buf_status(b);
}

enum ov_status
ov_put_tuf_root(struct ov_buf *b, struct ov_tuf_build_head head,
                const struct ov_tuf_build_role roles[static OV_TUF_N_TYPE])
{
    OV_AUTO_DONE(buf) part = ov_buf_with_max(OV_TUF_MAX_FILE);

    put_head(&part, OV_TUF_ROOT, head);
    ov_put_str(&part, "\"consistent_snapshot\":true,");
    OV_TRY(put_keys(&part, roles, OV_TUF_N_TYPE));
    ov_put_str(&part, ",\"roles\":{");
    for (enum ov_tuf_type t = OV_TUF_ROOT; t < OV_TUF_N_TYPE; t++) {
        ov_put_format(&part, "%s\"%s\":{", t > OV_TUF_ROOT ? "," : "",
                      ov_tuf_type_name(t));
        OV_TRY(put_role_keys(&part, &roles[t]));
        ov_put_str(&part, "}");
    }
    ov_put_str(&part, "}}");
    return put_checked(b, &part);
}

/* One entry of METAFILES or TARGETS. */
static enum ov_status
put_entry(struct ov_buf *b, const struct ov_tuf_build_file *f, bool is_target)
{
    uint8_t digest[OV_DIGEST_MAX];
    struct ov_span sha256 = ov_span_of(f->sha256, sizeof(f->sha256));
    int64_t length = f->length;

    if (f->bytes.ptr != NULL) {
        OV_TRY(ov_digest(OV_SHA256, f->bytes, digest));
        sha256 = ov_span_of(digest, sizeof(f->sha256));
        length = (int64_t)f->bytes.len;
    }
    ov_put_canonical_string(b, ov_span_str(f->name));
    ov_put_format(b, ":{\"length\":%" PRId64 ",\"hashes\":{\"sha256\":\"",
                  length);
    ov_put_hex(b, sha256);
    ov_put_str(b, "\"}");
    if (!is_target)
        ov_put_format(b, ",\"version\":%" PRId64, f->version);
    if (f->custom != NULL)
        ov_put_format(b, ",\"custom\":%s", f->custom);
    ov_put_str(b, "}");
    return OV_OK;
}

static enum ov_status put_entries(struct ov_buf *b,
                                  const struct ov_tuf_build_file *files,
                                  size_t n, bool are_targets)
{
    ov_put_str(b, "{");
    for (size_t i = 0; i < n; i++) {
        ov_put_str(b, i > 0 ? "," : "");
        OV_TRY(put_entry(b, &files[i], are_targets));
    }
    ov_put_str(b, "}");
    return OV_OK;
}

enum ov_status ov_put_tuf_timestamp(struct ov_buf *b,
                                    struct ov_tuf_build_head head,
                                    const struct ov_tuf_build_file *snapshot)
{
    OV_AUTO_DONE(buf) part = ov_buf_with_max(OV_TUF_MAX_FILE);

    put_head(&part, OV_TUF_TIMESTAMP, head);
    ov_put_str(&part, "\"meta\":");
    OV_TRY(put_entries(&part, snapshot, 1, false));
    ov_put_str(&part, "}");
    return put_checked(b, &part);
}

enum ov_status ov_put_tuf_snapshot(struct ov_buf *b,
                                   struct ov_tuf_build_head head,
                                   const struct ov_tuf_build_file *files,
                                   size_t n)
{
    OV_AUTO_DONE(buf) part = ov_buf_with_max(OV_TUF_MAX_FILE);

    put_head(&part, OV_TUF_SNAPSHOT, head);
    ov_put_str(&part, "\"meta\":");
    OV_TRY(put_entries(&part, files, n, false));
    ov_put_str(&part, "}");
    return put_checked(b, &part);
}

static enum ov_status put_delegation(struct ov_buf *b,
                                     const struct ov_tuf_build_role *role)
{
    ov_put_str(b, "{\"name\":");
    ov_put_canonical_string(b, ov_span_str(role->name));
    ov_put_format(b, ",\"terminating\":%s,\"paths\":[",
                  role->is_terminating ? "true" : "false");
    for (size_t i = 0; i < role->n_paths; i++) {
        ov_put_str(b, i > 0 ? "," : "");
        ov_put_canonical_string(b, ov_span_str(role->paths[i]));
    }
    ov_put_str(b, "],");
    OV_TRY(put_role_keys(b, role));
    ov_put_str(b, "}");
    return OV_OK;
}

static enum ov_status put_delegations(struct ov_buf *b,
                                      const struct ov_tuf_build_role *roles,
                                      size_t n)
{
    ov_put_str(b, "\"delegations\":{");
    OV_TRY(put_keys(b, roles, n));
    ov_put_str(b, ",\"roles\":[");
    for (size_t i = 0; i < n; i++) {
        ov_put_str(b, i > 0 ? "," : "");
        OV_TRY(put_delegation(b, &roles[i]));
    }
    ov_put_str(b, "]},");
    return OV_OK;
}

enum ov_status
ov_put_tuf_targets(struct ov_buf *b, struct ov_tuf_build_head head,
                   const struct ov_tuf_build_file *targets, size_t n,
                   const struct ov_tuf_build_role *roles, size_t n_roles)
{
    OV_AUTO_DONE(buf) part = ov_buf_with_max(OV_TUF_MAX_FILE);

    put_head(&part, OV_TUF_TARGETS, head);
    if (n_roles > 0)
        OV_TRY(put_delegations(&part, roles, n_roles));
    ov_put_str(&part, "\"targets\":");
    OV_TRY(put_entries(&part, targets, n, true));
    ov_put_str(&part, "}");
    return put_checked(b, &part);
}

/* The signatures of others, each followed by a comma. */
static void put_other_signatures(struct ov_buf *b,
                                 const struct ov_tuf_meta *meta,
                                 struct ov_span own_id)
{
    for (const struct ov_json *s = meta->signatures->first; s != NULL;
         s = s->next) {
        const struct ov_json *id = ov_json_get(s, OV_SPAN_LIT("keyid"));

        if (ov_span_equal(id->text, own_id))
            continue;
        ov_put_str(b, "{\"keyid\":");
        ov_put_canonical_string(b, id->text);
        ov_put_str(b, ",\"sig\":");
        ov_put_canonical_string(b, ov_json_get(s, OV_SPAN_LIT("sig"))->text);
        ov_put_str(b, "},");
    }
}

enum ov_status ov_tuf_add_signature(struct ov_buf *b, struct ov_span file,
                                    const uint8_t seed[static 32])
{
    OV_AUTO(arena) a = ov_arena_new(MAX_ARENA);
    OV_AUTO_DONE(buf) part = ov_buf_with_max(OV_TUF_MAX_FILE);
    OV_AUTO_DONE(buf) id = ov_buf_with_max(2 * OV_DIGEST_MAX);
    uint8_t public[OV_ED25519_KEY];
    uint8_t sig[OV_ED25519_SIG];
    struct ov_tuf_meta meta = {0};

    if (a == NULL)
        return OV_NO_MEMORY;
    OV_TRY(read_any(a, file, &meta));
    OV_TRY(ov_ed25519_public(seed, public));
    OV_TRY(ov_put_tuf_key_id(&id, public));
    ov_put_canonical(&part, meta.part);
    OV_TRY(ov_buf_status(&part));
    OV_TRY(ov_ed25519_sign(seed, ov_buf_span(&part), sig));
    ov_put_str(b, "{\"signatures\":[");
    put_other_signatures(b, &meta, ov_buf_span(&id));
    ov_put_str(b, "{\"keyid\":\"");
    ov_put_span(b, ov_buf_span(&id));
    ov_put_str(b, "\",\"sig\":\"");
    ov_put_hex(b, ov_span_of(sig, sizeof(sig)));
    ov_put_str(b, "\"}],\"signed\":");
    ov_put_span(b, ov_buf_span(&part));
    ov_put_str(b, "}");
    return ov_buf_status(b);
}
