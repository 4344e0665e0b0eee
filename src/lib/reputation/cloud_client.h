/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "reputation/cloud_state.h"

/* How a client comes to believe what a cloud says: a procedure without files,
 * network or clock. docs/protocol-reputation.md, "A client". What fails never
 * takes away what is there. */

/* Who does what the procedure cannot. Buffers that are filled have their
 * maximum; OV_NOT_FOUND is "there is none". */
struct ov_cloud_io {
    void *data;
    /* Appends a server's file, max bytes at most. */
    enum ov_status (*get)(void *data, size_t server, const char *path,
                          uint64_t max, struct ov_buf *into);
    /* The same of len bytes at `at` of it: all of them or none. */
    enum ov_status (*get_part)(void *data, size_t server, const char *path,
                               uint64_t at, uint64_t len, struct ov_buf *into);
    /* That this file will be asked for next, behind those said before, with the
     * same maximum. May be NULL. */
    void (*expect)(void *data, size_t server, const char *path, uint64_t max);
    enum ov_status (*state_get)(void *data, const char *name,
                                struct ov_buf *into);
    enum ov_status (*state_put)(void *data, const char *name,
                                struct ov_span bytes);
    enum ov_status (*state_remove)(void *data, const char *name);
};

struct ov_cloud_options {
    uint64_t now;
    size_t n_servers;
    enum ov_cloud_tier tier; /* of an update */
};

/* The most that an update takes behind what is here; more is OV_LIMIT_COUNT or
 * OV_LIMIT_SIZE until the next snapshot, which has it all. One a half minute
 * makes 22 days. */
#define OV_CLOUD_MAX_DELTAS UINT64_C(65536)
#define OV_CLOUD_MAX_DELTA_BYTES (UINT64_C(256) << 20) /* of all */

/* What is kept of a server's bytes that were refused: a slot is chosen by their
 * digest, and what is newer takes the place of what is older. */
#define OV_CLOUD_EVIDENCE_SLOTS 8U                 /* of each kind */
#define OV_CLOUD_EVIDENCE_BYTES ((size_t)64 << 10) /* the first ones */

/* What an update came to, or what is here. */
struct ov_cloud_report {
    uint32_t epoch;
    uint64_t seq;
    uint64_t time; /* of the snapshot or the last delta */
    uint64_t expires;
    uint64_t n_bad;     /* how many hashes are malicious or unwanted */
    uint64_t n_recalls; /* among the changes that came */
    bool is_stale;
    bool is_new; /* something came */
};

/* Brings what is here up to date. On failure diag says what is wrong, and if a
 * proof does not hold what was served is in evidence/cloud. OV_NOT_FOUND: no
 * publisher is trusted yet; proofs' statuses: a server lies, or serves what
 * somebody changed; others: it did not come. */
OV_MUST_USE enum ov_status
ov_cloud_update(const struct ov_cloud_io *io,
                const struct ov_cloud_options *options,
                struct ov_cloud_report *ret, struct ov_diag *diag);

/* What is here. OV_NOT_FOUND: nothing. Asks no server. */
OV_MUST_USE enum ov_status
ov_cloud_status(const struct ov_cloud_io *io,
                const struct ov_cloud_options *options,
                struct ov_cloud_report *ret, struct ov_diag *diag);

/* Where an answer comes from. */
enum ov_cloud_source {
    OV_CLOUD_BY_DELTA,
    OV_CLOUD_BY_HOT,
    OV_CLOUD_BY_FILTER, /* it is in none of the bad, for sure */
    OV_CLOUD_BY_GOOD,   /* and among the good, by all probability */
    OV_CLOUD_BY_BUCKET, /* proven, present or absent */
    OV_N_CLOUD_SOURCES
};

/* "bucket". */
const char *ov_cloud_source_name(enum ov_cloud_source s);

struct ov_cloud_answer {
    bool is_known; /* false: nothing is said of it */
    enum ov_reputation reputation;
    char family[OV_FAMILY_NAME_MAX + 1]; /* may be empty */
    enum ov_cloud_source source;
    bool is_stale;      /* the snapshot has expired */
    unsigned bits_told; /* of the hash, to a server; 0: nothing was asked */
    uint32_t epoch;
    uint64_t seq;
};

/* The most bits of a hash that any request tells. */
#define OV_CLOUD_MAX_BITS 20U

/* What the cloud says of a hash. Asks a server only if nothing that is here has
 * the answer, and none at all with n_servers 0 (then OV_PEER_GONE if one would
 * be asked). Statuses as ov_cloud_update. */
OV_MUST_USE enum ov_status
ov_cloud_lookup(const struct ov_cloud_io *io,
                const struct ov_cloud_options *options,
                const uint8_t hash[static 32], struct ov_cloud_answer *ret,
                struct ov_diag *diag);
