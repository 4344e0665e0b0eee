/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "tuf/tuf_metadata.h"

/* Making TUF metadata: the publisher's side. Each ov_put_tuf_<type> appends the
 * signed part in canonical form; ov_put_tuf_file wraps it into a file, and
 * ov_tuf_add_signature signs, once per key, also files that others have signed
 * on other machines. What is written is read back by the same code that
 * clients use before any of it is signed. */

/* A public key; its id is the SHA-256 of its canonical form (4.2). */
struct ov_tuf_build_key {
    uint8_t bytes[32];
};

/* Appends the 64 hexadecimal digits of a key's id. */
OV_MUST_USE enum ov_status ov_put_tuf_key_id(struct ov_buf *b,
                                             const uint8_t key[static 32]);

struct ov_tuf_build_role {
    const char *name; /* of a delegated role; else not used */
    const struct ov_tuf_build_key *keys;
    size_t n_keys;
    int64_t threshold;
    /* of a delegated role only */
    const char *const *paths; /* patterns */
    size_t n_paths;
    bool is_terminating;
};

struct ov_tuf_build_head {
    int64_t version;
    int64_t expires; /* seconds since 1970 */
};

/* A file that is named in another: metadata with its version, or a target. */
struct ov_tuf_build_file {
    const char *name;     /* "targets.json", "db/stable/head" */
    int64_t version;      /* of metadata */
    struct ov_span bytes; /* whose length and SHA-256 are written; NULL, 0:
                             length and digest as below */
    int64_t length;
    uint8_t sha256[32];
    const char *custom; /* of a target: canonical JSON, or NULL */
};

/* roles: by enum ov_tuf_type. Always with consistent snapshots. */
OV_MUST_USE enum ov_status
ov_put_tuf_root(struct ov_buf *b, struct ov_tuf_build_head head,
                const struct ov_tuf_build_role roles[static OV_TUF_N_TYPE]);
OV_MUST_USE enum ov_status
ov_put_tuf_timestamp(struct ov_buf *b, struct ov_tuf_build_head head,
                     const struct ov_tuf_build_file *snapshot);
/* files in any order. */
OV_MUST_USE enum ov_status
ov_put_tuf_snapshot(struct ov_buf *b, struct ov_tuf_build_head head,
                    const struct ov_tuf_build_file *files, size_t n);
/* n_roles may be 0. Delegations are written in the order given. */
OV_MUST_USE enum ov_status
ov_put_tuf_targets(struct ov_buf *b, struct ov_tuf_build_head head,
                   const struct ov_tuf_build_file *targets, size_t n,
                   const struct ov_tuf_build_role *roles, size_t n_roles);

/* Appends a file without signatures around a signed part. */
void ov_put_tuf_file(struct ov_buf *b, struct ov_span part);

/* Appends file with one more signature, by that seed; a signature that the same
 * key made before is replaced. file is any metadata file (or one that somebody
 * else signed already); its signed part is written in canonical form. */
OV_MUST_USE enum ov_status ov_tuf_add_signature(struct ov_buf *b,
                                                struct ov_span file,
                                                const uint8_t seed[static 32]);
