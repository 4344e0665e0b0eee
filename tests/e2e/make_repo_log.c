/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/base64.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "log/proof.h"
#include "log/tile.h"
#include "make_repo.h"
#include "sys/file.h"
#include "trust/entry.h"

/* Files, keys, entries, and the log over them. */

static const char *const faults[] = {
    "expired",        /* the timestamp */
    "root-expired",   /* the root */
    "ahead",          /* a timestamp from the future */
    "forged",         /* the timestamp, by another key */
    "one-root-key",   /* root 2 is signed by one key of two */
    "root-2",         /* there is a root 2, and all is well */
    "root-unlogged",  /* root 2 is not in the log */
    "threshold-0",    /* of the role "rules" */
    "same-key-twice", /* one key under two ids reaches the threshold */
    "policy-2",       /* another policy, made public */
    "policy-unlogged", "unlogged", /* the last release has no proof */
    "borrowed",                    /* it has that of another entry */
    "wrong-log",       "one-witness",
    "old-witnesses",   "forked", /* the log's first entries are others */
    "one-builder",               /* signs the last release */
    "wrong-chain",               /* the last release follows another */
    "wrong-image",               /* digest */
    "wrong-root",                /* of the set */
    "short-records",             /* the segment is not what was promised */
    "no-delta",                  /* the tiles are missing */
    "wrong-delta",               /* the tiles are others */
    "no-eicar",                  /* the last release does not find it */
    "alarms",                    /* the last release finds every program */
    "slow-roll-out",             /* nobody gets it yet */
    "recalled",                  /* the last release was */
    "no-consistency"             /* proofs; tiles must do */
};

#define N_FAULTS (sizeof(faults) / sizeof(faults[0]))

void fail(const char *what)
{
    fprintf(stderr, "make_repo: %s\n", what);
    exit(1);
}

void must(enum ov_status status, const char *what)
{
    if (status != OV_OK) {
        fprintf(stderr, "make_repo: %s: %s\n", what, ov_status_name(status));
        exit(1);
    }
}

uint64_t fault_bit(const char *fault)
{
    for (size_t i = 0; i < N_FAULTS; i++) {
        if (strcmp(faults[i], fault) == 0)
            return UINT64_C(1) << i;
    }
    fail(fault);
    return 0;
}

bool has(const struct repo *r, const char *fault)
{
    return (r->wanted & fault_bit(fault)) != 0;
}

/* ---- files ---- */

void write_file(const struct repo *r, const char *name, struct ov_span bytes)
{
    char path[600];

    (void)!snprintf(path, sizeof(path), "%s/%s", r->folder, name);
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            (void)!mkdir(path, 0755);
            *at = '/';
        }
    }
    must(ov_file_write(path, bytes, 0644, NULL), path);
}

struct ov_span keep(struct repo *r, struct ov_buf *b)
{
    struct ov_span kept;

    must(ov_buf_status(b), "text");
    if (!ov_arena_copy(r->arena, ov_buf_span(b), &kept))
        fail("no memory");
    ov_buf_done(b);
    return kept;
}

struct ov_buf text(void)
{
    return ov_buf_with_max((size_t)64 << 20);
}

void digest_of(struct ov_span bytes, uint8_t ret[static 32])
{
    uint8_t d[OV_DIGEST_MAX];

    must(ov_digest(OV_SHA256, bytes, d), "digest");
    memcpy(ret, d, 32);
}

/* ---- keys: made from their names ---- */

void seed_of(const char *name, uint8_t seed[static 32])
{
    digest_of(ov_span_str(name), seed);
}

struct ov_vkey vkey_of(const char *name, enum ov_note_alg alg)
{
    uint8_t seed[32];
    uint8_t key[32];
    struct ov_vkey v;

    seed_of(name, seed);
    must(ov_ed25519_public(seed, key), "key");
    must(ov_vkey_make(name, alg, key, &v), "key");
    return v;
}

void sign_note(struct ov_buf *note, const char *name)
{
    struct ov_vkey v = vkey_of(name, OV_NOTE_ED25519);
    uint8_t seed[32];

    seed_of(name, seed);
    must(ov_put_note_signature(note, &v, seed), name);
}

/* ---- entries ---- */

uint64_t add_entry(struct repo *r, struct ov_buf *note)
{
    if (r->n == MAX_ENTRIES)
        fail("too many entries");
    r->entries[r->n] = keep(r, note);
    return r->n++;
}

void put_when(struct ov_buf *b, const char *name, uint64_t time)
{
    ov_put_format(b, "%s ", name);
    ov_put_time(b, time);
    ov_put_u8(b, '\n');
}

static void put_sum(struct ov_buf *b, const char *name, struct ov_span bytes)
{
    uint8_t d[32];

    digest_of(bytes, d);
    ov_put_format(b, "%s ", name);
    ov_put_entry_digest(b, d);
    ov_put_format(b, " %zu\n", bytes.len);
}

uint64_t add_key_event(struct repo *r, const char *role, unsigned version,
                       struct ov_span file)
{
    struct ov_buf b = text();

    ov_put_entry_head(&b, INSTANCE, OV_ENTRY_KEY_EVENT);
    ov_put_entry_line(&b, "role", "%s", role);
    ov_put_entry_line(&b, "version", "%u", version);
    put_sum(&b, "file", file);
    if (has(r, "forked"))
        ov_put_entry_line(&b, "why", "%s", "another history");
    ov_put_entry_line(&b, "author", "%s", "p-1");
    put_when(&b, "time", BEGIN);
    ov_put_u8(&b, '\n');
    sign_note(&b, P1);
    sign_note(&b, P2);
    return add_entry(r, &b);
}

uint64_t add_rule_change(struct repo *r, const struct ov_record *record,
                         uint64_t time)
{
    struct ov_buf b = text();

    ov_put_entry_head(&b, INSTANCE, OV_ENTRY_RULE_CHANGE);
    ov_put_entry_line(&b, "id", "%.*s", (int)record->id.len,
                      (const char *)record->id.ptr);
    ov_put_entry_line(&b, "rev", "1");
    ov_put_entry_line(&b, "op", "add");
    ov_put_entry_line(&b, "kind", "%.*s", (int)record->kind.len,
                      (const char *)record->kind.ptr);
    put_sum(&b, "source", record->source);
    ov_put_entry_line(&b, "author", "%s", "p-1");
    put_when(&b, "time", time);
    ov_put_u8(&b, '\n');
    sign_note(&b, P1);
    sign_note(&b, P2);
    sign_note(&b, CI);
    return add_entry(r, &b);
}

/* ---- the tree and its proofs ---- */

struct log {
    const struct repo *r;
};

static enum ov_status node(void *data, unsigned level, uint64_t index,
                           uint8_t ret[static 32])
{
    const struct repo *r = data;
    struct ov_merkle_stack s = {.size = 0};

    for (uint64_t i = index << level; i < (index + 1) << level; i++) {
        uint8_t leaf[32];

        ov_merkle_leaf(r->entries[i], leaf);
        ov_merkle_stack_add(&s, leaf);
    }
    ov_merkle_stack_root(&s, ret);
    return OV_OK;
}

static struct ov_merkle_source source_of(struct repo *r)
{
    return (struct ov_merkle_source){r, node};
}

static void put_checkpoint(struct repo *r, struct ov_buf *b, uint64_t size,
                           uint64_t time)
{
    struct ov_merkle_source source = source_of(r);
    unsigned n = has(r, "one-witness") ? 1 : N_WITNESSES;
    struct ov_buf body = text();
    uint8_t root[32];
    struct ov_span signed_text;

    if (has(r, "old-witnesses"))
        time = r->now - 3 * 86400;
    must(ov_merkle_root(&source, size, root), "root");
    ov_put_checkpoint(&body, ORIGIN, size, root);
    signed_text = ov_buf_span(&body);
    ov_put_span(b, signed_text);
    ov_put_u8(b, '\n');
    if (has(r, "wrong-log")) {
        struct ov_vkey v = vkey_of(ORIGIN, OV_NOTE_ED25519);
        uint8_t seed[32];

        seed_of("somebody else", seed);
        must(ov_put_note_signature(b, &v, seed), "log");
    } else {
        sign_note(b, ORIGIN);
    }
    for (unsigned i = 1; i <= n; i++) {
        char name[64];
        uint8_t seed[32];
        struct ov_vkey v;

        (void)!snprintf(name, sizeof(name), "w%u.witness.example", i);
        v = vkey_of(name, OV_NOTE_COSIGN_ED25519);
        seed_of(name, seed);
        must(ov_cosign_ed25519(signed_text, &v, seed, time, b), name);
    }
    must(ov_buf_status(b), "checkpoint");
    ov_buf_done(&body);
}

/* name: what the digest in the proof's file name is of. */
void write_proof(struct repo *r, struct ov_span name, uint64_t index,
                 bool has_extra, uint64_t size)
{
    struct ov_merkle_source source = source_of(r);
    uint8_t hashes[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    struct ov_buf checkpoint = text();
    struct ov_buf path = text();
    struct ov_buf b = text();
    struct ov_proof p = {.index = index, .hashes = hashes};
    uint8_t digest[32];

    put_checkpoint(r, &checkpoint, size, r->now);
    p.checkpoint = ov_buf_span(&checkpoint);
    if (has_extra)
        p.extra = r->entries[index];
    must(ov_merkle_prove_inclusion(&source, index, size, hashes, &p.n_hashes),
         "proof");
    ov_put_proof(&b, &p);
    digest_of(name, digest);
    ov_put_str(&path, "proof/");
    ov_put_hex(&path, ov_span_of(digest, 32));
    ov_put_str(&path, ".tlog-proof");
    ov_put_u8(&path, 0);
    must(ov_buf_status(&b), "proof");
    write_file(r, (char *)path.ptr, ov_buf_span(&b));
    ov_buf_done(&b);
    ov_buf_done(&path);
    ov_buf_done(&checkpoint);
}

static void write_tiles(struct repo *r)
{
    for (unsigned level = 0; level < 2; level++) {
        uint64_t n_nodes = r->n >> (8 * level);

        for (uint64_t i = 0; i << 8 < n_nodes; i++) {
            struct ov_tile t = {false, level, i, ov_tile_width(r->n, level, i)};
            struct ov_buf path = text();
            struct ov_buf b = text();

            for (uint64_t j = 0; j < t.width; j++) {
                uint8_t hash[32];

                must(node(r, 8 * level, (i << 8) + j, hash), "node");
                ov_put_span(&b, ov_span_of(hash, 32));
            }
            ov_put_str(&path, "log/");
            ov_put_tile_path(&path, &t);
            ov_put_u8(&path, 0);
            write_file(r, (char *)path.ptr, ov_buf_span(&b));
            ov_buf_done(&b);
            ov_buf_done(&path);
        }
    }
}

static void write_bundles(struct repo *r)
{
    for (uint64_t i = 0; i << 8 < r->n; i++) {
        struct ov_tile t = {true, 0, i, ov_tile_width(r->n, 0, i)};
        struct ov_buf path = text();
        struct ov_buf b = text();

        for (uint64_t j = 0; j < t.width; j++)
            ov_put_bundle_entry(&b, r->entries[(i << 8) + j]);
        ov_put_str(&path, "log/");
        ov_put_tile_path(&path, &t);
        ov_put_u8(&path, 0);
        write_file(r, (char *)path.ptr, ov_buf_span(&b));
        ov_buf_done(&b);
        ov_buf_done(&path);
    }
}

static void write_consistency(struct repo *r)
{
    struct ov_merkle_source source = source_of(r);

    for (uint64_t old = 1; old < r->n; old++) {
        uint8_t hashes[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
        struct ov_buf b = text();
        char name[80];
        size_t n;

        must(ov_merkle_prove_consistency(&source, old, r->n, hashes, &n),
             "consistency");
        for (size_t i = 0; i < n; i++) {
            ov_put_base64(&b, ov_span_of(hashes[i], 32));
            ov_put_u8(&b, '\n');
        }
        (void)!snprintf(name, sizeof(name), "consistency/%u-%u", (unsigned)old,
                        (unsigned)r->n);
        write_file(r, name, ov_buf_span(&b));
        ov_buf_done(&b);
    }
}

void write_log(struct repo *r)
{
    struct ov_buf b = text();

    put_checkpoint(r, &b, r->n, r->now);
    write_file(r, "log/checkpoint", ov_buf_span(&b));
    ov_buf_done(&b);
    write_tiles(r);
    write_bundles(r);
    if (!has(r, "no-consistency"))
        write_consistency(r);
}
