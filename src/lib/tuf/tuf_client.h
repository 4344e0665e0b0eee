/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "tuf/tuf_metadata.h"

/* The client workflow of TUF (specification section 5) as a procedure: it has
 * no files, network or clock, only these functions, and decides what is
 * believed. It does not lower anything when something fails: what was trusted
 * stays. */
struct ov_tuf_io {
    void *data;

    /* Appends the metadata file to ret. name is what stands behind the metadata
     * base in a URL ("2.root.json", "7.rules.json"; other characters of role
     * names than letters, digits and "-._~" are percent-encoded). OV_NOT_FOUND
     * if the server says that there is none (404, and 403 as buckets do);
     * OV_LIMIT_SIZE as soon as there are more than max bytes; anything else
     * ends the update with that status. */
    enum ov_status (*get)(void *data, const char *name, size_t max,
                          struct ov_buf *ret);

    /* Persisted metadata, under names without versions ("root.json").
     * OV_NOT_FOUND if there is none. put must be atomic and durable. remove of
     * what is not there is fine. */
    enum ov_status (*state_get)(void *data, const char *name,
                                struct ov_buf *ret);
    enum ov_status (*state_put)(void *data, const char *name,
                                struct ov_span bytes);
    enum ov_status (*state_remove)(void *data, const char *name);

    /* May be NULL. Called with each new root that the chain of signatures
     * vouches for, before it is trusted and persisted: what is not OV_OK ends
     * the update. Here a proof of its publication can be demanded. */
    enum ov_status (*new_root)(void *data, int64_t version,
                               struct ov_span bytes);
};

/* 0: the default. */
struct ov_tuf_options {
    size_t max_root;       /* bytes: 64 KiB */
    size_t max_timestamp;  /* 8 KiB */
    size_t max_snapshot;   /* 64 KiB, where the timestamp gives no length */
    size_t max_targets;    /* 256 KiB, where the snapshot gives none */
    size_t max_new_roots;  /* in one update: 256 */
    size_t max_visited;    /* delegated roles in one search: 32 */
    int64_t version_ahead; /* versions of the timestamp are POSIX seconds, and
                              more than this many seconds ahead of now is
                              OV_FUTURE; 0: plain numbers */
    const struct ov_tuf_schemes *others; /* NULL: only Ed25519 */
};

/* A repository's metadata, believed as of one moment. */
struct ov_tuf_client;

/* Loads the trusted root (state "root.json") and updates root, timestamp,
 * snapshot and targets; persists what it comes to believe, step by step. now:
 * seconds since 1970, fixed for the run. On OV_OK returns owned. io must
 * outlive the client.
 *
 * OV_BAD_SIGNATURE, OV_BAD_DIGEST, OV_ROLLBACK, OV_EXPIRED, OV_MISMATCH (not
 * the version that was announced, or not listed any more), OV_LIMIT_SIZE,
 * OV_MALFORMED and so on; diag (may be NULL) says which file and why. */
OV_MUST_USE enum ov_status ov_tuf_update(const struct ov_tuf_io *io,
                                         int64_t now,
                                         const struct ov_tuf_options *options,
                                         struct ov_diag *diag,
                                         struct ov_tuf_client **ret);

/* As ov_tuf_update, from persisted metadata alone: what was believed last.
 * OV_EXPIRED and so on if that can't be believed at now; OV_NOT_FOUND if it is
 * not all there. Never calls get. */
OV_MUST_USE enum ov_status ov_tuf_load(const struct ov_tuf_io *io, int64_t now,
                                       const struct ov_tuf_options *options,
                                       struct ov_diag *diag,
                                       struct ov_tuf_client **ret);

void ov_tuf_client_free(struct ov_tuf_client *c);
OV_DEFINE_AUTO(tuf_client)

struct ov_tuf_target {
    int64_t length;
    uint8_t sha256[32];
    const struct ov_json *custom; /* or NULL; borrowed from the client */
    struct ov_span role;          /* who says so; borrowed from the client */
    int64_t version;              /* of that role's metadata */
};

/* Searches path from the top-level targets role down, fetching, checking and
 * persisting delegated metadata as needed (5.6.7). OV_NOT_FOUND says that no
 * role that may speak about it knows it, and is as good as signed; a role that
 * can't be had or believed ends the search with another status (OV_IO if the
 * server does not have its file). */
OV_MUST_USE enum ov_status ov_tuf_find_target(struct ov_tuf_client *c,
                                              struct ov_span path,
                                              struct ov_diag *diag,
                                              struct ov_tuf_target *ret);

/* Appends where a target is below the targets base, as a URL has it: with its
 * digest before the file name if snapshots are consistent. */
void ov_put_tuf_target_url(struct ov_buf *b, const struct ov_tuf_client *c,
                           struct ov_span path,
                           const uint8_t sha256[static 32]);

const struct ov_tuf_root *ov_tuf_client_root(const struct ov_tuf_client *c);
const struct ov_tuf_timestamp *
ov_tuf_client_timestamp(const struct ov_tuf_client *c);
const struct ov_tuf_snapshot *
ov_tuf_client_snapshot(const struct ov_tuf_client *c);
const struct ov_tuf_targets *
ov_tuf_client_targets(const struct ov_tuf_client *c);
