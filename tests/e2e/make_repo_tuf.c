/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "make_repo.h"
#include "trust/entry.h"

/* TUF metadata, written as canonical JSON by hand. */

/* ---- TUF ---- */

static void put_key(struct ov_buf *b, const char *name)
{
    uint8_t seed[32];
    uint8_t key[32];

    seed_of(name, seed);
    must(ov_ed25519_public(seed, key), "key");
    ov_put_str(b, "{\"keytype\":\"ed25519\",\"keyval\":{\"public\":\"");
    ov_put_hex(b, ov_span_of(key, 32));
    ov_put_str(b, "\"},\"scheme\":\"ed25519\"}");
}

/* The key id: by custom the digest of the key; an alias is any other. */
static void put_key_id(struct ov_buf *b, const char *name, bool is_alias)
{
    struct ov_buf key = text();
    uint8_t d[32];

    put_key(&key, name);
    digest_of(ov_buf_span(&key), d);
    d[0] ^= is_alias;
    ov_put_hex(b, ov_span_of(d, 32));
    ov_buf_done(&key);
}

static void put_signature(struct ov_buf *b, const char *name, bool is_alias,
                          struct ov_span signed_part)
{
    uint8_t seed[32];
    uint8_t sig[64];

    seed_of(name, seed);
    must(ov_ed25519_sign(seed, signed_part, sig), "sign");
    ov_put_str(b, "{\"keyid\":\"");
    put_key_id(b, name, is_alias);
    ov_put_str(b, "\",\"sig\":\"");
    ov_put_hex(b, ov_span_of(sig, 64));
    ov_put_str(b, "\"}");
}

/* signers: names, separated by one space. */
static struct ov_span wrap(struct repo *r, struct ov_buf *signed_part,
                           const char *signers)
{
    struct ov_buf b = text();
    struct ov_span rest = ov_span_str(signers);
    bool is_first = true;

    ov_put_str(&b, "{\"signatures\":[");
    while (rest.len > 0) {
        struct ov_span word;
        char name[64];

        (void)ov_span_cut(&rest, ' ', &word);
        (void)!snprintf(name, sizeof(name), "%.*s", (int)word.len,
                        (const char *)word.ptr);
        ov_put_str(&b, is_first ? "" : ",");
        is_first = false;
        if (strcmp(name, "alias") == 0)
            put_signature(&b, "rules-1", true, ov_buf_span(signed_part));
        else
            put_signature(&b, name, false, ov_buf_span(signed_part));
    }
    ov_put_str(&b, "],\"signed\":");
    ov_put_span(&b, ov_buf_span(signed_part));
    ov_put_str(&b, "}");
    ov_buf_done(signed_part);
    return keep(r, &b);
}

static void put_expiry(struct ov_buf *b, uint64_t time)
{
    ov_put_str(b, "\"expires\":\"");
    ov_put_time(b, time);
    ov_put_u8(b, '"');
}

static void put_role(struct ov_buf *b, const char *name, const char *keys,
                     unsigned threshold)
{
    struct ov_span rest = ov_span_str(keys);
    bool is_first = true;

    ov_put_format(b, "\"%s\":{\"keyids\":[", name);
    while (rest.len > 0) {
        struct ov_span word;
        char key[64];

        (void)ov_span_cut(&rest, ' ', &word);
        (void)!snprintf(key, sizeof(key), "%.*s", (int)word.len,
                        (const char *)word.ptr);
        ov_put_format(b, "%s\"", is_first ? "" : ",");
        is_first = false;
        put_key_id(b, key, false);
        ov_put_u8(b, '"');
    }
    ov_put_format(b, "],\"threshold\":%u}", threshold);
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, 64);
}

/* "keys": sorted by id, as canonical JSON wants. */
static void put_keys(struct repo *r, struct ov_buf *b, const char *const *names,
                     size_t n)
{
    struct {
        char id[64];
        const char *name;
    } keys[8];

    for (size_t i = 0; i < n; i++) {
        struct ov_buf id = text();

        put_key_id(&id, names[i], false);
        memcpy(keys[i].id, id.ptr, 64);
        keys[i].name = names[i];
        ov_buf_done(&id);
    }
    (void)r;
    qsort(keys, n, sizeof(keys[0]), compare_ids);
    ov_put_str(b, "\"keys\":{");
    for (size_t i = 0; i < n; i++) {
        ov_put_format(b, "%s\"%.64s\":", i > 0 ? "," : "", keys[i].id);
        put_key(b, keys[i].name);
    }
    ov_put_u8(b, '}');
}

struct ov_span make_root(struct repo *r, unsigned version)
{
    static const char *const names[] = {"root-1",   "root-2",  "root-3",
                                        "snapshot", "targets", "timestamp"};
    struct ov_buf b = text();
    uint64_t end = has(r, "root-expired") ? r->now - 60 : r->now + 31536000;

    /* Older roots must be the same whenever they are made. */
    if (version == 1 && !has(r, "root-expired"))
        end = BEGIN + UINT64_C(10) * 31536000;
    ov_put_str(&b, "{\"_type\":\"root\",\"consistent_snapshot\":true,");
    put_expiry(&b, end);
    ov_put_u8(&b, ',');
    put_keys(r, &b, names, 6);
    ov_put_str(&b, ",\"roles\":{");
    put_role(&b, "root", "root-1 root-2 root-3", 2);
    ov_put_u8(&b, ',');
    put_role(&b, "snapshot", "snapshot", 1);
    ov_put_u8(&b, ',');
    put_role(&b, "targets", "targets", 1);
    ov_put_u8(&b, ',');
    put_role(&b, "timestamp", "timestamp", 1);
    ov_put_format(&b, "},\"spec_version\":\"1.0.34\",\"version\":%u}", version);
    return wrap(r, &b,
                version == 2 && has(r, "one-root-key") ? "root-1"
                                                       : "root-1 root-3");
}

void write_metadata(struct repo *r, const char *name, struct ov_span bytes)
{
    char path[120];

    (void)!snprintf(path, sizeof(path), "metadata/%s.json", name);
    write_file(r, path, bytes);
}

static void put_delegation(struct repo *r, struct ov_buf *b)
{
    static const char *const names[] = {"rules-1", "rules-2", "recall"};
    bool is_twice = has(r, "same-key-twice");

    ov_put_str(b, "\"delegations\":{");
    put_keys(r, b, names, 3);
    if (is_twice) { /* one more name for the first key, not in order */
        b->len--;
        ov_put_str(b, ",\"");
        put_key_id(b, "rules-1", true);
        ov_put_str(b, "\":");
        put_key(b, "rules-1");
        ov_put_u8(b, '}');
    }
    ov_put_str(b, ",\"roles\":[{\"keyids\":[\"");
    put_key_id(b, "recall", false);
    ov_put_str(b, "\"],\"name\":\"recall\",\"paths\":[\"recall/*\"],"
                  "\"terminating\":true,\"threshold\":1},{\"keyids\":[\"");
    put_key_id(b, "rules-1", false);
    ov_put_str(b, "\",\"");
    put_key_id(b, is_twice ? "rules-1" : "rules-2", is_twice);
    ov_put_format(b,
                  "\"],\"name\":\"rules\",\"paths\":[\"db/*/head\"],"
                  "\"terminating\":true,\"threshold\":%u}]}",
                  has(r, "threshold-0") ? 0 : 2);
}

static struct ov_span make_targets(struct repo *r, const char *targets,
                                   size_t len, bool is_top, unsigned version,
                                   const char *signers)
{
    struct ov_buf b = text();

    ov_put_str(&b, "{\"_type\":\"targets\",");
    if (is_top) {
        put_delegation(r, &b);
        ov_put_u8(&b, ',');
    }
    put_expiry(&b, r->now + 14 * 86400);
    ov_put_format(&b, ",\"spec_version\":\"1.0.34\",\"targets\":{");
    ov_put_span(&b, ov_span_of(targets, len));
    ov_put_format(&b, "},\"version\":%u}", version);
    return wrap(r, &b, signers);
}

void write_tuf(struct repo *r, struct ov_span recall_targets)
{
    unsigned version = (unsigned)r->n_releases;
    bool is_new_top = has(r, "policy-2") || has(r, "policy-unlogged") ||
                      has(r, "threshold-0") || has(r, "same-key-twice");
    unsigned top = is_new_top ? 2 : 1;
    uint64_t stamp = r->now + (has(r, "ahead") ? 86400 : 0);
    uint64_t end = has(r, "expired") ? r->now - 60 : r->now + 2 * 86400;
    struct ov_span file;
    struct ov_buf b = text();
    uint8_t d[32];
    char name[64];

    /* A threshold of 0 needs nobody's signature, and one of 2 two keys'. */
    file = make_targets(r, (char *)r->rules.ptr, r->rules.len, false, version,
                        has(r, "same-key-twice") ? "rules-1 alias"
                        : has(r, "threshold-0")  ? ""
                                                 : "rules-1 rules-2");
    (void)!snprintf(name, sizeof(name), "%u.rules", version);
    write_metadata(r, name, file);
    file = make_targets(r, (const char *)recall_targets.ptr, recall_targets.len,
                        false, version, "recall");
    (void)!snprintf(name, sizeof(name), "%u.recall", version);
    write_metadata(r, name, file);
    file = make_targets(r, (char *)r->targets.ptr, r->targets.len, true, top,
                        "targets");
    (void)!snprintf(name, sizeof(name), "%u.targets", top);
    write_metadata(r, name, file);
    ov_put_str(&b, "{\"_type\":\"snapshot\",");
    put_expiry(&b, r->now + 7 * 86400);
    ov_put_format(&b,
                  ",\"meta\":{\"recall.json\":{\"version\":%u},"
                  "\"rules.json\":{\"version\":%u},"
                  "\"targets.json\":{\"version\":%u}},"
                  "\"spec_version\":\"1.0.34\",\"version\":%u}",
                  version, version, top, version);
    file = wrap(r, &b, "snapshot");
    (void)!snprintf(name, sizeof(name), "%u.snapshot", version);
    write_metadata(r, name, file);
    digest_of(file, d);
    b = text();
    ov_put_str(&b, "{\"_type\":\"timestamp\",");
    put_expiry(&b, end);
    ov_put_str(&b, ",\"meta\":{\"snapshot.json\":{\"hashes\":{\"sha256\":\"");
    ov_put_hex(&b, ov_span_of(d, 32));
    ov_put_format(&b,
                  "\"},\"length\":%zu,\"version\":%u}},"
                  "\"spec_version\":\"1.0.34\",\"version\":%llu}",
                  file.len, version, (unsigned long long)stamp);
    file = wrap(r, &b, has(r, "forged") ? "snapshot" : "timestamp");
    write_metadata(r, "timestamp", file);
}
