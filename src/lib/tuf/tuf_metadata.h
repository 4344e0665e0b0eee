/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "json/json.h"

/* TUF metadata (The Update Framework, specification 1.0.34, section 4) as
 * values. Reading it says nothing about trust: ov_tuf_verify does. All lives in
 * the arena and the bytes that it was read from. Unknown members are carried
 * (they are signed) and mean nothing. */

/* What this code understands, and what ov_put_tuf_* write. Metadata of another
 * major version is OV_UNSUPPORTED (TAP 6). */
#define OV_TUF_SPEC "1.0.34"

#define OV_TUF_MAX_KEYS 256   /* in one file */
#define OV_TUF_MAX_ROLES 1024 /* delegations of one file */
#define OV_TUF_MAX_NAME 80    /* bytes of a role's name */
#define OV_TUF_MAX_FILE (16u << 20)

enum ov_tuf_type {
    OV_TUF_ROOT,
    OV_TUF_TIMESTAMP,
    OV_TUF_SNAPSHOT,
    OV_TUF_TARGETS,
    OV_TUF_N_TYPE
};

/* "root", "timestamp", "snapshot", "targets": also the names of their roles. */
const char *ov_tuf_type_name(enum ov_tuf_type type);

/* What all files have. */
struct ov_tuf_meta {
    enum ov_tuf_type type;
    int64_t version;                  /* >= 1 */
    int64_t expires;                  /* seconds since 1970 */
    const struct ov_json *part;       /* what is signed */
    const struct ov_json *signatures; /* an array, checked for its form */
};

/* Only Ed25519 keys are usable; others are known by id, and never verify. */
struct ov_tuf_key {
    struct ov_span id;
    bool is_usable;
    uint8_t bytes[32];
    const struct ov_json *value; /* all that is said about the key */
};

/* Verifies what is not Ed25519. The product has none: this is for the client
 * that runs the public conformance suite, whose repositories use ECDSA. */
struct ov_tuf_schemes {
    enum ov_status (*verify)(const struct ov_tuf_key *key,
                             struct ov_span message, struct ov_span sig);
};

/* Whose signatures make a file trusted. */
struct ov_tuf_role {
    struct ov_span name;
    const struct ov_tuf_key **keys; /* borrowed; each id once */
    size_t n_keys;
    int64_t threshold; /* >= 1 */
};

struct ov_tuf_root {
    struct ov_tuf_meta meta;
    bool is_consistent; /* consistent_snapshot */
    struct ov_tuf_key *keys;
    size_t n_keys;
    struct ov_tuf_role roles[OV_TUF_N_TYPE];
};

/* Lengths and digests, where they are given. A file that names digests but none
 * that is SHA-256 is OV_UNSUPPORTED. */
struct ov_tuf_file {
    struct ov_span name;
    int64_t version; /* of metadata */
    int64_t length;  /* -1: not given */
    bool has_sha256;
    uint8_t sha256[32];
    const struct ov_json *custom; /* of a target; may be NULL */
};

struct ov_tuf_timestamp {
    struct ov_tuf_meta meta;
    struct ov_tuf_file snapshot;
};

struct ov_tuf_snapshot {
    struct ov_tuf_meta meta;
    const struct ov_json *files; /* by name; ov_tuf_snapshot_find */
};

struct ov_tuf_delegation {
    struct ov_tuf_role role;
    const struct ov_json *paths;    /* array of patterns, or NULL */
    const struct ov_json *prefixes; /* array of path_hash_prefixes, or NULL */
    bool is_terminating;
};

struct ov_tuf_targets {
    struct ov_tuf_meta meta;
    const struct ov_json *targets; /* by path; ov_tuf_targets_find */
    struct ov_tuf_key *keys;
    size_t n_keys;
    struct ov_tuf_delegation *delegations; /* in order of trust */
    size_t n_delegations;
};

/* Each reads all of bytes as that type of metadata; the whole file is checked
 * for its form. OV_MALFORMED, OV_UNSUPPORTED, OV_LIMIT_DEPTH, OV_LIMIT_COUNT,
 * OV_NO_MEMORY (also when the arena is full: OV_JSON_ARENA(bytes.len) and a
 * half as much again are enough). */
OV_MUST_USE enum ov_status ov_tuf_read_root(struct ov_arena *a,
                                            struct ov_span bytes,
                                            struct ov_tuf_root *ret);
OV_MUST_USE enum ov_status ov_tuf_read_timestamp(struct ov_arena *a,
                                                 struct ov_span bytes,
                                                 struct ov_tuf_timestamp *ret);
OV_MUST_USE enum ov_status ov_tuf_read_snapshot(struct ov_arena *a,
                                                struct ov_span bytes,
                                                struct ov_tuf_snapshot *ret);
OV_MUST_USE enum ov_status ov_tuf_read_targets(struct ov_arena *a,
                                               struct ov_span bytes,
                                               struct ov_tuf_targets *ret);

/* The entry of a metadata file ("targets.json"), or of a target; OV_NOT_FOUND.
 */
OV_MUST_USE enum ov_status ov_tuf_snapshot_find(const struct ov_tuf_snapshot *s,
                                                struct ov_span name,
                                                struct ov_tuf_file *ret);
OV_MUST_USE enum ov_status ov_tuf_targets_find(const struct ov_tuf_targets *t,
                                               struct ov_span path,
                                               struct ov_tuf_file *ret);

/* Whether a threshold of role's keys signed the file: distinct public keys are
 * counted, not key ids and not signatures. OV_BAD_SIGNATURE if not. others may
 * be NULL: only Ed25519 counts. */
OV_MUST_USE enum ov_status ov_tuf_verify(const struct ov_tuf_role *role,
                                         const struct ov_tuf_meta *meta,
                                         const struct ov_tuf_schemes *others);

/* Whether bytes are of the length and digest that file names, if it does:
 * OV_MISMATCH (length), OV_BAD_DIGEST. */
OV_MUST_USE enum ov_status ov_tuf_check_file(const struct ov_tuf_file *file,
                                             struct ov_span bytes);

/* Whether a delegation is for a path: one of its patterns matches ('*' and '?'
 * match no '/'), or the SHA-256 of path begins with one of its prefixes. */
OV_MUST_USE enum ov_status
ov_tuf_delegation_matches(const struct ov_tuf_delegation *d,
                          struct ov_span path, bool *ret);
bool ov_tuf_pattern_matches(struct ov_span pattern, struct ov_span path);

/* "2026-11-22T10:00:00Z" to and from seconds since 1970. */
OV_MUST_USE enum ov_status ov_tuf_parse_time(struct ov_span text, int64_t *ret);
void ov_put_tuf_time(struct ov_buf *b, int64_t time);
